"""A session that asks the ledger first, and keeps there what is read from Syncro."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.billing.ledger.model import Known, Ledger, RememberedInvoice, RememberedTicket, SearchedPlace, TicketLabels
from bot.billing.rules.invoice import facts_of
from bot.billing.rules.matching import TicketKeys
from bot.billing.search.queries import (
    Answer,
    ForgetInvoices,
    LedgerRead,
    NotePlaces,
    Read,
    ReadInvoice,
    ReadTicket,
    RecallInvoices,
    RecallKnown,
    RecallLinked,
    RecallPlaces,
    RecallTicket,
    RecallUnclaimedLine,
)
from bot.billing.search.scheduler import Batch, Session
from bot.syncro.models import InvoiceDetail, InvoiceRow, TicketDetail


class NoLedger:
    """A ledger that knows nothing and keeps nothing, for a bot without memory and for `fresh` sessions.

    `remember` says that it went well: a note of places that follows is lost here too, so nobody is misled.
    """

    def recall_ticket(self, ticket_id: str, updated_at: datetime) -> RememberedTicket | None:  # noqa: ARG002
        """Nothing."""
        return None

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...]:  # noqa: ARG002
        """Nothing."""
        return ()

    def recall_invoices(self, rows: Sequence[InvoiceRow]) -> tuple[RememberedInvoice | None, ...]:
        """Nothing of each."""
        return (None,) * len(rows)

    def recall_known(self, customer_id: str | None, since: datetime | None) -> Known:  # noqa: ARG002
        """Nothing."""
        return Known()

    def recall_places(self, names: Sequence[str]) -> tuple[SearchedPlace | None, ...]:
        """Nothing of each."""
        return (None,) * len(names)

    def has_unclaimed_line(self, since: datetime, amounts: frozenset[str], customer_id: str | None) -> bool:  # noqa: ARG002
        """None was ever seen."""
        return False

    def remember(self, invoices: Sequence[RememberedInvoice], tickets: Sequence[RememberedTicket]) -> bool:  # noqa: ARG002
        """Keep nothing."""
        return True

    def forget_invoices(self, gone: Mapping[str, datetime]) -> None:
        """There is nothing to forget."""

    def note_places(self, places: Sequence[SearchedPlace]) -> None:
        """Keep nothing."""


class RememberingSession:
    """Answers a request's questions to `ledger`, and hands the others to `inner`.

    What `inner` has read is kept before it is handed on. Where that fails, places are no longer noted: a note claims
    that everything that stands there is in the ledger. With `fresh` nothing is recalled, yet all is kept.

    While `clock_is_right` says no, nothing is recalled and nothing kept: what is remembered is dated by our clock, and
    where that is far ahead, a change after a reading would pass for one before it.
    """

    def __init__(
        self,
        inner: Session,
        ledger: Ledger,
        clock: Callable[[], datetime],
        *,
        fresh: bool = False,
        clock_is_right: Callable[[], bool] = lambda: True,
    ) -> None:
        self._inner = inner
        self._ledger = ledger
        self._is_fresh = fresh
        self._clock = clock
        self._clock_is_right = clock_is_right
        self._for_ledger: deque[LedgerRead[Any]] = deque()
        self._asked_at: dict[Read[Any], datetime] = {}
        self._keeps_all = True

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        """See `Session`."""
        for_syncro = []
        for read in reads:
            if isinstance(read, LedgerRead):
                self._for_ledger.append(read)
            else:
                for_syncro.append(read)
        if for_syncro:
            now = self._clock()  # before the reads begin: what changes from now on may be missing from their answers
            for read in for_syncro:
                self._asked_at.setdefault(read, now)
            self._inner.submit(for_syncro)

    def collect(self) -> Batch:
        """See `Session`. The ledger's answers come first, in the order submitted, without waiting for Syncro's."""
        if self._for_ledger:
            asked = tuple(self._for_ledger)
            self._for_ledger.clear()
            return Batch(tuple((read, Answer(self._recall(read), 0)) for read in asked), self._clock())
        batch = self._inner.collect()
        self._keep(batch)
        return batch

    def _recall(self, read: LedgerRead[Any]) -> Any:
        ledger: Ledger = self._ledger if self._clock_is_right() else NoLedger()
        remembered: Ledger = NoLedger() if self._is_fresh else ledger
        match read:
            case RecallTicket(ticket_id, updated_at):
                return remembered.recall_ticket(ticket_id, updated_at)
            case RecallLinked(ticket, _):
                return remembered.recall_linked(ticket)
            case RecallInvoices(rows):
                return remembered.recall_invoices(rows)
            case RecallKnown(customer_id, since):
                return remembered.recall_known(customer_id, since)
            case RecallPlaces(names):
                return remembered.recall_places(names)
            case RecallUnclaimedLine(since, amounts, customer_id):
                return remembered.has_unclaimed_line(since, amounts, customer_id)
            case ForgetInvoices(gone):
                ledger.forget_invoices(dict(gone))
                return None
            case NotePlaces(places):
                if self._keeps_all and places:
                    ledger.note_places(places)
                return None
            case _:
                raise TypeError(f"no way to answer {type(read).__name__}")

    def _keep(self, batch: Batch) -> None:
        """Keep what was read, all of it at once.

        An invoice that is said to be gone is not forgotten here: where that is not true, a place whose invoices are
        all remembered would lack one. Who has seen that no list names it either, sends `ForgetInvoices`.
        """
        invoices: list[RememberedInvoice] = []
        tickets: list[RememberedTicket] = []
        for read, answer in batch.answers:
            asked_at = self._asked_at.pop(read)
            match read, answer.value:
                case ReadInvoice(reference), InvoiceDetail() as invoice if reference in (invoice.id, invoice.number):
                    facts = facts_of(invoice, read.listed_as_of)
                    invoices.append(RememberedInvoice(facts=facts, read_at=asked_at))
                case ReadTicket(ticket_id), TicketDetail() as ticket if ticket.id == ticket_id:
                    tickets.extend(_remembered(ticket, asked_at))
        if not (invoices or tickets):
            return
        if not self._clock_is_right() or not self._ledger.remember(invoices, tickets):
            self._keeps_all = False


def _remembered(ticket: TicketDetail, read_at: datetime) -> Iterable[RememberedTicket]:
    """The ticket as it is kept; nothing where it does not say of which state it is."""
    if ticket.updated_at is not None:
        yield RememberedTicket(
            id=ticket.id,
            updated_at=ticket.updated_at,
            read_at=read_at,
            timers=ticket.ticket_timers,
            charges=ticket.line_items,
            labels=TicketLabels.model_validate(ticket, from_attributes=True),
        )
