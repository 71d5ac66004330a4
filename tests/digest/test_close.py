"""The close of a month: which month is meant, and figures that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.rules.verdicts import Finding, InvoiceLink, LinkKind, Verdict
from bot.billing.search.finished_tickets import Window
from bot.digest.close import Close, EarlierClose, NotAMonthError, close_month, month_named, window_of
from tests.digest.factory import a_digest, audited

TODAY = date(2026, 11, 28)
NOVEMBER = date(2026, 11, 1)
WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))


def closed(
    *findings: Finding, earlier: EarlierClose | None = None, recovered: dict[str, Decimal] | None = None
) -> Close:
    return close_month(a_digest(*findings), WINDOW, NOVEMBER, recovered or {}, earlier)


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
        ("may", date(2026, 5, 1)),
        ("2024-02", date(2024, 2, 1)),
    ],
)
def test_a_month_is_named_by_its_number_or_by_its_name_which_is_the_last_that_began(text: str, month: date) -> None:
    assert month_named(text, TODAY) == month


@pytest.mark.parametrize("text", ["", "oct 2026", "2026-13", "10", "2026-10-01", "2026-12", "2027-01", "…"])
def test_what_is_no_month_that_began_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotAMonthError, match=r"no month|not begun"):
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
    assert (close.whole.billed, close.whole.at_risk) == (Decimal("170.00"), Decimal("80.00"))
    assert close.unknown_totals == ("902",)
    for sums in (close.by_customer, close.by_technician):
        assert sum(each.tickets for each in sums) == close.whole.tickets == 5
        assert sum(each.billed for each in sums) == close.whole.billed
        assert sum(each.at_risk for each in sums) == close.whole.at_risk
    assert [line.finding.ticket_number for line in close.not_proved] == ["5"]


def test_only_tickets_of_the_month_count_as_recovered() -> None:
    ours = billed("1", invoice("900", "10.00"))
    recovered = {ours.ticket_id or "": Decimal("7.50"), "another": Decimal(100)}
    assert closed(ours, recovered=recovered).recovered == Decimal("7.50")


def test_the_same_close_again_has_no_changes_and_another_names_each() -> None:
    first = closed(audited(Verdict.NOT_INVOICED, "1", charges="10.00"), billed("2", invoice("900", "5.00")))
    before = EarlierClose(first.made_at, first.kept)
    same = closed(
        audited(Verdict.NOT_INVOICED, "1", charges="10.00"), billed("2", invoice("900", "5.00")), earlier=before
    )
    assert same.changes == []
    other = closed(billed("1", invoice("901", "10.00")), audited(Verdict.COVERED, "3"), earlier=before)
    told = {
        each.ticket_number: (each.before and each.before.in_words, each.now and each.now.in_words)
        for each in other.changes
    }
    assert told == {"1": ("not invoiced", "invoiced on 901"), "2": ("invoiced on 900", None), "3": (None, "covered")}
