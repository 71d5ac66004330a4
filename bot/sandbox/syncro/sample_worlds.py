"""Sample worlds with the answers that the bot must give: the incident, and a tour of every verdict.

Everything here is invented: customers, subjects, amounts. Dates are relative to `now`, so that a demo looks the
same on any day. The expected verdicts follow the default policy, with `SAMPLE_CONTRACT` in `COVERED_CONTRACTS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.billing.rules.verdicts import LinkKind, Verdict
from bot.sandbox.syncro.world import Customer, InvoiceOptions, Ticket, TicketOptions, World

INVOICES_PER_CUSTOMER = 20
FIRST_INCIDENT_TICKET = 32_201
INCIDENT_TICKET, INCIDENT_TICKET_ID = 32223, 109_554_336
INCIDENT_INVOICE, INCIDENT_INVOICE_ID = "67469", 1_650_000_001
SAMPLE_CONTRACT = "Sample flat fee"
"""A contract that covers time; the policy of the demo says so."""
NOT_FOUND_NUMBER = "32399"
"""A ticket number that no sample world has."""


@dataclass
class Sample:
    """A world and what is true in it. Ticket numbers are text, as people type them.

    `links` names the strongest link of each billed ticket. `expected` also holds numbers that have no ticket.
    """

    world: World
    tickets: list[Ticket] = field(default_factory=list)
    expected: dict[str, Verdict] = field(default_factory=dict)
    links: dict[str, LinkKind] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every ticket number to ask for, in order, with those that do not exist."""
        return tuple(self.expected)

    def expect(self, ticket: Ticket, verdict: Verdict, link: LinkKind | None = None) -> Ticket:
        """Note the answer that is due for a ticket."""
        self.tickets.append(ticket)
        self.expected[str(ticket.number)] = verdict
        if link is not None:
            self.links[str(ticket.number)] = link
        return ticket


def incident(now: datetime | None = None) -> Sample:
    """The incident: 31 tickets without time entries, 29 of them invoiced and 2 rightly non-billable."""
    sample = Sample(_world(now))
    _add_incident(sample)
    return sample


def tour(now: datetime | None = None) -> Sample:
    """At least one ticket for each verdict and for each way in which an invoice bills a ticket."""
    sample = Sample(_world(now))
    _add_tour(sample)
    return sample


def demo_world(now: datetime | None = None) -> Sample:
    """The incident and the tour in one world, for one server; their ticket numbers differ."""
    sample = Sample(_world(now))
    _add_incident(sample)
    _add_tour(sample)
    return sample


def finished_in(world: World) -> datetime:
    """A moment in the month in which the tickets of the tour were finished."""
    return world.now - timedelta(days=9)


def _world(now: datetime | None) -> World:
    world = World(now=now or datetime.now(UTC).replace(microsecond=0))
    world.statuses += ["Non-Billable", "No Charge", "Closed"]
    return world


# --- the incident ---

_INCIDENT_CUSTOMERS = (
    "Kittle",
    "Sample Bakery Co",
    "Example Dental Group",
    "Alder & Sample LLP",
    "Sample Valley Veterinary",
    "Example Roofing Inc",
    "Placeholder Freight",
    "Sample Street Pharmacy",
    "Example Montessori School",
    "Imaginary Brewing Co",
    "Sample County Title",
    "Example Orthopedics",
)

_INCIDENT_SUBJECTS = (
    "Outlook keeps asking for a password",
    "Shared drive not mapped after reboot",
    "New starter: laptop and mailbox",
    "Printer in reception shows offline",
    "VPN drops every few minutes",
    "Backup job failed two nights running",
    "Replace failing SSD in front-desk PC",
    "Guest Wi-Fi has no internet",
    "Quarantined e-mail to release",
    "Teams calls have no sound",
    "QuickBooks will not open in multi-user mode",
    "Move phone extension to the new office",
    "Firewall firmware update",
    "Add a second monitor for accounting",
    "Phishing e-mail reported, check the mailbox",
    "Scan to folder stopped working",
    "Leaver: disable account, forward mail",
    "Server low on disk space",
    "MFA reset after a new phone",
    "Line-of-business app slow since Monday",
    "UPS battery warning in the rack",
    "SSL certificate renewal for the web mail",
    "Conference room display flickers",
    "Restore a deleted folder",
    "Laptop will not wake from sleep",
    "Label printer prints blank labels",
    "Set up a shared calendar",
    "Antivirus alert on the warehouse PC",
    "Excel add-in missing after update",
    "Switch port dead, move the patch cable",
    "Remote access for the bookkeeper",
)

_NON_BILLABLE = {32_212: "Non-Billable", 32_220: "No Charge"}

_OTHER_WORK = (
    ("Sample managed services", "Workstations and servers, monthly"),
    ("Sample cloud backup", "Protected machines, monthly"),
    ("Sample mail licences", "Mailboxes, monthly"),
    ("Sample hardware", "Docking station and cables"),
)


def _add_incident(sample: Sample) -> None:
    world = sample.world
    customers = [world.add_customer(name) for name in _INCIDENT_CUSTOMERS]
    for index, subject in enumerate(_INCIDENT_SUBJECTS):
        number = FIRST_INCIDENT_TICKET + index
        customer = customers[(number - INCIDENT_TICKET) % len(customers)]
        ticket = _add_incident_ticket(world, customer, number, subject)
        if number in _NON_BILLABLE:
            sample.expect(ticket, Verdict.NON_BILLABLE)
        else:
            _bill_incident_ticket(world, ticket)
            sample.expect(ticket, Verdict.INVOICED, LinkKind.TICKET_ID)
    for customer in customers:
        _add_other_invoices(world, customer, up_to=INVOICES_PER_CUSTOMER)


def _add_incident_ticket(world: World, customer: Customer, number: int, subject: str) -> Ticket:
    """One of the 31: opened thirteen hours after the one before, done in twenty, with no time noted on it."""
    opened = world.now - timedelta(days=21, hours=3) + timedelta(hours=13) * (number - FIRST_INCIDENT_TICKET)
    options = TicketOptions(number=number, created_at=opened, resolved_at=opened + timedelta(hours=20))
    if number == INCIDENT_TICKET:
        options["ticket_id"] = INCIDENT_TICKET_ID
    status = _NON_BILLABLE.get(number, "Resolved" if number % 6 == 0 else "Invoiced")
    return world.add_ticket(customer, subject=subject, status=status, **options)


def _bill_incident_ticket(world: World, ticket: Ticket) -> None:
    billed = (ticket.resolved_at or world.now) + timedelta(hours=4)
    options = InvoiceOptions(created_at=billed, total=("112.50", "150.00", "37.50")[ticket.number % 3])
    if ticket.number == INCIDENT_TICKET:
        options.update({"number": INCIDENT_INVOICE, "invoice_id": INCIDENT_INVOICE_ID, "total": "75.00"})
    world.bill_by_ticket_id(ticket, **options)


def _add_other_invoices(world: World, customer: Customer, *, up_to: int) -> None:
    """Fill a customer's invoices up to a count with work that has nothing to do with any ticket."""
    there = sum(invoice.customer_id == customer.id for invoice in world.invoices.values())
    for index in range(up_to - there):
        item, name = _OTHER_WORK[index % len(_OTHER_WORK)]
        made = world.now - timedelta(days=4 + 23 * index, hours=5)
        total = ("480.00", "96.50", "215.00", "149.90")[index % 4]
        world.add_invoice(customer, item=item, name=name, total=total, created_at=made, paid=index > 1)


# --- the tour ---


def _add_tour(sample: Sample) -> None:
    _add_billed_tickets(sample)
    _add_partly_billed_and_scheduled(sample)
    _add_tickets_without_invoice_due(sample)
    _add_unbilled_tickets(sample)
    _add_unclear_tickets(sample)
    _add_billed_twice_and_prepaid(sample)
    sample.expected[NOT_FOUND_NUMBER] = Verdict.NOT_FOUND


def _add_billed_tickets(sample: Sample) -> None:
    world = sample.world
    clinic = world.add_customer("Sample Lakeside Clinic")
    by_id = world.add_ticket(clinic, number=32_301, subject="Fax line dead after the storm", status="Invoiced")
    world.bill_by_ticket_id(by_id, total="95.00")
    sample.expect(by_id, Verdict.INVOICED, LinkKind.TICKET_ID)

    by_item = world.add_ticket(clinic, number=32_302, subject="Install two access points", status="Invoiced")
    world.add_charge(by_item, "140.00", quantity=2, name="Sample access point", description="Ceiling mount")
    world.bill_by_line_item(by_item)
    sample.expect(by_item, Verdict.INVOICED, LinkKind.LINE_ITEM)

    first = world.add_ticket(clinic, number=32_303, subject="Monthly patch window", status="Invoiced")
    second = world.add_ticket(clinic, number=32_304, subject="Rename shared mailbox", status="Resolved")
    world.bill_by_line_text(first, second, wording="Ticket #{number} - {subject}")
    sample.expect(first, Verdict.INVOICED, LinkKind.LINE_TEXT)
    sample.expect(second, Verdict.INVOICED, LinkKind.LINE_TEXT)

    tenant = world.add_customer("Sample Tenant Cafe")
    landlord = world.add_customer("Example Property Management")
    billed_elsewhere = world.add_ticket(tenant, number=32_305, subject="Cabling for the new till")
    world.bill_third_party(billed_elsewhere, landlord, total="320.00")
    sample.expect(billed_elsewhere, Verdict.INVOICED, LinkKind.TICKET_ID)
    for customer in (clinic, tenant, landlord):
        _add_other_invoices(world, customer, up_to=6)


def _add_partly_billed_and_scheduled(sample: Sample) -> None:
    world = sample.world
    library = world.add_customer("Example Public Library")
    partly = world.add_ticket(library, number=32_306, subject="Replace patch panel, two visits", status="Invoiced")
    world.bill_by_ticket_id(partly, total="180.00")
    world.add_charge(partly, "120.00", name="Sample labour", description="Second visit")
    sample.expect(partly, Verdict.PARTIALLY_INVOICED, LinkKind.TICKET_ID)

    studio = world.add_customer("Sample Yoga Studio")
    waiting = world.add_ticket(studio, number=32_307, subject="Move tablets to the new Wi-Fi")
    world.add_charge(waiting, "95.00")
    next_run = (world.now + timedelta(days=7)).replace(hour=6, minute=0, second=0)
    world.add_schedule(studio, name="Sample monthly agreement", next_run=next_run)
    sample.expect(waiting, Verdict.SCHEDULED)
    _add_other_invoices(world, library, up_to=8)
    _add_other_invoices(world, studio, up_to=5)


def _add_tickets_without_invoice_due(sample: Sample) -> None:
    world = sample.world
    florist = world.add_customer("Imaginary Flowers")
    courtesy = world.add_ticket(florist, number=32_308, subject="Courtesy call", status="Non-Billable")
    sample.expect(courtesy, Verdict.NON_BILLABLE)

    goodwill = world.add_ticket(florist, number=32_309, subject="Redo of last week's cabling")
    world.add_timer(goodwill, 45, billable=False)
    sample.expect(goodwill, Verdict.NON_BILLABLE)

    ongoing = world.add_ticket(
        florist, number=32_310, subject="Roll out password manager", status="In Progress", resolved_at=None
    )
    world.add_charge(ongoing, "60.00")
    sample.expect(ongoing, Verdict.OPEN)

    bakery = world.add_customer("Sample Flat Fee Bakery")
    flat = world.add_ticket(bakery, number=32_315, subject="Till does not start", contract_name=SAMPLE_CONTRACT)
    world.add_timer(flat, 30)
    sample.expect(flat, Verdict.COVERED)

    bare = world.add_ticket(bakery, number=32_316, subject="Question about the new mailbox")
    sample.expect(bare, Verdict.NOTHING_RECORDED)
    _add_other_invoices(world, florist, up_to=4)


def _add_unbilled_tickets(sample: Sample) -> None:
    """Three finished tickets on no invoice. Their customer has more than one page of invoices."""
    world = sample.world
    garage = world.add_customer("Sample Family Garage")
    contradiction = world.add_ticket(garage, number=32_311, subject="Set up scanner for job sheets", status="Invoiced")
    sample.expect(contradiction, Verdict.NOT_INVOICED)

    forgotten = world.add_ticket(garage, number=32_312, subject="Emergency server restart on Sunday")
    world.add_charge(forgotten, "90.00", quantity=2, description="Emergency call-out")
    world.add_timer(forgotten, 90)
    sample.expect(forgotten, Verdict.NOT_INVOICED)

    hostile = world.add_ticket(garage, number=32_314, subject="<!channel> <@U1> *x* <https://evil|click>")
    world.add_charge(hostile, "45.00")
    sample.expect(hostile, Verdict.NOT_INVOICED)
    _add_other_invoices(world, garage, up_to=28)


def _add_unclear_tickets(sample: Sample) -> None:
    world = sample.world
    printer = world.add_customer("Example Print Shop")
    unclear = world.add_ticket(printer, number=32_313, subject="Colours too pale on the big printer")
    world.mention(unclear, total="64.00")
    sample.expect(unclear, Verdict.UNVERIFIED)
    _add_other_invoices(world, printer, up_to=5)


def _add_billed_twice_and_prepaid(sample: Sample) -> None:
    world = sample.world
    cinema = world.add_customer("Imaginary Cinema")
    twice = world.add_ticket(cinema, number=32_317, subject="Projector loses the network", status="Invoiced")
    for _ in range(2):
        world.bill_by_ticket_id(twice, total="130.00")
    sample.expect(twice, Verdict.INVOICED, LinkKind.TICKET_ID)

    architects = world.add_customer("Example Architects")
    architects.prepay_hours = Decimal("12.5")
    prepaid = world.add_ticket(architects, number=32_318, subject="Plotter driver for two laptops")
    world.add_charge(prepaid, "120.00", quantity="1.5", category="Labor")
    sample.expect(prepaid, Verdict.NOT_INVOICED)
    _add_other_invoices(world, cinema, up_to=4)
    _add_other_invoices(world, architects, up_to=4)
