"""Who pays for many tickets of others is listed once, and what that list shows unchanged is not read again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.billing.ledger.freshness import OPENED_MARGIN
from bot.billing.ledger.model import RememberedInvoice
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.verdicts import LinkKind, Verdict
from bot.billing.search.payer_lists import WORTH_A_LIST, Payer, payers_worth_listing
from bot.billing.search.queries import ListInvoices, ReadInvoice
from bot.sandbox.syncro.world import Customer, Invoice, ListRows, Ticket, World
from bot.syncro.models import ROWS_A_PAGE, TicketRow
from tests.billing.test_remembered import SHAPES, Bench, sync_changes_only
from tests.standins.syncro_faults import Effect, Fault, IgnoreFilter, Status

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Links = list[tuple[TicketRow, list[RememberedInvoice]]]


# --- who is worth a list ---


def billed(
    number: int, *, payer: str | None = "8", updated_at: datetime | None = NOW, created_at: datetime | None = None
) -> RememberedInvoice:
    facts = InvoiceFacts(
        id=f"9{number}", number=str(number), customer_id=payer, updated_at=updated_at, created_at=created_at
    )
    return RememberedInvoice(facts=facts, read_at=NOW)


def links_of(*invoices: RememberedInvoice, customer: str = "7") -> Links:
    """A ticket of the customer for each invoice."""
    return [
        (TicketRow(id=f"10{place}", number=str(place), customer_id=customer), [invoice])
        for place, invoice in enumerate(invoices)
    ]


def listed_since(payers: list[Payer]) -> dict[str, datetime | None]:
    return {payer.customer_id: payer.place.updated_since for payer in payers}


def test_a_payer_of_fewer_invoices_than_are_worth_a_list_is_not_listed() -> None:
    few = [billed(number) for number in range(WORTH_A_LIST - 1)]
    assert payers_worth_listing(links_of(*few), {}) == []
    assert list(listed_since(payers_worth_listing(links_of(*few, billed(WORTH_A_LIST)), {}))) == ["8"]


def test_one_invoice_for_many_tickets_is_read_once_and_so_is_not_worth_a_list() -> None:
    assert payers_worth_listing(links_of(*[billed(1)] * 5), {}) == []


def test_each_payer_is_counted_for_itself() -> None:
    links = links_of(*[billed(number, payer=str(number % 2)) for number in range(5)])
    assert list(listed_since(payers_worth_listing(links, {}))) == ["0"]


def test_a_customer_s_own_invoices_do_not_make_it_a_payer() -> None:
    """Its list is read anyway."""
    links = links_of(*map(billed, range(5)), customer="8")
    assert payers_worth_listing(links, {}) == []


def test_invoices_of_nobody_and_without_any_time_are_not_looked_for_in_a_list() -> None:
    nobody_s = [billed(number, payer=None) for number in range(5)]
    timeless = [billed(number, updated_at=None) for number in range(5)]
    assert payers_worth_listing(links_of(*nobody_s, *timeless), {}) == []


def test_a_payer_is_listed_from_a_day_before_the_oldest_change_of_its_invoices() -> None:
    links = links_of(billed(1), billed(2, updated_at=None, created_at=NOW - 5 * DAY), billed(3, updated_at=NOW - DAY))
    assert listed_since(payers_worth_listing(links, {"7": NOW - 90 * DAY})) == {"8": NOW - 5 * DAY - OPENED_MARGIN}


@pytest.mark.parametrize(
    ("anyway", "since"),
    [
        (NOW - 30 * DAY, NOW - 30 * DAY),
        (None, None),
        (NOW, NOW - OPENED_MARGIN),  # it does not reach back far enough
    ],
)
def test_the_list_of_a_payer_that_is_read_anyway_serves_where_it_reaches_back_far_enough(
    anyway: datetime | None, since: datetime | None
) -> None:
    links = links_of(*map(billed, range(3)))
    assert listed_since(payers_worth_listing(links, {"8": anyway})) == {"8": since}


@pytest.mark.parametrize(("invoices", "pages"), [(3, 1), (5, 1), (6, 2), (30, 10)])
def test_a_list_may_be_the_longer_the_more_invoices_it_spares(invoices: int, pages: int) -> None:
    (payer,) = payers_worth_listing(links_of(*map(billed, range(invoices))), {})
    assert payer.most_rows == pages * ROWS_A_PAGE


# --- what a digest makes of it ---


class Paid:
    """Four tickets of four customers, each billed by an invoice of its own that one payer pays; a digest knows it."""

    def __init__(self, rows: ListRows, *, others: int = 0, synced: bool = True) -> None:
        self.world = World()
        self.payer = self.world.add_customer()
        made = [self.world.now - timedelta(hours=hour) for hour in range(10, 50, 10)]
        self.invoices = [self._bill(self.world.add_ticket(), each) for each in made]
        for _ in range(others):
            self.world.add_invoice(self.payer, created_at=self.world.now - timedelta(hours=1))
        self.bench = Bench(self.world, rows)
        if synced:
            self.bench.sync()
        assert set(self.verdicts()) == {Verdict.INVOICED}
        self.bench.later(days=1)

    def _bill(self, ticket: Ticket, made: datetime) -> Invoice:
        return self.world.bill_third_party(ticket, self.payer, created_at=made, updated_at=made)

    def verdicts(self) -> list[Verdict]:
        """What a digest says of each ticket, in their order."""
        found = self.bench.audit()
        return [found[str(ticket.number)].verdict for ticket in self.world.tickets.values()]

    @property
    def details_read(self) -> int:
        return self.bench.read(ReadInvoice)

    def lists_of(self, customer: Customer) -> int:
        reads = [done.read for done in self.bench.syncro.done]
        return sum(isinstance(read, ListInvoices) and read.customer_id == str(customer.id) for read in reads)

    def break_payer_s_list(self, effect: Effect) -> None:
        asked = str(self.payer.id)
        self.bench.faults = [Fault("/invoices", effect, query=lambda query: query.get("customer_id") == asked)]


@SHAPES
def test_many_third_party_invoices_of_one_payer_cost_one_list_and_no_detail(rows: ListRows) -> None:
    paid = Paid(rows)
    found = paid.bench.audit()
    assert paid.lists_of(paid.payer) == 1
    assert paid.details_read <= (0 if rows is ListRows.OPENAPI else 2)  # by which the list of changes proves itself
    for ticket, invoice in zip(paid.world.tickets.values(), paid.invoices, strict=True):
        finding = found[str(ticket.number)]
        (billing,) = finding.invoices
        assert (finding.verdict, billing.number, billing.link) == (
            Verdict.INVOICED,
            invoice.number,
            LinkKind.TICKET_ID,
        )
        coverage = finding.coverage
        assert (coverage.listed, coverage.from_ledger, coverage.complete) == (1, 1, True)
        assert rows is ListRows.MEMO or "stands there as it was" in finding.receipt[-1].outcome


@SHAPES
def test_a_payer_s_own_list_that_is_read_anyway_is_not_read_twice(rows: ListRows) -> None:
    paid = Paid(rows)
    ticket = paid.world.add_ticket(paid.payer)
    paid.bench.audit()
    paid.bench.later(days=1)
    assert paid.bench.audit(spared=ticket)[str(ticket.number)].verdict is Verdict.NOT_INVOICED
    assert paid.lists_of(paid.payer) == 1
    assert paid.details_read <= (0 if rows is ListRows.OPENAPI else 2)


@SHAPES
def test_an_invoice_that_is_gone_from_its_payer_s_list_is_found_to_be_gone(rows: ListRows) -> None:
    paid = Paid(rows)
    paid.world.delete_invoice(paid.invoices[1])
    assert paid.verdicts() == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED, Verdict.INVOICED]
    assert paid.bench.ledger.count_invoices() == 3


def moved_away(world: World, invoice: Invoice) -> None:
    """To another customer, and it names no ticket any more; it may not even count as changed."""
    invoice.customer_id, invoice.ticket_id = world.add_customer().id, None


def unlinked(world: World, invoice: Invoice) -> None:
    invoice.ticket_id, invoice.updated_at = None, world.now


@SHAPES
@pytest.mark.parametrize("deed", [moved_away, unlinked])
def test_an_invoice_that_no_longer_bills_its_ticket_is_not_said_to_stand_in_its_payer_s_list(
    rows: ListRows, deed: Callable[[World, Invoice], None]
) -> None:
    paid = Paid(rows)
    deed(paid.world, paid.invoices[1])
    paid.bench.later(minutes=30)
    assert paid.verdicts() == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED, Verdict.INVOICED]


@SHAPES
def test_an_invoice_that_another_customer_pays_now_is_read_again_though_the_payer_s_list_shows_it(
    rows: ListRows,
) -> None:
    """The filter is ignored: among the payer's rows there are those of all customers."""
    paid = Paid(rows)
    moved_away(paid.world, paid.invoices[1])
    paid.break_payer_s_list(IgnoreFilter("customer_id"))
    assert paid.verdicts() == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED, Verdict.INVOICED]


@SHAPES
def test_an_invoice_that_changed_before_all_changes_were_listed_does_not_stand_in_its_payer_s_list(
    rows: ListRows,
) -> None:
    """It was read a day ago, and no list of changes reaches back so far."""
    paid = Paid(rows, synced=False)
    unlinked(paid.world, paid.invoices[1])
    paid.bench.later(hours=2)
    sync_changes_only(paid.bench)
    paid.bench.later(hours=1)
    assert paid.verdicts() == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED, Verdict.INVOICED]


@SHAPES
def test_where_a_payer_s_list_cannot_be_read_the_details_are(rows: ListRows) -> None:
    paid = Paid(rows)
    paid.break_payer_s_list(Status(500))
    paid.world.delete_invoice(paid.invoices[1])
    assert paid.verdicts() == [Verdict.INVOICED, Verdict.UNVERIFIED, Verdict.INVOICED, Verdict.INVOICED]
    assert paid.details_read == 4


@SHAPES
def test_where_a_payer_s_list_is_too_long_the_details_are_read(rows: ListRows) -> None:
    paid = Paid(rows, others=ROWS_A_PAGE)
    unlinked(paid.world, paid.invoices[1])
    paid.bench.later(minutes=30)
    assert paid.verdicts() == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED, Verdict.INVOICED]
    # Where rows tell no times, those are read too by which the list of changes proves itself.
    assert paid.details_read == (4 if rows is ListRows.OPENAPI else 4 + ROWS_A_PAGE)
