"""Status 1 means that a ticket is not invoiced: whatever else happens ends with another one, and with one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.e2e.house import INVOICED, NOT_INVOICED, House, open_house
from tests.nursery import Child, environment
from tests.patience import PATIENCE
from tests.standins.syncro_faults import Edit, Fault

FOREIGN = "33900"
"""A ticket whose customer and subject no old terminal can show."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("shell")) as house:
        world = house.expected.world
        world.add_ticket(world.add_customer("東京 Käthe"), number=int(FOREIGN), subject="🖨 drückt — nichts")
        yield house


def needed(house: House, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command that needs Syncro alone, in a locale that knows every character."""
    syncro = {name: value for name, value in house.settings().items() if name.startswith("SYNCRO_")}
    return environment(syncro | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"} | dict(settings))


def start(
    house: House, *words: str, out: int = subprocess.PIPE, settings: Mapping[str, str] = MappingProxyType({})
) -> Child:
    return Child(words, cwd=house.home, env=needed(house, settings), stdout=out)


def start_anew(
    house: House, *words: str | bytes, settings: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    """Start a command in an interpreter of its own, which makes of locale and arguments what it will."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=house.home,
        env=needed(house, settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def one_line(said: bytes) -> str:
    """What was said on stderr: one line for people, and no traceback."""
    text = said.decode()
    assert text.count("\n") == 1, text
    assert text.startswith("invoice-bot: ")
    assert "Traceback" not in text
    return text


COMMANDS = [
    ("check", NOT_INVOICED),
    ("check", NOT_INVOICED, "--json"),
    ("digest", "--dry-run", "--json"),
    ("digest", "--subscriptions"),
    ("sync", "--json"),
    ("policy", "--dry-run"),
    ("doctor",),
    ("version",),
    ("--help",),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_reader_who_leaves_ends_a_command_with_141(house: House, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    child = start(house, *words, out=writing)
    os.close(writing)
    _, said = child.communicate(timeout=PATIENCE)
    assert child.returncode == 141
    assert "nobody reads the output" in one_line(said)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_disk_ends_a_command_with_3(house: House, words: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    child = start(house, *words, out=full)
    os.close(full)
    _, said = child.communicate(timeout=PATIENCE)
    assert child.returncode == 3
    assert "No space left on device" in one_line(said)


def test_closed_streams_are_no_error(house: House) -> None:
    """`>&- 2>&-`: whoever wants the exit status alone gets it."""
    command = 'exec "$0" -m bot check "$1" >&- 2>&-'
    settings = {name: value for name, value in house.settings().items() if name.startswith("SYNCRO_")}
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, NOT_INVOICED],
        cwd=house.home,
        env=environment(settings),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1


POOR = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "strict ASCII": {"PYTHONIOENCODING": "ascii:strict"},
    "C locale": {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


@pytest.mark.parametrize("kind", POOR)
@pytest.mark.parametrize(("tickets", "status"), [([INVOICED], 0), ([NOT_INVOICED, FOREIGN], 1)])
def test_an_encoding_that_lacks_characters_changes_neither_status_nor_meaning(
    house: House, kind: str, tickets: list[str], status: int
) -> None:
    child = start_anew(house, "check", *tickets, settings=POOR[kind])
    shown, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, said) == (status, b"")
    assert all(f"#{ticket}".encode() in shown for ticket in tickets)
    assert (b"2 NOT INVOICED" in shown, b"NOT INVOICED" in shown) == (status == 1, status == 1)


def test_a_terminal_that_says_it_has_no_width_gets_its_answer(house: House) -> None:
    said, _ = start(house, "check", NOT_INVOICED, settings={"COLUMNS": "0"}).communicate(timeout=PATIENCE)
    assert b"NOT INVOICED" in said


@pytest.mark.parametrize("kind", POOR)
def test_json_is_utf_8_in_every_locale(house: House, kind: str) -> None:
    child = start_anew(house, "check", FOREIGN, "--json", settings=POOR[kind])
    shown, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, said) == (1, b"")
    (result,) = json.loads(shown.decode("utf-8"))["results"]
    assert (result["customer"], result["subject"]) == ("東京 Käthe", "🖨 drückt — nichts")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_half_a_character_in_an_answer_changes_nothing(house: House, words: tuple[str, ...]) -> None:
    def halve(payload: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
        return {**payload, "tickets": [{**row, "subject": "half \ud83d"} for row in payload["tickets"]]}

    fault = Fault("/tickets", Edit(halve))
    house.syncro.faults.append(fault)
    try:
        child = start(house, "check", INVOICED, *words)
        shown, said = child.communicate(timeout=PATIENCE)
    finally:
        house.syncro.faults.remove(fault)
    assert (child.returncode, said) == (0, b"")
    assert "half" in shown.decode("utf-8")


@pytest.mark.parametrize("word", [b"\xff\xfe", "3222\ud83d".encode("utf-8", "surrogatepass"), b"\x1b[2J\n1"])
def test_an_argument_that_is_no_text_is_refused_in_one_line(house: House, word: bytes) -> None:
    child = start_anew(house, "check", word)
    shown, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, shown) == (3, b"")
    assert "is not a ticket number" in one_line(said)
    assert b"\x1b" not in said


# --- before anything is loaded ---


def with_module(house: House, tmp_path: Path, source: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a command; one of the modules that it needs is this."""
    (tmp_path / "typer.py").write_text(source)
    return start_anew(house, *words, settings={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"})


@pytest.mark.parametrize(
    ("words", "signalled", "status", "told"),
    [
        (("check", NOT_INVOICED), signal.SIGINT, 130, b"invoice-bot: Stopped by Ctrl-C.\n"),
        (("serve",), signal.SIGINT, 130, b"invoice-bot: Stopped by Ctrl-C.\n"),
        (("serve",), signal.SIGTERM, 0, b""),
        (("worker",), signal.SIGTERM, 0, b""),
    ],
)
def test_a_command_that_is_ended_while_its_modules_load_ends_well(
    house: House, tmp_path: Path, words: tuple[str, ...], signalled: signal.Signals, status: int, told: bytes
) -> None:
    loading = tmp_path / "loading"
    child = with_module(house, tmp_path, f"import time; open({str(loading)!r}, 'w'); time.sleep(60)", *words)
    until = time.monotonic() + PATIENCE
    while not loading.exists() and time.monotonic() < until:
        time.sleep(0.01)
    child.send_signal(signalled)
    assert child.communicate(timeout=PATIENCE) == (b"", told)
    assert child.returncode == status


def test_a_module_that_cannot_be_loaded_ends_with_3(house: House, tmp_path: Path) -> None:
    child = with_module(house, tmp_path, "raise ImportError('broken')", "check", NOT_INVOICED)
    shown, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, shown) == (3, b"")
    assert "cannot be loaded" in one_line(said)


def test_ctrl_c_while_syncro_is_asked_ends_with_130_at_once(house: House) -> None:
    asked = len(house.syncro.calls)
    child = start(house, "check", "33001-33050", settings={"SYNCRO_REQUESTS_PER_MINUTE": "10"})
    until = time.monotonic() + PATIENCE
    while len(house.syncro.calls) == asked and time.monotonic() < until:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    began = time.monotonic()
    shown, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, shown) == (130, b"")
    assert one_line(said) == "invoice-bot: Stopped by Ctrl-C.\n"
    assert time.monotonic() - began < 30, "threads that wait for the limit wait for minutes"
