"""The running bot, from its start until it is told to stop."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from bot.health.readiness import Readiness
from bot.health.server import HealthServer
from bot.health.systemd import notify
from bot.jobs.clock import Clock
from bot.jobs.engine import JobEngine
from bot.slack_connection import SlackConnection

log = logging.getLogger(__name__)

_SHUTDOWN_PATIENCE = 3
"""Seconds that jobs under way get to finish at the end; what is cut off goes on at the next start."""
_WHILE_SLACK_IS_AWAY = "EXTEND_TIMEOUT_USEC=60000000"
"""systemd is to wait for another minute: a restart would not bring Slack back."""


@dataclass(frozen=True)
class Service:
    """The job engine, the clock, and the connection to Slack (None for a worker). `stopping` tells long jobs to end.

    `pages` are None without HEALTH_ADDRESS. `introduction` says in the log what the bot works on.
    """

    engine: JobEngine
    clock: Clock
    connection: SlackConnection | None
    stopping: threading.Event
    readiness: Readiness
    pages: HealthServer | None
    introduction: str

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then end within seconds; nothing stored is lost.

        Raises:
            DatabaseInUseError, DatabaseUnavailableError: from `JobEngine.launch`; the latter also when the database
                file is deleted while we work.
            SlackRefusedError: the tokens are wrong.
            HealthAddressError: HEALTH_ADDRESS cannot be listened on.

        """
        self.engine.launch(on_lost=stop.set)
        try:
            log.info("%s", self.introduction)
            if self.pages is not None:
                self.pages.start()
            self.readiness.begin()
            if self.connection is not None:
                self.connection.open(stop, meanwhile=self._wait_for_slack)
            if not stop.is_set():
                self.readiness.announce("working" if self.connection is None else "listening to Slack and working")
            self.clock.keep(stop)
            if self.engine.lost is not None:
                raise self.engine.lost
        finally:
            log.info("Stopping")
            notify("STOPPING=1")
            self.stopping.set()
            if self.connection is not None:
                self.connection.close()
            if self.pages is not None:
                self.pages.close()
            self.engine.stop(patience_seconds=_SHUTDOWN_PATIENCE)

    def _wait_for_slack(self) -> None:
        notify(_WHILE_SLACK_IS_AWAY)
        self.clock.tick()
