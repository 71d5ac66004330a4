"""The stand-in Slack, driven by the real slack_sdk and by a real Bolt app over its WebSocket."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.client import RemoteDisconnected
from typing import Any

import pytest
import requests
from rich.console import Console
from slack_bolt import Ack, App, BoltContext, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState

from bot.sandbox.demo.transcript import render_workspace
from bot.sandbox.slack.socket import Delivery
from bot.sandbox.slack.workspace import (
    BILLING,
    BOT,
    FINANCE,
    GENERAL,
    MANAGER,
    OTHER_TEAM,
    OUTSIDER,
    RETIRED,
    SHARED,
    SLACKBOT,
    TEAM,
    TECHNICIAN,
    Message,
    Workspace,
    sample_workspace,
)
from tests.patience import PATIENCE
from tests.standins.slack import FaultySlack

Payload = dict[str, Any]
BOT_TOKEN = "xoxb-sandbox"
BUTTONS: list[Payload] = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "snooze", "value": v, "text": {"type": "plain_text", "text": v}},
        ],
    }
    for v in ("one", "two")
]


class RunningBot:
    """A small Bolt app, connected by Socket Mode, that notes every payload it gets."""

    def __init__(self, slack: FaultySlack) -> None:
        self.bodies: list[Payload] = []
        client = WebClient(token="xoxb-sandbox", base_url=slack.api_url)
        # Without this Bolt acknowledges events before the listener has seen them.
        self.app = App(client=client, process_before_response=True)
        self.app.command("/invoice-check")(self.on_command)
        self.app.event("app_mention")(self.on_event)
        self.app.event("message")(self.on_event)
        self.app.event("app_home_opened")(self.on_event)
        self.app.action("snooze")(self.on_action)
        self.app.shortcut("check_message")(self.on_event)
        self.app.view("settings")(self.on_view)
        self.handler = SocketModeHandler(self.app, "xapp-sandbox")

    def on_command(self, ack: Ack, body: Payload, client: WebClient, respond: Respond) -> None:
        self.bodies.append(body)
        if not body["text"]:
            ack("Usage: /invoice-check 32223")
            return
        ack()
        if body["text"] == "privately":
            respond("only you")
            return
        client.chat_postMessage(channel=body["channel_id"], text=f"checking {body['text']}")

    def on_event(self, ack: Ack, body: Payload) -> None:
        self.bodies.append(body)
        ack()

    def on_action(self, ack: Ack, body: Payload, context: BoltContext, respond: Respond) -> None:
        self.bodies.append(body)
        ack()
        respond(f"snoozed by {context.user_id}", replace_original=True)

    def on_view(self, ack: Ack, body: Payload) -> None:
        self.bodies.append(body)
        ack(response_action="clear")


@pytest.fixture(scope="module")
def connected() -> Iterator[tuple[FaultySlack, RunningBot]]:
    with FaultySlack() as slack:
        bot = RunningBot(slack)
        bot.handler.connect()  # type: ignore[no-untyped-call]
        slack.wait_connected()
        yield slack, bot
        bot.handler.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def slack(connected: tuple[FaultySlack, RunningBot]) -> FaultySlack:
    return connected[0]


@pytest.fixture
def bot(connected: tuple[FaultySlack, RunningBot]) -> RunningBot:
    connected[1].bodies.clear()
    return connected[1]


@pytest.fixture
def quiet() -> Iterator[FaultySlack]:
    """A Slack that no app is connected to."""
    with FaultySlack() as slack:
        yield slack


def client_of(slack: FaultySlack, token: str = BOT_TOKEN, *, retries: bool = False) -> WebClient:
    handlers: list[Any] = [RateLimitErrorRetryHandler(2), ConnectionErrorRetryHandler(1)] if retries else []
    return WebClient(token=token, base_url=slack.api_url, retry_handlers=handlers)


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def said(slack: FaultySlack, channel: str, text: str) -> Message:
    """Wait until the bot said this in the channel."""

    def look(workspace: Workspace) -> Message | None:
        return next((m for m in workspace.parents(channel) if m.text == text), None)

    return slack.wait_for(look)


# --- Socket Mode -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bot")
def test_a_slash_command_reaches_the_bot_and_its_answer_reaches_the_channel(slack: FaultySlack) -> None:
    delivery = slack.slash("32223")

    assert delivery.wait_ack() == {}
    assert delivery.ack_seconds is not None
    assert delivery.ack_seconds < 3
    assert said(slack, BILLING, "checking 32223").user == BOT


def test_a_slash_command_carries_the_fields_of_slacks_documentation(slack: FaultySlack, bot: RunningBot) -> None:
    slack.slash("fields", user=MANAGER, channel=GENERAL, trigger_id="1.2").wait_ack()

    body = bot.bodies[0]
    assert {
        "team_id": TEAM,
        "team_domain": "sandbox",
        "channel_id": GENERAL,
        "channel_name": "general",
        "user_id": MANAGER,
        "user_name": "manager",
        "command": "/invoice-check",
        "text": "fields",
        "is_enterprise_install": "false",
        "trigger_id": "1.2",
    }.items() <= body.items()
    assert body["response_url"].startswith("http://127.0.0.1:")


@pytest.mark.usefixtures("bot")
def test_words_in_a_commands_acknowledgement_are_seen_by_that_person_only(slack: FaultySlack) -> None:
    assert slack.slash("", user=MANAGER).wait_ack() == {"text": "Usage: /invoice-check 32223"}

    assert slack.ephemerals(MANAGER)[-1].text == "Usage: /invoice-check 32223"
    assert all("Usage" not in m.text for m in slack.parents(BILLING))


@pytest.mark.usefixtures("bot")
def test_a_response_url_answers_only_the_person_unless_told_otherwise(slack: FaultySlack) -> None:
    slack.slash("privately", user=TECHNICIAN)

    assert slack.wait_for(lambda w: [m for m in w.ephemerals(TECHNICIAN) if m.text == "only you"])


def test_a_mention_is_posted_and_told_with_the_team_of_the_person(slack: FaultySlack, bot: RunningBot) -> None:
    slack.mention(f"<@{BOT}> 32223", user=OUTSIDER, channel=SHARED).wait_ack()

    body, event = bot.bodies[0], bot.bodies[0]["event"]
    assert (event["type"], event["user_team"], event["team"]) == ("app_mention", OTHER_TEAM, OTHER_TEAM)
    assert body["is_ext_shared_channel"] is True
    assert body["authorizations"][0]["is_bot"] is True
    assert slack.parents(SHARED)[-1].ts == event["ts"]


def test_a_mention_in_a_thread_names_the_thread(slack: FaultySlack, bot: RunningBot) -> None:
    parent = client_of(slack).chat_postMessage(channel=BILLING, text="a warning")["ts"]

    slack.mention(f"<@{BOT}> 32223", thread_ts=parent).wait_ack()

    assert bot.bodies[0]["event"]["thread_ts"] == parent
    assert [m.text for m in slack.replies(BILLING, parent)] == [f"<@{BOT}> 32223"]


def test_a_mention_where_the_bot_is_not_is_never_told(slack: FaultySlack) -> None:
    with pytest.raises(ValueError, match="app_mention"):
        slack.mention(f"<@{BOT}> 32223", channel=GENERAL)


def test_a_direct_message_arrives_as_a_message_of_type_im(slack: FaultySlack, bot: RunningBot) -> None:
    slack.direct_message("32223", user=MANAGER).wait_ack()

    event = bot.bodies[0]["event"]
    assert (event["type"], event["channel_type"], event["user"]) == ("message", "im", MANAGER)
    assert event["channel"].startswith("D")


def test_opening_the_home_tab_is_an_event(slack: FaultySlack, bot: RunningBot) -> None:
    slack.app_home_opened(MANAGER).wait_ack()

    assert bot.bodies[0]["event"]["tab"] == "home"


def test_a_press_carries_the_value_and_can_replace_the_message(slack: FaultySlack, bot: RunningBot) -> None:
    ts = client_of(slack).chat_postMessage(channel=BILLING, text="warning", blocks=BUTTONS)["ts"]
    message = next(m for m in slack.parents(BILLING) if m.ts == ts)

    slack.press("snooze", message, MANAGER, "two").wait_ack()

    slack.wait_for(lambda _: message.edited)
    assert bot.bodies[0]["actions"][0]["value"] == "two"
    assert bot.bodies[0]["container"]["message_ts"] == ts
    assert (message.text, message.blocks) == (f"snoozed by {MANAGER}", [])


def test_a_button_that_is_not_shown_cannot_be_pressed(slack: FaultySlack) -> None:
    client_of(slack).chat_postMessage(channel=BILLING, text="no buttons")

    with pytest.raises(LookupError):
        slack.press("snooze", slack.parents(BILLING)[-1])


def test_a_message_shortcut_carries_the_message(slack: FaultySlack, bot: RunningBot) -> None:
    client_of(slack).chat_postMessage(channel=BILLING, text="see 32223 and 32224")

    slack.message_shortcut("check_message", slack.parents(BILLING)[-1]).wait_ack()

    assert bot.bodies[0]["message"]["text"] == "see 32223 and 32224"
    assert bot.bodies[0]["channel"]["id"] == BILLING


@pytest.mark.usefixtures("bot")
def test_a_submitted_modal_gets_its_answer_in_the_acknowledgement(slack: FaultySlack) -> None:
    assert slack.view_submission("settings").wait_ack() == {"response_action": "clear"}


def test_a_redelivered_event_has_the_same_event_id_in_a_new_envelope(slack: FaultySlack, bot: RunningBot) -> None:
    first = slack.direct_message("again")
    first.wait_ack()
    second = slack.redeliver(first)
    second.wait_ack()

    assert bot.bodies[0]["event_id"] == bot.bodies[1]["event_id"]
    assert first.envelope_id != second.envelope_id
    assert second.retry_attempt == 1


def test_a_bot_that_is_disconnected_comes_back_and_gets_what_was_sent(slack: FaultySlack, bot: RunningBot) -> None:
    slack.disconnect_all()
    delivery = slack.direct_message("while you were away")

    assert delivery.wait_ack() == {}
    assert [b["event"]["text"] for b in bot.bodies] == ["while you were away"]


def test_with_nobody_connected_a_command_fails_and_slackbot_says_so(quiet: FaultySlack) -> None:
    delivery = quiet.slash("32223")

    assert delivery.wait_ack() is None
    assert delivery.error == "dispatch_failed"
    assert [(m.user, "dispatch_failed" in m.text) for m in quiet.ephemerals(TECHNICIAN)] == [(SLACKBOT, True)]


def test_each_event_goes_to_one_of_several_connections(quiet: FaultySlack) -> None:
    with Listener(quiet) as one, Listener(quiet) as two:
        sent = [quiet.direct_message(str(n)) for n in range(4)]

        assert all(d.wait_ack() == {} for d in sent)
        assert sorted(one.got + two.got) == ["0", "1", "2", "3"]
        assert len(one.got) == len(two.got) == 2


def test_an_event_whose_connection_is_lost_is_sent_again(quiet: FaultySlack) -> None:
    with Listener(quiet, acknowledges=False) as deaf:
        delivery = quiet.direct_message("still there?")
        deaf.wait_for_one()
    with Listener(quiet) as awake:
        assert delivery.wait_ack() == {}

    assert (deaf.got, awake.got, delivery.retry_attempt) == (["still there?"], ["still there?"], 1)


def test_a_command_whose_connection_is_lost_times_out_for_the_person(quiet: FaultySlack) -> None:
    with Listener(quiet, acknowledges=False) as deaf:
        delivery = quiet.slash("32223")
        deaf.wait_for_one()

    assert delivery.wait_ack() is None
    assert delivery.error == "operation_timeout"


def test_a_link_works_once_and_only_with_its_ticket(quiet: FaultySlack) -> None:
    url = quiet.api_url.replace("/api/", "/link?ticket=guessed")

    assert requests.get(url, timeout=PATIENCE).status_code == 401


class Listener:
    """A second Socket Mode client: slack_sdk's own connection, without Bolt and without reconnecting."""

    def __init__(self, slack: FaultySlack, *, acknowledges: bool = True) -> None:
        self.got: list[str] = []
        self._slack = slack
        self._acknowledges = acknowledges
        self._arrived = threading.Semaphore(0)

    def __enter__(self) -> Listener:
        url = client_of(self._slack).apps_connections_open(app_token="xapp-sandbox")["url"]
        before = self._slack.connections
        quiet_logger = client_of(self._slack).logger
        self._connection = Connection(url=url, logger=quiet_logger, on_message_listener=self._on_message)
        self._connection.connect()
        self._state = ConnectionState()  # type: ignore[no-untyped-call]
        self._thread = threading.Thread(target=self._connection.run_until_completion, args=[self._state])
        self._thread.daemon = True
        self._thread.start()
        self._slack.wait_connected(5, connections=before + 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._state.terminated = True
        assert self._connection.sock is not None
        self._connection.sock.shutdown(2)
        self._thread.join(PATIENCE)
        self._connection.close()

    def wait_for_one(self) -> None:
        assert self._arrived.acquire(timeout=PATIENCE)

    def _on_message(self, text: str) -> None:
        message = json.loads(text)
        if "envelope_id" not in message:
            return
        self.got.append(message["payload"].get("event", {}).get("text", ""))
        self._arrived.release()
        if self._acknowledges:
            self._connection.send(json.dumps({"envelope_id": message["envelope_id"]}))


# --- Web API: who may do what ----------------------------------------------------------------------------------


def test_auth_test_names_the_bot_and_its_scopes(quiet: FaultySlack) -> None:
    answer = client_of(quiet).auth_test()

    assert (answer["user_id"], answer["team_id"]) == (BOT, TEAM)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), ("xapp-sandbox", "not_allowed_token_type"), ("", "not_authed")],
)
def test_only_the_right_token_is_let_in(quiet: FaultySlack, token: str, error: str) -> None:
    assert refused(client_of(quiet, token).auth_test) == error


def test_an_unknown_method_is_refused(quiet: FaultySlack) -> None:
    assert refused(client_of(quiet).api_call, api_method="chat.shout") == "unknown_method"


@pytest.mark.parametrize(
    ("channel", "error"),
    [(FINANCE, "channel_not_found"), ("C0NOWHERE", "channel_not_found"), (RETIRED, "is_archived")],
)
def test_a_post_is_refused_where_the_bot_cannot_write(quiet: FaultySlack, channel: str, error: str) -> None:
    assert refused(client_of(quiet).chat_postMessage, channel=channel, text="x") == error


def test_a_public_channel_is_open_to_a_guest_only_with_chat_write_public(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    assert client.chat_postMessage(channel=GENERAL, text="x")["ok"]

    quiet.api.scopes.discard("chat:write.public")
    assert refused(client.chat_postMessage, channel=GENERAL, text="x") == "not_in_channel"


def test_a_method_without_its_scope_is_refused_with_the_scope_it_needs(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    quiet.api.scopes.clear()
    for method, arguments, needed in (
        ("conversations.info", {"channel": BILLING}, "channels:read"),
        ("conversations.history", {"channel": BILLING}, "channels:history"),
        ("users.info", {"user": MANAGER}, "users:read"),
        ("usergroups.users.list", {"usergroup": "S0"}, "usergroups:read"),
    ):
        with pytest.raises(SlackApiError) as caught:
            client.api_call(method, params=arguments)
        assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", needed)


def test_with_its_scopes_the_bot_can_look_things_up() -> None:
    workspace = sample_workspace()
    workspace.usergroups["S0"] = [MANAGER]
    scopes = ["channels:read", "users:read", "usergroups:read", "im:write"]
    with FaultySlack(scopes=scopes, workspace=workspace) as slack:
        client = client_of(slack)

        assert client.conversations_info(channel=SHARED)["channel"]["is_ext_shared"] is True
        assert client.users_info(user=OUTSIDER)["user"]["team_id"] == OTHER_TEAM
        assert client.usergroups_users_list(usergroup="S0")["users"] == [MANAGER]
        assert client.conversations_open(users=MANAGER)["channel"]["id"].startswith("D")
        assert refused(client.chat_postMessage, channel=BILLING, text="x") == "missing_scope"


# --- Web API: messages -----------------------------------------------------------------------------------------


def test_a_message_to_a_person_goes_to_their_direct_messages(quiet: FaultySlack) -> None:
    answer = client_of(quiet).chat_postMessage(channel=MANAGER, text="hello")

    assert quiet.workspace.channels[answer["channel"]].user == MANAGER
    assert [m.text for m in quiet.parents(answer["channel"])] == ["hello"]


def test_a_form_says_the_same_as_json(quiet: FaultySlack) -> None:
    form = {"channel": BILLING, "text": "t", "blocks": '[{"type": "divider"}]', "token": "xoxb-sandbox"}

    assert requests.post(quiet.api_url + "chat.postMessage", data=form, timeout=PATIENCE).json()["ok"]
    assert quiet.parents(BILLING)[0].blocks == [{"type": "divider"}]


def test_an_edit_keeps_the_earlier_version_and_text_alone_removes_the_blocks(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    ts = client.chat_postMessage(channel=BILLING, text="checking", blocks=[{"type": "divider"}])["ts"]

    client.chat_update(channel=BILLING, ts=ts, text="billed")

    message = quiet.parents(BILLING)[0]
    assert (message.text, message.blocks) == ("billed", [])
    assert [v.text for v in message.history] == ["checking"]


def test_only_the_bots_own_messages_can_be_edited_or_deleted(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    theirs = quiet.workspace.post(BILLING, MANAGER, "mine").ts

    assert refused(client.chat_update, channel=BILLING, ts=theirs, text="x") == "cant_update_message"
    assert refused(client.chat_delete, channel=BILLING, ts=theirs) == "cant_delete_message"
    assert refused(client.chat_update, channel=BILLING, ts="1.0", text="x") == "message_not_found"


def test_a_text_that_may_be_posted_can_be_too_long_for_an_edit(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    ts = client.chat_postMessage(channel=BILLING, text="x" * 4001)["ts"]

    assert refused(client.chat_update, channel=BILLING, ts=ts, text="x" * 4001) == "msg_too_long"


def test_an_ephemeral_message_needs_its_reader_and_the_bot_in_the_channel(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    client.chat_postEphemeral(channel=BILLING, user=MANAGER, text="psst")

    assert [m.text for m in quiet.ephemerals(MANAGER)] == ["psst"]
    assert quiet.parents(BILLING) == []
    assert refused(client.chat_postEphemeral, channel=BILLING, user=OUTSIDER, text="x") == "user_not_in_channel"
    assert refused(client.chat_postEphemeral, channel=GENERAL, user=MANAGER, text="x") == "not_in_channel"


def test_a_reply_needs_a_thread_that_exists(quiet: FaultySlack) -> None:
    error = refused(client_of(quiet).chat_postMessage, channel=BILLING, text="x", thread_ts="1.0")

    assert error == "thread_not_found"


def test_history_and_replies_give_back_threads_and_metadata() -> None:
    metadata = {"event_type": "finding", "event_payload": {"ticket": "32223"}}
    with FaultySlack(scopes=["chat:write", "channels:history"]) as slack:
        client = client_of(slack)
        parent = client.chat_postMessage(channel=BILLING, text="parent", metadata=metadata)["ts"]
        reply = client.chat_postMessage(channel=BILLING, text="reply", thread_ts=parent)["ts"]
        client.chat_postMessage(channel=BILLING, text="next")

        history = client.conversations_history(channel=BILLING, include_all_metadata=True)["messages"]
        thread = client.conversations_replies(channel=BILLING, ts=reply)["messages"]
        first_page = client.conversations_history(channel=BILLING, limit=1)
        link = client.chat_getPermalink(channel=BILLING, message_ts=reply)["permalink"]

    assert [m["text"] for m in history] == ["next", "parent"]
    assert (history[1]["metadata"], history[1]["reply_count"]) == (metadata, 1)
    assert [m["text"] for m in thread] == ["parent", "reply"]
    assert "metadata" not in thread[0]
    assert first_page["response_metadata"]["next_cursor"]
    assert link.endswith(f"?thread_ts={parent}&cid={BILLING}")


def test_refused_blocks_come_with_the_reason(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=BILLING, text="x", blocks=[{"type": "header", "text": "no"}])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "/blocks/0" in caught.value.response["response_metadata"]["messages"][0]

    divider = [{"type": "divider"}]
    assert client.api_call("blocks.validate", json={"blocks": divider})["ok"]
    quiet.refuse_blocks("divider")
    assert refused(client.api_call, api_method="blocks.validate", json={"blocks": divider}) == "invalid_blocks"
    assert refused(client.chat_postMessage, channel=BILLING, text="x", blocks=divider) == "invalid_blocks"


def test_a_home_tab_is_kept_for_its_person(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    client.views_publish(user_id=MANAGER, view={"type": "home", "blocks": BUTTONS})

    assert quiet.workspace.homes[MANAGER]["blocks"] == BUTTONS
    assert refused(client.views_publish, user_id=MANAGER, view={"type": "modal"}) == "invalid_arguments"


# --- response_url ----------------------------------------------------------------------------------------------


def response_url(slack: FaultySlack) -> str:
    delivery: Delivery = slack.slash("32223")
    return str(delivery.payload["response_url"])


def test_a_response_url_works_five_times(quiet: FaultySlack) -> None:
    url = response_url(quiet)
    answers = [requests.post(url, json={"text": str(n)}, timeout=PATIENCE) for n in range(6)]

    assert [a.status_code for a in answers] == [200] * 5 + [404]
    assert answers[-1].json()["error"] == "expired_url"


def test_a_response_url_expires(quiet: FaultySlack) -> None:
    url = response_url(quiet)
    quiet.expire_response_urls()

    assert requests.post(url, json={"text": "late"}, timeout=PATIENCE).status_code == 404


def test_a_response_url_can_speak_to_the_channel(quiet: FaultySlack) -> None:
    requests.post(response_url(quiet), json={"text": "all", "response_type": "in_channel"}, timeout=PATIENCE)

    assert [m.text for m in quiet.parents(BILLING)] == ["all"]
    assert [c.ok for c in quiet.calls_to("response_url")] == [True]


# --- faults ----------------------------------------------------------------------------------------------------


def test_every_call_is_recorded_with_how_it_ended(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    client.chat_postMessage(channel=BILLING, text="x")
    refused(client.chat_postMessage, channel=FINANCE, text="x")

    calls = quiet.calls_to("chat.postMessage")
    assert [(c.args["channel"], c.ok, c.error) for c in calls] == [
        (BILLING, True, None),
        (FINANCE, False, "channel_not_found"),
    ]
    assert quiet.wait_for_call("chat.postMessage", count=2) is calls[1]


def test_a_failure_on_demand_happens_as_often_as_asked(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    quiet.fail_next("chat.postMessage", "internal_error", times=2, status=500)

    assert [refused(client.chat_postMessage, channel=BILLING, text="x") for _ in range(2)] == ["internal_error"] * 2
    assert client.chat_postMessage(channel=BILLING, text="x")["ok"]


def test_posts_that_come_too_fast_are_told_to_wait() -> None:
    with FaultySlack(messages_per_second=1.0) as slack:
        client = client_of(slack)
        client.chat_postMessage(channel=BILLING, text="one")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=BILLING, text="two")
        assert client.chat_postMessage(channel=GENERAL, text="elsewhere")["ok"]

    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"


def test_the_sdks_retry_handler_understands_the_429(quiet: FaultySlack) -> None:
    quiet.fail_next("chat.postMessage", "ratelimited", status=429, retry_after=0)

    assert client_of(quiet, retries=True).chat_postMessage(channel=BILLING, text="x")["ok"]
    assert [c.error for c in quiet.calls_to("chat.postMessage")] == ["ratelimited", None]


def test_a_dropped_reply_leaves_the_message_posted(quiet: FaultySlack) -> None:
    quiet.drop_next_reply("chat.postMessage")

    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        client_of(quiet).chat_postMessage(channel=BILLING, text="once")

    assert [m.text for m in quiet.parents(BILLING)] == ["once"]


def test_a_hook_runs_before_the_call_is_dealt_with(quiet: FaultySlack) -> None:
    seen: list[int] = []
    quiet.before("chat.postMessage", lambda _call: seen.append(len(quiet.parents(BILLING))))

    client_of(quiet).chat_postMessage(channel=BILLING, text="x")

    assert seen == [0]


def test_waiting_in_vain_says_what_was_seen(quiet: FaultySlack) -> None:
    quiet.workspace.post(BILLING, BOT, "something else")

    with pytest.raises(TimeoutError, match="something else"):
        quiet.wait_for(lambda w: w.find(BILLING, "1.0"), 0.01)


def test_timestamps_are_the_time_and_only_ever_grow() -> None:
    workspace = sample_workspace()
    workspace.clock = iter([1_700_000_000.25, *[1_700_000_000.25] * 20_000, 1_700_000_100.0, 5.0]).__next__
    stamps = [workspace.next_ts() for _ in range(20_003)]

    assert (stamps[0], stamps[-2]) == ("1700000000.250000", "1700000100.000000")
    assert sorted(set(stamps)) == stamps


def test_only_the_root_of_a_thread_can_be_replied_to(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    quiet.api.scopes |= {"chat:write", "files:write"}
    root = quiet.workspace.post(BILLING, TECHNICIAN, "root")
    reply = quiet.workspace.post(BILLING, TECHNICIAN, "reply", thread_ts=root.ts)
    said: dict[str, Any] = {"channel": BILLING, "text": "x"}

    assert refused(client.chat_postMessage, **said, thread_ts=reply.ts) == "cannot_reply_to_message"
    assert refused(client.chat_postEphemeral, **said, user=TECHNICIAN, thread_ts=reply.ts) == "cannot_reply_to_message"
    with pytest.raises(ValueError, match="reply to a reply"):
        quiet.workspace.post(BILLING, TECHNICIAN, "reply to a reply", thread_ts=reply.ts)
    assert client.chat_postMessage(**said, thread_ts=root.ts)["ok"]
    assert [m.text for m in quiet.workspace.replies(BILLING, root.ts)] == ["reply", "x"]


# --- files -----------------------------------------------------------------------------------------------------

CSV = "ticket,total\n32223,75.00\n32224,20.00\n"


def seen(slack: FaultySlack) -> str:
    """Return the whole chat as the transcript shows it."""
    output = io.StringIO()
    Console(file=output, width=100, color_system=None).print(render_workspace(slack.workspace))
    return output.getvalue()


def upload(slack: FaultySlack, **arguments: Any) -> Any:
    """Upload a file as slack_sdk does, in its three steps."""
    return client_of(slack).files_upload_v2(filename="digest.csv", content=CSV, **arguments)


def test_an_uploaded_file_stands_in_the_thread_with_its_comment(quiet: FaultySlack) -> None:
    parent = client_of(quiet).chat_postMessage(channel=BILLING, text="the digest")["ts"]

    answer = upload(quiet, title="Digest", channel=BILLING, thread_ts=parent, initial_comment="all rows")

    reply = quiet.replies(BILLING, parent)[0]
    file = quiet.workspace.files[0]
    assert (reply.text, reply.files, answer["file"]["id"]) == ("all rows", [file], file.id)
    assert (file.name, file.title, file.text, file.thread_ts) == ("digest.csv", "Digest", CSV, parent)
    assert "\U0001f4ce digest.csv (3 lines)" in seen(quiet)
    assert [c.args["length"] for c in quiet.calls_to("upload")] == [len(CSV)]


def test_a_file_is_part_of_its_message_for_who_reads_the_thread() -> None:
    with FaultySlack(scopes=["files:write", "channels:history"]) as slack:
        upload(slack, channel=BILLING)
        message = client_of(slack).conversations_history(channel=BILLING)["messages"][0]

    assert [(f["name"], f["size"]) for f in message["files"]] == [("digest.csv", len(CSV))]


def test_several_files_come_in_one_message(quiet: FaultySlack) -> None:
    uploads = [{"filename": f"{n}.csv", "content": CSV} for n in range(2)]
    client_of(quiet).files_upload_v2(file_uploads=uploads, channel=BILLING)

    assert [[f.name for f in m.files] for m in quiet.parents(BILLING)] == [["0.csv", "1.csv"]]


def test_a_file_without_a_channel_is_shown_to_nobody(quiet: FaultySlack) -> None:
    upload(quiet)

    assert [(f.name, f.channel) for f in quiet.workspace.files] == [("digest.csv", None)]
    assert quiet.workspace.messages == []


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_file_needs_files_write(method: str) -> None:
    with FaultySlack(scopes=["chat:write"]) as slack, pytest.raises(SlackApiError) as caught:
        client_of(slack).api_call(method)

    assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", "files:write")


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (GENERAL, "not_in_channel"),
        (FINANCE, "channel_not_found"),
        (MANAGER, "channel_not_found"),
        (RETIRED, "is_archived"),
    ],
)
def test_a_file_goes_only_where_the_bot_is_even_with_chat_write_public(
    quiet: FaultySlack, channel: str, error: str
) -> None:
    assert refused(upload, slack=quiet, channel=channel) == error
    assert quiet.workspace.files == []


@pytest.mark.parametrize(
    "arguments",
    [{"filename": "", "length": 3}, {"filename": "a.csv", "length": 0}, {"filename": "a.csv", "length": -1}],
)
def test_a_file_is_announced_with_its_name_and_length(quiet: FaultySlack, arguments: Payload) -> None:
    assert refused(client_of(quiet).files_getUploadURLExternal, **arguments) == "invalid_arguments"


def test_only_a_file_that_was_sent_can_be_shared_and_only_once(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    announced = client.files_getUploadURLExternal(filename="a.csv", length=3)
    files = [{"id": announced["file_id"], "title": "a"}]

    assert refused(client.files_completeUploadExternal, files=files, channel_id=BILLING) == "file_not_found"
    assert requests.post(announced["upload_url"], data=b"too long", timeout=PATIENCE).status_code == 400
    assert requests.post(announced["upload_url"] + "x", data=b"a,b", timeout=PATIENCE).status_code == 404
    assert requests.post(announced["upload_url"], data=b"a,b", timeout=PATIENCE).status_code == 200
    assert client.files_completeUploadExternal(files=files, channel_id=BILLING)["ok"]
    assert refused(client.files_completeUploadExternal, files=files, channel_id=BILLING) == "file_not_found"


def test_a_file_needs_a_list_of_files_and_a_thread_that_exists(quiet: FaultySlack) -> None:
    assert refused(client_of(quiet).files_completeUploadExternal, files=[], channel_id=BILLING) == "invalid_arguments"
    assert refused(upload, slack=quiet, channel=BILLING, thread_ts="1.0") == "invalid_arguments"
    assert quiet.parents(BILLING) == []


# --- menus and modals ------------------------------------------------------------------------------------------


def label(text: str) -> Payload:
    return {"type": "plain_text", "text": text}


def menu(kind: str, *values: str, **more: Any) -> Payload:
    options = [{"text": label(value.title()), "value": value} for value in values]
    return {"type": kind, "action_id": "row", "options": options, **more}


def field(block_id: str, element: Payload, **more: Any) -> Payload:
    named = element | {"action_id": f"{block_id}_input"}
    return {"type": "input", "block_id": block_id, "label": label(block_id), "element": named, **more}


ROWS: list[Payload] = [
    {"type": "section", "text": label("32223"), "accessory": menu("overflow", "skip:1", "note:1")},
    {"type": "section", "text": label("32224"), "accessory": menu("overflow", "skip:2", "note:2"), "block_id": "two"},
    {"type": "actions", "block_id": "who", "elements": [menu("static_select", "me", "you") | {"action_id": "pick"}]},
    {"type": "actions", "elements": [{"type": "button", "action_id": "ask", "text": label("Ask")}]},
]
MODAL: Payload = {
    "type": "modal",
    "callback_id": "reason",
    "title": label("Why?"),
    "submit": label("Save"),
    "close": label("Cancel"),
    "private_metadata": "32223",
    "blocks": [
        field("words", {"type": "plain_text_input", "min_length": 3}, hint=label("In a few words")),
        field("kind", menu("static_select", "warranty", "gift"), optional=True),
        field("days", menu("radio_buttons", "one", "seven", initial_option={"text": label("One"), "value": "one"})),
    ],
}


class AskingBot:
    """A Bolt app that opens a modal on a press, and answers a submission as the words typed tell it to."""

    def __init__(self, slack: FaultySlack) -> None:
        self.bodies: list[Payload] = []
        self.app = App(client=client_of(slack), process_before_response=True)
        self.app.action("ask")(self.ask)
        self.app.action("row")(self.note)
        self.app.action("pick")(self.note)
        self.app.view("reason")(self.save)
        self.handler = SocketModeHandler(self.app, "xapp-sandbox")

    def ask(self, ack: Ack, body: Payload, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    def note(self, ack: Ack, body: Payload) -> None:
        self.bodies.append(body)
        ack()

    def save(self, ack: Ack, body: Payload) -> None:
        self.bodies.append(body)
        words = body["view"]["state"]["values"]["words"]["words_input"]["value"]
        answers: dict[str, Payload] = {
            "errors": {"response_action": "errors", "errors": {"words": "Say more, please"}},
            "elsewhere": {"response_action": "errors", "errors": {"no_such_block": "x"}},
            "update": {"response_action": "update", "view": MODAL | {"title": label("Sure?")}},
            "broken": {"response_action": "update", "view": {"type": "modal"}},
            "clear": {"response_action": "clear"},
        }
        ack(**answers.get(words, {}))


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[FaultySlack, AskingBot]]:
    with FaultySlack() as slack:
        bot = AskingBot(slack)
        bot.handler.connect()  # type: ignore[no-untyped-call]
        slack.wait_connected()
        yield slack, bot
        bot.handler.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def asking(asked: tuple[FaultySlack, AskingBot]) -> tuple[FaultySlack, AskingBot, Message]:
    """A Slack, its bot, and a message of the bot's with menus and a button."""
    slack, bot = asked
    bot.bodies.clear()
    slack.workspace.modals.clear()
    ts = client_of(slack).chat_postMessage(channel=BILLING, text="digest", blocks=ROWS)["ts"]
    return slack, bot, next(m for m in slack.parents(BILLING) if m.ts == ts)


Asking = tuple[FaultySlack, AskingBot, Message]


def opened(asking: Asking) -> FaultySlack:
    """Let the technician open the bot's modal."""
    slack, _, message = asking
    slack.press("ask", message).wait_ack()
    slack.wait_for_modal()
    return slack


def test_a_chosen_option_reaches_the_app_with_the_row_it_stands_in(asking: Asking) -> None:
    slack, bot, message = asking
    slack.choose("row", "note:2", message, MANAGER).wait_ack()

    action = bot.bodies[0]["actions"][0]
    assert (action["type"], action["block_id"]) == ("overflow", "two")
    assert action["selected_option"] == {"text": label("Note:2"), "value": "note:2"}
    assert (bot.bodies[0]["user"]["id"], bot.bodies[0]["message"]["ts"]) == (MANAGER, message.ts)
    assert bot.bodies[0]["state"]["values"] == {}


def test_a_select_of_a_message_keeps_what_was_chosen_in_the_state(asking: Asking) -> None:
    slack, bot, message = asking
    slack.choose("pick", "you", message).wait_ack()

    assert bot.bodies[0]["state"]["values"]["who"]["pick"]["selected_option"]["value"] == "you"


@pytest.mark.parametrize(("action_id", "value"), [("row", "skip:3"), ("nowhere", "skip:1"), ("ask", "skip:1")])
def test_an_option_that_is_not_shown_cannot_be_chosen(asking: Asking, action_id: str, value: str) -> None:
    slack, bot, message = asking
    with pytest.raises(LookupError):
        slack.choose(action_id, value, message)
    assert bot.bodies == []


def test_an_option_of_a_group_can_be_chosen(quiet: FaultySlack) -> None:
    groups = [{"label": label("People"), "options": menu("static_select", "me")["options"]}]
    element = {"type": "static_select", "action_id": "pick", "option_groups": groups}
    message = quiet.workspace.post(BILLING, BOT, "x", blocks=[{"type": "actions", "elements": [element]}])

    assert quiet.choose("pick", "me", message).payload["actions"][0]["selected_option"]["value"] == "me"


def test_a_modal_opens_for_the_person_who_pressed_and_can_be_seen(asking: Asking) -> None:
    slack = opened(asking)

    modal = slack.modal()
    assert modal is not None
    assert (modal.view["private_metadata"], slack.modal(MANAGER)) == ("32223", None)
    shown = seen(slack)
    for part in ("modal of Technician: Why?", "In a few words", "kind (optional)", "[ Cancel ]  [ Save ]"):
        assert part in shown
    assert "(\u2022) One  ( ) Seven" in shown


def test_a_submission_carries_what_was_typed_and_chosen_and_the_private_metadata(asking: Asking) -> None:
    slack, bot, _ = asking
    opened(asking)
    slack.submit_view({"words": "it was free", "kind_input": "gift"}).wait_ack()

    view = bot.bodies[0]["view"]
    values = view["state"]["values"]
    assert (view["callback_id"], view["private_metadata"]) == ("reason", "32223")
    assert values["words"]["words_input"] == {"type": "plain_text_input", "value": "it was free"}
    assert values["kind"]["kind_input"]["selected_option"]["value"] == "gift"
    assert values["days"]["days_input"]["selected_option"]["value"] == "one"


@pytest.mark.parametrize("words", ["thanks", "clear"])
def test_a_bare_acknowledgement_or_clear_closes_the_modal(asking: Asking, words: str) -> None:
    slack = opened(asking)
    slack.submit_view({"words": words}).wait_ack()

    assert slack.modal() is None


def test_errors_are_shown_below_their_input_and_what_was_filled_in_stays(asking: Asking) -> None:
    slack, bot, _ = asking
    opened(asking)
    slack.submit_view({"words": "errors", "days": "seven"}).wait_ack()

    modal = slack.modal()
    assert modal is not None
    assert modal.errors == {"words": "Say more, please"}
    assert "! Say more, please" in seen(slack)

    slack.submit_view({"words": "more"}).wait_ack()
    assert bot.bodies[1]["view"]["state"]["values"]["days"]["days_input"]["selected_option"]["value"] == "seven"
    assert slack.modal() is None


def test_an_update_puts_another_view_in_the_same_modal(asking: Asking) -> None:
    slack = opened(asking)
    before = slack.wait_for_modal().view
    slack.submit_view({"words": "update"}).wait_ack()

    after = slack.wait_for_modal().view
    assert (after["title"]["text"], after["id"]) == ("Sure?", before["id"])
    assert after["hash"] != before["hash"]


@pytest.mark.parametrize("words", ["elsewhere", "broken"])
def test_an_acknowledgement_that_slack_cannot_show_is_trouble_for_the_person(asking: Asking, words: str) -> None:
    slack = opened(asking)
    slack.submit_view({"words": words}).wait_ack()

    assert "trouble connecting" in slack.wait_for_modal().notice
    assert "trouble connecting" in seen(slack)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"nowhere": "x"}, LookupError),
        ({"words": "fine", "kind": "theft"}, LookupError),
        ({}, ValueError),
        ({"words": "no"}, ValueError),
    ],
)
def test_what_slack_would_not_let_a_person_submit_is_not_sent(
    asking: Asking, values: dict[str, str], error: type[Exception]
) -> None:
    slack, bot, _ = asking
    opened(asking)
    with pytest.raises(error):
        slack.submit_view(values)
    assert bot.bodies == []


def test_without_an_open_modal_there_is_nothing_to_submit(quiet: FaultySlack) -> None:
    with pytest.raises(LookupError):
        quiet.submit_view({"words": "hello"})


def test_a_submission_that_reaches_no_app_leaves_the_modal_open(quiet: FaultySlack) -> None:
    client_of(quiet).views_open(trigger_id=quiet.slash("x").payload["trigger_id"], view=MODAL)
    delivery = quiet.submit_view({"words": "hello"})

    assert delivery.wait_ack() is None
    assert quiet.wait_for_modal().notice


def test_a_trigger_opens_one_modal_within_three_seconds_and_only_if_it_was_handed_out(quiet: FaultySlack) -> None:
    client = client_of(quiet)
    used, late = (quiet.slash("x").payload["trigger_id"] for _ in range(2))

    assert client.views_open(trigger_id=used, view=MODAL)["view"]["callback_id"] == "reason"
    assert refused(client.views_open, trigger_id=used, view=MODAL) == "exchanged_trigger_id"
    assert refused(client.views_open, trigger_id="1337.GUESSED", view=MODAL) == "invalid_trigger_id"
    quiet.expire_triggers()
    assert refused(client.views_open, trigger_id=late, view=MODAL) == "expired_trigger_id"


def test_a_command_that_is_delivered_again_brings_no_new_three_seconds(quiet: FaultySlack) -> None:
    first = quiet.slash("x")
    quiet.expire_triggers()
    again = quiet.redeliver(first).payload["trigger_id"]

    assert refused(client_of(quiet).views_open, trigger_id=again, view=MODAL) == "expired_trigger_id"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "home"},
        {"title": label("t" * 25)},
        {"title": None},
        {"private_metadata": "x" * 3001},
        {"callback_id": "c" * 256},
        {"blocks": [{"type": "divider"}] * 101},
        {"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}]},
    ],
)
def test_a_modal_that_slack_would_refuse_does_not_open_and_keeps_its_trigger(
    quiet: FaultySlack, wrong: Payload
) -> None:
    client, trigger = client_of(quiet), quiet.slash("x").payload["trigger_id"]

    assert refused(client.views_open, trigger_id=trigger, view=MODAL | wrong) == "invalid_arguments"
    assert client.views_open(trigger_id=trigger, view=MODAL)["ok"]


def test_a_modal_with_inputs_needs_a_submit_button(quiet: FaultySlack) -> None:
    view = {key: value for key, value in MODAL.items() if key != "submit"}
    trigger = quiet.slash("x").payload["trigger_id"]

    assert refused(client_of(quiet).views_open, trigger_id=trigger, view=view) == "invalid_arguments"
