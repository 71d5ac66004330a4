"""How long a technician waits while the ledger is filled for the first time, beside the same question to an idle bot.

The real bot process at Syncro's real limit, with the stand-in that keeps it. From typing the command until the answer
stands in the channel. A question that needs more calls than the third of the limit that is left free for people has to
wait for the limit while the fill uses the rest: it is shown beside the others, and not held against their bound.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from bot.sandbox.syncro.sample_worlds import Sample
from bot.sandbox.syncro.world import World
from bot.syncro.budget import reserve_of
from tests.benchmarks.moved import move_here
from tests.benchmarks.row import Row, Wishes
from tests.e2e import month as months
from tests.e2e.house import House, says_verdict
from tests.e2e.month import Plan
from tests.standins.slack import FaultySlack
from tests.standins.syncro import FaultySyncro

LIMIT = 180
LATENCY_MS = 50
TIMES, MORE_SECONDS = 2.0, 1.0
BOUND = "at most 2 x the idle bot's + 1 s (the slowest beside the idle median)"
_PATIENCE_SECONDS = 150.0
_PAUSE_SECONDS = 3.0
_WINDOW_SECONDS = 61.0


def measure_first_fill(wishes: Wishes) -> Iterator[Row]:
    """Tickets on an invoice, and tickets on none, for which all of their customer's invoices count."""
    idle, filling = _Waits(wishes, fills=False), _Waits(wishes, fills=True)
    for kind, seconds in idle.seconds.items():
        yield _row(kind, idle.calls[kind], seconds, filling.seconds[kind])


def _row(kind: str, calls: int, idle: Sequence[float], filling: Sequence[float]) -> Row:
    most = TIMES * statistics.median(idle) + MORE_SECONDS
    fits = calls <= reserve_of(LIMIT)
    return Row(
        f"question during a first fill: {kind}",
        LATENCY_MS,
        {
            "questions": len(filling),
            "calls": calls,
            "idle s (median)": statistics.median(idle),
            "filling s (median)": statistics.median(filling),
            "filling s (slowest)": max(filling),
        },
        f"{BOUND}: {most:.1f} s" if fits else f"none: more than the {reserve_of(LIMIT)} calls a minute left free",
        max(filling) <= most if fits else None,
    )


class _Waits:
    """Asks a bot that is idle or fills its ledger; keeps seconds and most calls of each kind of question.

    Calls are counted by the server, so on the idle bot only.
    """

    def __init__(self, wishes: Wishes, *, fills: bool) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.calls: dict[str, int] = {}
        plan = months.build()
        move_here(plan.month.world)
        middling = _middling(plan.month.world)
        wishes.say("a bot during its first fill" if fills else "an idle bot")
        with _house(plan) as house:
            house.serve(SYNCRO_REQUESTS_PER_MINUTE=str(LIMIT), SYNC_EVERY_MINUTES="1" if fills else "0")
            if fills:
                house.syncro.wait_for_calls(LIMIT * 2 // 3, timeout=_PATIENCE_SECONDS)
            for number in _billed(plan)[: 2 if wishes.quick else 5]:
                for state in ("cold", "warm"):
                    time.sleep(_PAUSE_SECONDS)
                    self._ask(house, number, f"ticket on an invoice, {state}")
            if not wishes.quick:
                time.sleep(_WINDOW_SECONDS)
                for state in ("cold", "warm"):
                    self._ask(house, middling, f"ticket on none of its customer's 28 invoices, {state}")
                time.sleep(_WINDOW_SECONDS)
                self._ask(house, _unbilled(plan), "ticket on none of its customer's 100 invoices, cold")
            if house.syncro.refused:
                raise RuntimeError("the stand-in had to refuse calls")

    def _ask(self, house: House, number: str, kind: str) -> None:
        before = len(house.syncro.calls)
        self.seconds.setdefault(kind, []).append(seconds_to_answer(house, number, timeout=_PATIENCE_SECONDS))
        self.calls[kind] = max(len(house.syncro.calls) - before, self.calls.get(kind, 0))


def seconds_to_answer(house: House, number: str, *, timeout: float = 30.0) -> float:
    """Ask in a channel of its own, and wait until the answer stands there."""
    channel = house.channel()
    began = time.perf_counter()
    house.slack.slash(number, channel=channel)
    house.slack.wait_for(lambda _: any(says_verdict(parent) for parent in house.own_parents(channel)), timeout)
    return time.perf_counter() - began


def _billed(plan: Plan) -> list[str]:
    """Tickets on an invoice of their own, each of another customer."""
    chosen: dict[int, str] = {}
    for number in plan.billed_by_id:
        fact = next(fact for fact in plan.month.facts.values() if fact.invoice == number)
        chosen.setdefault(fact.ticket.customer_id, fact.number)
    return list(chosen.values())


def _unbilled(plan: Plan) -> str:
    return next(fact.number for fact in plan.month.facts.values() if fact.owed)


def _middling(world: World) -> str:
    """Add a ticket on no invoice, of a customer with 28 of them."""
    ticket = world.add_ticket(world.add_customer("Sample Middling"))
    world.add_charge(ticket)
    for index in range(28):
        made = world.now - timedelta(days=2 + 7 * index)
        world.add_invoice(world.customers[ticket.customer_id], created_at=made)
    return str(ticket.number)


@contextmanager
def _house(plan: Plan) -> Iterator[House]:
    """A house whose Syncro keeps the real limit."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FaultySyncro(plan.month.world, requests_per_minute=LIMIT, latency=LATENCY_MS / 1000) as syncro,
        FaultySlack() as slack,
        ExitStack() as bots,
    ):
        yield House(syncro, slack, Path(folder), Sample(plan.month.world), bots)
