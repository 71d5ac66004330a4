"""No job is stranded in a process that lives: whatever statement fails once, in whatever way, each job is done once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.jobs.engine import JobEngine, JobKind
from bot.jobs.steps import Steps
from tests.jobs.engine_room import Journal, statuses

WATCH_SECONDS = 0.2
STEPS = 3
DISK_FULL, LOCKED = "database or disk is full", "database is locked"
READ_ONLY, LOST = "attempt to write a readonly database", "server closed the connection unexpectedly"


def failing(text: str) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("?", {}, sqlite3.OperationalError(text), connection_invalidated=text == LOST)


class Faults:
    """Counts the statements of some threads, on any connection, and lets one or all of them fail."""

    def __init__(self) -> None:
        self.count = 0
        self._at: range = range(0)
        self._text = ""
        self._threads = ""
        self._lock = threading.Lock()

    def arm(self, threads: str, at: range, text: str) -> None:
        with self._lock:
            self.count, self._threads, self._at, self._text = 0, threads, at, text

    def __call__(self, *_: object) -> None:
        if not threading.current_thread().name.startswith(self._threads):
            return
        with self._lock:
            self.count += 1
            due = self.count in self._at
        if due:
            raise failing(self._text)


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    sa.event.listen(sa.Engine, "before_cursor_execute", made)
    yield made
    sa.event.remove(sa.Engine, "before_cursor_execute", made)


class Works:
    """An engine whose jobs take three steps each, and note what they do."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal()
        self._folder = folder
        self._keys = 0
        kinds = [JobKind("check", self._run, 4), JobKind("sync", self._run, 1)]
        self.engine = JobEngine(f"sqlite:///{folder / 'bot.db'}", kinds, watch_seconds=WATCH_SECONDS)

    def _run(self, _: dict[str, Any], steps: Steps, key: str) -> None:
        for step in range(STEPS):
            assert steps.run(f"step {step}", partial(self._effect, key, step)) == step
        self.journal.note(f"{key} done")

    def _effect(self, key: str, step: int, _: bool) -> int:
        self.journal.note(f"{key} step {step}")
        return step

    def do(self, kind: str = "check", *, alone: bool = False) -> str:
        """Enqueue a job, and wait until it has ended."""
        self._keys += 1
        key = f"job{self._keys}"
        self.engine.enqueue(kind, key, {}, alone=alone)
        deadline = time.monotonic() + 20
        while set(statuses(self._folder)) != {"SUCCESS"}:
            assert time.monotonic() < deadline, (statuses(self._folder), self.journal.notes)
            time.sleep(0.01)
        return key


@pytest.fixture
def works(tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:  # noqa: ARG001
    monkeypatch.setattr("bot.jobs.execution.DATABASE_AWAY_SECONDS", 0.1)
    monkeypatch.setattr("bot.jobs.engine._POLLING_SECONDS", 0.3)
    made = Works(tmp_path)
    made.engine.launch()
    yield made
    made.engine.stop(patience_seconds=1)


@pytest.mark.parametrize("text", [DISK_FULL, LOCKED, READ_ONLY, LOST])
@pytest.mark.parametrize("threads", ["dbos-executor", "queue-"])
def test_whichever_statement_of_a_job_or_of_its_queue_fails_once_the_job_is_done_and_no_effect_twice(
    works: Works, faults: Faults, threads: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", brief(time.sleep))  # DBOS waits a second when SQLite is locked
    faults.arm(threads, range(0), text)
    works.do()
    statements = faults.count
    assert statements > 2

    for number in range(1, statements + 1):
        faults.arm(threads, range(number, number + 1), text)
        key = works.do()

        effects = [note for note in works.journal.notes if note.startswith(f"{key} step")]
        assert sorted(effects) == [f"{key} step {step}" for step in range(STEPS)], f"statement {number}"


def test_a_database_that_stays_away_for_seconds_strands_nothing_and_no_effect_is_repeated(
    works: Works, faults: Faults
) -> None:
    works.do()
    faults.arm("dbos-executor", range(4, 1_000_000), DISK_FULL)
    threading.Timer(2, lambda: faults.arm("dbos-executor", range(0), "")).start()

    key = works.do()

    effects = [note for note in works.journal.notes if note.startswith(f"{key} step")]
    assert sorted(effects) == [f"{key} step {step}" for step in range(STEPS)]


def test_a_job_that_is_to_be_alone_never_waits_for_one_whose_run_has_died(works: Works, faults: Faults) -> None:
    works.do("sync", alone=True)
    faults.arm("dbos-executor", range(1, 40), READ_ONLY)

    works.do("sync", alone=True)

    assert f"{works.do('sync', alone=True)} done" in works.journal.notes


def brief(sleep: Callable[[float], None]) -> Callable[[float], None]:
    return lambda seconds: sleep(min(seconds, 0.05))
