"""The tables' versions: made by themselves, one step after the other, never misread."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import tables
from bot.store.database import Database
from bot.store.memory import Memory
from bot.store.migrations import MIGRATIONS, Migration, StoreTooNewError, migrate
from tests.patience import PATIENCE
from tests.store.factory import NOW, a_mark

KNOWN = len(MIGRATIONS)
NEXT: Migration = (
    "CREATE TABLE invoice_bot_later (id {serial}, word TEXT NOT NULL)",
    "INSERT INTO invoice_bot_later (word) SELECT ticket_id FROM invoice_bot_marks",
)
BROKEN: Migration = ("CREATE TABLE invoice_bot_later (word TEXT NOT NULL)", "SELECT * FROM invoice_bot_nowhere")
OPEN = "import sys; from bot.store.memory import Memory; Memory(sys.argv[1]).open(); print('open')"


def _version(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(tables.schema.c.version)).scalars())


def test_a_new_database_gets_exactly_the_tables_that_the_queries_use(memory: Memory, engine: sa.Engine) -> None:
    memory.open()
    found = sa.inspect(engine)
    assert set(found.get_table_names()) == set(tables.metadata.tables)
    for name, table in tables.metadata.tables.items():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        serial = {"id"}  # SQLite calls its own keys nullable; they are not
        assert {n: v for n, v in columns.items() if n not in serial} == {
            column.name: column.nullable for column in table.columns if column.name not in serial
        }, name
        keys = [column.name for column in table.primary_key.columns]
        assert found.get_pk_constraint(name)["constrained_columns"] == keys, name
    assert _version(engine) == [KNOWN]


def test_every_table_bears_our_prefix() -> None:
    assert all(name.startswith("invoice_bot_") for name in tables.metadata.tables)


def test_opening_again_changes_nothing(memory: Memory, engine: sa.Engine) -> None:
    memory.mark(a_mark("a"))
    memory.open()
    assert memory.history(NOW).marks == (a_mark("a"),)
    assert _version(engine) == [KNOWN]


def test_an_older_database_is_brought_forward_with_its_data(memory: Memory, address: sa.URL, engine: sa.Engine) -> None:
    memory.mark(a_mark("a"))
    database = Database(address)
    migrate(database, (*MIGRATIONS, NEXT))
    database.close()
    with engine.connect() as connection:
        assert list(connection.exec_driver_sql("SELECT word FROM invoice_bot_later").scalars()) == ["a"]
    assert _version(engine) == [KNOWN + 1]


def test_a_migration_that_fails_leaves_nothing_behind_and_can_be_repeated(address: sa.URL, engine: sa.Engine) -> None:
    database = Database(address)
    with pytest.raises(sa.exc.SQLAlchemyError):
        migrate(database, (*MIGRATIONS, BROKEN))
    assert _version(engine) == [KNOWN]
    assert not sa.inspect(engine).has_table("invoice_bot_later")
    migrate(database, (*MIGRATIONS, NEXT))
    assert _version(engine) == [KNOWN + 1]
    database.close()


def test_a_database_from_a_newer_release_is_refused_and_left_as_it_is(
    memory: Memory, address: sa.URL, engine: sa.Engine
) -> None:
    memory.mark(a_mark("a"))
    database = Database(address)
    migrate(database, (*MIGRATIONS, NEXT))
    database.close()
    with pytest.raises(StoreTooNewError, match="newer release") as refused:
        Memory(address).open()
    assert (refused.value.found, refused.value.known) == (KNOWN + 1, KNOWN)
    assert _version(engine) == [KNOWN + 1]


def test_threads_that_open_a_new_database_at_once_all_get_it(address: sa.URL, engine: sa.Engine) -> None:
    start = threading.Barrier(6)
    failed: list[Exception] = []

    def open_one() -> None:
        memory = Memory(address)
        start.wait()
        try:
            memory.open()
            memory.history(NOW)
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)
        memory.close()

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _version(engine) == [KNOWN]


def test_processes_that_open_a_new_database_at_once_all_get_it(address: sa.URL, engine: sa.Engine) -> None:
    url = address.render_as_string(hide_password=False)
    root = Path(__file__).parents[2]
    openers = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [opener.communicate(timeout=PATIENCE)[0].strip() for opener in openers] == ["open"] * 3
    assert _version(engine) == [KNOWN]
