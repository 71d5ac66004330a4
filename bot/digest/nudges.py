"""Who is reminded of unbilled work, when, and of what, before managers are told. Pure: the caller gives the time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.billing.rules.technicians import Technician, meant
from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.model import History

_ASKED_ABOUT = (Verdict.NOT_INVOICED, Verdict.NOTHING_RECORDED)


@dataclass(frozen=True)
class Colleague:
    """A person of our own Slack workspace: the names by which Syncro may know them, and their time zone."""

    user: str
    names: tuple[str, ...]
    zone: str


@dataclass(frozen=True)
class NudgeRules:
    """When people may be reminded: the hours (from, until) of their own business days."""

    hours: tuple[int, int]
    holidays: frozenset[date] = frozenset()

    def day_at(self, now: datetime, zone: str) -> date | None:
        """The person's day, where they may be reminded at `now` (aware)."""
        try:
            local = now.astimezone(ZoneInfo(zone))
        except (KeyError, ValueError, OSError):
            return None
        is_working_day = local.weekday() < 5 and local.date() not in self.holidays
        return local.date() if is_working_day and self.hours[0] <= local.hour < self.hours[1] else None


def matched(
    technicians: Collection[Technician], colleagues: Iterable[Colleague]
) -> Mapping[Technician, Colleague | None]:
    """The one colleague who is each technician; None where nobody is, or two are alike and nobody can tell."""
    found: dict[Technician, list[Colleague]] = {each: [] for each in technicians}
    for person in colleagues:
        means = next((those for name in person.names if (those := meant(name, technicians))), ())
        if len(means) == 1:
            found[means[0]].append(person)
    return {technician: people[0] if len(people) == 1 else None for technician, people in found.items()}


def aside(history: History) -> list[str]:
    """The tickets, by id, of which a manager or their technician has said that nothing is to be done now."""
    answered = [each.ticket_id for each in history.nudges if each.reason]
    return [each.ticket_id for each in history.snoozes] + [each.ticket_id for each in history.marks] + answered


def due(findings: Iterable[Finding], aside: Collection[str], now: datetime, grace: timedelta) -> tuple[Finding, ...]:
    """The tickets to be reminded of: past the grace time, proved to be on no invoice, and not `aside`."""
    return tuple(
        each
        for each in findings
        if each.verdict in _ASKED_ABOUT
        and each.ticket_id is not None
        and each.ticket_id not in aside
        and each.finished_at is not None
        and each.finished_at <= now - grace
    )
