"""What is said when the bot is ready, or why it is not: Syncro refuses the token."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from bot.health.systemd import notify
from bot.health.vitals import Vitals
from bot.syncro.errors import SyncroError, UnavailableError

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 3.0
"""How long the start waits for Syncro's word."""
_ASK_AGAIN_SECONDS = 60.0
_REFUSED = (
    'Not ready: Syncro refuses the token, so every question ends in "could not verify". Check SYNCRO_API_TOKEN, and '
    "start the bot again."
)


class Readiness:
    """Asks Syncro once at the start, and every minute while it refuses the token. A `Duty`, too."""

    name = "Syncro token"

    def __init__(self, ask: Callable[[], object], is_refused: Callable[[], bool], vitals: Vitals) -> None:
        self._ask = ask
        self._is_refused = is_refused
        self._vitals = vitals
        self._asked_at = 0.0
        self._answered = threading.Event()
        self._what = ""
        self._is_said_refused = False

    def begin(self) -> None:
        """Ask Syncro, on a thread of its own."""
        self._asked_at = time.monotonic()
        threading.Thread(target=self._ask_once, name="syncro-token", daemon=True).start()

    def announce(self, what: str) -> None:
        """Say that the bot is ready for `what`, or why not."""
        self._answered.wait(_ANSWER_SECONDS)
        self._what = what
        self._vitals.started()
        notify("READY=1")
        self._say()

    def look(self, _now: datetime) -> None:
        """See `Duty`."""
        if not self._what:
            return  # nothing was announced yet
        if self._is_refused() != self._is_said_refused:
            self._say()
        if self._is_said_refused and time.monotonic() - self._asked_at > _ASK_AGAIN_SECONDS:
            self.begin()

    def _say(self) -> None:
        self._is_said_refused = self._is_refused()
        if self._is_said_refused:
            log.error(_REFUSED)
        else:
            log.info("Ready: %s", self._what)
        notify(f"STATUS={_REFUSED if self._is_said_refused else 'Ready'}")

    def _ask_once(self) -> None:
        try:
            self._ask()
        except UnavailableError as error:
            log.warning("%s", error)
        except SyncroError:
            pass  # a refused token is known from now on, and what this page says otherwise is of no interest
        finally:
            self._answered.set()
