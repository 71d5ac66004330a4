"""The slash command `/invoice-check`."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asking
from bot.listeners.desk import COMMAND, Desk
from bot.messages.rendered import Rendered


def register(app: App, desk: Desk) -> None:
    """Listen for the command. Slack is answered once the question is stored, or with why it was not taken."""

    @app.command(COMMAND)
    def invoice_check(ack: Ack, command: dict[str, Any]) -> None:
        wish = desk.read_command(command.get("text") or "")
        reply = wish.reply
        if reply is None:
            request = CheckRequest(
                references=wish.references,
                channel=command["channel_id"],
                user=command["user_id"],
                response_url=command.get("response_url"),
                direct=command["channel_id"].startswith("D"),
                exhaustive=wish.exhaustive,
            )
            reply = desk.submit(f"command:{command['trigger_id']}", request, _asking(command))
        _acknowledge(ack, reply)


def _asking(command: dict[str, Any]) -> Asking:
    # Only members of a workspace that has the app can use its commands, so the team is always our own.
    return Asking(
        user=command["user_id"],
        channel=command["channel_id"],
        team=None,
        own_team=None,
        direct=command["channel_id"].startswith("D"),
    )


def _acknowledge(ack: Ack, reply: Rendered | None) -> None:
    if reply is None:
        ack()
    else:
        ack(text=reply.text, blocks=list(reply.blocks), response_type="ephemeral")
