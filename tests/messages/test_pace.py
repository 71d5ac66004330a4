"""The pace of posting: a busy channel has a line of its own, and one at a time tries whether Slack is back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from bot.messages.pace import BETWEEN_POSTS_SECONDS, DOUBTS, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Pace

POST = "chat_postMessage"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock=clock)


def elsewhere(ask: Callable[[], float]) -> float:
    """What another thread is told."""
    answers: list[float] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    thread.join()
    return answers[0]


def test_nobody_waits_while_slack_answers(pace: Pace) -> None:
    for _ in range(10):
        assert pace.wait(POST, "C1") == 0
        pace.answered(POST, "C1", well=True)


def test_those_who_want_a_channel_that_took_too_much_get_turns_a_second_apart_and_other_channels_are_free(
    pace: Pace, clock: Clock
) -> None:
    waits = [pace.limited(POST, "C1", 2), *(pace.wait(POST, "C1") for _ in range(3))]

    assert waits == [2, *(2 + n * BETWEEN_POSTS_SECONDS for n in (1, 2, 3))]
    assert pace.wait(POST, "C2") == 0
    assert pace.wait("chat_update", "C1") == 0
    clock.now += 2
    assert pace.wait(POST, "C1") == 0


def test_while_slack_does_not_answer_everybody_waits_longer_each_time_and_one_at_a_time_tries(
    pace: Pace, clock: Clock
) -> None:
    seconds = [pace.unanswered(POST)]
    assert 0 < elsewhere(lambda: pace.wait(POST, "C2")) <= 2 * FIRST_PAUSE_SECONDS
    for _ in range(8):
        clock.now += seconds[-1]
        assert pace.wait(POST, "C1") == 0
        assert elsewhere(lambda: pace.wait(POST, "C2")) > 0
        assert pace.wait(POST, "C1") == 0, "the one that tries may look again in between"
        seconds.append(pace.unanswered(POST))
    assert seconds[0] == FIRST_PAUSE_SECONDS
    assert seconds[-1] == LONGEST_PAUSE_SECONDS

    clock.now += seconds[-1]
    assert pace.wait(POST, "C1") == 0
    pace.answered(POST, "C1", well=False)
    assert elsewhere(lambda: pace.wait(POST, "C2")) == 0


def test_one_that_tries_and_is_never_heard_of_again_is_followed_by_another(pace: Pace, clock: Clock) -> None:
    clock.now += pace.unanswered(POST)
    assert elsewhere(lambda: pace.wait(POST, "C1")) == 0
    assert pace.wait(POST, "C1") > 0

    clock.now += 60

    assert pace.wait(POST, "C1") == 0


def test_an_unknown_refusal_is_believed_when_it_comes_again_and_again_without_a_success(
    pace: Pace, clock: Clock
) -> None:
    def refused() -> bool:
        return pace.is_believed(POST, "C1", "odd_error")

    assert [refused() for _ in range(DOUBTS + 1)] == [False] * (DOUBTS - 1) + [True] * 2
    assert not pace.is_believed(POST, "C2", "odd_error")
    pace.answered(POST, "C1", well=True)
    assert not refused()
    refused()
    clock.now += 3600
    assert not refused()
