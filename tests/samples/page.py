"""The page: every sample, made once, and which functions made it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FrameType

from bot.messages.rendered import Rendered
from tests.samples.measure import Shown
from tests.samples.replies import ALONE
from tests.samples.situations import SITUATIONS

LONG = ("fifty tickets, none invoiced", "digest of two hundred", "close of 500 tickets")
"""What others make shorter: whose code runs in them is not looked at, which would take seconds."""


@dataclass(frozen=True)
class Page:
    """The conversations, each a parent and its thread; what stands alone; and whose code has run."""

    situations: Mapping[str, Sequence[Rendered]]
    alone: Mapping[str, Sequence[Shown]]
    ran: frozenset[CodeType]


@cache
def page() -> Page:
    """Make it."""
    ran: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            ran.add(frame.f_code)

    situations = {name: SITUATIONS[name]() for name in LONG}
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        situations |= {name: make() for name, make in SITUATIONS.items() if name not in LONG}
        alone = {name: list(make()) for name, make in ALONE.items()}
    finally:
        sys.setprofile(before)
    return Page(situations, alone, frozenset(ran))
