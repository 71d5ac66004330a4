"""A warning that is settled accuses nobody any more, whatever it said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.digest_blocks import data_table
from bot.messages.rendered import Rendered, header, link_cell, section, text_cell
from bot.messages.settled import redrawn
from bot.sandbox.slack.limits import message_error

OLD = Rendered("Warning. 3 NOT INVOICED.\nthe rest", (header("3 of 5"), section("the rest")))


@pytest.mark.parametrize(
    ("warned", "settled", "top"),
    [
        (1, 1, "\u2705 The ticket of this warning is billed now"),
        (2, 2, "\u2705 Both tickets of this warning are billed now"),
        (12, 12, "\u2705 All 12 tickets of this warning are billed now"),
        (2, 1, "\U0001f6a8 1 of 2 tickets of this warning is still NOT INVOICED"),
        (1200, 100, "\U0001f6a8 1,100 of 1,200 tickets of this warning are still NOT INVOICED"),
    ],
)
@pytest.mark.parametrize("is_answer", [True, False])
def test_the_first_line_counts_what_is_left(warned: int, settled: int, top: str, *, is_answer: bool) -> None:
    updates = [f"Ticket #{number} is on invoice 9" for number in range(settled)]
    assert redrawn(OLD, updates, warned, is_answer=is_answer).text.splitlines()[0] == top


def test_a_settled_answer_has_one_header_and_its_old_words_struck_through() -> None:
    drawn = redrawn(OLD, ["Ticket #1 is on invoice 9"], 1, is_answer=True)
    assert [block["type"] for block in drawn.blocks] == ["header", "section", "rich_text"]
    assert "NOT INVOICED" not in drawn.text


def test_what_ended_otherwise_than_by_an_invoice_is_not_called_billed() -> None:
    top = redrawn(OLD, ["Ticket #1 is covered"] * 2, 2, "settled", is_answer=True).text.splitlines()[0]
    assert top == "\u2705 Both tickets of this warning are settled now"


@pytest.mark.parametrize("is_answer", [True, False])
def test_the_table_of_a_message_that_is_settled_in_part_has_what_is_left(*, is_answer: bool) -> None:
    rows = [[text_cell("Ticket")], [link_cell("https://acme.example/1", "#1")], [link_cell(None, "#11")]]
    said = Rendered("Warning.\nthe rest", (header("2 of 5"), data_table("t", rows)))
    drawn = redrawn(said, ["Ticket #1 is on invoice 9"], 2, is_answer=is_answer, settled=["1"])
    (left,) = (block for block in drawn.blocks if block["type"] == "data_table")
    assert left["rows"] == [rows[0], rows[2]]
    gone = redrawn(said, ["Ticket #1 is on invoice 9"], 2, is_answer=is_answer, settled=["1", "11"])
    assert "data_table" not in [block["type"] for block in gone.blocks]


def test_a_digest_keeps_what_else_it_says_as_what_was_said_before() -> None:
    drawn = redrawn(OLD, ["Ticket #1 is on invoice 9"], 1, is_answer=False)
    assert drawn.text.split("\n")[2] == "Said before that:"
    assert drawn.blocks[1:] == OLD.blocks
    assert drawn.text.endswith(OLD.text)


@given(
    words=st.text(min_size=1, max_size=3_900).filter(str.strip),
    updates=st.lists(st.text(min_size=1, max_size=300).filter(str.strip), min_size=1, max_size=30),
    left=st.integers(0, 3),
    is_answer=st.booleans(),
)
def test_whatever_was_said_slack_takes_the_new_message(
    words: str, updates: list[str], left: int, *, is_answer: bool
) -> None:
    drawn = redrawn(Rendered(words), updates, len(updates) + left, is_answer=is_answer)
    assert message_error(drawn.text, list(drawn.blocks)) is None
