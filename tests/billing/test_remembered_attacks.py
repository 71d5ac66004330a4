"""More attacks on the ledger, each of which once led to a false answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.ledger.model import ACCOUNT, RememberedInvoice, SearchedPlace
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.policy import Policy
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.queries import ListInvoices, ListSchedules, Read, ReadInvoice
from bot.billing.search.scheduler import Session
from bot.billing.verifier import Verifier
from bot.jobs.recorded import recorded_session
from bot.sandbox.syncro.world import Charge, Invoice, InvoiceOptions, ListRows, Ticket, World
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.test_remembered import (
    ABSENT,
    AHEAD,
    Bench,
    after_list,
    names_the_ticket,
    one_ticket,
    sync_changes_only,
)
from tests.billing.test_remembered_hostile import FullLedger, verdict_of
from tests.jobs.fakes import PowerCut, RememberingSteps
from tests.ledgers import forget_everything
from tests.policies import EVERY_TICKET
from tests.standins.syncro_faults import Edit, Effect, Fault, MissingKeys, Status, WrongDetail

WAYS = pytest.mark.parametrize("way", ["question", "digest"])
DETAILS_WITHOUT_TIMES = Fault("/invoices/.+", MissingKeys("updated_at"))


def told(bench: Bench, ticket: Ticket, way: str) -> Verdict:
    return bench.ask(ticket.number).verdict if way == "question" else verdict_of(bench, ticket)


def reading(invoice: Invoice, effect: Effect) -> Fault:
    """What comes of reading this invoice's detail."""
    return Fault(f"/invoices/({invoice.id}|{invoice.number})", effect)


def right_after(bench: Bench, fits: Callable[[Read[Any] | None], bool], deed: Callable[[], object]) -> list[bool]:
    """Do something once, right after a read that fits (None: at the beginning). Returns whether it was done."""
    done: list[bool] = []

    def before_read(_: int) -> None:
        last = bench.syncro.done[-1].read if bench.syncro.done else None
        if not done and fits(last):
            done.append(True)
            deed()

    bench.syncro._before_read = before_read
    return done


def is_beginning(last: Read[Any] | None) -> bool:
    return last is None


def read_elsewhere(bench: Bench, reference: object, *faults: Fault, skew: timedelta = timedelta()) -> None:
    """A question to another process, which shares the ledger but has a clock of its own, reads this invoice."""
    session = FakeSyncro(bench.world, faults=faults, ledger=bench.ledger, skew=skew).session()
    session.submit([ReadInvoice(str(reference))])
    session.collect()


def sync_elsewhere(bench: Bench) -> None:
    """Another process, which shares the ledger, makes a sync."""
    syncro = FakeSyncro(bench.world, rows=bench.syncro._rows, ledger=bench.ledger)
    report = bench.synchroniser(syncro).run()
    assert not report.problem


def hand_to(world: World, ticket: Ticket, invoice: Invoice) -> None:
    """From now on the invoice bills this ticket, whoever pays it."""
    invoice.ticket_id, invoice.updated_at = ticket.id, world.now


# --- readings that the ledger refuses, or that it never gets ---


def test_a_reading_that_is_refused_for_one_of_a_process_whose_clock_is_ahead_does_not_count_as_kept() -> None:
    """Neither rows nor details tell a time of change, so of two readings the one with the later time is kept."""
    world, ticket = one_ticket()
    invoice = world.add_invoice(world.add_customer())
    bench = Bench(world, ListRows.MEMO)
    bench.faults = [DETAILS_WITHOUT_TIMES]
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=20)
    read_elsewhere(bench, invoice.id, DETAILS_WITHOUT_TIMES, skew=timedelta(minutes=1))
    bench.later(seconds=10)
    hand_to(world, ticket, invoice)
    bench.later(seconds=10)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


@pytest.mark.parametrize("what", ["it cannot be read", "it cannot be kept"])
def test_what_another_process_read_since_the_digest_began_does_not_stand_for_the_digest_s_own_reading(
    what: str,
) -> None:
    world, ticket = one_ticket()
    invoice = world.add_invoice(world.add_customer())
    bench = Bench(world, ListRows.MEMO, kind=FullLedger)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=20)

    def deed() -> None:
        bench.later(seconds=5)
        read_elsewhere(bench, invoice.id)
        bench.later(seconds=5)
        hand_to(world, ticket, invoice)
        bench.later(seconds=1)
        assert isinstance(bench.ledger, FullLedger)
        bench.ledger.is_full = what == "it cannot be kept"

    happened = right_after(bench, is_beginning, deed)
    bench.faults = [reading(invoice, Status(404))] if what == "it cannot be read" else []
    assert verdict_of(bench, ticket) not in ABSENT
    assert happened


def test_a_second_reading_of_an_invoice_in_one_sync_counts_from_when_it_was_asked_for_again() -> None:
    """Neither rows nor details tell a time of change. In a long window the sync reads what has changed meanwhile."""
    world, ticket = one_ticket()
    payer = world.add_customer()
    world.add_invoice(payer, created_at=world.now - timedelta(days=20))
    victim = world.add_invoice(payer, created_at=world.now - timedelta(days=1))
    bench = Bench(world, ListRows.MEMO)
    bench.faults = [DETAILS_WITHOUT_TIMES]
    bench.syncro.faults = bench.faults

    def is_in_the_second_window(last: Read[Any] | None) -> bool:
        day = world.now - timedelta(days=50)
        return isinstance(last, ListInvoices) and last.updated_since is not None and last.updated_since < day

    def deed() -> None:
        bench.later(minutes=5)
        read_elsewhere(bench, victim.id, DETAILS_WITHOUT_TIMES)
        bench.later(minutes=1)
        hand_to(world, ticket, victim)
        bench.later(minutes=16)

    happened = right_after(bench, is_in_the_second_window, deed)
    assert bench.sync().is_complete
    assert happened
    bench.later(hours=1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


# --- invoices that hold the number, and may mean the ticket ---


@pytest.mark.parametrize("effect", [Status(500), Status(404), WrongDetail()])
def test_an_invoice_that_might_mean_the_ticket_is_not_forgotten_where_it_cannot_be_read(effect: Effect) -> None:
    world, ticket = one_ticket()
    world.add_invoice(world.add_customer())  # which answers in its stead
    invoice = world.mention(ticket)
    bench = Bench(world)
    assert verdict_of(bench, ticket) is Verdict.UNVERIFIED
    bench.later(days=1)
    bench.faults = [reading(invoice, effect)]
    assert verdict_of(bench, ticket) is Verdict.UNVERIFIED


def test_an_invoice_older_than_the_ticket_says_nothing_of_it_however_long_ago_it_was_read() -> None:
    world = World()
    customer = world.add_customer()
    other = world.add_ticket(customer, created_at=world.now - timedelta(days=3))
    long_ago = world.now - timedelta(days=40)
    world.add_invoice(customer, name="Ticket 31777", created_at=long_ago, updated_at=long_ago)
    bench = Bench(world, max_age_days=90)
    bench.ask(other.number)
    bench.later(days=80)
    bench.ask(other.number)
    assert bench.read(ReadInvoice) == 0
    bench.later(days=5)
    ticket = world.add_ticket(customer, number=31777, created_at=world.now)
    bench.later(days=7)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED


class EmptiedElsewhere(SqlLedger):
    """A ledger for which `deed` is done just before the links of one ticket are recalled."""

    ticket_id = ""
    deed: Callable[[], object] | None = None

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...] | None:
        if self.deed is not None and ticket.ticket_id == self.ticket_id:
            deed, self.deed = self.deed, None
            deed()
        return super().recall_linked(ticket)


def test_a_ledger_that_is_emptied_by_a_process_whose_clock_is_behind_proves_nothing() -> None:
    """By the clock of the one that empties it, the digest began later, and so searched the customer's place since."""
    world = World()
    customer = world.add_customer()
    long_ago = world.now - timedelta(days=60)
    ticket, billed = world.add_ticket(customer), world.add_ticket(customer)
    other = world.add_ticket(customer, created_at=long_ago)
    invoice = world.bill_by_line_text(billed)
    world.bill_by_line_item(ticket, world.add_charge(ticket), created_at=long_ago, updated_at=long_ago)
    bench = Bench(world, kind=EmptiedElsewhere)
    bench.ask(other.number, billed.number)  # so the customer's place is known, but nothing that is offered for `ticket`
    bench.later(hours=5)
    world.delete_invoice(invoice)  # so the digest searches the customer's place anew, for `billed`
    ledger = bench.ledger
    assert isinstance(ledger, EmptiedElsewhere)
    behind = SqlLedger(
        ledger._database, "sample", max_age=timedelta(days=90), clock=lambda: world.now - timedelta(minutes=1)
    )
    behind.open()

    def deed() -> None:
        bench.later(seconds=5)
        forget_everything(behind)

    ledger.ticket_id, ledger.deed = str(ticket.id), deed
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    assert ledger.deed is None


# --- charges that were put on an invoice, while their ticket does not count as changed ---


def pending_charge(bench: Bench, ticket: Ticket, **options: str) -> Charge:
    """A charge that yesterday's digest has seen to be on no invoice."""
    charge = bench.world.add_charge(ticket, **options)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=5)
    return charge


def new(world: World) -> InvoiceOptions:
    """Made just now."""
    return {"created_at": world.now, "updated_at": world.now}


@pytest.mark.parametrize("text", ["Printer #2: replaced drum", "Follow-up of ticket 31999"])
def test_a_charge_whose_text_names_another_number_is_still_found_on_its_invoice(text: str) -> None:
    world, ticket = one_ticket(invoices=1)
    bench = Bench(world)
    charge = pending_charge(bench, ticket, description=text)
    world.bill_by_line_item(ticket, charge, **new(world))
    bench.later(hours=19)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_a_charge_that_was_put_on_another_ticket_s_invoice_is_found() -> None:
    world, ticket = one_ticket(invoices=1)
    invoice = world.bill_by_ticket_id(world.add_ticket(world.customers[ticket.customer_id]))
    bench = Bench(world)
    charge = pending_charge(bench, ticket)
    world.convert(charge, invoice)
    invoice.updated_at = world.now
    bench.later(hours=19)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_a_charge_whose_line_was_given_another_price_is_found() -> None:
    world, ticket = one_ticket(invoices=1)
    bench = Bench(world)
    charge = pending_charge(bench, ticket, price="75.00")
    invoice = world.bill_by_line_item(ticket, charge, **new(world))
    invoice.lines[0].price = Decimal("70.00")
    bench.later(hours=19)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_a_charge_may_be_on_an_invoice_whose_lines_have_no_ids() -> None:
    def without_ids(payload: Any) -> Any:
        for line in payload["invoice"]["line_items"]:
            del line["id"]
        return payload

    world, ticket = one_ticket(invoices=1)
    bench = Bench(world)
    bench.faults = [Fault("/invoices/.+", Edit(without_ids))]
    charge = pending_charge(bench, ticket)
    world.bill_by_line_item(ticket, charge, **new(world))
    bench.later(hours=19)
    assert verdict_of(bench, ticket) is Verdict.UNVERIFIED


@pytest.mark.parametrize("price", ["75.00", "70.00"])
def test_a_ticket_that_was_invoiced_with_its_charge_is_not_said_to_be_billed_in_part(price: str) -> None:
    """The everyday case: the line belongs to an invoice that names the ticket, so it is nobody else's."""
    world, ticket = one_ticket(invoices=1)
    bench = Bench(world)
    charge = pending_charge(bench, ticket, price="75.00")
    invoice = world.bill_by_ticket_id(ticket, **new(world))
    invoice.lines.clear()
    world.convert(charge, invoice).price = Decimal(price)
    bench.later(hours=19)
    for _ in range(3):
        assert verdict_of(bench, ticket) is Verdict.INVOICED
        bench.later(days=1)


@WAYS
def test_a_charge_whose_line_was_deleted_from_one_of_two_invoices_is_unbilled_again(way: str) -> None:
    world, ticket = one_ticket()
    world.bill_by_line_text(ticket)
    second = world.bill_by_line_item(ticket, world.add_charge(ticket))
    bench = Bench(world)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    bench.later(hours=1)
    world.delete_line(second, second.lines[0])
    bench.later(hours=1)
    assert told(bench, ticket, way) is Verdict.PARTIALLY_INVOICED


# --- what a sync does while a question is answered ---


class SyncedElsewhere(SqlLedger):
    """A ledger for which `deed` is done just before it is asked as of when the account is known."""

    deed: Callable[[], object] | None = None

    def recall_places(self, names: Sequence[str]) -> tuple[SearchedPlace | None, ...]:
        if self.deed is not None and list(names) == [ACCOUNT]:
            deed, self.deed = self.deed, None
            deed()
        return super().recall_places(names)


def changed_since_the_last_question(kind: type[SqlLedger] = SqlLedger) -> tuple[Bench, Ticket]:
    """Rows tell no time of change. One of five invoices bills the ticket since it was asked about; no sync knows."""
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO, kind=kind)
    bench.sync()
    bench.later(hours=1)
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    bench.later(hours=1)
    names_the_ticket(bench, next(iter(world.invoices.values())), ticket)
    bench.later(minutes=30)
    return bench, ticket


def test_a_sync_that_ends_while_a_question_is_answered_does_not_vouch_for_what_was_recalled_before() -> None:
    bench, ticket = changed_since_the_last_question(SyncedElsewhere)
    ledger = bench.ledger
    assert isinstance(ledger, SyncedElsewhere)
    ledger.deed = lambda: sync_elsewhere(bench)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED
    assert ledger.deed is None


def ask_in_steps(bench: Bench, ticket: Ticket, steps: RememberingSteps, started_at: datetime) -> Finding:
    @contextmanager
    def opened() -> Iterator[Session]:
        yield bench.syncro.session()

    with recorded_session(steps, opened) as session:
        return bench.verifier.check([str(ticket.number)], session, started_at=started_at).findings[0]


def test_a_sync_that_runs_while_a_question_is_cut_off_does_not_vouch_for_what_was_recalled_before() -> None:
    for cut in range(100):
        bench, ticket = changed_since_the_last_question()
        steps, started_at = RememberingSteps(cut_after=cut), bench.syncro.clock()
        try:
            ask_in_steps(bench, ticket, steps, started_at)
        except PowerCut:
            bench.later(minutes=5)
            bench.sync()
            bench.later(minutes=1)
            steps.again()
            assert ask_in_steps(bench, ticket, steps, started_at).verdict is Verdict.INVOICED, cut
        else:
            assert cut > 5, "a question takes some steps"
            break


def test_an_invoice_of_which_a_sync_has_just_read_more_is_not_forgotten() -> None:
    """A question is told for once that it is gone, in the state that the question had recalled."""
    world, ticket = one_ticket()
    other = world.add_ticket(world.add_customer())
    invoice = world.bill_third_party(ticket)
    bench = Bench(world)
    bench.sync()
    bench.later(hours=2)
    hand_to(world, other, invoice)
    bench.later(hours=1)

    happened = right_after(bench, lambda last: isinstance(last, ReadInvoice), lambda: sync_elsewhere(bench))
    bench.faults = [reading(invoice, Status(404))]
    assert bench.ask(ticket.number).verdict is Verdict.UNVERIFIED
    assert happened
    bench.faults = []
    bench.later(hours=5)
    assert verdict_of(bench, other) is Verdict.INVOICED


# --- two invoices of one number, and rows without ids ---


def same_number(world: World, **ago: float) -> InvoiceOptions:
    """A number that is used twice, for an invoice made some time ago.

    Not at midnight: that may be a mere date, so the invoice may have been made at any time of that day.
    """
    made = (world.now - timedelta(minutes=1, **ago)).replace(second=30)
    return {"number": "900", "created_at": made, "updated_at": made}


@pytest.mark.parametrize("earlier", ["by two hours", "by a mere date"])
def test_a_sync_that_knows_one_of_two_invoices_of_one_number_does_not_know_the_other(earlier: str) -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    first = world.add_invoice(payer, **same_number(world, hours=72))
    second = world.bill_third_party(ticket, payer, **same_number(world, hours=70))
    if earlier == "by a mere date":
        first.created_at = second.created_at.replace(hour=0, minute=0, second=0)
    bench = Bench(world, ListRows.MEMO)
    sync_changes_only(bench)
    bench.later(minutes=1)
    read_elsewhere(bench, "900")  # Syncro answers the first one
    bench.later(minutes=30)
    report = bench.sync()
    bench.later(minutes=10)
    assert verdict_of(bench, ticket) not in ABSENT
    assert not report.is_complete


def test_a_sync_does_not_take_an_invoice_for_a_namesake_that_was_read_before_it_was_gone() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    namesake = world.add_invoice(payer, **same_number(world, hours=72))
    world.bill_third_party(ticket, payer, **same_number(world, hours=70))
    bench = Bench(world, ListRows.MEMO)
    sync_changes_only(bench)
    bench.later(minutes=1)
    read_elsewhere(bench, "900")
    world.delete_invoice(namesake)
    bench.later(minutes=30)
    assert bench.sync().is_complete
    bench.later(minutes=10)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


@pytest.mark.parametrize("way", ["digest", "sync"])
def test_a_new_invoice_is_not_taken_for_a_known_one_of_its_number_that_was_made_some_hours_before(way: str) -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    world.add_invoice(payer, **same_number(world, hours=2))
    bench = Bench(world, ListRows.MEMO)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=20)
    world.bill_third_party(ticket, payer, **same_number(world))
    bench.later(hours=3)
    if way == "sync":
        bench.sync()
        bench.later(hours=2)
    assert verdict_of(bench, ticket) not in ABSENT


def test_an_invoice_that_is_gone_is_not_said_to_stand_for_another_of_its_number() -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_ticket_id(ticket, **same_number(world, hours=2))
    bench = Bench(world, ListRows.MEMO)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    bench.later(hours=20)
    world.add_invoice(world.customers[ticket.customer_id], **same_number(world))
    bench.later(hours=1)
    bench.audit()
    world.delete_invoice(invoice)
    bench.later(hours=2)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED


def test_an_invoice_whose_namesake_is_gone_is_not_known_by_what_was_read_of_that() -> None:
    world, ticket = one_ticket()
    namesake = world.add_invoice(world.customers[ticket.customer_id], **same_number(world, hours=2))
    bench = Bench(world, ListRows.MEMO)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=20)
    world.bill_by_line_text(ticket, **same_number(world))
    bench.later(hours=1)
    assert verdict_of(bench, ticket) not in ABSENT
    world.delete_invoice(namesake)
    bench.later(hours=2)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


# --- invoices that billed the ticket, and now are not what they were ---


@WAYS
def test_an_invoice_known_to_bill_a_ticket_for_which_another_is_answered_forbids_the_absence(way: str) -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    invoice = world.bill_by_line_text(ticket, customer=payer)
    world.add_invoice(payer)
    bench = Bench(world)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    bench.faults = [reading(invoice, WrongDetail())]
    assert told(bench, ticket, way) not in ABSENT


@WAYS
def test_a_third_party_s_invoice_that_cannot_be_read_for_once_is_not_gone_while_its_payer_s_list_names_it(
    way: str,
) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_line_text(ticket, customer=world.add_customer())
    bench = Bench(world)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    bench.faults = [reading(invoice, Status(404))]
    assert told(bench, ticket, way) is Verdict.UNVERIFIED
    bench.faults = []
    assert told(bench, ticket, way) is Verdict.INVOICED


@WAYS
def test_a_third_party_s_invoice_that_is_gone_for_sure_is_forgotten(way: str) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_line_text(ticket, customer=world.add_customer())
    bench = Bench(world)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    bench.later(hours=1)
    world.delete_invoice(invoice)
    assert told(bench, ticket, way) is Verdict.NOT_INVOICED
    assert bench.ledger.count_invoices() == 0


def test_all_invoices_that_billed_the_ticket_are_read_again_until_one_still_does() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    changed = [world.now - timedelta(hours=number) for number in range(1, 5)]
    *former, last = [world.bill_by_line_text(ticket, customer=payer, updated_at=each) for each in changed]
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    for invoice in former:
        world.delete_line(invoice, invoice.lines[0])
    bench.later(hours=1)
    finding = bench.ask(ticket.number)
    assert (finding.verdict, finding.invoices[0].number) == (Verdict.INVOICED, last.number)


# --- what a list shows, and what it does not ---


@pytest.mark.parametrize(
    ("key", "policy"),
    [
        ("problem_type", Policy(non_billable_problem_types=("Internal",))),
        ("tag_list", Policy(non_billable_tags=("internal",))),
    ],
)
def test_what_only_a_ticket_s_detail_says_is_remembered_with_it(key: str, policy: Policy) -> None:
    world = World()
    ticket = world.add_ticket(problem_type="Internal", tag_list=["internal"])
    world.add_ticket(world.customers[ticket.customer_id])  # for which the second digest can go by what is remembered
    bench = Bench(world)
    bench.verifier = Verifier(policy, SyncroPages("https://sample.example"))
    bench.faults = [Fault("/tickets", MissingKeys(key))]
    for _ in range(2):
        assert verdict_of(bench, ticket) is Verdict.NON_BILLABLE
        bench.later(hours=3)


# --- clocks ---


def test_an_invoice_read_a_moment_after_its_last_change_is_read_once_more_though_our_clock_is_ahead() -> None:
    world, ticket = one_ticket()
    invoice = world.add_invoice(world.customers[ticket.customer_id], **new(world))
    bench = Bench(world)
    bench.syncro._skew = AHEAD
    bench.ask(ticket.number)
    names_the_ticket(bench, invoice, ticket)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


@pytest.mark.parametrize("way", ["digest", "sync"])
def test_what_changes_after_a_clock_that_was_far_ahead_is_put_right_is_found(way: str) -> None:
    world, ticket = one_ticket()
    bench = Bench(world)
    bench.syncro._skew = timedelta(hours=1)
    if way == "sync":
        bench.sync()
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(minutes=5)
    bench.syncro._skew = timedelta()
    bench.later(minutes=5)
    world.bill_third_party(ticket, **new(world))
    bench.later(minutes=5)
    if way == "sync":
        bench.sync()
        bench.later(hours=1)  # by now, what was known by the wrong clock would be no longer in the future
    for _ in range(2):
        assert verdict_of(bench, ticket) is Verdict.INVOICED
        bench.later(days=1)


def test_an_audit_that_has_taken_hours_does_not_say_from_memory_that_an_invoice_bills_the_ticket() -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_ticket_id(ticket)
    bench = Bench(world, ListRows.MEMO)
    bench.sync()
    bench.later(hours=1)

    def deed() -> None:
        bench.later(hours=3)
        invoice.ticket_id, invoice.updated_at = None, world.now

    happened = after_list(bench, deed, 1)  # the changes have just been listed; then the job was cut off
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    assert happened


def test_an_audit_that_has_taken_hours_does_not_say_from_memory_that_no_invoice_bills_the_ticket() -> None:
    world, ticket = one_ticket(invoices=1)
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)

    def deed() -> None:
        bench.later(hours=2, minutes=55)
        world.bill_third_party(ticket, **new(world))
        bench.later(minutes=5)

    happened = after_list(bench, deed, 1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    assert happened


@pytest.mark.parametrize("rows", list(ListRows))
def test_an_audit_that_has_taken_hours_trusts_no_list_of_changes_from_its_beginning(rows: ListRows) -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, rows)
    bench.sync()
    bench.later(hours=1)

    def deed() -> None:
        bench.later(hours=2, minutes=30)
        names_the_ticket(bench, next(iter(world.invoices.values())), ticket)
        bench.later(minutes=30)

    happened = after_list(bench, deed, 1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    assert happened


@pytest.mark.parametrize("way", ["digest", "sync"])
def test_what_a_clock_that_was_far_ahead_has_noted_is_replaced_when_it_is_right_again(way: str) -> None:
    world, ticket = one_ticket()
    bench = Bench(world)
    bench.syncro._skew = timedelta(hours=1)
    if way == "sync":
        bench.sync()
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(minutes=5)
    bench.syncro._skew = timedelta()
    bench.later(minutes=10)
    if way == "digest":
        assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    else:
        assert not bench.sync().problem
    bench.later(minutes=5)
    world.bill_third_party(ticket, **new(world))
    bench.later(hours=20)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_an_invoice_that_slides_out_of_sight_in_its_payer_s_list_is_not_taken_for_gone() -> None:
    world, ticket = one_ticket()
    payer = world.add_customer()
    above = [world.add_invoice(payer, created_at=world.now - timedelta(hours=hours)) for hours in (1, 2)]
    made = world.now - timedelta(hours=8)
    invoice = world.bill_by_line_text(ticket, customer=payer, created_at=made, updated_at=made)
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    bench.syncro._page_size = 2
    bench.faults = [reading(invoice, Status(404))]

    def is_payers_list(read: Read[Any] | None) -> bool:
        return isinstance(read, ListInvoices) and read.customer_id == str(payer.id)

    happened = right_after(bench, is_payers_list, lambda: world.delete_invoice(above[0]))
    assert bench.ask(ticket.number).verdict is Verdict.UNVERIFIED
    assert happened
    bench.faults = []
    bench.later(hours=1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


# --- offers, slides and late lists ---


def no_offers() -> Fault:
    """The ticket filter answers an empty list, whatever there is."""

    def emptied(payload: Any) -> Any:
        return {**payload, "invoices": [], "meta": {"total_pages": 1, "page": 1}}

    return Fault("/invoices", Edit(emptied), query=lambda query: "ticket_id" in query)


@WAYS
@pytest.mark.parametrize("status", [500, 404])
def test_that_syncro_offers_nothing_does_not_excuse_a_known_invoice_that_cannot_be_read(way: str, status: int) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_third_party(ticket)
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    bench.faults = [no_offers(), reading(invoice, Status(status))]
    assert told(bench, ticket, way) is Verdict.UNVERIFIED
    bench.faults = [no_offers()]
    bench.later(hours=1)
    assert told(bench, ticket, way) is Verdict.INVOICED


def test_an_invoice_that_may_mean_the_ticket_and_slides_out_of_its_customer_s_list_is_not_taken_for_gone() -> None:
    world, ticket = one_ticket()
    customer = world.customers[ticket.customer_id]
    above = [world.add_invoice(customer, created_at=world.now - timedelta(hours=hours)) for hours in (1, 2)]
    made = world.now - timedelta(hours=8)
    invoice = world.mention(ticket, created_at=made, updated_at=made)
    bench = Bench(world)
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.UNVERIFIED
    bench.later(hours=1)
    bench.syncro._page_size = 2
    bench.faults = [reading(invoice, Status(404))]

    def is_own_list(read: Read[Any] | None) -> bool:
        return isinstance(read, ListInvoices) and read.customer_id == str(customer.id)

    happened = right_after(bench, is_own_list, lambda: world.delete_invoice(above[0]))
    assert verdict_of(bench, ticket) not in ABSENT
    assert happened


def test_two_changes_in_one_second_and_a_clock_that_is_ahead_do_not_hide_what_the_digest_has_read_itself() -> None:
    world, ticket = one_ticket()
    invoice = world.add_invoice(world.add_customer(), created_at=world.now - timedelta(days=1))
    bench = Bench(world)
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=20)
    invoice.updated_at = world.now
    read_elsewhere(bench, invoice.id, skew=timedelta(minutes=5))
    invoice.ticket_id = ticket.id
    bench.later(seconds=10)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_an_audit_that_has_taken_hours_reads_its_lists_again() -> None:
    world, _ = one_ticket()  # whose list is read after the other's
    ticket = world.add_ticket(world.add_customer())
    for days in (1, 2, 3, 60, 61, 62):
        made = world.now - timedelta(days=days)
        world.add_invoice(world.customers[ticket.customer_id], created_at=made, updated_at=made)
    bench = Bench(world, ListRows.MEMO)
    bench.verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"), scan_limit=2)
    bench.sync()
    bench.later(hours=1)

    def is_its_list(read: Read[Any] | None) -> bool:
        return isinstance(read, ListInvoices) and read.customer_id == str(ticket.customer_id)

    def deed() -> None:
        bench.later(hours=3)
        world.bill_by_line_text(ticket, **new(world))
        bench.later(minutes=5)

    happened = right_after(bench, is_its_list, deed)
    assert verdict_of(bench, ticket) is Verdict.INVOICED
    assert happened


def test_a_recurring_invoice_that_slides_out_of_sight_is_not_taken_for_none() -> None:
    world, ticket = one_ticket()
    world.add_charge(ticket)
    customer = world.customers[ticket.customer_id]
    first, *_ = [world.add_schedule(customer, picks_up_charges=False) for _ in range(2)]
    world.add_schedule(customer)
    bench = Bench(world)
    bench.syncro._page_size = 2
    happened = right_after(bench, lambda last: isinstance(last, ListSchedules), lambda: world.schedules.pop(first.id))
    assert bench.ask(ticket.number).verdict is Verdict.SCHEDULED, "it was looked for once more"
    assert happened


@pytest.mark.parametrize("has_account", [False, True])
def test_after_a_clock_that_was_far_ahead_is_put_right_a_question_trusts_nothing_that_it_dated(
    has_account: bool,
) -> None:
    world, ticket = one_ticket(invoices=5)
    bench = Bench(world, ListRows.MEMO)
    bench.syncro._skew = timedelta(hours=1)
    if has_account:
        bench.sync()
    assert bench.ask(ticket.number).verdict is Verdict.NOT_INVOICED
    bench.later(minutes=5)
    bench.syncro._skew = timedelta()
    bench.later(minutes=5)
    names_the_ticket(bench, next(iter(world.invoices.values())), ticket)
    bench.later(minutes=5)
    assert bench.ask(ticket.number).verdict is Verdict.INVOICED


def test_a_sync_whose_reading_is_refused_for_one_of_a_clock_that_is_ahead_does_not_claim_to_know_it() -> None:
    """Neither rows nor details tell a time of change."""
    world, ticket = one_ticket()
    invoice = world.add_invoice(world.add_customer())
    bench = Bench(world, ListRows.MEMO)
    bench.faults = [DETAILS_WITHOUT_TIMES]
    bench.sync()
    assert verdict_of(bench, ticket) is Verdict.NOT_INVOICED
    bench.later(hours=20)
    read_elsewhere(bench, invoice.id, DETAILS_WITHOUT_TIMES, skew=timedelta(minutes=1))
    bench.later(seconds=10)
    hand_to(world, ticket, invoice)
    bench.later(seconds=10)
    assert "could not be kept" in bench.sync().problem
    bench.later(hours=1)
    assert verdict_of(bench, ticket) is Verdict.INVOICED


def test_an_invoice_that_lastingly_cannot_be_read_does_not_make_every_digest_search_from_the_beginning() -> None:
    world, _ = one_ticket(invoices=3)
    others = [world.add_ticket(world.add_customer()) for _ in range(8)]
    world.bill_by_ticket_id(world.add_ticket(world.add_customer(), status="In Progress"))  # the filter is seen at work
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    broken = world.add_invoice(world.add_customer(), **new(world))
    bench.faults = [reading(broken, Status(500))]
    costs = []
    for _ in range(3):
        bench.later(hours=20)
        assert {found.verdict for found in bench.audit().values()} == {Verdict.NOT_INVOICED}
        costs.append(bench.calls)
    assert costs[1:] == [costs[1]] * 2
    assert costs[1] <= costs[0] - len(others)


@WAYS
def test_a_known_invoice_that_went_to_another_customer_and_cannot_be_read_is_not_excused_by_the_list_it_left(
    way: str,
) -> None:
    world, ticket = one_ticket()
    invoice = world.bill_by_line_text(ticket)
    bench = Bench(world)
    bench.sync()
    bench.later(hours=1)
    invoice.customer_id, invoice.updated_at = world.add_customer().id, world.now
    bench.later(hours=1)
    bench.faults = [reading(invoice, Status(500))]
    assert told(bench, ticket, way) is Verdict.UNVERIFIED
    bench.faults = []
    bench.later(hours=1)
    assert told(bench, ticket, way) is Verdict.INVOICED
