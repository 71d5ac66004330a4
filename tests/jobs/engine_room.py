"""What tests of the engine share: a journal of what ran, and what the database says of the jobs."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Set
from pathlib import Path

from tests.patience import PATIENCE


class Journal:
    """Notes what ran, and lets a test wait for it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._changed = threading.Condition()

    def note(self, what: str) -> None:
        with self._changed:
            self.notes.append(what)
            self._changed.notify_all()

    def wait(self, count: int, timeout: float = PATIENCE) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.notes) >= count, timeout), self.notes
            return list(self.notes)


def statuses(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "bot.db") as connection:
        return [status for (status,) in connection.execute("SELECT status FROM workflow_status")]


def wait_until_done(folder: Path, *, over: Set[str] = frozenset({"SUCCESS", "ERROR"})) -> None:
    deadline = time.monotonic() + PATIENCE
    while set(statuses(folder)) - over:
        assert time.monotonic() < deadline, statuses(folder)
        time.sleep(0.02)
