"""A power cut at any moment of a scheduled run: the channel still gets one digest, and all of it."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import Message
from bot.sandbox.syncro.exchange import Answer
from bot.sandbox.syncro.sample_worlds import Sample
from bot.sandbox.syncro.world import World
from tests.e2e.bot_process import BotProcess
from tests.e2e.house import House, local_noon, open_house
from tests.patience import PATIENCE
from tests.standins.slack_faults import ApiCall
from tests.standins.syncro_faults import Exchange, Fault

SEED = 20_261_123
ROUNDS = 5
"""With two power cuts in each, for a bot with memory and one without together."""
LATENCY = 0.01
STARTING_CALLS = 2
"""What each start asks of Slack before anything else: who it is, and a connection."""
METHODS = (
    "auth.test",
    "apps.connections.open",
    "conversations.info",
    "conversations.history",
    "conversations.replies",
    "chat.postMessage",
    "chat.update",
    "files.getUploadURLExternal",
    "upload",
    "files.completeUploadExternal",
)


def small_world() -> Sample:
    """Nine tickets of three customers: six unbilled, two invoiced, one that nobody can tell."""
    world = World()
    customer = world.add_customer("Fragile")
    for payer in (customer, world.add_customer("Brittle"), world.add_customer("Frail")):
        for price in ("10.00", "20.50"):
            world.add_charge(world.add_ticket(payer), price)
    world.bill_by_ticket_id(world.add_ticket(customer))
    world.bill_by_ticket_id(world.add_ticket(customer))
    world.mention(world.add_ticket(customer))
    return Sample(world)


class PowerCuts:
    """Counts everything that the bot asks of either service, and kills it at a chosen one, before its answer."""

    def __init__(self, house: House) -> None:
        self.count = 0
        self.gone = threading.Event()
        self.last = ""
        self._at = 0
        self._bot: BotProcess | None = None
        self._lock = threading.Lock()
        house.syncro.faults.append(Fault("/.*", self._asked_syncro))
        for method in METHODS:
            house.slack.before(method, self._asked_slack)

    def arm(self, bot: BotProcess, at: int) -> None:
        with self._lock:
            self.count, self._at, self._bot = 0, at, bot
            self.gone.clear()

    def _asked_syncro(self, exchange: Exchange) -> Answer:
        self._asked(exchange.ask.path)
        return exchange.answer()

    def _asked_slack(self, call: ApiCall) -> None:
        self._asked(call.method)

    def _asked(self, what: str) -> None:
        with self._lock:
            self.count += 1
            due = self.count == self._at and self._bot is not None
            bot = self._bot
        if due and bot is not None:
            self.last = what
            bot.kill()
            self.gone.set()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[House]:
    scopes = DEFAULT_SCOPES | {"channels:history"}
    with open_house(tmp_path, latency=LATENCY, scopes=scopes, made=small_world()) as house:
        house.slack.latency = LATENCY
        yield house


def bot_for(house: House, channel: str, ledger_days: int) -> BotProcess:
    """A bot whose digest for this channel is due now."""
    settings = house.settings(
        SYNCRO_REQUESTS_PER_MINUTE="3000",
        DIGEST_SCHEDULE="0 12 * * *",
        DIGEST_TIMEZONE=local_noon(),
        DIGEST_CHANNEL=channel,
        LEDGER_MAX_AGE_DAYS=str(ledger_days),
    )
    return BotProcess(house.home, settings)


def lasting(message: Message) -> str:
    """What a message says, without when it was made, what that cost, and how many runs there were before."""
    left_out = (
        r"(?m)^.*(made|checked) 20.*$|^.*(?:last|earlier) \d+ (?:runs|digests).*$| since 20\d\d-\d\d-\d\d \d\d:\d\d UTC"
    )
    return re.sub(left_out, "", message.text)


def whole_digest(house: House, channel: str) -> tuple[str, list[str]]:
    """The only digest of a channel, and its thread without the file."""
    parents = house.own_parents(channel)
    assert len(parents) == 1, [parent.text for parent in parents]
    replies = house.own_replies(parents[0])
    files = [reply for reply in replies if reply.files]
    assert 1 <= len(files) <= 2, "a file has no mark, so it may come twice"
    return lasting(parents[0]), [lasting(reply) for reply in replies if not reply.files]


def wait_for_digest(house: House, channel: str) -> None:
    """Wait until the channel has its digest, and nothing is left to do."""
    house.slack.wait_for(lambda _: house.own_parents(channel))
    house.wait_idle()


def undisturbed(house: House, cuts: PowerCuts, ledger_days: int) -> tuple[tuple[str, list[str]], int]:
    """A digest that nobody cuts off, and how often the bot asked something of Syncro or Slack for it."""
    channel = house.channel()
    with bot_for(house, channel, ledger_days) as bot:
        cuts.arm(bot, at=0)
        wait_for_digest(house, channel)
        asked = cuts.count
        bot.stop()
    return whole_digest(house, channel), asked


@pytest.mark.parametrize(("ledger_days", "rounds", "least_steps"), [(0, ROUNDS - 2, 30), (90, 2, 12)])
def test_a_scheduled_digest_cut_off_at_ten_random_moments_stands_in_its_channel_once_and_complete(
    fragile: House, ledger_days: int, rounds: int, least_steps: int
) -> None:
    cuts, chance = PowerCuts(fragile), random.Random(SEED)
    undisturbed(fragile, cuts, ledger_days)  # the first digest ever reads otherwise than those after it
    undisturbed(fragile, cuts, ledger_days)
    expected, steps = undisturbed(fragile, cuts, ledger_days)
    assert "6 tickets unbilled, 91.50 at risk, 1 could not be verified" in expected[0]
    assert steps > least_steps

    moments = []
    for _ in range(rounds):
        channel = fragile.channel()
        with bot_for(fragile, channel, ledger_days) as bot:
            first = chance.randrange(STARTING_CALLS + 1, steps + 1)
            second = chance.randrange(1, STARTING_CALLS + 1 + (steps - first))
            cuts.arm(bot, first)
            assert cuts.gone.wait(PATIENCE), f"call {first} did not come:\n{bot.log}"
            moments.append(cuts.last)
            cuts.arm(bot, second)
            bot.start()
            assert cuts.gone.wait(PATIENCE), f"call {second} did not come after call {first} of {steps}:\n{bot.log}"
            moments.append(cuts.last)
            cuts.arm(bot, 0)
            bot.start()
            wait_for_digest(fragile, channel)
            bot.kill()
        assert whole_digest(fragile, channel) == expected, moments[-2:]
    assert len(moments) == 2 * rounds
