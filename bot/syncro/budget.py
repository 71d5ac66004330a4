"""The rate budget: never more than the allowed number of requests in any rolling window.

Syncro allows 180 requests a minute per IP address (its OpenAPI document, `info.description`).
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from bot.syncro.restraint import Restraint

log = logging.getLogger(__name__)

_SAME_PAUSE_SECONDS = 1.0
"""Calls that were under way together are refused together: their pauses differ by less than this."""


class PausedError(Exception):
    """The server lets nobody ask for longer than the caller can wait: for so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"nobody may ask for {seconds:.0f} s")


class CallBudget(Protocol):
    """What a client needs of a budget."""

    def call(self, longest_pause: float = math.inf) -> AbstractContextManager[None]:
        """Wait for a slot, then hold it while the body makes one request.

        Raises:
            PausedError: after a 429 nobody may ask for more than `longest_pause` seconds.

        """
        ...

    def refused(self, retry_after: float | None) -> None:
        """Slow everybody down, because the server answered 429; `retry_after` is in seconds, if it named any."""
        ...


def reserve_of(limit: int) -> int:
    """How many of so many slots the background leaves free, so that a technician who asks is served at once."""
    return limit // 3


class Slots:
    """Which slots are taken: by the calls under way, and by those that ended within the last window.

    The server counts a request somewhere between our sending it and our reading its answer. Holding the slot
    from before the first moment until a window after the last one keeps the limit exact in *any* rolling
    window, whatever the latency, and still lets a short burst go out at once.

    Not safe to share between threads. All moments are seconds on one clock, the caller's.
    """

    def __init__(self, size: int, window: float) -> None:
        if size < 1:
            raise ValueError("a rate budget needs at least one request per window")
        self.size = size
        self.window = window
        self.restraint = Restraint(paused_until=-math.inf)
        self.under_way = 0
        self._ended: deque[float] = deque()  # calls end in the order of time: always sorted

    def take(self) -> None:
        """A call begins."""
        self.under_way += 1

    def end(self, now: float) -> None:
        """A call has ended."""
        self.under_way -= 1
        self._ended.append(now)

    def taken(self, now: float) -> int:
        """How many slots are taken."""
        while self._ended and self._ended[0] + self.window <= now:
            self._ended.popleft()
        return self.under_way + len(self._ended)

    def limit_at(self, now: float) -> int:
        """How many slots may be taken: fewer than the size for a while after a 429."""
        return self.restraint.limit_at(now, self.size, self.window)

    def refuse_long_pause(self, now: float, longest: float) -> None:
        """Raise `PausedError` where a 429 holds everybody back for more than `longest` seconds from now."""
        left = self.restraint.paused_until - now
        if left > longest:
            raise PausedError(left)

    def seconds_to_wait(self, now: float, *, in_background: bool) -> float | None:
        """Seconds until a call may begin, 0 or less if at once; None where only the end of another can tell."""
        limit = self.limit_at(now)
        most = limit - reserve_of(limit) if in_background else limit
        lacking = self.taken(now) - most + 1
        moment = self.restraint.paused_until
        if lacking > len(self._ended):
            moment = math.inf
        elif lacking > 0:
            moment = max(moment, self._ended[lacking - 1] + self.window)
        moment = min(moment, self.restraint.next_climb(now, self.window))
        return None if math.isinf(moment) and moment > 0 else moment - now


class RateBudget:
    """Hands out `requests_per_window` slots to the threads of this process. A slot is taken as `Slots` says.

    Safe to share between threads. `window_seconds` is 60 for Syncro; tests use a shorter one.
    """

    def __init__(
        self,
        requests_per_window: int,
        *,
        window_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = Slots(requests_per_window, window_seconds)
        self._clock = clock
        self._changed = threading.Condition()
        self._pause_in_words = PauseInWords()
        self._waiting = 0

    @contextmanager
    def call(self, longest_pause: float = math.inf) -> Iterator[None]:
        """See `CallBudget`."""
        with self._holding(longest_pause, in_background=False):
            yield

    def background(self) -> BackgroundLane:
        """The same budget for work that nobody waits for: it leaves a third of the slots free."""
        return BackgroundLane(lambda longest_pause: self._holding(longest_pause, in_background=True), self.refused)

    def left(self) -> int:
        """How many calls may begin now."""
        with self._changed:
            now = self._clock()
            return max(0, self._slots.limit_at(now) - self._slots.taken(now))

    def refused(self, retry_after: float | None) -> None:
        """Let nobody begin a request for that many seconds (5 if None), and fewer than the limit for a while.

        The limit falls to three quarters, at most once per window and never below a tenth, and climbs back by a
        tenth with each window that passes without a 429.
        """
        with self._changed:
            slots, now = self._slots, self._clock()
            slots.restraint = slots.restraint.refused(now, retry_after, slots.window)
            self._pause_in_words.say(slots, now)

    def seconds_held_back(self) -> float:
        """How long the limit holds back somebody who waits now; 0 where nobody does."""
        with self._changed:
            return self._waiting and max(0.0, self._slots.seconds_to_wait(self._clock(), in_background=False) or 0.0)

    @contextmanager
    def _holding(self, longest_pause: float, *, in_background: bool) -> Iterator[None]:
        self._acquire(longest_pause, in_background=in_background)
        try:
            yield
        finally:
            with self._changed:
                self._slots.end(self._clock())
                self._changed.notify_all()

    def _acquire(self, longest_pause: float, *, in_background: bool) -> None:
        with self._changed:
            while True:
                self._slots.refuse_long_pause(self._clock(), longest_pause)
                wait = self._slots.seconds_to_wait(self._clock(), in_background=in_background)
                if wait is not None and wait <= 0:
                    self._slots.take()
                    return
                self._waiting += 1
                try:
                    self._changed.wait(wait)
                finally:
                    self._waiting -= 1


class PauseInWords:
    """Says in the log, once for each pause, that Syncro has refused requests and what follows."""

    def __init__(self) -> None:
        self._said_until = -math.inf

    def say(self, slots: Slots, now: float) -> None:
        """Say so where it is news. Not safe to share between threads."""
        until = slots.restraint.paused_until
        if until <= max(now, self._said_until + _SAME_PAUSE_SECONDS):
            return
        self._said_until = until
        log.warning(
            "Syncro refuses requests (429), so other tools seem to use this address too: nobody asks for %d s, then at "
            "most %d in %.0f s",
            math.ceil(until - now),
            slots.limit_at(now),
            slots.window,
        )


class BackgroundLane:
    """A view of a budget that never takes its last third."""

    def __init__(
        self, holding: Callable[[float], AbstractContextManager[None]], refused: Callable[[float | None], None]
    ) -> None:
        self._holding = holding
        self._refused = refused

    def call(self, longest_pause: float = math.inf) -> AbstractContextManager[None]:
        """Wait until more than a third of the slots are free, then hold one while the body makes one request."""
        return self._holding(longest_pause)

    def refused(self, retry_after: float | None) -> None:
        """Slow down both lanes, because the server answered 429."""
        self._refused(retry_after)
