"""Who gets a digest of their own, and for how long: as long as they are managers and one of us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.workspace import BILLING, BOT, MANAGER, TECHNICIAN
from bot.store.audit import Act, AuditQuery
from bot.store.memory import Memory
from bot.store.records import Subscription
from tests.e2e.house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as house:
        memory = Memory(house.settings()["DATABASE_URL"])
        memory.open()
        for user in (MANAGER, TECHNICIAN):
            memory.subscribe(Subscription(user), at=datetime.now(UTC))
        memory.close()
        yield house


def subscriptions(house: House, *arguments: str, **settings: str) -> dict[str, dict[str, Any]]:
    ran = house.shell(house.settings(**settings), "digest", "--subscriptions", "--json", *arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    return {each["user"]: each for each in json.loads(ran.stdout)["subscriptions"]}


def direct(house: House, user: str) -> list[str]:
    channel = house.slack.workspace.open_im(user).id
    return [message.text for message in house.slack.parents(channel) if message.user == BOT]


def test_who_is_no_manager_any_more_gets_nothing_and_is_named(house: House) -> None:
    ran = house.shell(house.settings(DIGEST_CHANNEL=BILLING, MANAGERS=MANAGER), "digest")

    assert f"{TECHNICIAN} has subscribed to the digest and gets it no more (not_a_manager)" in ran.stderr
    assert len(direct(house, MANAGER)) == 1
    assert direct(house, TECHNICIAN) == []
    memory = Memory(house.settings()["DATABASE_URL"])
    refused = [entry for entry in memory.audit(AuditQuery()) if entry.act is Act.REFUSED]
    memory.close()
    assert [(entry.who, entry.what, entry.why) for entry in refused] == [(TECHNICIAN, "digest", "not_a_manager")]


def test_the_terminal_tells_who_gets_it_and_removes_a_subscription(house: House) -> None:
    told = subscriptions(house, MANAGERS=MANAGER)
    assert {user: (each["gets_it"], each["why_not"]) for user, each in told.items()} == {
        MANAGER: (True, None),
        TECHNICIAN: (False, "not_a_manager"),
    }
    shown = house.shell(house.settings(MANAGERS=MANAGER), "digest", "--subscriptions").stdout
    assert shown.splitlines() == [
        f"{MANAGER} · everything · gets it",
        f"{TECHNICIAN} · everything · gets nothing any more (not a manager)",
    ]

    assert subscriptions(house, "--remove", TECHNICIAN, MANAGERS=MANAGER).keys() == {MANAGER}
    again = house.shell(house.settings(), "digest", "--remove", TECHNICIAN)
    assert (again.returncode, "has no subscription" in again.stderr) == (3, True)


def test_without_slack_the_terminal_tells_the_subscriptions_all_the_same(house: House) -> None:
    assert [each["gets_it"] for each in subscriptions(house, SLACK_BOT_TOKEN="").values()] == [None, None]
