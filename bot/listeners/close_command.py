"""`/invoice-check close october`: the close of a month. For managers only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.digest.close import MONTH, NotAMonthError, month_named
from bot.jobs.request import CloseRequest
from bot.listeners.digest_context import DigestContext
from bot.listeners.intake import COMMAND
from bot.listeners.subcommands import Use
from bot.messages import digest_acts as acts
from bot.messages.close import usage
from bot.messages.help import not_allowed
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CloseSubcommand:
    """`/invoice-check close …`; see `Subcommand`."""

    digest: DigestContext
    enqueue: Callable[[str, CloseRequest], None]
    name: str = "close"
    help: Sequence[str] = (
        f"• `{COMMAND} close october` accounts for every ticket finished in a month; `close last month` too",
    )

    def refusal(self, use: Use) -> Rendered | None:
        """See `Subcommand`. A manager need not be listed, but billing data stays in its channels."""
        what = f"{self.name} {use.text}"
        if (refused := self.digest.refusal(use.asker, what)) is not None:
            return refused
        misplaced = self.digest.access.place_refusal(use.asker, what)
        return None if misplaced is None else Rendered(not_allowed(misplaced))

    def answer(self, use: Use) -> Rendered | None:
        """See `Subcommand`."""
        try:
            month = month_named(use.text, self.digest.today())
        except NotAMonthError as error:
            return usage(COMMAND, str(error))
        request = CloseRequest(
            references=(),
            channel=use.channel,
            user=use.user,
            response_url=use.response_url,
            direct=use.is_direct,
            month=f"{month:{MONTH}}",
        )
        try:
            self.enqueue(f"close:{use.trigger}", request)
        except Exception as error:  # noqa: BLE001 - whatever ails the database, the person is told
            log.error("A close could not be stored (%s)", type(error).__name__)
            return acts.not_stored(is_late=isinstance(error, TimeoutError))
        return None
