"""Billing data goes only where Slack says that no other company reads along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.messages.channel_guard import ChannelGuard
from bot.messages.poster import CannotPostError, Posted, Poster, SlackUnavailableError, slack_client
from bot.messages.rendered import Rendered
from bot.sandbox.slack.workspace import BILLING, BOT, FINANCE, GENERAL, RETIRED, SHARED, TECHNICIAN
from tests.standins.slack import FaultySlack

WORDS = Rendered("words")
PASSING = ["internal_error", "fatal_error", "service_unavailable", "request_timeout"]
SAYS_NOTHING = ["missing_scope", "access_denied", "unknown_method", "method_deprecated", "not_visible", "something_new"]


@pytest.fixture(scope="module")
def slack_for_all() -> Iterator[FaultySlack]:
    with FaultySlack() as slack:
        yield slack


@pytest.fixture
def slack(slack_for_all: FaultySlack) -> Iterator[FaultySlack]:
    yield slack_for_all
    slack_for_all.workspace.messages.clear()
    slack_for_all.calls.clear()
    slack_for_all.workspace.channels[BILLING].is_ext_shared = False


def build(slack: FaultySlack, now: Callable[[], float] = lambda: 0.0) -> ChannelGuard:
    return ChannelGuard(slack_client(slack.api.bot_token, slack.api_url), clock=now)


def verdict(guard: ChannelGuard, channel: str, *, recent: bool = False) -> str:
    try:
        guard.check(channel, recent=recent)
    except CannotPostError as error:
        return error.code
    return "goes"


def looks(slack: FaultySlack) -> int:
    return len(slack.calls_to("conversations.info"))


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        (BILLING, "goes"),
        (GENERAL, "goes"),
        (RETIRED, "goes"),
        (SHARED, "external_channel"),
        (FINANCE, "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
    ],
)
def test_only_a_channel_that_slack_calls_our_own_is_spoken_in(slack: FaultySlack, channel: str, said: str) -> None:
    assert verdict(build(slack), channel) == said


def test_a_channel_to_which_another_company_is_invited_counts_as_shared(slack: FaultySlack) -> None:
    slack.workspace.channels[BILLING].is_pending_ext_shared = True
    try:
        assert verdict(build(slack), BILLING) == "external_channel"
    finally:
        slack.workspace.channels[BILLING].is_pending_ext_shared = False


@pytest.mark.parametrize("code", SAYS_NOTHING)
@pytest.mark.parametrize("recent", [True, False])
def test_where_slack_does_not_say_whose_channel_it_is_nothing_is_said(
    slack: FaultySlack, caplog: pytest.LogCaptureFixture, code: str, *, recent: bool
) -> None:
    slack.fail_next("conversations.info", code)

    assert verdict(build(slack), BILLING, recent=recent) == "unknown_channel"
    assert code in caplog.text
    assert BILLING in caplog.text


def guard_told(about: Any) -> ChannelGuard:
    class Odd:
        def conversations_info(self, *, channel: str) -> dict[str, Any]:
            return {"ok": True, "channel": about, "asked": channel}

    return ChannelGuard(Odd())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "about",
    [
        None,
        [],
        {},
        {"is_shared": False},
        {"is_ext_shared": None},
        {"is_ext_shared": "no"},
        {"is_ext_shared": False, "is_pending_ext_shared": None},
        {"is_ext_shared": False, "is_shared": True},
        {"is_ext_shared": False, "is_shared": True, "is_org_shared": False},
    ],
)
def test_an_answer_that_is_not_as_expected_says_nothing(about: Any) -> None:
    assert verdict(guard_told(about), BILLING) == "unknown_channel"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"pending_connected_team_ids": ["T0THEIRS"]}, "external_channel"),
        ({"pending_shared": ["T0THEIRS"]}, "external_channel"),
        ({"pending_shared": [], "pending_connected_team_ids": [], "is_shared": False}, "goes"),
        ({"is_shared": True, "is_org_shared": True}, "goes"),
    ],
)
def test_an_invitation_counts_as_shared_and_a_sister_workspace_does_not(more: dict[str, Any], said: str) -> None:
    assert verdict(guard_told({"is_ext_shared": False, "is_pending_ext_shared": False, **more}), BILLING) == said


@pytest.mark.parametrize("code", PASSING)
def test_a_passing_error_is_tried_again_later(slack: FaultySlack, code: str) -> None:
    slack.fail_next("conversations.info", code)

    with pytest.raises(SlackUnavailableError):
        build(slack).check(BILLING)


def test_a_slack_that_is_not_there_is_tried_again_later() -> None:
    with FaultySlack() as slack:
        guard = build(slack)

    with pytest.raises(SlackUnavailableError, match="no connection"):
        guard.check(BILLING)


@pytest.mark.parametrize("place", ["D0TECH", TECHNICIAN, "W0GRID"])
def test_a_conversation_with_one_person_needs_no_look(slack: FaultySlack, place: str) -> None:
    assert verdict(build(slack), place) == "goes"
    assert looks(slack) == 0


def test_each_message_about_billing_looks_anew(slack: FaultySlack) -> None:
    guard = build(slack)
    assert verdict(guard, BILLING) == "goes"
    slack.workspace.channels[BILLING].is_ext_shared = True

    assert verdict(guard, BILLING) == "external_channel"
    assert looks(slack) == 2


def test_for_other_messages_a_look_of_the_last_minute_serves_and_only_a_good_one(slack: FaultySlack) -> None:
    now = [0.0]
    guard = build(slack, lambda: now[0])
    guard.check(BILLING)

    for now[0], looked in ((59.0, 1), (60.0, 2)):
        guard.check(BILLING, recent=True)
        assert looks(slack) == looked
    slack.workspace.channels[BILLING].is_ext_shared = True
    for _ in range(2):
        verdict(guard, BILLING)
    assert verdict(guard, BILLING, recent=True) == "external_channel"
    assert looks(slack) == 5


def test_the_event_that_a_channel_was_shared_counts_before_any_look_says_so(slack: FaultySlack) -> None:
    now = [0.0]
    guard = build(slack, lambda: now[0])
    guard.check(BILLING)

    guard.shared(BILLING)

    assert verdict(guard, BILLING, recent=True) == "external_channel"
    now[0] = 599.0
    assert verdict(guard, BILLING) == "external_channel"
    now[0] = 600.0
    assert verdict(guard, BILLING) == "goes"


def test_the_event_that_sharing_ended_lets_the_next_look_decide(slack: FaultySlack) -> None:
    guard = build(slack)
    guard.shared(BILLING)

    guard.unshared(BILLING)

    assert verdict(guard, BILLING, recent=True) == "goes"
    assert looks(slack) == 1


def test_posts_edits_and_files_are_guarded_and_what_one_person_sees_is_not(slack: FaultySlack) -> None:
    client = slack_client(slack.api.bot_token, slack.api_url)
    poster = Poster(client, ChannelGuard(client))
    place = poster.post(BILLING, WORDS)
    slack.workspace.channels[BILLING].is_ext_shared = True

    for act in (
        lambda: poster.post(BILLING, Rendered("more")),
        lambda: poster.post(BILLING, Rendered("more"), thread_ts=place.ts),
        lambda: poster.update(place, Rendered("changed")),
        lambda: poster.attach(place, name="list.csv", content="a,b", comment="all"),
    ):
        with pytest.raises(CannotPostError, match="external_channel"):
            act()

    poster.whisper(BILLING, TECHNICIAN, Rendered("for you"))
    assert [m.text for m in slack.workspace.messages if m.user == BOT] == ["words", "for you"]
    assert slack.workspace.files == []
    poster.remove(Posted(BILLING, place.ts))
    assert slack.parents(BILLING) == []
