"""The way from a SQLite file to Postgres: everything arrives, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.jobs import dbos_internals
from bot.jobs.engine import JobEngine, JobKind
from bot.jobs.moving import MoveError, move
from bot.jobs.steps import Steps
from bot.store.audit import Act, AuditEntry, AuditQuery
from bot.store.backup import back_up
from bot.store.database import Database, DatabaseUnavailableError
from bot.store.memory import Memory
from bot.store.tables import executors, metadata
from tests.jobs.engine_room import Journal, statuses
from tests.patience import PATIENCE
from tests.postgres import new_database
from tests.store.factory import NOW
from tests.store.release_before import restore


@pytest.fixture
def target() -> Iterator[sa.URL]:
    with new_database() as url:
        yield url


@pytest.fixture
def source(tmp_path: Path) -> sa.URL:
    """The database of the release before: every kind of thing that is remembered, and a job that was cut off."""
    url = sa.make_url(f"sqlite:///{tmp_path / 'bot.db'}")
    restore(url)
    return url


def everything_in(url: sa.URL, names: Mapping[str, int]) -> dict[str, list[tuple[Any, ...]]]:
    known = {table.name: table for table in (*metadata.sorted_tables, *dbos_internals.JOB_TABLES)}
    with closing(Database(url)) as database, database.reading() as connection:
        dbos_internals.place_job_tables(connection)
        rows = {name: connection.execute(sa.select(known[name])).all() for name in names}
    return {name: sorted(map(tuple, found), key=repr) for name, found in rows.items()}


def test_every_row_of_what_is_remembered_of_the_ledger_and_of_the_jobs_arrives_as_it_was(
    source: sa.URL, target: sa.URL
) -> None:
    moved = move(source, target)

    there, here = everything_in(target, moved), everything_in(source, moved)
    assert {name: len(rows) for name, rows in there.items()} == moved
    assert {name for name, rows in moved.items() if rows} > {
        "invoice_bot_warnings",
        "invoice_bot_ledger_invoices",
        "workflow_status",
        "workflow_input",
        "operation_outputs",
    }
    status = [column.name for column in dbos_internals.JOB_TABLES[0].columns].index("status")
    assert "PENDING" in [row[status] for row in here.pop("workflow_status")]
    assert "PENDING" not in [row[status] for row in there.pop("workflow_status")]
    assert there == here


def test_a_job_that_was_cut_off_goes_on_where_it_was_and_one_that_is_done_is_not_done_again(
    tmp_path: Path, target: sa.URL
) -> None:
    journal, gate = Journal(), threading.Event()

    def second(key: str) -> None:
        journal.note(f"{key} second")
        assert key != "cut off" or gate.wait(PATIENCE)

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        steps.run("first", lambda _: journal.note(f"{key} first"))
        steps.run("second", lambda _: second(key))

    def engine(url: sa.URL) -> JobEngine:
        return JobEngine(url.render_as_string(hide_password=False), [JobKind("check", run, at_once=2)])

    source = sa.make_url(f"sqlite:///{tmp_path / 'bot.db'}")
    before = engine(source)
    before.launch()
    before.enqueue("check", "done", {})
    before.enqueue("check", "cut off", {})
    journal.wait(4)
    while "SUCCESS" not in statuses(tmp_path):
        threading.Event().wait(0.02)
    with closing(Memory(source)) as memory:
        memory.open()
    back_up(source, tmp_path / "as it was then", overwrite=False)
    gate.set()
    before.stop(patience_seconds=2)

    move(sa.make_url(f"sqlite:///{tmp_path / 'as it was then'}"), target)
    after = engine(target)
    after.launch()
    after.enqueue("check", "done", {})
    after.enqueue("check", "new", {})
    try:
        notes = journal.wait(7)[4:]
    finally:
        after.stop(patience_seconds=2)

    assert sorted(notes) == ["cut off second", "new first", "new second"]


def test_new_rows_are_numbered_after_those_that_were_moved(source: sa.URL, target: sa.URL) -> None:
    with closing(Memory(source)) as memory:
        memory.open()
        memory.note([AuditEntry(NOW, Act.ANSWERED, ticket_number="1")])
    move(source, target)
    with closing(Memory(target)) as memory:
        memory.note([AuditEntry(NOW, Act.ANSWERED, ticket_number="2")])
        assert [each.ticket_number for each in memory.audit(AuditQuery())] == ["1", "2"]


def test_a_database_that_is_not_empty_is_left_alone(source: sa.URL, target: sa.URL) -> None:
    move(source, target)
    with pytest.raises(MoveError, match="not empty"):
        move(source, target)
    with new_database() as in_use:
        with closing(Memory(in_use)) as memory:
            memory.open()
        with closing(Database(in_use)) as database, database.writing() as connection:
            connection.execute(sa.insert(executors).values(executor_id="a bot", seen_at=NOW))
        with pytest.raises(MoveError, match="invoice_bot_executors holds rows"):
            move(source, in_use)


def test_what_fails_half_way_leaves_nothing_and_can_be_done_again(source: sa.URL, target: sa.URL) -> None:
    with closing(Memory(target)) as memory:
        memory.open()
    with closing(Database(target)) as database, database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE invoice_bot_warnings ADD CONSTRAINT c CHECK (ticket_number = '')")
    with pytest.raises(DatabaseUnavailableError):
        move(source, target)
    with closing(Database(target)) as database, database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE invoice_bot_warnings DROP CONSTRAINT c")
    assert sum(move(source, target).values()) > 50


def test_a_server_that_is_away_is_said_without_the_password(source: sa.URL) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"postgresql\+psycopg://bot:\*\*\*@127.0.0.1:9/bills") as away:
        move(source, sa.make_url("postgresql+psycopg://bot:geheim@127.0.0.1:9/bills"))
    assert "geheim" not in str(away.value)
