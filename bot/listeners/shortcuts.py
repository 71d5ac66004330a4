"""The message shortcut "Check invoices": checks every ticket number in a message, in that message's thread."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.intake import Asked, Intake
from bot.listeners.message_text import text_of
from bot.listeners.replies import Replies
from bot.messages.rendered import Rendered

CALLBACK = "check_invoices"


def register(app: App, intake: Intake, replies: Replies) -> None:
    """Listen for the shortcut."""

    @app.shortcut({"callback_id": CALLBACK, "type": "message_action"})
    def check_invoices(ack: Ack, shortcut: dict[str, Any]) -> None:
        reply = _submit(intake, shortcut)
        ack()
        if reply is not None:
            replies.respond(shortcut["response_url"], reply)


def _submit(intake: Intake, shortcut: dict[str, Any]) -> Rendered | None:
    message, channel, user = shortcut["message"], shortcut["channel"]["id"], shortcut["user"]
    asking = Asker.of_interaction(shortcut, channel)

    def read() -> Asked:
        text = text_of(message)
        wish = intake.read_message(text)
        request = CheckRequest(
            references=wish.references,
            channel=channel,
            user=user["id"],
            thread_ts=message.get("thread_ts") or message["ts"],
            response_url=shortcut.get("response_url"),
            direct=asking.direct,
        )
        return wish.asked(request, text)

    what = f"shortcut on message {message['ts']}"
    return intake.submit(f"shortcut:{shortcut['trigger_id']}", asking, read, what=what, afresh=True)
