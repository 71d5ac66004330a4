"""What Slack makes of a text that a person types. Pure functions."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"(<(?:[@#!][^<>\s]++|https?://[^<>\s]++)>|https?://[^<>\s]++)")
"""What Slack's client turns into a mention or a link, or has turned into one already."""


def escaped(text: str) -> str:
    """Return a text with the three characters escaped that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_message(text: str) -> str:
    """Return a message as apps get it: addresses as links, mentions as they are, all else escaped."""
    pieces = _SPECIAL.split(text)
    for place in range(1, len(pieces), 2):
        pieces[place] = f"<{escaped(pieces[place].strip('<>'))}>"
    return "".join(piece if place % 2 else escaped(piece) for place, piece in enumerate(pieces))
