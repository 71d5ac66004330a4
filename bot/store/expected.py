"""What recurring invoices were expected to take, until it is known that they did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa

from bot.billing.rules.verdicts import Finding
from bot.digest.missed_runs import still_expected
from bot.digest.model import Expected
from bot.store.tables import expected


def recall(connection: sa.Connection) -> tuple[Expected, ...]:
    """Return what was expected, the earliest run first."""
    found = connection.execute(sa.select(expected).order_by(expected.c.run_on, expected.c.ticket_id))
    return tuple(Expected(**row) for row in found.mappings())


def remember(connection: sa.Connection, findings: Iterable[Finding], day: date) -> None:
    """Bring what is expected up to date with what was found on a day."""
    before = set(recall(connection))
    after = set(still_expected(before, findings, day))
    for gone in before - after:
        same = (expected.c[name] == value for name, value in asdict(gone).items())
        connection.execute(sa.delete(expected).where(*same))
    for new in after - before:
        connection.execute(sa.insert(expected).values(**asdict(new)))
