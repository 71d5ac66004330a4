"""Makes the digest of one run from what was audited and what is remembered. Pure: the caller gives the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.amounts import amount_of, total
from bot.digest.business_days import age, band
from bot.digest.model import (
    Audited,
    Digest,
    DigestTicket,
    History,
    Mark,
    Resolved,
    Snooze,
    Standing,
    TrendPoint,
    WarningEnding,
)
from bot.digest.pickups import pickup

TREND_RUNS = 20

_ENDINGS = {
    Verdict.INVOICED: WarningEnding.INVOICED,
    Verdict.PARTIALLY_INVOICED: WarningEnding.INVOICED,
    Verdict.SCHEDULED: WarningEnding.SCHEDULED,
    Verdict.NON_BILLABLE: WarningEnding.NON_BILLABLE,
    Verdict.OPEN: WarningEnding.REOPENED,
    Verdict.NOT_FOUND: WarningEnding.GONE,
}
"""How a standing warning ends. One that is still proved, or that could not be verified, goes on standing."""

_ACCOUNTED = frozenset({Verdict.INVOICED, Verdict.NON_BILLABLE, Verdict.OPEN, Verdict.NOT_FOUND})
_TIME_IS_LOST = frozenset({Verdict.INVOICED, Verdict.PARTIALLY_INVOICED, Verdict.SCHEDULED})
"""Where uncharged time is worth a line of its own: unfinished work may still be charged, unproved work is listed."""


def build_digest(
    audited: Sequence[Audited],
    history: History,
    *,
    day: date,
    made_at: datetime,
    labor_rate: Decimal | None,
    zone: ZoneInfo,
    api_calls: int = 0,
    seconds: float = 0.0,
    failures: Iterable[str] = (),
) -> Digest:
    """Sort every audited ticket into its section, oldest first, and say what changed since the last run.

    `day` is the digest's date in `zone`; `failures` are sentences that say why the list of tickets is not complete.
    """
    books = _Books.of(history, made_at)
    make = _LineMaker(books, day, zone, labor_rate, is_first=history.is_first_run)
    lines = sorted(map(make.line, audited), key=_oldest_first)

    def those(wanted: Callable[[DigestTicket], bool]) -> tuple[DigestTicket, ...]:
        return tuple(line for line in lines if wanted(line))

    unbilled = those(lambda line: _proved(line) and not line.snooze and not line.mark)
    at_risk = total(unbilled)
    now = TrendPoint(day, len(unbilled), at_risk)
    return Digest(
        day=day,
        made_at=made_at,
        is_first=history.is_first_run,
        counts=_counts(lines),
        checked=len(lines),
        at_risk=at_risk,
        unbilled=unbilled,
        unverified=those(lambda line: line.finding.verdict is Verdict.UNVERIFIED),
        scheduled=those(lambda line: line.finding.verdict is Verdict.SCHEDULED),
        partially_invoiced=those(lambda line: line.finding.verdict is Verdict.PARTIALLY_INVOICED),
        uncharged_time=those(_has_lost_time),
        resolved=books.resolved(audited),
        snoozed=those(lambda line: line.snooze is not None),
        marked=those(lambda line: line.mark is not None),
        accounted=those(lambda line: line.finding.verdict in _ACCOUNTED),
        not_checked=books.not_among(audited),
        previous=history.trend[-1] if history.trend else None,
        trend=(*history.trend, now)[-TREND_RUNS:],
        api_calls=api_calls,
        seconds=seconds,
        labor_rate=labor_rate,
        failures=tuple(failures),
    )


def _proved(line: DigestTicket) -> bool:
    return line.finding.verdict is Verdict.NOT_INVOICED


def _has_lost_time(line: DigestTicket) -> bool:
    return line.finding.verdict in _TIME_IS_LOST and bool(line.finding.unbilled.minutes)


def _counts(lines: Iterable[DigestTicket]) -> dict[Verdict, int]:
    found = Counter(line.finding.verdict for line in lines)
    return {verdict: found[verdict] for verdict in Verdict}


def _oldest_first(line: DigestTicket) -> tuple[bool, float, int, str]:
    """Unknown ages come last; tickets of one moment by their number."""
    finished, number = line.audited.finished_at, line.finding.ticket_number
    return finished is None, finished.timestamp() if finished else 0.0, len(number), number


@dataclass(frozen=True)
class _LineMaker:
    """Turns an audited ticket into its line."""

    books: _Books
    day: date
    zone: ZoneInfo
    labor_rate: Decimal | None
    is_first: bool

    def line(self, audited: Audited) -> DigestTicket:
        finding = audited.finding
        days = age(audited.finished_at, self.day, self.zone)
        run, run_on = pickup(finding, self.day, self.zone)
        made = DigestTicket(
            audited=audited,
            amount=amount_of(finding.unbilled, self.labor_rate),
            business_days=days,
            band=band(days),
            pickup=run,
            pickup_on=run_on,
        )
        known = self.books.warning_about(finding)
        if finding.verdict is Verdict.UNVERIFIED:
            return replace(made, first_said=known.first_said if known else None)
        if finding.verdict is not Verdict.NOT_INVOICED:
            return made
        mark = self.books.marks.get(finding.ticket_id or "")
        snooze = None if mark else self.books.snoozes.get(finding.ticket_id or "")
        return replace(
            made,
            is_new=known is None and not self.is_first,
            first_said=known.first_said if known else self.day,
            mark=mark,
            snooze=snooze,
        )


@dataclass(frozen=True)
class _Books:
    """What is remembered, ready to be looked up."""

    standing: tuple[Standing, ...]
    by_id: dict[str, Standing]
    by_number: dict[str, Standing]
    snoozes: dict[str, Snooze]
    """The last word on each ticket, as far as it has not run out."""
    marks: dict[str, Mark]

    @classmethod
    def of(cls, history: History, now: datetime) -> _Books:
        latest = {snooze.ticket_id: snooze for snooze in sorted(history.snoozes, key=lambda each: each.at)}
        by_id: dict[str, Standing] = {}
        for standing in sorted(history.standing, key=lambda each: each.first_said):
            by_id.setdefault(standing.ticket_id, standing)
        return cls(
            standing=tuple(by_id.values()),
            by_id=by_id,
            by_number={standing.ticket_number: standing for standing in by_id.values()},
            snoozes={ticket: snooze for ticket, snooze in latest.items() if snooze.until > now},
            marks={mark.ticket_id: mark for mark in sorted(history.marks, key=lambda each: each.at)},
        )

    def warning_about(self, finding: Finding) -> Standing | None:
        """The warning that stands about this ticket. One that Syncro no longer finds has only its number."""
        if finding.ticket_id is None:
            return self.by_number.get(finding.ticket_number)
        return self.by_id.get(finding.ticket_id)

    def resolved(self, audited: Iterable[Audited]) -> tuple[Resolved, ...]:
        """The warnings that stand no more, oldest first."""
        found = self._looked_at(audited)
        return tuple(
            _resolved(standing, found[standing.ticket_id])
            for standing in self.standing
            if standing.ticket_id in found and found[standing.ticket_id].finding.verdict in _ENDINGS
        )

    def not_among(self, audited: Iterable[Audited]) -> tuple[Standing, ...]:
        """The warnings whose tickets were not looked at."""
        found = self._looked_at(audited)
        return tuple(standing for standing in self.standing if standing.ticket_id not in found)

    def _looked_at(self, audited: Iterable[Audited]) -> dict[str, Audited]:
        return {known.ticket_id: each for each in audited if (known := self.warning_about(each.finding)) is not None}


def _resolved(standing: Standing, audited: Audited) -> Resolved:
    finding = audited.finding
    ending = _ENDINGS[finding.verdict]
    named = finding.invoices[0].number if ending is WarningEnding.INVOICED and finding.invoices else None
    return Resolved(standing, ending, finding, named, audited)
