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


def register(app: App, intake: Intake, replies: Replies, help_page: Rendered) -> None:
    """Listen for mentions and direct messages. `help_page` answers those that name no ticket."""
    listener = _Listener(intake, replies, help_page)

    @app.event("app_mention")
    def mentioned(event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        listener.answer(event, body, context, direct=False)

    @app.event("message")
    def messaged(event: dict[str, Any], body: dict[str, Any], context: BoltContext) -> None:
        # Edits, joins and the bot's own messages carry a subtype or a bot_id.
        is_person = event.get("subtype") in (None, "thread_broadcast", "file_share") and not event.get("bot_id")
        if event.get("channel_type") == "im" and is_person:
            listener.answer(event, body, context, direct=True)


@dataclass(frozen=True)
class _Listener:
    """What hears a person, and answers."""

    intake: Intake
    replies: Replies
    help_page: Rendered

    def answer(self, event: dict[str, Any], body: dict[str, Any], context: BoltContext, *, direct: bool) -> None:
        """Store the question, or tell the person why not."""
        user, channel = event.get("user"), event.get("channel")
        if not user or not channel:
            return  # a message of another app: there is nobody to answer
        asking = Asker(
            user=user,
            channel=channel,
            team=event.get("user_team") or event.get("team"),
            own_team=context.team_id,
            direct=direct,
            shared_channel=bool(body.get("is_ext_shared_channel")),
        )
        key = f"message:{channel}:{event.get('ts')}"
        reply = self.intake.submit(key, asking, lambda: self._read(event, asking))
        if reply is not None:
            self.replies.say(channel, user, reply, event.get("thread_ts"), direct=direct)

    def _read(self, event: dict[str, Any], asking: Asker) -> Asked:
        text = _MENTION.sub(" ", event.get("text") or "").strip()
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
