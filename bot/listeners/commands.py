"""The slash command `/invoice-check`: a subcommand, or tickets to check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_bolt import Ack, App

from bot.jobs.request import CheckRequest
from bot.listeners.intake import COMMAND, Asked, Intake, wants_help
from bot.listeners.subcommands import Subcommand, Use, help_page, meant
from bot.messages.rendered import Rendered


def register(app: App, intake: Intake, subcommands: Sequence[Subcommand]) -> None:
    """Listen for the command. Slack is answered once the question is stored, or with why it was not taken."""

    @app.command(COMMAND)
    def invoice_check(ack: Ack, command: dict[str, Any]) -> None:
        reply = answer(Use.from_slack(command), intake, subcommands)
        if reply is None:
            ack()
        else:
            ack(text=reply.text, blocks=list(reply.blocks), response_type="ephemeral")


def answer(use: Use, intake: Intake, subcommands: Sequence[Subcommand]) -> Rendered | None:
    """Do what was asked. Returns what to tell the person; nothing where the answer comes as a message."""
    found = meant(subcommands, use)
    if found is not None:
        subcommand, rest = found
        return subcommand.refusal(rest) or subcommand.answer(rest)
    if wants_help(use.text):
        return help_page(subcommands)
    return intake.submit(f"command:{use.trigger}", use.asker, lambda: _read(use, intake, subcommands), what=use.text)


def _read(use: Use, intake: Intake, subcommands: Sequence[Subcommand]) -> Asked:
    wish = intake.read_command(use.text)
    if wish.wants_help:
        return Asked(reply=help_page(subcommands))
    request = CheckRequest(
        references=wish.references,
        channel=use.channel,
        user=use.user,
        response_url=use.response_url,
        direct=use.is_direct,
        exhaustive=wish.exhaustive,
        fresh=wish.fresh,
    )
    return wish.asked(request, use.text)
