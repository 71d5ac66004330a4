"""Findings, lines and digests for the store's tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.billing.rules.verdicts import Finding, Unbilled, Verdict, WarningEnding
from bot.digest.model import AgeBand, Digest, DigestTicket, Mark, Resolved, Snooze, Standing

NOW = datetime(2026, 11, 22, 9, 2, 11, 123456, tzinfo=UTC)


def not_invoiced(ticket: str, *, charges: str = "10.00") -> Finding:
    return Finding(
        ticket_number=f"n{ticket}",
        verdict=Verdict.NOT_INVOICED,
        checked_at=NOW,
        ticket_id=ticket,
        customer=f"Customer of {ticket}",
        unbilled=Unbilled(charges=Decimal(charges)),
    )


def digest(
    day: int,
    unbilled: Mapping[str, str] | None = None,
    resolved: Mapping[str, WarningEnding] | None = None,
    *,
    is_part: bool = False,
) -> Digest:
    """The digest of the n-th day: unbilled tickets with their amounts, resolved ones with how."""
    return Digest(
        day=day_of(day),
        made_at=moment_of(day),
        tickets=tuple(
            DigestTicket(not_invoiced(ticket), Decimal(amount), 1, AgeBand.FRESH)
            for ticket, amount in (unbilled or {}).items()
        ),
        resolved=tuple(gone(ticket, ending) for ticket, ending in (resolved or {}).items()),
        is_part=is_part,
    )


def gone(ticket: str, ending: WarningEnding) -> Resolved:
    number = "67501" if ending is WarningEnding.INVOICED else None
    return Resolved(Standing(ticket, f"n{ticket}", "", day_of(0), Decimal(0)), ending, None, number)


def day_of(day: int) -> date:
    return moment_of(day).date()


def moment_of(day: int) -> datetime:
    return NOW + timedelta(days=day)


def a_mark(ticket: str, *, by: str = "UMANAGER", reason: str = "goodwill", day: int = 0) -> Mark:
    return Mark(ticket, f"n{ticket}", "Kittle", by, reason, moment_of(day))


def a_snooze(ticket: str, *, until: int, reason: str = "waiting for parts") -> Snooze:
    return Snooze(ticket, f"n{ticket}", moment_of(until), "UMANAGER", reason, NOW)
