"""Sends messages to Slack, and says what came of it in terms the caller can act on."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.digest.nudges import Colleague
from bot.messages.digest_blocks import plainer
from bot.messages.pace import Pace
from bot.messages.rendered import Rendered
from bot.messages.slack_http import SlackClient
from bot.told import ToldError

log = logging.getLogger(__name__)

_FORM_REFUSED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "invalid_arguments"}
)
_CHANNEL_REFUSES = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "no_permission",
        "team_access_not_granted",
        "messages_tab_disabled",
        "cannot_dm_bot",
        "user_not_found",
        "external_channel",
        "is_inactive",
        "cannot_reply_to_message",
    }
)
_MESSAGE_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
_NOT_OURS = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
_MESSAGES_A_PAGE = 200
_MOST_PAGES = 50
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
_TO_BE_MENDED = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
    | {"org_login_required", "team_added_to_org"}
)
"""Only the operator can help, or the end of a migration, and then the message can be said."""
_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", *_RATE_LIMITED, *_TO_BE_MENDED}
)
"""Says nothing about what was asked, only that Slack could not answer now."""
_SLOW_DOWN_SECONDS = 30.0
"""How long to wait where Slack does not say."""
_LONGEST_SLOW_DOWN_SECONDS = 900.0

LastLook = Callable[[], None]


def _nothing(*_: str) -> None:
    """Nothing is to be looked at, or counted."""


class CannotPostError(Exception):
    """The channel will not take the message. `code` is Slack's word for why; tell the person."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class MessageGoneError(Exception):
    """The message to edit, or the thread to answer in, is no longer there."""


class CannotLookError(Exception):
    """The bot may not read what stands there."""


class SlackUnavailableError(ToldError):
    """Slack did not take the message and may later: no connection, an inner error, or a token to be mended.

    `after` is how many seconds to leave it alone; None where nobody knows. Unless `may_have_arrived`, Slack has
    certainly not done what it was asked.
    """

    def __init__(self, problem: str, *, after: float | None = None, may_have_arrived: bool = True) -> None:
        self.after = after
        self.may_have_arrived = may_have_arrived
        super().__init__(problem)


@dataclass(frozen=True)
class Posted:
    """Where a message stands. `channel` is the one Slack chose: for a person it is their direct-message channel."""

    channel: str
    ts: str


def slack_client(token: str, api_url: str) -> WebClient:
    """A Web API client that repeats nothing: a post whose answer was lost might appear twice. The job decides that."""
    return SlackClient(token=token, base_url=api_url, timeout=30, retry_handlers=[])


def hasty_slack_client(token: str, api_url: str) -> WebClient:
    """A Web API client for what has to be known before Slack is acknowledged, within three seconds."""
    return SlackClient(token=token, base_url=api_url, timeout=2, retry_handlers=[])


class Guard(Protocol):
    """Says where messages may not go: `bot.messages.channel_guard.ChannelGuard` is one."""

    def check(self, channel: str, *, recent: bool = False) -> None:
        """Look at the channel; with `recent` a look of the last minute serves.

        Raises:
            CannotPostError: billing data has no place there.
            SlackUnavailableError: try again later.

        """
        ...


class Poster:
    """Posts, edits and whispers. Safe to share between threads.

    `guard` is asked before anything is said to a whole channel. Of what is `harmless`, because it says nothing of
    billing, it is told so. `last_look` is called right before the message leaves: what it raises, keeps it back.
    `on_failure` is told of each attempt that failed: `refused`, or `unavailable` and worth another.
    """

    def __init__(
        self,
        client: WebClient,
        guard: Guard,
        pace: Pace | None = None,
        *,
        on_failure: Callable[[str], None] = _nothing,
        technicians: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._client = client
        self._guard = guard
        self._pace = pace or Pace()
        self._on_failure = on_failure
        self._technicians = technicians
        self._direct: dict[str, str] = {}
        """The conversations with people, by whom: only there can a message be looked for."""

    def post(
        self,
        channel: str,
        message: Rendered,
        *,
        thread_ts: str | None = None,
        mark: str | None = None,
        harmless: bool = False,
        last_look: LastLook = _nothing,
    ) -> Posted:
        """Post a message. `mark` goes with it as metadata, so that `find` can recognise it.

        Raises:
            CannotPostError: the channel refuses messages from the bot, or the guard does.
            MessageGoneError: the thread is gone.
            SlackUnavailableError: try again later.

        """
        self._guard.check(channel, recent=harmless)
        extra: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
        if thread_ts is not None:
            extra["thread_ts"] = thread_ts
        if mark is not None:
            extra["metadata"] = {"event_type": "invoice_check", "event_payload": {"mark": mark}}
        answer = self._send(self._client.chat_postMessage, message, last_look, channel=channel, **extra)
        self._direct[channel] = str(answer["channel"])
        return Posted(str(answer["channel"]), str(answer["ts"]))

    def update(
        self, place: Posted, message: Rendered, *, harmless: bool = False, last_look: LastLook = _nothing
    ) -> None:
        """Replace a message of the bot's own. Doing it twice changes nothing.

        Raises:
            CannotPostError: the channel refuses messages from the bot, or the guard does.
            MessageGoneError: somebody deleted the message.
            SlackUnavailableError: try again later.

        """
        self._guard.check(place.channel, recent=harmless)
        self._send(self._client.chat_update, message, last_look, channel=place.channel, ts=place.ts)

    def unfurl(self, place: Posted, shown: Mapping[str, Rendered], *, last_look: LastLook = _nothing) -> None:
        """Show something below addresses in a person's message (it needs `links:write`). Twice changes nothing.

        Raises:
            CannotPostError: Slack does not take it there, or the guard refuses the channel.
            SlackUnavailableError: try again later.

        """
        self._guard.check(place.channel)
        unfurls = {url: {"blocks": list(message.blocks)} for url, message in shown.items()}
        try:
            self._call(self._client.chat_unfurl, last_look, channel=place.channel, ts=place.ts, unfurls=unfurls)
        except MessageGoneError as error:
            raise CannotPostError(str(error)) from None

    def remove(self, place: Posted) -> None:
        """Delete a message of the bot's own. Doing it twice changes nothing.

        Raises:
            CannotPostError, MessageGoneError, SlackUnavailableError: as for `update`.

        """
        self._call(self._client.chat_delete, _nothing, channel=place.channel, ts=place.ts)

    def whisper(self, channel: str, user: str, message: Rendered, *, thread_ts: str | None = None) -> None:
        """Show a message to one person in a channel.

        Raises:
            CannotPostError, SlackUnavailableError: as for `post`.

        """
        extra = {} if thread_ts is None else {"thread_ts": thread_ts}
        self._send(self._client.chat_postEphemeral, message, _nothing, channel=channel, user=user, **extra)

    def respond(self, response_url: str, message: Rendered) -> bool:
        """Answer where a command was typed, visible to that person only; False when Slack no longer takes it.

        Slack allows five uses of a `response_url` within 30 minutes.
        """
        for shown in (message, message.as_text_only()):
            try:
                answer = WebhookClient(response_url, timeout=30).send(
                    text=shown.text,
                    blocks=list(shown.blocks) or None,
                    response_type="ephemeral",
                    replace_original=False,
                )
            except (SlackClientError, OSError, http.client.HTTPException):
                return False
            if answer.status_code == 200:
                return True
            if not shown.blocks:
                break
        return False

    def attach(self, place: Posted, *, name: str, content: str, comment: str, last_look: LastLook = _nothing) -> bool:
        """Put a text file into a message's thread; False when Slack does not take it (it needs `files:write`).

        Raises:
            CannotPostError: the guard refuses the channel.
            SlackUnavailableError: try again later.

        """
        self._guard.check(place.channel)
        last_look()
        try:
            self._client.files_upload_v2(
                channel=place.channel, thread_ts=place.ts, filename=name, content=content, initial_comment=comment
            )
        except SlackApiError as error:
            if is_passing(error):
                raise no_connection(error) from None
            log.warning("The file %s could not be attached: Slack answered %s", name, slack_code(error))
            return False
        except (SlackClientError, OSError, http.client.HTTPException) as error:
            raise no_connection(error) from None
        return True

    def technician(self, user: str) -> str:
        """A person's name or e-mail address in Syncro: as TECHNICIANS says, otherwise their full name in Slack.

        Empty where Slack does not say (it needs `users:read`).
        """
        if known := self._technicians.get(user):
            return known
        answer = self._read(self._client.users_info, user=user)
        about = (answer or {}).get("user") or {}
        return str((about.get("profile") or {}).get("real_name") or about.get("real_name") or "")

    def colleagues(self) -> list[Colleague]:
        """Every person of the workspace itself: no guests, bots, strangers (it needs `users:read`).

        Raises:
            SlackUnavailableError: try again later.

        """
        found, cursor = [], None
        for _ in range(_MOST_PAGES):
            answer = self._read(self._client.users_list, limit=_MESSAGES_A_PAGE, cursor=cursor) or {}
            found += [each for each in answer.get("members") or [] if not any(each.get(name) for name in _NOT_OURS)]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return [Colleague(str(each["id"]), self._names(each), str(each.get("tz") or "")) for each in found]

    def _names(self, about: Mapping[str, Any]) -> tuple[str, ...]:
        if known := self._technicians.get(str(about["id"])):
            return (known,)
        profile = about.get("profile") or {}
        names = (profile.get("email"), profile.get("real_name"), about.get("real_name"))
        return tuple(dict.fromkeys(str(name) for name in names if name))

    def find(self, channel: str, mark: str, *, since: str, thread_ts: str | None = None) -> Posted | None:
        """Look for a message posted with this mark after `since` (a ts); for a person, once they had one from us.

        Raises:
            CannotLookError: the bot may not read the history there.
            SlackUnavailableError: try again later.

        """
        channel = self._direct.get(channel, channel)
        method = self._client.conversations_history if thread_ts is None else self._client.conversations_replies
        where = {"channel": channel, "oldest": since, "limit": _MESSAGES_A_PAGE, "include_all_metadata": True}
        if thread_ts is not None:
            where["ts"] = thread_ts
        cursor = None
        for _ in range(_MOST_PAGES):
            answer = self._read(method, **where, cursor=cursor)
            if answer is None:
                raise CannotLookError
            for message in answer.get("messages") or []:
                if ((message.get("metadata") or {}).get("event_payload") or {}).get("mark") == mark:
                    return Posted(channel, str(message["ts"]))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return None

    def _read(self, method: Callable[..., Any], **what: Any) -> Any:
        """Read something that Slack may not let us read: None then."""
        try:
            return method(**what)
        except SlackApiError as error:
            if is_passing(error):
                raise no_connection(error) from None
            return None
        except (SlackClientError, OSError, http.client.HTTPException) as error:
            raise no_connection(error) from None

    def _send(self, method: Callable[..., Any], message: Rendered, last_look: LastLook, **where: Any) -> Any:
        """Send with blocks; if Slack refuses those, with plainer ones; if it refuses these too, the words as text.

        Where it refuses even these for their form, the plainest words that it can be given.
        """
        forms = (message, plainer(message), message.as_text_only(), message.in_plainest_words())
        shown_before: list[str] = []
        refusal = ""
        for shown in forms:
            form = json.dumps([shown.text, shown.blocks])
            if form in shown_before:
                continue
            shown_before.append(form)
            try:
                return self._call(method, last_look, text=shown.text, blocks=list(shown.blocks), **where)
            except _FormRefusedError as error:
                refusal = str(error)
                log.warning("Slack refused the form of a message (%s); sending it plainer", refusal)
        raise CannotPostError(refusal)

    def _call(self, method: Callable[..., Any], last_look: LastLook, **arguments: Any) -> Any:
        name, channel = method.__name__, str(arguments.get("channel", ""))
        wait = self._pace.wait(name, channel)
        if wait > 0:
            raise SlackUnavailableError("Slack is left alone for a moment", after=wait, may_have_arrived=False)
        last_look()
        try:
            answer = method(**arguments)
        except SlackApiError as error:
            refusal = self._refusal(name, channel, error)
            self._on_failure("unavailable" if isinstance(refusal, SlackUnavailableError) else "refused")
            raise refusal from None
        except (SlackClientError, OSError, http.client.HTTPException) as error:
            self._on_failure("unavailable")
            problem = f"no connection to Slack ({type(error).__name__})"
            raise SlackUnavailableError(problem, after=self._pace.unanswered(name)) from None
        self._pace.answered(name, channel, well=True)
        return answer

    def _refusal(self, method: str, channel: str, error: SlackApiError) -> Exception:
        code, retry_after = slack_code(error), _retry_after(error)
        if retry_after is not None:
            after = self._pace.limited(method, channel, retry_after)
            return SlackUnavailableError("Slack asks us to slow down", after=after, may_have_arrived=False)
        if is_passing(error):
            after = self._pace.unanswered(method)
            return SlackUnavailableError(
                f"Slack answered {code}", after=after, may_have_arrived=code not in _TO_BE_MENDED
            )
        self._pace.answered(method, channel, well=False)
        known = _named(code)
        if known is not None:
            return known
        if self._pace.is_believed(method, channel, code):
            log.error("Slack refuses %s in channel %s: %s", method, channel, code)
            return CannotPostError(code)
        return SlackUnavailableError(f"Slack answered {code}", may_have_arrived=False)


class _FormRefusedError(CannotPostError):
    """Slack refused the blocks or the length of a message, and would take it in another form."""


def _retry_after(error: SlackApiError) -> float | None:
    """How many seconds Slack asks us to wait; None where it does not."""
    if error.response.status_code != 429 and slack_code(error) not in _RATE_LIMITED:
        return None
    said = str(error.response.headers.get("Retry-After", "")).strip()
    return min(float(said), _LONGEST_SLOW_DOWN_SECONDS) if said.isascii() and said.isdigit() else _SLOW_DOWN_SECONDS


def slack_code(error: SlackApiError) -> str:
    """Slack's word for what was wrong."""
    return str(error.response.get("error", "unknown_error"))


def is_passing(error: SlackApiError) -> bool:
    """Whether Slack says nothing about what was asked, only that it could not answer now."""
    return slack_code(error) in _PASSING or error.response.status_code >= 500


def no_connection(error: Exception) -> SlackUnavailableError:
    """What to raise for a request that Slack did not answer."""
    if isinstance(error, SlackApiError):
        return SlackUnavailableError(f"Slack answered {slack_code(error)}")
    return SlackUnavailableError(f"no connection to Slack ({type(error).__name__})")


def _named(code: str) -> Exception | None:
    """What a code means that we know."""
    if code in _FORM_REFUSED:
        return _FormRefusedError(code)
    if code in _CHANNEL_REFUSES or code.startswith(("restricted_action", "cannot_")):
        return CannotPostError(code)
    if code in _MESSAGE_GONE:
        return MessageGoneError(code)
    return None
