"""An address that somebody posts is acknowledged once it is stored, and not before: Slack delivers it again."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt import BoltRequest
from slack_sdk import WebClient
from sqlalchemy.exc import OperationalError

from bot.jobs.unfurl import UnfurlRequest
from bot.listeners import links
from bot.listeners.access import Access, Asker, Refusal
from bot.sandbox.slack.workspace import BILLING, TEAM, TECHNICIAN
from bot.slack_connection import Identity, bolt_app
from tests.listeners.digest_house import SITE, Line


class OpenAccess(Access):
    """Whoever asks may."""

    def __init__(self) -> None:
        """Nothing is needed for that."""

    def bystander_refusal(self, asking: Asker) -> Refusal | None:  # noqa: ARG002
        return None


@pytest.mark.parametrize("failure", [OperationalError("INSERT", None, Exception()), TimeoutError(), None])
def test_an_address_is_acknowledged_once_it_is_stored(line: Line, failure: Exception | None) -> None:
    stored: list[UnfurlRequest] = []

    def enqueue(_: str, request: UnfurlRequest) -> None:
        if failure is not None:
            raise failure
        stored.append(request)

    identity, client = Identity(), WebClient("xoxb-sandbox", base_url=line.slack.api_url)
    identity.learn(client)
    app = bolt_app(client, identity)
    links.register(app, OpenAccess(), enqueue, SITE, is_on=True)
    event: dict[str, Any] = {
        "type": "link_shared",
        "channel": BILLING,
        "message_ts": "1.1",
        "user": TECHNICIAN,
        "links": [{"url": f"{SITE}/tickets/109554336"}],
    }

    answer = app.dispatch(
        BoltRequest(body={"type": "event_callback", "team_id": TEAM, "event": event}, mode="socket_mode")
    )

    assert (answer.status == 200) == bool(stored) == (failure is None)
