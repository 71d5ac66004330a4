"""What the processes that share a database tell each other about the rate limit that they share.

One row for each process, one for each moment at which slots come free again, and one that says how far everybody holds
back after a 429. The number of rows does not grow with the limit.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from bot.store.database import Database, insert
from bot.store.migrations import StoreTooNewError, migrate
from bot.store.tables import rate_ended, rate_processes, rate_restraint
from bot.syncro.restraint import Restraint

MARK_SECONDS = 2.0
"""How long others heed that somebody waits in a process, unless it says so again."""
LATE_ARRIVAL_SECONDS = 5.0
"""A request that is cut off by our end may reach the server so long after it."""
_LOCK = "invoice_bot_rate_budget"
_GRAINS = 1000
"""Moments are rounded up to a thousandth of a window, so that there are never many more rows than that."""
PATIENCE_SECONDS = 3.0
"""Somebody waits for every slot: a database that is busy for longer is as good as away."""
_POSTGRES_PATIENCE = {"connect_timeout": "5", "tcp_user_timeout": "10000"}
"""A server that does not answer must be noticed soon (seconds; milliseconds)."""

_SERVER_TIME = sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS float8)")
_FREE = sa.delete(rate_ended).where(rate_ended.c.free_at <= sa.bindparam("now"))
_STATE = sa.select(
    rate_restraint,
    sa.select(sa.func.coalesce(sa.func.sum(rate_ended.c.calls), 0)).scalar_subquery().label("ended"),
    sa.select(sa.func.max(rate_ended.c.free_at)).scalar_subquery().label("last_free_at"),
)
_TAKEN = (
    sa.select(sa.func.coalesce(sa.func.sum(rate_ended.c.calls), 0)).where(rate_ended.c.free_at > sa.bindparam("now")),
    sa.select(sa.func.coalesce(sa.func.sum(rate_processes.c.under_way), 0)).where(
        rate_processes.c.counts_until > sa.bindparam("now")
    ),
)
_OTHERS = sa.select(rate_processes).where(rate_processes.c.process != sa.bindparam("me"))


class BudgetTable:
    """One process's way to the tables, which are made or brought up to date where needed.

    Times in the database are seconds on one clock that all processes see: the server's on Postgres, on SQLite the
    machine's monotonic one, which nobody can set and which begins anew when the machine does. `lease` is how many
    seconds a process may be silent before it is taken for dead.
    """

    def __init__(self, database: sa.URL | str, process: str, *, window: float, lease: float) -> None:
        url = sa.make_url(database)
        if url.get_backend_name() != "sqlite":
            url = url.set(query={**_POSTGRES_PATIENCE, **url.query})
        self._database = Database(url, is_expendable=True, patience=PATIENCE_SECONDS)
        self._process = process
        self._window = window
        self._lease = lease
        self._is_up_to_date = False

    @contextmanager
    def opened(self) -> Iterator[Books]:
        """Read the books, and write what is entered, while every other process waits.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away. What was entered may be there or not.

        """
        try:
            if not self._is_up_to_date:
                self._migrate()
            with self._database.writing(lock=_LOCK) as connection:
                yield Books(connection, self._process, self._window, self._lease)
        except Exception:
            self._is_up_to_date = False  # the database that comes back may be an empty one
            raise
        self._is_up_to_date = True

    def left(self, size: int) -> int:
        """How many calls may begin now, of `size` in a window, by all processes together.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.

        """
        with self._database.reading() as connection:
            now: float = time.monotonic() if _is_sqlite(connection) else connection.execute(_SERVER_TIME).scalar_one()
            row = connection.execute(sa.select(rate_restraint)).one()
            taken = sum(int(connection.execute(count, {"now": now}).scalar_one()) for count in _TAKEN)
        restraint = Restraint(row.paused_until, row.share, row.lowered_at, row.calm_since).believable(now)
        if restraint.paused_until > now:
            return 0
        return max(0, restraint.limit_at(now, size, self._window) - taken)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _migrate(self) -> None:
        # A newer release has these tables as well, and the limit is shared with its processes.
        with contextlib.suppress(StoreTooNewError):
            migrate(self._database)


class Books:
    """What the database says at one moment, and what this process enters. Valid within the transaction.

    `now` is the shared clock's time; `read_after` and `read_before` are the moments of this process's monotonic clock
    that it lies between. `taken` is how many slots are taken, apart from this process's own calls under way.
    `others_wait` says that another process has somebody waiting who goes before the background.
    """

    def __init__(self, connection: sa.Connection, process: str, window: float, lease: float) -> None:
        self._connection = connection
        self._process = process
        self._window = window
        self._grain = window / _GRAINS
        self._lease = lease
        self.read_after = time.monotonic()
        self.now: float = self.read_after if _is_sqlite(connection) else connection.execute(_SERVER_TIME).scalar_one()
        self.read_before = time.monotonic()
        connection.execute(_FREE, {"now": self.now})
        state = connection.execute(_STATE).one()
        self._stored = Restraint(state.paused_until, state.share, state.lowered_at, state.calm_since)
        self.restraint = self._stored.believable(self.now)
        self.taken: int = state.ended
        self.others_wait = False
        if state.last_free_at is not None:
            self._bring_near(state.last_free_at)
        for other in connection.execute(_OTHERS, {"me": process}).all():
            self._heed(other)

    def enter_ended(self, moments: Iterable[float]) -> None:
        """Calls of this process have ended, at these moments of its monotonic clock."""
        ended = Counter(self._kept(self.now - (self.read_after - moment) + self._window) for moment in moments)
        counting = {free_at: calls for free_at, calls in ended.items() if free_at > self.now}
        self._add(counting)
        self.taken += sum(counting.values())

    def enter_process(self, under_way: int, *, is_waiting: bool) -> None:
        """So many calls of this process are under way; `is_waiting` asks the background of the others to hold back."""
        entry = {
            "process": self._process,
            "under_way": under_way,
            "counts_until": self._end_of_lease,
            "waits_until": self.now + MARK_SECONDS if is_waiting else 0.0,
        }
        adding = insert(self._connection, rate_processes)
        replaced = {name: adding.excluded[name] for name in ("under_way", "counts_until", "waits_until")}
        self._connection.execute(adding.on_conflict_do_update(index_elements=["process"], set_=replaced), entry)

    def enter_restraint(self) -> None:
        """Keep `restraint`, where it has changed."""
        if self.restraint != self._stored:
            self._connection.execute(sa.update(rate_restraint).values(**vars(self.restraint)))

    def forget_process(self) -> None:
        """Take back what this process has entered about itself: it has no call under way, and nobody waits in it."""
        self._connection.execute(sa.delete(rate_processes).where(rate_processes.c.process == self._process))

    def free_at(self, nth: int) -> float | None:
        """When so many slots will have come free; None where only the end of calls under way can tell."""
        soonest = sa.select(rate_ended.c.free_at, rate_ended.c.calls).order_by(rate_ended.c.free_at).limit(nth)
        for free_at, calls in self._connection.execute(soonest).all():
            nth -= calls
            if nth <= 0:
                return float(free_at)
        return None

    @property
    def _end_of_lease(self) -> float:
        return self.now + self._lease + self._window

    def _kept(self, moment: float) -> float:
        return -(-moment // self._grain) * self._grain

    def _bring_near(self, last_free_at: float) -> None:
        """Where the clock was set back, nothing may count for longer than it would have from now."""
        furthest = self._kept(self.now + self._window + LATE_ARRIVAL_SECONDS + self._grain)
        if last_free_at <= furthest:
            return
        too_far = rate_ended.c.free_at > furthest
        calls = self._connection.execute(sa.select(sa.func.sum(rate_ended.c.calls)).where(too_far)).scalar_one()
        self._connection.execute(sa.delete(rate_ended).where(too_far))
        self._add({furthest: calls})

    def _add(self, ended: Mapping[float, int]) -> None:
        if not ended:
            return
        adding = insert(self._connection, rate_ended)
        more = {"calls": rate_ended.c.calls + adding.excluded.calls}
        rows = [{"free_at": free_at, "calls": calls} for free_at, calls in ended.items()]
        self._connection.execute(adding.on_conflict_do_update(index_elements=["free_at"], set_=more), rows)

    def _heed(self, other: sa.Row[tuple[str, int, float, float]]) -> None:
        row = rate_processes.c.process == other.process
        if other.counts_until <= self.now:
            self._connection.execute(sa.delete(rate_processes).where(row))
            return
        if other.counts_until > self._end_of_lease:
            self._connection.execute(sa.update(rate_processes).where(row).values(counts_until=self._end_of_lease))
        self.taken += other.under_way
        self.others_wait = self.others_wait or self.now < other.waits_until <= self.now + MARK_SECONDS


def _is_sqlite(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"
