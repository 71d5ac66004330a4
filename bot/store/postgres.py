"""Connections to Postgres that notice when nobody answers: a query has its time, and so has the network under it."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg import errors

log = logging.getLogger(__name__)

SLOW_SECONDS = 10.0
"""A query that takes longer is said in the log."""
STATEMENT_SECONDS = 35.0
"""When the server ends a statement. A writer waits 30 s for its turn before it gives up by itself."""
ANSWER_SECONDS = 40.0
"""When we give up a connection on which nothing comes, whatever its server or the way to it is up to."""
_LISTENING_SECONDS = 60.0
_CONNECTING_SECONDS = "10"
_DRIVER = "postgresql+psycopg"
"""The driver that comes with the job engine."""
_KEEPALIVES = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_LIMITS = f"-c statement_timeout={STATEMENT_SECONDS * 1000:.0f} -c idle_in_transaction_session_timeout=60000"

Value = TypeVar("Value")


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that is given up when no answer comes."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server; every command of the connection does so here."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, SLOW_SECONDS)
        except errors._WaitTimeout:  # noqa: SLF001 - it has no public name
            log.warning("The database has not answered a query for %.0f s", SLOW_SECONDS)
        try:
            return super().wait(gen, interval, ANSWER_SECONDS - SLOW_SECONDS)
        except errors._WaitTimeout:  # noqa: SLF001
            log.warning("The database does not answer; the connection is given up")
            self.pgconn.finish()
            raise psycopg.OperationalError("server closed the connection unexpectedly: it did not answer") from None

    def notifies(self, *, timeout: float | None = None, stop_after: int | None = None) -> Generator[psycopg.Notify]:
        """Listen. Nothing may come for long, and that is no silence of the server's."""
        if timeout is not None:
            yield from super().notifies(timeout=timeout, stop_after=stop_after)
            return
        while True:
            yield from super().notifies(timeout=_LISTENING_SECONDS, stop_after=stop_after)


def postgres_engine(url: sa.URL, *, pool_size: int = 2, max_overflow: int = 1) -> sa.Engine:
    """An engine for a Postgres database, whose server may be away for a while.

    Who finds no connection free waits for one: a server takes 100 at most where nobody says otherwise.
    """
    engine = sa.create_engine(
        _address(url), connect_args=_arguments(url), pool_size=pool_size, max_overflow=max_overflow, pool_pre_ping=True
    )

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, _positional: Any, arguments: dict[str, Any]) -> WatchedConnection:
        return WatchedConnection.connect(**arguments)

    @sa.event.listens_for(engine, "handle_error")
    def give_up_read_only(context: sa.engine.ExceptionContext) -> None:
        """A connection from a time when the server took no writes may take none for as long as it lives."""
        if isinstance(context.original_exception, errors.ReadOnlySqlTransaction):
            context.is_disconnect = True

    return engine


def plain_connection(url: sa.URL) -> WatchedConnection:
    """A connection without transactions, to call and to listen on."""
    words = _address(url).translate_connect_args(username="user", database="dbname")
    arguments = {**words, **_address(url).query, **_arguments(url)}
    return WatchedConnection.connect(autocommit=True, **arguments)


def _address(url: sa.URL) -> sa.URL:
    return url.set(drivername=_DRIVER) if url.drivername == "postgresql" else url


def _arguments(url: sa.URL) -> dict[str, Any]:
    """What each connection is opened with, except where the address itself says otherwise."""
    options = " ".join(filter(None, [_LIMITS, str(url.query.get("options", ""))]))  # the last word counts
    ours = {"connect_timeout": _CONNECTING_SECONDS, **_KEEPALIVES, "tcp_user_timeout": int(ANSWER_SECONDS * 1000)}
    return {**{name: value for name, value in ours.items() if name not in url.query}, "options": options}
