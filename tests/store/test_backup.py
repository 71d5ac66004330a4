"""A backup is whole whatever is written meanwhile, a restore loses nothing, and neither touches what is in use."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock

from bot.store.audit import Act, AuditEntry, AuditQuery
from bot.store.backup import BackupError, back_up, restore
from bot.store.memory import Memory
from bot.store.migrations import MIGRATIONS, StoreTooNewError

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
EVERYTHING = AuditQuery(limit=100_000)


def url_of(path: Path) -> sa.URL:
    return sa.make_url(f"sqlite:///{path}")


def entry(number: int) -> AuditEntry:
    return AuditEntry(NOW, Act.ANSWERED, ticket_number=str(number))


def numbers(path: Path) -> list[str]:
    memory = Memory(url_of(path))
    try:
        return [each.ticket_number for each in memory.audit(EVERYTHING)]
    finally:
        memory.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with three entries, which nobody has open."""
    path = tmp_path / "bot.db"
    memory = Memory(url_of(path))
    memory.open()
    memory.note([entry(1), entry(2), entry(3)])
    memory.close()
    return path


def test_a_backup_made_while_somebody_writes_holds_one_moment_and_is_for_its_owner_only(
    database: Path, tmp_path: Path
) -> None:
    memory, stop = Memory(url_of(database)), threading.Event()

    def write() -> None:
        number = 4
        while not stop.is_set():
            memory.note([entry(number), entry(number + 1)])  # two in one transaction
            number += 2

    writer = threading.Thread(target=write)
    writer.start()
    copies = [tmp_path / f"copy-{index}" for index in range(5)]
    contents = [back_up(url_of(database), copy, overwrite=False) for copy in copies]
    stop.set()
    writer.join()
    memory.close()

    for copy, held in zip(copies, contents, strict=True):
        found = numbers(copy)
        assert found == [str(number + 1) for number in range(len(found))]
        assert len(found) % 2 == 1
        assert held.rows["invoice_bot_audit"] == len(found)
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.unfinished*"))


def test_a_backup_replaces_nothing_unasked_and_never_the_database(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_text("dear to me")
    for file, overwrite in ((copy, False), (database, False), (database, True), (tmp_path, True)):
        with pytest.raises(BackupError, match="is there already"):
            back_up(url_of(database), file, overwrite=overwrite)
    assert copy.read_text() == "dear to me"
    for end in ("-wal", "-shm", "-journal", ".lock", ".sync.lock"):
        with pytest.raises(BackupError, match="belongs to the database itself"):
            back_up(url_of(database), Path(f"{database}{end}"), overwrite=True)
    with pytest.raises(BackupError, match="is no file"):
        restore(url_of(tmp_path), database, now=NOW, overwrite=False)
    back_up(url_of(database), copy, overwrite=True)
    assert numbers(copy) == ["1", "2", "3"]


def test_what_cannot_be_backed_up_is_said_and_leaves_no_file(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with pytest.raises(BackupError, match="There is no database"):
        back_up(url_of(tmp_path / "other.db"), copy, overwrite=False)
    with pytest.raises(BackupError, match="cannot be written"):
        back_up(url_of(database), tmp_path / "nowhere" / "copy", overwrite=False)
    data = bytearray(database.read_bytes())
    data[4096:-4096] = b"\xff" * (len(data) - 2 * 4096)
    database.write_bytes(data)
    with pytest.raises(BackupError, match=r"is damaged|cannot be copied"):
        back_up(url_of(database), copy, overwrite=False)
    assert sorted(tmp_path.glob("copy*")) == []


def test_a_postgres_database_is_left_to_its_own_tools_and_the_password_is_not_said() -> None:
    postgres = sa.make_url("postgresql+psycopg://bot:geheim@db.example:5433/bills")
    with pytest.raises(BackupError) as refused:
        back_up(postgres, Path("of today.dump"), overwrite=False)
    assert str(refused.value).endswith(
        "pg_dump --format=custom --file='of today.dump' --dbname=postgresql://bot@db.example:5433/bills"
    )
    with pytest.raises(BackupError) as refused:
        restore(postgres, Path("a.dump"), now=NOW, overwrite=False)
    assert str(refused.value).endswith(
        "pg_restore --clean --if-exists --dbname=postgresql://bot@db.example:5433/bills a.dump"
    )


def test_a_restore_keeps_what_was_there_with_what_a_killed_process_had_left_beside_it(
    database: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    back_up(url_of(database), copy, overwrite=False)
    add = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode = WAL');"
        'c.execute("UPDATE invoice_bot_schema SET version = version"); c.execute("INSERT INTO invoice_bot_audit'
        " SELECT 4, 'k', at, act, person, place, subject, reason, '4', ticket_id, verdict, invoices, evidence_sha256,"
        ' evidence_bytes FROM invoice_bot_audit WHERE id = 3"); c.commit(); os._exit(0)'
    )
    subprocess.run([sys.executable, "-c", add, str(database)], check=True)
    assert Path(f"{database}-wal").stat().st_size > 0

    contents, kept = restore(url_of(database), copy, now=NOW, overwrite=False)

    assert kept == tmp_path / "bot.db.before-20261128T093000Z"
    assert numbers(database) == ["1", "2", "3"]
    assert numbers(kept) == ["1", "2", "3", "4"]
    assert contents.rows["invoice_bot_audit"] == 3
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_a_damaged_database_can_be_replaced_and_a_lost_one_too(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    back_up(url_of(database), copy, overwrite=False)
    database.write_bytes(b"\x00" * 8192)
    assert restore(url_of(database), copy, now=NOW, overwrite=True)[1] is None
    assert numbers(database) == ["1", "2", "3"]
    assert not list(tmp_path.glob("*.before*"))
    database.unlink()
    assert restore(url_of(database), copy, now=NOW, overwrite=False)[1] is None
    assert numbers(database) == ["1", "2", "3"]


def test_nothing_is_restored_while_a_bot_or_a_command_works(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    back_up(url_of(database), copy, overwrite=False)
    for name in ("lock", "sync.lock"):
        with FileLock(f"{database}.{name}"), pytest.raises(BackupError, match="is running"):
            restore(url_of(database), copy, now=NOW, overwrite=True)
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("PRAGMA journal_mode = WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM invoice_bot_audit").fetchall()
        with pytest.raises(BackupError, match="is in use"):
            restore(url_of(database), copy, now=NOW, overwrite=True)
    assert numbers(database) == ["1", "2", "3"]
    assert not list(tmp_path.glob("*.unfinished*"))


def test_only_a_whole_backup_of_a_known_release_is_put_back(database: Path, tmp_path: Path) -> None:
    newer, text, other = tmp_path / "newer", tmp_path / "text", tmp_path / "other"
    back_up(url_of(database), newer, overwrite=False)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE invoice_bot_schema SET version = ?", (len(MIGRATIONS) + 1,))
    text.write_text("no database at all, but long enough to be looked at" * 100)
    sqlite3.connect(other).execute("CREATE TABLE other (x)")

    with pytest.raises(StoreTooNewError):
        restore(url_of(database), newer, now=NOW, overwrite=True)
    for file, said in ((text, "cannot be copied"), (other, "no database of invoice-bot"), (database, "itself")):
        with pytest.raises(BackupError, match=said):
            restore(url_of(database), file, now=NOW, overwrite=True)
    with pytest.raises(BackupError, match="There is no backup"):
        restore(url_of(database), tmp_path / "none", now=NOW, overwrite=True)
    assert numbers(database) == ["1", "2", "3"]
