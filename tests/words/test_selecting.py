"""Tickets that nobody names: what people type for them, and what they are told where none is checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.billing.search.selection import Choice, Selected, Selection
from bot.words.selecting import instead_of_check, selection_in_words, selection_of, since_in_words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
"""Thursday already in Berlin."""
LOOKBACK = timedelta(days=30)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("today", 26),
        ("yesterday", 25),
        ("thursday", 26),
        ("Monday", 23),
        ("fri", 20),
        ("3 days", 23),
        ("1 week ago", 19),
        ("2026-11-01", 1),
    ],
)
def test_a_day_begins_at_midnight_of_the_office(typed: str, day: int) -> None:
    assert since_in_words(typed, NOW, BERLIN) == datetime(2026, 11, day, tzinfo=BERLIN)


@pytest.mark.parametrize("typed", ["", "mo", "someday", "2026-11-27", "2026-02-30", "2026-01-01", "999 weeks"])
def test_anything_else_is_no_day_nor_is_one_to_come_or_too_long_ago(typed: str) -> None:
    assert since_in_words(typed, NOW, BERLIN) is None


MONDAY = datetime(2026, 11, 23, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("choice", "typed", "name", "since"),
    [
        (Choice.CUSTOMER, "Kittle", "Kittle", NOW - LOOKBACK),
        (Choice.CUSTOMER, " \u201cSmith & Sons\u201d ", "Smith & Sons", NOW - LOOKBACK),
        (Choice.CUSTOMER, "Kittle since monday", "Kittle", MONDAY),
        (Choice.CUSTOMER, "Ever since Ltd since monday", "Ever since Ltd", MONDAY),
        (Choice.TECHNICIAN, "", "", NOW - LOOKBACK),
        (Choice.TECHNICIAN, "since monday", "", MONDAY),
        (Choice.SINCE, "monday", "", MONDAY),
    ],
)
def test_a_name_a_day_or_both_are_understood(choice: Choice, typed: str, name: str, since: datetime) -> None:
    assert selection_of(choice, typed, NOW, LOOKBACK, BERLIN) == Selection(choice, name, since)


@pytest.mark.parametrize(
    ("choice", "typed"),
    [(Choice.CUSTOMER, ""), (Choice.CUSTOMER, "since monday"), (Choice.SINCE, "x"), (Choice.CUSTOMER, "x" * 101)],
)
def test_what_names_nothing_is_not_understood(choice: Choice, typed: str) -> None:
    assert selection_of(choice, typed, NOW, LOOKBACK, BERLIN) is None


KITTLE = Selection(Choice.CUSTOMER, "Kittle", MONDAY)


def test_a_selection_is_said_in_words_and_stored_as_json() -> None:
    assert selection_in_words(KITTLE, BERLIN) == "finished tickets of \u201cKittle\u201d since Mon 23 Nov 2026"
    assert Selection.from_json(KITTLE.to_json()) == KITTLE


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        (Selected(failure="Syncro is away."), "could not be listed, so nothing was checked. Syncro is away."),
        (
            Selected(names=("Kittle IT", "Kittle Labs")),
            "do you mean? There are \u201cKittle IT\u201d and \u201cKittle Labs\u201d.",
        ),
        (Selected(), "I found no finished ticket of \u201cKittle\u201d since Mon 23 Nov 2026."),
        (Selected(tuple(map(str, range(51)))), "That is 51 finished tickets; one request can hold 50."),
    ],
)
def test_where_nothing_is_checked_the_person_is_told_why(selected: Selected, said: str) -> None:
    assert said in instead_of_check(KITTLE, selected, 50, BERLIN)


def test_fifty_tickets_are_checked() -> None:
    assert instead_of_check(KITTLE, Selected(tuple(map(str, range(50))), ("Kittle",)), 50, BERLIN) == ""
