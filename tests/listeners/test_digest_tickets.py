"""What buttons and forms carry is checked when it comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.listeners.digest_tickets import DigestTicket

TICKET = DigestTicket("109554336", "32223", "C0BILLING", "1700000000.000100")
GOOD = json.loads(TICKET.to_metadata())


def test_metadata_comes_back_as_it_was() -> None:
    assert DigestTicket.from_metadata(TICKET.to_metadata()) == TICKET
    assert " " not in TICKET.to_metadata()
    named = replace(TICKET, customer="Müller & Söhne " * 5)
    assert DigestTicket.from_metadata(named.to_metadata()) == named
    assert DigestTicket.from_metadata(replace(TICKET, customer="x" * 81).to_metadata()) is None
    lettered = replace(TICKET, number="T20230001")
    assert DigestTicket.from_metadata(lettered.to_metadata()) == lettered


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 109554336},
        {"id": "1; drop"},
        {"id": ""},
        {"id": "9" * 21},
        {"number": "<!channel>"},
        {"number": "٣٢٢٢٣"},
        {"channel": "U0SOMEBODY"},
        {"channel": None},
        {"thread_ts": "now"},
        {"thread_ts": "1700000000.000100\n"},
        {"more": "1"},
        {"customer": "a\nb"},
    ],
)
def test_metadata_of_another_shape_is_not_taken(wrong: dict[str, Any]) -> None:
    assert DigestTicket.from_metadata(json.dumps(GOOD | wrong)) is None


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"customer"}))
def test_metadata_that_lacks_something_is_not_taken(name: str) -> None:
    assert DigestTicket.from_metadata(json.dumps({key: GOOD[key] for key in GOOD if key != name})) is None


@given(st.one_of(st.none(), st.integers(), st.text(), st.recursive(st.none(), st.lists).map(json.dumps)))
def test_anything_else_is_not_taken(metadata: Any) -> None:
    assert DigestTicket.from_metadata(metadata) is None


def test_a_button_in_the_digest_and_one_in_its_thread_mean_the_same_thread() -> None:
    action = {"value": '{"id":"109554336","number":"32223"}'}
    in_digest = {"container": {"channel_id": "C0BILLING", "message_ts": "1700000000.000100"}}
    in_thread = {"container": {**in_digest["container"], "message_ts": "1.5", "thread_ts": "1700000000.000100"}}
    assert DigestTicket.from_press(in_digest, action) == TICKET
    assert DigestTicket.from_press(in_thread, action) == TICKET


@pytest.mark.parametrize(
    "value", [None, "", "32223", "[]", '{"id":"1"}', '{"id":"1","number":"2","channel":"C1","x":"y"}']
)
def test_a_button_without_its_ticket_is_not_taken(value: Any) -> None:
    body = {"container": {"channel_id": "C0BILLING", "message_ts": "1700000000.000100"}}
    assert DigestTicket.from_press(body, {"value": value}) is None


def test_a_button_outside_of_a_message_is_not_taken() -> None:
    action = {"value": '{"id":"109554336","number":"32223"}'}
    assert DigestTicket.from_press({"container": {"type": "view"}}, action) is None
    assert DigestTicket.from_press({}, action) is None


def test_a_button_at_home_means_the_person_and_no_thread() -> None:
    action = {"value": '{"id":"109554336","number":"32223"}'}
    pressed = DigestTicket.from_press({"container": {"type": "view"}, "user": {"id": "U0TECH"}}, action)
    assert pressed == replace(TICKET, channel="U0TECH", thread_ts="")
    assert pressed.is_at_home
    assert pressed.is_direct
    assert DigestTicket.from_metadata(pressed.to_metadata()) == pressed
    assert DigestTicket.from_metadata(json.dumps(GOOD | {"thread_ts": ""})) is None
