"""Warning messages as they were posted: what they said, on what evidence, and what was added since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.database import insert
from bot.store.records import KeptPost, PostAddress
from bot.store.tables import messages, posts, warnings


def keep(connection: sa.Connection, place: PostAddress, post: KeptPost, at: datetime) -> None:
    """Keep a message; keeping it again changes nothing."""
    adding = insert(connection, posts).values(
        channel=place.channel,
        ts=place.ts,
        text=post.text,
        blocks=list(post.blocks),
        updates=list(post.updates),
        evidence=dict(post.evidence),
        posted_at=at,
    )
    connection.execute(adding.on_conflict_do_nothing())


def add_update(connection: sa.Connection, place: PostAddress, update: str) -> KeptPost | None:
    """Note what is added to a message, once; returns the message with it, None where it was not kept."""
    kept = post_at(connection, place)
    if kept is None or update in kept.updates:
        return kept
    changed = KeptPost(kept.text, kept.blocks, (*kept.updates, update), kept.evidence)
    connection.execute(sa.update(posts).where(*_at(place)).values(updates=list(changed.updates)))
    return changed


def post_at(connection: sa.Connection, place: PostAddress) -> KeptPost | None:
    """Return the message at a place."""
    row = connection.execute(sa.select(posts).where(*_at(place))).one_or_none()
    return None if row is None else KeptPost(row.text, tuple(row.blocks), tuple(row.updates), row.evidence)


def evidence_of(connection: sa.Connection, ticket_id: str) -> Mapping[str, Any] | None:
    """Return the finding behind the latest message that warns about a ticket."""
    naming = (
        sa.select(posts.c.evidence)
        .join(messages, sa.and_(messages.c.channel == posts.c.channel, messages.c.ts == posts.c.ts))
        .where(messages.c.ticket_id == ticket_id)
        .order_by(posts.c.posted_at.desc())
        .limit(1)
    )
    evidence = connection.execute(naming).scalar_one_or_none()
    return None if evidence is None else evidence.get(ticket_id)


def forget_old(connection: sa.Connection, before: datetime) -> int:
    """Forget the messages from before a moment that warn about nothing that stands; returns how many."""
    stands = sa.select(warnings.c.ticket_id).where(warnings.c.ended_at.is_(None))
    connection.execute(sa.delete(messages).where(messages.c.posted_at < before, messages.c.ticket_id.not_in(stands)))
    still_warns = sa.exists().where(messages.c.channel == posts.c.channel, messages.c.ts == posts.c.ts)
    return connection.execute(sa.delete(posts).where(posts.c.posted_at < before, ~still_warns)).rowcount


def _at(place: PostAddress) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return posts.c.channel == place.channel, posts.c.ts == place.ts
