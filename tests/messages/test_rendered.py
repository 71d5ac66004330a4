"""Slack's limits are kept by construction, and nothing is cut in silence."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import rendered
from bot.messages.digest_blocks import data_table
from bot.messages.rendered import (
    Line,
    Part,
    Rendered,
    actions,
    button,
    context,
    divider,
    fit,
    header,
    joined,
    line,
    link_cell,
    paragraphs,
    section,
    size,
    small_print,
    split_messages,
    spoken,
    table_parts,
    text_cell,
)

lines = st.lists(
    st.text("abc é🚨日", min_size=1, max_size=900).map(lambda text: Line(f"-{text}", f"-{text}")), max_size=40
)


def test_every_mrkdwn_text_forbids_links_of_its_own() -> None:
    assert section("x")["text"] == {"type": "mrkdwn", "text": "x", "verbatim": True}
    assert context("x")["elements"] == [{"type": "mrkdwn", "text": "x", "verbatim": True}]


@pytest.mark.parametrize(
    "too_much",
    [
        lambda: section("x" * 3001),
        lambda: context(*["x"] * 11),
        lambda: context("x" * 3001),
        lambda: header("x" * 151),
        lambda: button("x" * 76, "a", "1"),
        lambda: button("x", "a", "1" * 2001),
        lambda: actions(*[button("x", "a", "1")] * 26),
        lambda: Rendered("x" * 3901),
        lambda: Rendered("x", (divider(),) * 51),
        lambda: Rendered("x", (section("x" * 3000),) * 4),
        lambda: Rendered("x", (data_table("t", [[text_cell("x")]] * 2),) * 2),
        lambda: Rendered("  ", (divider(),)),
    ],
)
def test_what_slack_would_refuse_cannot_be_built(too_much: object) -> None:
    assert callable(too_much)
    with pytest.raises(ValueError, match=r"Slack takes|needs a text"):
        too_much()


def test_a_message_without_blocks_keeps_its_words() -> None:
    assert Rendered("all of it", (divider(),)).as_text_only() == Rendered("all of it")


def test_words_are_the_mrkdwn_without_links_dates_and_bold() -> None:
    assert spoken("*Ticket <https://s.test|#1>* on <!date^1^{time}|2026-01-01 UTC> &lt;x|y&gt;") == (
        "Ticket #1 on 2026-01-01 UTC &lt;x|y&gt;"
    )


def test_an_empty_table_cell_shows_a_dash() -> None:
    assert text_cell(" \u200b") == {"type": "raw_text", "text": "-"}


def test_a_cell_links_only_to_a_usable_address() -> None:
    assert link_cell("javascript:x", "1") == {"type": "raw_text", "text": "1"}
    assert link_cell("https://s.test/1", "1")["elements"][0]["elements"] == [
        {"type": "link", "url": "https://s.test/1", "text": "1"}
    ]


@settings(deadline=None)
@given(lines)
def test_splitting_keeps_every_line_in_order_in_words_and_in_blocks(given_lines: list[Line]) -> None:
    messages = split_messages(paragraphs(given_lines, "*A ticket*"))
    said = "\n".join(each.words for each in given_lines)
    shown = [block["text"]["text"] for message in messages for block in message.blocks if block["type"] == "section"]
    assert "\n".join(shown) == said
    opening = "A ticket (continued)\n"
    assert "\n".join(message.text.removeprefix(opening) for message in messages) == said
    assert all(message.text.startswith(opening) for message in messages[1:])


@settings(deadline=None)
@given(st.integers(1, 250), st.integers(1, 300))
def test_a_long_table_becomes_several_with_every_row_once(rows: int, width: int) -> None:
    given_rows = [([text_cell(f"{index}"), text_cell("x" * width)], f"row {index}") for index in range(rows)]
    parts = table_parts([text_cell("A"), text_cell("B")], given_rows, partial(data_table, "t"))
    messages = split_messages(parts)
    tables = [block for message in messages for block in message.blocks if block["type"] == "data_table"]
    assert [row[0]["text"] for each in tables for row in each["rows"][1:]] == [str(n) for n in range(rows)]
    assert all(each["rows"][0][0]["text"] == "A" for each in tables)
    assert "\n".join(part.words for part in parts) == "\n".join(said for _, said in given_rows)


def test_no_message_gets_a_second_table() -> None:
    one = Part("x", (data_table("t", [[text_cell("x")]] * 2),))
    assert len(split_messages([one, one])) == 2


def test_all_lines_are_shown_when_there_is_room() -> None:
    message = fit([], [Line("a", "a"), Line("b", "b")], [], lambda _: Line("more", "more"))
    assert message.text == "a\nb"


def test_what_has_no_room_is_named_and_the_tail_stays() -> None:
    many = [Line(f"{index} " + "x" * 500, f"{index} " + "x" * 500) for index in range(20)]
    tail = Part("tail", (divider(),))
    message = fit([], many, [tail], lambda shown: line(f"{shown} shown, {20 - shown} more"))
    assert message.text.endswith("7 shown, 13 more\ntail")
    assert message.blocks[-1] == divider()


def test_a_message_of_nothing_but_closing_words_is_possible() -> None:
    huge = Line("x" * 2900, "x" * 2900)
    message = fit([Part("y" * 3000)], [huge], [], lambda shown: line(f"{shown} shown"))
    assert message.text.endswith("0 shown")


def test_small_print_leaves_out_lines_without_words() -> None:
    assert small_print(Line("a", "a"), Line("<@U1>", "")).words == "a"


def test_size_counts_bytes() -> None:
    assert size([{"type": "日"}]) == len('[{"type": "日"}]'.encode())
    assert joined([Part("x")]).blocks == ()
    assert rendered.BLOCKS_SIZE_LIMIT < 13_000


def test_a_line_longer_than_a_section_is_parted_at_a_space_and_never_inside_a_link() -> None:
    link = "<https://sample.test/tickets/1|a label with spaces>"
    parts = paragraphs([line(" ".join([link] * 100))])
    texts = [block["text"]["text"] for part in parts for block in part.blocks]
    assert len(texts) > 1
    assert "".join(texts).count(link) == 100
    assert all(text.count("<") == text.count(">") for text in texts)
