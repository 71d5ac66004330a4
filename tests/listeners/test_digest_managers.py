"""Who is a manager."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.listeners.access import Access, Asker
from bot.listeners.managers import Managers
from bot.messages.poster import hasty_slack_client
from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import BILLING, MANAGER, TECHNICIAN
from tests.standins.slack import FaultySlack

GROUP = "S0MANAGERS"
READ = "usergroups.users.list"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def slack() -> Iterator[FaultySlack]:
    with FaultySlack(scopes=DEFAULT_SCOPES | {"usergroups:read"}) as slack:
        slack.workspace.usergroups[GROUP] = [MANAGER]
        yield slack


def managers(slack: FaultySlack, *members: str, clock: Clock | None = None) -> Managers:
    return Managers(hasty_slack_client("xoxb-sandbox", slack.api_url), members, clock=clock or Clock())


def test_a_listed_person_is_a_manager_without_asking_slack(slack: FaultySlack) -> None:
    assert managers(slack, MANAGER, GROUP).is_manager(MANAGER)
    assert slack.calls_to(READ) == []


def test_members_of_a_listed_group_are_managers_and_nobody_else(slack: FaultySlack) -> None:
    known = managers(slack, GROUP)
    assert known.is_manager(MANAGER)
    assert not known.is_manager(TECHNICIAN)
    assert known.is_set


def test_with_nobody_listed_nobody_is_a_manager(slack: FaultySlack) -> None:
    known = managers(slack)
    assert not known.is_manager(MANAGER)
    assert not known.is_set


def test_members_are_remembered_for_five_minutes_and_then_read_again(slack: FaultySlack) -> None:
    clock = Clock()
    known = managers(slack, GROUP, clock=clock)
    assert known.is_manager(MANAGER)
    slack.workspace.usergroups[GROUP] = []
    clock.seconds += 299
    assert known.is_manager(MANAGER)
    assert len(slack.calls_to(READ)) == 1
    clock.seconds += 2
    assert not known.is_manager(MANAGER)


def test_a_group_that_cannot_be_read_keeps_the_members_last_known(slack: FaultySlack) -> None:
    clock = Clock()
    known = managers(slack, GROUP, clock=clock)
    assert known.is_manager(MANAGER)
    clock.seconds += 301
    slack.fail_next(READ, "internal_error")
    assert known.is_manager(MANAGER)


def test_a_group_that_was_never_read_makes_nobody_a_manager(slack: FaultySlack) -> None:
    slack.fail_next(READ, "missing_scope")
    assert not managers(slack, GROUP).is_manager(MANAGER)


def test_access_knows_groups_in_the_same_way(slack: FaultySlack) -> None:
    clock = Clock()
    client = hasty_slack_client("xoxb-sandbox", slack.api_url)
    access = Access(client, usergroups=(GROUP,), clock=clock)
    asking = Asker(MANAGER, BILLING, team=None, own_team=None)
    assert access.refusal(asking) is None
    slack.workspace.usergroups[GROUP] = []
    assert access.refusal(asking) is None
    clock.seconds += 301
    assert access.refusal(asking) == "user"
