"""The command line: serve, worker, check, demo, doctor."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from typer.exceptions import TyperException

import bot
from bot import app as composition
from bot.billing.findings import CheckReport
from bot.jobs.engine import DatabaseInUseError, DatabaseUnavailableError
from bot.logs import set_up_logging
from bot.settings import Need, Settings, SettingsError, load_settings
from bot.terminal import exit_status, progress_shown, report_as_json, show_report
from bot.ticket_references import parse

CANNOT_RUN = 3
"""Exit status: configuration, authentication, or a service out of reach."""
MOST_TICKETS = 1000
"""Tickets in one call of `check`."""

cli = typer.Typer(
    name="invoice-bot",
    help="Is this Syncro ticket billed? Answers with proof, in Slack or here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    """Run the command line. Every error is one clear line on stderr; a wrong call ends with status 3."""
    try:
        status = cli(standalone_mode=False)
    except typer.Exit as done:
        status = done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        status = 130
    except SettingsError as error:
        status = _refuse(*error.problems)
    except (DatabaseInUseError, DatabaseUnavailableError, composition.SlackRefusedError) as error:
        status = _refuse(str(error))
    except TyperException as error:
        status = _refuse(error.format_message())
    except BrokenPipeError:
        sys.stderr.close()
        status = CANNOT_RUN
    sys.exit(status if isinstance(status, int) else 0)


@cli.command()
def check(
    tickets: Annotated[list[str], typer.Argument(help="Ticket numbers, ranges (32230-32240) or ticket addresses.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Read a customer's older invoices too, however many there are.")
    ] = False,
    fresh: Annotated[  # noqa: ARG001 - part of the contract; every answer is fresh while nothing is remembered
        bool, typer.Option("--fresh", help="Read everything anew from Syncro. Today every answer does.")
    ] = False,
) -> None:
    """Check tickets and print the answer. Exit status: 0 accounted for, 1 not invoiced, 2 unverified, 3 cannot run."""
    settings = _prepare(Need.SYNCRO)
    typed = parse(" ".join(tickets), site=settings.syncro_site, limit=MOST_TICKETS)
    if typed.misunderstood:
        raise typer.BadParameter(f"{typed.misunderstood[0]!r} is not a ticket number, a range or a ticket's address.")
    if typed.count > MOST_TICKETS:
        raise typer.BadParameter(f"That is {typed.count} tickets; one call can check {MOST_TICKETS}.")
    if not typed.references:
        raise typer.BadParameter("Give at least one ticket number.")
    report = _run_check(settings, typed.references, exhaustive=exhaustive)
    if report.outage:
        raise typer.Exit(_refuse(report.outage))
    if json:
        sys.stdout.write(report_as_json(report) + "\n")
    else:
        show_report(Console(), report)
    raise typer.Exit(exit_status(report.findings))


@cli.command()
def serve() -> None:
    """Run the bot: listen to Slack and do the work, in one process."""
    _run_bot(listen=True)


@cli.command()
def worker() -> None:
    """Do the work only; for further processes beside `serve` on one Postgres database."""
    _run_bot(listen=False)


@cli.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"invoice-bot {bot.__version__}\n")


def _run_check(settings: Settings, references: tuple[str, ...], *, exhaustive: bool) -> CheckReport:
    with composition.checker(settings) as checker, progress_shown(Console(stderr=True), len(references)) as show:
        return checker.verifier.check(
            references,
            checker.reader.perform,
            started_at=composition.utc_now(),
            exhaustive=exhaustive,
            on_progress=show,
        )


def _run_bot(*, listen: bool) -> NoReturn:
    settings = _prepare(Need.SYNCRO, Need.SLACK)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with composition.checker(settings) as checker:
        composition.Bot(settings, checker).run(stop, listen=listen)
        sys.stderr.flush()
        # A read under way may hold its thread for as long as its timeout; what it read is not recorded, so the
        # job reads it again at the next start. Leaving now loses nothing.
        os._exit(0)


def _prepare(*needs: Need) -> Settings:
    settings = load_settings(*needs)
    set_up_logging(form=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    return settings


def _refuse(*sentences: str) -> int:
    for sentence in sentences:
        sys.stderr.write(f"invoice-bot: {sentence}\n")
    return CANNOT_RUN
