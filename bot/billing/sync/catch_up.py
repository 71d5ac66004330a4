"""Before many tickets are checked: bring what the ledger knows up to this moment, with one list of changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.billing.ledger.freshness import (
    CLOCKS_APART,
    Knowledge,
    brought_forward,
    is_current,
    opened_since,
    reaches,
    sweep_of,
    was_read_since,
)
from bot.billing.ledger.model import ACCOUNT, SearchedPlace, place_of_customer, place_of_offers
from bot.billing.rules.invoice import InvoiceFacts, facts_of
from bot.billing.rules.matching import is_the_listed_invoice
from bot.billing.search.filters import changes_after
from bot.billing.search.paging import Listing, Took, read_until_stable
from bot.billing.search.queries import (
    Asking,
    Failed,
    ListInvoices,
    NotePlaces,
    RecallInvoices,
    RecallPlaces,
    RowKey,
    detail_read,
    recall,
    row_key,
)
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceRow, TicketRow

LONGEST_GAP = timedelta(days=14)
"""What was searched longer ago is searched anew: the list of changes since would be long."""
MOST_CHANGES = 1000
"""Rows after which a list of changes is given up, and the tickets are searched one by one."""


def take_stock(tickets: Sequence[TicketRow], started_at: datetime) -> Asking[Knowledge | None]:
    """Read every invoice that changed since the places of these tickets were searched; then the ledger is current.

    None where nothing is known of them, or where the changes cannot be read completely.
    """
    places = yield from _known_places(tickets, started_at)
    if not places:
        return None
    knowledge = yield from _bring_up_to_date(places, started_at)
    account = next((place for place in places if place.name == ACCOUNT), None)
    if knowledge is not None or account is None:
        return knowledge
    # Something that changed lately cannot be read, perhaps for long. What was searched since then does not hang on it.
    later = [place for place in places if place.as_of > account.as_of]
    return (yield from _bring_up_to_date(later, started_at)) if later else None


@dataclass(frozen=True)
class CatchUp:
    """The ledger's `AccountBook`: it learns of the account when the first of a request's tickets hangs on it."""

    started_at: datetime

    def account(self, row: TicketRow) -> Asking[Knowledge | None]:
        """See `AccountBook`."""
        (account,) = yield from recall(RecallPlaces((ACCOUNT,)))
        if account is None or not reaches(account, opened_since(row)) or account.as_of < self.started_at - LONGEST_GAP:
            return None
        return (yield from _bring_up_to_date([account], self.started_at))

    def still_holds(self, knowledge: Knowledge, *, asked_for: str = "") -> Asking[bool]:
        """See `AccountBook`. A place that this very request searched anew is held as well."""
        names = tuple(knowledge.places)
        # Each ticket asks by itself: another's answer may be from before the ledger was emptied.
        again = yield from recall(RecallPlaces((*names, place_of_offers(asked_for)), reading=2))
        return all(
            place is not None and place.searched_at in (knowledge.places[name].searched_at, self.started_at)
            for name, place in zip(names, again, strict=False)
        )


def _bring_up_to_date(places: Sequence[SearchedPlace], started_at: datetime) -> Asking[Knowledge | None]:
    """Read what changed since these places were searched. None where that cannot be done completely."""
    account = next((place for place in places if place.name == ACCOUNT), None)
    oldest = min(place.as_of for place in places)
    changes = yield from changes_after(oldest, started_at)
    rows = yield from _read_changes(changes.since, oldest, started_at)
    if rows is not None and not changes.believes(rows):
        rows = yield from _read_changes(None, oldest, started_at)
    if rows is None:
        return None
    places = [place.model_copy(update={"as_of": max(started_at, place.as_of)}) for place in places]
    yield from recall(NotePlaces(tuple(places)))
    return Knowledge(
        sweep=sweep_of(rows, oldest if account is None else account.searched_at),
        places={place.name: place for place in places},
    )


def _known_places(tickets: Sequence[TicketRow], started_at: datetime) -> Asking[list[SearchedPlace]]:
    """The places of these tickets that were searched lately; after the account's own, only those as current as it."""
    customers = dict.fromkeys(row.customer_id for row in tickets if row.customer_id is not None)
    names = [ACCOUNT, *map(place_of_customer, customers), *(place_of_offers(row.id) for row in tickets)]
    recalled = yield from recall(RecallPlaces(tuple(names)))
    account = recalled[0]
    known = [brought_forward(place, account) for place in recalled if place is not None]
    known = [place for place in known if place.as_of >= started_at - LONGEST_GAP]
    if account is not None and account in known:
        known = [place for place in known if place.as_of >= account.as_of]
    return known


def _read_changes(since: datetime | None, as_of: datetime, started_at: datetime) -> Asking[Sequence[InvoiceRow] | None]:
    """List what changed in the whole account, and read what changed after `as_of`, until there is nothing new.

    None where something could not be read, or could not be kept.
    """
    done: set[RowKey] = set()
    read: dict[RowKey, InvoiceFacts] = {}
    is_unreadable = False

    def page_read(number: int, reading: int) -> ListInvoices:
        return ListInvoices(page=number, updated_since=since, reading=reading)

    def take(listing: Listing[InvoiceRow]) -> Asking[Took]:
        nonlocal is_unreadable
        new = [row for row in listing.rows if row_key(row) not in done and _is_after(row, as_of)]
        unknown = yield from _not_current(new)
        facts = yield from _read_all(unknown)
        if facts is None:
            is_unreadable = True
            return Took.ENOUGH
        read.update(facts)
        done.update(map(row_key, listing.rows))
        return Took.TIME if unknown else Took.NOTHING

    # By its state: what was changed after it was read has to be read again.
    listing = yield from read_until_stable(page_read, "list of changed invoices", row_key, take, most_rows=MOST_CHANGES)
    if isinstance(listing, Failed) or not listing.is_whole or is_unreadable:
        return None
    new = [row for row in listing.rows if _is_after(row, as_of)]
    return listing.rows if (yield from _are_all_kept(new, read, started_at)) else None


def _is_after(row: InvoiceRow, as_of: datetime) -> bool:
    """Whether an invoice may have changed after the moment: the list reaches back further, to prove itself."""
    return row.updated_at is None or row.updated_at >= as_of - CLOCKS_APART


def _are_all_kept(
    rows: Sequence[InvoiceRow], read: Mapping[RowKey, InvoiceFacts], started_at: datetime
) -> Asking[bool]:
    """Whether the ledger holds each of them as it is listed, and those that were `read` now as they were read.

    Where rows tell no time of change, each had to be read.

    It may not: Syncro says of a listed invoice that there is none, the ledger cannot be written, the job was cut off
    before it was, another process whose clock is ahead has read an older state, or two invoices have one number and no
    ids, so that only one of them was read.
    """
    unnamed = [row.number for row in rows if row.id is None]
    if len(set(unnamed)) < len(unnamed):
        return False
    remembered = yield from recall(RecallInvoices(tuple(rows), reading=2))
    return all(
        each is not None
        and (is_current(row, each, None) or was_read_since(row, each, started_at))
        and each.facts == read.get(row_key(row), None if row.updated_at is None else each.facts)
        for row, each in zip(rows, remembered, strict=True)
    )


def _not_current(rows: Sequence[InvoiceRow]) -> Asking[list[InvoiceRow]]:
    remembered = yield from recall(RecallInvoices(tuple(rows)))
    return [
        row
        for row, each in zip(rows, remembered, strict=True)
        if row.updated_at is None or each is None or not is_current(row, each, None)
    ]


def _read_all(rows: Sequence[InvoiceRow]) -> Asking[dict[RowKey, InvoiceFacts] | None]:
    """Read the details; they are kept in the ledger. None when one cannot be read; one that is gone is left out."""
    reads = {row_key(row): detail_read(row) for row in rows}
    answers = yield list(reads.values())
    facts: dict[RowKey, InvoiceFacts] = {}
    for row in rows:
        answer = answers[reads[row_key(row)]]
        if isinstance(answer, Failed):
            if answer.kind is not FailureKind.NOT_FOUND:
                return None
        elif not is_the_listed_invoice(answer, row):
            return None
        else:
            facts[row_key(row)] = facts_of(answer, row.updated_at)
    return facts
