"""Whether an invoice is due: the account's own words, compared without case, spaces and dashes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.billing.rules.policy import Policy, Ticket, claims, doubts, expectation, fold, unbilled
from bot.billing.rules.verdicts import Due, Expectation, Ground
from bot.syncro.models import TicketDetail
from tests.billing.factory import ticket, unread
from tests.policies import EVERY_TICKET

DEFAULT = EVERY_TICKET
TIMER = {"start_time": "2026-05-01T09:00:00Z", "end_time": "2026-05-01T10:30:00Z"}
CHARGE = {"price_retail": 75, "quantity": "2.0"}


def due(of: Ticket, policy: Policy = DEFAULT) -> Due:
    return expectation(of, policy).due


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Non-Billable", "non billable"),
        ("Non\u2013Billable", "NONBILLABLE"),
        ("no_charge", "No Charge"),
        ("  Closed ", "closed"),
        ("Fa\u00df", "FASS"),
    ],
)
def test_names_are_compared_without_case_spaces_and_dashes(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("Billable", "Non-Billable"), ("Closed", "Not Closed"), ("", "Closed")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Resolved", Due.YES),
        ("Invoiced", Due.YES),
        ("closed", Due.YES),
        ("COMPLETED", Due.YES),
        ("Non-Billable", Due.NEVER),
        ("Non Billable", Due.NEVER),
        ("no charge", Due.NEVER),
        ("In Progress", Due.NOT_YET),
        ("Not Closed", Due.NOT_YET),
        ("", Due.YES),  # nobody can tell: see what the ticket claims
    ],
)
def test_the_status_tells_whether_an_invoice_is_due(status: str, expected: Due) -> None:
    assert due(ticket(status=status)) is expected
    assert due(unread(ticket(status=status))) is expected


def test_a_resolved_date_finishes_a_ticket_of_any_status() -> None:
    assert due(ticket(status="Waiting", resolved_at="2026-05-01T09:00:00Z")) is Due.YES


def test_a_resolved_date_in_the_detail_alone_counts() -> None:
    shown = ticket(status="Waiting")
    assert shown.detail is not None
    resolved = TicketDetail.model_validate({**shown.detail.model_dump(), "resolved_at": "2026-05-01T09:00:00Z"})
    assert due(replace(shown, detail=resolved)) is Due.YES


def test_the_detail_s_status_is_the_fresher_one() -> None:
    shown = ticket(status="In Progress")
    assert shown.detail is not None
    assert due(replace(shown, detail=shown.detail.model_copy(update={"status": "Resolved"}))) is Due.YES
    assert due(replace(shown, detail=shown.detail.model_copy(update={"status": ""}))) is Due.NOT_YET


@pytest.mark.parametrize(
    ("fields", "policy", "label"),
    [
        ({"billing_status": "Do not bill"}, Policy(non_billable_billing_statuses=("do-not-bill",)), "billing_status"),
        ({"tag_list": ["vip", "Warranty"]}, Policy(non_billable_tags=("warranty",)), "tag"),
        ({"ticket_type_name": "Internal"}, Policy(non_billable_ticket_types=("INTERNAL",)), "ticket_type"),
        ({"problem_type": "Internal"}, Policy(non_billable_problem_types=("internal",)), "problem_type"),
        ({"status": "Goodwill"}, Policy(non_billable_statuses=("goodwill",)), "status"),
    ],
)
def test_each_label_can_say_that_no_invoice_is_expected_and_is_named(
    fields: dict[str, Any], policy: Policy, label: str
) -> None:
    said = expectation(ticket(**fields), policy)
    value = next(iter(fields.values()))
    setting = f"NON_BILLABLE_{label}{'es' if label.endswith('s') else 's'}".upper()
    assert said == Expectation(Due.NEVER, Ground(label), value[-1] if isinstance(value, list) else value, setting)
    assert due(ticket(**{"status": "Resolved", **fields, **dict.fromkeys(fields, "other")}), policy) is not Due.NEVER


@pytest.mark.parametrize(("status", "expected"), [("Resolved", Due.YES), ("New", Due.NOT_YET)])
def test_otherwise_the_status_tells_whether_the_work_is_finished(status: str, expected: Due) -> None:
    assert expectation(ticket(status=status), DEFAULT) == Expectation(
        expected, Ground.STATUS, status, "FINISHED_STATUSES"
    )


def test_non_billable_is_said_before_unfinished() -> None:
    assert due(ticket(status="Open", tag_list=["free"]), Policy(non_billable_tags=("free",))) is Due.NEVER


# --- time and charges ---


@pytest.mark.parametrize(
    ("timers", "charges", "expected"),
    [
        ([], [], Due.YES),  # no timers at all prove nothing: the incident
        ([{"billable": False}], [], Due.NEVER),
        ([{"billable": False}, {"billable": False}], [], Due.NEVER),
        ([{"billable": False}, {"billable": True}], [], Due.YES),
        ([{"billable": None}], [], Due.YES),
        ([{"billable": False}], [CHARGE], Due.YES),
        ([{"billable": False}], [{**CHARGE, "price_retail": 0}], Due.NEVER),
        ([{"billable": False}], [{**CHARGE, "converted": True, "item_id": 5}], Due.NEVER),
    ],
)
def test_only_time_that_nobody_bills_and_no_priced_charge_means_non_billable(
    timers: list[dict[str, Any]], charges: list[dict[str, Any]], expected: Due
) -> None:
    assert due(ticket(timers=timers, charges=charges)) is expected


def test_without_the_detail_time_proves_nothing() -> None:
    assert due(unread(ticket(timers=[{"billable": False}]))) is Due.YES


@pytest.mark.parametrize(
    ("charges", "amount"),
    [
        ([], "0.00"),
        ([CHARGE], "150.00"),
        ([CHARGE, {"price_retail": "12.345"}], "162.34"),
        ([{**CHARGE, "converted": True}], "0.00"),
        ([{**CHARGE, "converted": False, "item_id": 5}], "150.00"),
        ([{"price_retail": -10}, {"price_retail": 10}], "0.00"),
    ],
)
def test_unbilled_charges_are_those_not_converted(charges: list[dict[str, Any]], amount: str) -> None:
    assert str(unbilled(ticket(charges=charges)).charges) == amount


@pytest.mark.parametrize(
    "odd",
    [
        {"converted": None},
        {"converted": "maybe"},
        {"converted": None, "item_id": 6},
        {"price_retail": "abc"},
        {"price_retail": "NaN"},
        {"price_retail": {"amount": 75}},
        {"price_retail": None},
        {"quantity": "two"},
    ],
)
def test_what_a_charge_leaves_open_is_not_known_and_is_said(odd: dict[str, Any]) -> None:
    of = ticket(charges=[CHARGE, {**CHARGE, **odd}])
    assert unbilled(of).charges is None
    assert len(doubts(of)) == 1


@pytest.mark.parametrize("settled", [{"converted": True}, {"converted": None, "item_id": 5}])
def test_of_a_charge_that_is_billed_for_sure_nothing_else_matters(settled: dict[str, Any]) -> None:
    of = ticket(charges=[CHARGE, {**CHARGE, "price_retail": "abc", **settled}])
    assert (unbilled(of, frozenset({"5"})).charges, doubts(of, frozenset({"5"}))) == (Decimal("150.00"), ())


def test_a_charge_that_is_not_converted_is_pending_whatever_line_it_names() -> None:
    of = ticket(charges=[{**CHARGE, "converted": False, "item_id": 5}])
    assert of.converted_items == frozenset()
    assert unbilled(of, frozenset({"5"})).charges == Decimal("150.00")


@pytest.mark.parametrize("converted", [None, False])
def test_only_converted_charges_name_invoice_lines(converted: bool | None) -> None:
    charges = [{**CHARGE, "converted": True, "item_id": 4}, {**CHARGE, "converted": converted, "item_id": 5}]
    assert ticket(charges=charges).converted_items == {"4"}


@pytest.mark.parametrize(
    ("odd", "minutes"),
    [
        ({"billable": None}, None),
        ({"billable": "maybe"}, None),
        ({"billable": True, "recorded": None}, None),
        ({"billable": False, "recorded": None}, 90),
        ({"billable": None, "recorded": True}, 90),
        ({"billable": None, "ticket_line_item_id": 4}, 90),
    ],
)
def test_what_a_time_entry_leaves_open_is_not_known_and_is_said(odd: dict[str, Any], minutes: int | None) -> None:
    of = ticket(timers=[{**TIMER, "billable": True}, {**TIMER, **odd}])
    assert unbilled(of).minutes == minutes
    assert len(doubts(of)) == (minutes is None)


def test_time_that_may_be_billable_is_not_taken_for_free() -> None:
    free = {**TIMER, "billable": False}
    assert due(ticket(timers=[free, {**TIMER, "billable": None}])) is Due.YES
    assert due(ticket(timers=[free], charges=[{**CHARGE, "converted": None}])) is Due.YES
    assert due(ticket(timers=[free], charges=[{**CHARGE, "price_retail": "abc"}])) is Due.YES


@pytest.mark.parametrize(
    ("row", "charge", "claimed"),
    [
        ({"billing_status": "Invoiced"}, {}, 1),
        ({"billing_status": "fully-invoiced"}, {}, 1),
        ({"billing_status": "Not invoiced"}, {}, 0),
        ({"billing_status": "Ready to be invoiced"}, {}, 0),
        ({"billing_status": ""}, {}, 0),
        ({"status": "Invoiced"}, {}, 0),  # set by people
        ({}, {"converted": True}, 1),
        ({}, {"converted": True, "item_id": 5}, 0),  # the search looks for that line
        ({}, {"converted": False}, 0),
        ({"status": ""}, {}, 1),
        ({"status": "", "resolved_at": "2026-05-01T09:00:00Z"}, {}, 0),
    ],
)
def test_what_the_ticket_itself_says_of_an_invoice_is_a_claim(
    row: dict[str, Any], charge: dict[str, Any], claimed: int
) -> None:
    assert len(claims(ticket(charges=[{**CHARGE, **charge}], **row))) == claimed


@pytest.mark.parametrize(
    ("timer", "minutes"),
    [
        ({"billable": True}, 90),
        ({"billable": False}, 0),
        ({"billable": True, "recorded": True}, 0),
        ({"billable": True, "ticket_line_item_id": 4}, 0),
        ({"billable": True, "end_time": None}, 0),
        ({"billable": True, "start_time": "soon"}, None),
        ({"billable": True, "start_time": "2026-05-02T09:00:00Z"}, None),
        ({"billable": True, "billable_time": 9999}, 90),
    ],
)
def test_uncharged_time_is_billable_time_from_start_to_end_that_became_no_charge(
    timer: dict[str, Any], minutes: int | None
) -> None:
    assert unbilled(ticket(timers=[{**TIMER, **timer}])).minutes == minutes


def test_seconds_add_up_before_they_become_minutes() -> None:
    short = {"billable": True, "start_time": "2026-05-01T09:00:00Z", "end_time": "2026-05-01T09:00:40Z"}
    assert unbilled(ticket(timers=[short, short, short])).minutes == 2


def test_unread_charges_and_time_are_not_guessed() -> None:
    nothing = unbilled(unread(ticket(charges=[CHARGE], timers=[{**TIMER, "billable": True}])))
    assert (nothing.charges, nothing.minutes) == (None, None)
