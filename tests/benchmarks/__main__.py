"""`python -m tests.benchmarks`: a table for people and, with `--json`, one JSON object for machines.

The memo's algorithm pauses 0.1 s after each call and is measured as it is, so a full run takes some minutes.
Exit status 1 when a bound is not held.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from bot.sandbox.sample_worlds import INCIDENT_TICKET, incident
from bot.sandbox.syncro_world import ListRows
from tests.benchmarks.acknowledgement import BOUND_SECONDS, measure_acknowledgement
from tests.benchmarks.scenarios import Measured, measure_memo, measure_ours


@dataclass(frozen=True)
class Row:
    """One line of the table. `bound` is the most calls allowed."""

    scenario: str
    rows: str
    latency_ms: int
    memo: Measured
    ours: Measured
    bound: int

    @property
    def held(self) -> bool:
        """Whether ours stayed within the bound."""
        return self.ours.calls <= self.bound


def main() -> int:
    """Measure, print, and say by the exit status whether the bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--latency-ms", type=int, default=50, help="what each answer of the stand-in takes")
    parser.add_argument("--only-acknowledgement", action="store_true", help="leave out the slow comparison")
    arguments = parser.parse_args()
    acknowledged = measure_acknowledgement()
    shapes = [] if arguments.only_acknowledgement else list(ListRows)
    rows = [row for shape in shapes for row in _measure(shape, arguments.latency_ms)]
    if arguments.json:
        body = [{**asdict(row), "held": row.held} for row in rows]
        acknowledgement = {**asdict(acknowledged), "bound": BOUND_SECONDS, "held": acknowledged.held}
        sys.stdout.write(json.dumps({"benchmarks": body, "acknowledgement": acknowledgement}, indent=2) + "\n")
    else:
        console = Console(width=110)
        if rows:
            console.print(_table(rows))
        console.print(
            f"{acknowledged.commands} commands at once: {acknowledged.lost} lost; acknowledged in "
            f"{acknowledged.median:.3f} s (median), {acknowledged.percentile_99:.3f} s (99th percentile, "
            f"bound {BOUND_SECONDS} s), {acknowledged.slowest:.3f} s (slowest)"
        )
    return 0 if acknowledged.held and all(row.held for row in rows) else 1


def _measure(shape: ListRows, latency_ms: int) -> list[Row]:
    sample, latency = incident(), latency_ms / 1000
    measured = []
    for scenario, numbers in (("one ticket", [str(INCIDENT_TICKET)]), ("31 tickets", sample.numbers)):
        memo = measure_memo(sample, numbers, shape, latency)
        ours, _ = measure_ours(sample, numbers, shape, latency)
        bound = 4 if len(numbers) == 1 else int(0.45 * memo.calls)
        measured.append(Row(scenario, shape.value, latency_ms, memo, ours, bound))
    return measured


def _table(rows: list[Row]) -> Table:
    table = Table(title=f"API calls and seconds at {rows[0].latency_ms} ms latency")
    for heading in ("scenario", "list rows"):
        table.add_column(heading)
    for heading in ("memo calls", "memo s", "our calls", "our s", "of memo", "bound", "held"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row.scenario,
            row.rows,
            str(row.memo.calls),
            f"{row.memo.seconds:.1f}",
            str(row.ours.calls),
            f"{row.ours.seconds:.2f}",
            f"{row.ours.calls / row.memo.calls:.0%}",
            f"<= {row.bound}",
            "yes" if row.held else "NO",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
