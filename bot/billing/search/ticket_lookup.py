"""Looking a ticket up: its list row by number or internal id, and its timers and charges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from bot.syncro.models import Page, TicketRow
from bot.ticket_references import ID_PREFIX

READINGS = 3
"""How often the list for a number is read at most until two readings prove that there is no such ticket."""
PAGES_TO_TRY = 3
"""Pages of tickets looked through when Syncro ignored the number filter."""


@dataclass(frozen=True)
class NoSuchTicket:
    """Syncro has no ticket of that number."""


@dataclass(frozen=True)
class LookedUp:
    """A ticket, and why its detail could not be read (None when it could)."""

    ticket: Ticket
    detail_failure: str | None = None


def by_reference(rows: Iterable[TicketRow]) -> dict[str, list[TicketRow]]:
    """The rows of a list by what each ticket can be asked for by: its number, or its id where no number can be read."""
    named: dict[str, list[TicketRow]] = {}
    for row in rows:
        named.setdefault(row.number or f"{ID_PREFIX}{row.id or 'unknown'}", []).append(row)
    return named


def look_up(reference: str, known: Sequence[TicketRow] = ()) -> Asking[LookedUp | NoSuchTicket | Failed]:
    """Find a ticket by number, or by "id:" and internal id, with its timers and charges.

    `known` are its list rows where a list has just been read.
    """
    if len({row.id for row in known}) > 1:
        return _several(reference, known)
    for shown in known:
        if shown.id and shown.number:
            return (yield from _know_detail(shown))
        if not (shown.id or shown.number):
            return Failed(FailureKind.UNREADABLE, "Syncro lists a ticket of which neither number nor id can be read.")
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
    if None not in (row.customer_id, detail.customer_id) and row.customer_id != detail.customer_id:
        customers = f"list gives the ticket's customer as id {row.customer_id}, its detail as id {detail.customer_id}"
        return LookedUp(Ticket(row, None), f"Syncro's {customers}.")
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
    """Find a ticket's list row. That there is none is proved by an empty list; where in doubt, by two of them."""
    empty, needed, doubt = 0, 1, ""
    for reading in range(1, READINGS + 1):
        page = yield from ask(FindTicket(number, 1, reading))
        if isinstance(page, Failed):
            return page
        if (found := _row_of(number, page)) is not None:
            return found
        why = _why_no_proof(number, page)
        if why and doubt:
            return (yield from _look_further(number, page, doubt))
        needed = 2 if why or not page.total_pages else needed
        empty, doubt = empty + (not why), doubt or why
        if empty == needed:
            return NoSuchTicket()
    return Failed(FailureKind.UNREADABLE, doubt)


def _row_of(number: str, page: Page[TicketRow]) -> TicketRow | Failed | None:
    """The row of exactly this number; None where the page has none."""
    exact = [row for row in page.rows if row.number.casefold() == number.casefold()]
    if len({row.id for row in exact}) > 1:
        return _several(number, exact)
    if exact and not exact[0].id:
        return Failed(FailureKind.UNREADABLE, f"Syncro lists ticket {number} without an id.")
    return exact[0] if exact else None


def _why_no_proof(number: str, page: Page[TicketRow]) -> str:
    """Why a page without the ticket does not prove that there is none; empty when it does."""
    start = f"Whether there is a ticket {number} cannot be told:"
    if any(not row.number for row in page.rows):
        return f"{start} Syncro answered with a ticket whose number cannot be read."
    if page.rows:
        return f"{start} Syncro answered with other tickets, such as {page.rows[0].number}."
    return f"{start} Syncro's list is empty, yet it is said to have {page.announced}." if page.announced else ""


def _look_further(number: str, page: Page[TicketRow], doubt: str) -> Asking[TicketRow | Failed]:
    """Where the filter is ignored, the ticket may be among the others."""
    while page.rows and not page.is_last and page.number < PAGES_TO_TRY:
        following = yield from ask(FindTicket(number, page.number + 1))
        if isinstance(following, Failed):
            return following
        if (found := _row_of(number, following)) is not None:
            return found
        page = following
    return Failed(FailureKind.UNREADABLE, doubt)


def _several(number: str, rows: Iterable[TicketRow]) -> Failed:
    ids = " and ".join(sorted({row.id or "unknown" for row in rows}))
    return Failed(FailureKind.UNREADABLE, f"Syncro has several tickets with number {number} (ids {ids}).")
