"""A text as a reader sees it: without HTML, in plain digits, dashes and small letters. Pure functions."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_INLINE = r"a|abbr|b|big|code|del|em|font|i|ins|mark|q|s|small|span|strike|strong|sub|sup|tt|u"
_BLOCK = (
    r"address|article|blockquote|body|br|caption|center|dd|div|dl|dt|footer|h[1-6]|head|header|hr|html|img|input|label"
    r"|li|link|meta|ol|p|pre|script|section|style|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:[\s/][^<>]*)?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})(?:[\s/][^<>]*)?>|<!--[^<>]*-->", re.IGNORECASE)
_ENTITY = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,4})|([0-9]{1,4}));")
_LAYERS = 2
"""HTML is undone so often: text that was escaped twice is met."""


def plain(text: str) -> str:
    """Undo what hides a number from a machine but not from a reader. It holds no other control than line breaks."""
    for _ in range(_LAYERS):
        if "<" not in text and "&" not in text:
            break
        bare = _BLOCK_TAG.sub("\n", _INLINE_TAG.sub("", text))
        # What is left of "&#" is a list ("32221 &#32223"): unescaped, the number would become a letter.
        text = html.unescape(_ENTITY.sub(_character, bare).replace("&#", "& #"))
    if text.isascii() and text.isprintable():
        return text.lower()
    return "".join(map(_as_seen, text))


def _character(entity: re.Match[str]) -> str:
    """The character of a numeric entity, where it is one that stands beside numbers: a sign, a space, a dash."""
    code = int(entity[1], 16) if entity[1] else int(entity[2])
    return chr(code) if 32 <= code < 0x180 or 0x2000 <= code < 0x2070 else entity[0]


_SEEN_AS = {"\n": "\n", "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}
_SEEN_AS |= {"\u2212": "-", "\u2044": "/", "\u2215": "/"}
_NUMERAL = " n "
"""A superscript, a fraction, a number in a circle: no part of the number beside it."""
_UNSEEN = frozenset({"Cf", "Mn", "Mc", "Me"})


@lru_cache(maxsize=4096)
def _as_seen(character: str) -> str:
    if character in _SEEN_AS:
        return _SEEN_AS[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in _UNSEEN:
        return ""
    if category == "Pd":
        return "-"
    if category[0] == "C":
        return " "
    seen = unicodedata.normalize("NFKC", character).lower()
    return _NUMERAL if category[0] == "N" or any(map(str.isdigit, seen)) else seen
