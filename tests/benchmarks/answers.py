"""One ticket, and the incident's 31, on one sandbox: the memo's algorithm, and ours cold and warm."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.sandbox.syncro.sample_worlds import INCIDENT_TICKET, Sample, incident
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import ListRows
from tests.benchmarks.child import Order, Outcome
from tests.benchmarks.row import NOTHING_TO_HOLD, Row, Wishes
from tests.benchmarks.running import run_counted, sqlite

COLD_CALLS, WARM_CALLS = 4, 2
OF_MEMO = 0.4


def measure_answers(wishes: Wishes) -> Iterator[Row]:
    """At both latencies, on both shapes of list rows."""
    for latency_ms in (10,) if wishes.quick else (50, 200):
        for rows in ListRows:
            sample = incident()
            with SyncroSandbox(
                sample.world, requests_per_minute=None, latency=latency_ms / 1000, list_rows=rows
            ) as syncro:
                bench = _Bench(wishes, syncro, sample, rows, latency_ms)
                yield from bench.rows("one ticket", [str(INCIDENT_TICKET)])
                yield from bench.rows("31 tickets", sample.numbers)


class _Bench:
    def __init__(self, wishes: Wishes, syncro: SyncroSandbox, sample: Sample, rows: ListRows, latency_ms: int) -> None:
        self._wishes = wishes
        self._syncro = syncro
        self._sample = sample
        self._shape = rows
        self._latency_ms = latency_ms

    def rows(self, what: str, numbers: Sequence[str]) -> Iterator[Row]:
        self._wishes.say(f"{what}, {self._shape.value} rows, {self._latency_ms} ms")
        memo_calls, memo = run_counted(self._syncro, self._memo_order(numbers))
        yield self._row(f"{what}, {self._memo_name}", memo_calls, memo)
        with tempfile.TemporaryDirectory() as folder:
            order = Order("check", self._syncro.base_url, self._syncro.token, sqlite(folder), tickets=list(numbers))
            for state in ("cold", "warm"):
                order = _at_this_moment(order)
                calls, outcome = run_counted(self._syncro, order)
                self._see_right(numbers, outcome)
                yield self._row(f"{what}, {state}", calls, outcome, *_bound(len(numbers), state, memo_calls))

    @property
    def _memo_name(self) -> str:
        return "the memo's algorithm without its pauses" if self._wishes.quick else "the memo's algorithm"

    def _memo_order(self, numbers: Sequence[str]) -> Order:
        tickets = [self._sample.world.ticket_numbered(number) for number in numbers]
        pairs = [(str(ticket.id), str(ticket.customer_id)) for ticket in tickets]
        return Order("memo", self._syncro.base_url, self._syncro.token, pairs=pairs, pauses=not self._wishes.quick)

    def _see_right(self, numbers: Sequence[str], outcome: Outcome) -> None:
        expected = {number: self._sample.expected[number].value for number in numbers}
        if outcome.answers != expected:
            raise RuntimeError("a run gave wrong answers, so what it cost means nothing")

    def _row(
        self, what: str, calls: int, outcome: Outcome, bound: str = NOTHING_TO_HOLD, most: float | None = None
    ) -> Row:
        measured = {"calls": calls, "seconds": outcome.seconds, "peak MiB": outcome.peak_mib}
        held = None if most is None else calls <= most
        return Row(f"{what}, {self._shape.value} rows", self._latency_ms, measured, bound, held)


def _bound(tickets: int, state: str, memo_calls: int) -> tuple[str, float]:
    if state == "cold" and tickets == 1:
        return f"at most {COLD_CALLS} calls", COLD_CALLS
    if state == "cold":
        most = OF_MEMO * memo_calls
        return f"at most {OF_MEMO:.0%} of the memo's {memo_calls} calls: {most:.0f}", most
    most = WARM_CALLS * tickets
    return f"at most {WARM_CALLS} calls a ticket: {most}", most


def _at_this_moment(order: Order) -> Order:
    return Order(**{**order.__dict__, "now": datetime.now(UTC).isoformat()})
