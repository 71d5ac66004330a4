"""Keeps billing data out of channels in which people of another company read along (Slack Connect)."""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.messages.poster import CannotPostError, is_passing, no_connection, slack_code

log = logging.getLogger(__name__)

EXTERNAL_CHANNEL = "external_channel"
"""Our own code for a channel that is shared with another company."""
UNKNOWN_CHANNEL = "unknown_channel"
"""Our own code for a channel of which Slack does not say whose it is."""
_NOT_FOUND = "channel_not_found"
_DIRECT = ("D", "U", "W")
"""How conversations with one person begin: nobody else reads there, and who it is was looked at before."""
_FOREIGN = ("is_ext_shared", "is_pending_ext_shared", "pending_shared", "pending_connected_team_ids")
_RECENT_SECONDS = 60.0
_TOLD_SECONDS = 600.0


class ChannelGuard:
    """Lets a message into a channel only where Slack says that no other company shares it.

    Slack is asked before each message that may say something of billing; for others a look of the last minute
    serves. An event that the channel was shared counts for ten minutes whatever a look says, since the two need not
    arrive in order. Looking needs `channels:read` and `groups:read`. Safe to share between threads; `clock` gives
    seconds.
    """

    def __init__(self, client: WebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: dict[str, tuple[float, str]] = {}
        self._told: dict[str, float] = {}

    def check(self, channel: str, *, recent: bool = False) -> None:
        """See `bot.messages.poster.Guard`."""
        if not channel.startswith(_DIRECT) and (refusal := self._refusal(channel, recent=recent)):
            raise CannotPostError(refusal)

    def shared(self, channel: str) -> None:
        """Slack says that the channel is shared with another company now."""
        with self._lock:
            self._told[channel] = self._clock()

    def unshared(self, channel: str) -> None:
        """Slack says that no other company shares the channel any more."""
        with self._lock:
            self._told.pop(channel, None)
            self._looked.pop(channel, None)

    def _refusal(self, channel: str, *, recent: bool) -> str:
        """Why the bot may not speak there; empty where it may."""
        with self._lock:
            told = self._told.get(channel)
            looked_at, known = self._looked.get(channel, (0.0, UNKNOWN_CHANNEL))
        now = self._clock()
        if told is not None and now - told < _TOLD_SECONDS:
            return EXTERNAL_CHANNEL
        if recent and not known and now - looked_at < _RECENT_SECONDS:
            return ""
        refusal = self._look(channel)
        with self._lock:
            self._looked[channel] = (now, refusal)
        return refusal

    def _look(self, channel: str) -> str:
        try:
            answer = self._client.conversations_info(channel=channel)
        except SlackApiError as error:
            if is_passing(error):
                raise no_connection(error) from None
            log.warning("Nothing is said in channel %s: whose it is cannot be read (%s)", channel, slack_code(error))
            return _NOT_FOUND if slack_code(error) == _NOT_FOUND else UNKNOWN_CHANNEL
        except (SlackClientError, OSError, http.client.HTTPException) as error:
            raise no_connection(error) from None
        return _refusal_of(answer.get("channel"))


def _refusal_of(about: Any) -> str:
    if not isinstance(about, Mapping) or not isinstance(about.get("is_ext_shared"), bool):
        return UNKNOWN_CHANNEL
    if any(about.get(name) for name in _FOREIGN):
        return EXTERNAL_CHANNEL
    is_with_nobody = about.get("is_shared") and not about.get("is_org_shared")
    return UNKNOWN_CHANNEL if is_with_nobody or about.get("is_pending_ext_shared", "") is None else ""
