"""Runs the searches of one request side by side and turns each into a finding.

The searches ask; whoever calls `Verifier.check` performs the reads. So one verifier serves the terminal, the
durable jobs and the tests, and a job that is run again with recorded answers takes exactly the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.billing.audit import Window, list_finished
from bot.billing.decide import Case, SyncroPages, decide, lookup_failed, no_such_ticket
from bot.billing.evidence import Evidence
from bot.billing.findings import CheckReport, Finding
from bot.billing.links import TicketKeys
from bot.billing.policy import Due, Policy, expectation
from bot.billing.reads import Answer, Answers, Asking, Failed, Read, ReadInvoice
from bot.billing.search import (
    OPENED_MARGIN,
    LookedUp,
    NoSuchTicket,
    Scope,
    look_up,
    search_customer,
    search_offered,
    search_schedules,
)
from bot.syncro.errors import FailureKind
from bot.syncro.models import TicketRow

Result = TypeVar("Result")

READS_AT_ONCE = 16
"""The most reads in one batch: small enough for progress and for resuming, large enough to hide latency."""


@dataclass(frozen=True)
class Batch:
    """The answers to some reads, in their order, and when they were there."""

    answers: tuple[Answer[Any], ...]
    at: datetime


Perform = Callable[[Sequence[Read[Any]]], Batch]
"""Does the reads, all of them, in any order. It never raises for a failed read: that is an answer too."""


@dataclass(frozen=True)
class Progress:
    """How far a request has come."""

    at: datetime
    tickets: int
    tickets_done: int
    invoices_read: int
    api_calls: int


@dataclass(frozen=True)
class AuditReport:
    """The answers to an audit. `rows` are the tickets of the window by number; `failure` says why there are none."""

    report: CheckReport
    rows: Mapping[str, TicketRow]
    failure: str = ""


@dataclass(frozen=True)
class Verifier:
    """Answers "is this ticket billed?" for many tickets at once."""

    policy: Policy
    pages: SyncroPages
    scan_limit: int = 200

    def check(
        self,
        numbers: Sequence[str],
        perform: Perform,
        *,
        started_at: datetime,
        exhaustive: bool = False,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> CheckReport:
        """Check each distinct number, in the order given."""
        desk = _Desk(perform, started_at, on_progress=on_progress)
        findings = self._check(desk, dict.fromkeys(numbers), exhaustive=exhaustive)
        return _report(desk, started_at, findings)

    def audit(
        self,
        window: Window,
        also: Sequence[str],
        perform: Perform,
        *,
        started_at: datetime,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> AuditReport:
        """Check every ticket finished in the window, and the numbers in `also` whenever they were finished.

        When the list of tickets cannot be read, only `also` is checked and `failure` says why.
        """
        desk = _Desk(perform, started_at, on_progress=on_progress)
        listed = desk.run([list_finished(window, self.policy)])[0].value
        rows = {} if isinstance(listed, Failed) else {row.number: row for row in listed}
        wanted: dict[str, TicketRow | None] = {**dict.fromkeys(also), **rows}
        findings = self._check(desk, wanted, exhaustive=False)
        return AuditReport(
            report=_report(desk, started_at, findings),
            rows=rows,
            failure=listed.sentence if isinstance(listed, Failed) else "",
        )

    def _check(self, desk: _Desk, wanted: Mapping[str, TicketRow | None], *, exhaustive: bool) -> list[Finding]:
        desk.tickets = len(wanted)
        looked_up = desk.run([look_up(number, row) for number, row in wanted.items()])
        since = _earliest_opened([found.value for found in looked_up])
        scope = Scope(self.scan_limit, exhaustive)
        desk.counts_tickets = True
        searched = desk.run([self._search(found.value, since, scope) for found in looked_up])
        return [
            replace(self._finding(number, found.value, case.value, desk.now), api_calls=found.calls + case.calls)
            for number, found, case in zip(wanted, looked_up, searched, strict=True)
        ]

    def _search(
        self, found: LookedUp | NoSuchTicket | Failed, since: dict[str, datetime | None], scope: Scope
    ) -> Asking[Case | None]:
        if not isinstance(found, LookedUp):
            return None
        ticket = found.ticket
        evidence = Evidence(TicketKeys(ticket.row.id, ticket.row.number, ticket.converted_items))
        case = Case(ticket, expectation(ticket, self.policy), evidence, found.detail_failure)
        yield from search_offered(evidence)
        if evidence.links or case.expectation.due is not Due.YES:
            return case
        customer_id = ticket.row.customer_id
        if customer_id is None:
            evidence.fail("The ticket names no customer, so there is no list of invoices to search.")
            return case
        yield from search_customer(evidence, customer_id, since.get(customer_id), scope)
        if not evidence.links:
            _account_for_converted(evidence)
            if not evidence.failures:
                yield from search_schedules(evidence, ticket)
        return case

    def _finding(
        self, number: str, found: LookedUp | NoSuchTicket | Failed, case: Case | None, now: datetime
    ) -> Finding:
        if isinstance(found, Failed):
            return lookup_failed(number, found.sentence, now)
        if case is None:
            return no_such_ticket(number, now)
        return decide(case, self.pages, now)


def _report(desk: _Desk, started_at: datetime, findings: list[Finding]) -> CheckReport:
    return CheckReport(
        findings=tuple(findings),
        api_calls=desk.api_calls,
        seconds=(desk.now - started_at).total_seconds(),
        outage=desk.outage,
    )


def _account_for_converted(evidence: Evidence) -> None:
    """A converted charge sits on some invoice: if we saw none that carries it, we have not seen them all."""
    if evidence.ticket.converted_items:
        evidence.fail(
            "A charge of this ticket has been put on an invoice (Syncro marks it as converted), but that invoice "
            "is not among those that could be searched; it may be billed to another customer."
        )


def _earliest_opened(found: Sequence[LookedUp | NoSuchTicket | Failed]) -> dict[str, datetime | None]:
    """For each customer, when the oldest of the asked tickets was opened, so that one list serves them all."""
    opened: dict[str, list[datetime | None]] = {}
    for each in found:
        if isinstance(each, LookedUp) and each.ticket.row.customer_id is not None:
            opened.setdefault(each.ticket.row.customer_id, []).append(each.ticket.row.created_at)
    return {customer: _earliest(moments) for customer, moments in opened.items()}


def _earliest(moments: list[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments):
        return None  # one opening is unknown: all invoices have to be searched
    return min(known) - OPENED_MARGIN


@dataclass(frozen=True)
class _Outcome(Generic[Result]):
    """What a search returned, and the API calls it was the first to need."""

    value: Result
    calls: int


class _Desk:
    """Takes the reads that the searches ask for, has each done once, and hands the answers round."""

    def __init__(
        self,
        perform: Perform,
        started_at: datetime,
        *,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self.now = started_at
        self.api_calls = 0
        self.tickets = 0
        self.counts_tickets = False
        self._perform = perform
        self._on_progress = on_progress
        self._answers: dict[Read[Any], Any] = {}
        self._any_success = False
        self._dead_end: Failed | None = None

    @property
    def outage(self) -> str:
        """Why nothing at all could be read; empty when something was."""
        if self._dead_end is not None and not self._any_success:
            return self._dead_end.sentence
        return ""

    def run(self, searches: Sequence[Asking[Result]]) -> list[_Outcome[Result]]:
        """Advance all searches, round by round, until each has returned."""
        results: dict[int, Result] = {}
        calls = [0] * len(searches)
        waiting: dict[int, Sequence[Read[Any]]] = {}
        for index, search in enumerate(searches):
            self._advance(search, index, None, waiting, results)
        while waiting:
            self._answer_round(waiting, calls, done=len(results))
            for index, reads in list(waiting.items()):
                answers = Answers({read: self._answers[read] for read in reads})
                self._advance(searches[index], index, answers, waiting, results)
        return [_Outcome(results[index], calls[index]) for index in range(len(searches))]

    def _advance(
        self,
        search: Asking[Result],
        index: int,
        answers: Answers | None,
        waiting: dict[int, Sequence[Read[Any]]],
        results: dict[int, Result],
    ) -> None:
        try:
            waiting[index] = next(search) if answers is None else search.send(answers)
        except StopIteration as stop:
            waiting.pop(index, None)
            results[index] = stop.value

    def _answer_round(self, waiting: dict[int, Sequence[Read[Any]]], calls: list[int], done: int) -> None:
        wanted: dict[Read[Any], int] = {}
        for index, reads in waiting.items():
            for read in reads:
                if read not in self._answers:
                    wanted.setdefault(read, index)
        reads = list(wanted)
        for start in range(0, len(reads), READS_AT_ONCE):
            chunk = reads[start : start + READS_AT_ONCE]
            if self._dead_end is not None:
                self._answers.update((read, self._dead_end) for read in chunk)
                continue
            batch = self._perform(chunk)
            self.now = batch.at
            for read, answer in zip(chunk, batch.answers, strict=True):
                self._answers[read] = answer.value
                self.api_calls += answer.calls
                calls[wanted[read]] += answer.calls
            self._judge(batch)
            self._on_progress(self._progress(done))

    def _judge(self, batch: Batch) -> None:
        """Stop asking when it cannot help: the token was refused, or nothing has been readable from the start."""
        failed = [answer.value for answer in batch.answers if isinstance(answer.value, Failed)]
        if len(failed) < len(batch.answers):
            self._any_success = True
        refused = [failure for failure in failed if failure.kind is FailureKind.UNAUTHORISED]
        if refused:
            self._dead_end = refused[0]
        elif failed and not self._any_success:
            self._dead_end = failed[0]

    def _progress(self, done: int) -> Progress:
        invoices = sum(
            isinstance(read, ReadInvoice) and not isinstance(answer, Failed) for read, answer in self._answers.items()
        )
        return Progress(
            at=self.now,
            tickets=self.tickets,
            tickets_done=done if self.counts_tickets else 0,
            invoices_read=invoices,
            api_calls=self.api_calls,
        )
