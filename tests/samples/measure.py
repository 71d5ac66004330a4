"""How much a message asks of its reader: lines and words, as Slack shows its blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from bot.messages.rendered import Rendered, cell_words, spoken

WIDTH = 120
"""Characters that a line of a message holds in a window of ordinary size."""

Shown = Rendered | Mapping[str, Any]
"""A message, or a view: a form, or a Home."""


def blocks_of(shown: Shown) -> list[dict[str, Any]]:
    """What it is made of."""
    return list(shown.blocks) if isinstance(shown, Rendered) else list(shown["blocks"])


def shown(message: Shown) -> list[str]:
    """The lines that are seen, without the buttons and the drawing of a chart."""
    if isinstance(message, Rendered) and not message.blocks:
        return unescape(message.text).splitlines()
    title = [] if isinstance(message, Rendered) or "title" not in message else [message["title"]["text"]]
    return [*title, *(unescape(line) for block in blocks_of(message) for line in _lines(block))]


def lines(message: Shown) -> int:
    """How many lines the message takes, the long ones broken."""
    return sum(math.ceil(max(len(line), 1) / WIDTH) for line in shown(message))


def words(message: Shown) -> int:
    """How many words are seen."""
    return sum(len(line.split()) for line in shown(message))


def buttons(message: Shown) -> list[str]:
    """What its buttons say, each once."""
    found = [each for block in blocks_of(message) if block["type"] == "actions" for each in block["elements"]]
    return list(dict.fromkeys(each["text"]["text"] for each in found))


def rows_to_leaf_through(message: Shown) -> int:
    """The rows of its table that are not seen at once."""
    return sum(_hidden(block) for block in blocks_of(message) if block["type"] == "data_table")


def only_in_text(message: Shown) -> list[str]:
    """The lines of the text without blocks that the blocks do not show."""
    if not isinstance(message, Rendered):
        return []
    seen = {_bare(line) for line in shown(message)}
    return [line for line in map(unescape, message.text.splitlines()) if _bare(line) not in seen]


def _hidden(table: dict[str, Any]) -> int:
    rows = len(table["rows"]) - 1
    return max(rows - int(table.get("page_size", rows)), 0)


def _bare(line: str) -> str:
    return " ".join(spoken(line).split())


def _lines(block: dict[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "section":
            yield from spoken(block["text"]["text"]).splitlines()
        case "context":
            yield from spoken("  ".join(each["text"] for each in block["elements"])).splitlines()
        case "table" | "data_table":
            rows = block["rows"][: len(block["rows"]) - _hidden(block)]
            yield from (" | ".join(map(cell_words, row)) for row in rows)
        case "rich_text":
            yield from (f"~{line}~" for line in cell_words(block).splitlines())
        case "input":
            element = block["element"]
            said = [each["text"]["text"] for each in element.get("options", ())] or [f"({element['type']})"]
            yield f"{block['label']['text']} {' / '.join(said)}"
            if "hint" in block:
                yield block["hint"]["text"]
