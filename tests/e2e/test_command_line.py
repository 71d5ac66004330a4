"""`invoice-bot check` and the bot's start, as a shell sees them: exit status, stdout, stderr."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.syncro.sample_worlds import SAMPLE_CONTRACT
from tests.e2e.conftest import NewHouse
from tests.e2e.house import HOSTILE, INVOICED, NOT_INVOICED, UNVERIFIED, House, open_house
from tests.standins.syncro_faults import Fault, Status

Shell = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def syncro_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The stand-ins without a bot. `check` uses no more than Syncro."""
    with open_house(tmp_path_factory.mktemp("shell")) as house:
        yield house


def run(house: House, *arguments: str, without: tuple[str, ...] = (), **settings: str) -> Shell:
    """Run `invoice-bot` with the Syncro settings only, and these."""
    known = {name: value for name, value in house.settings().items() if name.startswith("SYNCRO_")} | settings
    kept = {name: value for name, value in known.items() if name not in without}
    return house.shell(kept, *arguments)


def refused(done: Shell, *, lines: int = 1) -> list[str]:
    """See that a call ended with status 3, so many clear lines on stderr, and nothing else. Returns the lines."""
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    said = done.stderr.splitlines()
    assert len(said) == lines, done.stderr
    assert all(line.startswith("invoice-bot: ") for line in said)
    return said


def results(done: Shell) -> list[dict[str, Any]]:
    """The results in the one JSON object on stdout; nothing else may stand there."""
    body = json.loads(done.stdout)
    assert list(body) == ["results", "api_calls", "seconds"]
    found: list[dict[str, Any]] = body["results"]
    return found


def test_json_has_exactly_the_shape_of_the_contract(syncro_only: House) -> None:
    done = run(syncro_only, "check", INVOICED, "--json")

    assert done.returncode == 0
    (result,) = results(done)
    site = syncro_only.syncro.base_url.removesuffix("/api/v1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result.pop("checked_at"))
    assert isinstance(result.pop("reason"), str)
    assert result == {
        "ticket_number": "32223",
        "ticket_id": 109_554_336,
        "ticket_url": f"{site}/tickets/109554336",
        "customer": "Kittle",
        "subject": "Conference room display flickers",
        "status": "Invoiced",
        "verdict": "invoiced",
        "invoices": [
            {
                "number": "67469",
                "id": 1_650_000_001,
                "link": "ticket_id",
                "total": "75.00",
                "paid": False,
                "url": f"{site}/invoices/1650000001",
            }
        ],
        "coverage": {"listed": 1, "read": 1, "from_ledger": 0, "skipped": 0, "complete": True},
        "unbilled": {"minutes": 0, "charges": "0.00"},
        "rule": None,
        "prepaid": None,
        "concerns": [],
    }
    body = json.loads(done.stdout)
    assert isinstance(body["api_calls"], int)
    assert isinstance(body["seconds"], float)


def test_every_verdict_of_the_sample_world_in_the_order_asked_with_nothing_but_json_on_stdout(
    syncro_only: House,
) -> None:
    numbers = [*reversed(syncro_only.expected.numbers), INVOICED]

    asked = ("check", "--json", *numbers)
    done = run(syncro_only, *asked, LOG_LEVEL="DEBUG", COVERED_CONTRACTS=SAMPLE_CONTRACT, NOTHING_RECORDED="quiet")

    found = {result["ticket_number"]: result["verdict"] for result in results(done)}
    assert list(found) == numbers[:-1]
    assert found == {number: verdict.value for number, verdict in syncro_only.expected.expected.items()}
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("tickets", "status"),
    [
        ([INVOICED, "32306", "32307", "32308", "32310", "32399"], 0),
        ([INVOICED, UNVERIFIED], 2),
    ],
)
def test_the_exit_status_is_0_where_every_ticket_is_accounted_for_and_2_where_one_could_not_be_verified(
    syncro_only: House, tickets: list[str], status: int
) -> None:
    assert run(syncro_only, "check", *tickets).returncode == status


def test_a_range_and_an_address_mean_tickets_too_and_no_number_is_checked_twice(syncro_only: House) -> None:
    address = f"{syncro_only.syncro.base_url.removesuffix('/api/v1')}/tickets/109554336"

    done = run(syncro_only, "check", "--json", address, "#32301", "32301-32303", "32302")

    assert [result["ticket_number"] for result in results(done)] == [INVOICED, "32301", "32302", "32303"]


def test_people_get_the_verdict_the_invoice_and_the_evidence(syncro_only: House) -> None:
    done = run(syncro_only, "check", INVOICED, HOSTILE)

    assert "invoice 67469, total 75.00" in done.stdout
    assert "NOT INVOICED" in done.stdout
    unwrapped = " ".join(done.stdout.replace("│", " ").split())
    assert "<!channel> <@U1> *x* <https://evil|click>" in unwrapped
    assert "Invoices that Syncro offers for this ticket" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "nonsense"],
        ["check", "1-5000"],
        ["check"],
        ["check", INVOICED, "--nonsense"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_ends_with_status_3_and_one_line_that_says_what_is_wrong(
    syncro_only: House, arguments: list[str]
) -> None:
    refused(run(syncro_only, *arguments))


def test_all_wrong_settings_are_listed_together(syncro_only: House) -> None:
    wrong = {"SYNCRO_BASE_URL": "ftp://x", "SCAN_LIMIT": "many", "LOG_LEVEL": "loud"}

    said = refused(run(syncro_only, "check", INVOICED, without=("SYNCRO_API_TOKEN",), **wrong), lines=4)

    named = sorted(line.split()[1] for line in said)
    assert named == ["LOG_LEVEL", "SCAN_LIMIT", "SYNCRO_API_TOKEN", "SYNCRO_BASE_URL"]


def test_serve_asks_for_both_slack_tokens_which_check_does_not_need(syncro_only: House) -> None:
    said = refused(run(syncro_only, "serve"), lines=2)

    assert ["SLACK_BOT_TOKEN" in said[0], "SLACK_APP_TOKEN" in said[1]] == [True, True]


def test_a_refused_token_ends_with_status_3_and_one_line_without_the_token(syncro_only: House) -> None:
    (said,) = refused(run(syncro_only, "check", INVOICED, "--json", SYNCRO_API_TOKEN="wrong-secret"))

    assert "SYNCRO_API_TOKEN" in said
    assert "wrong-secret" not in said


def test_a_syncro_out_of_reach_ends_with_status_3_and_one_line(syncro_only: House, free_port: int) -> None:
    (said,) = refused(run(syncro_only, "check", INVOICED, SYNCRO_BASE_URL=f"http://127.0.0.1:{free_port}"))

    assert "no connection to Syncro" in said


def test_one_unreadable_invoice_is_an_unverified_ticket_and_no_outage(new_house: NewHouse) -> None:
    house = new_house()
    house.syncro.faults.append(Fault("/invoices/.+", Status(403)))

    done = run(house, "check", NOT_INVOICED, "--json")

    (result,) = results(done)
    assert (result["verdict"], result["coverage"]["complete"], done.returncode) == ("unverified", False, 2)


def test_no_log_and_no_database_ever_holds_a_token_and_json_logs_are_json(new_house: NewHouse) -> None:
    house = new_house()
    secrets = {
        "SYNCRO_API_TOKEN": house.syncro.token,
        "SLACK_BOT_TOKEN": house.slack.api.bot_token,
        "SLACK_APP_TOKEN": house.slack.api.app_token,
    }
    bot = house.serve(LOG_LEVEL="DEBUG", LOG_FORMAT="json")
    channel = house.channel()
    house.slack.slash(INVOICED, channel=channel)
    house.answer(channel)
    house.slack.fail_next("chat.postMessage", "internal_error")  # makes it say something
    house.slack.slash(INVOICED, channel=(second := house.channel()))
    house.answer(second)
    house.slack.disconnect_all()
    bot.kill()

    lines = bot.log.splitlines()
    assert lines
    stored = b"".join(path.read_bytes() for path in sorted(house.home.glob("bot.db*")))
    assert stored
    for secret in secrets.values():
        assert secret not in bot.log
        assert secret.encode() not in stored
    assert all(json.loads(line).keys() >= {"time", "level", "logger", "message"} for line in lines)


def test_a_second_bot_on_the_same_file_ends_with_status_3_and_one_clear_line(house: House) -> None:
    second = house.start()

    assert second.wait_exit(20) == 3
    assert [line for line in second.log.splitlines() if "Another invoice-bot is running" in line] == [
        second.log.strip()
    ]


def test_a_database_that_cannot_be_opened_ends_with_status_3_and_one_line(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house()
    (tmp_path / "file").touch()

    bot = house.start(DATABASE_URL=f"sqlite:///{tmp_path / 'file' / 'bot.db'}")

    assert bot.wait_exit(20) == 3
    (said,) = [line for line in bot.log.splitlines() if line.startswith("invoice-bot: ")]
    assert "DATABASE_URL" in said
    assert "Traceback" not in bot.log
