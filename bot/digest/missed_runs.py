"""Whether a recurring invoice took what it was expected to take, looked at after its run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from itertools import groupby

from bot.billing.decide import day_of_run
from bot.billing.rules.verdicts import Concern, ConcernKind, Finding, Verdict
from bot.digest.model import Expected

AWAITED = frozenset({Verdict.NOT_INVOICED, Verdict.SCHEDULED})
"""Of a ticket with such a verdict a run that has been has left the charges."""
_FORGOTTEN_AFTER = timedelta(days=90)


def with_missed_runs(findings: Iterable[Finding], expected: Iterable[Expected], day: date) -> list[Finding]:
    """The findings, each with the last run before this `day` that was expected to take its charges and left them."""
    found = list(findings)
    by_ticket = _by_ticket(found)
    missed: dict[str, Concern] = {}
    for _, run in groupby(passed(expected, day), key=_run):
        missed.update(_missed(list(run), by_ticket))
    return [_with(each, missed.get(each.ticket_id or "")) for each in found]


def passed(expected: Iterable[Expected], day: date) -> list[Expected]:
    """What was expected of runs that have been, the earliest first."""
    return sorted((each for each in expected if each.run_on < day), key=_run)


def still_expected(known: Iterable[Expected], findings: Iterable[Finding], day: date) -> list[Expected]:
    """What is to be remembered: what is expected of runs to come, and each run that has left something."""
    by_ticket = _by_ticket(findings)
    kept = []
    for each in known:
        finding = by_ticket.get(each.ticket_id)
        if finding is None or each.is_taken or _holds(each, finding, day):
            kept.append(replace(each, is_taken=_is_taken(each, by_ticket)))
    new = [each for finding in by_ticket.values() for each in _expected(finding) if each.run_on >= day]
    every = dict.fromkeys([*kept, *new])
    has_left = {_run(each) for each in every if not each.is_taken and each.run_on > day - _FORGOTTEN_AFTER}
    return [each for each in every if _run(each) in has_left]


def _by_ticket(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {each.ticket_id: each for each in findings if each.ticket_id is not None}


def _expected(finding: Finding) -> list[Expected]:
    if finding.verdict is not Verdict.SCHEDULED or finding.scheduled_for is None or finding.ticket_id is None:
        return []
    run_on = day_of_run(finding.scheduled_for, finding.checked_at.tzinfo or UTC)
    return [Expected(finding.ticket_id, finding.ticket_number, finding.schedule_id, finding.schedule_name, run_on)]


def _holds(expected: Expected, finding: Finding, day: date) -> bool:
    """Whether a ticket is still to be looked at after the run: not where it was settled, or the run was moved."""
    if expected.run_on > day:
        return expected in _expected(finding) or finding.verdict is Verdict.UNVERIFIED
    return finding.verdict in AWAITED or finding.verdict.is_billed or finding.verdict is Verdict.UNVERIFIED


def _is_taken(expected: Expected, found: Mapping[str, Finding]) -> bool:
    finding = found.get(expected.ticket_id)
    return expected.is_taken or (finding is not None and finding.verdict.is_billed)


def _missed(run: Sequence[Expected], found: Mapping[str, Finding]) -> dict[str, Concern]:
    """The concern of each ticket that the run left. How many it took is said where all of them were looked at."""
    taken = sum(_is_taken(each, found) for each in run)
    left = [each for each in run if each.ticket_id in found and found[each.ticket_id].verdict in AWAITED]
    numbers = tuple(each.ticket_number for each in left) if taken + len(left) == len(run) else ()
    first = run[0]
    concern = Concern(ConcernKind.MISSED_RUN, (), schedule=first.schedule, day=first.run_on, taken=taken, left=numbers)
    return {each.ticket_id: concern for each in left}


def _with(finding: Finding, missed: Concern | None) -> Finding:
    if missed is None:
        return finding
    others = [each for each in finding.concerns if each.kind is not ConcernKind.MISSED_RUN]
    return replace(finding, concerns=(*others, missed))


def _run(expected: Expected) -> tuple[date, str]:
    return expected.run_on, expected.schedule_id
