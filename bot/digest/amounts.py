"""Money at risk, to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from bot.billing.rules.verdicts import Unbilled
from bot.digest.model import NOTHING

_CENT = Decimal("0.01")


def amount_of(work: Unbilled, labor_rate: Decimal | None) -> Decimal:
    """Unbilled charges, and uncharged billable time at the labor rate where one is set; as far as they are known."""
    return ((work.charges or NOTHING) + time_value(work.minutes or 0, labor_rate)).quantize(_CENT, ROUND_HALF_UP)


def time_value(minutes: int, labor_rate: Decimal | None) -> Decimal:
    """What so many minutes are worth; nothing is known without a labor rate."""
    if labor_rate is None:
        return NOTHING
    return (minutes * labor_rate / 60).quantize(_CENT, ROUND_HALF_UP)
