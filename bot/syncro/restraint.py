"""What a 429 changes: everybody pauses, and then goes more slowly for a while, because others use the address too."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

LONGEST_PAUSE_SECONDS = 600.0
"""What is heeded of a `Retry-After`, at most."""
_UNNAMED_PAUSE = 1 / 12
"""The pause where the server names none, in windows: 5 s of 60."""
_LOWERED_TO = 0.75
_LEAST = 0.1
_CLIMB = 0.1


@dataclass(frozen=True)
class Restraint:
    """How much of a limit may be used at present. All moments are seconds on one clock, the caller's.

    `share` (0.1 to 1) is the part of the limit that was left to us at `calm_since`; since then it climbs by a tenth
    of the limit with each window. A refusal lowers it to three quarters, at most once per window: calls that
    were under way together are refused together, and that is one piece of news.
    """

    paused_until: float = 0.0
    share: float = 1.0
    lowered_at: float = -math.inf
    calm_since: float = 0.0

    def refused(self, now: float, retry_after: float | None, window: float) -> Restraint:
        """What follows from a 429 that came `now`, with the seconds of its `Retry-After`, if any."""
        pause = min(window * _UNNAMED_PAUSE if retry_after is None else retry_after, LONGEST_PAUSE_SECONDS)
        paused_until = max(self.paused_until, now + pause)
        share, lowered_at = self._share_at(now, window), self.lowered_at
        if now >= lowered_at + window:
            share, lowered_at = max(_LEAST, share * _LOWERED_TO), now
        return Restraint(paused_until, share, lowered_at, calm_since=paused_until)

    def limit_at(self, now: float, full: int, window: float) -> int:
        """How many of a `full` limit's slots may be taken; at least one."""
        return max(1, math.floor(full * self._share_at(now, window) + 1e-9))

    def next_climb(self, now: float, window: float) -> float:
        """The next moment at which the limit rises; infinite where it is whole."""
        if self._share_at(now, window) >= 1:
            return math.inf
        return self.calm_since + (self._calm_windows(now, window) + 1) * window

    def shifted(self, seconds: float) -> Restraint:
        """The same on a clock that shows so many seconds more."""
        return Restraint(self.paused_until + seconds, self.share, self.lowered_at + seconds, self.calm_since + seconds)

    def believable(self, now: float) -> Restraint:
        """The same without moments that can only come from a clock that was set back since."""
        furthest = now + LONGEST_PAUSE_SECONDS
        return replace(
            self,
            paused_until=min(self.paused_until, furthest),
            lowered_at=min(self.lowered_at, now),
            calm_since=min(self.calm_since, furthest),
        )

    def _share_at(self, now: float, window: float) -> float:
        return min(1.0, self.share + _CLIMB * self._calm_windows(now, window))

    def _calm_windows(self, now: float, window: float) -> int:
        return max(0, math.floor((now - self.calm_since) / window))
