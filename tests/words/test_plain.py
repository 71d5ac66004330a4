"""Money, time, lists and texts from outside, as every surface says them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given

from bot.words.plain import day_in_words, duration, listed, moment_in_words, money, one_line
from tests.messages.factory import untrusted


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (90, "1 h 30 min"), (1500, "25 h")]
)
def test_minutes_are_said_in_hours(minutes: int, said: str) -> None:
    assert duration(minutes) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [("75.0", "75.00"), ("1250", "1,250.00"), ("-3.5", "-3.50"), ("1E+999999", "an amount that makes no sense")],
)
def test_money_has_two_decimals(amount: str, said: str) -> None:
    assert money(Decimal(amount), "") == said


@pytest.mark.parametrize(
    ("currency", "said"),
    [
        ("$", "-$1,250.00"),
        ("€", "-€1,250.00"),
        ("A$", "-A$1,250.00"),
        ("CHF", "-CHF 1,250.00"),
        ("Rs.", "-Rs. 1,250.00"),
    ],
)
def test_a_sign_stands_at_the_amount_and_a_code_before_it(currency: str, said: str) -> None:
    assert money(Decimal(-1250), currency) == said


def test_a_moment_is_said_in_utc() -> None:
    assert moment_in_words(datetime(2026, 11, 22, 9, 2, 11, tzinfo=UTC)) == "2026-11-22 09:02 UTC"


def test_a_day_names_its_year_only_where_it_is_another() -> None:
    assert day_in_words(date(2025, 12, 31), date(2026, 1, 2)) == "Wed 31 Dec 2025"
    assert day_in_words(date(2026, 1, 2), date(2026, 1, 2)) == "Fri 2 Jan"
    assert day_in_words(date(2026, 1, 2)) == "Fri 2 Jan 2026"


def test_a_list_is_read_with_an_and() -> None:
    assert [listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip


@given(untrusted)
def test_a_text_from_outside_is_one_line_in_which_nothing_acts(text: str) -> None:
    shown = one_line(text)
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert shown == one_line(shown) == shown.strip()
