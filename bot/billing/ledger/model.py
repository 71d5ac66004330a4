"""What is remembered of earlier readings, as values, and what a search needs of whoever keeps them.

The ledger never decides anything. It says what was read and when; whether that still counts is for the search to
prove (`bot.billing.ledger.freshness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.matching import TicketKeys
from bot.syncro.models import (
    InvoiceRow,
    Record,
    SeenIdentifier,
    Tags,
    Text,
    TicketCharge,
    TicketDetail,
    TicketRow,
    TicketTimer,
    Time,
)


class RememberedInvoice(Record):
    """An invoice as its detail once was. `read_at` is when that was asked for, by our clock."""

    facts: InvoiceFacts
    read_at: datetime


class Known(Record):
    """What the ledger holds of a customer or of the whole account, changed since a moment or at an unknown time."""

    count: int = 0
    invoices: tuple[RememberedInvoice, ...] = ()
    """All of a customer's; of the account's only the few that changed last, and not later than they were read."""


class TicketLabels(Record):
    """What policy goes by, as a ticket's own detail said it: its list row may lack some of it."""

    status: Text = ""
    billing_status: Text = ""
    ticket_type_name: Text = ""
    problem_type: Text = ""
    tag_list: Tags = ()
    contract_id: SeenIdentifier = None
    contract_name: Text = ""
    resolved_at: Time = None


class RememberedTicket(Record):
    """A ticket's timers and charges, as of a state of the ticket (`updated_at`)."""

    id: str
    updated_at: datetime
    read_at: datetime
    timers: tuple[TicketTimer, ...]
    charges: tuple[TicketCharge, ...]
    labels: TicketLabels = TicketLabels()

    def detail(self, row: TicketRow) -> TicketDetail:
        """The detail that belongs to the ticket's list row, of the same state."""
        said = {name: value for name, value in self.labels if value}
        return TicketDetail(**{**dict(row), **said}, ticket_timers=self.timers, line_items=self.charges)


class SearchedPlace(Record):
    """A place where invoices can be, all of which were read: what stands there is in the ledger.

    `name` is one of `ACCOUNT`, `place_of_customer(id)`, `place_of_offers(ticket_id)`.
    """

    name: str
    since: Time
    """Invoices untouched since then were not searched; None: all were."""
    as_of: datetime
    """Up to when, by our clock: what changed later is not known."""
    searched_at: datetime
    """When it was searched from scratch; later sweeps only bring `as_of` forward."""
    skipped: int = 0
    """How many older invoices were left out."""


ACCOUNT = "account"
"""The place that holds every invoice of the account."""


def place_of_customer(customer_id: str) -> str:
    """The customer's own list of invoices."""
    return f"customer/{customer_id}"


def place_of_offers(ticket_id: str) -> str:
    """What Syncro offers for a ticket; kept only when nothing there bills it."""
    return f"offered/{ticket_id}"


class Ledger(Protocol):
    """Keeps what was read. Safe to share between threads; no method raises: a ledger that is away knows nothing.

    Where knowing nothing could be mistaken for knowledge, the answer of a ledger that is away is another.
    """

    def recall_ticket(self, ticket_id: str, updated_at: datetime) -> RememberedTicket | None:
        """The ticket's timers and charges as of exactly this state."""
        ...

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...] | None:
        """Every remembered invoice that bills the ticket or may mention it, and perhaps others: match them again.

        None when that could not be found out.
        """
        ...

    def recall_invoices(self, rows: Sequence[InvoiceRow]) -> tuple[RememberedInvoice | None, ...]:
        """What is remembered of each listed invoice, in their order.

        A row without an id is looked up by number; None where that number is remembered more than once.
        """
        ...

    def recall_known(self, customer_id: str | None, since: datetime | None) -> Known:
        """What is remembered of a customer's invoices, or the account's, that may have changed since a moment."""
        ...

    def recall_places(self, names: Sequence[str]) -> tuple[SearchedPlace | None, ...]:
        """What is remembered of each place, in their order."""
        ...

    def has_unclaimed_line(self, since: datetime, amounts: frozenset[str], customer_id: str | None) -> bool:
        """Whether a line came after a moment that is no remembered ticket's charge, yet may be this customer's.

        It may be when it has one of these amounts or none, or when it is a stray line on an invoice of the customer:
        a price can be edited. True when that could not be found out.
        """
        ...

    def remember(self, invoices: Sequence[RememberedInvoice], tickets: Sequence[RememberedTicket]) -> bool:
        """Keep what was read, unless something read later is kept already. False when it could not be kept."""
        ...

    def forget_invoices(self, gone: Mapping[str, datetime]) -> None:
        """Forget invoices that are gone, by id, but not what was read of one after the moment that stands with it."""
        ...

    def note_places(self, places: Sequence[SearchedPlace]) -> None:
        """Keep that places were searched, in place of what was kept of them."""
        ...
