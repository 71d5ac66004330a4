"""The close of a month: which month is meant, and figures that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.rules.verdicts import Finding, InvoiceLink, LinkKind, Verdict
from bot.billing.search.finished_tickets import Window
from bot.digest.close import (
    Close,
    EarlierClose,
    Figures,
    NotAMonthError,
    Remembered,
    close_month,
    month_named,
    window_of,
)
from bot.digest.model import History
from tests.digest.factory import a_digest, audited, standing

TODAY = date(2026, 11, 28)
NOVEMBER = date(2026, 11, 1)
WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))


def closed(
    *findings: Finding,
    earlier: EarlierClose | None = None,
    recovered: dict[str, Decimal] | None = None,
    elsewhere: dict[str, str] | None = None,
) -> Close:
    remembered = Remembered(settled=recovered or {}, earlier=earlier, elsewhere=elsewhere or {})
    return close_month(a_digest(*findings), WINDOW, NOVEMBER, remembered)


def invoice(number: str, total: str | None) -> InvoiceLink:
    return InvoiceLink(number, f"id {number}", LinkKind.TICKET_ID, None if total is None else Decimal(total), "")


def billed(ticket: str, *invoices: InvoiceLink) -> Finding:
    return replace(audited(Verdict.INVOICED, ticket), invoices=invoices)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-10", date(2026, 10, 1)),
        (" October ", date(2026, 10, 1)),
        ("nov", NOVEMBER),
        ("december", date(2025, 12, 1)),
        ("last  Month", date(2026, 10, 1)),
        ("this month", NOVEMBER),
        ("may", date(2026, 5, 1)),
        ("2024-02", date(2024, 2, 1)),
    ],
)
def test_a_month_is_named_by_its_number_or_by_its_name_which_is_the_last_that_began(text: str, month: date) -> None:
    assert month_named(text, TODAY) == month


@pytest.mark.parametrize(
    "text", ["", "oct 2026", "2026-13", "10", "2026-10-01", "2026-12", "2027-01", "0001-01", "last year", "…"]
)
def test_what_is_no_month_that_began_is_refused_in_words(text: str) -> None:
    with pytest.raises(
        NotAMonthError, match=r"(no month|Which month).*Write it as|not begun: name an earlier|too long ago"
    ):
        month_named(text, TODAY)


@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.sampled_from(["UTC", "America/Chicago", "Pacific/Auckland", "America/Sao_Paulo"]),
)
def test_two_months_share_no_moment_and_leave_none_between_them(day: date, name: str) -> None:
    zone, now = ZoneInfo(name), datetime(2040, 1, 1, tzinfo=UTC)
    first = day.replace(day=1)
    second = (first + timedelta(days=40)).replace(day=1)
    until, since = window_of(first, zone, now).until, window_of(second, zone, now).since
    assert since.astimezone(UTC) - until.astimezone(UTC) == timedelta(microseconds=1)


def test_an_invoice_of_several_tickets_counts_once_and_every_sum_is_that_of_the_lines() -> None:
    combined = invoice("900", "150.00")
    close = closed(
        billed("1", combined),
        billed("2", combined, invoice("901", "20.00")),
        billed("3", invoice("902", None)),
        audited(Verdict.NOT_INVOICED, "4", charges="80.00"),
        audited(Verdict.UNVERIFIED, "5", charges="999.00"),
    )
    whole = close.whole.figures
    assert (whole.billed, whole.at_risk) == (Decimal("170.00"), Decimal("80.00"))
    assert close.unknown_totals == ("902",)
    for sums in (close.by_verdict, close.by_customer, close.by_technician):
        assert sum(each.tickets for each in sums) == close.whole.tickets == 5
        assert sum((each.figures for each in sums), Figures()) == whole
    assert [line.finding.ticket_number for line in close.not_proved] == ["5"]


def test_only_tickets_of_the_month_count_as_recovered() -> None:
    ours = billed("1", invoice("900", "10.00"))
    recovered = {ours.ticket_id or "": Decimal("7.50"), "another": Decimal(100)}
    assert closed(ours, recovered=recovered).whole.figures.recovered == Decimal("7.50")


def test_recovered_is_the_same_before_and_after_the_warning_was_taken_back_and_nothing_while_it_is_unbilled() -> None:
    ours = billed("1", invoice("900", "10.00"))
    before = close_month(a_digest(ours), WINDOW, NOVEMBER, Remembered(History((standing("1", "7.50"),))))
    after = closed(ours, recovered={"91": Decimal("7.50")})
    again_at_risk = closed(audited(Verdict.NOT_INVOICED, "1"), recovered={"91": Decimal("7.50")})
    assert before.kept == after.kept
    assert after.whole.figures.recovered == Decimal("7.50")
    assert again_at_risk.whole.figures.recovered == 0


def test_covered_time_has_its_hours_and_its_worth_and_is_no_money_at_risk() -> None:
    close = closed(audited(Verdict.COVERED, "1", minutes=90), audited(Verdict.COVERED, "2", minutes=20))
    figures = close.whole.figures
    assert figures.as_json()["covered_hours"] == "1.83"
    assert (figures.covered, figures.at_risk) == (Decimal("220.00"), Decimal(0))  # at 120.00 an hour


def test_an_invoice_over_two_months_counts_in_one_close_and_the_other_names_it() -> None:
    shared, own = invoice("900", "150.00"), invoice("901", "20.00")
    close = closed(billed("1", shared), billed("2", shared, own), elsewhere={"id 900": "2026-10"})
    assert close.whole.figures.billed == Decimal("20.00")
    assert [(each.invoice.number, each.month) for each in close.elsewhere] == [("900", "2026-10")]
    assert [each.counted for each in close.kept] == [(), ("id 901",)]


def test_the_same_close_again_has_no_changes_and_another_names_each() -> None:
    first = closed(audited(Verdict.NOT_INVOICED, "1", charges="10.00"), billed("2", invoice("900", "5.00")))
    before = EarlierClose(first.made_at, first.kept)
    same = closed(
        audited(Verdict.NOT_INVOICED, "1", charges="10.00"), billed("2", invoice("900", "5.00")), earlier=before
    )
    assert same.changes == []
    other = closed(billed("1", invoice("901", "10.00")), audited(Verdict.COVERED, "3"), earlier=before)
    assert {each.ticket_number: each.in_words for each in other.changes} == {
        "1": "verdict NOT INVOICED, now invoiced; invoices none, now 901;"
        " billed 0.00, now 10.00; at risk 10.00, now 0.00",
        "2": "is not among the month's tickets any more",
        "3": "was not in it",
    }


def test_whatever_moves_a_sum_is_named_as_a_change() -> None:
    first = closed(audited(Verdict.NOT_INVOICED, "1", charges="10.00"))
    others: list[tuple[dict[str, Any], str]] = [
        ({"technician": "Ben Ode"}, "technician Anna Smith, now Ben Ode"),
        ({"customer": "Other"}, "customer Kittle, now Other"),
        ({"charges": "12.00"}, "at risk 10.00, now 12.00"),
    ]
    for other, words in others:
        now = audited(Verdict.NOT_INVOICED, "1", **{"charges": "10.00", **other})
        again = closed(now, earlier=EarlierClose(first.made_at, first.kept))
        assert [each.in_words for each in again.changes] == [words]
