"""A run that has lost its job: who takes the job up, and what the run that lingers changes for nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.jobs.engine import JobEngine, JobKind
from bot.jobs.job_table import BACK_IN_QUEUE, JobTable
from bot.jobs.steps import Steps
from tests.jobs.engine_room import Journal
from tests.patience import PATIENCE
from tests.postgres import new_database

Run = Callable[[dict[str, Any], Steps, str], None]
ELSEWHERE: Mapping[str, str] = {"status": "PENDING", "executor_id": "elsewhere", "owner_xid": "another run"}
"""What stands in the row of a job that another process does."""


class Room:
    """One engine, and what other processes do to its jobs."""

    def __init__(self, database: sa.URL, run: Run) -> None:
        kinds = [JobKind("check", run, 16)]
        self.engine = JobEngine(
            database.render_as_string(hide_password=False), kinds, searches_per_person=1, watch_seconds=0.1
        )
        self.table = JobTable(database)
        self._database = sa.create_engine(database, poolclass=sa.NullPool)

    def change(self, job: str, values: Mapping[str, str | None]) -> None:
        """Write into a job's row."""
        with self._database.begin() as connection:
            connection.execute(sa.update(self.table.jobs).where(self.table.jobs.c.workflow_uuid == job).values(values))

    def wait_for(self, job: str, status: str) -> None:
        """Wait until a job's row says so."""
        jobs = self.table.jobs.c
        query = sa.select(jobs.workflow_uuid).where(jobs.workflow_uuid == job, jobs.status == status)
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.02)):
            with self._database.connect() as connection:
                if connection.execute(query).first():
                    return
            pause.wait(0.02)
        raise AssertionError(f"{job} was never {status}")


@contextmanager
def opened(database: sa.URL, run: Run) -> Iterator[Room]:
    room = Room(database, run)
    room.engine.launch()
    try:
        yield room
    finally:
        room.engine.stop(patience_seconds=5)
        room.table.close()


@pytest.fixture
def file(tmp_path: Path) -> sa.URL:
    return sa.make_url(f"sqlite:///{tmp_path / 'bot.db'}")


def test_the_end_of_a_run_that_lost_its_job_neither_ends_nor_blinds_the_run_that_has_it(file: sa.URL) -> None:
    journal, go_on = Journal(), [threading.Event() for _ in range(3)]

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        number = len([note for note in journal.notes if note.startswith(f"{key} begins")])
        journal.note(f"{key} begins")

        def effect(repeated: bool) -> None:
            journal.note(f"{key} repeated: {repeated}")
            assert key == "other" or go_on[number].wait(PATIENCE)

        try:
            steps.run("post", effect)
        finally:
            journal.note(f"{key} over")

    with opened(file, run) as room, ExitStack() as stack:
        for each in go_on:
            stack.callback(each.set)
        room.engine.enqueue("check", "job", {})
        journal.wait(2)
        room.change("job", BACK_IN_QUEUE)
        journal.wait(4)
        go_on[0].set()
        journal.wait(5)  # the first run is over, and has lost the job to the second
        room.engine.enqueue("check", "other", {})
        room.wait_for("other", "SUCCESS")
        room.change("other", {"status": "PENDING", "owner_xid": "a run that died"})
        journal.wait(8 + 2)  # so the watch has looked twice at what has no run
        assert journal.notes.count("job begins") == 2

        room.change("job", BACK_IN_QUEUE)
        room.wait_for("job", "SUCCESS")
        effects = [note for note in journal.notes if note.startswith("job repeated")]
        assert effects == ["job repeated: False", "job repeated: True"]  # the first run's outcome is known here


def test_a_turn_kept_for_a_job_that_another_process_took_goes_to_the_next_in_line(
    file: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.turns.RESERVED_SECONDS", 1e6)
    journal, end = Journal(), threading.Event()

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        with steps.turn("U1", is_large=False) as turn:
            turn.take()
            journal.note(f"{key} begins")
            end.wait(PATIENCE)

    with opened(file, run) as room:
        for job in ("first", "second", "third"):  # one after the other, so that the line is known
            room.engine.enqueue("check", job, {})
            if job == "first":
                journal.wait(1)
            else:
                room.wait_for(job, "DELAYED")
        room.change("second", ELSEWHERE)
        end.set()

        assert journal.wait(2) == ["first begins", "third begins"]
        room.wait_for("third", "SUCCESS")


def test_a_job_of_a_process_that_nobody_knows_of_goes_on_here() -> None:
    journal = Journal()

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        steps.run("post", lambda _: journal.note(key))

    with new_database() as database, opened(database, run) as room:
        room.engine.enqueue("check", "job", {})
        room.wait_for("job", "SUCCESS")
        room.change("job", ELSEWHERE)
        room.wait_for("job", "SUCCESS")

        assert journal.notes == ["job"]
