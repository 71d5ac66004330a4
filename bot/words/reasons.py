"""Why a verdict is what it is, in one or two plain sentences made from what the finding holds.

They may quote Syncro's texts as they are: escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Final

from bot.billing.decide import day_of_run, is_overdue
from bot.billing.rules.verdicts import Due, Finding, Ground, Verdict
from bot.counting import counted
from bot.ticket_references import as_people_say
from bot.words.findings import REST_UNKNOWN, repeated, what_it_does
from bot.words.plain import capital, date_in_words, duration, in_hours, money, strung

_FAILURES_SAID: Final = 2
"""How many failed reads the sentence names; it counts the others."""


_ON_NO_INVOICE: Final = "Every place where its invoice could be was read, and none bills it."


def reason(finding: Finding) -> str:
    """Why the verdict is what it is. What policy says tells it, where nothing else does."""
    return _REASONS.get(finding.verdict, _expected)(finding)


def unsaid(finding: Finding) -> tuple[str, ...]:
    """What could not be read, as far as the reason does not name it."""
    return finding.failures[_FAILURES_SAID if finding.verdict is Verdict.UNVERIFIED else 0 :]


def _expected(finding: Finding) -> str:
    """What policy says of the ticket."""
    said = finding.expectation
    if said is None:
        return ""
    texts = _EXPECTED.get((said.due, said.by)) or _EXPECTED[said.due, None]
    named = {"by": said.by.replace("_", " "), "value": said.value}
    parts = [texts.format(**named)]
    if said.by in _BESIDE_TIME and finding.unbilled.minutes:
        parts.append(f"{duration(finding.unbilled.minutes)} of time on it is marked as billable and uncharged.")
    if said.time is not None:
        parts.append(f'Its {said.time.by} "{said.time.value}" covers its time, not a charge with a price.')
    if said.due is Due.COVERED and finding.unbilled.minutes:
        parts.append(f"So is {duration(finding.unbilled.minutes)} of uncharged time.")
    if said.due is Due.NEVER and finding.unbilled.charges:
        parts.append(f"Charges of {money(finding.unbilled.charges, finding.currency)} on it are on no invoice.")
    return " ".join(parts)


_EXPECTED: Final[Mapping[tuple[Due, Ground | None], str]] = {
    (Due.YES, None): 'The work is finished (status "{value}").',
    (Due.YES, Ground.CHARGES): 'The work is finished (status "{value}"), and its only charges are 0.00.',
    (Due.NOTHING, None): 'The work is finished (status "{value}").',
    (Due.NOT_YET, None): 'The work is not finished (status "{value}"), so an invoice is not due yet.',
    (Due.NEVER, None): 'No invoice is expected: its {by} is "{value}".',
    (Due.NEVER, Ground.TIME): "No invoice is expected: none of its time is billable and it has no unbilled charge.",
    (Due.NEVER, Ground.CHARGES): (
        "No invoice is expected: its only charges are 0.00 and no billable time is left without a charge."
    ),
    (Due.NEVER, Ground.PRODUCT): 'No invoice is expected: it has a charge of 0.00 for "{value}".',
    (Due.COVERED, None): 'Its {by} "{value}" is covered, and it has no unbilled charge with a price.',
}
_BESIDE_TIME: Final = (Ground.CHARGES, Ground.PRODUCT)


def _found(finding: Finding) -> str:
    left = finding.unbilled
    said = [f"{' and '.join(map(what_it_does, finding.invoices))}."]
    if left.charges:
        said.append(f"Charges of {money(left.charges, finding.currency)} on the ticket are on no invoice yet.")
    said += _repeated(finding)
    if left.minutes:
        said.append(f"{duration(left.minutes)} of billable time has not become a charge.")
    if None in (left.charges, left.minutes):
        said.append(f"{capital(REST_UNKNOWN)}.")
    return " ".join(said)


def _scheduled(finding: Finding) -> str:
    charges = finding.unbilled.charges
    amount = "" if charges is None else f" of {money(charges, finding.currency)}"
    said = f"Charges{amount} are on no invoice yet; {expected_on(finding)}"
    if finding.scheduled_for is not None and is_overdue(finding.scheduled_for, finding.checked_at):
        return f"{said}, and that date has passed: look at it."
    said = f"{said}. Syncro does not show the schedule's own filters, so look after the run whether it took them."
    return strung(" ", said, *_repeated(finding))


def expected_on(finding: Finding) -> str:
    """Expected on the invoice of 1 Dec (recurring invoice "Monthly")."""
    name = f' "{finding.schedule_name}"' if finding.schedule_name else ""
    if finding.scheduled_for is None:
        return f"expected on the next invoice of the recurring invoice{name} (Syncro names no date)"
    checked = finding.checked_at
    day = date_in_words(day_of_run(finding.scheduled_for, checked.tzinfo or UTC), checked.date())
    return f"expected on the invoice of {day} (recurring invoice{name})"


def _not_invoiced(finding: Finding) -> str:
    said = [_expected(finding), _ON_NO_INVOICE]
    if finding.contradiction:
        said.append("Contradiction: its status says Invoiced; a status is set by hand and proves nothing.")
    if finding.prepaid_hours is not None:
        said.append(f"Its invoice would draw on the prepaid block of {in_hours(finding.prepaid_hours)} h.")
    if finding.paused_schedule is not None:
        said.append(f'The recurring invoice "{finding.paused_schedule}" would pick up its charges, but it is paused.')
    return strung(" ", *said, *_repeated(finding))


def _repeated(finding: Finding) -> list[str]:
    said = repeated(finding.unbilled, finding.currency)
    return [f"{said}."] if said else []


def _nothing_recorded(finding: Finding) -> str:
    return f"{_expected(finding)} {_ON_NO_INVOICE} Nothing is recorded on this ticket. If work was done, record it."


def _unverified(finding: Finding) -> str:
    said = ["The ticket could not be looked up."] if finding.ticket_id is None else []
    own = {number for concern in finding.concerns for number in concern.invoices}
    said += [
        f"Invoice {mention.number} is this ticket's and bills nothing: look at that invoice."
        if mention.number in own
        else f"Invoice {mention.number} may mean ticket {finding.ticket_number}, and does not prove it:"
        " look at that invoice."
        for mention in finding.possible[:1]
    ]
    said += finding.failures[:_FAILURES_SAID]
    if more := len(unsaid(finding)):
        said.append(f"{counted(more, 'more read')} failed.")
    return " ".join(said)


_REASONS: Final[Mapping[Verdict, Callable[[Finding], str]]] = {
    Verdict.INVOICED: _found,
    Verdict.PARTIALLY_INVOICED: _found,
    Verdict.SCHEDULED: _scheduled,
    Verdict.NOTHING_RECORDED: _nothing_recorded,
    Verdict.NOT_INVOICED: _not_invoiced,
    Verdict.UNVERIFIED: _unverified,
    Verdict.NOT_FOUND: lambda finding: f"Syncro has no ticket {as_people_say(finding.ticket_number)}.",
}
