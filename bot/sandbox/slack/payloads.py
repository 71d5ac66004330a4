"""The payloads Slack sends an app, as its documentation gives them. Pure: a workspace in, dictionaries out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from bot.sandbox.slack.workspace import Channel, File, Message, User, Workspace

Payload = dict[str, Any]
MENUS = frozenset({"overflow", "radio_buttons", "static_select"})
"""The elements of which a person chooses one option."""
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
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    if workspace.channels[message.channel].is_im:
        event["channel_type"] = "im"
    return event


def interaction(kind: str, workspace: Workspace, user: User) -> Payload:
    """Return what all interactive payloads have in common."""
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "api_app_id": workspace.app_id,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": fresh_id("1337."),
    }


def message_action(workspace: Workspace, callback_id: str, message: Message, user: User, response_url: str) -> Payload:
    """Return the payload of a message shortcut."""
    return interaction("message_action", workspace, user) | {
        "callback_id": callback_id,
        "action_ts": message.ts,
        "message_ts": message.ts,
        "channel": _channel_json(workspace.channels[message.channel]),
        "message": message_json(message, workspace),
        "response_url": response_url,
    }


def block_actions(workspace: Workspace, message: Message, user: User, action: Payload, response_url: str) -> Payload:
    """Return the payload of a pressed button, or of an option chosen, in a message."""
    ephemeral = message.ephemeral_to is not None
    container: Payload = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = interaction("block_actions", workspace, user) | {
        "container": container,
        "channel": _channel_json(workspace.channels[message.channel]),
        "state": {"values": _state(action)},
        "response_url": response_url,
        "actions": [action],
    }
    return payload if ephemeral else payload | {"message": message_json(message, workspace)}


def home_actions(workspace: Workspace, user: User, action: Payload) -> Payload:
    """Return the payload of a pressed button in the Home tab."""
    view = workspace.homes[user.id]
    return interaction("block_actions", workspace, user) | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [action],
    }


def view_submission(
    workspace: Workspace, callback_id: str, user: User, values: Payload, private_metadata: str
) -> Payload:
    """Return the payload of a submitted modal. `values` is `{block_id: {action_id: {…}}}`."""
    view = {"type": "modal", "callback_id": callback_id, "private_metadata": private_metadata, "blocks": []}
    return modal_submission(workspace, view_json(view, workspace), user, values)


def modal_submission(workspace: Workspace, view: Payload, user: User, values: Payload) -> Payload:
    """Return the payload of this modal, submitted. `values` is as for `view_submission`."""
    return interaction("view_submission", workspace, user) | {
        "view": view | {"state": {"values": values}},
        "response_urls": [],
    }


def view_json(view: Payload, workspace: Workspace, view_id: str | None = None) -> Payload:
    """Return a modal as Slack keeps it: with an id, a hash, and a block_id for each block."""
    view_id = view_id or fresh_id("V")
    defaults = {"callback_id": "", "private_metadata": "", "external_id": ""}
    ours = {"id": view_id, "root_view_id": view_id, "previous_view_id": None, "hash": fresh_id("")}
    team = {"team_id": workspace.team_id, "app_id": workspace.app_id, "bot_id": workspace.bot_id}
    blocks = [{"block_id": f"b{index}"} | block for index, block in enumerate(view["blocks"])]
    return defaults | view | ours | team | {"state": {"values": {}}, "blocks": blocks}


def pressed(blocks: list[Payload], action_id: str, value: str | None, action_ts: str) -> Payload:
    """Return the `actions` entry of a press.

    `value` picks one of several elements with the same action_id; when none has it, the first is pressed with that
    value, as a stale client would. LookupError when there is no such element: nobody can press what is not shown.
    """
    found = _shown(blocks, action_id)
    block_id, element = next(((b, e) for b, e in found if value in (None, e.get("value"))), found[0])
    if element["type"] in MENUS:
        return chosen(blocks, action_id, value or "", action_ts)
    action = {"action_id": action_id, "block_id": block_id, "type": element["type"], "action_ts": action_ts}
    kept = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
    return action | kept | ({"value": value} if value is not None else {})


def chosen(blocks: list[Payload], action_id: str, value: str, action_ts: str) -> Payload:
    """Return the `actions` entry of an option chosen from a menu, or from one of several with the same action_id.

    LookupError when no such menu shows an option of this value.
    """
    for block_id, element in _shown(blocks, action_id):
        option = option_of(element, value) if element["type"] in MENUS else None
        if option:
            action = {"action_id": action_id, "block_id": block_id, "type": element["type"], "action_ts": action_ts}
            return action | {"selected_option": option}
    message = f"no menu with action_id {action_id!r} shows an option with value {value!r}"
    raise LookupError(message)


def option_of(element: Payload, value: str) -> Payload | None:
    """Return the option of this value; None when the element has none."""
    groups = [element.get("options") or [], *(group["options"] for group in element.get("option_groups") or [])]
    return next((option for options in groups for option in options if option.get("value") == value), None)


def elements_of(block: Payload) -> list[Payload]:
    """Return the interactive elements of a block that is not an input."""
    accessory = [block["accessory"]] if "accessory" in block else []
    return [*accessory, *(e for e in block.get("elements", []) if block.get("type") == "actions")]


def _shown(blocks: list[Payload], action_id: str) -> list[tuple[str, Payload]]:
    """Return each element of this action_id with the id of its block. LookupError when there is none."""
    found = [
        (block.get("block_id") or f"b{index}", element)
        for index, block in enumerate(blocks)
        for element in elements_of(block)
        if element.get("action_id") == action_id
    ]
    if not found:
        message = f"no element with action_id {action_id!r} in the message"
        raise LookupError(message)
    return found


def _state(action: Payload) -> Payload:
    """Return what a message remembers of an action: the option chosen, but not that of an overflow menu."""
    if "selected_option" not in action or action["type"] == "overflow":
        return {}
    entry = {"type": action["type"], "selected_option": action["selected_option"]}
    return {action["block_id"]: {action["action_id"]: entry}}


def _channel_json(channel: Channel) -> Payload:
    return {"id": channel.id, "name": channel.name}
