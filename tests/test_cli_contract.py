"""The command line keeps its promises: names, options, exit statuses, one clear line for each error."""

from __future__ import annotations

import asyncio
import errno
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from filelock import FileLock

import bot
from bot.cli import cli, main
from bot.sandbox.syncro.sample_worlds import incident
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import World
from bot.settings import Settings
from bot.store.audit import Act, AuditEntry
from bot.store.memory import Memory
from tests.postgres import new_database
from tests.store import release_before

OFFLINE = {"SYNCRO_BASE_URL": "http://127.0.0.1:9", "SYNCRO_API_TOKEN": "t"}
PROMISED = {
    "serve": set(),
    "worker": set(),
    "check": {"--json", "--exhaustive", "--fresh"},
    "policy": {"--dry-run", "--json"},
    "backup": {"--force"},
    "restore": {"--force"},
    "history": {"--user", "--since", "--json", "--csv"},
    "move-to": set(),
    "doctor": {"--json"},
    "version": set(),
}


@dataclass(frozen=True)
class Outcome:
    status: int | str | None
    stdout: str
    stderr: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command line within this process, in an empty directory, with exactly these settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.commands.startup.set_up_logging", lambda **_: None)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def call(*words: str, **variables: str) -> Outcome:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["invoice-bot", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Outcome(ended.value.code, written.out, written.err)

    return call


def commands_by_name() -> dict[str, Any]:
    group = typer.main.get_group(cli)
    return {name: group.get_command(typer.Context(group), name) for name in group.commands}


def test_every_promised_command_has_its_options() -> None:
    commands = commands_by_name()
    assert set(PROMISED) <= set(commands)
    for name, options in PROMISED.items():
        has = {option for parameter in commands[name].params for option in parameter.opts if option.startswith("--")}
        assert options == has - {"--help"}, name


def test_every_command_says_what_it_does() -> None:
    assert all(command.help for command in commands_by_name().values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command"),
        (["check"], "Missing argument"),
        (["check", "--nonsense", "1"], "No such option"),
        (["doctor", "extra"], "unexpected extra argument"),
        (["check", "x1"], "'x1' is not a ticket number"),
        (["check", "please"], "at least one ticket number"),
        (["check", "1-1001"], "1001 tickets; one call can check 1000"),
        (["check", "https://other.example/tickets/1"], "is not a ticket number"),
    ],
)
def test_a_wrong_call_ends_with_3_and_one_line(run: Run, words: list[str], said: str) -> None:
    outcome = run(*words, **OFFLINE)
    assert (outcome.status, outcome.stdout) == (3, "")
    assert re.fullmatch(r"invoice-bot: [^\n]+\n", outcome.stderr)
    assert said in outcome.stderr


@pytest.mark.parametrize("command", ["check 1", "serve", "worker"])
def test_missing_settings_end_with_3_and_a_line_each(run: Run, command: str) -> None:
    outcome = run(*command.split())
    assert (outcome.status, outcome.stdout) == (3, "")
    lines = outcome.stderr.splitlines()
    assert len(lines) == (2 if command == "check 1" else 4)
    assert all(line.startswith("invoice-bot: S") and " is not set: " in line for line in lines)


@pytest.mark.parametrize(
    "wrong",
    [
        {"SYNCRO_API_TOKEN": "line\nbreak"},
        {"DATABASE_URL": "postgresql://u:p@h:port/d"},
        {"LOG_LEVEL": "loud"},
        {"SYNCRO_BASE_URL": "http://acme.syncromsp.com"},
    ],
)
def test_a_wrong_setting_ends_with_3_and_one_line(run: Run, wrong: dict[str, str]) -> None:
    outcome = run("check", "1", **{**OFFLINE, **wrong})
    assert (outcome.status, outcome.stdout) == (3, "")
    assert outcome.stderr.startswith(f"invoice-bot: {next(iter(wrong))} ")
    assert outcome.stderr.count("\n") == 1


def test_a_refused_token_ends_with_3_and_one_line(run: Run) -> None:
    with SyncroSandbox(incident().world) as syncro:
        outcome = run("check", "32223", "--json", SYNCRO_BASE_URL=syncro.base_url, SYNCRO_API_TOKEN="other")
    assert (outcome.status, outcome.stdout) == (3, "")
    assert outcome.stderr.count("\n") == 1
    assert "SYNCRO_API_TOKEN" in outcome.stderr


def test_check_answers_and_says_so_in_its_status(run: Run) -> None:
    with SyncroSandbox(incident().world) as syncro:
        outcome = run("check", "32223", SYNCRO_BASE_URL=syncro.base_url, SYNCRO_API_TOKEN=syncro.token)
    assert outcome.status == 0
    assert "#32223" in outcome.stdout
    assert outcome.stderr == ""


def test_help_and_version_end_with_0(run: Run) -> None:
    assert run("--help").status == 0
    assert run("check", "--help").status == 0
    for asked in ("version", "--version"):
        assert run(asked) == Outcome(0, f"invoice-bot {bot.__version__}\n", "")


def test_help_names_no_type_of_the_program(run: Run) -> None:
    for command in ((), *[(name,) for name in typer.main.get_group(cli).commands]):
        shown = run(*command, "--help").stdout
        assert not re.search(r"<(bool|str|int|list|%|datetime)|\[str\]", shown), shown
    assert re.search(r"--since +DATE ", run("digest", "--help").stdout)


def test_a_shell_can_complete_the_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: ("fancy", "/bin/fancy"))
    assert (run("--show-completion").status, run("--install-completion").status) == (3, 3)
    monkeypatch.setattr("shellingham.detect_shell", lambda *_: ("bash", "/bin/bash"))
    shown = run("--show-completion")
    assert (shown.status, shown.stderr) == (0, "")
    assert "_INVOICE_BOT_COMPLETE=complete_bash" in shown.stdout
    completing = {"_INVOICE_BOT_COMPLETE": "complete_bash", "COMP_WORDS": "invoice-bot ba", "COMP_CWORD": "1"}
    assert run(**completing) == Outcome(0, "backup\n", "")


def test_the_statistics_of_the_digest_are_one_json_object(run: Run) -> None:
    said = json.loads(run("digest", "--stats", "--json").stdout)
    assert said == {
        "warnings_said": 0,
        "retracted": 0,
        "reported_wrong": 0,
        "false_alarm_rate": None,
        "reports": [],
    }


def test_a_backup_is_made_and_put_back_and_says_what_it_holds(run: Run, tmp_path: Path) -> None:
    refused = run("backup", "copy")
    assert (refused.status, refused.stdout) == (3, "")
    assert refused.stderr == "invoice-bot: There is no database invoice-bot.db to back up. Check DATABASE_URL.\n"
    run("digest", "--stats")
    made = run("backup", "copy")
    assert made.status == 0
    assert re.fullmatch(r"copy holds [\d,]+ rows in [\d,]+ tables \(\d\.\d MB\), and is whole\.\n", made.stdout)
    put_back = run("restore", "copy")
    assert put_back.status == 0
    (kept,) = tmp_path.glob("invoice-bot.db.before-*")
    assert put_back.stdout.endswith(f"What was there before is kept as {kept.name}.\n")


def test_python_m_bot_is_invoice_bot(tmp_path: Path) -> None:
    for program in ([sys.executable, "-m", "bot"], [str(Path(sys.executable).with_name("invoice-bot"))]):
        done = subprocess.run([*program, "nonsense"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 3
        assert done.stderr == "invoice-bot: No such command 'nonsense'.\n"


def test_policy_says_which_rule_applies_and_what_the_rules_would_settle(run: Run) -> None:
    world = World()
    flat = world.add_customer("Sample Flat Fee")
    for _ in range(3):
        world.add_timer(world.add_ticket(flat), 30)
    part = world.add_ticket(flat, contract_name="Gold")
    world.add_charge(part, "80.00", name="Sample part")
    bare = world.add_ticket()
    with SyncroSandbox(world) as syncro:
        settings = {
            "SYNCRO_BASE_URL": syncro.base_url,
            "SYNCRO_API_TOKEN": syncro.token,
            "COVERED_CUSTOMERS": "sample flat-fee",
        }
        asked = run("policy", str(bare.number), "--json", **settings)
        surveyed = run("policy", "--dry-run", "--json", **settings)
        shown = run("policy", "--dry-run", **settings)
    assert (asked.status, surveyed.status, shown.status) == (0, 0, 0)
    (result,) = json.loads(asked.stdout)["results"]
    assert (result["verdict"], result["rule"]) == ("nothing_recorded", "NOTHING_RECORDED")
    said = json.loads(surveyed.stdout)
    assert [(each["rule"], each["value"], each["tickets"]) for each in said["rules"]] == [
        ("COVERED_CUSTOMERS", "Sample Flat Fee", 3),
        ("NOTHING_RECORDED", "Resolved", 1),
    ]
    assert (said["tickets"], said["no_rule"]["tickets"], said["unread"]) == (5, 1, 0)
    assert (said["no_rule"]["contracts"], said["no_rule"]["products"]) == ({"Gold": 1}, {"Sample part": 1})
    assert "COVERED_CUSTOMERS (Sample Flat Fee): 3 tickets, covered" in shown.stdout


def test_a_policy_file_is_checked_at_the_start_and_says_in_which_line_it_is_wrong(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('covered_contracts = ["Gold"]\n\ncovered_customer = ["Kittle"]\nnothing_recorded = "loud"\n')
    outcome = run("check", "1", **OFFLINE, POLICY_FILE=str(file))
    assert outcome.status == 3
    assert "line 3: there is no 'covered_customer'" in outcome.stderr
    assert "line 4: nothing_recorded must be 'quiet' or 'warn'" in outcome.stderr
    file.write_text('covered_contracts = "Gold"\n')
    assert "line 1: covered_contracts must be a list of texts" in run("check", "1", POLICY_FILE=str(file)).stderr
    file.write_text('covered_contracts = ["Gold"\nx')
    assert "not valid TOML" in run("check", "1", POLICY_FILE=str(file)).stderr


@pytest.mark.parametrize(
    "error",
    [
        KeyError("secret"),
        RuntimeError("two\nlines"),
        RecursionError(),
        MemoryError(),
        AssertionError("secret"),
        UnicodeEncodeError("latin-1", "✓", 0, 1, "no"),
        OSError(errno.ENOSPC, "No space left on device"),
        BrokenPipeError(),
        SystemExit(1),
        GeneratorExit(),
        asyncio.CancelledError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_error_comes_it_is_one_line_and_not_status_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("bot.commands.doctor.read_settings", fail)
    outcome = run("doctor")
    assert outcome.status == (141 if isinstance(error, BrokenPipeError | SystemExit) else 3)
    assert re.fullmatch(r"invoice-bot: [^\n]+\n", outcome.stderr)
    assert "secret" not in outcome.stderr


def test_an_error_of_our_own_says_where_it_happened(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.words.finding_json.moment_in_utc", lambda *_: 1 / 0)
    with SyncroSandbox(incident().world) as syncro:
        outcome = run("check", "32223", "--json", SYNCRO_BASE_URL=syncro.base_url, SYNCRO_API_TOKEN=syncro.token)
    assert (outcome.status, outcome.stdout) == (3, "")
    assert re.search(r"ZeroDivisionError in bot/words/finding_json\.py, line \d+", outcome.stderr)


def test_no_command_writes_json_in_another_way_than_as_utf_8() -> None:
    strays = [
        path.name
        for path in (Path(bot.__file__).parent / "commands").glob("*.py")
        if '"--json"' in (source := path.read_text(encoding="utf-8"))
        and ("sys.stdout" in source or "print(" in source or "write_json(" not in source)
    ]
    assert strays == []


def test_the_history_is_told_without_any_account_and_makes_no_database(run: Run, tmp_path: Path) -> None:
    assert run("history").stdout == "Nothing is noted.\n"
    assert run("history", "--csv").stdout.startswith('\ufeff"at","act"')
    assert list(tmp_path.iterdir()) == []
    memory = Memory(f"sqlite:///{tmp_path / 'invoice-bot.db'}")
    memory.open()
    for day, user in ((1, "U1"), (2, "U2"), (3, "U1")):
        memory.note([AuditEntry(datetime(2026, 11, day, tzinfo=UTC), Act.ANSWERED, user, ticket_number="32223")])
    memory.close()

    def told(*words: str) -> list[str]:
        return [each["at"] for each in json.loads(run("history", "--json", *words).stdout)["history"]]

    assert len(told("32223")) == 3
    assert told("#32223", "--user", "U1", "--since", "2026-11-02") == ["2026-11-03T00:00:00Z"]
    assert told("--since", "2026-11-02T00:00:01Z") == ["2026-11-03T00:00:00Z"]
    for words in (["1 2"], ["kittle"], ["--json", "--csv"], ["--since", "yesterday"]):
        assert run("history", *words).status == 3


@pytest.mark.parametrize("address", ["sqlite:///other.db", "nonsense", "postgresql://u:p%@h:port/d"])
def test_move_to_takes_a_postgres_address_only_and_needs_something_to_move(run: Run, address: str) -> None:
    refused = run("move-to", address)
    assert (refused.status, refused.stdout) == (3, "")
    assert "Give postgresql://USER:PASSWORD@HOST/DATABASE" in refused.stderr
    nothing = run("move-to", "postgresql://u@h/d")
    assert (nothing.status, nothing.stdout) == (3, "")
    assert "There is no database invoice-bot.db to move" in nothing.stderr


def test_move_to_says_how_many_rows_of_what_were_moved_and_what_to_do_next(run: Run, tmp_path: Path) -> None:
    with new_database() as target:
        address = target.render_as_string(hide_password=False)
        release_before.restore(sa.make_url(f"sqlite:///{tmp_path / 'invoice-bot.db'}"))
        with FileLock(tmp_path / "invoice-bot.db.lock"):
            assert "Stop it first" in run("move-to", address).stderr
        done = run("move-to", address)
        assert (done.status, done.stderr) == (0, "")
        *rows, last = done.stdout.splitlines()
        moved = {name: int(count) for count, name in map(str.split, rows)}
        assert moved["invoice_bot_warnings"] > 0
        assert last.startswith(f"{sum(moved.values())} rows moved to postgresql+psycopg://")
        assert "Set DATABASE_URL to it, and start the bot." in last
        assert "not empty" in run("move-to", address).stderr
