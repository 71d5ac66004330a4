"""Who may cancel a question, and what is left of it in the audit table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from slack_bolt import App

from bot.jobs.cancellation import Cancellable
from bot.listeners import cancel
from bot.sandbox.slack.workspace import BILLING, MANAGER, TECHNICIAN
from bot.store.audit import Act, AuditQuery
from tests.listeners.digest_house import STRANGER, House


class Button:
    """As much of a Bolt app as the button needs."""

    def __init__(self) -> None:
        self.listener: Callable[..., None] | None = None

    def action(self, _: str) -> Callable[[Callable[..., None]], None]:
        def keep(listener: Callable[..., None]) -> None:
            self.listener = listener

        return keep


def press(house: House, user: str) -> list[str]:
    """Press "Cancel" under the technician's question. Returns the jobs that were cancelled."""
    button, done = Button(), list[str]()
    cancel.register(cast(App, button), done.append, house.intake.access, house.intake.replies)
    body: dict[str, Any] = {
        "user": {"id": user, "team_id": house.slack.workspace.team_id},
        "team": {"id": house.slack.workspace.team_id},
        "container": {"channel_id": BILLING, "message_ts": house.parent.ts},
        "response_url": "http://127.0.0.1:9/",
    }
    assert button.listener is not None
    button.listener(lambda: None, body, {"value": Cancellable("job 1", TECHNICIAN, ("32223", "32224")).to_text()})
    return done


@pytest.mark.parametrize("user", [TECHNICIAN, MANAGER])
def test_who_asked_and_managers_cancel_and_that_stands_in_the_history_of_each_ticket(house: House, user: str) -> None:
    assert press(house, user) == ["job 1"]
    (entry,) = house.memory.audit(AuditQuery(ticket="32224"))
    assert (entry.act, entry.who, entry.where, entry.what) == (Act.CANCELLED, user, BILLING, "32223 32224")


def test_nobody_else_does_and_that_leaves_a_trace(house: House) -> None:
    assert press(house, STRANGER) == []
    assert house.refusals() == [(STRANGER, "cancel", "not_a_manager")]
