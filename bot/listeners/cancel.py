"""The button "Cancel" under a question that is being looked up: for the person who asked, and for managers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from bot.jobs.cancellation import Cancellable
from bot.listeners.access import Access, Asker
from bot.listeners.replies import Replies
from bot.messages.check_messages import CANCEL, cancelled, may_not_cancel, not_under_way
from bot.messages.help import not_stored
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered


@dataclass(frozen=True)
class Ended:
    """A job that had ended before it was to be cancelled. `stands_at` is where its answer stands, if that is known."""

    stands_at: Posted | None


Cancel = Callable[[str], Ended | None]
"""Cancels a job by its key; returns how it stands where it had ended already."""


def register(app: App, cancel: Cancel, access: Access, replies: Replies) -> None:
    """Listen for the button."""

    @app.action(CANCEL)
    def cancel_check(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        question = Cancellable.from_text(action.get("value") or "")
        user, container = body["user"]["id"], body["container"]
        asking = Asker.of_interaction(body, container["channel_id"])
        clicked = Posted(container["channel_id"], container["message_ts"])
        ack()
        if question is None or (user != question.user and access.manager_refusal(asking, "cancel", afresh=True)):
            replies.respond(body["response_url"], may_not_cancel())
            return
        try:
            ended = cancel(question.job)
        except Exception:  # noqa: BLE001 - whatever ails the database, the person is told
            replies.respond(body["response_url"], Rendered(not_stored()))
            return
        if ended is None:
            access.note_cancelled(asking, " ".join(question.references))
            replies.replace(clicked, cancelled(question.references, user))
            return
        replies.respond(body["response_url"], not_under_way())
        if ended.stands_at is not None and ended.stands_at != clicked:
            # A message whose place was never learnt, because the process was killed while Slack took it.
            replies.remove(clicked)
