"""Transactions on SQLite and Postgres that behave alike: readers see one moment, writers take turns."""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.postgres import postgres_engine
from bot.told import ToldError

PATIENCE_SECONDS = 30.0
"""How long a writer waits for its turn, where nobody says otherwise."""
_STORE = "invoice_bot_store"
"""What writers take turns at, where they do not name something of their own."""
_TAKE_TURNS = sa.text("SELECT pg_advisory_xact_lock(hashtext(:lock))")
_WRITING = "invoice_bot_begin"
_PAUSE_SECONDS = 0.05
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class DatabaseInUseError(ToldError):
    """Another bot has this SQLite file open. One process at a time; several need Postgres."""


class DatabaseUnavailableError(ToldError):
    """The database cannot be opened; the text says why, without its password."""


class Database:
    """A SQLite file or a Postgres database, shared with the job engine and with other processes.

    Safe to share between threads; connections are opened when first needed. With `is_expendable` a write does not
    wait for the disk: a power failure may undo the last ones, in order, and never leaves half of one. `patience` is
    how many seconds a writer waits for its turn before it fails.
    """

    def __init__(
        self, address: sa.URL | str, *, is_expendable: bool = False, patience: float = PATIENCE_SECONDS
    ) -> None:
        url = sa.make_url(address)
        self._is_expendable = is_expendable
        self._patience = patience
        self._writer = threading.Lock()
        self._is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = (
            _sqlite_engine(url, is_expendable=is_expendable, patience=patience)
            if self._is_sqlite
            else postgres_engine(url)
        )

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one moment, whatever is written meanwhile."""
        with self._engine.connect() as connection:
            if not self._is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, *, lock: str = _STORE) -> Iterator[sa.Connection]:
        """Open a transaction that no other writer runs beside, in this process or another; all of it or nothing.

        On Postgres only writers with the same `lock` take turns; SQLite has one writer at a time in any case.

        Raises:
            sqlalchemy.exc.OperationalError: the database is away, or was busy for longer than our patience.

        """
        with self._turn(), self._engine.connect() as connection:
            connection.execution_options(**{_WRITING: "IMMEDIATE"})
            with connection.begin():
                if not self._is_sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{self._patience * 1000:.0f}ms'")
                    if self._is_expendable:
                        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
                    connection.execute(_TAKE_TURNS, {"lock": lock})
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """On SQLite only one of our writers asks for the lock at a time.

        SQLite lets those who wait in unfairly: beside sixteen of ours the job engine's two waited 8 s, beside one 2.
        """
        if not self._is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=self._patience):
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        try:
            yield
        finally:
            self._writer.release()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def is_passing(error: BaseException) -> bool:
    """Whether an error tells of the database's state and not of what was asked: away, locked, full, read-only."""
    kinds = (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
    return isinstance(error, kinds) or (isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated)


def insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that knows ON CONFLICT, in the database's own dialect."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _keep_to_owner(file: Path) -> None:
    """Let nobody else read a file that an earlier release made; SQLite gives what stands beside it the same rights."""
    with suppress(OSError):  # none there yet, or another's
        if file.is_file() and file.stat().st_mode & _OTHERS:
            file.chmod(file.stat().st_mode & ~_OTHERS)


def _sqlite_engine(url: sa.URL, *, is_expendable: bool, patience: float) -> sa.Engine:
    _keep_to_owner(Path(url.database or ""))
    engine = sa.create_engine(url, connect_args={"timeout": patience})
    sa.event.listen(engine, "connect", partial(_prepare_sqlite, patience))
    if is_expendable:
        sa.event.listen(engine, "connect", _do_not_wait_for_the_disk)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(patience: float, connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: see _begin_sqlite
    connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
    connection.execute("PRAGMA foreign_keys = ON")
    _use_wal(connection, patience)


def _do_not_wait_for_the_disk(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


def _use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Let readers and a writer work side by side. SQLite does not wait by itself while another switches the file."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer asks for the lock at once: one that asks halfway is refused if another wrote meanwhile."""
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(_WRITING, 'DEFERRED')}")


def unavailable(database: sa.URL, error: Exception) -> DatabaseUnavailableError:
    """What to raise for an error of the database: which one, why, and what to do."""
    shown = database.render_as_string(hide_password=True)
    return DatabaseUnavailableError(f"The database {shown} cannot be used ({_first_line(error)}). Check DATABASE_URL.")


def _first_line(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().partition("\n")[0][:200] or type(error).__name__
