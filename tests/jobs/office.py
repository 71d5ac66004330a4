"""The digest's and the check's jobs on both stand-ins, in this process, with a clock that the test sets."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.billing.decide import SyncroPages
from bot.billing.verifier import Verifier
from bot.digest.model import Digest
from bot.jobs.audit import AuditTrail
from bot.jobs.check import CheckJob
from bot.jobs.digest import DigestJob
from bot.jobs.digest_making import DigestRules, make_digest
from bot.jobs.digest_request import DigestRequest
from bot.jobs.request import CheckRequest
from bot.jobs.warnings import WarningBook
from bot.messages.channel_guard import ChannelGuard
from bot.messages.pace import Pace
from bot.messages.poster import Poster, slack_client
from bot.sandbox.slack.workspace import BILLING, BOT, MANAGER, TECHNICIAN, Message
from bot.sandbox.syncro.world import Customer, Ticket, World
from bot.store.memory import Memory
from bot.syncro.client import SyncroClient
from bot.syncro.exchange import Timeouts
from bot.syncro.retries import RetryPolicy
from bot.syncro_sessions.pooled import SyncroReader
from tests.jobs.fakes import RememberingSteps
from tests.policies import EVERY_TICKET
from tests.standins.slack import FaultySlack
from tests.standins.syncro import FaultySyncro

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = DigestRules(timedelta(days=30), timedelta(hours=24), ZoneInfo("UTC"), managers=(MANAGER,))


HASTE = 100
"""How much faster time passes for the pace of posting."""


class EngineStoppedError(Exception):
    """What the engine would raise; nothing does."""


class Endless:
    """A rate budget that nobody waits for."""

    def call(self, longest_pause: float = math.inf) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def refused(self, retry_after: float | None) -> None:
        """Nothing to slow down."""


@dataclass
class Office:
    """One account, one workspace, and what the bot remembers. `now` is the time of every job."""

    world: World
    syncro: FaultySyncro
    slack: FaultySlack
    memory: Memory
    reader: SyncroReader
    poster: Poster
    now: datetime = MONDAY
    rules: DigestRules = RULES
    refusals: dict[str, str] = field(default_factory=dict)
    """Why some people may have no digest any more."""

    def clock(self) -> datetime:
        return self.now

    @property
    def verifier(self) -> Verifier:
        return Verifier(EVERY_TICKET, SyncroPages("https://sample.example"))

    @property
    def warnings(self) -> WarningBook:
        return WarningBook(self.memory, self.clock, self.rules.rates)

    def digest(
        self, channel: str | None = BILLING, *, asked_by: str | None = None, steps: RememberingSteps | None = None
    ) -> None:
        """Run the digest of this day."""
        job = DigestJob(
            verifier=self.verifier,
            session=self.reader.session,
            poster=self.poster,
            memory=self.memory,
            warnings=self.warnings,
            trail=AuditTrail(self.memory, self.clock),
            rules=self.rules,
            clock=self.clock,
            engine_error=EngineStoppedError,
            refusal=self.refusals.get,
        )
        stored = DigestRequest(self.now.date(), channel, asked_by).to_json()
        steps = steps or RememberingSteps()
        steps.on_pause = self.pass_time
        job.run(stored, steps, f"digest:{channel}:{self.now.date()}:{asked_by}")

    def digest_without_posting(self) -> None:
        """What `invoice-bot digest --no-post` does."""
        self.memory.remember_run(self.made(), key=f"terminal:{self.now.isoformat()}")

    def made(self) -> Digest:
        """A digest of now that nobody has seen yet."""
        with self.reader.session() as session:
            return make_digest(
                self.verifier,
                session,
                self.memory.history(self.now),
                self.rules,
                now=self.now,
                window=self.rules.window(self.now),
            )

    def check(
        self,
        *tickets: Ticket,
        channel: str = BILLING,
        thread_ts: str | None = None,
        steps: RememberingSteps | None = None,
        key: str | None = None,
    ) -> Message:
        """Run the check that somebody asked for, and return its answer."""
        job = self.check_job()
        numbers = tuple(str(ticket.number) for ticket in tickets)
        before = len(self.slack.workspace.messages)
        stored = CheckRequest(numbers, channel, TECHNICIAN, thread_ts).to_json()
        job.run(stored, steps or RememberingSteps(), key or f"check:{before}")
        return self.slack.workspace.messages[before]

    def check_job(self) -> CheckJob:
        return CheckJob(
            verifier=self.verifier,
            session=self.reader.session,
            large_session=self.reader.session,
            seconds_held_back=lambda: 0.0,
            poster=self.poster,
            clock=self.clock,
            warnings=self.warnings,
            trail=AuditTrail(self.memory, self.clock),
            engine_error=EngineStoppedError,
        )

    def pass_time(self, time: timedelta) -> None:
        self.now += time

    def next_day(self, days: int = 1) -> None:
        self.now += timedelta(days=days)

    def rule(self, **changes: Any) -> None:
        self.rules = replace(self.rules, **changes)

    # --- the world ---

    def unbilled(self, customer: Customer | None = None, price: str = "75.00", **options: Any) -> Ticket:
        """A finished ticket with a charge that is on no invoice."""
        ticket = self.world.add_ticket(customer, **options)
        self.world.add_charge(ticket, price)
        return ticket

    def bill(self, ticket: Ticket) -> str:
        """Put the ticket's charges on a new invoice, and return its number."""
        with self.syncro.locked() as world:
            return world.bill_by_line_item(ticket, created_at=self.now - timedelta(hours=1)).number

    # --- what is there to see ---

    def parents(self, channel: str = BILLING) -> list[Message]:
        return [message for message in self.slack.parents(channel) if message.user == BOT]

    def direct(self, user: str) -> list[Message]:
        return self.parents(self.slack.workspace.open_im(user).id)

    def replies(self, parent: Message) -> list[Message]:
        return list(self.slack.replies(parent.channel, parent.ts))

    def thread(self, parent: Message) -> list[str]:
        return [message.text for message in self.replies(parent)]


@contextmanager
def opened_office(home: Path) -> Iterator[Office]:
    """An office with nothing in it yet."""
    world = World(now=MONDAY)
    with ExitStack() as stack:
        syncro = stack.enter_context(FaultySyncro(world, requests_per_minute=None))
        slack = stack.enter_context(FaultySlack())
        client = SyncroClient(
            syncro.base_url,
            syncro.token,
            budget=Endless(),
            retries=RetryPolicy(attempts=2, first_wait=0.001, longest_wait=0.002, patience=20),
            timeouts=Timeouts(connect=2, read=5, total=10),
        )
        stack.callback(client.close)
        memory = Memory(f"sqlite:///{home / 'bot.db'}")
        memory.open()
        stack.callback(memory.close)
        slack_api = slack_client(slack.api.bot_token, slack.api_url)
        poster = Poster(slack_api, ChannelGuard(slack_api), Pace(clock=lambda: time.monotonic() * HASTE))
        office = Office(world, syncro, slack, memory, SyncroReader(client, lambda: office.now), poster)
        stack.callback(office.reader.close)
        yield office
