"""Runs of the digest, and what each did to the warnings."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.digest.model import TREND_RUNS, Digest, TrendPoint
from bot.store import expected, standing
from bot.store.standing import Said
from bot.store.tables import runs


def remember(connection: sa.Connection, digest: Digest, key: str) -> bool:
    """Keep a run and its effect on the standing warnings; False, and nothing done, when the key is known.

    Raises:
        ValueError: an unbilled line is not a proved `not_invoiced`.

    """
    if connection.execute(sa.select(runs.c.id).where(runs.c.run_key == key)).first() is not None:
        return False  # nobody can add it between this question and the end: writers take turns
    _add(connection, digest, key)
    for resolved in digest.resolved:
        standing.end(connection, resolved, digest.made_at)
    for line in digest.unbilled:
        standing.say(connection, Said(line.finding, digest.made_at, digest.day, "digest", line.amount))
    expected.remember(connection, (line.finding for line in digest.tickets), digest.day)
    return True


def trend(connection: sa.Connection) -> tuple[TrendPoint, ...]:
    """Return the last 20 runs of everything, oldest first."""
    latest = (
        sa.select(runs)
        .where(runs.c.complete.is_(True))
        .order_by(runs.c.made_at.desc(), runs.c.id.desc())
        .limit(TREND_RUNS)
    )
    newest_first = connection.execute(latest).all()
    return tuple(TrendPoint(row.day, row.unbilled, row.at_risk) for row in reversed(newest_first))


def last_made(connection: sa.Connection) -> datetime | None:
    """Return when the last run of everything was made."""
    return connection.execute(sa.select(sa.func.max(runs.c.made_at)).where(runs.c.complete.is_(True))).scalar()


def _add(connection: sa.Connection, digest: Digest, key: str) -> None:
    adding = sa.insert(runs).values(
        run_key=key,
        day=digest.day,
        made_at=digest.made_at,
        complete=not digest.is_part,
        checked=digest.checked,
        unbilled=len(digest.unbilled),
        at_risk=digest.at_risk,
        failures=[],
    )
    connection.execute(adding)
