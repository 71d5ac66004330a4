"""`invoice-bot digest`: the finished work that is on no invoice."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from bot import app
from bot.billing.rules.verdicts import exit_status
from bot.commands.startup import operator, prepare
from bot.composition import parts
from bot.digest.as_json import digest_as_json
from bot.jobs.digest_now import DigestWish
from bot.settings import Need, Settings
from bot.terminal.check import progress_shown
from bot.terminal.digest import (
    show_digest,
    show_statistics,
    show_subscriptions,
    statistics_as_json,
    subscriptions_as_json,
)
from bot.terminal.output import write_json


def digest(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it; remember nothing and post nothing.")] = False,
    no_post: Annotated[bool, typer.Option("--no-post", help="Show and remember it; post nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Look back to this date, not DIGEST_LOOKBACK_DAYS.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID", help="One customer, by id; shown only, never remembered.")
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Show how many warnings were wrong, and stop.")] = False,
    subscriptions: Annotated[
        bool, typer.Option("--subscriptions", help="Show who has subscribed, and who gets nothing any more.")
    ] = False,
    remove: Annotated[
        str | None, typer.Option(metavar="USER", help="End the subscription of this person, by id.")
    ] = None,
) -> None:
    """Show what nobody billed; without an option, post it too. Exit status as for check."""
    if customer is not None and not customer.isdecimal():
        raise typer.BadParameter(
            "--customer takes the id of a customer: the number in the address of its page in Syncro."
        )
    if subscriptions or remove is not None:
        _subscriptions(prepare(), remove, json=json)
        return
    quiet = dry_run or no_post or stats or customer is not None
    settings = prepare(*([] if stats else [Need.SYNCRO]), *([] if quiet else [Need.SLACK]))
    if stats:
        with parts.opened_memory(settings) as memory:
            statistics, reports = memory.statistics(), memory.wrong_reports()
        if json:
            write_json(statistics_as_json(statistics, reports))
        else:
            show_statistics(Console(), statistics, reports)
        return
    if not quiet and settings.digest_channel is None:
        raise typer.BadParameter("DIGEST_CHANNEL is not set: set it, or use --dry-run or --no-post.")
    wish = DigestWish(since=since, customer_id=customer, remember=not dry_run, post=not quiet, who=operator())
    with (
        app.digest_now(settings, wish) as maker,
        progress_shown(Console(stderr=True), maker.seconds_held_back) as show,
    ):
        made = maker.make(wish, show)
    if json:
        write_json(digest_as_json(made))
    else:
        show_digest(Console(), made)
    raise typer.Exit(exit_status(ticket.finding.verdict for ticket in made.tickets if not ticket.is_aside))


def _subscriptions(settings: Settings, remove: str | None, *, json: bool) -> None:
    with parts.opened_memory(settings) as memory:
        if remove is not None and not memory.unsubscribe(remove, by=operator(), at=parts.utc_now()):
            raise typer.BadParameter(f"{remove!r} has no subscription.")
        found = app.subscriptions(settings, memory)
    if json:
        write_json(subscriptions_as_json(found))
    else:
        show_subscriptions(Console(), found)
