"""How an invoice bills a ticket: the three kinds of link, read from the invoice's own detail. Pure functions."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from bot.billing.findings import LinkKind
from bot.syncro.models import InvoiceDetail, InvoiceRow


class Mention(Enum):
    """What a text says about a ticket number."""

    NAMES_TICKET = "names the ticket"
    MIGHT_BE_TICKET = "holds the bare number"
    NOTHING = "does not hold the number"


@dataclass(frozen=True)
class TicketKeys:
    """What an invoice can refer to: the internal id, the number that people use, and the converted charges.

    `converted_items` are the `item_id`s of the ticket's charges: ids of the invoice lines they became.
    """

    ticket_id: str
    number: str
    converted_items: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Match:
    """What one invoice's detail says about one ticket."""

    link: LinkKind | None = None
    possible_text: str = ""
    """The line that holds the bare number, where there is no link."""
    undecidable: str = ""
    """Why the detail cannot tell; empty when it can."""


def match(detail: InvoiceDetail, ticket: TicketKeys) -> Match:
    """Say how `detail` bills the ticket, strongest link first."""
    if detail.ticket_id == ticket.ticket_id:
        return Match(LinkKind.TICKET_ID)
    if any(line.id is not None and line.id in ticket.converted_items for line in detail.line_items):
        return Match(LinkKind.LINE_ITEM)
    texts = [text for line in detail.line_items for text in (line.item, line.name, line.description) if text]
    mentions = [(mention(text, ticket.number), text) for text in texts]
    if any(kind is Mention.NAMES_TICKET for kind, _ in mentions):
        return Match(LinkKind.LINE_TEXT)
    if ticket.converted_items and any(line.id is None for line in detail.line_items):
        return Match(undecidable="its lines carry no ids, so a converted charge cannot be recognised")
    # A note is not a line: it proves nothing, but an invoice whose note names the ticket is one to look at.
    if mention(detail.note, ticket.number) is Mention.NAMES_TICKET:
        return Match(possible_text=detail.note)
    bare = [text for kind, text in mentions if kind is Mention.MIGHT_BE_TICKET]
    return Match(possible_text=bare[0] if bare else "")


def is_the_listed_invoice(detail: InvoiceDetail, row: InvoiceRow) -> bool:
    """Whether the detail is the invoice that the row names: `/invoices/{x}` takes an id *or* a number.

    Nothing keeps an account from using a number twice, so the customer has to be the same too, and where the row
    has no id, the day.
    """
    if row.id is not None and detail.id != row.id:
        return False
    if None not in (row.customer_id, detail.customer_id) and detail.customer_id != row.customer_id:
        return False
    if row.id is None and not _made_together(detail, row):
        return False
    return row.number is None or detail.number == row.number


def _made_together(detail: InvoiceDetail, row: InvoiceRow) -> bool:
    """Whether both can have been made at the same time. A day apart is no difference: one may be a mere date."""
    if detail.created_at is None or row.created_at is None:
        return True
    return abs(detail.created_at - row.created_at) <= timedelta(days=1)


def mention(text: str, number: str) -> Mention:
    """What `text` says about ticket `number`.

    It names the ticket as "Ticket 32223", "Ticket #32223", "#32223", and within "Tickets 32221, 32222 and 32223".
    The number counts only whole: not in 132223, 322231, 32223-2 or 32223.50. A bare number might be the ticket,
    and so might one inside "32221-32225".
    """
    folded = _fold(text)
    if not any(character.isdigit() for character in folded):
        return Mention.NOTHING
    found = Mention.NOTHING
    for said in _numbers_said(folded):
        if said.names_ticket and said.text == number:
            return Mention.NAMES_TICKET
        if said.text == number or _spans(said.text, number):
            found = Mention.MIGHT_BE_TICKET
    return found


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_TAG = re.compile(r"<[^<>]{0,200}>")


def _fold(text: str) -> str:
    """Undo what hides a number from a machine but not from a reader: HTML, full-width digits, odd dashes."""
    unescaped = html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text
    if unescaped.isascii():
        return unescaped.lower()
    return _DASH.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", unescaped))).lower()


@dataclass(frozen=True)
class _NumberSaid:
    """A number in a text, with its parts joined by "-" or "." (32223-2 is one), and whether it names a ticket."""

    text: str
    names_ticket: bool


_TOKEN = re.compile(r"[0-9]+(?:[-.][0-9]+)*|[^\W\d_]+|\S")
_TICKET_WORDS = frozenset({"ticket", "tickets", "tkt", "tkts"})
_QUALIFIERS = frozenset({"no", "nos", "nr", "nrs", "num", "number", "numbers", "id", "ids", *"#([:._-"})
_GLUE = frozenset({"and", "or", *",;&+/()[]#"})


def _numbers_said(text: str) -> Iterator[_NumberSaid]:
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
            yield _NumberSaid(word, not part_of_a_name and (behind_word or hash_names or continues))
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


def _spans(said: str, number: str) -> bool:
    """Whether "32221-32225" reaches over the number."""
    low, dash, high = said.partition("-")
    if not dash or not (low.isdecimal() and high.isdecimal() and number.isdecimal()):
        return False
    return len(low) == len(high) == len(number) and low <= number <= high
