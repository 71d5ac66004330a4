"""What the release before has stored is read by this one, on SQLite and on Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.billing.rules.invoice import READING_RULES
from bot.billing.rules.matching import TicketKeys
from bot.doctor.database import examine_database
from bot.doctor.results import Status
from bot.sandbox.slack.workspace import BILLING, MANAGER
from bot.store import tables
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.store.memory import Memory
from bot.store.migrations import MIGRATIONS, migrate
from bot.store.rate_limit.budget_table import BudgetTable
from bot.store.records import Subscription
from tests.postgres import new_database
from tests.store.release_before import ACCOUNT, BILLED, BILLED_ID, MADE_AT, OWED, OWED_ID, RULES, restore


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    """The address of its database."""
    if request.param == "sqlite":
        url = sa.URL.create("sqlite", database=str(tmp_path / "bot.db"))
        restore(url)
        yield url
    else:
        with new_database() as url:
            restore(url)
            yield url


@pytest.fixture
def memory(address: sa.URL) -> Iterator[Memory]:
    with closing(Memory(address)) as memory:
        memory.open()
        yield memory


def test_its_warnings_and_runs_are_there(memory: Memory) -> None:
    history = memory.history(MADE_AT)
    assert [(each.ticket_number, each.customer, each.amount) for each in history.standing] == [
        (OWED, "Sample Birch", Decimal("75.00"))
    ]
    assert [(point.unbilled, point.money) for point in history.trend] == [(1, Decimal("75.00"))]
    (posted,) = memory.posted_warnings()
    assert (posted.ticket_number, posted.channel) == (OWED, BILLING)
    kept = memory.post_at(posted)
    assert kept is not None
    assert "NOT INVOICED" in kept.text
    evidence = memory.evidence_of(OWED_ID)
    assert evidence is not None
    assert evidence["verdict"] == "not_invoiced"


def test_what_people_decided_is_there(memory: Memory) -> None:
    history = memory.history(MADE_AT)
    assert [(each.ticket_number, each.until, each.reason) for each in history.snoozes] == [
        (OWED, datetime(2099, 1, 1, tzinfo=UTC), "waits for a part")
    ]
    assert [(each.ticket_number, each.by, each.reason) for each in history.marks] == [(BILLED, MANAGER, "goodwill")]
    assert memory.subscriptions() == (Subscription(MANAGER, customers=("Sample Birch",)),)
    assert [(each.ticket_number, each.evidence) for each in memory.wrong_reports()] == [(OWED, {"seen": "a sample"})]
    assert memory.statistics().warnings_said == 1


def test_a_warning_of_it_can_be_taken_back(memory: Memory) -> None:
    memory.retract(OWED_ID, invoice_number="6709", at=MADE_AT)
    assert memory.history(MADE_AT).standing == ()
    assert [each.invoice_number for each in memory.warnings_of(OWED_ID)] == ["6709"]


def test_its_ledger_is_read_where_the_reading_rules_are_the_same_and_else_not_at_all(address: sa.URL) -> None:
    with closing(Database(address)) as database:
        ledger = SqlLedger(database, ACCOUNT, max_age=timedelta(days=90), clock=lambda: MADE_AT)
        ledger.open()
        linked = ledger.recall_linked(TicketKeys(BILLED_ID, BILLED))
        assert linked is not None
        assert [each.facts.number for each in linked] == (["6701"] if READING_RULES == RULES else [])


def test_what_its_processes_told_each_other_of_the_rate_limit_still_counts(address: sa.URL) -> None:
    with closing(Database(address)) as database, database.writing() as connection:
        connection.execute(sa.update(tables.rate_restraint).values(share=0.5))
    table = BudgetTable(address, "this one", window=60.0, lease=150.0)
    with table.opened():
        pass
    table.close()
    with closing(Database(address)) as database, database.reading() as connection:
        assert connection.execute(sa.select(tables.rate_restraint.c.share)).scalars().all() == [0.5]
        assert connection.execute(sa.select(tables.schema.c.version)).scalars().all() == [len(MIGRATIONS)]


def test_its_tables_become_those_that_a_new_database_has(address: sa.URL) -> None:
    with closing(Database(address)) as database:
        migrate(database)
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    found = sa.inspect(engine)
    for name, table in tables.metadata.tables.items():
        assert {column["name"] for column in found.get_columns(name)} == {column.name for column in table.columns}
    engine.dispose()


def test_the_doctor_finds_it_in_order_and_refuses_that_of_a_newer_release(address: sa.URL) -> None:
    database = address.render_as_string(hide_password=False)
    assert [result.status for result in examine_database(database, timeout=10)] == [Status.OK]
    with closing(Database(address)) as opened:
        migrate(opened, (*MIGRATIONS, ("CREATE TABLE invoice_bot_later (word TEXT NOT NULL)",)))
    (result,) = examine_database(database, timeout=10)
    assert result.status is Status.FAILED
    assert "newer release" in result.found
