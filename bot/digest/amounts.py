"""Money at risk, to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from bot.billing.rules.verdicts import Unbilled, Verdict
from bot.digest.model import NOTHING, DigestTicket

_CENT = Decimal("0.01")


def amount_of(work: Unbilled, labor_rate: Decimal | None) -> Decimal:
    """Unbilled charges, and uncharged billable time at the labor rate where one is set; as far as they are known."""
    return ((work.charges or NOTHING) + time_value(work.minutes or 0, labor_rate)).quantize(_CENT, ROUND_HALF_UP)


def drawn_from_blocks(tickets: Iterable[DigestTicket], labor_rate: Decimal | None) -> Iterator[DigestTicket]:
    """The tickets with what their customers' prepaid hours cover: the first draws first, while the block lasts.

    Only work that waits for its invoice draws, hour by hour; parts and other sales are money whatever the block.
    """
    left: dict[str, Decimal] = {}
    for ticket in tickets:
        finding = ticket.finding
        block = left.setdefault(finding.customer_id or "", finding.prepaid_hours or NOTHING)
        if finding.verdict is not Verdict.NOT_INVOICED or ticket.is_aside or not block:
            yield ticket
            continue
        covered, amount = NOTHING, ticket.amount
        for hours, worth in _hours_of_work(finding.unbilled, labor_rate):
            drawn = min(hours, block)
            block, covered, amount = block - drawn, covered + drawn, amount - worth * drawn / hours
        left[finding.customer_id or ""] = block
        yield replace(ticket, amount=amount.quantize(_CENT, ROUND_HALF_UP), prepaid_hours=covered)


def _hours_of_work(work: Unbilled, labor_rate: Decimal | None) -> Iterator[tuple[Decimal, Decimal]]:
    """The unbilled work that a block can cover: its hours, and what they are worth in `amount_of`."""
    for charge in work.labour:
        if charge.hours > 0:
            yield charge.hours, charge.amount
    if work.minutes:
        yield Decimal(work.minutes) / 60, time_value(work.minutes, labor_rate)


def time_value(minutes: int, labor_rate: Decimal | None) -> Decimal:
    """What so many minutes are worth; nothing is known without a labor rate."""
    if labor_rate is None:
        return NOTHING
    return (minutes * labor_rate / 60).quantize(_CENT, ROUND_HALF_UP)
