"""One run in a process of its own, so that its peak memory is its own: `python -m tests.benchmarks.child ORDER`.

The order is a JSON object (`Order`), the outcome one on stdout (`Outcome`). With `waits` it says "ready" when it has
begun, and runs when a line comes on its standard input: so several can begin together.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.benchmarks.memory import peak_mib

if TYPE_CHECKING:
    from bot.billing.verifier import Verifier
    from bot.store.ledger.sql_ledger import SqlLedger
    from bot.syncro_sessions.pooled import SyncroReader

ENDLESS = 1_000_000
"""Requests in a window that no run reaches."""


@dataclass(frozen=True)
class Order:
    """What to run: "memo", "check", "digest" or "sync". `tickets` are numbers; for the memo (id, customer id)."""

    what: str
    base_url: str
    token: str
    database: str = ""
    now: str = ""
    tickets: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    pauses: bool = True
    limit: int = ENDLESS
    window_seconds: float = 60.0
    repeats: int = 1
    waits: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run took and said. `seconds` is the median where there were several; `answers` by ticket number."""

    seconds: float
    peak_mib: float
    api_calls: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def main() -> None:
    """Run the order on the command line."""
    outcome = perform(Order(**json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")


def perform(order: Order) -> Outcome:
    """Do what is ordered, in this process."""
    return _memo(order) if order.what == "memo" else _ours(order)


def _memo(order: Order) -> Outcome:
    from tests.benchmarks.memo import memo_invoices  # not with the bot's own modules in memory

    pause: Callable[[float], None] = time.sleep if order.pauses else lambda _: None
    _begin(order)
    began = time.perf_counter()
    found = memo_invoices(order.base_url, order.token, order.pairs, pause=pause)
    seconds = time.perf_counter() - began
    return Outcome(seconds, peak_mib(), answers={ticket: invoice or "" for ticket, invoice in found.items()})


@dataclass(frozen=True)
class _Parts:
    """The bot's parts, wired as `bot.app` does, with a clock that can be set."""

    verifier: Verifier
    reader: SyncroReader
    background: SyncroReader
    ledger: SqlLedger
    clock: Callable[[], datetime]


def _ours(order: Order) -> Outcome:
    run = {"check": _check, "digest": _digest, "sync": _sync}[order.what]
    with _wired(order) as parts:
        _begin(order)
        return run(order, parts)


def _check(order: Order, parts: _Parts) -> Outcome:
    seconds, answers, calls = [], {}, 0
    for _ in range(order.repeats):
        began = time.perf_counter()
        with parts.reader.session() as session:
            report = parts.verifier.check(order.tickets, session, started_at=parts.clock())
        seconds.append(time.perf_counter() - began)
        answers = {finding.ticket_number: finding.verdict.value for finding in report.findings}
        calls = report.api_calls
    return Outcome(statistics.median(seconds), peak_mib(), calls, answers)


def _digest(order: Order, parts: _Parts) -> Outcome:
    from bot.jobs.digest_making import make_digest
    from bot.store.memory import Memory
    from tests.benchmarks.digest_rules import RULES

    memory = Memory(order.database)
    memory.open()
    began, now = time.perf_counter(), parts.clock()
    with parts.background.session() as session:
        history, window = memory.history(now), RULES.window(now)
        made = make_digest(parts.verifier, session, history, RULES, now=now, window=window)
    seconds = time.perf_counter() - began
    memory.remember_run(made, key=now.isoformat())
    memory.close()
    answers = {line.finding.ticket_number: line.finding.verdict.value for line in made.tickets}
    return Outcome(seconds, peak_mib(), made.api_calls, answers)


def _sync(_order: Order, parts: _Parts) -> Outcome:
    from bot.billing.sync.backfill import Synchroniser
    from tests.benchmarks.digest_rules import RULES

    began = time.perf_counter()
    session, policy = parts.background.session, parts.verifier.policy
    sync = Synchroniser(parts.ledger, session, policy=policy, lookback=RULES.lookback, clock=parts.clock)
    report = sync.run()
    problem = report.problem or ("" if report.is_complete else "not everything is known")
    return Outcome(time.perf_counter() - began, peak_mib(), report.api_calls, problem=problem)


@contextmanager
def _wired(order: Order) -> Iterator[_Parts]:
    from bot.billing.decide import SyncroPages
    from bot.billing.verifier import Verifier
    from bot.store.database import Database
    from bot.store.ledger.sql_ledger import SqlLedger
    from bot.store.rate_limit.shared_budget import SharedBudget
    from bot.syncro.client import SyncroClient
    from bot.syncro_sessions.pooled import SyncroReader
    from tests.policies import EVERY_TICKET

    clock = _clock(datetime.fromisoformat(order.now))
    budget = SharedBudget(order.database, order.limit, window_seconds=order.window_seconds)
    database = Database(order.database, is_expendable=True)
    ledger = SqlLedger(database, order.base_url, max_age=timedelta(days=90), clock=clock)
    ledger.open()
    clients = [SyncroClient(order.base_url, order.token, budget=lane) for lane in (budget, budget.background())]
    readers = [SyncroReader(client, clock, ledger=ledger) for client in clients]
    try:
        yield _Parts(Verifier(EVERY_TICKET, SyncroPages("https://sample.test")), readers[0], readers[1], ledger, clock)
    finally:
        for reader, client in zip(readers, clients, strict=True):
            reader.close()
            client.close()
        database.close()
        budget.close()


def _clock(now: datetime) -> Callable[[], datetime]:
    """A clock that shows `now` at this moment, and goes on."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def _begin(order: Order) -> None:
    if order.waits:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()


if __name__ == "__main__":
    main()
