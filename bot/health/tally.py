"""What this process has done since its start, counted for Prometheus."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter

from bot.billing.rules.verdicts import Verdict
from bot.syncro.budget import CallBudget

_LATEST = 1_000


class Tally:
    """Safe to share between threads. `registry` holds the counters; gauges are added to it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter("invoice_bot_syncro_calls", "Requests to Syncro.", registry=self.registry)
        self._refused = Counter("invoice_bot_syncro_429", "Requests that Syncro refused (429).", registry=self.registry)
        self._posts = Counter(
            "invoice_bot_posts_failed",
            "Messages that Slack did not take: refused, or unavailable and tried again.",
            ["why"],
            registry=self.registry,
        )
        self._verdicts = Counter(
            "invoice_bot_verdicts", "Verdicts on tickets, in answers and digests.", ["verdict"], registry=self.registry
        )
        for verdict in Verdict:
            self._verdicts.labels(verdict.value)
        for why in ("refused", "unavailable"):
            self._posts.labels(why)
        self._latest: deque[bool] = deque(maxlen=_LATEST)

    def counted(self, budget: CallBudget) -> CallBudget:
        """The same budget, whose calls are counted."""
        return _CountedBudget(budget, self._calls, self._refused)

    def answered(self, verdicts: Iterable[Verdict]) -> None:
        """So much was said."""
        for verdict in verdicts:
            self._verdicts.labels(verdict.value).inc()
            self._latest.append(verdict is Verdict.UNVERIFIED)

    def post_failed(self, why: str) -> None:
        """Slack did not take a message: `refused` or `unavailable`."""
        self._posts.labels(why).inc()

    def unverified_share(self) -> float | None:
        """How many of the latest 1,000 verdicts were "could not verify", 0 to 1; None where there was none."""
        latest = list(self._latest)
        return sum(latest) / len(latest) if latest else None


class _CountedBudget:
    def __init__(self, budget: CallBudget, calls: Counter, refused: Counter) -> None:
        self._budget = budget
        self._calls = calls
        self._refused = refused

    @contextmanager
    def call(self, longest_pause: float = math.inf) -> Iterator[None]:
        with self._budget.call(longest_pause):
            self._calls.inc()
            yield

    def refused(self, retry_after: float | None) -> None:
        self._refused.inc()
        self._budget.refused(retry_after)
