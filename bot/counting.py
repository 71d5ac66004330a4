"""Counts and dates as people say them."""

from __future__ import annotations

from datetime import date


def counted(amount: int, one: str) -> str:
    """1 ticket, 2 tickets, 1,200 tickets."""
    return f"{amount:,} {one}{'' if amount == 1 else 's'}"


def dated(day: date) -> str:
    """12 Nov 2026."""
    return f"{day.day} {day:%b %Y}"
