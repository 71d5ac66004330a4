"""A finding in mrkdwn: its headline with links, the same as a plain sentence, and the phrases they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final

from bot.billing.rules.technicians import Technician
from bot.billing.rules.verdicts import Finding, InvoiceLink, Loudness, PossibleMention, Verdict
from bot.counting import counted, dated
from bot.messages.escape import link, mrkdwn, plain, web_address
from bot.messages.rendered import Line, line, spoken
from bot.ticket_references import as_people_say
from bot.words import reasons
from bot.words.findings import billed_to, paid, unbilled
from bot.words.plain import listed, moment_in_words, money, strung
from bot.words.verdicts import verdict_words

_NUMBER: Final = 20
_NAME: Final = 80
_QUOTE: Final = 150
_REASON: Final = 1_000
_INVOICES_NAMED: Final = 3
_NUMBERS_NAMED: Final = 60


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


def day(when: datetime) -> str:
    """The same without the time, for what is said of a past day."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}}|{dated(when)}>"


def quoted(reason: str, limit: int = 200) -> str:
    """The reason that a person gave, as a quotation."""
    shown = mrkdwn(reason, limit)
    return f"“{shown}”" if shown else "no reason given"


NAME_UNKNOWN: Final = (
    "I do not know your name in Syncro, so I cannot tell which tickets are yours. The operator of this bot can say it"
    " in the setting TECHNICIANS."
)


def which_are_you(name: str, namesakes: Sequence[Technician]) -> str:
    """Several technicians bear the person's name, so nothing of any of them is shown."""
    who = ", ".join(mrkdwn(each.email or f"id {each.id}", 80) for each in namesakes[:5])
    return (
        f"Syncro has {len(namesakes)} technicians called “{mrkdwn(name, 80)}” ({who}), and I do not guess which you"
        " are. The operator of this bot can say so in the setting TECHNICIANS, by e-mail address."
    )


def bare_number(finding: Finding) -> str:
    """#32223, for plain_text objects."""
    return plain(as_people_say(finding.ticket_number), _NUMBER + 10)


# Parts of a finding, as mrkdwn


def number_link(finding: Finding) -> str:
    """#32223, linked to the ticket where its address is known."""
    return link(finding.ticket_url, plain(as_people_say(finding.ticket_number), _NUMBER + 10))


def invoice_total(invoice: InvoiceLink, currency: str) -> str:
    """67469 (linked), 75.00, unpaid."""
    total = money(invoice.total, currency) if invoice.total is not None else ""
    return ", ".join(filter(None, [link(invoice.url, plain(invoice.number, _NUMBER)), total, paid(invoice)]))


def possible_mention(mention: PossibleMention) -> Line:
    """The invoice to look at, and the text that might mean this ticket."""
    invoice = link(mention.url, plain(mention.number, _NUMBER))
    said = f"its text “{mrkdwn(mention.text, _QUOTE)}”" if mention.text.strip() else "it is a credit that"
    return line(f"Look at invoice {invoice}: {said} may mean this ticket, and proves nothing either way.")


def about(finding: Finding) -> str:
    """“Printer does not print”, and the ticket's address where the headline is a header, which holds no link."""
    shown = mrkdwn(finding.subject)
    is_header = finding.verdict.traits.loudness is Loudness.ALARM and web_address(finding.ticket_url)
    opening = link(finding.ticket_url, "see it in Syncro") if is_header else ""
    return strung(" · ", f"“{shown}”" if shown else "", opening)


def reason(finding: Finding, limit: int = _REASON, *, with_proof: bool = False) -> str:
    """Why the verdict is what it is, beside a headline, and perhaps `with_proof` that there is no invoice.

    The invoice to look at has a line of its own.
    """
    said = reasons.beside_proof if with_proof else reasons.beside_headline
    return mrkdwn(said(replace(finding, possible=())), limit)


# The whole finding in one line


def headline(finding: Finding, *, cautious: bool = True) -> str:
    """✅ *Invoiced* · *#32223* · Kittle · invoice 67469, 75.00, with links, and what it must not be taken for."""
    said = verdict_words(finding.verdict)
    known = strung(
        " · ",
        sign(finding),
        f"*{number_link(finding)}*",
        mrkdwn(finding.customer, _NAME),
        invoices(finding, "and {} more in the thread") if finding.verdict.is_billed else "",
        _schedule(finding) if finding.verdict is Verdict.SCHEDULED else "",
        strung(" ", "unbilled:" if finding.verdict.is_billed and _work(finding) else "", _work(finding)),
    )
    return strung(" — ", known, said.caution if cautious else "")


def sign(finding: Finding) -> str:
    """✅ *Invoiced*."""
    said = verdict_words(finding.verdict)
    return f"{said.glyph} *{said.label}*"


def billed_on(finding: Finding) -> str:
    """*#32223* on 67469 (75.00, unpaid), with links; without an invoice the number alone."""
    named = []
    for each in finding.invoices[:_INVOICES_NAMED]:
        total = money(each.total, finding.currency) if each.total is not None else ""
        said = strung(", ", total, paid(each), _payer(each))
        named.append(strung(" ", link(each.url, plain(each.number, _NUMBER)), f"({said})" if said else ""))
    on = listed(named, len(finding.invoices) - len(named))
    return strung(" on ", f"*{number_link(finding)}*", on)


def title(finding: Finding) -> str:
    """The headline for a header, which takes plain text only: 🚨 NOT INVOICED · #32223 · Kittle · 180.00 in charges."""
    said = verdict_words(finding.verdict)
    known = (f"{said.glyph} {said.label}", bare_number(finding), plain(finding.customer, _NAME // 2), _work(finding))
    return strung(" · ", *known)


def plain_headline(finding: Finding) -> str:
    """Ticket #32223 (Kittle): invoiced on invoice 67469, total 75.00."""
    customer = mrkdwn(finding.customer, _NAME)
    subject = f"Ticket {numbers([finding.ticket_number])}" + (f" ({customer})" if customer else "")
    if finding.verdict.traits.loudness is Loudness.ALARM:
        subject = f"Warning. {subject}"
    return f"{subject}: {_predicate(finding)}"


def headline_line(finding: Finding) -> Line:
    """The headline for a block, with the plain one as its words."""
    return line(headline(finding), plain_headline(finding))


def _predicate(finding: Finding) -> str:
    """What the plain headline says of the ticket; whole sentences."""
    said = verdict_words(finding.verdict).sentence
    if finding.verdict.is_billed:
        said = strung(" ", said, _on_invoices(finding))
    if finding.verdict is Verdict.SCHEDULED:
        said = f"{said}; {spoken(_schedule(finding))}"
    work = _work(finding)
    return strung(" ", f"{said}.", f"Unbilled: {work}." if work else "")


def _work(finding: Finding) -> str:
    """The unbilled work, where the verdict is about it."""
    return unbilled(finding.unbilled, finding.currency) if verdict_words(finding.verdict).names_work else ""


def invoices(finding: Finding, more: str = "and {} more") -> str:
    """The first invoices, linked, each with its total and whose it is where it is another's; `more` counts the rest."""
    named = [(f"invoice {invoice_total(each, finding.currency)}", _payer(each)) for each in finding.invoices]
    return _few([strung(", ", *said) for said in named], more)


def _on_invoices(finding: Finding) -> str:
    found = finding.invoices
    totals = ["" if each.total is None else f"total {money(each.total, finding.currency)}" for each in found]
    names = [f"on invoice {mrkdwn(each.number, _NUMBER)}" for each in found]
    told = zip(names, totals, map(paid, found), map(_payer, found), strict=True)
    return _few([strung(", ", *said) for said in told], "and on {} more")


def _payer(invoice: InvoiceLink) -> str:
    return mrkdwn(billed_to(invoice), _NAME)


def _few(every: Sequence[str], more: str) -> str:
    left = len(every) - _INVOICES_NAMED
    return strung("; ", *every[:_INVOICES_NAMED], more.format(left) if left > 0 else "")


def _schedule(finding: Finding) -> str:
    return reasons.expected_on(mrkdwn(finding.schedule_name, _NAME), _run(finding))


def _run(finding: Finding) -> str:
    """The day of the recurring run: of the reader's own zone, unless Syncro gave a mere date."""
    when, said = finding.scheduled_for, reasons.run_in_words(finding)
    if when is None or when.astimezone(UTC).time() == time.min:
        return said
    return f"<!date^{int(when.timestamp())}^{{date_short}}|{said}>"
