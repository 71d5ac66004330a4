"""A copy of a SQLite database, made while a bot works on it, and the way back."""

from __future__ import annotations

import contextlib
import os
import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.store.migrations import MIGRATIONS, StoreTooNewError
from bot.store.tables import schema
from bot.told import ToldError

_ONLY_OURS = 0o600
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite may keep beside a file, and what belongs to that file alone."""
_LOCKS = (".lock", ".sync.lock")
_ROWS = "SELECT count(*) FROM {}"


class BackupError(ToldError):
    """It could not be done, and nothing was changed; the text says why, and what to do."""


@dataclass(frozen=True)
class Contents:
    """What a database holds: the rows of each of its tables, and its size in bytes."""

    rows: Mapping[str, int]
    size: int


def back_up(database: sa.URL, file: Path, *, overwrite: bool) -> Contents:
    """Copy the database as it is at one moment into `file`, which only its owner may read, and look it over.

    Raises:
        BackupError, StoreTooNewError.

    """
    source = _file_of(database, f"pg_dump --format=custom --file={shlex.quote(str(file))} --dbname={{}}")
    if not source.is_file():
        raise BackupError(f"There is no database {source} to back up. Check DATABASE_URL.")
    if file.exists() and (not overwrite or not file.is_file() or file.samefile(source)):
        raise BackupError(f"{file} is there already. Name another file, or replace it with --force.")
    if file.resolve() in {Path(f"{source.resolve()}{end}") for end in (*_BESIDE, *_LOCKS)}:
        raise BackupError(f"{file} belongs to the database itself. Name another file.")
    with _made_beside(file) as unfinished:
        contents = _copied(source, unfinished)
        unfinished.replace(file)
    return contents


def restore(database: sa.URL, file: Path, *, now: datetime, overwrite: bool) -> tuple[Contents, Path | None]:
    """Put a backup in the database's place. What was there is kept beside it unless `overwrite`.

    Returns what the backup holds, and where the earlier database is now.

    Raises:
        BackupError, StoreTooNewError.

    """
    target = _file_of(database, f"pg_restore --clean --if-exists --dbname={{}} {shlex.quote(str(file))}")
    if not file.is_file():
        raise BackupError(f"There is no backup {file}.")
    if target.exists() and (not target.is_file() or file.samefile(target)):
        raise BackupError(f"{target} is no file." if target.is_dir() else f"{file} is the database itself.")
    with held(database), _made_beside(target) as unfinished:
        contents = _copied(file, unfinished)
        kept = None
        if target.exists():
            _settle(target)
            kept = Path(f"{target}.before-{now:%Y%m%dT%H%M%SZ}")
            for suffix in ("", *_BESIDE):
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{target}{suffix}").rename(f"{kept}{suffix}")
        unfinished.replace(target)
    if kept is not None and overwrite:
        for suffix in ("", *_BESIDE):
            Path(f"{kept}{suffix}").unlink(missing_ok=True)
        kept = None
    return contents, kept


@contextmanager
def held(database: sa.URL) -> Iterator[None]:
    """Keep bots, and the commands that fill the ledger, off a SQLite file.

    Raises:
        BackupError: one is at work.

    """
    with contextlib.ExitStack() as locks:
        for end in _LOCKS:
            try:
                locks.enter_context(FileLock(f"{database.database}{end}").acquire(timeout=0))
            except Timeout:
                raise BackupError(f"An invoice-bot is running on {database.database}. Stop it first.") from None
            except OSError as error:
                raise BackupError(f"{database.database} cannot be locked ({error.strerror}).") from None
        yield


def _file_of(database: sa.URL, postgres_command: str) -> Path:
    """The database's file.

    Raises:
        BackupError: it is on a Postgres server, which has its own tools.

    """
    if database.get_backend_name() == "sqlite":
        return Path(database.database or "")
    address = database._replace(drivername="postgresql", password=None).render_as_string()
    raise BackupError(f"A Postgres database has its own tool for this: {postgres_command.format(shlex.quote(address))}")


@contextmanager
def _made_beside(file: Path) -> Iterator[Path]:
    """An empty file next to another, for its owner only, which is gone in the end unless it was moved."""
    unfinished = Path(f"{file}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _ONLY_OURS))
        yield unfinished
    except OSError as error:
        raise BackupError(f"{file} cannot be written ({error.strerror}).") from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _copied(source: Path, copy: Path) -> Contents:
    """Copy a database, and look whether the copy is whole."""
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=30)) as reading,
            closing(sqlite3.connect(copy)) as writing,
        ):
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
            found = writing.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise BackupError(f"{source} is damaged: {str(found).partition(chr(10))[0]}.")
            rows = _rows(source, writing)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied ({error}).") from None
    return Contents(rows, copy.stat().st_size)


def _rows(source: Path, connection: sqlite3.Connection) -> Mapping[str, int]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
    tables = [str(name) for (name,) in connection.execute(names)]
    if schema.name not in tables:
        raise BackupError(f"{source} is no database of invoice-bot.")
    version = connection.execute(f"SELECT max(version) FROM {schema.name}").fetchone()[0] or 0  # noqa: S608
    if version > len(MIGRATIONS):
        raise StoreTooNewError(version, len(MIGRATIONS))
    return {name: connection.execute(_ROWS.format(name)).fetchone()[0] for name in tables}


def _settle(database: Path) -> None:
    """Put what stands beside the file into it. A damaged one is left as it is.

    Raises:
        BackupError: somebody has it open.

    """
    try:
        with closing(sqlite3.connect(database, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BackupError(f"{database} is in use. Wait until no command of invoice-bot runs on it.") from None
    except sqlite3.DatabaseError:
        return
