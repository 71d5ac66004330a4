"""What is remembered spares calls, and is never said without proof that it still stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.ledger.model import ACCOUNT, RememberedInvoice, SearchedPlace
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.search.queries import ListInvoices, ReadInvoice, ReadTicket
from bot.billing.sync.backfill import MOST_READ, Synchroniser, SyncReport
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.sample_worlds import INCIDENT_TICKET, incident
from bot.sandbox.syncro.world import Invoice, ListRows, Ticket, World
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro
from tests.ledgers import forget_everything
from tests.policies import EVERY_TICKET
from tests.standins.syncro_faults import Edit, Fault, MissingKeys, Status

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
        page_size: int = 25,
        kind: type[SqlLedger] = SqlLedger,
    ) -> None:
        self.world = world
        self.ledger = kind(
            Database("sqlite://"), "sample", max_age=timedelta(days=max_age_days), clock=lambda: self.syncro.clock()
        )
        self.syncro = FakeSyncro(world, rows=rows, page_size=page_size, ledger=self.ledger)
        self.ledger.open()
        self.verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"))

    def ask(self, *numbers: int | str, fresh: bool = False) -> Finding:
        self.syncro.done.clear()
        session = self.syncro.session(fresh=fresh)
        report = self.verifier.check([str(number) for number in numbers], session, started_at=self.syncro.clock())
        assert report.api_calls == len(self.syncro.done)
        return report.findings[0]

    def audit(self, spared: Ticket | None = None) -> dict[str, Finding]:
        """`spared` was accused not long ago."""
        self.syncro.done.clear()
        now = self.syncro.clock()
        window = Window(now - LOOKBACK, now + timedelta(days=1))
        report = self.verifier.audit(
            window,
            [],
            self.syncro.session(),
            started_at=now,
            spared=frozenset([str(spared.id)] if spared else []),
        ).report
        return {finding.ticket_number: finding for finding in report.findings}

    def sync(self) -> SyncReport:
        self.syncro.done.clear()
        return self.synchroniser().run()

    def synchroniser(
        self,
        syncro: FakeSyncro | None = None,
        *,
        alone: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),  # noqa: FBT003
        most_read: int = MOST_READ,
    ) -> Synchroniser:
        """One that reads through this bench, or through another process's view of its world."""
        view = syncro or self.syncro
        return Synchroniser(
            self.ledger,
            lambda: nullcontext(view.session()),
            policy=EVERY_TICKET,
            lookback=LOOKBACK,
            clock=view.clock,
            alone=alone,
            most_read=most_read,
        )

    @property
    def faults(self) -> list[Fault]:
        """What goes wrong in Syncro's answers."""
        return self.syncro.faults

    @faults.setter
    def faults(self, faults: list[Fault]) -> None:
        self.syncro.faults = faults

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


def test_the_receipt_says_of_each_remembered_invoice_whether_that_one_still_bills_the_ticket() -> None:
    world, ticket = one_ticket()
    kept = world.bill_by_ticket_id(ticket)
    taken = world.bill_by_ticket_id(ticket, created_at=world.now - timedelta(hours=5))
    bench = Bench(world)
    bench.sync()
    taken.ticket_id = None
    finding = bench.ask(ticket.number)
    assert [invoice.number for invoice in finding.invoices] == [kept.number]
    said = {
        number: [each.outcome for each in finding.receipt if number in each.outcome]
        for number in (kept.number, taken.number)
    }
    assert [texts[0].rpartition("; ")[2] for texts in said.values()] == [
        "read again now, it still does",
        "read again now, it no longer does, or could not be read",
    ]


@pytest.mark.parametrize("look", ["ask", "audit"])
def test_a_ticket_is_billed_by_the_last_of_many_invoices_that_are_remembered_to_bill_it(look: str) -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    oldest = world.now - timedelta(hours=1)
    made = [world.bill_third_party(ticket, payer, created_at=oldest + timedelta(minutes=each)) for each in range(12)]
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    for invoice in made[1:]:
        invoice.ticket_id, invoice.updated_at = None, world.now
    finding = bench.ask(ticket.number) if look == "ask" else bench.audit(spared=ticket)[str(ticket.number)]
    assert finding.verdict is Verdict.INVOICED
    assert [invoice.number for invoice in finding.invoices] == [made[0].number]


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
def test_nobody_is_accused_from_memory_alone_but_invoices_from_before_the_ticket_are_not_read_again(
    rows: ListRows,
) -> None:
    world, ticket = one_ticket(invoices=20)
    recent = list(world.invoices.values())
    long_ago = ticket.created_at - timedelta(days=30)
    for _ in range(10):
        world.add_invoice(world.customers[ticket.customer_id], created_at=long_ago, updated_at=long_ago)
    bench = Bench(world, rows)
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    assert bench.read(ReadInvoice) == 30
    bench.later(hours=1)
    finding = bench.ask(ticket.number)
    assert (finding.verdict, bench.read(ReadInvoice)) == (Verdict.NOT_INVOICED, 20)
    bench.later(hours=1)
    world.add_line(
        recent[0], name=f"Ticket #{ticket.number}", names=[ticket]
    )  # and Syncro does not say that it changed
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


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


def test_a_charge_whose_amount_could_not_be_read_is_read_again_in_the_next_digest() -> None:
    world, ticket = one_ticket(invoices=3)
    world.add_charge(ticket, "75.00")
    bench = Bench(world)

    def without_price(body: Any) -> Any:
        charges = [{**charge, "price_retail": "abc", "retail_cents": None} for charge in body["ticket"]["line_items"]]
        return {"ticket": {**body["ticket"], "line_items": charges}}

    bench.faults = [Fault("/tickets/.+", Edit(without_price))]
    bench.sync()
    bench.later(hours=1)
    assert bench.audit(spared=ticket)[str(ticket.number)].verdict is Verdict.UNVERIFIED
    bench.faults = []
    bench.later(hours=1)
    assert bench.audit(spared=ticket)[str(ticket.number)].verdict is Verdict.NOT_INVOICED


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
    world, ticket = one_ticket()
    long_ago = ticket.created_at - timedelta(days=30)
    for _ in range(5):
        world.add_invoice(world.customers[ticket.customer_id], created_at=long_ago, updated_at=long_ago)
    bench = Bench(world, max_age_days=10)
    bench.ask(ticket.number)
    bench.later(days=9)
    bench.ask(ticket.number)
    assert bench.read(ReadInvoice) == 0
    bench.later(days=2)
    bench.ask(ticket.number)
    assert bench.read(ReadInvoice) == 5


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
    assert bench.calls - bench.read(ReadInvoice) <= 8 + len(customers)
    assert bench.read(ReadTicket) == 0
    # Where rows tell no times, what stands in the list of changes is read, back to the latest change that was known.
    assert bench.read(ReadInvoice) <= (0 if rows is ListRows.OPENAPI else len(customers) + 2)


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
    world, ticket = one_ticket(invoices=1)
    bench = Bench(world, rows)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    bench.later(days=1)
    assert bench.audit(spared=ticket)[str(ticket.number)].verdict is Verdict.NOT_INVOICED
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
    assert bench.read(ReadTicket) == 0
    assert bench.read(ReadInvoice) <= (0 if rows is ListRows.OPENAPI else 14)  # those by which the list proves itself


@SHAPES
def test_a_sync_that_was_cut_off_goes_on_and_reads_nothing_twice(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 7

    first = bench.synchroniser().run(stopped=stopped)
    assert (first.problem, first.is_complete) == ("It was stopped.", False)
    assert 0 < first.read < len(sample.world.invoices)
    bench.later(minutes=30)
    second = bench.sync()
    assert second.is_complete
    again = first.read + second.read - len(sample.world.invoices)
    assert again <= (0 if rows is ListRows.OPENAPI else 14)  # those by which the list of changes proves itself


@SHAPES
def test_a_sync_reads_only_what_changed_since_the_last(rows: ListRows) -> None:
    sample = incident()
    bench = Bench(sample.world, rows)
    bench.sync()
    bench.later(hours=1)
    sample.world.add_invoice(created_at=sample.world.now, updated_at=sample.world.now)
    bench.later(minutes=15)
    report = bench.sync()
    assert report.read <= (1 if rows is ListRows.OPENAPI else 14)
    assert report.api_calls - report.read <= 9


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

    def has_unclaimed_line(self, since: datetime, amounts: frozenset[str], customer_id: str | None) -> bool:
        return self.lost == "lines" or super().has_unclaimed_line(since, amounts, customer_id)


@pytest.mark.parametrize("lost", ["linked", "lines"])
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
            forget_everything(bench.ledger)

    other = world.add_ticket(world.customers[ticket.customer_id])
    bench.audit()
    bench.later(hours=1)
    bench.syncro._before_read = before_read
    found = bench.audit()
    assert emptied
    assert found[str(ticket.number)].invoices[0].number == invoice.number
    assert found[str(other.number)].verdict is Verdict.NOT_INVOICED


# --- each proof for itself: what a bot that leaves one out would say ---

ABSENT = (Verdict.NOT_INVOICED, Verdict.SCHEDULED)
AHEAD = timedelta(minutes=5)


def sync_changes_only(bench: Bench) -> None:
    """A first sync that is cut off before it has read anything: the account is known from now on."""

    def stopped() -> bool:
        return bench.ledger.recall_places([ACCOUNT]) != (None,)

    bench.synchroniser().run(stopped=stopped)
    (account,) = bench.ledger.recall_places([ACCOUNT])
    assert account is not None
    assert account.since == account.searched_at


def read_now(bench: Bench, *invoices: Invoice) -> None:
    """Somebody else's question reads these invoices."""
    session = bench.syncro.session()
    session.submit([ReadInvoice(str(invoice.id), invoice.updated_at) for invoice in invoices])
    session.collect()


def after_list(bench: Bench, deed: Callable[[], object], *pages: int, lately: bool = True) -> list[int]:
    """Do something right after these pages of a list of changes were read. Returns the pages after which it was."""
    done: list[int] = []

    def before_read(_: int) -> None:
        asked = bench.syncro.done[-1].read if bench.syncro.done else None
        wanted = pages[len(done)] if len(done) < len(pages) else None
        if isinstance(asked, ListInvoices) and asked.ticket_id is None and asked.page == wanted:
            week = timedelta(days=8)  # changes are listed from the latest on that is known
            if asked.updated_since is not None and (asked.updated_since > bench.world.now - week) is lately:
                done.append(asked.page)
                deed()

    bench.syncro._before_read = before_read
    return done


def names_the_ticket(bench: Bench, invoice: Invoice, ticket: Ticket) -> None:
    bench.world.add_line(invoice, name=f"Ticket #{ticket.number}", names=[ticket])


def test_a_list_of_changes_vouches_for_nothing_that_was_read_before_the_account_was_known() -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO)
    bench.ask(ticket.number)
    bench.later(hours=1)
    names_the_ticket(bench, next(iter(world.invoices.values())), ticket)
    bench.later(hours=2)
    sync_changes_only(bench)
    bench.later(hours=1)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_a_list_of_changes_names_invoices_by_their_ids_where_rows_have_no_numbers() -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world)
    bench.faults = [Fault("/invoices", MissingKeys("number", "updated_at"))]
    bench.ask(ticket.number)
    bench.later(hours=1)
    names_the_ticket(bench, next(iter(world.invoices.values())), ticket)
    bench.later(minutes=5)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_a_list_of_changes_reaches_back_before_the_oldest_reading() -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO)
    bench.ask(ticket.number)
    first, *_, last = world.invoices.values()
    bench.later(hours=1)
    names_the_ticket(bench, first, ticket)
    bench.later(hours=1)
    read_now(bench, last)
    bench.later(minutes=1)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_a_list_of_changes_of_several_pages_vouches_for_nothing() -> None:
    """A row that slides out of sight between two pages would be taken for unchanged."""
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO)
    bench.syncro._page_size = 1
    bench.ask(ticket.number)
    bench.later(hours=1)
    first, second, *_ = world.invoices.values()
    first.updated_at = world.now
    names_the_ticket(bench, second, ticket)
    bench.later(minutes=5)
    slid = after_list(bench, lambda: world.delete_invoice(first), 1)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED
    assert slid


@pytest.mark.parametrize("way", ["question", "digest", "sync"])
def test_what_changed_just_after_it_was_read_is_found_though_our_clock_is_ahead(way: str) -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO)
    bench.syncro._skew = AHEAD
    bench.ask(ticket.number)
    if way != "digest":
        bench.sync()
    bench.later(minutes=1)
    if way == "question":
        names_the_ticket(bench, next(iter(world.invoices.values())), ticket)
    else:
        world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(hours=1)
    if way == "sync":
        bench.sync()
        bench.later(hours=1)
    finding = bench.ask(ticket.number) if way == "question" else bench.audit()[str(ticket.number)]
    assert finding.verdict is Verdict.INVOICED


def test_a_charge_put_on_an_invoice_just_after_it_was_read_is_found_though_our_clock_is_ahead() -> None:
    world, ticket = one_ticket()
    charge = world.add_charge(ticket)
    invoice = world.add_invoice(created_at=world.now - timedelta(days=3))
    bench = Bench(world)
    bench.syncro._skew = AHEAD
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    bench.later(seconds=10)
    world.convert(charge, invoice)
    invoice.updated_at = world.now
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict not in ABSENT


def test_a_charge_put_on_an_invoice_is_found_though_another_process_whose_clock_is_ahead_has_read_the_ticket() -> None:
    world, ticket = one_ticket()
    charge = world.add_charge(ticket)
    invoice = world.add_invoice(created_at=world.now - timedelta(days=3))
    bench = Bench(world)
    bench.audit()
    bench.later(hours=1)
    session = FakeSyncro(world, ledger=bench.ledger, skew=timedelta(minutes=1)).session()
    session.submit([ReadTicket(str(ticket.id))])
    session.collect()
    bench.later(seconds=20)
    world.convert(charge, invoice)
    invoice.updated_at = world.now
    bench.later(seconds=10)
    assert bench.audit()[str(ticket.number)].verdict not in ABSENT


@SHAPES
def test_a_ticket_of_which_only_the_customer_was_searched_is_searched(rows: ListRows) -> None:
    world, ticket = one_ticket()
    other = world.add_ticket(world.customers[ticket.customer_id])
    world.bill_third_party(ticket)
    bench = Bench(world, rows)
    bench.ask(other.number)
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


@SHAPES
def test_an_account_that_is_known_only_lately_does_not_say_what_is_offered(rows: ListRows) -> None:
    world, ticket = one_ticket()
    other = world.add_ticket(world.customers[ticket.customer_id])
    world.bill_third_party(ticket)
    bench = Bench(world, rows)
    sync_changes_only(bench)
    bench.later(minutes=1)
    bench.ask(other.number)
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


@SHAPES
def test_a_search_before_the_account_was_known_is_not_brought_forward_by_it(rows: ListRows) -> None:
    world, ticket = one_ticket()
    bench = Bench(world, rows)
    bench.ask(ticket.number)
    bench.later(hours=1)
    world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(hours=5)
    sync_changes_only(bench)
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


@SHAPES
def test_the_list_of_changes_reaches_back_to_the_search_that_is_longest_ago(rows: ListRows) -> None:
    world, ticket = one_ticket()
    other = world.add_ticket(world.customers[ticket.customer_id])
    bench = Bench(world, rows)
    bench.ask(ticket.number)
    bench.later(hours=1)
    world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(hours=1)
    bench.ask(other.number)
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


@SHAPES
def test_what_is_offered_for_an_open_ticket_is_not_known_where_it_could_not_be_listed(rows: ListRows) -> None:
    world, ticket = one_ticket(status="In Progress")
    other = world.add_ticket(world.customers[ticket.customer_id])
    world.bill_third_party(ticket)
    bench = Bench(world, rows)
    bench.faults = [Fault("/invoices", Status(500), query=lambda query: "ticket_id" in query)]
    assert bench.ask(ticket.number).verdict is Verdict.OPEN
    bench.faults = []
    bench.ask(other.number)
    bench.later(hours=1)
    ticket.status, ticket.resolved_at, ticket.updated_at = "Resolved", world.now, world.now
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


def test_a_ticket_that_names_no_customer_is_never_proved_to_be_unbilled() -> None:
    world, ticket = one_ticket(status="In Progress")
    bench = Bench(world)
    bench.faults = [Fault("/tickets", MissingKeys("customer_id"))]
    assert bench.ask(ticket.number).verdict is Verdict.OPEN
    bench.later(hours=1)
    ticket.status, ticket.resolved_at, ticket.updated_at = "Resolved", world.now, world.now
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED


def test_an_invoice_that_might_mean_the_ticket_is_not_forgotten_in_a_second_digest() -> None:
    world, ticket = one_ticket()
    world.mention(ticket)
    bench = Bench(world)
    for _ in range(3):
        assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED
        bench.later(days=1)


def test_an_invoice_untouched_since_before_the_ticket_was_opened_says_nothing_of_it_in_any_digest() -> None:
    world, ticket = one_ticket()
    before = ticket.created_at - timedelta(minutes=1)
    world.mention(ticket, "Ticket {number}", created_at=before, updated_at=before)
    bench = Bench(world)
    for _ in range(3):
        assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
        assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
        bench.later(days=1)


def test_a_charge_on_an_invoice_out_of_sight_is_not_forgotten_in_a_second_digest() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    world.bill_by_ticket_id(world.add_ticket(payer, status="In Progress"))
    world.bill_by_line_item(ticket, world.add_charge(ticket), customer=payer)
    for _ in range(60):
        world.add_invoice(payer)
    bench = Bench(world)
    bench.verifier = replace(bench.verifier, scan_limit=50)
    for _ in range(3):
        assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED
        bench.later(days=1)


def test_an_invoice_read_too_long_ago_that_cannot_be_read_forbids_the_absence() -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_line_text(ticket)
    bench = Bench(world, max_age_days=10)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED
    bench.later(days=5)
    other = world.add_ticket(world.customers[ticket.customer_id], created_at=world.now - timedelta(days=10))
    bench.ask(other.number)  # by its list row, the invoice stands as it was read five days ago
    bench.later(days=6, hours=12)
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(500))]
    found = bench.audit()
    assert found[str(ticket.number)].verdict not in ABSENT
    assert found[str(other.number)].verdict not in ABSENT


@SHAPES
def test_that_an_invoice_bills_the_ticket_is_not_said_from_memory_where_it_cannot_be_read(rows: ListRows) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_line_text(ticket)
    bench = Bench(world, rows)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED
    bench.later(hours=1)
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    assert bench.ask(ticket.number).verdict is Verdict.UNVERIFIED


def test_a_known_invoice_whose_later_state_cannot_be_read_leaves_the_sweep_unproved() -> None:
    world, ticket = one_ticket()
    invoice = world.add_invoice(created_at=world.now - timedelta(days=2))
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    invoice.ticket_id, invoice.updated_at = ticket.id, world.now
    bench.later(minutes=5)
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    assert bench.audit()[str(ticket.number)].verdict not in ABSENT


def test_a_later_state_that_cannot_be_read_is_not_excused_by_a_reading_of_a_process_whose_clock_is_ahead() -> None:
    world, ticket = one_ticket()
    invoice = world.add_invoice(created_at=world.now - timedelta(days=2))
    bench = Bench(world)
    bench.audit()
    bench.later(hours=1)
    session = FakeSyncro(world, ledger=bench.ledger, skew=timedelta(minutes=1)).session()
    session.submit([ReadInvoice(str(invoice.id))])
    session.collect()
    bench.later(seconds=10)
    invoice.ticket_id, invoice.updated_at = ticket.id, world.now
    bench.later(seconds=10)
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    assert bench.audit()[str(ticket.number)].verdict not in ABSENT


@pytest.mark.parametrize("pages", [(1,), (2, 1)])
def test_an_invoice_that_slides_out_of_sight_in_the_list_of_changes_is_found(pages: tuple[int, ...]) -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    bench = Bench(world)
    bench.syncro._page_size = 1
    bench.audit()
    bench.later(hours=1)
    made = [world.now - timedelta(minutes=number) for number in range(4)]
    above = [world.add_invoice(payer, created_at=each, updated_at=world.now) for each in made[: len(pages)]]
    world.bill_third_party(ticket, payer, created_at=made[2], updated_at=world.now)
    below = world.add_invoice(payer, created_at=made[3], updated_at=world.now)
    bench.later(minutes=5)
    read_now(bench, *above, below)
    bench.later(minutes=1)
    # Each time the row just above it goes, which was read a moment before.
    slid = after_list(bench, lambda: world.delete_invoice(above.pop()), *pages)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED
    assert slid == list(pages)


def test_a_list_of_changes_that_is_too_long_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.billing.sync.catch_up.MOST_CHANGES", 1)
    world, ticket = one_ticket()
    payer = world.add_customer()
    bench = Bench(world)
    bench.syncro._page_size = 1
    bench.audit()
    bench.later(hours=1)
    world.bill_third_party(ticket, payer, created_at=world.now, updated_at=world.now)
    above = [world.add_invoice(payer, created_at=world.now, updated_at=world.now) for _ in range(2)]
    bench.later(minutes=5)
    read_now(bench, *above)
    bench.later(minutes=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


class EmptiedLedger(SqlLedger):
    """A ledger that is emptied just before it is asked for links; with `anew` a sync begins at once."""

    when: str = ""

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...] | None:
        if self.when:
            now = self._clock()
            forget_everything(self)
            if self.when == "anew":
                now += timedelta(seconds=1)
                self.note_places([SearchedPlace(name=ACCOUNT, since=None, as_of=now, searched_at=now)])
            self.when = ""
        return super().recall_linked(ticket)


@pytest.mark.parametrize("when", ["now", "anew"])
def test_a_ledger_that_is_emptied_between_sweep_and_search_proves_nothing(when: str) -> None:
    world, ticket = one_ticket()
    world.bill_third_party(ticket)
    bench = Bench(world, kind=EmptiedLedger)
    bench.sync()
    bench.audit()
    bench.later(hours=1)
    assert isinstance(bench.ledger, EmptiedLedger)
    bench.ledger.when = when
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


def test_the_charges_of_a_billed_ticket_that_has_others_pending_are_read_anew_in_a_question() -> None:
    world, ticket = one_ticket()
    world.bill_by_line_text(ticket)
    charge = world.add_charge(ticket)
    bench = Bench(world)
    assert bench.ask(ticket.number).verdict is Verdict.PARTIALLY_INVOICED
    bench.later(hours=1)
    world.bill_by_line_item(ticket, charge, created_at=world.now, updated_at=world.now)
    bench.later(hours=1)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_an_invoice_that_is_gone_for_sure_is_forgotten() -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_ticket_id(ticket)
    bench = Bench(world)
    bench.ask(ticket.number)
    world.delete_invoice(invoice)
    bench.ask(ticket.number)
    assert bench.ledger.count_invoices() == 0


def test_a_second_digest_still_looks_at_the_customer_s_list() -> None:
    world, ticket = one_ticket(invoices=3)
    bench = Bench(world)
    bench.audit()
    bench.later(days=1)
    coverage = bench.audit(spared=ticket)[str(ticket.number)].coverage
    assert (coverage.listed, coverage.from_ledger, coverage.read) == (3, 3, 0)
