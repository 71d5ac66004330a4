"""The payloads Slack sends an app, as its documentation gives them. Pure: a workspace in, dictionaries out."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from bot.sandbox.slack.workspace import Channel, File, Message, User, Workspace

Payload = dict[str, Any]
VERIFICATION_TOKEN = "sandbox-verification"  # noqa: S105 - Slack's deprecated field, it opens nothing


def fresh_id(prefix: str) -> str:
    """Return an id that was never given before, such as `Ev…` or `1337.…`."""
    return f"{prefix}{uuid4().hex[:16].upper()}"


def team_of(user: str, workspace: Workspace) -> str:
    """Return the organisation of a person; the home organisation for unknown ids."""
    person = workspace.users.get(user)
    return person.team_id if person else workspace.team_id


def message_json(message: Message, workspace: Workspace, *, with_metadata: bool = True) -> Payload:
    """Return a message in the form the Web API and the payloads share."""
    body: Payload = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    body["team"] = team_of(message.user, workspace)
    if message.user == workspace.bot.id:
        body |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id}
    elif message.user in workspace.users and workspace.users[message.user].is_bot:
        body["bot_id"] = f"B{message.user[1:]}"
    if message.attachments:
        body["attachments"] = message.attachments
    if message.blocks:
        body["blocks"] = message.blocks
    if message.files:
        body["files"] = [file_json(file, workspace) for file in message.files]
    replies = workspace.replies(message.channel, message.ts)
    if message.thread_ts or replies:
        body["thread_ts"] = message.thread_ts or message.ts
    if replies:
        body |= {"reply_count": len(replies), "latest_reply": replies[-1].ts}
    if message.edited:
        body["edited"] = {"user": message.user, "ts": message.ts}
    if message.metadata and with_metadata:
        body["metadata"] = message.metadata
    return body


def file_json(file: File, workspace: Workspace) -> Payload:
    """Return a file in the form the Web API and the messages share."""
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "size": len(file.content),
        "user": file.user,
        "permalink": f"https://{workspace.domain}.slack.com/files/{file.user}/{file.id}/{file.name}",
    }


def slash_command(
    workspace: Workspace,
    *,
    command: str,
    text: str,
    user: User,
    channel: Channel,
    trigger_id: str | None,
    response_url: str,
) -> Payload:
    """Return the payload of a slash command."""
    private = "directmessage" if channel.is_im else "privategroup"
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": user.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": private if channel.is_private else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app_id,
        **({"enterprise_id": user.enterprise_id} if user.enterprise_id else {}),
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id or fresh_id("1337."),
    }


def event_callback(workspace: Workspace, event: Payload, channel: Channel | None = None) -> Payload:
    """Return an Events API payload around an event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": fresh_id("Ev"),
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            },
        ],
        "is_ext_shared_channel": channel.is_ext_shared if channel else False,
        "event_context": fresh_id("4-"),
    }


def message_event(kind: str, message: Message, workspace: Workspace) -> Payload:
    """Return the event (`app_mention` or `message`) that a person's message gives rise to."""
    team = team_of(message.user, workspace)
    event: Payload = {
        "type": kind,
        "user": message.user,
        "ts": message.ts,
        "event_ts": message.ts,
        "client_msg_id": str(uuid4()),
        "text": message.text,
        "team": team,
        "user_team": team,
        "source_team": team,
        "channel": message.channel,
    }
    author = workspace.users.get(message.user)
    if author and author.is_bot:
        event["bot_id"] = f"B{author.id[1:]}"
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    place = workspace.channels[message.channel]
    if kind == "message":
        event["channel_type"] = "im" if place.is_im else "group" if place.is_private else "channel"
    return event


def addresses(text: str) -> list[str]:
    """Return the web addresses in a message, as Slack writes them: <https://…|label>."""
    return re.findall(r"<(https?://[^|>\s]+)", text)


def link_shared(message: Message, workspace: Workspace) -> Payload:
    """Return the event that the addresses in a person's message give rise to."""
    place, urls = workspace.channels[message.channel], addresses(message.text)
    thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
    return thread | {
        "type": "link_shared",
        "user": message.user,
        "channel": message.channel,
        "message_ts": message.ts,
        "is_bot_user_member": place.bot_is_member,
        "unfurl_id": f"{message.channel}.{message.ts}",
        "source": "conversations_history",
        "links": [{"url": url, "domain": urlsplit(url).hostname} for url in urls],
        "event_ts": message.ts,
    }


def view_json(view: Payload, workspace: Workspace, view_id: str | None = None) -> Payload:
    """Return a modal as Slack keeps it: with an id, a hash, and a block_id for each block."""
    view_id = view_id or fresh_id("V")
    defaults = {"callback_id": "", "private_metadata": "", "external_id": ""}
    ours = {"id": view_id, "root_view_id": view_id, "previous_view_id": None, "hash": fresh_id("")}
    team = {"team_id": workspace.team_id, "app_id": workspace.app_id, "bot_id": workspace.bot_id}
    blocks = [{"block_id": f"b{index}"} | block for index, block in enumerate(view["blocks"])]
    return defaults | view | ours | team | {"state": {"values": {}}, "blocks": blocks}
