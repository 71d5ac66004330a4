"""Why a verdict is what it is, in one or two plain sentences made from what the finding holds.

They may quote Syncro's texts as they are: escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date
from typing import Final

from bot.billing.decide import day_of_run, is_overdue
from bot.billing.rules.matching import link_of
from bot.billing.rules.verdicts import Due, Finding, Ground, InvoiceLink, Verdict
from bot.counting import counted
from bot.ticket_references import as_people_say
from bot.words.findings import REST_UNKNOWN, repeated
from bot.words.plain import capital, day_in_words, duration, in_hours, money, strung

_FAILURES_SAID: Final = 1
"""How many failed reads the sentence names; it counts the others."""


_SEARCHED: Final = "Every place where its invoice could be was searched"
CONTRADICTION: Final = "Its status says “Invoiced”, but no invoice bills it."


def reason(finding: Finding, run_on: date | None = None) -> str:
    """Why the verdict is what it is, in words that stand alone. What policy says tells it, where nothing else does.

    `run_on` is the day of the recurring run in the office's zone; without it the day is that of UTC.
    """
    if finding.verdict.is_billed:
        return _found(finding, alone=True)
    return strung(" ", _named(finding, run_on), beside_headline(finding))


def beside_headline(finding: Finding) -> str:
    """The same without what a headline names: the invoices, their recurring invoice, the unbilled work."""
    said = beside_proof(finding)
    found = "" if finding.contradiction else ", and there is none"
    return f"{said} {_SEARCHED}{found}." if finding.verdict in _PROVED else said


def beside_proof(finding: Finding) -> str:
    """The same where the places that were read are listed as well."""
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
        parts.append(f"{duration(finding.unbilled.minutes)} of time on it is billable and not yet charged.")
    if said.time is not None:
        parts.append(f"Its {said.time.by} “{said.time.value}” covers its time, not a charge with a price.")
    if said.due is Due.COVERED and finding.unbilled.minutes:
        parts.append(f"{duration(finding.unbilled.minutes)} of time not yet charged is covered too.")
    if said.due is Due.NEVER and finding.unbilled.charges:
        parts.append(f"Charges of {money(finding.unbilled.charges, finding.currency)} on it are on no invoice.")
    return " ".join(parts)


_EXPECTED: Final[Mapping[tuple[Due, Ground | None], str]] = {
    (Due.YES, None): "The work is finished (status “{value}”).",
    (Due.YES, Ground.CHARGES): "The work is finished (status “{value}”), and its only charges are 0.00.",
    (Due.NOTHING, None): "The work is finished (status “{value}”).",
    (Due.NOT_YET, None): "The work is not finished (status “{value}”), so an invoice is not due yet.",
    (Due.NEVER, None): "No invoice is expected: its {by} is “{value}”.",
    (Due.NEVER, Ground.TIME): "No invoice is expected: none of its time is billable and it has no unbilled charge.",
    (Due.NEVER, Ground.CHARGES): (
        "No invoice is expected: its only charges are 0.00 and no billable time is left without a charge."
    ),
    (Due.NEVER, Ground.PRODUCT): "No invoice is expected: it has a charge of 0.00 for “{value}”.",
    (Due.COVERED, None): (
        "No invoice is owed: its {by} “{value}” is a covered one, and no charge with a price is unbilled."
    ),
}
_BESIDE_TIME: Final = (Ground.CHARGES, Ground.PRODUCT)


def _found(finding: Finding, *, alone: bool = False) -> str:
    """How the invoices bill it, and what is left; of that and of their numbers what no headline names, or all."""
    left, is_partly = finding.unbilled, finding.verdict is Verdict.PARTIALLY_INVOICED
    said = [_links(finding.invoices, alone=alone)]
    if left.charges and (alone or not is_partly):
        said.append(f"Charges of {money(left.charges, finding.currency)} on the ticket are on no invoice yet.")
    said += _repeated(finding)
    if left.minutes and (alone or not is_partly):
        said.append(f"{duration(left.minutes)} of time is not yet charged.")
    if left.is_unknown:
        said.append(f"{capital(REST_UNKNOWN)}.")
    return strung(" ", *said)


def _links(invoices: Sequence[InvoiceLink], *, alone: bool) -> str:
    ways = list(dict.fromkeys(link_of(invoice.link).reason for invoice in invoices))
    if alone or len(ways) > 1:
        return f"{capital('; '.join(f'invoice {each.number} {link_of(each.link).reason}' for each in invoices))}."
    return "".join(f"{'The invoice' if len(invoices) == 1 else 'Each invoice'} {way}." for way in ways)


def _named(finding: Finding, run_on: date | None) -> str:
    """What a headline names."""
    if finding.verdict is Verdict.NOT_FOUND:
        return f"Syncro has no ticket {as_people_say(finding.ticket_number)}."
    if finding.verdict is not Verdict.SCHEDULED:
        return ""
    charges = finding.unbilled.charges
    amount = "" if charges is None else f" of {money(charges, finding.currency)}"
    return (
        f"Charges{amount} are on no invoice yet; {expected_on(finding.schedule_name, run_in_words(finding, run_on))}."
    )


def _scheduled(finding: Finding) -> str:
    if finding.scheduled_for is not None and is_overdue(finding.scheduled_for, finding.checked_at):
        said = "That date has passed: look at it."
    else:
        said = "Syncro does not show the schedule's own filters: after that day, see that its invoice has the charges."
    return strung(" ", said, *_repeated(finding))


def run_in_words(finding: Finding, run_on: date | None = None) -> str:
    """Tue 1 Dec: the day of the recurring run; empty where Syncro names none."""
    checked, run = finding.checked_at, finding.scheduled_for
    day = run_on or (None if run is None else day_of_run(run, checked.tzinfo or UTC))
    return "" if day is None else day_in_words(day, checked.date())


def expected_on(name: str, day: str) -> str:
    """Expected on the invoice of Tue 1 Dec (recurring invoice “Monthly”). Both may be empty; nothing is escaped."""
    named = f"recurring invoice{f' “{name}”' if name else ''}"
    if not day:
        return f"expected on the next invoice of the {named} (Syncro names no date)"
    return f"expected on the invoice of {day} ({named})"


def _not_invoiced(finding: Finding) -> str:
    said = [CONTRADICTION if finding.contradiction else _expected(finding)]
    if finding.prepaid_hours is not None:
        said.append(f"Its invoice would draw on the prepaid block of {in_hours(finding.prepaid_hours)} h.")
    if finding.paused_schedule is not None:
        name = f" “{finding.paused_schedule}”" if finding.paused_schedule else ""
        said.append(f"Its recurring invoice{name} is paused.")
    return strung(" ", *said, *_repeated(finding))


def _repeated(finding: Finding) -> list[str]:
    said = repeated(finding.unbilled, finding.currency)
    return [f"{said}."] if said else []


def _nothing_recorded(finding: Finding) -> str:
    return f"{_expected(finding)} Nothing is recorded on this ticket. If work was done, record it."


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


_PROVED: Final = (Verdict.NOT_INVOICED, Verdict.NOTHING_RECORDED)
"""Rest on the proof that there is no invoice."""
_REASONS: Final[Mapping[Verdict, Callable[[Finding], str]]] = {
    Verdict.INVOICED: _found,
    Verdict.PARTIALLY_INVOICED: _found,
    Verdict.SCHEDULED: _scheduled,
    Verdict.NOTHING_RECORDED: _nothing_recorded,
    Verdict.NOT_INVOICED: _not_invoiced,
    Verdict.UNVERIFIED: _unverified,
    Verdict.NOT_FOUND: lambda _: "Check the number.",
}
