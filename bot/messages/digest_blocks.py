"""Slack's blocks for data: a table to sort, charts; and what stands in their place where they are refused.

slack_sdk has no classes for these blocks, so they are made as plain objects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from bot.messages.escape import plain, web_address
from bot.messages.rendered import TABLE_ROWS_LIMIT, Block, Cell, Part, Rendered, section, text_cell

TITLE_LIMIT: Final = 50
LABEL_LIMIT: Final = 20
POINTS_LIMIT: Final = 20
_PAGE: Final = 10


@dataclass(frozen=True)
class Point:
    """One value of a chart, and how people read it: 1250 as "1,250.00"."""

    label: str
    value: Decimal | int
    shown: str


def data_table(caption: str, rows: Sequence[Sequence[Cell]], page: int = _PAGE) -> Block:
    """A table that people can sort; the first row is the heading. It has no more rows than a plain table may have."""
    if not 2 <= len(rows) <= TABLE_ROWS_LIMIT:
        raise ValueError(f"{len(rows)} rows in a table; 2 to {TABLE_ROWS_LIMIT} are possible")
    return {
        "type": "data_table",
        "caption": plain(caption),
        "page_size": page,
        "rows": [list(row) for row in rows],
    }


def number_cell(value: Decimal | int, shown: str) -> Cell:
    """A cell that sorts as a number; one of text where JSON has no such number."""
    number = _number(value)
    return {"type": "raw_number", "value": number, "text": shown} if math.isfinite(number) else text_cell(shown)


def chart(kind: Literal["line", "bar"], title: str, series: str, points: Sequence[Point], axis: str) -> Part:
    """One series as a chart, together with the same in words. Labels must differ from each other."""
    if not 1 <= len(points) <= POINTS_LIMIT:
        raise ValueError(f"{len(points)} points in a chart; 1 to {POINTS_LIMIT} are possible")
    labels = [point.label for point in points]
    if len(set(labels)) < len(labels) or max(map(len, [*labels, series])) > LABEL_LIMIT or len(title) > TITLE_LIMIT:
        raise ValueError(f"a chart's texts are too long, or not different: {title!r}, {series!r}, {labels!r}")
    block = {
        "type": "data_visualization",
        "title": title,
        "chart": {
            "type": kind,
            "series": [{"name": series, "data": [{"label": p.label, "value": _number(p.value)} for p in points]}],
            "axis_config": {"categories": labels, "x_label": axis, "y_label": series},
        },
    }
    told = [point for point in points if point.value or kind == "line"]  # a bar of nothing needs no words
    return Part(f"{title}: {', '.join(f'{point.label}: {point.shown}' for point in told)}", (block,))


def link_button(text: str, action_id: str, url: str | None) -> Block | None:
    """A button that opens an address of the bot's own making; None where there is no usable one."""
    address = web_address(url)
    if address is None:
        return None
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": text, "emoji": True},
        "action_id": action_id,
        "url": address,
    }


def plainer(message: Rendered) -> Rendered:
    """The message for a workspace that refuses its data blocks: with a plain table, and each chart in words.

    Everything else stays, the buttons too. A message without data blocks is given back as it is.
    """
    return Rendered(message.text, tuple(_plainer(block) for block in message.blocks))


def _plainer(block: Block) -> Block:
    if block["type"] == "data_table":
        return {"type": "table", "rows": [[_plainer_cell(cell) for cell in row] for row in block["rows"]]}
    if block["type"] == "data_visualization":
        points = block["chart"]["series"][0]["data"]
        values = ", ".join(f"{point['label']}: {_shown(point['value'])}" for point in points)
        return section(f"{block['title']}: {values}")
    return block


def _plainer_cell(cell: Cell) -> Cell:
    return {"type": "raw_text", "text": cell["text"]} if cell["type"] == "raw_number" else cell


def _number(value: Decimal | int) -> int | float:
    """A number as JSON has it: money as a float, which is exact enough to draw and to sort."""
    return value if isinstance(value, int) else float(value)


def _shown(value: int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
