"""The global shortcut "Check a list": a form to paste tickets into; its answer is that of any question."""

from __future__ import annotations

import http.client
import logging
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.intake import Asked, Intake
from bot.listeners.replies import Replies
from bot.messages import list_form as form
from bot.messages.help import no_numbers_in_message
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)

CALLBACK = "check_list"
_CHANNELS = ("C", "G")


def register(app: App, intake: Intake, replies: Replies, client: WebClient) -> None:
    """Listen for the shortcut and for its form. `client` must not wait: Slack takes a form within three seconds."""

    @app.shortcut({"callback_id": CALLBACK, "type": "shortcut"})
    def wanted(ack: Ack, shortcut: dict[str, Any]) -> None:
        ack()
        try:
            client.views_open(trigger_id=shortcut["trigger_id"], view=form.list_form())
        except (SlackApiError, SlackClientError, OSError, http.client.HTTPException) as error:
            log.warning("A form could not be opened (%s)", type(error).__name__)
            user = shortcut["user"]["id"]
            replies.say(user, user, form.not_opened(), None, direct=True)

    @app.view(form.FORM)
    def submitted(ack: Ack, body: dict[str, Any]) -> None:
        user, state = body["user"]["id"], body["view"]["state"]["values"]
        channel = _field(state, form.PLACE).get("selected_conversation") or user
        request, reply = _submit(intake, body, state, channel)
        if request is None:
            field = form.TICKETS if reply is None or channel == user else form.PLACE
            ack(response_action="errors", errors={field: (reply or Rendered(no_numbers_in_message())).text})
            return
        ack()
        if reply is not None:
            replies.say(channel, user, reply, None, direct=channel == user)


def _submit(
    intake: Intake, body: dict[str, Any], state: dict[str, Any], channel: str
) -> tuple[CheckRequest | None, Rendered | None]:
    """Store what was pasted. Returns the question, None where it was not taken, and what to tell the person."""
    user, taken = body["user"]["id"], Asked()
    is_anew = (_field(state, form.FRESH).get("selected_option") or {}).get("value") == form.ANEW

    def read() -> Asked:
        nonlocal taken
        text = str(_field(state, form.TICKETS).get("value") or "")
        wish = intake.read_message(text)
        request = CheckRequest(
            wish.references,
            channel,
            user,
            direct=channel == user,
            fresh=is_anew or wish.fresh,
            exhaustive=wish.exhaustive,
        )
        taken = wish.asked(request, text)
        return taken

    if channel != user and not channel.startswith(_CHANNELS):
        return None, form.no_channel()
    reply = intake.submit(
        f"list:{body['view']['id']}", Asker.of_interaction(body, channel), read, what="a pasted list", afresh=True
    )
    return (taken.request if reply is taken.reply else None), reply


def _field(state: dict[str, Any], name: str) -> dict[str, Any]:
    return (state.get(name) or {}).get(name) or {}
