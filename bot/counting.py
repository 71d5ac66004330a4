"""Counts as people say them."""

from __future__ import annotations


def counted(amount: int, one: str) -> str:
    """1 ticket, 2 tickets, 1,200 tickets."""
    return f"{amount:,} {one}{'' if amount == 1 else 's'}"
