"""When a request to Syncro is tried again, and for how long."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import datetime

from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_random_exponential

from bot.syncro.http_dates import moment_from_http_date
from bot.syncro.restraint import LONGEST_PAUSE_SECONDS


class TransientError(Exception):
    """A request that may succeed when sent again. `retry_after` is what the server asked for, in seconds."""

    def __init__(self, problem: str, *, rate_limited: bool = False, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.rate_limited = rate_limited
        self.retry_after = retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """How patient the client is with each request; all times are in seconds.

    A dropped connection, a timeout or a 5xx is tried `attempts` times in all, with exponential waits and full
    jitter from `first_wait` up to `longest_wait`, for no longer than `patience` from the first such failure.

    A 429 says that we came too early, not that anything is broken. It is no failed attempt: it is waited out as
    `Retry-After` says, for no longer than `rate_limit_patience` from the first one. That is long, so that a rate limit
    which other tools use up slows us down and does not make us fail. A single pause beyond `longest_pause` is not
    waited for: it is said instead how long it is.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    patience: float = 180.0
    rate_limit_patience: float = 900.0
    longest_pause: float = math.inf

    def retrying(self) -> Retrying:
        """A tenacity object for one request, that re-raises the last `TransientError` once patience ends."""
        return Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=_Wait(self),
            stop=_Stop(self),
            reraise=True,
        )


FOR_PEOPLE = RetryPolicy(longest_pause=120.0)
"""Somebody waits, and a worker with them."""
FOR_NOBODY = RetryPolicy(attempts=100, longest_wait=20.0)
"""Nobody waits: what is away for minutes is waited for."""


class _Stop(stop_base):
    """Patience with one request: the two kinds of failure are counted apart, each from its first."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._failures = 0
        self._failing_since: float | None = None
        self._limited_since: float | None = None

    def __call__(self, retry_state: RetryCallState) -> bool:
        now, policy = time.monotonic(), self._policy
        if _is_rate_limited(retry_state):
            self._limited_since = now if self._limited_since is None else self._limited_since
            return now - self._limited_since + retry_state.upcoming_sleep > policy.rate_limit_patience
        self._failures += 1
        self._failing_since = now if self._failing_since is None else self._failing_since
        is_late = now - self._failing_since + retry_state.upcoming_sleep > policy.patience
        return is_late or self._failures >= policy.attempts


def _is_rate_limited(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, TransientError) and error.rate_limited


class _Wait(wait_base):
    """`Retry-After` where the server names one, as far as it is heeded; jittered exponential otherwise."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._backoff = wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, TransientError) and error.retry_after is not None:
            return min(error.retry_after, LONGEST_PAUSE_SECONDS)
        return self._backoff(retry_state)


def seconds_from_retry_after(header: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header: seconds, or an HTTP date (RFC 9110). None where it is absent or nonsense."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment = moment_from_http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())
