"""What becomes of charges that a recurring invoice should pick up: when, and whether something is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.model import Pickup


def pickup(finding: Finding, day: date, zone: ZoneInfo) -> tuple[Pickup, date | None]:
    """Whether a recurring invoice will bill the ticket, and on which day."""
    if finding.paused_schedule is not None:
        return Pickup.PAUSED, None
    if finding.verdict is not Verdict.SCHEDULED:
        return Pickup.NONE, None
    if finding.scheduled_for is None:
        return Pickup.UNDATED, None
    run_on = _day_of(finding.scheduled_for, zone)
    return (Pickup.OVERDUE if run_on < day else Pickup.DATED), run_on


def _day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day that is meant. Syncro's bare dates arrive as midnight UTC, which is the day before in America."""
    utc = moment.astimezone(UTC)
    return utc.date() if utc.time() == time(0) else moment.astimezone(zone).date()
