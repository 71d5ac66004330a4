"""The kinds of job, what is done by the clock, and the engine as those see it who have something done."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.composition.parts import Checker, synchroniser, utc_now
from bot.composition.speaking import Slack, access_for
from bot.digest.nudges import NudgeRules
from bot.health.tally import Tally
from bot.jobs.audit import AuditTrail
from bot.jobs.check import CheckJob
from bot.jobs.clock import Duty
from bot.jobs.close import CloseJob
from bot.jobs.digest import DigestJob
from bot.jobs.digest_making import DigestRules
from bot.jobs.digest_request import DigestRequest
from bot.jobs.duties import DailyPurge, HourlyNudges, RegularSync, ScheduledDigest
from bot.jobs.engine import ENGINE_ERROR, KEEP_FINISHED, JobEngine, JobKind, RunJob
from bot.jobs.nudge import NudgeJob
from bot.jobs.request import CheckRequest, CloseRequest
from bot.jobs.sync import SyncJob
from bot.jobs.unfurl import UnfurlJob, UnfurlRequest
from bot.jobs.warnings import WarningBook
from bot.listeners.access import Asker, noted_in
from bot.listeners.cancel import Ended
from bot.listeners.people import own_by_asking
from bot.messages.poster import Posted
from bot.public_holidays import public_holidays
from bot.settings import Settings
from bot.store.memory import Memory

_CHECK, _CLOSE, _DIGEST, _SYNC, _UNFURL, _NUDGE = "check", "close", "digest", "sync", "unfurl", "nudge"


def digest_rules(settings: Settings) -> DigestRules:
    """What a digest looks at, and how it speaks."""
    return DigestRules(
        lookback=timedelta(days=settings.digest_lookback_days),
        grace=timedelta(hours=settings.digest_grace_hours),
        zone=ZoneInfo(settings.digest_timezone),
        labor_rate=settings.labor_rate,
        labor_rates=settings.policy.labor_rates,
        silent_when_empty=settings.digest_when_empty == "silent",
        holidays=public_holidays(settings.holidays),
        escalate_after=settings.escalate_after_days,
        managers=tuple(member for member in settings.managers if not member.startswith("S")),
    )


def digest_job(settings: Settings, check: Checker, memory: Memory, slack: Slack, tally: Tally) -> DigestJob:
    """What makes a digest and posts it."""
    rules = digest_rules(settings)
    access = access_for(settings, slack.client, own_by_asking(slack.client), noted_in(memory))
    return DigestJob(
        verifier=check.verifier,
        session=check.background.session,
        poster=slack.poster,
        memory=memory,
        warnings=WarningBook(memory, utc_now, rules.rates),
        trail=AuditTrail(memory, utc_now, tally.answered),
        rules=rules,
        clock=utc_now,
        engine_error=ENGINE_ERROR,
        refusal=lambda user: access.digest_refusal(user, "digest"),
    )


def _close_job(settings: Settings, check: Checker, memory: Memory, slack: Slack, tally: Tally) -> CloseJob:
    rules = digest_rules(settings)
    return CloseJob(
        verifier=check.verifier,
        session=check.background.session,
        seconds_held_back=check.seconds_held_back,
        poster=slack.poster,
        memory=memory,
        warnings=WarningBook(memory, utc_now, rules.rates),
        trail=AuditTrail(memory, utc_now, tally.answered),
        rules=rules,
        clock=utc_now,
        engine_error=ENGINE_ERROR,
    )


def _unfurl_job(check: Checker, memory: Memory, slack: Slack, tally: Tally) -> UnfurlJob:
    trail = AuditTrail(memory, utc_now, tally.answered)
    return UnfurlJob(check.verifier, check.background.session, slack.poster, memory, trail, utc_now)


def _nudge_job(settings: Settings, check: Checker, memory: Memory, slack: Slack, tally: Tally) -> NudgeJob:
    rules = digest_rules(settings)
    access = access_for(settings, slack.client, own_by_asking(slack.client), lambda _: None)
    return NudgeJob(
        verifier=check.verifier,
        session=check.background.session,
        poster=slack.poster,
        memory=memory,
        trail=AuditTrail(memory, utc_now, tally.answered),
        rules=rules,
        nudges=NudgeRules(settings.nudge_hours, rules.holidays),
        clock=utc_now,
        is_refused=lambda user: access.bystander_refusal(Asker(user, f"D{user}")) is not None,
    )


def kinds(
    settings: Settings, check: Checker, memory: Memory, slack: Slack, tally: Tally, stopping: threading.Event
) -> list[JobKind]:
    """The kinds of job; a new one is a line here."""
    checks = CheckJob(
        verifier=check.verifier,
        session=check.reader.session,
        large_session=check.background.session,
        seconds_held_back=check.seconds_held_back,
        poster=slack.poster,
        clock=utc_now,
        warnings=WarningBook(memory, utc_now, digest_rules(settings).rates),
        trail=AuditTrail(memory, utc_now, tally.answered),
        engine_error=ENGINE_ERROR,
    )
    return [
        JobKind(_CHECK, checks.run, at_once=32),
        JobKind(_CLOSE, _close_job(settings, check, memory, slack, tally).run, at_once=4),
        JobKind(_DIGEST, digest_job(settings, check, memory, slack, tally).run, at_once=1),
        JobKind(_UNFURL, _unfurl_job(check, memory, slack, tally).run, at_once=4),
        JobKind(_NUDGE, _nudge_job(settings, check, memory, slack, tally).run, at_once=1),
        JobKind(_SYNC, _sync_job(settings, check, stopping), at_once=1),
    ]


@dataclass(frozen=True)
class Jobs:
    """The engine, as those see it who have something done."""

    engine: JobEngine

    def check(self, key: str, request: CheckRequest) -> None:
        """Store a question."""
        self.engine.enqueue(_CHECK, key, request.to_json())

    def cancel(self, key: str) -> Ended | None:
        """End a question before its time; where it has ended already, where its answer stands."""
        if self.engine.cancel(key):
            return None
        place = self.engine.result(key)
        return Ended(None if place is None else Posted(place["channel"], place["ts"]))

    def close(self, key: str, request: CloseRequest) -> None:
        """Store a question for the close of a month."""
        self.engine.enqueue(_CLOSE, key, request.to_json())

    def digest(self, key: str, request: DigestRequest) -> None:
        """Store a digest."""
        self.engine.enqueue(_DIGEST, key, request.to_json())

    def nudge(self, key: str) -> None:
        """Store a round of reminders."""
        self.engine.enqueue(_NUDGE, key, {})

    def unfurl(self, key: str, request: UnfurlRequest) -> None:
        """Store addresses to show in a line."""
        self.engine.enqueue(_UNFURL, key, request.to_json())

    def sync(self, key: str) -> None:
        """Store a sync, unless one is under way."""
        self.engine.enqueue(_SYNC, key, {}, alone=True)


def _sync_job(settings: Settings, check: Checker, stopping: threading.Event) -> RunJob:
    """What a sync does. Nothing without a ledger: one that was cut off may still be stored."""
    if check.ledger is None:
        return lambda _stored, _steps, _key: None
    return SyncJob(synchroniser(settings, check, check.ledger), utc_now, stopping.is_set).run


def duties(settings: Settings, check: Checker, memory: Memory, jobs: Jobs) -> list[Duty]:
    """What the bot does by itself; a new duty is a line here."""
    digest = ScheduledDigest(
        jobs.digest,
        schedule=settings.digest_schedule,
        zone=ZoneInfo(settings.digest_timezone),
        channel=settings.digest_channel,
        has_subscribers=lambda: bool(memory.subscriptions()),
    )
    retention = timedelta(days=settings.retention_days)
    duties: list[Duty] = [
        digest,
        DailyPurge("jobs", jobs.engine.purge, utc_now()),
        DailyPurge("messages", lambda now: memory.purge(now - KEEP_FINISHED), utc_now()),
        DailyPurge("audit entries", lambda now: memory.purge_audit(now - retention), utc_now()),
    ]
    if settings.nudge:
        duties.append(HourlyNudges(jobs.nudge))
    if check.ledger is not None and settings.sync_every_minutes:
        duties.append(RegularSync(jobs.sync, timedelta(minutes=settings.sync_every_minutes)))
    return duties
