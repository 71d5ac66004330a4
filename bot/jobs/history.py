"""The audit table as people and scripts read it."""

from __future__ import annotations

from typing import Any

from bot.billing.rules.verdicts import Verdict
from bot.counting import counted
from bot.store.audit import Act, AuditEntry
from bot.ticket_references import as_people_say
from bot.words.finding_json import as_number, moment_in_utc
from bot.words.plain import one_line, strung
from bot.words.verdicts import verdict_words

_TYPED = frozenset({Act.ANSWERED, Act.FAILED, Act.CANCELLED, Act.REFUSED})
"""What somebody asked in their own words; with the other acts, `what` is ours."""


def history_object(entry: AuditEntry) -> dict[str, Any]:
    """An entry as scripts read it; what does not apply is null."""
    return {
        "at": moment_in_utc(entry.at),
        "act": entry.act.value,
        "who": entry.who or None,
        "where": entry.where or None,
        "what": entry.what or None,
        "why": entry.why or None,
        "ticket_number": entry.ticket_number or None,
        "ticket_id": as_number(entry.ticket_id or None),
        "verdict": entry.verdict or None,
        "invoices": list(entry.invoices),
        "evidence_sha256": entry.evidence or None,
        "evidence_bytes": entry.evidence_bytes if entry.evidence else None,
    }


def what_happened(entry: AuditEntry) -> str:
    """Answered #32223: invoiced, invoice 67469; asked “32223 --fresh”. What people wrote stands in quotation marks."""
    act = strung(" ", entry.act.value, as_people_say(entry.ticket_number) if entry.ticket_number else "")
    said = strung(", ", _verdict(entry.verdict), _invoices(entry.invoices))
    return strung("; ", strung(": ", act, said), _what(entry), _why(entry))


def _verdict(stored: str) -> str:
    return next((verdict_words(each).inline for each in Verdict if each.value == stored), "")


def _invoices(numbers: tuple[str, ...]) -> str:
    return f"{'invoice' if len(numbers) == 1 else 'invoices'} {', '.join(map(one_line, numbers))}" if numbers else ""


def _what(entry: AuditEntry) -> str:
    shown = one_line(entry.what)
    return f"asked “{shown}”" if shown and entry.act in _TYPED else shown


def _why(entry: AuditEntry) -> str:
    if entry.act is Act.REFUSED:
        return entry.why.replace("_", " ")
    return f"“{one_line(entry.why)}”" if entry.why.strip() else ""


def evidence(entry: AuditEntry) -> str:
    """What the answer rested on; empty where nothing was answered."""
    return f"evidence {counted(entry.evidence_bytes, 'byte')}, SHA-256 {entry.evidence}" if entry.evidence else ""
