"""The sync reads what it can, keeps at it, and never claims to know what it has not read or could not keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from bot.billing.ledger.model import ACCOUNT, RememberedInvoice, RememberedTicket, SearchedPlace
from bot.billing.rules.verdicts import Verdict
from bot.billing.search.queries import ListInvoices, ReadInvoice
from bot.billing.sync.backfill import SyncEnding, SyncProgress, SyncReport
from bot.sandbox.syncro.exchange import Answer
from bot.sandbox.syncro.world import Invoice, ListRows, World
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.test_remembered import SHAPES, Bench, one_ticket, read_now
from tests.standins.syncro_faults import Edit, Exchange, Fault, MissingKeys, Status


def run(
    bench: Bench,
    *,
    stopped: Callable[[], bool] = lambda: False,
    on_progress: Callable[[SyncProgress], None] = lambda _: None,
    alone: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),  # noqa: FBT003
) -> SyncReport:
    bench.syncro.done.clear()
    return bench.synchroniser(alone=alone).run(stopped=stopped, on_progress=on_progress)


def unreadable(invoice: Invoice, status: int = 500) -> Fault:
    return Fault(f"/invoices/({invoice.id}|{invoice.number})", Status(status))


def account_of(bench: Bench) -> SearchedPlace | None:
    return bench.ledger.recall_places([ACCOUNT])[0]


@SHAPES
@pytest.mark.parametrize("status", [500, 410])
def test_an_invoice_that_cannot_be_read_does_not_keep_the_sync_from_the_others(rows: ListRows, status: int) -> None:
    world, _ = one_ticket(invoices=60)
    bench = Bench(world, rows)
    broken = list(world.invoices.values())[30]
    bench.faults = [unreadable(broken, status)]
    report = run(bench)
    assert (report.ending, report.is_complete, report.read >= 59) == (SyncEnding.DONE, False, True)
    assert str(status) in report.problem
    assert bench.ledger.count_invoices() == 59
    bench.faults = []
    bench.later(hours=1)
    report = run(bench)
    assert (report.is_complete, report.problem, bench.ledger.count_invoices()) == (True, "", 60)


def test_a_known_invoice_that_no_list_names_and_that_cannot_be_read_leaves_its_window_unproved_and_no_more() -> None:
    world, _ = one_ticket(invoices=3)
    bench = Bench(world)
    stray = next(iter(world.invoices.values()))
    read_now(bench, stray)

    def unlisted(payload: Any) -> Any:
        return {**payload, "invoices": [row for row in payload["invoices"] if row["number"] != stray.number]}

    bench.faults = [Fault("/invoices", Edit(unlisted)), unreadable(stray)]
    report = run(bench)
    assert (report.ending, report.is_complete) == (SyncEnding.DONE, False)
    assert "500" in report.problem


def test_a_changed_invoice_that_cannot_be_read_is_read_by_a_later_run_and_till_then_nothing_rests_on_it() -> None:
    world, ticket = one_ticket(invoices=3)
    bench = Bench(world)
    assert run(bench).is_complete
    bench.later(hours=1)
    invoice = world.bill_third_party(ticket, created_at=world.now, updated_at=world.now)
    bench.later(hours=1)
    bench.faults = [unreadable(invoice)]
    assert "500" in run(bench).problem
    assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED
    bench.faults = []
    bench.later(hours=1)
    assert run(bench).problem == ""
    bench.later(minutes=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.INVOICED


@pytest.mark.parametrize("page_size", [25, 2])
def test_two_equal_rows_without_ids_are_two_invoices_of_which_one_stays_unread(page_size: int) -> None:
    """The second bills the ticket: were the first taken for both, memory would accuse."""
    world, ticket = one_ticket(invoices=3)
    bench = Bench(world, ListRows.MEMO, page_size=page_size)
    first = sorted(world.invoices.values(), key=lambda invoice: invoice.created_at)[1]
    twin = world.bill_by_line_text(ticket, created_at=first.created_at, updated_at=first.updated_at)
    twin.number = first.number
    report = run(bench)
    assert not report.is_complete
    assert "no id" in report.problem
    assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED
    assert bench.ask(ticket.number).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("page_size", [25, 2])
def test_two_equal_rows_among_the_latest_changes_prove_no_absence(page_size: int) -> None:
    world, ticket = one_ticket(invoices=3)
    bench = Bench(world, ListRows.MEMO, page_size=page_size)
    assert run(bench).is_complete
    bench.later(hours=1)
    other = world.add_customer()
    made = [world.add_invoice(other, created_at=world.now - timedelta(minutes=age)) for age in (0, 1, 9)]
    twin = world.bill_by_line_text(ticket, customer=other, created_at=made[1].created_at)
    twin.number = made[1].number
    for invoice in (*made, twin):
        invoice.updated_at = world.now
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("row", [None, {}, {"id": None, "number": None}, [], "67469"])
def test_a_row_of_nobody_knows_which_invoice_leaves_the_window_unproved_and_the_others_read(row: Any) -> None:
    world, ticket = one_ticket(invoices=3)
    bench = Bench(world)
    bench.faults = [Fault("/invoices", Edit(lambda body: {**body, "invoices": [*body["invoices"], row]}))]
    report = run(bench)
    assert (report.ending, report.is_complete, report.known) == (SyncEnding.DONE, False, 3)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.UNVERIFIED


def test_an_invoice_without_a_number_is_known_like_any_other_and_bills_nobody_for_sure() -> None:
    world, ticket = one_ticket(invoices=3)
    bench = Bench(world)
    invoice = next(iter(world.invoices.values()))

    def nameless(row: Any) -> Any:
        return {**row, "number": None} if row["id"] == invoice.id else row

    bench.faults = [
        Fault("/invoices/.+", Edit(lambda body: {"invoice": nameless(body["invoice"])})),
        Fault("/invoices", Edit(lambda body: {**body, "invoices": list(map(nameless, body["invoices"]))})),
    ]
    assert run(bench).is_complete
    bench.later(hours=1)
    assert bench.audit()[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    invoice.ticket_id, invoice.updated_at = ticket.id, world.now
    bench.later(hours=1)
    assert run(bench).is_complete
    finding = bench.audit()[str(ticket.number)]
    assert finding.verdict is Verdict.UNVERIFIED
    assert "it has no number" in " ".join(finding.failures)


@SHAPES
def test_when_nothing_can_be_read_any_more_the_run_ends(rows: ListRows) -> None:
    world, _ = one_ticket(invoices=60)
    bench = Bench(world, rows)
    bench.faults = [Fault("/invoices/.+", Status(500), skip=10)]
    report = run(bench)
    assert (report.ending, report.is_complete) == (SyncEnding.OUTAGE, False)
    assert len(bench.syncro.done) < 80


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_ends_the_run_at_once(status: int) -> None:
    world, _ = one_ticket(invoices=60)
    bench = Bench(world)
    bench.faults = [Fault("/invoices/.+", Status(status))]
    report = run(bench)
    assert (report.ending, report.since, report.is_complete) == (SyncEnding.OUTAGE, None, False)
    assert str(status) in report.problem


def test_a_ticket_list_that_cannot_be_read_does_not_keep_the_sync_from_the_invoices() -> None:
    world, _ = one_ticket(invoices=3)
    bench = Bench(world)
    bench.faults = [Fault("/tickets", MissingKeys("tickets"))]
    report = run(bench)
    assert (report.ending, report.is_complete, report.known) == (SyncEnding.DONE, True, 3)
    assert "not as documented" in report.problem


def test_where_rows_tell_no_times_changes_that_cannot_be_read_are_not_all_read_again_every_time() -> None:
    world, _ = one_ticket(invoices=30)
    bench = Bench(world, ListRows.MEMO)
    sync = bench.synchroniser()
    assert sync.run().is_complete
    bench.later(hours=1)
    for invoice in list(world.invoices.values())[:10]:
        invoice.updated_at = world.now
    bench.faults = [unreadable(next(iter(world.invoices.values())))]
    bench.later(minutes=15)
    assert sync.run().read == 9
    bench.later(minutes=15)
    assert sync.run().read == 0
    bench.later(hours=2)
    assert sync.run().read == 9


def test_a_fresh_sync_reads_everything_anew() -> None:
    world, _ = one_ticket(invoices=30)
    bench = Bench(world)
    assert bench.synchroniser().run().read == 30
    bench.later(hours=1)
    assert bench.synchroniser().run().read == 0
    report = bench.synchroniser().run(fresh=True)
    assert (report.read, report.is_complete, report.problem) == (30, True, "")


class Full(SqlLedger):
    """A ledger that cannot keep what is read."""

    def remember(self, invoices: Sequence[RememberedInvoice], tickets: Sequence[RememberedTicket]) -> bool:  # noqa: ARG002
        return False


def test_a_sync_that_cannot_keep_what_it_reads_ends_and_says_so() -> None:
    world, _ = one_ticket(invoices=60)
    report = run(Bench(world, kind=Full))
    assert (report.ending, report.is_complete) == (SyncEnding.OUTAGE, False)
    assert "cannot be kept" in report.problem


def test_while_another_process_is_at_it_nothing_is_read() -> None:
    world, _ = one_ticket(invoices=3)
    bench = Bench(world)
    report = run(bench, alone=lambda: nullcontext(False))  # noqa: FBT003
    assert (report.ending, report.read, bench.calls) == (SyncEnding.ELSEWHERE, 0, 0)
    assert "Another process" in report.problem


def test_a_run_that_is_stopped_early_does_not_claim_to_know_the_past() -> None:
    world, _ = one_ticket(invoices=60)
    bench = Bench(world)
    report = run(bench, stopped=lambda: account_of(bench) is not None)
    assert (report.ending, report.is_complete, report.since) == (SyncEnding.STOPPED, False, None)
    assert account_of(bench) is not None


def test_a_run_reads_no_more_than_it_may_and_the_next_ones_go_on_there_until_all_is_known() -> None:
    world, _ = one_ticket(invoices=450)
    bench = Bench(world)
    sync = bench.synchroniser(most_read=150)
    reports: list[SyncReport] = []
    while not reports or not reports[-1].is_complete:
        reports.append(sync.run())
        bench.later(minutes=15)
        assert len(reports) < 10
    assert {report.ending for report in reports[:-1]} == {SyncEnding.PAUSED}
    assert "as many as one run may; the next run goes on there" in reports[0].problem
    assert all(report.read <= 150 + 4 * 25 for report in reports)
    assert sum(report.read for report in reports) == 450, "nothing is read twice"


def test_a_list_of_invoices_without_end_is_not_walked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page shows other invoices than all before it, and says that a million follow."""
    monkeypatch.setattr("bot.billing.sync.backfill.MOST_PAGES_WALKED", 40)
    world, _ = one_ticket(invoices=1)
    bench = Bench(world)

    def endless(exchange: Exchange) -> Answer:
        page = int(exchange.ask.query["page"])
        rows = [{"id": 10**6 + page * 25 + row, "number": str(page * 25 + row)} for row in range(25)]
        return Answer(200, {"invoices": rows, "meta": {"page": page, "total_pages": 10**6}})

    def detail(exchange: Exchange) -> Answer:
        number = int(exchange.ask.segments[1])
        invoice = {"id": number, "number": str(number - 10**6), "ticket_id": None, "line_items": []}
        return Answer(200, {"invoice": invoice})

    bench.faults = [Fault("/invoices", endless), Fault("/invoices/.+", detail)]
    report = run(bench)
    assert (report.ending, report.is_complete) == (SyncEnding.DONE, False)
    assert "longer than any account's" in report.problem
    assert bench.calls < 3 * 41 * 26, "three lists: what changed, a week, three months, all"


def test_progress_is_shown_while_the_answers_come_in_and_not_only_after_each_portion() -> None:
    world, _ = one_ticket(invoices=100)
    bench = Bench(world)
    seen: list[SyncProgress] = []
    report = run(bench, on_progress=seen.append)
    read = [progress.read for progress in seen]
    assert read == sorted(read)
    assert read[-1] == report.read
    assert len(set(read)) > 5


@SHAPES
@pytest.mark.parametrize("readable", [True, False])
def test_during_a_long_fill_what_changes_is_read_now_and_then_whether_it_can_be_read_or_not(
    rows: ListRows, readable: bool
) -> None:
    world = World()
    customer = world.add_customer()
    for index in range(120):
        world.add_invoice(customer, created_at=world.now.replace(year=world.now.year - 1, minute=index % 60))
    bench = Bench(world, rows)
    bench.syncro._page_size = 5
    changed: list[Invoice] = []

    def before_read(number: int) -> None:
        bench.later(seconds=20)
        if number == 30:
            changed.append(world.add_invoice(customer, created_at=world.now, updated_at=world.now))
            bench.syncro.faults = [] if readable else [unreadable(changed[0])]

    bench.syncro._before_read = before_read
    report = run(bench)
    (invoice,) = changed
    fill = bench.syncro.done[31:-40]  # after it changed, and long before the last window has been walked twice
    dated = [done for done in fill if isinstance(done.read, ListInvoices) and done.read.updated_since is not None]
    asked = [done for done in fill if isinstance(done.read, ReadInvoice) and invoice_is(invoice, done.read.reference)]
    assert dated
    assert asked
    assert len(asked) < len(fill) / 10, "not after each portion, though it stays unread"
    assert (report.problem == "") is readable


def invoice_is(invoice: Invoice, reference: str) -> bool:
    return reference in (invoice.number, str(invoice.id))
