"""When a request to Syncro is tried again, and for how long."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime

from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_base, wait_random_exponential


class TransientError(Exception):
    """A request that may succeed when sent again. `retry_after` is what the server asked for, in seconds."""

    def __init__(self, problem: str, *, rate_limited: bool = False, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.rate_limited = rate_limited
        self.retry_after = retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """How patient the client is.

    A dropped connection, a timeout or a 5xx is tried `attempts` times in all, with exponential waits and full
    jitter from `first_wait` up to `longest_wait` seconds. A 429 says that we came too early, not that anything is
    broken: it is waited out as `Retry-After` says. Neither goes on for longer than `patience` seconds in all.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    patience: float = 180.0

    def retrying(self) -> Retrying:
        """A tenacity object that re-raises the last `TransientError` once patience ends."""
        return Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=_Wait(self),
            stop=self._is_over,
            reraise=True,
        )

    def _is_over(self, state: RetryCallState) -> bool:
        spent = state.seconds_since_start or 0.0
        if spent + state.upcoming_sleep > self.patience:
            return True
        error = state.outcome.exception() if state.outcome else None
        rate_limited = isinstance(error, TransientError) and error.rate_limited
        return not rate_limited and state.attempt_number >= self.attempts


class _Wait(wait_base):
    """`Retry-After` where the server names one, jittered exponential otherwise."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._backoff = wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, TransientError) and error.retry_after is not None:
            return error.retry_after
        return self._backoff(retry_state)


def seconds_from_retry_after(header: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header: seconds, or an HTTP date (RFC 9110). None where it is absent or nonsense."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
