"""Which technician of Syncro a name or an e-mail address means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.billing.rules.policy import fold


@dataclass(frozen=True)
class Technician:
    """Somebody a ticket is assigned to; empty is what Syncro does not say."""

    id: str
    name: str
    email: str = ""

    def is_meant_by(self, wanted: str) -> bool:
        """Whether it is their e-mail address or their full name."""
        return fold(wanted) in {fold(self.name), fold(self.email)} - {""}


def meant(wanted: str, known: Iterable[Technician]) -> tuple[Technician, ...]:
    """Those whom a name or an e-mail address means, each once: several where more than one bears the name."""
    found = {each.id or (each.name, each.email): each for each in known if each.is_meant_by(wanted)}
    return tuple(sorted(found.values(), key=lambda each: (each.email, each.id)))
