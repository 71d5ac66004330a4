"""How fast and how often Slack is asked, so that one busy channel or an hour without Slack holds up nobody else."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

BETWEEN_POSTS_SECONDS = 1.0
"""What Slack allows in one channel."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
_TRYING_SECONDS = 60.0
"""How long the one that tries whether Slack is back may take; longer than a request's time-out."""
DOUBTS = 3
"""A refusal that we do not know is believed when it comes so often without a success between."""
_DOUBT_FOR_SECONDS = 600.0


@dataclass
class _Pause:
    """A method that Slack does not answer: nobody asks before `until`, but for the thread that tries."""

    seconds: float
    until: float
    tried_by: int | None = None


@dataclass
class _Line:
    """Who waits for a channel that took too much: nobody posts before `until`; `last` is the turn given last."""

    until: float = -math.inf
    last: float = -math.inf


class Pace:
    """Safe to share between threads. `clock` gives seconds; every answer is in seconds from now."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pauses: dict[str, _Pause] = {}
        self._lines: dict[tuple[str, str], _Line] = {}
        self._doubts: dict[tuple[str, str, str], tuple[int, float]] = {}

    def wait(self, method: str, channel: str) -> float:
        """How long to leave a method alone; 0 when it may be called now."""
        with self._lock:
            now, pause = self._clock(), self._pauses.get(method)
            if pause is not None and pause.tried_by != threading.get_ident():
                if pause.until > now:
                    return pause.until - now + random.uniform(0, FIRST_PAUSE_SECONDS)
                pause.tried_by, pause.until = threading.get_ident(), now + _TRYING_SECONDS
            line = self._lines.get((method, channel))
            return self._turn(line, now) if line is not None and line.until > now else 0.0

    def limited(self, method: str, channel: str, seconds: float) -> float:
        """Slack has asked us to wait. Returns how long to wait for one's turn, behind those who wait already."""
        with self._lock:
            now = self._clock()
            line = self._lines.setdefault((method, channel), _Line())
            line.until = max(line.until, now + seconds)
            return self._turn(line, now)

    def unanswered(self, method: str) -> float:
        """Slack has not answered. Returns how long everybody leaves the method alone; longer each time."""
        with self._lock:
            known = self._pauses.get(method)
            seconds = min(2 * known.seconds, LONGEST_PAUSE_SECONDS) if known is not None else FIRST_PAUSE_SECONDS
            self._pauses[method] = _Pause(seconds, self._clock() + seconds)
            return seconds

    def answered(self, method: str, channel: str, *, well: bool) -> None:
        """Slack has answered, and with `well` it did what was asked."""
        with self._lock:
            self._pauses.pop(method, None)
            if well:
                for each in [each for each in self._doubts if each[:2] == (method, channel)]:
                    del self._doubts[each]

    def is_believed(self, method: str, channel: str, code: str) -> bool:
        """Whether a refusal that we do not know has come so often that it is no passing one."""
        with self._lock:
            now, key = self._clock(), (method, channel, code)
            times, since = self._doubts.get(key, (0, now))
            if now - since > _DOUBT_FOR_SECONDS:
                times, since = 0, now
            self._doubts[key] = (times + 1, since)
            return times + 1 >= DOUBTS

    def _turn(self, line: _Line, now: float) -> float:
        line.last = max(line.until, line.last + BETWEEN_POSTS_SECONDS)
        return line.last - now
