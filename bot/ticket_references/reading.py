"""Which tickets a text means: a list of them, read strictly, or prose that mentions some. Pure functions.

Nothing that may be a ticket is dropped: it is among the references, or among what was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.ticket_references import ID_PREFIX
from bot.ticket_references.words import Kind, Span, Word, words_of

_UNDERSTOOD = frozenset({Kind.SPAN, Kind.TICKET, Kind.JOIN, Kind.NUMBER_SIGN, Kind.FILLER, Kind.ASKING, Kind.OPTION})
_NAMING = frozenset({Kind.TICKET, Kind.INVOICE, Kind.THING, Kind.MONTH})
_OF_A_DATE = (1, 2, 4)
"""Digits of the number beside a month."""
_NOTHING = Word("", Kind.OTHER)
_BARE = re.compile(r"[0-9]{3,8}")
_BARE_LETTERED = re.compile(r"[A-Z][0-9]{6,12}")


class Why(Enum):
    """Why something was left out."""

    UNCLEAR = auto()
    """It does not look like a ticket, or not in this place."""
    FOREIGN = auto()
    """It is the address of a ticket in another Syncro account."""
    INVOICE = auto()
    """It is said to be an invoice."""


@dataclass(frozen=True)
class LeftOut:
    """Something that was typed and is not checked."""

    said: str
    why: Why = Why.UNCLEAR


@dataclass(frozen=True)
class Typed:
    """What was understood of a text. `count` is how many tickets it means, also where they are too many.

    `options` are those of "fresh" and "exhaustive" that it names.
    """

    references: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    count: int = 0
    options: frozenset[str] = frozenset()

    @property
    def invoices(self) -> tuple[str, ...]:
        """What of that which was left out is said to be an invoice."""
        return tuple(each.said for each in self.left_out if each.why is Why.INVOICE)


def parse(text: str, *, site: str, limit: int) -> Typed:
    """Read a list of tickets, strictly: every word must be a number, a range, an address of `site`, or filler.

    A question about them is read as prose, since it may name amounts.
    Where the list means more than `limit` tickets, `references` is empty and `count` says how many.
    """
    words = words_of(text, site=site, is_prose=False)
    strange = [word for word in words if word.kind not in _UNDERSTOOD and word.said != "-"]
    if not strange and any(word.kind is Kind.ASKING for word in words):
        return read_prose(text, site=site, limit=limit)
    return _typed(words, [word for word in words if word.kind is Kind.SPAN], strange, limit)


def read_prose(text: str, *, site: str, limit: int, takes_invoices: bool = True) -> Typed:
    """Read a sentence or message that mentions tickets: "#32223", "ticket 32223 and 32224", addresses of `site`.

    Where some are named that way, a bare number counts only with as many digits as one of them. Where none is, those
    of three to eight digits count; where there are none, such as "T20230001"; where there is none, what is called an
    invoice (unless it is none that `takes_invoices`).
    What counts something, or is said to be something else, is no ticket. Whatever has a digit and is none is named.
    """
    words = words_of(text, site=site, is_prose=True)
    named = _names(words)
    meant = {place for place, name in named.items() if name is Kind.TICKET}
    invoices = {place for place, name in named.items() if name is Kind.INVOICE}
    bare = [
        place
        for place, word in enumerate(words)
        if word.kind is Kind.SPAN and place not in named and not _is_amount(words, place)
    ]
    if meant:
        digits = {len(words[place].span[0]) for place in meant if words[place].span[0].isdecimal()}
        meant |= {place for place in bare if _is_bare(words[place]) and len(words[place].span[0]) in digits}
    else:
        meant = (
            {place for place in bare if _is_bare(words[place])}
            or {place for place in bare if _BARE_LETTERED.fullmatch(words[place].said)}
            or (invoices if takes_invoices else set())
        )
    rest = [word for place, word in enumerate(words) if place not in meant and _is_worth_a_word(word)]
    said_invoices = {words[place].said for place in invoices - meant}
    return _typed(words, [words[place] for place in sorted(meant)], rest, limit, said_invoices)


def _names(words: Sequence[Word]) -> dict[int, Kind]:
    """Which numbers the text calls tickets, and which invoices: by a word or sign before them, also before a list."""
    names: dict[int, Kind] = {}
    by, last = _NOTHING, _NOTHING
    for place, word in enumerate(words):
        if word.kind in _NAMING:
            by, last = word, _NOTHING
        elif word.kind is Kind.SPAN and (name := _name(words, place, by, last)):
            by, last = (by if name is by.kind else Word("", name)), word
            names[place] = name
        elif word.kind not in (Kind.JOIN, Kind.NUMBER_SIGN):
            by = _NOTHING
    return names


def _name(words: Sequence[Word], place: int, by: Word, last: Word) -> Kind | None:
    """What a number is called `by` the word before it or before its list, in which `last` stands before it."""
    word, is_first = words[place], last is _NOTHING
    is_alike = (_is_bare(word) or len(word.span[0]) == len(last.span[0])) and not _is_amount(words, place)
    is_list = by.said.endswith("s") or words[place - 1].kind is Kind.JOIN
    is_address = word.span[0].startswith(ID_PREFIX)
    if by.kind is Kind.INVOICE and not is_address:
        if is_first or (is_list and is_alike and (last.is_named or not word.is_named)):
            return Kind.INVOICE
    elif is_first and (by.kind is Kind.THING or (by.kind is Kind.MONTH and len(word.span[0]) in _OF_A_DATE)):
        return by.kind
    is_ticket = word.is_named or (by.kind is Kind.TICKET and (is_first or is_alike))
    return Kind.TICKET if is_ticket else None


def _is_amount(words: Sequence[Word], place: int) -> bool:
    """Whether a number counts something: it stands before a unit, or beside money; of two beside it, the shorter."""
    around = {at: words[place + at] for at in (-2, -1, 1, 2) if 0 <= place + at < len(words)}
    if 1 in around and around[1].kind is Kind.UNIT:
        return True
    sizes = {at: len(word.span[0]) for at, word in around.items() if word.kind is Kind.SPAN}
    own = len(words[place].span[0])
    return any(at in around and around[at].kind is Kind.MONEY and own <= sizes.get(2 * at, own) for at in (-1, 1))


def _is_bare(word: Word) -> bool:
    first, last = word.span
    return len(first) == len(last) and bool(_BARE.fullmatch(first))


def _is_worth_a_word(word: Word) -> bool:
    is_option = word.kind is Kind.OTHER and word.said.startswith("-")
    return word.kind is Kind.FOREIGN or is_option or any(map(str.isdigit, word.said))


def _typed(
    words: Sequence[Word], meant: Iterable[Word], rest: Iterable[Word], limit: int, invoices: Iterable[str] = ()
) -> Typed:
    spans = dict.fromkeys(word.span for word in meant)
    left_out = tuple(dict.fromkeys(LeftOut(word.said, _why(word, invoices)) for word in rest))
    options = frozenset(word.said.casefold().lstrip("-") for word in words if word.kind is Kind.OPTION)
    # Distinct tickets count, so a number that was typed twice is no reason to refuse.
    count = _distinct(spans)
    if count > limit:
        return Typed((), left_out, count, options)
    references = dict.fromkeys(reference for low, high in spans for reference in _expand(low, high))
    return Typed(tuple(references), left_out, len(references), options)


def _why(word: Word, invoices: Iterable[str]) -> Why:
    if word.kind is Kind.FOREIGN:
        return Why.FOREIGN
    return Why.INVOICE if word.said in invoices or "/invoices/" in word.said else Why.UNCLEAR


def _distinct(spans: Iterable[Span]) -> int:
    """How many tickets the spans name together, without listing them: a range can be very long."""
    count = 0
    reached: dict[int, int] = {}
    numbers = []
    for low, high in spans:
        if not low.isdecimal():
            count += 1
        else:
            numbers.append((int(low), int(high), _width(low)))
    for first, last, width in sorted(numbers):
        begin = max(first, reached.get(width, -1) + 1)
        count += max(0, last - begin + 1)
        reached[width] = max(last, reached.get(width, -1))
    return count


def _expand(low: str, high: str) -> Iterable[str]:
    if low == high:
        return [low]
    return [str(number).zfill(_width(low)) for number in range(int(low), int(high) + 1)]


def _width(number: str) -> int:
    """How many digits to fill up to: "007-010" means 007, 008, 009, 010."""
    return len(number) if number.startswith("0") else 0
