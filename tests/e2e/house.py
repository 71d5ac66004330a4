"""A Slack workspace and a Syncro account on loopback, and what the tests do and look for in them."""

from __future__ import annotations

import itertools
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy

from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import BOT, SLACKBOT, Channel, Message
from bot.sandbox.syncro.sample_worlds import SAMPLE_CONTRACT, Sample, demo_world
from bot.sandbox.syncro.world import ListRows, Ticket
from tests import nursery
from tests.e2e.bot_process import BotProcess, environment
from tests.patience import PATIENCE
from tests.standins.slack import FaultySlack
from tests.standins.syncro import FaultySyncro

INVOICED = "32223"
"""The incident's ticket, on invoice 67469."""
NOT_INVOICED = "32311"
"""A ticket whose customer has 28 invoices, none of which bills it: the longest search of the sample world."""
HOSTILE = "32314"
"""Its subject tries to ping, format and link."""
UNVERIFIED = "32313"
CROWD = tuple(str(number) for number in range(33_001, 33_051))
"""Fifty tickets, all invoiced."""
LONG = "33100"
"""A ticket whose customer has 150 invoices, none of which bills it."""

ENDLESS = "1000000"
"""Requests a minute that no test reaches."""

_VERDICT_WORDS = re.compile(
    r"invoiced on|NOT INVOICED|[Nn]on-billable|[Ss]till open|could not verify|could not be verified|Could not verify"
    r"|scheduled|covered|nothing is recorded|no such ticket|not found"
)
_numbers = itertools.count(1)


def sample() -> Sample:
    """The demo's world, with a crowd of tickets and one whose search takes long."""
    made = demo_world()
    world = made.world
    customers = [world.add_customer(f"Sample Crowd {index}") for index in range(5)]
    for index, number in enumerate(CROWD):
        world.bill_by_ticket_id(world.add_ticket(customers[index % 5], number=int(number), status="Invoiced"))
    long = world.add_ticket(world.add_customer("Sample Long List"), number=int(LONG))
    _add_unrelated_invoices(made, long, 150)
    return made


def _add_unrelated_invoices(made: Sample, ticket: Ticket, count: int) -> None:
    customer = made.world.customers[ticket.customer_id]
    for index in range(count):
        made.world.add_invoice(customer, created_at=ticket.created_at + timedelta(minutes=index))


@dataclass
class House:
    """Both stand-ins, and the bots that were started on them."""

    syncro: FaultySyncro
    slack: FaultySlack
    home: Path
    expected: Sample
    _open: ExitStack = field(default_factory=ExitStack)

    def settings(self, **changes: str) -> dict[str, str]:
        """The bot's settings for these stand-ins, with a SQLite file in the house's own directory."""
        return {
            "SYNCRO_BASE_URL": self.syncro.base_url,
            "SYNCRO_API_TOKEN": self.syncro.token,
            "SYNCRO_REQUESTS_PER_MINUTE": ENDLESS,
            "SYNC_EVERY_MINUTES": "0",
            "COVERED_CONTRACTS": SAMPLE_CONTRACT,
            "NOTHING_RECORDED": "quiet",
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.api.bot_token,
            "SLACK_APP_TOKEN": self.slack.api.app_token,
            "DATABASE_URL": f"sqlite:///{self.home / 'bot.db'}",
            **changes,
        }

    def start(self, command: str = "serve", **settings: str) -> BotProcess:
        """Start a bot; it is gone when the house is closed. Returns at once."""
        bot = BotProcess(self.home, self.settings(**settings), command)
        return self._open.enter_context(bot)

    def serve(self, **settings: str) -> BotProcess:
        """Start a bot and wait until it listens."""
        bot = self.start(**settings)
        bot.wait_ready()
        return bot

    def shell(self, settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `invoice-bot` to its end, with these settings and no others."""
        return nursery.run(arguments, cwd=self.home, env=environment(settings), timeout=PATIENCE)

    def channel(self, name: str = "test", **kind: Any) -> str:
        """Make a channel of its own for a test; a public one with the bot in it unless `kind` says otherwise."""
        channel_id = f"C0TEST{next(_numbers):04d}"
        self.slack.workspace.channels[channel_id] = Channel(channel_id, name, **kind)
        return channel_id

    # --- what is there to see ---

    def own_parents(self, channel: str) -> list[Message]:
        """What the bot itself posted in the channel, not in a thread."""
        return [message for message in self.slack.parents(channel) if message.user == BOT]

    def own_replies(self, parent: Message) -> list[Message]:
        """What the bot posted in the thread of a message."""
        return [m for m in self.slack.replies(parent.channel, parent.ts) if m.user == BOT]

    def answers(self, channel: str, *, count: int = 1, timeout: float = PATIENCE) -> list[Message]:
        """Wait for parents that say a verdict and have their evidence; return all parents of the bot."""

        def answered(_: object) -> list[Message] | None:
            parents = self.own_parents(channel)
            done = [parent for parent in parents if says_verdict(parent) and self.evidence(parent)]
            return parents if len(done) >= count else None

        return self.slack.wait_for(answered, timeout)

    def answer(self, channel: str, *, timeout: float = PATIENCE) -> Message:
        """Wait for the answer in a channel, and see that it is the only one, with its evidence said once."""
        self.answers(channel, timeout=timeout)
        self.wait_idle()  # a job under way might still say something a second time
        parents = self.own_parents(channel)
        assert len(parents) == 1, [message.text for message in parents]
        assert len(self.own_replies(parents[0])) == 1, [message.text for message in self.own_replies(parents[0])]
        return parents[0]

    def wait_idle(self, database: str = "", *, timeout: float = PATIENCE) -> None:
        """Wait until every job that was ever stored has ended, and see that all ended well."""
        engine = sqlalchemy.create_engine(database or self.settings()["DATABASE_URL"], poolclass=sqlalchemy.NullPool)
        schema = "dbos." if engine.name == "postgresql" else ""
        ended = sqlalchemy.text(f"SELECT workflow_uuid, status FROM {schema}workflow_status")  # noqa: S608
        deadline = time.monotonic() + timeout
        while True:
            with engine.connect() as connection:
                states = {str(job): str(state) for job, state in connection.execute(ended)}
            if set(states.values()) <= {"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}:
                break
            assert time.monotonic() < deadline, f"jobs are still under way after {timeout} s: {states}"
            time.sleep(0.05)
        assert set(states.values()) <= {"SUCCESS"}, states

    def evidence(self, parent: Message) -> list[Message]:
        """The evidence below a parent."""
        return [reply for reply in self.own_replies(parent) if "to Syncro in" in reply.text]

    def whispers(self, channel: str, user: str) -> list[Message]:
        """What the bot showed to this person only, in this channel."""
        return [m for m in self.slack.ephemerals(user) if m.channel == channel and m.user != SLACKBOT]

    def whisper(self, channel: str, user: str, *, timeout: float = PATIENCE) -> Message:
        """Wait for something that only this person sees in this channel; the last of it."""

        def seen(_: object) -> Message | None:
            return next(reversed(self.whispers(channel, user)), None)

        return self.slack.wait_for(seen, timeout)

    def new_direct(self, user: str) -> Callable[[], list[Message]]:
        """A function that gives what the bot has said to this person directly since now, threads left out."""
        direct = self.slack.workspace.open_im(user).id
        before = {message.ts for message in self.slack.parents(direct)}
        return lambda: [message for message in self.own_parents(direct) if message.ts not in before]


@contextmanager
def open_house(
    home: Path,
    *,
    latency: float = 0.0,
    scopes: frozenset[str] = DEFAULT_SCOPES,
    made: Sample | None = None,
    list_rows: ListRows = ListRows.OPENAPI,
) -> Iterator[House]:
    """Both stand-ins; bots started in the house are gone before the stand-ins are. `made` replaces the sample world."""
    made = made or sample()
    with (
        FaultySyncro(made.world, requests_per_minute=None, latency=latency, list_rows=list_rows) as syncro,
        FaultySlack(scopes=scopes) as slack,
        ExitStack() as bots,
    ):
        yield House(syncro, slack, home, made, bots)


def local_noon() -> str:
    """A time zone where it is about noon, so that no test sees midnight pass."""
    hours = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def says_verdict(message: Message) -> bool:
    """Whether the words of a message say a verdict."""
    return "checking…" not in message.text and _VERDICT_WORDS.search(message.text) is not None


def strings(value: Any) -> Iterator[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
