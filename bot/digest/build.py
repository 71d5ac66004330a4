"""Makes the digest of one run from what was audited and what is remembered. Pure: the caller gives the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import Finding, Verdict, WarningEnding
from bot.digest.amounts import Rates, amount_of, drawn_from_blocks, valued
from bot.digest.business_days import age, band, business_days
from bot.digest.missed_runs import with_missed_runs
from bot.digest.model import (
    NOTHING,
    Digest,
    DigestTicket,
    History,
    Mark,
    Nudge,
    Resolved,
    Settled,
    Snooze,
    Standing,
)
from bot.digest.pickups import pickup


def build_digest(
    findings: Sequence[Finding],
    history: History,
    *,
    day: date,
    made_at: datetime,
    labor_rate: Decimal | None,
    zone: ZoneInfo,
    labor_rates: tuple[tuple[str, Decimal], ...] = (),
    currency: str = "",
    holidays: frozenset[date] = frozenset(),
    escalate_after: int = 0,
    api_calls: int = 0,
    seconds: float = 0.0,
) -> Digest:
    """Put every audited ticket into its place, oldest first, and say what changed since the last run.

    `day` is the digest's date in `zone`. A reminder that is `escalate_after` business days old is said.
    """
    findings = with_missed_runs(findings, history.expected, day)
    books = _Books.of(history, made_at)
    rates = Rates(labor_rate, labor_rates)
    make = _LineMaker(books, day, zone, rates, holidays, escalate_after, is_first=history.is_first_run)
    return Digest(
        day=day,
        made_at=made_at,
        tickets=tuple(drawn_from_blocks(sorted(map(make.line, findings), key=_oldest_first), rates)),
        resolved=books.resolved(findings, rates),
        not_checked=books.not_among(findings),
        earlier=history.trend,
        has_warned=history.has_warned,
        api_calls=api_calls,
        seconds=seconds,
        currency=currency,
    )


def _oldest_first(line: DigestTicket) -> tuple[bool, float, int, str]:
    """Unknown ages come last; tickets of one moment by their number."""
    finished, number = line.finding.finished_at, line.finding.ticket_number
    return finished is None, finished.timestamp() if finished else 0.0, len(number), number


@dataclass(frozen=True)
class _LineMaker:
    """Turns an audited ticket into its line."""

    books: _Books
    day: date
    zone: ZoneInfo
    rates: Rates
    holidays: frozenset[date]
    escalate_after: int
    is_first: bool

    def line(self, finding: Finding) -> DigestTicket:
        days = age(finding.finished_at, self.day, self.zone, self.holidays)
        run, run_on = pickup(finding, self.day, self.zone)
        line = DigestTicket(finding, NOTHING, days, band(days), pickup=run, pickup_on=run_on)
        made = valued(self._with_nudge(line), self.rates)
        if finding.verdict.traits.ending is not None:
            return made
        known = self.books.warning_about(finding)
        if finding.verdict is not Verdict.NOT_INVOICED:
            return replace(made, first_said=known.first_said if known else None)
        mark = self.books.marks.get(finding.ticket_id or "")
        snooze = None if mark else self.books.snoozes.get(finding.ticket_id or "")
        return replace(
            made,
            is_new=known is None and not self.is_first,
            first_said=known.first_said if known else self.day,
            mark=mark,
            snooze=snooze,
        )

    def _with_nudge(self, line: DigestTicket) -> DigestTicket:
        """What was said to the technician, or by them, where managers should know."""
        nudge = self.books.nudges.get(line.finding.ticket_id or "")
        if nudge is None:
            return line
        days = business_days(nudge.first_day, self.day, self.holidays)
        is_said = bool(nudge.reason) or not nudge.person or days >= self.escalate_after
        return replace(line, nudge=nudge, reminded_days=days) if is_said else line


@dataclass(frozen=True)
class _Books:
    """What is remembered, ready to be looked up."""

    standing: tuple[Standing, ...]
    settled: dict[str, Settled]
    by_id: dict[str, Standing]
    by_number: dict[str, Standing]
    snoozes: dict[str, Snooze]
    """The last word on each ticket, as far as it has not run out."""
    marks: dict[str, Mark]
    nudges: dict[str, Nudge]

    @classmethod
    def of(cls, history: History, now: datetime) -> _Books:
        latest = {snooze.ticket_id: snooze for snooze in sorted(history.snoozes, key=lambda each: each.at)}
        by_id: dict[str, Standing] = {}
        for standing in sorted(history.standing, key=lambda each: each.first_said):
            by_id.setdefault(standing.ticket_id, standing)
        return cls(
            standing=tuple(by_id.values()),
            settled={each.standing.ticket_id: each for each in history.settled if each.standing.ticket_id not in by_id},
            by_id=by_id,
            by_number={standing.ticket_number: standing for standing in by_id.values()},
            snoozes={ticket: snooze for ticket, snooze in latest.items() if snooze.until > now},
            marks={mark.ticket_id: mark for mark in sorted(history.marks, key=lambda each: each.at)},
            nudges={nudge.ticket_id: nudge for nudge in history.nudges},
        )

    def warning_about(self, finding: Finding) -> Standing | None:
        """The warning that stands about this ticket. One that Syncro no longer finds has only its number."""
        if finding.ticket_id is None:
            return self.by_number.get(finding.ticket_number)
        return self.by_id.get(finding.ticket_id)

    def resolved(self, findings: Sequence[Finding], rates: Rates) -> tuple[Resolved, ...]:
        """The warnings that stand no more, oldest first, those included that ended between two digests."""
        found = {each.ticket_id or "": each for each in findings} | self._looked_at(findings)
        ended = (_ended(each, found.get(each.ticket_id), rates) for each in self.standing)
        settled = (_settled(each, found.get(ticket), rates) for ticket, each in self.settled.items())
        both = [each for each in (*ended, *settled) if each is not None]
        return tuple(sorted(both, key=lambda each: each.standing.first_said))

    def not_among(self, findings: Iterable[Finding]) -> tuple[Standing, ...]:
        """The warnings whose tickets were not looked at."""
        found = self._looked_at(findings)
        return tuple(standing for standing in self.standing if standing.ticket_id not in found)

    def _looked_at(self, findings: Iterable[Finding]) -> dict[str, Finding]:
        return {known.ticket_id: each for each in findings if (known := self.warning_about(each)) is not None}


def _ended(standing: Standing, finding: Finding | None, rates: Rates) -> Resolved | None:
    """The end of a warning; None where it stands."""
    ending = None if finding is None else finding.verdict.traits.ending
    if finding is None or ending is None:
        return None
    left = None if finding.unbilled.is_unknown else amount_of(finding.unbilled, rates)
    remains = left if ending is WarningEnding.INVOICED else NOTHING
    return Resolved(standing, ending, finding, _invoice(finding), remains)


def _settled(settled: Settled, finding: Finding | None, rates: Rates) -> Resolved | None:
    """What became of a warning that has ended; None where its ticket is on no invoice after all."""
    if finding is not None and finding.verdict is Verdict.NOT_INVOICED:
        return None
    known = Resolved(settled.standing, settled.ending, None, settled.invoice_number or None)
    return _ended(settled.standing, finding, rates) or known


def _invoice(finding: Finding) -> str | None:
    return finding.invoices[0].number if finding.verdict.is_billed and finding.invoices else None
