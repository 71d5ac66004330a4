"""The connection to Slack (Socket Mode): made in the end, however long Slack is away, unless the tokens are wrong."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.told import ToldError

log = logging.getLogger(__name__)

_RECONNECT_SECONDS = 5.0
_PING_SECONDS = 3.0
_HEARS_WITHIN_SECONDS = 0.2
"""How often the connection is looked at; while it is gone, people's commands fail."""
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


_AWAY_AFTER = timedelta(seconds=15)
"""Slack renews connections now and then; a gap that is shorter is no news."""
_SAY_AGAIN_AFTER = timedelta(hours=1)
_SAID_BY_US = (
    "Failed to check the current session",
    "Failed to check the state of sock",
    "Failed to establish a connection",
    "Failed to retrieve WSS URL",
    "on_error invoked",
)
"""How slack_sdk begins its lines about a connection that is gone; it says one every few seconds."""


class SlackRefusedError(ToldError):
    """Slack will not let us in; the text says why and what to do."""


class Identity:
    """Who the bot is, for Bolt: known from the start. Bolt would ask Slack at the first event, and take it in vain."""

    def __init__(self) -> None:
        self._known: AuthorizeResult | None = None

    def learn(self, client: WebClient) -> None:
        """Ask Slack.

        Raises:
            SlackApiError, and whatever keeps us from Slack.

        """
        answer = client.auth_test()
        self._known = AuthorizeResult.from_auth_test_response(bot_token=client.token, auth_test_response=answer)

    def tell(self) -> AuthorizeResult:
        """What Slack has said."""
        if self._known is None:
            raise AssertionError("unreachable: nothing comes from Slack before it has said who we are")
        return self._known


def bolt_app(client: WebClient, identity: Identity) -> App:
    """The Bolt app. Listeners finish before Slack is acknowledged, so what is acknowledged is stored."""
    bolt_log = logging.getLogger("bot.slack")
    bolt_log.addFilter(_is_news)
    bolt_log.setLevel(logging.ERROR)  # Bolt would warn that it ignores SLACK_BOT_TOKEN: our client has it already
    app = App(client=client, logger=bolt_log, process_before_response=True, authorize=lambda: identity.tell())
    bolt_log.setLevel(logging.WARNING)
    return app


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of slack_sdk says more than that the connection is gone."""
    message, error = record.getMessage(), record.exc_info[1] if record.exc_info else None
    is_reconnecting = message.startswith("Failed to process a message") and isinstance(error, OSError | SlackApiError)
    return not is_reconnecting and not message.startswith(_SAID_BY_US)


class SlackConnection:
    """The app's connection. `open` it once, `close` it; in between it reconnects by itself.

    That Slack is away is said once, then every hour, and when it is back.
    """

    name = "connection to Slack"

    def __init__(
        self,
        app: App,
        app_token: str,
        identity: Identity,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._clock = clock
        self._away_since: datetime | None = None
        self._said_at: datetime | None = None
        self._app = app
        self._app_token = app_token
        self._identity = identity
        self._handler: SocketModeHandler | None = None

    def open(self, stop: threading.Event, meanwhile: Callable[[], None]) -> None:
        """Connect; while Slack is out of reach, try again every few seconds until `stop`, and do `meanwhile` each time.

        Raises:
            SlackRefusedError: the tokens are wrong.

        """
        handler = SocketModeHandler(self._app, self._app_token, ping_interval=_PING_SECONDS)
        while not stop.is_set():
            trouble = self._try(handler)
            if not trouble:
                self._handler = handler
                self._note_back(self._clock())
                return
            self._note_away(self._clock(), timedelta(0), f" ({trouble})")
            meanwhile()
            stop.wait(_RECONNECT_SECONDS)

    def look(self, now: datetime) -> None:
        """See `Duty`."""
        if self._handler is None:
            return  # `open` says it
        if self.is_connected():
            self._note_back(now)
        else:
            self._note_away(now, _AWAY_AFTER, "")

    def is_connected(self) -> bool:
        """Whether it stands: slack_sdk hangs up when four pings are not answered."""
        return self._handler is not None and bool(self._handler.client.is_connected())

    def last_pong(self) -> datetime | None:
        """When Slack last answered a ping on the present connection; None where it has not yet."""
        session = self._handler.client.current_session if self._handler is not None else None
        pong = session.last_ping_pong_time if session is not None else None
        return None if pong is None else datetime.fromtimestamp(pong, UTC)

    def _note_away(self, now: datetime, patience: timedelta, why: str) -> None:
        self._away_since = self._away_since or now
        if now - self._away_since < patience or (self._said_at and now - self._said_at < _SAY_AGAIN_AFTER):
            return
        since = f", since {self._away_since:%H:%M} UTC" if self._said_at else ""
        log.warning("No connection to Slack%s%s; trying again every few seconds", why, since)
        self._said_at = now

    def _note_back(self, now: datetime) -> None:
        if self._said_at is not None and self._away_since is not None:
            log.info("Connected to Slack again, after %d s", (now - self._away_since).total_seconds())
        self._away_since = self._said_at = None

    def close(self) -> None:
        """Hang up. A session of slack_sdk that begins just now unsays that it is over: it is told until it hears."""
        if self._handler is None:
            return
        client = self._handler.client
        hanging_up = threading.Thread(target=self._hang_up, args=(self._handler,), name="hang-up", daemon=True)
        hanging_up.start()
        while hanging_up.is_alive():
            client.current_session_state.terminated = True
            hanging_up.join(_HEARS_WITHIN_SECONDS)

    def _hang_up(self, handler: SocketModeHandler) -> None:
        try:
            handler.close()  # type: ignore[no-untyped-call]
        except (AttributeError, OSError) as error:  # slack_sdk trips where Slack closes at the same moment
            log.debug("The connection to Slack was gone already (%s)", type(error).__name__)

    def _try(self, handler: SocketModeHandler) -> str:
        """Connect. Returns why Slack is out of reach; nothing when connected."""
        advice = _BOT_ADVICE
        try:
            self._identity.learn(self._app.client)
            advice = _APP_ADVICE
            handler.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as error:
            code = str(error.response.get("error", "unknown_error"))
            if code in _TOKEN_TROUBLE:
                raise SlackRefusedError(f"Slack refuses the connection ({code}). {advice}") from None
            return code
        except Exception as error:  # noqa: BLE001 - whatever kept us from Slack, trying again is right
            return type(error).__name__
        return ""
