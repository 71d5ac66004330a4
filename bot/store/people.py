"""Who wants a digest of their own, and who says that a warning was wrong."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.store import audit
from bot.store.audit import Act, AuditEntry
from bot.store.database import insert
from bot.store.records import Statistics, Subscription, WrongReport
from bot.store.standing import latest_warning
from bot.store.tables import subscriptions, warnings, wrong_reports


def subscribe(connection: sa.Connection, wanted: Subscription, at: datetime) -> None:
    """Keep what a person wants, in place of what they wanted before."""
    adding = insert(connection, subscriptions).values(
        user_id=wanted.user, customers=list(wanted.customers), mine=wanted.mine
    )
    replaced = {"customers": adding.excluded.customers, "mine": adding.excluded.mine}
    connection.execute(adding.on_conflict_do_update(index_elements=[subscriptions.c.user_id], set_=replaced))
    what = "mine" if wanted.mine else ", ".join(wanted.customers) or "everything"
    audit.add(connection, AuditEntry(at, Act.SUBSCRIBED, who=wanted.user, what=what))


def unsubscribe(connection: sa.Connection, user: str, by: str, at: datetime) -> bool:
    """Forget what a person wants; whether they had subscribed."""
    had_one = connection.execute(sa.delete(subscriptions).where(subscriptions.c.user_id == user)).rowcount > 0
    if had_one:
        audit.add(connection, AuditEntry(at, Act.UNSUBSCRIBED, who=by, what=user))
    return had_one


def subscribers(connection: sa.Connection) -> tuple[Subscription, ...]:
    """Return every subscription, by the person's id."""
    found = [Subscription(row.user_id, tuple(row.customers), row.mine) for row in _all(connection, subscriptions)]
    return tuple(sorted(found, key=lambda subscription: subscription.user))


def report_wrong(connection: sa.Connection, report: WrongReport) -> None:
    """Keep a report, tied to the last warning said of the ticket; the same person and moment again change nothing."""
    adding = insert(connection, wrong_reports).values(
        ticket_id=report.ticket_id,
        ticket_number=report.ticket_number,
        reported_by=report.by,
        reported_at=report.at,
        evidence=dict(report.evidence),
        warning_id=latest_warning(connection, report.ticket_id),
    )
    connection.execute(adding.on_conflict_do_nothing())
    entry = AuditEntry(
        report.at,
        Act.REPORTED_WRONG,
        who=report.by,
        why=str(report.evidence.get("remark") or ""),
        ticket_number=report.ticket_number,
        ticket_id=report.ticket_id,
    )
    audit.add(connection, entry, key=f"{entry.act}:{report.ticket_id}:{report.by}:{report.at.isoformat()}")


def purge(connection: sa.Connection, before: datetime) -> None:
    """Forget what earlier reports say; that they were made counts on."""
    connection.execute(sa.update(wrong_reports).where(wrong_reports.c.reported_at < before).values(evidence={}))


def reports(connection: sa.Connection) -> tuple[WrongReport, ...]:
    """Return every report, oldest first."""
    found = [
        WrongReport(row.ticket_id, row.ticket_number, row.reported_by, row.reported_at, row.evidence)
        for row in _all(connection, wrong_reports)
    ]
    return tuple(sorted(found, key=lambda report: report.at))


def statistics(connection: sa.Connection) -> Statistics:
    """Count warnings. A report about a ticket that was never warned about is kept, but is no false alarm."""
    counted = connection.execute(
        sa.select(
            sa.select(sa.func.count(warnings.c.id)).scalar_subquery(),
            sa.select(sa.func.count(sa.distinct(wrong_reports.c.warning_id))).scalar_subquery(),
            sa.select(sa.func.count(warnings.c.retracted_at)).scalar_subquery(),
        )
    ).one()
    return Statistics(warnings_said=counted[0], reported_wrong=counted[1], retracted=counted[2])


def _all(connection: sa.Connection, table: sa.Table) -> sa.CursorResult[tuple[object, ...]]:
    return connection.execute(sa.select(table).order_by(*table.primary_key.columns))
