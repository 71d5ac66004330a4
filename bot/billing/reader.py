"""Performs reads with the Syncro client, several at a time. A failed read becomes an answer, not an exception."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from bot.billing.reads import (
    Answer,
    Failed,
    FindTicket,
    ListInvoices,
    ListSchedules,
    ListTickets,
    Read,
    ReadInvoice,
    ReadTicket,
)
from bot.billing.verifier import Batch
from bot.syncro.client import Reply, SyncroClient
from bot.syncro.errors import SyncroError

READS_IN_PARALLEL = 8


class SyncroReader:
    """`reader.perform` is what a `Verifier` needs. Safe to share between threads; close it when done."""

    def __init__(self, client: SyncroClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._pool = ThreadPoolExecutor(READS_IN_PARALLEL, thread_name_prefix="syncro-read")

    def perform(self, reads: Sequence[Read[Any]]) -> Batch:
        """Do the reads in parallel and give their answers in order."""
        answers = tuple(self._pool.map(self._answer, reads))
        return Batch(answers, self._clock())

    def close(self) -> None:
        """Let go of the threads without waiting for reads under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, read: Read[Any]) -> Answer[Any]:
        try:
            reply = self._ask(read)
        except SyncroError as error:
            return Answer(Failed(error.kind, str(error)), error.calls)
        return Answer(reply.value, reply.calls)

    def _ask(self, read: Read[Any]) -> Reply[Any]:
        match read:
            case FindTicket(number, page):
                return self._client.find_tickets(number, page=page)
            case ListTickets(updated_since, page):
                return self._client.tickets_updated_since(updated_since, page=page)
            case ReadTicket(ticket_id):
                return self._client.ticket(ticket_id)
            case ReadInvoice(reference):
                return self._client.invoice(reference)
            case ListSchedules(customer_id, page):
                return self._client.schedules(customer_id, page=page)
            case ListInvoices():
                return self._client.invoices(
                    customer_id=read.customer_id,
                    ticket_id=read.ticket_id,
                    updated_since=read.updated_since,
                    page=read.page,
                )
            case _:
                raise TypeError(f"no way to perform {type(read).__name__}")
