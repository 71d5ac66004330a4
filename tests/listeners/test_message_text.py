"""What the shortcut reads of a message: all that it says, wherever that stands, and no app's own values."""

from __future__ import annotations

from typing import Any

import pytest

from bot.listeners.message_text import text_of
from bot.ticket_references.reading import read_prose

SITE = "https://acme.syncromsp.com"

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Ticket #32223*"}}
FIELDS = {"type": "section", "fields": [{"type": "mrkdwn", "text": "#32223"}, {"type": "plain_text", "text": "#32311"}]}
RICH: dict[str, Any] = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_list",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "ticket 322"},
                        {"type": "text", "text": "23", "style": {"bold": True}},
                    ],
                },
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "link", "url": f"{SITE}/tickets/7", "text": "this"}],
                },
            ],
        }
    ],
}
TABLE = {
    "type": "data_table",
    "rows": [[{"type": "raw_text", "text": "#32223"}, {"type": "raw_number", "value": 32311}]],
}
BUTTONS = {
    "type": "actions",
    "elements": [{"type": "button", "text": {"type": "plain_text", "text": "9"}, "value": "99"}],
}
FORWARDED = {
    "is_share": True,
    "from_url": "https://acme.slack.com/archives/C1/p1795000000000000",
    "ts": "1795000000.000000",
    "message_blocks": [{"channel": "C1", "message": {"blocks": [RICH]}}],
}


@pytest.mark.parametrize(
    ("message", "references"),
    [
        ({"text": "see #32223"}, ["32223"]),
        ({"text": "", "bot_id": "B1", "blocks": [SECTION]}, ["32223"]),
        ({"text": "New ticket", "bot_id": "B1", "blocks": [FIELDS]}, ["32223", "32311"]),
        ({"text": "New ticket", "bot_id": "B1", "blocks": [RICH]}, ["32223", "id:7"]),
        ({"text": "", "blocks": [RICH]}, ["32223", "id:7"]),
        ({"bot_id": "B1", "blocks": [TABLE]}, ["32223", "32311"]),
        ({"text": "", "attachments": [FORWARDED]}, ["32223", "id:7"]),
        ({"text": "fyi", "attachments": [{"is_share": True, "text": "is #32223 billed?"}]}, ["32223"]),
        ({"bot_id": "B1", "attachments": [{"fallback": "[Syncro] ticket 32223"}]}, ["32223"]),
        ({"bot_id": "B1", "attachments": [{"title": "#32223", "title_link": f"{SITE}/tickets/7"}]}, ["id:7"]),
        ({"bot_id": "B1", "attachments": [{"fields": [{"title": "Ticket", "value": "32223"}]}]}, ["32223"]),
        ({"bot_id": "B1", "attachments": [{"blocks": [SECTION]}]}, ["32223"]),
        ({"bot_id": "B1", "text": "#32223", "blocks": [SECTION, BUTTONS]}, ["32223"]),
        ({"text": "", "files": [{"title": "Re: #32223", "mimetype": "text/html", "plain_text": "#7"}]}, ["32223", "7"]),
        ({"text": "#32223", "files": [{"title": "IMG_2031.jpg", "mimetype": "image/jpeg"}]}, ["32223"]),
    ],
)
def test_a_ticket_is_read_wherever_in_a_message_it_stands(message: dict[str, Any], references: list[str]) -> None:
    typed = read_prose(text_of(message), site=SITE, limit=50)

    assert list(typed.references) == references
    assert typed.left_out == ()


def test_what_a_person_wrote_is_read_once() -> None:
    assert text_of({"user": "U1", "text": "ticket *32223*", "blocks": [RICH]}) == "ticket *32223*"


def test_a_message_without_end_is_read_to_a_depth() -> None:
    message: dict[str, Any] = {"bot_id": "B1", "text": "#32223"}
    message["attachments"] = [message]

    assert text_of(message) == "#32223"


@pytest.mark.parametrize("odd", [{}, {"blocks": None, "text": None}, {"bot_id": "B", "blocks": ["x", 1, {"type": 5}]}])
def test_an_odd_message_says_nothing(odd: dict[str, Any]) -> None:
    assert text_of(odd) == ""
