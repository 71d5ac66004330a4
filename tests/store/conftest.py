"""Databases to test on: a SQLite file always, Postgres where `TEST_DATABASE_URL` names one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.memory import Memory


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    """An empty database: a file of its own, or a schema of its own."""
    if request.param == "sqlite":
        yield sa.URL.create("sqlite", database=str(tmp_path / "invoice-bot.db"))
        return
    if "TEST_DATABASE_URL" not in os.environ:
        pytest.skip("needs TEST_DATABASE_URL, a Postgres database")
    yield from _postgres_schema(sa.make_url(os.environ["TEST_DATABASE_URL"]))


@pytest.fixture
def memory(address: sa.URL) -> Iterator[Memory]:
    memory = Memory(address)
    memory.open()
    yield memory
    memory.close()


@pytest.fixture
def engine(address: sa.URL) -> Iterator[sa.Engine]:
    """A connection beside the store, as an operator has it."""
    engine = sa.create_engine(address)
    yield engine
    engine.dispose()


def _postgres_schema(server: sa.URL) -> Iterator[sa.URL]:
    name = f"store_{uuid.uuid4().hex[:12]}"
    url = server.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        yield url.update_query_dict({"options": f"-csearch_path={name}"})
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()
