"""Ages in business days, Monday to Friday without holidays, by the calendar of the digest's own time zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.digest.model import AgeBand

_LAST_DAY = ((2, AgeBand.FRESH), (7, AgeBand.WEEK), (30, AgeBand.MONTH))


def business_days(start: date, end: date, holidays: frozenset[date] = frozenset()) -> int:
    """How many business days have begun after `start`, up to and including `end`; 0 when `end` is not later.

    Friday to Monday is 1, and so is Saturday to Monday.
    """
    off = sum(start < day <= end and day.weekday() < 5 for day in holidays)
    return max(0, _weekdays_until(end) - _weekdays_until(start) - off)


def age(finished_at: datetime | None, day: date, zone: ZoneInfo, holidays: frozenset[date] = frozenset()) -> int:
    """The business days from the moment the work was finished to `day`; 0 where that moment is not known."""
    return 0 if finished_at is None else business_days(finished_at.astimezone(zone).date(), day, holidays)


def band(days: int) -> AgeBand:
    """The band that an age in business days falls into."""
    return next((name for last, name in _LAST_DAY if days <= last), AgeBand.OLD)


def _weekdays_until(day: date) -> int:
    """Mondays to Fridays from 0001-01-01, which was a Monday, up to and including `day`."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)
