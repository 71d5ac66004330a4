"""The payloads Slack sends an app for what people press, choose and fill in. Pure: a workspace in, dictionaries out."""

from __future__ import annotations

from bot.sandbox.slack.payloads import VERIFICATION_TOKEN, Payload, fresh_id, message_json
from bot.sandbox.slack.workspace import Channel, Message, User, Workspace

MENUS = frozenset({"overflow", "radio_buttons", "static_select"})
"""The elements of which a person chooses one option."""


def interaction(kind: str, workspace: Workspace, user: User) -> Payload:
    """Return what all interactive payloads have in common."""
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "api_app_id": workspace.app_id,
        "team": {"id": user.team_id, "domain": workspace.domain},  # that of the person who looks at it
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "enterprise": {"id": user.enterprise_id, "name": "Sample Group"} if user.enterprise_id else None,
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


def modal_submission(workspace: Workspace, view: Payload, user: User, values: Payload) -> Payload:
    """Return the payload of this modal, submitted. `values` is `{block_id: {action_id: {…}}}`."""
    return interaction("view_submission", workspace, user) | {
        "view": view | {"state": {"values": values}},
        "response_urls": [],
    }


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
