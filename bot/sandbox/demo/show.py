"""`invoice-bot demo`: the real bot between a stand-in Slack and a stand-in Syncro, for somebody who has neither."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from rich.console import Console

from bot.sandbox.demo.prompt import THREAD_LINES, Prompt
from bot.sandbox.demo.screen import Screen
from bot.sandbox.demo.stage import COMMAND, MENTION, Exchange, Question, Stage, StageError, as_question, open_stage
from bot.sandbox.demo.tour import INCIDENT, TOUR

CANNOT_RUN = 3
"""Exit status: the bot could not be started, or gave no answer."""

OpenStage = Callable[[], AbstractContextManager[Stage]]


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line. Without `commands` the tour is played."""

    commands: tuple[str, ...] = ()
    full: bool = False
    show_blocks: bool = False


def run(wishes: Wishes, opening: OpenStage = open_stage) -> int:
    """Play the demo on stdout and return the exit status; at the end neither a process nor a file is left."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without emoji is no reason to fail
    questions = []
    for command in wishes.commands:
        question = as_question(command)
        if question is None:
            return refuse(f"The bot would not hear {command!r}: begin with {COMMAND} or {MENTION}.")
        questions.append(question)
    screen = Screen(Console(highlight=False), full=wishes.full, show_blocks=wishes.show_blocks)
    try:
        with ending_on_signals(), ExitStack() as stack:
            screen.header()
            with screen.waiting("Starting the bot…"):
                stage = stack.enter_context(opening())
            _Show(screen, stage).play(questions)
    except StageError as error:
        return refuse(str(error), error.log)
    return 0


class _Show:
    """The stage seen on the screen."""

    def __init__(self, screen: Screen, stage: Stage) -> None:
        self._screen = screen
        self._stage = stage
        self._exchanges: list[Exchange] = []

    def play(self, questions: Sequence[Question]) -> None:
        """Ask these questions; without any, play the tour and then let whoever sits there ask."""
        if not questions:
            self._tour()
        for question in questions:
            self._screen.gap()
            self._ask(question, THREAD_LINES)
        self._screen.footer(self._exchanges)
        if not questions and sys.stdin.isatty():
            Prompt(self._screen, self._ask, self._exchanges[-1]).run()

    def _tour(self) -> None:
        scenes = (INCIDENT, *TOUR)
        for number, scene in enumerate(scenes, 1):
            self._screen.title(number, len(scenes), scene.title, scene.story)
            self._ask(scene.question, scene.thread_lines)

    def _ask(self, question: Question, thread_lines: int) -> Exchange:
        with self._screen.waiting("The bot is working…", self._stage.calls_so_far):
            exchange = self._stage.ask(question)
        self._screen.exchange(exchange, thread_lines)
        self._exchanges.append(exchange)
        return exchange


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let the signals that end a process end this one in good order, its child first."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    numbers = [signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    earlier = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def refuse(sentence: str, log: Sequence[str] = ()) -> int:
    """Say on stderr why the demo cannot be shown, and return the exit status."""
    if log:
        sys.stderr.write("The last lines of the bot's log:\n" + "".join(f"  {line}\n" for line in log))
    sys.stderr.write(f"invoice-bot: {sentence}\n")
    return CANNOT_RUN
