"""A thousand honest invoices, and among them those that bill wrongly, with what is wrong with each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.sandbox.syncro.world import Charge, Customer, Invoice, Ticket, World

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
INVOICES = 1_000
Concern = tuple[str, tuple[str, ...]]
"""A kind, and the numbers of the invoices."""


@dataclass
class Bills:
    """The world, and what is to be said of each ticket that has something to look at, by its number."""

    world: World
    wrong: dict[str, set[Concern]] = field(default_factory=dict)
    hidden: dict[str, set[Concern]] = field(default_factory=dict)
    """The part of it that only the ledger shows: seeing it costs calls, where nothing is remembered."""
    honest: list[Ticket] = field(default_factory=list)


class _Maker:
    def __init__(self) -> None:
        self.random = random.Random(7)
        self.world = World(now=NOW - timedelta(hours=2))
        self.customers = [self.world.add_customer(f"Sample Customer {index}") for index in range(25)]
        self.landlord = self.world.add_customer("Sample Landlord")

    def ticket(self, customer: Customer | None = None) -> Ticket:
        done = NOW - timedelta(minutes=self.random.randrange(3 * 24 * 60, 25 * 24 * 60))
        opened = done - timedelta(hours=self.random.randrange(2, 48))
        return self.world.add_ticket(
            customer or self.random.choice(self.customers), created_at=opened, updated_at=done, resolved_at=done
        )

    def charge(self, ticket: Ticket, price: str = "75.00", name: str = "Sample labour") -> Charge:
        """A charge as there are many: the same text and price on other tickets."""
        return self.world.add_charge(ticket, price, name=name)

    def own(self, ticket: Ticket, *charges: Charge, **lines: str) -> Invoice:
        """The ticket's own invoice, with its charges converted, and other lines at a price."""
        invoice = self.world.add_invoice(ticket=ticket, created_at=ticket.updated_at + timedelta(minutes=5))
        invoice.lines.clear()
        invoice.total = Decimal(0)
        for charge in charges:
            self.world.convert(charge, invoice)
            invoice.total += charge.price * charge.quantity
        for name, price in lines.items():
            self.line(invoice, name, price)
        return invoice

    def line(self, invoice: Invoice, name: str, price: str, *names: Ticket) -> None:
        self.world.add_line(invoice, name=name, price=price, names=names)
        invoice.total += Decimal(price)

    def prepaid(self) -> Customer:
        customer = self.world.add_customer("Sample Prepaid")
        customer.prepay_hours = Decimal("3.5")
        return customer


# --- honest ---


def _plain(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket))
    yield ticket


def _two_equal_charges_on_one_invoice(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket), made.charge(ticket))
    yield ticket


def _not_marked_as_converted(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    invoice = made.own(ticket, made.charge(ticket))
    ticket.charges[0].converted, ticket.charges[0].item_id = False, None
    assert invoice.lines
    yield ticket


def _discount_that_is_shown(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    charge = made.charge(ticket)
    invoice = made.own(ticket, charge)
    invoice.lines[0].discount_percent, invoice.total = Decimal(20), Decimal(60)
    yield ticket


def _discount_of_the_charge(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.world.add_charge(ticket, "12.35", quantity="2.5", discount_percent=15)
    made.world.bill_by_line_item(ticket)
    yield ticket


def _warranty(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket, "0", "Warranty labour"))
    yield ticket


def _prepaid(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket(made.prepaid())
    made.own(ticket, made.charge(ticket)).total = Decimal(0)
    yield ticket


def _third_party(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.world.bill_third_party(ticket, made.landlord, created_at=ticket.updated_at)
    yield ticket


def _combined(made: _Maker) -> Iterator[Ticket]:
    customer = made.random.choice(made.customers)
    tickets = [made.ticket(customer) for _ in range(3)]
    made.world.bill_by_line_text(*tickets)
    yield from tickets


def _second_visit_on_a_combined_invoice(made: _Maker) -> Iterator[Ticket]:
    """The first visit stands on the ticket's own invoice; another ticket's line has the same price."""
    customer = made.random.choice(made.customers)
    ticket, other = made.ticket(customer), made.ticket(customer)
    made.own(ticket, made.charge(ticket))
    combined = made.world.bill_by_line_text(other)
    made.line(combined, f"Ticket #{ticket.number}: second visit", "40.00", ticket)
    yield from (ticket, other)


def _unbilled(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.charge(ticket)
    yield ticket


def _partly_billed(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket, "0", "Warranty labour"), made.charge(ticket, "20.00"))
    made.charge(ticket, "90.00", "Later work")
    yield ticket


def _warranty_and_later_work(made: _Maker) -> Iterator[Ticket]:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket, "0", "Warranty labour"))
    made.charge(ticket, "90.00", "Later work")
    yield ticket


def _two_visits_two_invoices(made: _Maker) -> Iterator[Ticket]:
    """Two charges of one price, each on an invoice that names no ticket."""
    ticket = made.ticket()
    for charge in (made.charge(ticket), made.charge(ticket)):
        made.world.bill_by_line_item(ticket, charge)
    yield ticket


HONEST: tuple[tuple[int, Callable[[_Maker], Iterator[Ticket]]], ...] = (
    (60, _plain),
    (20, _two_equal_charges_on_one_invoice),
    (20, _not_marked_as_converted),
    (10, _discount_that_is_shown),
    (10, _discount_of_the_charge),
    (10, _warranty),
    (10, _prepaid),
    (10, _third_party),
    (10, _combined),
    (5, _second_visit_on_a_combined_invoice),
    (5, _partly_billed),
    (5, _warranty_and_later_work),
    (5, _two_visits_two_invoices),
    (3, _unbilled),
)

# --- wrong ---

Wrong = Iterator[tuple[Ticket, Concern]]


def _made_twice(made: _Maker) -> Wrong:
    ticket = made.ticket()
    charge = made.charge(ticket)
    numbers = [made.own(ticket, charge).number, made.own(ticket, charge).number]
    yield ticket, ("billed_twice", tuple(numbers))


def _made_five_times(made: _Maker) -> Wrong:
    """As when a call is tried again and again. More than a handful: the first three are named."""
    ticket = made.ticket()
    charge = made.charge(ticket)
    numbers = [made.own(ticket, charge).number for _ in range(5)]
    yield ticket, ("billed_twice", tuple(numbers))


def _made_for_customer_and_third_party(made: _Maker) -> Wrong:
    ticket = made.ticket()
    first = made.own(ticket, made.charge(ticket))
    second = made.world.bill_third_party(ticket, made.landlord)
    yield ticket, ("billed_twice", (first.number, second.number))


def _lines_without_price(made: _Maker) -> Wrong:
    ticket = made.ticket()
    invoice = made.own(ticket, made.charge(ticket), made.charge(ticket, "20.00", "Cable"))
    for line in invoice.lines:
        line.price = Decimal(0)
    invoice.total = Decimal(0)
    yield ticket, ("zero_total", (invoice.number,))


def _unmarked_without_price(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.charge(ticket)
    yield ticket, ("zero_total", (made.own(ticket, work="0").number,))


def _no_lines(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.charge(ticket)
    yield ticket, ("empty", (made.own(ticket).number,))


def _no_lines_beside_a_true_one(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket))
    yield ticket, ("empty", (made.own(ticket).number,))


def _no_lines_where_nothing_is_due(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.world.add_timer(ticket, billable=False)
    yield ticket, ("empty", (made.own(ticket).number,))


def _given_back(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket))
    yield ticket, ("credit", (made.own(ticket, back="-75.00").number,))


def _partly_given_back(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.own(ticket, made.charge(ticket))
    yield ticket, ("credit", (made.own(ticket, back="-20.00").number,))


def _given_back_and_billed_anew(made: _Maker) -> Wrong:
    """A correction: the wrong invoice, its credit, the right one. Nothing is billed twice."""
    ticket = made.ticket()
    made.own(ticket, work="95.00")
    credit = made.own(ticket, back="-95.00")
    made.own(ticket, made.charge(ticket))
    yield ticket, ("credit", (credit.number,))


def _given_back_where_nothing_is_due(made: _Maker) -> Wrong:
    ticket = made.ticket()
    made.world.add_timer(ticket, billable=False)
    yield ticket, ("credit", (made.own(ticket, back="-20.00").number,))


def _converted_for_less(made: _Maker) -> Wrong:
    ticket = made.ticket()
    invoice = made.own(ticket, made.charge(ticket))
    invoice.lines[0].price = invoice.total = Decimal(50)
    yield ticket, ("billed_for_less", (invoice.number,))


def _missed(made: _Maker) -> Wrong:
    customer = made.world.add_customer("Sample Missed Run")
    made.world.add_schedule(customer, next_run=NOW - timedelta(days=3))
    ticket = made.ticket(customer)
    made.charge(ticket)
    yield ticket, ("missed_run", ())


def _combined_beside_its_own(made: _Maker) -> Wrong:
    customer = made.random.choice(made.customers)
    ticket, other = made.ticket(customer), made.ticket(customer)
    own = made.own(ticket, made.charge(ticket))
    combined = made.world.bill_by_line_text(ticket, other)
    yield ticket, ("billed_twice", (own.number, combined.number))


def _same_charge_on_two(made: _Maker) -> Wrong:
    """A charge was converted onto one invoice, and stands on the ticket's own as well."""
    ticket = made.ticket()
    charge = made.charge(ticket)
    own = made.own(ticket, charge)
    other = made.world.bill_by_line_item(ticket, charge)
    yield ticket, ("billed_twice", (own.number, other.number))


def _same_charge_on_two_that_name_no_ticket(made: _Maker) -> Wrong:
    customer = made.random.choice(made.customers)
    ticket, other = made.ticket(customer), made.ticket(customer)
    charged = made.world.bill_by_line_item(ticket, made.charge(ticket))
    combined = made.world.bill_by_line_text(ticket, other)
    yield ticket, ("billed_twice", (charged.number, combined.number))


SEEN_AT_ONCE: tuple[Callable[[_Maker], Wrong], ...] = (
    _made_twice,
    _made_five_times,
    _made_for_customer_and_third_party,
    _lines_without_price,
    _unmarked_without_price,
    _no_lines,
    _no_lines_beside_a_true_one,
    _no_lines_where_nothing_is_due,
    _given_back,
    _partly_given_back,
    _given_back_and_billed_anew,
    _given_back_where_nothing_is_due,
    _converted_for_less,
    _missed,
)
SEEN_BY_THE_LEDGER: tuple[Callable[[_Maker], Wrong], ...] = (
    _combined_beside_its_own,
    _same_charge_on_two,
    _same_charge_on_two_that_name_no_ticket,
)


def build() -> Bills:
    """The invoices, always the same."""
    made = _Maker()
    bills = Bills(made.world)
    for count, honest in HONEST:
        for _ in range(count):
            bills.honest += honest(made)
    for kinds, told in ((SEEN_AT_ONCE, bills.wrong), (SEEN_BY_THE_LEDGER, bills.hidden)):
        for _ in range(2):
            for kind in kinds:
                for ticket, concern in kind(made):
                    told.setdefault(str(ticket.number), set()).add(concern)
    for index in range(INVOICES - len(made.world.invoices)):
        payer = made.customers[index % len(made.customers)]
        made_at = NOW - timedelta(days=3 + index % 80, minutes=index)
        made.world.add_invoice(payer, total="75.00", created_at=made_at)  # a price that tickets' lines have too
    return bills
