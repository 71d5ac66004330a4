"""How many tickets a person may have waiting for an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection


class Backlog:
    """Counts what each person has asked of this process and not been answered yet. Safe to share between threads.

    `under_way` tells which jobs, of some keys, have not ended; it is asked only where the limit seems to be reached.
    """

    def __init__(self, most_tickets: int, under_way: Callable[[Collection[str]], Collection[str]]) -> None:
        self.most_tickets = most_tickets
        self._under_way = under_way
        self._lock = threading.Lock()
        self._asked: dict[str, dict[str, int]] = {}

    def admit(self, user: str, key: str, tickets: int) -> bool:
        """Add a question; False where the person has too much waiting already."""
        with self._lock:
            asked = self._asked.setdefault(user, {})
            if self._is_too_much(asked, tickets):
                open_still = self._under_way(asked)
                for ended in [each for each in asked if each not in open_still]:
                    del asked[ended]
            if asked and self._is_too_much(asked, tickets):
                return False
            asked[key] = tickets
            return True

    def withdraw(self, user: str, key: str) -> None:
        """A question was not taken after all."""
        with self._lock:
            self._asked.get(user, {}).pop(key, None)

    def _is_too_much(self, asked: dict[str, int], tickets: int) -> bool:
        return sum(asked.values()) + tickets > self.most_tickets
