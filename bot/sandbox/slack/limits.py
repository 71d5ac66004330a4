"""What Slack refuses to post, as pure functions: the limits of texts and of Block Kit.

`message_error` gives Slack's error code; `block_problems` says in words what is wrong with the blocks, as Slack
does in `response_metadata.messages`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from math import isfinite
from typing import Any

MESSAGE_TEXT = 40_000
UPDATED_TEXT = 4_000
"""chat.update refuses longer texts, although chat.postMessage takes them."""
MESSAGE_BLOCKS = 50
HOME_BLOCKS = 100
BLOCKS_JSON = 13_000
VIEW_JSON = 250_000
HOME_FIELDS = frozenset({"type", "blocks", "private_metadata", "callback_id", "external_id"})

Node = dict[str, Any]
Problems = Iterator[str]

MESSAGE_ONLY = frozenset({"table", "data_table", "data_visualization", "markdown"})
TABLE_CELLS = frozenset({"raw_text", "rich_text"})
DATA_CELLS = frozenset({"raw_text", "raw_number", "rich_text"})
CHARTS = frozenset({"line", "bar", "area", "pie"})
RICH_TEXT_PARTS = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"},
)


def message_error(
    text: str | None,
    blocks: Any = None,
    *,
    refused_types: Collection[str] = (),
    text_limit: int = MESSAGE_TEXT,
) -> str | None:
    """Return the error code with which Slack refuses this message, or None when it takes it."""
    if not text and not blocks:
        return "no_text"
    if text and len(text) > text_limit:
        return "msg_too_long"
    if not blocks:
        return None
    if block_problems(blocks, refused_types=refused_types):
        return "invalid_blocks"
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > BLOCKS_JSON:
        return "msg_blocks_too_long"
    return None


def view_problems(view: Any) -> list[str]:
    """Return what is wrong with this Home tab; Slack's code for any of it is `invalid_arguments`."""
    if not isinstance(view, dict) or view.get("type") != "home":
        return ["view must be of type home"]
    problems = [f"a Home has no {name}" for name in view if name not in HOME_FIELDS]
    problems += ["view is too large"] if len(json.dumps(view, ensure_ascii=False)) > VIEW_JSON else []
    return [*problems, *block_problems(view.get("blocks"), home=True)]


def block_problems(blocks: Any, *, refused_types: Collection[str] = (), home: bool = False) -> list[str]:
    """Return what is wrong with these blocks, one sentence each with its place; empty when nothing is."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["blocks must be a list of objects"]
    problems = list(_whole(blocks, HOME_BLOCKS if home else MESSAGE_BLOCKS))
    for index, block in enumerate(blocks):
        problems += [f"{p} [json-pointer:/blocks/{index}]" for p in _block(block, refused_types, home=home)]
    return problems


def _whole(blocks: list[Node], most: int) -> Problems:
    """Check what concerns all blocks together."""
    if len(blocks) > most:
        yield f"no more than {most} items allowed"
    ids = Counter(b["block_id"] for b in blocks if isinstance(b.get("block_id"), str))
    yield from (f"block_id {i!r} already exists" for i, times in ids.items() if times > 1)
    for kind in ("table", "data_table"):
        if sum(b.get("type") == kind for b in blocks) > 1:
            yield f"only one {kind} block is allowed"
    if sum(b.get("type") == "data_visualization" for b in blocks) > 2:
        yield "only two data_visualization blocks are allowed"


def _block(block: Node, refused_types: Collection[str], *, home: bool) -> Problems:
    """Check one block."""
    kind = block.get("type")
    check = BLOCKS.get(kind) if isinstance(kind, str) else None
    if check is None or kind in refused_types or (home and kind in MESSAGE_ONLY):
        yield f"unsupported type: {kind}"
        return
    yield from _identifier(block, "block_id")
    yield from check(block)


def _identifier(node: Node, name: str) -> Problems:
    value = node.get(name)
    if value is not None and not (isinstance(value, str) and 1 <= len(value) <= 255):
        yield f"{name} must be 1 to 255 characters"


def _text(node: Any, most: int, what: str, kinds: Collection[str] = ("plain_text", "mrkdwn")) -> Problems:
    """Check a text object."""
    if not isinstance(node, dict) or node.get("type") not in kinds:
        yield f"{what} must be a text object of type {' or '.join(kinds)}"
    elif not isinstance(node.get("text"), str) or not node["text"]:
        yield f"{what} must not be empty"
    elif len(node["text"]) > most:
        yield f"{what} must be less than {most + 1} characters"


def _items(node: Node, name: str, most: int) -> tuple[list[Any], list[str]]:
    """Return the items of a list, and a problem when there are none or too many."""
    items = node.get(name)
    if not isinstance(items, list) or not items:
        return [], [f"{name} must have at least one item"]
    return items, [f"{name} must have at most {most} items"] if len(items) > most else []


def _section(block: Node) -> Problems:
    if "text" not in block and "fields" not in block:
        yield "a section needs text or fields"
    if "text" in block:
        yield from _text(block["text"], 3000, "text")
    if "fields" in block:
        fields, problems = _items(block, "fields", 10)
        yield from problems
        for each in fields:
            yield from _text(each, 2000, "field")
    if "accessory" in block:
        yield from _element(block["accessory"])


def _header(block: Node) -> Problems:
    yield from _text(block.get("text"), 150, "header text", ("plain_text",))


def _divider(_block: Node) -> Problems:
    yield from ()


def _context(block: Node) -> Problems:
    elements, problems = _items(block, "elements", 10)
    yield from problems
    for each in elements:
        if isinstance(each, dict) and each.get("type") == "image":
            yield from _image(each)
        else:
            yield from _text(each, 3000, "context element")


def _image(block: Node) -> Problems:
    if not block.get("alt_text"):
        yield "an image needs alt_text"
    if not (block.get("image_url") or block.get("slack_file")):
        yield "an image needs image_url or slack_file"


def _actions(block: Node) -> Problems:
    elements, problems = _items(block, "elements", 25)
    yield from problems
    for each in elements:
        yield from _element(each)
    ids = Counter(e.get("action_id") for e in elements if isinstance(e, dict) and e.get("action_id"))
    yield from (f"action_id {i!r} already exists" for i, times in ids.items() if times > 1)


def _element(element: Any) -> Problems:
    """Check an interactive element; of those other than buttons only what they all share."""
    if not isinstance(element, dict) or element.get("type") not in ELEMENTS:
        yield "unsupported element"
        return
    if element["type"] == "image":
        yield from _image(element)
        return
    yield from _identifier(element, "action_id")
    if element["type"] == "button":
        yield from _button(element)
    if "options" in element:
        options, problems = _items(element, "options", 100)
        yield from problems
        for option in options:
            yield from _text(option.get("text"), 75, "option text")


def _button(button: Node) -> Problems:
    yield from _text(button.get("text"), 75, "button text", ("plain_text",))
    value = button.get("value", "")
    if not isinstance(value, str) or len(value) > 2000:
        yield "button value must be at most 2000 characters"
    if len(button.get("url") or "") > 3000:
        yield "button url must be at most 3000 characters"
    if button.get("style", "primary") not in ("primary", "danger"):
        yield "button style must be primary or danger"


def _table(block: Node) -> Problems:
    yield from _rows(block, rows=100, cells=TABLE_CELLS)
    if len(block.get("column_settings") or []) > 20:
        yield "column_settings must have at most 20 items"


def _data_table(block: Node) -> Problems:
    if not isinstance(block.get("caption"), str) or not block["caption"]:
        yield "a data_table needs a caption"
    for name, least, most in (("page_size", 1, 100), ("row_header_column_index", 0, 19)):
        value = block.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield f"{name} must be {least} to {most}"
    yield from _rows(block, rows=101, cells=DATA_CELLS)
    rows = block.get("rows") or []
    if len(rows) < 2 or len({len(row) for row in rows if isinstance(row, list)}) > 1:
        yield "a data_table needs a header and a row, all of the same length"
    elif any(isinstance(cell, dict) and cell.get("type") == "rich_text" for cell in rows[0]):
        yield "a header cell must not be rich_text"


def _rows(block: Node, *, rows: int, cells: Collection[str]) -> Problems:
    """Check the rows and cells of a table."""
    found, problems = _items(block, "rows", rows)
    yield from problems
    for row in found:
        if not isinstance(row, list) or not 1 <= len(row) <= 20:
            yield "a row must have 1 to 20 cells"
            continue
        for cell in row:
            yield from _cell(cell, cells)
    if characters(found) > 10_000:
        yield "a table must have at most 10000 characters"


def _cell(cell: Any, kinds: Collection[str]) -> Problems:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if kind not in kinds:
        yield f"a cell must be one of {', '.join(sorted(kinds))}"
    elif kind == "raw_text" and not (isinstance(cell.get("text"), str) and cell["text"]):
        yield "a raw_text cell must not be empty"
    elif kind == "raw_number":
        if not _is_number(cell.get("value")):
            yield "a raw_number cell needs a number as value"
        if "text" in cell:
            yield from _label(cell["text"], 10_000, "the text of a raw_number cell")
    elif kind == "rich_text":
        yield from _rich_text(cell)


def _rich_text(block: Node) -> Problems:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        yield "rich_text needs elements"
        return
    if any(not isinstance(e, dict) or e.get("type") not in RICH_TEXT_PARTS for e in elements):
        yield "unsupported rich_text element"
        return
    for text in _leaves(elements):
        if text.get("type") == "text" and not text.get("text"):
            yield "a rich_text text must not be empty"


def _leaves(elements: list[Any]) -> Iterator[Node]:
    """Yield the innermost elements of a rich_text."""
    for element in elements:
        if not isinstance(element, dict):
            continue
        if isinstance(element.get("elements"), list):
            yield from _leaves(element["elements"])
        else:
            yield element


def characters(node: Any) -> int:
    """Count the characters a person sees in the cells of a table."""
    if isinstance(node, list):
        return sum(characters(each) for each in node)
    if not isinstance(node, dict):
        return 0
    shown = node.get("text", node.get("value", ""))
    return len(str(shown)) + characters(node.get("elements", []))


def _data_visualization(block: Node) -> Problems:
    yield from _label(block.get("title"), 50, "title")
    chart = block.get("chart")
    if not isinstance(chart, dict) or chart.get("type") not in CHARTS:
        yield f"chart must be one of {', '.join(sorted(CHARTS))}"
    elif chart["type"] == "pie":
        segments, problems = _items(chart, "segments", 6)
        yield from chain(problems, *map(_point, segments))
    else:
        yield from _series_chart(chart)


def _series_chart(chart: Node) -> Problems:
    """Check a line, bar or area chart: every series has one point for each category, in any order."""
    series, problems = _items(chart, "series", 6)
    yield from problems
    names = [each.get("name") if isinstance(each, dict) else None for each in series]
    yield from chain.from_iterable(_label(name, 20, "series name") for name in names)
    if len(set(map(str, names))) < len(names):
        yield "series names must be unique"
    given = chart.get("axis_config")
    axes: Node = given if isinstance(given, dict) else {}
    categories = axes.get("categories")
    if not isinstance(categories, list) or not categories:
        yield "axis_config needs categories"
        return
    yield from chain.from_iterable(_label(axes[name], 50, name) for name in ("x_label", "y_label") if name in axes)
    for each in series:
        points, problems = _items(each, "data", 20) if isinstance(each, dict) else ([], ["a series must be an object"])
        yield from chain(problems, *map(_point, points))
        labels = [str(point.get("label")) for point in points if isinstance(point, dict)]
        if sorted(labels) != sorted(map(str, categories)) or len(set(labels)) < len(labels):
            yield "a series needs exactly one point for each category"


def _point(point: Any) -> Problems:
    """Check a point of a series, or a segment of a pie."""
    if not isinstance(point, dict):
        yield "a point must be an object"
        return
    yield from _label(point.get("label"), 20, "label")
    if not _is_number(point.get("value")):
        yield "a point needs a number as value"


def _label(text: Any, most: int, what: str) -> Problems:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        yield f"{what} must be 1 to {most} characters"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _markdown(block: Node) -> Problems:
    if not isinstance(block.get("text"), str) or not 1 <= len(block["text"]) <= 12_000:
        yield "markdown text must be 1 to 12000 characters"


def _input(block: Node) -> Problems:
    yield from _text(block.get("label"), 2000, "label", ("plain_text",))
    yield from _element(block.get("element"))


BLOCKS: dict[str, Callable[[Node], Problems]] = {
    "actions": _actions,
    "context": _context,
    "data_table": _data_table,
    "data_visualization": _data_visualization,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}
ELEMENTS = frozenset(
    {
        "button",
        "checkboxes",
        "conversations_select",
        "datepicker",
        "image",
        "multi_static_select",
        "multi_users_select",
        "overflow",
        "plain_text_input",
        "radio_buttons",
        "static_select",
        "timepicker",
        "users_select",
    },
)
