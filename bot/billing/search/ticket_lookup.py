"""Looking a ticket up: its list row by number or internal id, and its timers and charges."""

from __future__ import annotations

from dataclasses import dataclass

from bot.billing.ledger.freshness import has_settled
from bot.billing.rules.policy import Ticket
from bot.billing.search.queries import (
    Asking,
    Failed,
    FindTicket,
    ReadTicket,
    RecallTicket,
    ask,
    recall,
)
from bot.syncro.errors import FailureKind
from bot.syncro.models import TicketRow
from bot.ticket_references import ID_PREFIX

NUMBER_PAGES_TO_TRY = 4
"""Pages of tickets looked through when Syncro ignored the number filter."""


@dataclass(frozen=True)
class NoSuchTicket:
    """Syncro has no ticket of that number."""


@dataclass(frozen=True)
class LookedUp:
    """A ticket, and why its detail could not be read (None when it could)."""

    ticket: Ticket
    detail_failure: str | None = None


def look_up(reference: str, known: TicketRow | None = None) -> Asking[LookedUp | NoSuchTicket | Failed]:
    """Find a ticket by number, or by "id:" and internal id, with its timers and charges.

    `known` is the ticket's list row where a list has just been read.
    """
    if known is not None:
        return (yield from _know_detail(known))
    if reference.startswith(ID_PREFIX):
        return (yield from _look_up_id(reference.removeprefix(ID_PREFIX)))
    number = reference
    row = yield from _find_row(number)
    if not isinstance(row, TicketRow):
        return row
    return (yield from _know_detail(row))


def read_afresh(row: TicketRow) -> Asking[LookedUp]:
    """Read a ticket's timers and charges, whatever is remembered of them."""
    detail = yield from ask(ReadTicket(row.id))
    if isinstance(detail, Failed):
        return LookedUp(Ticket(row, None), detail.sentence)
    if (detail.id, detail.number) != (row.id, row.number):
        asked, got = f"ticket {row.number} (id {row.id})", f"ticket {detail.number} (id {detail.id})"
        return LookedUp(Ticket(row, None), f"Asked for {asked}, Syncro answered {got}.")
    return LookedUp(Ticket(row, detail))


def _know_detail(row: TicketRow) -> Asking[LookedUp]:
    """The ticket's timers and charges: remembered where they are of the very state that the row shows."""
    if row.updated_at is not None:
        remembered = yield from recall(RecallTicket(row.id, row.updated_at))
        if remembered is not None and has_settled(remembered.updated_at, remembered.read_at):
            return LookedUp(Ticket(row, remembered.detail(row), remembered.read_at))
    return (yield from read_afresh(row))


def _look_up_id(ticket_id: str) -> Asking[LookedUp | NoSuchTicket | Failed]:
    """Read the ticket, then its list row too: only the row holds the billing status."""
    detail = yield from ask(ReadTicket(ticket_id))
    if isinstance(detail, Failed):
        return NoSuchTicket() if detail.kind is FailureKind.NOT_FOUND else detail
    if detail.id != ticket_id:
        sentence = f"Asked for the ticket with id {ticket_id}, Syncro answered the one with id {detail.id}."
        return Failed(FailureKind.UNREADABLE, sentence)
    row = yield from _find_row(detail.number)
    if isinstance(row, TicketRow) and row.id == ticket_id:
        return LookedUp(Ticket(row, detail))
    problem = f"Ticket {detail.number} (id {ticket_id}) is not in the list of tickets, so its row is unread."
    return LookedUp(Ticket(detail, detail), row.sentence if isinstance(row, Failed) else problem)


def _find_row(number: str) -> Asking[TicketRow | NoSuchTicket | Failed]:
    for page_number in range(1, NUMBER_PAGES_TO_TRY + 1):
        page = yield from ask(FindTicket(number, page_number))
        if isinstance(page, Failed):
            return page
        exact = {row.id: row for row in page.rows if row.number == number}
        if len(exact) > 1:
            ids = " and ".join(sorted(exact))
            return Failed(FailureKind.UNREADABLE, f"Syncro has several tickets with number {number} (ids {ids}).")
        if exact:
            return next(iter(exact.values()))
        if page.is_last:
            return NoSuchTicket()
    sentence = f"Syncro answered the search for number {number} with other tickets, page after page."
    return Failed(FailureKind.UNREADABLE, sentence)
