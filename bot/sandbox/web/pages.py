"""The page as one person sees it: places, messages, a thread, Home, an open modal, the tour. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bot.sandbox.demo.mrkdwn import safe
from bot.sandbox.demo.transcript import with_channel_names
from bot.sandbox.slack.workspace import Channel, Message, TypedCommand, Workspace
from bot.sandbox.web.blocks import show_blocks
from bot.sandbox.web.html import Html, joined, tag
from bot.sandbox.web.mrkdwn import mrkdwn
from bot.sandbox.web.tour import HOME, STEPS

SHORTCUTS = {"check_invoices": "Check invoices"}
"""The app's message shortcuts, by callback_id, as manifest.yml has them."""
LIST = "check_list"
"""Its global shortcut."""


@dataclass(frozen=True)
class Look:
    """Who looks, and at what. `thread` is the ts of the message whose thread is open."""

    user: str
    place: str
    thread: str = ""

    @property
    def address(self) -> str:
        """The page's address for this look."""
        wanted = {"user": self.user, "place": self.place, "thread": self.thread}
        return f"/?{urlencode({name: value for name, value in wanted.items() if value})}"


def allowed(workspace: Workspace, look: Look) -> Look:
    """Return the look, or the nearest one that this workspace has and that this person may see."""
    people = [user.id for user in workspace.users.values() if not user.is_bot]
    user = look.user if look.user in people else people[0]
    places = [channel.id for channel in _places(workspace, user)]
    place = look.place if look.place in (HOME, *places) else places[0]
    thread = look.thread if place != HOME and workspace.find(place, look.thread) else ""
    return Look(user, place, thread)


def draw(workspace: Workspace, look: Look) -> dict[str, str]:
    """Return each part of the page, and under `seen` what tells one state of them from another."""
    parts: dict[str, str] = {
        "people": _people(workspace, look),
        "places": _navigation(workspace, look),
        "title": _title(workspace, look),
        "main": _home(workspace, look) if look.place == HOME else _conversation(workspace, look),
        "composer": joined(tag("span", _hint(workspace, look)), " ", _list_shortcut()),
        "thread": _thread(workspace, look) if look.thread else _tour(),
        "modal": _modal(workspace, look),
    }
    parts["seen"] = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return parts


def page(parts: Mapping[str, str], look: Look) -> Html:
    """Return the whole document."""
    region = {name: tag("div", Html(html), id=name) for name, html in parts.items() if name != "seen"}
    banner = tag("p", tag("strong", "invoice-bot demo"), " · all data is sample data", class_="banner")
    sidebar = tag("nav", banner, region["people"], region["places"], aria_label="Workspace")
    main = tag(
        "main",
        tag("header", region["title"]),
        tag("section", region["main"], class_="scroll", id="log", aria_live="polite", tabindex="0"),
        _box("Message", "main-box") if look.place != HOME else Html(),
        region["composer"],
    )
    label = "Thread" if look.thread else "Tour"
    below = _box("Reply", "thread-box", look.thread) if look.thread else Html()
    away = replace(look, thread="").address if look.thread else "#"
    close = tag("a", "Close", href=away, class_="button" if look.thread else "button narrow")
    aside = tag(
        "aside",
        tag("header", tag("h2", label), close),
        tag("div", region["thread"], class_="scroll", tabindex="0", id="side"),
        below,
        id="aside",
        aria_label=label,
        class_="open" if look.thread else None,
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "invoice-bot demo"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/static/page.css"),
        tag("script", src="/static/page.js", defer=True),
    )
    notice = tag("p", id="notice", role="status")
    body = tag(
        "body",
        sidebar,
        main,
        aside,
        region["modal"],
        notice,
        data_user=look.user,
        data_place=look.place,
        data_thread=look.thread,
        data_seen=parts["seen"],
    )
    return Html("<!doctype html>" + tag("html", head, body, lang="en"))


def _places(workspace: Workspace, user: str) -> list[Channel]:
    """Return the channels that a person sees, then their direct messages with the bot."""
    seen = [c for c in workspace.channels.values() if not c.is_im and not c.is_archived]
    return [*(c for c in seen if workspace.is_member(c, user)), workspace.open_im(user)]


def _people(workspace: Workspace, look: Look) -> Html:
    people = [user for user in workspace.users.values() if not user.is_bot]
    links = [
        _link(workspace.name_of(user.id), replace(look, user=user.id, thread=""), is_current=user.id == look.user)
        for user in people
    ]
    return joined(tag("h2", "You are"), tag("div", *links, class_="people"))


def _link(label: str, to: Look, *, is_current: bool) -> Html:
    return tag("a", label, href=to.address, aria_current="page" if is_current else None)


def _navigation(workspace: Workspace, look: Look) -> Html:
    places = _places(workspace, look.user)
    named = [(channel.id, "Invoice Bot" if channel.is_im else f"# {channel.name}") for channel in places]
    links = [
        _link(name, Look(look.user, place), is_current=place == look.place)
        for place, name in [*named, (HOME, "Invoice Bot · Home")]
    ]
    return joined(tag("h2", "Channels and apps"), *links, tag("a", "Tour", href="#aside", class_="narrow"))


def _title(workspace: Workspace, look: Look) -> Html:
    if look.place == HOME:
        return tag("h1", "Invoice Bot · Home")
    channel = workspace.channels[look.place]
    return tag("h1", "Invoice Bot" if channel.is_im else f"# {channel.name}")


def _hint(workspace: Workspace, look: Look) -> str:
    if look.place == HOME:
        return ""
    if workspace.channels[look.place].is_im:
        return "Type a ticket number, such as 32223."
    return "Type /invoice-check 32223, or @bot 32223. Enter sends, Shift+Enter makes a new line."


def _list_shortcut() -> Html:
    return tag("button", "Check a list of tickets", type="button", class_="button", data_shortcut=LIST)


def _box(label: str, name: str, thread: str = "") -> Html:
    """Return a box to type in. The script sends it."""
    box = tag("textarea", id=name, rows="1", placeholder=label, aria_label=label, autocomplete="off")
    return tag("form", box, tag("button", "Send", class_="button primary"), data_type=thread or "main")


def _conversation(workspace: Workspace, look: Look) -> Html:
    roots = [m for m in workspace.messages if m.channel == look.place and _sees(m, look.user)]
    said = [m for m in roots if m.is_parent or workspace.find(m.channel, m.thread_ts or "") is None]
    typed = [c for c in workspace.commands if c.channel == look.place and c.user == look.user]
    entries: list[Message | TypedCommand] = sorted([*said, *typed], key=lambda entry: float(entry.ts))
    shown = (_entry(entry, workspace, look) for entry in entries)
    return joined(*shown) if entries else tag("p", "Nothing was said here yet.", class_="faint")


def _sees(message: Message, user: str) -> bool:
    return message.ephemeral_to in (None, user)


def _entry(entry: Message | TypedCommand, workspace: Workspace, look: Look) -> Html:
    if isinstance(entry, Message):
        return _message(entry, workspace, look, with_replies=True)
    said = f"{workspace.name_of(entry.user)} typed {safe(entry.text)}"
    return tag("p", said, class_="typed")


def _message(message: Message, workspace: Workspace, look: Look, *, with_replies: bool) -> Html:
    body = show_blocks(message.blocks, workspace.name_of)
    if not message.blocks and message.text:
        body = tag("div", mrkdwn(with_channel_names(message.text, workspace), workspace.name_of), class_="words")
    shown = (tag("div", show_blocks(each["blocks"], workspace.name_of), class_="quote") for each in message.attachments)
    files = joined(*(tag("details", tag("summary", safe(f.name)), tag("pre", safe(f.text))) for f in message.files))
    return tag(
        "article",
        _byline(message, workspace),
        body,
        *shown,
        files,
        _replies(message, workspace, look) if with_replies else Html(),
        _shortcuts(message),
        data_channel=message.channel,
        data_ts=message.ts,
        class_="ephemeral" if message.ephemeral_to else None,
    )


def _byline(message: Message, workspace: Workspace) -> Html:
    at = datetime.fromtimestamp(float(message.ts), UTC)
    app = tag("span", "APP", class_="app") if message.user == workspace.bot.id else Html()
    notes = ["edited"] * message.edited + ["only visible to you"] * bool(message.ephemeral_to)
    return tag(
        "p",
        tag("strong", safe(workspace.name_of(message.user))),
        app,
        tag("time", f"{at:%H:%M} UTC", datetime=at.isoformat(timespec="seconds")),
        tag("span", ", ".join(notes)),
        class_="byline",
    )


def _replies(message: Message, workspace: Workspace, look: Look) -> Html:
    if message.ephemeral_to:
        return Html()
    count = len(workspace.replies(message.channel, message.ts))
    label = f"{count} {'reply' if count == 1 else 'replies'}" if count else "Reply in thread"
    address = replace(look, thread=message.ts).address
    return tag("a", label, href=address, class_="replies" if count else "replies quiet")


def _shortcuts(message: Message) -> Html:
    if message.ephemeral_to:
        return Html()
    buttons = (tag("button", name, type="button", data_shortcut=callback) for callback, name in SHORTCUTS.items())
    return tag("details", tag("summary", "\u22ee", aria_label="More actions"), *buttons, class_="menu")


def _thread(workspace: Workspace, look: Look) -> Html:
    parent = workspace.find(look.place, look.thread)
    inside = [m for m in workspace.messages if m.channel == look.place and m.thread_ts == look.thread]
    shown = [m for m in (parent, *inside) if m and _sees(m, look.user) and (m is parent or m.ts != look.thread)]
    return joined(*(_message(m, workspace, look, with_replies=False) for m in shown))


def _home(workspace: Workspace, look: Look) -> Html:
    view = workspace.homes.get(look.user)
    if view is None:
        return tag("p", "The app has not made a Home for this person yet.", class_="faint")
    return tag("article", show_blocks(view["blocks"], workspace.name_of), data_home=True)


def _modal(workspace: Workspace, look: Look) -> Html:
    modal = workspace.modals.get(look.user)
    if modal is None:
        return Html()
    view = modal.view

    def said(part: str, otherwise: str = "") -> str:
        return str((view.get(part) or {}).get("text") or otherwise)

    submit = tag("button", said("submit"), class_="button primary") if "submit" in view else Html()
    form = tag(
        "form",
        tag("h2", said("title"), id="modal-title"),
        tag("p", safe(modal.notice), class_="error", role="alert") if modal.notice else Html(),
        show_blocks([_with_channels(block, workspace, look) for block in view["blocks"]], workspace.name_of, modal),
        tag("div", tag("button", said("close", "Close"), type="button", class_="button", data_close=True), submit),
        data_submit=True,
    )
    return tag("dialog", form, aria_labelledby="modal-title")


def _with_channels(block: dict[str, Any], workspace: Workspace, look: Look) -> dict[str, Any]:
    """The block, with the person's channels to choose from where it asks for one."""
    element = block.get("element") or {}
    if element.get("type") != "conversations_select":
        return block
    channels = [each for each in _places(workspace, look.user) if not each.is_im and not each.is_ext_shared]
    options = [{"text": {"type": "plain_text", "text": f"# {each.name}"}, "value": each.id} for each in channels]
    return block | {"element": element | {"type": "static_select", "options": options}}


def _tour() -> Html:
    steps = (
        tag(
            "li",
            tag("h3", step.title),
            tag("p", step.words),
            tag("button", step.label, type="button", class_="button", data_step=str(number)),
        )
        for number, step in enumerate(STEPS)
    )
    return tag("ol", *steps, class_="tour")
