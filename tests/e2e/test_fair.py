"""Nobody starves anybody, and what was asked can be taken back."""

from __future__ import annotations

import time

from bot.sandbox.slack.workspace import MANAGER, OUTSIDER, TECHNICIAN, Message
from tests.e2e.conftest import NewHouse
from tests.e2e.house import CROWD, INVOICED, LONG, House, says_verdict

FLOOD = f"{CROWD[0]}-{CROWD[-1]} --fresh --exhaustive"
QUESTIONS = 40


def seconds_to_answer(house: House, channel: str, *, user: str) -> float:
    """How long a question about one ticket takes."""
    begun = time.monotonic()
    house.slack.slash(INVOICED, channel=channel, user=user)
    house.slack.wait_for(lambda _: [each for each in house.own_parents(channel) if says_verdict(each)], 120)
    return time.monotonic() - begun


def test_during_a_flood_by_one_person_another_is_answered_soon_and_everybody_sees_at_once_that_it_is_looked_up(
    new_house: NewHouse,
) -> None:
    house = new_house(latency=0.05)
    house.serve(MANAGERS=MANAGER, LIMIT_TICKETS_WAITING="2000", SYNCRO_REQUESTS_PER_MINUTE="180")
    idle = seconds_to_answer(house, house.channel(), user=TECHNICIAN)
    flooded = house.channel()

    for _ in range(QUESTIONS):
        assert house.slack.slash(FLOOD, channel=flooded, user=MANAGER).wait_ack() == {}
    house.syncro.wait_for_calls(60)
    busy = seconds_to_answer(house, house.channel(), user=TECHNICIAN)

    assert busy <= 3 * idle + 5
    house.slack.wait_for(lambda _: len(house.own_parents(flooded)) == QUESTIONS, 30)


def looked_up(house: House, channel: str) -> Message:
    """Wait for the parent of a question that is being looked up."""
    return house.slack.wait_for(lambda _: next(iter(house.own_parents(channel)), None))


def test_a_question_is_cancelled_by_who_asked_or_a_manager_and_by_nobody_else(new_house: NewHouse) -> None:
    house = new_house(latency=0.3)
    house.serve(MANAGERS=MANAGER)
    mine, others = house.channel(), house.channel()
    for channel in (mine, others):
        house.slack.slash(LONG, channel=channel, user=TECHNICIAN)
    first, second = looked_up(house, mine), looked_up(house, others)

    house.slack.press("cancel_check", second, user=OUTSIDER)
    house.slack.press("cancel_check", first, user=TECHNICIAN)
    house.slack.press("cancel_check", second, user=MANAGER)

    house.slack.wait_for(lambda _: "cancelled by" in first.text and "cancelled by" in second.text)
    assert TECHNICIAN in first.text
    assert MANAGER in second.text
    house.slack.wait_for(lambda _: not house.own_replies(first) and not house.own_replies(second), 20)
    before = len(house.syncro.calls)
    time.sleep(1)
    assert len(house.syncro.calls) <= before + 64, "reads under way end; no others begin"
    assert not says_verdict(first)
