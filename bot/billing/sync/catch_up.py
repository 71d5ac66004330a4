"""Before many tickets are checked: bring what the ledger knows up to this moment, with one list of changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.billing.ledger.freshness import CLOCKS_APART, Knowledge, brought_forward, is_current, sweep_of, was_read_since
from bot.billing.ledger.model import ACCOUNT, SearchedPlace, place_of_customer, place_of_offers
from bot.billing.rules.invoice import InvoiceFacts, facts_of
from bot.billing.rules.matching import is_the_listed_invoice
from bot.billing.search.paging import Listing, read_list
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
READINGS = 4
"""How often the list of changes is read until it has stood still."""


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


def _bring_up_to_date(places: Sequence[SearchedPlace], started_at: datetime) -> Asking[Knowledge | None]:
    """Read what changed since these places were searched. None where that cannot be done completely."""
    account = next((place for place in places if place.name == ACCOUNT), None)
    oldest = min(place.as_of for place in places)
    rows = yield from _read_changes(oldest - CLOCKS_APART, started_at)
    if rows is None:
        return None
    places = [place.model_copy(update={"as_of": max(started_at, place.as_of)}) for place in places]
    yield from recall(NotePlaces(tuple(places)))
    return Knowledge(
        sweep=sweep_of(rows, oldest if account is None else account.searched_at),
        places={place.name: place for place in places},
    )


def is_still_known(knowledge: Knowledge, started_at: datetime) -> Asking[bool]:
    """Whether the ledger still holds the places, after the search: nobody has emptied it meanwhile.

    A place that this very request searched anew, for a ticket of which too little was known, is held as well.
    """
    names = tuple(knowledge.places)
    again = yield from recall(RecallPlaces(names, reading=2))
    return all(
        place is not None and place.searched_at in (knowledge.places[name].searched_at, started_at)
        for name, place in zip(names, again, strict=True)
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


def _read_changes(since: datetime, started_at: datetime) -> Asking[Sequence[InvoiceRow] | None]:
    """List what changed in the whole account, and read what is not known, until there is nothing new.

    None where something could not be read, or could not be kept.
    """
    done: set[RowKey] = set()
    read: dict[RowKey, InvoiceFacts] = {}
    before: set[RowKey] | None = None
    for reading in range(1, READINGS + 1):
        listing = yield from _list_changes(since, reading)
        if listing is None:
            return None
        unknown = yield from _not_current([row for row in listing.rows if row_key(row) not in done])
        facts = yield from _read_all(unknown)
        if facts is None:
            return None
        read |= facts
        done |= {row_key(row) for row in listing.rows}
        now = {row_key(row) for row in listing.rows}
        # A row that slides out of sight between two pages slides because another has gone: then one is missing.
        if not unknown and (listing.pages == 1 or (before is not None and before <= now)):
            return listing.rows if (yield from _are_all_kept(listing.rows, read, started_at)) else None
        before = now
    return None


def _are_all_kept(
    rows: Sequence[InvoiceRow], read: Mapping[RowKey, InvoiceFacts], started_at: datetime
) -> Asking[bool]:
    """Whether the ledger holds each of them as it is listed, and those that were `read` now as they were read.

    Where rows tell no time of change, each had to be read.

    It may not: Syncro says of a listed invoice that there is none, the ledger cannot be written, the job was cut off
    before it was, another process whose clock is ahead has read an older state, or two invoices have one number and no
    ids, so that only one of them was read.
    """
    unnamed = {(row.number, row.customer_id, row.created_at) for row in rows if row.id is None}
    if len({number for number, _, _ in unnamed}) < len(unnamed):
        return False
    remembered = yield from recall(RecallInvoices(tuple(rows), reading=2))
    return all(
        each is not None
        and (is_current(row, each, None) or was_read_since(row, each, started_at))
        and each.facts == read.get(row_key(row), None if row.updated_at is None else each.facts)
        for row, each in zip(rows, remembered, strict=True)
    )


def _list_changes(since: datetime, reading: int) -> Asking[Listing[InvoiceRow] | None]:
    def page_read(number: int) -> ListInvoices:
        return ListInvoices(page=number, updated_since=since, reading=reading)

    listing = yield from read_list(page_read, "list of changed invoices", most_rows=MOST_CHANGES)
    return None if isinstance(listing, Failed) or not listing.is_whole else listing


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
