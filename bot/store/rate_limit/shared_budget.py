"""The rate budget of all threads and processes that share a database."""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa

from bot.store.rate_limit.budget_table import LATE_ARRIVAL_SECONDS, Books, BudgetTable
from bot.syncro.budget import BackgroundLane, PauseInWords, Slots, reserve_of
from bot.syncro.restraint import LONGEST_PAUSE_SECONDS

log = logging.getLogger(__name__)

LEASE_SECONDS = 150.0
"""A process that was silent for so long is dead: no call takes that long, and the living speak up far sooner."""
_LOOK_AGAIN_SECONDS = 0.5
"""How often, while somebody waits, we look what other processes have changed."""
_STUCK_SECONDS = 10.0
"""A database that answers nothing for so long, and breaks nothing off either, is as good as away."""
_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 15.0
_CLOSING_SECONDS = 2.0


class _Portion(NamedTuple):
    """So many callers of each lane."""

    interactive: int
    background: int


class SharedBudget:
    """Hands out `requests_per_window` slots to all threads of all processes that use the same database.

    A slot is taken from before a call until a window after its end (see `Slots`), so that no rolling window of the
    server's holds more requests than the limit, whoever makes them. Each process may have a limit of its own: it
    keeps that one against the calls of all. The window must be the same everywhere: 60 seconds for Syncro.

    One thread of each process, the clerk, speaks for all the others: it tells the database about many beginnings
    and ends at once. It sleeps while nobody calls. Callers who wait are served before background work, in whichever
    process. While the database is away each process keeps the limit by itself.

    The slots that a process held when it died come free one window after `lease_seconds`.
    """

    def __init__(
        self,
        database: sa.URL | str,
        requests_per_window: int,
        *,
        window_seconds: float = 60.0,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._slots = Slots(requests_per_window, window_seconds)  # this process's own: an upper bound in any weather
        self._table = BudgetTable(database, uuid.uuid4().hex, window=window_seconds, lease=lease_seconds)
        self._window = window_seconds
        self._report_within = min(0.2, window_seconds / 10)
        self._renew_within = lease_seconds / 3
        self._changed = threading.Condition()
        self._interactive: deque[threading.Event] = deque()
        self._background: deque[threading.Event] = deque()
        self._ended: list[float] = []  # moments that the database does not know yet
        self._refusals: list[tuple[float, float | None]] = []  # the same, with what Retry-After said
        self._look_again_at = math.inf
        self._free_at = -math.inf
        """When a slot is expected for those who wait."""
        self._reported_at = -math.inf
        self._is_alone = False
        self._retry_at = -math.inf
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._clerk: threading.Thread | None = None
        self._at_database_since = math.inf
        self._is_closing = False
        self._pause_in_words = PauseInWords()

    @contextmanager
    def call(self, longest_pause: float = math.inf) -> Iterator[None]:
        """See `CallBudget`. What another process was told is known here after a few seconds."""
        with self._holding(self._interactive, longest_pause):
            yield

    def background(self) -> BackgroundLane:
        """The same budget for work that nobody waits for.

        It leaves a third of the slots free, and comes after the callers who wait in any process.
        """
        return BackgroundLane(lambda longest_pause: self._holding(self._background, longest_pause), self.refused)

    def refused(self, retry_after: float | None) -> None:
        """Let nobody, in any process, begin a request for that many seconds (5 if None), and then fewer for a while.

        See `RateBudget.refused`.
        """
        with self._changed:
            refusal = (time.monotonic(), retry_after)
            self._refusals.append(refusal)
            self._restrain(refusal)
            self._pause_in_words.say(self._slots, refusal[0])
            self._wake_clerk()

    def seconds_held_back(self) -> float:
        """See `RateBudget.seconds_held_back`."""
        with self._changed:
            is_awaited = bool(self._interactive or self._background)
            return max(0.0, self._free_at - time.monotonic()) if is_awaited else 0.0

    def left(self) -> int:
        """How many calls may begin now, by all processes together, as far as the database knows.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it is away.

        """
        return self._table.left(self._slots.size)

    def close(self) -> None:
        """Tell the database what has ended, and let go of it. Those who wait go first, for 2 s at most.

        Calls that are still under way are taken for cut off: others need not wait until this process counts as dead.
        """
        with self._changed:
            clerk = self._clerk
            if clerk is not None:
                self._is_closing = True
                self._changed.notify_all()
        if clerk is not None:
            clerk.join(_CLOSING_SECONDS)
        self._table.close()

    # --- the callers ---

    @contextmanager
    def _holding(self, lane: deque[threading.Event], longest_pause: float) -> Iterator[None]:
        self._wait_in(lane, longest_pause)
        try:
            yield
        finally:
            with self._changed:
                self._end_call()

    def _wait_in(self, lane: deque[threading.Event], longest_pause: float) -> None:
        turn = threading.Event()
        with self._changed:
            self._slots.refuse_long_pause(time.monotonic(), longest_pause)
            lane.append(turn)
            self._look_again_at = -math.inf
            self._wake_clerk()
        try:
            while not turn.wait(self._seconds_until_stuck()):
                self._serve_where_the_clerk_is_stuck()
                with self._changed:
                    self._slots.refuse_long_pause(time.monotonic(), longest_pause)
        except BaseException:  # also Ctrl-C, which reaches the main thread wherever it waits
            with self._changed:
                if turn.is_set():
                    self._end_call()
                else:
                    lane.remove(turn)
            raise

    def _end_call(self) -> None:
        now = time.monotonic()
        self._slots.end(now)
        self._ended.append(now)
        if len(self._ended) == 1:
            self._wake_clerk()  # so that it sets its alarm

    def _wake_clerk(self) -> None:
        if self._clerk is None:
            self._clerk = threading.Thread(target=self._serve, name="rate-budget", daemon=True)
            self._clerk.start()
        self._changed.notify_all()

    def _restrain(self, refusal: tuple[float, float | None]) -> None:
        at, retry_after = refusal
        self._slots.restraint = self._slots.restraint.refused(at, retry_after, self._window)

    # --- the clerk ---

    def _serve(self) -> None:
        while True:
            self._sleep_until_due()
            if time.monotonic() >= self._retry_at:
                self._at_database_since = time.monotonic()
                try:
                    self._serve_by_database()
                except Exception as error:  # noqa: BLE001 - whatever ails the database, the callers must not wait for ever
                    self._part_from_database(error)
                self._at_database_since = math.inf
            if time.monotonic() < self._retry_at:
                self._serve_alone()
            with self._changed:
                if self._is_closing and not self._interactive and not self._background:
                    self._clerk, self._is_closing = None, False
                    return

    def _sleep_until_due(self) -> None:
        with self._changed:
            while (due := self._next_due()) > (now := time.monotonic()):
                self._changed.wait(None if math.isinf(due) else due - now)

    def _next_due(self) -> float:
        """When there is something to do, on the monotonic clock; infinite where nothing is."""
        due = math.inf
        if self._interactive or self._background:
            due = self._look_again_at
        elif self._is_closing:
            return -math.inf
        if self._refusals:
            due = min(due, self._retry_at)
        if self._ended:
            due = min(due, max(self._ended[0] + self._report_within, self._retry_at))
        if self._slots.under_way:
            due = min(due, max(self._reported_at + self._renew_within, self._retry_at))
        return due

    def _serve_by_database(self) -> None:
        with self._changed:
            ended, refusals = tuple(self._ended), tuple(self._refusals)
            under_way, is_last = self._slots.under_way, self._is_closing
            asking = _Portion(len(self._interactive), len(self._background))
            self._look_again_at = math.inf  # whoever comes from here on sets it again
        with self._table.opened() as books:
            books.enter_ended(ended)
            self._enter_refusals(books, refusals)
            granted, look_again_at = self._share_out(books, under_way, asking)
            under_way += sum(granted)
            if is_last and not any(asking):
                books.enter_ended([books.read_after + LATE_ARRIVAL_SECONDS] * under_way)
                books.forget_process()
            else:
                books.enter_process(under_way, is_waiting=granted.interactive < asking.interactive)
        with self._changed:
            del self._ended[: len(ended)], self._refusals[: len(refusals)]
            self._reported_at = books.read_after
            self._slots.restraint = books.restraint.shifted(books.read_before - books.now)
            for refusal in self._refusals:  # those that came meanwhile
                self._restrain(refusal)
            self._pause_in_words.say(self._slots, books.read_before)
            self._grant(granted)
            self._look_again_at = min(self._look_again_at, look_again_at)
            if self._is_alone:
                self._is_alone, self._retry_seconds = False, _FIRST_RETRY_SECONDS
                log.info("The database answers again: the rate budget is shared with other processes")

    def _enter_refusals(self, books: Books, refusals: tuple[tuple[float, float | None], ...]) -> None:
        for at, retry_after in refusals:
            moment = books.now - (books.read_after - at)
            books.restraint = books.restraint.refused(moment, retry_after, self._window)
        books.enter_restraint()

    def _share_out(self, books: Books, under_way: int, asking: _Portion) -> tuple[_Portion, float]:
        """Who may begin now, and when to look again for the others."""
        pause = books.restraint.paused_until - books.now
        if pause > 0:
            self._free_at = books.read_before + pause
            return _Portion(0, 0), books.read_before + min(pause, _LOOK_AGAIN_SECONDS)
        limit = books.restraint.limit_at(books.now, self._slots.size, self._window)
        with self._changed:
            own = self._slots.taken(time.monotonic())  # the database's clock may have been set forward
        taken = max(books.taken + under_way, own)
        granted = _portion(limit, taken, asking, holds_back=books.others_wait)
        if granted == asking:
            return granted, math.inf
        most = limit if granted.interactive < asking.interactive else limit - reserve_of(limit)
        lacking = books.taken + under_way + sum(granted) - most + 1
        free_at = books.free_at(lacking) if lacking > 0 else None
        wait = _LOOK_AGAIN_SECONDS if free_at is None else free_at - books.now
        self._free_at = books.read_before + wait
        return granted, books.read_before + min(wait, _LOOK_AGAIN_SECONDS)

    def _grant(self, granted: _Portion) -> None:
        """Let so many begin; fewer where callers have served themselves meanwhile (see `_seconds_until_stuck`)."""
        now = time.monotonic()
        free = self._slots.limit_at(now) - self._slots.taken(now)
        for lane, count in ((self._interactive, granted.interactive), (self._background, granted.background)):
            for _ in range(min(count, len(lane), free)):
                self._slots.take()
                lane.popleft().set()
                free -= 1

    # --- without the database ---

    def _part_from_database(self, error: Exception) -> None:
        with self._changed:
            if not self._is_alone:
                log.warning(
                    "The database is away (%s): until it answers, this process keeps the rate limit by itself",
                    type(error).__name__,
                )
            self._is_alone = True
            self._retry_at = time.monotonic() + self._retry_seconds
            self._retry_seconds = min(2 * self._retry_seconds, _LONGEST_RETRY_SECONDS)

    def _seconds_until_stuck(self) -> float:
        """When a caller looks whether the clerk comes back from the database."""
        return max(
            _LOOK_AGAIN_SECONDS, min(self._at_database_since + _STUCK_SECONDS - time.monotonic(), _STUCK_SECONDS)
        )

    def _serve_where_the_clerk_is_stuck(self) -> None:
        """Let a caller see to it that all are served, where the database hangs."""
        with self._changed:
            if time.monotonic() - self._at_database_since >= _STUCK_SECONDS:
                self._grant_alone()

    def _serve_alone(self) -> None:
        with self._changed:
            now = time.monotonic()
            self._ended = [at for at in self._ended if at + self._window > now]
            self._refusals = [(at, told) for at, told in self._refusals if at + LONGEST_PAUSE_SECONDS > now]
            self._grant_alone()
            wait = self._slots.seconds_to_wait(now, in_background=not self._interactive)
            self._free_at = now + (_LOOK_AGAIN_SECONDS if wait is None else wait)
            self._look_again_at = min(self._free_at, now + _LOOK_AGAIN_SECONDS)

    def _grant_alone(self) -> None:
        """Let those begin whom this process's own slots allow."""
        now, slots = time.monotonic(), self._slots
        if slots.restraint.paused_until <= now:
            asking = _Portion(len(self._interactive), len(self._background))
            self._grant(_portion(slots.limit_at(now), slots.taken(now), asking, holds_back=False))


def _portion(limit: int, taken: int, asking: _Portion, *, holds_back: bool) -> _Portion:
    """How many may begin, those who wait first."""
    free = max(0, limit - taken)
    interactive = min(asking.interactive, free)
    if holds_back or interactive < asking.interactive:
        return _Portion(interactive, 0)
    return _Portion(interactive, max(0, min(asking.background, free - interactive - reserve_of(limit))))
