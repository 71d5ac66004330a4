"""Bells and alarms: what waits is told, and costs nothing meanwhile."""

from __future__ import annotations

import threading
import time

import pytest

from bot.jobs.alarms import Alarms
from bot.jobs.bell import Bell, Precedence
from tests.patience import PATIENCE

LONG = PATIENCE


def test_a_ring_ends_one_wait_and_the_end_ends_every_wait() -> None:
    bell = Bell(Precedence())

    bell.ring()
    assert bell.wait(LONG) is False
    assert bell.wait(0.01) is False
    threading.Timer(0.05, bell.ring).start()
    begun = time.monotonic()
    assert bell.wait(LONG) is False
    assert time.monotonic() - begun < LONG / 2
    bell.set()
    assert bell.wait(LONG) is True
    assert bell.wait(LONG) is True


def test_a_queue_is_looked_at_when_nothing_is_being_stored_and_never_waits_long_for_that() -> None:
    precedence = Precedence()
    bell = Bell(precedence)
    looked: list[float] = []

    def look() -> None:
        bell.wait(LONG)
        looked.append(time.monotonic())

    bell.ring()
    with precedence.storing(), precedence.storing():
        begun = time.monotonic()
        look()
    assert 0.2 < looked[-1] - begun < LONG / 2, "what is stored goes first, but holds no job up for ever"

    bell.ring()
    with precedence.storing():
        looking = threading.Thread(target=look)
        looking.start()
        stored = time.monotonic()
    looking.join(LONG)
    assert stored <= looked[-1]


def test_alarms_call_in_the_order_of_their_times_and_one_that_fails_stops_nothing() -> None:
    called: list[str] = []
    done = threading.Event()

    def fail() -> None:
        called.append("fails")
        raise ValueError

    alarms = Alarms()
    alarms.after(0.2, done.set)
    alarms.after(0.1, lambda: called.append("second"))
    alarms.after(0.0, fail)
    alarms.start()

    assert done.wait(LONG)
    assert called == ["fails", "second"]
    alarms.stop()


def test_a_regular_alarm_goes_on_after_a_failure_that_is_told_by_its_name_and_ends_with_the_alarms(
    caplog: pytest.LogCaptureFixture,
) -> None:
    enough = threading.Event()
    calls: list[int] = []

    def count() -> None:
        calls.append(1)
        if len(calls) == 3:
            enough.set()
        raise ValueError

    alarms = Alarms()
    alarms.every(0.01, count)
    alarms.start()

    assert enough.wait(LONG)
    alarms.stop()
    before = len(calls)
    time.sleep(0.05)
    assert len(calls) == before
    assert "count failed (ValueError); it is tried again" in caplog.text
