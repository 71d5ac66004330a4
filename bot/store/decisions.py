"""What managers decided: tickets put aside for a while, and tickets marked as non-billable."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.digest.model import Mark, Snooze
from bot.store.database import insert
from bot.store.records import MarkRecord
from bot.store.tables import marks, snoozes


def snooze(connection: sa.Connection, wanted: Snooze) -> None:
    """Put a ticket aside; a later word about the same ticket replaces the earlier."""
    adding = insert(connection, snoozes).values(
        ticket_id=wanted.ticket_id,
        ticket_number=wanted.ticket_number,
        ends_at=wanted.until,
        made_by=wanted.by,
        reason=wanted.reason,
        made_at=wanted.at,
    )
    replaced = {column.name: column for column in adding.excluded if not column.primary_key}
    connection.execute(adding.on_conflict_do_update(index_elements=[snoozes.c.ticket_id], set_=replaced))


def wake(connection: sa.Connection, ticket_id: str) -> None:
    """End a ticket's snooze, where there is one."""
    connection.execute(sa.delete(snoozes).where(snoozes.c.ticket_id == ticket_id))


def snoozes_at(connection: sa.Connection, now: datetime) -> tuple[Snooze, ...]:
    """Return the snoozes that have not ended, those that end first first."""
    found = sa.select(snoozes).where(snoozes.c.ends_at > now).order_by(snoozes.c.ends_at, snoozes.c.ticket_id)
    return tuple(
        Snooze(row.ticket_id, row.ticket_number, row.ends_at, row.made_by, row.reason, row.made_at)
        for row in connection.execute(found)
    )


def mark(connection: sa.Connection, wanted: Mark) -> None:
    """Mark a ticket. A mark that it has already counts as undone by whoever marks it anew."""
    row = {
        "ticket_id": wanted.ticket_id,
        "ticket_number": wanted.ticket_number,
        "customer": wanted.customer,
        "made_by": wanted.by,
        "reason": wanted.reason,
        "made_at": wanted.at,
    }
    same = sa.select(marks.c.id).where(*(marks.c[name] == value for name, value in row.items()))
    if connection.execute(same).first() is None:
        unmark(connection, wanted.ticket_id, wanted.by, wanted.at)
        connection.execute(sa.insert(marks).values(row))


def unmark(connection: sa.Connection, ticket_id: str, by: str, at: datetime) -> bool:
    """Take a ticket's mark back; whether it had one."""
    undoing = sa.update(marks).where(marks.c.ticket_id == ticket_id, marks.c.undone_at.is_(None))
    return connection.execute(undoing.values(undone_by=by, undone_at=at)).rowcount > 0


def standing_marks(connection: sa.Connection) -> tuple[Mark, ...]:
    """Return the marks that nobody took back, oldest first."""
    found = sa.select(marks).where(marks.c.undone_at.is_(None)).order_by(marks.c.made_at, marks.c.id)
    return tuple(_mark(row) for row in connection.execute(found))


def marks_since(connection: sa.Connection, moment: datetime) -> tuple[MarkRecord, ...]:
    """Return the marks made at `moment` or later, undone ones too, oldest first."""
    found = sa.select(marks).where(marks.c.made_at >= moment).order_by(marks.c.made_at, marks.c.id)
    return tuple(MarkRecord(_mark(row), row.undone_by, row.undone_at) for row in connection.execute(found))


def _mark(row: sa.Row[tuple[object, ...]]) -> Mark:
    return Mark(row.ticket_id, row.ticket_number, row.customer, row.made_by, row.reason, row.made_at)
