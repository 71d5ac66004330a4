"""The `response_url` of commands and interactions: five uses within thirty minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.api import SlackRefusalError
from bot.sandbox.slack.limits import message_error
from bot.sandbox.slack.payloads import fresh_id
from bot.sandbox.slack.workspace import Message, Workspace

MOST_USES = 5
LIFETIME_SECONDS = 1800.0


@dataclass
class ResponseUrl:
    """One response_url: whom it answers, where, and the message that was acted on, if any."""

    user: str
    channel: str
    source: Message | None
    expires_at: float
    uses: int = 0


class ResponseUrls:
    """All response_urls that were handed out."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, source: Message | None = None) -> str:
        """Return the key of a new response_url."""
        key = fresh_id("R")
        self._issued[key] = ResponseUrl(user, channel, source, time.monotonic() + LIFETIME_SECONDS)
        return key

    def expire_all(self) -> None:
        """Let every response_url handed out so far be too old."""
        for each in self._issued.values():
            each.expires_at = 0.0

    def respond(self, key: str, body: dict[str, Any]) -> None:
        """Do what a POST to a response_url does. SlackRefusalError when it is used up, too old or malformed."""
        target = self._issued.get(key)
        if target is None or target.uses >= MOST_USES or time.monotonic() > target.expires_at:
            raise SlackRefusalError("expired_url", status=404)
        target.uses += 1
        if body.get("delete_original") and target.source:
            self._workspace.delete(target.source)
            return
        say(self._workspace, target, body)


def say(workspace: Workspace, target: ResponseUrl, body: dict[str, Any]) -> None:
    """Post, or put in place of the message that was acted on, what an app answers to a person."""
    refused = workspace.refused_block_types
    if error := message_error(body.get("text"), body.get("blocks"), refused_types=refused):
        raise SlackRefusalError(error, status=400)
    if body.get("replace_original") and target.source:
        workspace.update(target.source, text=body.get("text", ""), blocks=body.get("blocks"))
        return
    workspace.post(
        target.channel,
        workspace.bot.id,
        body.get("text") or "",
        blocks=body.get("blocks"),
        thread_ts=body.get("thread_ts"),
        ephemeral_to=None if body.get("response_type") == "in_channel" else target.user,
    )
