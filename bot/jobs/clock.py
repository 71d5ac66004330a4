"""The clock of a running bot: it looks every few seconds whether one of its duties is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0


class Duty(Protocol):
    """Something that is to be done now and then. `name` is for the log."""

    name: str

    def look(self, now: datetime) -> None:
        """Do it if it is due at `now` (aware). After an error it is asked again at the next tick."""
        ...


class Clock:
    """Attends to its duties; one that fails holds up neither the others nor the bot."""

    def __init__(self, duties: Sequence[Duty], now: Callable[[], datetime]) -> None:
        self._duties = duties
        self._now = now

    def tick(self) -> None:
        """Look once at each duty."""
        for duty in self._duties:
            try:
                duty.look(self._now())
            except Exception as error:  # noqa: BLE001 - a database that is away must not end the bot
                log.warning("Could not look after the %s (%s); trying again", duty.name, type(error).__name__)

    def keep(self, stop: threading.Event) -> None:
        """Tick until `stop`."""
        while not stop.is_set():
            self.tick()
            stop.wait(TICK_SECONDS)
