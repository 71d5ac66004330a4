"""A month of an MSP's work with its known truth, and how the truth changes from one digest to the next.

The truth is kept by hand beside the world: whoever changes the world here says what that means for the bill. Nothing
of it is computed by the bot.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.sandbox.syncro.world import Customer, Invoice, Schedule, Ticket, World

FIRST_DAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
"""A Tuesday, 09:00."""
LABOR_RATE = Decimal("95.50")
LOOKBACK = timedelta(days=30)
GRACE = timedelta(hours=24)
TICKETS = 300
CUSTOMERS = 40
INVOICES = 4_000
_FORGETFUL = 14
"""Customers for whom work was left unbilled. Only their invoices are searched to the end."""


def day(number: int) -> datetime:
    """The moment of the digest of day 1, 2 or 3."""
    return FIRST_DAY + timedelta(days=number - 1)


@dataclass
class Fact:
    """What is true of a ticket. `owed` says that it is finished, billable and on no invoice."""

    ticket: Ticket
    owed: bool = False
    amount: Decimal = Decimal("0.00")
    invoice: str | None = None
    unclear: bool = False
    """Nobody can say from Syncro's data whether it is billed."""
    scheduled: bool = False
    marked: bool = False
    snoozed_until: datetime | None = None
    done: datetime | None = None
    """When the work was finished."""

    @property
    def number(self) -> str:
        return str(self.ticket.number)

    def is_listed(self, now: datetime) -> bool:
        """Whether a digest of this moment has to name it as unbilled, were it said never before."""
        put_aside = self.marked or (self.snoozed_until is not None and self.snoozed_until > now)
        return self.owed and not put_aside


@dataclass(frozen=True)
class Truth:
    """What the digest of one day must say. `resolved` names the invoice, or None where there is none."""

    new: frozenset[str]
    still_open: frozenset[str]
    resolved: dict[str, str | None]
    unverified: frozenset[str]
    scheduled: frozenset[str]
    snoozed: frozenset[str]
    marked: frozenset[str]
    at_risk: Decimal

    @property
    def unbilled(self) -> frozenset[str]:
        return self.new | self.still_open


@dataclass
class Month:
    """The world, the truth about each ticket, and what was said so far."""

    world: World
    facts: dict[str, Fact] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)

    def truth(self, now: datetime) -> Truth:
        """What the digest of this moment must say; it counts as said from then on."""
        window = [f for f in self.facts.values() if f.number in self.said or self._in_window(f, now)]
        listed = {f.number for f in window if f.is_listed(now)}
        ended = {n for n in self.said if not (self.facts[n].owed or self.facts[n].unclear)}
        made = Truth(
            new=frozenset(listed - self.said),
            still_open=frozenset(listed & self.said),
            resolved={n: self.facts[n].invoice for n in ended},
            unverified=frozenset(f.number for f in window if f.unclear),
            scheduled=frozenset(f.number for f in window if f.scheduled),
            snoozed=frozenset(f.number for f in window if f.owed and not f.marked and f.number not in listed),
            marked=frozenset(f.number for f in window if f.owed and f.marked),
            at_risk=sum((self.facts[n].amount for n in listed), Decimal("0.00")),
        )
        self.said = (self.said | listed) - ended
        return made

    @staticmethod
    def _in_window(fact: Fact, now: datetime) -> bool:
        return fact.done is not None and now - LOOKBACK <= fact.done <= now - GRACE

    def owed(self, now: datetime) -> Iterator[Fact]:
        """Tickets of the window that are unbilled, which nobody has put aside, in the order of their numbers."""
        return (f for f in self.facts.values() if self._in_window(f, now) and f.is_listed(now))

    # --- what people do ---

    def bill(self, fact: Fact, how: str, payer: Customer | None = None) -> Invoice:
        """Put everything of a ticket on a new invoice."""
        world, ticket = self.world, fact.ticket
        made = world.now + timedelta(minutes=1)
        if how == "item":
            invoice = world.bill_by_line_item(ticket, created_at=made)
        elif how == "text":
            invoice = world.bill_by_line_text(ticket, created_at=made)
        elif how == "third party":
            invoice = world.bill_third_party(ticket, payer, created_at=made)
        else:
            invoice = world.bill_by_ticket_id(ticket, created_at=made)
        fact.owed, fact.invoice = False, invoice.number
        return invoice

    def delete(self, number: str) -> list[Fact]:
        """Delete an invoice; what it billed is unbilled again. Returns those tickets."""
        self.world.delete_invoice(self.world.invoice_numbered(number))
        freed = [fact for fact in self.facts.values() if fact.invoice == number]
        for fact in freed:
            fact.owed, fact.invoice = True, None
        return freed


class _Builder:
    """Fills a month, deterministically."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.month = Month(World(now=FIRST_DAY - timedelta(hours=1)))
        self.world = self.month.world
        self.world.statuses += ["Non-Billable"]
        self.customers = [self.world.add_customer(f"Month Customer {index:02d}") for index in range(CUSTOMERS)]
        self.forgetful = self.customers[:_FORGETFUL]
        self.careful = self.customers[_FORGETFUL:-2]
        self.recurring, self.landlord = self.customers[-2], self.customers[-1]

    def ticket(
        self, customer: Customer, *, status: str = "Resolved", done: datetime | None = None, open_work: bool = False
    ) -> Fact:
        """A ticket finished at `done`, or at any moment of the window that no border is near to."""
        if done is None:
            minutes = self.random.randrange(25 * 60, 29 * 24 * 60 - 60 * 24)
            done = FIRST_DAY - timedelta(minutes=minutes)
        opened = done - timedelta(hours=self.random.randrange(2, 70))
        ticket = self.world.add_ticket(
            customer,
            subject=f"Month work {len(self.month.facts)}",
            status=status,
            created_at=opened,
            updated_at=done,
            resolved_at=None if open_work else done,
            user_id=1,
        )
        fact = Fact(ticket, done=None if open_work else done)
        self.month.facts[fact.number] = fact
        return fact

    def work(self, fact: Fact) -> None:
        """Charges and billable time, and what they are worth."""
        cents = 0
        for _ in range(self.random.randrange(1, 4)):
            price, quantity = self.random.randrange(500, 40_000), self.random.randrange(1, 4)
            self.world.add_charge(fact.ticket, Decimal(price) / 100, quantity=quantity)
            cents += price * quantity
        fact.amount = Decimal(cents) / 100
        if self.random.random() < 0.5:
            self.time(fact, 4 * self.random.randrange(1, 60))

    def time(self, fact: Fact, minutes: int) -> None:
        """Billable time that nobody has charged. `minutes` in fours: 95.50 an hour is then worth no half cents."""
        self.world.add_timer(fact.ticket, minutes)
        hundredths = 9_550 * minutes
        whole, rest = divmod(hundredths, 60)
        fact.amount += Decimal(whole + (1 if rest * 2 >= 60 else 0)) / 100

    def billed(self, count: int) -> None:
        """Tickets on invoices, in every way in which that can be."""
        for index in range(count):
            fact = self.ticket(self.random.choice(self.customers[:-2]), status=self.random.choice(_FINISHED))
            how = ("ticket_id", "item", "third party")[index % 3]
            if how == "item":
                self.work_without_time(fact)
            self.month.bill(fact, how, self.landlord)

    def work_without_time(self, fact: Fact) -> None:
        price = self.random.randrange(500, 40_000)
        self.world.add_charge(fact.ticket, Decimal(price) / 100)
        fact.amount = Decimal(price) / 100

    def combined(self, invoices: int, tickets_on_each: int) -> list[str]:
        """Invoices made from several tickets: they link to none, and name each in a line."""
        numbers = []
        for index in range(invoices):
            customer = self.forgetful[index % len(self.forgetful)]
            facts = [self.ticket(customer) for _ in range(tickets_on_each)]
            wording = ("Ticket #{number}: sample work", "#{number} {subject}", "Ticket {number}")[index % 3]
            invoice = self.world.bill_by_line_text(*(fact.ticket for fact in facts), wording=wording)
            for fact in facts:
                fact.invoice = invoice.number
            numbers.append(invoice.number)
        return numbers

    def unbilled(self, count: int) -> None:
        for index in range(count):
            fact = self.ticket(self.forgetful[index % _FORGETFUL], status=_FINISHED[index % 2])
            fact.owed = True
            if index % 5 == 4:
                self.time(fact, 40)  # time alone
            else:
                self.work(fact)

    def fill_invoices(self) -> None:
        """Unrelated invoices, until there are as many as there have to be."""
        index = 0
        while len(self.world.invoices) < INVOICES:
            customer = self.customers[index % CUSTOMERS]
            made = FIRST_DAY - timedelta(days=2 + 7 * (index // CUSTOMERS), minutes=index % 97)
            self.world.add_invoice(customer, total="48.00", created_at=made, paid=index % 3 == 0)
            index += 1


_FINISHED = ("Resolved", "Invoiced")


@dataclass
class Plan:
    """The month, and the tickets and invoices that the later days are about."""

    month: Month
    combined: list[str]
    in_grace: list[Fact]
    leaving: list[Fact]
    open_work: list[Fact]
    briefly_snoozed: list[Fact]
    marked: list[Fact]
    schedule: Schedule
    waiting: list[Fact]
    billed_by_id: list[str]
    landlord: Customer


def build(seed: int = 1) -> Plan:
    """The month as it is on the first day."""
    made = _Builder(seed)
    month, world = made.month, made.world
    made.billed(150)
    billed_by_id = [f.invoice for f in month.facts.values() if f.invoice and f.amount == 0][:12]
    combined = made.combined(20, 3)
    made.unbilled(42)
    for index in range(12):
        fact = made.ticket(made.careful[index], status="Non-Billable" if index % 2 else "Resolved")
        if index % 2 == 0:
            world.add_timer(fact.ticket, 30, billable=False)
    open_work = [made.ticket(made.forgetful[index], status="In Progress", open_work=True) for index in range(10)]
    for fact in open_work:
        made.work(fact)
    in_grace = [made.ticket(made.forgetful[index], done=FIRST_DAY - timedelta(hours=5 + index)) for index in range(4)]
    leaving = [
        made.ticket(made.forgetful[index], done=FIRST_DAY - LOOKBACK + timedelta(hours=2 + index)) for index in range(3)
    ]
    long_ago = [made.ticket(made.forgetful[index], done=FIRST_DAY - timedelta(days=33 + index)) for index in range(3)]
    for fact in (*in_grace, *leaving, *long_ago):
        made.work(fact)
        fact.owed = True
    schedule = world.add_schedule(made.recurring, name="Month agreement", next_run=FIRST_DAY + timedelta(days=20))
    waiting = [made.ticket(made.recurring) for _ in range(5)]
    for fact in waiting:
        made.work_without_time(fact)
        fact.scheduled = True
    _unclear(made)
    while len(month.facts) < TICKETS:
        month.bill(made.ticket(made.random.choice(made.careful)), "ticket_id")
    made.fill_invoices()
    aside = [fact for fact in month.owed(FIRST_DAY) if fact not in leaving][10:17]
    for fact in aside[:2]:
        fact.snoozed_until = day(2) - timedelta(hours=1)
    for fact in aside[2:4]:
        fact.snoozed_until = day(30)
    for fact in aside[4:]:
        fact.marked = True
    return Plan(
        month,
        combined,
        in_grace,
        leaving,
        open_work,
        aside[:2],
        aside[4:],
        schedule,
        waiting,
        billed_by_id,
        made.landlord,
    )


def _unclear(made: _Builder) -> None:
    """A charge that went onto another customer's invoice without a link, and a bare number that may be a model."""
    elsewhere = made.ticket(made.forgetful[0])
    made.work_without_time(elsewhere)
    made.world.bill_by_line_item(elsewhere.ticket, customer=made.landlord)
    mentioned = made.ticket(made.forgetful[1])
    made.world.mention(mentioned.ticket)
    for fact in (elsewhere, mentioned):
        fact.unclear = True


def second_day(plan: Plan) -> None:
    """What people did between the first digest and the second."""
    month = plan.month
    month.world.now = day(2) - timedelta(hours=1)
    standing = [fact for fact in month.owed(FIRST_DAY) if fact not in plan.leaving]
    for index, fact in enumerate(standing[:8]):
        month.bill(fact, ("ticket_id", "item", "text", "third party")[index % 4], plan.landlord)
    reopened, courtesy, rested = standing[8:10], standing[10], standing[11:13]
    for fact in reopened:
        _reopen(month, fact)
    courtesy.ticket.status, courtesy.ticket.updated_at = "Non-Billable", month.world.now
    courtesy.owed = False
    for fact in rested:
        fact.snoozed_until = day(3) - timedelta(hours=1)
    for number in (*plan.billed_by_id[:5], plan.combined[0], plan.combined[1]):
        month.delete(number)
    for fact in plan.open_work[:4]:
        _finish(month, fact, FIRST_DAY + timedelta(minutes=30))


def third_day(plan: Plan) -> None:
    """What people did between the second digest and the third."""
    month = plan.month
    month.world.now = day(3) - timedelta(hours=1)
    back = next(f for f in month.facts.values() if f.invoice and f.ticket.charges and not f.ticket.charges[0].converted)
    assert back.invoice is not None
    month.delete(back.invoice)
    for fact in [f for f in month.owed(day(2)) if f.number in month.said and f not in plan.leaving][-6:]:
        month.bill(fact, "item")
    month.bill(plan.leaving[0], "third party", plan.landlord)
    plan.schedule.paused = True
    for fact in plan.waiting:
        fact.owed, fact.scheduled = True, False
    for fact in plan.open_work[4:6]:
        _finish(month, fact, day(2) + timedelta(hours=1))  # not to be named before its day of grace is over
    plan.marked[0].marked = False


def _reopen(month: Month, fact: Fact) -> None:
    fact.ticket.status, fact.ticket.resolved_at, fact.ticket.updated_at = "In Progress", None, month.world.now
    fact.owed, fact.done = False, None


def _finish(month: Month, fact: Fact, moment: datetime) -> None:
    fact.ticket.status, fact.ticket.resolved_at, fact.ticket.updated_at = "Resolved", moment, month.world.now
    fact.owed, fact.done = True, moment
