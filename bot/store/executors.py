"""Which processes are alive, when several share one Postgres database.

Each says so every other second. One that is silent for long is taken for dead, and somebody else goes on with its jobs.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from bot.store.database import Database
from bot.store.migrations import migrate
from bot.store.postgres import postgres_engine
from bot.store.tables import executors

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
SILENT_AFTER_SECONDS = 8.0

_BEAT = sa.text(
    "INSERT INTO invoice_bot_executors (executor_id, seen_at) VALUES (:executor, now()) "
    "ON CONFLICT (executor_id) DO UPDATE SET seen_at = now()"
)


class ExecutorRegistry:
    """Keeps this process's heartbeat and watches the others'.

    `on_silent` hands over the jobs of a process and says whether none is left. It must be harmless when called twice.
    """

    def __init__(
        self,
        database: sa.URL,
        executor: str,
        *,
        on_silent: Callable[[str], bool],
        beat_seconds: float = BEAT_SECONDS,
        silent_after_seconds: float = SILENT_AFTER_SECONDS,
    ) -> None:
        self._address = database
        self._engine = postgres_engine(database, pool_size=1, max_overflow=0)
        self._executor = executor
        self._on_silent = on_silent
        self._beat_seconds = beat_seconds
        self._silent_after = silent_after_seconds
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)

    def join(self) -> None:
        """Bring the tables up to date, and say that we are here."""
        with contextlib.closing(Database(self._address)) as database:
            migrate(database)
        self._beat()

    def watch(self) -> None:
        """Say so again, go on saying so, and watch the others, until `leave`."""
        self._beat()
        self._thread.start()

    def leave(self) -> None:
        """Say goodbye: whoever watches may take over at once what is left."""
        self._leaving.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        gone = sa.update(executors).where(executors.c.executor_id == self._executor)
        try:
            with self._engine.begin() as connection:
                connection.execute(gone.values(seen_at=sa.text("to_timestamp(0)")))
        except sa.exc.SQLAlchemyError as error:
            log.warning("Could not say goodbye to the database (%s)", type(error).__name__)
        self._engine.dispose()

    def _live(self) -> None:
        while not self._leaving.wait(self._beat_seconds):
            try:
                self._reap(self._beat())
            except Exception as error:  # noqa: BLE001 - the heart must not stop for a database that is away
                log.warning("Heartbeat failed (%s); trying again", type(error).__name__)

    def _beat(self) -> list[str]:
        """Say that we are here, and return who has been silent for too long."""
        others = sa.select(executors.c.executor_id).where(
            executors.c.executor_id != self._executor, executors.c.seen_at < _long_ago(self._silent_after)
        )
        with self._engine.begin() as connection:
            connection.execute(_BEAT, {"executor": self._executor})
            return list(connection.execute(others).scalars())

    def _reap(self, silent: Sequence[str]) -> None:
        """Hand over the jobs of the silent, then forget them: in this order, so that a crash between loses nothing.

        One that still has jobs stays known; so does one that has spoken meanwhile.
        """
        for executor in silent:
            if not self._on_silent(executor):
                continue
            gone = sa.delete(executors).where(
                executors.c.executor_id == executor, executors.c.seen_at < _long_ago(self._silent_after)
            )
            with self._engine.begin() as connection:
                connection.execute(gone)


def _long_ago(seconds: float) -> sa.TextClause:
    return sa.text("now() - make_interval(secs => :seconds)").bindparams(seconds=seconds)
