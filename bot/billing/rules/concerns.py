"""Invoices that bill wrongly: twice, nothing, less than was done, or not when they should have. Pure functions.

A concern is a note beside the verdict, never an alarm: somebody should look at the invoices that it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.policy import Ticket
from bot.billing.rules.verdicts import Concern, ConcernKind, LinkKind

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
    """Two invoices were made for it, or another one bills what its own invoice bills."""
    made_for_it = [invoice for invoice, kind in seen.billing if kind is LinkKind.TICKET_ID]
    charges = seen.ticket.converted_items
    own, beside = _sold_on(made_for_it), _sold_on(made_for_it, without=charges)
    others = [
        invoice
        for invoice, kind in seen.billing
        if (kind is LinkKind.LINE_TEXT and (own & _sold_on([invoice]) or _amounts(made_for_it) & _amounts([invoice])))
        or (kind is LinkKind.LINE_ITEM and beside & _sold_on([invoice], only=charges))
    ]
    if len(made_for_it) + len(others) < 2:
        return None
    return Concern(ConcernKind.BILLED_TWICE, tuple(invoice.number for invoice in (*made_for_it, *others)))


def _sold_on(
    invoices: Sequence[InvoiceFacts], *, only: Set[str] | None = None, without: Set[str] = frozenset()
) -> set[str]:
    """What is sold on the lines of some invoices; `only` on those, by id, or `without` those."""
    lines = [line for invoice in invoices for line in invoice.lines if line.id not in without]
    return {key for line in lines if only is None or line.id in only for key in line.sold}


def _amounts(invoices: Sequence[InvoiceFacts]) -> set[str]:
    return {line.amount for invoice in invoices for line in invoice.lines if line.amount and line.amount != "0.00"}


def _zero_total(seen: Seen) -> Concern | None:
    """An invoice of nothing for charges of something, where no prepaid hours explain it."""
    worth = sum((charge.amount or Decimal(0) for charge in seen.ticket.charges), Decimal(0))
    of_nothing = [invoice.number for invoice, _ in seen.billing if invoice.total == 0]
    if not of_nothing or worth <= 0 or seen.prepaid_hours is not None:
        return None
    return Concern(ConcernKind.ZERO_TOTAL, tuple(of_nothing), amount=worth, is_unsure=seen.is_prepaid_unread)


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
