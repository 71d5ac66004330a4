"""Slack says no, is slow, or hangs up: no answer is lost and none is given twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.sandbox.slack.workspace import BOT, GENERAL, RETIRED, TECHNICIAN, Message
from tests.e2e.conftest import NewHouse
from tests.e2e.house import INVOICED, NOT_INVOICED, House
from tests.patience import PATIENCE
from tests.standins.slack import FaultySlack
from tests.standins.slack_faults import ApiCall

VERDICT = "invoiced on invoice 67469"


@pytest.fixture(autouse=True)
def _slow_syncro(house: House) -> Iterator[None]:
    """Slow enough that something can happen between a parent and its outcome; and Slack is whole again after."""
    house.syncro.latency = 0.05
    yield
    house.syncro.latency = 0
    house.slack.refuse_blocks()
    house.slack.before("chat.postMessage", None)


def at_next_call(slack: FaultySlack, method: str, do: Callable[[], Any]) -> None:
    """Do something when the next call of a method arrives, before it is dealt with."""

    def hook(_: ApiCall) -> None:
        slack.before(method, None)
        do()

    slack.before(method, hook)


def parent_shown(house: House, channel: str) -> Message:
    """Wait for the parent that says "checking…"."""
    return house.slack.wait_for(lambda _: next(iter(house.own_parents(channel)), None))


def direct_answer(house: House, said: Callable[[], list[Message]]) -> list[Message]:
    """Wait for an answer with its evidence in a direct message; return all that was said there since."""
    house.slack.wait_for(lambda _: said() and house.evidence(said()[-1]))
    house.wait_idle()
    return said()


# --- the channel does not take the answer ---


def test_a_public_channel_without_the_bot_is_answered_there(house: House) -> None:
    house.slack.slash(INVOICED, channel=GENERAL)

    assert VERDICT in house.answer(GENERAL).text


def test_without_the_scope_for_public_channels_the_answer_comes_directly_with_the_way_to_mend_it(
    house: House,
) -> None:
    channel = house.channel(bot_is_member=False)
    said = house.new_direct(TECHNICIAN)
    house.slack.api.scopes.discard("chat:write.public")
    try:
        house.slack.slash(INVOICED, channel=channel)
        assert [VERDICT in answer.text for answer in direct_answer(house, said)] == [True]
    finally:
        house.slack.api.scopes.add("chat:write.public")
    assert "/invite @bot" in house.whisper(channel, TECHNICIAN).text


def test_an_archived_channel_is_explained_and_answered_directly(house: House) -> None:
    said = house.new_direct(TECHNICIAN)

    house.slack.slash(INVOICED, channel=RETIRED)

    assert [VERDICT in answer.text for answer in direct_answer(house, said)] == [True]
    assert f"<#{RETIRED}> is archived" in house.whisper(RETIRED, TECHNICIAN).text


def test_a_channel_that_is_deleted_before_the_answer_is_answered_directly(house: House) -> None:
    channel = house.channel()
    said = house.new_direct(TECHNICIAN)
    at_next_call(house.slack, "chat.postMessage", lambda: house.slack.workspace.channels.pop(channel))

    house.slack.slash(INVOICED, channel=channel)

    assert [VERDICT in answer.text for answer in direct_answer(house, said)] == [True]


# --- something happens between the parent and its outcome ---


def test_a_parent_that_was_deleted_meanwhile_is_said_anew_with_its_evidence(house: House) -> None:
    channel = house.channel()
    house.slack.slash(NOT_INVOICED, channel=channel)
    house.slack.workspace.delete(parent_shown(house, channel))

    parent = house.answer(channel)

    assert "NOT INVOICED" in parent.text
    assert not parent.edited


def test_a_private_channel_that_the_bot_has_to_leave_meanwhile_is_answered_directly(house: House) -> None:
    channel = house.channel(is_private=True)
    said = house.new_direct(TECHNICIAN)
    house.slack.slash(NOT_INVOICED, channel=channel)
    parent_shown(house, channel)
    house.slack.workspace.channels[channel].bot_is_member = False

    answers = direct_answer(house, said)

    assert ["NOT INVOICED" in answer.text for answer in answers] == [True]
    assert f"cannot see <#{channel}>" in house.whisper(channel, TECHNICIAN).text


def test_a_channel_that_is_archived_meanwhile_is_answered_directly(house: House) -> None:
    """Slack refuses to edit a message there with `is_inactive`, and to post with `is_archived`."""
    channel = house.channel()
    said = house.new_direct(TECHNICIAN)
    house.slack.slash(NOT_INVOICED, channel=channel)
    parent_shown(house, channel)
    house.slack.workspace.channels[channel].is_archived = True
    house.slack.fail_next("chat.update", "is_inactive")

    answers = direct_answer(house, said)

    assert ["NOT INVOICED" in answer.text for answer in answers] == [True]
    assert "is archived" in house.whisper(channel, TECHNICIAN).text


def test_a_thread_that_takes_no_replies_is_answered_directly(house: House) -> None:
    channel = house.channel()
    said = house.new_direct(TECHNICIAN)
    message = house.slack.workspace.post(channel, TECHNICIAN, f"joined with #{INVOICED}")
    house.slack.fail_next("chat.postMessage", "cannot_reply_to_message")

    house.slack.message_shortcut("check_invoices", message)

    assert [VERDICT in answer.text for answer in direct_answer(house, said)] == [True]


def test_where_the_response_url_has_expired_the_person_is_told_directly_instead(house: House) -> None:
    said = house.new_direct(TECHNICIAN)
    at_next_call(house.slack, "chat.postMessage", house.slack.expire_response_urls)

    house.slack.slash(INVOICED, channel=RETIRED)

    explanation, answer = direct_answer(house, said)
    assert f"<#{RETIRED}> is archived" in explanation.text
    assert VERDICT in answer.text


# --- Slack refuses, waits, or hangs up ---


def test_where_blocks_are_refused_the_same_words_come_as_text(house: House) -> None:
    channel = house.channel()
    house.slack.slash(INVOICED, channel=channel)
    with_blocks = house.answer(channel)
    house.slack.refuse_blocks("section", "table", "header", "context", "actions")

    house.slack.slash(INVOICED, channel=(plain := house.channel()))

    without = house.answer(plain)
    assert without.blocks == []
    assert without.text.splitlines()[0] == with_blocks.text.splitlines()[0]
    assert "Where I looked" in house.evidence(without)[0].text


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_a_single_refusal_of_blocks_costs_only_the_blocks_of_that_message(house: House, method: str, code: str) -> None:
    channel = house.channel()
    house.slack.fail_next(method, code)

    house.slack.slash(INVOICED, channel=channel)

    parent = house.answer(channel)
    assert VERDICT in parent.text
    assert (parent.blocks == []) == (method == "chat.update")
    assert house.evidence(parent)[0].blocks


def test_the_bot_waits_as_long_as_slack_asks(house: House) -> None:
    channel = house.channel()
    house.slack.fail_next("chat.postMessage", "ratelimited", status=429, retry_after=1)
    first = len(house.slack.calls_to("chat.postMessage"))

    house.slack.slash(INVOICED, channel=channel)

    assert VERDICT in house.answer(channel).text
    times = [call.at for call in house.slack.calls_to("chat.postMessage")[first : first + 2]]
    assert times[1] - times[0] >= 1


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_an_inner_error_of_slack_is_tried_again(house: House, method: str) -> None:
    channel = house.channel()
    house.slack.fail_next(method, "internal_error", status=500)

    house.slack.slash(INVOICED, channel=channel)

    assert VERDICT in house.answer(channel).text


def test_a_post_whose_answer_was_lost_is_found_again_where_the_bot_may_read_history(
    house: House, granted: Callable[..., None]
) -> None:
    granted("channels:history")
    channel = house.channel()
    house.slack.drop_next_reply("chat.postMessage")

    house.slack.slash(INVOICED, channel=channel)

    assert VERDICT in house.answer(channel).text


def test_a_post_whose_answer_was_lost_is_repeated_where_the_bot_may_not_read_history(house: House) -> None:
    channel = house.channel()
    house.slack.drop_next_reply("chat.postMessage")

    house.slack.slash(INVOICED, channel=channel)

    lost, parent = house.answers(channel)
    assert lost.text == f"Ticket #{INVOICED} · checking…"
    assert VERDICT in parent.text


def test_an_edit_whose_answer_was_lost_is_repeated_and_nothing_is_said_twice(house: House) -> None:
    channel = house.channel()
    house.slack.drop_next_reply("chat.update")

    house.slack.slash(INVOICED, channel=channel)

    assert VERDICT in house.answer(channel).text


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])
def test_after_a_disconnect_the_bot_comes_back_and_answers_what_waited_and_what_follows(
    house: House, *, announced: bool
) -> None:
    channel, later = house.channel(), house.channel()

    house.slack.disconnect_all(announced=announced)
    house.slack.mention(f"<@{BOT}> {INVOICED}", channel=channel)

    assert VERDICT in house.answer(channel).text
    assert house.slack.slash(INVOICED, channel=later).wait_ack() == {}
    assert VERDICT in house.answer(later).text


def test_a_bot_that_cannot_reconnect_at_once_tries_again(house: House) -> None:
    channel = house.channel()
    house.slack.fail_next("apps.connections.open", "internal_error", times=2, status=500)

    house.slack.disconnect_all()
    house.slack.mention(f"<@{BOT}> {INVOICED}", channel=channel)

    assert VERDICT in house.answer(channel).text


# --- at the start ---


def test_a_bot_that_starts_before_slack_is_there_and_well_connects_when_it_is(
    new_house: NewHouse, free_port: int
) -> None:
    house = new_house()
    bot = house.start(SLACK_API_URL=f"http://127.0.0.1:{free_port}/api/")
    bot.wait_for_log("No connection to Slack")

    with FaultySlack(port=free_port) as slack:
        slack.fail_next("apps.connections.open", "internal_error")
        slack.wait_connected(30)
        asked = slack.slash(INVOICED)
        assert asked.wait_ack() == {}
        slack.wait_for(lambda w: [m for m in w.messages if VERDICT in m.text])


def test_a_refused_token_ends_the_bot_with_status_3_and_one_line_that_names_the_setting(new_house: NewHouse) -> None:
    wrong = {"SLACK_APP_TOKEN": "xapp-wrong", "SLACK_BOT_TOKEN": "xoxb-wrong"}
    house = new_house()

    bots = [
        house.start(DATABASE_URL=f"sqlite:///{house.home / setting}.db", **{setting: token})
        for setting, token in wrong.items()
    ]

    for bot, (setting, token) in zip(bots, wrong.items(), strict=True):
        assert bot.wait_exit(PATIENCE) == 3
        complaints = [line for line in bot.log.splitlines() if line.startswith("invoice-bot:")]
        assert len(complaints) == 1
        assert setting in complaints[0]
        assert "Traceback" not in bot.log
        assert token not in bot.log


def test_sigterm_while_slack_does_not_answer_ends_within_ten_seconds(new_house: NewHouse) -> None:
    house = new_house()
    house.slack.latency = 60
    bot = house.start()
    house.slack.wait_for(lambda _: house.slack.calls)

    assert bot.stop() < 10
