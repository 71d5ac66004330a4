"""The audit table: who asked and decided what, where and when, what was answered or refused. Only ever added to."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

import sqlalchemy as sa

from bot.store.database import insert
from bot.store.tables import audit
from bot.ticket_references import ID_PREFIX

_LONGEST = 500
"""Characters of what people typed."""


_WORD, _NAME = re.compile(r"\w+"), re.compile(r"[\w-]+")

SELF = "invoice-bot"
"""Who does what nobody asked for."""


class Act(StrEnum):
    """What happened. The values are stored and shown."""

    ANSWERED = "answered"
    FAILED = "failed"
    """A question that was taken, and whose answer broke down."""
    CANCELLED = "cancelled"
    DIGEST = "digest"
    CLOSED = "closed"
    REFUSED = "refused"
    RETRACTED = "retracted"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    MARKED = "marked"
    UNMARKED = "unmarked"
    UNFURLED = "unfurled"
    NUDGED = "nudged"
    NOTHING_TO_BILL = "nothing to bill"
    REPORTED_WRONG = "reported wrong"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    SETTINGS = "settings"


_BY_WORDS = (Act.REFUSED.value, Act.CANCELLED.value)
"""What has no ticket of its own, only the words in which it was asked for."""


@dataclass(frozen=True)
class AuditEntry:
    """One thing that happened. `at` is aware UTC; what does not apply is empty.

    `who` is a Slack id, or a name of our own such as `terminal:dana`; `where` is a channel or `terminal`. `evidence`
    is the SHA-256 of the evidence (hex), `evidence_bytes` its size.
    """

    at: datetime
    act: Act
    who: str = ""
    where: str = ""
    what: str = ""
    why: str = ""
    ticket_number: str = ""
    ticket_id: str = ""
    verdict: str = ""
    invoices: tuple[str, ...] = ()
    evidence: str = ""
    evidence_bytes: int = 0


@dataclass(frozen=True)
class AuditQuery:
    """Which entries are wanted: all that are set must fit. The latest `limit` of them, or all.

    `ticket` is a number or an internal id. What was refused or cancelled is about the tickets that were asked for by
    that very name.
    """

    ticket: str | None = None
    who: str | None = None
    since: datetime | None = None
    limit: int | None = None


def add(connection: sa.Connection, entry: AuditEntry, key: str = "") -> None:
    """Add an entry. The same `key` again changes nothing; without one it is an entry of its own."""
    adding = insert(connection, audit).values(
        entry_key=key or uuid.uuid4().hex,
        at=entry.at,
        act=entry.act.value,
        person=entry.who,
        place=entry.where,
        subject=entry.what[:_LONGEST],
        reason=entry.why[:_LONGEST],
        ticket_number=entry.ticket_number,
        ticket_id=entry.ticket_id,
        verdict=entry.verdict,
        invoices=list(entry.invoices),
        evidence_sha256=entry.evidence,
        evidence_bytes=entry.evidence_bytes,
    )
    connection.execute(adding.on_conflict_do_nothing(index_elements=[audit.c.entry_key]))


def add_first(connection: sa.Connection, entry: AuditEntry, key: str) -> bool:
    """Add an entry; whether it is the one of this key: the same one again is."""
    add(connection, entry, key)
    found = sa.select(audit.c.person, audit.c.place, audit.c.subject).where(audit.c.entry_key == key)
    return tuple(connection.execute(found).one()) == (entry.who, entry.where, entry.what[:_LONGEST])


def entries(connection: sa.Connection, query: AuditQuery) -> tuple[AuditEntry, ...]:
    """Return the latest entries that fit, oldest first."""
    wanted = sa.select(audit).order_by(audit.c.at.desc(), audit.c.id.desc())
    if query.ticket is not None:
        asked_for = audit.c.ticket_number.in_((query.ticket, f"{ID_PREFIX}{query.ticket}"))
        in_words = audit.c.act.in_(_BY_WORDS) & audit.c.subject.contains(query.ticket, autoescape=True)
        wanted = wanted.where(asked_for | (audit.c.ticket_id == query.ticket) | in_words)
    if query.who is not None:
        wanted = wanted.where(audit.c.person == query.who)
    if query.since is not None:
        wanted = wanted.where(audit.c.at >= query.since)
    found = (_entry(row) for row in connection.execute(wanted))
    fitting = (entry for entry in found if query.ticket is None or _is_about(query.ticket, entry))
    return tuple(islice(fitting, query.limit))[::-1]


def purge(connection: sa.Connection, before: datetime) -> int:
    """Remove what is older. Returns how many entries that were."""
    return connection.execute(sa.delete(audit).where(audit.c.at < before)).rowcount


def _is_about(ticket: str, entry: AuditEntry) -> bool:
    """Whether the ticket is named, and is not a part of a longer number."""
    named = (*_WORD.findall(entry.what), *_NAME.findall(entry.what))
    return ticket in (entry.ticket_number.removeprefix(ID_PREFIX), entry.ticket_id, *named)


def _entry(row: sa.Row[tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        at=row.at,
        act=Act(row.act),
        who=row.person,
        where=row.place,
        what=row.subject,
        why=row.reason,
        ticket_number=row.ticket_number,
        ticket_id=row.ticket_id,
        verdict=row.verdict,
        invoices=tuple(row.invoices),
        evidence=row.evidence_sha256,
        evidence_bytes=row.evidence_bytes,
    )
