"""The rate budget: never more than the allowed number of requests in any rolling window.

Syncro allows 180 requests a minute per IP address (its OpenAPI document, `info.description`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class RateBudget:
    """Hands out `requests_per_window` slots. A slot that served a call is free again one window after its end.

    The server counts a request somewhere between our sending it and our reading its answer. Holding the slot
    from before the first moment until a window after the last one keeps the limit exact in *any* rolling
    window, whatever the latency, and still lets a short burst go out at once.

    Safe to share between threads. `window_seconds` is 60 for Syncro; tests use a shorter one.
    """

    def __init__(
        self,
        requests_per_window: int,
        *,
        window_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if requests_per_window < 1:
            raise ValueError("a rate budget needs at least one request per window")
        self._window = window_seconds
        self._clock = clock
        self._changed = threading.Condition()
        self.size = requests_per_window
        self._free_at = deque([float("-inf")] * requests_per_window)  # calls end in the order of time: always sorted
        self._paused_until = float("-inf")

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wait for a slot, then hold it while the body makes one request."""
        with self._holding(reserve=0):
            yield

    def background(self) -> BackgroundLane:
        """The same budget for work that nobody waits for: it leaves a third of the slots free."""
        return BackgroundLane(self)

    @contextmanager
    def _holding(self, reserve: int) -> Iterator[None]:
        self._acquire(reserve)
        try:
            yield
        finally:
            with self._changed:
                self._free_at.append(self._clock() + self._window)
                self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Let nobody begin a request for that many seconds: what `Retry-After` asks of everyone here."""
        with self._changed:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _acquire(self, reserve: int) -> None:
        with self._changed:
            while True:
                wait = self._seconds_to_wait(reserve)
                if wait is not None and wait <= 0:
                    self._free_at.popleft()
                    return
                self._changed.wait(wait)

    def _seconds_to_wait(self, reserve: int) -> float | None:
        """Seconds until more than `reserve` slots are free; None where only the end of a call can tell."""
        if len(self._free_at) <= reserve:
            return None
        return max(self._free_at[reserve], self._paused_until) - self._clock()


class CallBudget(Protocol):
    """What a client needs of a budget."""

    def call(self) -> AbstractContextManager[None]:
        """Wait for a slot, then hold it while the body makes one request."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nobody begin a request for that many seconds."""
        ...


class BackgroundLane:
    """A view of a budget that never takes its last third, so that a technician who asks is served at once."""

    def __init__(self, budget: RateBudget) -> None:
        self._budget = budget

    def call(self) -> AbstractContextManager[None]:
        """Wait until more than a third of the slots are free, then hold one while the body makes one request."""
        return self._budget._holding(reserve=self._budget.size // 3)  # noqa: SLF001 - two faces of one thing

    def pause(self, seconds: float) -> None:
        """Let nobody begin a request for that many seconds, in either lane."""
        self._budget.pause(seconds)
