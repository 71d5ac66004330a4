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

from bot.sandbox.demo import mrkdwn as slack_text
from bot.sandbox.slack.workspace import Channel, File, Message, Modal, TypedCommand, Workspace

Block = dict[str, Any]
Renderer = Callable[[Block, slack_text.NameOf], RenderableType]
Frame = Callable[[RenderableType], RenderableType]

BOLD = Style(bold=True)
FAINT = Style(dim=True)
BUTTONS = {"primary": Style(reverse=True, color="green"), "danger": Style(reverse=True, color="red")}
RICH_STYLES = {"bold": "bold", "italic": "italic", "strike": "strike", "code": "magenta"}
ERROR = Style(color="red")
SPARKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
BAR_WIDTH = 20
BUILDER = "https://app.slack.com/block-kit-builder/#"


def render_workspace(workspace: Workspace, *, thread_frame: Frame = Group) -> RenderableType:
    """Return every conversation in which something was said, one after the other, then the open modals.

    `thread_frame` is put around each thread, to show less of it.
    """
    spoken = {m.channel for m in workspace.messages} | {c.channel for c in workspace.commands}
    shown = [channel for channel in workspace.channels.values() if channel.id in spoken]
    channels = [render_channel(channel, workspace, thread_frame=thread_frame) for channel in shown]
    return Group(*channels, *(render_modal(modal, workspace) for modal in workspace.modals.values()))


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
    body = render_blocks(message.blocks, workspace.name_of)
    if not message.blocks and (message.text or not message.files):
        body = [slack_text.mrkdwn(with_channel_names(message.text, workspace), workspace.name_of)]
    body += [_file(file) for file in message.files]
    return Group(_heading(message, workspace), Padding(Group(*body), (0, 0, 0, 2)))


def render_modal(modal: Modal, workspace: Workspace) -> RenderableType:
    """Return a modal as its person sees it, with what is wrong below each input."""
    view, name_of = modal.view, workspace.name_of
    title = _text_object(view.get("title"), name_of).plain
    heading = Rule(Text(slack_text.safe(f"modal of {name_of(modal.user)}: {title}"), BOLD), align="left", style=FAINT)
    body: list[RenderableType] = [Text(slack_text.safe(modal.notice), ERROR)] if modal.notice else []
    for block, shown in zip(view["blocks"], render_blocks(view["blocks"], name_of), strict=True):
        body.append(shown)
        if error := modal.errors.get(block.get("block_id", "")):
            body.append(Text(f"! {slack_text.safe(error)}", ERROR))
    closing = [_text_object(view[name], name_of).plain for name in ("close", "submit") if name in view]
    body.append(Text("  ").join(_button(label) for label in closing))
    return Group(heading, Padding(Group(*body), (0, 0, 0, 2)))


def render_blocks(blocks: Iterable[Block], name_of: slack_text.NameOf) -> list[RenderableType]:
    """Return each block as a person would see it; a block of an unknown type shows its type."""
    return [RENDERERS.get(str(block.get("type")), _unknown)(block, name_of) for block in blocks]


def block_kit_builder_url(blocks: list[Block]) -> str:
    """Return an address that shows these blocks in Slack's own Block Kit Builder."""
    return BUILDER + quote(json.dumps({"blocks": blocks}, ensure_ascii=False, separators=(",", ":")), safe="")


def with_channel_names(text: str, workspace: Workspace) -> str:
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


def _file(file: File) -> Text:
    count = f"{file.lines} {'line' if file.lines == 1 else 'lines'}"
    return Text(f"\U0001f4ce {slack_text.safe(file.name)} ({count})")


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
    """Return a button, menu or field in brackets, options to choose from, an image as its description, a text."""
    kind = element.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return _text_object(element, name_of)
    if kind == "image":
        return Text(f"[image: {slack_text.plain(str(element.get('alt_text', '')))}]")
    if kind == "overflow":
        return _button("\u22ef")
    if kind in ("radio_buttons", "checkboxes"):
        return _options(element, name_of)
    chosen = element.get("initial_option") or {}
    caption = _text_object(element.get("text") or chosen.get("text") or element.get("placeholder"), name_of).plain
    return _button(str(element.get("initial_value") or caption or kind), str(element.get("style")))


def _button(label: str, style: str = "") -> Text:
    return Text(f"[ {slack_text.safe(label)} ]", BUTTONS.get(style, Style(reverse=True)))


def _options(element: Block, name_of: slack_text.NameOf) -> Text:
    """Return the options of radio buttons or checkboxes, with a mark on what is chosen at first."""
    chosen = [element.get("initial_option"), *element.get("initial_options", [])]
    marked = [(option, "(\u2022)" if option in chosen else "( )") for option in element.get("options", [])]
    return Text("  ").join(Text(f"{mark} ") + _text_object(option.get("text"), name_of) for option, mark in marked)


def _input(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    label = _text_object(block.get("label"), name_of)
    label.stylize(BOLD)
    if block.get("optional"):
        label.append(" (optional)", FAINT)
    parts: list[RenderableType] = [label, _element(block.get("element") or {}, name_of)]
    if "hint" in block:
        hint = _text_object(block["hint"], name_of)
        hint.stylize(FAINT)
        parts.append(hint)
    return Group(*parts)


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
        right = setting.get("align") == "right" or is_numeric(block["rows"][1:], index)
        table.add_column(head, justify="right" if right else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    return table


def is_numeric(rows: list[list[Block]], index: int) -> bool:
    """Say whether a column of a table holds numbers only."""
    cells = [row[index] for row in rows if index < len(row)]
    return bool(cells) and all(cell.get("type") == "raw_number" for cell in cells)


def _cell(cell: Block, name_of: slack_text.NameOf) -> Text:
    """Return a cell. Slack shows raw text as it is, so an escape in it is seen as an escape."""
    if cell.get("type") == "rich_text":
        return _rich_text(cell, name_of)
    return Text(slack_text.safe(str(cell.get("text", cell.get("value", "")))))


def _chart(block: Block, name_of: slack_text.NameOf) -> RenderableType:
    """Return a chart: bars for bar and pie, a line of marks and the values for line and area."""
    chart = block.get("chart") or {}
    series = chart.get("series") or [{"data": chart.get("segments")}]
    if not any(each.get("data") for each in series):
        return _unknown(block, name_of)
    draw = _bars if chart.get("type") in ("bar", "pie") else _sparkline
    shown: list[RenderableType] = [Text(slack_text.safe(str(block.get("title", ""))), BOLD)]
    for each in series:
        if name := each.get("name"):
            shown.append(Text(slack_text.safe(str(name)), FAINT))
        shown.append(draw(each.get("data") or []))
    return Group(*shown)


def _bars(points: list[Block]) -> RenderableType:
    """Return one bar a point, the longest as wide as there is room for; nothing for what is below zero."""
    most = max((float(point["value"]) for point in points), default=0.0)
    grid = Table.grid(padding=(0, 1))
    for point in points:
        length = max(0.0, float(point["value"])) / most * BAR_WIDTH if most > 0 else 0.0
        grid.add_row(_label(point), Text(SPARKS[-1] * round(length)), Text(number(point["value"])))
    return grid


def _sparkline(points: list[Block]) -> RenderableType:
    """Return one mark a point, as high as its value among the others, and the values below."""
    values = [float(point["value"]) for point in points]
    least, span = min(values, default=0.0), max(values, default=0.0) - min(values, default=0.0)
    heights = [round((value - least) / span * (len(SPARKS) - 1)) if span else 0 for value in values]
    said = Text(", ").join(_label(point).append(f" {number(point['value'])}") for point in points)
    return Group(Text("".join(SPARKS[height] for height in heights)), said)


def _label(point: Block) -> Text:
    return Text(slack_text.safe(str(point.get("label", ""))))


def number(value: float) -> str:
    """Return the value of a point of a chart as it is shown."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


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
    "data_visualization": _chart,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}
