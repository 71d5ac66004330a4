"""The composition root: the settings and the opened parts become a running bot, or the maker of a digest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from sqlalchemy import make_url

from bot.billing.ledger.model import ACCOUNT
from bot.digest.home import Health
from bot.digest.nudges import NudgeRules
from bot.health.readiness import Readiness
from bot.health.server import HealthServer
from bot.health.tally import Tally
from bot.health.vitals import Recorded, Vitals
from bot.jobs.alarms import Alarms
from bot.jobs.audit import AuditTrail
from bot.jobs.check import CheckJob
from bot.jobs.clock import Clock, Duty
from bot.jobs.digest import DigestJob
from bot.jobs.digest_making import DigestRules
from bot.jobs.digest_now import DigestNow, DigestWish
from bot.jobs.digest_request import DigestRequest
from bot.jobs.duties import DailyPurge, HourlyNudges, RegularSync, ScheduledDigest
from bot.jobs.engine import ENGINE_ERROR, KEEP_FINISHED, JobEngine, JobKind, RunJob
from bot.jobs.home import HomeLook
from bot.jobs.nudge import NudgeJob
from bot.jobs.request import CheckRequest
from bot.jobs.sync import SyncJob
from bot.jobs.unfurl import UnfurlJob, UnfurlRequest
from bot.jobs.warnings import WarningBook
from bot.listeners import (
    actions,
    cancel,
    channel_events,
    commands,
    digest_actions,
    home,
    links,
    list_shortcut,
    mentions,
    shortcuts,
)
from bot.listeners.access import Access, Asker, Rules, noted_in
from bot.listeners.backlog import Backlog
from bot.listeners.cancel import Ended
from bot.listeners.digest_commands import DigestSubcommand
from bot.listeners.digest_context import DigestContext
from bot.listeners.history_command import HistorySubcommand
from bot.listeners.home import HomeTab
from bot.listeners.intake import Intake
from bot.listeners.invoice_command import InvoiceSubcommand
from bot.listeners.people import Own, People, own_by_asking
from bot.listeners.promptly import Promptly
from bot.listeners.replies import Replies
from bot.listeners.schedule_in_words import schedule_in_words
from bot.listeners.selection_commands import selection_subcommands
from bot.listeners.subcommands import Subcommand, help_page
from bot.listeners.user_groups import UserGroups
from bot.listeners.warning_replies import WarningReplies
from bot.messages.channel_guard import ChannelGuard
from bot.messages.poster import Posted, Poster, SlackUnavailableError, hasty_slack_client, slack_client
from bot.parts import Checker, checker, has_memory, opened_memory, synchroniser, utc_now
from bot.public_holidays import public_holidays
from bot.service import Service
from bot.settings import Settings
from bot.slack_connection import Identity, SlackConnection, bolt_app
from bot.store.audit import AuditEntry
from bot.store.memory import Memory
from bot.store.records import Subscription

_REPLIES_AT_ONCE = 4
_CHECK, _DIGEST, _SYNC, _UNFURL, _NUDGE = "check", "digest", "sync", "unfurl", "nudge"


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


@contextmanager
def digest_now(settings: Settings, wish: DigestWish) -> Iterator[DigestNow]:
    """What makes a digest at once.

    Raises:
        DatabaseUnavailableError, StoreTooNewError: where it is to be remembered.

    """
    with ExitStack() as stack:
        memory = stack.enter_context(opened_memory(settings)) if wish.remember or has_memory(settings) else None
        check = stack.enter_context(checker(settings, leaves_no_trace=not wish.remember))
        delivery = None
        if memory is not None and wish.post:
            tally = Tally()
            delivery = _digest_job(settings, check, memory, _speaking(settings, tally), tally)
        yield DigestNow(
            verifier=check.verifier,
            session=check.background.session,
            rules=digest_rules(settings),
            clock=utc_now,
            memory=memory,
            delivery=delivery,
            channel=settings.digest_channel,
            seconds_held_back=check.seconds_held_back,
        )


@dataclass(frozen=True)
class _Slack:
    """What speaks to Slack."""

    client: WebClient
    channels: ChannelGuard
    poster: Poster


def _speaking(settings: Settings, tally: Tally) -> _Slack:
    client = slack_client(settings.bot_token, settings.slack_api_url)
    channels = ChannelGuard(client)
    return _Slack(
        client, channels, Poster(client, channels, on_failure=tally.post_failed, technicians=dict(settings.technicians))
    )


def _digest_job(settings: Settings, check: Checker, memory: Memory, slack: _Slack, tally: Tally) -> DigestJob:
    access = _access(settings, slack.client, own_by_asking(slack.client), noted_in(memory))
    return DigestJob(
        verifier=check.verifier,
        session=check.background.session,
        poster=slack.poster,
        memory=memory,
        warnings=WarningBook(memory, utc_now, digest_rules(settings).rates),
        trail=AuditTrail(memory, utc_now, tally.answered),
        rules=digest_rules(settings),
        clock=utc_now,
        engine_error=ENGINE_ERROR,
        refusal=lambda user: access.digest_refusal(user, "digest"),
    )


def _unfurl_job(check: Checker, memory: Memory, slack: _Slack, tally: Tally) -> UnfurlJob:
    trail = AuditTrail(memory, utc_now, tally.answered)
    return UnfurlJob(check.verifier, check.background.session, slack.poster, memory, trail, utc_now)


def _nudge_job(settings: Settings, check: Checker, memory: Memory, slack: _Slack, tally: Tally) -> NudgeJob:
    rules, access = digest_rules(settings), _access(settings, slack.client, own_by_asking(slack.client), lambda _: None)
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


def service(settings: Settings, check: Checker, memory: Memory, tally: Tally, *, listen: bool) -> Service:
    """The running bot: what works, and with `listen` also what listens to Slack. `tally` counts what it does."""
    slack, stopping = _speaking(settings, tally), threading.Event()
    poster = slack.poster
    checks = CheckJob(
        verifier=check.verifier,
        session=check.reader.session,
        large_session=check.background.session,
        seconds_held_back=check.seconds_held_back,
        poster=poster,
        clock=utc_now,
        warnings=WarningBook(memory, utc_now, digest_rules(settings).rates),
        trail=AuditTrail(memory, utc_now, tally.answered),
        engine_error=ENGINE_ERROR,
    )
    kinds = [
        JobKind(_CHECK, checks.run, at_once=32),
        JobKind(_DIGEST, _digest_job(settings, check, memory, slack, tally).run, at_once=1),
        JobKind(_UNFURL, _unfurl_job(check, memory, slack, tally).run, at_once=4),
        JobKind(_NUDGE, _nudge_job(settings, check, memory, slack, tally).run, at_once=1),
        JobKind(_SYNC, _sync_job(settings, check, stopping), at_once=1),
    ]
    jobs = _Jobs(JobEngine(settings.database, kinds, searches_per_person=settings.limit_jobs_per_person))
    look = HomeLook(check.verifier, check.background.session, memory, digest_rules(settings), utc_now, stopping.is_set)
    connection = _listening(settings, check, memory, slack, jobs, look) if listen else None

    def is_refused() -> bool:
        return any(client.is_refused for client in check.clients)

    vitals = Vitals(tally, lambda: _recorded(check, memory, jobs.engine), connection, is_refused, utc_now)
    readiness = Readiness(check.clients[0].me, is_refused, vitals)
    watched: list[Duty] = [readiness, *([connection] if connection else []), vitals]
    return Service(
        engine=jobs.engine,
        clock=Clock([*_duties(settings, check, memory, jobs), *watched], utc_now),
        connection=connection,
        stopping=stopping,
        readiness=readiness,
        pages=HealthServer(*settings.health_address, vitals, tally) if settings.health_address else None,
        introduction=_introduction(settings),
    )


def _recorded(check: Checker, memory: Memory, engine: JobEngine) -> Recorded:
    waiting, under_way, oldest_waiting = engine.census()
    statistics = memory.statistics()
    return Recorded(
        waiting=waiting,
        under_way=under_way,
        oldest_waiting=oldest_waiting,
        last_digest=memory.last_digest(),
        last_sync=check.ledger.current_as_of() if check.ledger is not None else None,
        warnings=statistics.warnings_said,
        false_alarms=statistics.reported_wrong,
        calls_left=check.budget.left(),
    )


def _introduction(settings: Settings) -> str:
    """What the bot works on, without a secret, and when the next digest comes."""
    database = make_url(settings.database).render_as_string()
    zone = ZoneInfo(settings.digest_timezone)
    digest = schedule_in_words(settings.digest_schedule, zone, utc_now())
    channel = f"in channel {settings.digest_channel}" if settings.digest_channel else "for subscribers only"
    return f"Syncro {settings.syncro_site}; database {database}; digest {channel}, {digest}"


@dataclass(frozen=True)
class _Jobs:
    """The engine, as those see it who have something done."""

    engine: JobEngine

    def check(self, key: str, request: CheckRequest) -> None:
        self.engine.enqueue(_CHECK, key, request.to_json())

    def cancel(self, key: str) -> Ended | None:
        if self.engine.cancel(key):
            return None
        place = self.engine.result(key)
        return Ended(None if place is None else Posted(place["channel"], place["ts"]))

    def digest(self, key: str, request: DigestRequest) -> None:
        self.engine.enqueue(_DIGEST, key, request.to_json())

    def nudge(self, key: str) -> None:
        self.engine.enqueue(_NUDGE, key, {})

    def unfurl(self, key: str, request: UnfurlRequest) -> None:
        self.engine.enqueue(_UNFURL, key, request.to_json())

    def sync(self, key: str) -> None:
        self.engine.enqueue(_SYNC, key, {}, alone=True)


def _sync_job(settings: Settings, check: Checker, stopping: threading.Event) -> RunJob:
    """What a sync does. Nothing without a ledger: one that was cut off may still be stored."""
    if check.ledger is None:
        return lambda _stored, _steps, _key: None
    return SyncJob(synchroniser(settings, check, check.ledger), utc_now, stopping.is_set).run


def _duties(settings: Settings, check: Checker, memory: Memory, jobs: _Jobs) -> list[Duty]:
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


def _health(check: Checker, memory: Memory) -> Health:
    """How the bot does, for managers."""
    account = check.ledger.recall_places([ACCOUNT])[0] if check.ledger is not None else None
    return Health(
        last_digest=memory.last_digest(),
        calls_left=check.budget.left(),
        ledger_as_of=account.as_of if account is not None else None,
        ledger_since=account.since if account is not None else None,
        is_token_refused=any(client.is_refused for client in check.clients),
    )


def _listening(
    settings: Settings, check: Checker, memory: Memory, slack: _Slack, jobs: _Jobs, look: HomeLook
) -> SlackConnection:
    """The connection to Slack, with everything that listens to it."""
    identity = Identity()
    app = bolt_app(slack.client, identity)
    hasty_client = hasty_slack_client(settings.bot_token, settings.slack_api_url)
    access = _access(settings, hasty_client, lambda: Own.from_bolt(identity.tell()), noted_in(memory))
    promptly = Promptly()
    intake = Intake(
        access=access,
        enqueue=lambda *asked: promptly.do(lambda: jobs.check(*asked)),
        site=settings.syncro_site,
        backlog=Backlog(settings.limit_tickets_waiting, jobs.engine.under_way),
    )
    alarms = Alarms()
    alarms.start()
    later = ThreadPoolExecutor(_REPLIES_AT_ONCE, thread_name_prefix="reply").submit
    replies = Replies(slack.poster, later, alarms.after)
    zone = ZoneInfo(settings.digest_timezone)
    home_tab = HomeTab(
        look=look,
        memory=memory,
        access=access,
        client=hasty_client,
        name_of=slack.poster.technician,
        health=lambda: _health(check, memory),
        comes=lambda: f"When digests come: {schedule_in_words(settings.digest_schedule, zone, utc_now())}.",
        clock=utc_now,
        later=later,
    )
    digest = DigestContext(
        memory=memory,
        access=access,
        intake=intake,
        enqueue_digest=lambda *asked: promptly.do(lambda: jobs.digest(*asked)),
        replies=replies,
        client=hasty_client,
        zone=ZoneInfo(settings.digest_timezone),
        schedule=settings.digest_schedule,
        clock=utc_now,
        evidence_of=lambda ticket_id: dict(memory.evidence_of(ticket_id) or {}),
        at_home=lambda user, notice: home_tab.show(user, notice, anew=bool(notice)),
    )
    subcommands: list[Subcommand] = [  # what follows `/invoice-check` beside tickets: a line each
        DigestSubcommand(digest),
        HistorySubcommand(digest),
        InvoiceSubcommand(intake),
        *selection_subcommands(
            intake, timedelta(days=settings.digest_lookback_days), ZoneInfo(settings.digest_timezone), utc_now
        ),
    ]
    commands.register(app, intake, subcommands)
    digest_actions.register(app, digest)
    home.register(app, home_tab, digest)
    mentions.register(
        app, intake, replies, help_page(subcommands), WarningReplies(memory.warned_in, settings.syncro_site)
    )
    channel_events.register(app, slack.channels)
    links.register(
        app,
        access,
        lambda *asked: promptly.do(lambda: jobs.unfurl(*asked)),
        settings.syncro_site,
        is_on=settings.unfurl,
    )
    shortcuts.register(app, intake, replies)
    list_shortcut.register(app, intake, replies, hasty_client)
    actions.register(app, intake, replies)
    cancel.register(app, jobs.cancel, access, replies)
    return SlackConnection(app, settings.app_token, identity)


def _access(
    settings: Settings, client: WebClient, own: Callable[[], Own | None], trace: Callable[[AuditEntry], None]
) -> Access:
    """Who may do what. `client` looks people up with its own patience."""
    rules = Rules(
        channels=settings.allowed_channels,
        users=settings.allowed_users,
        usergroups=settings.allowed_usergroups,
        managers=settings.managers,
        allow_guests=settings.allow_guests,
    )
    return Access(rules, People(client, own), UserGroups(client), trace, utc_now)


def subscriptions(settings: Settings, memory: Memory) -> list[tuple[Subscription, str | None]]:
    """Every subscription with why it gets nothing, empty where it does; None where Slack cannot be asked."""
    client = hasty_slack_client(settings.bot_token, settings.slack_api_url)
    access = _access(settings, client, own_by_asking(client), lambda _: None)
    return [(each, _why_not(settings, access, each.user)) for each in memory.subscriptions()]


def _why_not(settings: Settings, access: Access, user: str) -> str | None:
    if not settings.bot_token:
        return None
    try:
        return access.digest_refusal(user, "digest") or ""
    except SlackUnavailableError:
        return None
