"""Blocks as HTML, as Slack shows them. What can be pressed or chosen carries the action_id for the page's script."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bot.sandbox.demo.mrkdwn import NameOf, plain, safe
from bot.sandbox.demo.transcript import is_numeric, number
from bot.sandbox.slack.workspace import Modal
from bot.sandbox.web.html import Html, joined, tag
from bot.sandbox.web.mrkdwn import lines, link, mention, mrkdwn, ping

Block = dict[str, Any]
RICH_MARKS = (("code", "code"), ("strike", "s"), ("italic", "em"), ("bold", "strong"))
BAR_HEIGHT, BAR_ROOM, LABEL_ROOM = 16, 240, 150
"""Of a chart's bars, in units of its drawing."""


def show_blocks(blocks: Iterable[Block], name_of: NameOf, modal: Modal | None = None) -> Html:
    """Return blocks one below the other. With a `modal` they are its own, and what is wrong stands below each input."""
    shown = []
    for block in blocks:
        draw = RENDERERS.get(str(block.get("type")))
        shown.append(draw(block, name_of) if draw else tag("p", f"[{safe(str(block.get('type')))}]", class_="faint"))
        if modal and (error := modal.errors.get(block.get("block_id", ""))):
            shown.append(tag("p", safe(error), class_="error", role="alert"))
    return joined(*shown)


def _text(node: Any, name_of: NameOf) -> Html:
    """Return a text object; anything else as nothing."""
    if not isinstance(node, dict) or not isinstance(node.get("text"), str):
        return Html()
    return mrkdwn(node["text"], name_of) if node.get("type") == "mrkdwn" else lines(plain(node["text"]))


def _section(block: Block, name_of: NameOf) -> Html:
    said = tag("div", _text(block["text"], name_of)) if "text" in block else Html()
    fields = joined(*(tag("div", _text(field, name_of)) for field in block.get("fields") or []))
    beside = tag("div", _element(block["accessory"], name_of)) if "accessory" in block else Html()
    said = joined(said, tag("div", fields, class_="fields") if fields else Html())
    return tag("div", tag("div", said, class_="grows"), beside, class_="section")


def _header(block: Block, name_of: NameOf) -> Html:
    return tag("h3", _text(block.get("text"), name_of))


def _divider(_block: Block, _name_of: NameOf) -> Html:
    return tag("hr")


def _context(block: Block, name_of: NameOf) -> Html:
    return tag("div", *(tag("span", _element(e, name_of)) for e in block.get("elements", [])), class_="context")


def _actions(block: Block, name_of: NameOf) -> Html:
    return tag("div", *(_element(e, name_of) for e in block.get("elements", [])), class_="actions")


def _element(element: Block, name_of: NameOf, field: str | None = None) -> Html:
    """Return one element. `field` is the name under which a form sends what is filled in; else it acts at once."""
    kind = str(element.get("type"))
    if kind in ("mrkdwn", "plain_text"):
        return _text(element, name_of)
    if kind == "image":
        return tag("span", f"[image: {plain(str(element.get('alt_text', '')))}]", class_="faint")
    draw = ELEMENTS.get(kind)
    return draw(element, name_of, field) if draw else tag("span", f"[{safe(kind)}]", class_="faint")


def _button(element: Block, name_of: NameOf, _field: str | None) -> Html:
    label = _text(element.get("text"), name_of)
    if address := element.get("url"):
        return link(str(address), label)
    return tag(
        "button",
        label,
        type="button",
        class_=f"button {element.get('style') or ''}".strip(),
        data_press=str(element.get("action_id")),
        data_confirm=_question(element),
        value=str(element.get("value") or ""),
    )


def _question(element: Block) -> str | None:
    """Return what Slack asks before it takes a press."""
    confirm = element.get("confirm")
    if not isinstance(confirm, dict):
        return None
    said = (confirm.get(part) or {} for part in ("title", "text"))
    return "\n".join(plain(str(part.get("text", ""))) for part in said)


def _menu(element: Block, name_of: NameOf, field: str | None) -> Html:
    chosen = (element.get("initial_option") or {}).get("value")
    more = "\u22ef" if element.get("type") == "overflow" else "Choose\u2026"
    caption = plain(str((element.get("placeholder") or {}).get("text") or more))
    options = [tag("option", caption, value="")] if chosen is None or field is None else []
    for option in _options(element):
        value = str(option.get("value"))
        options.append(tag("option", _text(option.get("text"), name_of), value=value, selected=value == chosen))
    name = {"name": field} if field else {"data_choose": str(element.get("action_id"))}
    return tag("select", *options, aria_label=caption if caption != "\u22ef" else "More", **name)


def _radio(element: Block, name_of: NameOf, field: str | None) -> Html:
    chosen = (element.get("initial_option") or {}).get("value")
    shown = [
        tag(
            "label",
            tag(
                "input",
                type="radio",
                name=field or str(element.get("action_id")),
                value=str(option.get("value")),
                checked=option.get("value") == chosen,
                data_choose=None if field else str(element.get("action_id")),
            ),
            " ",
            _text(option.get("text"), name_of),
            class_="choice",
        )
        for option in _options(element)
    ]
    return tag("div", *shown)


def _options(element: Block) -> Iterable[Block]:
    yield from element.get("options") or []
    for group in element.get("option_groups") or []:
        yield from group["options"]


def _written(element: Block, _name_of: NameOf, field: str | None) -> Html:
    caption = plain(str((element.get("placeholder") or {}).get("text") or ""))
    value = str(element.get("initial_value") or "")
    if element.get("multiline"):
        return tag("textarea", value, name=field, placeholder=caption, rows="5")
    return tag("input", type="text", name=field, placeholder=caption, value=value, autocomplete="off")


def _input(block: Block, name_of: NameOf) -> Html:
    optional = tag("span", " (optional)", class_="faint") if block.get("optional") else Html()
    field = _element(block.get("element") or {}, name_of, str(block.get("block_id")))
    hint = tag("p", _text(block["hint"], name_of), class_="context") if "hint" in block else Html()
    wrap = "fieldset" if (block.get("element") or {}).get("type") == "radio_buttons" else "label"
    caption = tag("legend" if wrap == "fieldset" else "span", _text(block.get("label"), name_of), optional)
    return joined(tag(wrap, caption, field, class_="input"), hint)


def _image(block: Block, name_of: NameOf) -> Html:
    return tag("p", _element(block, name_of))


def _table(block: Block, name_of: NameOf) -> Html:
    """Return a table or data_table; its first row is the header."""
    rows, settings = block.get("rows") or [], block.get("column_settings") or []
    right = {i for i, setting in enumerate(settings) if (setting or {}).get("align") == "right"}
    right |= {i for i in range(len(rows[0]) if rows else 0) if is_numeric(rows[1:], i)}
    drawn = [
        tag("tr", *(tag(cell, _cell(c, name_of), class_="right" if i in right else None) for i, c in enumerate(row)))
        for cell, row in zip(["th", *["td"] * len(rows)], rows, strict=False)
    ]
    caption = tag("caption", safe(str(block["caption"]))) if block.get("caption") else Html()
    table = tag("table", caption, tag("thead", *drawn[:1]), tag("tbody", *drawn[1:]))
    return tag("div", table, class_="table", tabindex="0", role="group", aria_label="Table")


def _cell(cell: Block, name_of: NameOf) -> Html:
    """Return a cell. Slack shows raw text as it is, so an escape in it is seen as an escape."""
    if cell.get("type") == "rich_text":
        return _rich_text(cell, name_of)
    return joined(safe(str(cell.get("text", cell.get("value", "")))))


def _chart(block: Block, _name_of: NameOf) -> Html:
    """Return a chart as one bar a point, whatever its kind, and a list of the values for those who cannot see it."""
    chart = block.get("chart") or {}
    series = chart.get("series") or [{"data": chart.get("segments")}]
    points = [point for each in series for point in each.get("data") or []]
    most = max((float(point["value"]) for point in points), default=0.0)
    drawn = []
    for row, point in enumerate(points):
        length = max(0.0, float(point["value"])) / most * BAR_ROOM if most > 0 else 0.0
        base = row * (BAR_HEIGHT + 6)
        beside = {"y": str(base + BAR_HEIGHT - 4), "class_": "label"}
        drawn += [
            tag("text", safe(str(point.get("label", "")))[:24], x="0", **beside),
            tag("rect", x=str(LABEL_ROOM), y=str(base), width=f"{length:.0f}", height=str(BAR_HEIGHT), rx="3"),
            tag("text", number(point["value"]), x=f"{LABEL_ROOM + length + 6:.0f}", **beside),
        ]
    title = safe(str(block.get("title", "")))
    said = ", ".join(f"{point.get('label', '')} {number(point['value'])}" for point in points)
    size = f"0 0 {LABEL_ROOM + BAR_ROOM + 70} {len(points) * (BAR_HEIGHT + 6)}"
    picture = tag("svg", *drawn, viewBox=size, role="img", aria_label=safe(f"{title}: {said}"))
    return tag("figure", tag("figcaption", title), picture)


def _rich_text(block: Block, name_of: NameOf) -> Html:
    return joined(*(_rich_part(part, name_of) for part in block.get("elements", [])))


def _rich_part(part: Block, name_of: NameOf) -> Html:
    elements, kind = part.get("elements", []), part.get("type")
    if kind == "rich_text_list":
        items = (tag("li", _rich_part(element, name_of)) for element in elements)
        return tag("ol" if part.get("style") == "ordered" else "ul", *items)
    shown = joined(*(_rich_leaf(element, name_of) for element in elements))
    if kind == "rich_text_preformatted":
        return tag("pre", shown)
    return tag("span", shown, class_="quote") if kind == "rich_text_quote" else shown


def _rich_leaf(element: Block, name_of: NameOf) -> Html:
    kind = element.get("type")
    if kind == "broadcast":
        return ping(str(element.get("range", "channel")))
    if kind == "usergroup":
        return ping(str(element.get("usergroup_id", "")))
    if kind == "user":
        return mention(f"@{safe(name_of(str(element.get('user_id', ''))))}")
    if kind == "emoji":
        return joined(plain(f":{element.get('name', '')}:"))
    shown = lines(safe(str(element.get("text") or element.get("url") or "")))
    if kind == "link":
        return link(str(element.get("url") or ""), shown)
    wanted = element.get("style") or {}
    for style, name in RICH_MARKS:
        shown = tag(name, shown) if wanted.get(style) else shown
    return shown


def _markdown(block: Block, _name_of: NameOf) -> Html:
    return tag("p", lines(safe(str(block.get("text", "")))))


ELEMENTS: dict[str, Callable[[Block, NameOf, str | None], Html]] = {
    "button": _button,
    "overflow": _menu,
    "plain_text_input": _written,
    "radio_buttons": _radio,
    "static_select": _menu,
}

RENDERERS: dict[str, Callable[[Block, NameOf], Html]] = {
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
