"""The numbers that a text says, and which of them it says to be tickets. Pure functions."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.syncro.models import Record


class Said(Record):
    """A number that a text says, with its parts joined by "-" or "." (32223-2 is one)."""

    text: str
    names_ticket: bool
    """Whether the words around it say that it is a ticket: "Ticket 32223", "#32223"."""


def numbers_said(text: str) -> Iterable[Said]:
    """The numbers in a text, and which of them it says to be tickets.

    A ticket is named as in "Ticket 32223", "Ticket #32223", "#32223", and within "Tickets 32221, 32222 and 32223".
    """
    folded = _fold(text)
    if not any(character.isdigit() for character in folded):
        return ()
    return _walk(folded)


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


_DASH = re.compile("[\u2010-\u2015\u2212]")


_TAG = re.compile(r"<[^<>]{0,200}>")


def _fold(text: str) -> str:
    """Undo what hides a number from a machine but not from a reader: HTML, full-width digits, odd dashes."""
    unescaped = html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text
    if unescaped.isascii():
        return unescaped.lower()
    return _DASH.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", unescaped))).lower()


_TOKEN = re.compile(r"[0-9]+(?:[-.][0-9]+)*|[^\W\d_]+|\S")


_TICKET_WORDS = frozenset({"ticket", "tickets", "tkt", "tkts"})


_QUALIFIERS = frozenset({"no", "nos", "nr", "nrs", "num", "number", "numbers", "id", "ids", *"#([:._-"})


_GLUE = frozenset({"and", "or", *",;&+/()[]#"})


def _walk(text: str) -> Iterator[Said]:
    """Walk the words once, minding whether we stand behind "ticket", or in a list that began there."""
    behind_word = plural = False
    first_in_list = ""
    before = end_before = ""
    position = -1
    for token in _TOKEN.finditer(text):
        word = token.group()
        touching = token.start() == position
        if word[0] in "0123456789":
            hash_names = before == "#" and not (end_before.isalnum() or end_before == "#")
            continues = plural and len(word) == len(first_in_list)
            part_of_a_name = text[token.end() : token.end() + 1].isalpha()
            named = not part_of_a_name and (behind_word or hash_names or continues)
            yield Said(text=word, names_ticket=named)
            first_in_list = word if behind_word else first_in_list
            behind_word = False
        elif word in _TICKET_WORDS:
            behind_word, plural, first_in_list = True, word.endswith("s"), ""
        elif behind_word and word in _QUALIFIERS:
            pass
        elif first_in_list and word in _GLUE:
            behind_word = False
        else:
            behind_word, plural, first_in_list = False, False, ""
        end_before = before[-1:] if touching else ""
        before, position = word, token.end()
