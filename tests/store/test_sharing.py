"""Threads and processes on one database."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.database import Database
from bot.store.memory import Memory
from bot.store.tables import marks, subscriptions
from tests.patience import PATIENCE
from tests.store.factory import NOW, a_mark, digest, moment_of, not_invoiced

WRITE = """
import sys
from datetime import UTC, datetime
from bot.store.memory import Memory
from bot.store.records import Subscription
memory = Memory(sys.argv[1])
memory.open()
for number in range(30):
    memory.subscribe(Subscription(f"other {number:02}"), at=datetime.now(UTC))
print("written")
"""


def test_a_run_remembered_by_many_threads_at_once_is_remembered_once(memory: Memory) -> None:
    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda _: memory.remember_run(digest(0, {"a": "1.00"}), key="mon"), range(8)))
    assert sorted(kept) == [False] * 7 + [True]
    assert len(memory.history(NOW).trend) == 1
    assert len(memory.warnings_of("a")) == 1


def test_a_ticket_warned_about_and_marked_by_many_threads_at_once_has_one_warning_and_one_mark(memory: Memory) -> None:
    def act(number: int) -> None:
        memory.warn(not_invoiced("a"), None, at=NOW, source="check")
        memory.mark(a_mark("a", by=f"U{number}"))
        memory.history(NOW)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(act, range(24)))
    assert len(memory.history(NOW).standing) == 1
    assert len(memory.history(NOW).marks) == 1
    assert len(memory.marks_since(NOW)) == 24


def test_another_process_writes_while_this_one_does(memory: Memory, address: sa.URL) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", WRITE, address.render_as_string(hide_password=False)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    runs = 0
    while other.poll() is None:
        runs += memory.remember_run(digest(runs, {"a": f"{runs}.00"}), key=str(runs))
        memory.history(NOW)
        time.sleep(0.01)
    assert other.communicate()[0].strip() == "written"
    assert len(memory.subscriptions()) == 30
    assert len(memory.warnings_of("a")) == 1


def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(memory: Memory, address: sa.URL) -> None:
    database = Database(address)
    count = sa.select(sa.func.count()).select_from(marks)
    with database.reading() as connection:
        assert connection.execute(count).scalar() == 0
        memory.mark(a_mark("a"))  # a reader holds up no writer
        memory.remember_run(digest(0, {"a": "1.00"}), key="mon")
        assert connection.execute(count).scalar() == 0
    with database.reading() as connection:
        assert connection.execute(count).scalar() == 1
    database.close()


def test_what_is_written_is_there_after_a_restart(memory: Memory, address: sa.URL) -> None:
    memory.remember_run(digest(0, {"a": "1.00"}), key="mon")
    memory.close()
    again = Memory(address.render_as_string(hide_password=False))
    again.open()
    assert again.history(NOW) == memory.history(NOW)
    assert not again.remember_run(digest(0, {"a": "1.00"}), key="mon")
    again.close()


def test_a_writer_waits_for_the_job_engine_to_finish_writing(tmp_path: Path) -> None:
    path = tmp_path / "invoice-bot.db"
    memory = Memory(f"sqlite:///{path}")
    memory.open()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as engine:
        engine.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.5, engine.execute, ["COMMIT"])
        release.start()
        assert memory.history(NOW).is_first_run  # reading does not wait
        begun = time.monotonic()
        memory.mark(a_mark("a"))
        assert time.monotonic() - begun > 0.2
        release.join()
    memory.close()


def test_of_many_writers_one_at_a_time_asks_sqlite_for_its_lock_and_who_waits_too_long_is_told(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'bot.db'}"
    out, most, more_than_one = 0, 0, threading.Event()

    def taken(*_: object) -> None:
        nonlocal out, most
        out += 1
        most = max(most, out)
        if most > 1:
            more_than_one.set()

    def given_back(*_: object) -> None:
        nonlocal out
        out -= 1

    with ExitStack() as stack:
        many, hasty = (stack.enter_context(closing(Database(address, patience=each))) for each in (PATIENCE, 0.01))
        for name, listener in (("checkout", taken), ("checkin", given_back)):
            sa.event.listen(sa.pool.Pool, name, listener)
            stack.callback(sa.event.remove, sa.pool.Pool, name, listener)

        def write(number: int) -> None:
            with many.writing() as connection:
                connection.exec_driver_sql(f"CREATE TABLE t{number} (a)")
                if not number:
                    more_than_one.wait(0.2)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, range(8)))
        assert most == 1

        with hasty.writing(), ThreadPoolExecutor(1) as threads, pytest.raises(sa.exc.OperationalError, match="locked"):
            threads.submit(hasty.writing().__enter__).result()


def test_opening_waits_while_another_holds_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "invoice-bot.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.5, other.execute, ["ROLLBACK"])
        release.start()
        memory = Memory(f"sqlite:///{path}")
        memory.open()
        release.join()
    assert memory.history(NOW).is_first_run
    memory.close()


def test_the_sqlite_file_is_in_wal_mode_and_watches_foreign_keys(tmp_path: Path) -> None:
    memory = Memory(f"sqlite:///{tmp_path / 'invoice-bot.db'}")
    memory.open()
    memory.close()
    database = Database(f"sqlite:///{tmp_path / 'invoice-bot.db'}")
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1}
    database.close()


def test_a_failure_in_the_middle_of_a_transaction_undoes_it_all(memory: Memory, address: sa.URL) -> None:
    database = Database(address)
    row = {"user_id": "U1", "customers": [], "mine": False}

    def write_and_fail() -> None:
        with database.writing() as connection:
            connection.execute(sa.insert(subscriptions).values(row))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert memory.subscriptions() == ()
    memory.remember_run(digest(0), key="mon")  # and the turn was given up
    assert memory.history(moment_of(1)).trend[0].unbilled == 0
    database.close()


def test_a_file_that_others_may_read_is_taken_from_them_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    for _ in range(2):
        path.touch()
        path.chmod(0o664)
        memory = Memory(f"sqlite:///{path}")
        memory.open()
        assert {beside.stat().st_mode & 0o777 for beside in tmp_path.iterdir()} == {0o600}
        memory.close()
