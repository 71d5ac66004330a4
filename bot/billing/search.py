"""The search for an invoice that bills a ticket: most likely places first, until the first link.

Everything here is a computation that asks (see `bot.billing.reads`); it does no I/O and takes no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.billing.evidence import Evidence, detail_read, name_of, row_key
from bot.billing.findings import Looked
from bot.billing.listing import Listing, read_list
from bot.billing.policy import Ticket, unbilled
from bot.billing.reads import Asking, Failed, FindTicket, ListInvoices, ListSchedules, ReadTicket, ask
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceRow, Page, TicketRow
from bot.ticket_references import ID_PREFIX

DETAILS_AT_ONCE = 8
"""Invoice details asked for in one round: reading stops after the round that holds a link."""
CANDIDATES_TO_TRY = 3
"""Offered invoices read before we conclude that Syncro ignored the ticket filter."""
NUMBER_PAGES_TO_TRY = 4
"""Pages of tickets looked through when Syncro ignored the number filter."""
READINGS = 4
"""A list is read once, and three times more at most when it changes meanwhile."""
OPENED_MARGIN = timedelta(days=1)
"""How far before a ticket's opening we look: clocks and time zones differ."""


@dataclass(frozen=True)
class NoSuchTicket:
    """Syncro has no ticket of that number."""


@dataclass(frozen=True)
class LookedUp:
    """A ticket, and why its detail could not be read (None when it could)."""

    ticket: Ticket
    detail_failure: str | None = None


@dataclass(frozen=True)
class Scope:
    """How far to search."""

    scan_limit: int = 200
    exhaustive: bool = False


def look_up(reference: str, known: TicketRow | None = None) -> Asking[LookedUp | NoSuchTicket | Failed]:
    """Find a ticket by number, or by "id:" and internal id, and read its timers and charges.

    `known` is the ticket's list row where a list has just been read.
    """
    if known is not None:
        return (yield from _read_detail(known))
    if reference.startswith(ID_PREFIX):
        return (yield from _look_up_id(reference.removeprefix(ID_PREFIX)))
    number = reference
    row = yield from _find_row(number)
    if not isinstance(row, TicketRow):
        return row
    return (yield from _read_detail(row))


def _read_detail(row: TicketRow) -> Asking[LookedUp]:
    detail = yield from ask(ReadTicket(row.id))
    if isinstance(detail, Failed):
        return LookedUp(Ticket(row, None), detail.sentence)
    if (detail.id, detail.number) != (row.id, row.number):
        asked, got = f"ticket {row.number} (id {row.id})", f"ticket {detail.number} (id {detail.id})"
        return LookedUp(Ticket(row, None), f"Asked for {asked}, Syncro answered {got}.")
    return LookedUp(Ticket(row, detail))


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


def search_offered(evidence: Evidence) -> Asking[None]:
    """Read the invoices that Syncro itself offers for the ticket; third-party billing is found only here.

    The filter is a hint. An offered invoice that turns out to have nothing to do with the ticket shows that the
    filter was ignored, so invoices billed to another customer are not ruled out and nothing is proved.
    """
    place = "Invoices that Syncro offers for this ticket"
    candidates: list[InvoiceRow] = []
    tried: list[InvoiceRow] = []
    for reading in (1, 2):
        page = yield from ask(ListInvoices(ticket_id=evidence.ticket.ticket_id, reading=reading))
        if isinstance(page, Failed):
            evidence.fail(page.sentence)
            evidence.receipt.append(Looked(place, "could not be listed"))
            return
        if not page.rows and not page.is_last:
            evidence.fail("Syncro's list of this ticket's invoices begins with an empty page, yet announces more.")
            evidence.receipt.append(Looked(place, "could not be read"))
            return
        candidates = _most_likely_first(page.rows, evidence.ticket.ticket_id)
        evidence.note_listed(candidates[:CANDIDATES_TO_TRY])
        yield from _read_details(evidence, candidates[:1])
        yield from _read_details(evidence, candidates[1:CANDIDATES_TO_TRY])
        tried = [row for row in candidates if evidence.was_tried(row)]
        if evidence.links or not any(evidence.has_vanished(row) for row in tried):
            break  # an offered invoice that is gone may have been deleted meanwhile: then ask once more
    _judge_offered(evidence, place, candidates, tried)


def _most_likely_first(rows: Sequence[InvoiceRow], ticket_id: str) -> list[InvoiceRow]:
    def unlikeliness(row: InvoiceRow) -> int:
        if row.ticket_id == ticket_id:
            return 0
        return 1 if row.ticket_id is None else 2

    return sorted(rows, key=unlikeliness)


def _judge_offered(evidence: Evidence, place: str, candidates: list[InvoiceRow], tried: list[InvoiceRow]) -> None:
    count = _count(len(candidates), "invoice")
    if evidence.links:
        evidence.receipt.append(Looked(place, f"{count} offered, link found"))
    elif not candidates:
        evidence.receipt.append(Looked(place, "none offered"))
    elif strangers := [row for row in tried if evidence.was_read(row)]:
        evidence.receipt.append(Looked(place, f"{count} offered, not for this ticket"))
        evidence.fail(
            f"Asked for this ticket's invoices, Syncro offered {name_of(strangers[0])}, which has no link to it; "
            "so an invoice billed to another customer cannot be ruled out."
        )
    else:
        evidence.receipt.append(Looked(place, f"{count} offered, could not be read"))
        for row in tried:
            evidence.fail(evidence.why_unread(row) or "")


def search_customer(evidence: Evidence, customer_id: str, since: datetime | None, scope: Scope) -> Asking[None]:
    """Read the customer's invoices: those changed since the ticket was opened, then the older ones.

    An invoice untouched since before the ticket existed cannot bill it, so many older ones may be skipped.
    """
    problems: tuple[str, ...] = ()
    everything = _Place("All invoices of this customer", customer_id, None)
    if since is not None:
        name = f"This customer's invoices changed since {since:%Y-%m-%d}"
        problems = yield from _scan(evidence, _Place(name, customer_id, since))
        if evidence.links:
            return
        everything = replace(everything, name="This customer's older invoices")
        if not scope.exhaustive and (yield from _skip_older(evidence, everything, since, scope.scan_limit)):
            for problem in problems:
                evidence.fail(problem)
            return
    # The whole list holds the recent ones too: a problem above is settled when all of it can be read.
    for problem in (yield from _scan(evidence, everything)):
        evidence.fail(problem)


@dataclass(frozen=True)
class _Place:
    """A customer's invoice list."""

    name: str
    customer_id: str
    updated_since: datetime | None

    def page(self, number: int, reading: int) -> ListInvoices:
        return ListInvoices(
            page=number, customer_id=self.customer_id, updated_since=self.updated_since, reading=reading
        )

    def own(self, rows: Sequence[InvoiceRow]) -> list[InvoiceRow]:
        """The customer's rows, newest first: `customer_id` is undocumented, so strangers may be among them."""
        mine = [row for row in rows if row.customer_id in (None, self.customer_id)]
        return sorted(mine, key=_age_key, reverse=True)


def _age_key(row: InvoiceRow) -> float:
    moment = row.created_at or row.updated_at
    return moment.timestamp() if moment is not None else 0.0


def _scan(evidence: Evidence, place: _Place) -> Asking[tuple[str, ...]]:
    """Read a list and all its details, until a link is found or the list has stood still. Returns what failed."""
    before: list[object] | None = None
    own: list[InvoiceRow] = []
    for reading in range(1, READINGS + 1):
        listing = yield from _read_listing(place, reading)
        if isinstance(listing, Failed):
            evidence.receipt.append(Looked(place.name, "could not be listed"))
            return (listing.sentence,)
        own = place.own(listing.rows)
        evidence.note_listed(own)
        fresh = yield from _read_details(evidence, own)
        if evidence.links:
            evidence.receipt.append(Looked(place.name, f"{_count(len(own), 'invoice')} listed, link found"))
            return ()
        now: list[object] = [row_key(row) for row in listing.rows]
        stood_still = now == before or (listing.pages == 1 and not fresh)
        if stood_still:
            return _account_for(evidence, place, own)
        before = now
    evidence.receipt.append(Looked(place.name, "kept changing while it was read"))
    return (f"The list of invoices kept changing while it was read ({READINGS} times).",)


def _account_for(evidence: Evidence, place: _Place, own: list[InvoiceRow]) -> tuple[str, ...]:
    unread = [why for row in own if (why := evidence.why_unread(row)) is not None]
    outcome = f"{_count(len(own), 'invoice')} listed, "
    outcome += f"{len(own) - len(unread)} read, {len(unread)} could not be read" if unread else "all read, no link"
    evidence.receipt.append(Looked(place.name, outcome if own else "none listed"))
    return tuple(unread)


def _read_listing(place: _Place, reading: int, most_rows: int | None = None) -> Asking[Listing[InvoiceRow] | Failed]:
    def page_read(number: int) -> ListInvoices:
        return place.page(number, reading)

    return (yield from read_list(page_read, "invoice list", most_rows=most_rows))


def _read_details(evidence: Evidence, rows: Sequence[InvoiceRow]) -> Asking[bool]:
    """Read the details not tried yet, a round at a time, until one holds a link. True when anything was read."""
    wanted = [row for row in rows if not evidence.was_tried(row)]
    for start in range(0, len(wanted), DETAILS_AT_ONCE):
        if evidence.links:
            break
        batch = wanted[start : start + DETAILS_AT_ONCE]
        answers = yield [detail_read(row) for row in batch]
        for row in batch:
            evidence.note_detail(row, answers[detail_read(row)])
    return bool(wanted)


def _skip_older(evidence: Evidence, place: _Place, since: datetime, limit: int) -> Asking[bool]:
    """Leave out the older invoices if they are more than `limit`. True when they were left out.

    Not without a look at the newest for one that changed since, which the time filter kept from us.
    """
    known = evidence.coverage().listed
    listing = yield from _read_listing(place, reading=1, most_rows=limit + known)
    if isinstance(listing, Failed):
        return False  # the scan that follows meets the same failure and reports it
    own = place.own(listing.rows)
    untried = [row for row in own if not evidence.was_tried(row)]
    if listing.is_whole and len(untried) <= limit:
        return False
    hidden = [row for row in untried if row.updated_at is not None and row.updated_at >= since]
    yield from _read_details(evidence, hidden)
    looked_at = [row for row in own if evidence.was_tried(row)]
    evidence.note_listed(looked_at)
    for why in filter(None, map(evidence.why_unread, looked_at)):
        evidence.fail(why)
    evidence.skipped = yield from _count_skipped(evidence, place, listing, len(untried) - len(hidden))
    outcome = f"{evidence.skipped} skipped: untouched since before the ticket was opened, so they cannot bill it"
    evidence.receipt.append(Looked(place.name, outcome))
    return True


def _count_skipped(evidence: Evidence, place: _Place, listing: Listing[InvoiceRow], skipped_so_far: int) -> Asking[int]:
    """How many invoices were skipped. Where the list was not read to its end, its last page tells."""
    if listing.is_whole:
        return skipped_so_far
    first = yield from ask(place.page(1, reading=1))
    if isinstance(first, Failed) or first.total_pages is None:
        return skipped_so_far
    last = yield from ask(place.page(first.total_pages, reading=1))
    rows_on_last = len(last.rows) if isinstance(last, Page) else 0
    return max(skipped_so_far, (first.total_pages - 1) * first.size + rows_on_last - evidence.coverage().listed)


def search_schedules(evidence: Evidence, ticket: Ticket) -> Asking[None]:
    """Look for a recurring invoice that will pick up the ticket's unbilled charges."""
    customer_id = ticket.row.customer_id
    if customer_id is None or not unbilled(ticket).charges:
        return

    def page_read(number: int) -> ListSchedules:
        return ListSchedules(customer_id, number)

    listing = yield from read_list(page_read, "list of recurring invoices")
    if isinstance(listing, Failed):
        evidence.fail(listing.sentence)
        evidence.receipt.append(Looked("Recurring invoices", "could not be listed"))
        return
    own = [schedule for schedule in listing.rows if schedule.customer_id == customer_id]
    evidence.schedules.extend(own)
    picking_up = sum(schedule.invoice_unbilled_ticket_charges for schedule in own)
    outcome = f"{_count(len(own), 'schedule')}, {picking_up} that pick up unbilled ticket charges"
    evidence.receipt.append(Looked("Recurring invoices", outcome))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
