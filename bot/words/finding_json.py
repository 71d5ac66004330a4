"""A finding as JSON: the contract that scripts read, and the record of the evidence behind a warning."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from bot.billing.rules.verdicts import Finding
from bot.words.concerns import concern_in_words
from bot.words.plain import in_hours
from bot.words.reasons import reason

_COVERAGE: Final = ("listed", "read", "from_ledger", "skipped", "complete")


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """A finding as scripts read it: ids as integers, invoice numbers and money as strings, times in UTC."""
    unbilled = finding.unbilled
    return {
        "ticket_number": finding.ticket_number,
        "ticket_id": as_number(finding.ticket_id),
        "ticket_url": finding.ticket_url,
        "customer": finding.customer,
        "subject": finding.subject,
        "status": finding.status,
        "verdict": finding.verdict.value,
        "reason": reason(finding),
        "rule": finding.rule,
        "invoices": [
            {
                "number": invoice.number,
                "id": as_number(invoice.id),
                "link": invoice.link.value,
                "total": None if invoice.total is None else f"{invoice.total:.2f}",
                "paid": invoice.paid,
                "url": invoice.url,
            }
            for invoice in finding.invoices
        ],
        "coverage": {name: getattr(finding.coverage, name) for name in _COVERAGE},
        "unbilled": {
            "minutes": unbilled.minutes,
            "charges": None if unbilled.charges is None else f"{unbilled.charges:.2f}",
        },
        "prepaid": None if finding.prepaid_hours is None else {"hours": in_hours(finding.prepaid_hours)},
        "concerns": [
            {
                "kind": each.kind.value,
                "invoices": list(each.invoices),
                "words": concern_in_words(each, finding.currency),
            }
            for each in finding.concerns
        ],
        "checked_at": moment_in_utc(finding.checked_at),
    }


def as_number(identifier: str | None) -> int | str | None:
    """The id as JSON has it: an integer, unless Syncro used something else."""
    if identifier is not None and re.fullmatch(r"0|[1-9][0-9]{0,18}", identifier):
        return int(identifier)
    return identifier


def moment_in_utc(moment: datetime) -> str:
    """2026-11-22T09:02:11Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
