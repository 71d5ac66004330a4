"""Channels in which people of another company read along, or of which Slack does not say whose they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.sandbox.slack.workspace import BOT, TECHNICIAN, Message
from tests.e2e.conftest import NewHouse
from tests.e2e.house import INVOICED, NOT_INVOICED, House
from tests.standins.slack_faults import ApiCall

VERDICT = "invoiced on invoice 67469"
UNKNOWN = ["missing_scope", "access_denied", "channel_not_found", "unknown_method", "something_new"]


def answered_directly(house: House, said: Callable[[], list[Message]]) -> None:
    """Wait for the answer with its evidence in the person's direct message, once."""

    def answers(_: object) -> list[Message]:
        return [message for message in said() if VERDICT in message.text and house.evidence(message)]

    house.slack.wait_for(answers)
    house.wait_idle()
    assert len(answers(None)) == 1


def words_of(house: House, channel: str) -> list[str]:
    """Everything that the bot has said to the whole channel, in threads too."""
    public = [m for m in house.slack.workspace.messages if m.channel == channel and not m.ephemeral_to]
    return [message.text for message in public if message.user == BOT]


@pytest.mark.parametrize("code", UNKNOWN)
def test_a_channel_of_which_slack_does_not_say_whose_it_is_hears_nothing(house: House, code: str) -> None:
    channel = house.channel()
    said = house.new_direct(TECHNICIAN)
    house.slack.fail_next("conversations.info", code)

    house.slack.slash(INVOICED, channel=channel)

    answered_directly(house, said)
    assert words_of(house, channel) == []
    assert f"<#{channel}>" in house.whisper(channel, TECHNICIAN).text


def test_a_shared_channel_hears_nothing(house: House) -> None:
    channel = house.channel(is_ext_shared=True)
    said = house.new_direct(TECHNICIAN)

    house.slack.slash(INVOICED, channel=channel)

    answered_directly(house, said)
    assert words_of(house, channel) == []
    assert "shared with people outside" in house.whisper(channel, TECHNICIAN).text


def test_a_passing_error_is_not_taken_for_proof_that_a_channel_is_our_own(house: House) -> None:
    channel = house.channel(is_ext_shared=True)
    said = house.new_direct(TECHNICIAN)
    house.slack.fail_next("conversations.info", "internal_error")

    house.slack.slash(INVOICED, channel=channel)

    answered_directly(house, said)
    assert words_of(house, channel) == []


def test_a_channel_that_is_shared_between_question_and_answer_hears_no_answer(house: House) -> None:
    """Not even where Slack's event is lost: the channel is looked at again before the outcome."""
    channel = house.channel()
    said = house.new_direct(TECHNICIAN)

    def share(_: ApiCall) -> None:
        house.slack.before("chat.postMessage", None)
        house.slack.workspace.channels[channel].is_ext_shared = True

    house.slack.before("chat.postMessage", share)
    house.slack.slash(INVOICED, channel=channel)

    answered_directly(house, said)
    assert not any(VERDICT in text for text in words_of(house, channel))


def test_an_event_that_a_channel_was_shared_counts_while_a_look_still_says_that_it_is_our_own(house: House) -> None:
    channel = house.channel()
    house.slack.slash(INVOICED, channel=channel)
    house.answer(channel)
    before = words_of(house, channel)
    said = house.new_direct(TECHNICIAN)
    assert house.slack.share(channel).wait_ack() == {}
    house.slack.workspace.channels[channel].is_ext_shared = False

    house.slack.slash(INVOICED, channel=channel)
    answered_directly(house, said)
    assert words_of(house, channel) == before

    assert house.slack.share(channel, shared=False).wait_ack() == {}
    house.slack.slash(INVOICED, channel=channel)
    house.answers(channel, count=2)


def test_a_warning_in_a_channel_that_was_shared_meanwhile_is_not_taken_back_in_public(new_house: NewHouse) -> None:
    house = new_house()
    house.serve()
    channel, elsewhere = house.channel(), house.channel()
    house.slack.slash(NOT_INVOICED, channel=channel)
    house.answer(channel)
    before = words_of(house, channel)
    with house.syncro.locked() as world:
        world.bill_by_ticket_id(world.ticket_numbered(NOT_INVOICED))
    house.slack.workspace.channels[channel].is_ext_shared = True

    house.slack.slash(NOT_INVOICED, channel=elsewhere)
    house.answer(elsewhere)

    assert words_of(house, channel) == before
