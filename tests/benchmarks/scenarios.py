"""One scenario, one measurement: the same sandbox, the memo's algorithm or ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.billing.decide import SyncroPages
from bot.billing.findings import CheckReport
from bot.billing.policy import Policy
from bot.billing.reader import SyncroReader
from bot.billing.verifier import Verifier
from bot.sandbox.sample_worlds import Sample
from bot.sandbox.syncro_server import SyncroSandbox
from bot.sandbox.syncro_world import ListRows
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient
from tests.benchmarks.memo import memo_invoices


@dataclass(frozen=True)
class Measured:
    """What a run cost, as the server counted it."""

    calls: int
    seconds: float


def measure_ours(
    sample: Sample, numbers: Sequence[str], rows: ListRows, latency: float
) -> tuple[Measured, CheckReport]:
    """Check the numbers with the real client over HTTP, without a limit on the rate."""
    with SyncroSandbox(sample.world, list_rows=rows, requests_per_minute=None, latency=latency) as syncro:
        client = SyncroClient(syncro.base_url, syncro.token, budget=RateBudget(1_000_000))
        reader = SyncroReader(client, lambda: datetime.now(UTC))
        started = time.perf_counter()
        verifier = Verifier(Policy(), SyncroPages("https://sample.test"))
        with reader.session() as session:
            report = verifier.check(numbers, session, started_at=datetime.now(UTC))
        seconds = time.perf_counter() - started
        reader.close()
        client.close()
        return Measured(len(syncro.calls), seconds), report


def measure_memo(
    sample: Sample,
    numbers: Sequence[str],
    rows: ListRows,
    latency: float,
    pause: Callable[[float], None] = time.sleep,
) -> Measured:
    """Let the memo's algorithm look for the same tickets, which it is given with their ids and customers."""
    tickets = [sample.world.ticket_numbered(number) for number in numbers]
    with SyncroSandbox(sample.world, list_rows=rows, requests_per_minute=None, latency=latency) as syncro:
        started = time.perf_counter()
        pairs = [(str(ticket.id), str(ticket.customer_id)) for ticket in tickets]
        memo_invoices(syncro.base_url, syncro.token, pairs, pause=pause)
        return Measured(len(syncro.calls), time.perf_counter() - started)
