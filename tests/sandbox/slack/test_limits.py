"""What Slack refuses: each limit at its edge, one within and one beyond."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack.limits import UPDATED_TEXT, block_problems, message_error, view_problems

Block = dict[str, Any]


def plain(size: int) -> Block:
    return {"type": "plain_text", "text": "x" * size}


def mrkdwn(size: int) -> Block:
    return {"type": "mrkdwn", "text": "x" * size}


def button(size: int = 5, **more: Any) -> Block:
    return {"type": "button", "text": plain(size), **more}


def section(size: int = 5, **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(size), **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def context(*elements: Block) -> Block:
    return {"type": "context", "elements": list(elements)}


def raw(size: int = 1) -> Block:
    return {"type": "raw_text", "text": "x" * size}


def table(rows: int, columns: int, size: int = 1) -> Block:
    return {"type": "table", "rows": [[raw(size)] * columns] * rows}


def data_table(rows: int, *, caption: str = "c", head: Block | None = None) -> Block:
    header, body = [head or raw()], [[{"type": "raw_number", "value": 3}]]
    return {"type": "data_table", "caption": caption, "rows": [header] + body * (rows - 1)}


def series(name: str = "Tickets", points: int = 2, label: str = "") -> Block:
    return {"name": name, "data": [{"label": f"{n}{label}", "value": n} for n in range(points)]}


def chart(*given: Block, kind: str = "line", title: str = "t", categories: list[str] | None = None) -> Block:
    shown = list(given) or [series()]
    labels = [point["label"] for point in shown[0]["data"]] if categories is None else categories
    body = {"type": kind, "series": shown, "axis_config": {"categories": labels, "x_label": "x", "y_label": "y"}}
    return {"type": "data_visualization", "title": title, "chart": body}


def pie(segments: int) -> Block:
    parts = [{"label": str(n), "value": n} for n in range(segments)]
    return {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": parts}}


def number_table(cell: Block, **more: Any) -> Block:
    return {"type": "data_table", "caption": "c", "rows": [[raw()], [{"type": "raw_number", **cell}]], **more}


def rich_text(text: str) -> Block:
    elements = [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]
    return {"type": "rich_text", "elements": elements}


WITHIN = {
    "a section text of 3000": [section(3000)],
    "10 fields of 2000": [{"type": "section", "fields": [mrkdwn(1000)] * 9 + [mrkdwn(2000)]}],
    "a header of 150": [{"type": "header", "text": plain(150)}],
    "a button of 75 with a value of 2000": [actions(button(75, value="v" * 2000, action_id="a" * 255))],
    "25 buttons": [actions(*[button(action_id=f"a{n}") for n in range(25)])],
    "10 context elements": [context(*[mrkdwn(5)] * 10)],
    "a block_id of 255": [section(block_id="b" * 255)],
    "50 blocks": [{"type": "divider"}] * 50,
    "a table of 100 rows": [table(100, 1)],
    "a table of 20 columns": [table(1, 20)],
    "a data_table of 101 rows": [data_table(101)],
    "a number cell with its own text": [number_table({"value": 1250.5, "text": "1,250.50"})],
    "a data_table of 100 rows a page": [number_table({"value": 1}, page_size=100, row_header_column_index=0)],
    "a chart with a title of 50": [chart(title="t" * 50)],
    "a line chart of 6 series of 20 points": [chart(*[series(f"s{n}", 20) for n in range(6)])],
    "a bar chart with labels of 20": [chart(series("n" * 20, 1, "l" * 19), kind="bar")],
    "an area chart": [chart(kind="area")],
    "a pie of 6 segments": [pie(6)],
    "two charts": [chart(), chart()],
    "a rich_text": [rich_text("x")],
    "an image in a context": [context({"type": "image", "image_url": "https://x", "alt_text": "x"})],
    "a section with a button": [section(accessory=button(action_id="a"))],
}

BEYOND = {
    "a section text of 3001": [section(3001)],
    "a section without text": [{"type": "section"}],
    "an empty text": [section(0)],
    "11 fields": [{"type": "section", "fields": [mrkdwn(1)] * 11}],
    "a field of 2001": [{"type": "section", "fields": [mrkdwn(2001)]}],
    "a header of 151": [{"type": "header", "text": plain(151)}],
    "a header in mrkdwn": [{"type": "header", "text": mrkdwn(5)}],
    "a button of 76": [actions(button(76))],
    "a button in mrkdwn": [actions({"type": "button", "text": mrkdwn(5)})],
    "a value of 2001": [actions(button(value="v" * 2001))],
    "an unknown button style": [actions(button(style="loud"))],
    "an action_id of 256": [actions(button(action_id="a" * 256))],
    "two equal action_ids in a block": [actions(button(action_id="a"), button(action_id="a"))],
    "26 buttons": [actions(*[button(action_id=f"a{n}") for n in range(26)])],
    "no buttons": [actions()],
    "a text in place of a button": [actions(mrkdwn(5))],
    "11 context elements": [context(*[mrkdwn(5)] * 11)],
    "a button in a context": [context(button())],
    "a block_id of 256": [section(block_id="b" * 256)],
    "two equal block_ids": [section(block_id="b"), section(block_id="b")],
    "51 blocks": [{"type": "divider"}] * 51,
    "an unknown type": [{"type": "fireworks"}],
    "an alert, which is for modals": [{"type": "alert"}],
    "no type": [{"text": plain(5)}],
    "a block that is no object": ["section"],
    "a table of 101 rows": [table(101, 1)],
    "a table of 21 columns": [table(1, 21)],
    "a table of 10,001 characters": [table(1, 1, size=10_001)],
    "two tables": [table(1, 1), table(1, 1)],
    "an empty cell": [table(1, 1, size=0)],
    "a number cell in a plain table": [{"type": "table", "rows": [[{"type": "raw_number", "value": 1}]]}],
    "a data_table of 102 rows": [data_table(102)],
    "a data_table without a caption": [data_table(2, caption="")],
    "a data_table with only a header": [data_table(1)],
    "a rich_text header cell": [data_table(2, head=rich_text("x"))],
    "a number cell with text for a value": [number_table({"value": "3"})],
    "a number cell that is no number": [number_table({"value": float("nan")})],
    "a number cell with an empty text": [number_table({"value": 3, "text": ""})],
    "a data_table of 101 rows a page": [number_table({"value": 1}, page_size=101)],
    "a data_table with rows of different lengths": [
        {"type": "data_table", "caption": "c", "rows": [[raw()], [raw(), raw()]]}
    ],
    "a chart without a title": [chart(title="")],
    "a chart with a title of 51": [chart(title="t" * 51)],
    "a chart of an unknown type": [chart(kind="radar")],
    "a chart without a body": [{"type": "data_visualization", "title": "t"}],
    "a chart of 7 series": [chart(*[series(f"s{n}") for n in range(7)])],
    "two series of one name": [chart(series("a"), series("a"))],
    "a series name of 21": [chart(series("n" * 21))],
    "a series of 21 points": [chart(series("s", 21))],
    "a series without points": [chart(series("s", 0), categories=["0"])],
    "a label of 21": [chart(series("s", 1, "l" * 20))],
    "points that are not the categories": [chart(categories=["0", "x"])],
    "two equal labels": [chart(series("s", 1), categories=["0", "0"])],
    "a chart without categories": [chart(categories=[])],
    "a point without a number": [chart({"name": "s", "data": [{"label": "0", "value": "1"}]})],
    "a pie of 7 segments": [pie(7)],
    "three charts": [chart(), chart(), chart()],
    "an empty rich_text": [rich_text("")],
    "an image without alt_text": [{"type": "image", "image_url": "https://x"}],
}


@pytest.mark.parametrize("blocks", WITHIN.values(), ids=WITHIN.keys())
def test_slack_takes(blocks: list[Block]) -> None:
    assert block_problems(blocks) == []


@pytest.mark.parametrize("blocks", BEYOND.values(), ids=BEYOND.keys())
def test_slack_refuses_as_invalid_blocks(blocks: list[Any]) -> None:
    assert message_error("words", blocks) == "invalid_blocks"


@pytest.mark.parametrize(
    ("text", "blocks", "error"),
    [
        (None, None, "no_text"),
        ("", [], "no_text"),
        ("x" * 40_000, None, None),
        ("x" * 40_001, None, "msg_too_long"),
        (None, [{"type": "divider"}], None),
        ("x", {"type": "divider"}, "invalid_blocks"),
        ("x", [section(3000)] * 4, None),
        ("x", [section(3000)] * 5, "msg_blocks_too_long"),
    ],
)
def test_a_message_is_refused_with_slacks_code(text: str | None, blocks: Any, error: str | None) -> None:
    assert message_error(text, blocks) == error


def test_an_edit_takes_a_tenth_of_what_a_post_takes() -> None:
    assert message_error("x" * 4000, text_limit=UPDATED_TEXT) is None
    assert message_error("x" * 4001, text_limit=UPDATED_TEXT) == "msg_too_long"


def test_a_workspace_can_refuse_a_block_type_that_others_take() -> None:
    assert message_error("x", [table(1, 1)], refused_types={"table"}) == "invalid_blocks"
    assert message_error("x", [section()], refused_types={"table"}) is None


def test_a_home_tab_takes_100_blocks_and_no_tables() -> None:
    assert view_problems({"type": "home", "blocks": [{"type": "divider"}] * 100}) == []
    assert view_problems({"type": "home", "blocks": [{"type": "divider"}] * 101})
    assert view_problems({"type": "home", "blocks": [table(1, 1)]})
    assert view_problems({"type": "modal", "blocks": []})


def test_a_problem_names_the_place() -> None:
    assert "[json-pointer:/blocks/1]" in block_problems([section(), section(0)])[0]
