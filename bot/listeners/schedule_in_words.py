"""When the digest comes, for people. Pure: the clock is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter

from bot.words.plain import day_in_words

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MOST_TIMES = 3
_ANY = "*"


def schedule_in_words(schedule: str, zone: ZoneInfo, now: datetime) -> str:
    """Monday to Friday at 09:00 (Europe/Berlin); the next one on Tue 24 Nov at 09:00.

    `schedule` is a cron expression of five fields in wall-clock time of `zone`. One that has no simple words (days
    of the month, every five minutes) is told by its next run alone.
    """
    here = now.astimezone(zone).replace(tzinfo=None)
    coming: datetime = croniter(schedule, here).get_next(datetime)
    upcoming = f"the next one on {day_in_words(coming, coming)} at {coming:%H:%M}"
    regular = _regular(schedule)
    return f"{regular} ({zone.key}); {upcoming}" if regular else f"{upcoming} ({zone.key})"


def _regular(schedule: str) -> str:
    """On which days and when; empty where that cannot be said simply."""
    cron = croniter(schedule)
    minutes, hours, days_of_month, months, weekdays = (list[object](field) for field in cron.expanded)
    is_plain = days_of_month == [_ANY] == months and not cron.nth_weekday_of_month
    times = [
        f"{hour:02}:{minute:02}"
        for hour in hours
        for minute in minutes
        if isinstance(hour, int) and isinstance(minute, int)
    ]
    days = _weekdays(weekdays)
    if not is_plain or not days or not 1 <= len(times) <= _MOST_TIMES:
        return ""
    return f"{days} at {_listed(times)}"


def _weekdays(field: Sequence[object]) -> str:
    """The days of a cron field (0 is Sunday); empty where it holds anything else than days."""
    if list(field) == [_ANY]:
        return "every day"
    days = [day for day in field if isinstance(day, int) and 0 <= day < len(_DAYS)]
    if not days or len(days) < len(field):
        return ""
    in_order = sorted(days, key=lambda day: (day - 1) % len(_DAYS))  # a week begins on Monday
    first, last = in_order[0], in_order[-1]
    if len(in_order) > 2 and (last - first) % len(_DAYS) == len(in_order) - 1:
        return f"{_DAYS[first]} to {_DAYS[last]}"
    return _listed([_DAYS[day] for day in in_order])


def _listed(items: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
