"""`@bot 32223` in a channel or a thread, direct messages to the bot, and replies in the thread of a warning."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import App, BoltContext

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.intake import Asked, Intake, Wish
from bot.listeners.replies import Replies
from bot.listeners.warning_replies import WarningReplies
from bot.messages.rendered import Rendered

_MENTION = re.compile(r"<@[UW][A-Z0-9_]++(?:\|[^<>]*)?>")

_SAID = (None, "thread_broadcast", "file_share", "bot_message")
"""The subtypes of messages that say something."""
_BOT_MARKS = ("bot_id", "bot_profile", "app_id")
"""What a message has that an app posted, also in a person's name."""


def register(app: App, intake: Intake, replies: Replies, help_page: Rendered, warning_replies: WarningReplies) -> None:
    """Listen for mentions, direct messages and replies to warnings. `help_page` answers those that name no ticket."""
    listener = _Listener(intake, replies, help_page, warning_replies)

    @app.event("app_mention")
    def mentioned(event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        listener.hear(event, body, context)

    @app.event("message")
    def messaged(event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        if event.get("channel_type") == "im":
            listener.hear(event, body, context)
        elif f"<@{context.bot_user_id}" not in (event.get("text") or ""):  # that comes as a mention, too
            listener.overhear(event, body)


@dataclass(frozen=True)
class _Listener:
    """What hears a person, and answers."""

    intake: Intake
    replies: Replies
    help_page: Rendered
    warning_replies: WarningReplies

    def hear(self, event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        """Answer a person. What a bot says is never answered, nor are edits, deletions and people who join."""
        if not event.get("channel") or event.get("subtype") not in _SAID:
            return
        if _is_persons(event):
            self._answer(event, Asker.of_event(event, body))
        elif event.get("user") != context.bot_user_id:
            who = event.get("user") or event.get("bot_id") or ""
            self.intake.access.ignore_bot(Asker.of_event({**event, "user": who}, body), event.get("text") or "")

    def overhear(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        """Look again where a person replies to a warning. Nobody spoke to us, so who may not ask gets no word."""
        if not event.get("channel") or event.get("subtype") not in _SAID or not _is_persons(event):
            return
        asking, text = Asker.of_event(event, body), event.get("text") or ""
        wish = self.warning_replies.read(text, asking.channel, event.get("thread_ts"), is_for_us=False)
        if wish is not None and self.intake.access.refusal(asking, text) is None:
            self._submit(event, asking, text, lambda: wish.asked(_request(wish, event, asking), text))

    def _answer(self, event: dict[str, Any], asking: Asker) -> None:
        """Store the question, or tell the person why not."""
        text = _MENTION.sub(" ", event.get("text") or "").strip()
        self._submit(event, asking, text, lambda: self._read(event, asking, text))

    def _submit(self, event: dict[str, Any], asking: Asker, text: str, read: Callable[[], Asked]) -> None:
        key = f"message:{asking.channel}:{event.get('ts')}"
        reply = self.intake.submit(key, asking, read, what=text)
        if reply is not None:
            self.replies.say(asking.channel, asking.user, reply, event.get("thread_ts"), direct=asking.direct)

    def _read(self, event: dict[str, Any], asking: Asker, text: str) -> Asked:
        thread = None if text.casefold() == "help" else event.get("thread_ts")
        about_warning = self.warning_replies.read(text, asking.channel, thread, is_for_us=True)
        wish = about_warning or self.intake.read_prose(text)
        if wish.wants_help:
            return Asked(reply=self.help_page)
        return wish.asked(_request(wish, event, asking), text)


def _is_persons(event: dict[str, Any]) -> bool:
    is_an_apps = event.get("subtype") == "bot_message" or any(event.get(mark) for mark in _BOT_MARKS)
    return not is_an_apps and bool(event.get("user"))


def _request(wish: Wish, event: dict[str, Any], asking: Asker) -> CheckRequest:
    return CheckRequest(
        references=wish.references,
        channel=asking.channel,
        user=asking.user,
        thread_ts=event.get("thread_ts"),
        direct=asking.direct,
        exhaustive=wish.exhaustive,
        fresh=wish.fresh,
    )
