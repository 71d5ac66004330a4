"""Until when a ticket is snoozed: in wall-clock time, whatever the calendar does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.listeners.snooze_until import snooze_until
from bot.messages.digest_acts import SnoozeFor

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ASUNCION = ZoneInfo("America/Asuncion")
DAY, WEEK, MONTH = SnoozeFor.DAY, SnoozeFor.WEEK, SnoozeFor.MONTH


def ends(duration: SnoozeFor, now: str, zone: ZoneInfo) -> str:
    """The end of a snooze made at this wall-clock time, as wall-clock time."""
    made = datetime.fromisoformat(now).replace(tzinfo=zone)
    end = snooze_until(duration, made.astimezone(UTC), zone)
    assert end.utcoffset() == timedelta(0)
    return end.astimezone(zone).replace(tzinfo=None).isoformat(" ", "minutes")


@pytest.mark.parametrize(
    ("duration", "now", "end"),
    [
        (DAY, "2026-11-23 09:05", "2026-11-24 09:05"),
        (DAY, "2026-11-30 09:05", "2026-12-01 09:05"),
        (DAY, "2026-12-31 23:59", "2027-01-01 23:59"),
        (WEEK, "2026-11-23 09:05", "2026-11-30 09:05"),
        (WEEK, "2026-12-28 09:05", "2027-01-04 09:05"),
    ],
)
def test_a_day_and_a_week_end_at_the_same_time_of_day(duration: SnoozeFor, now: str, end: str) -> None:
    assert ends(duration, now, BERLIN) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-23 09:05", "2026-12-01 00:00"),
        ("2026-11-30 23:59", "2026-12-01 00:00"),
        ("2026-12-01 00:00", "2027-01-01 00:00"),
        ("2026-01-31 12:00", "2026-02-01 00:00"),
        ("2027-02-01 00:00", "2027-03-01 00:00"),
    ],
)
def test_the_end_of_the_month_is_the_first_moment_of_the_next_one(now: str, end: str) -> None:
    assert ends(MONTH, now, BERLIN) == end


@pytest.mark.parametrize(
    ("duration", "now", "end"),
    [
        (DAY, "2028-02-28 09:00", "2028-02-29 09:00"),
        (DAY, "2028-02-29 09:00", "2028-03-01 09:00"),
        (WEEK, "2028-02-29 09:00", "2028-03-07 09:00"),
        (MONTH, "2028-02-29 09:00", "2028-03-01 00:00"),
        (MONTH, "2028-01-31 09:00", "2028-02-01 00:00"),
        (DAY, "2027-02-28 09:00", "2027-03-01 09:00"),
    ],
)
def test_a_leap_day_is_a_day_like_any_other(duration: SnoozeFor, now: str, end: str) -> None:
    assert ends(duration, now, NEW_YORK) == end


@pytest.mark.parametrize(
    ("duration", "now", "end", "hours"),
    [
        (DAY, "2026-03-28 09:05", "2026-03-29 09:05", 23),
        (DAY, "2026-10-24 09:05", "2026-10-25 09:05", 25),
        (WEEK, "2026-03-24 09:05", "2026-03-31 09:05", 7 * 24 - 1),
        (WEEK, "2026-10-20 09:05", "2026-10-27 09:05", 7 * 24 + 1),
        (MONTH, "2026-03-28 12:00", "2026-04-01 00:00", 83),
    ],
)
def test_the_time_of_day_stays_when_the_clocks_change(duration: SnoozeFor, now: str, end: str, hours: int) -> None:
    made = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    assert ends(duration, now, BERLIN) == end
    assert snooze_until(duration, made, BERLIN) - made.astimezone(UTC) == timedelta(hours=hours)


def test_a_time_that_is_skipped_tomorrow_ends_an_hour_later() -> None:
    assert ends(DAY, "2026-03-28 02:30", BERLIN) == "2026-03-29 03:30"


def test_a_time_that_comes_twice_tomorrow_ends_at_the_first() -> None:
    made = datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN)
    assert snooze_until(DAY, made, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_snooze_in_the_second_of_two_equal_hours_ends_at_that_time_tomorrow() -> None:
    made = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    assert snooze_until(DAY, made, BERLIN) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_month_that_begins_with_a_skipped_midnight_begins_when_the_clocks_change() -> None:
    """In Paraguay 1 October 2023 began at 01:00."""
    end = snooze_until(MONTH, datetime(2023, 9, 20, 12, 0, tzinfo=ASUNCION), ASUNCION)
    assert end == datetime(2023, 10, 1, 4, 0, tzinfo=UTC)
    assert end.astimezone(ASUNCION).strftime("%d %H:%M") == "01 01:00"


@pytest.mark.parametrize("duration", SnoozeFor)
def test_the_month_and_the_day_are_those_of_the_digests_zone(duration: SnoozeFor) -> None:
    """At 03:00 UTC on 1 December it is still November in New York."""
    end = snooze_until(duration, datetime(2026, 12, 1, 3, 0, tzinfo=UTC), NEW_YORK)
    assert (
        end
        == {
            DAY: datetime(2026, 12, 2, 3, 0, tzinfo=UTC),
            WEEK: datetime(2026, 12, 8, 3, 0, tzinfo=UTC),
            MONTH: datetime(2026, 12, 1, 5, 0, tzinfo=UTC),
        }[duration]
    )
