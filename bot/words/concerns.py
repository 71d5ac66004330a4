"""The words of a concern: the same in Slack, the terminal, CSV and JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bot.billing.rules.verdicts import Concern, ConcernKind, Finding
from bot.counting import counted, dated
from bot.ticket_references import as_people_say
from bot.words.plain import listed, money

_LEFT_NAMED: Final = 8


def concerns_in_words(finding: Finding) -> str:
    """All concerns of a ticket, a sentence each; escape them."""
    return " ".join(concern_in_words(each, finding.currency) for each in finding.concerns)


def concern_in_words(concern: Concern, currency: str) -> str:
    """One sentence; may quote the name of a recurring invoice, so escape it."""
    numbers = listed([str(number) for number in concern.invoices])
    plural, made, gives = ("s", "were made", "give") if len(concern.invoices) > 1 else ("", "was made", "gives")
    comes = "come" if plural else "comes"
    amount = "" if concern.amount is None else money(concern.amount, currency)
    unsure = "; whether its customer has prepaid hours could not be read" if concern.is_unsure else ""
    match concern.kind:
        case ConcernKind.BILLED_TWICE:
            return f"Billed twice? Invoice{plural} {numbers} bill the same ticket."
        case ConcernKind.ZERO_TOTAL:
            nothing = money(Decimal(0), currency)
            return f"Invoice{plural} {numbers} {comes} to {nothing}, the ticket's charges to {amount}{unsure}."
        case ConcernKind.EMPTY:
            return f"Invoice{plural} {numbers} {made} for this ticket without any line, so nothing is billed."
        case ConcernKind.CREDIT:
            return f"Invoice{plural} {numbers} {gives} {amount} back."
        case ConcernKind.BILLED_FOR_LESS:
            return f"Invoice {numbers} bills {amount} less than the ticket's charges, and shows no discount."
        case ConcernKind.MISSED_RUN:
            return _missed_run(concern)


def _missed_run(concern: Concern) -> str:
    day = "" if concern.day is None else f" of {dated(concern.day)}"
    name = f" “{concern.schedule}”" if concern.schedule else ""
    if not concern.left:
        return f"The recurring invoice{name} did not take its charges in the run{day}."
    expected = concern.taken + len(concern.left)
    named = ", ".join(map(as_people_say, concern.left[:_LEFT_NAMED]))
    more = f" and {len(concern.left) - _LEFT_NAMED} more" if len(concern.left) > _LEFT_NAMED else ""
    return (
        f"The run{day} of the recurring invoice{name} took {concern.taken} of"
        f" {counted(expected, 'ticket')}; missed: {named}{more}."
    )
