"""Can the database be opened and written? Everything that is tried is taken back."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.doctor.results import Result, failed, ok, warning
from bot.store.migrations import MIGRATIONS
from bot.store.tables import schema

NAME = "database"

_SCRATCH = "invoice_bot_doctor"
_CHECK_URL = "Check DATABASE_URL."


def examine_database(database: str, *, timeout: int) -> Iterator[Result]:
    """The one check of the database. `database` is SQLAlchemy's address, `timeout` in seconds."""
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite":
        yield check_sqlite(Path(url.database or ""), timeout=timeout)
    else:
        yield check_postgres(url, timeout=timeout)


def check_sqlite(path: Path, *, timeout: int) -> Result:
    """Write to the file and take it back; a file that is not there yet is not made."""
    path = path.absolute()
    if not path.parent.is_dir():
        return failed(NAME, f"there is no directory {path.parent}", "Create it, or change DATABASE_URL.")
    if path.is_dir():
        return failed(NAME, f"{path} is a directory", "Change DATABASE_URL to the path of a file.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        advice = "SQLite keeps further files beside its database: let the bot's user write to that directory."
        return failed(NAME, f"the directory {path.parent} cannot be written ({type(error).__name__})", advice)
    if not path.exists():
        return ok(NAME, f"{path} is not there yet; the bot can create it")
    running = "; a bot is running on it" if _is_in_use(path) else ""
    try:
        version = _write_sqlite(path, timeout)
    except sqlite3.Error as error:
        advice = f"{_CHECK_URL} The file must be a SQLite database that the bot's user may write, and not locked."
        return failed(NAME, f"{path} cannot be written ({error}){running}", advice)
    return _written(f"{path} can be written{running}", version)


def _written(can_be_written: str, version: int) -> Result:
    """What to say of a database that can be written, whose tables have this version (0: there are none)."""
    if version > len(MIGRATIONS):
        advice = "Install the newer release again, or set DATABASE_URL to another database."
        return failed(NAME, f"{can_be_written}, but a newer release of invoice-bot has written it", advice)
    return ok(NAME, can_be_written)


def _write_sqlite(path: Path, timeout: int) -> int:
    """Write, take it back, and return the version of the tables."""
    address = f"file:{quote(str(path))}?mode=rw"  # rw: never create it
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=timeout, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"CREATE TABLE {_SCRATCH} (x)")
        connection.execute("ROLLBACK")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (schema.name,)).fetchone():
            return 0
        asked = str(sa.select(sa.func.max(schema.c.version)))
        return int(connection.execute(asked).fetchone()[0] or 0)


def _is_in_use(path: Path) -> bool:
    """Whether a bot holds the lock that it takes beside its database."""
    lock_file = Path(f"{path}.lock")
    if not lock_file.exists():
        return False
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def check_postgres(url: sa.URL, *, timeout: int) -> Result:
    """Connect and create something where the bot still has tables to make, and take it back."""
    name = url.render_as_string(hide_password=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": timeout})
    try:
        with engine.connect() as connection:
            version = _write_postgres(connection, timeout)
    except sa.exc.SQLAlchemyError as error:
        return _postgres_failure(name, error)
    finally:
        engine.dispose()
    return _written(f"{name} can be written", version)


def _write_postgres(connection: sa.Connection, timeout: int) -> int:
    """Return the version of the tables. The scratch objects exist only in a transaction that is rolled back."""
    transaction = connection.begin()
    try:
        connection.execute(sa.text(f"SET LOCAL statement_timeout = '{timeout}s'"))
        version = 0
        if connection.execute(sa.text(f"SELECT to_regclass('{schema.name}')")).scalar():
            version = int(connection.execute(sa.select(sa.func.max(schema.c.version))).scalar() or 0)
        if version < len(MIGRATIONS):
            connection.execute(sa.text(f"CREATE TABLE {_SCRATCH} (x int)"))
        if not connection.execute(sa.text("SELECT 1 FROM pg_namespace WHERE nspname = 'dbos'")).scalar():
            connection.execute(sa.text(f"CREATE SCHEMA {_SCRATCH}"))
        return version
    finally:
        transaction.rollback()


def _postgres_failure(name: str, error: sa.exc.SQLAlchemyError) -> Result:
    cause = getattr(error, "orig", None)
    said = str(cause or error).partition("\nLINE ")[0]
    found = " ".join(said.split())[:300] or type(error).__name__
    if re.search('database "[^"]*" does not exist', found):
        # At its first start the bot creates it where its user may; a database made beforehand is the surer way.
        return warning(NAME, f"{name} is not there yet", "Create it, unless the bot's user may create databases.")
    if "permission denied" in found:
        advice = "The bot's user must be allowed to create a schema in the database and tables in its default schema."
        return failed(NAME, f"{name}: {found}", advice)
    return failed(NAME, f"{name} cannot be used ({found})", _CHECK_URL)
