"""A cold run under the rate limit: it ends about as soon as the limit allows, and Syncro never has to refuse."""

from __future__ import annotations

import math
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.sandbox.syncro.world import World
from tests.benchmarks.child import Order, Outcome
from tests.benchmarks.row import Row, Wishes
from tests.benchmarks.running import Child, sqlite
from tests.standins.syncro import FaultySyncro

SLACK = 1.1
NO_SERVER = "skipped: needs TEST_DATABASE_URL"
_LATENCY_MS = 20
_SERVER = os.environ.get("TEST_DATABASE_URL", "")


@dataclass(frozen=True)
class _Trial:
    """Unbilled tickets, each of a customer with so many invoices that all have to be read."""

    tickets: int
    invoices: int
    limit: int
    window_seconds: float

    def world(self) -> World:
        world = World()
        for index in range(self.tickets):
            ticket = world.add_ticket(world.add_customer(f"Sample Limit {index}"))
            world.add_charge(ticket)
            for number in range(self.invoices):
                made = ticket.created_at + timedelta(minutes=number)
                world.add_invoice(world.customers[ticket.customer_id], created_at=made)
        return world

    def sandbox(self) -> FaultySyncro:
        """The stand-in, which keeps the same limit."""
        return FaultySyncro(
            self.world(),
            requests_per_minute=self.limit,
            window_seconds=self.window_seconds,
            latency=_LATENCY_MS / 1000,
        )


def measure_limit(wishes: Wishes) -> Iterator[Row]:
    """One process, two that share a database, and the real limit."""
    large = _Trial(8, 250, 1000, 6.0) if wishes.quick else _Trial(38, 250, 1000, 6.0)
    wishes.say("a cold run under a limit of 1,000 in 6 s, one process")
    with tempfile.TemporaryDirectory() as folder:
        yield _run("one process on SQLite", large, [sqlite(folder)])
    if _SERVER:
        wishes.say("the same, two processes on Postgres")
        with _postgres() as database:
            yield _run("two processes on Postgres", large, [database, database])
    else:
        yield Row(f"cold run, two processes on Postgres: {NO_SERVER}", _LATENCY_MS, {})
    if not wishes.quick:
        wishes.say("a cold run of about 420 calls at the real limit of 180 a minute")
        with tempfile.TemporaryDirectory() as folder:
            yield _run("one process on SQLite", _Trial(3, 125, 180, 60.0), [sqlite(folder)])


def _run(who: str, trial: _Trial, databases: list[str]) -> Row:
    with trial.sandbox() as syncro:
        numbers = [str(ticket.number) for ticket in _world_of(syncro).tickets.values()]
        children = [
            Child(
                Order(
                    "check",
                    syncro.base_url,
                    syncro.token,
                    database,
                    now=datetime.now(UTC).isoformat(),
                    tickets=numbers[place :: len(databases)],
                    limit=trial.limit,
                    window_seconds=trial.window_seconds,
                    waits=True,
                )
            )
            for place, database in enumerate(databases)
        ]
        try:
            for child in children:
                child.go()
            outcomes = [child.outcome() for child in children]
        finally:
            for child in children:
                child.end()
        return _row(who, trial, syncro, outcomes)


def _row(who: str, trial: _Trial, syncro: FaultySyncro, outcomes: list[Outcome]) -> Row:
    if {answer for outcome in outcomes for answer in outcome.answers.values()} != {"not_invoiced"}:
        raise RuntimeError("a run gave wrong answers, so what it took means nothing")
    calls, seconds = len(syncro.calls), max(outcome.seconds for outcome in outcomes)
    least = (math.ceil(calls / trial.limit) - 1) * trial.window_seconds
    most = syncro.most_calls_in_window()
    return Row(
        f"cold run of {calls} calls, {trial.limit} allowed in {trial.window_seconds:.0f} s, {who}",
        _LATENCY_MS,
        {
            "seconds": seconds,
            "of the least time": seconds / least,
            "refused": syncro.refused,
            "most calls in a window": most,
            "peak MiB": max(outcome.peak_mib for outcome in outcomes),
        },
        f"at most {SLACK} x {least:.0f} s, which the limit takes at least, and never a 429",
        seconds <= SLACK * least and syncro.refused == 0 and most <= trial.limit,
    )


def _world_of(syncro: FaultySyncro) -> World:
    with syncro.locked() as world:
        return world


@contextmanager
def _postgres() -> Iterator[str]:
    """A database of its own on the server that TEST_DATABASE_URL names."""
    server = sa.make_url(_SERVER).set(drivername="postgresql+psycopg")
    name = f"invoice_bot_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()
