"""What people are told without a check: help, why a question was not taken, what was decided."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from bot.messages.poster import CannotPostError, MessageGoneError, Poster, SlackUnavailableError
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)


class Replies:
    """Speaks to one person. `later` runs a piece of work on another thread.

    Slack wants its acknowledgement within three seconds, and a busy Slack may take a reply much later than that; so
    every method returns at once. What cannot be said in a channel is said in a direct message; a reply that fails
    there too is only logged.
    """

    def __init__(self, poster: Poster, later: Callable[[Callable[[], Any]], Any]) -> None:
        self._poster = poster
        self._later = later

    def respond(self, response_url: str, reply: Rendered) -> None:
        """Reply where a button or shortcut was used."""

        def send() -> None:
            if not self._poster.respond(response_url, reply):
                log.warning("A reply could not be delivered: Slack no longer takes its response_url")

        self._later(send)

    def say(self, channel: str, user: str, reply: Rendered, thread_ts: str | None, *, direct: bool) -> None:
        """Reply to the person only; in a direct message there is nobody else anyway."""

        def send() -> None:
            if direct:
                self._deliver(channel, user, reply, lambda: self._poster.post(channel, reply, thread_ts=thread_ts))
            else:
                self._deliver(
                    channel, user, reply, lambda: self._poster.whisper(channel, user, reply, thread_ts=thread_ts)
                )

        self._later(send)

    def announce(self, channel: str, user: str, message: Rendered, thread_ts: str) -> None:
        """Say in a thread, for everybody, what this person decided."""

        def send() -> None:
            self._deliver(channel, user, message, lambda: self._poster.post(channel, message, thread_ts=thread_ts))

        self._later(send)

    def _deliver(self, channel: str, user: str, message: Rendered, send: Callable[[], Any]) -> None:
        try:
            send()
        except (CannotPostError, MessageGoneError, SlackUnavailableError) as error:
            log.warning("A reply could not be delivered in %s: %s", channel, error)
            self._tell_directly(user, message)

    def _tell_directly(self, user: str, message: Rendered) -> None:
        try:
            self._poster.post(user, message)
        except (CannotPostError, MessageGoneError, SlackUnavailableError) as error:
            log.warning("Nor could it be delivered directly: %s", error)
