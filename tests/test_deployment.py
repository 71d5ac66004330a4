"""What operators deploy keeps its promises: the image, the compose file, the systemd unit of the README."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from slack_bolt import App

from bot.cli import cli
from bot.commands.exits import CANNOT_RUN
from bot.commands.serve import LONGEST_GOODBYE_SECONDS
from bot.health.tally import Tally
from bot.health.vitals import HANGS_AFTER, Recorded, Vitals
from bot.settings import Settings
from bot.slack_connection import Identity, SlackConnection

ROOT = Path(__file__).parent.parent
ANALYZE, HADOLINT = shutil.which("systemd-analyze") or "", shutil.which("hadolint") or ""
COMMANDS = set(typer.main.get_group(cli).commands)


def dockerfile() -> list[tuple[str, str]]:
    """Each instruction and what follows it, comments left out and continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    words = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(name, rest) for name, rest in words]


def last_stage() -> dict[str, str]:
    """What the image that runs ends up with."""
    lines = dockerfile()
    begins = max(index for index, (name, _) in enumerate(lines) if name == "FROM")
    return dict(lines[begins:])


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def unit_text() -> str:
    (found,) = re.findall(r"(?s)```ini\n(\[Unit\].*?)```", (ROOT / "README.md").read_text())
    return str(found)


@pytest.fixture
def unit() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(unit_text())
    return parsed


def test_the_image_holds_only_releases_of_the_lock_file_checked_by_their_hashes() -> None:
    runs = [rest for name, rest in dockerfile() if name == "RUN"]
    (fetching,) = [run for run in runs if "requirements.lock" in run]
    assert "--require-hashes" in fetching
    assert "--no-deps" in fetching
    installs = [part for run in runs for part in run.split("&&") if re.search(r"pip (install|wheel)", part)]
    assert all("--no-index" in part for part in installs if part not in fetching)
    assert len(installs) == 4


def test_the_image_runs_as_nobody_in_particular_on_a_pinned_base_and_looks_after_its_health() -> None:
    (base,) = [rest for name, rest in dockerfile() if name == "ARG"]
    assert re.fullmatch(r"PYTHON=docker\.io/library/python:3\.11[\w.-]+", base)
    image = last_stage()
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", image["USER"])
    assert image["WORKDIR"] in image["VOLUME"]
    variables = dict(part.split("=", 1) for part in image["ENV"].split())
    asked = re.search(r"http://([\d.:]+)/healthz", image["HEALTHCHECK"])
    assert asked is not None
    assert asked[1] == variables["HEALTH_ADDRESS"]
    assert variables["DATABASE_URL"].startswith(f"sqlite:///{image['WORKDIR']}/")
    assert {name.lower() for name in variables} - {"path", "pythonunbuffered"} <= set(Settings.model_fields)
    assert yaml.safe_load(image["ENTRYPOINT"]) == ["invoice-bot"]
    assert set(yaml.safe_load(image["CMD"])) <= COMMANDS
    copied = [rest.split()[:-1] for name, rest in dockerfile() if name == "COPY" and "--from" not in rest]
    assert all((ROOT / each).exists() for names in copied for each in names)


def test_compose_starts_a_bot_a_worker_and_their_database_with_nothing_to_write_and_no_rights() -> None:
    services = compose()["services"]
    assert set(services) == {"bot", "worker", "database"}
    for name, command in (("bot", "serve"), ("worker", "worker")):
        service = services[name]
        assert service["command"] == [command]
        assert command in COMMANDS
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert "no-new-privileges:true" in service["security_opt"]
        assert "@database/" in service["environment"]["DATABASE_URL"]
        assert float(service["stop_grace_period"].removesuffix("s")) > LONGEST_GOODBYE_SECONDS
    assert services["database"]["volumes"]
    assert "ports" not in str(services)


def test_the_unit_starts_the_bot_and_gives_up_where_starting_again_would_not_help(
    unit: configparser.ConfigParser,
) -> None:
    service = unit["Service"]
    assert service["ExecStart"].split()[-1] in COMMANDS
    assert int(service["RestartPreventExitStatus"]) == CANNOT_RUN
    assert service["Type"] == "notify"
    assert service["WatchdogSec"] == f"{HANGS_AFTER / 60:.0f}min"
    assert float(service["TimeoutStopSec"]) > LONGEST_GOODBYE_SECONDS
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    readme = (ROOT / "README.md").read_text()
    assert f"useradd --system --home-dir {service['WorkingDirectory']}" in readme
    assert f"python3 -m venv {Path(service['ExecStart'].split()[0]).parents[1]}" in readme


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not there")
def test_systemd_takes_the_unit_and_finds_it_well_fenced(tmp_path: Path) -> None:
    file = tmp_path / "invoice-bot.service"
    file.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit_text()))
    for words in (["verify"], ["security", "--offline=true", "--threshold=15"]):
        done = subprocess.run([ANALYZE, *words, str(file)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.skipif(not HADOLINT, reason="hadolint is not there")
def test_the_dockerfile_has_none_of_the_usual_faults() -> None:
    done = subprocess.run([HADOLINT, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def table(heading: str) -> list[list[str]]:
    """What stands in backticks in the first column of a table of the README, row by row."""
    below = (ROOT / "README.md").read_text().split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in below.splitlines()[2:]]


def test_the_manual_names_every_number_and_no_other() -> None:
    tally = Tally()
    recorded = Recorded(0, 0, datetime.now(UTC), None, None, 0, 0, 0)
    Vitals(
        tally,
        lambda: recorded,
        SlackConnection(App(token_verification_enabled=False, token="x"), "", Identity()),
        bool,
        lambda: datetime.now(UTC),
    )
    told = {
        metric.name.removeprefix("invoice_bot_") + ("_total" if metric.type == "counter" else "")
        for metric in tally.registry.collect()
    }
    assert {name.partition("{")[0] for row in table("number, after `invoice_bot_`") for name in row} == told


def test_every_line_of_the_log_that_the_manual_explains_is_one_of_the_bot() -> None:
    source = " ".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    joined = re.sub(r'"\s+f?"', "", source)
    lines = [line for row in table("the log says") for line in row]
    assert len(lines) > 15
    assert [line for line in lines if line not in joined] == []
