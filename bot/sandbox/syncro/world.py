"""A sample world for the stand-in Syncro: customers, tickets, invoices, and the truth of who billed what.

All data is invented. The records are mutable on purpose: a test changes the world while the server runs (under
`SyncroSandbox.locked()`), as people change the real one. `World.bills` is the truth that answers are measured by.

Serialisation follows Syncro's public OpenAPI document: ids and ticket numbers are JSON integers, invoice numbers
and invoice money are strings ("75.0"), times are ISO 8601 with an offset.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypedDict, Unpack

Amount = Decimal | int | str
"""Money in the account's currency, or a quantity; text such as "75.00" is exact."""

DEFAULT_STATUSES = (
    "New",
    "In Progress",
    "Resolved",
    "Invoiced",
    "Waiting for Parts",
    "Waiting on Customer",
    "Scheduled",
    "Customer Reply",
)
DEFAULT_PERMISSIONS = ("asset", "customer", "ticket", "invoice", "payment")


class ListRows(Enum):
    """Which of the two known shapes the rows of `/invoices` have."""

    OPENAPI = "openapi"
    """As the vendor's OpenAPI document shows them: id, number, customer, times, total, ticket_id; no lines."""
    MEMO = "memo"
    """As the incident's memo saw them: number, total, status, created_at and customer_id, nothing else."""


@dataclass
class Customer:
    """A customer of the sample MSP. `name` is the business name."""

    id: int
    name: str
    created_at: datetime
    prepay_hours: Decimal = Decimal(0)


@dataclass
class Charge:
    """A line item on a ticket. `converted` with the `item_id` of an invoice line means: billed there."""

    id: int
    name: str
    description: str
    quantity: Decimal
    price: Decimal
    created_at: datetime
    converted: bool = False
    item_id: int | None = None
    category: str | None = None
    """Of its product, such as "Labor"."""
    discount_percent: Decimal = Decimal(0)
    discount_dollars: Decimal = Decimal(0)


@dataclass
class Timer:
    """A stretch of work. `recorded` or a `charge_id` means that it has become a charge; no end: still running."""

    id: int
    start_time: datetime
    end_time: datetime | None
    billable: bool = True
    recorded: bool = False
    charge_id: int | None = None
    notes: str = ""
    active_seconds: int | None = None
    """Time at work, where Syncro says so: a paused timer spans more."""


@dataclass
class Ticket:
    """A ticket. `number` is what people say, `id` is what invoices refer to; the two are never equal by design."""

    id: int
    number: int
    subject: str
    customer_id: int
    status: str
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    billing_status: str | None = None
    ticket_type_name: str | None = None
    problem_type: str = "Other"
    tag_list: list[str] = field(default_factory=list)
    user_id: int | None = None
    contract_name: str | None = None
    technician: str = ""
    technician_email: str = ""
    timers: list[Timer] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)


@dataclass
class InvoiceLine:
    """A line of an invoice. `named_ticket_ids` is the truth: the tickets its text names and that it truly bills.

    `item` is the product, `name` the text beside it, as Syncro has them; `description` is sent only when set.
    """

    id: int
    item: str
    name: str
    quantity: Decimal
    price: Decimal
    description: str | None = None
    named_ticket_ids: frozenset[int] = frozenset()
    discount_percent: Decimal = Decimal(0)
    discount_dollars: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        """Price times quantity, less the discount."""
        whole = self.price * self.quantity
        return whole - whole * abs(self.discount_percent) / 100 - abs(self.discount_dollars)


@dataclass
class Invoice:
    """An invoice. `ticket_id` is Syncro's own link, one ticket at most; combined invoices have none."""

    id: int
    number: str
    customer_id: int
    ticket_id: int | None
    total: Decimal
    created_at: datetime
    updated_at: datetime
    note: str = ""
    po_number: str = ""
    paid: bool = False
    lines: list[InvoiceLine] = field(default_factory=list)


@dataclass
class Schedule:
    """A recurring invoice; with `picks_up_charges` its next run bills the customer's unbilled ticket charges."""

    id: int
    customer_id: int
    name: str
    next_run: datetime | None
    picks_up_charges: bool = True
    paused: bool = False
    frequency: str = "Monthly"


class InvoiceOptions(TypedDict, total=False):
    """What may be said about a new invoice; everything left out gets a sensible default."""

    invoice_id: int
    number: str
    customer: Customer
    total: Amount
    created_at: datetime
    updated_at: datetime
    note: str
    po_number: str
    paid: bool


class TicketOptions(TypedDict, total=False):
    """What may be said about a new ticket beside its customer, subject and status."""

    ticket_id: int
    number: int
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    billing_status: str | None
    ticket_type_name: str | None
    problem_type: str
    tag_list: Sequence[str]
    user_id: int | None
    contract_name: str
    technician: str
    technician_email: str


@dataclass
class World:
    """Everything the stand-in Syncro knows. Records are kept by id; builders give unique ids and sample texts.

    `now` is the world's present (aware); dates left out are relative to it: tickets were opened ten days ago,
    invoices made five days ago.
    """

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    customers: dict[int, Customer] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    schedules: dict[int, Schedule] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=lambda: list(DEFAULT_STATUSES))
    permissions: dict[str, dict[str, bool]] = field(
        default_factory=lambda: {name: {"read": True, "write": False} for name in DEFAULT_PERMISSIONS}
    )
    _used_ids: dict[str, set[int]] = field(default_factory=dict, repr=False)
    _last_ids: dict[str, int] = field(default_factory=dict, repr=False)

    # --- the truth ---

    def bills(self, invoice: Invoice, ticket: Ticket) -> bool:
        """Whether the invoice truly bills the ticket: by ticket_id, by a converted charge, or by a line's text.

        A credit bills nothing.
        """
        if invoice.total < 0:
            return False
        if invoice.ticket_id == ticket.id:
            return True
        billing = [line for line in invoice.lines if line.price * line.quantity >= 0]
        if any(ticket.id in line.named_ticket_ids for line in billing):
            return True
        line_ids = {line.id for line in billing}
        return any(charge.converted and charge.item_id in line_ids for charge in ticket.charges)

    def invoices_that_bill(self, ticket: Ticket) -> list[Invoice]:
        """Every invoice that truly bills the ticket, in the order in which they were added."""
        return [invoice for invoice in self.invoices.values() if self.bills(invoice, ticket)]

    # --- finding ---

    def ticket_numbered(self, number: int | str) -> Ticket:
        """The ticket of that number; LookupError where there is none."""
        for ticket in self.tickets.values():
            if str(ticket.number) == str(number):
                return ticket
        raise LookupError(f"the sample world has no ticket {number}")

    def invoice_numbered(self, number: str) -> Invoice:
        """The first invoice of that number; LookupError where there is none."""
        for invoice in self.invoices.values():
            if invoice.number == number:
                return invoice
        raise LookupError(f"the sample world has no invoice {number}")

    # --- customers and tickets ---

    def add_customer(self, name: str = "", *, customer_id: int | None = None) -> Customer:
        """Add a customer; without a name it is called "Sample Customer N"."""
        new_id = self._new_id("customer", 7_000_001, customer_id)
        name = name or f"Sample Customer {len(self.customers) + 1}"
        customer = Customer(new_id, name, self.now - timedelta(days=900))
        self.customers[new_id] = customer
        return customer

    def add_ticket(
        self,
        customer: Customer | None = None,
        *,
        subject: str = "Sample: printer shows offline",
        status: str = "Resolved",
        **options: Unpack[TicketOptions],
    ) -> Ticket:
        """Add a ticket, for a new customer where none is given.

        The statuses "Resolved" and "Invoiced" imply a resolved_at, one day after the ticket was opened.
        """
        customer = customer or self.add_customer()
        created_at = options.get("created_at", self.now - timedelta(days=10))
        done_at = min(created_at + timedelta(days=1), max(created_at, self.now))
        resolved_at = options.get("resolved_at", done_at if status in ("Resolved", "Invoiced") else None)
        ticket = Ticket(
            id=self._new_id("ticket", 109_000_001, options.get("ticket_id")),
            number=self._new_id("ticket number", 31_001, options.get("number")),
            subject=subject,
            customer_id=customer.id,
            status=status,
            created_at=created_at,
            updated_at=options.get("updated_at", resolved_at or created_at),
            resolved_at=resolved_at,
            billing_status=options.get("billing_status"),
            ticket_type_name=options.get("ticket_type_name"),
            problem_type=options.get("problem_type", "Other"),
            tag_list=list(options.get("tag_list", ())),
            user_id=options.get("user_id"),
            contract_name=options.get("contract_name"),
            technician=options.get("technician", ""),
            technician_email=options.get("technician_email", ""),
        )
        self.tickets[ticket.id] = ticket
        return ticket

    def add_charge(
        self,
        ticket: Ticket,
        price: Amount = "75.00",
        *,
        quantity: Amount = 1,
        name: str = "Sample labour",
        description: str = "Sample work on site",
        category: str | None = None,
        discount_percent: Amount = 0,
        discount_dollars: Amount = 0,
    ) -> Charge:
        """Add a charge that no invoice carries yet."""
        charge = Charge(
            id=self._new_id("charge", 210_000_001),
            name=name,
            description=description,
            quantity=Decimal(quantity),
            price=Decimal(price),
            created_at=ticket.created_at,
            category=category,
            discount_percent=Decimal(discount_percent),
            discount_dollars=Decimal(discount_dollars),
        )
        ticket.charges.append(charge)
        return charge

    def add_timer(
        self,
        ticket: Ticket,
        minutes: int = 60,
        *,
        billable: bool = True,
        recorded: bool = False,
        charge: Charge | None = None,
        start_time: datetime | None = None,
    ) -> Timer:
        """Add a finished stretch of work of so many minutes, begun an hour after the ticket was opened."""
        start = start_time or ticket.created_at + timedelta(hours=1)
        timer = Timer(
            id=self._new_id("timer", 310_000_001),
            start_time=start,
            end_time=start + timedelta(minutes=minutes),
            billable=billable,
            recorded=recorded,
            charge_id=charge.id if charge else None,
        )
        ticket.timers.append(timer)
        return timer

    def add_schedule(
        self,
        customer: Customer,
        *,
        name: str = "Sample monthly agreement",
        next_run: datetime | None = None,
        picks_up_charges: bool = True,
        paused: bool = False,
        schedule_id: int | None = None,
    ) -> Schedule:
        """Add a recurring invoice, active and due in a week where nothing else is said."""
        new_id = self._new_id("schedule", 510_001, schedule_id)
        due = next_run or self.now + timedelta(days=7)
        schedule = Schedule(new_id, customer.id, name, due, picks_up_charges, paused)
        self.schedules[new_id] = schedule
        return schedule

    # --- invoices and the three links ---

    def add_invoice(
        self,
        customer: Customer | None = None,
        /,
        *,
        item: str = "Sample managed service",
        name: str = "Monthly sample service",
        ticket: Ticket | None = None,
        **options: Unpack[InvoiceOptions],
    ) -> Invoice:
        """Add an invoice with one line. With `ticket` its ticket_id says so; otherwise it bills no ticket.

        The customer is the one given, else the ticket's, else a new one.
        """
        customer_id = self._payer(customer or options.get("customer"), ticket)
        invoice = self._empty_invoice(customer_id, [ticket] if ticket else [], options)
        invoice.ticket_id = ticket.id if ticket else None
        self._append_line(invoice, item, name, price=Decimal(options.get("total", "75.00")))
        return invoice

    def bill_by_ticket_id(self, ticket: Ticket, **options: Unpack[InvoiceOptions]) -> Invoice:
        """Add an invoice whose own ticket_id is the ticket's id; nothing in its lines names the ticket."""
        return self.add_invoice(item="Sample labour", name="Remote support", ticket=ticket, **options)

    def bill_third_party(
        self, ticket: Ticket, payer: Customer | None = None, **options: Unpack[InvoiceOptions]
    ) -> Invoice:
        """Add an invoice for the ticket (by ticket_id) that another customer pays."""
        payer = payer or options.get("customer") or self.add_customer()
        return self.add_invoice(payer, item="Sample labour", name="Remote support", ticket=ticket, **options)

    def bill_by_line_item(self, ticket: Ticket, *charges: Charge, **options: Unpack[InvoiceOptions]) -> Invoice:
        """Convert charges to lines of a new invoice without ticket_id.

        Without `charges` all of the ticket's are converted; a ticket that has none gets one first.
        """
        chosen = charges or tuple(ticket.charges) or (self.add_charge(ticket),)
        invoice = self._empty_invoice(self._payer(options.get("customer"), ticket), [ticket], options)
        for charge in chosen:
            self.convert(charge, invoice)
        invoice.total = Decimal(options.get("total", invoice.total))
        return invoice

    def bill_by_line_text(
        self,
        *tickets: Ticket,
        wording: str = "Ticket #{number}: sample work",
        **options: Unpack[InvoiceOptions],
    ) -> Invoice:
        """Add a combined invoice: a line for each ticket whose text names it, and no ticket_id.

        `wording` is formatted with `number` and `subject`. The customer is the first ticket's unless given.
        """
        if not tickets:
            raise ValueError("name at least one ticket for the sample invoice")
        invoice = self._empty_invoice(self._payer(options.get("customer"), tickets[0]), tickets, options)
        for ticket in tickets:
            text = wording.format(number=ticket.number, subject=ticket.subject)
            self._append_line(invoice, "Sample labour", text, named=(ticket,))
        invoice.total = Decimal(options.get("total", invoice.total))
        return invoice

    def mention(
        self, ticket: Ticket, wording: str = "Toner model {number}", **options: Unpack[InvoiceOptions]
    ) -> Invoice:
        """Add an invoice of the ticket's customer that holds the bare number, yet does not bill the ticket."""
        invoice = self._empty_invoice(self._payer(options.get("customer"), ticket), [ticket], options)
        self._append_line(invoice, "Sample supplies", wording.format(number=ticket.number))
        invoice.total = Decimal(options.get("total", invoice.total))
        return invoice

    def add_line(
        self,
        invoice: Invoice,
        *,
        item: str = "Sample labour",
        name: str = "Sample work",
        price: Amount = "75.00",
        names: Iterable[Ticket] = (),
        description: str | None = None,
    ) -> InvoiceLine:
        """Add a line to an invoice now. `names` are the tickets that the text truly bills (write them in it)."""
        line = self._append_line(invoice, item, name, price=Decimal(price), named=names)
        line.description = description
        invoice.updated_at = max(invoice.updated_at, self.now)
        return line

    def convert(self, charge: Charge, invoice: Invoice) -> InvoiceLine:
        """Turn a charge into a line of the invoice; the charge then names that line."""
        line = self._append_line(invoice, charge.name, charge.description, price=charge.price, quantity=charge.quantity)
        line.discount_percent, line.discount_dollars = charge.discount_percent, charge.discount_dollars
        invoice.total += line.amount - line.price * line.quantity
        charge.converted, charge.item_id = True, line.id
        return line

    def delete_line(self, invoice: Invoice, line: InvoiceLine) -> None:
        """Delete a line; a charge that was converted to it is pending again, as in the real thing."""
        invoice.lines.remove(line)
        invoice.total -= line.amount
        invoice.updated_at = max(invoice.updated_at, self.now)
        self._release_charges({line.id})

    def delete_invoice(self, invoice: Invoice) -> None:
        """Delete an invoice; charges that were converted to its lines are pending again."""
        del self.invoices[invoice.id]
        self._release_charges({line.id for line in invoice.lines})

    # --- inside ---

    def _new_id(self, kind: str, first: int, wanted: int | None = None) -> int:
        used = self._used_ids.setdefault(kind, set())
        if wanted is not None and wanted in used:
            raise ValueError(f"the sample world already has a {kind} {wanted}")
        new_id = wanted
        if new_id is None:
            new_id = self._last_ids.get(kind, first - 1) + 1
            while new_id in used:
                new_id += 1
            self._last_ids[kind] = new_id
        used.add(new_id)
        return new_id

    def _invoice_number(self, wanted: str | None) -> str:
        """The wanted number, which may be anything, even taken; else the next free one."""
        if wanted is None:
            return str(self._new_id("invoice number", 61_001))
        if wanted.isdecimal():
            self._used_ids.setdefault("invoice number", set()).add(int(wanted))
        return wanted

    def _payer(self, customer: Customer | None, ticket: Ticket | None) -> int:
        if customer is not None:
            return customer.id
        return ticket.customer_id if ticket else self.add_customer().id

    def _empty_invoice(self, customer_id: int, tickets: Sequence[Ticket], options: InvoiceOptions) -> Invoice:
        """An invoice without lines, last changed no earlier than its tickets were done."""
        billable_from = max((ticket.resolved_at or ticket.created_at for ticket in tickets), default=None)
        default_day = self.now - timedelta(days=5)
        if billable_from is not None:
            default_day = max(default_day, billable_from + timedelta(minutes=1))
        created_at = options.get("created_at", default_day)
        changed_at = max(created_at, billable_from) if billable_from is not None else created_at
        invoice = Invoice(
            id=self._new_id("invoice", 1_649_000_001, options.get("invoice_id")),
            number=self._invoice_number(options.get("number")),
            customer_id=customer_id,
            ticket_id=None,
            total=Decimal(0),
            created_at=created_at,
            updated_at=options.get("updated_at", changed_at),
            note=options.get("note", ""),
            po_number=options.get("po_number", ""),
            paid=options.get("paid", False),
        )
        self.invoices[invoice.id] = invoice
        return invoice

    def _append_line(
        self,
        invoice: Invoice,
        item: str,
        name: str,
        *,
        price: Decimal = Decimal("75.00"),
        quantity: Decimal = Decimal(1),
        named: Iterable[Ticket] = (),
    ) -> InvoiceLine:
        line_id = self._new_id("invoice line", 410_000_001)
        named_ids = frozenset(ticket.id for ticket in named)
        line = InvoiceLine(line_id, item, name, quantity, price, named_ticket_ids=named_ids)
        invoice.lines.append(line)
        invoice.total += price * quantity
        return line

    def _release_charges(self, line_ids: Collection[int]) -> None:
        for ticket in self.tickets.values():
            for charge in ticket.charges:
                if charge.item_id in line_ids:
                    charge.converted, charge.item_id = False, None

    # --- Syncro's JSON ---

    def ticket_row(self, ticket: Ticket) -> dict[str, Any]:
        """A ticket as `/tickets` lists it."""
        return {
            **self._ticket_core(ticket),
            "ticket_type_id": 1 if ticket.ticket_type_name else None,
            "ticket_type_name": ticket.ticket_type_name,
            "billing_status": ticket.billing_status,
            "customer_tag_list": [],
            "contact_fullname": None,
            "total_formatted_billable_time": None,
            "user": _user(ticket),
        }

    def ticket_detail(self, ticket: Ticket) -> dict[str, Any]:
        """A ticket as `/tickets/{id}` answers it: timers and charges, no billing_status or ticket_type_name."""
        type_name = ticket.ticket_type_name
        return {
            **self._ticket_core(ticket),
            "ticket_timers": [_timer_json(ticket, timer) for timer in ticket.timers],
            "line_items": [_charge_json(ticket, charge, position) for position, charge in enumerate(ticket.charges)],
            "customer": self.customer_detail(self.customers[ticket.customer_id]),
            "contact": None,
            "ticket_type": {"id": 1, "name": type_name, "disabled": False} if type_name else None,
        }

    def invoice_row(self, invoice: Invoice, shape: ListRows = ListRows.OPENAPI) -> dict[str, Any]:
        """An invoice as `/invoices` lists it, in one of the two known shapes; never with line items."""
        if shape is ListRows.MEMO:
            return {
                "number": invoice.number,
                "total": money_text(invoice.total),
                "status": "Paid" if invoice.paid else "Sent",
                "created_at": time_text(invoice.created_at),
                "customer_id": invoice.customer_id,
            }
        return {
            "id": invoice.id,
            "customer_id": invoice.customer_id,
            "customer_business_then_name": self.customers[invoice.customer_id].name,
            "number": invoice.number,
            "created_at": time_text(invoice.created_at),
            "updated_at": time_text(invoice.updated_at),
            "date": time_text(_midnight(invoice.created_at)),
            "due_date": time_text(_midnight(invoice.created_at + timedelta(days=14))),
            "subtotal": money_text(invoice.total),
            "total": money_text(invoice.total),
            "tax": "0.0",
            "verified_paid": False,
            "tech_marked_paid": invoice.paid,
            "ticket_id": invoice.ticket_id,
            "pdf_url": None,
            "is_paid": invoice.paid,
            "location_id": None,
            "po_number": invoice.po_number or None,
            "contact_id": None,
            "note": invoice.note or None,
            "hardwarecost": None,
            "user_id": None,
        }

    def invoice_detail(self, invoice: Invoice) -> dict[str, Any]:
        """An invoice as `/invoices/{id}` answers it (inside `{"invoice": …}`): the only place with line items."""
        return {
            **self.invoice_row(invoice),
            "customer": self.customer_detail(self.customers[invoice.customer_id]),
            "line_items": [_line_json(invoice, line, place) for place, line in enumerate(invoice.lines)],
            "payments": [],
        }

    def schedule_detail(self, schedule: Schedule) -> dict[str, Any]:
        """A recurring invoice, in lists and on its own alike."""
        return {
            "id": schedule.id,
            "account_id": 1,
            "customer_id": schedule.customer_id,
            "email_customer": False,
            "frequency": schedule.frequency,
            "name": schedule.name,
            "next_run": time_text(schedule.next_run),
            "snail_mail": False,
            "charge_mop": False,
            "subtotal": 0,
            "invoice_unbilled_ticket_charges": schedule.picks_up_charges,
            "paused": schedule.paused,
            "last_invoice_paid": None,
            "lines": [],
        }

    def customer_detail(self, customer: Customer) -> dict[str, Any]:
        """A customer, without any contact data: the sample world has none."""
        return {
            "id": customer.id,
            "firstname": "Sample",
            "lastname": "Contact",
            "fullname": "Sample Contact",
            "business_name": customer.name,
            "email": None,
            "created_at": time_text(customer.created_at),
            "updated_at": time_text(customer.created_at),
            "business_and_full_name": f"{customer.name} - Sample Contact",
            "business_then_name": customer.name,
            "prepay_hours": str(customer.prepay_hours),
            "contacts": [],
        }

    def _ticket_core(self, ticket: Ticket) -> dict[str, Any]:
        return {
            "id": ticket.id,
            "number": ticket.number,
            "subject": ticket.subject,
            "created_at": time_text(ticket.created_at),
            "customer_id": ticket.customer_id,
            "customer_business_then_name": self.customers[ticket.customer_id].name,
            "due_date": None,
            "resolved_at": time_text(ticket.resolved_at),
            "start_at": None,
            "end_at": None,
            "location_id": None,
            "problem_type": ticket.problem_type,
            "status": ticket.status,
            "properties": {},
            "user_id": ticket.user_id,
            "contract_id": 1 if ticket.contract_name else None,
            "contract_name": ticket.contract_name,
            "updated_at": time_text(ticket.updated_at),
            "pdf_url": None,
            "priority": None,
            "tag_list": list(ticket.tag_list),
            "comments": [],
        }


def _user(ticket: Ticket) -> dict[str, Any] | None:
    """Whom a ticket is assigned to; technicians of one name are told apart by e-mail address."""
    if not ticket.technician:
        return None
    email = ticket.technician_email or f"{ticket.technician.replace(' ', '.').lower()}@example.com"
    return {"id": zlib.crc32(email.encode()), "email": email, "full_name": ticket.technician}


def time_text(moment: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and the moment's own offset ("Z" for UTC); None for None."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money_text(amount: Decimal) -> str:
    """Money as Syncro's invoices write it: "75.0", "12.35"; never fewer than one decimal."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def _optional_money(amount: Decimal) -> str | None:
    return money_text(amount) if amount else None


def _money_number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _charge_json(ticket: Ticket, charge: Charge, position: int) -> dict[str, Any]:
    return {
        "id": charge.id,
        "ticket_id": ticket.id,
        "user_id": None,
        "product_id": None,
        "product_category": charge.category,
        "name": charge.name,
        "description": charge.description,
        "quantity": money_text(charge.quantity),
        "line_discount_percent": _optional_money(charge.discount_percent),
        "discount_dollars": _optional_money(charge.discount_dollars),
        "taxable": True,
        "cost_cents": 0,
        "retail_cents": int(charge.price * 100),
        "created_at": time_text(charge.created_at),
        "updated_at": time_text(charge.created_at),
        "converted": charge.converted,
        "item_id": charge.item_id,
        "position": position,
        "price_cost": 0,
        "price_retail": _money_number(charge.price),
    }


def _timer_json(ticket: Ticket, timer: Timer) -> dict[str, Any]:
    """A timer. `billable_time` is as puzzling as in the OpenAPI document, whose example says 120 for one hour."""
    seconds = (timer.end_time - timer.start_time).total_seconds() if timer.end_time else 0.0
    return {
        "ticket_id": ticket.id,
        "id": timer.id,
        "notes": timer.notes,
        "user_id": 1,
        "toggl_id": None,
        "start_time": time_text(timer.start_time),
        "end_time": time_text(timer.end_time),
        "recorded": timer.recorded,
        "created_at": time_text(timer.start_time),
        "updated_at": time_text(timer.end_time or timer.start_time),
        "billable": timer.billable,
        "product_id": None,
        "comment_id": None,
        "ticket_line_item_id": timer.charge_id,
        "active_duration": timer.active_seconds,
        "billable_time": int(seconds / 30),
        "billable_override": None,
    }


def _line_json(invoice: Invoice, line: InvoiceLine, position: int) -> dict[str, Any]:
    described = {} if line.description is None else {"description": line.description}
    return {
        "id": line.id,
        "created_at": time_text(invoice.created_at),
        "updated_at": time_text(invoice.updated_at),
        "invoice_id": invoice.id,
        "item": line.item,
        "name": line.name,
        **described,
        "cost": "0.0",
        "price": money_text(line.price),
        "quantity": money_text(line.quantity),
        "product_id": None,
        "taxable": True,
        "discount_percent": _optional_money(line.discount_percent),
        "position": position,
        "invoice_bundle_id": None,
        "discount_dollars": _optional_money(line.discount_dollars),
    }
