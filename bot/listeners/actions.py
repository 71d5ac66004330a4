"""The button "Check again" under an answer."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.intake import Asked, Intake
from bot.listeners.replies import Replies
from bot.messages.check_messages import CHECK_AGAIN
from bot.messages.rendered import Rendered


def register(app: App, intake: Intake, replies: Replies) -> None:
    """Listen for the button. The new answer comes where the old one stands."""

    @app.action(CHECK_AGAIN)
    def check_again(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        reply = _submit(intake, body, action.get("value") or "")
        ack()
        if reply is not None:
            replies.respond(body["response_url"], reply)


def _submit(intake: Intake, body: dict[str, Any], value: str) -> Rendered | None:
    container, user = body["container"], body["user"]
    channel = container["channel_id"]
    # The parent's own thread holds its evidence; only an answer inside somebody's thread goes on in that thread.
    thread_ts = container.get("thread_ts")
    asking = Asker.of_interaction(body, channel)

    def read() -> Asked:
        wish = intake.read_command(value)
        request = CheckRequest(
            references=wish.references,
            channel=channel,
            user=user["id"],
            thread_ts=thread_ts if thread_ts != container.get("message_ts") else None,
            response_url=body.get("response_url"),
            direct=asking.direct,
        )
        return wish.asked(request, value)

    return intake.submit(f"button:{body['trigger_id']}", asking, read, what=value, afresh=True)
