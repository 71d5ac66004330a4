"""The tickets that a text may mean, and how it designates them. Pure functions.

Reading knows no ticket: what a text says is kept, and graded for each ticket that is asked for
(`bot.billing.rules.matching`). Everything that may be a ticket's number is kept; what is left out can mean none:
another kind of reference, another party's ticket, a price, a date, a bare number of up to four digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.billing.rules import reference_words as words
from bot.billing.rules.plain_text import plain
from bot.syncro.models import Record


class Named(StrEnum):
    """How a text designates what it mentions."""

    BARE = "bare"
    """A number, and no word of what it is."""
    SIGN = "sign"
    """#32223."""
    TICKET = "ticket"
    """Ticket 32223."""
    TICKET_ID = "ticket id"
    """Ticket ID 109554336."""
    ADDRESS = "address"
    """https://acme.syncromsp.com/tickets/109554336."""


class Mention(Record):
    """A number that may be a ticket's, or a span of such numbers."""

    number: str
    """As `plain` writes it; with letters and dashes where they belong to it. The lower end of a span."""
    upto: str = ""
    """The upper end of a span; empty where it is none."""
    named: Named = Named.BARE
    leads: bool = False
    """It is designated by what leads the line of an invoice, and nothing else can be meant by that."""
    host: str = ""
    """Of an address: whose tickets it shows."""


MOST_DIGITS = 18
"""Of the ends of a span: more are no ticket's number."""
MOST_CHARACTERS = 40
RECOGNISED_BARE = 5
"""Digits of a number that may be a ticket without a word of what it is: years and quantities have fewer."""

_FIELD = "\x1f"
_TOKEN = re.compile(
    r"(?P<field>\x1f)|(?P<line>\n)"
    r"|(?:https?://)?(?P<host>[a-z0-9][a-z0-9-]{0,62}+(?:\.[a-z0-9][a-z0-9-]{0,62}+){1,6}+(?::[0-9]{1,5})?)"
    r"/tickets/(?P<id>[0-9]{1,40})(?![0-9])"
    r"|(?P<grouped>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]))"
    r"|(?P<word>[^\W_]+(?:[-./_:][^\W_]+)*)"
    r"|(?P<symbol>\S)"
)
_PART = re.compile(r"[0-9]+|[^\W\d_]+|[-./_:]")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{2}|(?:19|20)[0-9]{2})"
)
_PRICE = re.compile(r"(?<![0-9])[0-9]++\.[0-9]{2}")
_PRICED_AFTER = re.compile(r"[$\u20ac\xa3\xa5](?! ?[0-9])| ?(?:usd|eur|gbp|cad|aud|chf|dollars?|euros?)\b")
_CURRENCIES = frozenset("$\u20ac\xa3\xa5")
_JOINING_SYMBOLS = frozenset(",&+#()[]")
_LOOSE_SYMBOLS = frozenset("/;|.:*\u2022\xb7")
_LOOSE_WORDS = frozenset({"or"})
_DASHES = frozenset("-~>\u2192")
_SAYING_WHAT = (words.TICKET | words.TICKETS | words.OTHER_KINDS | words.QUALIFYING) - {"s"}
"""Where such a word is joined to a number, it says what that is. Other letters belong to the number."""
_REACHED = frozenset({"word", "dash", "dots"})
_BEFORE_END = words.QUALIFYING | words.TICKET | words.TICKETS
_RUNS_ON = re.compile(r"[@#=\\~'\u2019][^\W_]")
_SAYS_OF_WHAT = re.compile(r"(?<!\s)\s*+(?!(?:and|or|und|plus|et)\b)[^\W\d_]")


def mentions_in_line(texts: Sequence[str], *, is_credit: bool = False) -> tuple[Mention, ...]:
    """What a line of an invoice may mean: its texts in their order, the product first. A credit names nothing."""
    return _read(_FIELD.join(map(plain, texts)), may_lead=not is_credit)


def mentions_in_note(text: str) -> tuple[Mention, ...]:
    """What a text beside the lines may mean: it names nothing, whatever it says."""
    return _read(plain(text), may_lead=False)


def _read(text: str, *, may_lead: bool) -> tuple[Mention, ...]:
    if not any(each in text for each in "0123456789"):
        return ()
    reader = _Reader(text.replace("at&t", "att"))
    reader.read()
    found = reader.found
    if not may_lead:
        found = [each.model_copy(update={"leads": False}) for each in found]
    return tuple(dict.fromkeys(found))


# --- reading ---


@dataclass(frozen=True)
class _Governor:
    """What the words before a number say that it is; without `named` they say that it is no ticket."""

    named: Named | None
    may_lead: bool = False
    is_plural: bool = False


@dataclass
class _Listed:
    """A list that goes on after its first number; without `named`, one of things that are no tickets."""

    named: Named | None
    digits: str
    may_lead: bool = False
    is_plural: bool = False
    awaits_second: int | None = None
    """Which mention leads only if a second number follows: "Tickets: 12" may be a count."""
    is_joined: bool = False
    is_loose: bool = False

    def separators(self) -> tuple[bool, bool]:
        """Whether something joins the number to the one before, and whether it stands loosely after it."""
        joined, loose = self.is_joined, self.is_loose
        self.is_joined = self.is_loose = False
        return joined and not loose, not joined and not loose


@dataclass
class _Last:
    """The number before, and what has stood between: it may begin a span."""

    prefix: str = ""
    digits: str = ""
    named: Named | None = Named.BARE
    is_single: bool = False
    """The one ticket after a singular "ticket", or after the sign that begins the line."""
    index: int | None = None
    """Which mention it is, if it is one."""
    between: str = "over"
    has_sign: bool = False
    word: str = ""


class _Opened(StrEnum):
    """What a line has designated so far."""

    NOTHING = ""
    REFERENCE = "something"
    TICKET = "a ticket"


@dataclass
class _Reader:
    """Walks over the words of a text once."""

    text: str
    found: list[Mention] = field(default_factory=list)
    _governor: _Governor | None = None
    _listed: _Listed | None = None
    _last: _Last = field(default_factory=_Last)
    _clause: list[str] = field(default_factory=list)
    """The words since the last punctuation."""
    _opened: _Opened = _Opened.NOTHING
    _is_bare_before: bool = True
    """Nothing but punctuation stands before in this field."""
    _fields: int = 0
    _symbol: str = ""
    """The token before, if it is a symbol."""
    _is_after_noun: bool = False
    _small_sign: int | None = None
    """Which mention leads only if no word follows it: "#12 gauge wire"."""

    def read(self) -> None:
        """Fill `found`."""
        for token in _TOKEN.finditer(self.text):
            kind, value = token.lastgroup or "", token.group()
            if kind == "symbol":
                self._on_symbol(value)
                continue
            if kind == "id":
                self._on_address(token["host"], token["id"])
            elif kind == "grouped":
                self._on_grouped(value, token.end())
            elif kind == "word":
                self._on_word(value, token.end())
            else:
                self._on_break(is_field=kind == "field")
            self._symbol = ""
            self._is_bare_before = kind == "field" or (kind == "line" and self._is_bare_before)

    # --- what is no number ---

    def _on_break(self, *, is_field: bool) -> None:
        self._clause.clear()
        self._small_sign = None
        self._last.between = "over"
        self._is_after_noun = False
        if self._listed:
            self._listed.is_loose = True
        if is_field:
            self._fields += 1
            if self._fields == 1 and self._opened is _Opened.REFERENCE:
                self._opened = _Opened.NOTHING  # numbers in a product's name are no designation of the line

    def _on_symbol(self, symbol: str) -> None:
        if symbol not in "'\u2019":
            self._clause.clear()
            self._small_sign = None
        self._reach(symbol)
        self._separate(symbol, _JOINING_SYMBOLS, _LOOSE_SYMBOLS)
        if symbol == "#":
            if self._governor is None or self._governor.named is Named.SIGN:
                may_lead = self._is_bare_before and self._opened is _Opened.NOTHING and self._symbol != "#"
                self._governor = _Governor(Named.SIGN, may_lead)
        else:
            self._is_after_noun = False
            if symbol not in words.QUALIFYING_SYMBOLS:
                self._governor = None
        self._symbol = symbol

    def _on_plain_word(self, word: str) -> None:
        """Take in a word without digits."""
        if self._small_sign is not None and word not in words.JOINING:
            self._let_lead(self._small_sign, leads=False)
        self._small_sign = None
        self._reach(word)
        self._separate(word, words.JOINING, _LOOSE_WORDS)
        if word in words.TICKET or word in words.TICKETS:
            self._governor = self._ticket(word)
        elif self._is_other_kind(word):
            self._governor = _Governor(None)
        elif self._governor and word in words.QUALIFYING:
            self._governor = _qualified(self._governor, word)
        else:
            self._governor = None
        if word != "s":
            self._clause.append(word)
        self._is_after_noun = word not in words.CONNECTING

    def _separate(self, piece: str, joining: frozenset[str], loose: frozenset[str]) -> None:
        """Follow what stands between two numbers of a list, and end it at anything else."""
        if self._listed is None:
            return
        if piece in joining:
            self._listed.is_joined = True
        elif piece in loose:
            self._listed.is_loose = True
        else:
            self._listed = None

    def _is_other_kind(self, word: str) -> bool:
        is_work = word in ("order", "orders") and self._clause[-1:] and self._clause[-1] in words.ORDERS_OF_WORK
        return word in words.OTHER_KINDS and not is_work

    def _ticket(self, word: str) -> _Governor:
        """What a ticket word says of the number after it."""
        near = self._clause[-3:]
        owner = near[:-1] if near and near[-1] in words.SUPPORT else near
        if owner and owner[-1] in words.THIRD_PARTIES:
            return _Governor(None)
        is_own = not near or near[-1] in words.OWN or near[-1].endswith(("ing", "ed"))
        is_aside = any(each in words.ASIDE or each in words.THIRD_PARTIES for each in near)
        named = Named.TICKET_ID if word in words.OF_IDS else Named.TICKET
        may_lead = self._opened is _Opened.NOTHING and is_own and not is_aside
        return _Governor(named, may_lead, is_plural=word in words.TICKETS)

    def _reach(self, piece: str) -> None:
        """Follow what stands between two ends of a span."""
        last = self._last
        if last.between == "over":
            return
        if last.between == "" and piece in words.REACHING:
            last.between, last.word = "word", piece
        elif piece in _DASHES and last.between in ("", "dash"):
            last.between = "dash"
        elif piece == "." and last.between in ("", "dot", "dots"):
            last.between = "dots" if last.between else "dot"
        elif last.between in _REACHED and (piece == "#" or piece in _BEFORE_END):
            last.has_sign = True
        elif piece == "of" and last.between == "" and last.index is not None and len(last.digits) <= 2:
            self._let_lead(last.index, leads=False)  # "Ticket 2 of 5"
            last.between = "over"
        else:
            last.between = "over"

    # --- numbers ---

    def _on_address(self, host: str, ticket_id: str) -> None:
        leads = self._opened is _Opened.NOTHING and not any(each in words.ASIDE for each in self._clause[-3:])
        self._add(Mention(number=ticket_id, named=Named.ADDRESS, leads=leads, host=host))
        self._after_number(_Opened.TICKET)
        self._listed, self._last = None, _Last()

    def _on_grouped(self, value: str, end: int) -> None:
        """Take in "32,223": a price or a quantity, or where tickets are spoken of, their numbers."""
        governor, numbers = self._governor, value.split(",")
        if governor is None or governor.named is None:
            self._pass_over()
            return
        is_list = governor.is_plural and len(numbers[0]) == len(numbers[1])
        self._add(Mention(number="".join(numbers), named=governor.named))
        for position, number in enumerate(numbers):
            if position:
                self._on_symbol(",")
            elif not is_list:
                self._governor = replace(governor, may_lead=False)
            self._on_number([number], end)

    def _on_word(self, value: str, end: int) -> None:
        """Take in what is written in one piece: words, or a number with all that is joined to it."""
        parts = _PART.findall(value)
        first = next((index for index, part in enumerate(parts) if part[0] in "0123456789"), None)
        if first is None:
            spelled = "".join(part for part in parts if part.isalpha())
            if spelled in words.OTHER_KINDS or spelled in words.THIRD_PARTIES:  # P.O., S/N, T-Mobile
                parts = [spelled]
        letters = [index for index, part in enumerate(parts[:first]) if part.isalpha()]
        begin = first
        if first is not None and letters and parts[letters[-1]] not in _SAYING_WHAT:
            begin = letters.pop()  # "T20230001", "INV-32223": the letters belong to the number
        for position, index in enumerate(letters):
            if position and parts[index - 1] != "-":
                self._clause.clear()
            self._on_plain_word(parts[index])
            if position and self._governor and parts[index - 1] != ":":
                self._governor = replace(self._governor, may_lead=False)  # "example.com/ticket/32223"
        if begin is not None:
            self._on_number(parts[begin:], end)

    def _on_number(self, parts: list[str], end: int) -> None:
        governor, listed = self._governor, self._listed
        stem = _without_date(parts)
        if not stem:
            self._pass_over()
            return
        runs_on = len(stem) < len(parts) or _RUNS_ON.match(self.text, end) is not None
        if governor is not None and governor.named is not Named.SIGN:
            self._on_governed(stem, governor, runs_on=runs_on)
        elif listed is not None and self._continues(stem, listed, governor, end, runs_on=runs_on):
            pass
        elif governor is not None and not (self._is_after_noun and _is_short(stem)):
            self._on_governed(stem, governor, runs_on=runs_on)
        else:
            self._on_bare(stem, end)

    def _on_governed(self, stem: list[str], governor: _Governor, *, runs_on: bool) -> None:
        """Take in the number after "ticket", after a sign, or after a word for something else."""
        if governor.named is None:
            self._on_other(stem)
            return
        digits = _digits(stem)
        leads = governor.may_lead and not runs_on
        index = self._put(stem, governor.named, leads=leads, is_single=not governor.is_plural)
        is_count = governor.is_plural and len(digits) <= 3 and leads and len(stem) == 1
        is_sign = governor.named is Named.SIGN
        if is_count and index is not None:
            self._let_lead(index, leads=False)
        if is_sign and leads and len(digits) <= 3:
            self._small_sign = index
        self._listed = None
        if not is_sign or len(digits) >= RECOGNISED_BARE:
            self._listed = _Listed(
                governor.named, digits, leads, governor.is_plural, awaits_second=index if is_count else None
            )

    def _on_other(self, stem: list[str]) -> None:
        digits = _digits(stem)
        self._last = _Last("", digits, None, between="")
        self._listed = _Listed(None, digits)
        self._after_number(_Opened.REFERENCE if len(digits) >= 3 else self._opened)

    def _continues(
        self, stem: list[str], listed: _Listed, governor: _Governor | None, end: int, *, runs_on: bool
    ) -> bool:
        """Take in the next number of a list. False where it is none."""
        is_joined, is_only_beside = listed.separators()
        digits, first = _digits(stem), listed.digits
        apart = len(digits) - len(first)
        if listed.named is None:
            is_another = is_joined and abs(apart) <= 1 and (governor is None or _is_short(stem))
            if is_another:
                self._on_other(stem)
            return is_another
        says_of_what = _SAYS_OF_WHAT.match(self.text, end) is not None
        if _is_short(stem) and not listed.is_plural and (says_of_what or is_only_beside):
            return False
        if len(stem) == 1 and apart < -1 and len(digits) <= 3 and not says_of_what:
            self._shorten(first, digits, listed.named)
            return False
        if abs(apart) > 1 or _PRICE.fullmatch("".join(stem)):
            return False
        leads = listed.may_lead and listed.is_plural and is_joined and apart == 0 and not runs_on
        if leads and listed.awaits_second is not None:
            self._let_lead(listed.awaits_second, leads=True)
        self._put(stem, listed.named, leads=leads and not (_is_short(stem) and says_of_what))
        listed.awaits_second = None
        return True

    def _on_bare(self, stem: list[str], end: int) -> None:
        name = "".join(stem)
        is_priced = self._symbol in _CURRENCIES or not words.MONEY.isdisjoint(self._clause[-1:])
        if is_priced or _PRICE.fullmatch(name) or _PRICED_AFTER.match(self.text, end):
            self._pass_over()
            return
        if self._is_other_s_end(stem):
            self._on_other(stem)
            return
        self._put(stem, Named.BARE)
        if self._listed and self._listed.named is None:
            self._listed = None

    def _is_other_s_end(self, stem: list[str]) -> bool:
        """Whether a span of things that are no tickets ends here: "PO 32221 - 32225"."""
        last = self._last
        return (
            last.named is None
            and last.between in _REACHED
            and len(stem) == 1
            and abs(len(stem[0]) - len(last.digits)) <= 1
        )

    # --- what is kept ---

    def _put(self, stem: list[str], named: Named, *, leads: bool = False, is_single: bool = False) -> int | None:
        """Keep a number, its parts, and the span that it ends or holds. Returns which mention the number is."""
        self._close_span(stem, named)
        name, numbers = "".join(stem), [part for part in stem if part.isdigit()]
        is_name = named is not Named.BARE or not set(stem) & {"/", ".", ":"}
        index = self._add(Mention(number=name, named=named, leads=leads)) if is_name else None
        if len(stem) > 1:
            is_list = "/" in stem
            for position, number in enumerate(numbers):
                self._add(Mention(number=number, named=named if is_list or not position else Named.BARE))
                if is_list:
                    self._shorten(numbers[0], number, named)
            self._keep_span_within(stem, named)
        shape = _shape(stem)
        self._last = _Last() if shape is None else _Last(*shape, named, is_single, index, between="")
        if named is Named.BARE:
            self._after_number(self._opened if _is_short(stem) else _Opened.REFERENCE)
        else:
            self._after_number(_Opened.TICKET)
        return index

    def _after_number(self, opened: _Opened) -> None:
        if self._opened is not _Opened.TICKET:
            self._opened = opened
        self._governor = None
        self._clause.clear()
        self._is_after_noun = False

    def _pass_over(self) -> None:
        """Take in a number that can be no ticket's: a price, a date."""
        self._after_number(self._opened)
        self._listed, self._last = None, _Last()

    def _add(self, mention: Mention) -> int | None:
        """Keep a mention if it may be a ticket. Returns which it is."""
        length = sum(map(str.isalnum, mention.number))
        is_known = mention.named is not Named.BARE or mention.upto or length >= RECOGNISED_BARE
        if not is_known or len(mention.number) > MOST_CHARACTERS:
            return None
        self.found.append(mention)
        return len(self.found) - 1

    def _let_lead(self, index: int, *, leads: bool) -> None:
        self.found[index] = self.found[index].model_copy(update={"leads": leads})

    def _shorten(self, first: str, end: str, named: Named) -> None:
        """Keep "32223" where "32221/22/23" or "32221, 22 and 23" says "23"."""
        full = first[: max(0, len(first) - len(end))] + end
        if len(end) < len(first) and full > first:
            self._add(Mention(number=full, named=named))

    def _close_span(self, stem: list[str], named: Named) -> None:
        """Keep the span that ends with this number, in "32221 - 32225" or "#32221 through #32225"."""
        last, shape = self._last, _shape(stem)
        if last.named is None or last.between not in _REACHED or shape is None or last.prefix != shape[0]:
            return
        is_dashed = last.between == "dash" and last.is_single
        low, high = last.digits, shape[1]
        if is_dashed and not last.has_sign and len(low) != len(high):
            return  # "Ticket #41002 - 3 mice"
        may_be_short = last.has_sign or last.word in words.SHORTENING
        kept_as = last.named if last.named is not Named.BARE else named
        is_kept = self._keep_span(low, high, kept_as, may_be_short=may_be_short)
        # "Ticket #41002 - 41005 is broken" names the first whatever it says of the others.
        names_first = is_dashed and not (last.named is Named.SIGN and last.has_sign)
        if is_kept and last.index is not None and not names_first:
            self._let_lead(last.index, leads=False)

    def _keep_span_within(self, stem: list[str], named: Named) -> None:
        if stem.count("-") != 1 or "/" in stem or "." in stem:
            return
        dash = stem.index("-")
        low, high = _shape(stem[:dash]), _shape(stem[dash + 1 :])
        if low and high and high[0] in ("", low[0]):
            self._keep_span(low[1], high[1], named, may_be_short=True)

    def _keep_span(self, low: str, high: str, named: Named, *, may_be_short: bool) -> bool:
        if may_be_short and len(high) < len(low) and len(high) <= 3:
            high = low[: len(low) - len(high)] + high
            if high < low:
                return False
        if len(low) > len(high) or max(len(low), len(high)) > MOST_DIGITS:
            return False
        if named is Named.BARE and (len(low) != len(high) or len(low) < RECOGNISED_BARE):
            return False
        lowest, highest = sorted((int(low), int(high)))
        self._add(Mention(number=str(lowest), upto=str(highest), named=named))
        return True


def _qualified(governor: _Governor, word: str) -> _Governor:
    named = governor.named
    if named is Named.TICKET and word in words.OF_IDS:
        named = Named.TICKET_ID
    return replace(governor, named=named, is_plural=governor.is_plural or word in words.OF_SEVERAL)


def _without_date(parts: list[str]) -> list[str]:
    """What is left of a number when a date that is joined to its end is taken off; nothing where all of it is one."""
    if _DATE.fullmatch("".join(parts)):
        return []
    if len(parts) > 6 and _DATE.fullmatch("".join(parts[-5:])):
        return parts[:-6]
    return parts


def _digits(stem: Sequence[str]) -> str:
    return next((part for part in stem if part.isdigit()), "")


def _is_short(stem: Sequence[str]) -> bool:
    return len(_digits(stem)) < RECOGNISED_BARE


def _shape(stem: Sequence[str]) -> tuple[str, str] | None:
    """The letters and the digits of "32223", "T32223" or "T-32223"; None for a number of another shape."""
    letters, digits = "".join(stem[:-1]).rstrip("-"), stem[-1] if stem else ""
    is_plain = digits.isdigit() and (not letters or (letters.isalpha() and len(stem) <= 3))
    return (letters, digits) if is_plain else None


def numbers_in(name: str) -> Iterator[str]:
    """The runs of digits in a number."""
    return (part for part in _PART.findall(name) if part.isdigit())
