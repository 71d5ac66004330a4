"""The engine on a SQLite file: stored before anything else, done once, gone on with after a cut."""

from __future__ import annotations

import base64
import json
import pickle
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.jobs.engine import (
    RECORD_FORM,
    SEARCHES_PER_PERSON,
    JobEngine,
    JobKind,
)
from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.jobs.turns import RESERVED_SECONDS
from bot.messages.poster import SlackUnavailableError
from bot.store.database import DatabaseInUseError, DatabaseUnavailableError
from tests.jobs.engine_room import Journal, statuses, wait_until_done
from tests.patience import PATIENCE

ASKED = CheckRequest(("32223", "32224"), "C0", "U0", response_url="https://hooks.test/1")
Run = Callable[[dict[str, Any], Steps, str], None]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., JobEngine]]:
    """Launches an engine on one file; whatever was launched is stopped."""
    launched: list[JobEngine] = []

    def start(run: Run, *, at_once: int = 16) -> JobEngine:
        engine = JobEngine(f"sqlite:///{tmp_path / 'bot.db'}", [JobKind("check", run, at_once)])
        engine.launch()
        launched.append(engine)
        return engine

    yield start
    for engine in launched:
        engine.stop(patience_seconds=5)


def test_the_engine_runs_each_key_once_in_wal_mode_and_forgets_jobs_thirty_days_after_their_end(
    launch: Callable[..., JobEngine], tmp_path: Path
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
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    journal = Journal()

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        def post(repeated: bool) -> str:
            journal.note(f"{key} repeated={repeated}")
            if len(journal.notes) == 1:
                raise SlackUnavailableError("asks us to slow down", may_have_arrived=False)
            if len(journal.notes) == 2:
                raise SlackUnavailableError("away")
            return "posted"

        assert steps.run("post", post) == "posted"

    engine = launch(run)
    engine.enqueue("check", "job", ASKED.to_json())
    journal.wait(3)
    wait_until_done(tmp_path)

    assert journal.notes == ["job repeated=False", "job repeated=False", "job repeated=True"]
    assert statuses(tmp_path) == ["SUCCESS"]


def test_whatever_text_a_job_holds_and_records_comes_back_as_it_was(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    odd = "half a pair \ud800, \x00, é 😀 \\ud800"
    journal = Journal()

    def run(stored: dict[str, Any], steps: Steps, _: str) -> str:
        assert (stored["name"], steps.run("step", lambda _: odd)) == (odd, odd)
        journal.note("done")
        return odd

    engine = launch(run)
    engine.enqueue("check", "odd", {"name": odd})

    journal.wait(1)
    wait_until_done(tmp_path)
    assert (statuses(tmp_path), engine.result("odd")) == (["SUCCESS"], odd)


def test_any_other_error_in_a_step_is_not_tried_again(launch: Callable[..., JobEngine], tmp_path: Path) -> None:
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
    launch: Callable[..., JobEngine],
) -> None:
    journal, over = Journal(), threading.Event()

    def run(_: dict[str, Any], steps: Steps, __: str) -> None:
        steps.run("first", lambda repeated: journal.note(f"first repeated={repeated}"))
        if not over.is_set():
            over.wait(PATIENCE)
            return  # the process would be gone by now
        steps.run("second", lambda repeated: journal.note(f"second repeated={repeated}"))
        steps.run("third", lambda repeated: journal.note(f"third repeated={repeated}"))

    first = launch(run)
    first.enqueue("check", "job", ASKED.to_json())
    journal.wait(1)
    first.stop(patience_seconds=1)
    over.set()

    launch(run)

    assert journal.wait(3) == ["first repeated=False", "second repeated=True", "third repeated=False"]


def make_older(folder: Path) -> None:
    """Turn the record into one of the release before, which wrote down its form and the run in one text."""
    with sqlite3.connect(folder / "bot.db") as connection:
        begun = connection.execute("SELECT output FROM operation_outputs WHERE function_name = 'begin'").fetchall()
        assert len(begun) == 1
        assert f'"form":"{RECORD_FORM}"' in begun[0][0]
        connection.execute("UPDATE operation_outputs SET output = '\"2:f00d\"' WHERE function_name = 'begin'")


def test_a_job_that_an_older_release_left_half_done_is_run_anew_and_each_effect_may_have_been_done_before(
    launch: Callable[..., JobEngine], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal, upgraded = Journal(), threading.Event()

    def old(_: dict[str, Any], steps: Steps, __: str) -> None:
        steps.run("read from Syncro", lambda _: {"of": "the old form"})
        journal.note("cut off")
        upgraded.wait(PATIENCE)

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


def test_a_job_that_waits_for_slack_holds_no_worker(launch: Callable[..., JobEngine], tmp_path: Path) -> None:
    journal, is_back = Journal(), threading.Event()

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        def post(_: bool) -> None:
            if key == "refused" and not is_back.is_set():
                journal.note("refused waits")
                raise SlackUnavailableError("away", after=2)

        steps.run("post", post)
        journal.note(f"{key} done")

    engine = launch(run, at_once=1)
    engine.enqueue("check", "refused", {})
    journal.wait(1)
    engine.enqueue("check", "other", {})

    assert journal.wait(2)[1] == "other done"
    assert "DELAYED" in statuses(tmp_path)
    is_back.set()
    assert journal.wait(3)[2] == "refused done"
    wait_until_done(tmp_path)


def test_a_job_that_waits_is_taken_up_after_a_restart_whatever_the_clock_was_when_it_was_put_aside(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    journal, is_back = Journal(), threading.Event()

    def run(_: dict[str, Any], steps: Steps, __: str) -> None:
        def post(_: bool) -> None:
            journal.note("tried")
            if not is_back.is_set():
                raise SlackUnavailableError("away", after=60)

        steps.run("post", post)

    first = launch(run)
    first.enqueue("check", "job", {})
    journal.wait(1)
    first.stop(patience_seconds=1)
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        connection.execute("UPDATE workflow_status SET delay_until_epoch_ms = delay_until_epoch_ms + 3600000")
    is_back.set()

    launch(run)

    journal.wait(2)
    wait_until_done(tmp_path)


def test_a_job_that_could_not_be_finished_within_a_day_is_given_up_and_the_log_says_why(
    launch: Callable[..., JobEngine], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal()

    def run(_: dict[str, Any], steps: Steps, __: str) -> None:
        def post(_: bool) -> None:
            journal.note("tried")
            raise SlackUnavailableError("Slack answered fatal_error", after=1)

        steps.run("post", post)

    launch(run).enqueue("check", "job", {})
    journal.wait(1)
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        found = connection.execute("SELECT output FROM operation_outputs WHERE function_name = 'begin'").fetchone()
        long_ago = (datetime.now(UTC) - timedelta(days=1, minutes=1)).isoformat()
        begun = {**json.loads(found[0]), "at": long_ago}
        connection.execute("UPDATE operation_outputs SET output = ?", (json.dumps(begun),))

    wait_until_done(tmp_path)
    assert statuses(tmp_path) == ["ERROR"]
    assert "given up after a day: Slack answered fatal_error" in caplog.text


@pytest.mark.parametrize("drop", [JobEngine.drop_records, lambda engine: engine.purge(datetime.now(UTC))])
def test_what_the_steps_of_a_job_recorded_is_dropped_when_the_job_has_ended_and_by_the_purge_after_a_power_cut(
    launch: Callable[..., JobEngine], tmp_path: Path, drop: Callable[[JobEngine], object]
) -> None:
    def run(_: dict[str, Any], steps: Steps, __: str) -> None:
        steps.run("read", lambda _: "x" * 10_000)

    engine = launch(run)
    engine.enqueue("check", "job", {})
    wait_until_done(tmp_path)

    drop(engine)

    with sqlite3.connect(tmp_path / "bot.db") as connection:
        assert connection.execute("SELECT count(*) FROM operation_outputs").fetchone() == (0,)
    assert statuses(tmp_path) == ["SUCCESS"]


def test_a_job_that_somebody_stored_as_a_pickle_runs_none_of_its_code(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "touched",)

    def run(_: dict[str, Any], __: Steps, ___: str) -> None:
        raise AssertionError("unreachable")

    launch(run).stop(patience_seconds=1)
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        for name, status in (("evil", "PENDING"), ("evil too", "ENQUEUED")):
            connection.execute(
                "INSERT INTO workflow_status (workflow_uuid, status, name, executor_id, application_version,"
                " created_at, updated_at, priority, queue_name, serialization, recovery_attempts)"
                " VALUES (?, ?, 'check', 'invoice-bot', '1', 1, 1, 0, 'checks', 'py_pickle', 0)",
                (name, status),
            )
            pickled = base64.b64encode(pickle.dumps({"args": (Evil(),), "kwargs": {}})).decode()
            connection.execute(
                "INSERT INTO workflow_input (workflow_uuid, inputs, retention_timestamp) VALUES (?, ?, 1)",
                (name, pickled),
            )

    launch(run)

    wait_until_done(tmp_path)
    assert statuses(tmp_path) == ["ERROR", "ERROR"]
    assert not (tmp_path / "touched").exists()


def test_a_database_file_that_is_deleted_while_the_bot_runs_is_noticed_and_nothing_more_is_taken(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    engine = launch(lambda *_: None)
    engine.enqueue("check", "job", {})
    wait_until_done(tmp_path)

    (tmp_path / "bot.db").unlink()

    with pytest.raises(DatabaseUnavailableError, match="deleted or replaced"):
        engine.enqueue("check", "other", {})
    assert engine.lost is not None


def test_nobody_searches_for_more_than_three_of_their_questions_at_a_time_and_the_others_wait_outside_their_workers(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    journal, end = Journal(), {name: threading.Event() for name in "abcdefgh"}

    def run(stored: dict[str, Any], steps: Steps, key: str) -> None:
        steps.run("open", lambda _: journal.note(f"{key} opened"))
        with steps.turn(stored["person"], is_large=False) as turn:
            turn.take()
            journal.note(f"{key} begins")
            end[key].wait(20)
        steps.run("close", lambda _: journal.note(f"{key} done"))

    engine = launch(run)
    for key in "abcde":
        engine.enqueue("check", key, {"person": "U1"})
    journal.wait(8)
    assert len([note for note in journal.notes if note.endswith("begins")]) == 3
    assert len([note for note in journal.notes if note.endswith("opened")]) == 5
    engine.enqueue("check", "f", {"person": "U2"})
    assert journal.wait(10)[-1] == "f begins"
    deadline, begun = time.monotonic() + PATIENCE, datetime.now(UTC)
    while engine.census()[:2] != (2, 4):
        assert time.monotonic() < deadline, engine.census()
        time.sleep(0.02)
    assert abs((engine.census()[2] or begun) - begun) < timedelta(seconds=PATIENCE)
    searching = [note[0] for note in journal.notes if note.endswith("begins")]
    end[searching[0]].set()
    assert journal.wait(12, timeout=5)
    for event in end.values():
        event.set()

    wait_until_done(tmp_path)
    assert engine.census() == (0, 0, None)
    assert sorted(note[0] for note in journal.notes if note.endswith("done")) == list("abcdef")
    assert sorted(note[0] for note in journal.notes if note.endswith("opened")) == list("abcdef")


def test_a_job_that_is_cancelled_ends_at_its_next_step_or_never_begins_and_one_that_has_ended_is_left_alone(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    journal, go_on = Journal(), threading.Event()

    def run(_: dict[str, Any], steps: Steps, key: str) -> dict[str, str]:
        steps.run("first", lambda _: journal.note(f"{key} first"))
        go_on.wait(20)
        steps.run("second", lambda _: journal.note(f"{key} second"))
        return {"said": key}

    engine = launch(run, at_once=1)
    for key in ("running", "waiting"):
        engine.enqueue("check", key, {})
    journal.wait(1)

    assert engine.under_way(["running", "waiting", "unknown"]) == {"running", "waiting"}
    assert engine.cancel("waiting")  # first: the other's end lets it begin
    assert engine.cancel("running")
    go_on.set()
    engine.enqueue("check", "third", {})
    journal.wait(3)
    wait_until_done(tmp_path, over={"SUCCESS", "CANCELLED"})

    assert journal.notes == ["running first", "third first", "third second"]
    assert not engine.cancel("third")
    assert not engine.cancel("unknown")
    assert engine.result("third") == {"said": "third"}
    assert engine.result("running") is None


def test_a_job_that_is_cancelled_while_it_waits_for_its_turn_keeps_nobody_behind_it_waiting(
    launch: Callable[..., JobEngine], tmp_path: Path
) -> None:
    journal, end = Journal(), {key: threading.Event() for key in "abcde"}

    def run(_: dict[str, Any], steps: Steps, key: str) -> None:
        steps.run("open", lambda _: journal.note("opened"))
        with steps.turn("U1", is_large=False) as turn:
            turn.take()
            journal.note(f"{key} begins")
            end[key].wait(20)

    engine = launch(run)
    for count, key in enumerate("abcde", start=1):  # one after the other, so that the line is known
        engine.enqueue("check", key, {})
        journal.wait(count + min(count, SEARCHES_PER_PERSON))
    while statuses(tmp_path).count("DELAYED") < 2:
        time.sleep(0.01)
    assert engine.cancel("d")
    end["a"].set()

    assert journal.wait(9, timeout=RESERVED_SECONDS / 2)[-1] == "e begins"
    for event in end.values():
        event.set()
    wait_until_done(tmp_path, over={"SUCCESS", "CANCELLED"})
    assert "d begins" not in journal.notes


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="Check DATABASE_URL"):
        JobEngine(f"sqlite:///{tmp_path}", []).launch()
