"""A power cut at any moment: the question still gets its one answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from bot.sandbox.slack.socket import Delivery
from bot.sandbox.syncro.server import Call
from tests.e2e.bot_process import BotProcess
from tests.e2e.conftest import NewHouse
from tests.e2e.house import LONG, NOT_INVOICED, House, open_house, says_verdict
from tests.patience import PATIENCE
from tests.standins.slack_faults import ApiCall

FULL_SEARCH = 52
"""Calls that the whole search for the ticket takes."""
FULL_LONG_SEARCH = 295
"""Calls that the long search takes, roughly."""
MIDDLE = 25
READS_AT_ONCE = 16
"""Reads that are recorded together: at most so many are repeated."""
LATENCY = 0.03


@dataclass
class Fragile:
    """A house with a bot that is cut off and started again, on one database."""

    house: House
    bot: BotProcess
    starts: int = 1

    def start_again(self) -> None:
        """Put the power back, and wait until the bot works."""
        self.bot.start()
        self.starts += 1
        self.bot.wait_ready(starts=self.starts)


@pytest.fixture(scope="module")
def fragile_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    with open_house(tmp_path_factory.mktemp("fragile"), latency=LATENCY) as house:
        # Without memory each question reads as much as the first, so that there is a middle to be cut off in.
        yield Fragile(house, house.serve(LEDGER_MAX_AGE_DAYS="0"))


@pytest.fixture
def fragile(fragile_for_all: Fragile) -> Iterator[Fragile]:
    """The house, with its bot running and nothing left to do."""
    if not fragile_for_all.bot.running:
        fragile_for_all.start_again()
    yield fragile_for_all
    fragile_for_all.house.slack.api.scopes.discard("channels:history")
    fragile_for_all.house.slack.before("chat.postMessage", None)
    fragile_for_all.house.slack.before("chat.update", None)


class Moment:
    """A moment to cut the power; `arm` before the question is asked, `wait` for it after."""

    def arm(self, fragile: Fragile) -> None:
        """Get ready."""

    def wait(self, fragile: Fragile, asked: Delivery) -> None:
        """Let it come, and cut."""
        raise NotImplementedError


class AfterTheAcknowledgement(Moment):
    def wait(self, fragile: Fragile, asked: Delivery) -> None:
        assert asked.wait_ack() == {}
        fragile.bot.kill()


class InTheMiddleOfTheReads(Moment):
    def wait(self, fragile: Fragile, asked: Delivery) -> None:
        assert asked.wait_ack() == {}
        fragile.house.syncro.wait_for_calls(MIDDLE)
        fragile.bot.kill()


class AfterTheOutcome(Moment):
    def arm(self, fragile: Fragile) -> None:
        self._edits = len(fragile.house.slack.calls_to("chat.update"))

    def wait(self, fragile: Fragile, asked: Delivery) -> None:
        assert asked.wait_ack() == {}
        fragile.house.slack.wait_for_call("chat.update", count=self._edits + 1)
        fragile.bot.kill()


class WhileSlackStores(Moment):
    """Slack has the `nth` message of this kind and stores it, but the bot is gone before it can note that."""

    def __init__(self, method: str, nth: int) -> None:
        self._method = method
        self._nth = nth

    def arm(self, fragile: Fragile) -> None:
        slack = fragile.house.slack
        turns = count(1)
        self._calls = len(slack.calls_to(self._method))

        def cut(_: ApiCall) -> None:
            if next(turns) == self._nth:
                fragile.bot.kill()

        slack.before(self._method, cut)

    def wait(self, fragile: Fragile, asked: Delivery) -> None:
        assert asked.wait_ack() == {}
        fragile.house.slack.wait_for_call(self._method, count=self._calls + self._nth)
        assert not fragile.bot.running, "the hook did not end the bot"
        fragile.house.slack.before(self._method, None)


def ask_and_cut(fragile: Fragile, moment: Moment) -> str:
    """Ask, cut the power at that moment, start again, and wait until nothing is left to do. Returns the channel."""
    channel = fragile.house.channel()
    fragile.house.syncro.reset_calls()
    moment.arm(fragile)
    moment.wait(fragile, fragile.house.slack.slash(NOT_INVOICED, channel=channel))
    fragile.house.syncro.reset_calls()
    fragile.start_again()
    fragile.house.wait_idle()
    return channel


def reads(fragile: Fragile) -> list[Call]:
    """What was asked of Syncro, but for the token: each start asks about that."""
    return [call for call in fragile.house.syncro.calls if call.path != "/me"]


@pytest.mark.parametrize(
    ("moment", "most_calls"),
    [
        pytest.param(AfterTheAcknowledgement, FULL_SEARCH, id="after the acknowledgement"),
        pytest.param(lambda: WhileSlackStores("chat.postMessage", 1), FULL_SEARCH, id="while Slack stores the parent"),
        pytest.param(InTheMiddleOfTheReads, FULL_SEARCH - MIDDLE + READS_AT_ONCE, id="in the middle of the reads"),
        pytest.param(lambda: WhileSlackStores("chat.update", 1), 0, id="while Slack stores the outcome"),
        pytest.param(AfterTheOutcome, 0, id="after the outcome"),
        pytest.param(lambda: WhileSlackStores("chat.postMessage", 2), 0, id="while Slack stores the evidence"),
    ],
)
def test_a_question_cut_off_at_any_moment_gets_one_parent_one_outcome_and_one_evidence_and_no_read_is_lost(
    fragile: Fragile, moment: Callable[[], Moment], most_calls: int
) -> None:
    fragile.house.slack.api.scopes.add("channels:history")

    channel = ask_and_cut(fragile, moment())

    parent = fragile.house.answer(channel)
    assert "NOT INVOICED" in parent.text
    assert parent.edited
    assert len(reads(fragile)) <= most_calls


def test_without_the_right_to_read_history_a_lost_parent_may_stay_but_the_question_is_answered_once(
    fragile: Fragile,
) -> None:
    channel = ask_and_cut(fragile, WhileSlackStores("chat.postMessage", 1))

    parents = fragile.house.own_parents(channel)
    (outcome,) = [parent for parent in parents if says_verdict(parent)]
    orphans = [parent for parent in parents if parent is not outcome]
    assert len(orphans) <= 1
    assert all("checking…" in orphan.text and not fragile.house.own_replies(orphan) for orphan in orphans)
    assert len(fragile.house.own_replies(outcome)) == 1


def test_without_the_right_to_read_history_a_lost_evidence_may_be_said_again_but_the_parent_stays_one(
    fragile: Fragile,
) -> None:
    channel = ask_and_cut(fragile, WhileSlackStores("chat.postMessage", 2))

    (parent,) = fragile.house.own_parents(channel)
    assert "NOT INVOICED" in parent.text
    assert 1 <= len(fragile.house.evidence(parent)) <= 2
    assert len({reply.text for reply in fragile.house.own_replies(parent)}) == 1


def test_a_bot_that_is_cut_off_again_and_again_still_finishes(fragile: Fragile) -> None:
    fragile.house.slack.api.scopes.add("channels:history")
    channel = fragile.house.channel()
    fragile.house.slack.slash(NOT_INVOICED, channel=channel)
    for _ in range(3):
        seen, deadline = len(reads(fragile)), time.monotonic() + PATIENCE
        while len(reads(fragile)) == seen:
            assert time.monotonic() < deadline, fragile.bot.log
            time.sleep(0.005)
        fragile.bot.kill()
        fragile.bot.start()
        fragile.starts += 1

    assert "NOT INVOICED" in fragile.house.answer(channel).text


def test_sigterm_in_a_long_search_ends_within_ten_seconds_even_while_syncro_hangs_and_the_next_start_finishes_it(
    new_house: NewHouse,
) -> None:
    house = new_house(latency=0.1)
    bot = house.serve(NOTHING_RECORDED="warn")
    channel = house.channel()
    house.slack.slash(LONG, channel=channel)
    house.syncro.wait_for_calls(30)
    house.syncro.latency = 60

    assert bot.stop() < 10
    before = len(house.syncro.calls)
    assert before < FULL_LONG_SEARCH - READS_AT_ONCE, "the search was over before the end"
    assert [parent.text for parent in house.own_parents(channel)] == [f"Ticket #{LONG} · checking…"]

    house.syncro.latency = 0
    bot.start()
    assert "NOT INVOICED" in house.answer(channel).text
    assert len(house.syncro.calls) <= FULL_LONG_SEARCH + READS_AT_ONCE
