"""Whether Slack answers, with the permissions that the bot needs, and whether Socket Mode connects."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import aiohttp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import slack_scopes
from bot.counting import counted
from bot.doctor.results import Result, failed, ok, skipped, warning
from bot.doctor.settings import SettingsRead
from bot.settings import Settings

TOKEN = "Slack bot token"  # noqa: S105 - the name of a check
SCOPES = "Slack permissions"
CHANNELS = "Slack channels"
SOCKET = "Slack Socket Mode"

SLACK_CHECKS = (TOKEN, SCOPES, CHANNELS)
"""What `examine_slack` gives, in this order."""

_NOT_ANSWERED = (SlackClientError, OSError, http.client.HTTPException)
_OUT_OF_REACH = "See whether this machine reaches Slack (firewall, proxy), and check SLACK_API_URL if you set it."
_HOW_TO_COPY = (
    "Copy the Bot User OAuth Token (xoxb-…) again from your Slack app's page, OAuth & Permissions, "
    "into SLACK_BOT_TOKEN. If it was revoked, install the app to the workspace again."
)
_HOW_TO_CREATE = (
    "Create an app-level token (xapp-…) with the scope connections:write on your Slack app's page, "
    "Basic Information, App-Level Tokens, and put it into SLACK_APP_TOKEN."
)
_SWITCHED_OFF = "Switch Socket Mode on: your Slack app's page, Socket Mode, Enable Socket Mode."


def examine_slack(read: SettingsRead, client: WebClient) -> Iterator[Result]:
    """All checks that need the bot token."""
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        yield failed(TOKEN, f"Slack refuses it ({_code(error)})", _HOW_TO_COPY)
        yield from skipped(SLACK_CHECKS[1:], "Slack refuses the bot token")
        return
    except _NOT_ANSWERED as error:
        yield failed(TOKEN, f"no connection to Slack ({_kind(error)})", _OUT_OF_REACH)
        yield from skipped(SLACK_CHECKS[1:], "Slack is out of reach")
        return
    yield check_token(answer.data if isinstance(answer.data, dict) else {})
    headers = {name.lower(): value for name, value in answer.headers.items()}
    unfurls = read.settings.unfurl
    yield check_scopes(headers.get("x-oauth-scopes"), uses_groups=_names_groups(read.settings), unfurls=unfurls)
    yield check_channels(read, client)


def check_token(about: Mapping[str, Any]) -> Result:
    """Whose token it is."""
    if not about.get("bot_id"):
        return failed(TOKEN, f"belongs to {about.get('user', 'somebody')}, who is not a bot", _HOW_TO_COPY)
    return ok(TOKEN, f"is {about.get('user')} ({about.get('user_id')}) in the workspace {about.get('team')}")


def _names_groups(settings: Settings) -> bool:
    return bool(settings.allowed_usergroups) or any(member.startswith("S") for member in settings.managers)


def check_scopes(header: str | None, *, uses_groups: bool, unfurls: bool = False) -> Result:
    """The granted scopes, as `X-OAuth-Scopes` lists them, against those that the bot needs."""
    where = "on your Slack app's page, OAuth & Permissions, Bot Token Scopes; then install the app again"
    if header is None:
        return warning(SCOPES, "Slack does not say what was granted", f"Compare manifest.yml with the scopes {where}.")
    granted = {scope.strip() for scope in header.split(",")}
    if missing := [scope for scope in slack_scopes.REQUIRED if scope not in granted]:
        why = "; ".join(f"{scope} ({slack_scopes.REQUIRED[scope]})" for scope in missing)
        return failed(SCOPES, f"missing: {why}", f"Add {', '.join(missing)} {where}.")
    if uses_groups and "usergroups:read" not in granted:
        return warning(
            SCOPES,
            "ALLOWED_USERGROUPS or MANAGERS names a user group, but usergroups:read is missing: "
            "members of those groups will be refused",
            f"Add usergroups:read {where}.",
        )
    if unfurls and (missing := [scope for scope in ("links:read", "links:write") if scope not in granted]):
        return warning(
            SCOPES,
            f"UNFURL is on, but {' and '.join(missing)} is missing: nothing is shown below addresses of tickets",
            f"Add {', '.join(missing)} {where}; and the event link_shared and its domain, see manifest.yml.",
        )
    return ok(SCOPES, "everything that the bot needs is granted")


def check_channels(read: SettingsRead, client: WebClient) -> Result:
    """Whether each of ALLOWED_CHANNELS, and DIGEST_CHANNEL, exists, and the bot may post there."""
    if {"allowed_channels", "digest_channel"} & set(read.wrong):
        return next(skipped((CHANNELS,), "ALLOWED_CHANNELS or DIGEST_CHANNEL is wrong, see the settings"))
    settings = read.settings
    wanted = dict.fromkeys((*settings.allowed_channels, *filter(None, [settings.digest_channel])))
    if not wanted:
        return ok(CHANNELS, "people may ask anywhere (ALLOWED_CHANNELS is empty); no channel gets the digest")
    seen, troubles = [], []
    for channel in wanted:
        try:
            about = client.conversations_info(channel=channel)["channel"]
        except SlackApiError as error:
            troubles.append(f"{channel}: {_CHANNEL_TROUBLE.get(_code(error), f'Slack says {_code(error)}')}")
        except _NOT_ANSWERED as error:
            return failed(CHANNELS, f"no connection to Slack ({_kind(error)})", _OUT_OF_REACH)
        else:
            seen.append(_channel(about))
            troubles += _trouble(about)
    if troubles:
        advice = "Invite the bot to private channels (/invite @bot); correct or remove the others in the settings."
        return failed(CHANNELS, "; ".join(troubles), advice)
    return ok(CHANNELS, ", ".join(seen))


_CHANNEL_TROUBLE = {
    "channel_not_found": "does not exist, or is private and the bot is not in it",
    "missing_scope": "cannot be looked at, because a permission is missing (see above)",
}


def _channel(about: Mapping[str, Any]) -> str:
    # Commands work without the bot being there; Slack tells it of mentions only where it is.
    uninvited = "" if about.get("is_member") else " (bot not invited: commands work, mentions do not)"
    return f"#{about.get('name')}{uninvited}"


def _trouble(about: Mapping[str, Any]) -> list[str]:
    if about.get("is_archived"):
        return [f"#{about.get('name')} is archived"]
    if about.get("is_ext_shared") or about.get("is_pending_ext_shared"):
        return [f"#{about.get('name')} is shared with another company, so the bot answers nobody there"]
    return []


def check_socket(client: WebClient, app_token: str, greet: Callable[[str], Mapping[str, Any]]) -> Result:
    """Open a Socket Mode connection as the bot does, and close it as soon as Slack says hello.

    `greet` opens the WebSocket of an address and gives Slack's first message.
    """
    try:
        url = str(client.apps_connections_open(app_token=app_token)["url"])
    except SlackApiError as error:
        return failed(SOCKET, f"Slack refuses the app token ({_code(error)})", _HOW_TO_CREATE)
    except _NOT_ANSWERED as error:
        return failed(SOCKET, f"no connection to Slack ({_kind(error)})", _OUT_OF_REACH)
    try:
        message = greet(url)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        advice = f"WebSockets (wss://, port 443) must get through. {_OUT_OF_REACH}"
        return failed(SOCKET, f"the WebSocket does not open ({type(error).__name__})", advice)
    return _hello(message)


def _hello(message: Mapping[str, Any]) -> Result:
    if message.get("type") == "disconnect" and message.get("reason") == "link_disabled":
        return failed(SOCKET, "it is switched off for this app", _SWITCHED_OFF)
    if message.get("type") != "hello":
        kind = message.get("reason") or message.get("type")
        return failed(SOCKET, f"Slack says {kind} instead of hello", "Try again; if it stays, see status.slack.com.")
    connections = message.get("num_connections")
    others = connections - 1 if isinstance(connections, int) else 0
    beside = f"; {counted(others, 'other connection')} (a running bot)" if others > 0 else ""
    return ok(SOCKET, f"connects, Slack says hello{beside}")


def first_message(url: str, timeout: float) -> Mapping[str, Any]:
    """Open a WebSocket, read its first message as JSON, and close it again.

    Raises:
        aiohttp.ClientError, OSError, ValueError: no connection, no answer within `timeout` seconds, or no JSON object.

    """

    async def receive() -> str:
        # Closed at once: what Slack sends here meanwhile nobody answers. It repeats events elsewhere, but a command
        # typed in these milliseconds fails visibly and has to be typed again.
        async with (
            asyncio.timeout(timeout),
            aiohttp.ClientSession(trust_env=True) as session,
            session.ws_connect(url) as socket,
        ):
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise ValueError("not a text message")
            return str(message.data)

    message = json.loads(asyncio.run(receive()))
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def _kind(error: Exception) -> str:
    """What kind of error it is; for urllib's wrapper, what it wraps."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, Exception) else error).__name__


def _code(error: SlackApiError) -> str:
    return str(error.response.get("error", "unknown_error"))
