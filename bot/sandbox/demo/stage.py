"""The demo's stage: both stand-ins on loopback, and the real bot as a child process that knows nothing else."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import bot
from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.socket import Delivery
from bot.sandbox.slack.workspace import BILLING, BOT, MANAGER, TECHNICIAN, Message, Workspace
from bot.sandbox.syncro.sample_worlds import SAMPLE_CONTRACT, demo_world, finished_in
from bot.sandbox.syncro.server import SyncroSandbox

COMMAND = "/invoice-check"
MENTION = "@bot"
SYNCRO_LIMIT = 180
"""Requests that the real Syncro answers in a minute."""
DEMO_LIMIT = 3_000
"""Requests in a minute that the stand-in answers and the bot makes here: the tour needs more than `SYNCRO_LIMIT`."""

_FOR_MANAGERS = frozenset({"close", "digest", "history"})
"""What only managers may ask: at the prompt the sample manager does."""

PERSON, OTHER = "Sam Sample", "Alex Example"
"""Technicians in the stand-in Syncro; the first is the one of the workspace."""

SERVE = (sys.executable, "-m", "bot", "serve")
LAST_LINE_OF_ANSWER = "for this request"
"""What the last message of an answer says and no other: "4 calls to Syncro in 0.3 seconds for this request"."""
LAST_LINE_OF_CLOSE = "for a spreadsheet"
"""The same of a month's close: its file comes last."""

_LOOK_AGAIN_SECONDS = 0.5
_LEAVING_SECONDS = 0.3
_LAST_WORDS = 12
_INHERITED = (
    *("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP"),
    *("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
"""All that the bot gets of the user's environment: what Python needs to run, no setting, no token, no proxy."""

T = TypeVar("T")


class StageError(Exception):
    """The bot could not be started, ended, or gave no answer in time. `log` holds the last lines it wrote."""

    def __init__(self, sentence: str, log: Sequence[str] = ()) -> None:
        self.log = tuple(log)
        super().__init__(sentence)


@dataclass(frozen=True)
class Question:
    """What somebody types, and where. `opening` is a message of theirs in whose thread they then ask."""

    text: str
    channel: str = BILLING
    user: str = TECHNICIAN
    opening: str = ""


@dataclass(frozen=True)
class Exchange:
    """A question and all that came of it in Slack, as a workspace that holds nothing else.

    `calls` is how many requests reached the stand-in Syncro meanwhile, `seconds` how long the answer took.
    """

    chat: Workspace
    calls: int
    seconds: float

    @property
    def from_bot(self) -> list[Message]:
        """The bot's messages, in order."""
        return [message for message in self.chat.messages if message.user == self.chat.bot.id]


def as_question(typed: str) -> Question | None:
    """Read a line as a question to the bot; None where the bot would not hear it. Bare numbers get the command."""
    text = typed.strip()
    if text[:1].isdigit() or text[:1] == "#":
        text = f"{COMMAND} {text}"
    first, second = (*text.split(maxsplit=2), "", "")[:2]
    user = MANAGER if second.casefold() in _FOR_MANAGERS else TECHNICIAN
    return Question(text, user=user) if first in (COMMAND, MENTION) else None


@dataclass(frozen=True)
class Stage:
    """A running bot between its stand-ins. `answer_seconds` is how long an answer may take."""

    syncro: SyncroSandbox
    slack: SlackSandbox
    process: subprocess.Popen[bytes]
    log: Path
    answer_seconds: float

    def wait_connected(self, seconds: float) -> None:
        """Wait until the bot listens to Slack. StageError after so many seconds, or when it ended."""
        self._wait(lambda _: self.slack.connections > 0, seconds, "The bot did not connect to the stand-in Slack")

    def calls_so_far(self) -> int:
        """How many requests reached the stand-in Syncro since the last question was asked."""
        return len(self.syncro.calls)

    def ask(self, question: Question) -> Exchange:
        """Type the question and wait for its whole answer. StageError when none comes."""
        began = time.monotonic()
        self.syncro.reset_calls()
        since = float(self._now(Workspace.next_ts))
        delivery = self._type(question)

        def answered(workspace: Workspace) -> Workspace | None:
            chat = _since(workspace, since)
            return chat if _is_whole(chat, delivery, question) else None

        chat = self._wait(answered, self.answer_seconds, f"The bot gave no answer to “{question.text}”")
        return Exchange(chat, self.calls_so_far(), time.monotonic() - began)

    def filled_in(self, text: str) -> str:
        """The text with the stand-in Syncro's address for `{site}`, and for `{month}` that of the sample tickets."""
        with self.syncro.locked() as world:
            month = finished_in(world)
        return text.replace("{site}", self.syncro.site).replace("{month}", f"{month:%Y-%m}")

    def _type(self, question: Question) -> Delivery:
        first, _, rest = self.filled_in(question.text).partition(" ")
        if first == COMMAND:
            return self.slack.slash(rest.strip(), user=question.user, channel=question.channel)
        thread_ts = None
        if question.opening:
            opening = self._now(lambda workspace: workspace.post(question.channel, question.user, question.opening))
            thread_ts = opening.ts
        text = f"<@{BOT}> {rest.strip()}"
        return self.slack.mention(text, user=question.user, channel=question.channel, thread_ts=thread_ts)

    def _now(self, act: Callable[[Workspace], T]) -> T:
        """Do something with the workspace while nobody else touches it."""
        return self.slack.wait_for(act)

    def _wait(self, seen: Callable[[Workspace], T | None], seconds: float, complaint: str) -> T:
        """Wait for something to be seen in Slack, and look after the bot meanwhile."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self.slack.wait_for(seen, min(_LOOK_AGAIN_SECONDS, max(0.0, until - time.monotonic())))
            except TimeoutError:
                if self.process.poll() is not None:
                    sentence = f"The bot ended (status {self.process.returncode})."
                    raise StageError(sentence, self._last_words()) from None
                if time.monotonic() >= until:
                    raise StageError(f"{complaint} within {seconds:g} seconds.", self._last_words()) from None

    def _last_words(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_WORDS:]


@contextmanager
def open_stage(
    *, command: Sequence[str] = SERVE, start_seconds: float = 60.0, answer_seconds: float = 30.0
) -> Iterator[Stage]:
    """Start both stand-ins and the bot, in a folder of their own; at the end nothing of them is left.

    Raises:
        StageError: the bot did not start.

    """
    world = demo_world().world
    for ticket in world.tickets.values():
        ticket.technician = PERSON if ticket.number % 2 else OTHER
    with (
        TemporaryDirectory(prefix="invoice-bot-demo-", ignore_cleanup_errors=True) as name,
        SyncroSandbox(world, requests_per_minute=DEMO_LIMIT) as syncro,
        SlackSandbox(scopes=DEFAULT_SCOPES | {"links:read", "links:write"}) as slack,
    ):
        folder = Path(name)
        log = folder / "bot.log"
        with _running(command, _settings(syncro, slack, folder), log) as process:
            stage = Stage(syncro, slack, process, log, answer_seconds)
            stage.wait_connected(start_seconds)
            yield stage


def _is_whole(chat: Workspace, delivery: Delivery, question: Question) -> bool:
    """Whether the answer is complete: its last line is in a thread, or it is a word to the person who asked."""
    last = LAST_LINE_OF_CLOSE if question.text.startswith(f"{COMMAND} close") else LAST_LINE_OF_ANSWER
    if any(last in message.text for message in chat.messages if message.user == chat.bot.id):
        return True
    if question.text.startswith(COMMAND):
        # Where a channel refuses the bot, its word about that is followed by the answer; only this one stands alone.
        return bool(delivery.ack_payload)
    return any(message.ephemeral_to == question.user for message in chat.messages)


def _since(workspace: Workspace, ts: float) -> Workspace:
    """What was typed and said after a moment, as a workspace of its own that no longer changes."""
    messages = [deepcopy(message) for message in workspace.messages if float(message.ts) > ts]
    commands = [typed for typed in workspace.commands if float(typed.ts) > ts]
    return replace(workspace, messages=messages, commands=commands, channels=dict(workspace.channels))


def _settings(syncro: SyncroSandbox, slack: SlackSandbox, folder: Path) -> dict[str, str]:
    """The bot's whole environment."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(Path(bot.__file__).parent.parent),
        "SYNCRO_BASE_URL": syncro.base_url,
        "SYNCRO_API_TOKEN": syncro.token,
        "SYNCRO_REQUESTS_PER_MINUTE": str(DEMO_LIMIT),
        "COVERED_CONTRACTS": SAMPLE_CONTRACT,
        "MANAGERS": MANAGER,
        "TECHNICIANS": f"{TECHNICIAN} = {PERSON}",
        "DIGEST_CHANNEL": BILLING,
        "DIGEST_SCHEDULE": "0 0 1 1 *",  # so that one comes when it is asked for, and not in between
        "UNFURL": "true",
        "SYNC_EVERY_MINUTES": "0",  # the calls that are shown are those of the questions
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        "SLACK_APP_TOKEN": "xapp-sandbox",
        "DATABASE_URL": f"sqlite:///{folder / 'invoice-bot.db'}",
    }


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the bot in the folder of its log, where no `.env` of the user lies; it never outlives the body."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own module
            command,
            cwd=log.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_tie_to_parent(),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            # Its folder is thrown away, so there is nothing that it must be given time to save.
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LEAVING_SECONDS)
        finally:
            process.kill()
            process.wait()


def _tie_to_parent() -> Callable[[], object] | None:
    """On Linux: have the kernel end the child even where the demo is killed and can do nothing itself."""
    if sys.platform != "linux":
        return None
    libc, set_death_signal, terminate = ctypes.CDLL(None), 1, 15
    return lambda: libc.prctl(set_death_signal, terminate)
