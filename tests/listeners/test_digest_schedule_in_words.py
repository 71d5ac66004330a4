"""When the digest comes, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.listeners.schedule_in_words import schedule_in_words

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_MORNING = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
"""Half past eight in Berlin."""


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("0 9 * * mon-fri", "Monday to Friday at 09:00 (Europe/Berlin); the next one on Mon 23 Nov at 09:00"),
        ("30 7 * * 1-5", "Monday to Friday at 07:30 (Europe/Berlin); the next one on Tue 24 Nov at 07:30"),
        ("0 9 * * *", "every day at 09:00 (Europe/Berlin); the next one on Mon 23 Nov at 09:00"),
        ("0 9 * * 0,6", "Saturday and Sunday at 09:00 (Europe/Berlin); the next one on Sat 28 Nov at 09:00"),
        ("0 9 * * 1,3,5", "Monday, Wednesday and Friday at 09:00 (Europe/Berlin); the next one on Mon 23 Nov at 09:00"),
        ("0 9 * * 5-7", "Friday to Sunday at 09:00 (Europe/Berlin); the next one on Fri 27 Nov at 09:00"),
        ("0 8,16 * * fri", "Friday at 08:00 and 16:00 (Europe/Berlin); the next one on Fri 27 Nov at 08:00"),
    ],
)
def test_a_schedule_by_weekdays_is_said_with_its_days_and_times(schedule: str, said: str) -> None:
    assert schedule_in_words(schedule, BERLIN, MONDAY_MORNING) == said


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("0 9 1 * *", "the next one on Tue 1 Dec at 09:00 (Europe/Berlin)"),
        ("0 9 * * mon#1", "the next one on Mon 7 Dec at 09:00 (Europe/Berlin)"),
        ("0 9 * 12 mon", "the next one on Mon 7 Dec at 09:00 (Europe/Berlin)"),
        ("*/15 9 * * *", "the next one on Mon 23 Nov at 09:00 (Europe/Berlin)"),
        ("0 * * * *", "the next one on Mon 23 Nov at 09:00 (Europe/Berlin)"),
        ("0 9 l * *", "the next one on Mon 30 Nov at 09:00 (Europe/Berlin)"),
    ],
)
def test_a_schedule_without_simple_words_is_said_by_its_next_run(schedule: str, said: str) -> None:
    assert schedule_in_words(schedule, BERLIN, MONDAY_MORNING) == said


def test_the_time_is_that_of_the_zone_also_after_the_clocks_changed() -> None:
    saturday_evening = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    assert schedule_in_words("0 9 * * *", BERLIN, saturday_evening).endswith("the next one on Sun 25 Oct at 09:00")
