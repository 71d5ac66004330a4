"""`python -m tests.benchmarks`: what the bot costs in calls, seconds and memory, beside the bounds it has to keep.

Prints a table for people or, with `--json`, one JSON object for machines; says on stderr how far it is. Exit status
1 when a bound is not held. The memo's algorithm pauses 0.1 s after each call and is measured as it is, so a full run
takes long; `--quick` leaves the pauses and the large sizes out. Peak memory is that of a process of its own (VmHWM).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console

from tests.benchmarks.acknowledgement import measure_acknowledgements
from tests.benchmarks.answers import measure_answers
from tests.benchmarks.digests import measure_digests
from tests.benchmarks.first_fill import measure_first_fill
from tests.benchmarks.growth import measure_growth
from tests.benchmarks.idle import measure_idleness
from tests.benchmarks.limit import measure_limit
from tests.benchmarks.row import Measure, Row, Wishes, table

ACKNOWLEDGEMENT = "acknowledgement"
SCENARIOS: Mapping[str, tuple[str, Measure]] = {
    "answers": ("The memo's algorithm against ours, cold and warm", measure_answers),
    "digest": ("A digest of 300 tickets over 40 customers with 4,000 invoices", measure_digests),
    "limit": ("A cold run under the rate limit", measure_limit),
    "first-fill": ("A technician's question while the ledger is filled for the first time", measure_first_fill),
    "growth": ("Growth with the ledger", measure_growth),
    "idle": ("Processes with nothing to do, and how soon a stored job is begun", measure_idleness),
    ACKNOWLEDGEMENT: ("Acknowledgement of fifty commands at once", measure_acknowledgements),
}


def main() -> int:
    """Measure, print, and say by the exit status whether the bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--quick", action="store_true", help="sizes fit for a minute or two")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="only this; may be repeated")
    parser.add_argument("--only-acknowledgement", action="store_true", help=f"the same as --only {ACKNOWLEDGEMENT}")
    arguments = parser.parse_args()
    names = [ACKNOWLEDGEMENT] if arguments.only_acknowledgement else arguments.only or list(SCENARIOS)
    wishes = Wishes(arguments.quick, lambda text: print(f"… {text}", file=sys.stderr, flush=True))
    console = Console(width=160)
    measured: dict[str, list[Row]] = {}
    for name in names:
        title, measure = SCENARIOS[name]
        measured[name] = list(measure(wishes))
        if not arguments.json:
            console.print(table(title, measured[name]))
    if arguments.json:
        sys.stdout.write(_as_json(measured) + "\n")
    return 0 if all(row.held is not False for rows in measured.values() for row in rows) else 1


def _as_json(measured: Mapping[str, Sequence[Row]]) -> str:
    rows = [row.as_object(name) for name, rows in measured.items() for row in rows]
    return json.dumps({"benchmarks": rows}, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    sys.exit(main())
