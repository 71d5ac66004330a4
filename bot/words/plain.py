"""Money, time, lists and texts from outside as plain text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that look like nothing, though Unicode does not count them as spaces."""


def money(amount: Decimal, currency: str) -> str:
    """1,250.00, with the currency of the settings before it: €1,250.00, EUR 1,250.00. Syncro names none."""
    if not amount.is_finite() or amount.adjusted() > 15:
        return "an amount that makes no sense"
    sign, space = "-" if amount < 0 else "", " " if currency[-1:].isalpha() or currency.endswith(".") else ""
    return f"{sign}{currency}{space}{abs(amount):,.2f}"


def some_money(amount: Decimal, currency: str) -> str:
    """The same; empty where it is nothing."""
    return money(amount, currency) if amount else ""


def duration(minutes: int) -> str:
    """1 h 30 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def in_hours(hours: Decimal) -> str:
    """1.5: hours as Syncro counts a prepaid block, to the minute and never in powers of ten."""
    return f"{hours.quantize(Decimal('0.01')).normalize():f}"


def moment_in_words(when: datetime) -> str:
    """2026-11-22 09:02 UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day_in_words(day: date, seen_from: date | None = None) -> str:
    """Mon 23 Nov 2026; without the year where it is that of the day it is `seen_from`."""
    said = f"{day:%a} {day.day} {day:%b}"
    return said if seen_from is not None and day.year == seen_from.year else f"{said} {day.year}"


def listed(items: Sequence[str], more: int = 0) -> str:
    """A, b and c; where there are `more`: a, b, c and 2 more."""
    said = [*items, f"{more} more"] if more > 0 else items
    return strung(" and ", ", ".join(said[:-1]), *said[-1:])


def held_back_in_words(seconds: float) -> str:
    """What we wait for, where it is worth a word: "waiting for Syncro's limit, 12 s"."""
    return f"waiting for Syncro's limit, {math.ceil(seconds)} s" if seconds >= 1 else ""


def strung(between: str, *texts: str) -> str:
    """The texts that say something, with `between` between them."""
    return between.join(filter(None, texts))


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def one_line(text: str) -> str:
    """Text from outside in one line, without control, bidi and invisible characters: nothing in it acts."""
    return " ".join("".join(map(_visible, text)).split())


def _visible(character: str) -> str:
    """The character itself, a space for controls and blanks, nothing for bidi, zero-width and broken ones."""
    category = unicodedata.category(character)
    if category in {"Cf", "Cs"}:
        return ""
    return " " if category in {"Cc", "Zl", "Zp", "Zs"} or character in _BLANK else character
