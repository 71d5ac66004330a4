"""The form of the global shortcut: a list of tickets to paste, and where the answer goes."""

from __future__ import annotations

from typing import Any, Final

from bot.messages.rendered import Block, Rendered, told

FORM: Final = "check_list_form"
TICKETS: Final = "tickets"
PLACE: Final = "place"
FRESH: Final = "fresh"
"""Each field's block_id and action_id."""
MOST_CHARACTERS: Final = 3_000
"""What Slack's field takes."""
KNOWN, ANEW = "known", "anew"
"""The options of `FRESH`."""


def list_form() -> dict[str, Any]:
    """The form, empty."""
    text = {"type": "plain_text_input", "action_id": TICKETS, "multiline": True, "max_length": MOST_CHARACTERS}
    options = [_option("What is known and still holds may serve", KNOWN), _option("Read all anew from Syncro", ANEW)]
    fresh = {"type": "radio_buttons", "action_id": FRESH, "options": options, "initial_option": options[0]}
    place = {
        "type": "conversations_select",
        "action_id": PLACE,
        "placeholder": _plain("A direct message to me"),
        "filter": {"include": ["public", "private"], "exclude_external_shared_channels": True},
    }
    hint = "Numbers, ranges (32230-32240), addresses, a text or a CSV; at most 50 tickets."
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain("Check a list"),
        "submit": _plain("Check"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(TICKETS, "Which tickets?", text) | {"hint": _plain(hint)},
            _input(PLACE, "Where shall the answer go?", place) | {"optional": True},
            _input(FRESH, "How?", fresh),
        ],
    }


def not_opened() -> Rendered:
    """Slack did not take the form in time."""
    return told("The form could not be opened. Please try again.")


def no_channel() -> Rendered:
    """Somebody was chosen for the answer."""
    return told("Choose a channel, or nothing for a direct message.")


def _input(block_id: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": block_id, "label": _plain(label), "element": element}


def _option(label: str, value: str) -> Block:
    return {"text": _plain(label), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
