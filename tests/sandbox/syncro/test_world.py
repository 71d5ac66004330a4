"""The sample world tells the truth, in Syncro's shapes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bot.billing.rules.verdicts import LinkKind, Verdict
from bot.sandbox.syncro.sample_worlds import NOT_FOUND_NUMBER, Sample, demo_world, incident, tour
from bot.sandbox.syncro.world import ListRows, World, money_text, time_text
from bot.syncro.models import InvoiceDetail, InvoiceRow, Schedule, TicketDetail, TicketRow

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def test_an_invoice_of_the_same_customer_bills_nothing_by_itself() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    invoice = world.add_invoice(world.customers[ticket.customer_id])
    assert not world.bills(invoice, ticket)
    assert world.invoices_that_bill(ticket) == []


def test_a_ticket_id_bills_the_ticket_and_no_other() -> None:
    world = World(now=NOW)
    ticket, other = world.add_ticket(), world.add_ticket()
    invoice = world.bill_by_ticket_id(ticket)
    assert (world.bills(invoice, ticket), world.bills(invoice, other)) == (True, False)
    assert str(ticket.number) not in str(world.invoice_detail(invoice)["line_items"])


def test_a_ticket_id_that_equals_a_ticket_number_bills_nothing() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    invoice = world.add_invoice()
    invoice.ticket_id = ticket.number
    assert not world.bills(invoice, ticket)


def test_a_converted_charge_is_billed_by_the_line_it_became() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    charge = world.add_charge(ticket, "40.00", quantity="1.5")
    invoice = world.bill_by_line_item(ticket)
    assert world.bills(invoice, ticket)
    assert (invoice.ticket_id, invoice.total) == (None, Decimal(60))
    assert (charge.converted, charge.item_id) == (True, invoice.lines[0].id)


def test_a_combined_invoice_bills_every_ticket_it_names_and_has_no_ticket_id() -> None:
    world = World(now=NOW)
    first, second, third = (world.add_ticket() for _ in range(3))
    invoice = world.bill_by_line_text(first, second)
    assert [world.bills(invoice, ticket) for ticket in (first, second, third)] == [True, True, False]
    assert invoice.ticket_id is None
    for ticket, line in zip((first, second), invoice.lines, strict=True):
        assert f"Ticket #{ticket.number}" in line.name


def test_a_third_party_invoice_belongs_to_another_customer() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    invoice = world.bill_third_party(ticket)
    assert world.bills(invoice, ticket)
    assert invoice.customer_id != ticket.customer_id


def test_a_bare_mention_bills_nothing() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    invoice = world.mention(ticket)
    assert str(ticket.number) in invoice.lines[0].name
    assert not world.bills(invoice, ticket)


def test_deleting_an_invoice_or_a_line_puts_its_charges_back_to_pending() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    charge = world.add_charge(ticket)
    world.delete_invoice(world.bill_by_line_item(ticket))
    assert (charge.converted, charge.item_id) == (False, None)
    invoice = world.bill_by_line_item(ticket)
    world.delete_line(invoice, invoice.lines[0])
    assert (charge.converted, invoice.total) == (False, Decimal(0))
    assert world.invoices_that_bill(ticket) == []


def test_an_invoice_that_bills_a_ticket_was_changed_after_the_ticket_was_opened() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    invoice = world.bill_by_line_text(ticket, created_at=NOW - timedelta(days=300))
    assert invoice.created_at < ticket.created_at < invoice.updated_at


def test_ids_are_unique_even_beside_chosen_ones() -> None:
    world = World(now=NOW)
    world.add_invoice(invoice_id=1_649_000_002, number="61002")
    invoices = [world.add_invoice() for _ in range(3)]
    assert len({invoice.id for invoice in world.invoices.values()}) == 4
    assert "61002" not in {invoice.number for invoice in invoices}
    with pytest.raises(ValueError, match="already has"):
        world.add_invoice(invoice_id=1_649_000_002)


def test_the_bot_s_models_read_every_shape() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket(billing_status="No Charge", tag_list=["sample"], ticket_type_name="Remote")
    world.add_charge(ticket, "12.35", quantity=2)
    timer = world.add_timer(ticket, 90)
    invoice = world.bill_by_line_item(ticket)
    row, detail = world.ticket_row(ticket), world.ticket_detail(ticket)
    assert TicketRow.model_validate(row).billing_status == "No Charge"
    read = TicketDetail.model_validate(detail)
    assert read.line_items[0].amount == Decimal("24.70")
    assert read.ticket_timers[0].end_time == timer.end_time
    assert InvoiceDetail.model_validate(world.invoice_detail(invoice)).line_items[0].id == str(invoice.lines[0].id)
    assert [InvoiceRow.model_validate(world.invoice_row(invoice, shape)).number for shape in ListRows] == [
        invoice.number
    ] * 2
    schedule = world.add_schedule(world.customers[ticket.customer_id])
    assert Schedule.model_validate(world.schedule_detail(schedule)).next_run == schedule.next_run


def test_a_ticket_s_detail_lacks_what_only_its_row_has_and_the_other_way_round() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket(ticket_type_name="Remote")
    row, detail = world.ticket_row(ticket), world.ticket_detail(ticket)
    assert not {"billing_status", "ticket_type_name"} & detail.keys()
    assert detail["ticket_type"]["name"] == row["ticket_type_name"] == "Remote"
    assert not {"ticket_timers", "line_items"} & row.keys()


def test_json_types_are_syncro_s() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket()
    invoice = world.bill_by_ticket_id(ticket, total="75.00")
    detail = world.invoice_detail(invoice)
    assert isinstance(detail["number"], str)
    assert isinstance(detail["id"], int)
    assert isinstance(world.ticket_row(ticket)["number"], int)
    assert detail["total"] == detail["line_items"][0]["price"] == "75.0"


def test_money_and_times_are_written_as_syncro_writes_them() -> None:
    assert [money_text(Decimal(text)) for text in ("75.00", "12.35", "0", "1E+2")] == [
        "75.0",
        "12.35",
        "0.0",
        "100.0",
    ]
    assert time_text(NOW) == "2026-05-04T09:00:00.000Z"
    offset = timezone(timedelta(hours=-5))
    assert time_text(NOW.astimezone(offset)) == "2026-05-04T04:00:00.000-05:00"


def test_the_incident_has_31_tickets_29_invoiced_and_2_non_billable() -> None:
    sample = incident(NOW)
    verdicts = list(sample.expected.values())
    assert (len(verdicts), verdicts.count(Verdict.INVOICED), verdicts.count(Verdict.NON_BILLABLE)) == (31, 29, 2)
    assert all(not ticket.timers for ticket in sample.tickets)
    example = sample.world.ticket_numbered("32223")
    (invoice,) = sample.world.invoices_that_bill(example)
    assert (example.id, example.status) == (109554336, "Invoiced")
    assert sample.world.customers[example.customer_id].name == "Kittle"
    assert (invoice.number, invoice.id, money_text(invoice.total)) == ("67469", 1650000001, "75.0")
    assert invoice.ticket_id == example.id


def test_the_incident_costs_the_memo_s_way_about_600_calls() -> None:
    sample = incident(NOW)
    of_customer = [invoice.customer_id for invoice in sample.world.invoices.values()]
    calls = sum(1 + of_customer.count(ticket.customer_id) for ticket in sample.tickets)
    assert 580 <= calls <= 660
    assert max(of_customer.count(customer) for customer in set(of_customer)) <= 25


def test_the_tour_shows_every_verdict_and_every_link() -> None:
    sample = tour(NOW)
    assert set(sample.expected.values()) == set(Verdict)
    assert set(sample.links.values()) == set(LinkKind)
    with pytest.raises(LookupError):
        sample.world.ticket_numbered(NOT_FOUND_NUMBER)


def test_the_demo_world_is_the_incident_and_the_tour_together() -> None:
    together = demo_world(NOW)
    assert together.expected == incident(NOW).expected | tour(NOW).expected
    assert len(together.expected) == len(incident(NOW).expected) + len(tour(NOW).expected)


@pytest.mark.parametrize("sample", [incident(NOW), tour(NOW), demo_world(NOW)], ids=["incident", "tour", "demo"])
def test_the_expected_verdicts_agree_with_the_truth(sample: Sample) -> None:
    billed = {Verdict.INVOICED, Verdict.PARTIALLY_INVOICED}
    for ticket in sample.tickets:
        number = str(ticket.number)
        assert bool(sample.world.invoices_that_bill(ticket)) == (sample.expected[number] in billed), number
        assert (number in sample.links) == (sample.expected[number] in billed), number


@pytest.mark.parametrize("sample", [incident(NOW), tour(NOW), demo_world(NOW)], ids=["incident", "tour", "demo"])
def test_no_sample_line_holds_a_ticket_number_by_accident(sample: Sample) -> None:
    for invoice in sample.world.invoices.values():
        for line in invoice.lines:
            found = set(re.findall(r"\d{5,}", f"{line.item} {line.name}")) & sample.expected.keys()
            truly = {str(sample.world.tickets[one].number) for one in line.named_ticket_ids}
            mentioned = {number for number in found if sample.expected[number] is Verdict.UNVERIFIED}
            assert found - mentioned == truly


def test_nothing_in_a_sample_world_lies_in_the_future() -> None:
    world = demo_world(NOW).world
    assert all(invoice.updated_at <= NOW for invoice in world.invoices.values())
    assert all((ticket.resolved_at or NOW) <= NOW for ticket in world.tickets.values())
