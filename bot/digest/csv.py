"""The whole list of a digest as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.model import Digest, DigestTicket, Pickup, Resolved, Standing
from bot.words.concerns import concerns_in_words
from bot.words.plain import moment_in_words, one_line
from bot.words.reasons import reason
from bot.words.verdicts import verdict_words

UNBILLED = "unbilled"
COLUMNS = (
    "section",
    "ticket_number",
    "customer",
    "subject",
    "status",
    "technician",
    "verdict",
    "finished_on",
    "business_days",
    "age_band",
    "amount",
    "estimate",
    "currency",
    "unbilled_charges",
    "uncharged_minutes",
    "change",
    "first_said",
    "contradiction",
    "invoices",
    "recurring_invoice",
    "next_run",
    "note",
    "reason",
    "could_not_read",
    "concerns",
    "ticket_url",
)

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the start of a formula; some fold the full-width forms to the plain ones."""
_AFTER_SEMICOLON = re.compile("(;[\\s\"']*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")


def digest_csv(digest: Digest) -> str:
    """A header and a row for every ticket in every section, the accounted ones included; lines end in CR LF.

    A ticket with uncharged time stands in that section and in its own. Encode it as "utf-8-sig" for Excel.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for row in _rows(digest):
        told = {**row, "currency": digest.currency}
        writer.writerow({column: spreadsheet_safe(text) for column, text in told.items()})
    return out.getvalue()


def _rows(digest: Digest) -> Iterator[dict[str, str]]:
    sections = [
        *((_name(verdict), listed) for verdict, listed in digest.sections.items()),
        ("time not yet charged", digest.uncharged_time),
        ("snoozed", digest.snoozed),
        ("marked as non-billable", digest.marked),
    ]
    for section, lines in sections:
        for line in lines:
            yield ticket_row(section, line, digest)
    for resolved in digest.resolved:
        yield _resolved(resolved)
    for standing in digest.not_checked:
        yield _remembered("not checked", standing)
    for line in digest.accounted:
        yield ticket_row("rest not read" if line.finding.rest_is_unknown else "accounted for", line, digest)


def _name(verdict: Verdict) -> str:
    """The name of a verdict's section."""
    return UNBILLED if verdict is Verdict.NOT_INVOICED else verdict_words(verdict).inline


def ticket_row(section: str, line: DigestTicket, digest: Digest) -> dict[str, str]:
    """Return a ticket's cells, by column."""
    finding, finished = line.finding, line.finding.finished_at
    return {
        "section": section,
        "ticket_number": finding.ticket_number,
        "customer": finding.customer,
        "subject": finding.subject,
        "status": finding.status,
        "technician": finding.technician,
        "verdict": finding.verdict.value,
        "finished_on": moment_in_words(finished) if finished else "",
        "business_days": str(line.business_days) if line.age_known else "",
        "age_band": line.band.value if line.age_known else "not known",
        "amount": _known(line.amount, finding),
        "estimate": _known(line.estimate, finding),
        "unbilled_charges": "" if finding.unbilled.charges is None else f"{finding.unbilled.charges:.2f}",
        "uncharged_minutes": "" if finding.unbilled.minutes is None else str(finding.unbilled.minutes),
        "change": _change(section, line, digest),
        "first_said": str(line.first_said or ""),
        "contradiction": "status Invoiced, no invoice" if finding.contradiction else "",
        "invoices": ", ".join(invoice.number for invoice in finding.invoices),
        "recurring_invoice": _recurring(line),
        "next_run": str(line.pickup_on or ""),
        "note": _note(line),
        "reason": reason(finding),
        "could_not_read": " ".join(finding.failures),
        "concerns": concerns_in_words(finding),
        "ticket_url": finding.ticket_url or "",
    }


def _known(amount: Decimal, finding: Finding) -> str:
    return "" if finding.unbilled.is_unknown and not amount else f"{amount:.2f}"


def _recurring(line: DigestTicket) -> str:
    if line.pickup is Pickup.NONE:
        return ""
    return f"{line.finding.schedule_name} ({line.pickup.value})".lstrip()


def _change(section: str, line: DigestTicket, digest: Digest) -> str:
    if section != UNBILLED:
        return ""
    if digest.is_first:
        return "backlog"
    return "new" if line.is_new else "still unbilled"


def _note(line: DigestTicket) -> str:
    if line.snooze is not None:
        return f"snoozed until {moment_in_words(line.snooze.until)} by {line.snooze.by}: {line.snooze.reason}"
    if line.mark is not None:
        return f"marked on {line.mark.at:%Y-%m-%d} by {line.mark.by}: {line.mark.reason}"
    return ""


def _resolved(resolved: Resolved) -> dict[str, str]:
    found = {}
    if resolved.finding is not None:
        found = {
            "subject": resolved.finding.subject,
            "status": resolved.finding.status,
            "verdict": resolved.finding.verdict.value,
            "reason": reason(resolved.finding),
            "ticket_url": resolved.finding.ticket_url or "",
        }
    return {
        **_remembered("resolved", replace(resolved.standing, amount=resolved.amount)),
        **({"amount": ""} if resolved.remains is None else {}),
        **found,
        "change": "recovered" if resolved.invoice_number else resolved.ending.value,
        "invoices": resolved.invoice_number or "",
    }


def _remembered(section: str, standing: Standing) -> dict[str, str]:
    return {
        "section": section,
        "ticket_number": standing.ticket_number,
        "customer": standing.customer,
        "amount": f"{standing.amount:.2f}",
        "first_said": str(standing.first_said),
    }


def spreadsheet_safe(text: str) -> str:
    """The text as one spreadsheet cell that is shown and never run: a leading apostrophe marks it as text.

    A spreadsheet set to German or French takes each semicolon for the beginning of a cell.
    """
    shown = _AFTER_SEMICOLON.sub(r"\1'", one_line(text))
    acts = shown[:1] in _FORMULA or text[:1] in {"\t", "\r", "\n"}
    return f"'{shown}" if shown and acts else shown
