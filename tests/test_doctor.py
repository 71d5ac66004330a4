"""`invoice-bot doctor` finds what is wrong, says what to do, changes nothing and shows no secret."""

from __future__ import annotations

import io
import json
import os
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from filelock import FileLock
from rich.console import Console
from slack_sdk import WebClient

from bot import slack_scopes
from bot.billing.rules.policy import Policy
from bot.billing.rules.technicians import Technician
from bot.billing.search.filters import Filter
from bot.digest.nudges import Colleague
from bot.doctor import account, database, policy, slack, syncro
from bot.doctor.account import examine_account
from bot.doctor.examination import examine
from bot.doctor.report import results_as_json, show_results
from bot.doctor.results import Result, Status, Subject, examine_all, failed, is_well, ok, skipped, warning
from bot.doctor.safety import examine_safety
from bot.doctor.settings import read_settings
from bot.doctor.technicians import check_technicians
from bot.sandbox.slack.workspace import BILLING, FINANCE, GENERAL, RETIRED, SHARED
from bot.sandbox.syncro.exchange import Answer
from bot.sandbox.syncro.sample_worlds import incident
from bot.sandbox.syncro.world import ListRows, World
from bot.settings import Settings
from bot.syncro.budget import RateBudget
from bot.syncro.client import Reply, SyncroClient
from bot.syncro.errors import ForbiddenError
from bot.syncro.models import (
    CustomerDetail,
    InvoiceDetail,
    InvoiceLine,
    InvoiceRow,
    Page,
    TicketCharge,
    TicketDetail,
    TicketRow,
)
from tests import nursery
from tests.patience import PATIENCE
from tests.standins.slack import FaultySlack
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import Edit, Exchange, Fault, MissingKeys
from tests.standins.syncro_faults import Status as Answered

SYNCRO_TOKEN = "syncro-5ecret"
BOT_TOKEN = "xoxb-5ecret"
APP_TOKEN = "xapp-5ecret"
NAMES = [
    "settings",
    "managers",
    "secret files",
    "destinations",
    "Syncro request limit",
    "Syncro token",
    "Syncro permissions",
    "Syncro tickets",
    "Syncro invoices",
    "Syncro recurring invoices",
    "Syncro statuses",
    "account: pages",
    "account: invoice rows",
    "account: filters",
    "account: links",
    "account: prepaid hours",
    "account: policy",
    "technicians",
    "clock",
    "Slack bot token",
    "Slack permissions",
    "Slack channels",
    "Slack Socket Mode",
    "database",
]
IN_THE_ACCOUNT = {*account.ACCOUNT_CHECKS, *policy.POLICY_CHECKS, "technicians"}


@pytest.fixture
def syncro_sandbox() -> Iterator[FaultySyncro]:
    with FaultySyncro(incident().world, token=SYNCRO_TOKEN) as sandbox:
        yield sandbox


@pytest.fixture
def slack_sandbox() -> Iterator[FaultySlack]:
    scopes = slack_scopes.REQUIRED
    with FaultySlack(bot_token=BOT_TOKEN, app_token=APP_TOKEN, scopes=scopes) as sandbox:
        yield sandbox


@pytest.fixture
def good(syncro_sandbox: FaultySyncro, slack_sandbox: FaultySlack, tmp_path: Path) -> dict[str, str]:
    """Settings under which everything is in order."""
    return {
        "SYNCRO_BASE_URL": syncro_sandbox.base_url,
        "SYNCRO_API_TOKEN": SYNCRO_TOKEN,
        "SLACK_API_URL": slack_sandbox.api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db",
    }


Examine = Callable[..., dict[str, Result]]


@pytest.fixture
def examined(good: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Examine with the good settings and these changes; gives the results by name."""

    def examined(**changes: str) -> dict[str, Result]:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in {**good, **changes}.items():
            monkeypatch.setenv(name, value)
        results = examine(read_settings(None))
        assert [result.name for result in results] == NAMES
        return {result.name: result for result in results}

    return examined


def troubles(results: dict[str, Result]) -> dict[str, Status]:
    """What is not in order. What the account looks like has tests of its own."""
    looked_at = {name: result for name, result in results.items() if name not in IN_THE_ACCOUNT}
    return {name: result.status for name, result in looked_at.items() if result.status is not Status.OK}


def doctor(directory: Path, settings: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    inherited = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    environment = {**inherited, "NO_COLOR": "1", "COLUMNS": "80", **settings}
    return nursery.run(["doctor", *options], cwd=directory, env=environment, timeout=PATIENCE)


# --- the real command ---


def test_all_in_order_is_a_tick_each_and_status_0(good: dict[str, str], tmp_path: Path) -> None:
    done = doctor(tmp_path, {**good, "LOG_LEVEL": "DEBUG"})
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if line[0] not in "✓ "] == ["The bot can work."]
    assert "belongs to Sample Technician of sample" in done.stdout
    assert "5ecret" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_every_problem_is_found_in_one_go_with_status_3(good: dict[str, str], tmp_path: Path) -> None:
    wrong = {
        "LOG_LEVEL": "loud",
        "SYNCRO_API_TOKEN": "wrong-5ecret",
        "SLACK_APP_TOKEN": "xapp-wrong-5ecret",
        "ALLOWED_CHANNELS": f"{BILLING},{RETIRED}",
        "DATABASE_URL": "postgresql://bot:5ecret@127.0.0.1:9/bot",
        "SYNCRO_REQUESTS_PER_MINUTE": "600",
    }
    done = doctor(tmp_path, {**good, **wrong}, "--json")
    assert (done.returncode, done.stderr) == (3, "")
    report = json.loads(done.stdout)
    assert set(report) == {"ok", "checks"}
    assert report["ok"] is False
    assert all(set(check) == {"name", "status", "found", "advice"} for check in report["checks"])
    found = {check["name"]: check["status"] for check in report["checks"]}
    assert list(found) == NAMES
    assert {name: status for name, status in found.items() if status in ("failed", "warning")} == {
        "settings": "failed",
        "Syncro request limit": "warning",
        "Syncro token": "failed",
        "Slack channels": "failed",
        "Slack Socket Mode": "failed",
        "database": "failed",
    }
    assert "5ecret" not in done.stdout


def test_services_that_never_answer_are_given_up(good: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        silence = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {**good, "SYNCRO_BASE_URL": silence, "SLACK_API_URL": silence, "LOG_LEVEL": "DEBUG"}
        settings["DATABASE_URL"] = silence.replace("http://", "postgresql://bot:5ecret@") + "/bot"
        done = doctor(tmp_path, settings)
    assert done.returncode == 3
    assert "✗ Syncro token" in done.stdout
    assert "- Syncro invoices           skipped: Syncro is out of reach" in done.stdout
    assert "✗ Slack bot token" in done.stdout
    assert "✗ Slack Socket Mode" in done.stdout
    assert "✗ database" in done.stdout
    assert "5ecret" not in done.stdout + done.stderr


def test_an_env_file_is_read_and_named_when_broken(good: dict[str, str], tmp_path: Path) -> None:
    lines = [f"{name}={value}\n" for name, value in good.items()]
    (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
    assert doctor(tmp_path, {}, "--json").returncode == 0
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    done = doctor(tmp_path, {**good, "SCAN_LIMIT": "many"})
    assert done.returncode == 3
    assert "2 problems: .env cannot be read" in done.stdout
    assert "✓ Syncro invoices" in done.stdout


# --- settings ---


def test_what_cannot_run_is_skipped_with_the_reason_and_the_rest_runs(examined: Examine) -> None:
    results = examined(SYNCRO_API_TOKEN="two words", SLACK_BOT_TOKEN="", SCAN_LIMIT="many", LOG_FORMAT="xml")
    assert results["settings"].found.startswith("4 problems: ")
    for name in ("SYNCRO_API_TOKEN", "SLACK_BOT_TOKEN", "SCAN_LIMIT", "LOG_FORMAT"):
        assert name in results["settings"].found
    assert results["Syncro invoices"].found == "SYNCRO_API_TOKEN is wrong, see the settings"
    assert results["Slack channels"].found == "Slack's bot token is not set, see the settings"
    skipped_names = {name for name, result in results.items() if result.status is Status.SKIPPED}
    assert skipped_names == {*syncro.SYNCRO_CHECKS, *IN_THE_ACCOUNT, *slack.SLACK_CHECKS}
    assert results["Slack Socket Mode"].status is Status.OK
    assert results["clock"].status is Status.OK
    assert results["database"].status is Status.OK


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"DATABASE_URL": "mysql://u@h/d"}, "database"),
        ({"ALLOWED_CHANNELS": "#billing"}, "Slack channels"),
        ({"FINISHED_STATUSES": "["}, "Syncro statuses"),
        ({"SYNCRO_REQUESTS_PER_MINUTE": "0"}, "Syncro request limit"),
        ({"SLACK_APP_TOKEN": ""}, "Slack Socket Mode"),
    ],
)
def test_a_wrong_setting_skips_only_the_check_that_needs_it(
    examined: Examine, changes: dict[str, str], check: str
) -> None:
    assert troubles(examined(**changes)) == {"settings": Status.FAILED, check: Status.SKIPPED}


def test_without_any_setting_only_the_database_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    results = {result.name: result.status for result in examine(read_settings())}
    assert results["settings"] is Status.FAILED
    assert {name for name, status in results.items() if status is Status.OK} == {
        "managers",
        "secret files",
        "destinations",
        "Syncro request limit",
        "database",
    }
    assert list(tmp_path.iterdir()) == []


# --- Safety ---


@pytest.fixture
def safety(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Result]]:
    """What is said of the safety with this `.env` and this environment, which also makes the settings."""

    def examined(written: str, mode: int = 0o600, **environment: str) -> dict[str, Result]:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        file = tmp_path / ".env"
        file.write_text(written, encoding="utf-8")
        file.chmod(mode)
        return {each.name: each for each in examine_safety(read_settings(file).settings, environment, file)}

    return examined


def test_it_says_what_it_means_that_nobody_is_a_manager(safety: Callable[..., dict[str, Result]]) -> None:
    assert "MANAGERS is empty, so nobody can snooze" in safety("")["managers"].found
    assert safety("MANAGERS=U1,S1\n")["managers"].found == "MANAGERS names 2 ids"


def test_secrets_that_other_users_can_read_are_named_with_the_command_that_helps(
    safety: Callable[..., dict[str, Result]], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("secret", encoding="utf-8")
    token.chmod(0o640)
    written = f"SYNCRO_API_TOKEN_FILE={token}\n"
    assert safety(written, 0o604)["secret files"].advice == f"Run: chmod 600 {tmp_path / '.env'} {token}"
    result = safety("", slack_bot_token_file=str(token))["secret files"]
    assert (result.status, str(token) in result.found) == (Status.WARNING, True)
    token.chmod(0o400)
    assert safety(written)["secret files"].status is Status.OK


TOKEN = {"SYNCRO_API_TOKEN": "secret"}
EVIL = "SYNCRO_BASE_URL=https://evil.example\n"


@pytest.mark.parametrize(
    ("written", "environment", "astray"),
    [
        (EVIL, TOKEN, "SYNCRO_API_TOKEN of the environment to SYNCRO_BASE_URL='https://evil.example'"),
        (EVIL, {"syncro_api_token_file": "/run/token"}, "SYNCRO_API_TOKEN of the environment"),
        (EVIL, {**TOKEN, "SYNCRO_SUBDOMAIN": "acme"}, "SYNCRO_BASE_URL='https://evil.example'"),
        ("SYNCRO_SUBDOMAIN=evil\n", TOKEN, "SYNCRO_SUBDOMAIN='evil'"),
        ("SLACK_API_URL=https://evil.example\n", {"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_APP_TOKEN of the environment"),
        (f"{EVIL}SYNCRO_API_TOKEN=secret\n", {}, ""),
        (EVIL, {**TOKEN, "SYNCRO_BASE_URL": "https://acme.example"}, ""),
        ("SYNCRO_SUBDOMAIN=evil\n", {**TOKEN, "SYNCRO_BASE_URL": "https://acme.example"}, ""),
        ("", TOKEN, ""),
    ],
)
def test_an_env_file_that_sends_a_token_of_the_environment_elsewhere_is_told(
    safety: Callable[..., dict[str, Result]], written: str, environment: dict[str, str], astray: str
) -> None:
    result = safety(written, **environment)["destinations"]
    assert result.status is (Status.WARNING if astray else Status.OK)
    assert astray in result.found


# --- Syncro ---


def test_syncro_is_only_read_and_little(examined: Examine, syncro_sandbox: FaultySyncro) -> None:
    examined()
    paths = [call.path.split("/")[1] for call in syncro_sandbox.calls if call.status == 200]
    assert {call.method for call in syncro_sandbox.calls} == {"GET"}
    assert {name: paths.count(name) for name in set(paths)} == {
        "customers": 1,
        "invoices": 29,
        "me": 1,
        "schedules": 1,
        "tickets": 22,
    }


def test_the_token_that_me_repeats_is_not_shown(examined: Examine) -> None:
    shown = results_as_json(list(examined().values()))
    assert "Sample Technician" in shown
    assert "5ecret" not in shown
    assert "sample.technician@example.com" not in shown


def test_a_refused_token_is_said_once(examined: Examine) -> None:
    results = examined(SYNCRO_API_TOKEN="wrong")
    assert results["Syncro token"].status is Status.FAILED
    assert "SYNCRO_API_TOKEN" in results["Syncro token"].advice
    assert {results[name].status for name in syncro.SYNCRO_CHECKS[1:]} == {Status.SKIPPED}


def test_a_token_that_syncro_takes_only_with_bearer_is_said_with_what_to_do(examined: Examine) -> None:
    with FaultySyncro(incident().world, token=f"Bearer {SYNCRO_TOKEN}") as documented:
        url = documented.base_url
        results = examined(SYNCRO_BASE_URL=url)
        assert troubles(results) == {"Syncro token": Status.FAILED}
        assert 'only with "Bearer"' in results["Syncro token"].found
        assert 'Write "Bearer " and then the token into SYNCRO_API_TOKEN' in results["Syncro token"].advice
        assert troubles(examined(SYNCRO_BASE_URL=url, SYNCRO_API_TOKEN=f"Bearer {SYNCRO_TOKEN}")) == {}


def test_a_token_that_syncro_takes_only_bare_is_said_with_what_to_do(
    good: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**good, "SYNCRO_API_TOKEN": f"Bearer {SYNCRO_TOKEN}"}.items():
        monkeypatch.setenv(name, value)
    read, url = read_settings(None), good["SYNCRO_BASE_URL"]
    refused, taken = (SyncroClient(url, token, budget=RateBudget(100)) for token in ("wrong", SYNCRO_TOKEN))
    results = list(syncro.examine_syncro(read, refused, taken))
    assert [result.name for result in results if result.status is Status.FAILED] == ["Syncro token"]
    assert "out of SYNCRO_API_TOKEN" in results[0].advice
    assert "5ecret" not in results_as_json(results)


@pytest.mark.parametrize(
    ("path", "check", "permission"),
    [
        ("/tickets", "Syncro tickets", "Tickets - List/Search"),
        ("/tickets/[0-9]+", "Syncro tickets", "Tickets - View Details"),
        ("/invoices", "Syncro invoices", "Invoices - List/Search"),
        ("/invoices/[0-9]+", "Syncro invoices", "Invoices - View Details"),
        ("/schedules", "Syncro recurring invoices", "Recurring Invoices - List"),
        ("/me", "Syncro token", "permissions"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_each_missing_permission_is_proved_by_reading_and_named(
    examined: Examine, syncro_sandbox: FaultySyncro, path: str, check: str, permission: str, status: int
) -> None:
    syncro_sandbox.faults = [Fault(path, Answered(status))]
    results = examined()
    assert {name for name, result in results.items() if result.status is Status.FAILED} == {check}
    assert f"({status})" in results[check].found
    assert permission in results[check].advice


def test_odd_rows_say_nothing_of_the_others(examined: Examine, syncro_sandbox: FaultySyncro) -> None:
    def with_odd_rows(body: Any) -> Any:
        return {key: [None, {}, *rows] if isinstance(rows, list) else rows for key, rows in body.items()}

    syncro_sandbox.faults = [Fault("/(tickets|invoices)", Edit(with_odd_rows))]
    assert troubles(examined()) == {}


@pytest.mark.parametrize("key", ["ticket_id", "line_items"])
def test_an_invoice_without_what_a_proof_needs_is_a_failure(
    examined: Examine, syncro_sandbox: FaultySyncro, key: str
) -> None:
    syncro_sandbox.faults = [Fault("/invoices/[0-9]+", MissingKeys(key))]
    result = examined()["Syncro invoices"]
    assert result.status is Status.FAILED
    assert key in result.found


@pytest.mark.parametrize(
    ("path", "check"), [("/tickets/[0-9]+", "Syncro tickets"), ("/invoices/[0-9]+", "Syncro invoices")]
)
def test_another_record_than_the_one_asked_for_is_a_failure(
    examined: Examine, syncro_sandbox: FaultySyncro, path: str, check: str
) -> None:
    syncro_sandbox.faults = [Fault(path, _another_id)]
    assert troubles(examined()) == {check: Status.FAILED}


def _another_id(exchange: Exchange) -> Answer:
    kind = exchange.ask.segments[0].removesuffix("s")
    return Edit(lambda payload: {kind: {**payload[kind], "id": 1}})(exchange)


def test_list_rows_without_updated_at_are_worth_a_note(examined: Examine) -> None:
    assert "updated_at" not in examined()["Syncro invoices"].found
    with FaultySyncro(incident().world, token=SYNCRO_TOKEN, list_rows=ListRows.MEMO) as memo:
        result = examined(SYNCRO_BASE_URL=memo.base_url)["Syncro invoices"]
    assert result.status is Status.OK
    assert "the list shows no updated_at" in result.found


def test_an_empty_account_is_no_failure(examined: Examine) -> None:
    with FaultySyncro(World(), token=SYNCRO_TOKEN) as empty:
        results = examined(SYNCRO_BASE_URL=empty.base_url)
    assert troubles(results) == {
        "Syncro tickets": Status.WARNING,
        "Syncro invoices": Status.WARNING,
        "Syncro recurring invoices": Status.SKIPPED,
    }


def test_permissions_that_syncro_denies_are_only_a_warning_as_long_as_reading_works(
    examined: Examine, syncro_sandbox: FaultySyncro
) -> None:
    with syncro_sandbox.locked() as world:
        world.permissions["invoice"]["read"] = False
    results = examined()
    assert troubles(results) == {"Syncro permissions": Status.WARNING}
    assert "invoice" in results["Syncro permissions"].found


@pytest.mark.parametrize("said", [{}, {"permissions": None}, {"permissions": {"ticket": True}}, {"permissions": []}])
def test_permissions_in_another_shape_are_left_to_reading(said: dict[str, Any]) -> None:
    assert syncro.check_permissions(said) == ok("Syncro permissions", "Syncro does not list them; reading will tell")


def test_syncros_limit_is_the_most_that_can_be_set_without_a_warning(examined: Examine) -> None:
    assert examined(SYNCRO_REQUESTS_PER_MINUTE="180")["Syncro request limit"].status is Status.OK
    result = examined(SYNCRO_REQUESTS_PER_MINUTE="181")["Syncro request limit"]
    assert result.status is Status.WARNING
    assert "180" in result.advice


KNOWN = ("New", "Resolved", "Invoiced", "No Charge")


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"finished_statuses": ("Resolvd", "Invoiced")}, "FINISHED_STATUSES: Resolvd"),
        ({"non_billable_statuses": ("Warranty", "no-charge")}, "NON_BILLABLE_STATUSES: Warranty"),
        (
            {"finished_statuses": ("A",), "non_billable_statuses": ("B", "C")},
            "FINISHED_STATUSES: A; NON_BILLABLE_STATUSES: B, C",
        ),
    ],
)
def test_status_names_that_syncro_does_not_have_are_named(chosen: dict[str, Any], found: str) -> None:
    result = syncro.compare_statuses(Settings(_env_file=None, **chosen), KNOWN)
    assert (result.status, result.found) == (Status.WARNING, f"Syncro does not have {found}")
    assert ", ".join(KNOWN) in result.advice


def test_status_names_are_compared_as_verdicts_compare_them() -> None:
    settings = Settings(_env_file=None, finished_statuses=("resolved",), non_billable_statuses=("No-charge",))
    assert syncro.compare_statuses(settings, KNOWN).found == "work counts as finished in Resolved"


def test_defaults_that_an_account_does_not_have_are_no_typing_error() -> None:
    settings = Settings(_env_file=None)
    assert syncro.compare_statuses(settings, KNOWN).status is Status.OK
    none_fits = syncro.compare_statuses(settings, ("Offen", "Erledigt"))
    assert none_fits.status is Status.WARNING
    assert "FINISHED_STATUSES: Resolved, Invoiced, Closed, Completed" in none_fits.found


def test_statuses_that_cannot_be_read_are_a_warning(examined: Examine, syncro_sandbox: FaultySyncro) -> None:
    syncro_sandbox.faults = [Fault("/tickets/settings", MissingKeys("ticket_status_list"))]
    assert troubles(examined()) == {"Syncro statuses": Status.WARNING}


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("apart", "status", "words"),
    [
        (timedelta(0), Status.OK, "within 1 s"),
        (timedelta(minutes=5), Status.OK, "within 300 s"),
        (timedelta(minutes=-5), Status.OK, "within 300 s"),
        (timedelta(minutes=6), Status.WARNING, "6 minutes behind Syncro"),
        (timedelta(minutes=-90), Status.WARNING, "90 minutes ahead of Syncro"),
    ],
)
def test_a_clock_more_than_five_minutes_off_is_a_warning(apart: timedelta, status: Status, words: str) -> None:
    result = syncro.check_clock(lambda: NOON + apart, lambda: NOON)
    assert result.status is status
    assert words in result.found


def test_the_time_is_asked_for_without_the_token(examined: Examine, syncro_sandbox: FaultySyncro) -> None:
    assert examined()["clock"].status is Status.OK
    assert [call.path for call in syncro_sandbox.calls if call.status == 401] == ["/me"]


@pytest.mark.parametrize("answer", ["", "Date: yesterday\r\n", "nonsense\r\n"])
def test_a_server_that_tells_no_time_gives_nothing_to_compare_with(answer: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(f"HTTP/1.1 200 OK\r\n{answer}Content-Length: 0\r\n\r\n".encode())

        replying = threading.Thread(target=reply, daemon=True)
        replying.start()
        assert syncro.server_time(f"http://127.0.0.1:{server.getsockname()[1]}", 5) is None
        replying.join(PATIENCE)
    assert syncro.check_clock(lambda: None, lambda: NOON).status is Status.SKIPPED


# --- Slack ---


def test_slack_is_only_read(examined: Examine, slack_sandbox: FaultySlack) -> None:
    examined(ALLOWED_CHANNELS=BILLING)
    assert {call.method for call in slack_sandbox.calls} == {
        "auth.test",
        "conversations.info",
        "apps.connections.open",
        "users.list",
    }
    assert slack_sandbox.workspace.messages == []


def test_a_refused_bot_token_is_said_once(examined: Examine) -> None:
    results = examined(SLACK_BOT_TOKEN="xoxb-wrong")
    assert troubles(results) == {
        "Slack bot token": Status.FAILED,
        "Slack permissions": Status.SKIPPED,
        "Slack channels": Status.SKIPPED,
    }
    assert "invalid_auth" in results["Slack bot token"].found
    assert "SLACK_BOT_TOKEN" in results["Slack bot token"].advice


def test_a_persons_token_is_no_bot_token() -> None:
    assert slack.check_token({"user": "kim", "user_id": "U1", "team": "acme"}).status is Status.FAILED


@pytest.mark.parametrize("scope", slack_scopes.REQUIRED)
def test_each_required_permission_that_is_missing_is_named_with_its_reason(scope: str) -> None:
    granted = ",".join(set(slack_scopes.REQUIRED) - {scope})
    result = slack.check_scopes(granted, uses_groups=False)
    assert result.status is Status.FAILED
    assert result.found == f"missing: {scope} ({slack_scopes.REQUIRED[scope]})"
    assert "install the app again" in result.advice


@pytest.mark.parametrize("scope", ["links:read", "links:write"])
def test_with_unfurl_on_the_missing_permission_is_named(scope: str) -> None:
    granted = set(slack_scopes.REQUIRED) | {"links:read", "links:write"}
    assert slack.check_scopes(",".join(granted), uses_groups=False, unfurls=True).status is Status.OK
    result = slack.check_scopes(",".join(granted - {scope}), uses_groups=False, unfurls=True)
    assert result.status is Status.WARNING
    assert scope in result.found
    assert "link_shared" in result.advice


def test_granted_permissions_are_read_from_slacks_answer(examined: Examine, slack_sandbox: FaultySlack) -> None:
    slack_sandbox.api.scopes.discard("groups:read")
    assert troubles(examined()) == {"Slack permissions": Status.FAILED}


def test_the_permission_for_user_groups_is_missed_only_where_they_are_used(examined: Examine) -> None:
    assert troubles(examined()) == {}
    results = examined(ALLOWED_USERGROUPS="S0GROUP")
    assert troubles(results) == {"Slack permissions": Status.WARNING}
    assert "usergroups:read" in results["Slack permissions"].advice


def test_an_answer_without_the_scopes_is_a_warning() -> None:
    assert slack.check_scopes(None, uses_groups=False).status is Status.WARNING


@pytest.mark.parametrize(
    ("channel", "trouble"),
    [
        (FINANCE, f"{FINANCE}: does not exist, or is private and the bot is not in it"),
        ("C0NOWHERE", "C0NOWHERE: does not exist, or is private and the bot is not in it"),
        (RETIRED, "#retired is archived"),
        (SHARED, "#partner-helpdesk is shared with another company, so the bot answers nobody there"),
    ],
)
def test_a_channel_where_the_bot_cannot_answer_is_named(examined: Examine, channel: str, trouble: str) -> None:
    result = examined(ALLOWED_CHANNELS=f"{BILLING},{channel}")["Slack channels"]
    assert (result.status, result.found) == (Status.FAILED, trouble)


def test_a_public_channel_without_the_bot_is_fine_for_commands(examined: Examine) -> None:
    result = examined(ALLOWED_CHANNELS=f"{BILLING},{GENERAL}")["Slack channels"]
    assert result.status is Status.OK
    assert result.found == "#billing, #general (bot not invited: commands work, mentions do not)"


def test_a_channel_that_may_not_be_looked_at_points_to_the_permissions(
    examined: Examine, slack_sandbox: FaultySlack
) -> None:
    slack_sandbox.api.scopes.discard("channels:read")
    results = examined(ALLOWED_CHANNELS=BILLING)
    assert "a permission is missing" in results["Slack channels"].found


def test_socket_mode_is_opened_and_closed_again(examined: Examine, slack_sandbox: FaultySlack) -> None:
    assert examined()["Slack Socket Mode"] == ok("Slack Socket Mode", "connects, Slack says hello")
    slack_sandbox.wait_for(lambda _: slack_sandbox.connections == 0)


def test_a_refused_app_token_says_where_to_get_one(examined: Examine) -> None:
    result = examined(SLACK_APP_TOKEN="xapp-wrong")["Slack Socket Mode"]
    assert "invalid_auth" in result.found
    assert "connections:write" in result.advice


def test_a_websocket_that_does_not_open_is_a_failure(examined: Examine, slack_sandbox: FaultySlack) -> None:
    slack_sandbox.api.open_link = lambda: "ws://127.0.0.1:9/link?ticket=5ecret"
    result = examined()["Slack Socket Mode"]
    assert result.status is Status.FAILED
    assert "wss://" in result.advice
    assert "5ecret" not in result.found


@pytest.mark.parametrize(
    ("message", "status", "words"),
    [
        ({"type": "hello", "num_connections": 1}, Status.OK, "hello"),
        ({"type": "hello"}, Status.OK, "hello"),
        ({"type": "hello", "num_connections": 2}, Status.OK, "1 other connection (a running bot)"),
        ({"type": "hello", "num_connections": 4}, Status.OK, "3 other connections (a running bot)"),
        ({"type": "disconnect", "reason": "link_disabled"}, Status.FAILED, "switched off"),
        ({"type": "disconnect", "reason": "warning"}, Status.FAILED, "warning instead of hello"),
        ({}, Status.FAILED, "instead of hello"),
    ],
)
def test_what_slack_says_first_decides(
    slack_sandbox: FaultySlack, message: dict[str, Any], status: Status, words: str
) -> None:
    client = WebClient(token=APP_TOKEN, base_url=slack_sandbox.api_url)
    result = slack.check_socket(client, APP_TOKEN, lambda _: message)
    assert result.status is status
    assert words in result.found


# --- the database ---


def sqlite(path: Path) -> Result:
    (result,) = database.examine_database(f"sqlite:///{path}", timeout=1)
    return result


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_database_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    result = sqlite(tmp_path / "bot.db")
    assert result.status is Status.OK
    assert "is not there yet" in result.found
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_database_stays_as_it_is(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "bot.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE jobs (x)")
    connection.close()
    (tmp_path / "bot.db.lock").touch()
    before = contents(tmp_path)
    assert sqlite(path) == ok("database", f"{path} can be written")
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("version", "status"), [(1, Status.OK), (99, Status.FAILED)])
def test_a_database_that_a_newer_release_has_written_is_a_failure(tmp_path: Path, version: int, status: Status) -> None:
    path = tmp_path / "bot.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE invoice_bot_schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO invoice_bot_schema VALUES (?)", (version,))
    connection.close()
    result = sqlite(path)
    assert result.status is status
    assert ("newer release" in result.found) is (status is Status.FAILED)


def test_a_running_bot_is_fine_and_is_mentioned(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with FileLock(f"{path}.lock"), sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE jobs (x)")
        assert sqlite(path) == ok("database", f"{path} can be written; a bot is running on it")
    connection.close()


def test_a_database_locked_by_something_else_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    result = sqlite(path)
    connection.close()
    assert result.status is Status.FAILED
    assert "locked" in result.found


def test_a_file_that_is_no_database_is_a_failure_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_text("notes " * 1000, encoding="utf-8")
    before = contents(tmp_path)
    assert "not a database" in sqlite(path).found
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["missing/bot.db", "directory"])
def test_a_place_where_no_file_can_be_is_a_failure(tmp_path: Path, name: str) -> None:
    (tmp_path / "directory").mkdir()
    result = sqlite(tmp_path / name)
    assert result.status is Status.FAILED
    assert result.advice


def test_a_directory_that_cannot_be_written_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)  # root, who runs these tests elsewhere, may write anywhere
    assert "PermissionError" in sqlite(tmp_path / "bot.db").found


def test_postgres_out_of_reach_is_a_failure_without_the_password() -> None:
    (result,) = database.examine_database("postgresql+psycopg://bot:5ecret@127.0.0.1:9/bot", timeout=1)
    assert result.status is Status.FAILED
    assert "connection failed" in result.found
    assert "5ecret" not in str(result)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ('connection failed: FATAL:  database "bot" does not exist', Status.WARNING),
        ('connection failed: FATAL:  role "bot" does not exist', Status.FAILED),
        ("permission denied for schema public\nLINE 1: CREATE TABLE", Status.FAILED),
        ("cannot execute CREATE TABLE in a read-only transaction", Status.FAILED),
    ],
)
def test_what_postgres_says_decides(said: str, status: Status) -> None:
    error = sa.exc.OperationalError("", {}, Exception(said))
    result = database._postgres_failure("postgresql://db/bot", error)
    assert result.status is status
    assert result.advice
    assert "\n" not in result.found


# --- the report, and patience ---


ANNA, BOB = Technician("1", "Anna Smith", "anna@example.com"), Technician("2", "Bob Jones")
NAMESAKE = Technician("3", "Anna Smith", "smith@example.com")


@pytest.mark.parametrize(
    ("due", "settled", "status", "found"),
    [
        ({ANNA, BOB}, {}, Status.OK, "one person in Slack"),
        (set(), {}, Status.OK, "no finished ticket"),
        ({Technician("9", "Carl Lost")}, {}, Status.WARNING, "Carl Lost in Syncro"),
        ({Technician("9", "Carl Lost")}, {"U1": "Carl Lost"}, Status.OK, ""),
        ({BOB}, {"U9": "Bob Jones"}, Status.WARNING, "U9 of TECHNICIANS: nobody"),
        ({ANNA, NAMESAKE}, {"U1": "Anna Smith"}, Status.WARNING, "Anna Smith of TECHNICIANS: several"),
        ({ANNA, NAMESAKE}, {}, Status.WARNING, "Anna Smith (smith@example.com) in Syncro"),
        ({ANNA, NAMESAKE}, {"U2": "smith@example.com"}, Status.OK, ""),
    ],
)
def test_technicians_who_are_nobody_in_slack_and_a_wrong_setting_are_named(
    due: set[Technician], settled: dict[str, str], status: Status, found: str
) -> None:
    names = {"U1": ("anna@example.com", "Anna Smith"), "U2": ("Bob Jones",)}
    people = [Colleague(user, (settled[user],) if user in settled else said, "UTC") for user, said in names.items()]

    result = check_technicians(due, people, settled)

    assert (result.status, found in result.found) == (status, True), result.found
    assert check_technicians(due, [], settled).status is Status.SKIPPED


def test_a_technician_of_a_finished_ticket_is_looked_for_in_slack(
    examined: Examine, syncro_sandbox: FaultySyncro
) -> None:
    with syncro_sandbox.locked() as world:
        for ticket in world.tickets.values():
            ticket.technician = "Carl Lost"

    assert "Carl Lost in Syncro" in examined()["technicians"].found


def test_subjects_are_examined_side_by_side_and_reported_in_order() -> None:
    both_begun = threading.Barrier(2, timeout=PATIENCE)

    def one(name: str) -> Iterator[Result]:
        both_begun.wait()
        yield ok(name, "")

    subjects = [Subject((name,), lambda name=name: one(name)) for name in "ab"]  # type: ignore[misc]
    assert [result.name for result in examine_all(subjects, patience=5)] == ["a", "b"]


def test_a_check_that_hangs_is_given_up_with_its_subject_and_the_others_go_on() -> None:
    forever = threading.Event()

    def hang() -> Iterator[Result]:
        yield ok("a", "")
        forever.wait()
        yield ok("b", "")

    subjects = [Subject(("a", "b", "c"), hang), Subject(("d",), lambda: iter([ok("d", "")]))]
    results = examine_all(subjects, patience=0.2)
    forever.set()
    assert [result.status for result in results] == [Status.OK, Status.FAILED, Status.SKIPPED, Status.OK]
    assert "no answer" in results[1].found


def test_a_check_that_breaks_down_is_a_failure_and_its_error_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def break_down() -> Iterator[Result]:
        yield ok("a", "")
        raise RuntimeError("unforeseen")

    results = examine_all([Subject(("a", "b", "c"), break_down)], patience=5)
    assert [result.status for result in results] == [Status.OK, Status.FAILED, Status.SKIPPED]
    assert "unforeseen" in caplog.text


RESULTS = [
    ok("settings", "all are valid"),
    warning("clock", "6 minutes behind", "Use NTP."),
    failed("database", "cannot be written \x1b[2J" + "very " * 30 + "long", "Check [bold]DATABASE_URL[/bold]."),
    *skipped(["Slack channels"], "Slack is out of reach"),
]


def test_warnings_and_skipped_checks_alone_keep_it_well() -> None:
    assert is_well([RESULTS[0], RESULTS[1], RESULTS[3]])
    assert not is_well(RESULTS)


def test_people_see_a_mark_and_words_for_each_check_within_80_columns() -> None:
    stream = io.StringIO()
    show_results(Console(file=stream, width=80), RESULTS)
    text = stream.getvalue()
    for expected in ("✓ settings", "! clock", "→ Use NTP.", "✗ database", "[bold]DATABASE_URL[/bold]"):
        assert expected in text
    assert "- Slack channels skipped: Slack is out of reach" in text
    assert text.rstrip().endswith("The bot cannot work: 1 problem, 1 warning.")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_scripts_read_one_object() -> None:
    report = json.loads(results_as_json(RESULTS[:2]))
    assert report == {
        "ok": True,
        "checks": [
            {"name": "settings", "status": "ok", "found": "all are valid", "advice": ""},
            {"name": "clock", "status": "warning", "found": "6 minutes behind", "advice": "Use NTP."},
        ],
    }


# --- the account ---


NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


class Lists:
    """An account's lists: filters that are heeded, or one that is not."""

    def __init__(self, *, broken: Filter | None = None, ignored: Filter | None = None, meta: int | None = 2) -> None:
        self.broken, self.ignored, self.meta = broken, ignored, meta

    def invoices(
        self,
        *,
        customer_id: str | None = None,
        ticket_id: str | None = None,
        updated_since: datetime | None = None,
        page: int = 1,
    ) -> Reply[Page[InvoiceRow]]:
        asked = {Filter.TICKET: ticket_id, Filter.CUSTOMER: customer_id, Filter.CHANGES: updated_since}
        mine = InvoiceRow(id="1", number="67469", customer_id="7", ticket_id="91", updated_at=NOW)
        other = InvoiceRow(id="2", number="67470", customer_id="8", ticket_id="92", updated_at=NOW - timedelta(days=60))
        rows: tuple[InvoiceRow, ...] = (mine, other) if page == 1 else (other,)
        wanted = next((name for name, value in asked.items() if value is not None), None)
        if wanted is not None and wanted is self.broken:
            rows = ()
        elif wanted is not None and wanted is not self.ignored:
            rows = (mine,)
        return Reply(Page[InvoiceRow](rows=rows, number=page, total_pages=self.meta), 1)

    def invoice(self, reference: str) -> Reply[InvoiceDetail]:
        line = InvoiceLine(id="5", name="Ticket #91 - printer")
        ticket = "91" if reference == "1" else None
        return Reply(InvoiceDetail(id=reference, number="67469", ticket_id=ticket, line_items=(line,)), 1)

    def ticket(self, ticket_id: str) -> Reply[TicketDetail]:
        charge = TicketCharge(id="4", converted=True, item_id="5")
        return Reply(TicketDetail(id=ticket_id, number="32223", ticket_timers=(), line_items=(charge,)), 1)


def of_account(lists: Lists) -> dict[str, Result]:
    return {result.name: result for result in examine_account(lists)}


def test_an_account_whose_filters_are_heeded_can_have_absence_proved_at_once() -> None:
    results = of_account(Lists())
    assert {result.status for result in results.values()} == {Status.OK}
    assert "ticket_id is heeded; customer_id is heeded; since_updated_at is heeded" in results[account.FILTERS].found
    assert "1 name their ticket in its field" in results[account.LINKS].found
    assert "1 of the 1 charges of an invoiced ticket say on which invoice line" in results[account.LINKS].found


@pytest.mark.parametrize("broken", list(Filter))
def test_a_filter_that_is_answered_with_nothing_is_named_with_what_follows(broken: Filter) -> None:
    result = of_account(Lists(broken=broken))[account.FILTERS]
    assert result.status is Status.WARNING
    assert f"{broken.value} is answered with nothing" in result.found
    assert "could not verify" in result.advice


def test_a_ticket_filter_that_is_ignored_is_a_warning_and_the_others_only_cost_calls() -> None:
    assert of_account(Lists(ignored=Filter.TICKET))[account.FILTERS].status is Status.WARNING
    result = of_account(Lists(ignored=Filter.CUSTOMER))[account.FILTERS]
    assert (result.status, "customer_id is ignored" in result.found) == (Status.OK, True)


def test_a_length_that_is_wrong_or_missing_is_said() -> None:
    assert of_account(Lists(meta=1))[account.PAGES].status is Status.WARNING
    assert "each list is read to its end" in of_account(Lists(meta=None))[account.PAGES].found


# --- what no rule of the policy knows ---


class Finished:
    """An account's tickets: rows by id, whose details and invoices are found by it."""

    def __init__(self, *tickets: dict[str, Any], billed: Sequence[str] = ()) -> None:
        self.details = [
            TicketDetail.model_validate(
                {"id": number, "number": number, "status": "Resolved", "ticket_timers": [], "line_items": [], **each}
            )
            for number, each in enumerate(tickets, 1)
        ]
        self.billed, self.calls = billed, 0

    def tickets(self, *, page: int = 1) -> Reply[Page[TicketRow]]:
        self.calls += 1
        return Reply(Page[TicketRow](rows=tuple(self.details) if page == 1 else (), number=page), 1)

    def ticket(self, ticket_id: str) -> Reply[TicketDetail]:
        self.calls += 1
        return Reply(self.details[int(ticket_id) - 1], 1)

    def customer(self, customer_id: str) -> Reply[CustomerDetail]:
        raise ForbiddenError(
            f"customer {customer_id}", "the API token may not", calls=1, advice="Give it Customers - View Detail."
        )

    def invoices(self, *, ticket_id: str | None = None) -> Reply[Page[InvoiceRow]]:
        self.calls += 1
        others = [InvoiceRow(id="9", ticket_id="999")]  # a filter that is ignored answers with others'
        own = [InvoiceRow(id="8", ticket_id=ticket_id)] if ticket_id in self.billed else []
        return Reply(Page[InvoiceRow](rows=(*others, *own), number=1), 1)


def said_of_policy(account: Finished, rules: Policy | None = None, clock: Callable[[], float] = lambda: 0) -> Result:
    prepaid, result = policy.examine_policy(account, rules or Policy(), clock)
    assert prepaid.name == policy.PREPAID
    return result


TIMED = {"start_time": "2026-11-02T09:00:00Z", "end_time": "2026-11-02T10:00:00Z", "billable": True}
GOLD = {"contract_name": "Gold", "ticket_timers": [TIMED]}


def test_what_often_finishes_without_an_invoice_and_is_in_no_rule_is_named_with_the_setting_for_it() -> None:
    archived = {"status": "Archived", "resolved_at": "2026-11-02T10:00:00Z", "ticket_timers": [TIMED]}
    free = {"line_items": [{"id": 1, "name": "Courtesy", "price_retail": 0}], "ticket_timers": [TIMED]}
    result = said_of_policy(Finished(*[GOLD] * 4, *[archived] * 3, *[free] * 3, billed=["1"]))
    assert result.status is Status.WARNING
    assert "1 of 10 finished tickets that no rule settles have an invoice" in result.found
    assert "COVERED_CONTRACTS lacks “Gold” (3 of 4 without an invoice)" in result.found
    assert "NON_BILLABLE_STATUSES lacks “Archived” (3 of 3 without an invoice)" in result.found
    assert "NO_CHARGE_PRODUCTS lacks “Courtesy” (3 of 3 without an invoice)" in result.found
    assert "policy --dry-run" in result.advice


@pytest.mark.parametrize(
    ("tickets", "billed", "rules"),
    [
        ([GOLD] * 4, ["1", "2", "3"], Policy()),
        ([GOLD] * 2, [], Policy()),
        ([GOLD] * 6, ["1", "2", "3"], Policy()),
        ([GOLD] * 4, [], Policy(covered_contracts=("gold",))),
        ([{"ticket_timers": [TIMED]}] * 9, [], Policy()),
        ([{**GOLD, "status": "New"}] * 4, [], Policy()),
        ([{**GOLD, "line_items": [{"id": 1, "price_retail": 75, "converted": True, "item_id": 5}]}] * 4, [], Policy()),
    ],
    ids=["billed", "few", "half", "covered", "nothing in common", "not finished", "on some invoice"],
)
def test_what_a_rule_knows_or_is_billed_is_not_named(
    tickets: list[dict[str, Any]], billed: list[str], rules: Policy
) -> None:
    assert said_of_policy(Finished(*tickets, billed=billed), rules).status is Status.OK


def test_prepaid_hours_that_cannot_be_read_are_said_with_the_permission_and_what_is_missed() -> None:
    prepaid, _ = policy.examine_policy(Finished({"customer_id": 7}), Policy())
    assert prepaid.status is Status.WARNING
    assert "Give it Customers - View Detail" in prepaid.advice
    assert "counts as money at risk" in prepaid.advice


def test_a_large_account_costs_a_bounded_number_of_calls_and_a_slow_one_no_wait() -> None:
    large, slow = Finished(*[GOLD] * 50), Finished(*[GOLD] * 50)
    said_of_policy(large)
    assert large.calls == 2 + 2 * 15
    said_of_policy(slow, clock=count(step=3).__next__)
    assert slow.calls == 2 + 2
