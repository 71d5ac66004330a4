"""What managers decided: tickets put aside for a while, and tickets marked as non-billable."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.digest.model import Mark, Snooze
from bot.store import audit
from bot.store.audit import Act, AuditEntry
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
    what = f"until {wanted.until.isoformat()}"
    _note(connection, Act.SNOOZED, wanted.ticket_id, wanted.ticket_number, wanted.by, wanted.at, what, wanted.reason)


def wake(connection: sa.Connection, ticket_id: str, by: str, at: datetime) -> None:
    """End a ticket's snooze, where there is one."""
    of_ticket = snoozes.c.ticket_id == ticket_id
    number = connection.execute(sa.select(snoozes.c.ticket_number).where(of_ticket)).scalar()
    if number is not None:
        connection.execute(sa.delete(snoozes).where(of_ticket))
        _note(connection, Act.WOKEN, ticket_id, number, by, at)


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
        number, reason = wanted.ticket_number, wanted.reason
        _note(connection, Act.MARKED, wanted.ticket_id, number, wanted.by, wanted.at, "non-billable", reason)


def unmark(connection: sa.Connection, ticket_id: str, by: str, at: datetime) -> bool:
    """Take a ticket's mark back; whether it had one."""
    standing = sa.and_(marks.c.ticket_id == ticket_id, marks.c.undone_at.is_(None))
    number = connection.execute(sa.select(marks.c.ticket_number).where(standing)).scalar()
    if number is None:
        return False
    connection.execute(sa.update(marks).where(standing).values(undone_by=by, undone_at=at))
    _note(connection, Act.UNMARKED, ticket_id, number, by, at)
    return True


def standing_marks(connection: sa.Connection) -> tuple[Mark, ...]:
    """Return the marks that nobody took back, oldest first."""
    found = sa.select(marks).where(marks.c.undone_at.is_(None)).order_by(marks.c.made_at, marks.c.id)
    return tuple(_mark(row) for row in connection.execute(found))


def marks_since(connection: sa.Connection, moment: datetime) -> tuple[MarkRecord, ...]:
    """Return the marks made at `moment` or later, undone ones too, oldest first."""
    found = sa.select(marks).where(marks.c.made_at >= moment).order_by(marks.c.made_at, marks.c.id)
    return tuple(MarkRecord(_mark(row), row.undone_by, row.undone_at) for row in connection.execute(found))


def _note(
    connection: sa.Connection,
    act: Act,
    ticket_id: str,
    number: str,
    by: str,
    at: datetime,
    what: str = "",
    why: str = "",
) -> None:
    """Note a decision in the audit table; the same one again once."""
    entry = AuditEntry(at, act, who=by, what=what, why=why, ticket_number=number, ticket_id=ticket_id)
    audit.add(connection, entry, key=f"{act}:{ticket_id}:{by}:{at.isoformat()}:{what}:{why}")


def _mark(row: sa.Row[tuple[object, ...]]) -> Mark:
    return Mark(row.ticket_id, row.ticket_number, row.customer, row.made_by, row.reason, row.made_at)
