"""Modals: filled in and submitted by a person, changed by the app's acknowledgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from bot.sandbox.slack.interactions import elements_of, option_of
from bot.sandbox.slack.payloads import Payload, view_json
from bot.sandbox.slack.views import modal_problems
from bot.sandbox.slack.workspace import Modal, Workspace

TROUBLE = "We had some trouble connecting. Try again?"
FIELDS = frozenset({"conversations_select", "plain_text_input", "radio_buttons", "static_select"})
"""The elements that a person of the stand-in can fill in."""


def fill_in(modal: Modal, values: Mapping[str, str]) -> Payload:
    """Fill in the fields of a modal; return its state, `{block_id: {action_id: {…}}}`.

    `values` gives the text or the value of the option, by block_id or action_id. Fields without one keep what they
    show. LookupError when the modal shows no such field or option; ValueError when Slack would not let it go: a
    field that must be filled in is empty, or a text too short or too long.
    """
    fields = list(_fields(modal.view["blocks"]))
    shown = {name for block, element in fields for name in (block["block_id"], element.get("action_id"))}
    if unknown := set(values) - shown:
        message = f"the modal shows no field {', '.join(sorted(unknown))}"
        raise LookupError(message)
    state: Payload = {}
    for block, element in fields:
        block_id, action_id = block["block_id"], element.get("action_id") or f"{block['block_id']}-element"
        given = values.get(block_id, values.get(action_id))
        entry = _entry(element, given) if given is not None else _kept(modal, block_id, action_id, element)
        _check(block, element, entry)
        state.setdefault(block_id, {})[action_id] = entry
    modal.state = state
    return state


def acknowledged(workspace: Workspace, modal: Modal, ack: Payload) -> None:
    """Do with the person's modal what the app's acknowledgement of its submission asks."""
    action = ack.get("response_action")
    modal.errors, modal.notice = {}, ""
    if action in (None, "clear"):
        if workspace.modals.get(modal.user) is modal:
            del workspace.modals[modal.user]
    elif action == "errors" and _is_about_inputs(ack.get("errors"), modal):
        modal.errors = dict(ack["errors"])
    elif action == "update" and not modal_problems(ack.get("view")):
        modal.view = view_json(deepcopy(ack["view"]), workspace, modal.view["id"])
    elif action == "push":
        modal.notice = "the stand-in cannot push a view"
    else:
        modal.notice = TROUBLE


def undelivered(modal: Modal) -> None:
    """Tell the person that their submission did not reach the app."""
    modal.errors, modal.notice = {}, TROUBLE


def _is_about_inputs(errors: Any, modal: Modal) -> bool:
    """Say whether these errors can be shown: Slack knows only those of the modal's input blocks."""
    inputs = {block["block_id"] for block in modal.view["blocks"] if block["type"] == "input"}
    return isinstance(errors, dict) and bool(errors) and set(errors) <= inputs


def _fields(blocks: list[Payload]) -> Iterator[tuple[Payload, Payload]]:
    """Yield each element that has a state, with its block."""
    for block in blocks:
        elements = [block["element"]] if block["type"] == "input" else elements_of(block)
        yield from ((block, element) for element in elements if element["type"] not in ("button", "overflow", "image"))


def _entry(element: Payload, given: str) -> Payload:
    """Return the state of a field after the person gave it a value."""
    kind = element["type"]
    if kind not in FIELDS:
        message = f"nobody can fill in a {kind} in the stand-in"
        raise LookupError(message)
    if kind == "plain_text_input":
        return {"type": kind, "value": given or None}
    if kind == "conversations_select":
        return {"type": kind, "selected_conversation": given or None}
    option = option_of(element, given)
    if option is None:
        message = f"{element.get('action_id')} shows no option with value {given!r}"
        raise LookupError(message)
    return {"type": kind, "selected_option": option}


def _kept(modal: Modal, block_id: str, action_id: str, element: Payload) -> Payload:
    """Return the state of a field that the person leaves as it is."""
    kind = element["type"]
    before: Payload = modal.state.get(block_id, {}).get(action_id, {})
    if before.get("type") == kind:
        return before
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value")}
    if kind in FIELDS:
        return {"type": kind, "selected_option": element.get("initial_option")}
    return {"type": kind}


def _check(block: Payload, element: Payload, entry: Payload) -> None:
    """Refuse, as Slack does before it sends anything, what cannot be submitted."""
    if element["type"] not in FIELDS or block["type"] != "input":
        return
    value = entry.get("value", entry.get("selected_option", entry.get("selected_conversation")))
    if not value and not block.get("optional"):
        message = f"{block['block_id']} must be filled in"
        raise ValueError(message)
    if isinstance(value, str) and not element.get("min_length", 0) <= len(value) <= element.get("max_length", 3000):
        message = f"{block['block_id']} is too short or too long"
        raise ValueError(message)
