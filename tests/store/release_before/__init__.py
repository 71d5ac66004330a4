"""A database of the release before (commit 6c5892c): SQLite's and Postgres' dumps beside this file."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bot.sandbox.syncro.sample_worlds import Sample
from bot.sandbox.syncro.world import World

MADE_AT = datetime(2026, 11, 28, 14, 45, tzinfo=UTC)
"""When its bot was cut off, roughly."""
ACCOUNT = "http://syncro.example/api/v1"
RULES = 1
"""The reading rules of its ledger."""
BILLED, OWED, CUT_OFF = "41001", "41002", "41003"
"""The numbers of its tickets: asked and answered, asked and warned about, asked and not answered yet."""
BILLED_ID, OWED_ID = "109000001", "109000002"


def world() -> Sample:
    """The Syncro account that it knows."""
    made = World()
    alder, birch = made.add_customer("Sample Alder"), made.add_customer("Sample Birch")
    made.bill_by_ticket_id(made.add_ticket(alder, number=int(BILLED), status="Invoiced"), number="6701")
    made.add_charge(made.add_ticket(birch, number=int(OWED)), "75.00")
    made.add_invoice(birch, number="6702")
    made.bill_by_ticket_id(made.add_ticket(alder, number=int(CUT_OFF), status="Invoiced"), number="6703")
    return Sample(made)


def restore(address: sa.URL, *, syncro: str = ACCOUNT, slack: str = "http://slack.example/api/") -> None:
    """Fill an empty database with it. `syncro` and `slack` are where its services are now.

    Its jobs were stored just now: only how they go on is looked at, not for how long they are kept.
    """
    backend = address.get_backend_name()
    dump = Path(__file__).with_name("sqlite.sql" if backend == "sqlite" else "postgres.sql").read_text("utf-8")
    for then, now in ((ACCOUNT.removesuffix("/api/v1"), syncro), ("http://slack.example/api", slack)):
        dump = dump.replace(then, now.removesuffix("/").removesuffix("/api/v1"))
    stored = f"created_at = {time.time_ns() // 1_000_000}"
    if backend == "sqlite":
        connection = sqlite3.connect(address.database or "")
        connection.executescript(dump)
        connection.execute(f"UPDATE workflow_status SET {stored}")  # noqa: S608 - a number
        connection.commit()
        connection.close()
    else:
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        with engine.begin() as opened:
            opened.exec_driver_sql(dump.replace("%", "%%"))
            opened.exec_driver_sql(f"UPDATE dbos.workflow_status SET {stored}")  # noqa: S608 - a number
        engine.dispose()
