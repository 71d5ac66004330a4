"""Which tickets an invoice bills, asked from the invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import CheckReport, ConcernKind, InvoiceAnswer, LinkKind, Standing, Verdict
from bot.billing.search.queries import ListInvoices
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.world import Customer, Invoice, ListRows, World
from tests.billing.fake_syncro import FakeSyncro
from tests.policies import EVERY_TICKET
from tests.standins.syncro_faults import Fault, IgnoreFilter, MissingKeys, Mutate, Status

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
VERIFIER = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"))


@pytest.fixture
def world() -> World:
    return World(now=NOW)


@pytest.fixture
def kittle(world: World) -> Customer:
    return world.add_customer("Kittle")


def asked(
    world: World, reference: str, *faults: Fault, rows: ListRows = ListRows.OPENAPI
) -> tuple[InvoiceAnswer, CheckReport]:
    syncro = FakeSyncro(world, faults=faults, rows=rows)
    report = VERIFIER.check_invoice(reference, syncro.session(), started_at=NOW)
    assert report.invoice is not None
    return report.invoice, report


def links(report: CheckReport, invoice: Invoice) -> dict[str, LinkKind]:
    """The kind of link of each ticket that the invoice bills."""
    return {
        finding.ticket_number: link.link
        for finding in report.findings
        for link in finding.invoices
        if link.number == invoice.number
    }


@pytest.mark.parametrize("by_id", [False, True])
def test_each_kind_of_link_is_found_from_the_invoice(world: World, kittle: Customer, by_id: bool) -> None:
    first, second, third, fourth = [world.add_ticket(kittle) for _ in range(4)]
    world.add_charge(third)
    made = [
        (world.bill_by_ticket_id(first, paid=True), {first.number: LinkKind.TICKET_ID}),
        (
            world.bill_by_line_text(second, fourth),
            {second.number: LinkKind.LINE_TEXT, fourth.number: LinkKind.LINE_TEXT},
        ),
        (world.bill_by_line_item(third), {third.number: LinkKind.LINE_ITEM}),
    ]

    for invoice, expected in made:
        answer, report = asked(world, f"id:{invoice.id}" if by_id else invoice.number)

        assert answer.standing is Standing.BILLS
        assert (answer.number, answer.id, answer.paid) == (invoice.number, str(invoice.id), invoice.paid)
        assert links(report, invoice) == {str(number): kind for number, kind in expected.items()}
        assert all(finding.verdict.is_billed for finding in report.findings)
        assert (answer.open_lines, answer.failures, answer.possible) == (0, (), ())


def test_a_number_is_text_and_another_invoices_id_is_not_taken_for_it(world: World, kittle: Customer) -> None:
    ticket, other = world.add_ticket(kittle), world.add_ticket(kittle)
    padded = world.bill_by_ticket_id(ticket, number="0067469")
    lettered = world.bill_by_ticket_id(other, number="INV-00123")
    number_is_id = world.bill_by_ticket_id(world.add_ticket(kittle), number=str(padded.id))

    for typed, meant in (("0067469", padded), ("inv-00123", lettered), (str(padded.id), number_is_id)):
        assert asked(world, typed)[0].id == str(meant.id), typed
    assert asked(world, f"id:{padded.id}")[0].number == "0067469", "an address holds the id"
    assert asked(world, "67469")[0].standing is Standing.NOT_FOUND
    assert asked(world, f"id:{number_is_id.id}")[0].number == number_is_id.number


def test_that_there_is_no_such_invoice_takes_the_whole_list_standing_still(world: World, kittle: Customer) -> None:
    for _ in range(60):
        world.add_invoice(kittle)

    assert asked(world, "99999")[0].standing is Standing.NOT_FOUND
    for effect in (Status(500), Mutate(lambda world: world.delete_invoice(next(iter(world.invoices.values()))))):
        answer, _ = asked(world, "99999", Fault("/invoices", effect))
        assert answer.standing is Standing.UNVERIFIED
        assert answer.failures
    answer, _ = asked(world, "id:99999", rows=ListRows.MEMO)
    assert answer.standing is Standing.UNVERIFIED, "rows without ids cannot tell"


def test_an_invoice_that_names_no_ticket_is_not_said_to_bill_none(world: World, kittle: Customer) -> None:
    invoice = world.add_invoice(kittle, item="Sample work", name="Remote support")
    world.add_ticket(kittle)

    answer, report = asked(world, invoice.number)

    assert (answer.standing, answer.open_lines, answer.tickets_searched) == (Standing.UNVERIFIED, 1, 1)
    assert report.findings == ()


def test_where_the_customers_tickets_cannot_be_read_that_is_said(world: World, kittle: Customer) -> None:
    ticket = world.add_ticket(kittle)
    invoice = world.bill_by_line_item(ticket)

    answer, _ = asked(world, invoice.number, Fault(f"/tickets/{ticket.id}", Status(500)))

    assert answer.standing is Standing.UNVERIFIED
    assert answer.failures


def test_charges_are_found_where_syncro_ignores_the_customer(world: World, kittle: Customer) -> None:
    invoice = world.bill_by_line_item(world.add_ticket(kittle))
    world.add_ticket(world.add_customer("Other"))

    answer, report = asked(world, invoice.number, Fault("/tickets", IgnoreFilter("customer_id")))

    assert (answer.standing, len(report.findings), answer.tickets_searched) == (Standing.BILLS, 1, 1)


def test_nothing_is_billed_by_a_credit_or_without_a_line(world: World, kittle: Customer) -> None:
    ticket = world.add_ticket(kittle)
    credit = world.bill_by_ticket_id(ticket, total=Decimal("-75.00"))
    empty = world.bill_by_ticket_id(ticket)
    empty.lines.clear()

    for invoice in (credit, empty):
        answer, report = asked(world, invoice.number)
        assert answer.standing is Standing.NOTHING
        assert answer.is_credit is (invoice is credit)
        assert [number for number, _ in answer.possible] == [str(ticket.number)]
        assert report.findings == ()


def test_a_ticket_that_is_billed_twice_or_by_another_customers_invoice_is_a_concern(
    world: World, kittle: Customer
) -> None:
    ticket = world.add_ticket(kittle)
    world.add_charge(ticket)
    first, second = world.bill_by_ticket_id(ticket), world.bill_third_party(ticket, world.add_customer("Payer Ltd"))

    _, report = asked(world, second.number)

    (finding,) = report.findings
    assert {each.number for each in finding.invoices} == {first.number, second.number}
    assert [each.kind for each in finding.concerns] == [ConcernKind.BILLED_TWICE]
    assert [each.billed_to for each in finding.invoices if each.number == second.number] == ["Payer Ltd"]


def test_a_line_that_names_another_ticket_than_the_invoice_was_made_for_may_bill_it(
    world: World, kittle: Customer
) -> None:
    ticket, other = world.add_ticket(kittle), world.add_ticket(kittle)
    invoice = world.bill_by_ticket_id(ticket)
    world.add_line(invoice, name=f"Ticket #{other.number}: switch")
    world.add_line(invoice, name="Ticket #99999: cable")

    answer, report = asked(world, invoice.number)

    assert [finding.ticket_number for finding in report.findings] == [str(ticket.number)]
    assert [number for number, _ in answer.possible] == [str(other.number)]
    assert answer.unknown == ("99999",)


def test_an_odd_invoice_is_never_said_to_bill_what_it_does_not(world: World, kittle: Customer) -> None:
    invoice = world.bill_by_ticket_id(world.add_ticket(kittle))
    path = f"/invoices/{invoice.number}"
    odd: Sequence[Fault] = (
        Fault(path, MissingKeys("ticket_id")),
        Fault(path, Status(401)),
    )

    for fault in odd:
        answer, report = asked(world, invoice.number, fault)
        assert answer.standing is Standing.UNVERIFIED, fault
        assert report.findings == ()


def test_two_thousand_invoices_of_a_customer_cost_no_call_and_forty_named_tickets_few(
    world: World, kittle: Customer
) -> None:
    tickets = [world.add_ticket(kittle) for _ in range(40)]
    for _ in range(2_000):
        world.add_invoice(kittle)
    invoice = world.bill_by_line_text(*tickets)

    answer, report = asked(world, invoice.number)

    assert (answer.standing, len(report.findings)) == (Standing.BILLS, 40)
    assert {finding.verdict for finding in report.findings} <= {Verdict.INVOICED, Verdict.PARTIALLY_INVOICED}
    assert report.api_calls <= 1 + 3 * len(tickets)


def test_an_account_that_is_too_long_to_list_leaves_open_whether_there_is_such_an_invoice(
    world: World, kittle: Customer
) -> None:
    for _ in range(5_100):
        world.add_invoice(kittle)
    syncro = FakeSyncro(world)

    report = VERIFIER.check_invoice("1", syncro.session(), started_at=NOW)

    assert report.invoice is not None
    assert report.invoice.standing is Standing.UNVERIFIED
    assert sum(isinstance(read, ListInvoices) for read in syncro.reads) == 1
    assert NOW - timedelta(days=1) < report.invoice.checked_at
