"""The closes of months, as they were made last."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from bot.digest.close import Close, ClosedTicket, EarlierClose
from bot.store.database import insert
from bot.store.tables import closes

_MONTH = "%Y-%m"


def recall(connection: sa.Connection, month: date) -> EarlierClose | None:
    """Return the last close of a month; None where there is none."""
    row = connection.execute(sa.select(closes).where(closes.c.month == month.strftime(_MONTH))).first()
    return None if row is None else EarlierClose(row.made_at, tuple(_ticket(**each) for each in row.tickets))


def remember(connection: sa.Connection, close: Close) -> None:
    """Keep a close in place of the month's last one."""
    tickets = [{**asdict(each), "billed": str(each.billed), "at_risk": str(each.at_risk)} for each in close.kept]
    kept = {"made_at": close.made_at, "tickets": tickets}
    keeping = insert(connection, closes).values(month=close.month.strftime(_MONTH), **kept)
    connection.execute(keeping.on_conflict_do_update(index_elements=[closes.c.month], set_=kept))


def _ticket(ticket_number: str, verdict: str, invoices: list[str], billed: str, at_risk: str) -> ClosedTicket:
    return ClosedTicket(ticket_number, verdict, tuple(invoices), Decimal(billed), Decimal(at_risk))
