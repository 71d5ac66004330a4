"""What the real processes cost with nothing to do, and how soon a job that is stored is begun all the same.

Postgres is measured where TEST_DATABASE_URL names a scratch server.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from tests.benchmarks.row import Row, Wishes
from tests.e2e.bot_process import BotProcess
from tests.e2e.house import CROWD, House, open_house
from tests.soak import opened

MOST_PERCENT_OF_A_CORE = 1.0
MOST_MEDIAN_MS = 100.0
_SETTLING_SECONDS = 65.0
"""What is done once a minute has been done once after the start."""
_IDLE_SECONDS = 60.0


def measure_idleness(wishes: Wishes) -> Iterator[Row]:
    """On SQLite one process, on Postgres two."""
    yield from _measured("sqlite", "SQLite", wishes)
    if server := os.environ.get("TEST_DATABASE_URL"):
        yield from _measured(server, "Postgres", wishes)


def _measured(database: str, name: str, wishes: Wishes) -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_house(Path(folder)) as house,
        opened(house, database) as (address, bots),
    ):
        wishes.say(f"nothing to do, on {name}")
        for bot, percent in zip(bots, _percent_of_a_core(bots, wishes), strict=True):
            yield Row(
                f"`{bot.command}` with nothing to do, {name}",
                0,
                {"% of a core": percent},
                f"under {MOST_PERCENT_OF_A_CORE:g} %",
                percent < MOST_PERCENT_OF_A_CORE,
            )
        wishes.say(f"questions one by one, on {name}")
        for number in CROWD:
            channel = house.channel()
            house.slack.slash(number, channel=channel)
            house.answers(channel)
        waits = _milliseconds_until_begun(house, address)
        median = statistics.median(waits)
        yield Row(
            f"from stored to begun, {name}",
            0,
            {"jobs": len(waits), "median ms": median, "95th percentile ms": waits[int(0.95 * len(waits))]},
            f"median under {MOST_MEDIAN_MS:g} ms",
            median < MOST_MEDIAN_MS,
        )


def _percent_of_a_core(bots: Sequence[BotProcess], wishes: Wishes) -> list[float]:
    time.sleep(0 if wishes.quick else _SETTLING_SECONDS)
    begun, before = time.monotonic(), [_seconds_of_work(bot.pid) for bot in bots]
    time.sleep(_IDLE_SECONDS)
    seconds = time.monotonic() - begun
    return [(_seconds_of_work(bot.pid) - was) / seconds * 100 for bot, was in zip(bots, before, strict=True)]


def _seconds_of_work(process: int) -> float:
    """What Linux counts of a process's own and the system's work for it."""
    counted = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(counted[11]) + int(counted[12])) / os.sysconf("SC_CLK_TCK")


def _milliseconds_until_begun(house: House, address: str) -> list[float]:
    address = address.replace("postgresql:", "postgresql+psycopg:")
    house.wait_idle(address)
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    table = "dbos.workflow_status" if engine.name == "postgresql" else "workflow_status"
    waited = f"SELECT started_at_epoch_ms - created_at FROM {table} WHERE queue_name = 'checks'"  # noqa: S608
    with engine.connect() as connection:
        return sorted(float(wait) for wait in connection.execute(sa.text(waited)).scalars())
