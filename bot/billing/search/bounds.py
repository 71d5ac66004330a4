"""What one request may read: so that no server can have it go on for ever, or fill the memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Bounds:
    """The most invoices whose details a request asks for, and about how many bytes its answers may take."""

    details: int
    size: int


QUESTION = Bounds(details=5_000, size=64 * 1024 * 1024)
"""At Syncro's limit these details take half an hour."""
AUDIT = Bounds(details=25_000, size=256 * 1024 * 1024)
"""A digest, which reads in the background."""


def size_of(value: Any) -> int:
    """About how many bytes a value takes that was read from Syncro."""
    if isinstance(value, BaseModel):
        return 1_000 + sum(map(size_of, value.__dict__.values()))
    if isinstance(value, tuple):
        return 50 + sum(map(size_of, value))
    return 50 + len(value) if isinstance(value, str) else 50
