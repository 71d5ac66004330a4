"""What becomes of charges that a recurring invoice should pick up: when, and whether something is wrong with it."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from bot.billing.decide import day_of_run
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
    run_on = day_of_run(finding.scheduled_for, zone)
    return (Pickup.OVERDUE if run_on < day else Pickup.DATED), run_on
