"""Blocks for data refuse in a test what Slack would refuse in production."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.messages.digest_blocks import Point, chart, data_table, link_button, number_cell
from bot.messages.rendered import Rendered, text_cell

POINTS = [Point("a", 1, "1"), Point("b", Decimal("2.50"), "2.50")]


@pytest.mark.parametrize(
    ("title", "series", "points"),
    [
        ("t" * 51, "s", POINTS),
        ("t", "s" * 21, POINTS),
        ("t", "s", []),
        ("t", "s", POINTS * 11),
        ("t", "s", [POINTS[0], POINTS[0]]),
        ("t", "s", [Point("l" * 21, 1, "1")]),
    ],
)
def test_a_chart_that_slack_would_refuse_is_an_error(title: str, series: str, points: list[Point]) -> None:
    with pytest.raises(ValueError, match="chart"):
        chart("line", title, series, points, "Run")


@pytest.mark.parametrize("rows", [1, 101])
def test_a_table_that_slack_would_refuse_is_an_error(rows: int) -> None:
    with pytest.raises(ValueError, match="rows in a table"):
        data_table("c", [[text_cell("x")]] * rows)


def test_a_message_holds_one_table_and_two_charts() -> None:
    table = data_table("c", [[text_cell("x")], [number_cell(1, "1")]])
    drawn = chart("bar", "t", "s", POINTS, "x").blocks[0]
    assert Rendered("words", (table, drawn, drawn)).blocks
    for blocks in ((table, table), (drawn, drawn, drawn)):
        with pytest.raises(ValueError, match="Slack takes"):
            Rendered("words", blocks)


def test_a_chart_says_the_same_in_words() -> None:
    assert chart("bar", "Ages", "Tickets", POINTS, "Days").words == "Ages: a: 1, b: 2.50"


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "https://"])
def test_a_button_opens_web_addresses_only(url: Any) -> None:
    assert link_button("Open", "open_in_syncro", url) is None
