"""What `invoice-bot sync` shows in a terminal, and the JSON that scripts read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from bot.billing.sync.backfill import SyncProgress, SyncReport
from bot.counting import counted
from bot.jobs.sync import report_in_words
from bot.terminal.check import progress_line
from bot.words.finding_json import moment_in_utc
from bot.words.plain import one_line

KEPT = "Stopped. What was read is kept; run it again, it goes on where it was."


@contextmanager
def sync_progress_shown(
    console: Console, otherwise: Callable[[SyncProgress], None], seconds_held_back: Callable[[], float]
) -> Iterator[Callable[[SyncProgress], None]]:
    """A progress line while the ledger is filled, on a terminal; elsewhere `otherwise` is told."""
    if not console.is_terminal:
        yield otherwise
        return
    with progress_line(console, seconds_held_back) as bar:
        task = bar.add_task("Asking Syncro…", total=None)

        def show(now: SyncProgress) -> None:
            counts = f"{counted(now.read, 'invoice')} read, {counted(now.api_calls, 'call')}"
            seen = f"{now.seen:,} of about {now.expected:,}, " if now.expected else ""
            bar.update(task, description=f"{now.stage}: {seen}{counts}", completed=now.seen, total=now.expected or None)

        yield show


def show_sync(console: Console, report: SyncReport) -> None:
    """Print what a run did."""
    console.print(Text(one_line(report_in_words(report))))


def sync_as_json(report: SyncReport) -> str:
    """The one JSON object that `--json` prints."""
    body = {
        "invoices_read": report.read,
        "invoices_known": report.known,
        "api_calls": report.api_calls,
        "complete": report.is_complete,
        "known_since": None if report.since is None else moment_in_utc(report.since),
        "problem": report.problem,
    }
    return json.dumps(body, ensure_ascii=False, indent=2)
