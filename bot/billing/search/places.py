"""The places where an invoice that bills a ticket can be: each an object that knows how to search itself.

A place notes in the evidence what it saw. What stands in the way of a proof is either a failure (something that could
bill the ticket could not be read) or a doubt (a filter may have kept something from us), which knowing the whole
account settles. Everything here is a computation that asks (`bot.billing.search.queries`): no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.billing.ledger.freshness import FILTER_MARGIN, OPENED_MARGIN, Sweep
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.verdicts import LinkKind, Looked
from bot.billing.search.evidence import Evidence, none_bills
from bot.billing.search.filters import Filter, can_list_changes, note_contradicted, unproved
from bot.billing.search.invoice_details import know_details, read_details, sweep_customer
from bot.billing.search.paging import Listing, Took, read_list, read_until_stable
from bot.billing.search.queries import Asking, Failed, ListInvoices, ask, name_of, row_key
from bot.counting import counted, dated
from bot.syncro.models import ROWS_A_PAGE, InvoiceRow

CANDIDATES_TO_TRY = 3
"""Offered invoices read before we conclude that Syncro ignored the ticket filter."""
ROWS_FOR_A_DETAIL = 4
"""Rows of the account's list that are looked through for each detail that the scan limit allows to be read."""


class Place(Protocol):
    """A place to search."""

    def search(self, evidence: Evidence) -> Asking[None]:
        """Look for an invoice that bills the ticket until there is one, and note what stands in the way of a proof."""
        ...


@dataclass(frozen=True)
class Scope:
    """How far to search. `started_at` is when the request began, by our clock."""

    started_at: datetime
    scan_limit: int = 200
    exhaustive: bool = False
    sweep: Sweep | None = None
    """The account's latest changes, where they are known: remembered invoices that they do not name are current."""


# --- what Syncro offers ---


@dataclass(frozen=True)
class Offered:
    """The invoices that Syncro itself offers for the ticket; most links are found here, third-party billing too.

    The filter is a hint. An offered invoice that turns out to have nothing to do with the ticket shows that the
    filter was ignored, so invoices billed to another customer are not ruled out and nothing is proved.
    """

    scope: Scope
    name = "Invoices that Syncro offers for this ticket"

    def search(self, evidence: Evidence) -> Asking[None]:
        """See `Place`."""
        offered: tuple[InvoiceRow, ...] = ()
        for reading in (1, 2):
            page = yield from ask(ListInvoices(ticket_id=evidence.ticket.ticket_id, reading=reading))
            if isinstance(page, Failed):
                evidence.doubt(page.sentence)
                evidence.receipt.append(Looked(self.name, "could not be listed"))
                return
            if page.announced:
                contradiction = f"yet says that it has {page.announced} of them"
                evidence.doubt(f"Syncro offers no invoice for this ticket, {contradiction}.")
                evidence.receipt.append(Looked(self.name, f"none offered, {contradiction}"))
                return
            offered = tuple(sorted(page.rows, key=lambda row: _unlikeliness(row, evidence.ticket.ticket_id)))
            evidence.note_listed(offered[:CANDIDATES_TO_TRY])
            yield from read_details(evidence, offered[:1])
            # A ticket may be billed twice: all of a handful are read; of more, those that may be this ticket's.
            is_handful = len(offered) <= CANDIDATES_TO_TRY
            others = offered[1:CANDIDATES_TO_TRY]
            if evidence.links and not is_handful:
                others = tuple(row for row in others if row.ticket_id in (None, evidence.ticket.ticket_id))
            yield from read_details(evidence, others, every=is_handful or bool(evidence.links))
            if evidence.links or not any(map(evidence.has_vanished, offered)):
                break  # an offered invoice that is gone may have been deleted meanwhile: then ask once more
        yield from self._judge(evidence, offered)

    def _judge(self, evidence: Evidence, offered: Sequence[InvoiceRow]) -> Asking[None]:
        count = counted(len(offered), "invoice")
        tried = [row for row in offered if evidence.was_tried(row)]
        strangers = [row for row in tried if evidence.is_known(row)]
        if evidence.links:
            evidence.receipt.append(Looked(self.name, f"{count} offered, link found"))
            if any(found.link is LinkKind.TICKET_ID for found in evidence.links):
                evidence.worked.add(Filter.TICKET)
        elif not offered:
            evidence.receipt.append(Looked(self.name, "none offered"))
            evidence.relied_on.add(Filter.TICKET)
        elif strangers:
            evidence.receipt.append(Looked(self.name, f"{count} offered: {none_bills(len(offered))}"))
            evidence.doubt(
                f"Asked for this ticket's invoices, Syncro offered {name_of(strangers[0])}, which has no link to it; "
                "so an invoice billed to another customer cannot be ruled out."
            )
            yield from note_contradicted(Filter.TICKET, self.scope.started_at)
        else:
            evidence.receipt.append(Looked(self.name, f"{count} offered, could not be read"))
            for row in tried:
                evidence.fail(evidence.why_unread(row) or "")


def _unlikeliness(row: InvoiceRow, ticket_id: str) -> int:
    if row.ticket_id == ticket_id:
        return 0
    return 1 if row.ticket_id is None else 2


# --- lists of invoices ---


@dataclass(frozen=True)
class InvoiceList:
    """A customer's invoice list, or the account's (`customer_id` is None), perhaps only what changed since a moment."""

    name: str
    customer_id: str | None
    updated_since: datetime | None
    is_rest: bool = False
    """Whether it is said of those only that have not been looked at before."""

    def page(self, number: int, reading: int) -> ListInvoices:
        """The read of one page."""
        return ListInvoices(
            page=number, customer_id=self.customer_id, updated_since=self.updated_since, reading=reading
        )

    def read(self, *, most_rows: int | None = None, trusting: bool = False) -> Asking[Listing[InvoiceRow] | Failed]:
        """Walk over the pages once. See `read_list`."""
        return (yield from read_list(self.page, "invoice list", most_rows=most_rows, trusting=trusting))

    def own(self, rows: Iterable[InvoiceRow]) -> list[InvoiceRow]:
        """The customer's rows, newest first: `customer_id` is undocumented, so strangers may be among them."""
        mine = [row for row in rows if self.customer_id is None or row.customer_id in (None, self.customer_id)]
        return sorted(mine, key=_age_key, reverse=True)

    def scan(self, evidence: Evidence, sweep: Sweep | None) -> Asking[tuple[str, ...]]:
        """Know all details until a link is found or the list has stood still. Returns what failed, a sentence each.

        Of a list of changes only what may have changed is looked at: Syncro may have ignored the moment.
        """

        def take(listing: Listing[InvoiceRow]) -> Asking[Took]:
            own = self._concerned(listing)
            self._note_filters(evidence, listing)
            evidence.note_listed(own)
            if sweep is None and evidence.sweep is None and self.customer_id is not None:
                untried = [row for row in own if not evidence.was_tried(row)]
                evidence.sweep = yield from sweep_customer(self.customer_id, untried)
            was_read = yield from know_details(evidence, own, sweep or evidence.sweep)
            return Took.ENOUGH if evidence.links else Took.TIME if was_read else Took.NOTHING

        before = evidence.tried if self.is_rest else frozenset()
        # By its state: an invoice that was changed after its detail was read has to be read again.
        listing = yield from read_until_stable(self.page, "list of invoices", row_key, take)
        if isinstance(listing, Failed):
            evidence.receipt.append(Looked(self.name, "could not be listed"))
            return (listing.sentence,)
        own = self._concerned(listing)
        told = [row for row in own if row_key(row) not in before]
        if evidence.links:
            evidence.receipt.append(Looked(self.name, f"{counted(len(told), 'invoice')} listed, link found"))
            return ()
        unread = [why for row in own if (why := evidence.why_unread(row)) is not None]
        some = f"{counted(len(own), 'invoice')} listed, {len(unread):,} could not be read"
        said = some if unread else evidence.said_of_all(told)
        evidence.receipt.append(Looked(self.name, said))
        return tuple(unread)

    def _concerned(self, listing: Listing[InvoiceRow]) -> list[InvoiceRow]:
        own = self.own(listing.rows)
        return own if self.updated_since is None else [row for row in own if may_have_changed(row, self.updated_since)]

    def _note_filters(self, evidence: Evidence, listing: Listing[InvoiceRow]) -> None:
        if self.customer_id is not None and not listing.pages:
            evidence.relied_on.add(Filter.CUSTOMER)
        if any(row.customer_id is not None and row.customer_id == self.customer_id for row in listing.rows):
            evidence.worked.add(Filter.CUSTOMER)
        if self.updated_since is not None and listing.pages:
            evidence.worked.add(Filter.CHANGES)


def _age_key(row: InvoiceRow) -> float:
    moment = row.created_at or row.updated_at
    return moment.timestamp() if moment is not None else 0.0


def may_have_changed(row: InvoiceRow, since: datetime) -> bool:
    """Whether an invoice may have changed at or after the moment, by the dates of its row."""
    if row.updated_at is None:
        return True
    return row.updated_at >= since or (row.created_at is not None and row.created_at >= since)


def is_unlisted(facts: InvoiceFacts) -> Asking[bool]:
    """Whether its customer's list, from the invoice's last change on, does not name it. False when nobody can tell."""
    if facts.customer_id is None:
        return False
    since = None if facts.updated_at is None else facts.updated_at - OPENED_MARGIN
    place = InvoiceList("An invoice's own customer", facts.customer_id, since)

    def take(listing: Listing[InvoiceRow]) -> Asking[Took]:
        yield from ()
        is_named = any(row.id == facts.id or row.number == facts.number for row in listing.rows)
        return Took.ENOUGH if is_named else Took.NOTHING

    # By its state, which is stricter than is needed: one row more or less is no matter here.
    listing = yield from read_until_stable(place.page, "list of invoices", row_key, take)
    return not isinstance(listing, Failed) and (yield from take(listing)) is Took.NOTHING


# --- the customer's invoices ---


@dataclass(frozen=True)
class CustomerInvoices:
    """The invoices of the ticket's customer: those changed since the ticket was opened, then the older ones.

    An invoice untouched since before the ticket existed cannot bill it, so many older ones may be skipped. `since` is
    when the ticket was opened, with a margin; None where that is unknown.
    """

    customer_id: str
    since: datetime | None
    scope: Scope

    def search(self, evidence: Evidence) -> Asking[None]:
        """See `Place`."""
        problems: tuple[str, ...] = ()
        everything = InvoiceList("All invoices of this customer", self.customer_id, None)
        if self.since is not None:
            name = f"This customer's invoices changed since {dated(self.since)}"
            recent = InvoiceList(name, self.customer_id, self.since)
            problems = yield from recent.scan(evidence, self.scope.sweep)
            if evidence.links:
                return
            everything = replace(everything, name="This customer's older invoices", is_rest=True)
            if not self.scope.exhaustive and (yield from self._skip_older(evidence, everything, self.since)):
                evidence.searched_since = self.since
                for problem in problems:
                    evidence.fail(problem)
                return
        # The whole list holds the recent ones too: a problem above is settled when all of it can be read.
        for problem in (yield from everything.scan(evidence, self.scope.sweep)):
            evidence.fail(problem)

    def _skip_older(self, evidence: Evidence, place: InvoiceList, since: datetime) -> Asking[bool]:
        """Leave out the older invoices if they are more than the scan limit. True when they were left out.

        Not without a look for those that may have changed since, which the time filter kept from us. That filter is
        relied on only where it was seen at work: else the rows are listed to their end, and judged by their dates.
        """
        is_proved = Filter.CHANGES in evidence.worked or not (
            yield from unproved([Filter.CHANGES], self.scope.started_at)
        )
        limit = self.scope.scan_limit + evidence.coverage().listed
        listing = yield from place.read(most_rows=limit if is_proved else None)
        if isinstance(listing, Failed):
            return False  # the scan that follows meets the same failure and reports it
        own = place.own(listing.rows)
        untried = [row for row in own if not evidence.was_tried(row)]
        if listing.is_whole and len(untried) <= self.scope.scan_limit:
            return False
        opened = since + FILTER_MARGIN
        if any(row.updated_at is not None and row.updated_at >= opened for row in untried):
            is_proved = False
            yield from note_contradicted(Filter.CHANGES, self.scope.started_at)
        hidden = [row for row in untried if _must_be_read(row, since, trusting_changes=is_proved)]
        evidence.note_listed(hidden)
        yield from know_details(evidence, hidden, self.scope.sweep)
        for why in filter(None, map(evidence.why_unread, filter(evidence.was_tried, own))):
            evidence.fail(why)
        evidence.skipped = yield from self._count_skipped(evidence, place, listing, len(untried) - len(hidden))
        outcome = f"{evidence.skipped} skipped: untouched since before the ticket was opened, so they cannot bill it"
        evidence.receipt.append(Looked(place.name, outcome))
        return True

    def _count_skipped(
        self, evidence: Evidence, place: InvoiceList, listing: Listing[InvoiceRow], skipped_so_far: int
    ) -> Asking[int]:
        """How many invoices were skipped. Where the list was not read to its end, its last page tells."""
        announced = listing.pages[-1].total_pages
        if listing.is_whole or announced is None:
            return skipped_so_far
        last = yield from ask(place.page(announced, reading=1))
        rows_on_last = 0 if isinstance(last, Failed) else len(last.rows)
        counted_by_pages = (announced - 1) * len(listing.pages[0].rows) + rows_on_last
        return max(skipped_so_far, counted_by_pages - evidence.coverage().listed)


def _must_be_read(row: InvoiceRow, since: datetime, *, trusting_changes: bool) -> bool:
    """Whether an invoice that no list of changes named has to be read all the same."""
    if row.updated_at is None and row.created_at is not None and trusting_changes:
        return row.created_at >= since
    return may_have_changed(row, since)


# --- the whole account ---


@dataclass(frozen=True)
class WholeAccount:
    """Every invoice of the account that may have changed since the ticket was opened, for whichever customer.

    Searched before anybody is accused where the ledger does not hold the account: an invoice to another customer may
    name the ticket in a line, and no filter shows that. Within the scan limit, beyond which doubts stay. `since` is
    when the first of the request's tickets was opened, so that one list serves them all; `opened` is this one's.
    """

    since: datetime | None
    opened: datetime | None
    scope: Scope
    name = "All invoices of the account"

    def search(self, evidence: Evidence) -> Asking[None]:
        """See `Place`."""
        is_proved = Filter.CHANGES in evidence.worked or not (
            yield from unproved([Filter.CHANGES], self.scope.started_at)
        )
        listing = yield from self._know(evidence, self.since if is_proved else None)
        is_too_long = isinstance(listing, Listing) and not listing.is_whole
        if is_too_long and not is_proved and (yield from can_list_changes(self.scope.started_at)):
            listing = yield from self._know(evidence, self.since)
        evidence.receipt.append(Looked(self.name, self._outcome(evidence, listing)))

    def _know(self, evidence: Evidence, since: datetime | None) -> Asking[Listing[InvoiceRow] | Failed]:
        place = InvoiceList(self.name, None, since)

        def take(listing: Listing[InvoiceRow]) -> Asking[Took]:
            concerned = self._concerned(listing)
            wanted = [row for row in concerned if not evidence.was_tried(row)]
            if len(wanted) > self._limit:
                return Took.ENOUGH
            evidence.note_listed(concerned)
            was_read = yield from know_details(evidence, wanted, self.scope.sweep)
            return Took.ENOUGH if evidence.links else Took.TIME if was_read else Took.NOTHING

        most_rows = ROWS_FOR_A_DETAIL * self._limit
        # By its state, as a customer's list.
        return (yield from read_until_stable(place.page, "list of invoices", row_key, take, most_rows=most_rows))

    @property
    def _limit(self) -> int:
        """A page of invoices is never too much before somebody is accused."""
        return max(self.scope.scan_limit, ROWS_A_PAGE)

    def _outcome(self, evidence: Evidence, listing: Listing[InvoiceRow] | Failed) -> str:
        if isinstance(listing, Failed):
            return "could not be listed"
        concerned = self._concerned(listing)
        if evidence.links:
            return f"{counted(len(concerned), 'invoice')} listed, link found"
        if not listing.is_whole or not all(map(evidence.was_tried, concerned)):
            return "too many to be read for one question; the background sync reads them"
        unread = sum(evidence.why_unread(row) is not None for row in concerned)
        if unread:
            return f"{unread} of {len(concerned)} could not be read"
        evidence.settle_doubts()
        return account_in_words(len(concerned), self.opened)

    def _concerned(self, listing: Listing[InvoiceRow]) -> list[InvoiceRow]:
        rows = listing.rows
        return list(rows) if self.opened is None else [row for row in rows if may_have_changed(row, self.opened)]


def account_in_words(count: int, since: datetime | None) -> str:
    """What the receipt says where the whole account is known."""
    changed = "" if since is None else f" that changed since {dated(since)}"
    known = f"the only one{changed} is known" if count == 1 else f"all {count:,}{changed} are known"
    return f"{known}: {none_bills(count)}" if count else f"there is none{changed}"
