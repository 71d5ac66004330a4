"""The running bot, from its start until it is told to stop."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from bot.jobs.clock import Clock
from bot.jobs.engine import JobEngine
from bot.slack_connection import SlackConnection

log = logging.getLogger(__name__)

_SHUTDOWN_PATIENCE = 3
"""Seconds that jobs under way get to finish at the end; what is cut off goes on at the next start."""


@dataclass(frozen=True)
class Service:
    """The job engine, the clock, and the connection to Slack (None for a worker). `stopping` tells long jobs to end."""

    engine: JobEngine
    clock: Clock
    connection: SlackConnection | None
    stopping: threading.Event

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then end within seconds; nothing stored is lost.

        Raises:
            DatabaseInUseError, DatabaseUnavailableError: from `JobEngine.launch`; the latter also when the database
                file is deleted while we work.
            SlackRefusedError: the tokens are wrong.

        """
        self.engine.launch(on_lost=stop.set)
        try:
            if self.connection is not None:
                self.connection.open(stop, meanwhile=self.clock.tick)
            if not stop.is_set():
                log.info("Ready: %s", "working" if self.connection is None else "listening to Slack and working")
            self.clock.keep(stop)
            if self.engine.lost is not None:
                raise self.engine.lost
        finally:
            log.info("Stopping")
            self.stopping.set()
            if self.connection is not None:
                self.connection.close()
            self.engine.stop(patience_seconds=_SHUTDOWN_PATIENCE)
