"""Keeps the ledger current in the background: first what changed, then the tickets of the next digest, then the past.

The past is read newest first, in windows that each reach further back. What is read is kept at once, so a run that is
cut off loses nothing; a window counts as known only when a second walk over its list has missed nothing of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol, TypeVar

from bot.billing.ledger.freshness import FILTER_MARGIN, is_current, is_the_listed_one, reaches
from bot.billing.ledger.model import ACCOUNT, Ledger, RememberedInvoice, SearchedPlace
from bot.billing.rules.invoice import facts_of
from bot.billing.rules.matching import is_the_listed_invoice
from bot.billing.rules.policy import Policy
from bot.billing.search.filters import Changes, can_list_changes, changes_after
from bot.billing.search.finished_tickets import Window, list_tickets
from bot.billing.search.paging import READINGS, Pager, Stability
from bot.billing.search.queries import (
    Asking,
    Failed,
    ListInvoices,
    NotePlaces,
    Read,
    ReadInvoice,
    RowKey,
    detail_read,
    name_of,
    recall,
    row_key,
)
from bot.billing.search.scheduler import Progress, Scheduler, Session
from bot.billing.search.ticket_lookup import look_up
from bot.counting import dated
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceDetail, InvoiceRow, Page

WINDOWS = (timedelta(days=7), timedelta(days=90), None)
"""How far back each window reaches; None: to the first invoice."""
TICKETS_AT_ONCE = 100
REFRESH = timedelta(minutes=15)
"""During a long window, what changed meanwhile is read so often."""
RETRY_AFTER = timedelta(hours=20)
"""A window that could not be proved is not walked again before this."""
RETRY_CHANGES_AFTER = timedelta(hours=2)
"""The same for the changes: where rows tell no times, each try reads all of them anew."""
MOST_GONE = 20
"""More invoices than this do not vanish by themselves: then the list is not trusted."""
MOST_READ = 50_000
"""Invoices read in one run, nearly five hours at Syncro's limit. The next run goes on there."""
FAILURES_OF_AN_OUTAGE = 5
"""So many details of which none can be read mean that Syncro is away; fewer, that these cannot be read."""

NOT_KEPT = "What is read cannot be kept, so the run ends. The log says why."
CHANGES = "changes"
TICKETS = "tickets of the next digest"
"""What a run is at, beside the windows."""

MOST_PAGES_WALKED = 20_000
MOST_ROWS_WALKED = 250_000
"""A list of all invoices that is longer is not walked to its end: something is wrong with it."""
RowName = tuple[str | None, str | None, datetime | None]
"""How a row is known again: by id, number, and when its invoice was made."""
Result = TypeVar("Result")
Value = TypeVar("Value")


class KeptLedger(Ledger, Protocol):
    """A ledger that also knows what it holds."""

    def count_invoices(self) -> int:
        """How many invoices are remembered."""
        ...

    def readings_since(self, since: datetime | None) -> dict[str, datetime]:
        """The remembered invoices that changed at this moment or later (None: all), and when each was read."""
        ...


@dataclass(frozen=True)
class SyncProgress:
    """How far a run has come. `expected` is about how many invoices the present window has; 0 before it is known."""

    stage: str
    seen: int
    expected: int
    read: int
    api_calls: int


class SyncEnding(Enum):
    """How a run ended."""

    DONE = "everything that could be read was"
    STOPPED = "it was asked to stop"
    PAUSED = "it has read as much as one run may"
    ELSEWHERE = "another process is at it"
    OUTAGE = "Syncro cannot be read at all, or not with this token, or nothing can be kept"


@dataclass(frozen=True)
class SyncReport:
    """What a run did. `problem` says what could not be read or why it ended early; empty when all is known."""

    read: int
    known: int
    """How many invoices are remembered now."""
    api_calls: int
    ending: SyncEnding
    is_complete: bool
    """Whether every invoice of the account is known."""
    since: datetime | None = None
    """Every invoice that changed since is known. None where all are, or where nothing of the past is."""
    problem: str = ""


class Walk:
    """One walk over the pages of the account's list: where it is, and what it has seen."""

    def __init__(self, since: datetime | None, number: int, as_of: datetime) -> None:
        def page_read(page: int, reading: int) -> ListInvoices:
            return ListInvoices(page=page, updated_since=since, reading=reading)

        self.as_of = as_of
        """When the walk before it began, or the first one: all that had changed by then is known, if it is proved."""
        self.pager: Pager[InvoiceRow] = Pager(page_read, "list of invoices", number)
        self.seen: set[RowName] = set()
        self.has_twins = False
        """Two rows without ids are equal: two invoices that nothing tells apart."""
        self.vanished: dict[RowKey, str] = {}
        """The names of those that were listed, but of which Syncro then had no detail."""
        self.unread = ""
        """Why the first of those could not be read that could not."""
        self.is_one_piece = True
        """Whether all of it was seen in one answer."""
        self._page_size = 0
        self._pages = 0

    @property
    def expected(self) -> int:
        """About how many invoices the list holds."""
        return max(len(self.seen), (self.pager.announced or 0) * self._page_size)

    @property
    def is_endless(self) -> bool:
        """Whether it has seen more than an account can have."""
        return self._pages > MOST_PAGES_WALKED or len(self.seen) > MOST_ROWS_WALKED

    @property
    def rows(self) -> Iterator[InvoiceRow]:
        """What was seen, by names alone."""
        return (InvoiceRow(id=invoice_id, number=number) for invoice_id, number, _ in self.seen)

    def take(self, pages: Sequence[Page[InvoiceRow]]) -> None:
        """Take in the pages that were read."""
        for page in pages:
            names = [(row.id, row.number, row.created_at) for row in page.rows]
            self.has_twins |= any(name[0] is None and name in self.seen for name in names)
            self.seen.update(names)
        self._pages += len(pages)
        self._page_size = max(self._page_size, *(len(page.rows) for page in pages))
        self.is_one_piece = self._pages == 1 and self.pager.announced == 1


class _CutShortError(Exception):
    """The run has to end. The text says why."""

    def __init__(self, ending: SyncEnding, sentence: str) -> None:
        super().__init__(sentence)
        self.ending = ending


class Synchroniser:
    """Reads what the ledger lacks, through sessions that leave room for people who wait.

    `alone` holds off other processes on the same ledger, and says whether it could: two would read everything twice.
    """

    def __init__(
        self,
        ledger: KeptLedger,
        open_session: Callable[[], AbstractContextManager[Session]],
        *,
        policy: Policy,
        lookback: timedelta,
        clock: Callable[[], datetime],
        alone: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),  # noqa: FBT003 - it is
        most_read: int = MOST_READ,
    ) -> None:
        self._ledger = ledger
        self._open_session = open_session
        self._policy = policy
        self._lookback = lookback
        self._clock = clock
        self._alone = alone
        self._most_read = most_read
        self._not_before: dict[timedelta | str | None, datetime] = {}

    def run(
        self,
        *,
        fresh: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        on_progress: Callable[[SyncProgress], None] = lambda _: None,
    ) -> SyncReport:
        """Read until everything is known, or until `stopped`. Run again, it goes on where it was.

        With `fresh` it begins anew: whatever was read before is read again.
        """
        with self._alone() as is_alone, self._open_session() as session:
            run = _Run(self._ledger, session, self._policy, self._clock, stopped, on_progress, self._most_read)
            if fresh:
                run.begin_anew()
            ending, problem = SyncEnding.DONE, ""
            try:
                if not is_alone:
                    raise _CutShortError(SyncEnding.ELSEWHERE, "Another process is reading already, for everybody.")
                problems = [self._catch_up(run), run.read_tickets(self._lookback), self._fill(run)]
                problem = next(filter(None, problems), "")
            except _CutShortError as error:
                ending, problem = error.ending, str(error)
        return run.report(ending, problem)

    def _catch_up(self, run: _Run) -> str:
        """Read what changed. Returns what could not be read; where that lasts, it is not tried every time."""
        not_before = self._not_before.get(CHANGES)
        if not_before is not None and self._clock() < not_before:
            return ""
        problem = run.read_changes()
        if problem:
            self._not_before[CHANGES] = self._clock() + RETRY_CHANGES_AFTER
        return problem

    def _fill(self, run: _Run) -> str:
        """Read the windows that are not known yet. Returns what could not be read."""
        problem = ""
        for reach in WINDOWS:
            since = None if reach is None else run.account.searched_at - reach
            if reaches(run.account, since):
                continue
            not_before = self._not_before.get(reach)
            if not_before is not None and self._clock() < not_before:
                return problem
            problem = run.read_window(since)
            if problem:
                self._not_before[reach] = self._clock() + RETRY_AFTER
        return problem


class _Run:
    """One run: its counts, and the account's place as it is extended."""

    def __init__(
        self,
        ledger: KeptLedger,
        session: Session,
        policy: Policy,
        clock: Callable[[], datetime],
        stopped: Callable[[], bool],
        on_progress: Callable[[SyncProgress], None],
        most_read: int,
    ) -> None:
        self._ledger = ledger
        self._session = session
        self._policy = policy
        self._clock = clock
        self._stopped = stopped
        self._on_progress = on_progress
        self._most_read = most_read
        self._stage = ""
        self._again = ""
        self._seen = self._expected = 0
        self._kept_up_at = clock()
        self.read = 0
        self.api_calls = 0
        (known,) = ledger.recall_places([ACCOUNT])
        self.account = known or self._nothing_known()

    def _nothing_known(self) -> SearchedPlace:
        """The account's place when it is looked at first: it reaches back to this moment, and nothing is older."""
        now = self._clock()
        return SearchedPlace(name=ACCOUNT, since=now, as_of=now, searched_at=now)

    def begin_anew(self) -> None:
        """Go on as if nothing were known. What was read before this moment is read again: see `_lacks`."""
        self.account = self._nothing_known()

    def report(self, ending: SyncEnding, problem: str) -> SyncReport:
        """What the run did."""
        since = self.account.since
        knows_past = since is not None and since < self.account.searched_at
        return SyncReport(
            read=self.read,
            known=self._ledger.count_invoices(),
            api_calls=self.api_calls,
            ending=ending,
            is_complete=since is None,
            since=since if knows_past else None,
            problem=problem,
        )

    def read_changes(self) -> str:
        """Read what changed since the last run. Returns what could not be read; the next run begins there again."""
        self._begin(CHANGES)
        self._kept_up_at = self._clock()
        changes = self._ask(changes_after(self.account.as_of, self._clock()))
        walked = self._walk_until_proved(changes.since)
        if isinstance(walked, Walk) and not changes.believes(walked.rows):
            changes = Changes(None)
            walked = self._walk_until_proved(None)
        if isinstance(walked, str):
            return walked
        problem = self._forget_gone(walked, changes.since if not changes.latest else changes.proved_from(walked.rows))
        if problem:
            return problem
        self._extend(self.account.since, walked.as_of)
        return ""

    def read_tickets(self, lookback: timedelta) -> str:
        """Read the timers and charges of the tickets that the next digest will look at. Returns why they cannot be."""
        self._begin(TICKETS)
        now = self._clock()
        window = Window(now - lookback, now)
        listed = self._ask(list_tickets(window))
        if isinstance(listed, Failed):
            return self._failed(listed)
        rows = [row for row in listed if window.holds(row, self._policy)]
        for start in range(0, len(rows), TICKETS_AT_ONCE):
            self._show(start, len(rows))
            self._end_if_stopped()
            self._ask_all([look_up(row.number, [row]) for row in rows[start : start + TICKETS_AT_ONCE] if row.number])
        return ""

    def read_window(self, since: datetime | None) -> str:
        """Read every invoice that changed since a moment. Returns why that could not be proved; empty when it was."""
        self._begin("all invoices" if since is None else f"invoices since {dated(since)}")
        if since is not None and not self._ask(can_list_changes(self._clock())):
            return (
                "Syncro's list of invoices does not heed `since_updated_at`, so only all of them together can be read."
            )
        walked = self._walk_until_proved(None if since is None else since - FILTER_MARGIN)
        if isinstance(walked, str):
            return walked
        problem = self._forget_gone(walked, since)
        if problem:
            return problem
        self._extend(since, self.account.as_of)  # what changed after that was not read: see `_lacks`
        return ""

    def _begin(self, stage: str) -> None:
        self._stage, self._again = stage, ""
        self._show(0, 0)

    def _extend(self, since: datetime | None, as_of: datetime) -> None:
        """Note that all is known that changed since a moment, as of another; what a digest has read meanwhile, too."""
        known = self._recall_account()
        as_of = max(as_of, self.account.as_of, as_of if known is None else known.as_of)
        account = self.account.model_copy(update={"since": since, "as_of": as_of})
        self._ask(recall(NotePlaces((account,))))
        kept = self._recall_account()
        if kept is None or not reaches(kept, since) or kept.as_of < as_of:
            raise _CutShortError(SyncEnding.OUTAGE, NOT_KEPT)
        self.account = account

    def _recall_account(self) -> SearchedPlace | None:
        """The account's place as it is kept, where it is of the searches that this run goes on with."""
        (kept,) = self._ledger.recall_places([ACCOUNT])
        return kept if kept is not None and kept.searched_at == self.account.searched_at else None

    # --- walking over a list ---

    def _walk_until_proved(self, since: datetime | None) -> Walk | str:
        """Walk over a list and read its details, until nothing can have been missed.

        Returns the last walk, or why nothing is proved.
        """
        stability = Stability()
        begun = self._clock()
        read: set[RowKey] = set()
        for number in range(1, READINGS + 1):
            walk = Walk(since, number, as_of=begun)
            begun = self._clock()
            self._again = ", again" if number > 1 else ""
            fresh = len(read)
            problem = self._walk(walk, read) or walk.unread
            if problem:
                return problem
            is_quiet = len(read) == fresh and not walk.vanished
            # By its name: what was changed meanwhile is among the changes that are read next.
            if stability.holds(frozenset(walk.seen), is_one_piece=walk.is_one_piece and is_quiet):
                return self._problem_of(walk) or walk
        return f"The list of invoices kept changing while it was read ({READINGS} times)."

    def _problem_of(self, walk: Walk) -> str:
        """Why a walk proves nothing, though it has missed nothing of the one before; empty when it proves it."""
        if walk.vanished:
            return f"Syncro lists {next(iter(walk.vanished.values()))} but has no detail of it."
        unnamed = [number for invoice_id, number, _ in walk.seen if invoice_id is None]
        if walk.has_twins or len(set(unnamed)) < len(unnamed):
            return "Syncro lists two invoices with the same number and no ids to tell them apart."
        return ""

    def _walk(self, walk: Walk, read: set[RowKey]) -> str:
        """Walk over all pages once, and read what is not known. Returns why the list cannot be read to its end."""
        while True:
            self._end_if_stopped()
            if walk.is_endless:
                return "The list of invoices is longer than any account's."
            pages = self._ask(walk.pager.next_pages())
            if isinstance(pages, Failed):
                return self._failed(pages)
            if not pages:
                return ""
            walk.take(pages)
            rows = [row for page in pages for row in page.rows if row_key(row) not in read]
            remembered = self._ledger.recall_invoices(rows)
            unknown = [row for row, each in zip(rows, remembered, strict=True) if self._lacks(row, each)]
            self._read(unknown, walk)
            read.update(key for row in unknown if (key := row_key(row)) not in walk.vanished)
            self._show(len(walk.seen), walk.expected)
            self._keep_up()

    def _lacks(self, row: InvoiceRow, remembered: RememberedInvoice | None) -> bool:
        """Whether the invoice has to be read.

        What was read before the account's first run would grow too old before the account does. Where rows tell no
        time of change: all changes since that run were read, so what was read after it is known; among the changes
        themselves every one is read.
        """
        if remembered is None or remembered.read_at < self.account.searched_at:
            return True
        if not is_the_listed_one(row, remembered.facts):
            return True
        if row.updated_at is None:
            return self._stage == CHANGES
        return not is_current(row, remembered, None)

    def _read(self, rows: Sequence[InvoiceRow], walk: Walk) -> None:
        """Read details, which the session keeps. One that is gone by now does not matter, if no later walk lists it.

        One that cannot be read leaves the walk without proof, and does not keep it from the others.
        """
        answers = self._ask(_all_of([detail_read(row) for row in rows]))
        self.read += sum(not isinstance(answer, Failed) for answer in answers)
        self._end_at_an_outage(answers)
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, Failed) and answer.kind is FailureKind.NOT_FOUND:
                walk.vanished[row_key(row)] = name_of(row)
            elif isinstance(answer, Failed):
                walk.unread = walk.unread or answer.sentence
            elif not is_the_listed_invoice(answer, row):
                got = f"invoice {answer.number} with id {answer.id}"
                walk.unread = walk.unread or f"Asked for {name_of(row)}, Syncro answered {got}."
        walk.unread = walk.unread or self._not_kept(rows, answers)

    def _not_kept(self, rows: Sequence[InvoiceRow], answers: Sequence[InvoiceDetail | Failed]) -> str:
        """Which invoice is not remembered as it was just read; empty where all are.

        Where nothing tells when an invoice changed, another process whose clock is ahead may have kept an older state.
        """
        read = [(row, each) for row, each in zip(rows, answers, strict=True) if isinstance(each, InvoiceDetail)]
        remembered = self._ledger.recall_invoices([InvoiceRow(id=invoice.id) for _, invoice in read])
        if read and not any(remembered):
            raise _CutShortError(SyncEnding.OUTAGE, NOT_KEPT)
        for (row, invoice), kept in zip(read, remembered, strict=True):
            is_kept = kept is not None and (row.updated_at is not None or kept.facts == facts_of(invoice, None))
            if not is_kept:
                return f"What was read of {name_of(row)} could not be kept; it is read again next time."
        return ""

    def _forget_gone(self, walk: Walk, since: datetime | None) -> str:
        """Ask for every remembered invoice changed since a moment that the list lacks, and forget those that are gone.

        Never many at once: a list that was read in part looks as if many had vanished.
        """
        if any(invoice_id is None for invoice_id, _, _ in walk.seen):
            return ""
        readings = self._ledger.readings_since(since)
        gone = sorted(readings.keys() - {invoice_id for invoice_id, _, _ in walk.seen})
        if len(gone) > MOST_GONE:
            return f"{len(gone)} invoices seem to have vanished at once, so the list is not trusted."
        answers = self._ask(_all_of([ReadInvoice(invoice_id) for invoice_id in gone]))
        self._end_at_an_outage(answers)
        for invoice_id, answer in zip(gone, answers, strict=True):
            if not isinstance(answer, Failed):
                return f"The invoice with id {invoice_id} is in no list, yet Syncro has it."
            if answer.kind is not FailureKind.NOT_FOUND:
                return answer.sentence
        self._ledger.forget_invoices({invoice_id: readings[invoice_id] for invoice_id in gone})
        return ""

    def _keep_up(self) -> None:
        """During a long window, read now and then what has changed meanwhile."""
        if self._stage == CHANGES or self._clock() - self._kept_up_at < REFRESH:
            return
        stage, again = self._stage, self._again
        self.read_changes()
        self._stage, self._again = stage, again

    # --- asking ---

    def _ask(self, search: Asking[Result]) -> Result:
        """Run a search on a scheduler of its own: were its answers kept, a first fill would fill the memory."""
        return self._ask_all([search])[0]

    def _ask_all(self, searches: Sequence[Asking[Result]]) -> list[Result]:
        scheduler = Scheduler(self._session, self._clock(), on_progress=self._show_reading)
        outcomes = scheduler.run(searches)
        self.api_calls += scheduler.api_calls
        return [outcome.value for outcome in outcomes]

    def _end_if_stopped(self) -> None:
        if self._stopped():
            raise _CutShortError(SyncEnding.STOPPED, "It was stopped.")
        if self.read >= self._most_read:
            sentence = f"{self.read:,} invoices were read, as many as one run may; the next run goes on there."
            raise _CutShortError(SyncEnding.PAUSED, sentence)

    def _end_at_an_outage(self, answers: Sequence[Any]) -> None:
        """End the run where no further read can succeed either."""
        failed = [answer for answer in answers if isinstance(answer, Failed)]
        refused = [each for each in failed if each.kind in (FailureKind.UNAUTHORISED, FailureKind.FORBIDDEN)]
        away = [each for each in failed if each.kind is FailureKind.UNAVAILABLE]
        if refused or (len(away) == len(answers) >= FAILURES_OF_AN_OUTAGE):
            raise _CutShortError(SyncEnding.OUTAGE, (refused or away)[0].sentence)

    def _failed(self, listing: Failed) -> str:
        """Why a list cannot be read. Where no further read can succeed either, the run ends."""
        if listing.kind in (FailureKind.UNAUTHORISED, FailureKind.FORBIDDEN, FailureKind.UNAVAILABLE):
            raise _CutShortError(SyncEnding.OUTAGE, listing.sentence)
        return listing.sentence

    def _show(self, seen: int, expected: int) -> None:
        self._seen, self._expected = seen, expected
        self._tell(self.read, self.api_calls)

    def _show_reading(self, scheduler: Progress) -> None:
        """Say how far we are while answers come in."""
        self._tell(self.read + scheduler.invoices_read, self.api_calls + scheduler.api_calls)

    def _tell(self, read: int, api_calls: int) -> None:
        self._on_progress(SyncProgress(self._stage + self._again, self._seen, self._expected, read, api_calls))


def _all_of(reads: Sequence[Read[Value]]) -> Asking[list[Value | Failed]]:
    answers = yield list(reads)
    return [answers[read] for read in reads]
