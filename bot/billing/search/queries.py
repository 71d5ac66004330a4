"""The questions that a search asks Syncro and the ledger, as values.

A search never does I/O: it yields reads and gets answers. So it can run over HTTP, inside a durable job, or in a
test over an invented world, and it is always the same search.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar, cast

from bot.billing.ledger.model import Known, RememberedInvoice, RememberedTicket, SearchedPlace
from bot.billing.rules.matching import TicketKeys
from bot.syncro.errors import FailureKind
from bot.syncro.models import CustomerDetail, InvoiceDetail, InvoiceRow, Page, Schedule, TicketDetail, TicketRow

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)
Result = TypeVar("Result")


class Read(Generic[Value_co]):
    """A question with an answer of type `Value`. Equal reads get one answer within a request."""


@dataclass(frozen=True)
class FindTicket(Read[Page[TicketRow]]):
    """One page of tickets that Syncro offers for a number. `reading` as for `ListInvoices`."""

    number: str
    page: int = 1
    reading: int = 1


@dataclass(frozen=True)
class ListTickets(Read[Page[TicketRow]]):
    """One page of the tickets, perhaps of a customer, that changed since a moment. `reading` as for `ListInvoices`."""

    updated_since: datetime
    page: int = 1
    reading: int = 1
    customer_id: str | None = None


@dataclass(frozen=True)
class ReadTicket(Read[TicketDetail]):
    """A ticket's timers and charges, by internal id."""

    ticket_id: str


@dataclass(frozen=True)
class ListInvoices(Read[Page[InvoiceRow]]):
    """One page of an invoice list. `reading` counts up when a list is read again to see if it stood still."""

    page: int = 1
    customer_id: str | None = None
    ticket_id: str | None = None
    updated_since: datetime | None = None
    reading: int = 1


@dataclass(frozen=True)
class ReadInvoice(Read[InvoiceDetail]):
    """An invoice's detail by id (or number, where a row has no id).

    `listed_as_of` is the row's `updated_at`: a row that changed while we looked makes its detail a new question.
    """

    reference: str
    listed_as_of: datetime | None = None


@dataclass(frozen=True)
class ListSchedules(Read[Page[Schedule]]):
    """One page of a customer's recurring invoices; without `customer_id`, of the whole account's."""

    customer_id: str | None
    page: int = 1
    reading: int = 1


@dataclass(frozen=True)
class ReadCustomer(Read[CustomerDetail]):
    """A customer's prepaid hours."""

    customer_id: str


class LedgerRead(Read[Value_co]):
    """A question to the ledger, or a note for it: it costs no call to Syncro."""


@dataclass(frozen=True)
class RecallTicket(LedgerRead[RememberedTicket | None]):
    """A ticket's timers and charges, if remembered for this very state."""

    ticket_id: str
    updated_at: datetime


@dataclass(frozen=True)
class RecallLinked(LedgerRead[tuple[RememberedInvoice, ...] | None]):
    """The remembered invoices that may bill or mention a ticket; None when the ledger cannot tell.

    `reading` counts up when that is asked again.
    """

    ticket: TicketKeys
    reading: int = 1


@dataclass(frozen=True)
class RecallInvoices(LedgerRead[tuple[RememberedInvoice | None, ...]]):
    """What is remembered of listed invoices, in their order. `reading` counts up when that is asked again."""

    rows: tuple[InvoiceRow, ...]
    reading: int = 1


@dataclass(frozen=True)
class RecallPlaces(LedgerRead[tuple[SearchedPlace | None, ...]]):
    """What is remembered of places, in their order. `reading` counts up when that is asked again."""

    names: tuple[str, ...]
    reading: int = 1


@dataclass(frozen=True)
class RecallKnown(LedgerRead[Known]):
    """What is remembered of a customer's invoices (None: the account's) changed since a moment. See `Ledger`."""

    customer_id: str | None
    since: datetime | None


@dataclass(frozen=True)
class RecallUnclaimedLine(LedgerRead[bool]):
    """Whether a line has come since that may be a charge of the customer's ticket. See `Ledger.has_unclaimed_line`."""

    since: datetime
    amounts: frozenset[str]
    customer_id: str | None


@dataclass(frozen=True)
class ForgetInvoices(LedgerRead[None]):
    """A note that invoices, by id, are gone for sure; with each, when what is to be forgotten was read."""

    gone: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True)
class NotePlaces(LedgerRead[None]):
    """A note that places were searched."""

    places: tuple[SearchedPlace, ...]


@dataclass(frozen=True)
class Failed:
    """A read that failed for good: why, and a sentence for people."""

    kind: FailureKind
    sentence: str


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """What a read gave, and how many API calls it cost (retries included)."""

    value: Value | Failed
    calls: int


class Answers:
    """The answers to one round of reads."""

    def __init__(self, answers: Mapping[Read[Any], Any]) -> None:
        self._answers = answers

    def __getitem__(self, read: Read[Value]) -> Value | Failed:
        return cast("Value | Failed", self._answers[read])

    def recalled(self, read: LedgerRead[Value]) -> Value:
        """The ledger's answer; the ledger never fails, it only knows less."""
        return cast("Value", self._answers[read])


Asking = Generator[Sequence[Read[Any]], Answers, Result]
"""A computation that asks: it yields rounds of reads, is sent their answers, and returns a `Result`."""


def ask(read: Read[Value]) -> Asking[Value | Failed]:
    """Ask a single question."""
    answers = yield [read]
    return answers[read]


def together(searches: Sequence[Asking[Result]]) -> Asking[list[Result]]:
    """Go on with several searches side by side; their results in order."""
    results: dict[int, Result] = {}
    asked: dict[int, Sequence[Read[Any]]] = {}
    answers: Answers | None = None
    going_on = list(range(len(searches)))
    while going_on:
        for place in going_on:
            try:
                asked[place] = next(searches[place]) if answers is None else searches[place].send(answers)
            except StopIteration as stop:
                results[place] = stop.value
                asked.pop(place, None)
        if asked:
            answers = yield list(dict.fromkeys(read for reads in asked.values() for read in reads))
        going_on = list(asked)
    return [results[place] for place in range(len(searches))]


def recall(read: LedgerRead[Value]) -> Asking[Value]:
    """Ask the ledger a single question."""
    answers = yield [read]
    return answers.recalled(read)


class RowKey(NamedTuple):
    """Which invoice a row names, as of when. A changed row is a new key: its detail is read again."""

    id: str | None
    number: str | None
    updated_at: datetime | None


def row_key(row: InvoiceRow) -> RowKey:
    """The key of a list row."""
    return RowKey(row.id, row.number, row.updated_at)


def detail_read(row: InvoiceRow) -> ReadInvoice:
    """The read that shows the row's detail: by id where the row has one, by number otherwise."""
    return ReadInvoice(row.reference, row.updated_at)


def name_of(row: InvoiceRow) -> str:
    """The invoice as people name it."""
    if row.number is not None:
        return f"invoice {row.number}"
    return "an invoice without id and number" if row.id is None else f"invoice with id {row.id}"
