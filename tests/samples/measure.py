"""How much a message asks of its reader: lines and words, as Slack shows its blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import unescape
from typing import Any

from bot.messages.rendered import Rendered, spoken

WIDTH = 120
"""Characters that a line of a message holds in a window of ordinary size."""


def shown(message: Rendered) -> list[str]:
    """The lines that are seen, without the buttons and the drawing of a chart."""
    if not message.blocks:
        return unescape(message.text).splitlines()
    return [unescape(line) for block in message.blocks for line in _lines(block)]


def lines(message: Rendered) -> int:
    """How many lines the message takes, the long ones broken."""
    return sum(math.ceil(max(len(line), 1) / WIDTH) for line in shown(message))


def words(message: Rendered) -> int:
    """How many words are seen."""
    return sum(len(line.split()) for line in shown(message))


def _lines(block: dict[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "section":
            yield from spoken(block["text"]["text"]).splitlines()
        case "context":
            yield from spoken("  ".join(each["text"] for each in block["elements"])).splitlines()
        case "table" | "data_table":
            rows = block["rows"][: 1 + block.get("page_size", len(block["rows"]))]
            yield from (" | ".join(map(_cell, row)) for row in rows)


def _cell(cell: dict[str, Any]) -> str:
    if "elements" in cell:
        return "".join(map(_cell, cell["elements"]))
    return str(cell["text"])
