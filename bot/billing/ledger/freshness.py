"""When something remembered still counts as read. Pure functions.

A remembered invoice is current when its list row has not changed since, or, where rows tell no time of change, when
a complete list of changes that reaches back before it was read does not name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.billing.ledger.model import ACCOUNT, RememberedInvoice, SearchedPlace, place_of_customer, place_of_offers
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.matching import were_made_together
from bot.syncro.models import InvoiceRow, TicketRow

CLOCKS_APART = timedelta(minutes=10)
"""How far a list of changes reaches back further than needed: Syncro's clock and ours may differ."""
MOST_AHEAD = CLOCKS_APART / 2
"""A clock that is further ahead of Syncro's than this is not to be relied on: see `RememberingSession`."""
SETTLING = CLOCKS_APART
"""What was read so soon after its last change may have been read before it, or before another in the same second."""
NEVER = datetime.max.replace(tzinfo=UTC)
FILTER_MARGIN = timedelta(days=2)
"""How far before a moment a filter by time is asked. It may cut times to dates, take the date itself for too early, and
read a time as local: up to a day and 14 hours together."""
OPENED_MARGIN = FILTER_MARGIN
"""How far before a ticket's opening we look for invoices that bill it."""


@dataclass(frozen=True)
class Sweep:
    """All invoices that changed since a moment, as a list of changes that was read completely names them."""

    vouches_from: datetime
    """An invoice read at this moment or later, and not named here, stands as it was read."""
    by_id: Mapping[str, InvoiceRow]
    by_number: Mapping[str, InvoiceRow]

    def vouches_for(self, remembered: RememberedInvoice) -> bool:
        """Whether the invoice has not changed since it was read."""
        return self.vouches_from <= remembered.read_at and self.row_of(remembered.facts) is None

    def names(self, row: InvoiceRow) -> bool:
        """Whether the listed invoice is among those that changed."""
        return row.id in self.by_id or row.number in self.by_number

    def row_of(self, facts: InvoiceFacts) -> InvoiceRow | None:
        """The row that names the invoice, or one of the same number; None where it has not changed."""
        return self.by_id.get(facts.id) or self.by_number.get(facts.number)


def sweep_of(rows: Iterable[InvoiceRow], vouches_from: datetime) -> Sweep:
    """The sweep that a complete list of changes makes. One with a row of nobody knows which vouches for none."""
    listed = list(rows)
    return Sweep(
        vouches_from if all(row.reference for row in listed) else NEVER,
        {row.id: row for row in listed if row.id is not None},
        {row.number: row for row in listed if row.number is not None},
    )


def is_current(row: InvoiceRow, remembered: RememberedInvoice, sweep: Sweep | None) -> bool:
    """Whether the remembered invoice is the listed one, in the very state that the list shows."""
    if not is_the_listed_one(row, remembered.facts):
        return False
    if None not in (row.total, remembered.facts.total) and row.total != remembered.facts.total:
        return False  # its time of change stood still, the invoice did not
    if row.updated_at is None:
        return sweep is not None and sweep.vouches_for(remembered)
    return row.updated_at == remembered.facts.updated_at and has_settled(row.updated_at, remembered.read_at)


def was_read_since(row: InvoiceRow, remembered: RememberedInvoice, moment: datetime) -> bool:
    """Whether the listed invoice was read after the moment, in the state that the list shows or a later one."""
    facts = remembered.facts
    if not is_the_listed_one(row, facts) or remembered.read_at < moment:
        return False
    return row.updated_at is None or facts.updated_at is None or row.updated_at <= facts.updated_at


def is_the_listed_one(row: InvoiceRow, facts: InvoiceFacts) -> bool:
    """Whether a list row can be that of the remembered invoice. One by which none can be asked for is of nobody."""
    if not row.reference:
        return False
    if row.id not in (None, facts.id) or row.number not in (None, facts.number):
        return False
    if None not in (row.customer_id, facts.customer_id) and row.customer_id != facts.customer_id:
        return False
    return row.id is not None or were_made_together(facts.created_at, row.created_at)


def has_settled(updated_at: datetime, read_at: datetime) -> bool:
    """Whether a reading came late enough after the last change to be told from a later one by its time."""
    return updated_at + SETTLING <= read_at


def line_is_no_newer_than(facts: InvoiceFacts, now: datetime) -> datetime:
    """When, by our clock, each of the invoice's lines was there for sure: a new line changes its invoice.

    Not when it was asked for: the answer may have come long after. Not its list row's time of change either: the
    detail may be of a later state.
    """
    return now if facts.updated_at is None or facts.is_undated else min(now, facts.updated_at + CLOCKS_APART)


def opened_since(row: TicketRow) -> datetime | None:
    """From when on an invoice that bills the ticket must have changed; None where the opening is unknown."""
    return None if row.created_at is None else row.created_at - OPENED_MARGIN


@dataclass(frozen=True)
class Knowledge:
    """Places whose every invoice is in the ledger as it stands now: they were searched, and all changes since read."""

    sweep: Sweep
    places: Mapping[str, SearchedPlace]

    def offers(self, row: TicketRow) -> SearchedPlace | None:
        """The place that shows what Syncro would offer for a ticket: the account, or the offers themselves."""
        return self.places[ACCOUNT] if self.holds_account(row) else self.places.get(place_of_offers(row.id))

    def holds_account(self, row: TicketRow) -> bool:
        """Whether every invoice of the account is known that may have changed since the ticket was opened."""
        account = self.places.get(ACCOUNT)
        return account is not None and reaches(account, opened_since(row))

    def customer(self, row: TicketRow) -> SearchedPlace | None:
        """The place that holds the customer's invoices changed since the ticket was opened."""
        if self.holds_account(row):
            return self.places[ACCOUNT]
        place = self.places.get(place_of_customer(row.customer_id or ""))
        return place if place is not None and reaches(place, opened_since(row)) else None


def reaches(place: SearchedPlace, since: datetime | None) -> bool:
    """Whether a place that was searched holds every invoice changed since the moment; None means from the first on."""
    return place.since is None or (since is not None and place.since <= since)


def brought_forward(place: SearchedPlace, account: SearchedPlace | None) -> SearchedPlace:
    """The place as of the account's latest sweep, where the account's unbroken sweeps began before it was searched."""
    if account is None or place.as_of < account.searched_at or place.as_of >= account.as_of:
        return place
    return place.model_copy(update={"as_of": account.as_of})
