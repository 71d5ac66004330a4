"""The words of what somebody typed, in Slack or in a terminal, each with what it may mean. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from bot.ticket_references import ID_PREFIX, LONGEST_NUMBER, TICKET_NUMBER

Span = tuple[str, str]
"""The first and the last ticket that a word means; one and the same for a single ticket."""


class Kind(Enum):
    """What a word may mean."""

    SPAN = auto()
    """A ticket, or a range of them."""
    FOREIGN = auto()
    """The address of a ticket in another Syncro account."""
    TICKET = auto()
    INVOICE = auto()
    JOIN = auto()
    THROUGH = auto()
    """Makes a range of the numbers around it."""
    NUMBER_SIGN = auto()
    FILLER = auto()
    ASKING = auto()
    """Makes a sentence of a list, in which a number may be an amount."""
    OPTION = auto()
    UNIT = auto()
    """After a number, says that it counts something."""
    MONEY = auto()
    """A unit also before a number."""
    THING = auto()
    """Says that the number after it is that of something else."""
    MONTH = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Word:
    """A word as it was typed. `is_named` where it says itself that it means a ticket: "#32223", an address."""

    said: str
    kind: Kind
    span: Span = ("", "")
    is_named: bool = False

    @property
    def is_single(self) -> bool:
        """Whether it is one number, of digits alone."""
        return self.kind is Kind.SPAN and self.span[0] == self.span[1] and self.span[0].isdecimal()


_KINDS: Mapping[str, Kind] = {
    word: kind
    for kind, words in {
        Kind.TICKET: "ticket tickets ticket(s tkt tkts",
        Kind.INVOICE: "invoice invoices inv",
        Kind.JOIN: "and or plus also then / und et y",
        Kind.THROUGH: "- to through thru until till upto bis",
        Kind.NUMBER_SIGN: "# number numbers no nr num",
        Kind.FILLER: "please pls check the for from between yet already again all both any these this those that"
        " can could would you us me as well re hi hello hey thanks thank thx ok okay",
        Kind.ASKING: "is are was were has have had been be being billed invoiced charged",
        Kind.OPTION: "fresh exhaustive -fresh -exhaustive --fresh --exhaustive",
        Kind.UNIT: "% am pm c day days dollar dollars euro euros gb h hour hours hr hrs m mb min mins"
        " minute minutes month months pcs percent s sec second seconds times user users week weeks x year years",
        Kind.MONEY: "€ $ £ eur gbp usd cad aud",
        Kind.THING: "po quote quotes estimate payment receipt serial asset ext phone tel room kb page",
        Kind.MONTH: "jan january feb february mar march apr april may jun june jul july aug august sep sept september"
        " oct october nov november dec december",
    }.items()
    for word in words.split()
}
_BEFORE_INVOICE = (Kind.INVOICE, Kind.NUMBER_SIGN, Kind.FILLER, Kind.OPTION)
_SYNCRO = ".syncromsp.com"
_BILLED = frozenset({"billed", "charged", "invoiced", "is", "are", "was", "it", "already"})
_AS = frozenset({"as", "on", "by", "in", "under"})
"""Together they name an invoice, too: "billed as 67501", "is on 67501"."""
_AS_SPACES = str.maketrans(dict.fromkeys('*`"\u201c\u201d\u201e\u201f«»\u2039\u203a¦|', " "))
"""Slack's bold and code, quotation marks, the sides of a table."""
_EDGES = "()[]{}<>'\u2018\u2019_~!?:.=&+•·●◦‣→"
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "\u2116": "#"}
"""All that Slack escapes, the last of them last; and the sign of a number."""
_KEYCAPS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_EMOJI = re.compile(r":(?:[+-]1|100|[a-z][a-z0-9_'-]*+):")
_KEYED = re.compile(rf"(?::(?:{'|'.join(_KEYCAPS)}):){{3,}}")
"""A number of Slack's emoji; fewer of them stand before the lines of a list."""
_SLACK_LINK = re.compile(r"<([^<>|]++)(?:\|([^<>]*+))?>")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]<>|]*+)\]\((https?://[^\s()<>|]++)\)")
_SENTENCE_DASH = re.compile(r"(?<![0-9\s])[\u2013\u2014\u2015]|[\u2013\u2014\u2015](?![0-9\s#])")
"""A dash that makes no range; a phone makes one of the two before an option."""
_DASH = re.compile(r"[\u2010-\u2015\u2043\u2212]")
_BETWEEN = re.compile(r"(\bbetween [^\d\n]{0,20}+[0-9]++) (?:and|&) (?=#?[0-9])", re.IGNORECASE)
_REACHING = r"\.{2,}+|-{2,}+>?|->|→|~|up[^\S\n]++to"
_RANGE_SIGN = re.compile(
    rf"(?<=[0-9])(?:-[^\S\n]++|[^\S\n]++-|{_REACHING}|[^\S\n]++(?:{_REACHING})[^\S\n]++)(?=#?[0-9])", re.IGNORECASE
)
_BULLET = re.compile(
    r"^[^\S\n]*+(?:[-\u2013\u2014](?![-\u2013\u2014])|[0-9]{1,2}[.)](?=[^\S\n][^\n]*[0-9]))", re.MULTILINE
)
_PHONE = r"(?:\+[0-9]{1,3}[ .-])?(?:\([0-9]{3}\)[ .-]?|[0-9]{3}[.-])[0-9]{3}[ .-][0-9]{4}(?![0-9])"
_PHONE_ABROAD = r"\+[0-9]{1,3}(?:[ .-][0-9]{2,4}){2,4}(?![0-9])"
_SPACED = rf"{_PHONE}|{_PHONE_ABROAD}|https?://[^\s,;]++|(?:(?!https?://)[^\s,;])++"
_LISTED = re.compile(rf"[0-9]{{1,2}}(?:,[0-9]{{3}})++(?![0-9,])|{_SPACED}", re.IGNORECASE)
_WRITTEN = re.compile(rf"[$€£]?[0-9]{{1,3}}(?:,[0-9]{{3}})++(?![0-9])(?:\.[0-9]++)?|{_SPACED}", re.IGNORECASE)
"""In prose, "1,500.00" is an amount and no list."""
_LAST_SIGN = "\u21ff"
"""Of the signs that say something beside a number, such as "°"; behind it are pictures."""
_DIGITS = re.compile(r"[0-9]++")
_RANGE = re.compile(rf"#?([0-9]{{1,{LONGEST_NUMBER}}})-#?([0-9]{{1,{LONGEST_NUMBER}}})")
_GLUED = re.compile(r"([A-Za-z]{2,8})([:#._=/()\[-]*+)(#?[0-9].*+)")
_JOINED = re.compile(r"[&+/()]++|(?<=[0-9A-Z])(?=#)")
_TICKET_PATH = re.compile(r"/tickets/([0-9]{1,20})(?:/.*+)?", re.IGNORECASE)
_INVOICE_PATH = re.compile(r"/invoices/([0-9]{1,20})(?:/.*+)?", re.IGNORECASE)
_INVOICE_NUMBER = re.compile(r"\w[\w./-]{0,39}")


def words_of(text: str, *, site: str, is_prose: bool) -> tuple[Word, ...]:
    """The words of a text, ranges over several words joined to one. `site` is the account's own address in Syncro.

    In prose a spaced dash or "to" makes a range only of two numbers of as many digits.
    """
    pattern = _WRITTEN if is_prose else _LISTED
    found: list[Word] = []
    for written in pattern.findall(_plain(text, site)):
        if said := written.strip(_EDGES).removesuffix("'s").removesuffix("\u2019s"):
            found.extend(_meanings(said, site))
    return tuple(_ranges_joined(map(_invoice_named, [Word("", Kind.OTHER), *found], found), is_prose=is_prose))


def _plain(text: str, site: str) -> str:
    """Slack's links, entities and emoji resolved, digits and dashes as in ASCII, nothing that cannot be seen."""
    plain = _MARKDOWN_LINK.sub(r"<\2|\1>", text)
    plain = _SLACK_LINK.sub(lambda link: f" {_linked(link.group(1), link.group(2) or '', site)} ", plain)
    for entity, character in _ENTITIES.items():
        plain = plain.replace(entity, character)
    plain = _EMOJI.sub(" ", _KEYED.sub(_keyed, plain))
    plain = "".join(map(_plain_character, plain)).translate(_AS_SPACES)
    plain = _DASH.sub("-", _SENTENCE_DASH.sub(" ", _BULLET.sub(" ", plain)))
    return _RANGE_SIGN.sub(" - ", _BETWEEN.sub(r"\1 - ", plain))


def _keyed(emoji: re.Match[str]) -> str:
    return "".join(str(_KEYCAPS.index(name)) for name in emoji[0].split(":") if name)


def _linked(target: str, label: str, site: str) -> str:
    """What a link says: a person or a channel nothing, any other its address, and its text where that says more."""
    if target[0] in "@#!":
        return ""
    if target.startswith(("mailto:", "tel:")):
        return label or target.partition(":")[2]
    address = _address(target, site)
    if address.kind is Kind.FOREIGN or invoice_at(target, site) or target.endswith(label):
        return target
    if address.kind is Kind.SPAN:  # its text begins with the ticket's own number
        label = "".join(_DIGITS.split(label, maxsplit=1)[1:])
    return f"{target} {label}" if _DIGITS.search(label) else target


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in ("Cf", "Me") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "Sk" or (category == "So" and character > _LAST_SIGN):
        return " "
    # A footnote's sign or a fraction would become digits of the number beside it.
    return character if category == "No" else unicodedata.normalize("NFKC", character)


def _meanings(said: str, site: str) -> Iterator[Word]:
    """What a word between spaces means, where it is glued together of several: each of them."""
    kind = _KINDS.get(said.casefold()) or _KINDS.get(said.casefold().rstrip("#"))
    if kind is not None:
        yield Word(said, kind)
        return
    if "://" in said or _TICKET_PATH.search(said):
        yield _address(said, site)
        return
    glued = _GLUED.fullmatch(said)
    if glued and (glued[1].casefold() in ("ticket", "tickets") or (_KINDS.get(glued[1].casefold()) and glued[2])):
        yield Word(glued[1], _KINDS[glued[1].casefold()])
        yield from _meanings(glued[3], site)
        return
    pieces = [_number(piece) for piece in _JOINED.split(said)]
    shortest = 3 if "/" in said or "(" in said else 1  # a date is no list
    if all(piece.kind is Kind.SPAN and len(piece.span[0]) >= shortest for piece in pieces):
        yield from pieces
    else:
        yield Word(said, Kind.OTHER)


def _number(said: str) -> Word:
    number, is_named = said.removeprefix("#"), said.startswith("#")
    if match := _RANGE.fullmatch(said):
        return Word(said, Kind.SPAN, _span(*match.groups()), is_named)
    if TICKET_NUMBER.fullmatch(number):
        return Word(said, Kind.SPAN, (number.upper(), number.upper()), is_named)
    return Word(said, Kind.OTHER)


def _span(first: str, last: str) -> Span:
    """The range between two numbers in either order; "32311-14" ends with 32314."""
    low, high = sorted((first, last), key=int)
    completed = first[: -len(last)] + last
    if len(first) > len(last) > 1 and 0 <= int(completed) - int(first) < int(high) - int(low):
        return first, completed
    return low, high


def ticket_at(address: str, site: str) -> str:
    """The reference of the ticket at an address of `site`; empty for any other."""
    return _address(address, site).span[0]


def invoice_at(address: str, site: str) -> str:
    """The reference of the invoice at an address of `site`, by its id; empty for any other."""
    return _address(address, site, _INVOICE_PATH).span[0]


def invoice_typed(text: str, site: str) -> str:
    """The one invoice that a text means, by number or as "id:" and the id of its address; empty where it is unclear."""
    words = [word.strip(_EDGES) for word in _plain(text, site).split()]
    said = [word for word in words if word and _KINDS.get(word.casefold()) not in _BEFORE_INVOICE]
    said = [word for word in said if "/invoices/" in word] or said
    if len(said) != 1:
        return ""
    typed = said[0].removeprefix("#")
    if "/invoices/" in typed:
        return invoice_at(typed, site)
    return typed if _INVOICE_NUMBER.fullmatch(typed) and any(map(str.isdigit, typed)) else ""


def _address(said: str, site: str, wanted: re.Pattern[str] = _TICKET_PATH) -> Word:
    try:
        address, own = urlsplit(said if "://" in said else f"https://{said}"), urlsplit(site)
    except ValueError:
        return Word(said, Kind.OTHER)
    path, host = wanted.fullmatch(address.path), address.netloc.casefold()
    if path is None:
        return Word(said, Kind.OTHER)
    if host == own.netloc.casefold():
        return Word(said, Kind.SPAN, (ID_PREFIX + path[1],) * 2, is_named=True)
    return Word(said, Kind.FOREIGN if host.endswith(_SYNCRO) else Kind.OTHER)


def _invoice_named(before: Word, word: Word) -> Word:
    names_invoice = before.said.casefold() in _BILLED and word.said.casefold() in _AS
    return Word(word.said, Kind.INVOICE) if names_invoice else word


def _ranges_joined(words: Iterable[Word], *, is_prose: bool) -> Iterator[Word]:
    waiting: list[Word] = []  # a number, and perhaps what makes a range of it with the next
    for word in words:
        if len(waiting) == 2 and word.is_single and (not is_prose or len(waiting[0].span[0]) == len(word.span[0])):
            said = " ".join(each.said for each in (*waiting, word))
            span = _span(waiting[0].span[0], word.span[0])
            yield Word(said, Kind.SPAN, span, waiting[0].is_named or word.is_named)
            waiting = []
        elif len(waiting) == 1 and word.kind is Kind.THROUGH:
            waiting.append(word)
        else:
            yield from waiting
            waiting = [word] if word.is_single else []
            if not waiting:
                yield word
    yield from waiting
