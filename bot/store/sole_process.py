"""One process at a time, of all that share a database. However it dies, the next one may begin at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.store.postgres import postgres_engine

_TRY = sa.text("SELECT pg_try_advisory_lock(hashtext(:name))")
_LET_GO = sa.text("SELECT pg_advisory_unlock(hashtext(:name))")


@contextmanager
def sole_process(database: sa.URL | str, name: str) -> Iterator[bool]:
    """Whether no other process is within the same `name`; while this one is, none gets in.

    Beside a SQLite file an empty lock file is left. True where that cannot be found out: better twice than never.
    """
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite":
        with _locked_file(f"{url.database}.{name}.lock") as is_sole:
            yield is_sole
    else:
        with _advisory_lock(url, f"invoice_bot_{name}") as is_sole:
            yield is_sole


@contextmanager
def _locked_file(path: str) -> Iterator[bool]:
    lock, is_sole = FileLock(path), True
    try:
        lock.acquire(timeout=0)
    except Timeout:
        is_sole = False
    except OSError:
        pass  # a directory that cannot be written
    try:
        yield is_sole
    finally:
        lock.release()


@contextmanager
def _advisory_lock(url: sa.URL, name: str) -> Iterator[bool]:
    engine = postgres_engine(url)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        is_sole = True
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            connection = stack.enter_context(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
            is_sole = bool(connection.execute(_TRY, {"name": name}).scalar())
            if is_sole:
                stack.callback(_let_go, connection, name)
        yield is_sole


def _let_go(connection: sa.Connection, name: str) -> None:
    with contextlib.suppress(sa.exc.SQLAlchemyError):  # the lock went with its connection
        connection.execute(_LET_GO, {"name": name})
