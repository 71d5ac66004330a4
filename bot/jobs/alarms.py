"""Functions that are called later, on one thread that sleeps in between."""

from __future__ import annotations

import functools
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Alarms:
    """Safe to share between threads. A call that fails is said in a line of the log."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def start(self) -> None:
        """Begin to call what is due."""
        self._thread.start()

    def stop(self) -> None:
        """Call nothing more; waits for a call under way, 5 s at most."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(5)

    def after(self, seconds: float, call: Callable[[], object]) -> None:
        """Call something once."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), call))
            self._changed.notify_all()

    def every(self, seconds: float, call: Callable[[], object]) -> None:
        """Call something again and again, with so many seconds between."""

        @functools.wraps(call)  # a failure is told by its name
        def again() -> None:
            try:
                call()
            finally:
                self.after(seconds, again)

        self.after(seconds, again)

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - what comes later must be called all the same
                log.warning("%s failed (%s); it is tried again", call.__qualname__, type(error).__name__)

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._is_over:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
