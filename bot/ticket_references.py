"""What people type when they mean tickets: numbers, ranges, addresses of tickets in Syncro. Pure functions.

A *reference* is text: a ticket number ("32223", "T20230001"), or "id:" and an internal id ("id:109554336"), which is
what the address of a ticket in Syncro holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

ID_PREFIX = "id:"
LONGEST_NUMBER = 12
"""Digits; anything longer is a typing error, not a ticket number."""

_PREFIXED = rf"[A-Z]{{1,6}}-?[0-9]{{3,{LONGEST_NUMBER}}}|[a-z]{{1,6}}-?[0-9]{{6,{LONGEST_NUMBER}}}"
"""A number such as "T20230001". In small letters only where it is too long for a slip of the finger."""
_NUMBER = 12
"""Digits; anything longer is a typing error, not a ticket number."""

_LETTERED = (
    rf"[A-Z]{{1,6}}-?[0-9]{{1,{LONGEST_NUMBER}}}|[a-z]{{1,6}}-?[0-9]{{6,{LONGEST_NUMBER}}}"
    rf"|[0-9]{{1,{LONGEST_NUMBER}}}[A-Z]{{1,3}}"
)
"""A number with letters: "T20230001", "32223A". In small letters only where it is too long for a slip of the finger."""
TICKET_NUMBER = re.compile(rf"[0-9]{{1,{LONGEST_NUMBER}}}|{_PREFIXED}|[0-9]{{3,{LONGEST_NUMBER}}}[A-Z]{{1,3}}")
"""What can be asked for as a ticket's number."""
_RANGE = re.compile(rf"#?([0-9]{{1,{LONGEST_NUMBER}}})-#?([0-9]{{1,{LONGEST_NUMBER}}})")
_SPACED_DASH = re.compile(r"(?<=[0-9])[^\S\n]*[-\u2010-\u2015\u2212][^\S\n]*(?=#?[0-9])")
"""Within a line only: a dash at the beginning of the next line is a list's bullet."""
_SLACK_LINK = re.compile(r"<(https?://[^|<>\s]++)(?:\|[^<>]*)?>")
_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_TICKET_PATH = re.compile(r"/tickets/([0-9]{1,20})/?")
_FILLER = frozenset({"and", "or", "ticket", "tickets", "please", "check", "&", "#", "+"})
_NAMED = re.compile(rf"(?:#|\btickets?\s*+#?\s*+)([0-9]{{1,{LONGEST_NUMBER}}})(?![0-9-])", re.IGNORECASE)
_NAMED_PREFIXED = re.compile(rf"(?:#|\b[Tt]ickets?\s*+#?\s*+)({_PREFIXED})(?![\w-])")
_LISTED = re.compile(
    rf"\btickets\s*+:?\s*+#?[0-9]{{3,{LONGEST_NUMBER}}}"
    r"(?:\s*+(?:,\s*+(?:(?:and|or)\s++)?|[&+/]\s*+|(?<=\s)(?:and|or)\s++)#?[0-9]{3,8}(?![\w-]|[.:/][0-9]))+",
    re.IGNORECASE,
)
"""A list after the plural: "tickets 32223, 32224 and 32225"."""
_BARE = re.compile(r"(?<![\w.,:/$€£+-])([0-9]{3,8})(?![\w]|[.,:/-][0-9])")
_BARE_PREFIXED = re.compile(r"(?<![\w.,:/$€£+-])([A-Z][0-9]{6,12})(?![\w-])")


@dataclass(frozen=True)
class Typed:
    """What was understood of a text. `count` is how many tickets it means, also where they are too many."""

    references: tuple[str, ...] = ()
    misunderstood: tuple[str, ...] = ()
    count: int = 0


def parse(text: str, *, site: str, limit: int) -> Typed:
    """Read a list of tickets, strictly: every word must be a number, a range, an address of `site`, or filler.

    Where the list means more than `limit` tickets, `references` is empty and `count` says how many.
    """
    spans: dict[tuple[str, str], None] = {}
    misunderstood: list[str] = []
    for word in _words(text):
        if word.casefold() in _FILLER:
            continue
        found = _range(word) or _single(word, site)
        if found is None:
            misunderstood.append(word)
        else:
            spans[found] = None
    # Distinct tickets count, so a number that was typed twice is no reason to refuse.
    count = _distinct(spans)
    if count > limit:
        return Typed((), tuple(misunderstood), count)
    references = dict.fromkeys(reference for low, high in spans for reference in _expand(low, high))
    return Typed(tuple(references), tuple(misunderstood), len(references))


def find_in_prose(text: str, *, site: str) -> tuple[str, ...]:
    """Every ticket that a sentence or message mentions: "#32223", "ticket 32223", addresses of `site`.

    Only where none is named that way, bare numbers of three to eight digits are taken for ticket numbers, and where
    there are none, such as "T20230001".
    """
    prose = _normal(text)
    named: list[tuple[int, str]] = []
    for match in _ADDRESS.finditer(prose):
        reference = _from_address(match.group().rstrip(".,;:!?)"), site)
        if reference is not None:
            named.append((match.start(), reference))
    without_addresses = _ADDRESS.sub(lambda match: " " * len(match.group()), prose)
    for pattern in (_NAMED, _NAMED_PREFIXED):
        named.extend((match.start(), match.group(1).upper()) for match in pattern.finditer(without_addresses))
    for listed in _LISTED.finditer(without_addresses):
        numbers = re.finditer(r"[0-9]+", listed.group())
        named.extend((listed.start() + number.start(), number.group()) for number in numbers)
    if not named:
        bare = list(_BARE.finditer(without_addresses)) or list(_BARE_PREFIXED.finditer(without_addresses))
        named = [(match.start(), match.group(1)) for match in bare]
    return tuple(dict.fromkeys(reference for _, reference in sorted(named)))


def as_people_say(reference: str) -> str:
    """The reference in words: "#32223", or "with id 109554336"."""
    if reference.startswith(ID_PREFIX):
        return f"with id {reference.removeprefix(ID_PREFIX)}"
    return f"#{reference}"


def _normal(text: str) -> str:
    """Slack's `<address|label>` becomes the address; full-width digits and odd dashes become plain ones."""
    return unicodedata.normalize("NFKC", _SLACK_LINK.sub(r" \1 ", text))


def _words(text: str) -> Iterable[str]:
    closed_up = _SPACED_DASH.sub("-", _normal(text))
    for word in re.split(r"[\s,;]+", closed_up):
        stripped = word if word.startswith("http") else word.strip("().:!?")
        if stripped:
            yield stripped


def _range(word: str) -> tuple[str, str] | None:
    match = _RANGE.fullmatch(word)
    if match is None:
        return None
    low, high = match.groups()
    return (low, high) if int(low) <= int(high) else (high, low)


def _single(word: str, site: str) -> tuple[str, str] | None:
    number = word.removeprefix("#")
    reference = number.upper() if TICKET_NUMBER.fullmatch(number) else _from_address(word, site)
    return None if reference is None else (reference, reference)


def _from_address(word: str, site: str) -> str | None:
    if not word.startswith(("http://", "https://")):
        return None
    try:
        address, own = urlsplit(word), urlsplit(site)
    except ValueError:
        return None
    path = _TICKET_PATH.fullmatch(address.path)
    if path is None or address.netloc.casefold() != own.netloc.casefold():
        return None
    return ID_PREFIX + path.group(1)


def _distinct(spans: Iterable[tuple[str, str]]) -> int:
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
