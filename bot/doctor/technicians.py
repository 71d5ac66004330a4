"""Whether the technicians of finished, billable tickets are people in Slack, and the setting TECHNICIANS is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from bot.billing.rules.policy import Policy, Ticket, expectation
from bot.billing.rules.technicians import Technician, meant
from bot.billing.search.selection import technician_of
from bot.digest.nudges import Colleague, matched
from bot.doctor.results import Result, ok, skipped, warning
from bot.messages.poster import SlackUnavailableError
from bot.syncro.client import Reply
from bot.syncro.errors import SyncroError
from bot.syncro.models import Page, TicketRow
from bot.words.plain import listed

NAME: Final = "technicians"
_MOST_NAMED: Final = 8
_ADVICE: Final = (
    "TECHNICIANS says who in Slack is which technician (U0123ABCD = anna@example.com): for `mine`, Home and reminders."
)


class TicketReads(Protocol):
    """What is read of the account; `SyncroClient` has it."""

    def tickets(self, *, page: int = 1) -> Reply[Page[TicketRow]]:
        """One page of all tickets."""
        ...


class Colleagues(Protocol):
    """What is read of Slack; `Poster` has it."""

    def colleagues(self) -> list[Colleague]:
        """Every person of the workspace, by the names that Syncro may know them by."""
        ...


def examine_technicians(client: TicketReads, slack: Colleagues, policy: Policy, settled: Mapping[str, str]) -> Result:
    """The check, by the newest tickets. `settled` is the setting TECHNICIANS: names in Syncro by Slack's ids."""
    try:
        rows, people = client.tickets().value.rows, slack.colleagues()
    except SyncroError as error:
        return next(skipped([NAME], f"{error.what}: {error.problem}"))
    except SlackUnavailableError:
        return next(skipped([NAME], "Slack does not list its people now"))
    due = {technician_of(row) for row in rows if row.user and expectation(Ticket(row, None), policy).due.needs_proof}
    return check_technicians(due, people, settled)


def check_technicians(due: Collection[Technician], people: Sequence[Colleague], settled: Mapping[str, str]) -> Result:
    """Hold the technicians against the people of the workspace."""
    if not people:
        return next(skipped([NAME], "Slack does not list its people (it needs users:read)"))
    ids = {person.user for person in people}
    lost = [name for technician, name in _named(due) if matched(due, people)[technician] is None]
    strangers = [user for user in settled if user not in ids]
    alike = [name for name in settled.values() if len(meant(name, due)) > 1]
    troubles = [
        f"{listed(found[:_MOST_NAMED], len(found) - _MOST_NAMED)} {words}"
        for found, words in (
            (lost, "in Syncro: nobody, or more than one, in Slack bears that name or address"),
            (strangers, "of TECHNICIANS: nobody in this workspace"),
            (alike, "of TECHNICIANS: several technicians are called that, so give the e-mail address"),
        )
        if found
    ]
    if troubles:
        return warning(NAME, "; ".join(troubles), _ADVICE)
    return ok(
        NAME, "each technician of a finished ticket is one person in Slack" if due else "no finished ticket has one"
    )


def _named(due: Collection[Technician]) -> list[tuple[Technician, str]]:
    """With what tells them apart, where two bear one name."""
    names = [each.name for each in due]
    told = [(each, f"{each.name} ({each.email})" if names.count(each.name) > 1 else each.name) for each in due]
    return sorted(told, key=lambda each: each[1])
