"""Many people at once, and one question that takes long."""

from __future__ import annotations

from itertools import pairwise

from tests.e2e.conftest import NewHouse
from tests.e2e.house import CROWD, LONG, House, says_verdict


def test_of_fifty_commands_at_once_none_is_lost_and_each_is_answered_exactly_once(house: House) -> None:
    channels = [house.channel() for _ in range(6)]
    places = {number: channels[0] if index < 25 else channels[index % 6] for index, number in enumerate(CROWD)}

    asked = [house.slack.slash(number, channel=channel) for number, channel in places.items()]

    assert [delivery.wait_ack() for delivery in asked] == [{}] * len(CROWD)
    for channel in channels:
        numbers = [number for number, place in places.items() if place == channel]
        house.answers(channel, count=len(numbers))
        house.wait_idle()
        parents = house.own_parents(channel)
        assert sorted(parent.text.split(" ", 2)[1] for parent in parents) == sorted(f"#{number}" for number in numbers)
        assert all(says_verdict(parent) and len(parent.history) == 1 for parent in parents)
        assert [len(house.own_replies(parent)) for parent in parents] == [1] * len(numbers)


def test_commands_are_acknowledged_while_every_worker_is_busy_with_a_slow_search(new_house: NewHouse) -> None:
    house = new_house(latency=0.3)
    house.serve()
    channel = house.channel()
    for _ in range(20):
        house.slack.slash(LONG, channel=channel)
    house.syncro.wait_for_calls(8)

    asked = [house.slack.slash(number, channel=channel) for number in CROWD[:10]]

    assert [delivery.wait_ack() for delivery in asked] == [{}] * 10


def test_a_long_search_shows_one_message_of_progress_that_is_edited_gently_and_becomes_the_evidence(
    new_house: NewHouse,
) -> None:
    house = new_house(latency=0.25)
    house.serve()
    channel = house.channel()

    house.slack.slash(LONG, channel=channel)
    parent = house.answer(channel)

    (reply,) = house.own_replies(parent)
    shown = [version.text for version in reply.history]
    assert len(shown) >= 2
    assert all(text.startswith("Still looking") for text in shown)
    assert "Where I looked" in reply.text
    posted = house.slack.calls_to("chat.postMessage")
    edits = [call for call in house.slack.calls_to("chat.update") if "Still looking" in call.args["text"]]
    moments = [posted[0].at, posted[1].at, *(edit.at for edit in edits)]
    # The pace is kept by the times when answers arrived; a message is on its way a little later than that.
    assert all(later - earlier > 2.5 for earlier, later in pairwise(moments)), moments
