"""The closes of months, as they were made last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.digest.close import MONTH, Close, ClosedTicket, EarlierClose
from bot.store.database import insert
from bot.store.tables import closes

_TICKETS = TypeAdapter(tuple[ClosedTicket, ...])


def recall(connection: sa.Connection, month: date) -> EarlierClose | None:
    """Return the last close of a month; None where there is none."""
    row = connection.execute(sa.select(closes).where(closes.c.month == month.strftime(MONTH))).first()
    return None if row is None else EarlierClose(row.made_at, _TICKETS.validate_python(row.tickets))


def counted_elsewhere(connection: sa.Connection, month: date) -> dict[str, str]:
    """Return the invoices, by id, that the closes of other months count, and the month: the earliest, if several."""
    others = sa.select(closes).where(closes.c.month != month.strftime(MONTH)).order_by(closes.c.month.desc())
    return {invoice: row.month for row in connection.execute(others) for invoice in _counted(row.tickets)}


def _counted(tickets: list[dict[str, Any]]) -> Iterator[str]:
    for ticket in tickets:
        yield from ticket.get("counted", ())


def remember(connection: sa.Connection, close: Close) -> None:
    """Keep a close in place of the month's last one."""
    kept = {"made_at": close.made_at, "tickets": _TICKETS.dump_python(close.kept, mode="json")}
    keeping = insert(connection, closes).values(month=close.month.strftime(MONTH), **kept)
    connection.execute(keeping.on_conflict_do_update(index_elements=[closes.c.month], set_=kept))
