"""The connection to Slack: tried again while Slack is away, and given up only where the tokens are wrong."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode.interval_runner import IntervalRunner

from bot.sandbox.slack.workspace import BILLING, BOT
from bot.slack_connection import Identity, SlackConnection, SlackRefusedError, bolt_app
from tests.patience import PATIENCE
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
        "No connection to Slack (URLError); trying again every few seconds"
    ]


def test_that_slack_is_away_is_said_once_then_every_hour_and_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.slack_connection._PING_SECONDS", 0.2)
    caplog.set_level("INFO", "bot")
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    with FaultySlack() as slack:
        line = connection(slack.api_url)
        line.open(threading.Event(), lambda: pytest.fail("not at once"))
        slack.wait_connected()
        line.look(noon)
        assert line.is_connected()
        slack.fail_next("apps.connections.open", "internal_error", times=10, status=500)
        slack.disconnect_all()
        deadline = time.monotonic() + PATIENCE
        while line.is_connected() and time.monotonic() < deadline:
            time.sleep(0.02)

        for seconds in range(0, 2 * 3600, 5):
            line.look(noon + timedelta(seconds=seconds))
        assert [each.getMessage() for each in caplog.records] == [
            "No connection to Slack; trying again every few seconds",
            "No connection to Slack, since 12:00 UTC; trying again every few seconds",
        ]
        while not line.is_connected() and time.monotonic() < deadline:
            time.sleep(0.02)
        line.look(noon + timedelta(hours=2))
        assert caplog.records[-1].getMessage() == "Connected to Slack again, after 7200 s"
        line.close()


def test_the_last_pong_is_known_while_connected() -> None:
    with FaultySlack() as slack:
        line = connection(slack.api_url)
        assert (line.is_connected(), line.last_pong()) == (False, None)
        line.open(threading.Event(), lambda: pytest.fail("not at once"))
        deadline = time.monotonic() + PATIENCE
        while line.last_pong() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        pong = line.last_pong()
        assert pong is not None
        assert abs(datetime.now(UTC) - pong) < timedelta(seconds=PATIENCE)
        line.close()


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


def test_it_closes_while_the_session_of_a_new_connection_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultySlack() as slack:
        line = connection(slack.api_url)
        line.open(threading.Event(), lambda: pytest.fail("not at once"))
        slack.wait_connected()
        client = line._handler.client  # type: ignore[union-attr]
        session, state, disconnect = client.current_session, client.current_session_state, client.disconnect

        def disconnect_as_a_session_begins() -> None:
            disconnect()
            state.terminated = False  # as slack_sdk's runner says of a session that it is about to run
            rejoined = IntervalRunner(lambda: session.run_until_completion(state))  # type: ignore[union-attr]
            client.current_session_runner = rejoined.start()

        monkeypatch.setattr(client, "disconnect", disconnect_as_a_session_begins)
        line.close()
        assert not line.is_connected()


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
