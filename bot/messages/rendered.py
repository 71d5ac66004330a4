"""What is sent to Slack: text and blocks that say the same, inside Slack's limits by construction.

A `Line` is one line as mrkdwn and as words. A `Part` is something that stays together in one message: blocks, and
the words that say the same. `split_messages` and `fit` turn parts into messages. Whoever exceeds a limit gets a
ValueError here, in a test, and not a refusal from Slack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.messages import escape

Block = dict[str, Any]
Cell = dict[str, Any]

TEXT_LIMIT: Final = 3_900
"""Characters in a message's top-level text. Slack would cut at 40,000; nobody reads that far."""
BLOCKS_LIMIT: Final = 50
BLOCKS_SIZE_LIMIT: Final = 12_000
"""All blocks of one message together, as JSON in UTF-8. Slack refuses at about 13,000 (it does not say)."""
SECTION_LIMIT: Final = 3_000
HEADER_LIMIT: Final = 150
CONTEXT_LIMIT: Final = 10
ACTIONS_LIMIT: Final = 25
BUTTON_TEXT_LIMIT: Final = 75
BUTTON_VALUE_LIMIT: Final = 2_000
TABLE_ROWS_LIMIT: Final = 100
TABLE_CHARACTERS_LIMIT: Final = 10_000
CHARTS_LIMIT: Final = 2

_WORD: Final = re.compile(r"(?:<[^<>]*>|[^\s<])+|\s+|<")
_PARAGRAPH: Final = 1_500
"""Where a run of lines is broken into the next section, so that messages fill evenly."""
_TABLE_ROOM: Final = 9_000
_WORDS_ROOM: Final = 3_400
_PLAINEST: Final = 300
"""What a table and its words may take of a message; the rest is left for a line above it."""

_LINK: Final = re.compile(r"<[^<>|]*\|([^<>]*)>")


@dataclass(frozen=True)
class Rendered:
    """One message: the blocks, and a text that says everything without them."""

    text: str
    blocks: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        _within(len(self.text), TEXT_LIMIT, "characters of text")
        _within(len(self.blocks), BLOCKS_LIMIT, "blocks")
        _within(size(self.blocks), BLOCKS_SIZE_LIMIT, "bytes of blocks")
        _within(_tables(self.blocks), 1, "tables")
        _within(_charts(self.blocks), CHARTS_LIMIT, "charts")
        if not self.text.strip():
            raise ValueError("a message needs a text that says everything without the blocks")

    def as_text_only(self) -> Rendered:
        """The same message for a Slack that refuses its blocks."""
        return Rendered(self.text)

    def in_plainest_words(self) -> Rendered:
        """Its first line, without whatever Slack may take for markup: better than silence."""
        first = next(filter(None, map(str.strip, self.text.splitlines())))
        words = " ".join(re.sub(r"[^\w\s.,:;#()/-]", " ", first).split())[:_PLAINEST]
        return Rendered(f"{words or 'An answer'} - Slack does not take the rest of this message.")


@dataclass(frozen=True)
class Line:
    """One line, as mrkdwn for a block and as words for the top-level text."""

    mrkdwn: str
    words: str


@dataclass(frozen=True)
class Part:
    """Words, and blocks that say the same; they stay together in one message."""

    words: str
    blocks: tuple[Block, ...] = ()
    about: str = ""
    """What a further message that begins with it opens with, in mrkdwn, where its own words do not say it."""


def line(mrkdwn: str, words: str | None = None) -> Line:
    """A line whose words, where none are given, are its mrkdwn without links and bold."""
    return Line(mrkdwn, spoken(mrkdwn) if words is None else words)


def spoken(mrkdwn: str) -> str:
    """Mrkdwn as words: links become their labels, dates their fallback in UTC, and bold is dropped.

    This is exact, since text from outside has no `<` and no `*` left when it gets here.
    """
    return _LINK.sub(r"\1", mrkdwn).replace("*", "")


# The blocks


def section(mrkdwn: str) -> Block:
    """A section of text. Nothing in it becomes a link by itself."""
    _within(len(mrkdwn), SECTION_LIMIT, "characters in a section")
    return {"type": "section", "text": _text(mrkdwn)}


def context(*mrkdwn: str) -> Block:
    """Small print: one to ten short texts."""
    _within(len(mrkdwn), CONTEXT_LIMIT, "elements in a context")
    for text in mrkdwn:
        _within(len(text), SECTION_LIMIT, "characters in a context element")
    return {"type": "context", "elements": [_text(text) for text in mrkdwn]}


def header(text: str) -> Block:
    """A large heading in plain text."""
    _within(len(text), HEADER_LIMIT, "characters in a header")
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": True}}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def button(text: str, action_id: str, value: str) -> Block:
    """A button that sends `value` back under `action_id`."""
    _within(len(text), BUTTON_TEXT_LIMIT, "characters on a button")
    _within(len(value), BUTTON_VALUE_LIMIT, "characters in a button's value")
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": text, "emoji": True},
        "action_id": action_id,
        "value": value,
    }


def actions(*elements: Block) -> Block:
    """A row of buttons."""
    _within(len(elements), ACTIONS_LIMIT, "elements in an actions block")
    return {"type": "actions", "elements": list(elements)}


def text_cell(text: str, limit: int = 150) -> Cell:
    """A table cell of text from anywhere; an empty one shows a dash, because Slack refuses empty cells."""
    return {"type": "raw_text", "text": escape.plain(text, limit) or "-"}


def link_cell(url: str | None, label: str, limit: int = 150) -> Cell:
    """A table cell that links to an address the bot made itself; a text cell where there is none."""
    address, shown = escape.web_address(url), escape.plain(label, limit)
    if address is None or not shown:
        return text_cell(label, limit)
    element = {"type": "link", "url": address, "text": shown}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}


def cell_words(cell: Cell) -> str:
    """What a cell of a table shows."""
    return "".join(map(cell_words, cell["elements"])) if "elements" in cell else str(cell["text"])


def size(blocks: Iterable[Block]) -> int:
    """The blocks as JSON, in bytes: never less than the characters that Slack counts."""
    return len(json.dumps(list(blocks), ensure_ascii=False).encode())


# From lines to parts, from parts to messages


def paragraphs(lines: Iterable[Line], about: str = "") -> list[Part]:
    """The lines in sections of a readable length, none of them cut; all but the first are `about` something."""
    parts: list[Part] = []
    group: list[Line] = []
    for each in lines:
        if group and sum(len(known.mrkdwn) + 1 for known in group) + len(each.mrkdwn) > _PARAGRAPH:
            parts.append(_paragraph(group))
            group = []
        group.append(each)
    if group:
        parts.append(_paragraph(group))
    return [*parts[:1], *(replace(part, about=about) for part in parts[1:])]


def small_print(*lines: Line, about: str = "") -> Part:
    """The lines in a context block."""
    said = [each.words for each in lines if each.words]
    return Part("\n".join(said), (context(*(each.mrkdwn for each in lines)),), about)


def table_parts(
    heading: Sequence[Cell],
    rows: Iterable[tuple[Sequence[Cell], str]],
    make: Callable[[Sequence[Sequence[Cell]]], Block],
) -> list[Part]:
    """A table with a line of words for each row; as many tables as the limits ask for, each with the heading.

    `make` turns the rows into the block.
    """
    parts: list[Part] = []
    cells: list[Sequence[Cell]] = [heading]
    words: list[str] = []
    for row, said in rows:
        if words and not _table_holds([*cells, row], [*words, said]):
            parts.append(Part("\n".join(words), (make(cells),)))
            cells, words = [heading], []
        cells.append(row)
        words.append(said)
    return [*parts, Part("\n".join(words), (make(cells),))] if words else parts


def split_messages(parts: Sequence[Part]) -> list[Rendered]:
    """The parts in as many messages as they need, in order; each begins with what it is about."""
    messages: list[list[Part]] = []
    for part in parts:
        if messages and fits([*messages[-1], part]):
            messages[-1].append(part)
        else:
            opening = [small_print(line(f"{part.about} (continued)"))] if messages and part.about else []
            messages.append([*opening, part])
    return [joined(message) for message in messages]


def fit(head: Sequence[Part], lines: Sequence[Line], tail: Sequence[Part], rest: Callable[[int], Line]) -> Rendered:
    """One message of `head`, as many of `lines` as there is room for, and `tail`.

    Nothing is dropped in silence: where lines have to stay out, `rest(how many are shown)` says which.
    """
    for shown in range(len(lines), 0, -1):
        closing = [rest(shown)] if shown < len(lines) else []
        parts = [*head, *paragraphs([*lines[:shown], *closing]), *tail]
        if fits(parts):
            return joined(parts)
    return joined([*head, *(paragraphs([rest(0)]) if lines else []), *tail])


def told(*sentences: str) -> Rendered:
    """A message of a few lines of mrkdwn."""
    return joined(paragraphs(map(line, sentences)))


def joined(parts: Sequence[Part]) -> Rendered:
    """The parts as one message."""
    return Rendered(_words(parts), _blocks(parts))


def fits(parts: Sequence[Part]) -> bool:
    """Whether the parts can be one message."""
    blocks = _blocks(parts)
    return (
        len(_words(parts)) <= TEXT_LIMIT
        and len(blocks) <= BLOCKS_LIMIT
        and _tables(blocks) <= 1
        and _charts(blocks) <= CHARTS_LIMIT
        and size(blocks) <= BLOCKS_SIZE_LIMIT
    )


def _words(parts: Iterable[Part]) -> str:
    return "\n".join(part.words for part in parts if part.words)


def _blocks(parts: Iterable[Part]) -> tuple[Block, ...]:
    return tuple(block for part in parts for block in part.blocks)


def _paragraph(lines: Sequence[Line]) -> Part:
    text = "\n".join(each.mrkdwn for each in lines)
    return Part("\n".join(each.words for each in lines), tuple(section(piece) for piece in _pieces(text)))


def _pieces(text: str) -> list[str]:
    """The text in pieces that a section holds, parted at spaces, but never inside a link."""
    pieces = [""]
    for word in _WORD.findall(text):
        if len(pieces[-1]) + len(word) > SECTION_LIMIT and pieces[-1].strip():
            pieces.append("")
        pieces[-1] += word
    return [piece for piece in pieces if piece.strip()] or [text]


def _text(mrkdwn: str) -> dict[str, Any]:
    """A mrkdwn text object; `verbatim` keeps Slack from making links and mentions of bare words."""
    return {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}


def _tables(blocks: Iterable[Block]) -> int:
    return sum(block["type"] in {"table", "data_table"} for block in blocks)


def _charts(blocks: Iterable[Block]) -> int:
    return sum(block["type"] == "data_visualization" for block in blocks)


def _table_holds(cells: Sequence[Sequence[Cell]], words: Sequence[str]) -> bool:
    return (
        len(cells) <= TABLE_ROWS_LIMIT
        and _characters(cells) <= TABLE_CHARACTERS_LIMIT
        and len("\n".join(words)) <= _WORDS_ROOM
        and len(json.dumps(cells, ensure_ascii=False).encode()) <= _TABLE_ROOM
    )


def _characters(rows: Sequence[Sequence[Cell]]) -> int:
    return sum(_cell_characters(cell) for row in rows for cell in row)


def _cell_characters(cell: Any) -> int:
    """The characters a cell shows, whatever its type."""
    if isinstance(cell, dict):
        return len(str(cell.get("text", ""))) + _cell_characters(cell.get("elements", []))
    return sum(_cell_characters(element) for element in cell)


def _within(amount: int, limit: int, what: str) -> None:
    if amount > limit:
        raise ValueError(f"{amount} {what}; Slack takes {limit}")
