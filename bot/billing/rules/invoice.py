"""What of an invoice matters to a search: its names, its ticket, its lines' ids and the tickets its texts may mean.

A search judges these facts and nothing else, so an invoice read now and one remembered from an earlier reading are
judged alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from bot.billing.rules.ticket_mentions import Mention, mentions_in_line, mentions_in_note
from bot.syncro.models import Flag, InvoiceDetail, InvoiceLine, Money, OptionalIdentifier, Record, Time

READING_RULES = 5
"""Counts up when `facts_of` comes to read invoices differently: facts kept under older rules are then read anew."""


LONGEST_SALE = 80
"""Characters kept of the text of what a line sells."""


class BilledLine(Record):
    """A line of an invoice, as far as it may be a ticket's charge."""

    id: str
    amount: str | None = None
    """Price times quantity, as `amount_key` writes it; None where Syncro names no price."""
    is_stray: bool = False
    """Neither the invoice nor the line's text says whose it is."""
    is_discounted: bool = False
    sold: tuple[str, ...] = ()
    """What it sells, as `sale_key` writes it, by each of its texts: a charge of the same is this line."""
    leads: tuple[str, ...] = ()
    """The tickets that its text begins with, by number or internal id; empty where it names none, or a span."""

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back."""
        return _is_negative(self.amount)


class InvoiceFacts(Record):
    """An invoice's detail, as far as it matters. `total` is in the account's currency."""

    id: str
    number: str
    ticket_id: OptionalIdentifier = None
    customer_id: OptionalIdentifier = None
    customer: str = ""
    total: Money = None
    paid: Flag = None
    created_at: Time = None
    updated_at: Time = None
    is_undated: bool = False
    """The detail named no time of change: `updated_at` is its list row's, and may be older than what was read."""
    lines: tuple[BilledLine, ...] = ()
    """Those with an id."""
    is_empty: bool = False
    """It has no line at all, so it bills nothing."""
    has_unnamed_lines: bool = False
    """Some line has no id, so a converted charge could not be recognised."""
    said: tuple[Mention, ...] = ()
    """What its lines, its purchase order number and its note may mean, each once."""

    @property
    def line_ids(self) -> tuple[str, ...]:
        """The ids of its lines."""
        return tuple(line.id for line in self.lines)

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back: then it bills nothing."""
        return self.total is not None and self.total < 0


def facts_of(detail: InvoiceDetail, listed_as_of: datetime | None = None) -> InvoiceFacts:
    """Read the facts off a detail. `listed_as_of` is its list row's `updated_at`, for a detail that names none."""
    said: dict[Mention, None] = {}
    lines: list[BilledLine] = []
    for line in detail.line_items:
        of_line = mentions_of_line(line)
        said.update(dict.fromkeys(of_line))
        if line.id is not None:
            is_stray = detail.ticket_id is None and not any(each.leads for each in of_line)
            texts = (line.item, line.name, line.description)
            lines.append(
                BilledLine(
                    id=line.id,
                    amount=_amount(line),
                    is_stray=is_stray,
                    is_discounted=line.is_discounted,
                    sold=tuple(dict.fromkeys(sale_keys(texts, line.quantity, line.price))),
                    leads=_leading(of_line),
                )
            )
    for text in (detail.po_number, detail.note):
        said.update(dict.fromkeys(mentions_in_note(text)))
    return InvoiceFacts(
        id=detail.id,
        number=detail.number,
        ticket_id=detail.ticket_id,
        customer_id=detail.customer_id,
        customer=detail.customer_business_then_name,
        total=detail.total,
        paid=detail.is_paid,
        created_at=detail.created_at,
        updated_at=detail.updated_at or listed_as_of,
        is_undated=detail.updated_at is None,
        lines=tuple(lines),
        is_empty=not detail.line_items,
        has_unnamed_lines=len(lines) < len(detail.line_items),
        said=tuple(said),
    )


def _leading(said: Iterable[Mention]) -> tuple[str, ...]:
    leading = [each for each in said if each.leads]
    return () if any(each.upto for each in leading) else tuple(each.number for each in leading)


def mentions_of_line(line: InvoiceLine) -> tuple[Mention, ...]:
    """What a line may mean. One that gives money back names nothing."""
    return mentions_in_line((line.item, line.name, line.description), is_credit=_is_negative(_amount(line)))


def _amount(line: InvoiceLine) -> str | None:
    return None if line.amount is None else amount_key(line.amount)


def _is_negative(amount: str | None) -> bool:
    return amount is not None and amount.startswith("-") and amount.strip("-0.") != ""


def sale_keys(texts: Iterable[str], quantity: Decimal | None, price: Decimal | None) -> Iterator[str]:
    """What is sold, for each text that names it: the same text, quantity and price are the same sale."""
    if quantity is None or price is None:
        return
    for text in texts:
        words = " ".join(text.split()).casefold()[:LONGEST_SALE]
        if words:
            yield f"{words}|{quantity.normalize():f}|{price.normalize():f}"


def amount_key(amount: Decimal) -> str:
    """An amount as it is compared: to the cent."""
    return f"{amount:.2f}"
