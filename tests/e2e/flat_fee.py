"""A month of an MSP most of whose customers pay a flat fee, with its known truth: what is owed for, and how much.

The truth is written beside each ticket as it is made. Nothing of it is computed by the bot.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Unpack

from bot.billing.rules.policy import Policy
from bot.billing.rules.verdicts import Verdict
from bot.sandbox.syncro.world import Customer, Ticket, TicketOptions, World

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
LABOR_RATE = Decimal(90)
TICKETS, FLAT_FEE, INVOICES = 300, 210, 300
POLICY = Policy(
    covered_contracts=("Gold-Care",),
    covered_customers=("Flat Fee Bakery", "7000002"),
    non_billable_customers=("Own Company",),
    no_charge_products=("Warranty labour",),
)


@dataclass(frozen=True)
class Fact:
    """What is true of a ticket: the verdict, the money at risk, and the minutes that a prepaid block covers."""

    verdict: Verdict
    amount: Decimal = Decimal(0)
    minutes: int = 0
    is_flat_fee: bool = False


@dataclass
class Month:
    """The world, and the truth about each ticket by its number."""

    world: World
    facts: dict[str, Fact] = field(default_factory=dict)

    def of(self, verdict: Verdict) -> dict[str, Fact]:
        """The facts of the tickets of a verdict."""
        return {number: fact for number, fact in self.facts.items() if fact.verdict is verdict}


class _Builder:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(now=NOW - timedelta(hours=1))
        self.world.statuses += ["Cancelled"]
        self.month = Month(self.world)
        self.bakery = self.world.add_customer("FLAT-FEE BAKERY")
        self.clinic = self.world.add_customer("Sample Clinic")  # 7000002, covered by its id
        self.contracted = [self.world.add_customer(f"Contract Customer {index}") for index in range(12)]
        self.others = [self.world.add_customer(f"Hourly Customer {index}") for index in range(10)]
        self.own = self.world.add_customer("Own company")
        self.with_schedule = self.world.add_customer("Contract with a monthly invoice")
        self.world.add_schedule(self.with_schedule, name="Projects", next_run=NOW + timedelta(days=20))

    def ticket(
        self, customer: Customer, *, days: int | None = None, status: str = "Resolved", **options: Unpack[TicketOptions]
    ) -> Ticket:
        """A finished ticket; so many `days` ago, or at any time of the month."""
        minutes = self.random.randrange(2 * 24 * 60, 28 * 24 * 60) if days is None else days * 24 * 60
        done = NOW - timedelta(minutes=minutes)
        opened = done - timedelta(hours=self.random.randrange(2, 70))
        told = TicketOptions(created_at=opened, updated_at=done, resolved_at=done)
        told.update(options)
        return self.world.add_ticket(customer, subject="Month work", status=status, **told)

    def flat_fee(self, status: str = "Resolved") -> Ticket:
        """A ticket that a contract or its customer covers."""
        chosen = self.random.randrange(14)
        if chosen < 12:
            return self.ticket(self.contracted[chosen], status=status, contract_name="gold care")
        return self.ticket(self.bakery if chosen == 12 else self.clinic, status=status)

    def hourly(self, *, status: str = "Resolved", days: int | None = None) -> Ticket:
        return self.ticket(self.random.choice(self.others), status=status, days=days)

    def prepaid(self, hours: str) -> Customer:
        customer = self.world.add_customer(f"Prepaid Customer {len(self.world.customers)}")
        customer.prepay_hours = Decimal(hours)
        return customer

    def fact(
        self, ticket: Ticket, verdict: Verdict, amount: str | Decimal = "0", minutes: int = 0, *, flat: bool = False
    ) -> None:
        self.month.facts[str(ticket.number)] = Fact(verdict, Decimal(amount), minutes, flat)

    def price(self) -> Decimal:
        return Decimal(self.random.randrange(500, 40_000)) / 100


# --- flat fee ---


def _nothing(made: _Builder, index: int) -> tuple[Ticket, Verdict]:
    return made.flat_fee(("Resolved", "Closed", "Invoiced")[index % 3]), Verdict.COVERED


def _time(made: _Builder, index: int) -> tuple[Ticket, Verdict]:
    ticket = made.flat_fee()
    made.world.add_timer(ticket, 5 * (1 + index))
    return ticket, Verdict.COVERED


def _free_charge(made: _Builder, _: int) -> tuple[Ticket, Verdict]:
    ticket = made.flat_fee()
    made.world.add_charge(ticket, 0, name="Contract labour")
    return ticket, Verdict.NON_BILLABLE


def _free_charge_and_time(made: _Builder, index: int) -> tuple[Ticket, Verdict]:
    ticket = made.flat_fee()
    made.world.add_charge(ticket, 0, name="Contract labour", quantity="1.5")
    made.world.add_timer(ticket, 10 * (1 + index))
    return ticket, Verdict.COVERED


def _time_for_free(made: _Builder, _: int) -> tuple[Ticket, Verdict]:
    ticket = made.flat_fee()
    made.world.add_timer(ticket, 30, billable=False)
    return ticket, Verdict.NON_BILLABLE


def _parts_billed(made: _Builder, _: int) -> tuple[Ticket, Verdict]:
    ticket = made.flat_fee()
    made.world.add_timer(ticket, 45)
    made.world.add_charge(ticket, made.price(), name="Docking station")
    made.world.bill_by_line_item(ticket)
    return ticket, Verdict.INVOICED


_COVERED: tuple[tuple[int, Callable[[_Builder, int], tuple[Ticket, Verdict]]], ...] = (
    (75, _nothing),
    (50, _time),
    (20, _free_charge),
    (20, _free_charge_and_time),
    (10, _time_for_free),
    (10, _parts_billed),
)


def _owed_beside_the_fee(made: _Builder) -> None:
    """Parts and projects are not covered; the time beside them is, and is no money at risk."""
    world = made.world
    for index in range(15):
        ticket, price = made.flat_fee(), made.price()
        world.add_charge(ticket, price, name="Firewall", quantity=1 + index % 3)
        world.add_charge(ticket, 0, name="Contract labour")
        if index % 2:
            world.add_timer(ticket, 60)
        made.fact(ticket, Verdict.NOT_INVOICED, price * (1 + index % 3), flat=True)
    for _ in range(5):
        ticket = made.ticket(made.with_schedule, contract_name="Gold Care")
        world.add_charge(ticket, made.price(), name="Project day")
        made.fact(ticket, Verdict.SCHEDULED, flat=True)
    for _ in range(5):
        ticket = made.flat_fee()
        billed = world.add_charge(ticket, "80.00", name="Cable")
        world.bill_by_line_item(ticket, billed)
        world.add_charge(ticket, made.price(), name="Switch")
        made.fact(ticket, Verdict.PARTIALLY_INVOICED, flat=True)


# --- by the hour ---


def _billed(made: _Builder) -> None:
    world = made.world
    for _ in range(15):
        ticket = made.hourly()
        world.bill_by_ticket_id(ticket)
        made.fact(ticket, Verdict.INVOICED)
    for _ in range(10):
        ticket = made.hourly()
        world.add_charge(ticket, made.price(), discount_percent=10)
        world.bill_by_line_item(ticket)
        made.fact(ticket, Verdict.INVOICED)
    for _ in range(2):
        customer = made.random.choice(made.others)
        together = [made.ticket(customer) for _ in range(3)]
        world.bill_by_line_text(*together)
        for ticket in together:
            made.fact(ticket, Verdict.INVOICED)
    for _ in range(4):
        ticket = made.hourly()
        world.bill_third_party(ticket, made.own)
        made.fact(ticket, Verdict.INVOICED)


def _unbilled(made: _Builder) -> None:
    world = made.world
    for index in range(12):
        ticket, price = made.hourly(status=("Resolved", "Invoiced")[index % 2]), made.price()
        world.add_charge(ticket, price)
        made.fact(ticket, Verdict.NOT_INVOICED, price)
    for _ in range(4):
        ticket = made.hourly()
        world.add_charge(ticket, "120.00", quantity="2.5", discount_percent="7.5")
        made.fact(ticket, Verdict.NOT_INVOICED, "277.50")
    ticket = made.hourly()
    world.add_charge(ticket, "12.35", quantity="0.7", discount_percent=-10)
    world.add_charge(ticket, "0.01")
    made.fact(ticket, Verdict.NOT_INVOICED, "7.79")  # 7.7805 + 0.01
    for dollars in ("15.5", "-15.5"):
        ticket = made.hourly()
        world.add_charge(ticket, "100.00", discount_dollars=dollars)
        made.fact(ticket, Verdict.NOT_INVOICED, "84.50")
    for index in range(5):
        ticket = made.hourly()
        world.add_timer(ticket, 40 + index)
        made.fact(ticket, Verdict.NOT_INVOICED, (40 + index) * LABOR_RATE / 60)
    for _ in range(3):
        ticket = made.hourly()
        world.add_timer(ticket, 1440).active_seconds = 600  # paused overnight
        made.fact(ticket, Verdict.NOT_INVOICED, 10 * LABOR_RATE / 60)


def _prepaid(made: _Builder) -> None:
    world = made.world
    ample = made.prepaid("12.5")
    ticket = made.ticket(ample, days=20)
    world.add_charge(ticket, "120.00", quantity="1.5", name="Remote support", category="Labor")
    made.fact(ticket, Verdict.NOT_INVOICED, minutes=90)
    ticket = made.ticket(ample, days=19)
    world.add_timer(ticket, 75)
    made.fact(ticket, Verdict.NOT_INVOICED, minutes=75)
    ticket = made.ticket(ample, days=18)
    labour = world.add_charge(ticket, "90.00", quantity=2, name="On site")
    world.add_timer(ticket, 120, recorded=True, charge=labour)
    world.add_charge(ticket, "80.00", name="Keyboard", category="Hardware")
    world.add_charge(ticket, "500.00", name="Ten hours of labour", category="Prepay Hours")
    made.fact(ticket, Verdict.NOT_INVOICED, "580.00", minutes=120)

    ticket = made.ticket(made.prepaid("1"))  # smaller than the work
    world.add_charge(ticket, "100.00", quantity=3, name="Labour")
    made.fact(ticket, Verdict.NOT_INVOICED, "200.00", minutes=60)
    ticket = made.ticket(made.prepaid("0"))  # exhausted
    world.add_charge(ticket, "110.00", quantity=2, name="Labour")
    made.fact(ticket, Verdict.NOT_INVOICED, "220.00")
    small = made.prepaid("3")  # two tickets draw on it, the older one first
    newer, older = made.ticket(small, days=5), made.ticket(small, days=9)
    world.add_charge(older, "100.00", quantity=2, name="Labour")
    world.add_charge(newer, "100.00", quantity=2, name="Labour", discount_percent=10)
    made.fact(older, Verdict.NOT_INVOICED, minutes=120)
    made.fact(newer, Verdict.NOT_INVOICED, "90.00", minutes=60)
    ticket = made.ticket(made.prepaid("0.5"))
    world.add_timer(ticket, 20)
    made.fact(ticket, Verdict.NOT_INVOICED, minutes=20)
    for _ in range(4):  # billed as it should be: at 0.00, and the block has fallen
        ticket = made.ticket(made.prepaid("4.25"))
        world.add_charge(ticket, "100.00", name="Labour")
        world.bill_by_line_item(ticket, total=0)
        made.fact(ticket, Verdict.INVOICED)


def _not_owed(made: _Builder) -> None:
    for _ in range(6):
        made.fact(made.hourly(), Verdict.NOTHING_RECORDED)
    for _ in range(4):
        made.fact(made.hourly(status="Cancelled"), Verdict.NON_BILLABLE)
    for _ in range(2):
        ticket = made.ticket(made.own)
        made.world.add_timer(ticket, 30)
        made.fact(ticket, Verdict.NON_BILLABLE)
    for _ in range(4):  # unfinished work is not looked at
        ticket = made.ticket(made.others[0], status="In Progress", resolved_at=None)
        made.world.add_charge(ticket)


def build(seed: int = 1) -> Month:
    """The month, the same for each seed."""
    made = _Builder(seed)
    for count, kind in _COVERED:
        for index in range(count):
            ticket, verdict = kind(made, index)
            made.fact(ticket, verdict, flat=True)
    for part in (_owed_beside_the_fee, _billed, _unbilled, _prepaid, _not_owed):
        part(made)
    customers = list(made.world.customers.values())
    for index in range(INVOICES - len(made.world.invoices)):
        payer = customers[index % len(customers)]
        made.world.add_invoice(payer, total="480.00", created_at=NOW - timedelta(days=3 + index // 20, minutes=index))
    return made.month
