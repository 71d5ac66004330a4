"""Whose turn it is to search, so that nobody starves anybody."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

SEARCHES_AT_ONCE = 16
LARGE_AT_ONCE = 8
"""Small searches always find room beside the large ones."""
RESERVED_SECONDS = 30.0
"""How long a turn is kept for a job that does not come for it: another process may have taken it up."""


@dataclass(frozen=True)
class Claim:
    """A job that wants to search. `person` is who asked; `is_large` marks a question of many tickets."""

    job: str
    person: str
    is_large: bool = False


class Turns:
    """Gives turns: to small searches before large ones, and to each person before anybody has a second.

    Nobody has more than `per_person` at a time. Safe to share between threads; `clock` gives seconds.
    """

    def __init__(self, per_person: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_person = per_person
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Claim] = {}
        """In the order in which they came."""
        self._given: dict[str, Claim] = {}
        self._reserved: dict[str, float] = {}
        """Turns that were given and not taken yet, and until when they are kept."""
        self._served: Counter[str] = Counter()
        """How many turns each person had, as long as somebody waits."""

    def take(self, claim: Claim) -> bool:
        """Take a turn; False where the job has to wait. It comes again when `give` has named it, or some time later."""
        with self._lock:
            if claim.job not in self._given:
                self._waiting.setdefault(claim.job, claim)
                self._give()
            self._reserved.pop(claim.job, None)
            return claim.job in self._given

    def leave(self, job: str) -> list[str]:
        """Give a turn back, or a place in the line up. Returns the jobs that may come for theirs now."""
        with self._lock:
            self._given.pop(job, None)
            self._reserved.pop(job, None)
            self._waiting.pop(job, None)
            return self._give()

    def is_kept_for(self, job: str) -> bool:
        """Whether a turn is kept for a job."""
        with self._lock:
            return job in self._reserved

    def is_full_for(self, person: str) -> bool:
        """Whether a further search of this person would have to wait for their others."""
        with self._lock:
            return self._count(person) >= self.per_person

    def _give(self) -> list[str]:
        now = self._clock()
        for job in [job for job, until in self._reserved.items() if until <= now]:
            del self._reserved[job], self._given[job]
        named = []
        while (claim := self._next()) is not None:
            del self._waiting[claim.job]
            self._given[claim.job] = claim
            self._reserved[claim.job] = now + RESERVED_SECONDS
            self._served[claim.person] += 1
            named.append(claim.job)
        if not self._waiting:
            self._served.clear()
        return named

    def _next(self) -> Claim | None:
        """Who has waited longest of those who have and had the fewest turns, the small ones first."""
        if len(self._given) >= SEARCHES_AT_ONCE:
            return None
        large = sum(claim.is_large for claim in self._given.values())
        may = [
            claim
            for claim in self._waiting.values()
            if self._count(claim.person) < self.per_person and not (claim.is_large and large >= LARGE_AT_ONCE)
        ]

        def rank(claim: Claim) -> tuple[bool, int, int]:
            return claim.is_large, self._count(claim.person), self._served[claim.person]

        return min(may, key=rank, default=None)

    def _count(self, person: str) -> int:
        return sum(claim.person == person for claim in self._given.values())
