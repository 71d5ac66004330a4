"""Does reads with the Syncro client, many at a time. A failed read becomes an answer, not an exception."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from bot.billing.ledger.freshness import MOST_AHEAD
from bot.billing.ledger.model import Ledger
from bot.billing.search.queries import (
    Answer,
    Failed,
    FindTicket,
    ListInvoices,
    ListSchedules,
    ListTickets,
    Read,
    ReadCustomer,
    ReadInvoice,
    ReadTicket,
)
from bot.billing.search.scheduler import Batch, Session
from bot.syncro.client import Reply, SyncroClient
from bot.syncro.errors import SyncroError
from bot.syncro_sessions.caching import NoLedger, RememberingSession

log = logging.getLogger(__name__)

READS_IN_PARALLEL = 32
"""The client must allow as many connections, or threads wait for one."""
READS_IN_BACKGROUND = 8
"""Of what nobody waits for. More hardly speed a digest up, and keep those waiting whose question is to be stored."""
ANSWERS_AT_ONCE = 16
"""So many answers are not kept back for more."""
LINGER_SECONDS = 0.02
"""How long the first answer waits for others: what is handed on together is recorded together."""


class SyncroReader:
    """`reader.session()` is what a `Verifier` needs. Safe to share between threads; close it when done.

    What is read is kept in `ledger`, and what it remembers is answered from there.
    """

    def __init__(
        self,
        client: SyncroClient,
        clock: Callable[[], datetime],
        *,
        ledger: Ledger | None = None,
        at_once: int = READS_IN_PARALLEL,
    ) -> None:
        self._client = client
        self._clock = clock
        self._ledger = NoLedger() if ledger is None else ledger
        self._turns = _Turns(at_once)
        self._has_warned = False

    @contextmanager
    def session(self, *, fresh: bool = False) -> Iterator[Session]:
        """Open a session for one request. Leaving it drops the reads that were not begun.

        With `fresh` nothing is answered from the ledger; what is read is kept there all the same.
        """
        pooled = _PooledSession(self._turns, self._answer, self._clock)
        try:
            yield RememberingSession(
                pooled, self._ledger, self._clock, fresh=fresh, clock_is_right=self._clock_is_right
            )
        finally:
            self._turns.drop(pooled)

    def close(self) -> None:
        """Let go of the threads without waiting for reads under way. A session that waits for others is broken off."""
        self._turns.close()

    def _clock_is_right(self) -> bool:
        ahead = self._client.clock_ahead
        if ahead <= MOST_AHEAD:
            return True
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "This machine's clock is %d minutes ahead of Syncro's: put it right (NTP). Till then nothing is "
                "remembered, and every answer is read anew",
                ahead.total_seconds() // 60,
            )
        return False

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
                return self._client.tickets_updated_since(updated_since, customer_id=read.customer_id, page=page)
            case ReadTicket(ticket_id):
                return self._client.ticket(ticket_id)
            case ReadInvoice(reference):
                return self._client.invoice(reference)
            case ReadCustomer(customer_id):
                return self._client.customer(customer_id)
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
                raise TypeError(f"no way to do {type(read).__name__}")


class _PooledSession:
    """The reads of one request, on threads that all requests share."""

    def __init__(
        self, turns: _Turns, answer: Callable[[Read[Any]], Answer[Any]], clock: Callable[[], datetime]
    ) -> None:
        self.waiting: deque[Read[Any]] = deque()
        """Reads not begun. They belong to the turns, which alone touch them."""
        self._turns = turns
        self._answer = answer
        self._clock = clock
        self._changed = threading.Condition()
        self._unanswered = 0
        self._answers: list[tuple[Read[Any], Answer[Any]]] = []
        self._first_at = 0.0
        self._broken: Exception | None = None

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        """See `Session`."""
        with self._changed:
            self._unanswered += len(reads)
        self._turns.take(self, reads)

    def collect(self) -> Batch:
        """See `Session`. An error of our own in a read comes out here."""
        with self._changed:
            if not self._unanswered and not self._answers:
                raise RuntimeError("nothing was submitted that could be collected")
            self._changed.wait_for(lambda: self._answers or self._broken)
            self._changed.wait_for(self._is_enough, self._first_at + LINGER_SECONDS - time.monotonic())
            if self._broken is not None:
                raise self._broken
            answers, self._answers = tuple(self._answers), []
            return Batch(answers, self._clock())

    def do(self, read: Read[Any]) -> None:
        """Do one read, on a thread of the turns."""
        try:
            answer = self._answer(read)
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            self.break_off(error)
            return
        with self._changed:
            if not self._answers:
                self._first_at = time.monotonic()
            self._answers.append((read, answer))
            self._unanswered -= 1
            self._changed.notify_all()

    def break_off(self, error: Exception) -> None:
        """Have `collect` raise: an answer will never come."""
        with self._changed:
            self._broken = self._broken or error
            self._changed.notify_all()

    def _is_enough(self) -> bool:
        return self._broken is not None or not self._unanswered or len(self._answers) >= ANSWERS_AT_ONCE


class _Turns:
    """Threads that take a read from each session in turn: one ticket does not wait behind a digest of hundreds."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="syncro-read")
        self._lock = threading.Lock()
        self._sessions: deque[_PooledSession] = deque()
        """Those with reads not begun, whose turn is next first."""

    def take(self, session: _PooledSession, reads: Sequence[Read[Any]]) -> None:
        with self._lock:
            if reads and not session.waiting:
                self._sessions.append(session)
            session.waiting.extend(reads)
        for _ in reads:
            self._pool.submit(self._do_next)

    def drop(self, session: _PooledSession) -> None:
        with self._lock:
            if session.waiting:
                session.waiting.clear()
                self._sessions.remove(session)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            abandoned = list(self._sessions)
        for session in abandoned:
            session.break_off(RuntimeError("the reader was closed before everything was read"))

    def _do_next(self) -> None:
        with self._lock:
            if not self._sessions:
                return  # the read that this turn was for has been dropped
            session = self._sessions.popleft()
            read = session.waiting.popleft()
            if session.waiting:
                self._sessions.append(session)
        session.do(read)
