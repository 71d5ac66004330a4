"""`/invoice-check customer Kittle`, `/invoice-check mine`, `/invoice-check since monday`: tickets that nobody names."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.billing.search.selection import Choice
from bot.jobs.request import CheckRequest
from bot.listeners.intake import COMMAND, Asked, Intake
from bot.listeners.subcommands import Use
from bot.messages.help import not_a_selection
from bot.messages.rendered import Rendered
from bot.words.selecting import LONGEST_DAYS, selection_of

_CHOICES = {"customer": Choice.CUSTOMER, "mine": Choice.TECHNICIAN, "since": Choice.SINCE}


@dataclass(frozen=True)
class SelectionSubcommand:
    """One of the three words; see `Subcommand`. Who may ask, and for how many tickets, is as for ticket numbers."""

    intake: Intake
    lookback: timedelta
    zone: ZoneInfo
    clock: Callable[[], datetime]
    name: str
    help: Sequence[str]

    def refusal(self, use: Use) -> Rendered | None:  # noqa: ARG002 - the intake refuses, as any question
        """See `Subcommand`."""
        return None

    def answer(self, use: Use) -> Rendered | None:
        """See `Subcommand`."""
        return self.intake.submit(
            f"command:{use.trigger}", use.asker, lambda: self._read(use), what=f"{self.name} {use.text}".strip()
        )

    def _read(self, use: Use) -> Asked:
        text = html.unescape(use.text)  # Slack sends "&" as "&amp;"
        selection = selection_of(_CHOICES[self.name], text, self.clock(), self.lookback, self.zone)
        if selection is None or (self.name == "mine" and selection.name):
            return Asked(reply=Rendered(not_a_selection(COMMAND, LONGEST_DAYS)))
        request = CheckRequest(
            references=(),
            channel=use.channel,
            user=use.user,
            response_url=use.response_url,
            direct=use.is_direct,
            selection=selection.to_json(),
        )
        return Asked(request)


def selection_subcommands(
    intake: Intake, lookback: timedelta, zone: ZoneInfo, clock: Callable[[], datetime]
) -> list[SelectionSubcommand]:
    """All three."""
    said = {
        "customer": (f"• `{COMMAND} customer Kittle` — the finished tickets of a customer",),
        "mine": (f"• `{COMMAND} mine` — your own finished tickets",),
        "since": (f"• `{COMMAND} since monday` — all that were finished since; `… customer Kittle since 3 days` too",),
    }
    return [SelectionSubcommand(intake, lookback, zone, clock, name, lines) for name, lines in said.items()]
