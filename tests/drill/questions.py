"""People who ask all the time, of tickets whose truth changes meanwhile. Each asks in a channel of their own."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.slack.socket import COMMANDS, Delivery
from bot.sandbox.slack.workspace import BOT, User
from bot.sandbox.syncro.sample_worlds import Sample
from bot.sandbox.syncro.world import Ticket, World
from tests.e2e.house import House

TICKETS = 240
INVOICES_EACH = 4
BILLED_SHARE = 3
"""Every third ticket is billed from the beginning."""
MOST_OPEN = 16
"""So many questions without an answer, and nobody asks more: how long a backlog takes is another matter."""


@dataclass
class Pool:
    """The tickets that are asked about, and since when each is billed (monotonic seconds)."""

    sample: Sample
    tickets: list[Ticket]
    billed_at: dict[int, float] = field(default_factory=dict)


def pool() -> Pool:
    """A world of its own: some tickets are billed, none of the others has an invoice yet."""
    world = World()
    made = Pool(Sample(world), [])
    for index in range(TICKETS):
        ticket = world.add_ticket(world.add_customer(), number=40_001 + index)
        world.add_charge(ticket, "40.00")
        for _ in range(INVOICES_EACH):
            world.add_invoice(world.customers[ticket.customer_id])
        if index % BILLED_SHARE == 0:
            world.bill_by_line_item(ticket, *ticket.charges)
            made.billed_at[ticket.number] = 0.0
        made.tickets.append(ticket)
    return made


@dataclass
class Question:
    """One question, and where its answer is looked for."""

    ticket: int
    channel: str
    user: str
    direct: str
    delivery: Delivery
    is_direct: bool = False

    @property
    def place(self) -> str:
        """Where it was asked."""
        return self.direct if self.is_direct else self.channel

    @property
    def may_be_answered(self) -> bool:
        """Whether the bot has taken it, or may still do so."""
        return self.is_accepted or (self.delivery.acked_at is None and self.delivery.error is None)

    @property
    def is_accepted(self) -> bool:
        """Whether the bot said that it will be answered: a command without a word of refusal, any event."""
        ack = self.delivery.ack_payload
        return ack is not None and (self.delivery.kind != COMMANDS or ack == {})


class People:
    """Ask about every half second, and bill what was just asked about, until they are stopped."""

    def __init__(self, house: House, pool: Pool, rng: random.Random, *, pace: float) -> None:
        self.questions: list[Question] = []
        self._house = house
        self._pool = pool
        self._rng = rng
        self._pace = pace
        self._open: list[Question] = []
        self._answered: set[str] = set()
        self._looked_at = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let nobody ask any more."""
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stop.wait(self._rng.uniform(0.4, 1.6) * self._pace):
            self._note_answers()
            if len(self._open) < MOST_OPEN:
                self.questions.append(self._ask())
                self._open.append(self.questions[-1])
            if self._rng.random() < 0.25:
                self._bill(self._rng.choice(self.questions[-6:]).ticket)

    def _note_answers(self) -> None:
        calls = self._house.slack.calls
        while self._looked_at < len(calls):
            call, self._looked_at = calls[self._looked_at], self._looked_at + 1
            text = str(call.args.get("text"))
            if call.method.startswith("chat.") and "checking…" not in text and not text.startswith("Still looking"):
                self._answered.add(str(call.args.get("channel")))
        self._open = [each for each in self._open if each.may_be_answered and each.place not in self._answered]

    def _ask(self) -> Question:
        slack, number = self._house.slack, len(self.questions)
        ticket = self._rng.choice(self._pool.tickets).number
        user, channel = f"U0ASK{number:05d}", self._house.channel(f"drill-{number}")
        slack.workspace.users[user] = User(user, f"asker-{number}", f"Asker {number}")
        direct = slack.workspace.open_im(user).id
        way = self._rng.random()
        if way < 0.6:
            delivery = slack.slash(str(ticket), channel=channel, user=user)
        elif way < 0.9:
            delivery = slack.mention(f"<@{BOT}> {ticket}", channel=channel, user=user)
        else:
            delivery = slack.direct_message(str(ticket), user=user)
        return Question(ticket, channel, user, direct, delivery, is_direct=way >= 0.9)

    def _bill(self, number: int) -> None:
        if number in self._pool.billed_at:
            return
        with self._house.syncro.locked() as world:
            world.now = datetime.now(UTC).replace(microsecond=0)
            ticket = world.ticket_numbered(number)
            ticket.updated_at = world.now
            world.bill_by_line_item(ticket, *ticket.charges, created_at=world.now, updated_at=world.now)
            self._pool.billed_at[number] = time.monotonic()
