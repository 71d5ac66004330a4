"""The first table of what live accounts show: what decides whether an invoice is owed. A test for each row of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.decide import SyncroPages, decide
from bot.billing.rules.policy import NothingRecorded, Policy
from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.build import build_digest
from bot.digest.model import DigestTicket, History, Pickup
from bot.digest.pickups import pickup
from bot.words.finding_json import finding_as_json
from bot.words.reasons import reason
from tests.billing.factory import NOW, case, failed, invoice, linked, mentioned, schedule, scheduled, ticket, unread

PAGES = SyncroPages("https://sample.example")
HOUR = {"billable": True, "start_time": "2026-05-01T09:00:00Z", "end_time": "2026-05-01T10:00:00Z"}
FREE = {"name": "Warranty labour", "price_retail": 0}
PRICED = {"name": "Docking station", "price_retail": 150}
GOLD: dict[str, Any] = {"contract_id": 12, "contract_name": "Gold"}


def judged(policy: Policy | None = None, **of: Any) -> Finding:
    return decide(case(ticket(**of), policy=policy or Policy()), PAGES, NOW)


def test_labour_may_be_charges_or_timers_and_either_is_owed() -> None:
    works: list[dict[str, Any]] = [{"charges": [PRICED]}, {"timers": [HOUR]}, {"charges": [PRICED], "timers": [HOUR]}]
    for work in works:
        assert judged(**work).verdict is Verdict.NOT_INVOICED


def test_work_of_products_priced_0_owes_nothing() -> None:
    found = judged(charges=[FREE, FREE])
    assert (found.verdict, found.rule) == (Verdict.NON_BILLABLE, "ONLY_FREE_CHARGES")
    assert "its only charges are 0.00" in reason(found)


def test_a_free_charge_beside_billable_time_is_owed_and_both_are_said() -> None:
    found = judged(charges=[FREE], timers=[HOUR])
    assert found.verdict is Verdict.NOT_INVOICED
    assert "its only charges are 0.00" in reason(found)
    assert "1 h of time on it is billable and not yet charged" in reason(found)


def test_a_product_for_free_work_says_that_the_time_beside_it_is_free_and_both_are_said() -> None:
    found = judged(Policy(no_charge_products=("warranty-labour",)), charges=[FREE], timers=[HOUR])
    assert (found.verdict, found.rule) == (Verdict.NON_BILLABLE, "NO_CHARGE_PRODUCTS")
    assert "a charge of 0.00 for “Warranty labour”" in reason(found)
    assert "1 h of time on it is billable" in reason(found)


def test_time_that_became_a_free_charge_is_not_billable_time() -> None:
    charged = {**HOUR, "recorded": True, "ticket_line_item_id": 100}
    assert judged(charges=[FREE], timers=[charged]).verdict is Verdict.NON_BILLABLE


@pytest.mark.parametrize("name", ["Gold", "gold", "12", "*"])
def test_a_contract_covers_time_by_name_id_or_any(name: str) -> None:
    policy = Policy(covered_contracts=(name,))
    works: list[dict[str, Any]] = [{}, {"timers": [HOUR]}, {"charges": [FREE], "timers": [HOUR]}]
    for work in works:
        found = judged(policy, **work, **GOLD)
        assert (found.verdict, found.rule) == (Verdict.COVERED, "COVERED_CONTRACTS")
        assert "its contract “Gold” is a covered one" in reason(found)
    assert judged(policy, timers=[HOUR]).verdict is Verdict.NOT_INVOICED


def test_a_priced_charge_of_a_covered_ticket_is_owed() -> None:
    policy = Policy(covered_contracts=("*",), covered_customers=("7",))
    assert judged(policy, charges=[PRICED], timers=[HOUR], **GOLD).verdict is Verdict.NOT_INVOICED
    assert judged(policy, charges=[{**PRICED, "price_retail": "abc"}], **GOLD).verdict is Verdict.UNVERIFIED


def test_beside_an_owed_charge_the_time_of_a_covered_ticket_owes_nothing_all_the_same() -> None:
    found = judged(Policy(covered_contracts=("Gold",)), charges=[PRICED], timers=[HOUR], **GOLD)
    assert (found.unbilled.charges, found.unbilled.minutes) == (Decimal("150.00"), 0)
    assert "Its contract “Gold” covers its time, not a charge with a price." in reason(found)
    billed = case(ticket(charges=[FREE], timers=[HOUR], **GOLD), policy=Policy(covered_contracts=("Gold",)))
    assert decide(linked(billed, invoice()), PAGES, NOW).unbilled.minutes == 0
    assert judged(charges=[PRICED], timers=[HOUR], **GOLD).unbilled.minutes == 60


def test_the_provider_s_own_company_owes_nothing() -> None:
    for name in ("Own Company", "7"):
        policy = Policy(non_billable_customers=(name,))
        found = judged(policy, timers=[HOUR], customer_business_then_name="Own  company")
        assert (found.verdict, found.rule) == (Verdict.NON_BILLABLE, "NON_BILLABLE_CUSTOMERS")


def test_estimates_are_known_by_how_their_subject_begins() -> None:
    policy = Policy(non_billable_subjects=("EST:",))
    assert judged(policy, timers=[HOUR], subject="Est: new server").rule == "NON_BILLABLE_SUBJECTS"
    assert judged(policy, timers=[HOUR], subject="The EST: of last week").verdict is Verdict.NOT_INVOICED


def test_a_name_of_nothing_but_dashes_matches_nothing() -> None:
    policy = Policy(non_billable_subjects=("-",), covered_customers=("",))
    assert judged(policy, timers=[HOUR], subject="Server").verdict is Verdict.NOT_INVOICED


@pytest.mark.parametrize("status", ["Cancelled", "canceled", "Duplicate"])
def test_cancelled_tickets_are_never_invoiced(status: str) -> None:
    found = judged(status=status)
    assert (found.verdict, found.rule) == (Verdict.NON_BILLABLE, "NON_BILLABLE_STATUSES")
    assert "Charges of 150.00 on it are on no invoice" in reason(judged(status=status, charges=[PRICED]))


def test_nothing_recorded_is_another_sentence_than_unbilled() -> None:
    found = judged()
    assert (found.verdict, found.rule) == (Verdict.NOTHING_RECORDED, "NOTHING_RECORDED")
    assert "Nothing is recorded on this ticket. If work was done, record it." in reason(found)
    assert judged(charges=[PRICED]).unbilled.charges == Decimal("150.00")
    assert judged(Policy(nothing_recorded=NothingRecorded.WARN)).verdict is Verdict.NOT_INVOICED


def test_nothing_recorded_takes_the_whole_search_and_the_detail() -> None:
    assert decide(failed(case(ticket(), policy=Policy())), PAGES, NOW).verdict is Verdict.UNVERIFIED
    blind = case(unread(ticket()), failure="Reading ticket: sample.", policy=Policy())
    assert decide(blind, PAGES, NOW).verdict is Verdict.UNVERIFIED


def test_status_invoiced_proves_nothing_not_even_on_a_bare_ticket() -> None:
    found = judged(status="Invoiced")
    assert (found.verdict, found.contradiction, found.rule) == (Verdict.NOT_INVOICED, True, None)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "next_run",
    ["2026-06-01", "2026-06-01T00:00:00-05:00", "2026-06-01T00:00:00.000+13:00", "2026-06-01T00:00:00.000Z",
     "2026-06-01T06:00:00+13:00", "2026-06-01T23:30:00-08:00", "2026-06-01T06:00:00"],
)  # fmt: skip
def test_a_bare_date_or_midnight_is_that_day_in_every_zone_and_so_is_the_account_s_own(
    next_run: str, zone: str
) -> None:
    now = NOW.astimezone(ZoneInfo(zone))
    found = decide(scheduled(case(ticket(charges=[PRICED])), schedule(next_run)), PAGES, now)
    assert pickup(found, now.date(), ZoneInfo(zone)) == (Pickup.DATED, date(2026, 6, 1))
    assert "expected on the invoice of Mon 1 Jun (recurring invoice “Monthly”)" in reason(found)
    assert "does not show the schedule's own filters" in reason(found)


@pytest.mark.parametrize(("said", "paid"), [(True, True), ("false", False), (None, None)])
def test_an_answer_says_paid_or_unpaid_where_syncro_does(said: object, paid: bool | None) -> None:
    found = decide(linked(case(ticket()), invoice(is_paid=said)), PAGES, NOW)
    assert finding_as_json(found)["invoices"][0]["paid"] is paid


# --- prepaid hours ---


def prepaid(hours: str | None, *charges: dict[str, Any], **of: Any) -> DigestTicket:
    """The ticket's line in a digest, where so much is left of its customer's block."""
    waiting = case(ticket(charges=list(charges), **of), policy=Policy())
    waiting.evidence.prepaid_hours = None if hours is None else Decimal(hours)
    found = decide(waiting, PAGES, NOW)
    assert found.verdict is Verdict.NOT_INVOICED, "an invoice is owed: it draws the block down"
    made = build_digest([found], History(), day=NOW.date(), made_at=NOW, labor_rate=Decimal(90), zone=ZoneInfo("UTC"))
    return made.tickets[0]


LABOUR = {"name": "Remote support", "product_category": "Labor", "price_retail": 120, "quantity": "1.5"}


@pytest.mark.parametrize(
    ("work", "money", "hours"),
    [
        (LABOUR, "0.00", "1.5"),
        ({**LABOUR, "product_category": None, "name": "Emergency labour"}, "0.00", "1.5"),
        ({**LABOUR, "product_category": "Hardware", "name": "Stand for labour day"}, "180.00", "0"),
        ({**LABOUR, "product_category": "Prepay Hours"}, "180.00", "0"),
        ({**LABOUR, "product_category": None, "name": "Prepaid labor, 10 h"}, "180.00", "0"),
        (PRICED, "150.00", "0"),
    ],
)
def test_prepaid_hours_are_at_risk_instead_of_money_for_labour_and_for_nothing_else(
    work: dict[str, Any], money: str, hours: str
) -> None:
    line = prepaid("12.5", work)
    assert (line.amount, line.prepaid_hours) == (Decimal(money), Decimal(hours))


def test_an_emergency_at_one_and_a_half_times_the_quantity_draws_so_many_hours() -> None:
    line = prepaid("2", {**LABOUR, "quantity": "3"})
    assert (line.amount, line.prepaid_hours) == (Decimal("120.00"), Decimal(2))


def test_without_a_block_or_with_an_exhausted_one_labour_is_money() -> None:
    for hours in (None, "0"):
        assert (prepaid(hours, LABOUR).amount, prepaid(hours, LABOUR).prepaid_hours) == (Decimal("180.00"), Decimal(0))


def test_an_invoice_of_0_is_how_prepaid_hours_are_billed() -> None:
    billed = linked(case(ticket(charges=[ON_INVOICE])), invoice(lines=(5,), total="0.0"))
    billed.evidence.prepaid_hours = Decimal("12.5")
    found = decide(billed, PAGES, NOW)
    assert (found.verdict, found.concerns) == (Verdict.INVOICED, ())


# --- invoices that bill wrongly ---

ON_INVOICE = {**PRICED, "converted": True, "item_id": 5}


def kinds(found: Finding) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.kind.value, each.invoices) for each in found.concerns]


def test_a_missing_price_gives_an_invoice_of_0_that_is_said_loudly() -> None:
    found = decide(linked(case(ticket(charges=[ON_INVOICE])), invoice(lines=(5,), total="0.0")), PAGES, NOW)
    assert (found.verdict, kinds(found)) == (Verdict.INVOICED, [("zero_total", ("67469",))])
    free = case(ticket(charges=[{**FREE, "converted": True, "item_id": 5}]))
    assert kinds(decide(linked(free, invoice(lines=(5,), total="0.0")), PAGES, NOW)) == []


def test_an_invoice_that_was_created_with_its_lines_ignored_is_empty_and_bills_nothing() -> None:
    found = decide(mentioned(case(ticket(charges=[PRICED])), invoice(ticket_id=109554336, total="0.0")), PAGES, NOW)
    assert (found.verdict, kinds(found)) == (Verdict.UNVERIFIED, [("empty", ("67469",))])
    assert [each.number for each in found.possible] == ["67469"]


def test_a_record_that_was_doubled_names_both_invoices() -> None:
    twice = linked(linked(case(ticket()), invoice("67469")), invoice("67470"))
    found = decide(twice, PAGES, NOW)
    assert (found.verdict, kinds(found)) == (Verdict.INVOICED, [("billed_twice", ("67469", "67470"))])


def test_a_charge_on_its_own_invoice_is_billed_whether_or_not_syncro_marks_it_as_converted() -> None:
    line = {"id": 5, "item": "Docking station", "quantity": "1.0", "price": "150.0"}
    for charge in (PRICED, {**PRICED, "converted": True, "item_id": 5}):
        billed = linked(case(ticket(charges=[charge])), invoice(line_items=[line], total="150.0"))
        assert decide(billed, PAGES, NOW).verdict is Verdict.INVOICED
    other = linked(case(ticket(charges=[PRICED, PRICED])), invoice(line_items=[line], total="150.0"))
    assert decide(other, PAGES, NOW).unbilled.charges == Decimal("150.00"), "one line is one charge"


def test_a_recurring_invoice_is_looked_at_after_its_run() -> None:
    found = decide(scheduled(case(ticket(charges=[PRICED])), schedule("2026-05-01")), PAGES, NOW)
    assert (found.verdict, kinds(found)) == (Verdict.SCHEDULED, [("missed_run", ())])
    assert "That date has passed: look at it" in reason(found)


# --- the law ---

PRICES = st.sampled_from(["0", "0.00", "75.00", "0.01", None])
CHARGES = st.lists(
    st.builds(
        lambda price, name, quantity: {"price_retail": price, "name": name, "quantity": quantity},
        PRICES,
        st.sampled_from(["Labour", "Warranty labour"]),
        st.sampled_from(["1", "2.5"]),
    ),
    max_size=3,
)
TIMERS = st.lists(
    st.builds(lambda billable: {**HOUR, "billable": billable}, st.sampled_from([True, False, None])), max_size=2
)
POLICIES = st.builds(
    Policy,
    covered_customers=st.sampled_from([(), ("7",), ("8",)]),
    covered_contracts=st.sampled_from([(), ("Gold",), ("*",), ("Silver",)]),
    no_charge_products=st.sampled_from([(), ("Warranty labour",)]),
    nothing_recorded=st.sampled_from(NothingRecorded),
)
ALARMED = (Verdict.NOT_INVOICED, Verdict.UNVERIFIED)


@given(charges=CHARGES, timers=TIMERS, policy=POLICIES, has_contract=st.booleans())
def test_no_covered_ticket_is_accused_and_no_priced_charge_is_passed_over(
    charges: list[dict[str, Any]], timers: list[dict[str, Any]], policy: Policy, has_contract: bool
) -> None:
    found = judged(policy, charges=charges, timers=timers, **(GOLD if has_contract else {}))
    is_covered = "7" in policy.covered_customers or (has_contract and bool({"Gold", "*"} & {*policy.covered_contracts}))
    is_priced = any(charge["price_retail"] in ("75.00", "0.01") for charge in charges)
    is_unclear = any(charge["price_retail"] is None for charge in charges)
    if is_priced or is_unclear:
        assert found.verdict in ALARMED
    elif is_covered:
        assert found.verdict in (Verdict.COVERED, Verdict.NON_BILLABLE)
    if found.verdict is Verdict.NOTHING_RECORDED:
        assert not charges
        assert not timers
