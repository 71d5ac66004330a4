"""What a running bot does by itself. Every process does so: a job's key makes sure that only one comes of it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.jobs.digest_request import DigestRequest, digest_key
from bot.jobs.schedule import is_first_of_day, latest_due
from bot.jobs.sync import sync_key

log = logging.getLogger(__name__)

PURGE_EVERY = timedelta(days=1)


class ScheduledDigest:
    """Enqueues the digests of each day. `schedule` is a cron expression in wall-clock time of `zone`."""

    name = "scheduled digest"

    def __init__(
        self,
        enqueue: Callable[[str, DigestRequest], None],
        *,
        schedule: str,
        zone: ZoneInfo,
        channel: str | None,
        has_subscribers: Callable[[], bool],
    ) -> None:
        self._enqueue = enqueue
        self._schedule = schedule
        self._zone = zone
        self._channel = channel
        self._has_subscribers = has_subscribers
        self._last: datetime | None = None

    def look(self, now: datetime) -> None:
        """See `Duty`."""
        due = latest_due(self._schedule, self._zone, now)
        if due is None or due == self._last:
            return
        if self._channel is None and not self._has_subscribers():
            return
        request = DigestRequest(due.date(), self._channel)
        key = digest_key(request)
        self._enqueue(key if is_first_of_day(self._schedule, due) else f"{key}:{due:%H:%M}", request)
        self._last = due


class HourlyNudges:
    """Enqueues a round of reminders by this name, every hour."""

    name = "reminders"

    def __init__(self, enqueue: Callable[[str], None]) -> None:
        self._enqueue = enqueue
        self._last = ""

    def look(self, now: datetime) -> None:
        """See `Duty`."""
        key = f"nudges:{now:%Y-%m-%dT%H}"
        if key != self._last:
            self._enqueue(key)
            self._last = key


class RegularSync:
    """Enqueues a sync of the ledger by this name, `every` so often."""

    name = "regular sync"

    def __init__(self, enqueue: Callable[[str], None], every: timedelta) -> None:
        self._enqueue = enqueue
        self._every = every
        self._last = ""

    def look(self, now: datetime) -> None:
        """See `Duty`."""
        key = sync_key(now, self._every)
        if key != self._last:
            # After a start under a name of its own: the run of this moment may have been stopped, and counts as done.
            self._enqueue(key if self._last else f"{key}:{uuid.uuid4()}")
            self._last = key


class DailyPurge:
    """Removes what is old at the start, and daily from then; one that fails is left for the next day."""

    def __init__(self, what: str, purge: Callable[[datetime], int], started_at: datetime) -> None:
        self.name = f"removal of old {what}"
        self._what = what
        self._purge = purge
        self._due = started_at

    def look(self, now: datetime) -> None:
        """See `Duty`."""
        if now >= self._due:
            self._due = now + PURGE_EVERY
            removed = self._purge(now)
            if removed:
                log.info("Removed %d old %s", removed, self._what)
