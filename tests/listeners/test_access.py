"""Who may ask, and where."""

from __future__ import annotations

from typing import Any, cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.listeners.access import Access, Asker

OURS, THEIRS = "T0OURS", "T0THEIRS"


class Groups:
    """The one method of Slack's client that is used. `members` holds the answers, or errors, by group."""

    def __init__(self, **members: list[str] | Exception) -> None:
        self.members = members
        self.asked = 0

    def usergroups_users_list(self, *, usergroup: str) -> dict[str, Any]:
        self.asked += 1
        answer = self.members[usergroup]
        if isinstance(answer, Exception):
            raise answer
        return {"users": answer}


def missing_scope() -> Exception:
    return SlackApiError("no", {"error": "missing_scope"})  # type: ignore[no-untyped-call]


def access(groups: Groups | None = None, *, now: list[float] | None = None, **rules: tuple[str, ...]) -> Access:
    times = now or [0.0]
    return Access(cast("WebClient", groups or Groups()), clock=lambda: times[0], **rules)


def asking(user: str = "U0", channel: str = "C0", **more: Any) -> Asker:
    return Asker(user=user, channel=channel, **{"team": OURS, "own_team": OURS, **more})


def test_empty_lists_allow_everybody_everywhere() -> None:
    assert access().refusal(asking()) is None


@pytest.mark.parametrize(("channel", "refusal"), [("C0", None), ("C1", "channel")])
def test_a_list_of_channels_keeps_the_others_out(channel: str, refusal: str | None) -> None:
    assert access(channels=("C0",)).refusal(asking(channel=channel)) == refusal


def test_a_direct_message_needs_no_listed_channel_but_a_listed_person() -> None:
    assert access(channels=("C0",)).refusal(asking(channel="D0", direct=True)) is None
    assert access(channels=("C0",), users=("U1",)).refusal(asking(channel="D0", direct=True)) == "user"


@pytest.mark.parametrize(("user", "refusal"), [("U0", None), ("U1", None), ("U2", "user")])
def test_people_may_be_listed_themselves_or_in_a_group(user: str, refusal: str | None) -> None:
    groups = Groups(S0=["U1"])

    assert access(groups, users=("U0",), usergroups=("S0",)).refusal(asking(user)) == refusal


def test_people_of_another_company_and_shared_channels_are_refused_whatever_the_lists_say() -> None:
    everyone = access(channels=("C0",), users=("U0",))

    assert everyone.refusal(asking(team=THEIRS)) == "external_user"
    assert everyone.refusal(asking(shared_channel=True)) == "external_channel"


def test_where_slack_does_not_say_whose_person_it_is_the_lists_decide() -> None:
    assert access().refusal(asking(team=None, own_team=None)) is None
    assert access(users=("U1",)).refusal(asking(team=None, own_team=None)) == "user"


def test_the_members_of_a_group_are_remembered_for_five_minutes() -> None:
    groups, now = Groups(S0=["U0"]), [0.0]
    rules = access(groups, now=now, usergroups=("S0",))

    assert rules.refusal(asking()) is None
    groups.members["S0"] = []
    now[0] = 299.0
    assert rules.refusal(asking()) is None
    assert groups.asked == 1
    now[0] = 300.0
    assert rules.refusal(asking()) == "user"


@pytest.mark.parametrize(
    "error",
    [missing_scope(), SlackRequestError("no"), TimeoutError(), OSError()],
    ids=lambda error: type(error).__name__,
)
def test_where_a_group_cannot_be_read_its_known_members_and_the_listed_people_still_may(error: Exception) -> None:
    groups, now = Groups(S0=["U1"]), [0.0]
    rules = access(groups, now=now, users=("U0",), usergroups=("S0",))
    assert rules.refusal(asking("U1")) is None

    groups.members["S0"] = error
    now[0] = 1000.0

    assert rules.refusal(asking("U0")) is None
    assert rules.refusal(asking("U1")) is None
    assert rules.refusal(asking("U2")) == "user"


def test_a_group_that_could_never_be_read_lets_nobody_in() -> None:
    groups = Groups(S0=missing_scope())

    assert access(groups, usergroups=("S0",)).refusal(asking()) == "user"
