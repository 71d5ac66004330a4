"""The forms in which Syncro takes an API token: bare, as it works on live accounts, or behind a word, as documented."""

from __future__ import annotations

import re
from typing import Final

BEARER: Final = "Bearer "

_SENDABLE: Final = re.compile("[!-~]+")
"""Anything else in a header (a line break, a curly quote) is refused below us, in words that quote the token."""


def bare(token: str) -> str:
    """The token alone."""
    return token.removeprefix(BEARER)


def other_form(token: str) -> str:
    """The token in the form that it does not have."""
    return bare(token) if token.startswith(BEARER) else f"{BEARER}{token}"


def can_be_sent(token: str) -> bool:
    """Whether it can stand in a header."""
    return _SENDABLE.fullmatch(bare(token)) is not None
