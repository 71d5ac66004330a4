"""A digest of 300 tickets over 40 customers: without anything known, and with a ledger that is current."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import ListRows
from tests.benchmarks.child import Order, Outcome
from tests.benchmarks.digest_world import Allowance, allowance, busy_day, quiet_day
from tests.benchmarks.row import NOTHING_TO_HOLD, Row, Wishes
from tests.benchmarks.running import run_counted, sqlite
from tests.e2e import month as months
from tests.e2e.month import Plan, Truth, day

_DAYS: dict[str, Callable[[Plan], None]] = {"a quiet day": quiet_day, "a day with monthly invoices": busy_day}
_FIRST = {"digest": "a first digest", "sync": "a sync"}


def measure_digests(wishes: Wishes) -> Iterator[Row]:
    """Two ways to a current ledger, and two days; both latencies and both shapes of list rows."""
    if wishes.quick:
        yield from _two_days(wishes, ListRows.OPENAPI, 10, "sync", "a quiet day")
        yield from _two_days(wishes, ListRows.MEMO, 10, "digest", "a quiet day")
        return
    for latency_ms, rows, first in product((50, 200), ListRows, _FIRST):
        yield from _two_days(wishes, rows, latency_ms, first, "a quiet day")
    for rows, first in product(ListRows, _FIRST):
        _, after = _two_days(wishes, rows, 50, first, "a day with monthly invoices")
        yield after
    yield _memo(wishes)


def _two_days(wishes: Wishes, rows: ListRows, latency_ms: int, first: str, name: str) -> Iterator[Row]:
    """The run that fills the ledger, and the digest of the next day, held against its allowance."""
    plan = months.build()
    world, latency = plan.month.world, latency_ms / 1000
    wishes.say(f"digest after {_FIRST[first]} and {name}, {rows.value} rows, {latency_ms} ms")
    with (
        tempfile.TemporaryDirectory() as folder,
        SyncroSandbox(world, requests_per_minute=None, latency=latency, list_rows=rows) as syncro,
    ):
        order = Order(first, syncro.base_url, syncro.token, sqlite(folder), now=day(1).isoformat())
        calls, outcome = run_counted(syncro, order)
        earlier = _see_right(outcome, plan.month.truth(day(1))) if first == "digest" else set()
        yield _row(f"{first}, nothing known, {rows.value} rows", latency_ms, calls, outcome)
        with syncro.locked():
            _DAYS[name](plan)
        calls, outcome = run_counted(syncro, replace(order, what="digest", now=day(2).isoformat()))
        accused = _see_right(outcome, plan.month.truth(day(2)))
        allowed = allowance(world, now=day(2), before=day(1), accused=accused, said=earlier, rows=rows)
        yield _row(f"digest after {_FIRST[first]} and {name}, {rows.value} rows", latency_ms, calls, outcome, allowed)


def _memo(wishes: Wishes) -> Row:
    """The memo's algorithm on the same tickets; with its pauses it would take more than an hour."""
    wishes.say("the 300 tickets by the memo's algorithm")
    world = months.build().month.world
    pairs = [(str(ticket.id), str(ticket.customer_id)) for ticket in world.tickets.values()]
    with SyncroSandbox(world, requests_per_minute=None) as syncro:
        order = Order("memo", syncro.base_url, syncro.token, pairs=pairs, pauses=False)
        return _row("the 300 tickets, the memo's algorithm without its pauses", 0, *run_counted(syncro, order))


def _see_right(outcome: Outcome, truth: Truth) -> set[str]:
    """Who was accused, which has to be right."""
    said = {number for number, verdict in outcome.answers.items() if verdict == "not_invoiced"}
    if said != truth.unbilled | truth.snoozed | truth.marked:
        raise RuntimeError("a digest named the wrong tickets, so what it cost means nothing")
    return said


def _row(what: str, latency_ms: int, calls: int, outcome: Outcome, allowed: Allowance | None = None) -> Row:
    measured = {"calls": calls, "seconds": outcome.seconds, "peak MiB": outcome.peak_mib}
    if allowed is None:
        return Row(what, latency_ms, measured, NOTHING_TO_HOLD)
    return Row(what, latency_ms, measured, f"at most {allowed.calls}: {allowed.words}", calls <= allowed.calls)
