"""`invoice-bot history`: who asked and decided what, and what was answered or refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from bot.commands.startup import prepare
from bot.composition import parts
from bot.settings import Settings
from bot.store.audit import AuditEntry, AuditQuery
from bot.terminal.history import history_as_csv, history_as_json, show_history
from bot.terminal.output import write_csv, write_json
from bot.ticket_references import ID_PREFIX
from bot.ticket_references.reading import parse

_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def history(
    ticket: Annotated[str | None, typer.Argument(metavar="TICKET", help="One ticket; without it, everything.")] = None,
    user: Annotated[str | None, typer.Option(help="What this person did: a Slack id, or terminal:NAME.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=_MOMENTS, help="From this day or moment on, in UTC.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a table for spreadsheets.")] = False,
) -> None:
    """Show who asked what, where and when, and what was answered, refused, decided or set. Exit status: 0 or 3."""
    if json and csv:
        raise typer.BadParameter("Give --json or --csv, not both.")
    settings = prepare()
    query = AuditQuery(
        ticket=None if ticket is None else _one_ticket(ticket, settings),
        who=user,
        since=None if since is None else since.replace(tzinfo=UTC),
    )
    entries: Sequence[AuditEntry] = ()
    if parts.has_memory(settings):
        with parts.opened_memory(settings) as memory:
            entries = memory.audit(query)
    if json:
        write_json(history_as_json(entries))
    elif csv:
        write_csv(history_as_csv(entries))
    else:
        show_history(Console(), entries)


def _one_ticket(typed: str, settings: Settings) -> str:
    asked = parse(typed, site=settings.syncro_site, limit=1)
    if len(asked.references) != 1 or asked.left_out:
        raise typer.BadParameter(f"{typed!r} is not one ticket: give its number or its address.")
    return asked.references[0].removeprefix(ID_PREFIX)
