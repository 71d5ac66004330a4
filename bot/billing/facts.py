"""What of an invoice matters to a search: its names, its ticket, its lines' ids and the numbers its texts say.

A search judges these facts and nothing else, so an invoice read now and one remembered from an earlier reading are
judged alike.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from bot.syncro.models import InvoiceDetail, Money, OptionalIdentifier, Record, Time

READING_RULES = 1
"""Counts up when `facts_of` comes to read invoices differently: facts kept under older rules are then read anew."""


class Said(Record):
    """A number that a text says, with its parts joined by "-" or "." (32223-2 is one)."""

    text: str
    names_ticket: bool
    """Whether the words around it say that it is a ticket: "Ticket 32223", "#32223"."""


class BilledLine(Record):
    """A line of an invoice, as far as it may be a ticket's charge."""

    id: str
    amount: str | None = None
    """Price times quantity, as `amount_key` writes it; None where Syncro names no price."""
    is_stray: bool = False
    """Neither the invoice nor the line's text says whose it is."""


class InvoiceFacts(Record):
    """An invoice's detail, as far as it matters. `total` is in the account's currency."""

    id: str
    number: str
    ticket_id: OptionalIdentifier = None
    customer_id: OptionalIdentifier = None
    customer: str = ""
    total: Money = None
    created_at: Time = None
    updated_at: Time = None
    is_undated: bool = False
    """The detail named no time of change: `updated_at` is its list row's, and may be older than what was read."""
    lines: tuple[BilledLine, ...] = ()
    """Those with an id."""
    has_unnamed_lines: bool = False
    """Some line has no id, so a converted charge could not be recognised."""
    said: tuple[Said, ...] = ()
    """The numbers in the lines, each kind once."""
    noted: tuple[str, ...] = ()
    """The tickets that the note names: no proof, but a reason to look."""

    @property
    def line_ids(self) -> tuple[str, ...]:
        """The ids of its lines."""
        return tuple(line.id for line in self.lines)


def facts_of(detail: InvoiceDetail, listed_as_of: datetime | None = None) -> InvoiceFacts:
    """Read the facts off a detail. `listed_as_of` is its list row's `updated_at`, for a detail that names none."""
    said: dict[Said, None] = {}
    lines: list[BilledLine] = []
    for line in detail.line_items:
        of_line = [each for text in (line.item, line.name, line.description) for each in numbers_said(text)]
        said.update(dict.fromkeys(of_line))
        if line.id is not None:
            is_stray = detail.ticket_id is None and not any(each.names_ticket for each in of_line)
            amount = None if line.price is None or line.quantity is None else amount_key(line.price * line.quantity)
            lines.append(BilledLine(id=line.id, amount=amount, is_stray=is_stray))
    return InvoiceFacts(
        id=detail.id,
        number=detail.number,
        ticket_id=detail.ticket_id,
        customer_id=detail.customer_id,
        customer=detail.customer_business_then_name,
        total=detail.total,
        created_at=detail.created_at,
        updated_at=detail.updated_at or listed_as_of,
        is_undated=detail.updated_at is None,
        lines=tuple(lines),
        has_unnamed_lines=len(lines) < len(detail.line_items),
        said=tuple(said),
        noted=tuple(dict.fromkeys(each.text for each in numbers_said(detail.note) if each.names_ticket)),
    )


def amount_key(amount: Decimal) -> str:
    """An amount as it is compared: to the cent."""
    return f"{amount:.2f}"


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
