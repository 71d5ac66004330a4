"""Who may ask, and where: refusals are for the person only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import BILLING, BOT, GENERAL, MANAGER, TECHNICIAN, User
from tests.e2e.house import INVOICED, House, open_house
from tests.patience import PATIENCE

HELPER = "U0HELPER"
"""A member of the user group that may ask."""
GROUP = "S0BILLING"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose bot answers the technician and the members of a group, in one channel."""
    home: Path = tmp_path_factory.mktemp("guarded")
    with open_house(home, scopes=DEFAULT_SCOPES | {"usergroups:read"}) as house:
        house.slack.workspace.users[HELPER] = User(HELPER, "helper", "Helper")
        house.slack.workspace.usergroups[GROUP] = [HELPER]
        house.serve(ALLOWED_CHANNELS=BILLING, ALLOWED_USERS=TECHNICIAN, ALLOWED_USERGROUPS=GROUP)
        yield house


def test_what_the_bot_keeps_is_for_its_own_user_alone(guarded: House) -> None:
    kept = {path.name: oct(path.stat().st_mode & 0o777) for path in guarded.home.iterdir() if path.is_file()}
    assert kept == dict.fromkeys(kept, "0o600")
    assert {"bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock"} <= set(kept)


@pytest.mark.parametrize("user", [TECHNICIAN, HELPER])
def test_listed_people_and_members_of_a_listed_group_are_answered_in_a_listed_channel(
    guarded: House, user: str
) -> None:
    before = len(guarded.own_parents(BILLING))

    guarded.slack.slash(INVOICED, user=user, channel=BILLING)

    assert len(guarded.answers(BILLING, count=before + 1)) == before + 1


@pytest.mark.parametrize(
    ("user", "channel", "why"),
    [(MANAGER, BILLING, "not on the list of people"), (TECHNICIAN, GENERAL, "not set up for this channel")],
)
def test_a_command_from_elsewhere_is_refused_in_words_for_the_person_only(
    guarded: House, user: str, channel: str, why: str
) -> None:
    before = (guarded.own_parents(channel), len(guarded.syncro.calls))

    answer = guarded.slack.slash(INVOICED, user=user, channel=channel).wait_ack()

    assert answer is not None
    assert answer["response_type"] == "ephemeral"
    assert why in guarded.whisper(channel, user).text
    guarded.wait_idle()
    assert (guarded.own_parents(channel), len(guarded.syncro.calls)) == before


def test_a_mention_a_shortcut_and_a_button_are_refused_like_a_command(guarded: House) -> None:
    message = guarded.slack.workspace.post(BILLING, TECHNICIAN, f"See #{INVOICED}")
    count = len(guarded.own_parents(BILLING)) + 1
    guarded.slack.slash(INVOICED, channel=BILLING)
    answer = guarded.answers(BILLING, count=count)[-1]
    guarded.wait_idle()
    before = (guarded.own_parents(BILLING), guarded.own_replies(message), len(guarded.syncro.calls))
    heard = len(guarded.whispers(BILLING, MANAGER))

    asked = [
        guarded.slack.mention(f"<@{BOT}> {INVOICED}", user=MANAGER, channel=BILLING),
        guarded.slack.message_shortcut("check_invoices", message, user=MANAGER),
        guarded.slack.press("check_again", answer, user=MANAGER),
    ]

    assert [delivery.wait_ack() for delivery in asked] == [{}, {}, {}]
    guarded.slack.wait_for(lambda _: len(guarded.whispers(BILLING, MANAGER)) == heard + 3)
    assert all("not on the list" in said.text for said in guarded.whispers(BILLING, MANAGER)[heard:])
    guarded.wait_idle()
    assert (guarded.own_parents(BILLING), guarded.own_replies(message), len(guarded.syncro.calls)) == before


def test_a_direct_message_needs_no_listed_channel(guarded: House) -> None:
    said = guarded.new_direct(TECHNICIAN)

    guarded.slack.direct_message(INVOICED)

    guarded.slack.wait_for(lambda _: said() and guarded.evidence(said()[0]))


def test_where_slack_is_slow_to_name_a_groups_members_the_command_is_still_acknowledged_in_time(
    tmp_path: Path,
) -> None:
    with open_house(tmp_path, scopes=DEFAULT_SCOPES | {"usergroups:read"}) as house:
        house.serve(ALLOWED_USERGROUPS=GROUP)
        over = threading.Event()
        house.slack.before("usergroups.users.list", lambda _: over.wait(PATIENCE))

        asked = house.slack.slash(INVOICED, user=MANAGER)

        assert asked.wait_ack() is not None
        over.set()


@pytest.mark.parametrize("user", [TECHNICIAN, MANAGER])
def test_a_text_made_to_be_slow_to_read_keeps_nobody_waiting(guarded: House, user: str) -> None:
    """`tickets`, 40,000 line breaks and an `x` once froze every acknowledgement for 50 seconds."""
    guarded.slack.mention(f"<@{BOT}> tickets" + "\n" * 40_000 + "x", user=user, channel=BILLING)
    began = time.monotonic()

    assert guarded.slack.slash("help", user=TECHNICIAN, channel=BILLING).wait_ack() is not None

    assert time.monotonic() - began < 5
