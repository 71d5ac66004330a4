"""`invoice-bot serve` and `invoice-bot worker`: the running bot, with and without ears."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import NoReturn

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from bot import app
from bot.commands.exits import leave
from bot.commands.startup import prepare
from bot.composition import parts
from bot.health.tally import Tally
from bot.setting_values import is_loopback
from bot.settings import Need, Settings
from bot.store.database import unavailable
from bot.store.memory import Memory

log = logging.getLogger(__name__)

LONGEST_GOODBYE_SECONDS = 8.0
"""A process manager waits ten seconds before it kills."""


def serve() -> None:
    """Run the bot: listen to Slack and do the work, in one process."""
    _run_bot(listen=True)


def worker() -> None:
    """Do the work only; for further processes beside `serve` on one Postgres database."""
    _run_bot(listen=False)


def _run_bot(*, listen: bool) -> NoReturn:
    settings = prepare(Need.SYNCRO, Need.SLACK)
    stop = threading.Event()
    _stop_at_a_signal(stop)
    tally = Tally()
    _warn_of_an_open_door(settings)
    with (
        parts.opened_memory(settings) as memory,
        parts.checker(settings, unattended=True, counted=tally.counted) as checker,
    ):
        _note_settings(settings, memory, "serve" if listen else "worker")
        app.service(settings, checker, memory, tally, listen=listen).run(stop)
    # A read under way may hold its thread for as long as its timeout; what it read is not recorded, so the job reads
    # it again at the next start. Leaving now loses nothing.
    leave(0)


def _warn_of_an_open_door(settings: Settings) -> None:
    if settings.health_address is not None and not is_loopback(settings.health_address[0]):
        log.warning(
            "HEALTH_ADDRESS %s:%d can be reached from other machines and asks for no password: it tells how much is "
            "asked and reported, but no names",
            *settings.health_address,
        )


def _note_settings(settings: Settings, memory: Memory, where: str) -> None:
    plain, secret = settings.as_set()
    try:
        memory.note_settings(plain, secret, where=where, at=parts.utc_now())
    except SQLAlchemyError as error:
        raise unavailable(sqlalchemy.make_url(settings.database), error) from None


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
