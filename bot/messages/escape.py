"""Text from outside made inert: what a customer writes into a ticket can ping, link and format nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlsplit

from bot.words.plain import one_line
from bot.words.verdicts import passes_for_verdict

WORD_JOINER: Final = "\u2060"
"""Invisible and without width: it breaks a pattern that Slack would act on, and nobody sees it."""

_LOOKALIKES: Final = (
    (re.compile(r"\*"), "\u2217"),
    (re.compile("`"), "\u02cb"),
    (re.compile(r"(?<![A-Za-z0-9])~|~(?![A-Za-z0-9])"), "\u223c"),
    (re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"), "\u02cd"),
    (re.compile(r"^>+"), "\u203a"),
)
"""Bold, code, strike, italics, and a quotation at the start of a line. SRV_DB_01 keeps its underscores."""

_COLON: Final = re.compile(r":(?=//|[^\s:]+:)")
"""The start of a URL's `://` or of an emoji shortcode."""

_BARE_DOMAIN: Final = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
"""The dot of `evil.example`, which Slack may make a link without any `://`."""

_CONTROL_SEQUENCE: Final = re.compile(r"<(?=[!@#])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LONGEST_URL: Final = 400
_URL_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"


def plain(text: str, limit: int = 150) -> str:
    """`text` for an object of type plain_text or raw_text, in at most `limit` characters."""
    return _shorten(_CONTROL_SEQUENCE.sub("<" + WORD_JOINER, _inert(text)), limit)


def mrkdwn(text: str, limit: int = 150) -> str:
    """`text` for mrkdwn and for a message's top-level text, in at most `limit` characters.

    The limit counts what is sent (`&amp;` is five), and a cut never falls inside an entity. What could pass for a
    verdict of the bot stands in quotation marks.
    """
    inert = _inert(text)
    pieces = [_ENTITIES.get(character, character) for character in inert]
    return f"“{_shorten(pieces, limit - 2)}”" if passes_for_verdict(inert) else _shorten(pieces, limit)


def link(url: str | None, label: str) -> str:
    """`<url|label>` for an address that the bot made itself; only the label where there is no usable address.

    The label may be text from outside: it is escaped here.
    """
    shown = mrkdwn(label).replace("|", "\u00a6")
    address = web_address(url)
    return f"<{address.replace('&', '&amp;')}|{shown}>" if address and shown else shown


def web_address(url: str | None) -> str | None:
    """`url` percent-encoded so that it cannot end its link early; None when it is not a usable http(s) URL."""
    if not url:
        return None
    encoded = quote(url, safe=_URL_SAFE, errors="replace")
    if len(encoded) > _LONGEST_URL:
        return None
    try:
        parts = urlsplit(encoded)
    except ValueError:
        return None
    return encoded if parts.scheme in {"http", "https"} and parts.netloc else None


def _inert(text: str) -> str:
    """One line of `text` in which no formatting, emoji shortcode or address is left for Slack to act on."""
    inert = unicodedata.normalize("NFC", one_line(text))
    for pattern, lookalike in _LOOKALIKES:
        inert = pattern.sub(lookalike, inert)
    inert = _COLON.sub(":" + WORD_JOINER, inert)
    return _BARE_DOMAIN.sub("." + WORD_JOINER, inert)


def _shorten(pieces: Iterable[str], limit: int) -> str:
    """The pieces joined, or as many whole pieces as fit before a closing "…"."""
    whole = "".join(pieces := list(pieces))
    if len(whole) <= limit:
        return whole
    kept: list[str] = []
    room = limit - 1
    for piece in pieces:
        if len(piece) > room:
            break
        kept.append(piece)
        room -= len(piece)
    return "".join(kept).rstrip() + "…"
