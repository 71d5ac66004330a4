"""What is said of an invoice, on every surface."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from bot.billing.decide import SyncroPages
from bot.billing.rules.policy import Policy
from bot.billing.rules.verdicts import CheckReport, InvoiceAnswer, Standing
from bot.billing.verifier import Verifier
from bot.messages.invoice_messages import invoice_outcome, invoice_receipt
from bot.sandbox.syncro.world import World
from bot.terminal.check import report_as_json, show_report
from bot.words.invoice_answers import CAUTION
from tests.billing.fake_syncro import FakeSyncro

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
VERIFIER = Verifier(Policy(), SyncroPages("https://sample.example"))


def told(world: World, number: str) -> tuple[str, str, dict[str, Any], str]:
    """The parent, the thread, the JSON and the terminal's text."""
    report = VERIFIER.check_invoice(number, FakeSyncro(world).session(), started_at=NOW)
    answer = report.invoice
    assert answer is not None
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    show_report(console, report)
    parent = invoice_outcome(report, answer, "U0TECH").text
    thread = "\n".join(each.text for each in invoice_receipt(report, answer))
    return parent, thread, json.loads(report_as_json(report))["invoice"], console.export_text()


def test_a_wrong_customer_and_a_ticket_that_needs_no_invoice_are_said_everywhere() -> None:
    world = World(now=NOW)
    ticket = world.add_ticket(world.add_customer("Kittle"), status="Non-Billable")
    invoice = world.bill_third_party(ticket, world.add_customer("Payer <!channel> Ltd"), paid=False)

    parent, thread, as_json, shown = told(world, invoice.number)

    assert parent.startswith(f"✅ Bills 1 ticket · Invoice {invoice.number} · Payer")
    assert f"It was made for #{ticket.number}." in parent
    assert "unpaid" in parent
    assert "<!channel>" not in parent + thread
    assert [each["kind"] for each in as_json["concerns"]] == ["other_customer", "non_billable"]
    for said in (parent, thread, shown):
        assert "is a ticket of “Kittle”" in said
        assert "is billed, though no invoice is expected" in said
    assert as_json["complete"]
    assert as_json["paid"] is False


def test_an_invoice_that_names_no_ticket_says_what_is_not_knowable() -> None:
    world = World(now=NOW)
    kittle = world.add_customer("Kittle")
    invoice = world.add_invoice(kittle, item="Sample work")

    parent, _, as_json, shown = told(world, invoice.number)

    assert parent.startswith("❓ Could not verify")
    for said in (parent, shown, as_json["unknown"][0]):
        assert "An invoice made from several tickets links back to none of them" in said
    assert CAUTION in parent
    assert (as_json["verdict"], as_json["complete"], as_json["tickets"]) == ("unverified", False, [])


def test_many_tickets_and_many_concerns_keep_to_five_lines() -> None:
    world = World(now=NOW)
    tickets = [world.add_ticket(world.add_customer(f"Customer {place}")) for place in range(30)]
    invoice = world.bill_by_line_text(*tickets)
    world.add_line(invoice, name="Ticket #99999: cable")

    parent, thread, _, _ = told(world, invoice.number)

    assert len(parent.splitlines()) <= 5
    assert "Its lines name #" in parent
    assert "20 more" in parent
    assert "more remarks in the thread" in parent
    assert all(f"#{ticket.number} · Customer" in thread for ticket in tickets)
    assert "It names ticket #99999, which Syncro does not have." in thread


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (InvoiceAnswer("067469", Standing.NOT_FOUND, NOW), "🔎 No such invoice · Invoice 067469"),
        (InvoiceAnswer("id:9", Standing.NOT_FOUND, NOW), "none has this id"),
        (InvoiceAnswer("7", Standing.UNVERIFIED, NOW, failures=("Reading it failed.",)), "Reading it failed."),
        (InvoiceAnswer("7", Standing.NOTHING, NOW, number="7", is_credit=True), "It gives money back."),
        (InvoiceAnswer("7", Standing.NOTHING, NOW, number="7"), "It has no line."),
    ],
)
def test_each_standing_has_its_words(answer: InvoiceAnswer, said: str) -> None:
    report = CheckReport((), 1, 0.1, invoice=answer)

    parent = invoice_outcome(report, answer, None)

    assert said in parent.text
    assert invoice_receipt(report, answer)
