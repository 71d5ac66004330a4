"""How an invoice bills a ticket: the kinds of link, read from the invoice's own detail. Pure functions.

A kind of link is declared once, in `LINKS`: what it takes, what the ledger finds it by, and its words. A text is
graded: it names the ticket, or might mean it, or says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from functools import cached_property
from urllib.parse import urlsplit

from bot.billing.rules.invoice import InvoiceFacts, mentions_of_line
from bot.billing.rules.plain_text import plain
from bot.billing.rules.policy import Ticket
from bot.billing.rules.ticket_mentions import (
    MOST_DIGITS,
    RECOGNISED_BARE,
    Mention,
    Named,
    mentions_in_note,
    numbers_in,
)
from bot.billing.rules.verdicts import LinkKind
from bot.syncro.models import InvoiceDetail, InvoiceRow


class Grade(IntEnum):
    """What an invoice says of a ticket, in one respect."""

    NOTHING = 0
    MIGHT = 1
    """It may bill it: neither a link nor an absence can be claimed."""
    LINK = 2


ID_IS_LONGER_BY = 3
"""Digits that an internal id has more than a ticket's number, so that no number can be taken for an id."""


@dataclass(frozen=True)
class TicketKeys:
    """What an invoice can refer to, and what tells whether it does.

    `converted_items` are the `item_id`s of the ticket's charges: ids of the invoice lines they became. `site` is the
    account's address.
    """

    ticket_id: str
    number: str
    converted_items: frozenset[str] = frozenset()
    opened_at: datetime | None = None
    customer_id: str | None = None
    site: str = ""

    @classmethod
    def of(cls, ticket: Ticket, site: str) -> TicketKeys:
        """The keys of a ticket of the account at `site`."""
        row = ticket.row
        return cls(row.id, row.number, ticket.converted_items, row.created_at, row.customer_id, site)

    @cached_property
    def name(self) -> str:
        """The number as texts write it."""
        return plain(self.number)

    @cached_property
    def id_name(self) -> str:
        """The internal id as texts write it."""
        return plain(self.ticket_id)

    @cached_property
    def digits(self) -> str:
        """The one run of digits in the number, without leading zeros; empty where there are several."""
        runs = list(numbers_in(self.name))
        return _unpadded(runs[0]) if len(runs) == 1 else ""

    @cached_property
    def host(self) -> str:
        """Whose addresses show this account's tickets."""
        return urlsplit(self.site).netloc.lower()

    @property
    def has_unmistakable_id(self) -> bool:
        """Whether a number in a text is either this ticket's number or this id, and it is plain which."""
        return len(self.id_name) - len(self.name) >= ID_IS_LONGER_BY


# --- the text ---


class _Means(IntEnum):
    """Whether a mention is the ticket."""

    NO = 0
    PERHAPS = 1
    IT = 2


def _grade_text(invoice: InvoiceFacts, ticket: TicketKeys) -> Grade:
    """The best that a text of the invoice says. One that stands there since before the ticket was opened means none."""
    changed = _changed_since_opening(invoice, ticket)
    if changed is False:
        return Grade.NOTHING
    is_own_ticket = invoice.ticket_id in (None, ticket.ticket_id)
    may_link = changed is True and is_own_ticket and not invoice.is_credit
    is_own_customer = invoice.customer_id is not None and invoice.customer_id == ticket.customer_id
    best = Grade.NOTHING
    for mention in invoice.said:
        means = _means(mention, ticket)
        if means is _Means.NO:
            continue
        is_named = mention.leads and (mention.named is not Named.SIGN or is_own_customer)
        best = max(best, Grade.LINK if may_link and is_named and means is _Means.IT else Grade.MIGHT)
    return best


def _changed_since_opening(invoice: InvoiceFacts, ticket: TicketKeys) -> bool | None:
    """Whether the invoice has changed since the ticket was opened; None where nobody can tell."""
    known = [moment for moment in (invoice.created_at, invoice.updated_at) if moment is not None]
    if ticket.opened_at is None or not known:
        return None
    # A mere date may be any time of that day.
    latest = max(moment + timedelta(days=1) if is_mere_date(moment) else moment for moment in known)
    if latest >= ticket.opened_at:
        return True
    return False if invoice.updated_at is not None else None


def _means(mention: Mention, ticket: TicketKeys) -> _Means:
    """Whether the mention is this ticket, by its number or its internal id."""
    if mention.upto:
        return _Means.PERHAPS if _spans(mention, ticket) else _Means.NO
    if mention.named is Named.ADDRESS:
        return _means_by_address(mention, ticket)
    if mention.number == ticket.name:
        is_id = mention.named is Named.TICKET_ID and not ticket.has_unmistakable_id
        return _Means.PERHAPS if is_id else _Means.IT
    if mention.number == ticket.id_name:
        return _means_by_id(mention, ticket)
    is_like_it = _unpadded(mention.number) == ticket.digits
    # "Ticket 42" may be 00042, and a bare 20230001 may be T20230001, but a bare 0032223 is not 32223.
    has_reason = mention.named is not Named.BARE or not ticket.name.isdecimal()
    return _Means.PERHAPS if is_like_it and has_reason else _Means.NO


def _means_by_address(mention: Mention, ticket: TicketKeys) -> _Means:
    """An address holds the internal id. One on another host may be ours all the same."""
    if mention.number == ticket.id_name:
        return _Means.IT if mention.host == ticket.host else _Means.PERHAPS
    is_number = mention.number == ticket.name and len(mention.number) >= RECOGNISED_BARE
    return _Means.PERHAPS if is_number else _Means.NO


def _means_by_id(mention: Mention, ticket: TicketKeys) -> _Means:
    if mention.named is Named.TICKET_ID or (mention.named is Named.TICKET and ticket.has_unmistakable_id):
        return _Means.IT
    return _Means.PERHAPS if len(ticket.id_name) >= RECOGNISED_BARE else _Means.NO


def _spans(mention: Mention, ticket: TicketKeys) -> bool:
    """Whether "32221-32225" reaches over the number."""
    if not ticket.digits or len(ticket.digits) > MOST_DIGITS:
        return False
    if mention.named is Named.BARE and len(ticket.name) < RECOGNISED_BARE:
        return False
    return int(mention.number) <= int(ticket.digits) <= int(mention.upto)


def _unpadded(number: str) -> str:
    return number.lstrip("0") or number[-1:]


# --- the kinds of link ---

Span = tuple[int, int]
"""The lowest and the highest of the numbers that a text reaches over."""


@dataclass(frozen=True)
class Link:
    """A way in which an invoice bills a ticket."""

    kind: LinkKind
    reason: str
    """What the invoice does; its name stands before."""
    grade: Callable[[InvoiceFacts, TicketKeys], Grade]
    names_on: Callable[[InvoiceFacts], Iterable[str | Span]]
    """What the ledger keeps of an invoice, to find it by."""
    names_of: Callable[[TicketKeys], Iterable[str | int]]
    """What it looks for: each of these names, and each span that reaches over this number. The grade can be no more
    than nothing where none of it stands on the invoice."""


def _grade_ticket_id(invoice: InvoiceFacts, ticket: TicketKeys) -> Grade:
    if invoice.ticket_id != ticket.ticket_id:
        return Grade.NOTHING
    return Grade.MIGHT if invoice.is_credit or invoice.is_empty else Grade.LINK


def _grade_line_item(invoice: InvoiceFacts, ticket: TicketKeys) -> Grade:
    lines = [line for line in invoice.lines if line.id in ticket.converted_items]
    if not lines:
        return Grade.NOTHING
    return Grade.MIGHT if invoice.is_credit or all(line.is_credit for line in lines) else Grade.LINK


def _names_said(invoice: InvoiceFacts) -> Iterator[str | Span]:
    for mention in invoice.said:
        yield (int(mention.number), int(mention.upto)) if mention.upto else _unpadded(mention.number)


def _names_in_texts(ticket: TicketKeys) -> Iterator[str | int]:
    yield _unpadded(ticket.name)
    yield _unpadded(ticket.id_name)
    if ticket.digits:
        yield ticket.digits
        if len(ticket.digits) <= MOST_DIGITS:
            yield int(ticket.digits)


LINKS: tuple[Link, ...] = (
    Link(
        LinkKind.TICKET_ID,
        reason="was made for this ticket",
        grade=_grade_ticket_id,
        names_on=lambda invoice: [invoice.ticket_id] if invoice.ticket_id is not None else [],
        names_of=lambda ticket: [ticket.ticket_id],
    ),
    Link(
        LinkKind.LINE_ITEM,
        reason="carries a charge of this ticket",
        grade=_grade_line_item,
        names_on=lambda invoice: invoice.line_ids,
        names_of=lambda ticket: ticket.converted_items,
    ),
    Link(
        LinkKind.LINE_TEXT,
        reason="names this ticket in a line",
        grade=_grade_text,
        names_on=_names_said,
        names_of=_names_in_texts,
    ),
)
"""Strongest first."""


def link_of(kind: LinkKind) -> Link:
    """The declaration of a kind."""
    return next(link for link in LINKS if link.kind == kind)


def strength_of(kind: LinkKind) -> int:
    """The kind's place among all; the strongest is 0."""
    return LINKS.index(link_of(kind))


@dataclass(frozen=True)
class Match:
    """What one invoice says about one ticket."""

    link: LinkKind | None = None
    might: bool = False
    """Whether it may bill the ticket, where there is no link: it is an invoice to look at."""
    undecidable: str = ""
    """Why the detail cannot tell; empty when it can."""


def match(invoice: InvoiceFacts, ticket: TicketKeys) -> Match:
    """Say how `invoice` bills the ticket, strongest link first."""
    might = False
    for link in LINKS:
        grade = link.grade(invoice, ticket)
        if grade is Grade.LINK:
            return Match(link.kind)
        might = might or grade is Grade.MIGHT
    if ticket.converted_items and invoice.has_unnamed_lines:
        return Match(undecidable="its lines carry no ids, so a converted charge cannot be recognised")
    return Match(might=might)


def text_that_might_mean(detail: InvoiceDetail, ticket: TicketKeys) -> str:
    """The text that makes an invoice without a link one to look at; empty where it is no text."""

    def may_mean(mentions: Iterable[Mention]) -> bool:
        return any(_means(mention, ticket) is not _Means.NO for mention in mentions)

    for line in detail.line_items:
        if may_mean(mentions_of_line(line)):
            texts = [text for text in (line.item, line.name, line.description) if text]
            return next((text for text in texts if may_mean(mentions_in_note(text))), " ".join(texts))
    return next((text for text in (detail.po_number, detail.note) if may_mean(mentions_in_note(text))), "")


# --- which invoice it is ---


def is_the_listed_invoice(detail: InvoiceDetail, row: InvoiceRow) -> bool:
    """Whether the detail is the invoice that the row names: `/invoices/{x}` takes an id *or* a number.

    Nothing keeps an account from using a number twice, so the customer has to be the same too, and where the row
    has no id, the day.
    """
    if row.id is not None and detail.id != row.id:
        return False
    if None not in (row.customer_id, detail.customer_id) and detail.customer_id != row.customer_id:
        return False
    if row.id is None and not were_made_together(detail.created_at, row.created_at):
        return False
    return row.number is None or detail.number == row.number


def were_made_together(one: datetime | None, other: datetime | None) -> bool:
    """Whether two invoices can have been made at the same time. Beside a mere date a day is no difference."""
    if one is None or other is None:
        return True
    apart = timedelta(days=1) if is_mere_date(one) or is_mere_date(other) else timedelta(seconds=1)
    return abs(one - other) <= apart


def is_mere_date(moment: datetime) -> bool:
    """Whether it may be a date without a time."""
    return moment.timetz().replace(tzinfo=None) == time.min
