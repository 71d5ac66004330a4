"""What people are told without a check: help, why a question was not taken, what was decided."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from bot.messages.poster import CannotPostError, MessageGoneError, Posted, Poster, SlackUnavailableError
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)


_MOST_TRIES = 20
_WAIT_SECONDS = 30.0
"""How long to wait where nobody knows how long Slack will be away: for ten minutes in all."""
_MOST_RESPONSES = 3
_RESPOND_AGAIN_SECONDS = 5.0

Send = Callable[[], Any]


class Replies:
    """Speaks to one person. `later` runs a piece of work on another thread, `after` does so in so many seconds.

    Slack wants its acknowledgement within three seconds, and a busy Slack may take a reply much later than that; so
    every method returns at once. What cannot be said in a channel is said in a direct message; a reply that fails
    there too is only logged. While Slack is away a reply is tried again, and holds no thread.
    """

    def __init__(
        self, poster: Poster, later: Callable[[Send], Any], after: Callable[[float, Send], Any] | None = None
    ) -> None:
        self._poster = poster
        self._later = later
        self._after = after

    def respond(self, response_url: str, reply: Rendered, tries: int = 1) -> None:
        """Reply where a button or shortcut was used; a few times where Slack does not take it at once."""

        def send() -> None:
            if self._poster.respond(response_url, reply):
                return
            if self._after is not None and tries < _MOST_RESPONSES:
                self._after(_RESPOND_AGAIN_SECONDS, lambda: self.respond(response_url, reply, tries + 1))
            else:
                log.warning("A reply could not be delivered: Slack no longer takes its response_url")

        self._later(send)

    def say(self, channel: str, user: str, reply: Rendered, thread_ts: str | None, *, direct: bool) -> None:
        """Reply to the person only; in a direct message there is nobody else anyway."""

        def send() -> None:
            if direct:
                self._poster.post(channel, reply, thread_ts=thread_ts or None)
            else:
                self._poster.whisper(channel, user, reply, thread_ts=thread_ts)

        self._deliver(channel, send, lambda: self._tell_directly(user, reply))

    def announce(self, channel: str, user: str, message: Rendered, thread_ts: str | None) -> None:
        """Say in a thread, for everybody, what this person decided."""

        def send() -> None:
            self._poster.post(channel, message, thread_ts=thread_ts or None)

        self._deliver(channel, send, lambda: self._tell_directly(user, message))

    def replace(self, place: Posted, message: Rendered) -> None:
        """Let a message of ours say something else, that is nothing of billing."""
        self._deliver(place.channel, lambda: self._poster.update(place, message, harmless=True), lambda: None)

    def remove(self, place: Posted) -> None:
        """Delete a message of ours."""
        self._deliver(place.channel, lambda: self._poster.remove(place), lambda: None)

    def _tell_directly(self, user: str, message: Rendered) -> None:
        self._deliver(user, lambda: self._poster.post(user, message), lambda: None)

    def _deliver(self, channel: str, send: Send, otherwise: Send, tries: int = 1) -> None:
        """Send it on another thread, again where Slack is away; do something else where that is in vain."""

        def deliver() -> None:
            try:
                send()
            except (CannotPostError, MessageGoneError) as error:
                log.warning("A reply could not be delivered in %s: %s", channel, error)
                otherwise()
            except SlackUnavailableError as error:
                if self._after is not None and tries < _MOST_TRIES:
                    wait = _WAIT_SECONDS if error.after is None else error.after
                    self._after(wait, lambda: self._deliver(channel, send, otherwise, tries + 1))
                else:
                    log.warning("A reply could not be delivered in %s: %s", channel, error)
                    otherwise()

        self._later(deliver)
