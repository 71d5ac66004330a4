"""The close of a month at once, for somebody who waits at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.billing.search.scheduler import Progress
from bot.digest.close import Close, close_month, window_of
from bot.digest.model import History
from bot.jobs.digest_making import make_digest, proved_lately
from bot.jobs.digest_now import DigestNow


def make_close(maker: DigestNow, month: date, on_progress: Callable[[Progress], None]) -> Close:
    """Make the close of a month, compare it with the one before, and keep it in its place.

    Cut off and made again it reads only what is not yet remembered.

    Raises:
        DigestFailedError: the tickets could not be read.

    """
    now = maker.clock()
    window = window_of(month, maker.rules.zone, now)
    known = History() if maker.memory is None else maker.memory.history(now)
    decided = replace(known, standing=(), settled=(), expected=())  # the month's own tickets, and no others
    with maker.session() as session:
        digest = make_digest(
            maker.verifier,
            session,
            decided,
            maker.rules,
            now=now,
            window=window,
            proved=proved_lately(known, now.astimezone(maker.rules.zone).date()),
            on_progress=on_progress,
        )
    began = datetime(month.year, month.month, 1, tzinfo=UTC)
    if maker.memory is None:
        return close_month(digest, window, month, {}, None)
    close = close_month(digest, window, month, maker.memory.recovered_since(began), maker.memory.last_close(month))
    maker.memory.keep_close(close)
    return close
