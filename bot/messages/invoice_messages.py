"""The messages of a question about an invoice: the parent, and the evidence in its thread."""

from __future__ import annotations

from typing import Final

from bot.billing.rules.verdicts import CheckReport, Finding, InvoiceAnswer, Standing
from bot.counting import counted
from bot.messages import phrases
from bot.messages.check_messages import signature
from bot.messages.escape import link, mrkdwn, plain
from bot.messages.rendered import Line, Rendered, joined, line, paragraphs, small_print, split_messages, told
from bot.words import invoice_answers as words
from bot.words.findings import how_linked, paid
from bot.words.plain import strung
from bot.words.verdicts import verdict_words

_REMARKS: Final = 2
"""How many lines the parent has for them."""


def checking_invoice(reference: str) -> Rendered:
    """The parent while the work goes on."""
    return told(f"*Invoice {mrkdwn(words.reference_in_words(reference), 60)}* · checking…")


def invoice_outcome(report: CheckReport, answer: InvoiceAnswer, asked_by: str | None) -> Rendered:
    """The parent's final form. `asked_by` is a Slack user id."""
    lines = _remarks(report, answer)
    if len(lines) > _REMARKS:
        lines = [*lines[: _REMARKS - 1], line(f"{len(lines) - _REMARKS + 1:,} more remarks in the thread.")]
    why = mrkdwn(words.why(report, answer), 1_000)
    said = [line(invoice_headline(report, answer, words.total_and_paid(answer))), *([line(why)] if why else []), *lines]
    return joined([*paragraphs(said), signature(answer.checked_at, asked_by)])


def invoice_headline(report: CheckReport, answer: InvoiceAnswer, money: str | None = None) -> str:
    """✅ *Bills 2 tickets* · *Invoice 67469* · Kittle · 75.00, paid; without `money` no amount."""
    said = words.standing_words(answer.standing)
    known = strung(
        " · ",
        f"{said.glyph} *{words.label(report, answer)}*",
        f"*{_name(answer)}*",
        mrkdwn(answer.customer, 80),
        paid(answer) if money is None else money,
    )
    return strung(" — ", known, words.CAUTION if answer.standing is Standing.UNVERIFIED else "")


def invoice_receipt(report: CheckReport, answer: InvoiceAnswer) -> list[Rendered]:
    """The thread: how it bills each ticket, what somebody should look at, what is not known, and the cost."""
    cost = f"{counted(report.api_calls, 'call')} to Syncro in {report.seconds:.1f} seconds for this request"
    lines = [
        *([line("*How it bills them*")] if report.findings else [line(f"*{_name(answer)}*")]),
        *(_ticket(answer, finding) for finding in report.findings),
        *_remarks(report, answer),
        *([line(f"Nothing could be read from Syncro: {mrkdwn(report.outage, 1_000)}")] if report.outage else []),
    ]
    return split_messages([*paragraphs(lines, f"*{_name(answer)}*"), small_print(line(cost))])


def _name(answer: InvoiceAnswer) -> str:
    return link(answer.url or None, plain(words.invoice_name(answer), 60))


def _ticket(answer: InvoiceAnswer, finding: Finding) -> Line:
    """• #32223 · Kittle · “Printer”: it was made for this ticket · Partly invoiced."""
    found = words.link_to(answer, finding)
    verdict = verdict_words(finding.verdict)
    about = strung(" · ", phrases.number_link(finding), mrkdwn(finding.customer, 80), phrases.about(finding))
    how = mrkdwn(how_linked(found)) if found is not None else ""
    return line(f"• {strung(': ', about, how)} · {verdict.label}")


def _remarks(report: CheckReport, answer: InvoiceAnswer) -> list[Line]:
    concerns = [f"⚠️ {mrkdwn(each.words, 400)}" for each in words.remarks(report, answer)]
    return [line(said) for said in (*concerns, *(mrkdwn(each, 600) for each in words.unknowns(answer)))]
