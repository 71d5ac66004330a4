"""The job that keeps the ledger current. It holds no record of its own: what it reads is in the ledger at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.billing.sync.backfill import SyncEnding, Synchroniser, SyncProgress, SyncReport
from bot.counting import counted, dated
from bot.jobs.steps import Steps

log = logging.getLogger(__name__)

SAY_EVERY = timedelta(minutes=5)
"""How often a long run says in the log how far it is."""


def sync_key(now: datetime, every: timedelta) -> str:
    """The key of the run that is due at `now`: the same in all processes, so that one of them does it."""
    return f"sync:{int(now.astimezone(UTC).timestamp() // every.total_seconds())}"


@dataclass(frozen=True)
class SyncJob:
    """Runs the synchroniser once."""

    synchroniser: Synchroniser
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]

    def run(self, _stored: dict[str, Any], steps: Steps, _key: str) -> None:
        """Read what changed, and go on with what is not known yet; run again, it goes on where it was."""
        steps.run("sync", lambda _: self._sync())

    def _sync(self) -> dict[str, Any]:
        report = self.synchroniser.run(stopped=self.stopped, on_progress=said_now_and_then(self.clock))
        is_news = report.read > 0 or report.ending is SyncEnding.OUTAGE
        level = (
            logging.WARNING
            if report.problem and report.ending in (SyncEnding.DONE, SyncEnding.OUTAGE)
            else logging.INFO
        )
        if is_news or level > logging.INFO:
            log.log(level, "Ledger: %s", report_in_words(report))
        return {"read": report.read, "api_calls": report.api_calls, "problem": report.problem}


def said_now_and_then(clock: Callable[[], datetime]) -> Callable[[SyncProgress], None]:
    """Says in the log every five minutes how far a long run is."""
    said_at = clock()

    def show(progress: SyncProgress) -> None:
        nonlocal said_at
        if clock() - said_at >= SAY_EVERY:
            said_at = clock()
            log.info("Ledger: %s; %s read", in_words(progress), counted(progress.read, "invoice"))

    return show


def in_words(progress: SyncProgress) -> str:
    """How far a run is, for people."""
    if not progress.expected:
        return progress.stage
    return f"{progress.stage}, {progress.seen:,} of about {progress.expected:,} seen"


def report_in_words(report: SyncReport) -> str:
    """What a run did, for people."""
    said = f"{counted(report.read, 'invoice')} read with {counted(report.api_calls, 'call')}"
    if report.is_complete:
        said += f"; all invoices of the account are known ({report.known:,})"
    elif report.since is not None:
        said += f"; all invoices changed since {dated(report.since)} are known"
    return f"{said}. {report.problem}" if report.problem else f"{said}."
