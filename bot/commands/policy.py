"""`invoice-bot policy`: which rule applies to a ticket, and what the rules would settle."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from bot.billing.search.finished_tickets import Window
from bot.commands.exits import refuse
from bot.commands.startup import prepare
from bot.composition import parts
from bot.settings import Need, Settings
from bot.terminal.check import progress_shown
from bot.terminal.output import write_json
from bot.terminal.policy import as_json, rules_object, show_rules, show_survey, survey_object
from bot.ticket_references.reading import parse

DAYS = 90
"""How far back `--dry-run` looks."""
_MOST_TICKETS = 50


def policy(
    tickets: Annotated[
        list[str] | None, typer.Argument(metavar="TICKET", help="Tickets of which to say which rule applies.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many tickets of the last 90 days each rule would settle.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Say which rule of the policy applies to a ticket, or what the rules would settle. Exit status: 0 or 3."""
    settings = prepare(Need.SYNCRO)
    if dry_run == bool(tickets):
        raise typer.BadParameter("Give ticket numbers, or --dry-run.")
    failure = _survey(settings, json=json) if dry_run else _explain(settings, " ".join(tickets or ()), json=json)
    if failure:
        raise typer.Exit(refuse(failure))


def _explain(settings: Settings, typed: str, *, json: bool) -> str:
    asked = parse(typed, site=settings.syncro_site, limit=_MOST_TICKETS)
    if asked.count > _MOST_TICKETS:
        raise typer.BadParameter(f"That is {asked.count} tickets; one call can explain {_MOST_TICKETS}.")
    if asked.left_out or not asked.references:
        raise typer.BadParameter("Give ticket numbers, ranges or addresses.")
    with parts.checker(settings) as checker, checker.reader.session() as session:
        report = checker.verifier.check(asked.references, session, started_at=parts.utc_now())
    if report.outage:
        return report.outage
    if json:
        write_json(as_json(rules_object(report)))
    else:
        show_rules(Console(), report)
    return ""


def _survey(settings: Settings, *, json: bool) -> str:
    now = parts.utc_now()
    window = Window(now - timedelta(days=DAYS), now)
    with (
        parts.checker(settings) as checker,
        checker.background.session() as session,
        progress_shown(Console(stderr=True), checker.seconds_held_back, 2) as show,
    ):
        survey = checker.verifier.survey(window, session, started_at=now, on_progress=show)
    if survey.failure:
        return survey.failure
    if json:
        write_json(as_json(survey_object(survey)))
    else:
        show_survey(Console(), survey, DAYS)
    return ""
