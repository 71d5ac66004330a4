"""Attacks on the ledger: what happens while it is filled must never lead to a false answer later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.billing.ledger.model import RememberedInvoice, RememberedTicket
from bot.billing.rules.verdicts import Verdict
from bot.billing.search.queries import ListInvoices, ListTickets, ReadInvoice
from bot.sandbox.syncro.world import ListRows, Ticket
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.test_remembered import SHAPES, Bench, one_ticket
from tests.standins.syncro_faults import Fault, MissingKeys, Status

ABSENT = (Verdict.NOT_INVOICED, Verdict.SCHEDULED)


def verdict_of(bench: Bench, ticket: Ticket) -> Verdict:
    return bench.audit()[str(ticket.number)].verdict


@SHAPES
def test_a_third_party_s_new_invoice_that_cannot_be_read_for_once_leaves_the_sweep_unproved(rows: ListRows) -> None:
    world, ticket = one_ticket()
    bench = Bench(world, rows)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=1)
    invoice = world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(minutes=5)
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    assert verdict_of(bench, ticket) not in ABSENT
    bench.faults = []
    bench.later(hours=1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


@SHAPES
def test_a_third_party_s_new_invoice_that_the_sync_cannot_read_for_once_is_not_known(rows: ListRows) -> None:
    world, ticket = one_ticket()
    bench = Bench(world, rows)
    bench.sync()
    bench.audit()
    bench.later(hours=1)
    invoice = world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(minutes=30)
    bench.syncro.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    bench.sync()
    bench.syncro.faults = []
    bench.later(hours=1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_an_invoice_that_the_sync_could_not_read_for_once_is_read_by_a_question() -> None:
    """Rows without a time of change: 404 in the sync leaves the state before in the ledger, as if it were current."""
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO)
    bench.sync()
    bench.ask(ticket.number)
    bench.later(hours=1)
    invoice = next(iter(world.invoices.values()))
    world.add_line(invoice, name=f"Ticket #{ticket.number}", names=[ticket])
    bench.later(minutes=30)
    bench.syncro.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    bench.sync()
    bench.syncro.faults = []
    bench.later(hours=1)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


class FullLedger(SqlLedger):
    """A ledger that cannot be written any more once it `is_full`."""

    is_full = False

    def remember(self, invoices: Sequence[RememberedInvoice], tickets: Sequence[RememberedTicket]) -> bool:
        return False if self.is_full else super().remember(invoices, tickets)


def test_what_the_sweep_has_read_but_the_ledger_could_not_keep_is_not_known() -> None:
    world, ticket = one_ticket()
    bench = Bench(world, kind=FullLedger)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=1)
    world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(minutes=5)
    assert isinstance(bench.ledger, FullLedger)
    bench.ledger.is_full = True
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_a_line_that_came_between_a_list_and_a_detail_is_not_taken_for_an_old_one() -> None:
    """Details that tell no time of change; the row's is older than what the detail shows."""
    world, ticket = one_ticket()
    charge = world.add_charge(ticket)
    payer = world.add_customer()
    world.add_ticket(payer)
    old = world.now - timedelta(days=5)
    invoice = world.add_invoice(payer, created_at=old, updated_at=old)
    bench = Bench(world)
    bench.faults = [Fault("/invoices/.+", MissingKeys("updated_at"))]

    def before_read(_: int) -> None:
        asked = bench.syncro.done[-1].read if bench.syncro.done else None
        if isinstance(asked, ListInvoices) and asked.customer_id == str(payer.id) and not charge.converted:
            bench.later(seconds=1)
            world.convert(charge, invoice)
            invoice.updated_at = world.now
            bench.later(seconds=1)

    bench.syncro._before_read = before_read
    bench.audit()
    assert charge.converted
    for _ in range(3):
        bench.later(hours=1)
        assert verdict_of(bench, ticket) not in ABSENT


def test_a_line_that_came_while_its_invoice_waited_to_be_read_is_not_taken_for_an_older_one() -> None:
    """Reads wait for the rate budget: an invoice asked for before a ticket may be answered long after it."""
    world, ticket = one_ticket()
    payer = world.add_customer()
    old = world.now - timedelta(days=5)
    invoice = world.add_invoice(payer, created_at=old, updated_at=old)
    charge = world.add_charge(ticket)
    bench = Bench(world)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=1)
    invoice.updated_at = world.now  # somebody touches it
    bench.later(minutes=5)

    # The sync asks for the invoice, which has to wait.
    session = bench.syncro.session()
    read = ReadInvoice(str(invoice.id), invoice.updated_at)
    session.submit([read])
    bench.later(seconds=10)
    bench.ask(ticket.number)  # meanwhile a question reads the ticket
    bench.later(seconds=10)
    world.convert(charge, invoice)
    invoice.updated_at = world.now
    bench.later(seconds=10)
    session.collect()
    bench.later(seconds=10)
    assert verdict_of(bench, ticket) not in ABSENT


@SHAPES
def test_an_invoice_of_another_customer_is_not_forgotten_by_a_search_that_did_not_read_its_list(
    rows: ListRows,
) -> None:
    world, first = one_ticket()
    payer = world.add_customer()
    second = world.add_ticket(world.add_customer())
    invoice = world.bill_third_party(second, payer)
    world.add_line(invoice, name=f"and ticket #{first.number}", names=[first])
    world.now += timedelta(hours=1)
    bench = Bench(world, rows)
    bench.sync()
    bench.later(hours=1)
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(404))]
    bench.ask(first.number)
    bench.faults = []
    bench.later(hours=1)
    assert verdict_of(bench, second) is Verdict.INVOICED


def test_the_sync_does_not_claim_changes_that_it_did_not_read_while_it_read_tickets() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    victim = world.add_invoice(payer, created_at=world.now - timedelta(days=3))
    world.add_invoice(payer, created_at=world.now - timedelta(days=20))
    bench = Bench(world, ListRows.MEMO)
    runs = 0

    def stopped() -> bool:  # the first run is cut off in its second window
        nonlocal runs
        runs += 1
        return runs > 6

    def sync(stop: Callable[[], bool]) -> None:
        bench.synchroniser().run(stopped=stop)

    sync(stopped)
    bench.later(hours=1)
    world.add_ticket(payer)  # which the second run has to read
    slow: list[bool] = []

    def before_read(_: int) -> None:
        asked = bench.syncro.done[-1].read if bench.syncro.done else None
        if isinstance(asked, ListTickets) and not slow:
            slow.append(True)
            bench.later(seconds=30)
            victim.ticket_id = ticket.id
            victim.updated_at = world.now
            bench.later(minutes=13)

    bench.syncro._before_read = before_read
    sync(lambda: False)
    bench.syncro._before_read = lambda _: None
    bench.later(hours=1)
    assert slow
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_a_process_whose_clock_is_ahead_does_not_hide_what_another_reads_just_after() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    invoice = world.add_invoice(payer)
    bench = Bench(world)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=1)
    ahead = FakeSyncro(world, ledger=bench.ledger, skew=timedelta(minutes=1))
    session = ahead.session()
    session.submit([ReadInvoice(str(invoice.id))])
    session.collect()
    bench.later(seconds=10)
    invoice.ticket_id, invoice.updated_at = ticket.id, world.now
    bench.later(seconds=10)
    assert verdict_of(bench, ticket) not in ABSENT


@SHAPES
def test_charges_set_free_by_a_deleted_invoice_are_missed_by_nobody(rows: ListRows) -> None:
    world, ticket = one_ticket()
    world.add_timer(ticket, 30, billable=False)
    charge = world.add_charge(ticket)
    invoice = world.bill_by_line_item(ticket, charge)
    bench = Bench(world, rows)
    bench.audit()
    bench.later(hours=1)
    world.delete_invoice(invoice)
    bench.later(hours=1)
    digest = verdict_of(bench, ticket)
    question = bench.ask(ticket.number).verdict
    fresh = bench.ask(ticket.number, fresh=True).verdict
    assert (question, digest) == (fresh, fresh)


@SHAPES
def test_a_charge_whose_line_was_deleted_is_unbilled_again(rows: ListRows) -> None:
    world, ticket = one_ticket()
    charge = world.add_charge(ticket)
    invoice = world.bill_by_line_item(ticket, charge)
    bench = Bench(world, rows)
    bench.sync()
    bench.audit()
    bench.later(hours=1)
    world.delete_line(invoice, invoice.lines[0])
    bench.later(hours=1)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED


def test_two_changed_invoices_of_one_number_and_rows_without_ids_prove_nothing() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    bench = Bench(world, ListRows.MEMO)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=1)
    world.add_invoice(payer, number="900", created_at=world.now, updated_at=world.now)
    bench.later(minutes=1)
    world.bill_third_party(ticket, payer, number="900", created_at=world.now, updated_at=world.now)
    bench.later(minutes=5)
    assert bench.ask(ticket.number).verdict not in ABSENT
    assert verdict_of(bench, ticket) not in ABSENT


def test_an_invoice_known_to_bill_a_ticket_that_cannot_be_read_again_forbids_the_absence() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    invoice = world.bill_by_line_text(ticket, customer=payer)
    bench = Bench(world)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    bench.faults = [Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(500))]
    assert verdict_of(bench, ticket) not in ABSENT
    assert bench.ask(ticket.number).verdict not in ABSENT
