"""Answers as the real search gives them, over the stand-in Syncro's `World`: they add up by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from bot.billing.decide import SyncroPages
from bot.billing.ledger.model import Ledger
from bot.billing.rules.verdicts import CheckReport
from bot.billing.search.queries import Failed, Read
from bot.billing.verifier import Verifier
from bot.messages.check_messages import outcome, receipt
from bot.messages.invoice_messages import invoice_outcome, invoice_receipt
from bot.messages.rendered import Rendered
from bot.sandbox.syncro.sample_worlds import demo_world
from bot.sandbox.syncro.world import Customer, Ticket, World
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.syncro.errors import FailureKind, UnavailableError
from bot.syncro.refusals import wrong_token
from tests.billing.fake_syncro import FakeSyncro
from tests.messages.factory import TRUSTED
from tests.policies import DEMO
from tests.standins.syncro_faults import Fault, Status

NOW = datetime(2026, 11, 22, 9, 2, 11, tzinfo=UTC)
NUMBER = "32223"
VERIFIER = Verifier(DEMO, SyncroPages(TRUSTED))


class _Syncro(FakeSyncro):
    """It says of an invoice that cannot be read what the client says."""

    def _value(self, read: Read[Any]) -> Any:
        value = super()._value(read)
        if not isinstance(value, Failed):
            return value
        what = value.sentence.removeprefix("Reading /").partition(":")[0].replace("invoices/", "invoice ")
        if value.kind is FailureKind.UNAUTHORISED:
            return replace(value, sentence=str(wrong_token(what, "", 1)))
        return replace(value, sentence=str(UnavailableError(what, "Syncro answered 500 (4 tries)")))


def report_on(
    world: World, *numbers: str, away: str = "", status: int = 500, ledger: Ledger | None = None
) -> CheckReport:
    """What a check finds. Reads of paths that match `away` fail; a call takes a fifth of a second."""
    faults = [Fault(away, Status(status))]
    session = _Syncro(world, faults=faults, ledger=ledger).session()
    report = VERIFIER.check(numbers, session, started_at=world.now)
    return replace(report, seconds=report.api_calls / 5)


def answered(report: CheckReport) -> list[Rendered]:
    """The parent and its thread."""
    return [outcome(report.findings, "U0ASKER"), *receipt(report.findings, report)]


def asked(world: World, *numbers: str, **how: Any) -> list[Rendered]:
    """What is answered to a question."""
    return answered(report_on(world, *(numbers or (NUMBER,)), **how))


def asked_for_invoice(world: World, reference: str, away: str = "") -> CheckReport:
    """What a question about an invoice finds."""
    session = _Syncro(world, faults=[Fault(away, Status(500))]).session()
    report = VERIFIER.check_invoice(reference, session, started_at=world.now)
    return replace(report, seconds=report.api_calls / 5)


def about_invoice(report: CheckReport) -> list[Rendered]:
    """The parent and its thread."""
    assert report.invoice is not None
    return [invoice_outcome(report, report.invoice, "U0ASKER"), *invoice_receipt(report, report.invoice)]


def a_ticket(charges: str = "", minutes: int = 0, **options: Any) -> tuple[World, Ticket, Customer]:
    """Ticket 32223 of Kittle, who has seven other invoices."""
    world = World(now=NOW)
    world.statuses += ["Non-Billable"]
    kittle = world.add_customer("Kittle")
    known = {"number": int(NUMBER), "ticket_id": 109_554_336, "subject": "Printer does not print"}
    ticket = world.add_ticket(kittle, **{**known, **options})
    for index in range(7):
        made = NOW - timedelta(days=3 + 23 * index)
        world.add_invoice(kittle, number=str(67_400 - index), created_at=made, total="215.00", paid=True)
    if charges:
        world.add_charge(ticket, charges)
    if minutes:
        world.add_timer(ticket, minutes)
    return world, ticket, kittle


def billed(times: int = 1) -> World:
    """So many invoices were made for the ticket."""
    world, ticket, _ = a_ticket()
    for index in range(times):
        world.bill_by_ticket_id(ticket, number=str(67_469 + index), total="75.00", paid=index == 0)
    return world


def partly_billed() -> World:
    """A second visit is on no invoice."""
    world, ticket, _ = a_ticket()
    world.bill_by_ticket_id(ticket, number="67469", total="75.00")
    world.add_charge(ticket, "180.00", description="Second visit")
    return world


def scheduled(*, paused: bool = False) -> World:
    """A recurring invoice picks the charges up, or would."""
    world, _, kittle = a_ticket("180.00")
    world.add_schedule(kittle, name="Monthly care", next_run=datetime(2026, 12, 1, 6, tzinfo=UTC), paused=paused)
    return world


def with_everything_to_say() -> World:
    """The status is wrong, the recurring invoice paused, and a block of hours covers the work."""
    world, _, kittle = a_ticket("180.00", 90, status="Invoiced")
    kittle.prepay_hours = Decimal("12.5")
    world.add_schedule(kittle, name="Monthly care", paused=True)
    return world


def mentioned(times: int) -> World:
    """Texts of so many invoices may mean the ticket."""
    world, ticket, _ = a_ticket("180.00")
    for index in range(times):
        world.mention(ticket, number=str(67_470 + index), total="64.00")
    return world


def remembered() -> list[Rendered]:
    """A second question: nearly everything is known from the first, and one invoice has come since."""
    world, _, kittle = a_ticket("180.00")
    ledger = SqlLedger(Database("sqlite://"), "sample", max_age=timedelta(days=90), clock=lambda: world.now)
    ledger.open()
    report_on(world, NUMBER, ledger=ledger)
    world.now += timedelta(hours=1)
    world.add_invoice(kittle, number="67480", total="96.50", created_at=world.now)
    return asked(world, ledger=ledger)


@cache
def fifty() -> CheckReport:
    """The incident and one of each kind: most are well, a few are not."""
    sample = demo_world(NOW)
    return report_on(sample.world, *sample.numbers)


@cache
def unbilled(count: int, **texts: str) -> CheckReport:
    """Nothing was billed at all."""
    world = World(now=NOW)
    names = ("Kittle", "Harbor Dental", "Acme Manufacturing GmbH", "Bluebird School", "Nguyen & Sons")
    subjects = ("Printer does not print", "VPN drops every hour", "New laptop for reception", "Backup failed twice")
    customers = [world.add_customer(texts.get("customer", name)) for name in names]
    tickets = [
        world.add_ticket(
            customers[index % len(customers)],
            number=32_200 + index,
            subject=texts.get("subject", subjects[index % len(subjects)]),
        )
        for index in range(count)
    ]
    for index, ticket in enumerate(tickets):
        world.add_charge(ticket, Decimal(60 + index))
    return report_on(world, *(str(ticket.number) for ticket in tickets))
