"""What the sync says in the log, and when."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.billing.sync.backfill import SyncEnding, SyncProgress, SyncReport
from bot.jobs.steps import DirectSteps
from bot.jobs.sync import SyncJob, report_in_words, said_now_and_then, sync_key

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Done:
    """A synchroniser that has this to report."""

    def __init__(self, report: SyncReport) -> None:
        self._report = report

    def run(self, **_: Any) -> SyncReport:
        return self._report


def said(report: SyncReport, caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    caplog.clear()
    with caplog.at_level(logging.INFO):
        SyncJob(Done(report), lambda: NOW, lambda: False).run({}, DirectSteps(), "sync:1")  # type: ignore[arg-type]
    return [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (
            SyncReport(1, 240, 1, SyncEnding.DONE, is_complete=True),
            "1 invoice read with 1 call; all invoices of the account are known (240).",
        ),
        (
            SyncReport(1200, 240, 1300, SyncEnding.STOPPED, is_complete=False, since=NOW, problem="It was stopped."),
            "1,200 invoices read with 1,300 calls; all invoices changed since 23 Nov 2026 are known. It was stopped.",
        ),
        (
            SyncReport(0, 240, 1, SyncEnding.OUTAGE, is_complete=False, problem="Syncro refused the API token (401)."),
            "0 invoices read with 1 call. Syncro refused the API token (401).",
        ),
    ],
)
def test_a_report_says_what_is_known_and_nothing_where_nothing_is(report: SyncReport, words: str) -> None:
    assert report_in_words(report) == words


def test_a_sync_that_found_nothing_new_or_ran_elsewhere_or_was_stopped_says_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert said(SyncReport(0, 240, 2, SyncEnding.DONE, is_complete=True), caplog) == []
    assert said(SyncReport(0, 240, 0, SyncEnding.ELSEWHERE, is_complete=True, problem="Another."), caplog) == []
    assert said(SyncReport(0, 240, 3, SyncEnding.STOPPED, is_complete=False, problem="It was stopped."), caplog) == []


def test_what_cannot_be_read_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    for ending in (SyncEnding.DONE, SyncEnding.OUTAGE):
        ((level, words),) = said(SyncReport(0, 240, 3, ending, is_complete=False, problem="Sample trouble."), caplog)
        assert level == "WARNING"
        assert "Sample trouble." in words
    ((level, _),) = said(SyncReport(7, 240, 9, SyncEnding.DONE, is_complete=True), caplog)
    assert level == "INFO"


def test_a_long_run_says_every_five_minutes_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    now = NOW

    def clock() -> datetime:
        return now

    show = said_now_and_then(clock)
    with caplog.at_level(logging.INFO):
        for read in range(12):
            now = NOW + timedelta(minutes=read)
            show(SyncProgress("all invoices", 100 + read, 4000, read, 2 * read))
    assert [record.getMessage() for record in caplog.records] == [
        "Ledger: all invoices, 105 of about 4,000 seen; 5 invoices read",
        "Ledger: all invoices, 110 of about 4,000 seen; 10 invoices read",
    ]


def test_all_processes_give_the_run_of_a_moment_the_same_key() -> None:
    every = timedelta(minutes=15)
    assert sync_key(NOW, every) == sync_key(NOW + timedelta(minutes=14), every)
    assert sync_key(NOW, every) != sync_key(NOW + timedelta(minutes=15), every)
