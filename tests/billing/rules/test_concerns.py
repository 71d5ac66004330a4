"""Invoices that bill wrongly are named, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.billing.rules.concerns import Billing, Seen, concerns, is_credited_in_full
from bot.billing.rules.invoice import InvoiceFacts, facts_of
from bot.billing.rules.policy import Ticket, recognised, unbilled
from bot.billing.rules.verdicts import Concern, ConcernKind, LinkKind
from bot.syncro.models import InvoiceDetail, InvoiceLine, TicketCharge, TicketDetail, TicketRow, TicketTimer
from bot.words.concerns import concern_in_words
from bot.words.findings import repeated as words_of_repeated

HOUR = datetime(2026, 11, 2, 9, tzinfo=UTC)


def invoice(number: str, *lines: InvoiceLine, ticket: str | None = "91", total: str | None = None) -> InvoiceFacts:
    worth = sum((line.amount or Decimal(0) for line in lines), Decimal(0)) if total is None else Decimal(total)
    return facts_of(
        InvoiceDetail(id=f"1{number}", number=number, ticket_id=ticket, line_items=lines, total=worth, updated_at=HOUR)
    )


def sold(name: str, price: str, number: str = "5", **more: Decimal) -> InvoiceLine:
    return InvoiceLine(id=number, name=name, price=Decimal(price), **more)


def charged(name: str, price: str, *, on: str | None = None, **more: Any) -> TicketCharge:
    return TicketCharge(
        id=f"c{name}", name=name, price_retail=Decimal(price), converted=on is not None, item_id=on, **more
    )


def ticket(*charges: TicketCharge, timers: tuple[TicketTimer, ...] = ()) -> Ticket:
    detail = TicketDetail(id="91", number="32223", ticket_timers=timers, line_items=charges)
    return Ticket(TicketRow(id="91", number="32223"), detail)


def made_for_it(*invoices: InvoiceFacts) -> list[Billing]:
    return [(each, LinkKind.TICKET_ID) for each in invoices]


def found(seen: Seen) -> list[tuple[ConcernKind, tuple[str, ...]]]:
    return [(each.kind, each.invoices) for each in concerns(seen)]


# --- no POST is idempotent; doubled records happened ---


def test_two_invoices_made_for_one_ticket_are_named_both() -> None:
    seen = Seen(ticket(), made_for_it(invoice("1", sold("Work", "75")), invoice("2", sold("Work", "75"))))
    assert found(seen) == [(ConcernKind.BILLED_TWICE, ("1", "2"))]


def test_a_combined_invoice_that_bills_the_same_as_the_ticket_s_own_is_a_second_bill_and_another_is_not() -> None:
    own = invoice("1", sold("Work", "75"))
    same = invoice("2", sold("Ticket 32223", "75"), ticket=None)
    other = invoice("3", sold("Ticket 32223", "20"), ticket=None)
    assert found(Seen(ticket(), [(own, LinkKind.TICKET_ID), (same, LinkKind.LINE_TEXT)])) == [
        (ConcernKind.BILLED_TWICE, ("1", "2"))
    ]
    assert found(Seen(ticket(), [(own, LinkKind.TICKET_ID), (other, LinkKind.LINE_TEXT)])) == []


def test_a_charge_on_one_invoice_and_once_more_on_the_ticket_s_own_is_named_and_two_equal_visits_are_not() -> None:
    own, other = invoice("1", sold("Work", "75", "4")), invoice("2", sold("Work", "75", "5"), ticket=None)
    billing = [(own, LinkKind.TICKET_ID), (other, LinkKind.LINE_ITEM)]
    assert found(Seen(ticket(charged("Work", "75", on="5")), billing)) == [(ConcernKind.BILLED_TWICE, ("1", "2"))]
    two = ticket(charged("Work", "75", on="4"), charged("Work", "75", on="5"))
    assert found(Seen(two, billing)) == []


def test_an_honest_invoice_raises_no_concern() -> None:
    assert found(Seen(ticket(charged("Work", "75", on="5")), made_for_it(invoice("1", sold("Work", "75"))))) == []


# --- a missing price gives an invoice of 0.00; prepaid hours do so rightly ---


def test_an_invoice_of_nothing_for_charges_of_something_is_named_unless_prepaid_hours_explain_it() -> None:
    billing = made_for_it(invoice("1", sold("Work", "0")))
    of_75 = ticket(charged("Work", "75", on="5"))
    assert found(Seen(of_75, billing)) == [(ConcernKind.ZERO_TOTAL, ("1",))]
    assert found(Seen(of_75, billing, prepaid_hours=Decimal(3))) == []
    assert found(Seen(ticket(charged("Warranty", "0", on="5")), billing)) == []
    for unread in (True, False):
        (concern,) = concerns(Seen(of_75, billing, is_prepaid_unread=unread))
        assert ("whether its customer has prepaid hours could not be read" in concern_in_words(concern, "")) is unread


# --- credits ---


@pytest.mark.parametrize(("back", "is_all"), [("-75", True), ("-80", True), ("-20", False)])
def test_a_credit_is_named_and_one_of_everything_is_no_bill(back: str, is_all: bool) -> None:
    credit = invoice("2", sold("Work", back))
    seen = Seen(ticket(), made_for_it(invoice("1", sold("Work", "75"))), credits=[credit])
    assert found(seen) == [(ConcernKind.CREDIT, ("2",))]
    assert is_credited_in_full(seen) is is_all


# --- billed for less ---


def test_a_charge_billed_for_less_is_named_unless_the_invoice_shows_the_discount() -> None:
    of_75 = ticket(charged("Work", "75", on="5"))
    assert found(Seen(of_75, made_for_it(invoice("1", sold("Work", "60"))))) == [(ConcernKind.BILLED_FOR_LESS, ("1",))]
    discounted = invoice("1", sold("Work", "75", discount_percent=Decimal(20)))
    assert found(Seen(of_75, made_for_it(discounted))) == []


def test_a_missed_run_is_said_with_its_day() -> None:
    (concern,) = concerns(Seen(ticket(), [], missed_run=("Monthly", HOUR.date())))
    assert "“Monthly” did not take its charges in the run of 2 Nov 2026" in concern_in_words(concern, "")


@pytest.mark.parametrize("kind", list(ConcernKind))
def test_every_concern_has_words(kind: ConcernKind) -> None:
    assert concern_in_words(Concern(kind, ("1", "2"), Decimal(5), "Monthly", HOUR.date()), "€").endswith((".", "?"))


# --- whether ticket lines are marked as converted is not known of every account ---


def test_a_charge_that_stands_on_its_own_invoice_is_billed_though_it_is_not_marked() -> None:
    lines = invoice("1", sold("Work", "75", "5"), sold("Cable", "9", "6")).lines
    told = recognised(ticket(charged("Work", "75"), charged("work ", "75"), charged("Cable", "8")), lines)
    assert unbilled(told).charges == Decimal("83.00"), "one line is one charge, and another price is another sale"


# --- amounts ---


@pytest.mark.parametrize(
    ("charges", "of_timers", "repeated"),
    [
        ((None, None), 1, "75.00"),
        (("5", None), 1, "75.00"),
        (("5", "6"), 1, "0.00"),
        ((None, None, None), 2, "75.00"),
        ((None, None), 2, "0.00"),
        ((None, None), 0, "0.00"),
    ],
)
def test_a_timer_s_charge_that_was_recorded_twice_is_counted_and_said_to_be(
    charges: tuple[str | None, ...], of_timers: int, repeated: str
) -> None:
    told = [charged("Work", "75", on=line).model_copy(update={"id": f"c{index}"}) for index, line in enumerate(charges)]
    timers = [TicketTimer(billable=True, recorded=True, ticket_line_item_id=f"c{n}") for n in range(of_timers)]
    left = unbilled(ticket(*told, charged("Cable", "75"), timers=tuple(timers)))
    assert left.charges == 75 * (charges.count(None) + 1)
    assert left.repeated == Decimal(repeated)
    assert (f"{repeated} of it may be recorded twice" in words_of_repeated(left, "")) is (repeated != "0.00")


@pytest.mark.parametrize(
    ("discount", "amount"),
    [
        ({"line_discount_percent": Decimal(10)}, "67.50"),
        ({"line_discount_percent": Decimal(-10)}, "67.50"),
        ({"discount_dollars": Decimal(5)}, "70.00"),
        ({"discount_dollars": Decimal(-5)}, "70.00"),
    ],
)
def test_discounts_count_with_either_sign(discount: dict[str, Any], amount: str) -> None:
    assert unbilled(ticket(charged("Work", "75", **discount))).charges == Decimal(amount)


def test_a_timer_that_was_paused_overnight_counts_its_minutes_at_work() -> None:
    timer = TicketTimer(
        id="1",
        billable=True,
        recorded=False,
        start_time=HOUR,
        end_time=HOUR.replace(day=3),
        active_duration=Decimal(600),
    )
    assert unbilled(ticket(timers=(timer,))).minutes == 10
