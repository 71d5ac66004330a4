"""Text from Syncro for files and terminals: one line, and nothing in it that acts."""

from __future__ import annotations

import unicodedata

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the start of a formula; some fold the full-width forms to the plain ones."""


def one_line(text: str) -> str:
    """The text in one line, without control, bidi and invisible characters."""
    return " ".join("".join(map(_visible, text)).split())


def spreadsheet_safe(text: str) -> str:
    """The text as one spreadsheet cell that is shown and never run: a leading apostrophe marks it as text."""
    shown = one_line(text)
    acts = shown[:1] in _FORMULA or text[:1] in {"\t", "\r", "\n"}
    return f"'{shown}" if shown and acts else shown


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cf", "Cs"}:
        return ""
    return " " if category in {"Cc", "Zl", "Zp"} else character
