"""The engine on a SQLite file: stored before anything else, done once, gone on with after a cut."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.engine import RECORD_FORM, DatabaseInUseError, DatabaseUnavailableError, JobEngine, JobKind
from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.messages.poster import SlackUnavailableError

ASKED = CheckRequest(("32223", "32224"), "C0", "U0", response_url="https://hooks.test/1")
Run = Callable[[dict[str, Any], Steps, str], None]


class Journal:
    """Notes what ran, and lets a test wait for it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._changed = threading.Condition()

    def note(self, what: str) -> None:
        with self._changed:
            self.notes.append(what)
            self._changed.notify_all()

    def wait(self, count: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.notes) >= count, 15), self.notes
            return list(self.notes)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[[Run], JobEngine]]:
    """Launches an engine on one file; whatever was launched is stopped."""
    launched: list[JobEngine] = []

    def start(run: Run) -> JobEngine:
        engine = JobEngine(f"sqlite:///{tmp_path / 'bot.db'}", [JobKind("check", run, at_once=16)])
        engine.launch()
        launched.append(engine)
        return engine

    yield start
    for engine in launched:
        engine.stop(patience_seconds=5)


def statuses(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "bot.db") as connection:
        return [status for (status,) in connection.execute("SELECT status FROM workflow_status")]


def wait_until_done(folder: Path) -> None:
    deadline = time.monotonic() + 15
    while set(statuses(folder)) - {"SUCCESS", "ERROR"}:
        assert time.monotonic() < deadline, statuses(folder)
        time.sleep(0.02)


def test_the_engine_runs_each_key_once_in_wal_mode_and_forgets_jobs_thirty_days_after_their_end(
    launch: Callable[[Run], JobEngine], tmp_path: Path
) -> None:
    journal = Journal()

    def run(stored: dict[str, Any], steps: Steps, key: str) -> None:
        assert CheckRequest.from_json(stored) == ASKED
        assert steps.run("step", lambda repeated: {"repeated": repeated}) == {"repeated": False}
        journal.note(key)

    engine = launch(run)
    with pytest.raises(DatabaseInUseError, match="Another invoice-bot is running"):
        JobEngine(f"sqlite:///{tmp_path / 'bot.db'}", [JobKind("check", run, at_once=16)]).launch()

    askers = [threading.Thread(target=engine.enqueue, args=("check", "same", ASKED.to_json())) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    engine.enqueue("check", "other", ASKED.to_json())
    journal.wait(2)
    wait_until_done(tmp_path)
    assert sorted(journal.notes) == ["other", "same"]
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    now = datetime.now(UTC)
    assert engine.purge(now + timedelta(days=29)) == 0
    assert engine.purge(now + timedelta(days=31)) == 2
    assert engine.purge(now + timedelta(days=31)) == 0


def test_a_step_is_tried_again_when_slack_was_away_and_is_told_that_it_may_have_been_done(
    launch: Callable[[Run], JobEngine], tmp_path: Path
) -> None:
    journal = Journal()

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        def post(repeated: bool) -> str:
            journal.note(f"{key} repeated={repeated}")
            if len(journal.notes) == 1:
                raise SlackUnavailableError("away")
            return "posted"

        assert steps.run("post", post) == "posted"

    engine = launch(run)
    engine.enqueue("check", "job", ASKED.to_json())
    journal.wait(2)
    wait_until_done(tmp_path)

    assert journal.notes == ["job repeated=False", "job repeated=True"]
    assert statuses(tmp_path) == ["SUCCESS"]


def test_any_other_error_in_a_step_is_not_tried_again(launch: Callable[[Run], JobEngine], tmp_path: Path) -> None:
    journal = Journal()

    def run(_: dict[str, Any], steps: Steps, __: str) -> None:
        def broken(_: bool) -> None:
            journal.note("tried")
            raise ZeroDivisionError

        steps.run("broken", broken)

    engine = launch(run)
    engine.enqueue("check", "job", ASKED.to_json())
    journal.wait(1)
    wait_until_done(tmp_path)

    assert (journal.notes, statuses(tmp_path)) == (["tried"], ["ERROR"])


def test_a_job_cut_off_by_a_stop_goes_on_at_the_next_start_after_its_last_recorded_step(
    launch: Callable[[Run], JobEngine],
) -> None:
    journal, over = Journal(), threading.Event()

    def run(_: dict[str, Any], steps: Steps, __: str) -> None:
        steps.run("first", lambda repeated: journal.note(f"first repeated={repeated}"))
        if not over.is_set():
            over.wait(20)
            return  # the process would be gone by now
        steps.run("second", lambda repeated: journal.note(f"second repeated={repeated}"))

    first = launch(run)
    first.enqueue("check", "job", ASKED.to_json())
    journal.wait(1)
    first.stop(patience_seconds=1)
    over.set()

    launch(run)

    assert journal.wait(2) == ["first repeated=False", "second repeated=True"]


def make_older(folder: Path) -> None:
    """Turn the record into one of the release before, which wrote down its form and the run in one text."""
    with sqlite3.connect(folder / "bot.db") as connection:
        begun = connection.execute("SELECT output FROM operation_outputs WHERE function_name = 'begin'").fetchall()
        assert len(begun) == 1
        assert f'"form":"{RECORD_FORM}"' in begun[0][0]
        connection.execute("UPDATE operation_outputs SET output = '\"2:f00d\"' WHERE function_name = 'begin'")


def test_a_job_that_an_older_release_left_half_done_is_run_anew_and_each_effect_may_have_been_done_before(
    launch: Callable[[Run], JobEngine], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, upgraded = Journal(), threading.Event()

    def old(_: dict[str, Any], steps: Steps, __: str) -> None:
        steps.run("read from Syncro", lambda _: {"of": "the old form"})
        journal.note("cut off")
        upgraded.wait(20)

    def new(stored: dict[str, Any], steps: Steps, key: str) -> None:
        def post(repeated: bool) -> str:
            journal.note(f"post repeated={repeated}")
            if len(journal.notes) == 2:
                raise SlackUnavailableError("away")
            return "posted"

        assert CheckRequest.from_json(stored) == ASKED
        assert steps.run("post", post) == "posted"
        assert steps.run("read from Syncro", lambda repeated: ["anew", repeated]) == ["anew", True]
        journal.note(f"{key} done")

    first = launch(old)
    first.enqueue("check", "job", ASKED.to_json())
    journal.wait(1)
    first.stop(patience_seconds=1)
    upgraded.set()
    make_older(tmp_path)

    launch(new)

    assert journal.wait(4) == ["cut off", "post repeated=True", "post repeated=True", "job done"]
    wait_until_done(tmp_path)
    assert set(statuses(tmp_path)) == {"SUCCESS"}
    assert "Job job was begun by another release" in caplog.text


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="Check DATABASE_URL"):
        JobEngine(f"sqlite:///{tmp_path}", []).launch()
