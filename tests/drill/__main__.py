"""`python -m tests.drill`: kills the real processes at random moments, under faults of every kind, and counts.

Exit status 1 when a bound is broken. Disk full needs the right to mount a small disk, the clock libfaketime; what is
missing is said and left out. Run it on a quiet machine, or with `nice`: 150 kills take about a quarter of an hour.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.drill.account import Figures
from tests.drill.run import Plan, drill


def main() -> int:
    """Drill, print, and say by the exit status whether the bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--minutes", type=float, default=math.inf, help="kill nothing more after so long")
    parser.add_argument("--database", default="sqlite", help='"sqlite", or the address of a scratch Postgres server')
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history", action="store_true", help="give the bot the scopes for reading history")
    parser.add_argument("--no-outages", action="store_true", help="leave out the long outages after the kills")
    parser.add_argument("--keep", type=Path, help="a folder for the logs")
    wished = parser.parse_args()
    plan = Plan(
        kills=wished.kills,
        minutes=wished.minutes,
        database=wished.database,
        seed=wished.seed,
        can_look_back=wished.history,
        long_seconds=() if wished.no_outages else Plan.long_seconds,
        say=lambda text: print(f"… {text}", file=sys.stderr, flush=True),
    )
    if wished.keep:
        wished.keep.mkdir(parents=True, exist_ok=True)
        figures = drill(plan, wished.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = drill(plan, Path(folder))
    broken = figures.broken(can_look_back=plan.can_look_back)
    console = Console(width=110)
    console.print(table(figures))
    for line in figures.examples[:40]:
        console.print(line, markup=False)
    console.print(*broken or ["Every bound is held."], sep="\n")
    return 1 if broken else 0


def table(figures: Figures) -> Table:
    """The figures for people."""
    made = Table("what", "count")
    for name, value in vars(figures).items():
        if name == "examples":
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {count}" for key, count in sorted(value.items()))
        made.add_row(name.replace("_", " "), f"{value:,.0f}" if isinstance(value, float) else str(value))
    return made


if __name__ == "__main__":
    sys.exit(main())
