"""The page shows what its person would see in Slack, and nothing that others wrote becomes part of the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.payloads import view_json
from bot.sandbox.slack.workspace import (
    BILLING,
    BOT,
    FINANCE,
    MANAGER,
    TECHNICIAN,
    Modal,
    TypedCommand,
    Workspace,
    sample_workspace,
)
from bot.sandbox.web.html import tag
from bot.sandbox.web.pages import SHORTCUTS, Look, allowed, draw, page
from bot.sandbox.web.tour import HOME, STEPS

HOSTILE = '<script>alert(1)</script>" onclick="x" <!channel> <javascript:alert(1)|go> &lt;b&gt; \u202e\x1b[31m'
HERE = Look(TECHNICIAN, BILLING)


@pytest.fixture
def workspace() -> Workspace:
    return sample_workspace()


class Tags(HTMLParser):
    """What elements there are, what attributes they have, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(name)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        self.text += data


def everything(text: str) -> list[dict[str, Any]]:
    """Every kind of block, with this text wherever a text can stand."""
    plain, mrkdwn = {"type": "plain_text", "text": text}, {"type": "mrkdwn", "text": text}
    option = {"text": plain, "value": text}
    menu = {"type": "static_select", "action_id": text, "placeholder": plain, "options": [option]}
    button = {"type": "button", "action_id": text, "text": plain, "value": text, "confirm": {"title": plain}}
    leaves = [{"type": kind, "text": text, "url": text} for kind in ("text", "link")]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}
    return [
        {"type": "header", "text": plain},
        {"type": "section", "text": mrkdwn, "fields": [mrkdwn], "accessory": button},
        {"type": "context", "elements": [mrkdwn, {"type": "image", "alt_text": text}]},
        {"type": "actions", "elements": [menu, button | {"url": text}, {"type": "overflow", "options": [option]}]},
        {"type": "input", "block_id": text, "label": plain, "hint": plain, "element": menu},
        {"type": "input", "label": plain, "element": {"type": "radio_buttons", "options": [option]}},
        {"type": "input", "label": plain, "element": {"type": "plain_text_input", "initial_value": text}},
        {"type": "data_table", "caption": text, "rows": [[{"type": "raw_text", "text": text}], [rich]]},
        {"type": "data_visualization", "title": text, "chart": {"segments": [{"label": text, "value": 3}]}},
        {"type": "markdown", "text": text},
        {"type": text},
        rich,
    ]


@given(text=st.one_of(st.just(HOSTILE), st.text(st.sampled_from("<>&\"'`*_~|!@#\n=/ abjs:"), max_size=60)))
def test_nothing_that_others_wrote_becomes_an_element_or_an_attribute(text: str) -> None:
    workspace = sample_workspace()
    workspace.post(BILLING, MANAGER, text)
    workspace.post(BILLING, BOT, text, blocks=everything(text))
    workspace.commands.append(TypedCommand(BILLING, workspace.next_ts(), TECHNICIAN, text))
    workspace.modals[TECHNICIAN] = Modal(TECHNICIAN, view_json({"blocks": everything(text)}, workspace), notice=text)
    seen = Tags(page(draw(workspace, HERE), HERE))
    assert seen.names.count("script") == 1  # ours
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    addresses = [value or "" for name, value in seen.attributes if name in ("href", "src")]
    assert all(re.match(r"(https?://|mailto:|/|#|data:,)", address) for address in addresses)


def test_control_codes_and_codes_that_turn_text_around_are_left_out(workspace: Workspace) -> None:
    workspace.post(BILLING, BOT, "fallback", blocks=everything(HOSTILE))
    shown = Tags(draw(workspace, HERE)["main"]).text
    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_what_only_another_person_sees_is_not_shown(workspace: Workspace) -> None:
    workspace.post(BILLING, BOT, "for the manager alone", ephemeral_to=MANAGER)
    assert "for the manager alone" not in draw(workspace, HERE)["main"]
    assert "for the manager alone" in draw(workspace, Look(MANAGER, BILLING))["main"]


def test_a_private_channel_is_shown_to_its_members_only(workspace: Workspace) -> None:
    assert allowed(workspace, Look(MANAGER, FINANCE)).place == FINANCE
    assert allowed(workspace, Look(TECHNICIAN, FINANCE)).place == BILLING


@pytest.mark.parametrize("look", [Look("", ""), Look("U0NOBODY", "C0NOWHERE", "1.2"), Look(BOT, HOME, "<x>")])
def test_whatever_the_address_says_there_is_a_page(workspace: Workspace, look: Look) -> None:
    there = allowed(workspace, look)
    assert "invoice-bot demo" in page(draw(workspace, there), there)


def test_a_thread_shows_its_parent_once_and_its_replies(workspace: Workspace) -> None:
    parent = workspace.post(BILLING, BOT, "the parent")
    workspace.post(BILLING, BOT, "the reply", thread_ts=parent.ts)
    parts = draw(workspace, Look(TECHNICIAN, BILLING, parent.ts))
    assert parts["thread"].count("the parent") == 1
    assert "the reply" in parts["thread"]
    assert "the reply" not in parts["main"]
    assert "1 reply" in parts["main"]


def test_a_file_can_be_read_and_a_chart_can_be_heard(workspace: Workspace) -> None:
    chart = {"title": "By customer", "chart": {"type": "bar", "series": [{"data": [{"label": "Kittle", "value": 2}]}]}}
    workspace.post(BILLING, BOT, "", blocks=[{"type": "data_visualization"} | chart])
    assert 'aria-label="By customer: Kittle 2"' in draw(workspace, HERE)["main"]


def test_what_the_app_shows_below_an_address_is_seen_with_the_message(workspace: Workspace) -> None:
    message = workspace.post(BILLING, TECHNICIAN, "see <https://example.com/tickets/1>")
    message.attachments = [{"blocks": everything("<b>Invoiced</b>")}]
    shown = draw(workspace, HERE)["main"]
    assert "&lt;b&gt;Invoiced&lt;/b&gt;" in shown
    assert "<b>" not in shown


def test_parts_are_told_apart_by_what_they_show(workspace: Workspace) -> None:
    before = draw(workspace, HERE)["seen"]
    assert draw(workspace, HERE)["seen"] == before
    workspace.post(BILLING, BOT, "news")
    assert draw(workspace, HERE)["seen"] != before


def test_the_shortcuts_are_those_of_the_manifest() -> None:
    manifest = Path(__file__).parents[3] / "manifest.yml"
    shortcuts = yaml.safe_load(manifest.read_text(encoding="utf-8"))["features"]["shortcuts"]
    assert {each["callback_id"]: each["name"] for each in shortcuts if each["type"] == "message"} == SHORTCUTS


def test_every_step_of_the_tour_can_be_taken(workspace: Workspace) -> None:
    for step in STEPS:
        there = Look(step.user, step.place)
        assert allowed(workspace, there) == there


def test_text_is_escaped_in_elements_and_in_attributes() -> None:
    assert tag("p", '<a b="c">', title='"x" & y', hidden=True, class_=None) == (
        '<p title="&quot;x&quot; &amp; y" hidden>&lt;a b="c"&gt;</p>'
    )
