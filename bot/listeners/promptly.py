"""Work that must not keep Slack waiting: it is done in time, or the person is told that it was not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

SECONDS = 2.5
"""Slack waits for three."""
_AT_ONCE = 32


class Promptly:
    """Does work on threads of its own. Safe to share between threads."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="promptly")

    def do(self, work: Callable[[], None]) -> None:
        """Do it.

        Raises:
            TimeoutError: it is not done in time. It may be done later all the same.

        """
        doing = self._threads.submit(work)
        try:
            doing.result(self._seconds)
        except TimeoutError:
            doing.cancel()
            raise
