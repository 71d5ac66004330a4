"""What would keep Slack waiting is given up in time."""

from __future__ import annotations

import threading
import time

import pytest

from bot.listeners.promptly import Promptly


def test_work_is_done_before_the_answer_and_its_error_comes_out() -> None:
    done: list[str] = []
    promptly = Promptly(5)

    promptly.do(lambda: done.append("work"))
    assert done == ["work"]
    with pytest.raises(ZeroDivisionError):
        promptly.do(lambda: print(1 // 0))


def test_work_that_hangs_is_given_up_in_time_also_when_every_thread_hangs() -> None:
    promptly, end = Promptly(0.02), threading.Event()

    def hang() -> None:
        end.wait(60)

    begun = time.monotonic()

    for _ in range(40):
        with pytest.raises(TimeoutError):
            promptly.do(hang)

    assert time.monotonic() - begun < 30
    end.set()
