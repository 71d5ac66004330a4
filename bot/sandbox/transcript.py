"""A Slack workspace as a chat to read in a terminal: what the people in it would see. Pure rendering."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.sandbox import mrkdwn as slack_text
from bot.sandbox.slack_workspace import Channel, Message, TypedCommand, Workspace

Block = dict[str, Any]
Renderer = Callable[[Block, slack_text.NameOf], RenderableType]
Frame = Callable[[RenderableType], RenderableType]

BOLD = Style(bold=True)
FAINT = Style(dim=True)
BUTTONS = {"primary": Style(reverse=True, color="green"), "danger": Style(reverse=True, color="red")}
RICH_STYLES = {"bold": "bold", "italic": "italic", "strike": "strike", "code": "magenta"}
BUILDER = "https://app.slack.com/block-kit-builder/#"


def render_workspace(workspace: Workspace, *, thread_frame: Frame = Group) -> RenderableType:
    """Return every conversation in which something was said, one after the other.

    `thread_frame` is put around each thread, to show less of it.
    """
    spoken = {m.channel for m in workspace.messages} | {c.channel for c in workspace.commands}
    shown = [channel for channel in workspace.channels.values() if channel.id in spoken]
    return Group(*(render_channel(channel, workspace, thread_frame=thread_frame) for channel in shown))


def render_channel(channel: Channel, workspace: Workspace, *, thread_frame: Frame = Group) -> RenderableType:
    """Return one conversation in the order of time, each thread indented below its parent."""
    parents = [m for m in workspace.messages if m.channel == channel.id and (m.is_parent or _orphan(m, workspace))]
    commands = [c for c in workspace.commands if c.channel == channel.id]
    lines: list[Message | TypedCommand] = sorted([*parents, *commands], key=lambda line: float(line.ts))
    partner = workspace.name_of(channel.user) if channel.user else ""
    title = f"direct message with {partner}" if channel.is_im else f"#{channel.name}"
    heading = Rule(Text(slack_text.safe(title), BOLD), align="left", style=FAINT)
    return Group(heading, *(_line(line, workspace, thread_frame) for line in lines))


def render_message(message: Message, workspace: Workspace) -> RenderableType:
    """Return one message as it is shown now, with its author; the thread below it is left out."""
    body: RenderableType = Group(*render_blocks(message.blocks, workspace.name_of))
    if not message.blocks:
        body = slack_text.mrkdwn(_with_channel_names(message.text, workspace), workspace.name_of)
    return Group(_heading(message, workspace), Padding(body, (0, 0, 0, 2)))


def render_blocks(blocks: Iterable[Block], name_of: slack_text.NameOf) -> list[RenderableType]:
    """Return each block as a person would see it; a block of an unknown type shows its type."""
    return [RENDERERS.get(str(block.get("type")), _unknown)(block, name_of) for block in blocks]


def block_kit_builder_url(blocks: list[Block]) -> str:
    """Return an address that shows these blocks in Slack's own Block Kit Builder."""
    return BUILDER + quote(json.dumps({"blocks": blocks}, ensure_ascii=False, separators=(",", ":")), safe="")


def _with_channel_names(text: str, workspace: Workspace) -> str:
    """Give each reference to a channel of this workspace the channel's name, as Slack does for those who see it."""
    for channel in workspace.channels.values():
        text = text.replace(f"<#{channel.id}>", f"<#{channel.id}|{channel.name}>")
    return text


def _orphan(message: Message, workspace: Workspace) -> bool:
    """Say whether a reply stands below nothing, because its parent was deleted."""
    return workspace.find(message.channel, message.thread_ts or "") is None


def _line(line: Message | TypedCommand, workspace: Workspace, thread_frame: Frame) -> RenderableType:
    if isinstance(line, TypedCommand):
        who = Text(slack_text.safe(workspace.name_of(line.user)), BOLD)
        return who.append("  ").append(slack_text.safe(line.text), Style(color="cyan"))
    shown = [render_message(line, workspace)]
    thread = [m for m in workspace.messages if m.thread_ts == line.ts and m.channel == line.channel]
    replies = [m for m in thread if m.ts != line.ts]
    if replies:
        count = sum(m.ephemeral_to is None for m in replies)
        label = Text(f"{count} {'reply' if count == 1 else 'replies'} in thread", FAINT)
        inner = Group(label, *(render_message(m, workspace) for m in replies))
        shown.append(Padding(thread_frame(inner), (0, 0, 0, 3)))
    return Group(*shown)


def _heading(message: Message, workspace: Workspace) -> Text:
    """Return the author, and what is special about the message."""
    heading = Text(slack_text.safe(workspace.name_of(message.user)), BOLD)
    if message.user == workspace.bot.id:
        heading.append(" APP", FAINT)
    if message.ephemeral_to:
        reader = slack_text.safe(workspace.name_of(message.ephemeral_to))
        heading.append(f"  (only visible to you: {reader})", FAINT)
    if message.edited:
        heading.append("  (edited)", FAINT)
    return heading


def _text_object(node: Any, name_of: slack_text.NameOf) -> Text:
    """Return a text object; anything else as nothing."""
    if not isinstance(node, dict) or not isinstance(node.get("text"), str):
        return Text()
    if node.get("type") == "mrkdwn":
        return slack_text.mrkdwn(node["text"], name_of)
    return Text(slack_text.plain(node["text"]))


def _section(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    parts: list[RenderableType] = []
    if "text" in block:
        parts.append(_text_object(block["text"], name_of))
    if fields := block.get("fields"):
        grid = Table.grid(padding=(0, 4))
        shown = [_text_object(field, name_of) for field in fields]
        for left in range(0, len(shown), 2):
            grid.add_row(*shown[left : left + 2])
        parts.append(grid)
    if "accessory" in block:
        parts.append(_element(block["accessory"], name_of))
    return Group(*parts)


def _header(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    text = _text_object(block.get("text"), name_of)
    text.stylize(Style(bold=True, underline=True))
    return text


def _divider(_block: Block, _name_of: slack_text.NameOf) -> RenderableType:
    return Rule(style=FAINT)


def _context(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    shown = Text("  ").join(_element(each, name_of) for each in block.get("elements", []))
    shown.stylize(FAINT)
    return shown


def _actions(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    return Text("  ").join(_element(each, name_of) for each in block.get("elements", []))


def _element(element: Block, name_of: slack_text.NameOf) -> Text:
    """Return a button or a menu in brackets, an image as its description, a text as itself."""
    kind = element.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return _text_object(element, name_of)
    if kind == "image":
        return Text(f"[image: {slack_text.plain(str(element.get('alt_text', '')))}]")
    label = _text_object(element.get("text") or element.get("placeholder"), name_of).plain or str(kind)
    return Text(f"[ {slack_text.safe(label)} ]", BUTTONS.get(str(element.get("style")), Style(reverse=True)))


def _image(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    return _element(block, name_of)


def _table(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    """Return a table or data_table; its first row is the header."""
    rows = [[_cell(cell, name_of) for cell in row] for row in block.get("rows", [])]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), title_justify="left")
    if caption := block.get("caption"):
        table.title = Text(slack_text.safe(str(caption)), FAINT)
    if not rows:
        return table
    settings = block.get("column_settings") or []
    for index, head in enumerate(rows[0]):
        setting = (settings[index] if index < len(settings) else None) or {}
        right = setting.get("align") == "right"
        table.add_column(head, justify="right" if right else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    return table


def _cell(cell: Block, name_of: slack_text.NameOf) -> Text:
    """Return a cell. Slack shows raw text as it is, so an escape in it is seen as an escape."""
    if cell.get("type") == "rich_text":
        return _rich_text(cell, name_of)
    return Text(slack_text.safe(str(cell.get("text", cell.get("value", "")))))


def _rich_text(block: Block, name_of: slack_text.NameOf) -> Text:
    return Text("\n").join(_rich_part(part, name_of) for part in block.get("elements", []))


def _rich_part(part: Block, name_of: slack_text.NameOf) -> Text:
    """Return one part of a rich_text: a list with bullets, a quote with bars, others as they are."""
    elements = part.get("elements", [])
    if part.get("type") == "rich_text_list":
        ordered = part.get("style") == "ordered"
        marks = [f"{n}. " if ordered else "\u2022 " for n in range(1, len(elements) + 1)]
        return Text("\n").join(Text(mark) + _rich_part(e, name_of) for mark, e in zip(marks, elements, strict=True))
    shown = Text().join(_rich_leaf(element, name_of) for element in elements)
    if part.get("type") == "rich_text_quote":
        return Text("\n").join(Text("\u2502 ") + line for line in shown.split("\n"))
    return shown


def _rich_leaf(element: Block, name_of: slack_text.NameOf) -> Text:
    kind = element.get("type")
    if kind == "broadcast":
        return slack_text.ping(str(element.get("range", "channel")))
    if kind == "usergroup":
        return slack_text.ping(str(element.get("usergroup_id", "")))
    if kind == "user":
        return Text(f"@{slack_text.safe(name_of(str(element.get('user_id', ''))))}", slack_text.MENTION)
    if kind == "emoji":
        return Text(slack_text.plain(f":{element.get('name', '')}:"))
    text = slack_text.safe(str(element.get("text") or element.get("url") or ""))
    if kind == "link":
        return Text(text, slack_text.LINK)
    wanted = element.get("style") or {}
    return Text(text, " ".join(style for name, style in RICH_STYLES.items() if wanted.get(name)))


def _markdown(block: Block, _name_of: slack_text.NameOf) -> RenderableType:
    return Text(slack_text.safe(str(block.get("text", ""))))


def _unknown(block: Block, _name_of: slack_text.NameOf) -> RenderableType:
    return Text(f"[{slack_text.safe(str(block.get('type')))}]", FAINT)


RENDERERS: dict[str, Renderer] = {
    "actions": _actions,
    "context": _context,
    "data_table": _table,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}
