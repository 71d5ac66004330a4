"""The connection to Slack: tried again while Slack is away, and given up only where the tokens are wrong."""

from __future__ import annotations

import threading

import pytest
from slack_sdk import WebClient

from bot.sandbox.slack.workspace import BILLING, BOT
from bot.slack_connection import Identity, SlackConnection, SlackRefusedError, bolt_app
from tests.standins.slack import FaultySlack

RIGHT = {"bot": "xoxb-sandbox", "app": "xapp-sandbox"}


def connection(api_url: str, tokens: dict[str, str] = RIGHT) -> SlackConnection:
    client = WebClient(tokens["bot"], base_url=api_url, retry_handlers=[])
    identity = Identity()
    return SlackConnection(bolt_app(client, identity), tokens["app"], identity)


def test_while_slack_is_away_the_other_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.slack_connection._RECONNECT_SECONDS", 0.001)
    stop, done = threading.Event(), 0

    def meanwhile() -> None:
        nonlocal done
        done += 1
        if done == 3:
            stop.set()

    away = connection("http://127.0.0.1:9/api/")
    away.open(stop, meanwhile)
    away.close()

    assert done == 3
    assert [record.message for record in caplog.records if "No connection to Slack" in record.message] == [
        "No connection to Slack (URLError); trying again"
    ] * 3


@pytest.mark.parametrize(
    ("wrong", "setting"), [({"bot": "xoxb-wrong"}, "SLACK_BOT_TOKEN"), ({"app": "xapp-wrong"}, "SLACK_APP_TOKEN")]
)
def test_a_wrong_token_is_named_and_not_tried_again(wrong: dict[str, str], setting: str) -> None:
    with FaultySlack() as slack, pytest.raises(SlackRefusedError, match=f"invalid_auth.*Check {setting}"):
        connection(slack.api_url, RIGHT | wrong).open(threading.Event(), lambda: pytest.fail("tried again"))


def test_it_is_open_until_it_is_closed() -> None:
    with FaultySlack() as slack:
        line = connection(slack.api_url)
        line.open(threading.Event(), lambda: pytest.fail("not at once"))
        slack.wait_connected()
        line.close()


def test_slack_is_asked_who_the_bot_is_before_it_listens_and_never_again() -> None:
    heard = threading.Event()
    with FaultySlack() as slack:
        client, identity = WebClient("xoxb-sandbox", base_url=slack.api_url, retry_handlers=[]), Identity()
        app = bolt_app(client, identity)
        app.event("app_mention")(lambda: heard.set())
        line = SlackConnection(app, "xapp-sandbox", identity)
        line.open(threading.Event(), lambda: pytest.fail("not at once"))
        slack.wait_connected()
        slack.fail_next("auth.test", "internal_error", times=9, status=500)

        slack.mention(f"<@{BOT}> hello", channel=BILLING)

        assert heard.wait(10)
        assert len(slack.calls_to("auth.test")) == 1
        line.close()
