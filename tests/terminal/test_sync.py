"""What `invoice-bot sync` shows."""

from __future__ import annotations

import io
import json

from rich.console import Console

from bot.billing.sync.backfill import SyncEnding, SyncProgress, SyncReport
from bot.terminal.sync import show_sync, sync_as_json, sync_progress_shown

NOW = SyncProgress("all invoices", seen=150, expected=4000, read=120, api_calls=130)


def test_on_a_terminal_progress_is_a_line_and_elsewhere_it_is_told_otherwise() -> None:
    for is_terminal in (True, False):
        stream, told = io.StringIO(), list[SyncProgress]()
        with sync_progress_shown(
            Console(file=stream, force_terminal=is_terminal, width=120), told.append, lambda: 0.0
        ) as show:
            show(NOW)
        words = "all invoices: 150 of about 4,000, 120 invoices read, 130 calls"
        assert (words in stream.getvalue()) is is_terminal
        assert told == ([] if is_terminal else [NOW])


def test_text_from_syncro_neither_formats_nor_moves_the_cursor() -> None:
    stream = io.StringIO()
    problem = "Syncro lists invoice [/x][red]\x1b[2J but has no detail of it."
    show_sync(
        Console(file=stream, width=200), SyncReport(1, 240, 2, SyncEnding.DONE, is_complete=False, problem=problem)
    )
    assert "Syncro lists invoice [/x][red] [2J but has no detail of it." in stream.getvalue()


def test_scripts_read_one_object() -> None:
    report = SyncReport(3, 240, 5, SyncEnding.DONE, is_complete=True)
    assert json.loads(sync_as_json(report)) == {
        "invoices_read": 3,
        "invoices_known": 240,
        "api_calls": 5,
        "complete": True,
        "known_since": None,
        "problem": "",
    }
