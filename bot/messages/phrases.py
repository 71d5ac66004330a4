"""A finding in mrkdwn: its headline with links, the same as a plain sentence, and the phrases they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.billing.rules.verdicts import Finding, InvoiceLink, PossibleMention, Verdict
from bot.counting import counted
from bot.messages.escape import link, mrkdwn, plain
from bot.messages.rendered import Line, line, spoken
from bot.ticket_references import as_people_say
from bot.words import reasons
from bot.words.findings import REST_UNKNOWN, billed_to, unbilled
from bot.words.plain import moment_in_words, money

NO_STATEMENT: Final = "this is not a statement that the invoice is missing"
"""Belongs to every "could not verify"."""

_NUMBER: Final = 20
_NAME: Final = 80
_QUOTE: Final = 150
_REASON: Final = 1_000
_INVOICES_NAMED: Final = 3
_NUMBERS_NAMED: Final = 60


@dataclass(frozen=True)
class VerdictWords:
    """How a verdict is said to people. The glyph never stands without the label."""

    glyph: str
    label: str
    meaning: str


_VERDICTS: Final[Mapping[Verdict, VerdictWords]] = MappingProxyType(
    {
        Verdict.INVOICED: VerdictWords("✅", "Invoiced", "an invoice bills this ticket, and it is named."),
        Verdict.PARTIALLY_INVOICED: VerdictWords(
            "🟡", "Partly invoiced", "an invoice bills part of it; some of its charges are still unbilled."
        ),
        Verdict.SCHEDULED: VerdictWords(
            "🗓️", "Scheduled", "an active recurring invoice will bill its charges on the date given."
        ),
        Verdict.NON_BILLABLE: VerdictWords(
            "\u2796", "Non-billable", "no invoice is expected, and the answer says why."
        ),
        Verdict.OPEN: VerdictWords("🔧", "Still open", "the work is not finished, so an invoice is not due yet."),
        Verdict.NOT_INVOICED: VerdictWords(
            "🚨",
            "NOT INVOICED",
            "it is finished and billable, and every place where its invoice could be was read: there is none.",
        ),
        Verdict.UNVERIFIED: VerdictWords(
            "❓", "Could not verify", f"it could not be proved either way; {NO_STATEMENT}."
        ),
        Verdict.NOT_FOUND: VerdictWords("🔎", "No such ticket", "Syncro has no ticket of that number."),
    }
)

# The vocabulary


def verdict_words(verdict: Verdict) -> VerdictWords:
    """How this verdict is said."""
    return _VERDICTS[verdict]


def moment(when: datetime) -> str:
    """A date in mrkdwn: Slack shows it in the reader's own time zone."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{moment_in_words(when)}>"


def numbers(ticket_numbers: Iterable[str]) -> str:
    """#32223, #32224, escaped; past sixty it says how many more there are."""
    every = [mrkdwn(as_people_say(number), _NUMBER + 10) for number in ticket_numbers]
    more = len(every) - _NUMBERS_NAMED
    return ", ".join(every[:_NUMBERS_NAMED]) + (f" and {more} more" if more > 0 else "")


def tickets(ticket_numbers: Sequence[str]) -> str:
    """Ticket #32223, or: 12 tickets."""
    if len(ticket_numbers) == 1:
        return f"Ticket {numbers(ticket_numbers)}"
    return counted(len(ticket_numbers), "ticket")


def bare_number(finding: Finding) -> str:
    """#32223, for plain_text objects."""
    return plain(as_people_say(finding.ticket_number), _NUMBER + 10)


# Parts of a finding, as mrkdwn


def number_link(finding: Finding) -> str:
    """#32223, linked to the ticket where its address is known."""
    return link(finding.ticket_url, plain(as_people_say(finding.ticket_number), _NUMBER + 10))


def invoice_total(invoice: InvoiceLink) -> str:
    """67469 (linked), 75.00."""
    total = f", {money(invoice.total)}" if invoice.total is not None else ""
    return f"{link(invoice.url, plain(invoice.number, _NUMBER))}{total}"


def possible_mention(mention: PossibleMention) -> Line:
    """The invoice to look at, and the text that might mean this ticket."""
    invoice = link(mention.url, plain(mention.number, _NUMBER))
    quoted = f"“{mrkdwn(mention.text, _QUOTE)}”" if mention.text.strip() else "a text"
    return line(f"Please look at invoice {invoice}: {quoted} holds the number, which proves nothing either way.")


def reason(finding: Finding, limit: int = _REASON) -> str:
    """Why the verdict is what it is; empty where the finding says nothing."""
    return mrkdwn(reasons.reason(finding), limit)


# The whole finding in one line


def headline(finding: Finding) -> str:
    """*Ticket #32223* · Kittle · ✅ *Invoiced* — invoice 67469, 75.00, with links."""
    said = verdict_words(finding.verdict)
    known = [
        f"*Ticket {number_link(finding)}*",
        mrkdwn(finding.customer, _NAME),
        f"{said.glyph} *{said.label}*",
    ]
    return " — ".join(filter(None, [" · ".join(filter(None, known)), _tail(finding)]))


def plain_headline(finding: Finding) -> str:
    """Ticket #32223 (Kittle): invoiced on invoice 67469, total 75.00."""
    customer = mrkdwn(finding.customer, _NAME)
    subject = f"Ticket {numbers([finding.ticket_number])}" + (f" ({customer})" if customer else "")
    if finding.verdict is Verdict.NOT_INVOICED:
        subject = f"Warning. {subject}"
    return f"{subject}: {_predicate(finding)}"


def headline_line(finding: Finding) -> Line:
    """The headline for a block, with the plain one as its words."""
    return line(headline(finding), plain_headline(finding))


def _predicate(finding: Finding) -> str:
    """What the plain headline says of the ticket; whole sentences."""
    open_work = unbilled(finding.unbilled)
    still = f" Unbilled: {open_work}." if open_work else ""
    match finding.verdict:
        case Verdict.INVOICED:
            rest = f" {REST_UNKNOWN.capitalize()}." if finding.rest_is_unknown else ""
            return f"{_on_invoices('invoiced', finding)}.{rest}"
        case Verdict.PARTIALLY_INVOICED:
            return f"{_on_invoices('partly invoiced', finding)}.{still}"
        case Verdict.SCHEDULED:
            return f"scheduled; {spoken(_schedule(finding))}.{still}"
        case Verdict.NON_BILLABLE:
            return "non-billable, so no invoice is expected."
        case Verdict.OPEN:
            return "still open, so an invoice is not due yet."
        case Verdict.NOT_INVOICED:
            return f"NOT INVOICED, on no invoice.{still}"
        case Verdict.UNVERIFIED:
            return f"could not verify; {NO_STATEMENT}."
        case Verdict.NOT_FOUND:
            return "no such ticket in Syncro."


def _tail(finding: Finding) -> str:
    """What follows the verdict in the headline."""
    open_work = unbilled(finding.unbilled)
    still = f"unbilled: {open_work}" if open_work else ""
    match finding.verdict:
        case Verdict.INVOICED:
            return "; ".join([_invoices(finding.invoices), *([REST_UNKNOWN] if finding.rest_is_unknown else [])])
        case Verdict.PARTIALLY_INVOICED:
            return "; ".join(filter(None, [_invoices(finding.invoices), still]))
        case Verdict.SCHEDULED:
            return "; ".join(filter(None, [_schedule(finding), still]))
        case Verdict.NON_BILLABLE:
            return "no invoice is expected"
        case Verdict.OPEN:
            return "an invoice is not due yet"
        case Verdict.NOT_INVOICED:
            return "; ".join(filter(None, ["on no invoice", still]))
        case Verdict.UNVERIFIED:
            return NO_STATEMENT
        case Verdict.NOT_FOUND:
            return "Syncro has no ticket of this number"


def _invoices(invoices: Sequence[InvoiceLink]) -> str:
    named = [
        ", ".join(filter(None, [f"invoice {invoice_total(each)}", mrkdwn(billed_to(each), _NAME)]))
        for each in invoices[:_INVOICES_NAMED]
    ]
    more = len(invoices) - _INVOICES_NAMED
    return "; ".join([*named, f"and {more} more in the evidence"] if more > 0 else named)


def _on_invoices(verdict: str, finding: Finding) -> str:
    named = [
        ", ".join(
            filter(
                None,
                [
                    f"on invoice {mrkdwn(each.number, _NUMBER)}",
                    f"total {money(each.total)}" if each.total is not None else "",
                    mrkdwn(billed_to(each), _NAME),
                ],
            )
        )
        for each in finding.invoices[:_INVOICES_NAMED]
    ]
    more = len(finding.invoices) - _INVOICES_NAMED
    said = "; ".join([*named, f"and on {more} more"] if more > 0 else named)
    return f"{verdict} {said}".rstrip()


def _schedule(finding: Finding) -> str:
    name = mrkdwn(finding.schedule_name, _NAME)
    by = f"the recurring invoice “{name}” will bill it" if name else "a recurring invoice will bill it"
    return f"{by}, next run {moment(finding.scheduled_for)}" if finding.scheduled_for else by
