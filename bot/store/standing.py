"""Warnings: which stand, how earlier ones ended, and where they can be read in Slack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from bot.billing.rules.verdicts import Finding, Verdict, WarningEnding
from bot.digest.model import Resolved, Settled, Standing
from bot.store.database import insert
from bot.store.records import Claim, PostAddress, PostedWarning, Source, WarningRecord
from bot.store.tables import messages, warnings

_AT_ONCE = 500
"""Ids in one question: databases limit the parameters of a statement."""
_CLAIM_HOLDS = timedelta(days=1)
"""A job is tried for about so long; what it had claimed is free then."""


@dataclass(frozen=True)
class Said:
    """One time that a ticket was said to be on no invoice.

    `day` counts when the warning is new. `amount` is the money at risk; a standing warning takes it from a digest only.
    """

    finding: Finding
    at: datetime
    day: date
    source: Source
    amount: Decimal

    @property
    def ticket_id(self) -> str:
        """Syncro's internal id of the ticket.

        Raises:
            ValueError: nothing was found that could be a warning.

        """
        if self.finding.verdict is not Verdict.NOT_INVOICED or not self.finding.ticket_id:
            raise ValueError(f"ticket {self.finding.ticket_number}: only a proved not_invoiced is a warning")
        return self.finding.ticket_id


def say(connection: sa.Connection, said: Said) -> None:
    """Let a warning stand: a new one, or the one that stands already, brought up to date."""
    adding = insert(connection, warnings).values(
        ticket_id=said.ticket_id,
        ticket_number=said.finding.ticket_number,
        customer=said.finding.customer,
        amount=said.amount,
        source=said.source,
        first_said=said.day,
        said_at=said.at,
    )
    news = [adding.excluded.ticket_number, adding.excluded.customer]
    if said.source == "digest":
        news.append(adding.excluded.amount)
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=[warnings.c.ticket_id],
            index_where=warnings.c.ended_at.is_(None),
            set_={column.name: column for column in news},
        )
    )


def end(connection: sa.Connection, resolved: Resolved, at: datetime) -> None:
    """End the warning that stands, where one does. What ended while the digest was made was ended by it."""
    is_said = sa.or_(warnings.c.ended_at.is_(None), warnings.c.ended_at > at)
    connection.execute(
        sa.update(warnings)
        .where(warnings.c.ticket_id == resolved.standing.ticket_id, is_said)
        .values(ended_at=at, ending=resolved.ending.value, invoice_number=resolved.invoice_number)
    )


def retract(
    connection: sa.Connection, ticket_id: str, ending: WarningEnding, invoice_number: str, at: datetime
) -> None:
    """End the warning that stands, and note that each warning of the ticket was taken back."""
    of_ticket = sa.update(warnings).where(warnings.c.ticket_id == ticket_id)
    connection.execute(of_ticket.where(warnings.c.ended_at.is_(None)).values(ended_at=at, ending=ending.value))
    connection.execute(
        of_ticket.where(warnings.c.retracted_at.is_(None)).values(
            retracted_at=at, invoice_number=invoice_number or None
        )
    )


def standing(connection: sa.Connection) -> tuple[Standing, ...]:
    """Return the warnings that stand, those said longest ago first."""
    found = sa.select(warnings).where(warnings.c.ended_at.is_(None)).order_by(warnings.c.first_said, warnings.c.id)
    return tuple(map(_standing, connection.execute(found)))


def settled(connection: sa.Connection, since: datetime | None) -> tuple[Settled, ...]:
    """Return the last warning of each ticket whose warning ended after a moment; none where there is none."""
    if since is None:
        return ()
    found = connection.execute(sa.select(warnings).where(warnings.c.ended_at > since).order_by(warnings.c.id)).all()
    last = {row.ticket_id: row for row in found}
    return tuple(Settled(_standing(row), row.invoice_number or "", WarningEnding(row.ending)) for row in last.values())


def has_been_said(connection: sa.Connection, source: Source) -> bool:
    """Return whether there was ever a warning from this source."""
    return connection.execute(sa.select(warnings.c.id).where(warnings.c.source == source).limit(1)).first() is not None


def warnings_of(connection: sa.Connection, ticket_id: str) -> tuple[WarningRecord, ...]:
    """Return every warning said of a ticket, oldest first."""
    found = sa.select(warnings).where(warnings.c.ticket_id == ticket_id).order_by(warnings.c.id)
    return tuple(_record(row) for row in connection.execute(found))


def latest_warning(connection: sa.Connection, ticket_id: str) -> int | None:
    """Return the key of the last warning said of a ticket."""
    return connection.execute(sa.select(sa.func.max(warnings.c.id)).where(warnings.c.ticket_id == ticket_id)).scalar()


def add_message(connection: sa.Connection, said: Said, place: PostAddress, thread_ts: str | None) -> None:
    """Remember where a warning stands in Slack; the same message and ticket again change nothing."""
    adding = insert(connection, messages).values(
        channel=place.channel,
        ts=place.ts,
        ticket_id=said.ticket_id,
        ticket_number=said.finding.ticket_number,
        thread_ts=thread_ts,
        source=said.source,
        posted_at=said.at,
    )
    connection.execute(adding.on_conflict_do_nothing())


def warned_in(connection: sa.Connection, channel: str, thread_ts: str) -> tuple[PostedWarning, ...]:
    """Return the warnings that stand at the root of a thread, or in it."""
    in_thread = sa.func.coalesce(messages.c.thread_ts, messages.c.ts) == thread_ts
    found = connection.execute(sa.select(messages).where(messages.c.channel == channel, in_thread))
    return tuple(map(_posted, found))


def posted_warnings(connection: sa.Connection, ticket_ids: Iterable[str] | None) -> tuple[PostedWarning, ...]:
    """Return the messages that warn about some tickets (None: about any), oldest first."""
    every = sa.select(messages)
    if ticket_ids is None:
        found = list(connection.execute(every))
    else:
        ids = sorted(set(ticket_ids))
        some = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
        found = [row for part in some for row in connection.execute(every.where(messages.c.ticket_id.in_(part)))]
    found.sort(key=lambda row: (row.posted_at, row.channel, row.ts, row.ticket_id))
    return tuple(map(_posted, found))


def _posted(row: sa.Row[Any]) -> PostedWarning:
    return PostedWarning(row.ticket_id, row.ticket_number, row.channel, row.ts, row.thread_ts, row.source)


def claim_messages(connection: sa.Connection, ticket_id: str, by: str, at: datetime) -> Claim:
    """Let one job take back what no other job is taking back already."""
    lapsed = at - _CLAIM_HOLDS
    of_ticket = messages.c.ticket_id == ticket_id
    free = sa.or_(messages.c.claimed_by.is_(None), messages.c.claimed_by == by, messages.c.claimed_at <= lapsed)
    connection.execute(sa.update(messages).where(of_ticket, free).values(claimed_by=by, claimed_at=at))
    held = {
        (row.channel, row.ts)
        for row in connection.execute(sa.select(messages).where(of_ticket, messages.c.claimed_by != by))
    }
    ours = tuple(each for each in posted_warnings(connection, [ticket_id]) if (each.channel, each.ts) not in held)
    return Claim(ours, others_at_work=bool(held))


def release_claims(connection: sa.Connection, ticket_id: str, by: str) -> None:
    """Let the next job try what this one could not take back."""
    ours = sa.and_(messages.c.ticket_id == ticket_id, messages.c.claimed_by == by)
    connection.execute(sa.update(messages).where(ours).values(claimed_by=None, claimed_at=None))


def forget_messages(
    connection: sa.Connection, ticket_id: str, only: Iterable[PostAddress] | None
) -> list[PostedWarning]:
    """Forget where a ticket's warnings stand: all of them, or some. Returns those that were known."""
    places = None if only is None else {(place.channel, place.ts) for place in only}
    known = [
        each for each in posted_warnings(connection, [ticket_id]) if places is None or (each.channel, each.ts) in places
    ]
    for each in known:
        at_place = sa.and_(messages.c.channel == each.channel, messages.c.ts == each.ts)
        connection.execute(sa.delete(messages).where(messages.c.ticket_id == ticket_id, at_place))
    return known


def _standing(row: sa.Row[tuple[object, ...]]) -> Standing:
    return Standing(row.ticket_id, row.ticket_number, row.customer, row.first_said, row.amount)


def _record(row: sa.Row[tuple[object, ...]]) -> WarningRecord:
    return WarningRecord(
        ticket_id=row.ticket_id,
        ticket_number=row.ticket_number,
        customer=row.customer,
        amount=row.amount,
        source=row.source,
        first_said=row.first_said,
        said_at=row.said_at,
        ended_at=row.ended_at,
        ending=None if row.ending is None else WarningEnding(row.ending),
        invoice_number=row.invoice_number,
        retracted_at=row.retracted_at,
    )
