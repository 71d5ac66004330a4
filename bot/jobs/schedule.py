"""When a digest is due. Pure: the clock is an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

MAKE_UP = timedelta(hours=3)
"""A run missed by less than this is made up; an older one would come at a time when nobody expects it."""


def latest_due(schedule: str, zone: ZoneInfo, now: datetime, *, make_up: timedelta = MAKE_UP) -> datetime | None:
    """The run that is due at `now` (aware), as a moment in `zone`; None when the last one is too long ago.

    `schedule` is a cron expression in the zone's wall-clock time, whatever daylight saving does.
    """
    wall_clock = now.astimezone(zone).replace(tzinfo=None)
    # croniter reckons in wall-clock time here, so that 09:00 stays 09:00 when the clocks change. The next second is
    # asked for because a run is due at the very moment it is planned for.
    planned = croniter(schedule, wall_clock + timedelta(seconds=1)).get_prev(datetime)
    moment = planned.replace(tzinfo=zone)
    missed_by = now.astimezone(UTC) - moment.astimezone(UTC)
    return moment if timedelta(0) <= missed_by < make_up else None


def is_first_of_day(schedule: str, due: datetime) -> bool:
    """Whether no other run is planned earlier on the day of this one."""
    before = croniter(schedule, due.replace(tzinfo=None)).get_prev(datetime)
    return bool(before.date() < due.date())
