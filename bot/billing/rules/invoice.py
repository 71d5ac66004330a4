"""What of an invoice matters to a search: its names, its ticket, its lines' ids and the numbers its texts say.

A search judges these facts and nothing else, so an invoice read now and one remembered from an earlier reading are
judged alike.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from bot.billing.rules.ticket_mentions import Said, numbers_said
from bot.syncro.models import InvoiceDetail, Money, OptionalIdentifier, Record, Time

READING_RULES = 1
"""Counts up when `facts_of` comes to read invoices differently: facts kept under older rules are then read anew."""


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
