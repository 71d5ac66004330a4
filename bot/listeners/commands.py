"""The slash command `/invoice-check`."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from bot.jobs.request import CheckRequest
from bot.listeners import digest_commands
from bot.listeners.access import Asker
from bot.listeners.digest_context import DigestContext
from bot.listeners.intake import COMMAND, Intake
from bot.messages.rendered import Rendered


def register(app: App, intake: Intake, digest: DigestContext | None = None) -> None:
    """Listen for the command. Slack is answered once the question is stored, or with why it was not taken.

    With `digest` the command also takes what managers say about the digest.
    """

    @app.command(COMMAND)
    def invoice_check(ack: Ack, command: dict[str, Any]) -> None:
        text = command.get("text") or ""
        if digest is not None and digest_commands.is_meant(text):
            _acknowledge(ack, digest_commands.answer(digest, command))
            return
        wish = intake.read_command(text)
        reply = wish.reply
        if reply is None:
            request = CheckRequest(
                references=wish.references,
                channel=command["channel_id"],
                user=command["user_id"],
                response_url=command.get("response_url"),
                direct=command["channel_id"].startswith("D"),
                exhaustive=wish.exhaustive,
                fresh=wish.fresh,
            )
            reply = intake.submit(f"command:{command['trigger_id']}", request, _asking(command))
        _acknowledge(ack, reply)


def _asking(command: dict[str, Any]) -> Asker:
    # Only members of a workspace that has the app can use its commands, so the team is always our own.
    return Asker(
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
