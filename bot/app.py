"""The composition root: settings become wired parts here, and nowhere else."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.billing.decide import SyncroPages
from bot.billing.search.scheduler import Progress
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.digest.groups import part_of
from bot.digest.model import Digest, History
from bot.jobs.check import CheckJob
from bot.jobs.digest import DigestJob, DigestRules, make_digest
from bot.jobs.digest_request import DigestRequest, digest_key
from bot.jobs.engine import ENGINE_ERROR, DatabaseUnavailableError, JobEngine, JobKind, RunJob, unavailable
from bot.jobs.outbox import Outbox
from bot.jobs.request import CheckRequest
from bot.jobs.schedule import latest_due
from bot.jobs.steps import DirectSteps
from bot.jobs.sync import SyncJob, sync_key
from bot.jobs.warnings import WarningBook
from bot.listeners import actions, channel_events, commands, digest_actions, mentions, shortcuts
from bot.listeners.access import Access
from bot.listeners.digest_context import DigestContext
from bot.listeners.intake import Intake
from bot.listeners.managers import Managers
from bot.listeners.replies import Replies
from bot.messages.channel_guard import ChannelGuard
from bot.messages.poster import Poster, hasty_slack_client, slack_client
from bot.settings import Settings
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.store.memory import Memory
from bot.store.migrations import StoreTooNewError
from bot.store.rate_limit.shared_budget import SharedBudget
from bot.store.sole_process import sole_process
from bot.syncro.budget import CallBudget, RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro_sessions.pooled import SyncroReader

log = logging.getLogger(__name__)

_RECONNECT_SECONDS = 5.0
_PING_SECONDS = 3.0
"""How often the connection to Slack is looked at; while it is gone, people's commands fail."""
_REPLIES_AT_ONCE = 4
_PURGE_SECONDS = 24 * 60 * 60.0
_CLOCK_SECONDS = 5.0
"""How often we look whether a digest or a sync is due."""
_CHECK = "check"
_DIGEST = "digest"
_SYNC = "sync"
_TOKEN_TROUBLE = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
"""What Slack says when only the operator can help."""
_BOT_ADVICE = "Check SLACK_BOT_TOKEN: it must be the current bot token (xoxb-…) of the app in your workspace."
_APP_ADVICE = "Check SLACK_APP_TOKEN: it must be a current app-level token (xapp-…) with the scope connections:write."
_SHUTDOWN_PATIENCE = 3
"""Seconds that jobs under way get to finish at the end; what is cut off goes on at the next start."""


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


class SlackRefusedError(Exception):
    """Slack will not let us in; the text says why and what to do."""


@dataclass(frozen=True)
class Checker:
    """What answers questions about tickets: the verifier, and the readers that ask Syncro for it.

    `reader` serves people who wait; `background` serves digests and the sync, and leaves a third of the rate budget
    free. Both keep what they read in `ledger`; None where nothing is to be remembered.
    """

    verifier: Verifier
    reader: SyncroReader
    background: SyncroReader
    ledger: SqlLedger | None


def synchroniser(settings: Settings, check: Checker, ledger: SqlLedger) -> Synchroniser:
    """What keeps the ledger current."""
    return Synchroniser(
        ledger,
        check.background.session,
        policy=settings.policy,
        lookback=timedelta(days=settings.digest_lookback_days),
        clock=utc_now,
        alone=lambda: sole_process(settings.database, "sync"),
    )


@contextmanager
def checker(settings: Settings, *, ledger: SqlLedger | None = None, leaves_no_trace: bool = False) -> Iterator[Checker]:
    """A verifier with its readers, for the terminal or for jobs, within the rate budget of all processes.

    It keeps what it reads in `ledger`, or in one of its own. Without a database that can be opened it works as well,
    only with more calls. With `leaves_no_trace` no database file is made where there is none.
    """
    verifier = Verifier(settings.policy, SyncroPages(settings.syncro_site), settings.scan_limit)
    with ExitStack() as stack:
        has_place = not leaves_no_trace or _has_memory(settings)
        if ledger is None and has_place:
            ledger = stack.enter_context(_ledger_if_there(settings))
        budget = stack.enter_context(_shared_budget(settings)) if has_place else _own_budget(settings)
        reader = stack.enter_context(_reader(settings, budget, ledger))
        background = stack.enter_context(_reader(settings, budget.background(), ledger))
        yield Checker(verifier, reader, background, ledger)


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[SqlLedger]:
    """The ledger of this Syncro account.

    Raises:
        DatabaseUnavailableError: the database cannot be opened or written.
        StoreTooNewError: a newer release has written it.

    """
    database = Database(settings.database, is_expendable=True)
    max_age = timedelta(days=settings.ledger_max_age_days)
    ledger = SqlLedger(database, settings.syncro_api_url, max_age=max_age, clock=utc_now)
    try:
        try:
            ledger.open()
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise unavailable(sqlalchemy.make_url(settings.database), error) from None
        yield ledger
    finally:
        database.close()


@contextmanager
def _ledger_if_there(settings: Settings) -> Iterator[SqlLedger | None]:
    """The ledger; None where nothing is to be remembered, or where its database cannot be opened."""
    with ExitStack() as stack:
        ledger = None
        if settings.ledger_max_age_days:
            try:
                ledger = stack.enter_context(opened_ledger(settings))
            except (DatabaseUnavailableError, StoreTooNewError) as error:
                log.warning("Going on without what was read earlier. %s", error)
        yield ledger


@contextmanager
def _shared_budget(settings: Settings) -> Iterator[SharedBudget]:
    budget = SharedBudget(settings.database, settings.syncro_requests_per_minute)
    try:
        yield budget
    finally:
        budget.close()


def _own_budget(settings: Settings) -> RateBudget:
    return RateBudget(settings.syncro_requests_per_minute)


@contextmanager
def _reader(settings: Settings, budget: CallBudget, ledger: SqlLedger | None) -> Iterator[SyncroReader]:
    client = SyncroClient(settings.syncro_api_url, settings.syncro_token, budget=budget)
    reader = SyncroReader(client, utc_now, ledger=ledger)
    try:
        yield reader
    finally:
        reader.close()
        client.close()


@contextmanager
def opened_memory(settings: Settings) -> Iterator[Memory]:
    """What the bot remembers, opened.

    Raises:
        DatabaseUnavailableError: the database cannot be opened or written.
        StoreTooNewError: a newer release has written it.

    """
    memory = Memory(settings.database)
    try:
        memory.open()
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise unavailable(sqlalchemy.make_url(settings.database), error) from None
    try:
        yield memory
    finally:
        memory.close()


def digest_rules(settings: Settings) -> DigestRules:
    """What a digest looks at, and how it speaks."""
    return DigestRules(
        lookback=timedelta(days=settings.digest_lookback_days),
        grace=timedelta(hours=settings.digest_grace_hours),
        zone=ZoneInfo(settings.digest_timezone),
        labor_rate=settings.labor_rate,
        silent_when_empty=settings.digest_when_empty == "silent",
        managers=tuple(member for member in settings.managers if not member.startswith("S")),
    )


@dataclass(frozen=True)
class DigestWish:
    """A digest for the terminal: of which tickets, and whether it is remembered as a run and posted.

    A digest of one customer is never remembered: the next one would take every other warning for new.
    """

    since: datetime | None = None
    customer_id: str | None = None
    remember: bool = True
    post: bool = False


def make_digest_now(settings: Settings, wish: DigestWish, on_progress: Callable[[Progress], None]) -> Digest:
    """Make a digest at once, and do with it what is wished.

    Raises:
        DigestFailedError: the tickets could not be read.
        DatabaseUnavailableError, StoreTooNewError, SlackUnavailableError: where it was to be kept or posted.

    """
    now, rules = utc_now(), digest_rules(settings)
    since = None if wish.since is None else wish.since.replace(tzinfo=rules.zone)
    window = rules.window(now, since=since, customer_id=wish.customer_id)
    with ExitStack() as stack:
        memory = stack.enter_context(opened_memory(settings)) if wish.remember or _has_memory(settings) else None
        check = stack.enter_context(checker(settings, leaves_no_trace=not wish.remember))
        history = memory.history(now) if memory is not None else History()
        with check.background.session() as session:
            made = make_digest(check.verifier, session, history, rules, now=now, window=window, on_progress=on_progress)
        if wish.customer_id is not None:
            return part_of(made, lambda line: line.audited.customer_id == wish.customer_id)
        key = f"terminal:{uuid.uuid4()}"
        if memory is not None and wish.remember:
            memory.remember_run(made, key=key)
        if memory is not None and wish.post:
            client = slack_client(settings.bot_token, settings.slack_api_url)
            poster, steps = Poster(client, ChannelGuard(client)), DirectSteps()
            outbox = Outbox(steps, poster, key=key, clock=utc_now)
            request = DigestRequest(made.day, settings.digest_channel)
            _digest_job(settings, check, memory, poster).deliver(made, request, steps, outbox)
    return made


def _has_memory(settings: Settings) -> bool:
    """Whether there is something to remember: looking must not create a database file."""
    url = sqlalchemy.make_url(settings.database)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def _digest_job(settings: Settings, check: Checker, memory: Memory, poster: Poster) -> DigestJob:
    return DigestJob(
        verifier=check.verifier,
        session=check.background.session,
        poster=poster,
        memory=memory,
        warnings=WarningBook(memory, utc_now),
        rules=digest_rules(settings),
        clock=utc_now,
        engine_error=ENGINE_ERROR,
    )


class Bot:
    """The running bot: the job engine, and with `listen` also the connection to Slack."""

    def __init__(self, settings: Settings, check: Checker, memory: Memory) -> None:
        client = slack_client(settings.bot_token, settings.slack_api_url)
        self._channels = ChannelGuard(client)
        self._poster = Poster(client, self._channels)
        warnings = WarningBook(memory, utc_now)
        checks = CheckJob(check.verifier, check.reader.session, self._poster, utc_now, warnings, ENGINE_ERROR)
        digests = _digest_job(settings, check, memory, self._poster)
        kinds = [JobKind(_CHECK, checks.run, at_once=16), JobKind(_DIGEST, digests.run, at_once=1)]
        self._stopping = threading.Event()
        self._sync_every = timedelta(minutes=settings.sync_every_minutes) if check.ledger is not None else timedelta(0)
        kinds.append(JobKind(_SYNC, self._sync_job(settings, check), at_once=1))
        self._engine = JobEngine(settings.database, kinds)
        self._hasty_client = hasty_slack_client(settings.bot_token, settings.slack_api_url)
        self._access = Access(
            self._hasty_client,
            channels=settings.allowed_channels,
            users=settings.allowed_users,
            usergroups=settings.allowed_usergroups,
        )
        self._client = client
        self._memory = memory
        self._settings = settings
        self._handler: SocketModeHandler | None = None
        self._last_due: datetime | None = None
        self._last_sync = ""

    def _sync_job(self, settings: Settings, check: Checker) -> RunJob:
        """What a sync does. Nothing without a ledger: one that was cut off may still be stored."""
        if check.ledger is None:
            return lambda _stored, _steps, _key: None
        return SyncJob(synchroniser(settings, check, check.ledger), utc_now, self._stopping.is_set).run

    def run(self, stop: threading.Event, *, listen: bool) -> None:
        """Work until `stop` is set, then end within seconds; nothing stored is lost.

        Raises:
            DatabaseInUseError, DatabaseUnavailableError: from `JobEngine.launch`.
            SlackRefusedError: the tokens are wrong.

        """
        self._engine.launch()
        try:
            if listen:
                self._connect(stop)
            if not stop.is_set():
                log.info("Ready: %s", "listening to Slack and working" if listen else "working")
            self._keep_time(stop)
        finally:
            log.info("Stopping")
            self._stopping.set()
            self._hang_up()
            self._engine.stop(patience_seconds=_SHUTDOWN_PATIENCE)

    def _keep_time(self, stop: threading.Event) -> None:
        """Until `stop`: enqueue each day's digest and the syncs when they are due, and forget old jobs once a day."""
        purge_at = time.monotonic() + _PURGE_SECONDS
        while not stop.is_set():
            self._enqueue_what_is_due()
            if time.monotonic() >= purge_at:
                purge_at += _PURGE_SECONDS
                self._purge()
            stop.wait(_CLOCK_SECONDS)

    def _enqueue_what_is_due(self) -> None:
        try:
            self._enqueue_due_digest()
            self._enqueue_due_sync()
        except Exception as error:  # noqa: BLE001 - a database that is away must not end the bot
            log.warning("What is due could not be enqueued (%s); trying again", type(error).__name__)

    def _enqueue_due_digest(self) -> None:
        """Every process does so; the key makes sure that one digest comes of it a day."""
        settings = self._settings
        due = latest_due(settings.digest_schedule, ZoneInfo(settings.digest_timezone), utc_now())
        if due is None or due == self._last_due:
            return
        if settings.digest_channel is None and not self._memory.subscriptions():
            return
        request = DigestRequest(due.date(), settings.digest_channel)
        self._engine.enqueue(_DIGEST, digest_key(request), request.to_json())
        self._last_due = due

    def _enqueue_due_sync(self) -> None:
        """Every process does so; the key makes one run of it, and while one is under way no other begins."""
        if not self._sync_every:
            return
        key = sync_key(utc_now(), self._sync_every)
        if key != self._last_sync:
            # After a start under a name of its own: the run of this moment may have been stopped, and counts as done.
            name = key if self._last_sync else f"{key}:{uuid.uuid4()}"
            self._engine.enqueue(_SYNC, name, {}, alone=True)
            self._last_sync = key

    def _enqueue_check(self, key: str, request: CheckRequest) -> None:
        self._engine.enqueue(_CHECK, key, request.to_json())

    def _enqueue_digest(self, key: str, request: DigestRequest) -> None:
        self._engine.enqueue(_DIGEST, key, request.to_json())

    def _purge(self) -> None:
        try:
            forgotten = self._engine.purge(utc_now())
        except Exception as error:  # noqa: BLE001 - housekeeping must not end the bot; tomorrow is another day
            log.warning("Old jobs could not be removed (%s)", type(error).__name__)
        else:
            log.info("Removed %d old jobs", forgotten)

    def _connect(self, stop: threading.Event) -> None:
        """Open the Socket Mode connection; while Slack is out of reach, try again every few seconds."""
        handler = SocketModeHandler(self._bolt(), self._settings.app_token, ping_interval=_PING_SECONDS)
        while not stop.is_set():
            advice = _BOT_ADVICE
            try:
                self._client.auth_test()
                advice = _APP_ADVICE
                handler.connect()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                code = str(error.response.get("error", "unknown_error"))
                if code in _TOKEN_TROUBLE:
                    raise SlackRefusedError(f"Slack refuses the connection ({code}). {advice}") from None
                self._wait_for_slack(stop, code)
            except Exception as error:  # noqa: BLE001 - whatever kept us from Slack, trying again is right
                self._wait_for_slack(stop, type(error).__name__)
            else:
                self._handler = handler
                return

    def _hang_up(self) -> None:
        """Close the connection to Slack. slack_sdk may trip over a connection that Slack closes at the same moment."""
        if self._handler is not None:
            try:
                self._handler.close()  # type: ignore[no-untyped-call]
            except (AttributeError, OSError) as error:
                log.debug("The connection to Slack was gone already (%s)", type(error).__name__)

    def _wait_for_slack(self, stop: threading.Event, why: str) -> None:
        log.warning("No connection to Slack (%s); trying again", why)
        self._enqueue_what_is_due()
        stop.wait(_RECONNECT_SECONDS)

    def _bolt(self) -> App:
        """The Bolt app. Listeners finish before Slack is acknowledged, so what is acknowledged is stored."""
        bolt_log = logging.getLogger("bot.slack")
        bolt_log.setLevel(logging.ERROR)  # Bolt would warn that it ignores SLACK_BOT_TOKEN: our client has it already
        app = App(client=self._client, logger=bolt_log, process_before_response=True, token_verification_enabled=False)
        bolt_log.setLevel(logging.WARNING)
        intake = Intake(self._access, self._enqueue_check, self._settings.syncro_site)
        replies = Replies(self._poster, ThreadPoolExecutor(_REPLIES_AT_ONCE, thread_name_prefix="reply").submit)
        digest = self._digest_context(intake, replies)
        commands.register(app, intake, digest)
        digest_actions.register(app, digest)
        mentions.register(app, intake, replies)
        channel_events.register(app, self._channels)
        shortcuts.register(app, intake, replies)
        actions.register(app, intake, replies)
        return app

    def _digest_context(self, intake: Intake, replies: Replies) -> DigestContext:
        settings, memory = self._settings, self._memory
        return DigestContext(
            memory=memory,
            managers=Managers(self._hasty_client, settings.managers),
            access=self._access,
            intake=intake,
            enqueue_digest=self._enqueue_digest,
            replies=replies,
            client=self._hasty_client,
            zone=ZoneInfo(settings.digest_timezone),
            schedule=settings.digest_schedule,
            clock=utc_now,
            evidence_of=lambda ticket_id: dict(memory.evidence_of(ticket_id) or {}),
        )
