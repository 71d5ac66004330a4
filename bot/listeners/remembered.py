"""What Slack says of people and groups, remembered for five minutes and no longer."""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.messages.poster import is_passing, no_connection, slack_code

log = logging.getLogger(__name__)

REMEMBER_SECONDS = 300.0

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Answers of one of Slack's methods, by what was asked. Safe to share between threads.

    `read` asks Slack; `about` names what it reads, for the log; `clock` gives seconds.
    """

    def __init__(self, about: str, read: Callable[[str], Value], *, clock: Callable[[], float]) -> None:
        self._about = about
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Value]] = {}

    def get(self, key: str, *, afresh: bool = False) -> Value | None:
        """Return what Slack says now, or said within five minutes; None where it says that it will not tell.

        With `afresh` Slack is asked in any case, and what was remembered serves only where it cannot answer.

        Raises:
            SlackUnavailableError: it could not answer, and nothing is remembered.

        """
        with self._lock:
            read_at, value = self._known.get(key, (float("-inf"), None))
        is_recent = self._clock() - read_at < REMEMBER_SECONDS
        if is_recent and not afresh:
            return value
        try:
            value = self._read(key)
        except SlackApiError as error:
            if not is_passing(error):
                log.warning("%s %s cannot be read: Slack answers %s", self._about, key, slack_code(error))
                self._forget(key)
                return None
            if not is_recent:
                raise no_connection(error) from None
        except (SlackClientError, OSError, http.client.HTTPException) as error:
            if not is_recent:
                raise no_connection(error) from None
        else:
            with self._lock:
                self._known[key] = (self._clock(), value)
        return value

    def _forget(self, key: str) -> None:
        with self._lock:
            self._known.pop(key, None)
