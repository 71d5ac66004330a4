"""The close of a month at once, for somebody who waits at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from bot.billing.search.scheduler import Progress, Session
from bot.billing.verifier import Verifier
from bot.digest.close import Close, Remembered, close_month, window_of
from bot.jobs.digest_making import DigestRules, make_digest, proved_lately
from bot.jobs.digest_now import DigestNow


def close_from(
    verifier: Verifier,
    session: Session,
    rules: DigestRules,
    month: date,
    remembered: Remembered,
    *,
    now: datetime,
    proved: frozenset[str] = frozenset(),
    on_progress: Callable[[Progress], None],
) -> Close:
    """Make the close of a month; `proved` are tickets as for `make_digest`.

    Raises:
        DigestFailedError: the tickets could not be read.

    """
    window, day = window_of(month, rules.zone, now), now.astimezone(rules.zone).date()
    digest = make_digest(
        verifier,
        session,
        replace(remembered.history, standing=()),  # the month's own tickets, and no others
        rules,
        now=now,
        window=window,
        proved=proved | proved_lately(remembered.history, day),
        on_progress=on_progress,
    )
    return close_month(digest, window, month, remembered)


def make_close(maker: DigestNow, month: date, on_progress: Callable[[Progress], None]) -> Close:
    """Make the close of a month, compare it with the one before, and keep it in its place.

    Cut off and made again it reads only what is not yet remembered.

    Raises:
        DigestFailedError: the tickets could not be read.

    """
    now, memory = maker.clock(), maker.memory
    remembered = Remembered() if memory is None else memory.for_close(month, now)
    with maker.session() as session:
        close = close_from(maker.verifier, session, maker.rules, month, remembered, now=now, on_progress=on_progress)
    if memory is not None:
        memory.keep_close(close)
    return close
