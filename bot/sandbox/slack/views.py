"""Modals, opened with a trigger_id."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import Any

from bot.sandbox.slack.api import Answer, Args, SlackRefusalError, WebApi, structured
from bot.sandbox.slack.limits import block_problems
from bot.sandbox.slack.payloads import view_json
from bot.sandbox.slack.workspace import Modal, Trigger, Workspace


def hand_out(workspace: Workspace, trigger_id: str, user: str) -> None:
    """Take note of a trigger_id that the app is told. One that was told before grows no younger."""
    workspace.triggers.setdefault(trigger_id, Trigger(user, time.monotonic() + workspace.trigger_seconds))


def views_open(api: WebApi, args: Args) -> Answer:
    """Open a modal for the person whose trigger_id it is, in place of any they have open."""
    view = structured(args, "view", "invalid_arguments")
    if problems := modal_problems(view):
        raise SlackRefusalError("invalid_arguments", response_metadata={"messages": problems})
    user = _redeem(api.workspace, str(args.get("trigger_id") or ""))
    modal = Modal(user, view_json(deepcopy(view), api.workspace))
    api.workspace.modals[user] = modal
    return {"view": modal.view}


def modal_problems(view: Any) -> list[str]:
    """Return what is wrong with a modal; empty when nothing is."""
    if not isinstance(view, dict) or view.get("type") != "modal":
        return ["view must be of type modal"]
    problems = block_problems(view.get("blocks"), home=True)
    for name in ("title", "submit", "close"):
        if (name == "title" or name in view) and not _is_label(view.get(name)):
            problems.append(f"{name} must be a plain_text of 1 to 24 characters")
    for name, most in (("callback_id", 255), ("private_metadata", 3000)):
        if len(str(view.get(name) or "")) > most:
            problems.append(f"{name} must be at most {most} characters")
    if not problems and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
        problems.append("a modal with inputs needs submit")
    return problems


def _redeem(workspace: Workspace, trigger_id: str) -> str:
    """Return the person of a trigger_id, and let it be used."""
    trigger = workspace.triggers.get(trigger_id)
    if trigger is None:
        raise SlackRefusalError("invalid_trigger_id")
    if time.monotonic() > trigger.expires_at:
        raise SlackRefusalError("expired_trigger_id")
    if trigger.exchanged:
        raise SlackRefusalError("exchanged_trigger_id")
    trigger.exchanged = True
    return trigger.user


def _is_label(node: Any) -> bool:
    plain = isinstance(node, dict) and node.get("type") == "plain_text" and isinstance(node.get("text"), str)
    return plain and 1 <= len(node["text"]) <= 24
