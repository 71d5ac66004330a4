"""Whether a ledger of a hundred thousand invoices makes the bot slower or larger than one of a thousand.

Everything that the stand-in Syncro holds is read into the ledger by a sync; the rest, up to the size, are other
customers' invoices that only the ledger knows. So what grows is the ledger, and the stand-in's own time does not.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.slack.workspace import MANAGER
from bot.sandbox.syncro.sample_worlds import Sample
from tests.benchmarks.child import Order
from tests.benchmarks.first_fill import seconds_to_answer
from tests.benchmarks.memory import peak_mib
from tests.benchmarks.moved import move_here
from tests.benchmarks.padding import pad
from tests.benchmarks.row import NOTHING_TO_HOLD, Row, Wishes
from tests.benchmarks.running import ROOT, run, run_counted, sqlite
from tests.e2e import month as months
from tests.e2e.bot_process import BotProcess, environment
from tests.e2e.house import INVOICED, NOT_INVOICED, House, open_house

SIZES = (1_000, 10_000, 100_000)
TIMES = 1.5
MOST_MIB = 200.0
MOST_START_SECONDS = 3.0
_IN_PROCESS_REPEATS, _SERVED_REPEATS, _STARTS = 40, 15, 3
_QUESTIONS = {"billed ticket": INVOICED, "ticket on no invoice": NOT_INVOICED}


@dataclass
class _Measured:
    """What was seen at one size."""

    size: int
    in_process: dict[str, float]
    served: dict[str, float]
    start_seconds: float
    serve_mib: float
    check_seconds: float
    check_mib: float


def measure_growth(wishes: Wishes) -> Iterator[Row]:
    """Questions at each size, and a digest at the smallest and the largest that holds its month."""
    sizes = SIZES[:-1] if wishes.quick else SIZES
    measured = []
    for size in sizes:
        wishes.say(f"a ledger of {size:,} invoices")
        measured.append(_measure(size))
    for each in measured:
        yield from _rows(each, measured[0])
    for size in sizes[-1:] if wishes.quick else (months.INVOICES, sizes[-1]):
        wishes.say(f"a digest with a ledger of {size:,} invoices")
        yield from _digest_rows(size)


# --- questions ---


def _measure(size: int) -> _Measured:
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder)) as house:
        order = _filled(house, size)
        orders = {kind: replace(order, what="check", tickets=[number]) for kind, number in _QUESTIONS.items()}
        in_process = {kind: _warm(house, order) for kind, order in orders.items()}
        check_seconds, check_mib = _check(house)
        start_seconds = statistics.median(_start_and_stop(house) for _ in range(_STARTS))
        bot = house.serve()
        served = _served(house)
        return _Measured(size, in_process, served, start_seconds, peak_mib(_pid(bot)), check_seconds, check_mib)


def _warm(house: House, order: Order) -> float:
    """The median seconds of a question that was asked before."""
    run(order)
    outcome = run(replace(order, repeats=_IN_PROCESS_REPEATS))
    if outcome.answers != {number: house.expected.expected[number].value for number in order.tickets}:
        raise RuntimeError("a question got a wrong answer, so what it took means nothing")
    return outcome.seconds


def _start_and_stop(house: House) -> float:
    """Seconds until a bot that is started is ready."""
    began = time.perf_counter()
    bot = house.serve()
    seconds = time.perf_counter() - began
    bot.stop()
    return seconds


def _served(house: House) -> dict[str, float]:
    """Seconds from typing a command until the answer stands in the channel, the median of several."""
    return {
        kind: statistics.median(seconds_to_answer(house, number) for _ in range(_SERVED_REPEATS))
        for kind, number in _QUESTIONS.items()
    }


def _check(house: House) -> tuple[float, float]:
    """Seconds and peak memory of `invoice-bot check` as a shell calls it, the median of several."""
    seconds, told = [], house.home / "peak"
    for _ in range(_STARTS):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.told_memory", "check", INVOICED, "--json"],
            cwd=house.home,
            env=environment(house.settings()) | {"TOLD_MEMORY": str(told), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        seconds.append(time.perf_counter() - began)
        if json.loads(done.stdout)["results"][0]["verdict"] != "invoiced":
            raise RuntimeError("a check gave a wrong answer, so what it took means nothing")
    return statistics.median(seconds), float(told.read_text(encoding="ascii"))


def _rows(each: _Measured, smallest: _Measured) -> Iterator[Row]:
    ledger = f"ledger of {each.size:,} invoices"
    for name, now, before in (
        ("the search alone", each.in_process, smallest.in_process),
        ("in Slack", each.served, smallest.served),
    ):
        for kind in _QUESTIONS:
            scenario = f"{ledger}: warm question, {kind}, {name}"
            measured = {"seconds": now[kind], "of the smallest ledger's": now[kind] / before[kind]}
            if each is smallest:
                yield Row(scenario, 0, measured, NOTHING_TO_HOLD)
            else:
                most = TIMES * before[kind]
                bound = f"under {TIMES} x that with {smallest.size:,}: {most:.3f} s"
                yield Row(scenario, 0, measured, bound, now[kind] < most)
    yield Row(
        f"{ledger}: `invoice-bot check`, warm",
        0,
        {"seconds": each.check_seconds, "peak MiB": each.check_mib},
        f"peak memory under {MOST_MIB:.0f} MiB",
        each.check_mib < MOST_MIB,
    )
    yield Row(
        f"{ledger}: `invoice-bot serve`, start-up and {len(_QUESTIONS) * _SERVED_REPEATS} warm questions",
        0,
        {"seconds until ready": each.start_seconds, "peak MiB": each.serve_mib},
        f"ready in under {MOST_START_SECONDS:.0f} s, peak memory under {MOST_MIB:.0f} MiB",
        each.start_seconds < MOST_START_SECONDS and each.serve_mib < MOST_MIB,
    )


# --- digests ---


def _digest_rows(size: int) -> Iterator[Row]:
    world = months.build().month.world
    move_here(world)
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder), made=Sample(world)) as house:
        order = _filled(house, size)
        calls, outcome = run_counted(house.syncro, replace(order, what="digest"))
        yield Row(
            f"ledger of {size:,} invoices: digest of 300 tickets",
            0,
            {"calls": calls, "seconds": outcome.seconds, "peak MiB": outcome.peak_mib},
            f"peak memory under {MOST_MIB:.0f} MiB",
            outcome.peak_mib < MOST_MIB,
        )
        bot, channel = house.serve(MANAGERS=MANAGER), house.channel()
        began = time.perf_counter()
        house.slack.slash("digest now", channel=channel, user=MANAGER)
        house.slack.wait_for(lambda _: house.own_parents(channel), 120)
        seconds = time.perf_counter() - began
        house.wait_idle(timeout=120)
        peak = peak_mib(_pid(bot))
        yield Row(
            f"ledger of {size:,} invoices: the same digest, asked for in Slack, in `invoice-bot serve`",
            0,
            {"seconds": seconds, "peak MiB": peak},
            f"peak memory under {MOST_MIB:.0f} MiB",
            peak < MOST_MIB,
        )


# --- both ---


def _filled(house: House, size: int) -> Order:
    """Have the ledger know all that the stand-in has, and others up to the size. Returns the order that did it."""
    now = datetime.now(UTC)
    order = Order("sync", house.syncro.base_url, house.syncro.token, sqlite(house.home), now=now.isoformat())
    if problem := run(order).problem:
        raise RuntimeError(f"the ledger is not filled: {problem}")
    if pad(order.database, order.base_url, size, now) != max(size, len(house.expected.world.invoices)):
        raise RuntimeError("the ledger is not of the size it should have")
    return replace(order, now=datetime.now(UTC).isoformat())


def _pid(bot: BotProcess) -> int:
    assert bot._process is not None
    return bot._process.pid
