"""When a digest is due: by the wall clock, whatever daylight saving and the calendar do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.jobs.digest_request import DigestRequest, digest_key
from bot.jobs.schedule import MAKE_UP, latest_due
from bot.settings import Settings

WORKDAYS = Settings.model_fields["digest_schedule"].default
"""The default: 09:00 from Monday to Friday."""
DAILY = "0 9 * * *"
BERLIN, CHICAGO, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Chicago"), ZoneInfo("Australia/Sydney")


def runs(schedule: str, zone: ZoneInfo, first: date, last: date, *, every: timedelta) -> Iterator[datetime]:
    """Every run that becomes due while somebody looks so often, from the first day to the last."""
    now = datetime.combine(first, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(last, datetime.max.time(), zone).astimezone(UTC)
    known = None
    while now <= end:
        due = latest_due(schedule, zone, now)
        if due is not None and due != known and due.date() >= first:
            known = due
            yield due
        now += every


@pytest.mark.parametrize(
    ("zone", "first", "hours_of_the_changed_day"),
    [
        (BERLIN, date(2026, 3, 27), 23),
        (BERLIN, date(2026, 10, 23), 25),
        (CHICAGO, date(2026, 3, 6), 23),
        (CHICAGO, date(2026, 10, 30), 25),
        (SYDNEY, date(2026, 4, 3), 25),
        (SYDNEY, date(2026, 10, 2), 23),
    ],
)
def test_nine_stays_nine_local_across_both_changes_of_the_clocks(
    zone: ZoneInfo, first: date, hours_of_the_changed_day: int
) -> None:
    days = [first + timedelta(days=number) for number in range(5)]

    due = list(runs(DAILY, zone, days[0], days[-1], every=timedelta(minutes=5)))

    assert [(moment.date(), moment.hour, moment.minute) for moment in due] == [(day, 9, 0) for day in days]
    gaps = [(b.astimezone(UTC) - a.astimezone(UTC)) / timedelta(hours=1) for a, b in pairwise(due)]
    assert sorted({*gaps, 24.0}) == sorted({24.0, float(hours_of_the_changed_day)})
    assert gaps.count(hours_of_the_changed_day) == 1


def test_a_time_that_the_clocks_skip_comes_once_and_one_that_comes_twice_comes_once() -> None:
    skipped = list(runs("30 2 * * *", BERLIN, date(2026, 3, 28), date(2026, 3, 30), every=timedelta(minutes=5)))
    doubled = list(runs("30 2 * * *", BERLIN, date(2026, 10, 24), date(2026, 10, 26), every=timedelta(minutes=5)))

    assert [moment.day for moment in skipped] == [28, 29, 30]
    assert [moment.day for moment in doubled] == [24, 25, 26]


def test_the_default_schedule_skips_weekends() -> None:
    due = list(runs(WORKDAYS, BERLIN, date(2026, 11, 19), date(2026, 11, 25), every=timedelta(minutes=10)))

    assert [f"{moment:%a %H:%M}" for moment in due] == [
        "Thu 09:00",
        "Fri 09:00",
        "Mon 09:00",
        "Tue 09:00",
        "Wed 09:00",
    ]
    assert latest_due(WORKDAYS, BERLIN, datetime(2026, 11, 21, 9, 0, tzinfo=BERLIN)) is None


def test_after_a_holiday_weekend_of_three_days_off_the_first_run_is_that_of_the_day_itself() -> None:
    """Friday to Sunday nobody was there: Easter 2026, with the machine switched off from Thursday evening."""
    back = datetime(2026, 4, 6, 8, 59, 59, tzinfo=BERLIN)

    assert latest_due(WORKDAYS, BERLIN, back) is None
    assert latest_due(WORKDAYS, BERLIN, back + timedelta(seconds=1)) == datetime(2026, 4, 6, 9, tzinfo=BERLIN)
    tuesday_only = "0 9 * * tue-fri"
    assert latest_due(tuesday_only, BERLIN, datetime(2026, 4, 6, 9, tzinfo=BERLIN)) is None
    assert latest_due(tuesday_only, BERLIN, datetime(2026, 4, 7, 9, tzinfo=BERLIN)) == datetime(
        2026, 4, 7, 9, tzinfo=BERLIN
    )


@pytest.mark.parametrize("schedule", [DAILY, "0 9 29 2 *"])
def test_a_leap_day_has_its_run(schedule: str) -> None:
    leap_day = datetime(2028, 2, 29, 9, tzinfo=CHICAGO)

    assert latest_due(schedule, CHICAGO, leap_day) == leap_day
    assert latest_due(schedule, CHICAGO, leap_day - timedelta(minutes=1)) is None
    assert latest_due("0 9 29 2 *", CHICAGO, datetime(2027, 3, 1, 9, tzinfo=CHICAGO)) is None


@pytest.mark.parametrize(
    ("late", "made_up"),
    [
        (timedelta(0), True),
        (timedelta(seconds=0.5), True),
        (timedelta(minutes=30), True),
        (MAKE_UP - timedelta(seconds=1), True),
        (MAKE_UP, False),
        (timedelta(hours=5), False),
        (timedelta(seconds=-0.5), False),
    ],
)
def test_a_run_missed_by_less_than_three_hours_is_made_up_and_an_older_one_is_not(
    late: timedelta, made_up: bool
) -> None:
    planned = datetime(2026, 11, 23, 9, tzinfo=BERLIN)

    due = latest_due(WORKDAYS, BERLIN, planned + late)

    assert due == (planned if made_up else None)
    assert MAKE_UP / timedelta(hours=1) == 3


def test_three_hours_are_three_real_hours_in_the_night_of_the_change() -> None:
    planned = datetime(2026, 10, 25, 1, 0, tzinfo=BERLIN)
    really_late = (planned.astimezone(UTC) + MAKE_UP).astimezone(BERLIN)

    assert (really_late.hour, really_late.fold) == (3, 0)
    assert latest_due("0 1 * * *", BERLIN, really_late) is None
    assert latest_due("0 1 * * *", BERLIN, really_late - timedelta(seconds=1)) == planned


def test_two_ticks_of_one_run_ask_for_the_same_digest_and_the_next_day_for_another() -> None:
    def key(now: datetime) -> str:
        due = latest_due(WORKDAYS, BERLIN, now)
        assert due is not None
        return digest_key(DigestRequest(due.date(), "C0BILLING"))

    nine = datetime(2026, 11, 23, 9, tzinfo=BERLIN)

    assert key(nine) == key(nine + timedelta(seconds=5)) == key(nine + timedelta(hours=2, minutes=59))
    assert key(nine) != key(nine + timedelta(days=1))


def test_the_day_of_a_digest_is_that_of_its_own_zone() -> None:
    """09:00 in Sydney is the day before in UTC."""
    due = latest_due(DAILY, SYDNEY, datetime(2026, 11, 22, 22, 0, 1, tzinfo=UTC))

    assert due is not None
    assert due.date() == date(2026, 11, 23)
