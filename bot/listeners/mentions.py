"""`@bot 32223` in a channel or a thread, and direct messages to the bot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from slack_bolt import App, BoltContext

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.intake import Asked, Intake
from bot.listeners.replies import Replies
from bot.messages.rendered import Rendered

_MENTION = re.compile(r"<@[UW][A-Z0-9_]++(?:\|[^<>]*)?>")

_SAID = (None, "thread_broadcast", "file_share", "bot_message")
"""The subtypes of messages that say something."""
_BOT_MARKS = ("bot_id", "bot_profile", "app_id")
"""What a message has that an app posted, also in a person's name."""


def register(app: App, intake: Intake, replies: Replies, help_page: Rendered) -> None:
    """Listen for mentions and direct messages. `help_page` answers those that name no ticket."""
    listener = _Listener(intake, replies, help_page)

    @app.event("app_mention")
    def mentioned(event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        listener.hear(event, body, context)

    @app.event("message")
    def messaged(event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        if event.get("channel_type") == "im":
            listener.hear(event, body, context)


@dataclass(frozen=True)
class _Listener:
    """What hears a person, and answers."""

    intake: Intake
    replies: Replies
    help_page: Rendered

    def hear(self, event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        """Answer a person. What a bot says is never answered, nor are edits, deletions and people who join."""
        if not event.get("channel") or event.get("subtype") not in _SAID:
            return
        if not any(event.get(mark) for mark in _BOT_MARKS) and event.get("user"):
            self._answer(event, Asker.of_event(event, body))
        elif event.get("user") != context.bot_user_id:
            who = event.get("user") or event.get("bot_id") or ""
            self.intake.access.ignore_bot(Asker.of_event({**event, "user": who}, body), event.get("text") or "")

    def _answer(self, event: dict[str, Any], asking: Asker) -> None:
        """Store the question, or tell the person why not."""
        text = _MENTION.sub(" ", event.get("text") or "").strip()
        key = f"message:{asking.channel}:{event.get('ts')}"
        reply = self.intake.submit(key, asking, lambda: self._read(event, asking, text), what=text)
        if reply is not None:
            self.replies.say(asking.channel, asking.user, reply, event.get("thread_ts"), direct=asking.direct)

    def _read(self, event: dict[str, Any], asking: Asker, text: str) -> Asked:
        wish = self.intake.read_prose(text)
        if wish.wants_help:
            return Asked(reply=self.help_page)
        request = CheckRequest(
            references=wish.references,
            channel=asking.channel,
            user=asking.user,
            thread_ts=event.get("thread_ts"),
            direct=asking.direct,
            exhaustive=wish.exhaustive,
            fresh=wish.fresh,
        )
        return wish.asked(request, text)
