"""Runs many searches side by side: each goes on as soon as its own answers are there, and no read is done twice.

The searches ask; a `Session` does the reads. The scheduler itself does no I/O and takes no clock, so a job that is run
again with recorded answers takes exactly the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from bot.billing.search.bounds import QUESTION, Bounds, size_of
from bot.billing.search.queries import Answer, Answers, Asking, Failed, LedgerRead, Read, ReadInvoice
from bot.syncro.errors import FailureKind

Result = TypeVar("Result")

FAILURES_BEFORE_GIVING_UP = 16
"""So many failed reads without a single success mean that nothing can be read at all."""

_PASSING = frozenset({FailureKind.UNAVAILABLE, FailureKind.UNREADABLE})
"""What may go well later: Syncro was away, or answered with a web page."""


@dataclass(frozen=True)
class Batch:
    """Answers that have come in, each to a read that was submitted; and when they were there."""

    answers: tuple[tuple[Read[Any], Answer[Any]], ...]
    at: datetime


class Session(Protocol):
    """Does the reads of one request."""

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        """Begin to do the reads, in any order and side by side. Returns at once.

        None of them may be under way already; once its answer is collected a read may be submitted again.
        """
        ...

    def collect(self) -> Batch:
        """Wait for at least one answer to a submitted read. A failed read is an answer too; nothing is raised."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a request has come."""

    at: datetime
    tickets: int
    tickets_done: int
    invoices_read: int
    api_calls: int


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What a search returned, and the API calls it was the first to need."""

    value: Result
    calls: int


@dataclass
class _Running(Generic[Result]):
    """A search under way: the reads it asked for last (None before it has begun), and how many are unanswered."""

    search: Asking[Result]
    asked: Sequence[Read[Any]] | None = None
    missing: int = 0
    calls: int = 0


class Scheduler:
    """Takes the reads that searches ask for, has each done once, and hands the answers round."""

    def __init__(
        self,
        session: Session,
        started_at: datetime,
        *,
        bounds: Bounds = QUESTION,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.now = started_at
        self.started_at = started_at
        self.api_calls = 0
        self.tickets = 0
        self._tickets_done = 0
        self._session = session
        self._on_progress = on_progress
        self._bounds = bounds
        self._details = self._size = 0
        """Details asked for, and about how many bytes all answers take."""
        self._answers: dict[Read[Any], Any] = {}
        self._invoices_read = 0
        self._failures = 0
        self._last_failure: Failed | None = None
        self._any_success = False
        self._dead_end: Failed | None = None

    @property
    def outage(self) -> str:
        """Why nothing at all could be read; empty when something was."""
        if self._dead_end is not None and not self._any_success:
            return self._dead_end.sentence
        return ""

    def run(self, searches: Sequence[Asking[Result]], *, of_tickets: bool = False) -> list[Outcome[Result]]:
        """Advance all searches until each has returned. Where they are `of_tickets`, those that end are shown."""
        return _Round(self, searches, of_tickets=of_tickets).finish()

    def ask(self, search: Asking[Result]) -> Result:
        """Run a single search."""
        return self.run([search])[0].value

    # --- for the round under way ---

    def answers_to(self, reads: Iterable[Read[Any]]) -> Answers:
        """The answers to reads that have all been answered."""
        return Answers({read: self._answers[read] for read in reads})

    @property
    def is_at_dead_end(self) -> bool:
        """Whether asking on cannot help."""
        return self._dead_end is not None

    def knows(self, read: Read[Any]) -> bool:
        """Whether the read has its answer already; at a dead end and out of bounds every read does."""
        if read not in self._answers and not isinstance(read, LedgerRead):
            refusal = self._dead_end or self._out_of_bounds(read)
            if refusal is not None:
                self._answers[read] = refusal
        return read in self._answers

    def _out_of_bounds(self, read: Read[Any]) -> Failed | None:
        bounds = self._bounds
        if self._size > bounds.size:
            most = f"{bounds.size // 1024 // 1024} MB of answers from Syncro"
        elif isinstance(read, ReadInvoice) and self._details >= bounds.details:
            most = f"{bounds.details:,} invoices"
        else:
            return None
        return Failed(FailureKind.UNREADABLE, f"More than {most} would have to be read, which is the most at once.")

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        """Have the reads done."""
        self._details += sum(isinstance(read, ReadInvoice) for read in reads)
        if reads:
            self._session.submit(reads)

    def collect(self) -> Batch:
        """Take in the next answers."""
        batch = self._session.collect()
        self.now = batch.at
        for read, answer in batch.answers:
            self._answers[read] = answer.value
            self._size += 0 if isinstance(read, LedgerRead) else size_of(answer.value)
            self.api_calls += answer.calls
            self._judge(read, answer.value)
        return batch

    def nothing_more_comes(self) -> None:
        """Every read was answered. When all have failed, further ones would too."""
        if not self._any_success:
            self._dead_end = self._dead_end or self._last_failure

    def forget_failures(self) -> bool:
        """Let what could not be read be asked for once more; False where nothing is worth it."""
        if self._dead_end is not None:
            return False
        failed = [read for read, value in self._answers.items() if isinstance(value, Failed) and value.kind in _PASSING]
        for read in failed:
            del self._answers[read]
        return bool(failed)

    def show(self, tickets_done: int | None = None) -> None:
        """Say how far we are. `tickets_done` stays what it was where nothing is said of it."""
        self._tickets_done = self._tickets_done if tickets_done is None else tickets_done
        self._on_progress(
            Progress(
                at=self.now,
                tickets=self.tickets,
                tickets_done=self._tickets_done,
                invoices_read=self._invoices_read,
                api_calls=self.api_calls,
            )
        )

    def _judge(self, read: Read[Any], value: Any) -> None:
        """Stop asking when it cannot help: the token was refused, or nothing has been readable from the start."""
        if isinstance(read, LedgerRead):
            return
        if not isinstance(value, Failed) or value.kind is FailureKind.NOT_FOUND:
            self._any_success = True
            self._invoices_read += isinstance(read, ReadInvoice) and not isinstance(value, Failed)
            return
        self._failures += 1
        self._last_failure = value
        if value.kind is FailureKind.UNAUTHORISED or (
            not self._any_success and self._failures >= FAILURES_BEFORE_GIVING_UP
        ):
            self._dead_end = self._dead_end or value


class _Round(Generic[Result]):
    """One call of `Scheduler.run`."""

    def __init__(self, scheduler: Scheduler, searches: Sequence[Asking[Result]], *, of_tickets: bool) -> None:
        self._scheduler = scheduler
        self._of_tickets = of_tickets
        self._running = [_Running(search) for search in searches]
        self._results: dict[int, Result] = {}
        self._askers: dict[Read[Any], list[int]] = {}
        """Who waits for each unanswered read, in the order in which they asked."""

    def finish(self) -> list[Outcome[Result]]:
        self._advance(range(len(self._running)))
        while len(self._results) < len(self._running):
            batch = self._scheduler.collect()
            ready: dict[int, None] = {}
            for read, answer in batch.answers:
                self._settle(read, answer.calls, ready)
            if not self._askers:
                self._scheduler.nothing_more_comes()
            if self._scheduler.is_at_dead_end:
                for read in [read for read in self._askers if self._scheduler.knows(read)]:
                    self._settle(read, 0, ready)
            self._advance(ready)
            if any(not isinstance(read, LedgerRead) for read, _ in batch.answers):
                self._scheduler.show(len(self._results) if self._of_tickets else None)
        return [Outcome(self._results[index], one.calls) for index, one in enumerate(self._running)]

    def _settle(self, read: Read[Any], calls: int, ready: dict[int, None]) -> None:
        askers = self._askers.pop(read, [])
        for place, index in enumerate(askers):
            running = self._running[index]
            running.calls += calls if place == 0 else 0
            running.missing -= 1
            if running.missing == 0:
                ready[index] = None

    def _advance(self, ready: Iterable[int]) -> None:
        """Go on with the searches that have their answers, and submit in one go what they ask for next."""
        wanted: list[Read[Any]] = []
        for index in ready:
            unknown = self._go_on(index)
            self._running[index].missing = len(unknown)
            for read in unknown:
                askers = self._askers.setdefault(read, [])
                if not askers:
                    wanted.append(read)
                askers.append(index)
        self._scheduler.submit(wanted)

    def _go_on(self, index: int) -> list[Read[Any]]:
        """Advance a search until it ends or asks for what is not known yet; returns that."""
        running = self._running[index]
        while True:
            try:
                if running.asked is None:
                    running.asked = next(running.search)
                else:
                    running.asked = running.search.send(self._scheduler.answers_to(running.asked))
            except StopIteration as stop:
                self._results[index] = stop.value
                return []
            unknown = [read for read in dict.fromkeys(running.asked) if not self._scheduler.knows(read)]
            if unknown:
                return unknown
