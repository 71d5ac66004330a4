"""Customers who pay for other customers' tickets: one list shows that many remembered invoices still stand.

Without it, each such invoice has to be read again before a digest may say that it bills a ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.billing.ledger.freshness import OPENED_MARGIN
from bot.billing.ledger.model import RememberedInvoice
from bot.billing.search.places import InvoiceList
from bot.billing.search.queries import Asking, Failed
from bot.syncro.models import ROWS_A_PAGE, InvoiceRow, TicketRow

WORTH_A_LIST = 3
"""Invoices of one payer: for fewer, reading them again costs no more than their list."""


@dataclass(frozen=True)
class Payer:
    """A payer's list from the time when its invoices that matter had last changed, and how many rows it is worth."""

    customer_id: str
    place: InvoiceList
    most_rows: int


def payers_worth_listing(
    links: Iterable[tuple[TicketRow, Sequence[RememberedInvoice]]], since: Mapping[str, datetime | None]
) -> list[Payer]:
    """Who pays for so many tickets of others that a list costs less than the details.

    `since` says for each customer from when on its invoices are listed anyway; then that list serves.
    """
    changed: dict[str, dict[str, datetime]] = {}
    for row, linked in links:
        for facts in (remembered.facts for remembered in linked):
            moment = facts.updated_at or facts.created_at
            if facts.customer_id not in (None, row.customer_id) and moment is not None:
                changed.setdefault(str(facts.customer_id), {})[facts.id] = moment
    payers = []
    for customer_id, moments in changed.items():
        if len(moments) >= WORTH_A_LIST:
            oldest = min(moments.values()) - OPENED_MARGIN
            listed = since.get(customer_id, oldest)
            place = InvoiceList("A payer's invoices", customer_id, None if listed is None else min(listed, oldest))
            payers.append(Payer(customer_id, place, most_rows=len(moments) // WORTH_A_LIST * ROWS_A_PAGE))
    return payers


def list_payer(payer: Payer) -> Asking[Sequence[InvoiceRow]]:
    """The payer's rows; none where the list is too long, or cannot be read."""
    # Where its end is wrongly told, an invoice that is not seen there is only read again.
    listing = yield from payer.place.read(most_rows=payer.most_rows, trusting=True)
    return () if isinstance(listing, Failed) or not listing.is_whole else payer.place.own(listing.rows)
