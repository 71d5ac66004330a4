"""The search for an invoice that bills a ticket: most likely places first, until the first link.

Everything here is a computation that asks (see `bot.billing.search.queries`); it does no I/O and takes no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.billing.ledger.freshness import OPENED_MARGIN, Sweep
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.verdicts import Looked
from bot.billing.search.evidence import Evidence
from bot.billing.search.invoice_details import know_details, read_details, sweep_customer
from bot.billing.search.paging import Listing, read_list
from bot.billing.search.queries import (
    Asking,
    Failed,
    ListInvoices,
    ask,
    name_of,
    row_key,
)
from bot.counting import counted
from bot.syncro.models import InvoiceRow, Page

CANDIDATES_TO_TRY = 3
"""Offered invoices read before we conclude that Syncro ignored the ticket filter."""
READINGS = 4
"""A list is read once, and three times more at most when it changes meanwhile."""


@dataclass(frozen=True)
class Scope:
    """How far to search."""

    scan_limit: int = 200
    exhaustive: bool = False
    sweep: Sweep | None = None
    """The account's latest changes, where they are known: remembered invoices that they do not name are current."""


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
        yield from read_details(evidence, candidates[:1])
        yield from read_details(evidence, candidates[1:CANDIDATES_TO_TRY])
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
    count = counted(len(candidates), "invoice")
    if evidence.links:
        evidence.receipt.append(Looked(place, f"{count} offered, link found"))
    elif not candidates:
        evidence.receipt.append(Looked(place, "none offered"))
    elif strangers := [row for row in tried if evidence.is_known(row)]:
        evidence.receipt.append(Looked(place, f"{count} offered, not for this ticket"))
        evidence.fail(
            f"Asked for this ticket's invoices, Syncro offered {name_of(strangers[0])}, which has no link to it; "
            "so an invoice billed to another customer cannot be ruled out."
        )
    else:
        evidence.receipt.append(Looked(place, f"{count} offered, could not be read"))
        for row in tried:
            evidence.fail(evidence.why_unread(row) or "")


def search_customer(
    evidence: Evidence, customer_id: str, since: datetime | None, scope: Scope
) -> Asking[datetime | None]:
    """Read the customer's invoices: those changed since the ticket was opened, then the older ones.

    An invoice untouched since before the ticket existed cannot bill it, so many older ones may be skipped. Returns
    the moment since which all were searched; None for all.
    """
    problems: tuple[str, ...] = ()
    everything = CustomerList("All invoices of this customer", customer_id, None)
    if since is not None:
        name = f"This customer's invoices changed since {since:%Y-%m-%d}"
        problems = yield from _scan(evidence, CustomerList(name, customer_id, since), scope.sweep)
        if evidence.links:
            return since
        everything = replace(everything, name="This customer's older invoices")
        if not scope.exhaustive and (yield from _skip_older(evidence, everything, since, scope)):
            for problem in problems:
                evidence.fail(problem)
            return since
    # The whole list holds the recent ones too: a problem above is settled when all of it can be read.
    for problem in (yield from _scan(evidence, everything, scope.sweep)):
        evidence.fail(problem)
    return None


@dataclass(frozen=True)
class CustomerList:
    """A customer's invoice list."""

    name: str
    customer_id: str
    updated_since: datetime | None

    def page(self, number: int, reading: int) -> ListInvoices:
        """The read of one page."""
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


def _scan(evidence: Evidence, place: CustomerList, sweep: Sweep | None) -> Asking[tuple[str, ...]]:
    """Read a list and know all its details, until a link is found or the list has stood still. Returns what failed."""
    before: list[object] | None = None
    own: list[InvoiceRow] = []
    for reading in range(1, READINGS + 1):
        listing = yield from read_customer_list(place, reading)
        if isinstance(listing, Failed):
            evidence.receipt.append(Looked(place.name, "could not be listed"))
            return (listing.sentence,)
        own = place.own(listing.rows)
        evidence.note_listed(own)
        if sweep is None:
            sweep = yield from sweep_customer(place.customer_id, [row for row in own if not evidence.was_tried(row)])
        fresh = yield from know_details(evidence, own, sweep)
        if evidence.links:
            evidence.receipt.append(Looked(place.name, f"{counted(len(own), 'invoice')} listed, link found"))
            return ()
        now: list[object] = [row_key(row) for row in listing.rows]
        stood_still = now == before or (listing.pages == 1 and not fresh)
        if stood_still:
            return _account_for(evidence, place, own)
        before = now
    evidence.receipt.append(Looked(place.name, "kept changing while it was read"))
    return (f"The list of invoices kept changing while it was read ({READINGS} times).",)


def _account_for(evidence: Evidence, place: CustomerList, own: list[InvoiceRow]) -> tuple[str, ...]:
    unread = [why for row in own if (why := evidence.why_unread(row)) is not None]
    if unread:
        known = f"{len(own) - len(unread)} known, {len(unread)} could not be read"
        evidence.receipt.append(Looked(place.name, f"{counted(len(own), 'invoice')} listed, {known}"))
    else:
        evidence.receipt.append(Looked(place.name, evidence.said_of_all(own)))
    return tuple(unread)


def read_customer_list(
    place: CustomerList, reading: int = 1, *, most_rows: int | None = None
) -> Asking[Listing[InvoiceRow] | Failed]:
    """Walk over the pages of a customer's invoices once."""

    def page_read(number: int) -> ListInvoices:
        return place.page(number, reading)

    return (yield from read_list(page_read, "invoice list", most_rows=most_rows))


def is_unlisted(facts: InvoiceFacts) -> Asking[bool]:
    """Whether its customer's list, from the invoice's last change on, does not name it. False when nobody can tell."""
    if facts.customer_id is None:
        return False
    since = None if facts.updated_at is None else facts.updated_at - OPENED_MARGIN
    place = CustomerList("An invoice's own customer", facts.customer_id, since)
    for reading in (1, 2):
        listing = yield from read_customer_list(place, reading)
        if isinstance(listing, Failed) or any(row.id == facts.id or row.number == facts.number for row in listing.rows):
            return False
        if listing.pages == 1:
            break  # else the row may have slid out of sight between two pages
    return True


def _skip_older(evidence: Evidence, place: CustomerList, since: datetime, scope: Scope) -> Asking[bool]:
    """Leave out the older invoices if they are more than the scan limit. True when they were left out.

    Not without a look at the newest for one that changed since, which the time filter kept from us.
    """
    known = evidence.coverage().listed
    listing = yield from read_customer_list(place, reading=1, most_rows=scope.scan_limit + known)
    if isinstance(listing, Failed):
        return False  # the scan that follows meets the same failure and reports it
    own = place.own(listing.rows)
    untried = [row for row in own if not evidence.was_tried(row)]
    if listing.is_whole and len(untried) <= scope.scan_limit:
        return False
    hidden = [row for row in untried if row.updated_at is not None and row.updated_at >= since]
    yield from know_details(evidence, hidden, scope.sweep)
    looked_at = [row for row in own if evidence.was_tried(row)]
    evidence.note_listed(looked_at)
    for why in filter(None, map(evidence.why_unread, looked_at)):
        evidence.fail(why)
    evidence.skipped = yield from _count_skipped(evidence, place, listing, len(untried) - len(hidden))
    outcome = f"{evidence.skipped} skipped: untouched since before the ticket was opened, so they cannot bill it"
    evidence.receipt.append(Looked(place.name, outcome))
    return True


def _count_skipped(
    evidence: Evidence, place: CustomerList, listing: Listing[InvoiceRow], skipped_so_far: int
) -> Asking[int]:
    """How many invoices were skipped. Where the list was not read to its end, its last page tells."""
    if listing.is_whole:
        return skipped_so_far
    first = yield from ask(place.page(1, reading=1))
    if isinstance(first, Failed) or first.total_pages is None:
        return skipped_so_far
    last = yield from ask(place.page(first.total_pages, reading=1))
    rows_on_last = len(last.rows) if isinstance(last, Page) else 0
    return max(skipped_so_far, (first.total_pages - 1) * first.size + rows_on_last - evidence.coverage().listed)
