"""A warning whose tickets are billed since, all or some: drawn anew, it accuses nobody of what is settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from bot.messages.rendered import TEXT_LIMIT, Block, Rendered, cell_words, header, section, text_cell

_CUT: Final = "… (the rest stands in the thread)"
_BEFORE: Final = "Said before that:"


def redrawn(
    said: Rendered,
    updates: Sequence[str],
    warned: int,
    how: str = "billed",
    *,
    is_answer: bool,
    settled: Collection[str] = (),
) -> Rendered:
    """A message that warned about so many tickets, with what became of them, a sentence for each that is settled.

    `updates` are words that are escaped already, `how` is what all of them are in the end. The header of an answer is
    made anew, and where all is settled its old words are struck through; a digest says other things too, and keeps
    them. A table loses the rows of the `settled` numbers. The blocks give way to the words alone where both together
    would pass Slack's limits.
    """
    top, left = _top(len(updates), warned, how), warned - len(updates)
    news = "\n".join(updates)
    if is_answer and left <= 0:
        return _within(f"{top}\n{news}", [header(top), section(news), _struck(said.text)])
    blocks, words = _left_in_tables(said.blocks, settled), said.text
    if is_answer and blocks and blocks[0]["type"] == "header":
        blocks, words = blocks[1:], words.partition("\n")[2]
        return _within(f"{top}\n{news}\n{_BEFORE}\n{words}", [header(top), section(news), *blocks])
    return _within(f"{top}\n{news}\n{_BEFORE}\n{words}", [section(f"*{top}*\n{news}\n{_BEFORE}"), *blocks])


def _top(settled: int, warned: int, how: str) -> str:
    """What has become of the warning as a whole."""
    left = warned - settled
    if left <= 0:
        all_of_them = {1: "The ticket", 2: "Both tickets"}.get(warned, f"All {warned:,} tickets")
        return f"\u2705 {all_of_them} of this warning {'is' if warned == 1 else 'are'} {how} now"
    verb = "is" if left == 1 else "are"
    return f"\U0001f6a8 {left:,} of {warned:,} tickets of this warning {verb} still NOT INVOICED"


def _left_in_tables(blocks: Sequence[Block], settled: Collection[str]) -> list[Block]:
    """The blocks; of a table the heading and the rows about other tickets than the settled ones."""
    gone = {text_cell(f"#{number}")["text"] for number in settled}
    drawn = [
        {**block, "rows": [block["rows"][0], *(row for row in block["rows"][1:] if cell_words(row[0]) not in gone)]}
        if "rows" in block
        else block
        for block in blocks
    ]
    return [block for block in drawn if len(block.get("rows", "--")) > 1]


def _struck(words: str) -> Block:
    """What a message said before, as text that nothing in it can format."""
    element = {"type": "text", "text": words, "style": {"strike": True}}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}


def _within(words: str, blocks: Sequence[Block]) -> Rendered:
    text = words if len(words) <= TEXT_LIMIT else f"{words[: TEXT_LIMIT - len(_CUT)]}{_CUT}"
    try:
        return Rendered(text, tuple(blocks))
    except ValueError:
        return Rendered(text)
