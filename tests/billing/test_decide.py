"""The verdict's precedence: not found, a link, non-billable, open, unverified, scheduled, not invoiced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.billing.decide import SyncroPages, decide, lookup_failed, no_such_ticket
from bot.billing.rules.policy import Policy
from bot.billing.rules.verdicts import Finding, LinkKind, Verdict
from bot.billing.search.evidence import Case
from bot.digest.model import Pickup
from bot.digest.pickups import pickup
from bot.words.finding_json import finding_as_json
from bot.words.reasons import reason
from tests.billing.factory import (
    NOW,
    case,
    failed,
    invoice,
    linked,
    mentioned,
    schedule,
    scheduled,
    ticket,
    unread,
)

PAGES = SyncroPages("https://sample.example")
PENDING = {"price_retail": 75}
MONTHLY = schedule("2026-06-01T06:00:00Z")

Build = Callable[[], Case]


def finding(of: Case) -> Finding:
    return decide(of, PAGES, NOW)


def done() -> Case:
    return case(ticket())


def with_charge() -> Case:
    return case(ticket(charges=[PENDING]))


def bare() -> Case:
    return case(ticket(), policy=Policy())


def covered(**fields: Any) -> Case:
    return case(ticket(**fields), policy=Policy(covered_customers=("7",)))


def open_ticket() -> Case:
    return case(ticket(status="In Progress", charges=[PENDING]))


def free() -> Case:
    return case(ticket(status="Non-Billable", charges=[PENDING]))


PRECEDENCE: list[tuple[str, Build, Verdict]] = [
    ("nothing found", done, Verdict.NOT_INVOICED),
    ("pending charge", with_charge, Verdict.NOT_INVOICED),
    ("picked up", lambda: scheduled(with_charge(), MONTHLY), Verdict.SCHEDULED),
    ("nothing to pick up", lambda: scheduled(done(), MONTHLY), Verdict.NOT_INVOICED),
    ("read failed", lambda: failed(done()), Verdict.UNVERIFIED),
    ("read failed, schedule", lambda: failed(scheduled(with_charge(), MONTHLY)), Verdict.UNVERIFIED),
    ("mention", lambda: mentioned(done(), invoice()), Verdict.UNVERIFIED),
    ("mention, schedule", lambda: mentioned(scheduled(with_charge(), MONTHLY), invoice()), Verdict.UNVERIFIED),
    ("detail unread", lambda: case(unread(ticket()), failure="Reading ticket: sample."), Verdict.UNVERIFIED),
    ("nothing recorded", bare, Verdict.NOTHING_RECORDED),
    ("nothing recorded, schedule", lambda: scheduled(bare(), MONTHLY), Verdict.NOTHING_RECORDED),
    ("nothing recorded, read failed", lambda: failed(bare()), Verdict.UNVERIFIED),
    ("nothing recorded, mention", lambda: mentioned(bare(), invoice()), Verdict.UNVERIFIED),
    ("nothing recorded, link", lambda: linked(bare(), invoice()), Verdict.INVOICED),
    ("covered", covered, Verdict.COVERED),
    ("covered, read failed", lambda: failed(covered()), Verdict.COVERED),
    ("covered, pending", lambda: covered(charges=[PENDING]), Verdict.NOT_INVOICED),
    ("covered, pending, schedule", lambda: scheduled(covered(charges=[PENDING]), MONTHLY), Verdict.SCHEDULED),
    ("covered, open", lambda: covered(status="Open"), Verdict.OPEN),
    ("covered, non-billable", lambda: covered(status="Duplicate"), Verdict.NON_BILLABLE),
    ("covered, link", lambda: linked(covered(), invoice()), Verdict.INVOICED),
    ("open", open_ticket, Verdict.OPEN),
    ("open, read failed", lambda: failed(open_ticket()), Verdict.OPEN),
    ("open, mention, schedule", lambda: mentioned(scheduled(open_ticket(), MONTHLY), invoice()), Verdict.OPEN),
    ("non-billable", free, Verdict.NON_BILLABLE),
    ("non-billable, read failed", lambda: failed(free()), Verdict.NON_BILLABLE),
    ("non-billable, schedule", lambda: scheduled(free(), MONTHLY), Verdict.NON_BILLABLE),
    ("link", lambda: linked(done(), invoice()), Verdict.INVOICED),
    ("link, read failed", lambda: failed(linked(done(), invoice())), Verdict.INVOICED),
    ("link, mention", lambda: mentioned(linked(done(), invoice()), invoice("7")), Verdict.INVOICED),
    ("link, open", lambda: linked(case(ticket(status="Open")), invoice()), Verdict.INVOICED),
    ("link, non-billable", lambda: linked(case(ticket(status="No Charge")), invoice()), Verdict.INVOICED),
    ("link, pending", lambda: linked(with_charge(), invoice()), Verdict.PARTIALLY_INVOICED),
    ("link, pending, schedule", lambda: scheduled(linked(with_charge(), invoice()), MONTHLY),
     Verdict.PARTIALLY_INVOICED),
    ("link, non-billable, pending", lambda: linked(free(), invoice()), Verdict.PARTIALLY_INVOICED),
    ("link, detail unread", lambda: linked(case(unread(ticket()), failure="sample"), invoice()), Verdict.INVOICED),
]  # fmt: skip


@pytest.mark.parametrize(("name", "build", "verdict"), PRECEDENCE, ids=[name for name, _, _ in PRECEDENCE])
def test_the_verdict_follows_the_precedence(name: str, build: Build, verdict: Verdict) -> None:
    given = finding(build())
    assert given.verdict is verdict, name
    assert reason(given)
    assert (given.ticket_number, given.ticket_id, given.checked_at) == ("32223", "109554336", NOW)
    assert given.ticket_url == "https://sample.example/tickets/109554336"


def test_each_verdict_but_not_found_stands_in_the_table() -> None:
    assert {verdict for _, _, verdict in PRECEDENCE} == set(Verdict) - {Verdict.NOT_FOUND}


def test_a_number_that_syncro_does_not_know_is_not_found() -> None:
    given = no_such_ticket("32399", NOW)
    assert (given.verdict, given.ticket_number, given.coverage.complete) == (Verdict.NOT_FOUND, "32399", True)


def test_a_ticket_that_could_not_be_looked_up_is_unverified_and_says_why() -> None:
    given = lookup_failed("32223", "Reading sample: sample.", NOW)
    assert (given.verdict, given.coverage.complete) == (Verdict.UNVERIFIED, False)
    assert given.failures == ("Reading sample: sample.",)
    assert "Reading sample: sample." in reason(given)


# --- what is said with it ---


def test_a_link_names_the_invoice_and_how_it_bills() -> None:
    given = finding(linked(done(), invoice(), LinkKind.LINE_ITEM))
    (link,) = given.invoices
    assert (link.number, link.id, link.link, link.total) == ("67469", "76469", LinkKind.LINE_ITEM, Decimal("75.0"))
    assert link.url == "https://sample.example/invoices/76469"
    assert link.billed_to == ""
    assert reason(given) == "Invoice 67469 carries a charge of this ticket."


def test_links_stand_strongest_first_and_once_each() -> None:
    of = linked(done(), invoice("3"), LinkKind.LINE_TEXT)
    linked(linked(linked(of, invoice("2")), invoice("1"), LinkKind.LINE_ITEM), invoice("3"), LinkKind.LINE_TEXT)
    assert [link.number for link in finding(of).invoices] == ["2", "1", "3"]


def test_an_invoice_of_another_customer_says_whose_it_is() -> None:
    elsewhere = invoice(customer_id=8, customer_business_then_name="Sample Landlord")
    assert finding(linked(done(), elsewhere)).invoices[0].billed_to == "Sample Landlord"


def test_what_is_left_is_said_beside_a_link() -> None:
    timer = {"billable": True, "start_time": "2026-05-01T09:00:00Z", "end_time": "2026-05-01T10:00:00Z"}
    of = case(ticket(charges=[PENDING, {"price_retail": 5, "converted": True, "item_id": 11}], timers=[timer]))
    given = finding(linked(of, invoice(lines=(11,)), LinkKind.LINE_ITEM))
    assert given.verdict is Verdict.PARTIALLY_INVOICED
    assert (given.unbilled.charges, given.unbilled.minutes) == (Decimal("75.00"), 60)
    assert "Charges of 75.00" in reason(given)
    assert "1 h of time is not yet charged" in reason(given)


def test_time_alone_does_not_make_a_ticket_partially_invoiced() -> None:
    timer = {"billable": True, "start_time": "2026-05-01T09:00:00Z", "end_time": "2026-05-01T10:00:00Z"}
    assert finding(linked(case(ticket(timers=[timer])), invoice())).verdict is Verdict.INVOICED


def test_a_charge_on_the_found_invoice_is_billed_though_its_flag_cannot_be_read() -> None:
    of = case(ticket(charges=[{**PENDING, "converted": None, "item_id": 11}]))
    assert finding(linked(of, invoice(lines=(11,)), LinkKind.LINE_ITEM)).verdict is Verdict.INVOICED


def test_a_link_whose_ticket_detail_is_unread_says_that_more_may_be_unbilled() -> None:
    given = finding(linked(case(unread(ticket()), failure="sample"), invoice()))
    assert given.verdict is Verdict.INVOICED
    assert "could not be read" in reason(given)
    assert (given.coverage.complete, given.failures, given.rest_is_unknown) == (False, ("sample",), True)
    assert (given.unbilled.charges, given.unbilled.minutes) == (None, None)
    shown = finding_as_json(given)
    assert shown["unbilled"] == {"minutes": None, "charges": None}
    assert shown["coverage"]["complete"] is False


UNCLEAR_CHARGES: list[dict[str, Any]] = [
    {"converted": None},
    {"converted": "maybe"},
    {"price_retail": "abc"},
    {"quantity": []},
]
UNCLEAR_TIMERS: list[dict[str, Any]] = [
    {"billable": None},
    {"billable": "perhaps"},
    {"billable": True, "recorded": None},
]
UNCLEAR: list[dict[str, Any]] = [
    *({"charges": [{**PENDING, **odd}]} for odd in UNCLEAR_CHARGES),
    *({"timers": [odd]} for odd in UNCLEAR_TIMERS),
]


@pytest.mark.parametrize("odd", UNCLEAR)
def test_what_cannot_be_read_of_charges_and_time_is_could_not_verify_with_its_reason(odd: dict[str, Any]) -> None:
    given = finding(case(ticket(**odd)))
    assert (given.verdict, given.coverage.complete) == (Verdict.UNVERIFIED, False)
    assert "Syncro does not say clearly" in reason(given)
    assert None in (given.unbilled.charges, given.unbilled.minutes)
    assert finding(scheduled(case(ticket(**odd)), MONTHLY)).verdict is Verdict.UNVERIFIED


NO_TIMES: list[dict[str, Any]] = [
    {"billable": True, **times}
    for times in (
        {},
        {"start_time": "soon", "end_time": "2026-05-01T10:00:00Z"},
        {"start_time": "2026-05-01T09:00:00Z", "end_time": "later"},
        {"active_duration": "an hour"},
    )
]


@pytest.mark.parametrize("odd", NO_TIMES)
def test_time_of_which_nobody_knows_how_long_it_took_is_no_zero_and_hides_no_missing_invoice(
    odd: dict[str, Any],
) -> None:
    given = finding(case(ticket(charges=[PENDING], timers=[odd])))
    assert (given.verdict, given.unbilled.minutes) == (Verdict.NOT_INVOICED, None)


@pytest.mark.parametrize("odd", [*UNCLEAR, *({"timers": [each]} for each in NO_TIMES)])
def test_a_found_link_stays_and_the_rest_that_cannot_be_read_is_said(odd: dict[str, Any]) -> None:
    given = finding(linked(case(ticket(**odd)), invoice()))
    assert (given.verdict, given.rest_is_unknown) == (Verdict.INVOICED, True)
    assert given.failures
    assert "could not be read" in reason(given)


@pytest.mark.parametrize("odd", UNCLEAR_CHARGES)
def test_a_charge_that_is_unbilled_for_sure_makes_it_partial_whatever_else_cannot_be_read(odd: dict[str, Any]) -> None:
    given = finding(linked(case(ticket(charges=[PENDING, {**PENDING, **odd}])), invoice()))
    assert (given.verdict, given.unbilled.charges, given.rest_is_unknown) == (Verdict.PARTIALLY_INVOICED, None, True)


@pytest.mark.parametrize("odd", UNCLEAR)
def test_where_no_invoice_is_due_anyway_nothing_hangs_on_what_cannot_be_read(odd: dict[str, Any]) -> None:
    for status, verdict in (("Non-Billable", Verdict.NON_BILLABLE), ("In Progress", Verdict.OPEN)):
        given = finding(case(ticket(status=status, **odd)))
        assert (given.verdict, given.failures, given.coverage.complete) == (verdict, (), True)


@pytest.mark.parametrize(
    "claiming", [{"billing_status": "Invoiced"}, {"charges": [{**PENDING, "converted": True, "item_id": None}]}]
)
def test_what_the_ticket_itself_says_of_an_invoice_contradicts_that_there_is_none(claiming: dict[str, Any]) -> None:
    given = finding(case(ticket(**claiming)))
    assert given.verdict is Verdict.UNVERIFIED
    assert reason(given) == given.failures[0]
    settled = finding(linked(case(ticket(**claiming)), invoice()))
    assert (settled.verdict, settled.failures) == (Verdict.INVOICED, ())


def test_status_invoiced_without_an_invoice_is_a_contradiction() -> None:
    given = finding(case(ticket(status="invoiced")))
    assert (given.verdict, given.contradiction) == (Verdict.NOT_INVOICED, True)
    assert "but no invoice bills it" in reason(given)


@pytest.mark.parametrize(
    "build",
    [
        done,
        lambda: linked(case(ticket(status="Invoiced")), invoice()),
        lambda: failed(case(ticket(status="Invoiced"))),
        lambda: scheduled(case(ticket(status="Invoiced", charges=[PENDING])), MONTHLY),
    ],
)
def test_nothing_else_is_a_contradiction(build: Build) -> None:
    assert not finding(build()).contradiction


def test_an_unverified_ticket_says_what_to_look_at_and_what_failed() -> None:
    of = mentioned(done(), invoice())
    for number in range(4):
        failed(of, f"Failure {number}.")
    given = finding(of)
    assert given.possible[0].number == "67469"
    assert given.possible[0].text == "Toner 32223"
    assert "Invoice 67469 may mean ticket 32223" in reason(given)
    assert "Failure 0. 3 more" in reason(given)
    assert given.failures == ("Failure 0.", "Failure 1.", "Failure 2.", "Failure 3.")
    assert not given.coverage.complete


def test_a_link_settles_it_so_no_failure_or_possibility_is_told() -> None:
    given = finding(mentioned(failed(linked(done(), invoice("7"))), invoice()))
    assert (given.failures, given.possible, given.coverage.complete) == ((), (), True)


# --- scheduled ---


def test_scheduled_names_the_recurring_invoice_and_its_date() -> None:
    given = finding(scheduled(with_charge(), MONTHLY))
    assert given.scheduled_for == MONTHLY.next_run
    assert given.schedule_name == "Monthly"
    assert "expected on the invoice of Mon 1 Jun (recurring invoice “Monthly”)" in reason(given)
    assert "Syncro does not show the schedule's own filters" in reason(given)


def test_the_next_run_of_several_counts() -> None:
    later, sooner = schedule("2026-07-01T06:00:00Z", name="later"), schedule("2026-05-05T06:00:00Z", name="sooner")
    given = finding(scheduled(with_charge(), schedule(None, name="undated"), later, sooner))
    assert given.schedule_name == "sooner"


def test_a_schedule_without_a_date_is_scheduled_without_a_date() -> None:
    given = finding(scheduled(with_charge(), schedule(None)))
    assert (given.verdict, given.scheduled_for) == (Verdict.SCHEDULED, None)
    assert "names no date" in reason(given)


def test_a_run_of_this_morning_may_still_be_under_way() -> None:
    given = finding(scheduled(with_charge(), schedule("2026-05-04T06:00:00Z")))
    assert given.verdict is Verdict.SCHEDULED


@pytest.mark.parametrize(
    ("long_ago", "said"), [("2026-04-01T06:00:00Z", "Wed 1 Apr"), ("2024-01-01T06:00:00Z", "Mon 1 Jan 2024")]
)
def test_a_run_whose_date_has_passed_is_still_scheduled_and_says_so(long_ago: str, said: str) -> None:
    stuck = finding(scheduled(with_charge(), schedule(long_ago)))
    assert stuck.verdict is Verdict.SCHEDULED
    assert stuck.scheduled_for is not None
    assert f"on the invoice of {said} " in reason(stuck)
    assert "That date has passed: look at it" in reason(stuck)


@pytest.mark.parametrize("own", [{"line_items": [], "total": "0"}, {"total": "-75.0"}])
def test_an_own_invoice_that_bills_nothing_is_called_that_and_not_a_perhaps(own: dict[str, Any]) -> None:
    given = finding(mentioned(with_charge(), invoice(ticket_id=109554336, **own)))
    assert given.verdict is Verdict.UNVERIFIED
    assert "Invoice 67469 is this ticket's and bills nothing: look at that invoice" in reason(given)


@pytest.mark.parametrize(("zone", "has_passed"), [("America/Los_Angeles", False), ("Pacific/Auckland", True)])
def test_a_date_has_passed_when_its_day_is_over_at_the_office_and_both_places_say_so(
    zone: str, *, has_passed: bool
) -> None:
    now = datetime(2026, 6, 2, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))
    given = decide(scheduled(with_charge(), schedule("2026-06-01")), PAGES, now)
    assert ("That date has passed" in reason(given)) is has_passed
    assert (pickup(given, now.date(), ZoneInfo(zone))[0] is Pickup.OVERDUE) is has_passed
    assert bool(given.concerns) is has_passed


def test_a_run_to_come_is_named_before_one_whose_date_has_passed() -> None:
    given = finding(scheduled(with_charge(), schedule("2026-04-01T06:00:00Z", name="stuck"), MONTHLY))
    assert given.schedule_name == "Monthly"


def test_a_paused_schedule_promises_nothing_and_is_named() -> None:
    given = finding(scheduled(with_charge(), schedule("2026-06-01T06:00:00Z", paused=True)))
    assert (given.verdict, given.scheduled_for, given.schedule_name) == (Verdict.NOT_INVOICED, None, "")
    assert given.paused_schedule == "Monthly"
    assert "Its recurring invoice “Monthly” is paused" in reason(given)


@pytest.mark.parametrize(
    "build", [done, lambda: failed(with_charge()), lambda: linked(with_charge(), invoice()), open_ticket]
)
def test_a_paused_schedule_is_named_only_where_it_keeps_charges_from_an_invoice(build: Build) -> None:
    paused = schedule("2026-06-01T06:00:00Z", paused=True)
    assert finding(scheduled(build(), paused)).paused_schedule is None


def test_a_schedule_that_picks_up_no_charges_promises_nothing() -> None:
    given = finding(scheduled(with_charge(), schedule("2026-06-01T06:00:00Z", picks_up=False)))
    assert given.verdict is Verdict.NOT_INVOICED
    assert "paused" not in reason(given)


def test_ids_are_escaped_in_addresses() -> None:
    assert PAGES.ticket("a/b?c") == "https://sample.example/tickets/a%2Fb%3Fc"
    assert PAGES.invoice("a/b?c") == "https://sample.example/invoices/a%2Fb%3Fc"
