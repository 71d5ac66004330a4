"""What stands below the address of a ticket or invoice that somebody posted: one line without amounts."""

from __future__ import annotations

from bot.billing.rules.verdicts import CheckReport, Finding, InvoiceAnswer
from bot.counting import counted
from bot.messages import phrases
from bot.messages.escape import link, mrkdwn, plain
from bot.messages.invoice_messages import invoice_headline
from bot.messages.rendered import Rendered, section, spoken
from bot.words.findings import REST_UNKNOWN
from bot.words.plain import strung
from bot.words.verdicts import verdict_words

_INVOICES = 3


def unfurl(finding: Finding) -> Rendered:
    """✅ *Invoiced* · *#32223* · Kittle · invoice 67469 · checked today 10:32."""
    said = verdict_words(finding.verdict)
    invoices = [f"invoice {link(each.url, plain(each.number, 20))}" for each in finding.invoices[:_INVOICES]]
    more = len(finding.invoices) - _INVOICES
    shown = strung(
        " · ",
        f"{said.glyph} *{said.label}*",
        f"*{phrases.number_link(finding)}*",
        mrkdwn(finding.customer, 80),
        strung(", ", *invoices, counted(more, "more invoice") if more > 0 else ""),
        f"checked {phrases.moment(finding.checked_at)}",
    )
    shown = strung(" — ", shown, said.caution or (REST_UNKNOWN if finding.rest_is_unknown else ""))
    return Rendered(spoken(shown), (section(shown),))


def unfurl_invoice(report: CheckReport, answer: InvoiceAnswer) -> Rendered:
    """✅ *Bills 2 tickets* · *Invoice 67469* · Kittle · paid · checked today 10:32."""
    shown = strung(" · ", invoice_headline(report, answer), f"checked {phrases.moment(answer.checked_at)}")
    return Rendered(spoken(shown), (section(shown),))
