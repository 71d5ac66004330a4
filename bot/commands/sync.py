"""`invoice-bot sync`: fill the ledger."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from bot.billing.sync.backfill import SyncEnding
from bot.commands.exits import StoppedError, refuse
from bot.commands.startup import prepare
from bot.composition import parts
from bot.counting import counted
from bot.jobs.sync import said_now_and_then
from bot.settings import Need
from bot.terminal.output import write_json
from bot.terminal.sync import KEPT, show_sync, sync_as_json, sync_progress_shown
from bot.words.plain import one_line


def sync(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Read everything anew from Syncro.")] = False,
) -> None:
    """Read from Syncro what is not remembered yet. Exit status: 0 all is known, 2 not yet, 3 cannot run."""
    settings = prepare(Need.SYNCRO)
    if not settings.ledger_max_age_days:
        raise typer.BadParameter("LEDGER_MAX_AGE_DAYS is 0, so nothing is remembered.")
    with (
        parts.opened_ledger(settings) as ledger,
        parts.checker(settings, ledger=ledger) as checker,
        sync_progress_shown(Console(stderr=True), said_now_and_then(parts.utc_now), checker.seconds_held_back) as show,
    ):
        try:
            report = parts.synchroniser(settings, checker, ledger).run(fresh=fresh, on_progress=show)
        except KeyboardInterrupt:
            raise StoppedError(KEPT) from None
    if report.ending is SyncEnding.OUTAGE:
        kept = (
            f" {counted(report.read, 'invoice')} read till then; run it again, it goes on there." if report.read else ""
        )
        raise typer.Exit(refuse(one_line(report.problem) + kept))
    if json:
        write_json(sync_as_json(report))
    else:
        show_sync(Console(), report)
    raise typer.Exit(0 if report.is_complete and not report.problem else 2)
