"""What a digest is made of: each rule on its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.billing.decide import SyncroPages, decide
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.policy import Ticket
from bot.billing.rules.verdicts import Due, Expectation, Ground, Verdict, WarningEnding
from bot.billing.search.evidence import Case, Evidence
from bot.digest.model import TREND_RUNS, AgeBand, Digest, DigestTicket, History, Pickup, Settled, TrendPoint
from bot.digest.pickups import pickup
from bot.syncro.models import Schedule, TicketDetail, TicketRow

from .factory import (
    AT_NINE,
    FRIDAY,
    MONDAY,
    ZONE,
    a_digest,
    any_digest,
    audited,
    history,
    mark,
    second_run,
    snooze,
    standing,
)


def numbers(lines: tuple[DigestTicket, ...]) -> list[str]:
    return [line.finding.ticket_number for line in lines]


# Money


def test_money_at_risk_is_charges_and_time_of_unbilled_tickets_only() -> None:
    digest = a_digest(
        audited(number="1", charges="180.00", minutes=90),
        audited(number="2", charges="0.10"),
        audited(Verdict.PARTIALLY_INVOICED, "3", charges="500.00", minutes=60),
        audited(Verdict.SCHEDULED, "4", charges="700.00"),
        audited(Verdict.UNVERIFIED, "5", charges="900.00"),
        audited(Verdict.INVOICED, "6", minutes=600),
        audited(Verdict.OPEN, "7", minutes=600),
    )
    assert digest.at_risk == Decimal("360.10")


def test_time_is_worth_nothing_that_is_known_without_a_labor_rate() -> None:
    digest = a_digest(audited(charges="180.00", minutes=90), labor_rate=None)
    assert digest.at_risk == Decimal("180.00")


@pytest.mark.parametrize(
    ("minutes", "rate", "expected"),
    [(1, "100", "1.67"), (10, "99.99", "16.67"), (3, "0.10", "0.01"), (20, "125", "41.67"), (0, "120", "0.00")],
)
def test_time_is_money_to_the_cent_half_a_cent_rounded_up(minutes: int, rate: str, expected: str) -> None:
    digest = a_digest(audited(charges="0.00", minutes=minutes), labor_rate=Decimal(rate))
    assert str(digest.at_risk) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.decimals(0, 10**5, places=2), st.integers(0, 5_000)), max_size=12),
    st.none() | st.decimals(0, 500, places=2),
)
def test_the_total_is_what_a_reader_gets_who_adds_up_the_rows(
    work: list[tuple[Decimal, int]], rate: Decimal | None
) -> None:
    tickets = [audited(number=str(n), charges=str(c), minutes=m) for n, (c, m) in enumerate(work, start=1)]
    digest = a_digest(*tickets, labor_rate=rate)
    amounts = [line.amount for line in digest.tickets]
    assert digest.at_risk == sum(amounts, Decimal(0))
    assert all(amount.as_tuple().exponent == -2 for amount in amounts)
    exact = sum((charges + (Decimal(minutes) * (rate or 0)) / 60 for charges, minutes in work), Decimal(0))
    assert abs(digest.at_risk - exact) <= Decimal("0.005") * len(work)


# New, still open, resolved


def test_on_the_first_run_everything_is_backlog_and_nothing_is_new() -> None:
    digest = a_digest(audited(number="1"), audited(number="2"))
    assert digest.is_first
    assert digest.new == ()
    assert numbers(digest.still_open) == ["1", "2"]


def test_new_is_what_no_earlier_run_named_and_still_open_keeps_the_day_of_its_first_warning() -> None:
    digest = a_digest(audited(number="1"), audited(number="2"), remembered=history(standing("2")))
    assert numbers(digest.new) == ["1"]
    assert numbers(digest.still_open) == ["2"]
    assert [line.first_said for line in digest.unbilled] == [MONDAY, date(2026, 11, 12)]


@pytest.mark.parametrize(
    ("verdict", "ending", "number"),
    [
        (Verdict.INVOICED, WarningEnding.INVOICED, "67469"),
        (Verdict.PARTIALLY_INVOICED, WarningEnding.INVOICED, "67469"),
        (Verdict.SCHEDULED, WarningEnding.SCHEDULED, None),
        (Verdict.NON_BILLABLE, WarningEnding.NON_BILLABLE, None),
        (Verdict.OPEN, WarningEnding.REOPENED, None),
        (Verdict.NOT_FOUND, WarningEnding.GONE, None),
    ],
)
def test_a_warning_is_resolved_when_its_ticket_was_looked_at_and_is_unbilled_no_more(
    verdict: Verdict, ending: WarningEnding, number: str | None
) -> None:
    digest = a_digest(audited(verdict, "1"), remembered=history(standing("1")))
    (resolved,) = digest.resolved
    assert (resolved.ending, resolved.invoice_number) == (ending, number)
    assert resolved.finding is not None
    assert digest.not_checked == ()


@pytest.mark.parametrize("verdict", [Verdict.NOT_INVOICED, Verdict.UNVERIFIED])
def test_a_warning_that_is_proved_again_or_could_not_be_verified_goes_on_standing(verdict: Verdict) -> None:
    digest = a_digest(audited(verdict, "1"), remembered=history(standing("1")))
    assert digest.resolved == ()
    assert digest.not_checked == ()
    (line,) = digest.unbilled or digest.of(Verdict.UNVERIFIED)
    assert line.first_said == date(2026, 11, 12)


def test_a_ticket_that_could_not_even_be_looked_up_keeps_its_warning() -> None:
    doubt = audited(Verdict.UNVERIFIED, "1", ticket_id=None, ticket_url=None)
    digest = a_digest(doubt, remembered=history(standing("1")))
    assert digest.resolved == ()
    assert digest.of(Verdict.UNVERIFIED)[0].first_said == date(2026, 11, 12)


def test_a_warning_whose_ticket_was_not_looked_at_is_neither_resolved_nor_dropped() -> None:
    digest = a_digest(audited(number="2"), remembered=history(standing("1")))
    assert digest.resolved == ()
    assert [known.ticket_number for known in digest.not_checked] == ["1"]


@pytest.mark.parametrize("verdict", [Verdict.INVOICED, Verdict.UNVERIFIED, None])
def test_a_warning_that_was_found_to_be_billed_between_two_digests_is_recovered_in_the_next(
    verdict: Verdict | None,
) -> None:
    remembered = history(settled=(Settled(standing("1"), "67480"),))
    digest = a_digest(*([audited(verdict, "1")] if verdict else []), remembered=remembered)
    (resolved,) = digest.resolved
    assert (resolved.ending, resolved.amount) == (WarningEnding.INVOICED, Decimal("180.00"))
    assert resolved.invoice_number == ("67469" if verdict is Verdict.INVOICED else "67480")
    assert digest.not_checked == ()


def test_one_that_is_on_no_invoice_after_all_is_new_again_and_not_recovered() -> None:
    digest = a_digest(audited(number="1"), remembered=history(settled=(Settled(standing("1"), "67480"),)))
    assert digest.resolved == ()
    assert numbers(digest.new) == ["1"]


def test_one_that_stands_again_is_recovered_once() -> None:
    again = history(standing("1"), settled=(Settled(standing("1"), "67480"),))
    assert len(a_digest(audited(Verdict.INVOICED, "1"), remembered=again).resolved) == 1


@pytest.mark.parametrize(
    ("charges", "minutes", "rate", "recovered"),
    [("0.00", 0, None, "180.00"), ("50.00", 0, None, "130.00"), ("0.00", 60, "100", "80.00"), ("500.00", 0, None, "0")],
)
def test_recovered_is_what_was_at_risk_less_what_still_is(
    charges: str, minutes: int, rate: str | None, recovered: str
) -> None:
    found = audited(Verdict.PARTIALLY_INVOICED, "1", charges=charges, minutes=minutes)
    digest = a_digest(found, remembered=history(standing("1")), labor_rate=Decimal(rate) if rate else None)
    assert digest.resolved[0].amount == Decimal(recovered)


def test_after_a_digest_that_somebody_asked_for_the_next_is_not_the_first() -> None:
    digest = a_digest(audited(number="1"), audited(number="2"), remembered=History((standing("1"),), has_warned=True))
    assert (digest.is_first, digest.previous) == (False, None)
    assert (numbers(digest.new), numbers(digest.still_open)) == (["2"], ["1"])


def test_another_ticket_with_the_number_of_a_warning_does_not_resolve_it() -> None:
    other = audited(Verdict.INVOICED, "1", ticket_id="777")
    digest = a_digest(other, remembered=history(standing("1")))
    assert digest.resolved == ()
    assert [known.ticket_number for known in digest.not_checked] == ["1"]


# Snoozed and marked


def test_a_snoozed_ticket_is_put_aside_with_its_reason_until_its_time() -> None:
    digest = a_digest(audited(number="1"), remembered=history(standing("1"), snoozes=(snooze("1"),)))
    assert digest.at_risk == 0
    assert [*digest.unbilled, *digest.resolved, *digest.not_checked] == []
    (line,) = digest.snoozed
    assert line.snooze is not None
    assert (line.snooze.reason, line.first_said) == ("customer pays on delivery", date(2026, 11, 12))
    assert digest.counts[Verdict.NOT_INVOICED] == 1


def test_a_snooze_that_has_run_out_counts_no_more() -> None:
    digest = a_digest(audited(number="1"), remembered=history(snoozes=(snooze("1", until=AT_NINE),)))
    assert numbers(digest.unbilled) == ["1"]
    assert digest.snoozed == ()


def test_the_last_snooze_of_a_ticket_is_the_one_that_counts() -> None:
    long = snooze("1", at=AT_NINE - timedelta(days=2))
    ended = snooze("1", until=AT_NINE - timedelta(hours=1), at=AT_NINE - timedelta(days=1))
    digest = a_digest(audited(number="1"), remembered=history(snoozes=(ended, long)))
    assert numbers(digest.unbilled) == ["1"]


def test_a_marked_ticket_is_listed_as_marked_even_when_it_is_snoozed_too() -> None:
    digest = a_digest(audited(number="1"), remembered=history(marks=(mark("1"),), snoozes=(snooze("1"),)))
    assert numbers(digest.marked) == ["1"]
    assert digest.at_risk == 0
    assert [*digest.unbilled, *digest.snoozed] == []


def test_a_mark_or_a_snooze_hides_nothing_but_a_proved_warning() -> None:
    remembered = history(marks=(mark("1"),), snoozes=(snooze("2"),))
    digest = a_digest(audited(Verdict.UNVERIFIED, "1"), audited(Verdict.INVOICED, "2"), remembered=remembered)
    assert numbers(digest.of(Verdict.UNVERIFIED)) == ["1"]
    assert numbers(digest.accounted) == ["2"]


# Sections


def test_uncharged_time_is_listed_where_it_would_be_overlooked() -> None:
    digest = a_digest(*[audited(verdict, str(n), minutes=30) for n, verdict in enumerate(Verdict, start=1)])
    found = {line.finding.verdict for line in digest.uncharged_time}
    assert found == {Verdict.INVOICED, Verdict.PARTIALLY_INVOICED, Verdict.SCHEDULED}


def test_the_oldest_comes_first_and_an_unknown_age_last() -> None:
    digest = a_digest(
        audited(number="1", finished=None),
        audited(number="2", finished=datetime(2026, 11, 20, tzinfo=UTC)),
        audited(number="30", finished=datetime(2026, 9, 1, 15, tzinfo=UTC)),
        audited(number="4", finished=datetime(2026, 9, 1, 15, tzinfo=UTC)),
    )
    assert numbers(digest.unbilled) == ["4", "30", "2", "1"]
    assert [line.band for line in digest.unbilled[:3]] == [AgeBand.OLD, AgeBand.OLD, AgeBand.FRESH]
    assert not digest.unbilled[-1].age_known


def test_the_trend_holds_the_last_20_runs_and_this_one_is_the_last_of_them() -> None:
    runs = [TrendPoint(date(2026, 10, 1) + timedelta(days=n), n, Decimal(n)) for n in range(20)]
    digest = a_digest(audited(), remembered=history(trend=runs))
    assert len(digest.trend) == TREND_RUNS
    assert digest.trend[-1] == TrendPoint(MONDAY, 1, Decimal("180.00"))
    assert digest.previous == runs[-1]


def test_the_day_of_a_recurring_run_is_that_of_the_zone_and_a_bare_date_is_taken_at_its_word() -> None:
    def on(moment: datetime) -> date | None:
        return a_digest(audited(Verdict.SCHEDULED, scheduled_for=moment)).of(Verdict.SCHEDULED)[0].pickup_on

    assert on(datetime(2026, 12, 2, 4, 0, tzinfo=UTC)) == date(2026, 12, 1)
    assert on(datetime(2026, 12, 1, 0, 0, tzinfo=UTC)) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 20, 11, tzinfo=UTC), Pickup.OVERDUE),
        (datetime(2026, 11, 23, 11, tzinfo=UTC), Pickup.DATED),  # today's runs may take hours
        (datetime(2026, 12, 1, 11, tzinfo=UTC), Pickup.DATED),
        (None, Pickup.UNDATED),
    ],
)
def test_a_recurring_run_is_overdue_once_its_day_has_passed(moment: datetime | None, expected: Pickup) -> None:
    digest = a_digest(audited(Verdict.SCHEDULED, scheduled_for=moment))
    assert digest.of(Verdict.SCHEDULED)[0].pickup is expected


def test_a_paused_recurring_invoice_is_what_the_verdict_holds() -> None:
    row = TicketRow.model_validate({"id": 9, "number": 1, "status": "Resolved", "customer_id": 5})
    charge = {"id": 1, "price_retail": "100.0", "quantity": "1", "converted": False}
    detail = TicketDetail.model_validate({"id": 9, "number": 1, "ticket_timers": [], "line_items": [charge]})
    evidence = Evidence(TicketKeys(ticket_id="9", number="1"))
    evidence.schedules.append(
        Schedule.model_validate(
            {"id": 3, "name": "Care", "customer_id": 5, "paused": True, "invoice_unbilled_ticket_charges": True}
        )
    )
    case = Case(Ticket(row, detail), Expectation(Due.YES, Ground.STATUS, "Resolved"), evidence, None)
    finding = decide(case, SyncroPages("https://x.test"), AT_NINE)
    assert finding.verdict is Verdict.NOT_INVOICED
    assert pickup(finding, MONDAY, ZONE) == (Pickup.PAUSED, None)


# Any digest at all


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_digest())
def test_every_ticket_stands_in_exactly_one_section_and_no_warning_is_lost(digest: Digest) -> None:
    sections = (*digest.sections.values(), digest.snoozed, digest.marked, digest.accounted)
    named = [number for section in sections for number in numbers(section)]
    assert len(named) == len(set(named)) == digest.checked == sum(digest.counts.values())
    assert set(numbers(digest.new)) | set(numbers(digest.still_open)) == set(numbers(digest.unbilled))
    gone = {each.standing.ticket_number for each in digest.resolved}
    assert not gone & {known.ticket_number for known in digest.not_checked}
    assert not gone & set(numbers((*digest.unbilled, *digest.of(Verdict.UNVERIFIED), *digest.snoozed)))


def test_the_second_run_says_what_came_what_stayed_and_what_was_recovered() -> None:
    digest = second_run()
    assert (numbers(digest.new), numbers(digest.still_open)) == (["32233"], ["32231", "32232"])
    assert [(each.standing.ticket_number, each.invoice_number) for each in digest.resolved] == [("32229", "67501")]
    assert (digest.at_risk, digest.previous) == (Decimal("1070.00"), FRIDAY)


def test_an_empty_memory_is_a_first_run() -> None:
    assert History().is_first_run
    assert not history().is_first_run
