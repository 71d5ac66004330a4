"""Whether the bot is alive and ready, and its gauges for Prometheus."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.health.systemd import notify
from bot.health.tally import Tally

HANGS_AFTER = 300.0
"""Seconds without a look at the duties after which the process is taken to hang. A database that is away holds one up
for 40."""
_DATABASE_SECONDS = 3.0


@dataclass(frozen=True)
class Recorded:
    """What the database says, for all processes together. Moments are aware; None for what never was."""

    waiting: int
    under_way: int
    oldest_waiting: datetime | None
    last_digest: datetime | None
    last_sync: datetime | None
    warnings: int
    false_alarms: int
    calls_left: int


class Line(Protocol):
    """The connection to Slack."""

    def is_connected(self) -> bool:
        """Whether it stands."""
        ...

    def last_pong(self) -> datetime | None:
        """When Slack last answered a ping."""
        ...


class Vitals(Collector):
    """What is looked at when somebody asks, and not before. `line` is None for a worker, which has none."""

    name = "sign of life"

    def __init__(
        self,
        tally: Tally,
        recorded: Callable[[], Recorded],
        line: Line | None,
        is_token_refused: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._tally = tally
        self._recorded = recorded
        self._line = line
        self._is_token_refused = is_token_refused
        self._clock = clock
        self._looked_at = time.monotonic()
        self._is_started = False
        self._one_at_a_time = threading.Lock()
        self._asked: Future[Recorded] | None = None
        self._asker = ThreadPoolExecutor(1, thread_name_prefix="health")
        tally.registry.register(self)

    def look(self, _now: datetime) -> None:
        """See `Duty`: the process goes round."""
        self._looked_at = time.monotonic()
        notify("WATCHDOG=1")

    def started(self) -> None:
        """The bot takes questions from now on."""
        self._is_started = True

    def is_alive(self) -> bool:
        """Whether the process goes round."""
        return time.monotonic() - self._looked_at < HANGS_AFTER

    def troubles(self) -> list[str]:
        """Why a question asked now would not be answered well; empty where all is in order."""
        found = [] if self._is_started else ["the bot is starting"]
        if self._line is not None and not self._line.is_connected():
            found.append("there is no connection to Slack")
        if self._look_at_database() is None:
            found.append("the database does not answer")
        if self._is_token_refused():
            found.append("Syncro refuses the token")
        return found

    def collect(self) -> Iterator[Metric]:
        """See `Collector`: every gauge. What is not known is left out."""
        recorded = self._look_at_database()
        yield _gauge("database_up", "Whether the database answers within 3 s.", recorded is not None)
        yield _gauge("syncro_token_refused", "Whether Syncro refuses the token.", self._is_token_refused())
        yield _gauge(
            "unverified_share",
            "Share of could not verify among the latest 1,000 verdicts of this process.",
            self._tally.unverified_share(),
        )
        if self._line is not None:
            yield _gauge("slack_connected", "Whether the connection to Slack stands.", self._line.is_connected())
            yield _moment("last_pong", "When Slack last answered a ping.", self._line.last_pong())
        if recorded is not None:
            yield from self._of_database(recorded)

    def _of_database(self, recorded: Recorded) -> Iterator[Metric]:
        oldest = recorded.oldest_waiting
        age = 0.0 if oldest is None else max(0.0, (self._clock() - oldest).total_seconds())
        yield _gauge("jobs_waiting", "Jobs that wait, in all processes.", recorded.waiting)
        yield _gauge("jobs_under_way", "Jobs under way, in all processes.", recorded.under_way)
        yield _gauge("queue_age_seconds", "Age of the oldest job that waits.", age)
        yield _moment("last_digest", "When the last complete digest was made.", recorded.last_digest)
        yield _moment("last_sync", "Up to when the ledger knows the account's changes.", recorded.last_sync)
        yield _gauge("warnings_said", "Tickets said to be on no invoice, ever.", recorded.warnings)
        yield _gauge("false_alarms", "Warnings that somebody reported as wrong, ever.", recorded.false_alarms)
        yield _gauge("syncro_calls_left", "Requests that may be made at once, by all.", recorded.calls_left)

    def _look_at_database(self) -> Recorded | None:
        """What it says; None where it does not answer. A look that hangs is waited for by one thread only."""
        with self._one_at_a_time:
            if self._asked is None or self._asked.done():
                self._asked = self._asker.submit(self._recorded)
            asked = self._asked
        try:
            return asked.result(_DATABASE_SECONDS)
        except Exception:  # noqa: BLE001 - whatever keeps it from answering
            return None


def _gauge(name: str, about: str, value: float | None) -> Metric:
    gauge = GaugeMetricFamily(f"invoice_bot_{name}", about)
    if value is not None:
        gauge.add_metric([], float(value))
    return gauge


def _moment(name: str, about: str, moment: datetime | None) -> Metric:
    return _gauge(f"{name}_timestamp_seconds", about, None if moment is None else moment.timestamp())
