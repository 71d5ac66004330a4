"""`/invoice-check close …` over the stand-in Slack: for managers, about a month that has begun."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.sandbox.slack.workspace import BILLING, FINANCE, MANAGER, TECHNICIAN
from tests.listeners.digest_house import House


def ask(house: House, text: str, user: str = MANAGER, channel: str = BILLING) -> str:
    answer = house.slack.slash(f"close {text}", user=user, channel=channel).wait_ack()
    return str((answer or {}).get("text", ""))


@pytest.mark.parametrize(
    ("text", "month"), [("october", "2026-10"), ("2026-10", "2026-10"), ("Last Month", "2026-10"), ("dec", "2025-12")]
)
def test_a_manager_asks_for_a_month_and_the_answer_comes_as_a_message(house: House, text: str, month: str) -> None:
    assert ask(house, text) == ""
    (request,) = house.engine.closes.values()
    assert (request.month, request.user, request.channel, request.references) == (month, MANAGER, BILLING, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Which month?"),
        ("<!channel>", "is no month"),
        ("2026-12", "2026-12 has not begun"),
        ("13", "is no month"),
    ],
)
def test_what_is_no_month_that_began_is_told_to_the_person_alone(house: House, text: str, said: str) -> None:
    told = ask(house, text)
    assert said in told
    assert "/invoice-check close 2026-10" in told
    assert "<!channel>" not in told
    assert house.engine.closes == {}


def test_others_are_refused_and_that_leaves_a_trace(house: House) -> None:
    assert "Only managers can do that" in ask(house, "october", TECHNICIAN)
    assert house.refusals() == [(TECHNICIAN, "close october", "not_a_manager")]
    assert house.engine.closes == {}


def test_billing_data_stays_in_its_channels(build_house: Callable[..., House]) -> None:
    house = build_house(channels=(BILLING,))
    assert "not set up for this channel" in ask(house, "october", channel=FINANCE)
    assert house.engine.closes == {}


def test_a_close_that_cannot_be_stored_is_said(house: House) -> None:
    house.engine.is_away = True
    assert "could not" in ask(house, "october")
