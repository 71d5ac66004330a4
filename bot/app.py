"""The composition root: the settings and the opened parts become a running bot, or the maker of a digest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from zoneinfo import ZoneInfo

from sqlalchemy import make_url

from bot.composition.jobs import Jobs, digest_job, digest_rules, duties, kinds
from bot.composition.listening import listening
from bot.composition.parts import Checker, checker, has_memory, opened_memory, utc_now
from bot.composition.speaking import access_for, speaking
from bot.health.readiness import Readiness
from bot.health.server import HealthServer
from bot.health.tally import Tally
from bot.health.vitals import Recorded, Vitals
from bot.jobs.clock import Clock, Duty
from bot.jobs.digest_now import DigestNow, DigestWish
from bot.jobs.engine import JobEngine
from bot.jobs.home import HomeLook
from bot.listeners.access import Access
from bot.listeners.people import own_by_asking
from bot.listeners.schedule_in_words import schedule_in_words
from bot.messages.poster import SlackUnavailableError, hasty_slack_client
from bot.service import Service
from bot.settings import Settings
from bot.store.memory import Memory
from bot.store.records import Subscription


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
            delivery = digest_job(settings, check, memory, speaking(settings, tally), tally)
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


def service(settings: Settings, check: Checker, memory: Memory, tally: Tally, *, listen: bool) -> Service:
    """The running bot: what works, and with `listen` also what listens to Slack. `tally` counts what it does."""
    slack, stopping = speaking(settings, tally), threading.Event()
    made = kinds(settings, check, memory, slack, tally, stopping)
    jobs = Jobs(JobEngine(settings.database, made, searches_per_person=settings.limit_jobs_per_person))
    look = HomeLook(check.verifier, check.background.session, memory, digest_rules(settings), utc_now, stopping.is_set)
    connection = listening(settings, check, memory, slack, jobs, look) if listen else None

    def is_refused() -> bool:
        return any(client.is_refused for client in check.clients)

    vitals = Vitals(tally, lambda: _recorded(check, memory, jobs.engine), connection, is_refused, utc_now)
    readiness = Readiness(check.clients[0].me, is_refused, vitals)
    watched: list[Duty] = [readiness, *([connection] if connection else []), vitals]
    return Service(
        engine=jobs.engine,
        clock=Clock([*duties(settings, check, memory, jobs), *watched], utc_now),
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


def subscriptions(settings: Settings, memory: Memory) -> list[tuple[Subscription, str | None]]:
    """Every subscription with why it gets nothing, empty where it does; None where Slack cannot be asked."""
    client = hasty_slack_client(settings.bot_token, settings.slack_api_url)
    access = access_for(settings, client, own_by_asking(client), lambda _: None)
    return [(each, _why_not(settings, access, each.user)) for each in memory.subscriptions()]


def _why_not(settings: Settings, access: Access, user: str) -> str | None:
    if not settings.bot_token:
        return None
    try:
        return access.digest_refusal(user, "digest") or ""
    except SlackUnavailableError:
        return None
