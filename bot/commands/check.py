"""`invoice-bot check`: whether tickets are billed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from bot.billing.rules.verdicts import CheckReport, exit_status
from bot.billing.search.selection import Choice
from bot.commands.exits import refuse
from bot.commands.startup import operator, prepare
from bot.composition import parts
from bot.jobs.audit import TERMINAL, answers
from bot.jobs.request import CheckRequest, checked
from bot.settings import Need, Settings
from bot.store.database import DatabaseUnavailableError
from bot.store.migrations import StoreTooNewError
from bot.terminal.check import progress_shown, report_as_json, show_report
from bot.terminal.output import write_json
from bot.ticket_references.reading import Typed, parse
from bot.ticket_references.words import invoice_at, invoice_typed
from bot.words.invoice_answers import standing_words
from bot.words.plain import listed
from bot.words.selecting import LONGEST_DAYS, instead_of_check, selection_of

log = logging.getLogger(__name__)

MOST_TICKETS = 1000
"""Tickets in one call."""


def check(
    tickets: Annotated[
        list[str],
        typer.Argument(
            metavar="TICKET",
            help="Ticket numbers, ranges (32230-32240), ticket addresses; or customer NAME, technician NAME, since DAY,"
            " invoice NUMBER.",
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Read a customer's older invoices too, however many there are.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read everything anew from Syncro, nothing from memory.")
    ] = False,
) -> None:
    """Check tickets and print the answer. Exit status: 0 accounted for, 1 not invoiced, 2 unverified, 3 cannot run."""
    settings = prepare(Need.SYNCRO)
    invoice = _invoice(settings, tickets)
    typed = Typed() if invoice else _wanted(settings, tickets)
    request = CheckRequest(
        typed.references,
        TERMINAL,
        operator(),
        exhaustive=exhaustive or "exhaustive" in typed.options,
        fresh=fresh or "fresh" in typed.options,
        invoice=invoice,
    )
    report = _run_check(settings, request)
    _note(settings, request, report)
    if report.outage:
        raise typer.Exit(refuse(report.outage))
    if json:
        write_json(report_as_json(report))
    else:
        show_report(Console(), report)
    of_invoice = standing_words(report.invoice.standing).exit_status if report.invoice else 0
    raise typer.Exit(of_invoice or exit_status(finding.verdict for finding in report.findings))


def _invoice(settings: Settings, words: list[str]) -> str:
    """The invoice that is asked for; empty where tickets are."""
    if words[0].casefold() != "invoice":
        return invoice_at(words[0], settings.syncro_site) if len(words) == 1 else ""
    if not (invoice := invoice_typed(" ".join(words[1:]), settings.syncro_site)):
        raise typer.BadParameter('Write "invoice 67469": one number, or the address of an invoice in this account.')
    return invoice


def _wanted(settings: Settings, words: list[str]) -> Typed:
    """The tickets that are asked for."""
    chosen = _selected(settings, words)
    return Typed(chosen) if chosen else _typed(settings, words)


def _typed(settings: Settings, tickets: list[str]) -> Typed:
    """The tickets that were named."""
    typed = parse(" ".join(tickets), site=settings.syncro_site, limit=MOST_TICKETS)
    if typed.left_out:
        strange = listed([f"{each.said!r}" for each in typed.left_out])
        verb = "is not" if len(typed.left_out) == 1 else "are not"
        raise typer.BadParameter(
            f"{strange} {verb} a ticket number, a range or the address of a ticket in this account."
        )
    if typed.count > MOST_TICKETS:
        raise typer.BadParameter(f"That is {typed.count} tickets; one call can check {MOST_TICKETS}.")
    if not typed.references:
        raise typer.BadParameter("Give at least one ticket number.")
    return typed


def _selected(settings: Settings, words: list[str]) -> tuple[str, ...]:
    """The finished tickets of a customer or technician, or since a day; none where ticket numbers were given."""
    word, zone = words[0].casefold(), ZoneInfo(settings.digest_timezone)
    if word == "mine":
        raise typer.BadParameter('A terminal does not know who you are in Syncro: write "technician Anna Smith".')
    if word not in tuple(Choice):
        return ()
    now, lookback = parts.utc_now(), timedelta(days=settings.digest_lookback_days)
    selection = selection_of(Choice(word), " ".join(words[1:]), now, lookback, zone)
    if selection is None or (selection.choice is Choice.TECHNICIAN and not selection.name):
        raise typer.BadParameter(
            'Write "customer Kittle", "technician Anna Smith" or "since monday"; a day may also be "yesterday",'
            f' "3 days" or "2026-11-01", at most {LONGEST_DAYS} days ago.'
        )
    with parts.checker(settings) as checker, checker.reader.session() as session:
        selected = checker.verifier.select(selection, session, started_at=now)
    if selected.failure:
        raise typer.Exit(refuse(selected.failure))
    if said := instead_of_check(selection, selected, MOST_TICKETS, zone):
        raise typer.BadParameter(said)
    return selected.references


def _note(settings: Settings, request: CheckRequest, report: CheckReport) -> None:
    """Note the answers in the audit table. A database that is away must not keep them from the person."""
    try:
        with parts.opened_memory(settings) as memory:
            memory.note(answers(request, report.findings, parts.utc_now()))
    except (DatabaseUnavailableError, StoreTooNewError, SQLAlchemyError) as error:
        log.warning("The answers could not be noted in the audit table (%s)", type(error).__name__)


def _run_check(settings: Settings, request: CheckRequest) -> CheckReport:
    with (
        parts.checker(settings) as checker,
        checker.reader.session(fresh=request.fresh) as session,
        progress_shown(Console(stderr=True), checker.seconds_held_back, len(request.references)) as show,
    ):
        return checked(checker.verifier, request, session, parts.utc_now(), show)
