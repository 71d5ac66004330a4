"""The rate budget: never more than the allowed number of requests in any rolling window, whoever asks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.sandbox.syncro.world import World
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro.errors import UnavailableError
from bot.syncro.retries import RetryPolicy
from tests.patience import PATIENCE
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import Fault, too_many_requests

WINDOW = 0.4


def most_in_any_window(spans: list[tuple[float, float]], window: float) -> int:
    """The most requests that a server may have counted in one window, wherever in its span each was counted.

    Two requests can share a window when one begins less than a window after the other ended.
    """
    moments = [begun for begun, _ in spans]
    return max(sum(begun <= moment and ended > moment - window for begun, ended in spans) for moment in moments)


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_no_window_ever_holds_more_than_the_limit_over_8_threads(limit: int) -> None:
    budget = RateBudget(limit, window_seconds=0.05)
    spans: list[tuple[float, float]] = []

    def work(_: int) -> None:
        with budget.call():
            begun = time.monotonic()
            spans.append((begun, time.monotonic()))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(limit * 4)))
    assert len(spans) == limit * 4
    assert most_in_any_window(spans, 0.05) <= limit


def clients_work(sandbox: FaultySyncro, budget: RateBudget, calls: int, threads: int = 8) -> None:
    client = SyncroClient(sandbox.base_url, sandbox.token, budget=budget)
    try:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: client.me(), range(calls)))
    finally:
        client.close()


@pytest.mark.parametrize("latency", [0.0, 0.05])
def test_over_http_8_threads_never_make_the_server_refuse(latency: float) -> None:
    with FaultySyncro(World(), requests_per_minute=10, window_seconds=WINDOW, latency=latency) as sandbox:
        clients_work(sandbox, RateBudget(10, window_seconds=WINDOW), calls=35)
        assert sandbox.refused == 0
        assert sandbox.most_calls_in_window() <= 10
        assert len(sandbox.calls) == 35


def test_without_the_budget_the_same_load_is_refused() -> None:
    """Or the test above could not fail."""
    with FaultySyncro(World(), requests_per_minute=10, window_seconds=WINDOW) as sandbox:
        client = SyncroClient(
            sandbox.base_url,
            sandbox.token,
            budget=RateBudget(999),
            retries=RetryPolicy(attempts=1, rate_limit_patience=0),
        )
        with ThreadPoolExecutor(8) as pool, pytest.raises(UnavailableError, match="429"):
            list(pool.map(lambda _: client.me(), range(35)))
        client.close()
        assert sandbox.refused > 0


def test_a_burst_within_the_limit_goes_out_at_once() -> None:
    clock = FrozenClock()
    budget = RateBudget(5, window_seconds=60, clock=clock)
    for _ in range(5):
        with budget.call():
            pass
    assert clock.now == 0.0


class FrozenClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def begins(budget: RateBudget) -> tuple[threading.Event, threading.Thread]:
    """Start a call on another thread; the event tells when the budget let it begin."""
    begun = threading.Event()

    def work() -> None:
        with budget.call():
            begun.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return begun, thread


def advance(clock: FrozenClock, budget: RateBudget, now: float) -> None:
    """Set the clock, and wake whoever waits as time itself would."""
    clock.now = now
    with budget._changed:
        budget._changed.notify_all()


def test_a_slot_is_free_again_one_window_after_its_call_ended() -> None:
    clock = FrozenClock()
    budget = RateBudget(1, window_seconds=60, clock=clock)
    with budget.call():
        clock.now = 10.0  # the call took ten seconds: the server may have counted it at any of them
    begun, thread = begins(budget)
    advance(clock, budget, 69.9)
    assert not begun.wait(0.05)
    advance(clock, budget, 70.0)
    assert begun.wait(PATIENCE)
    thread.join(PATIENCE)


def test_a_call_under_way_holds_its_slot_however_long_it_takes() -> None:
    clock = FrozenClock()
    budget = RateBudget(1, window_seconds=60, clock=clock)
    with budget.call():
        clock.now = 1000.0
        begun, thread = begins(budget)
        assert not begun.wait(0.05)
    advance(clock, budget, 1060.0)
    assert begun.wait(PATIENCE)
    thread.join(PATIENCE)


def test_a_call_that_fails_gives_its_slot_back() -> None:
    clock = FrozenClock()
    budget = RateBudget(1, window_seconds=60, clock=clock)
    with pytest.raises(OSError, match="sample"), budget.call():
        raise OSError("sample")
    clock.now = 60.0
    with budget.call():
        pass


def test_a_pause_holds_everybody_back_until_it_ends() -> None:
    clock = FrozenClock()
    budget = RateBudget(10, window_seconds=60, clock=clock)
    budget.refused(30)
    waiting = [begins(budget) for _ in range(4)]
    advance(clock, budget, 29.9)
    assert not any(begun.wait(0.02) for begun, _ in waiting)
    advance(clock, budget, 30.0)
    assert all(begun.wait(PATIENCE) for begun, _ in waiting)
    for _, thread in waiting:
        thread.join(PATIENCE)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = FrozenClock()
    budget = RateBudget(10, window_seconds=60, clock=clock)
    budget.refused(30)
    budget.refused(1)
    begun, thread = begins(budget)
    advance(clock, budget, 2.0)
    assert not begun.wait(0.05)
    advance(clock, budget, 30.0)
    assert begun.wait(PATIENCE)
    thread.join(PATIENCE)


def test_a_pause_holds_back_those_who_wait_already() -> None:
    clock = FrozenClock()
    budget = RateBudget(1, window_seconds=60, clock=clock)
    with budget.call():
        pass
    begun, thread = begins(budget)
    budget.refused(90)
    advance(clock, budget, 60.0)
    assert not begun.wait(0.05)
    advance(clock, budget, 90.0)
    assert begun.wait(PATIENCE)
    thread.join(PATIENCE)


def test_over_http_a_429_makes_all_threads_wait() -> None:
    faults = [Fault("/me", too_many_requests(1), count=1)]
    with FaultySyncro(World(), requests_per_minute=None, faults=faults) as sandbox:
        budget = RateBudget(1, window_seconds=0.01)  # one at a time, so that the first one is refused alone
        clients_work(sandbox, budget, calls=6, threads=3)
        refused, *others = sandbox.calls
        assert refused.status == 429
        assert [call.status for call in others] == [200] * 6
        assert min(call.at for call in others) - refused.at >= 1.0


# --- after a 429: others use the address too ---


def at_once(budget: RateBudget) -> int:
    """How many calls may begin at present, counted by making them."""
    begun = 0
    while (wait := budget._slots.seconds_to_wait(budget._clock(), in_background=False)) is not None and wait <= 0:
        with budget.call():
            begun += 1
    return begun


def test_a_429_without_a_time_pauses_everybody_for_five_seconds() -> None:
    clock = FrozenClock()
    budget = RateBudget(10, window_seconds=60, clock=clock)
    budget.refused(None)
    begun, thread = begins(budget)
    advance(clock, budget, 4.9)
    assert not begun.wait(0.05)
    advance(clock, budget, 5.0)
    assert begun.wait(PATIENCE)
    thread.join(PATIENCE)


def test_a_429_pauses_for_ten_minutes_at_most() -> None:
    clock = FrozenClock()
    budget = RateBudget(10, window_seconds=60, clock=clock)
    budget.background().refused(86_400)
    clock.now = 599.9
    assert at_once(budget) == 0
    clock.now = 600.0
    assert at_once(budget) > 0


def test_after_a_429_three_quarters_of_the_limit_are_used_and_a_tenth_more_with_each_quiet_window() -> None:
    clock = FrozenClock()
    budget = RateBudget(180, window_seconds=60, clock=clock)
    budget.refused(5)
    used = []
    for window in range(5):
        clock.now = 5.0 + 60 * window
        used.append(at_once(budget))
    assert used == [135, 153, 171, 180, 180]


def test_calls_that_were_refused_together_lower_the_limit_once() -> None:
    clock = FrozenClock()
    budget = RateBudget(100, window_seconds=60, clock=clock)
    for _ in range(32):
        budget.refused(1)
    clock.now = 1.0
    assert at_once(budget) == 75


@pytest.mark.parametrize(("limit", "least"), [(1, 1), (5, 1), (180, 18)])
def test_refusals_without_end_leave_a_tenth_of_the_limit_and_at_least_one(limit: int, least: int) -> None:
    clock = FrozenClock()
    budget = RateBudget(limit, window_seconds=60, clock=clock)
    for _ in range(60):  # three in a window: none is quiet
        budget.refused(0)
        clock.now += 20
    assert at_once(budget) == least


def test_the_background_leaves_a_third_of_what_a_429_has_left() -> None:
    clock = FrozenClock()
    budget = RateBudget(120, window_seconds=60, clock=clock)
    budget.refused(0)
    background = budget.background()
    for _ in range(60):  # of the 90 that are left
        with background.call():
            pass
    wait = budget._slots.seconds_to_wait(0.0, in_background=True)
    assert wait == 60.0
    assert at_once(budget) == 30


def test_a_waiting_call_begins_when_the_limit_rises_again() -> None:
    clock = FrozenClock()
    budget = RateBudget(10, window_seconds=60, clock=clock)
    budget.refused(0)
    clock.now = 50.0
    assert at_once(budget) == 7
    begun, thread = begins(budget)
    advance(clock, budget, 59.9)
    assert not begun.wait(0.05)
    advance(clock, budget, 60.0)
    assert begun.wait(PATIENCE), "8 of 10 may be used now, though all 7 are still taken until 110"
    thread.join(PATIENCE)


def test_a_large_limit_costs_nothing_in_advance() -> None:
    began = time.process_time()
    for _ in range(100):
        with RateBudget(10**9).call():
            pass
    assert time.process_time() - began < 1


@pytest.mark.parametrize("limit", [0, -1])
def test_a_budget_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        RateBudget(limit)


def test_whoever_waits_can_be_told_for_how_long() -> None:
    now = [0.0]
    budget = RateBudget(1, window_seconds=60, clock=lambda: now[0])
    assert budget.seconds_held_back() == 0
    with budget.call():
        pass
    assert budget.seconds_held_back() == 0, "nobody waits"

    waiting = threading.Thread(target=lambda: budget.call().__enter__(), daemon=True)
    waiting.start()
    until = time.monotonic() + PATIENCE
    while not budget.seconds_held_back() and time.monotonic() < until:
        time.sleep(0.001)

    now[0] = 48.0
    assert budget.seconds_held_back() == 12
