"""The demo as somebody meets it who has nothing set up: the real command, the real bot, no settings."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from bot.billing.rules.verdicts import Verdict
from bot.sandbox.demo.prompt import Prompt
from bot.sandbox.demo.screen import Screen, Shortened, Trimmed
from bot.sandbox.demo.show import CANNOT_RUN, Wishes, run
from bot.sandbox.demo.stage import Exchange, Question, StageError, as_question, open_stage
from bot.sandbox.demo.tour import INCIDENT, SAMPLE_TICKETS, TOUR
from bot.sandbox.syncro.sample_worlds import INCIDENT_INVOICE, demo_world
from bot.ticket_references.reading import parse
from bot.words.verdicts import verdict_words
from tests.patience import PATIENCE

REPOSITORY = Path(__file__).parents[2]
DEMO = (sys.executable, "-m", "bot", "demo")
HAS_PROC = Path("/proc/self/environ").exists()

THE_USERS_OWN = {
    "SYNCRO_SUBDOMAIN": "leaked",
    "SYNCRO_API_TOKEN": "leaked-syncro-token",
    "SYNCRO_BASE_URL": "https://leaked.example.com",
    "SLACK_BOT_TOKEN": "xoxb-leaked",
    "SLACK_APP_TOKEN": "xapp-leaked",
    "SLACK_API_URL": "https://leaked.example.com/api/",
    "DATABASE_URL": "postgresql://leaked:leaked@leaked.example.com/leaked",
    "ALLOWED_CHANNELS": "C0LEAKED",
    "NON_BILLABLE_STATUSES": "Invoiced",
    "SCAN_LIMIT": "not a number",
    "HTTP_PROXY": "http://leaked.example.com:1",
    "HTTPS_PROXY": "http://leaked.example.com:1",
}
"""A user with settings of their own, some of them broken. None of it may matter to the demo."""


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return kept | THE_USERS_OWN | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", "TERM": "xterm"}


def demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*DEMO, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the user stands; the `.env` in it is theirs and is not read."""
    place = tmp_path_factory.mktemp("user")
    (place / ".env").write_text("LOG_LEVEL=nonsense\nALLOWED_USERS=U0LEAKED\n")
    return place


@pytest.fixture(scope="module")
def tour(folder: Path) -> subprocess.CompletedProcess[str]:
    return demo(folder=folder)


@pytest.fixture(scope="module")
def asked(folder: Path) -> subprocess.CompletedProcess[str]:
    commands = ("/invoice-check 32201-32231", "/invoice-check nonsense", "@bot help")
    options = [part for command in commands for part in ("--command", command)]
    return demo(*options, "--full", "--show-blocks", folder=folder)


# --- the tour ---


def test_without_a_terminal_the_tour_is_played_and_ends_well(tour: subprocess.CompletedProcess[str]) -> None:
    assert (tour.returncode, tour.stderr) == (0, "")
    for number, scene in enumerate((INCIDENT, *TOUR), 1):
        assert f"{number}/{len(TOUR) + 1}  {scene.title}" in tour.stdout


def test_the_incident_is_29_invoiced_2_non_billable_and_no_alarm(tour: subprocess.CompletedProcess[str]) -> None:
    answer = tour.stdout[tour.stdout.index(scene_no(1)) : tour.stdout.index(scene_no(2))]
    assert "31 tickets: 29 invoiced, 2 non-billable, none without an invoice" in answer
    assert "NOT INVOICED" not in answer


def test_the_tour_shows_every_verdict(tour: subprocess.CompletedProcess[str]) -> None:
    for verdict in Verdict:
        assert verdict_words(verdict).label in tour.stdout


def test_everything_is_said_to_be_sample_data_and_the_next_step_is_named(
    tour: subprocess.CompletedProcess[str],
) -> None:
    lines = tour.stdout.splitlines()
    assert "ALL DATA IS SAMPLE DATA" in lines[0]
    assert "nothing leaves this machine" in " ".join(lines[:4])
    assert "All of it was sample data." in tour.stdout
    assert "invoice-bot doctor" in " ".join(lines[-3:])


def test_the_hostile_subject_pings_nobody(tour: subprocess.CompletedProcess[str]) -> None:
    assert "<!channel>" in tour.stdout
    assert "PING @" not in tour.stdout


def test_piped_output_is_plain_text_of_80_columns(tour: subprocess.CompletedProcess[str]) -> None:
    assert not set(tour.stdout) & {"\x1b", "\r", "\x07"}
    assert all(cell_len(line) <= 80 and line == line.rstrip() for line in tour.stdout.splitlines())


def test_a_shortened_thread_says_how_much_is_left_out(tour: subprocess.CompletedProcess[str]) -> None:
    assert re.search(r"… \d+ more lines in this thread; --full shows them", tour.stdout)


@pytest.mark.usefixtures("tour", "asked")
def test_nothing_is_left_where_the_user_stands(folder: Path) -> None:
    assert [file.name for file in folder.iterdir()] == [".env"]


# --- commands of one's own ---


def test_commands_are_answered_in_order_and_without_the_tour(asked: subprocess.CompletedProcess[str]) -> None:
    assert (asked.returncode, asked.stderr) == (0, "")
    places = [asked.stdout.index(part) for part in ("31 tickets:", "I did not understand", "How to ask", "3 questions")]
    assert places == sorted(places)
    assert "1/12" not in asked.stdout
    assert "SAMPLE DATA" in asked.stdout


def test_full_leaves_nothing_out(asked: subprocess.CompletedProcess[str]) -> None:
    assert "more lines" not in asked.stdout
    assert all(f"#{number}" in asked.stdout for number in range(32_201, 32_232))


def test_show_blocks_prints_an_unbroken_address_for_each_message_with_blocks(
    asked: subprocess.CompletedProcess[str],
) -> None:
    headings = re.findall(r"message (\d) of (\d) \(in the (channel|thread)\)", asked.stdout)
    addresses = re.findall(r"^https://app\.slack\.com/block-kit-builder/#%7B\S+%7D$", asked.stdout, re.MULTILINE)
    assert headings[0][2] == "channel"
    assert len(addresses) == len(headings) > 2


def test_what_the_bot_would_not_hear_is_refused_in_one_line(folder: Path) -> None:
    done = demo("--command", "is 32223 billed?", folder=folder)
    assert (done.returncode, done.stdout) == (CANNOT_RUN, "")
    assert done.stderr.count("\n") == 1
    assert "begin with /invoice-check or @bot" in done.stderr


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (" /invoice-check 32223 ", "/invoice-check 32223"),
        ("/invoice-check", "/invoice-check"),
        ("@bot 32223", "@bot 32223"),
        ("32223 32224", "/invoice-check 32223 32224"),
        ("#32223", "/invoice-check #32223"),
        ("/invoice-checks 32223", None),
        ("hello", None),
        ("", None),
    ],
)
def test_only_what_slack_would_bring_to_the_bot_is_a_question(typed: str, text: str | None) -> None:
    question = as_question(typed)
    assert (question and question.text) == text


# --- the data of the tour ---


def test_each_sample_ticket_is_listed_and_asked_for_by_a_number_that_exists() -> None:
    numbers = set(demo_world().numbers)
    listed = " ".join(ticket.typed for ticket in SAMPLE_TICKETS)
    asked_for = " ".join(scene.question.text.partition(" ")[2] for scene in (INCIDENT, *TOUR))
    assert set(parse(listed, site="", limit=1_000).references) == numbers
    assert set(parse(asked_for, site="", limit=1_000).references) <= numbers


# --- shortening ---


def seen(content: RenderableType) -> list[str]:
    output = io.StringIO()
    Console(file=output, width=60).print(content)
    return output.getvalue().splitlines()


def test_shortening_shows_the_first_lines_and_counts_the_others() -> None:
    text = Text("one\ntwo\nthree\nfour")
    assert seen(Shortened(text, 4)) == ["one", "two", "three", "four"]
    assert seen(Shortened(text, 3)) == ["one", "two", "three", "four"]
    assert seen(Shortened(text, 2)) == ["one", "two", "… 2 more lines in this thread; --full shows them"]


def test_the_bar_takes_its_room_from_the_text() -> None:
    lines = seen(Trimmed(Text("abc " * 20), "| "))
    assert lines == ["| " + " ".join(["abc"] * 14), "| " + " ".join(["abc"] * 6)]


# --- the bot as a child ---


def is_gone(process: int) -> bool:
    """Whether a process has ended; one that only waits to be collected counts."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def scene_no(number: int) -> str:
    return f"{number}/{len(TOUR) + 1}"


def until(seen_yet: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen_yet():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(not HAS_PROC, reason="reads the child's environment from /proc")
def test_the_bot_gets_nothing_of_the_users_environment_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in THE_USERS_OWN.items():
        monkeypatch.setenv(name, value)
    with open_stage() as stage:
        child, log = stage.process.pid, stage.log
        environ = Path(f"/proc/{child}/environ").read_text()
        exchange = stage.ask(Question("/invoice-check 32223"))
    assert "leaked" not in environ.lower()
    assert "PROXY" not in environ
    assert f"invoice {INCIDENT_INVOICE}" in exchange.from_bot[0].text
    assert is_gone(child)
    assert not log.parent.exists()


def test_a_bot_that_cannot_start_is_said_in_one_line_below_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    broken = (sys.executable, "-c", "raise SystemExit('no database')")
    assert run(Wishes(), partial(open_stage, command=broken)) == CANNOT_RUN
    assert capsys.readouterr().err.splitlines()[1:] == ["  no database", "invoice-bot: The bot ended (status 1)."]


def test_a_bot_that_does_not_connect_in_time_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    silent = (sys.executable, "-c", "input()" if os.name == "nt" else "import signal; signal.pause()")
    assert run(Wishes(), partial(open_stage, command=silent, start_seconds=0.2)) == CANNOT_RUN
    assert capsys.readouterr().err == (
        "invoice-bot: The bot did not connect to the stand-in Slack within 0.2 seconds.\n"
    )


def test_a_bot_that_falls_silent_or_dies_is_noticed() -> None:
    with open_stage(answer_seconds=0.3) as stage:
        stage.process.send_signal(signal.SIGSTOP)
        with pytest.raises(StageError, match=r"gave no answer to “/invoice-check 32223” within 0\.3 seconds"):
            stage.ask(Question("/invoice-check 32223"))
        stage.process.kill()
        with pytest.raises(StageError, match="The bot ended"):
            stage.ask(Question("/invoice-check 32223"))


def child_of(process: subprocess.Popen[Any]) -> int:
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


@contextmanager
def started(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A demo that has begun its tour, and its child."""
    own = environment() | {"TMPDIR": str(temporary)}
    process = subprocess.Popen(DEMO, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        until(lambda: (process.stdout or io.StringIO()).readline().startswith(scene_no(1)))
        yield process, child_of(process)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(not HAS_PROC, reason="looks for the child in /proc")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)])
def test_however_the_demo_is_ended_its_child_ends_too(number: signal.Signals, status: int, tmp_path: Path) -> None:
    with started(tmp_path) as (process, child):
        process.send_signal(number)
        assert process.wait(PATIENCE) == status
        until(lambda: is_gone(child))
    assert number == signal.SIGKILL or not list(tmp_path.iterdir())


# --- the prompt ---


class Terminal:
    """A person at a terminal: reads what is shown, types lines."""

    def __init__(self, *arguments: str) -> None:
        self._end, other = pty.openpty()
        command = [*DEMO, *arguments]
        self.process = subprocess.Popen(command, env=environment(), preexec_fn=partial(os.login_tty, other))
        os.close(other)
        self._shown = ""

    def read_until(self, text: str) -> str:
        """Return all that is shown up to this text, and forget it."""
        while text not in self._shown:
            self._shown += self._read()
        before, _, self._shown = self._shown.partition(text)
        return before

    def type(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def status(self) -> int:
        """Return how the demo ended, having read all that it showed."""
        with suppress(OSError):  # what Linux says when nobody is on the other side any more
            while self._read():
                pass
        return self.process.wait(PATIENCE)

    def _read(self) -> str:
        ready, _, _ = select.select([self._end], [], [], PATIENCE)
        assert ready, f"nothing more was shown after {self._shown[-500:]!r}"
        return os.read(self._end, 65_536).decode(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._end)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    person = Terminal()
    yield person
    person.close()


def test_on_a_terminal_the_tour_ends_in_a_prompt_that_asks_the_bot(terminal: Terminal) -> None:
    assert "NOT INVOICED" in terminal.read_until("demo> ")
    terminal.type("/invoice-check 32305\n")
    assert "billed to Example Property" in terminal.read_until("demo> ")
    terminal.type("@bot 32399\n")
    assert "No such ticket" in terminal.read_until("demo> ")
    terminal.type("blocks\n")
    assert "block-kit-builder" in terminal.read_until("demo> ")
    terminal.type("tickets\n")
    assert "the landlord" in terminal.read_until("demo> ")
    terminal.type("what?\n")
    assert "The bot would not hear that" in terminal.read_until("demo> ")
    terminal.type("quit\n")
    assert terminal.status() == 0


def test_ctrl_c_ends_the_tour_and_the_bot(terminal: Terminal) -> None:
    terminal.read_until(scene_no(1))
    child = child_of(terminal.process) if HAS_PROC else 0
    terminal.type("\x03")
    assert terminal.status() == 130
    until(lambda: is_gone(child))


class Leaving:
    """A keyboard on which Ctrl-C is pressed."""

    def readline(self) -> str:
        raise KeyboardInterrupt


@pytest.mark.parametrize("keyboard", [io.StringIO("blocks\n"), Leaving()], ids=["Ctrl-D", "Ctrl-C"])
def test_ctrl_d_and_ctrl_c_end_the_prompt_cleanly(
    keyboard: io.StringIO | Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(question: Question, _lines: int) -> Exchange:
        raise AssertionError(question)

    monkeypatch.setattr(sys, "stdin", keyboard)
    Prompt(Screen(Console(file=io.StringIO())), never, None).run()
