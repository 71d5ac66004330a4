"""What is said of an invoice that was asked for, as plain text: in Slack, in the terminal, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.billing.rules.verdicts import (
    CheckReport,
    Due,
    Finding,
    Ground,
    InvoiceAnswer,
    InvoiceLink,
    LinkKind,
    Standing,
)
from bot.counting import counted
from bot.ticket_references import ID_PREFIX, as_people_say
from bot.words.concerns import concern_in_words
from bot.words.finding_json import as_number
from bot.words.findings import paid
from bot.words.plain import listed, money, strung


@dataclass(frozen=True)
class StandingWords:
    """How an answer is said. The signs never stand without the label."""

    glyph: str
    """Its sign in Slack."""
    mark: str
    """Its sign in a terminal."""
    label: str
    exit_status: int = 0


_STANDINGS: Final[Mapping[Standing, StandingWords]] = {
    Standing.BILLS: StandingWords("✅", "✓", "Bills"),
    Standing.NOTHING: StandingWords("\u2796", "-", "Bills nothing"),
    Standing.UNVERIFIED: StandingWords("❓", "?", "Could not verify", exit_status=2),
    Standing.NOT_FOUND: StandingWords("🔎", "∅", "No such invoice"),
}
_WAYS: Final[Mapping[LinkKind, str]] = {
    LinkKind.TICKET_ID: "It was made for {}.",
    LinkKind.LINE_ITEM: "It carries charges of {}.",
    LinkKind.LINE_TEXT: "Its lines name {}.",
}
_OF_WORK: Final = (Ground.TIME, Ground.CHARGES, Ground.PRODUCT)
"""Such a rule sees what is left on the ticket when it is billed."""
_MOST_NAMED: Final = 10
CAUTION: Final = "this is not a statement that it bills none"
"""Belongs to every "could not verify" of an invoice."""


def standing_words(standing: Standing) -> StandingWords:
    """How this answer is said."""
    return _STANDINGS[standing]


def invoice_name(answer: InvoiceAnswer) -> str:
    """Invoice 67469; not escaped."""
    return f"Invoice {answer.number}" if answer.number else f"Invoice {reference_in_words(answer.reference)}"


def reference_in_words(reference: str) -> str:
    """67469, or: with id 1650000001."""
    return f"with id {reference.removeprefix(ID_PREFIX)}" if reference.startswith(ID_PREFIX) else reference


def label(report: CheckReport, answer: InvoiceAnswer) -> str:
    """Bills 2 tickets."""
    tickets = counted(len(report.findings), "ticket") if answer.standing is Standing.BILLS else ""
    return strung(" ", standing_words(answer.standing).label, tickets)


def total_and_paid(answer: InvoiceAnswer) -> str:
    """75.00, paid."""
    total = "" if answer.total is None else money(answer.total, answer.currency)
    return strung(", ", total, paid(answer))


def link_to(answer: InvoiceAnswer, finding: Finding) -> InvoiceLink | None:
    """How the invoice bills the ticket; None where credits give all of it back."""
    return next((each for each in finding.invoices if each.id == answer.id), None)


def why(report: CheckReport, answer: InvoiceAnswer) -> str:
    """The one reason."""
    if answer.standing is Standing.NOT_FOUND:
        which = "id" if answer.reference.startswith(ID_PREFIX) else "number"
        return f"Syncro's list of invoices was read to its end, and none has this {which}. Check the {which}."
    if answer.standing is Standing.NOTHING:
        return "It gives money back." if answer.is_credit else "It has no line."
    if answer.standing is Standing.UNVERIFIED and not answer.number:
        return f"{strung(' ', *answer.failures[:1])} Whether it bills a ticket is not known."
    if answer.standing is Standing.UNVERIFIED:
        return "It names no ticket that Syncro has."
    ways: dict[LinkKind, list[str]] = {}
    for finding in report.findings:
        if (found := link_to(answer, finding)) is not None:
            ways.setdefault(found.link, []).append(as_people_say(finding.ticket_number))
    named = {kind: listed(numbers[:_MOST_NAMED], len(numbers) - _MOST_NAMED) for kind, numbers in ways.items()}
    return " ".join(_WAYS[kind].format(numbers) for kind, numbers in named.items())


@dataclass(frozen=True)
class Remark:
    """Something about an invoice that somebody should look at."""

    kind: str
    tickets: tuple[str, ...]
    words: str


def remarks(report: CheckReport, answer: InvoiceAnswer) -> Iterator[Remark]:
    """What may be wrong with it: for the tickets that it bills, what the engine says of each, and whose they are."""
    for finding in report.findings:
        number, link = finding.ticket_number, link_to(answer, finding)
        said = as_people_say(number)
        if link is None:
            yield Remark("credit", (number,), f"Credits give back all that is billed for {said}.")
        elif answer.customer_id is not None and finding.customer_id != answer.customer_id:
            whose = f"{said} is a ticket of “{finding.customer}”, the invoice goes to “{answer.customer}”."
            yield Remark("other_customer", (number,), whose)
        policy = finding.expectation
        if policy is not None and policy.due is Due.NEVER and policy.by not in _OF_WORK:
            expected = f"no invoice is expected: its {policy.by.value.replace('_', ' ')} is “{policy.value}”"
            yield Remark("non_billable", (number,), f"{said} is billed, though {expected}.")
        for concern in finding.concerns:
            words = f"{said}: {concern_in_words(concern, finding.currency)}"
            yield Remark(concern.kind.value, (number,), words)
    for number, _ in answer.possible:
        # A credit or an empty invoice bills nothing, whatever it names.
        verb = "names" if answer.standing is Standing.NOTHING else "may bill"
        yield Remark("may_bill", (number,), f"It {verb} {as_people_say(number)}: look at it.")
    for number in answer.unknown:
        words = f"It names ticket {as_people_say(number)}, which Syncro does not have."
        yield Remark("no_such_ticket", (number,), words)


def unknowns(answer: InvoiceAnswer) -> list[str]:
    """What is not known of it, a sentence each."""
    said = list(answer.failures if answer.number else answer.failures[1:])
    if answer.open_lines:
        lines = counted(answer.open_lines, "line")
        said.append(f"An invoice made from several tickets links back to none of them, so {lines} of it may bill some.")
        if answer.tickets_searched:
            looked = f"{counted(answer.tickets_searched, 'ticket')} of its customer from the three months before"
            said.append(f"{looked} looked at: no further charge on it.")
    return said


def invoice_as_json(report: CheckReport, answer: InvoiceAnswer) -> dict[str, Any]:
    """The invoice as scripts read it; the tickets' findings stand beside it as results."""
    return {
        "asked": answer.reference,
        "verdict": answer.standing.value,
        "reason": why(report, answer),
        "number": answer.number or None,
        "id": as_number(answer.id or None),
        "url": answer.url or None,
        "customer": answer.customer or None,
        "total": None if answer.total is None else f"{answer.total:.2f}",
        "paid": answer.paid,
        "tickets": [
            {
                "ticket_number": finding.ticket_number,
                "ticket_id": as_number(finding.ticket_id),
                "link": None if (link := link_to(answer, finding)) is None else link.link.value,
            }
            for finding in report.findings
        ],
        "concerns": [
            {"kind": each.kind, "tickets": list(each.tickets), "words": each.words} for each in remarks(report, answer)
        ],
        "unknown": unknowns(answer),
        "complete": not (answer.failures or answer.open_lines),
    }
