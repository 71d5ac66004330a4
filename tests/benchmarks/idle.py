"""What the real processes cost with nothing to do, and how soon a job that is stored is begun all the same.

Postgres is measured where TEST_DATABASE_URL names a scratch server.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import sqlalchemy as sa

from bot.jobs.engine import JobEngine, JobKind
from tests.benchmarks.row import Row, Wishes
from tests.benchmarks.running import sqlite
from tests.e2e.bot_process import BotProcess
from tests.e2e.house import CROWD, House, open_house
from tests.soak import opened

MOST_PERCENT_OF_A_CORE = 1.0
MOST_MEDIAN_MS = 100.0
_SETTLING_SECONDS = 65.0
"""What is done once a minute has been done once after the start."""
_IDLE_SECONDS = 60.0
_QUICK_SECONDS = 20.0
_BETWEEN_SECONDS = 0.7
"""So long that the queue is not looked at again because of the job before."""


def measure_idleness(wishes: Wishes) -> Iterator[Row]:
    """On SQLite one process, on Postgres two."""
    yield from _idle("sqlite", "SQLite", wishes)
    yield _row_of_waits("SQLite", _in_one_process())
    if server := os.environ.get("TEST_DATABASE_URL"):
        yield from _idle(server, "Postgres", wishes)
        yield _row_of_waits("Postgres, two processes", _in_two_processes(server))


def _row_of_waits(where: str, waits: Sequence[float]) -> Row:
    median = statistics.median(waits)
    return Row(
        f"from stored to begun, {where}",
        0,
        {"jobs": len(waits), "median ms": median, "95th percentile ms": sorted(waits)[int(0.95 * len(waits))]},
        f"median under {MOST_MEDIAN_MS:g} ms",
        median < MOST_MEDIAN_MS,
    )


@contextmanager
def _bots(database: str) -> Iterator[tuple[House, str, list[BotProcess]]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_house(Path(folder)) as house,
        opened(house, database) as (address, bots),
    ):
        yield house, address, bots


def _idle(database: str, name: str, wishes: Wishes) -> Iterator[Row]:
    wishes.say(f"nothing to do, on {name}")
    with _bots(database) as (_, _, bots):
        time.sleep(_QUICK_SECONDS if wishes.quick else _SETTLING_SECONDS)
        begun, before = time.monotonic(), [_seconds_of_work(bot.pid) for bot in bots]
        time.sleep(_QUICK_SECONDS if wishes.quick else _IDLE_SECONDS)
        seconds = time.monotonic() - begun
        for bot, was in zip(bots, before, strict=True):
            percent = (_seconds_of_work(bot.pid) - was) / seconds * 100
            yield Row(
                f"`{bot.command}` with nothing to do, {name}",
                0,
                {"% of a core": percent},
                f"under {MOST_PERCENT_OF_A_CORE:g} %",
                percent < MOST_PERCENT_OF_A_CORE,
            )


def _seconds_of_work(process: int) -> float:
    """What Linux counts of a process's own and the system's work for it."""
    counted = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(counted[11]) + int(counted[12])) / os.sysconf("SC_CLK_TCK")


def _in_one_process() -> list[float]:
    """Milliseconds from stored to begun, of jobs stored one by one. DBOS notes whole seconds only on SQLite."""
    begun = SimpleQueue[float]()
    waits = []
    with tempfile.TemporaryDirectory() as folder:
        engine = JobEngine(sqlite(folder), [JobKind("check", lambda *_: begun.put(time.perf_counter()), 1)])
        engine.launch()
        for number in range(len(CROWD)):
            engine.enqueue("check", f"job {number}", {})
            stored = time.perf_counter()
            waits.append((begun.get(timeout=60) - stored) * 1000)
            time.sleep(_BETWEEN_SECONDS)
        engine.stop(patience_seconds=1)
    return waits


def _in_two_processes(database: str) -> list[float]:
    """Milliseconds from stored to begun, of questions asked one by one, whichever process took them up."""
    with _bots(database) as (house, address, _):
        for number in CROWD:
            channel = house.channel()
            house.slack.slash(number, channel=channel)
            house.answers(channel)
        address = address.replace("postgresql:", "postgresql+psycopg:")
        house.wait_idle(address)
        waited = "SELECT started_at_epoch_ms - created_at FROM dbos.workflow_status WHERE queue_name = 'checks'"
        with sa.create_engine(address, poolclass=sa.NullPool).connect() as connection:
            return [float(wait) for wait in connection.execute(sa.text(waited)).scalars()]
