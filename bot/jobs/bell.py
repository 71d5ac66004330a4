"""What tells a queue's thread that there may be a job: it looks at once, and hardly ever otherwise.

Questions that are being stored go first: fifty at once, with the first ones' jobs at work beside them, waited five
times as long to be acknowledged.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

import psycopg
import sqlalchemy as sa

from bot.store.postgres import plain_connection

log = logging.getLogger(__name__)

_CHANNEL = "invoice_bot_jobs"
_RETRY_SECONDS = 5.0
_LISTEN_SECONDS = 5.0
"""How long the thread that listens takes to notice that it is to end."""
_GOES_FIRST_SECONDS = 0.3


class Precedence:
    """Of what is being stored, over jobs. Safe to share between threads."""

    def __init__(self) -> None:
        self._storing = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def storing(self) -> Iterator[None]:
        """Around the storing of a job."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def make_way(self) -> None:
        """Wait until nothing is being stored, `_GOES_FIRST_SECONDS` at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._storing, _GOES_FIRST_SECONDS)

    def _count(self, one: int) -> None:
        with self._changed:
            self._storing += one
            self._changed.notify_all()


class Bell(threading.Event):
    """What a queue's thread waits on between two looks. Rung, the wait is over; set, the thread ends."""

    def __init__(self, precedence: Precedence) -> None:
        super().__init__()
        self._rung = threading.Event()
        self._precedence = precedence

    def ring(self) -> None:
        """Have the thread look now. Ring after the job has been stored."""
        self._rung.set()

    def set(self) -> None:
        """End the thread."""
        super().set()
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for a ring, `timeout` seconds at most; True once the thread is to end."""
        self._rung.wait(timeout)
        if not self.is_set():
            self._precedence.make_way()
            self._rung.clear()
        return self.is_set()


class Switchboard:
    """Rings in the other processes on a Postgres database, and here when they do."""

    def __init__(self, database: sa.URL, ring: Callable[[], None]) -> None:
        self._database = database
        self._ring = ring
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="switchboard", daemon=True)
        self._calling = threading.Lock()
        self._line: psycopg.Connection | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._is_over.set()
        with self._calling, contextlib.suppress(psycopg.Error):
            if self._line is not None:
                self._line.close()

    def call(self) -> None:
        """Tell the others. Where that fails they find out by themselves, a little later."""
        with self._calling:
            try:
                self._line = self._line or plain_connection(self._database)
                self._line.execute(f"NOTIFY {_CHANNEL}")
            except psycopg.Error as error:
                log.debug("Nobody could be told of a new job (%s)", type(error).__name__)
                self._line = None

    def _listen(self) -> None:
        while not self._is_over.is_set():
            try:
                with plain_connection(self._database) as line:
                    line.execute(f"LISTEN {_CHANNEL}")
                    self._ring()  # for what was missed
                    while not self._is_over.is_set():
                        if any(True for _ in line.notifies(timeout=_LISTEN_SECONDS, stop_after=1)):
                            self._ring()
            except psycopg.Error as error:
                log.debug("Not listening for new jobs (%s); trying again", type(error).__name__)
                self._is_over.wait(_RETRY_SECONDS)
