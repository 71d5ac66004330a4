"""The rate limit is kept, and used, by all threads and processes that share a database."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sandbox.syncro.world import World
from bot.store.database import Database
from bot.store.migrations import MIGRATIONS, migrate
from bot.store.rate_limit.budget_table import Books, BudgetTable
from bot.store.rate_limit.shared_budget import SharedBudget
from bot.syncro.budget import CallBudget, PausedError
from bot.syncro.client import SyncroClient
from tests.patience import PATIENCE
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import Fault, too_many_requests

LIMIT = 10
WINDOW = 1.0
PROCESS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from bot.store.rate_limit.shared_budget import SharedBudget
from bot.syncro.client import SyncroClient
order = json.loads(sys.argv[1])
budget = SharedBudget(
    order["database"], order["limit"], window_seconds=order["window"], lease_seconds=order.get("lease", 150)
)
print("ready", flush=True)
sys.stdin.readline()
if "hold" in order:
    held = [budget.call() for _ in range(order["hold"])]
    for call in held:
        call.__enter__()
    print("holding", flush=True)
    sys.stdin.readline()
client = SyncroClient(order["base_url"], order["token"], budget=budget)
with ThreadPoolExecutor(order["threads"]) as pool:
    list(pool.map(lambda _: client.me(), range(order["calls"])))
budget.close()
"""

Make = Callable[..., SharedBudget]


@pytest.fixture
def make(address: sa.URL) -> Iterator[Make]:
    """Budgets on one database. Each speaks for itself, as if it lived in a process of its own."""
    with ExitStack() as stack:

        def made(
            limit: int = LIMIT, *, database: sa.URL = address, window: float = WINDOW, **more: Any
        ) -> SharedBudget:
            budget = SharedBudget(database, limit, window_seconds=window, **more)
            stack.callback(close, budget)
            return budget

        def close(budget: SharedBudget) -> None:
            with budget._changed:  # a test that ends while somebody waits has seen that they do
                budget._interactive.clear()
                budget._background.clear()
            budget.close()

        yield made


@contextmanager
def process(address: sa.URL, **order: Any) -> Iterator[subprocess.Popen[str]]:
    """Another process, which has started and waits for a line on its standard input."""
    order = {"database": address.render_as_string(hide_password=False), "limit": LIMIT, "window": WINDOW, **order}
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, json.dumps(order)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert hears(child) == "ready"
            yield child
        finally:
            child.kill()


def hears(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("go on\n")
    child.stdin.flush()


def read_with(budget: CallBudget, sandbox: FaultySyncro, calls: int, threads: int = 8) -> None:
    client = SyncroClient(sandbox.base_url, sandbox.token, budget=budget)
    try:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: client.me(), range(calls)))
    finally:
        client.close()


def least_seconds(calls: int, limit: int = LIMIT) -> float:
    return (math.ceil(calls / limit) - 1) * WINDOW


class Caller:
    """A thread that makes one call, and notes when it began."""

    def __init__(self, budget: CallBudget, name: str = "") -> None:
        self.name = name
        self.began_at = math.inf
        self.begun = threading.Event()
        self._budget = budget
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        with self._budget.call():
            self.began_at = time.monotonic()
            self.begun.set()

    def wait(self) -> float:
        self.thread.join(PATIENCE)
        assert self.begun.is_set()
        return self.began_at


def make_calls(budget: CallBudget, count: int) -> float:
    """Make calls, one after the other; the moment at which the first ended."""
    ended = math.inf
    for _ in range(count):
        with budget.call():
            pass
        ended = min(ended, time.monotonic())
    return ended


def until(holds: Callable[[], object], within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def value(engine: sa.Engine, question: str) -> Any:
    """The answer; 0 while there is no table yet."""
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(question).scalar()
    except (sa.exc.OperationalError, sa.exc.ProgrammingError):
        return 0


def reported(engine: sa.Engine) -> int:
    return int(value(engine, "SELECT coalesce(sum(calls), 0) FROM invoice_bot_rate_ended"))


# --- never more than the limit, and all of it ---


@pytest.mark.parametrize("latency", [0.0, 0.05])
def test_threads_over_http_use_the_whole_limit_and_are_never_refused(make: Make, latency: float) -> None:
    with FaultySyncro(World(), requests_per_minute=LIMIT, window_seconds=WINDOW, latency=latency) as sandbox:
        read_with(make(), sandbox, calls=35)
        assert sandbox.refused == 0
        assert sandbox.most_calls_in_window() <= LIMIT
        taken = sandbox.calls[-1].at - sandbox.calls[0].at
        assert taken >= least_seconds(35)  # that it is not much more is for the benchmarks to show


def test_two_processes_over_http_use_the_whole_limit_and_are_never_refused(address: sa.URL) -> None:
    with FaultySyncro(World(), requests_per_minute=LIMIT, window_seconds=WINDOW, latency=0.02) as sandbox:
        order = {"base_url": sandbox.base_url, "token": sandbox.token, "calls": 20, "threads": 6}
        with process(address, **order) as one, process(address, **order) as other:
            tell(one)
            tell(other)
            assert (one.wait(PATIENCE), other.wait(PATIENCE)) == (0, 0)
        assert sandbox.refused == 0
        assert sandbox.most_calls_in_window() <= LIMIT
        assert len(sandbox.calls) == 40


def test_a_burst_of_the_whole_limit_goes_out_at_once(make: Make) -> None:
    budget = make(60, window=2 * PATIENCE)
    began = time.monotonic()
    make_calls(budget, 60)
    assert time.monotonic() - began < PATIENCE
    late = Caller(budget)
    assert not late.begun.wait(0.3)


def test_a_slot_is_free_again_one_window_after_its_call_ended(make: Make) -> None:
    one, other = make(1), make(1)
    with one.call():
        waiting = Caller(other)
        assert not waiting.begun.wait(1.2 * WINDOW)
        ended = time.monotonic()
    assert waiting.wait() - ended >= WINDOW


def test_a_call_that_fails_gives_its_slot_back(make: Make) -> None:
    budget = make(1, window=0.1)
    with pytest.raises(OSError, match="sample"), budget.call():
        raise OSError("sample")
    make_calls(budget, 1)


def test_each_process_keeps_its_own_limit_against_the_calls_of_all(make: Make) -> None:
    modest, generous = make(4), make(10)
    ended = make_calls(generous, 4)
    waiting = Caller(modest)
    make_calls(generous, 2)
    assert waiting.wait() - ended >= WINDOW


def test_a_call_longer_than_the_lease_keeps_its_slot(make: Make) -> None:
    one, other = make(1, window=0.2, lease_seconds=2.0), make(1, window=0.2, lease_seconds=2.0)
    with one.call():
        waiting = Caller(other)
        assert not waiting.begun.wait(3.0)
        ended = time.monotonic()
    assert waiting.wait() - ended >= 0.2


def test_the_slots_of_a_killed_process_come_back_after_the_lease(address: sa.URL, make: Make) -> None:
    lease = 1.5
    with process(address, limit=3, lease=lease, hold=3) as child:
        tell(child)
        assert hears(child) == "holding"
        waiting = Caller(make(3, lease_seconds=lease))
        child.kill()
        killed = time.monotonic()
        assert waiting.wait() - killed > WINDOW - 0.2


# --- who goes first ---


def test_the_background_leaves_a_third_free_in_all_processes_together(make: Make) -> None:
    one, other = make(9, window=60), make(9, window=60)
    workers = [Caller(budget.background()) for budget in (one, other) for _ in range(6)]
    until(lambda: sum(worker.begun.is_set() for worker in workers) == 6)
    make_calls(one, 1)
    make_calls(other, 2)
    assert sum(worker.begun.is_set() for worker in workers) == 6


def test_whoever_waits_is_served_before_the_background_of_another_process(make: Make, engine: sa.Engine) -> None:
    one, other = make(6, window=3.0), make(6, window=3.0)
    make_calls(one, 6)
    workers = [Caller(one.background(), "background") for _ in range(8)]
    askers = [Caller(other, "interactive") for _ in range(6)]
    until(lambda: len(other._interactive) == 6 and len(one._background) == 8)
    until(lambda: value(engine, "SELECT count(*) FROM invoice_bot_rate_processes WHERE waits_until > 0") == 1)
    for caller in (*workers, *askers):
        caller.wait()
    order = [caller.name for caller in sorted((*workers, *askers), key=lambda caller: caller.began_at)]
    assert order[:6] == ["interactive"] * 6


def test_the_background_begins_nothing_while_somebody_waits_in_another_process(make: Make, engine: sa.Engine) -> None:
    generous, modest = make(9), make(1)
    make_calls(generous, 2)
    asker = Caller(modest)  # for its own limit, too much is going on
    until(lambda: value(engine, "SELECT count(*) FROM invoice_bot_rate_processes WHERE waits_until > 0") == 1)
    worker = Caller(generous.background())  # seven of nine slots are free
    assert worker.wait() > asker.wait()


def test_whoever_waits_is_served_before_the_background_of_the_same_process(make: Make) -> None:
    budget = make(2)
    make_calls(budget, 2)
    worker = Caller(budget.background())
    until(lambda: len(budget._background) == 1)
    askers = [Caller(budget), Caller(budget)]
    assert worker.wait() > max(asker.wait() for asker in askers)


def test_an_interrupted_wait_is_no_call(make: Make) -> None:
    budget = make(1)
    make_calls(budget, 1)

    def interrupt() -> None:
        until(lambda: len(budget._interactive) == 1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt), budget.call():
        raise AssertionError("no slot is free")
    thread.join()
    assert not budget._interactive
    make_calls(budget, 1)


# --- after a 429 ---


def test_how_many_calls_are_left_counts_those_of_all_processes_and_is_none_after_a_429(make: Make) -> None:
    one, other = make(9, window=60), make(9, window=60)
    make_calls(one, 2)
    make_calls(other, 1)
    with other.call():
        until(lambda: one.left() == 5)
    other.refused(30)
    until(lambda: one.left() == 0)


def test_a_429_in_one_process_holds_back_the_other(make: Make, engine: sa.Engine) -> None:
    fault = Fault("/me", too_many_requests(2), count=1)
    with FaultySyncro(World(), requests_per_minute=None, faults=[fault]) as sandbox:
        one, other = make(), make()
        make_calls(other, 1)
        refused = threading.Thread(target=read_with, args=(one, sandbox, 1))
        refused.start()
        until(lambda: value(engine, "SELECT paused_until FROM invoice_bot_rate_restraint") > 0)
        read_with(other.background(), sandbox, calls=1)
        refused.join(PATIENCE)
        first, *later = sandbox.calls
        assert [call.status for call in (first, *later)] == [429, 200, 200]
        assert min(call.at for call in later) - first.at >= 2.0


def test_who_cannot_wait_so_long_is_told_so_also_where_another_process_was_told(make: Make, engine: sa.Engine) -> None:
    told, other = make(100), make(100)
    told.refused(600)
    with pytest.raises(PausedError) as paused, told.call(120):
        pass
    assert 590 < paused.value.seconds <= 600
    until(lambda: value(engine, "SELECT paused_until FROM invoice_bot_rate_restraint") > 0)
    with pytest.raises(PausedError), other.call(120):  # it waits at first, until it has heard of it
        pass


def test_after_a_429_all_processes_use_three_quarters_of_their_limit(make: Make, engine: sa.Engine) -> None:
    one, other = make(12, window=60), make(12, window=60)
    one.refused(0)
    until(lambda: value(engine, "SELECT share FROM invoice_bot_rate_restraint") == 0.75)
    callers = [Caller(other) for _ in range(12)]
    until(lambda: sum(caller.begun.is_set() for caller in callers) == 9)
    assert not Caller(other).begun.wait(0.3)
    assert sum(caller.begun.is_set() for caller in callers) == 9


def test_a_limit_that_was_lowered_rises_again(make: Make) -> None:
    budget, over = make(10, window=0.5), threading.Event()
    began: list[float] = []

    def hold_a_slot() -> None:
        with budget.call():
            began.append(time.monotonic())
            over.wait(PATIENCE)

    refused = time.monotonic()
    budget.refused(0)
    with ThreadPoolExecutor(10) as pool:
        for _ in range(10):
            pool.submit(hold_a_slot)
        try:
            until(lambda: len(began) == 10)  # at three quarters, the seven that are held would be all
        finally:
            over.set()
    assert [moment - refused >= 0.5 for moment in sorted(began)[7:]] == [True] * 3


# --- a database that is away ---


def hidden(address: sa.URL) -> tuple[sa.URL, Callable[[], None]]:
    """A database that is not there, and what lets it appear."""
    if address.get_backend_name() == "sqlite":
        assert address.database is not None
        directory = Path(address.database).parent / "later"
        return address.set(database=str(directory / "invoice-bot.db")), directory.mkdir
    name = f"later_{uuid.uuid4().hex[:12]}"

    def appear() -> None:
        engine = sa.create_engine(address)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        engine.dispose()

    return address.update_query_dict({"options": f"-csearch_path={name}"}), appear


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_without_its_database_a_process_keeps_the_limit_by_itself(
    make: Make, address: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    database, _ = hidden(address)
    with FaultySyncro(World(), requests_per_minute=LIMIT, window_seconds=WINDOW) as sandbox:
        read_with(make(database=database), sandbox, calls=35)
        assert sandbox.refused == 0
        assert sandbox.most_calls_in_window() <= LIMIT
    (message,) = warned(caplog)
    assert "away (OperationalError)" in message or "away (ProgrammingError)" in message


def test_what_was_called_without_the_database_counts_for_all_when_it_is_back(
    make: Make, address: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    database, appear = hidden(address)
    one = make(5, database=database, window=4.0)
    ended = make_calls(one, 5)
    appear()
    engine = sa.create_engine(database)
    until(lambda: reported(engine) == 5)
    waiting = Caller(make(5, database=database, window=4.0))
    assert waiting.wait() - ended >= 4.0
    assert len(warned(caplog)) == 1
    with engine.begin() as connection:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("DO $$ BEGIN EXECUTE 'DROP SCHEMA ' || current_schema() || ' CASCADE'; END $$")
    engine.dispose()


def test_the_limit_is_shared_with_the_processes_of_a_newer_release(
    make: Make, address: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Database(address)) as database:
        migrate(database, (*MIGRATIONS, ("CREATE TABLE invoice_bot_later (word TEXT NOT NULL)",)))
    ended = make_calls(make(5), 5)
    assert Caller(make(5)).wait() - ended >= WINDOW
    assert warned(caplog) == []


def test_what_was_called_before_the_database_went_away_still_counts(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = make(3)
    ended = make_calls(budget, 3)

    def fail(_: BudgetTable) -> None:
        raise sa.exc.OperationalError("sample", None, Exception())

    monkeypatch.setattr(BudgetTable, "opened", fail)
    assert Caller(budget).wait() - ended >= WINDOW


def test_without_the_database_a_429_still_slows_down(make: Make, address: sa.URL) -> None:
    budget = make(4, database=hidden(address)[0])
    make_calls(budget, 1)
    budget.refused(0.5)
    began = time.monotonic()
    assert Caller(budget.background()).wait() - began >= 0.45


def test_a_database_that_is_locked_for_long_is_as_good_as_away(
    make: Make, address: sa.URL, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    budget = make()
    make_calls(budget, 1)
    with engine.connect() as connection:
        if address.get_backend_name() == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('invoice_bot_rate_budget'))")
        Caller(budget).wait()
        connection.rollback()
    assert [message for message in warned(caplog) if "away" in message]


def test_callers_are_served_while_the_clerk_waits_for_a_database_that_hangs(
    make: Make, monkeypatch: pytest.MonkeyPatch, engine: sa.Engine
) -> None:
    monkeypatch.setattr("bot.store.rate_limit.shared_budget._STUCK_SECONDS", 0.3)
    budget = make(3, window=60.0)
    make_calls(budget, 1)
    until(lambda: reported(engine) == 1)
    answers, opened = threading.Event(), BudgetTable.opened

    @contextmanager
    def hang(table: BudgetTable) -> Iterator[Books]:
        answers.wait(PATIENCE)
        with opened(table) as books:
            yield books

    monkeypatch.setattr(BudgetTable, "opened", hang)
    for _ in range(2):
        Caller(budget).wait()
    third = Caller(budget)
    assert not third.begun.wait(1.5), "by itself, too, the process keeps the limit"
    answers.set()
    until(lambda: reported(engine) == 3)


def test_a_clerk_that_comes_back_late_grants_no_slot_that_callers_have_taken_themselves(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.rate_limit.shared_budget._STUCK_SECONDS", 0.3)
    budget = make(5, window=60.0)
    make_calls(budget, 2)
    answers, opened = threading.Event(), BudgetTable.opened

    @contextmanager
    def hang(table: BudgetTable) -> Iterator[Books]:
        with opened(table) as books:
            yield books  # the clerk has decided
            answers.wait(PATIENCE)

    monkeypatch.setattr(BudgetTable, "opened", hang)
    callers = [Caller(budget) for _ in range(6)]
    until(lambda: sum(caller.begun.is_set() for caller in callers) == 3)
    answers.set()
    until(lambda: math.isinf(budget._at_database_since))
    assert not any(caller.begun.wait(0.3) for caller in callers if not caller.begun.is_set())
    assert sum(caller.begun.is_set() for caller in callers) == 3


def test_calls_under_way_when_a_budget_is_closed_count_for_a_window_more_and_no_longer(make: Make) -> None:
    one, other = make(1, window=1.0), make(1, window=1.0)
    with one.call():
        closed = time.monotonic()
        one.close()
        # A window, after the moment up to which a request that was cut off may still arrive.
        assert Caller(other).wait() - closed >= 1.0 + 5.0


def test_a_pause_is_said_once_in_each_process_that_waits_for_it(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    one, other = make(), make()
    make_calls(one, 1)
    for _ in range(3):
        one.refused(20.0)
    Caller(one)
    Caller(other)

    def said() -> list[str]:
        return [message for message in warned(caplog) if "429" in message]

    until(lambda: len(said()) == 2)
    assert all(re.search(r"nobody asks for \d+ s, then at most 7 in 1 s$", message) for message in said())


# --- clocks ---


def test_a_machine_s_clock_that_is_set_forward_does_not_free_a_slot_on_sqlite(
    make: Make, address: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    if address.get_backend_name() != "sqlite":
        pytest.skip("on Postgres the server's clock counts")
    one, other = make(2, window=2.0), make(2, window=2.0)
    ended = make_calls(one, 2)
    one.close()
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + 3600)
    assert Caller(other).wait() - ended >= 2.0


def test_moments_that_only_a_clock_set_back_explains_do_not_stop_the_calls(make: Make, engine: sa.Engine) -> None:
    budget = make(2, window=0.3, lease_seconds=0.3)
    make_calls(budget, 1)
    until(lambda: reported(engine) == 1)
    later = {"later": time.time() + 3600}
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO invoice_bot_rate_ended VALUES (:later, 2), (:later + 1, 2)"), later)
        connection.execute(sa.text("INSERT INTO invoice_bot_rate_processes VALUES ('x', 2, :later, :later)"), later)
    began = time.monotonic()
    assert Caller(budget.background()).wait() - began >= 0.3


def test_a_clock_that_is_set_forward_does_not_let_a_process_exceed_the_limit(make: Make, engine: sa.Engine) -> None:
    budget = make(3)
    ended = make_calls(budget, 3)
    until(lambda: reported(engine) == 3)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM invoice_bot_rate_ended")  # every moment there has passed
    assert Caller(budget).wait() - ended >= WINDOW


# --- what it costs ---


def test_a_large_limit_keeps_few_rows(make: Make, engine: sa.Engine) -> None:
    budget = make(1_000_000)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: make_calls(budget, 100), range(32)))
    budget.close()
    assert value(engine, "SELECT count(*) FROM invoice_bot_rate_ended") <= 1100


def test_the_clerk_sleeps_while_nobody_calls(make: Make) -> None:
    budget = make()
    make_calls(budget, 3)
    until(lambda: budget._next_due() == math.inf)


def test_a_closed_budget_has_reported_everything_and_leaves_nothing_behind(make: Make, engine: sa.Engine) -> None:
    budget = make(60, window=60)
    make_calls(budget, 3)
    clerk = budget._clerk
    budget.close()
    assert clerk is not None
    assert not clerk.is_alive()
    assert reported(engine) == 3
    assert value(engine, "SELECT count(*) FROM invoice_bot_rate_processes") == 0


def test_a_call_after_closing_opens_the_budget_again(make: Make) -> None:
    budget = make()
    budget.close()
    make_calls(budget, 1)
    budget.close()
    make_calls(budget, 1)


def test_those_who_wait_while_the_budget_is_closed_are_served(make: Make) -> None:
    budget = make(1)
    make_calls(budget, 1)
    waiting = Caller(budget)
    until(lambda: len(budget._interactive) == 1)
    budget.close()
    waiting.wait()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_budget_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        SharedBudget("sqlite://", limit)


def test_whoever_waits_can_be_told_for_how_long(make: Make) -> None:
    """Also where other processes have taken all slots."""
    other, budget = make(2, window=60.0), make(2, window=60.0)
    for _ in range(2):
        with other.call():
            pass
    assert budget.seconds_held_back() == 0, "nobody waits"

    threading.Thread(target=lambda: budget.call().__enter__(), daemon=True).start()
    until = time.monotonic() + PATIENCE
    while budget.seconds_held_back() < 30 and time.monotonic() < until:
        time.sleep(0.01)

    assert 30 < budget.seconds_held_back() <= 61
