"""Whom the listeners hear: our own people, by Slack's word; never a bot; and every refusal leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.listeners.digest_tickets import DigestTicket
from bot.messages.check_messages import CHECK_AGAIN
from bot.messages.digest_acts import MARK_FORM, REASON
from bot.messages.digest_rows import MARK, RECHECK, SNOOZE
from bot.messages.rendered import actions, button
from bot.sandbox.slack.socket import Delivery
from bot.sandbox.slack.workspace import (
    BILLING,
    BOT,
    BOT_ID,
    MANAGER,
    OTHER_TEAM,
    OUTSIDER,
    SHARED,
    TEAM,
    TECHNICIAN,
    Message,
    User,
)
from tests.listeners.digest_house import NOW, NUMBER, TICKET, House

SISTER, ORGANISATION = "T0SISTER", "E0OURS"
GROUP = "S0BILLING"
HELPER = "U0HELPER"
MENTION = f"<@{BOT}> 32223"

Way = Callable[[House, str], Delivery]


def by_command(house: House, user: str) -> Delivery:
    return house.slack.slash("32223", user=user, channel=BILLING)


def by_mention(house: House, user: str) -> Delivery:
    return house.slack.mention(MENTION, user=user, channel=BILLING)


def by_direct_message(house: House, user: str) -> Delivery:
    return house.slack.direct_message("32223", user=user)


def by_shortcut(house: House, user: str) -> Delivery:
    message = house.slack.workspace.post(BILLING, TECHNICIAN, "see #32223")
    return house.slack.message_shortcut("check_invoices", message, user=user)


def by_button(house: House, user: str) -> Delivery:
    message = house.slack.workspace.post(
        BILLING, BOT, "an answer", blocks=[actions(button("Again", CHECK_AGAIN, "32223"))]
    )
    return house.slack.press(CHECK_AGAIN, message, user=user)


def by_recheck(house: House, user: str) -> Delivery:
    return house.slack.press(RECHECK, house.parent, user=user)


WAYS: dict[str, Way] = {
    "command": by_command,
    "mention": by_mention,
    "direct message": by_direct_message,
    "shortcut": by_shortcut,
    "button": by_button,
    "recheck": by_recheck,
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))


def change(house: House, user: str, **about: Any) -> None:
    house.slack.workspace.users[user] = replace(house.slack.workspace.users[user], **about)


def told(house: House, user: str) -> str:
    """Everything that only this person was told, as soon as there is something."""
    direct = house.slack.workspace.open_im(user)

    def look(_: object) -> list[Message]:
        own = [message for message in house.slack.parents(direct.id) if message.user == BOT]
        return [*house.slack.ephemerals(user), *own]

    return " ".join(message.text for message in house.slack.wait_for(look))


@pytest.fixture
def house(build_house: Callable[..., House]) -> House:
    return build_house(users=())


# Whose people


@every_way
def test_our_own_people_are_heard(house: House, way: Way) -> None:
    assert way(house, TECHNICIAN).wait_ack() == {}
    assert len(house.checks) == 1
    assert house.refusals() == []


@every_way
def test_people_of_another_company_are_refused_in_words_and_with_a_trace(house: House, way: Way) -> None:
    way(house, OUTSIDER).wait_ack()
    assert "people of this company" in told(house, OUTSIDER)
    assert house.checks == {}
    assert [(who, why) for who, _, why in house.refusals()] == [(OUTSIDER, "external_user")]


@every_way
@pytest.mark.parametrize("flags", [{"is_restricted": True}, {"is_ultra_restricted": True}])
def test_guests_are_refused(house: House, way: Way, flags: dict[str, bool]) -> None:
    change(house, TECHNICIAN, **flags)
    way(house, TECHNICIAN).wait_ack()
    assert "not shown to guests" in told(house, TECHNICIAN)
    assert house.checks == {}
    assert [(who, why) for who, _, why in house.refusals()] == [(TECHNICIAN, "guest")]


@every_way
def test_guests_are_heard_where_the_operator_allows_them(build_house: Callable[..., House], way: Way) -> None:
    house = build_house(users=(), allow_guests=True)
    change(house, TECHNICIAN, is_restricted=True)
    way(house, TECHNICIAN).wait_ack()
    assert len(house.checks) == 1
    way(house, OUTSIDER).wait_ack()
    assert "people of this company" in told(house, OUTSIDER)
    assert len(house.checks) == 1


@every_way
@pytest.mark.parametrize("code", ["missing_scope", "user_not_found", "unknown_method", "internal_error"])
def test_where_slack_does_not_say_who_a_person_is_they_are_refused(house: House, way: Way, code: str) -> None:
    house.slack.fail_next("users.info", code)
    way(house, TECHNICIAN).wait_ack()
    assert "does not tell me now who you are" in told(house, TECHNICIAN)
    assert house.checks == {}
    assert [(who, why) for who, _, why in house.refusals()] == [(TECHNICIAN, "unknown_user")]


@every_way
def test_people_of_our_organisation_are_heard_wherever_they_are_at_home(
    build_house: Callable[..., House], way: Way
) -> None:
    house = build_house(users=(), organisation=ORGANISATION)
    change(house, TECHNICIAN, team_id=SISTER, enterprise_id=ORGANISATION)
    assert way(house, TECHNICIAN).wait_ack() == {}
    assert len(house.checks) == 1


@every_way
def test_people_of_another_organisation_are_refused(build_house: Callable[..., House], way: Way) -> None:
    house = build_house(users=(), organisation=ORGANISATION)
    change(house, OUTSIDER, enterprise_id="E0THEIRS")
    way(house, OUTSIDER).wait_ack()
    assert "people of this company" in told(house, OUTSIDER)
    assert house.checks == {}


@pytest.mark.parametrize("kind", ["app_mention", "message"])
def test_an_event_that_names_no_workspace_for_the_person_is_not_ours(house: House, kind: str) -> None:
    channel = house.slack.workspace.open_im(TECHNICIAN).id if kind == "message" else BILLING
    message = house.slack.workspace.post(channel, TECHNICIAN, MENTION)
    event = {"type": kind, "user": TECHNICIAN, "channel": channel, "text": MENTION, "ts": message.ts}
    house.slack.event(event | ({"channel_type": "im"} if kind == "message" else {})).wait_ack()
    assert "people of this company" in told(house, TECHNICIAN)
    assert house.checks == {}


@pytest.mark.parametrize(
    "teams", [{"team": OTHER_TEAM}, {"team": TEAM, "user_team": OTHER_TEAM}, {"team": TEAM, "source_team": OTHER_TEAM}]
)
def test_an_event_that_names_another_workspace_anywhere_is_not_ours(house: House, teams: dict[str, str]) -> None:
    event = {"type": "app_mention", "user": TECHNICIAN, "channel": BILLING, "text": MENTION, "ts": "1.0", **teams}
    house.slack.event(event).wait_ack()
    assert "people of this company" in told(house, TECHNICIAN)
    assert house.checks == {}


def test_a_mention_in_a_shared_channel_is_refused_also_for_our_own_people(house: House) -> None:
    house.slack.mention(MENTION, user=TECHNICIAN, channel=SHARED).wait_ack()
    assert "shared with people outside" in told(house, TECHNICIAN)
    assert house.checks == {}
    assert house.refusals() == [(TECHNICIAN, "32223", "external_channel")]


# Bots


@pytest.mark.parametrize("kind", ["app_mention", "message"])
@pytest.mark.parametrize(
    "marks",
    [
        {"bot_id": "B0RELAY"},
        {"bot_id": "B0RELAY", "subtype": "bot_message", "user": None},
        {"subtype": "bot_message"},
        {"bot_profile": {"id": "B0RELAY"}},
        {"app_id": "A0RELAY"},
        {"user": BOT, "bot_id": BOT_ID},
        {"user": BOT},
    ],
    ids=str,
)
def test_what_a_bot_says_is_never_answered(house: House, kind: str, marks: dict[str, Any]) -> None:
    channel = house.slack.workspace.open_im(TECHNICIAN).id if kind == "message" else BILLING
    event = {"type": kind, "user": TECHNICIAN, "team": TEAM, "channel": channel, "text": MENTION, "ts": "1.0"}
    if kind == "message":
        event["channel_type"] = "im"
    before = len(house.slack.workspace.messages)
    assert house.slack.event(event | marks).wait_ack() == {}
    assert house.slack.event(event | marks | {"text": f"<@{BOT}> help"}).wait_ack() == {}
    house.close_replies()
    assert house.checks == {}
    assert len(house.slack.workspace.messages) == before
    own = marks.get("user") == BOT
    assert [why for _, _, why in house.refusals()] == ([] if own else ["bot", "bot"])


@every_way
def test_a_bots_user_is_no_person_whatever_its_messages_hide(house: House, way: Way) -> None:
    relay = "U0RELAY"
    house.slack.workspace.users[relay] = User(relay, "relay", is_bot=True)
    way(house, relay).wait_ack()
    assert house.checks == {}
    assert [(who, why) for who, _, why in house.refusals()] == [(relay, "bot")]


@pytest.mark.parametrize("subtype", ["message_changed", "message_deleted", "channel_join"])
def test_edits_deletions_and_joins_are_not_answered(house: House, subtype: str) -> None:
    channel = house.slack.workspace.open_im(TECHNICIAN).id
    event = {"type": "message", "channel": channel, "channel_type": "im", "user": TECHNICIAN, "team": TEAM, "ts": "1.0"}
    house.slack.event(event | {"subtype": subtype, "text": "32223"}).wait_ack()
    house.close_replies()
    assert house.checks == {}
    assert house.refusals() == []


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_question_with_a_file_or_shown_in_the_channel_too_is_a_question(house: House, subtype: str) -> None:
    channel = house.slack.workspace.open_im(TECHNICIAN).id
    event = {"type": "message", "channel": channel, "channel_type": "im", "user": TECHNICIAN, "team": TEAM, "ts": "1.0"}
    house.slack.event(event | {"subtype": subtype, "text": "32223"}).wait_ack()
    assert [request.references for request in house.checks.values()] == [("32223",)]


# Rights end


@pytest.mark.parametrize("way", [by_shortcut, by_button, by_recheck])
def test_a_click_looks_rights_up_afresh(build_house: Callable[..., House], way: Way) -> None:
    house = build_house(users=(), usergroups=(GROUP,))
    house.slack.workspace.users[HELPER] = User(HELPER, "helper")
    house.slack.workspace.usergroups[GROUP] = [HELPER]
    way(house, HELPER).wait_ack()
    house.slack.workspace.usergroups[GROUP] = []
    before = dict(house.checks)

    way(house, HELPER).wait_ack()
    assert "not on the list of people" in told(house, HELPER)
    assert house.checks == before
    by_command(house, HELPER).wait_ack()
    assert len(house.checks) == len(before), "the fresh look counts for what is typed, too"


def test_a_form_that_was_opened_by_a_manager_does_nothing_for_who_is_none_any_more(
    build_house: Callable[..., House],
) -> None:
    house = build_house(managers=(GROUP,))
    house.slack.workspace.usergroups[GROUP] = [MANAGER]
    house.press(MARK)
    house.slack.wait_for_modal(MANAGER)
    del house.slack.workspace.usergroups[GROUP]

    assert "Only managers" in house.fill_in({REASON: "goodwill"})[REASON]
    assert house.memory.history(NOW).marks == ()
    assert house.refusals() == [(MANAGER, f"mark {NUMBER}", "not_a_manager")]


@pytest.mark.parametrize("action", [SNOOZE, MARK])
def test_a_guest_is_no_manager(house: House, action: str) -> None:
    change(house, MANAGER, is_restricted=True)
    house.press(action)
    assert "not shown to guests" in told(house, MANAGER)
    assert house.slack.modal(MANAGER) is None


def test_a_form_of_another_workspace_does_nothing(house: House) -> None:
    change(house, MANAGER, team_id=OTHER_TEAM)
    metadata = DigestTicket(TICKET, NUMBER, BILLING, house.parent.ts).to_metadata()
    delivery = house.slack.view_submission(MARK_FORM, {}, user=MANAGER, private_metadata=metadata)
    assert "people of this company" in (delivery.wait_ack() or {})["errors"][REASON]


def test_anybody_may_unsubscribe_and_nobody_else_may_do_the_rest(house: House) -> None:
    assert "had subscribed to nothing" in house.type("unsubscribe", user=TECHNICIAN)
    assert "had subscribed to nothing" in house.type(" Unsubscribe ", user=OUTSIDER)
    assert "Only managers" in house.type("unsubscribe me", user=TECHNICIAN)
    assert house.refusals() == [(TECHNICIAN, "digest unsubscribe me", "not_a_manager")]


# Channels that become shared


def test_what_a_manager_decides_is_not_said_in_a_channel_that_was_shared(house: House) -> None:
    house.slack.share(BILLING).wait_ack()
    house.slack.workspace.channels[BILLING].is_ext_shared = False
    house.press(MARK)
    house.slack.wait_for_modal(MANAGER)
    assert house.fill_in({REASON: "goodwill"}) == {}
    assert f"Ticket #{NUMBER}" in told(house, MANAGER)
    assert house.slack.replies(BILLING, house.parent.ts) == []
