"""Until when a ticket is snoozed. Pure: the clock is an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.messages.digest_acts import SnoozeFor


def snooze_until(duration: SnoozeFor, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which a snooze made at `now` (aware) ends, reckoned in wall-clock time of `zone`.

    A day ends at the same time tomorrow, a week at the same time in a week, whatever daylight saving does: so one
    digest a day leaves the ticket out exactly once, or seven times. The month ends with its last day.
    """
    # Without its zone, so that no offset of today goes along to another day.
    end = _end(duration, now.astimezone(zone).replace(tzinfo=None))
    # Of a time that comes twice this is the first. One that is skipped counts as if the clocks had not changed yet,
    # which makes a skipped midnight the very moment at which the new day begins.
    return end.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _end(duration: SnoozeFor, here: datetime) -> datetime:
    match duration:
        case SnoozeFor.DAY:
            return here + timedelta(days=1)
        case SnoozeFor.WEEK:
            return here + timedelta(days=7)
        case SnoozeFor.MONTH:
            some_day_of_next = here.replace(day=1) + timedelta(days=31)
            return some_day_of_next.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
