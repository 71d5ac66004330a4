"""What `invoice-bot doctor` shows: lines for people, or one JSON object for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.counting import counted
from bot.doctor.results import Result, Status, is_well
from bot.words.plain import one_line

_MARK = {
    Status.OK: ("✓", "green"),
    Status.WARNING: ("!", "yellow"),
    Status.FAILED: ("✗", "bold red"),
    Status.SKIPPED: ("-", "dim"),
}


def results_as_json(results: Sequence[Result]) -> str:
    """The one JSON object that `--json` prints."""
    body = {"ok": is_well(results), "checks": [asdict(result) for result in results]}
    return json.dumps(body, ensure_ascii=False, indent=2)


def show_results(console: Console, results: Sequence[Result]) -> None:
    """A line for each check, what to do below it, and a summary."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for result in results:
        mark, style = _MARK[result.status]
        prefix = "skipped: " if result.status is Status.SKIPPED else ""
        lines.add_row(Text(mark, style), Text(result.name, style), Text(prefix + one_line(result.found)))
        if result.advice:
            lines.add_row("", "", Text(f"→ {one_line(result.advice)}", "italic"))
    console.print(lines)
    console.print(Text(_summary(results), "bold"))


def _summary(results: Sequence[Result]) -> str:
    counts = {status: sum(result.status is status for result in results) for status in Status}
    warnings = counts[Status.WARNING]
    beside = f", {counted(warnings, 'warning')}" if warnings else ""
    if not counts[Status.FAILED]:
        return f"The bot can work{beside}."
    problems = counts[Status.FAILED]
    return f"The bot cannot work: {counted(problems, 'problem')}{beside}."
