"""Ages count Mondays to Fridays, by the calendar of the digest's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.business_days import age, band, business_days
from bot.digest.model import AgeBand
from bot.public_holidays import public_holidays

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
days = st.dates(date(1999, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23", "2026-11-23", 0),  # the same Monday
        ("2026-11-20", "2026-11-23", 1),  # Friday to Monday
        ("2026-11-21", "2026-11-23", 1),  # Saturday to Monday
        ("2026-11-20", "2026-11-22", 0),  # a weekend is no business day
        ("2026-11-16", "2026-11-23", 5),  # a week
        ("2026-01-30", "2026-02-02", 1),  # over a month's end on a weekend
        ("2026-12-31", "2027-01-04", 2),  # over a year's end
        ("2024-02-28", "2024-03-01", 2),  # a leap day, a Thursday, counts
        ("2023-02-28", "2023-03-01", 1),  # and a year without one
        ("2026-03-06", "2026-03-09", 1),  # the clocks go forward in America
        ("2026-10-30", "2026-11-02", 1),  # and back
        ("2026-11-24", "2026-11-23", 0),  # finished tomorrow, by some clock
    ],
)
def test_weekends_do_not_count(start: str, end: str, expected: int) -> None:
    assert business_days(date.fromisoformat(start), date.fromisoformat(end)) == expected


@given(days, st.integers(0, 400))
def test_it_is_what_counting_on_the_fingers_gives(start: date, length: int) -> None:
    counted = sum((start + timedelta(days=step)).weekday() < 5 for step in range(1, length + 1))
    assert business_days(start, start + timedelta(days=length)) == counted


@given(days, st.integers(0, 400), st.frozensets(days, max_size=8), st.frozensets(st.integers(0, 400), max_size=8))
def test_a_holiday_is_no_business_day_and_one_on_a_weekend_takes_nothing(
    start: date, length: int, far: frozenset[date], near: frozenset[int]
) -> None:
    off = far | {start + timedelta(days=step) for step in near}
    passed = [start + timedelta(days=step) for step in range(1, length + 1)]
    counted = sum(day.weekday() < 5 and day not in off for day in passed)
    assert business_days(start, start + timedelta(days=length), off) == counted


def test_public_holidays_are_those_of_the_part_of_the_country() -> None:
    epiphany = date(2027, 1, 6)
    assert epiphany in public_holidays("de-bw")
    assert epiphany not in public_holidays("DE")
    assert business_days(date(2027, 1, 5), epiphany, public_holidays("DE-BW")) == 0
    assert public_holidays(None) == frozenset()


@pytest.mark.parametrize("region", ["", "Germany", "QQ", "DE-XX"])
def test_a_region_whose_holidays_nobody_knows_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="such as US or DE-BW"):
        public_holidays(region)


@pytest.mark.parametrize(
    ("finished", "zone", "day", "expected"),
    [
        # Sunday 20:30 in New York is Monday in UTC: the Monday counts as begun after it.
        (datetime(2026, 11, 23, 1, 30, tzinfo=UTC), NEW_YORK, date(2026, 11, 23), 1),
        (datetime(2026, 11, 23, 1, 30, tzinfo=UTC), BERLIN, date(2026, 11, 23), 0),
        # New York leaves summer time on 2026-11-01 at 06:00 UTC: before, midnight is 04:00 UTC; after, 05:00 UTC.
        (datetime(2026, 10, 30, 3, 59, tzinfo=UTC), NEW_YORK, date(2026, 10, 30), 1),
        (datetime(2026, 10, 30, 4, 0, tzinfo=UTC), NEW_YORK, date(2026, 10, 30), 0),
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), NEW_YORK, date(2026, 11, 2), 1),
        (datetime(2026, 11, 2, 5, 0, tzinfo=UTC), NEW_YORK, date(2026, 11, 2), 0),
        # New York enters it on 2026-03-08, Berlin on 2026-03-29.
        (datetime(2026, 3, 6, 4, 59, tzinfo=UTC), NEW_YORK, date(2026, 3, 6), 1),
        (datetime(2026, 3, 9, 3, 59, tzinfo=UTC), NEW_YORK, date(2026, 3, 9), 1),
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), NEW_YORK, date(2026, 3, 9), 0),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), BERLIN, date(2026, 3, 30), 1),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), BERLIN, date(2026, 3, 30), 0),
        (None, BERLIN, date(2026, 3, 30), 0),
    ],
)
def test_the_day_is_that_of_the_zone_on_both_sides_of_a_clock_change(
    finished: datetime | None, zone: ZoneInfo, day: date, expected: int
) -> None:
    assert age(finished, day, zone) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, AgeBand.FRESH),
        (2, AgeBand.FRESH),
        (3, AgeBand.WEEK),
        (7, AgeBand.WEEK),
        (8, AgeBand.MONTH),
        (30, AgeBand.MONTH),
        (31, AgeBand.OLD),
        (900, AgeBand.OLD),
    ],
)
def test_the_bands_end_where_they_say(count: int, expected: AgeBand) -> None:
    assert band(count) is expected
