"""A digest to be made, as plain values that can be stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class DigestRequest:
    """Which day's digest, and for whom.

    On schedule it goes to `channel` (None where only subscribers get it) and to every subscriber. A digest that
    somebody asked for (`asked_by`) goes only where it was asked: `channel`, or the person where that is refused.
    """

    day: date
    channel: str | None
    asked_by: str | None = None
    response_url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "day": self.day.isoformat()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DigestRequest:
        """From what `to_json` gave."""
        return cls(**{**values, "day": date.fromisoformat(values["day"])})


def digest_key(request: DigestRequest) -> str:
    """The name of a day's first scheduled digest: one for each channel and day, whoever enqueues it."""
    return f"digest:{request.channel or 'subscribers'}:{request.day.isoformat()}"
