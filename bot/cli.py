"""The command line: check, digest, sync, serve, worker, demo, doctor."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import datetime
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from typer.exceptions import TyperException

import bot
from bot import app as composition
from bot.billing.rules.verdicts import CheckReport
from bot.billing.sync.backfill import SyncEnding
from bot.counting import counted
from bot.digest.as_json import digest_as_json
from bot.doctor.examination import examine
from bot.doctor.report import results_as_json, show_results
from bot.doctor.results import is_well
from bot.doctor.settings import read_settings
from bot.jobs.digest import DigestFailedError
from bot.jobs.engine import DatabaseInUseError, DatabaseUnavailableError
from bot.jobs.sync import said_now_and_then
from bot.logs import set_up_logging
from bot.messages.poster import SlackUnavailableError
from bot.settings import Need, Settings, SettingsError, load_settings
from bot.store.migrations import StoreTooNewError
from bot.terminal.check import clean, exit_status, progress_shown, report_as_json, show_report
from bot.terminal.digest import show_digest, show_statistics
from bot.terminal.sync import KEPT, show_sync, sync_as_json, sync_progress_shown
from bot.ticket_references import parse

CANNOT_RUN = 3
"""Exit status: configuration, authentication, or a service out of reach."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
MOST_TICKETS = 1000
"""Tickets in one call of `check`."""
LONGEST_GOODBYE_SECONDS = 8.0
"""A process manager waits ten seconds before it kills."""

cli = typer.Typer(
    name="invoice-bot",
    help="Is this Syncro ticket billed? Answers with proof, in Slack or here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


_REFUSALS = (
    DatabaseInUseError,
    DatabaseUnavailableError,
    DigestFailedError,
    SlackUnavailableError,
    StoreTooNewError,
    composition.SlackRefusedError,
)
"""Errors whose text is for people: what happened, to what, and what to do."""


def main() -> NoReturn:
    """Run the command line. Every error is one clear line on stderr; a wrong call ends with status 3."""
    try:
        status = cli(standalone_mode=False)
    except typer.Exit as done:
        status = done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except SettingsError as error:
        status = _refuse(*error.problems)
    except _REFUSALS as error:
        status = _refuse(str(error))
    except TyperException as error:
        # Called without a command it has printed its help, and has nothing to add.
        message = error.format_message()
        status = _refuse(message) if message else 0
    except BrokenPipeError:
        sys.stderr.close()
        status = CANNOT_RUN
    if status == INTERRUPTED:
        # Threads that wait for the rate limit would hold the exit, for minutes. What was read is kept already.
        _leave(INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


@cli.command()
def check(
    tickets: Annotated[list[str], typer.Argument(help="Ticket numbers, ranges (32230-32240) or ticket addresses.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Read a customer's older invoices too, however many there are.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read everything anew from Syncro, nothing from memory.")
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
    report = _run_check(settings, typed.references, exhaustive=exhaustive, fresh=fresh)
    if report.outage:
        raise typer.Exit(_refuse(report.outage))
    if json:
        sys.stdout.write(report_as_json(report) + "\n")
    else:
        show_report(Console(), report)
    raise typer.Exit(exit_status(report.findings))


@cli.command()
def digest(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it; remember nothing and post nothing.")] = False,
    no_post: Annotated[bool, typer.Option("--no-post", help="Show and remember it; post nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Look back to this date instead of the lookback.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="One customer, by id; shown only, never remembered.")] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Show how many warnings were wrong, and stop.")] = False,
) -> None:
    """Show what nobody billed; without an option, post it too. Exit status as for check."""
    quiet = dry_run or no_post or stats or customer is not None
    settings = _prepare(*([] if stats else [Need.SYNCRO]), *([] if quiet else [Need.SLACK]))
    if stats:
        with composition.opened_memory(settings) as memory:
            show_statistics(Console(), memory.statistics(), memory.wrong_reports())
        return
    if not quiet and settings.digest_channel is None:
        raise typer.BadParameter("DIGEST_CHANNEL is not set: set it, or use --dry-run or --no-post.")
    wish = composition.DigestWish(since=since, customer_id=customer, remember=not dry_run, post=not quiet)
    with progress_shown(Console(stderr=True)) as show:
        made = composition.make_digest_now(settings, wish, show)
    if json:
        sys.stdout.write(digest_as_json(made) + "\n")
    else:
        show_digest(Console(), made)
    raise typer.Exit(1 if made.unbilled else 2 if made.unverified else 0)


@cli.command()
def sync(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Read everything anew from Syncro.")] = False,
) -> None:
    """Read from Syncro what is not remembered yet. Exit status: 0 all is known, 2 not yet, 3 cannot run."""
    settings = _prepare(Need.SYNCRO)
    if not settings.ledger_max_age_days:
        raise typer.BadParameter("LEDGER_MAX_AGE_DAYS is 0, so nothing is remembered.")
    with (
        composition.opened_ledger(settings) as ledger,
        composition.checker(settings, ledger=ledger) as checker,
        sync_progress_shown(Console(stderr=True), said_now_and_then(composition.utc_now)) as show,
    ):
        try:
            report = composition.synchroniser(settings, checker, ledger).run(fresh=fresh, on_progress=show)
        except KeyboardInterrupt:
            sys.stderr.write(f"invoice-bot: {KEPT}\n")
            raise
    if report.ending is SyncEnding.OUTAGE:
        kept = (
            f" {counted(report.read, 'invoice')} read till then; run it again, it goes on there." if report.read else ""
        )
        raise typer.Exit(_refuse(clean(report.problem) + kept))
    if json:
        sys.stdout.write(sync_as_json(report) + "\n")
    else:
        show_sync(Console(), report)
    raise typer.Exit(0 if report.is_complete and not report.problem else 2)


@cli.command()
def serve() -> None:
    """Run the bot: listen to Slack and do the work, in one process."""
    _run_bot(listen=True)


@cli.command()
def worker() -> None:
    """Do the work only; for further processes beside `serve` on one Postgres database."""
    _run_bot(listen=False)


@cli.command()
def demo(
    command: Annotated[
        list[str] | None, typer.Option(help='Ask only this, such as "/invoice-check 32223"; may be repeated.')
    ] = None,
    show_blocks: Annotated[
        bool, typer.Option("--show-blocks", help="Print a Block Kit Builder link for each message.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Show long threads in full.")] = False,
) -> None:
    """See the bot at work on sample data. Needs neither Slack nor Syncro, nor any setting."""
    from bot.sandbox.demo import Wishes, run  # the stand-ins are of no use to the other commands

    raise typer.Exit(run(Wishes(tuple(command or ()), full=full, show_blocks=show_blocks)))


@cli.command()
def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Look whether settings, Slack, Syncro and the database are in order. Changes nothing. Exit status: 0 or 3."""
    read = read_settings()
    settings = read.settings
    set_up_logging(form=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    results = examine(read)
    if json:
        sys.stdout.write(results_as_json(results) + "\n")
    else:
        show_results(Console(), results)
    raise typer.Exit(0 if is_well(results) else CANNOT_RUN)


@cli.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"invoice-bot {bot.__version__}\n")


def _run_check(settings: Settings, references: tuple[str, ...], *, exhaustive: bool, fresh: bool) -> CheckReport:
    with (
        composition.checker(settings) as checker,
        checker.reader.session(fresh=fresh) as session,
        progress_shown(Console(stderr=True), len(references)) as show,
    ):
        return checker.verifier.check(
            references,
            session,
            started_at=composition.utc_now(),
            exhaustive=exhaustive,
            on_progress=show,
        )


def _run_bot(*, listen: bool) -> NoReturn:
    settings = _prepare(Need.SYNCRO, Need.SLACK)
    stop = threading.Event()
    _stop_at_a_signal(stop)
    with composition.opened_memory(settings) as memory, composition.checker(settings) as checker:
        composition.Bot(settings, checker, memory).run(stop, listen=listen)
    # A read under way may hold its thread for as long as its timeout; what it read is not recorded, so the job reads
    # it again at the next start. Leaving now loses nothing.
    _leave(0)


def _leave(status: int) -> NoReturn:
    """End without waiting for threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _stop_at_a_signal(stop: threading.Event) -> None:
    """Set `stop` at SIGTERM or SIGINT, and see to it that the process ends even where Slack or a database hangs."""

    def end(*_: object) -> None:
        stop.set()
        # What is stored goes on at the next start, so leaving in the middle loses nothing.
        goodbye = threading.Timer(LONGEST_GOODBYE_SECONDS, os._exit, (0,))
        goodbye.daemon = True
        goodbye.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _prepare(*needs: Need) -> Settings:
    settings = load_settings(*needs)
    set_up_logging(form=settings.log_format, level=settings.log_level, secrets=settings.secrets())
    return settings


def _refuse(*sentences: str) -> int:
    for sentence in sentences:
        sys.stderr.write(f"invoice-bot: {sentence}\n")
    return CANNOT_RUN
