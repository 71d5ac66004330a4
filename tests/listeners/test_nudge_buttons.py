"""The three buttons of a reminder, over the stand-in Slack's WebSocket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.messages.digest_acts import REASON
from bot.messages.digest_rows import RECHECK
from bot.messages.nudges import NOTHING, TOMORROW, nudge
from bot.messages.poster import Poster, slack_client
from bot.sandbox.slack.workspace import TECHNICIAN, Message
from bot.store.audit import Act, AuditQuery
from tests.digest.factory import audited
from tests.jobs.fakes import OpenDoors
from tests.listeners.digest_house import HOSTILE, NOW, NUMBER, TICKET, House


@pytest.fixture
def reminder(house: House) -> Message:
    house.memory.nudged({TICKET: NUMBER}, TECHNICIAN, NOW.date() - timedelta(days=1))
    poster = Poster(slack_client("xoxb-sandbox", house.slack.api_url), OpenDoors())
    posted = poster.post(TECHNICIAN, nudge([audited(number=NUMBER, customer=HOSTILE)]))
    found = house.slack.workspace.find(posted.channel, posted.ts)
    assert found is not None
    return found


def press(house: House, reminder: Message, action: str) -> None:
    assert house.slack.press(action, reminder, TECHNICIAN).wait_ack() == {}


def test_recheck_nothing_to_bill_and_remind_tomorrow(house: House, reminder: Message) -> None:
    press(house, reminder, RECHECK)
    (request,) = house.checks.values()
    assert (request.references, request.thread_ts, request.direct) == ((NUMBER,), reminder.ts, True)

    press(house, reminder, NOTHING)
    assert house.fill_in({REASON: "   "}, user=TECHNICIAN) == {
        REASON: "Please give a reason: others will read it in the digest."
    }
    assert house.fill_in({REASON: "a <!here> gift"}, user=TECHNICIAN) == {}
    (kept,) = house.memory.history(NOW).nudges
    assert (kept.person, kept.reason) == (TECHNICIAN, "a <!here> gift")
    (entry,) = [each for each in house.memory.audit(AuditQuery()) if each.act is Act.NOTHING_TO_BILL]
    assert (entry.who, entry.ticket_number, entry.why) == (TECHNICIAN, NUMBER, "a <!here> gift")
    said = house.slack.wait_for(lambda slack: slack.replies(reminder.channel, reminder.ts) or None)
    assert "Managers see that" in said[-1].text
    assert "<!here>" not in said[-1].text

    press(house, reminder, TOMORROW)
    house.slack.wait_for(lambda _: "next working day" in reminder.text)
    assert TOMORROW not in str(reminder.blocks)


def test_rights_are_looked_up_afresh_when_a_button_is_pressed(house: House, reminder: Message) -> None:
    press(house, reminder, NOTHING)
    person = house.slack.workspace.users[TECHNICIAN]
    house.slack.workspace.users[TECHNICIAN] = replace(person, is_restricted=True)
    assert REASON in house.fill_in({REASON: "mine"}, user=TECHNICIAN)
    for action in (RECHECK, NOTHING, TOMORROW):
        press(house, reminder, action)
    house.close_replies()
    assert house.checks == {}
    assert [each.reason for each in house.memory.history(NOW).nudges] == [""]
    assert TOMORROW in str(reminder.blocks)


def test_who_is_not_reminded_of_the_ticket_any_more_changes_nothing(house: House, reminder: Message) -> None:
    press(house, reminder, NOTHING)
    house.memory.nudged({TICKET: NUMBER}, "U0OTHER", NOW.date())
    assert "any more" in house.fill_in({REASON: "mine"}, user=TECHNICIAN)[REASON]
    assert [each.reason for each in house.memory.history(NOW).nudges] == [""]
