"""The chat as a person would read it: formatting resolved, nothing smuggled into the terminal."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import unquote

import pytest
from rich.console import Console, RenderableType

from bot.sandbox.demo.mrkdwn import mrkdwn
from bot.sandbox.demo.transcript import block_kit_builder_url, render_message, render_workspace
from bot.sandbox.slack.workspace import (
    BILLING,
    BOT,
    MANAGER,
    TECHNICIAN,
    File,
    TypedCommand,
    Workspace,
    sample_workspace,
)

Block = dict[str, Any]


@pytest.fixture
def workspace() -> Workspace:
    return sample_workspace()


def seen(renderable: RenderableType) -> str:
    output = io.StringIO()
    Console(file=output, width=100, color_system=None).print(renderable)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines())


def shown(workspace: Workspace, *blocks: Block, text: str = "fallback") -> str:
    return seen(render_message(workspace.post(BILLING, BOT, text, blocks=list(blocks)), workspace))


def raw(text: str) -> Block:
    return {"type": "raw_text", "text": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* _it_ ~gone~ `code`", "bold it gone code"),
        ("<https://x.test/1|Invoice 67469>", "Invoice 67469"),
        ("<https://x.test/1>", "https://x.test/1"),
        ("*<https://x.test/1|Ticket #32223>*", "Ticket #32223"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt;", "&lt;"),
        (f"<@{TECHNICIAN}> asked", "@Technician asked"),
        ("<#C1|billing>", "#billing"),
        ("due <!date^1^{date}|tomorrow>", "due tomorrow"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("```a *b* <c```", "a *b* <c"),
        (":warning: late", "\u26a0\ufe0f late"),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(workspace: Workspace, text: str, expected: str) -> None:
    assert mrkdwn(text, workspace.name_of).plain == expected


@pytest.mark.parametrize("text", ["<!channel>", "<!here>", "<!everyone>", "<!subteam^S1|@managers>"])
def test_whatever_notifies_many_people_is_loud(workspace: Workspace, text: str) -> None:
    assert " PING @" in mrkdwn(text, workspace.name_of).plain


def test_an_escaped_ping_is_only_text(workspace: Workspace) -> None:
    assert mrkdwn("&lt;!channel&gt;", workspace.name_of).plain == "<!channel>"


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x9b31mred", "bell\x07", "back\x08", "\u202eturned"])
def test_no_control_code_reaches_the_terminal(workspace: Workspace, text: str) -> None:
    fields = [{"type": "plain_text", "text": text}, {"type": "mrkdwn", "text": f"<https://x|{text}> `{text}`"}]
    table = {"type": "table", "rows": [[raw(text)]]}
    output = shown(workspace, {"type": "section", "fields": fields}, table, {"type": text})

    assert not set(output) & set("\x1b\x9b\x07\x08\u202e")


def test_rich_markup_in_a_message_stays_text(workspace: Workspace) -> None:
    assert "[red]x[/red]" in shown(workspace, text="[red]x[/red] [/]")


def test_blocks_are_shown_in_place_of_the_text(workspace: Workspace) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Snooze"}, "style": "danger"}
    output = shown(
        workspace,
        {"type": "header", "text": {"type": "plain_text", "text": "Unbilled &amp; open"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Ticket*"}, "accessory": button},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "checked at nine"}]},
        {"type": "divider"},
        {"type": "actions", "elements": [button]},
        {"type": "image", "alt_text": "a chart", "image_url": "https://x"},
        {"type": "data_visualization"},
    )

    for part in ("Unbilled & open", "Ticket", "checked at nine", "[ Snooze ]", "a chart", "[data_visualization]"):
        assert part in output
    assert "fallback" not in output


@pytest.mark.parametrize("kind", ["table", "data_table"])
def test_a_table_shows_every_cell(workspace: Workspace, kind: str) -> None:
    link = {"type": "link", "url": "https://x", "text": "67469"}
    cell = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]}
    rows = [
        [raw("Ticket"), raw("Invoice"), raw("Total")],
        [raw("32223"), cell, {"type": "raw_number", "value": 75}],
    ]
    block = {"type": kind, "rows": rows, "column_settings": [{"align": "left"}, None, {"align": "right"}]}

    output = shown(workspace, block | ({"caption": "Today"} if kind == "data_table" else {}))

    for part in ("Ticket", "Invoice", "Total", "32223", "67469", "75"):
        assert part in output
    assert ("Today" in output) == (kind == "data_table")


def test_rich_text_shows_lists_quotes_people_and_pings(workspace: Workspace) -> None:
    def section(kind: str, *elements: Block, **more: str) -> Block:
        return {"type": kind, "elements": list(elements), **more}

    item = section("rich_text_section", {"type": "text", "text": "listed", "style": {"bold": True}})
    output = shown(
        workspace,
        section(
            "rich_text",
            section("rich_text_list", item, style="ordered"),
            section("rich_text_list", item, style="bullet"),
            section("rich_text_quote", {"type": "text", "text": "quoted"}),
            section("rich_text_section", {"type": "user", "user_id": MANAGER}, {"type": "broadcast", "range": "here"}),
            section("rich_text_section", {"type": "emoji", "name": "warning"}, {"type": "usergroup"}),
        ),
    )

    for part in ("1. listed", "\u2022 listed", "\u2502 quoted", "@Manager", "PING @here", "\u26a0"):
        assert part in output


def test_an_edited_message_shows_its_final_words(workspace: Workspace) -> None:
    message = workspace.post(BILLING, BOT, "checking")
    workspace.update(message, text="billed")

    output = seen(render_message(message, workspace))
    assert "(edited)" in output
    assert "billed" in output
    assert "checking" not in output


def test_the_chat_reads_in_order_with_threads_below_their_parents(workspace: Workspace) -> None:
    command = TypedCommand(BILLING, workspace.next_ts(), TECHNICIAN, "/invoice-check 32223")
    workspace.commands.append(command)
    parent = workspace.post(BILLING, BOT, "Ticket #32223")
    workspace.post(BILLING, BOT, "later")
    workspace.post(BILLING, BOT, "the evidence", thread_ts=parent.ts)
    workspace.post(BILLING, BOT, "for you", ephemeral_to=TECHNICIAN)
    workspace.post(workspace.open_im(MANAGER).id, BOT, "privately")

    output = seen(render_workspace(workspace))

    order = ["#billing", "Technician  /invoice-check 32223", "Ticket #32223", "1 reply", "the evidence", "later"]
    places = [output.index(part) for part in [*order, "only visible to you: Technician", "for you", "privately"]]
    assert places == sorted(places)
    assert "direct message with Manager" in output
    assert "\n     the evidence" in output


def test_a_reply_whose_parent_was_deleted_is_still_shown(workspace: Workspace) -> None:
    parent = workspace.post(BILLING, BOT, "parent")
    workspace.post(BILLING, BOT, "orphan", thread_ts=parent.ts)
    workspace.delete(parent)

    assert "orphan" in seen(render_workspace(workspace))


def test_a_channel_is_shown_by_its_name(workspace: Workspace) -> None:
    message = workspace.post(BILLING, BOT, f"ask in <#{BILLING}>, not in <#C0UNKNOWN>")
    assert "ask in #billing, not in #C0UNKNOWN" in seen(render_message(message, workspace))


def test_a_frame_is_put_around_each_thread_and_nothing_else(workspace: Workspace) -> None:
    parent = workspace.post(BILLING, BOT, "the outcome")
    workspace.post(BILLING, BOT, "the evidence", thread_ts=parent.ts)

    output = seen(render_workspace(workspace, thread_frame=lambda _: "framed"))

    assert "the outcome" in output
    assert "framed" in output
    assert "the evidence" not in output


def test_the_builder_url_gives_back_the_same_blocks() -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "50% & #1 \u00fc"}}]

    address, _, fragment = block_kit_builder_url(blocks).partition("#")

    assert address == "https://app.slack.com/block-kit-builder/"
    assert json.loads(unquote(fragment)) == {"blocks": blocks}
    assert not set(fragment) & set(' #&\u00fc"')


def chart(kind: str, **values: float) -> Block:
    points = [{"label": name, "value": value} for name, value in values.items()]
    body = {"segments": points} if kind == "pie" else {"series": [{"name": "Tickets", "data": points}]}
    return {"type": "data_visualization", "title": "Unbilled", "chart": {"type": kind, **body}}


@pytest.mark.parametrize("kind", ["bar", "pie"])
def test_a_bar_chart_shows_each_value_with_a_bar_of_its_length(workspace: Workspace, kind: str) -> None:
    output = shown(workspace, chart(kind, Mon=10, Tue=5, Wed=0))

    lengths = [line.count("\u2588") for line in output.splitlines() if line.strip()[:3] in ("Mon", "Tue", "Wed")]
    assert lengths == [20, 10, 0]
    assert "Unbilled" in output
    assert ("Tickets" in output) == (kind == "bar")


@pytest.mark.parametrize("kind", ["line", "area"])
def test_a_line_chart_shows_its_course_and_its_values(workspace: Workspace, kind: str) -> None:
    output = shown(workspace, chart(kind, Mon=0, Tue=1250.5, Wed=625))

    for part in ("Unbilled", "Tickets", "\u2581\u2588\u2584", "Mon 0, Tue 1,250.50, Wed 625"):
        assert part in output


def test_a_chart_of_equal_or_negative_values_is_still_drawn(workspace: Workspace) -> None:
    assert "Mon -3, Tue -3" in shown(workspace, chart("line", Mon=-3, Tue=-3))
    assert "-3" in shown(workspace, chart("bar", Mon=-3))


def test_a_column_of_numbers_is_aligned_to_the_right(workspace: Workspace) -> None:
    numbers = [{"type": "raw_number", "value": 5, "text": "5.00"}, {"type": "raw_number", "value": 1250}]
    output = shown(workspace, {"type": "data_table", "rows": [[raw("Total due")], *([n] for n in numbers)]})

    assert "     5.00" in output
    assert "     1250" in output


def test_menus_are_shown_in_brackets(workspace: Workspace) -> None:
    option = {"text": {"type": "plain_text", "text": "Skip"}, "value": "skip"}
    overflow = {"type": "overflow", "action_id": "row", "options": [option]}
    select = {"type": "static_select", "action_id": "s", "options": [option], "initial_option": option}
    output = shown(workspace, {"type": "actions", "elements": [overflow, select]})

    assert "[ \u22ef ]  [ Skip ]" in output


def test_a_file_is_shown_with_its_name_and_how_many_lines_it_has(workspace: Workspace) -> None:
    for name, content in (("one.csv", b"a"), ("two\x1b.csv", b"a\nb\n"), ("bad.csv", b"\xff")):
        workspace.post(BILLING, BOT, "").files = [File("F1", name, name, content, BOT, BILLING)]
    output = seen(render_workspace(workspace))

    for part in ("one.csv (1 line)", "two.csv (2 lines)", "bad.csv (1 line)"):
        assert f"\U0001f4ce {part}" in output
