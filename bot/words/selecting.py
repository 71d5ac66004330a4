"""Tickets that nobody names, as people ask for them and are told of them. Pure: the clock is an argument."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from bot.billing.search.selection import Choice, Selected, Selection
from bot.counting import counted
from bot.words.plain import day_in_words, listed, one_line

LONGEST_DAYS = 92
"""So far back a question may go: the whole account's tickets since then are listed for it."""
LONGEST_NAME = 100
"""Characters."""
_MOST_NAMES = 10
_HOW = {
    Choice.CUSTOMER: "",
    Choice.SINCE: "",
    Choice.TECHNICIAN: "Syncro has several of that name; the setting TECHNICIANS can say which. ",
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGO = re.compile(r"([0-9]{1,3}) (day|week)s?(?: ago)?")


def selection_of(choice: Choice, text: str, now: datetime, lookback: timedelta, zone: tzinfo) -> Selection | None:
    """What "Kittle", "Kittle since monday" or "monday" asks for; None where that cannot be told.

    Without a day it is the tickets of the last `lookback`. A technician without a name is whoever asks.
    """
    said = " ".join(text.split()).strip(" \"'\u201c\u201d")
    name, has_since, since = f" {said}".rpartition(" since ")
    if choice is Choice.SINCE:
        name, has_since, since = "", "since", said
    elif not has_since:
        name, since = since, ""
    name = name.strip(" \"'\u201c\u201d")
    begin = since_in_words(since, now, zone) if has_since else now - lookback
    if begin is None or len(name) > LONGEST_NAME or (choice is Choice.CUSTOMER and not name):
        return None
    return Selection(choice, name, begin)


def since_in_words(typed: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The beginning of a day in `zone`: "monday" (the last one), "yesterday", "3 days", "2026-11-01".

    None for anything else, for a day to come, and for one longer ago than `LONGEST_DAYS`.
    """
    today = now.astimezone(zone).date()
    day = _day(" ".join(typed.casefold().split()), today)
    if day is None or not 0 <= (today - day).days <= LONGEST_DAYS:
        return None
    return datetime.combine(day, time(), zone)


def _day(typed: str, today: date) -> date | None:
    if typed in ("today", "yesterday"):
        return today - timedelta(days=typed == "yesterday")
    if len(typed) >= 3 and (named := [place for place, name in enumerate(_DAYS) if name.startswith(typed)]):
        return today - timedelta(days=(today.weekday() - named[0]) % 7)
    if ago := _AGO.fullmatch(typed):
        return today - timedelta(days=int(ago[1]) * (7 if ago[2] == "week" else 1))
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def selection_in_words(selection: Selection, zone: tzinfo, tickets: str = "finished tickets") -> str:
    """The tickets that are asked for: "finished tickets of “Kittle” since Mon 23 Nov 2026"."""
    name = f"\u201c{one_line(selection.name)}\u201d"
    whose = {Choice.CUSTOMER: f" of {name}", Choice.TECHNICIAN: f" of technician {name}" if selection.name else ""}
    since = day_in_words(selection.since.astimezone(zone).date())
    return f"{tickets}{whose.get(selection.choice, '')} since {since}"


def instead_of_check(selection: Selection, selected: Selected, most: int, zone: tzinfo) -> str:
    """Why none of the tickets is checked; empty where they are."""
    if selected.failure:
        return f"The tickets could not be listed, so nothing was checked. {one_line(selected.failure)}"
    if not selected.references and selected.names:
        who = selection.choice.value
        return (
            f"Which {who} do you mean? There are {_named(selected.names)}. {_HOW[selection.choice]}Nothing was checked."
        )
    if not selected.references:
        return f"I found no {selection_in_words(selection, zone, tickets='finished ticket')}. Nothing was checked."
    if len(selected.references) > most:
        found = counted(len(selected.references), "finished ticket")
        return f"That is {found}; one request can hold {most:,}. Nothing was checked. Ask since a later day."
    return ""


def _named(names: Sequence[str]) -> str:
    shown = [f"\u201c{one_line(name)}\u201d" for name in names[:_MOST_NAMES]]
    return listed(shown, len(names) - _MOST_NAMES)
