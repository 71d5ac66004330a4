"""Slack's word that a channel is now shared with another company, or no longer."""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt import App

from bot.messages.channel_guard import ChannelGuard

log = logging.getLogger(__name__)


def register(app: App, channels: ChannelGuard) -> None:
    """Listen for both events."""

    @app.event("channel_shared")
    def shared(event: dict[str, Any]) -> None:
        log.warning("Channel %s is shared with another company now: nothing is said there", event.get("channel"))
        channels.shared(str(event.get("channel")))

    @app.event("channel_unshared")
    def unshared(event: dict[str, Any]) -> None:
        if event.get("is_ext_shared") is False:  # with true, other companies are still there
            log.info("Channel %s is no longer shared with another company", event.get("channel"))
            channels.unshared(str(event.get("channel")))
