"""Of which tickets a technician was reminded, since when, and what they said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from bot.digest.model import Nudge
from bot.store import audit
from bot.store.audit import Act, AuditEntry
from bot.store.database import insert
from bot.store.tables import nudges


def remember(connection: sa.Connection, tickets: Mapping[str, str], person: str, day: date) -> int:
    """A person, or nobody (empty), was reminded of tickets, numbers by id. The first day of a person stays.

    Returns for how many tickets that is new.
    """
    new = 0
    for ticket_id, number in tickets.items():
        row = {"ticket_number": number, "person": person, "first_day": day, "reason": ""}
        adding = insert(connection, nudges).values(ticket_id=ticket_id, **row)
        is_another = (nudges.c.person != person) & bool(person)
        kept = adding.on_conflict_do_update(index_elements=[nudges.c.ticket_id], set_=row, where=is_another)
        new += connection.execute(kept.execution_options(preserve_rowcount=True)).rowcount
    return new


def recall(connection: sa.Connection) -> tuple[Nudge, ...]:
    """Return all of them."""
    found = connection.execute(sa.select(nudges).order_by(nudges.c.ticket_id))
    return tuple(Nudge(row.ticket_id, row.ticket_number, row.person, row.first_day, row.reason) for row in found)


def nothing_to_bill(connection: sa.Connection, ticket_id: str, by: str, reason: str, at: datetime) -> bool:
    """Keep that the person who was reminded says so; False where it was not this person."""
    wanted = (nudges.c.ticket_id == ticket_id) & (nudges.c.person == by)
    number = connection.execute(sa.select(nudges.c.ticket_number).where(wanted)).scalar()
    if number is None:
        return False
    connection.execute(sa.update(nudges).where(wanted).values(reason=reason))
    what = AuditEntry(at, Act.NOTHING_TO_BILL, who=by, why=reason, ticket_number=number, ticket_id=ticket_id)
    audit.add(connection, what, key=f"{what.act}:{ticket_id}:{by}:{at.isoformat()}")
    return True
