"""What a running bot does by itself: when it is due, once, and whatever else fails."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.jobs.clock import Clock
from bot.jobs.digest_request import DigestRequest
from bot.jobs.duties import DailyPurge, RegularSync, ScheduledDigest

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday."""
QUARTER = timedelta(minutes=15)


class Noted:
    """A duty that notes when it was looked at, and fails as often as it is told to."""

    def __init__(self, name: str = "noted", *, fails: int = 0) -> None:
        self.name = name
        self.looks: list[datetime] = []
        self._fails = fails

    def look(self, now: datetime) -> None:
        self.looks.append(now)
        if len(self.looks) <= self._fails:
            raise OSError("the database is away")


class Office:
    """What was enqueued, and how many people subscribe."""

    def __init__(self) -> None:
        self.digests: list[tuple[str, DigestRequest]] = []
        self.subscribers = 0
        self.is_away = False

    def enqueue(self, key: str, request: DigestRequest) -> None:
        if self.is_away:
            raise OSError("the database is away")
        self.digests.append((key, request))

    def duty(self, *, channel: str | None = "C1", schedule: str = "0 9 * * MON-FRI") -> ScheduledDigest:
        return ScheduledDigest(
            self.enqueue,
            schedule=schedule,
            zone=ZoneInfo("UTC"),
            channel=channel,
            has_subscribers=lambda: self.subscribers > 0,
        )


def test_a_duty_that_fails_holds_up_no_other_and_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    failing, other = Noted("regular sync", fails=1), Noted()
    clock = Clock([failing, other], lambda: NINE)
    clock.tick()
    assert (len(failing.looks), len(other.looks)) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == [
        "Could not look after the regular sync (OSError); trying again"
    ]
    clock.tick()
    assert failing.looks == [NINE, NINE]


def test_the_clock_keeps_ticking_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.clock.TICK_SECONDS", 0.001)
    stop = threading.Event()

    class Third(Noted):
        def look(self, now: datetime) -> None:
            super().look(now)
            if len(self.looks) == 3:
                stop.set()

    duty = Third()
    Clock([duty], lambda: NINE).keep(stop)
    assert len(duty.looks) == 3


def test_a_digest_is_enqueued_once_when_it_is_due_and_again_the_next_day() -> None:
    office = Office()
    duty = office.duty()
    for moment in (NINE - timedelta(seconds=1), NINE, NINE + QUARTER, NINE + timedelta(days=1)):
        duty.look(moment)
    assert office.digests == [
        ("digest:C1:2026-11-23", DigestRequest(date(2026, 11, 23), "C1")),
        ("digest:C1:2026-11-24", DigestRequest(date(2026, 11, 24), "C1")),
    ]


def test_two_times_a_day_make_two_digests_and_the_first_is_known_as_that_of_the_day() -> None:
    office = Office()
    for duty in (office.duty(schedule="0 9,15 * * *"), office.duty(schedule="0 9,15 * * *")):  # after a restart, too
        for hours in (0, 1, 6, 7, 24):
            duty.look(NINE + timedelta(hours=hours))
    keys = [key for key, _ in office.digests]
    assert keys == [*["digest:C1:2026-11-23", "digest:C1:2026-11-23:15:00", "digest:C1:2026-11-24"] * 2]
    assert {request.day.day for _, request in office.digests} == {23, 24}


def test_a_digest_that_could_not_be_stored_is_still_due() -> None:
    office = Office()
    duty = office.duty()
    office.is_away = True
    with pytest.raises(OSError, match="away"):
        duty.look(NINE)
    office.is_away = False
    duty.look(NINE + timedelta(seconds=5))
    assert len(office.digests) == 1


def test_without_a_channel_a_digest_is_due_once_somebody_subscribes() -> None:
    office = Office()
    duty = office.duty(channel=None)
    duty.look(NINE)
    assert office.digests == []
    office.subscribers = 1
    duty.look(NINE + QUARTER)
    assert office.digests == [("digest:subscribers:2026-11-23", DigestRequest(date(2026, 11, 23), None))]


def test_a_sync_after_a_start_has_a_name_of_its_own_and_the_later_ones_that_of_their_moment() -> None:
    """The run of the moment of the start may have been stopped, and counts as done; the later ones are shared."""
    keys: list[str] = []
    duty, again = RegularSync(keys.append, QUARTER), RegularSync(keys.append, QUARTER)
    for moment in (NINE, NINE + timedelta(seconds=5), NINE + QUARTER):
        duty.look(moment)
        again.look(moment)
    first, second, third, fourth = keys
    number = int(NINE.timestamp()) // int(QUARTER.total_seconds())
    assert first.startswith(f"sync:{number}:")
    assert second.startswith(f"sync:{number}:")
    assert first != second
    assert third == fourth == f"sync:{number + 1}"


def test_what_is_old_is_removed_at_the_start_and_daily_also_after_a_day_on_which_that_failed() -> None:
    purged: list[datetime] = []

    def purge(now: datetime) -> int:
        purged.append(now)
        if len(purged) == 1:
            raise OSError("the database is away")
        return 0

    duty = DailyPurge("jobs", purge, NINE)
    day = timedelta(days=1)
    with pytest.raises(OSError, match="away"):
        duty.look(NINE)
    duty.look(NINE + QUARTER)
    duty.look(NINE + day)
    assert purged == [NINE, NINE + day]
