"""`invoice-bot close`: a month's finished tickets, each accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from bot import app
from bot.billing.rules.verdicts import exit_status
from bot.commands.startup import operator, prepare
from bot.composition import parts
from bot.digest.close import NotAMonthError, month_named
from bot.digest.close_forms import close_as_csv, close_as_json
from bot.jobs.close import make_close
from bot.jobs.digest_now import DigestWish
from bot.settings import Need
from bot.terminal.check import progress_shown
from bot.terminal.close import show_close
from bot.terminal.output import write_json


def close(
    month: Annotated[list[str], typer.Argument(metavar="MONTH", help="2026-10, october (the last one) or last month.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a row for each ticket to this file.")] = None,
) -> None:
    """Account for every ticket finished in a month, with its totals. Exit status as for check."""
    settings = prepare(Need.SYNCRO)
    try:
        wanted = month_named(" ".join(month), parts.utc_now().astimezone(ZoneInfo(settings.digest_timezone)).date())
    except NotAMonthError as error:
        raise typer.BadParameter(str(error)) from None
    with (
        app.digest_now(settings, DigestWish()) as maker,
        progress_shown(Console(stderr=True), maker.seconds_held_back) as show,
    ):
        made = make_close(maker, wanted, operator(), show)
    if csv is not None:
        csv.write_text(close_as_csv(made), encoding="utf-8-sig", newline="")
    if json:
        write_json(close_as_json(made))
    else:
        show_close(Console(), made)
    raise typer.Exit(exit_status(line.finding.verdict for line in made.tickets if not line.is_aside))
