"""Fills a ledger up to a size with invoices and tickets of other customers, as years of work would leave them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from bot.billing.ledger.model import RememberedInvoice, RememberedTicket
from bot.billing.rules.invoice import BilledLine, InvoiceFacts, amount_key
from bot.billing.rules.ticket_mentions import Mention, Named
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.syncro.models import TicketCharge

SEED = 20_261_124
CUSTOMERS = 400
YEARS = 5
_AT_ONCE = 1_000
_FIRST_ID = 3_000_000_000
"""No sample world has ids, numbers or tickets from here on."""


def pad(database: str, account: str, up_to: int, now: datetime) -> int:
    """Remember made-up invoices until there are `up_to`. Returns how many are remembered then."""
    store = Database(database, is_expendable=True)
    ledger = SqlLedger(store, account, max_age=timedelta(days=90), clock=lambda: now)
    ledger.open()
    try:
        made = _Maker(now).invoices(max(0, up_to - ledger.count_invoices()))
        while portion := list(islice(made, _AT_ONCE)):
            invoices = [invoice for invoice, _ in portion]
            if not ledger.remember(invoices, [ticket for _, ticket in portion if ticket is not None]):
                raise RuntimeError("the ledger could not be filled")
        return ledger.count_invoices()
    finally:
        store.close()


class _Maker:
    """Six of ten invoices belong to a ticket by id, one by a charge, one by its text; the rest are agreements."""

    def __init__(self, now: datetime) -> None:
        self._random = random.Random(SEED)
        self._now = now

    def invoices(self, count: int) -> Iterator[tuple[RememberedInvoice, RememberedTicket | None]]:
        for index in range(count):
            made = self._now - timedelta(days=2 + 365 * YEARS * self._random.random() ** 2)
            read_at = max(made + timedelta(minutes=5), self._now - timedelta(days=60 * self._random.random(), hours=1))
            kind = index % 10
            facts = self._facts(index, made, kind)
            ticket = self._ticket(index, facts, made, read_at) if kind == 6 else None
            yield RememberedInvoice(facts=facts, read_at=read_at), ticket

    def _facts(self, index: int, made: datetime, kind: int) -> InvoiceFacts:
        invoice_id = str(_FIRST_ID + index)
        lines = tuple(
            self._line(f"{invoice_id}{line}", is_stray=kind in (6, 8, 9)) for line in range(self._random.randint(1, 6))
        )
        said = [Mention(number=str(self._random.randint(1, 9_999)), named=Named.SIGN)]
        if kind == 7:
            said.append(Mention(number=str(_FIRST_ID + 500_000_000 + index), named=Named.TICKET, leads=True))
        return InvoiceFacts(
            id=invoice_id,
            number=str(_FIRST_ID + 700_000_000 + index),
            ticket_id=str(_FIRST_ID + 600_000_000 + index) if kind < 6 else None,
            customer_id=str(_FIRST_ID + index % CUSTOMERS),
            customer=f"Sample Years {index % CUSTOMERS}",
            total=Decimal(self._random.randint(2_000, 90_000)) / 100,
            created_at=made,
            updated_at=made,
            lines=lines,
            said=tuple(said),
        )

    def _line(self, line_id: str, *, is_stray: bool) -> BilledLine:
        amount = amount_key(Decimal(self._random.randint(500, 50_000)) / 100)
        return BilledLine(id=line_id, amount=amount, is_stray=is_stray)

    def _ticket(self, index: int, facts: InvoiceFacts, made: datetime, read_at: datetime) -> RememberedTicket:
        """The ticket whose charges became this invoice's lines."""
        charges = tuple(TicketCharge(id=f"{line}9", converted=True, item_id=line) for line in facts.line_ids)
        ticket_id = str(_FIRST_ID + 800_000_000 + index)
        return RememberedTicket(id=ticket_id, updated_at=made, read_at=read_at, timers=(), charges=charges)
