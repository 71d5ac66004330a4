"""What every method of the stand-in Web API shares: tokens, scopes, who may write where, arguments, refusals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.workspace import Channel, Workspace

Args = dict[str, Any]
Answer = dict[str, Any]

DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "files:write",
        "groups:read",
        "im:history",
        "users:read",
    },
)


class SlackRefusalError(Exception):
    """Slack says no: its error code, further fields of the answer, and the HTTP status."""

    def __init__(self, code: str, *, status: int = 200, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.more = more


@dataclass
class WebApi:
    """What the methods work on: the workspace, the tokens and scopes of the app, and the posting rate."""

    workspace: Workspace
    bot_token: str
    app_token: str
    scopes: set[str]
    open_link: Callable[[], str]
    """Gives the URL of a new Socket Mode connection."""
    upload_url: Callable[[str], str]
    """Gives the URL to send a file to, from the key of its upload."""
    messages_per_second: float | None = None
    """Posts allowed in one channel; None for no limit."""
    last_post: dict[str, float] = field(default_factory=dict)

    def require(self, scope: str) -> None:
        """Refuse when the token lacks this scope."""
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise SlackRefusalError("missing_scope", needed=scope, provided=provided)

    def authenticate(self, token: str | None, expected: str) -> None:
        """Refuse when the token is not the expected one, with the reason Slack gives."""
        if not token:
            raise SlackRefusalError("not_authed")
        if token not in (self.bot_token, self.app_token):
            raise SlackRefusalError("invalid_auth")
        if token != expected:
            raise SlackRefusalError("not_allowed_token_type")

    def channel(self, channel_id: str) -> Channel:
        """Return a channel the bot can see; private ones it is not in do not exist for it."""
        channel = self.workspace.channels.get(channel_id)
        if channel is None or (channel.is_private and not channel.bot_is_member):
            raise SlackRefusalError("channel_not_found")
        return channel

    def writable(self, channel_id: str, *, as_guest: bool = True) -> Channel:
        """Return a channel the bot may write to. `as_guest`: chat:write.public is enough for a public one."""
        if channel_id in self.workspace.users:
            return self.workspace.open_im(channel_id)
        channel = self.channel(channel_id)
        if channel.is_archived:
            raise SlackRefusalError("is_archived")
        if not channel.bot_is_member and not (as_guest and "chat:write.public" in self.scopes):
            raise SlackRefusalError("not_in_channel")
        return channel

    def thread(self, channel_id: str, ts: str | None, *, unless_gone: bool = True) -> str | None:
        """Return the thread to reply in; refuse where `ts` is a reply's, and `unless_gone` where nothing is there."""
        if not ts:
            return None
        parent = self.workspace.find(channel_id, ts)
        if parent and parent.thread_ts not in (None, ts):
            raise SlackRefusalError("cannot_reply_to_message")
        is_there = (parent and not parent.ephemeral_to) or self.workspace.replies(channel_id, ts)
        if unless_gone and not is_there:
            raise SlackRefusalError("thread_not_found")
        return ts

    def spend(self, channel_id: str) -> None:
        """Count a post against the channel's rate; refuse with 429 when it comes too soon."""
        now = time.monotonic()
        if self.messages_per_second and now - self.last_post.get(channel_id, 0) < 1 / self.messages_per_second:
            raise SlackRefusalError("ratelimited", status=429, retry_after=1)
        self.last_post[channel_id] = now


def flag(args: Args, name: str) -> bool:
    """Return a boolean argument, from JSON or from a form."""
    return args.get(name) in (True, 1, "1", "true", "True")


def structured(args: Args, name: str, error: str) -> Any:
    """Return an argument that is JSON: as such in a JSON body, as a string in a form. Refuse if malformed."""
    value = args.get(name)
    if not isinstance(value, str) or not value:
        return value or None if isinstance(value, str) else value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackRefusalError(error) from None
