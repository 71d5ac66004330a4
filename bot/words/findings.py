"""What a finding holds, as plain text. Texts from Syncro stand in it as they are: escape them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.billing.rules.matching import link_of
from bot.billing.rules.verdicts import Coverage, InvoiceAnswer, InvoiceLink, Unbilled
from bot.counting import counted
from bot.words.plain import capital, duration, moment_in_words, money, one_line, strung

REST_UNKNOWN: Final = "whether more is unbilled could not be read"
"""Belongs to every invoice that was found for a ticket whose charges or time could not be read."""


def billed_to(invoice: InvoiceLink) -> str:
    """Billed to Other Ltd; empty where the invoice is the customer's own."""
    return f"billed to {invoice.billed_to}" if one_line(invoice.billed_to) else ""


def paid(invoice: InvoiceLink | InvoiceAnswer) -> str:
    """Paid or unpaid; empty where Syncro does not say."""
    return "" if invoice.paid is None else "paid" if invoice.paid else "unpaid"


def how_linked(invoice: InvoiceLink) -> str:
    """How the invoice bills the ticket: "it was made for this ticket, billed to Other Ltd"."""
    return strung(", ", f"it {link_of(invoice.link).reason}", billed_to(invoice))


def unbilled(work: Unbilled, currency: str) -> str:
    """180.00 in charges, 1 h 30 min not yet charged; empty when nothing is unbilled, or nothing is known."""
    if not work.charges and not work.minutes:
        return ""
    charges = "charges not known" if work.charges is None else f"{money(work.charges, currency)} in charges"
    minutes = "time not known" if work.minutes is None else f"{duration(work.minutes)} not yet charged"
    return strung(", ", charges if work.charges != 0 else "", minutes if work.minutes != 0 else "")


def repeated(work: Unbilled, currency: str) -> str:
    """That equal charges may be one piece of work recorded twice; empty where none are."""
    amount = money(work.repeated, currency)
    return f"{amount} of it may be recorded twice: equal charges, and a timer for only one" if work.repeated else ""


def coverage(seen: Coverage, moment: Callable[[datetime], str] = moment_in_words) -> str:
    """How much was seen: "Read now: 3 of 7 invoices; 4 unchanged since 2026-11-24 09:02 UTC"."""
    most = max(seen.listed, seen.read)
    how_many = counted(seen.read, "invoice") if seen.read == most else f"{seen.read:,} of {counted(most, 'invoice')}"
    known = ""
    if seen.from_ledger and seen.unchanged_since is not None:  # else the ledger only said which to read
        since = moment(seen.unchanged_since)
        known = (
            (f"{kept:,} unchanged since {since}" if (kept := min(seen.from_ledger, most - seen.read)) else "")
            if seen.read
            else f"Known from earlier reads: {counted(seen.from_ledger, 'invoice')}, unchanged since {since}"
        )
    said = strung(
        "; ",
        f"Read now: {how_many}" if seen.read else "",
        known,
        f"{seen.skipped:,} older not read, as nothing on them has changed since before the ticket was opened"
        if seen.skipped
        else "",
        "" if seen.complete else "the search is not complete",
    )
    return capital(said) or "No invoice to read"
