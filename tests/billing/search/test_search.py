"""The search, over a small world in memory: where it looks, in which order, at what cost, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import CheckReport, Finding, LinkKind, Verdict
from bot.billing.search.bounds import QUESTION
from bot.billing.search.paging import MOST_PAGES, READINGS
from bot.billing.search.places import CANDIDATES_TO_TRY
from bot.billing.search.queries import (
    Answers,
    Failed,
    FindTicket,
    ListInvoices,
    ListSchedules,
    ReadInvoice,
    ReadTicket,
    ask,
)
from bot.billing.search.scheduler import Progress
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.exchange import Answer
from bot.sandbox.syncro.world import Customer, Invoice, ListRows, World
from bot.syncro.errors import FailureKind
from bot.words.reasons import reason
from tests.billing.fake_syncro import FakeSyncro
from tests.policies import EVERY_TICKET
from tests.standins.syncro_faults import (
    Edit,
    Exchange,
    Fault,
    Garbage,
    IgnoreFilter,
    MissingKeys,
    Mutate,
    Status,
    WrongDetail,
)

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=300)
VERIFIER = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"))


@dataclass
class Bench:
    """A world with one customer and one finished ticket, and what it costs to check it."""

    world: World = field(default_factory=lambda: World(now=NOW))
    rows: ListRows = ListRows.OPENAPI
    page_size: int = 25
    scan_limit: int = 200
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.customer = self.world.add_customer("Kittle")
        self.ticket = self.world.add_ticket(self.customer, number=32223)

    def add_other_invoices(
        self, count: int, *, at: datetime | None = None, to: Customer | None = None
    ) -> list[Invoice]:
        made = at or NOW - timedelta(days=2)
        return [
            self.world.add_invoice(to or self.customer, created_at=made - timedelta(minutes=index))
            for index in range(count)
        ]

    def check(self, *numbers: str, exhaustive: bool = False) -> CheckReport:
        self.syncro = FakeSyncro(self.world, rows=self.rows, page_size=self.page_size, faults=self.faults)
        verifier = Verifier(VERIFIER.policy, VERIFIER.pages, scan_limit=self.scan_limit)
        asked = numbers or ("32223",)
        return verifier.check(asked, self.syncro.session(), started_at=NOW, exhaustive=exhaustive)

    def finding(self, **options: bool) -> Finding:
        (finding,) = self.check(**options).findings
        assert finding.api_calls == len(self.syncro.reads)
        return finding

    def reads_of(self, kind: type) -> list[Any]:
        return [read for read in self.syncro.reads if isinstance(read, kind)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- the cost of the usual cases ---


def test_a_directly_linked_invoice_costs_4_reads(bench: Bench) -> None:
    bench.add_other_invoices(20)
    invoice = bench.world.bill_by_ticket_id(bench.ticket)
    assert bench.finding().invoices[0].id == str(invoice.id)
    assert [type(read) for read in bench.syncro.reads] == [FindTicket, ReadTicket, ListInvoices, ReadInvoice]


def test_an_invoice_billed_to_another_customer_costs_no_more(bench: Bench) -> None:
    landlord = bench.world.add_customer("Sample Landlord")
    bench.world.bill_third_party(bench.ticket, landlord)
    finding = bench.finding()
    assert (finding.verdict, finding.invoices[0].billed_to) == (Verdict.INVOICED, "Sample Landlord")
    assert len(bench.syncro.reads) == 4


def test_the_search_stops_after_the_round_that_holds_a_link(bench: Bench) -> None:
    bench.world.bill_by_line_text(bench.ticket, created_at=NOW)
    bench.add_other_invoices(20)
    finding = bench.finding()
    assert finding.invoices[0].link is LinkKind.LINE_TEXT
    assert finding.coverage.read == len(bench.reads_of(ReadInvoice)) == 8


def test_details_are_read_newest_first(bench: Bench) -> None:
    bench.world.bill_by_line_item(bench.ticket, created_at=NOW - timedelta(hours=1))
    bench.add_other_invoices(20)
    newest = max(bench.world.invoices.values(), key=lambda invoice: invoice.created_at)
    assert bench.finding().verdict is Verdict.INVOICED
    assert bench.reads_of(ReadInvoice)[0].reference == str(newest.id)


def test_absence_is_claimed_after_everything_was_read_and_each_invoice_only_once(bench: Bench) -> None:
    recent, old = bench.add_other_invoices(3), bench.add_other_invoices(2, at=OLD)
    finding = bench.finding()
    assert finding.verdict is Verdict.NOT_INVOICED
    read = [read.reference for read in bench.reads_of(ReadInvoice)]
    assert sorted(read) == sorted(str(invoice.id) for invoice in recent + old)
    coverage = finding.coverage
    assert (coverage.listed, coverage.read, coverage.skipped, coverage.complete) == (5, 5, 0, True)
    assert [looked.place for looked in finding.receipt] == [
        "Invoices that Syncro offers for this ticket",
        "This customer's invoices changed since 22 Apr 2026",
        "This customer's older invoices",
        "All invoices of the account",
    ]


def test_a_customer_without_invoices_is_soon_done(bench: Bench) -> None:
    finding = bench.finding()
    assert (finding.verdict, len(bench.syncro.reads)) == (Verdict.NOT_INVOICED, 6)


def test_a_ticket_number_with_letters_is_found_whatever_their_case(bench: Bench) -> None:
    bench.ticket.number = "t20230001"  # type: ignore[assignment]
    bench.faults = [Fault("/tickets", IgnoreFilter("number"))]
    assert [each.verdict for each in bench.check("T20230001").findings] == [Verdict.NOT_INVOICED]
    bench.world.bill_by_line_text(bench.ticket)
    (found,) = bench.check("T20230001").findings
    assert (found.ticket_number, found.verdict) == ("t20230001", Verdict.INVOICED)


# --- the ticket ---


def test_an_unknown_number_is_not_found(bench: Bench) -> None:
    (finding,) = bench.check("1").findings
    assert (finding.verdict, len(bench.syncro.reads)) == (Verdict.NOT_FOUND, 1)


def test_only_the_exact_number_counts_where_the_number_filter_is_ignored(bench: Bench) -> None:
    bench.faults = [Fault("/tickets", IgnoreFilter("number"))]
    bench.world.add_ticket(bench.customer, number=132223)
    bench.world.bill_by_ticket_id(bench.ticket)
    assert bench.finding().ticket_id == str(bench.ticket.id)


def test_a_number_filter_that_is_ignored_over_many_pages_costs_a_handful_and_is_unverified(bench: Bench) -> None:
    bench.page_size = 2
    for _ in range(30):
        bench.world.add_ticket(bench.customer, created_at=NOW)
    bench.faults = [Fault("/tickets", IgnoreFilter("number"))]
    assert bench.finding().verdict is Verdict.UNVERIFIED
    assert len(bench.syncro.reads) == 4


def test_a_number_that_two_tickets_share_is_unverified(bench: Bench) -> None:
    other = bench.world.add_ticket(bench.customer)
    other.number = 32223
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert "several tickets with number 32223" in reason(finding)


def empty_with(**meta: Any) -> Edit:
    """An empty list, with a meta of one page and as told."""
    return Edit(lambda _: {"tickets": [], "meta": {"page": 1, "total_pages": 1, **meta}})


ANOTHER = {"id": 5, "number": 7, "status": "Resolved"}
NAMELESS = {**ANOTHER, "number": None}
DOUBTFUL: list[tuple[str, Any, str]] = [
    ("an empty page of three", empty_with(total_pages=3), "said to have 3 pages"),
    ("an empty page of 200 tickets", empty_with(total_entries=200), "said to have 200 rows"),
    ("other tickets", Edit(lambda body: {**body, "tickets": [ANOTHER]}), "other tickets, such as 7"),
    ("other tickets, more of them", IgnoreFilter("number"), "other tickets"),
    (
        "a ticket without a number",
        Edit(lambda body: {**body, "tickets": [{**ANOTHER, "number": None}]}),
        "cannot be read",
    ),
    ("a row that is null", Edit(lambda body: {**body, "tickets": [None]}), "cannot be read"),
]


@pytest.mark.parametrize(("name", "effect", "says"), DOUBTFUL, ids=[name for name, _, _ in DOUBTFUL])
def test_no_such_ticket_takes_proof(bench: Bench, name: str, effect: Any, says: str) -> None:
    bench.page_size = 2
    for _ in range(9):
        bench.world.add_ticket(bench.customer)
    bench.faults = [Fault("/tickets", effect)]
    (finding,) = bench.check("99999").findings
    assert finding.verdict is Verdict.UNVERIFIED, name
    assert says in finding.failures[0]
    assert len(bench.syncro.reads) <= 4


@pytest.mark.parametrize(("name", "effect", "says"), DOUBTFUL, ids=[name for name, _, _ in DOUBTFUL])
def test_a_doubtful_answer_is_asked_for_again_and_the_ticket_is_found(
    bench: Bench, name: str, effect: Any, says: str
) -> None:
    bench.faults = [Fault("/tickets", effect, count=1)]
    bench.world.bill_by_ticket_id(bench.ticket)
    assert bench.finding().verdict is Verdict.INVOICED, (name, says)


@pytest.mark.parametrize(("name", "effect", "says"), DOUBTFUL, ids=[name for name, _, _ in DOUBTFUL])
def test_after_a_doubtful_answer_it_takes_two_empty_lists(bench: Bench, name: str, effect: Any, says: str) -> None:
    bench.faults = [Fault("/tickets", effect, count=1)]
    (finding,) = bench.check("99999").findings
    assert (finding.verdict, len(bench.syncro.reads)) == (Verdict.NOT_FOUND, 3), (name, says)


@pytest.mark.parametrize("meta", [{"total_pages": None}, {"total_pages": 0}])
def test_an_empty_list_that_does_not_say_that_it_is_all_is_read_twice(bench: Bench, meta: dict[str, Any]) -> None:
    bench.faults = [Fault("/tickets", empty_with(**meta), count=1)]
    assert bench.check("99999").findings[0].verdict is Verdict.NOT_FOUND
    assert len(bench.syncro.reads) == 2
    assert bench.finding().verdict is not Verdict.NOT_FOUND


def test_a_ticket_that_is_listed_without_an_id_is_unverified(bench: Bench) -> None:
    bench.faults = [Fault("/tickets", MissingKeys("id"))]
    assert "without an id" in bench.finding().failures[0]


def test_two_equal_rows_without_ids_are_two_invoices_also_on_two_pages(bench: Bench) -> None:
    bench.rows, bench.page_size = ListRows.MEMO, 2
    first, _ = bench.add_other_invoices(2)
    assert bench.finding().verdict is Verdict.NOT_INVOICED
    twin = bench.world.add_invoice(bench.customer, created_at=first.created_at - timedelta(minutes=9))
    twin.number, twin.created_at = first.number, first.created_at
    bench.world.invoices[twin.id].lines = first.lines
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert finding.coverage.listed == 3


@pytest.mark.parametrize("effect", [Status(500), MissingKeys("line_items"), WrongDetail()])
def test_an_unread_ticket_detail_forbids_to_claim_an_absence(bench: Bench, effect: Any) -> None:
    bench.world.add_ticket(bench.customer)
    bench.faults = [Fault("/tickets/.+", effect)]
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert finding.failures


def test_an_unread_ticket_detail_does_not_hide_a_link(bench: Bench) -> None:
    bench.world.bill_by_ticket_id(bench.ticket)
    bench.faults = [Fault("/tickets/.+", Status(500))]
    assert bench.finding().verdict is Verdict.INVOICED


def test_a_ticket_without_customer_is_unverified(bench: Bench) -> None:
    bench.faults = [Fault("/tickets", MissingKeys("customer_id"))]
    assert "names no customer" in reason(bench.finding())


# --- what Syncro offers ---


@pytest.mark.parametrize("rows", ListRows)
def test_a_ticket_filter_that_is_ignored_misleads_nobody_and_costs_a_handful(bench: Bench, rows: ListRows) -> None:
    bench.rows, bench.scan_limit = rows, 50
    bench.add_other_invoices(60, to=bench.world.add_customer())
    bench.faults = [Fault("/invoices", IgnoreFilter("ticket_id"))]
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert "offered invoice" in reason(finding)
    assert len(bench.reads_of(ReadInvoice)) == CANDIDATES_TO_TRY
    assert len(bench.syncro.reads) <= 14


@pytest.mark.parametrize("rows", ListRows)
def test_where_the_ticket_filter_is_ignored_an_account_within_the_scan_limit_is_read(
    bench: Bench, rows: ListRows
) -> None:
    bench.rows = rows
    others = bench.add_other_invoices(60, to=bench.world.add_customer())
    bench.faults = [Fault("/invoices", IgnoreFilter("ticket_id"))]
    finding = bench.finding()
    assert (finding.verdict, finding.coverage.read) == (Verdict.NOT_INVOICED, len(others))
    assert finding.receipt[-1].outcome.startswith("all 60 that changed since")
    bench.world.bill_third_party(bench.ticket, created_at=NOW - timedelta(days=3))
    assert bench.finding().verdict is Verdict.INVOICED


@pytest.mark.parametrize("rows", ListRows)
def test_a_ticket_filter_that_is_ignored_does_not_hide_a_link_of_the_customer(bench: Bench, rows: ListRows) -> None:
    bench.rows = rows
    bench.add_other_invoices(30, to=bench.world.add_customer())
    invoice = bench.world.bill_by_ticket_id(bench.ticket, created_at=NOW - timedelta(days=3))
    bench.faults = [Fault("/invoices", IgnoreFilter("ticket_id"))]
    assert bench.finding().invoices[0].id == str(invoice.id)


def test_a_row_that_names_the_ticket_is_read_first_but_only_its_detail_counts(bench: Bench) -> None:
    liar, *_ = bench.add_other_invoices(5)

    def lie(body: Any) -> Any:
        rows = [{**row, "ticket_id": bench.ticket.id if row["id"] == liar.id else None} for row in body["invoices"]]
        return {**body, "invoices": rows}

    bench.faults = [Fault("/invoices", Edit(lie)), Fault("/invoices", IgnoreFilter("ticket_id"))]
    finding = bench.finding()
    assert bench.reads_of(ReadInvoice)[0].reference == str(liar.id)
    assert not finding.invoices


@pytest.mark.parametrize("effect", [Status(500), Garbage(b"null"), Status(404), MissingKeys("ticket_id")])
def test_an_offered_invoice_that_cannot_be_read_is_unverified(bench: Bench, effect: Any) -> None:
    bench.world.bill_third_party(bench.ticket)
    bench.faults = [Fault("/invoices/.+", effect)]
    assert bench.finding().verdict is Verdict.UNVERIFIED


def test_an_offered_invoice_that_was_deleted_meanwhile_is_asked_for_once_more(bench: Bench) -> None:
    gone = bench.world.bill_by_ticket_id(bench.ticket)
    bench.faults = [Fault("/invoices", Mutate(after=lambda world: world.delete_invoice(gone)), count=1)]
    assert bench.finding().verdict is Verdict.NOT_INVOICED
    assert [read.reading for read in bench.reads_of(ListInvoices) if read.ticket_id] == [1, 2]


def test_an_offered_list_that_fails_forbids_to_claim_an_absence_but_not_to_find_a_link(bench: Bench) -> None:
    bench.scan_limit = 50
    bench.add_other_invoices(60, to=bench.world.add_customer())
    bench.faults = [Fault("/invoices", Status(500), query=lambda query: "ticket_id" in query)]
    assert bench.finding().verdict is Verdict.UNVERIFIED
    bench.world.bill_by_ticket_id(bench.ticket)
    assert bench.finding().verdict is Verdict.INVOICED


# --- non-billable and open ---


@pytest.mark.parametrize(("status", "verdict"), [("Non-Billable", Verdict.NON_BILLABLE), ("In Progress", Verdict.OPEN)])
def test_where_no_invoice_is_due_the_customer_s_invoices_are_left_out(
    bench: Bench, status: str, verdict: Verdict
) -> None:
    bench.ticket.status, bench.ticket.resolved_at = status, None
    bench.world.add_charge(bench.ticket)
    bench.add_other_invoices(5)
    assert bench.finding().verdict is verdict
    assert [type(read) for read in bench.syncro.reads] == [FindTicket, ReadTicket, ListInvoices]


@pytest.mark.parametrize("status", ["Non-Billable", "In Progress"])
def test_where_no_invoice_is_due_a_direct_link_is_still_found(bench: Bench, status: str) -> None:
    bench.ticket.status, bench.ticket.resolved_at = status, None
    bench.world.bill_by_ticket_id(bench.ticket)
    assert bench.finding().verdict is Verdict.INVOICED


# --- the customer's invoices ---


@pytest.mark.parametrize("rows", ListRows)
def test_a_customer_filter_that_is_ignored_ends_right(bench: Bench, rows: ListRows) -> None:
    bench.rows = rows
    stranger = bench.world.add_customer()
    bench.add_other_invoices(30, to=stranger)
    bench.add_other_invoices(2)
    bench.faults = [Fault("/invoices", IgnoreFilter("customer_id"))]
    finding = bench.finding()
    assert (finding.verdict, finding.coverage.read) == (Verdict.NOT_INVOICED, 32)
    invoice = bench.world.bill_by_line_text(bench.ticket)
    assert bench.finding().invoices[0].id == str(invoice.id)


def test_the_first_list_reaches_back_further_than_any_reading_of_the_filter_can_be_wrong(bench: Bench) -> None:
    bench.finding()
    since = [read.updated_since for read in bench.reads_of(ListInvoices) if read.customer_id]
    assert since[0] == bench.ticket.created_at - timedelta(days=2)
    assert since[-1] is None


def test_an_invoice_made_before_the_ticket_and_changed_since_is_found_at_once(bench: Bench) -> None:
    bench.world.bill_by_line_text(bench.ticket, created_at=OLD)
    finding = bench.finding()
    assert finding.verdict is Verdict.INVOICED
    assert {read.updated_since is None for read in bench.reads_of(ListInvoices) if read.customer_id} == {False}


def test_a_since_filter_that_fails_is_settled_by_the_whole_list(bench: Bench) -> None:
    bench.add_other_invoices(3)
    bench.faults = [Fault("/invoices", Status(400), query=lambda query: "since_updated_at" in query)]
    assert bench.finding().verdict is Verdict.NOT_INVOICED


def test_a_whole_list_that_fails_is_unverified(bench: Bench) -> None:
    bench.faults = [
        Fault("/invoices", Status(500), query=lambda query: not {"since_updated_at", "ticket_id"} & query.keys())
    ]
    assert bench.finding().verdict is Verdict.UNVERIFIED


def test_one_unread_page_of_many_is_unverified(bench: Bench) -> None:
    bench.page_size = 2
    bench.add_other_invoices(7)
    bench.faults = [Fault("/invoices", Status(500), query=lambda query: query["page"] == "3")]
    assert bench.finding().verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    "effect", [Status(500), Status(403), Status(404), Garbage(b"null"), Garbage(b"<p>"), WrongDetail(),
               MissingKeys("ticket_id"), MissingKeys("line_items")],
)  # fmt: skip
@pytest.mark.parametrize("rows", ListRows)
def test_one_unread_detail_forbids_to_claim_an_absence_and_is_named(bench: Bench, rows: ListRows, effect: Any) -> None:
    bench.rows = rows
    unread, *_ = bench.add_other_invoices(5)
    bench.faults = [Fault(f"/invoices/({unread.id}|{unread.number})", effect)]
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert len(finding.failures) == 1
    assert unread.number in reason(finding) or str(unread.id) in reason(finding)


def test_one_unread_detail_does_not_hide_a_link_elsewhere(bench: Bench) -> None:
    unread, *_ = bench.add_other_invoices(5)
    bench.world.bill_by_line_text(bench.ticket)
    bench.faults = [Fault(f"/invoices/{unread.id}", Status(500))]
    finding = bench.finding()
    assert (finding.verdict, finding.coverage.complete) == (Verdict.INVOICED, True)


def test_a_possible_mention_is_unverified_and_names_the_invoice(bench: Bench) -> None:
    invoice = bench.world.mention(bench.ticket)
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert [possible.number for possible in finding.possible] == [invoice.number]


def test_a_converted_charge_whose_invoice_is_nowhere_to_be_seen_is_unverified(bench: Bench) -> None:
    bench.scan_limit = 50
    payer = bench.world.add_customer()
    bench.world.bill_by_ticket_id(bench.world.add_ticket(payer), created_at=NOW)
    bench.world.bill_by_line_item(bench.ticket, customer=payer)
    bench.add_other_invoices(60, to=payer)
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert "marks it as converted" in reason(finding)


def test_a_converted_charge_that_no_invoice_of_the_whole_account_carries_is_unbilled(bench: Bench) -> None:
    invoice = bench.world.bill_by_line_item(bench.ticket, customer=bench.world.add_customer())
    assert bench.finding().verdict is Verdict.INVOICED, "the account is small enough to be read"
    invoice.lines.clear()
    finding = bench.finding()
    assert finding.verdict is Verdict.NOT_INVOICED
    assert finding.unbilled.charges


# --- names that are not unique ---


def test_an_invoice_whose_number_is_another_s_id_is_never_taken_for_it(bench: Bench) -> None:
    shadowed = bench.world.bill_by_line_text(bench.ticket)
    bench.world.add_invoice(bench.customer, number=str(shadowed.id))
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED, "Syncro answers the other one: it was not read"
    assert f"Asked for invoice {shadowed.number}" in reason(finding)


def test_numbers_tell_invoices_apart_where_rows_have_no_id(bench: Bench) -> None:
    bench.rows = ListRows.MEMO
    shadowed = bench.world.bill_by_line_text(bench.ticket)
    bench.world.add_invoice(bench.customer, number=str(shadowed.id))
    assert bench.finding().invoices[0].id == str(shadowed.id)


def test_an_older_invoice_of_the_same_number_deleted_meanwhile_was_not_the_one_listed(bench: Bench) -> None:
    bench.rows = ListRows.MEMO
    older = bench.world.add_invoice(bench.customer, number="7", created_at=OLD)
    bench.world.bill_by_line_text(bench.ticket, number="7")
    bench.faults = [Fault("/invoices/7", Mutate(after=lambda world: world.delete_invoice(older)), count=1)]
    assert bench.finding().verdict is not Verdict.NOT_INVOICED


@pytest.mark.parametrize("scan_limit", [200, 0])
@pytest.mark.parametrize("other_made", [NOW, OLD])
def test_a_number_used_twice_is_unverified_where_rows_have_no_id(
    bench: Bench, scan_limit: int, other_made: datetime
) -> None:
    bench.rows, bench.scan_limit = ListRows.MEMO, scan_limit
    bench.world.add_invoice(bench.customer, number="7", created_at=other_made)
    bench.world.bill_by_line_text(bench.ticket, number="7")
    bench.add_other_invoices(3, at=OLD)
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    apart = "another invoice of that number" if other_made is OLD else "2 invoices with the number 7"
    assert apart in reason(finding)


def test_a_number_that_another_customer_s_invoice_has_too_is_unverified_where_rows_have_no_id(bench: Bench) -> None:
    bench.rows = ListRows.MEMO
    bench.world.add_invoice(number="7")
    bench.world.bill_by_line_text(bench.ticket, number="7")
    assert bench.finding().verdict is Verdict.UNVERIFIED


def test_ids_tell_apart_invoices_of_the_same_number(bench: Bench) -> None:
    bench.world.add_invoice(bench.customer, number="7")
    invoice = bench.world.bill_by_line_text(bench.ticket, number="7")
    assert bench.finding().invoices[0].id == str(invoice.id)


# --- older invoices ---


def test_older_invoices_beyond_the_scan_limit_are_skipped_and_the_receipt_says_so(bench: Bench) -> None:
    bench.scan_limit = 10
    bench.add_other_invoices(2)
    bench.add_other_invoices(40, at=OLD)
    finding = bench.finding()
    assert (finding.verdict, finding.coverage.skipped, finding.coverage.read) == (Verdict.NOT_INVOICED, 40, 2)
    assert "40 skipped: untouched since before the ticket was opened" in finding.receipt[-2].outcome


def test_older_invoices_up_to_the_scan_limit_are_read(bench: Bench) -> None:
    bench.scan_limit = 10
    bench.add_other_invoices(2)
    bench.add_other_invoices(10, at=OLD)
    finding = bench.finding()
    assert (finding.coverage.skipped, finding.coverage.read) == (0, 12)


def test_exhaustive_reads_them_all(bench: Bench) -> None:
    bench.scan_limit = 10
    bench.add_other_invoices(40, at=OLD)
    finding = bench.finding(exhaustive=True)
    assert (finding.coverage.skipped, finding.coverage.read) == (0, 40)


def test_a_recent_invoice_that_the_time_filter_kept_from_us_is_read_before_the_older_are_skipped(
    bench: Bench,
) -> None:
    bench.scan_limit = 10
    bench.add_other_invoices(40, at=OLD)
    bench.world.bill_by_line_text(bench.ticket)
    nothing = Edit(lambda body: {**body, "invoices": [], "meta": {"total_pages": 1, "page": 1}})
    bench.faults = [Fault("/invoices", nothing, query=lambda query: "since_updated_at" in query)]
    assert bench.finding().verdict is Verdict.INVOICED


def test_a_problem_among_the_recent_is_not_forgotten_when_the_older_are_skipped(bench: Bench) -> None:
    bench.scan_limit = 10
    unread, *_ = bench.add_other_invoices(2)
    bench.add_other_invoices(40, at=OLD)
    bench.faults = [Fault(f"/invoices/{unread.id}", Status(500))]
    assert bench.finding().verdict is Verdict.UNVERIFIED


def test_recent_invoices_that_could_not_be_listed_are_not_forgotten_when_the_older_are_skipped(bench: Bench) -> None:
    bench.rows, bench.scan_limit = ListRows.MEMO, 10
    bench.add_other_invoices(40, at=OLD)
    bench.world.bill_by_line_text(bench.ticket)
    bench.faults = [Fault("/invoices", Status(500), query=lambda query: "since_updated_at" in query)]
    assert bench.finding().verdict is Verdict.INVOICED, "they are among all of the account, and may have changed"
    bench.rows = ListRows.OPENAPI
    unread = bench.add_other_invoices(1)[0]
    bench.world.invoices = {
        key: one for key, one in bench.world.invoices.items() if not bench.world.bills(one, bench.ticket)
    }
    bench.faults.append(Fault(f"/invoices/{unread.id}", Status(500)))
    assert bench.finding().verdict is Verdict.UNVERIFIED


# --- lists that move while they are read ---


def is_customer_list(query: Any) -> bool:
    return "customer_id" in query


def delete_newest(world: World) -> None:
    world.delete_invoice(max(world.invoices.values(), key=lambda invoice: invoice.created_at))


@pytest.mark.parametrize("rows", ListRows)
@pytest.mark.parametrize("scan_limit", [200, 0])
def test_a_row_that_slides_to_a_page_already_read_is_found_by_reading_again(
    bench: Bench, rows: ListRows, scan_limit: int
) -> None:
    bench.rows, bench.page_size, bench.scan_limit = rows, 2, scan_limit
    bench.add_other_invoices(2, at=NOW)
    bench.world.bill_by_line_text(bench.ticket, created_at=NOW - timedelta(days=1))
    bench.add_other_invoices(3)
    bench.faults = [Fault("/invoices", Mutate(after=delete_newest), query=is_customer_list, count=1)]
    assert bench.finding().verdict is Verdict.INVOICED


def test_an_invoice_deleted_while_its_list_is_read_is_no_failure(bench: Bench) -> None:
    gone, *_ = bench.add_other_invoices(5)
    bench.faults = [
        Fault("/invoices", Mutate(after=lambda world: world.delete_invoice(gone)), query=is_customer_list, count=1)
    ]
    finding = bench.finding()
    assert (finding.verdict, finding.coverage.read) == (Verdict.NOT_INVOICED, 4)


def test_a_list_that_keeps_changing_is_given_up_as_unverified(bench: Bench) -> None:
    bench.page_size = 2
    bench.add_other_invoices(5)

    def edit(world: World) -> None:
        world.now += timedelta(seconds=1)
        for invoice in world.invoices.values():
            invoice.updated_at = world.now

    bench.faults = [Fault("/invoices", Mutate(before=edit), query=is_customer_list)]
    finding = bench.finding()
    assert finding.verdict is Verdict.UNVERIFIED
    assert "kept changing" in reason(finding)
    readings = {read.reading for read in bench.reads_of(ListInvoices)}
    assert max(readings) == 2 * READINGS


def test_an_invoice_edited_after_its_detail_was_read_is_read_again(bench: Bench) -> None:
    later, *_ = bench.add_other_invoices(2)

    def add_link(world: World) -> None:
        world.now += timedelta(seconds=1)
        world.add_line(later, name="Ticket #32223", names=[bench.ticket])

    bench.faults = [Fault(f"/invoices/{later.id}", Mutate(after=add_link), count=1)]
    assert bench.finding().verdict is Verdict.INVOICED


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: {**body, "meta": {"total_pages": 5, "page": 1}, "invoices": []},
        lambda body: {**body, "meta": {"total_pages": 1_000_000, "page": 1}},
        lambda body: {**body, "meta": {"total_pages": 4}, "invoices": body["invoices"][:1]},
    ],
    ids=["an empty page though more are announced", "a million pages", "pages that repeat"],
)
def test_a_list_that_cannot_be_right_is_unverified_after_a_handful_of_calls(
    bench: Bench, edit: Callable[[Any], Any]
) -> None:
    bench.add_other_invoices(2)

    def same_page(body: Any) -> Any:
        return edit(body) if body["invoices"] else {**edit(body), "invoices": [bench.world.invoice_row(first)]}

    first = next(iter(bench.world.invoices.values()))
    bench.faults = [Fault("/invoices", Edit(same_page), query=is_customer_list)]
    assert bench.finding().verdict is Verdict.UNVERIFIED
    assert len(bench.syncro.reads) < 30


# --- recurring invoices ---


def test_recurring_invoices_are_asked_for_only_with_unbilled_charges_and_nothing_found(bench: Bench) -> None:
    bench.world.add_schedule(bench.customer)
    assert bench.finding().verdict is Verdict.NOT_INVOICED
    assert bench.reads_of(ListSchedules) == []
    bench.world.add_charge(bench.ticket, "12.50")
    assert bench.finding().verdict is Verdict.SCHEDULED  # its list has no `meta`, so its end has to be seen
    assert len(bench.reads_of(ListSchedules)) == 3
    bench.world.bill_by_ticket_id(bench.ticket)
    assert bench.finding().verdict is Verdict.PARTIALLY_INVOICED
    assert bench.reads_of(ListSchedules) == []


def test_another_customer_s_recurring_invoice_promises_nothing(bench: Bench) -> None:
    bench.world.add_charge(bench.ticket)
    bench.world.add_schedule(bench.world.add_customer())
    bench.faults = [Fault("/schedules", IgnoreFilter("customer_id"))]
    assert bench.finding().verdict is Verdict.NOT_INVOICED


def test_unread_recurring_invoices_forbid_to_claim_an_absence(bench: Bench) -> None:
    bench.world.add_charge(bench.ticket)
    bench.faults = [Fault("/schedules", Status(500))]
    assert bench.finding().verdict is Verdict.UNVERIFIED


# --- several tickets at once ---


def test_tickets_of_one_customer_share_lists_and_details(bench: Bench) -> None:
    second = bench.world.add_ticket(bench.customer, number=32224, created_at=NOW - timedelta(days=30))
    bench.add_other_invoices(10)
    alone = len(bench.check("32223").findings) and len(bench.syncro.reads)
    report = bench.check("32223", str(second.number))
    assert {finding.verdict for finding in report.findings} == {Verdict.NOT_INVOICED}
    assert len(bench.syncro.reads) == len(set(bench.syncro.reads)) == alone + 3  # number, detail, what is offered
    since = {read.updated_since for read in bench.reads_of(ListInvoices) if read.updated_since}
    assert since == {second.created_at - timedelta(days=2)}, "one list from the oldest ticket on"
    assert sum(finding.api_calls for finding in report.findings) == report.api_calls == len(bench.syncro.reads)


def test_an_unknown_opening_of_one_ticket_makes_the_whole_list_count(bench: Bench) -> None:
    bench.faults = [Fault("/tickets", MissingKeys("created_at"))]
    bench.finding()
    assert {read.updated_since for read in bench.reads_of(ListInvoices)} == {None}


def test_findings_stand_in_the_order_asked_and_each_number_once(bench: Bench) -> None:
    numbers = [str(bench.world.add_ticket(bench.customer).number) for _ in range(3)]
    report = bench.check(numbers[2], "32223", "1", numbers[0], "32223", numbers[2], numbers[1])
    assert [finding.ticket_number for finding in report.findings] == [numbers[2], "32223", "1", numbers[0], numbers[1]]
    assert len(bench.reads_of(FindTicket)) == 5


def test_asking_for_nothing_reads_nothing(bench: Bench) -> None:
    syncro = FakeSyncro(bench.world)
    report = VERIFIER.check([], syncro.session(), started_at=NOW)
    assert (report.findings, report.api_calls, report.outage, syncro.reads) == ((), 0, "", [])


def test_one_bad_ticket_does_not_spoil_the_others(bench: Bench) -> None:
    other = bench.world.add_ticket(bench.world.add_customer())
    bench.world.bill_by_ticket_id(bench.ticket)
    bench.faults = [Fault(f"/tickets/{other.id}", Status(500))]
    good, bad = bench.check("32223", str(other.number)).findings
    assert (good.verdict, bad.verdict) == (Verdict.INVOICED, Verdict.UNVERIFIED)


# --- nothing can be read ---


@pytest.mark.parametrize("status", [401, 403, 500])
def test_when_nothing_at_all_can_be_read_it_is_an_outage(bench: Bench, status: int) -> None:
    bench.faults = [Fault(".*", Status(status))]
    numbers = [str(number) for number in range(40_000, 40_040)]
    report = bench.check(*numbers)
    assert f"status {status}" in report.outage
    assert {finding.verdict for finding in report.findings} == {Verdict.UNVERIFIED}
    assert len(bench.syncro.reads) == 16, "one batch, then nobody is asked any more"


def test_one_success_makes_it_no_outage(bench: Bench) -> None:
    bench.faults = [Fault("/tickets/.+", Status(500)), Fault("/invoices.*", Status(500))]
    report = bench.check()
    assert report.outage == ""
    assert report.findings[0].verdict is Verdict.UNVERIFIED


def test_a_refused_token_stops_all_further_reads(bench: Bench) -> None:
    others = [str(bench.world.add_ticket().number) for _ in range(5)]
    bench.faults = [Fault("/invoices", Status(401))]
    report = bench.check("32223", *others)
    assert report.outage == ""
    assert {finding.verdict for finding in report.findings} == {Verdict.UNVERIFIED}
    assert all("status 401" in reason(finding) for finding in report.findings)
    assert len(bench.reads_of(ListInvoices)) == 6, "the batch under way, and no more"
    assert bench.reads_of(ReadInvoice) == []


# --- lists without end ---


def endless(owner: int, *, rows: int, pages: int) -> list[Fault]:
    """A customer's list whose every page shows other invoices, each of which has a detail."""

    def listed(exchange: Exchange) -> Answer:
        page = int(exchange.ask.query["page"])
        is_there = "customer_id" in exchange.ask.query and page <= pages
        numbers = range(page * rows, (page + 1) * rows) if is_there else ()
        body = [{"id": 10**6 + number, "number": str(number), "customer_id": owner} for number in numbers]
        return Answer(200, {"invoices": body, "meta": {"page": page, "total_pages": pages if is_there else 1}})

    def detail(exchange: Exchange) -> Answer:
        number = int(exchange.ask.segments[1])
        invoice = {
            "id": number,
            "number": str(number - 10**6),
            "ticket_id": None,
            "customer_id": owner,
            "line_items": [],
        }
        return Answer(200, {"invoice": invoice})

    return [Fault("/invoices", listed), Fault("/invoices/.+", detail)]


def test_a_list_with_more_pages_than_any_account_has_is_not_begun(bench: Bench) -> None:
    bench.faults = endless(bench.customer.id, rows=25, pages=MOST_PAGES + 1)
    finding = bench.finding(exhaustive=True)
    assert finding.verdict is Verdict.UNVERIFIED
    assert f"more than {MOST_PAGES:,} pages" in reason(finding)
    assert finding.api_calls < 10


def test_a_question_stops_reading_details_at_its_bound_and_says_so(bench: Bench) -> None:
    bench.faults = endless(bench.customer.id, rows=1_000, pages=QUESTION.details // 1_000 + 1)
    finding = bench.finding(exhaustive=True)
    assert finding.verdict is Verdict.UNVERIFIED
    assert f"More than {QUESTION.details:,} invoices would have to be read" in reason(finding)
    assert len(bench.reads_of(ReadInvoice)) == QUESTION.details


# --- progress and the sans-I/O frame ---


def test_progress_is_told_and_ends_where_the_work_ends(bench: Bench) -> None:
    bench.add_other_invoices(20)
    told: list[Progress] = []
    syncro = FakeSyncro(bench.world)
    report = VERIFIER.check(["32223"], syncro.session(), started_at=NOW, on_progress=told.append)
    assert [step.api_calls for step in told] == sorted({step.api_calls for step in told})
    assert (told[-1].api_calls, told[-1].invoices_read, told[-1].tickets) == (report.api_calls, 20, 1)


def test_the_same_answers_lead_the_same_way() -> None:
    """A job that is run again with recorded answers asks exactly the same questions."""
    first, second = Bench(), Bench()
    for bench in (first, second):
        bench.page_size = 3
        bench.add_other_invoices(8)
        bench.world.mention(bench.ticket)
        bench.check()
    assert first.syncro.reads == second.syncro.reads


def test_a_question_is_a_generator_that_is_sent_its_answer() -> None:
    asking = ask(FindTicket("1"))
    assert list(next(asking)) == [FindTicket("1")]
    failed = Failed(FailureKind.FORBIDDEN, "sample")
    with pytest.raises(StopIteration) as stop:
        asking.send(Answers({FindTicket("1"): failed}))
    assert stop.value.value is failed


@pytest.mark.parametrize("billed", [True, False])
def test_a_customer_with_two_thousand_invoices_is_answered_right_within_a_minutes_calls(
    bench: Bench, billed: bool
) -> None:
    bench.add_other_invoices(1_950, at=OLD)
    bench.add_other_invoices(50)
    bench.world.add_charge(bench.ticket)
    invoice = bench.world.bill_by_line_text(bench.ticket) if billed else None

    finding = bench.finding()

    assert finding.verdict is (Verdict.PARTIALLY_INVOICED if billed else Verdict.NOT_INVOICED)
    assert [each.number for each in finding.invoices] == ([invoice.number] if invoice else [])
    assert finding.api_calls <= 120, "a digest leaves a third of Syncro's 180 a minute free"
    assert billed or finding.coverage.skipped == 1_950
