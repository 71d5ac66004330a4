"""The message shortcut "Check invoices": checks every ticket number in a message, in that message's thread."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.intake import MOST_TICKETS, Intake
from bot.listeners.replies import Replies
from bot.messages.help import no_numbers_in_message, too_many
from bot.messages.rendered import Rendered
from bot.ticket_references import find_in_prose

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
    references = find_in_prose(message.get("text") or "", site=intake.site)
    if not references:
        return Rendered(no_numbers_in_message())
    if len(references) > MOST_TICKETS:
        return Rendered(too_many(len(references), MOST_TICKETS))
    request = CheckRequest(
        references=references,
        channel=channel,
        user=user["id"],
        thread_ts=message.get("thread_ts") or message["ts"],
        response_url=shortcut.get("response_url"),
        direct=channel.startswith("D"),
    )
    asking = Asker(
        user=user["id"],
        channel=channel,
        team=user.get("team_id"),
        own_team=(shortcut.get("team") or {}).get("id"),
        direct=request.direct,
    )
    return intake.submit(f"shortcut:{shortcut['trigger_id']}", request, asking)
