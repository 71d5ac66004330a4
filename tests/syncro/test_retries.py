"""`Retry-After` is read as RFC 9110 writes it, and patience has an end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.syncro.retries import RetryPolicy, TransientError, seconds_from_retry_after

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Mon, 04 May 2026 09:00:30 GMT", 30.0),
        ("Mon, 04 May 2026 11:00:30 +0200", 30.0),
        ("Monday, 04-May-26 09:01:00 GMT", 60.0),
        ("Mon May  4 09:00:05 2026", 5.0),
        ("Mon, 04 May 2026 08:59:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0665", None),  # a digit to Python, not to HTTP
        ("Mon, 99 May 2026 09:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_nonsense_is_none(header: str | None, seconds: float | None) -> None:
    assert seconds_from_retry_after(header, NOW) == seconds


def tries_of(policy: RetryPolicy, error: Exception) -> int:
    tries = 0

    def fail() -> None:
        nonlocal tries
        tries += 1
        raise error

    with pytest.raises(type(error)):
        policy.retrying()(fail)
    return tries


def test_a_transient_failure_is_tried_so_many_times_in_all() -> None:
    policy = RetryPolicy(attempts=5, first_wait=0.0001, longest_wait=0.0002)
    assert tries_of(policy, TransientError("sample")) == 5


def test_any_other_failure_is_not_tried_again() -> None:
    assert tries_of(RetryPolicy(), ValueError("sample")) == 1


LIMITED = TransientError("sample", rate_limited=True, retry_after=0.01)
BROKEN = TransientError("sample")


def test_being_rate_limited_is_bounded_by_its_own_patience_not_by_attempts() -> None:
    policy = RetryPolicy(attempts=1, patience=0, rate_limit_patience=0.2)
    assert 2 <= tries_of(policy, LIMITED) <= 21


def test_a_rate_limit_is_waited_out_for_a_quarter_of_an_hour_unless_told_otherwise() -> None:
    assert (RetryPolicy().rate_limit_patience, RetryPolicy().attempts, RetryPolicy().patience) == (900, 4, 180)


def test_a_wait_that_would_exceed_patience_is_not_begun() -> None:
    assert tries_of(RetryPolicy(attempts=9, patience=5), TransientError("sample", retry_after=5.5)) == 1
    limited = TransientError("sample", rate_limited=True, retry_after=5.5)
    assert tries_of(RetryPolicy(rate_limit_patience=5), limited) == 1


def test_of_a_long_retry_after_no_more_than_ten_minutes_are_heeded() -> None:
    slept: list[float] = []
    policy = RetryPolicy(rate_limit_patience=900)
    left = iter([TransientError("sample", rate_limited=True, retry_after=1000.0)])

    def fail_at_first() -> str:
        for error in left:
            raise error
        return "read"

    assert policy.retrying().copy(sleep=slept.append)(fail_at_first) == "read"
    assert slept == [600.0]


def test_the_two_kinds_of_failure_are_counted_apart() -> None:
    policy = RetryPolicy(attempts=3, first_wait=0.0001, longest_wait=0.0002)
    errors = [LIMITED, LIMITED, LIMITED, BROKEN, LIMITED, BROKEN, LIMITED, BROKEN, BROKEN]
    left = iter(errors)

    def fail() -> None:
        raise next(left)

    with pytest.raises(TransientError) as raised:
        policy.retrying()(fail)
    assert raised.value is BROKEN
    assert len(list(left)) == 1, "it ended with the third of the other kind"


def test_time_spent_on_a_rate_limit_is_not_taken_from_the_patience_with_other_failures() -> None:
    policy = RetryPolicy(attempts=3, first_wait=0.0001, longest_wait=0.0002, patience=0.05)
    left = iter([TransientError("sample", rate_limited=True, retry_after=0.1), BROKEN])

    def fail_at_first() -> str:
        for error in left:
            raise error
        return "read"

    assert policy.retrying()(fail_at_first) == "read"
