"""One measured line: what was done, what it took, and the bound that it is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

NOTHING_TO_HOLD = "none, for comparison"


@dataclass(frozen=True)
class Wishes:
    """How much to measure. `quick` takes sizes fit for a minute; `say` tells people how far it is."""

    quick: bool
    say: Callable[[str], None]


Measure = Callable[[Wishes], Iterator["Row"]]


@dataclass(frozen=True)
class Row:
    """One line. `held` is None where there is nothing to hold it against, or where it could not be measured."""

    scenario: str
    latency_ms: int
    measured: Mapping[str, float | int | str]
    bound: str = NOTHING_TO_HOLD
    held: bool | None = field(default=None)

    def as_object(self, group: str) -> dict[str, Any]:
        """For the JSON."""
        return {
            "group": group,
            "scenario": self.scenario,
            "latency_ms": self.latency_ms,
            "measured": dict(self.measured),
            "bound": self.bound,
            "held": self.held,
        }


def table(title: str, rows: Sequence[Row]) -> Table:
    """The rows of one group, for people."""
    made = Table(title=title, title_justify="left", expand=True)
    made.add_column("scenario", ratio=5)
    made.add_column("latency", justify="right", no_wrap=True)
    made.add_column("measured", ratio=5)
    made.add_column("bound", ratio=6)
    made.add_column("held", no_wrap=True)
    for row in rows:
        measured = ", ".join(f"{name} {_said(value)}" for name, value in row.measured.items())
        held = {True: "yes", False: "NO", None: "-"}[row.held]
        made.add_row(row.scenario, f"{row.latency_ms} ms", measured, row.bound, held)
    return made


def _said(value: float | str) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
