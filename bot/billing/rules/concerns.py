"""Invoices that bill wrongly: twice, nothing, less than was done, or not when they should have. Pure functions.

A concern is a note beside the verdict, never an alarm: somebody should look at the invoices that it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.billing.rules.invoice import BilledLine, InvoiceFacts
from bot.billing.rules.plain_text import plain
from bot.billing.rules.policy import Ticket, is_labour
from bot.billing.rules.verdicts import Concern, ConcernKind, LinkKind
from bot.syncro.models import TicketCharge

Billing = tuple[InvoiceFacts, LinkKind]
"""An invoice that bills the ticket, and how."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a ticket's billing. `credits` are invoices of the ticket that give money back."""

    ticket: Ticket
    billing: Sequence[Billing]
    credits: Sequence[InvoiceFacts] = ()
    empty: Sequence[InvoiceFacts] = ()
    """Invoices that were made for the ticket and have no line."""
    prepaid_hours: Decimal | None = None
    """What is left of the customer's block of hours; None where there is none, or nobody knows."""
    is_prepaid_unread: bool = False
    missed_run: tuple[str, date] | None = None
    """The recurring invoice whose date has passed, and that should have picked up the ticket's charges."""


def concerns(seen: Seen) -> tuple[Concern, ...]:
    """Everything that somebody should look at."""
    found = (
        _billed_twice(seen),
        _zero_total(seen),
        _credited(seen),
        _empty(seen),
        *_billed_for_less(seen),
        _missed_run(seen),
    )
    return tuple(concern for concern in found if concern is not None)


def is_credited_in_full(seen: Seen) -> bool:
    """Whether the ticket's credits give back all that its invoices bill, so that they are no bill together."""
    totals = [invoice.total for invoice in (*(invoice for invoice, _ in seen.billing), *seen.credits)]
    if not seen.credits or None in totals:
        return False
    return sum((total for total in totals if total is not None), Decimal(0)) <= 0


def _billed_twice(seen: Seen) -> Concern | None:
    """Two invoices were made for it, or another bills what its own (else the first) bills."""
    standing = list(_not_given_back(seen))
    own = [invoice for invoice, kind in standing if kind is LinkKind.TICKET_ID]
    first = own or [invoice for invoice, _ in standing[:1]]
    again = [
        invoice
        for invoice, _ in standing
        if invoice not in first and any(_bill_the_same(each, invoice, seen.ticket) for each in first)
    ]
    twice = (*first, *again)
    return Concern(ConcernKind.BILLED_TWICE, tuple(invoice.number for invoice in twice)) if len(twice) > 1 else None


def _not_given_back(seen: Seen) -> Iterator[Billing]:
    """The ticket's invoices, each credit taken off against one of the same total."""
    back = [-credit.total for credit in seen.credits if credit.total is not None]
    for billing in seen.billing:
        total = billing[0].total
        if total is not None and total in back:
            back.remove(total)
        else:
            yield billing


def _bill_the_same(one: InvoiceFacts, other: InvoiceFacts, ticket: Ticket) -> bool:
    """Whether lines of both, as far as they are of the ticket, are the same sale. Two of its charges are two sales."""
    charged = ticket.converted_items
    return any(
        _are_the_same(a, b) and not {a.id, b.id} <= charged
        for a in _lines_of(one, ticket)
        for b in _lines_of(other, ticket)
    )


def _are_the_same(one: BilledLine, other: BilledLine) -> bool:
    """By what they sell, or by the amount where one only names the ticket."""
    return bool({*one.sold} & {*other.sold}) or (one.amount == other.amount and bool(one.leads or other.leads))


def _lines_of(invoice: InvoiceFacts, ticket: Ticket) -> Iterator[BilledLine]:
    """The lines that sell something and name no other ticket."""
    names = {plain(ticket.row.number), plain(ticket.row.id)}
    for line in invoice.lines:
        if line.amount not in (None, "0.00") and (not line.leads or names & {*line.leads}):
            yield line


def drawn_hours(seen: Seen) -> Decimal:
    """Hours of priced work on invoices of nothing, where the customer has a block of hours: they were drawn from it."""
    _, charges = _billed_at_nothing(seen)
    if seen.prepaid_hours is None:
        return Decimal(0)
    drawn = (each.quantity or Decimal(0) for each in charges if (each.amount or 0) > 0 and is_labour(each, seen.ticket))
    return sum(drawn, Decimal(0))


def _zero_total(seen: Seen) -> Concern | None:
    """An invoice of nothing for charges of something, where no prepaid hours explain it."""
    of_nothing, charges = _billed_at_nothing(seen)
    worth = sum((charge.amount or Decimal(0) for charge in charges), Decimal(0))
    if not of_nothing or worth <= 0 or seen.prepaid_hours is not None:
        return None
    numbers = tuple(invoice.number for invoice in of_nothing)
    return Concern(ConcernKind.ZERO_TOTAL, numbers, amount=worth, is_unsure=seen.is_prepaid_unread)


def _billed_at_nothing(seen: Seen) -> tuple[list[InvoiceFacts], list[TicketCharge]]:
    """The invoices of nothing, and the ticket's charges on them.

    All charges, where none is known to be on an invoice: not every account marks those that are.
    """
    of_nothing = [invoice for invoice, _ in seen.billing if invoice.total == 0]
    lines = {line_id for invoice in of_nothing for line_id in invoice.line_ids}
    are_marked = bool(seen.ticket.converted_items)
    charges = [each for each in seen.ticket.charges if not are_marked or each.invoice_line in lines]
    return of_nothing, charges if of_nothing else []


def _credited(seen: Seen) -> Concern | None:
    if not seen.credits:
        return None
    back = sum((invoice.total or Decimal(0) for invoice in seen.credits), Decimal(0))
    return Concern(ConcernKind.CREDIT, tuple(invoice.number for invoice in seen.credits), amount=-back)


def _empty(seen: Seen) -> Concern | None:
    return Concern(ConcernKind.EMPTY, tuple(invoice.number for invoice in seen.empty)) if seen.empty else None


def _billed_for_less(seen: Seen) -> Iterator[Concern]:
    """Charges that stand on an invoice at less than their price, though it shows no discount."""
    worth = {
        charge.invoice_line: charge.amount
        for charge in seen.ticket.charges
        if charge.invoice_line is not None and charge.amount is not None
    }
    for invoice, _ in seen.billing:
        for line in invoice.lines:
            billed, charged = line.amount, worth.get(line.id)
            if billed is None or charged is None or line.is_discounted or invoice.total == 0:
                continue
            if Decimal(billed) < charged.quantize(Decimal("0.01")):
                yield Concern(ConcernKind.BILLED_FOR_LESS, (invoice.number,), charged - Decimal(billed))
                break


def _missed_run(seen: Seen) -> Concern | None:
    if seen.missed_run is None:
        return None
    name, day = seen.missed_run
    return Concern(ConcernKind.MISSED_RUN, (), schedule=name, day=day)
