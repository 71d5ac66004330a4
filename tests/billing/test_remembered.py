"""What is remembered spares calls, and is never said without proof that it still stands."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest

from bot.billing.audit import Window
from bot.billing.decide import SyncroPages
from bot.billing.findings import Finding, Verdict
from bot.billing.ledger import RememberedInvoice
from bot.billing.links import TicketKeys
from bot.billing.policy import Policy
from bot.billing.reads import ListInvoices, ReadInvoice, ReadTicket
from bot.billing.sync import Synchroniser, SyncReport
from bot.billing.verifier import Verifier
from bot.sandbox.sample_worlds import INCIDENT_TICKET, incident
from bot.sandbox.syncro_faults import Fault, MissingKeys, Status
from bot.sandbox.syncro_world import ListRows, Ticket, World
from bot.store.database import Database
from bot.store.ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro

SHAPES = pytest.mark.parametrize("rows", list(ListRows))
LOOKBACK = timedelta(days=30)


class Bench:
    """A world, and a bot with the real ledger that looks at it."""

    def __init__(
        self,
        world: World,
        rows: ListRows = ListRows.OPENAPI,
        *,
        max_age_days: int = 90,
        kind: type[SqlLedger] = SqlLedger,
    ) -> None:
        self.world = world
        self.faults: list[Fault] = []
        self.ledger = kind(
            Database("sqlite://"), "sample", max_age=timedelta(days=max_age_days), clock=lambda: self.syncro.clock()
        )
        self.syncro = FakeSyncro(world, rows=rows, ledger=self.ledger)
        self.ledger.open()
        self.verifier = Verifier(Policy(), SyncroPages("https://sample.example"))

    def ask(self, *numbers: int | str, fresh: bool = False) -> Finding:
        self.syncro.faults = self.faults
        self.syncro.done.clear()
        session = self.syncro.session(fresh=fresh)
        report = self.verifier.check([str(number) for number in numbers], session, started_at=self.syncro.clock())
        assert report.api_calls == len(self.syncro.done)
        return report.findings[0]

    def audit(self) -> dict[str, Finding]:
        self.syncro.faults = self.faults
        self.syncro.done.clear()
        now = self.syncro.clock()
        window = Window(now - LOOKBACK, now + timedelta(days=1))
        report = self.verifier.audit(window, [], self.syncro.session(), started_at=now).report
        return {finding.ticket_number: finding for finding in report.findings}

    def sync(self) -> SyncReport:
        self.syncro.done.clear()
        return Synchroniser(
            self.ledger,
            lambda: nullcontext(self.syncro.session()),
            policy=Policy(),
            lookback=LOOKBACK,
            clock=self.syncro.clock,
        ).run()

    @property
    def calls(self) -> int:
        return len(self.syncro.done)

    def read(self, kind: type) -> int:
        return sum(isinstance(done.read, kind) for done in self.syncro.done)

    def later(self, **pause: float) -> None:
        self.world.now += timedelta(**pause)


def one_ticket(*, invoices: int = 0, status: str = "Resolved") -> tuple[World, Ticket]:
    """A finished ticket whose customer has some invoices that do not bill it."""
    world = World()
    ticket = world.add_ticket(status=status)
    for index in range(invoices):
        made = world.now - timedelta(days=1, hours=index)
        world.add_invoice(world.customers[ticket.customer_id], created_at=made)
    return world, ticket


# --- a single question ---


@SHAPES
def test_asked_again_an_invoiced_ticket_costs_two_calls_and_one_of_them_reads_the_invoice_anew(rows: ListRows) -> None:
    bench = Bench(incident().world, rows)
    assert bench.ask(INCIDENT_TICKET).verdict is Verdict.INVOICED
    assert bench.calls == 4
    finding = bench.ask(INCIDENT_TICKET)
    assert (finding.verdict, bench.calls, bench.read(ReadInvoice)) == (Verdict.INVOICED, 2, 1)
    assert (finding.coverage.read, finding.coverage.from_ledger) == (1, 1)
    assert "read again now, it still does" in finding.receipt[0].outcome


@SHAPES
def test_the_31_tickets_asked_again_cost_two_calls_each_at_most(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    bench.ask(*sample.numbers)
    bench.ask(*sample.numbers)
    assert bench.calls <= 2 * 31


@SHAPES
def test_an_invoice_that_was_deleted_since_is_not_named_and_the_search_runs(rows: ListRows) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_ticket_id(ticket)
    bench = Bench(world, rows)
    bench.ask(ticket.number)
    world.delete_invoice(invoice)
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    bench.audit()
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED


@SHAPES
def test_an_unbilled_ticket_asked_again_reads_no_invoice_that_has_not_changed(rows: ListRows) -> None:
    world, ticket = one_ticket(invoices=20)
    bench = Bench(world, rows)
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    assert bench.read(ReadInvoice) == 20
    bench.later(hours=1)
    finding = bench.ask(ticket.number)
    assert (finding.verdict, finding.coverage.from_ledger, bench.read(ReadInvoice)) == (Verdict.NOT_INVOICED, 20, 0)


@SHAPES
def test_an_invoice_that_changed_since_is_read_again(rows: ListRows) -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, rows)
    bench.ask(ticket.number)
    bench.later(hours=1)
    invoice = next(iter(world.invoices.values()))
    world.add_line(invoice, name=f"Ticket #{ticket.number}", names=[ticket])
    bench.later(minutes=1)
    finding = bench.ask(ticket.number)
    assert (finding.verdict, finding.invoices[0].number) == (Verdict.INVOICED, invoice.number)


def test_a_charge_put_on_an_invoice_is_found_though_the_ticket_does_not_count_as_changed() -> None:
    world, ticket = one_ticket(invoices=3)
    charge = world.add_charge(ticket)
    bench = Bench(world)
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    bench.later(hours=1)
    invoice = next(iter(world.invoices.values()))
    world.convert(charge, invoice)
    invoice.updated_at = world.now
    bench.later(minutes=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_an_invoice_read_a_moment_after_its_last_change_is_read_once_more() -> None:
    """Two changes within a tick of Syncro's clock look like one."""
    world, ticket = one_ticket()
    invoice = world.add_invoice(world.customers[ticket.customer_id], created_at=world.now, updated_at=world.now)
    bench = Bench(world)
    bench.ask(ticket.number)
    world.add_line(invoice, name=f"Ticket #{ticket.number}", names=[ticket])
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_fresh_reads_everything_anew() -> None:
    sample = incident()
    bench = Bench(sample.world)
    bench.ask(INCIDENT_TICKET)
    finding = bench.ask(INCIDENT_TICKET, fresh=True)
    assert (bench.calls, finding.coverage.from_ledger) == (4, 0)


def test_what_was_read_too_long_ago_is_read_anew() -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, max_age_days=10)
    bench.ask(ticket.number)
    bench.later(days=9)
    bench.ask(ticket.number)
    assert bench.read(ReadInvoice) == 0
    bench.later(days=2)
    bench.ask(ticket.number)
    assert bench.read(ReadInvoice) == 5


def test_a_ledger_of_age_nought_remembers_nothing() -> None:
    bench = Bench(incident().world, max_age_days=0)
    for _ in range(2):
        finding = bench.ask(INCIDENT_TICKET)
        assert (bench.calls, finding.coverage.from_ledger) == (4, 0)


def test_a_ticket_that_was_changed_is_read_again() -> None:
    world, ticket = one_ticket()
    world.bill_by_ticket_id(ticket)
    bench = Bench(world)
    bench.ask(ticket.number)
    bench.later(hours=1)
    world.add_charge(ticket, "80.00")
    ticket.updated_at = world.now
    bench.later(hours=1)
    finding = bench.ask(ticket.number)
    assert (finding.verdict, bench.read(ReadTicket)) == (Verdict.PARTIALLY_INVOICED, 1)


# --- a digest ---


@SHAPES
def test_a_second_digest_costs_a_list_a_customer_and_no_detail(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    first = bench.audit()
    bench.later(days=1)
    second = bench.audit()
    assert {number: finding.verdict for number, finding in second.items()} == {
        number: finding.verdict for number, finding in first.items()
    }
    customers = {sample.world.ticket_numbered(number).customer_id for number in second}
    assert bench.calls <= 5 + len(customers)
    assert (bench.read(ReadInvoice), bench.read(ReadTicket)) == (0, 0)


@SHAPES
def test_a_digest_says_that_an_invoice_is_gone_which_no_list_of_changes_names(rows: ListRows) -> None:
    world, ticket = one_ticket(invoices=2)
    invoice = world.bill_by_ticket_id(ticket)
    bench = Bench(world, rows)
    for _ in range(2):
        assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED
        bench.later(days=1)
    world.delete_invoice(invoice)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED


@SHAPES
def test_a_third_party_s_invoice_is_read_again_in_each_digest(rows: ListRows) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_third_party(ticket)
    bench = Bench(world, rows)
    bench.audit()
    bench.later(days=1)
    assert bench.audit()[str(ticket.number)].invoices[0].number == invoice.number
    assert bench.read(ReadInvoice) == 1
    world.delete_invoice(invoice)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED


@SHAPES
def test_a_third_party_s_new_invoice_is_found_though_nothing_is_offered_is_remembered(rows: ListRows) -> None:
    world, ticket = one_ticket()
    bench = Bench(world, rows)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    bench.later(days=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    offers = [done.read for done in bench.syncro.done if isinstance(done.read, ListInvoices) and done.read.ticket_id]
    assert not offers
    bench.later(hours=1)
    invoice = world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(minutes=1)
    assert bench.audit()[str(ticket.number)].invoices[0].number == invoice.number


def test_an_invoice_that_cannot_be_read_for_once_is_not_taken_for_gone() -> None:
    """404 in spite of being there: if it were forgotten, nothing would lead back to another customer's invoice."""
    world, ticket = one_ticket()
    invoice = world.bill_third_party(ticket)
    bench = Bench(world)
    bench.sync()
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    for _ in range(3):
        bench.later(hours=1)
        assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED
    bench.faults = []
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


# --- the background sync ---


@SHAPES
def test_after_a_sync_the_first_digest_reads_no_detail(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    report = bench.sync()
    assert (report.problem, report.since, report.read) == ("", None, len(sample.world.invoices))
    bench.later(hours=1)
    found = bench.audit()
    assert Counter(finding.verdict for finding in found.values()) == {Verdict.INVOICED: 29, Verdict.NON_BILLABLE: 2}
    assert (bench.read(ReadInvoice), bench.read(ReadTicket)) == (0, 0)


@SHAPES
def test_a_sync_that_was_cut_off_goes_on_and_reads_nothing_twice(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 6

    first = Synchroniser(
        bench.ledger,
        lambda: nullcontext(bench.syncro.session()),
        policy=Policy(),
        lookback=LOOKBACK,
        clock=bench.syncro.clock,
    ).run(stopped=stopped)
    assert (first.problem, first.is_complete) == ("It was stopped.", False)
    assert 0 < first.read < len(sample.world.invoices)
    bench.later(minutes=30)
    second = bench.sync()
    assert second.is_complete
    assert first.read + second.read == len(sample.world.invoices)


@SHAPES
def test_a_sync_reads_only_what_changed_since_the_last(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    bench.sync()
    bench.later(hours=1)
    sample.world.add_invoice(created_at=sample.world.now, updated_at=sample.world.now)
    bench.later(minutes=15)
    report = bench.sync()
    assert report.read == 1
    assert report.api_calls <= 8


@SHAPES
def test_a_sync_does_not_claim_to_know_what_it_could_not_read(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    broken = next(iter(sample.world.invoices.values()))
    bench.syncro.faults = [Fault(f"/invoices/({broken.id}|{broken.number})", MissingKeys("line_items"))]
    report = bench.sync()
    assert not report.is_complete
    assert "line_items" in report.problem or "not as documented" in report.problem


# --- a ledger that fails ---


class FailingLedger(SqlLedger):
    """A ledger whose answers to one kind of question are lost."""

    lost = ""

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...] | None:
        return None if self.lost == "linked" else super().recall_linked(ticket)

    def has_stray_line(self, since: datetime, amounts: frozenset[str]) -> bool:
        return self.lost == "stray" or super().has_stray_line(since, amounts)


@pytest.mark.parametrize("lost", ["linked", "stray"])
def test_a_ledger_that_cannot_answer_is_not_taken_for_one_that_knows_of_nothing(lost: str) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_third_party(ticket)
    bench = Bench(world, kind=FailingLedger)
    bench.sync()
    assert bench.audit()[str(ticket.number)].invoices[0].number == invoice.number
    bench.later(hours=1)
    FailingLedger.lost = lost
    try:
        assert bench.audit()[str(ticket.number)].invoices[0].number == invoice.number
    finally:
        FailingLedger.lost = ""


def test_a_ledger_that_is_emptied_while_a_digest_is_made_proves_nothing() -> None:
    world, ticket = one_ticket()
    invoice = world.bill_third_party(ticket)
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    emptied: list[bool] = []

    def before_read(_: int) -> None:
        asked = bench.syncro.done[-1].read if bench.syncro.done else None
        if isinstance(asked, ListInvoices) and not emptied:  # the changes have just been listed
            emptied.append(True)
            bench.later(seconds=1)
            bench.ledger.forget_everything()

    other = world.add_ticket(world.customers[ticket.customer_id])
    bench.audit()
    bench.later(hours=1)
    bench.syncro._before_read = before_read
    found = bench.audit()
    assert emptied
    assert found[str(ticket.number)].invoices[0].number == invoice.number
    assert found[str(other.number)].verdict is Verdict.NOT_INVOICED
