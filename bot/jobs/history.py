"""The audit table as people and scripts read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
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


_LONGEST_ASKED = 40
"""Characters of what was asked of many tickets: their numbers say little."""


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


def questions(entries: Iterable[AuditEntry]) -> list[tuple[datetime, str, str]]:
    """When, who, and what came of each question; what it said of many tickets as counts."""
    asked = groupby(entries, key=lambda each: (each.at, each.act, each.who, each.where, each.what))
    return [
        (at, who, what_happened(some[0]) if len(some) == 1 else _of_many(some))
        for (at, _, who, _, _), group in asked
        if (some := list(group))
    ]


def _of_many(entries: Sequence[AuditEntry]) -> str:
    """Answered 50 tickets: 3 NOT INVOICED, 47 invoiced; asked “32201 32202 32203…”."""
    found = Counter(each.verdict for each in entries)
    said = [f"{found[each]:,} {verdict_words(each).counted}" for each in Verdict.loudest_first() if found[each]]
    what = _what(entries[0])
    shown = what if len(what) <= _LONGEST_ASKED else f"{what[:_LONGEST_ASKED]}…”"
    return strung("; ", f"{entries[0].act.value} {counted(len(entries), 'ticket')}: {', '.join(said)}", shown)


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
