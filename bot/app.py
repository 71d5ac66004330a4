"""The composition root: settings become wired parts here, and nowhere else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.billing.decide import SyncroPages
from bot.billing.reader import SyncroReader
from bot.billing.verifier import Verifier
from bot.jobs.check import CheckJob
from bot.jobs.engine import ENGINE_ERROR, JobEngine, RecordedSteps
from bot.jobs.request import CheckRequest
from bot.listeners import actions, commands, mentions, shortcuts
from bot.listeners.access import Access
from bot.listeners.desk import Desk
from bot.listeners.replies import Replies
from bot.messages.poster import Poster, hasty_slack_client, slack_client
from bot.settings import Settings
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient

log = logging.getLogger(__name__)

_RECONNECT_SECONDS = 5.0
_PING_SECONDS = 3.0
"""How often the connection to Slack is looked at; while it is gone, people's commands fail."""
_REPLIES_AT_ONCE = 4
_PURGE_SECONDS = 24 * 60 * 60.0
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
    """What answers questions about tickets: the verifier, and the reader that asks Syncro for it."""

    verifier: Verifier
    reader: SyncroReader


@contextmanager
def syncro_client(settings: Settings) -> Iterator[SyncroClient]:
    """A client of the account's Syncro, within its rate budget."""
    budget = RateBudget(settings.syncro_requests_per_minute)
    client = SyncroClient(settings.syncro_api_url, settings.syncro_token, budget=budget)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def checker(settings: Settings) -> Iterator[Checker]:
    """A verifier with its reader, for the terminal or for jobs."""
    with syncro_client(settings) as client:
        reader = SyncroReader(client, utc_now)
        try:
            yield Checker(Verifier(settings.policy, SyncroPages(settings.syncro_site), settings.scan_limit), reader)
        finally:
            reader.close()


class Bot:
    """The running bot: the job engine, and with `listen` also the connection to Slack."""

    def __init__(self, settings: Settings, check: Checker) -> None:
        client = slack_client(settings.bot_token, settings.slack_api_url)
        self._poster = Poster(client)
        self._job = CheckJob(check.verifier, check.reader.perform, self._poster, utc_now)
        self._engine = JobEngine(settings.database, self._run_check)
        self._access = Access(
            hasty_slack_client(settings.bot_token, settings.slack_api_url),
            channels=settings.allowed_channels,
            users=settings.allowed_users,
            usergroups=settings.allowed_usergroups,
        )
        self._client = client
        self._settings = settings
        self._handler: SocketModeHandler | None = None

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
            while not stop.wait(_PURGE_SECONDS):
                self._purge()
        finally:
            log.info("Stopping")
            if self._handler is not None:
                self._handler.close()  # type: ignore[no-untyped-call]
            self._engine.stop(patience_seconds=_SHUTDOWN_PATIENCE)

    def _run_check(self, request: CheckRequest, steps: RecordedSteps, key: str) -> None:
        self._job.run(request, steps, key=key, is_engine_error=ENGINE_ERROR)

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

    def _wait_for_slack(self, stop: threading.Event, why: str) -> None:
        log.warning("No connection to Slack (%s); trying again", why)
        stop.wait(_RECONNECT_SECONDS)

    def _bolt(self) -> App:
        """The Bolt app. Listeners finish before Slack is acknowledged, so what is acknowledged is stored."""
        bolt_log = logging.getLogger("bot.slack")
        bolt_log.setLevel(logging.ERROR)  # Bolt would warn that it ignores SLACK_BOT_TOKEN: our client has it already
        app = App(client=self._client, logger=bolt_log, process_before_response=True, token_verification_enabled=False)
        bolt_log.setLevel(logging.WARNING)
        desk = Desk(self._access, self._engine.enqueue, self._settings.syncro_site)
        replies = Replies(self._poster, ThreadPoolExecutor(_REPLIES_AT_ONCE, thread_name_prefix="reply").submit)
        commands.register(app, desk)
        mentions.register(app, desk, replies)
        shortcuts.register(app, desk, replies)
        actions.register(app, desk, replies)
        return app
