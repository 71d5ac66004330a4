"""What is remembered between two calls of the real program, and the sync that keeps it current."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.syncro.sample_worlds import incident
from bot.sandbox.syncro.world import ListRows
from tests.e2e.house import ENDLESS, INVOICED, House, open_house
from tests.nursery import Child, environment
from tests.patience import PATIENCE
from tests.standins.syncro_faults import Fault, Status

Shell = subprocess.CompletedProcess[str]
SHAPES = pytest.mark.parametrize("rows", list(ListRows))


def told(done: Shell) -> dict[str, Any]:
    """The one JSON object on stdout."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def syncro_only(house: House, **settings: str) -> dict[str, str]:
    return {name: value for name, value in house.settings(**settings).items() if not name.startswith("SLACK_")}


def details(house: House) -> list[str]:
    """The invoices whose details were read, by what they were asked for."""
    return [call.path for call in house.syncro.calls if re.fullmatch("/invoices/.+", call.path) and call.status == 200]


@contextmanager
def started(house: House, settings: dict[str, str], *words: str) -> Iterator[Child]:
    """A command under way, killed at the end if it still is."""
    with Child(words, cwd=house.home, env=environment(settings)) as child:
        try:
            yield child
        finally:
            child.kill()


@SHAPES
def test_the_same_question_costs_four_calls_then_two_and_four_again_when_it_is_to_be_fresh(
    tmp_path: Path, rows: ListRows
) -> None:
    with open_house(tmp_path, made=incident(), list_rows=rows) as house:
        asked = [("check", INVOICED, "--json"), ("check", INVOICED, "--json"), ("check", INVOICED, "--fresh", "--json")]
        answers = [told(house.shell(syncro_only(house), *words)) for words in asked]
    assert [answer["api_calls"] for answer in answers] == [4, 2, 4]
    assert [answer["results"][0]["verdict"] for answer in answers] == ["invoiced"] * 3
    assert [answer["results"][0]["coverage"]["from_ledger"] for answer in answers] == [0, 1, 0]


@pytest.mark.parametrize(
    "database", ["sqlite:////nowhere/bot.db", "postgresql://somebody:open-sesame@127.0.0.1:9/nothing"]
)
def test_a_question_is_answered_without_a_database_and_says_what_is_missing(tmp_path: Path, database: str) -> None:
    with open_house(tmp_path, made=incident()) as house:
        done = house.shell(syncro_only(house, DATABASE_URL=database), "check", INVOICED, "--json")
    assert (done.returncode, told(done)["api_calls"]) == (0, 4)
    assert "Going on without what was read earlier" in done.stderr
    assert "DATABASE_URL" in done.stderr
    assert "open-sesame" not in done.stderr
    assert "Traceback" not in done.stderr


@SHAPES
def test_a_sync_that_is_killed_goes_on_where_it_was(tmp_path: Path, rows: ListRows) -> None:
    made = incident()
    with open_house(tmp_path, made=made, list_rows=rows, latency=0.01) as house:
        settings = syncro_only(house)
        with started(house, settings, "sync"):
            house.syncro.wait_for_calls(150)
        before = len(details(house))
        assert 0 < before < len(made.world.invoices)

        done = house.shell(settings, "sync", "--json")

        assert done.returncode == 0, done.stderr
        assert {**told(done), "invoices_read": 0, "api_calls": 0} == {
            "invoices_read": 0,
            "invoices_known": 240,
            "api_calls": 0,
            "complete": True,
            "known_since": None,
            "problem": "",
        }
        under_way = 100  # read, and not kept yet when the power went
        assert len(details(house)) <= len(made.world.invoices) + under_way
        assert told(done)["invoices_read"] < len(made.world.invoices)
        house.syncro.reset_calls()
        assert told(house.shell(settings, "digest", "--no-post", "--json"))["counts"]["invoiced"] == 29
        # Where rows tell no times, those are read again by which the list of changes proves itself.
        assert len(details(house)) <= (0 if rows is ListRows.OPENAPI else 14)


def test_a_sync_says_in_words_what_it_did(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        done = house.shell(syncro_only(house), "sync")
    assert done.returncode == 0
    assert re.fullmatch(
        r"240 invoices read with \d+ calls; all invoices of the account are known \(240\)\.\n", done.stdout
    )
    assert done.stderr == ""


def test_a_sync_with_a_wrong_token_ends_with_3_and_one_line(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        done = house.shell(syncro_only(house, SYNCRO_API_TOKEN="wrong"), "sync")
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Check SYNCRO_API_TOKEN" in done.stderr


def test_a_sync_that_cannot_read_an_invoice_says_so_and_ends_with_2(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        house.syncro.faults.append(Fault("/invoices/.+", Status(410), skip=100, count=1))
        done = house.shell(syncro_only(house), "sync", "--json")
    assert done.returncode == 2
    assert told(done)["complete"] is False
    assert "410" in told(done)["problem"]


def test_with_the_ledger_turned_off_each_question_is_asked_anew(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        settings = syncro_only(house, LEDGER_MAX_AGE_DAYS="0")
        answers = [told(house.shell(settings, "check", INVOICED, "--json")) for _ in range(2)]
    assert [answer["api_calls"] for answer in answers] == [4, 4]


def test_without_a_ledger_a_sync_is_refused(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        done = house.shell(syncro_only(house, LEDGER_MAX_AGE_DAYS="0"), "sync")
    assert done.returncode == 3
    assert "LEDGER_MAX_AGE_DAYS" in done.stderr


def test_a_running_bot_reads_the_account_in_the_background_and_answers_from_what_it_knows(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        bot = house.serve(SYNC_EVERY_MINUTES="1440")
        bot.wait_for_log("all invoices of the account are known")
        house.syncro.reset_calls()
        channel = house.channel()
        house.slack.slash(INVOICED, channel=channel)
        house.answer(channel)
        assert len(house.syncro.calls) == 2
        assert bot.stop() < 8


@pytest.mark.parametrize("limit", [ENDLESS, "30"], ids=["reading", "waiting for the rate limit"])
def test_a_bot_that_is_stopped_while_it_syncs_ends_soon_and_quietly(tmp_path: Path, limit: str) -> None:
    with open_house(tmp_path, made=incident(), latency=0.3) as house:
        bot = house.serve(SYNC_EVERY_MINUTES="1", SYNCRO_REQUESTS_PER_MINUTE=limit)
        house.syncro.wait_for_calls(20)
        assert bot.stop() < 10
    assert not re.search("WARNING|ERROR|CRITICAL|Traceback", bot.log), bot.log


def test_ctrl_c_ends_a_sync_at_once_though_the_limit_is_used_up_and_says_that_nothing_is_lost(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        settings = syncro_only(house, SYNCRO_REQUESTS_PER_MINUTE="30")
        with started(house, settings, "sync") as sync:
            house.syncro.wait_for_calls(20)  # a third of the limit stays free for people
            sync.send_signal(signal.SIGINT)
            _, said = sync.communicate(timeout=PATIENCE)
    assert sync.returncode == 130
    assert said == b"invoice-bot: Stopped. What was read is kept; run it again, it goes on where it was.\n"


def test_while_a_bot_reads_the_account_a_sync_in_the_terminal_leaves_it_to_the_bot(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        house.serve(SYNC_EVERY_MINUTES="1440", SYNCRO_REQUESTS_PER_MINUTE="30")
        house.syncro.wait_for_calls(20)  # all that the bot may ask for in this minute
        done = house.shell(syncro_only(house), "sync")
    assert done.returncode == 2
    assert "Another process is reading already" in done.stdout


def test_a_sync_that_was_stopped_with_its_bot_goes_on_when_the_bot_starts_again(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident(), latency=0.3) as house:
        bot = house.serve(SYNC_EVERY_MINUTES="1440")
        house.syncro.wait_for_calls(40)
        bot.stop()
        again = house.serve(SYNC_EVERY_MINUTES="1440")
        again.wait_for_log("all invoices of the account are known")


def test_a_sync_stored_by_a_bot_with_a_ledger_ends_in_one_that_has_none(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident(), latency=0.3) as house:
        bot = house.serve(SYNC_EVERY_MINUTES="1")
        house.syncro.wait_for_calls(40)
        bot.kill()
        again = house.serve(LEDGER_MAX_AGE_DAYS="0")
        house.wait_idle()
        assert "ERROR" not in again.log
        again.stop()


@pytest.mark.parametrize("words", [("serve",), ("digest", "--no-post"), ("digest", "--dry-run"), ("sync",)])
def test_a_database_that_a_newer_release_has_written_is_refused_in_one_line(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with open_house(tmp_path, made=incident()) as house:
        assert house.shell(syncro_only(house), "check", INVOICED).returncode == 0
        with contextlib.closing(sqlite3.connect(house.home / "bot.db")) as connection, connection:
            connection.execute("UPDATE invoice_bot_schema SET version = 99")
        done = house.shell(house.settings(), *words)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "newer release" in line
