"""`invoice-bot doctor`: whether everything is in order."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from bot.commands.exits import CANNOT_RUN
from bot.commands.startup import log_as_set
from bot.doctor.examination import examine
from bot.doctor.report import results_as_json, show_results
from bot.doctor.results import is_well
from bot.doctor.settings import read_settings
from bot.terminal.output import write_json


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Look whether settings, Slack, Syncro and the database are in order. Changes nothing. Exit status: 0 or 3."""
    read = read_settings()
    log_as_set(read.settings)
    results = examine(read)
    if json:
        write_json(results_as_json(results))
    else:
        show_results(Console(), results)
    raise typer.Exit(0 if is_well(results) else CANNOT_RUN)
