"""Runs the searches of one request side by side and turns each into a finding.

The searches ask; the session that is handed to `Verifier.check` does the reads. So one verifier serves the terminal,
the durable jobs and the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from bot.billing.decide import SyncroPages, decide, invoice_answer, lookup_failed, no_such_ticket, seems_unbilled
from bot.billing.ledger.freshness import Knowledge, opened_since
from bot.billing.rules.policy import Policy, Ticket, expectation, unbilled
from bot.billing.rules.verdicts import CheckReport, Expectation, Finding
from bot.billing.search.bounds import AUDIT
from bot.billing.search.evidence import Case
from bot.billing.search.finished_tickets import Window, list_tickets
from bot.billing.search.invoice_lookup import LONGEST_LIST, Billed, billed_by
from bot.billing.search.payer_lists import list_payer, payers_worth_listing
from bot.billing.search.places import Scope
from bot.billing.search.queries import Failed, ReadCustomer, ask
from bot.billing.search.recurring_invoices import (
    Schedules,
    customer_with_charges,
    list_of_account,
    list_of_customer,
    note_schedules,
)
from bot.billing.search.scheduler import Outcome, Progress, Scheduler, Session
from bot.billing.search.selection import Selected, Selection, select
from bot.billing.search.strategy import Searcher
from bot.billing.search.ticket_lookup import LookedUp, NoSuchTicket, by_reference, look_up
from bot.billing.sync.catch_up import CatchUp, take_stock
from bot.syncro.models import InvoiceRow, TicketRow

STAYS_KNOWN = timedelta(hours=2)
"""An audit that has taken longer says nothing from memory: what was brought up to date at its beginning is old."""


@dataclass(frozen=True)
class AuditReport:
    """The answers to an audit; `failure` says why there are none."""

    report: CheckReport
    failure: str = ""


@dataclass(frozen=True)
class Survey:
    """What policy expects of many tickets; `failure` says why there are none."""

    expected: tuple[tuple[Ticket, Expectation], ...]
    unread: int
    """Tickets that could not be read."""
    api_calls: int
    failure: str = ""


@dataclass(frozen=True)
class Verifier:
    """Answers "is this ticket billed?" for many tickets at once."""

    policy: Policy
    pages: SyncroPages
    scan_limit: int = 200
    currency: str = ""
    """The sign or code of all amounts."""
    zone: tzinfo = UTC
    """The office's: a day of a recurring invoice is a day there."""

    def check(
        self,
        numbers: Sequence[str],
        session: Session,
        *,
        started_at: datetime,
        exhaustive: bool = False,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> CheckReport:
        """Check each distinct number, in the order given."""
        scheduler = Scheduler(session, started_at, on_progress=on_progress)
        asked = _Asked.of(scheduler, dict.fromkeys(numbers, ()))
        scope = Scope(started_at, self.scan_limit, exhaustive)
        searcher = replace(self._searcher(asked, scope, None), book=CatchUp(started_at))
        cases = scheduler.run([searcher.search(found.value) for found in asked.found], of_tickets=True)
        cases = self._look_for_schedules(scheduler, cases, sparing=False)
        cases = self._look_for_prepaid(scheduler, cases)
        return _report(scheduler, self._findings(scheduler, asked, cases))

    def check_invoice(
        self,
        reference: str,
        session: Session,
        *,
        started_at: datetime,
        most_listed: int = LONGEST_LIST,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> CheckReport:
        """Find the tickets that an invoice bills, by its number or "id:" and id, and check each.

        To prove that there is none, up to `most_listed` invoices are listed.
        """
        scheduler = Scheduler(session, started_at, on_progress=on_progress)
        found = scheduler.ask(billed_by(reference, self.pages.site, most_listed))
        tickets = list(found.tickets.values()) if isinstance(found, Billed) else []
        scheduler.tickets = len(tickets)
        numbers = tuple(each.ticket.row.number for each in tickets)
        asked = _Asked(numbers, [Outcome(each, 0) for each in tickets], started_at)
        searcher = self._searcher(asked, Scope(started_at, self.scan_limit), None)
        searches = (
            [searcher.confirm_billed(each, found.detail) for each in tickets] if isinstance(found, Billed) else []
        )
        cases = self._look_for_prepaid(scheduler, scheduler.run(searches, of_tickets=True))
        report = _report(scheduler, self._findings(scheduler, asked, cases))
        answer = invoice_answer(reference, found, self.pages, scheduler.now)
        return replace(report, invoice=replace(answer, currency=self.currency))

    def audit(
        self,
        window: Window,
        also: Sequence[str],
        session: Session,
        *,
        started_at: datetime,
        spared: frozenset[str] = frozenset(),
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> AuditReport:
        """Check every ticket finished in the window, and the numbers in `also` whenever they were finished.

        `spared` are tickets, by id, that were proved to be on no invoice lately, with everything read anew.

        When the list of tickets cannot be read, only `also` is checked and `failure` says why.
        """
        scheduler = Scheduler(session, started_at, bounds=AUDIT, on_progress=on_progress)
        made = self._audit(scheduler, window, also, spared, from_memory=True)
        if made is not None:
            return made
        # From the beginning, on a new scheduler: what the first one was told may be hours old.
        again = Scheduler(session, scheduler.now, bounds=AUDIT, on_progress=on_progress)
        made = self._audit(again, window, also, frozenset(), from_memory=False)
        if made is None:
            raise AssertionError("unreachable: without memory there is nothing that could stop to hold")
        calls, seconds = scheduler.api_calls + again.api_calls, (again.now - started_at).total_seconds()
        return replace(made, report=replace(made.report, api_calls=calls, seconds=seconds))

    def select(self, selection: Selection, session: Session, *, started_at: datetime) -> Selected:
        """Find the tickets that a selection means. Finished is what policy calls so."""
        scheduler = Scheduler(session, started_at)
        listed = scheduler.ask(list_tickets(Window(selection.since, started_at)))
        if isinstance(listed, Failed):
            return Selected(failure=listed.sentence)
        return select(selection, listed, self.policy, scheduler.now)

    def finished(self, window: Window, session: Session, *, started_at: datetime) -> Sequence[TicketRow] | Failed:
        """The rows of the tickets finished in the window, as far as they can tell."""
        listed = Scheduler(session, started_at).ask(list_tickets(window))
        return listed if isinstance(listed, Failed) else [row for row in listed if window.holds(row, self.policy)]

    def survey(
        self,
        window: Window,
        session: Session,
        *,
        started_at: datetime,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> Survey:
        """Say what policy expects of every ticket of the window. No invoice is looked for."""
        scheduler = Scheduler(session, started_at, bounds=AUDIT, on_progress=on_progress)
        listed = scheduler.ask(list_tickets(window))
        if isinstance(listed, Failed):
            return Survey((), 0, scheduler.api_calls, listed.sentence)
        rows = [row for row in listed if window.holds(row, self.policy)]
        found = [each.value for each in _Asked.of(scheduler, by_reference(rows)).found]
        read = [each.ticket for each in found if isinstance(each, LookedUp) and each.ticket.detail is not None]
        expected = tuple((ticket, expectation(ticket, self.policy)) for ticket in read)
        return Survey(expected, len(found) - len(read), scheduler.api_calls, scheduler.outage)

    def _audit(
        self, scheduler: Scheduler, window: Window, also: Sequence[str], spared: frozenset[str], *, from_memory: bool
    ) -> AuditReport | None:
        """Audit once. None where what was known at the beginning does not hold any more at the end.

        What could not be read is read once more at the end; all else is known then.
        """
        failure, asked, knowledge, cases = self._search_window(scheduler, window, also, spared, from_memory=from_memory)
        if scheduler.forget_failures():
            failure, asked, knowledge, cases = self._search_window(
                scheduler, window, also, spared, from_memory=from_memory
            )
        if knowledge is not None and not self._still_holds(scheduler, knowledge):
            return None
        cases = self._look_for_schedules(scheduler, cases, sparing=True)
        cases = self._look_for_prepaid(scheduler, cases)
        return AuditReport(_report(scheduler, self._findings(scheduler, asked, cases)), failure)

    def _search_window(
        self, scheduler: Scheduler, window: Window, also: Sequence[str], spared: frozenset[str], *, from_memory: bool
    ) -> tuple[str, _Asked, Knowledge | None, Sequence[Outcome[Case | None]]]:
        """Search for every ticket of an audit. The text says why the list of tickets could not be read."""
        listed = scheduler.ask(list_tickets(window))
        every = {} if isinstance(listed, Failed) else by_reference(listed)
        held = {
            reference: rows for reference, rows in every.items() if any(window.holds(row, self.policy) for row in rows)
        }
        asked = _Asked.of(scheduler, {**{number: every.get(number, ()) for number in also}, **held})
        knowledge = scheduler.ask(take_stock(asked.rows, scheduler.started_at)) if from_memory else None
        scope = Scope(scheduler.started_at, self.scan_limit, sweep=knowledge.sweep if knowledge is not None else None)
        searcher = replace(self._searcher(asked, scope, knowledge), spared=spared)
        if knowledge is not None:
            searcher = replace(searcher, payers=self._list_payers(scheduler, asked, searcher))
        cases = scheduler.run([searcher.search_known(found.value) for found in asked.found], of_tickets=True)
        return listed.sentence if isinstance(listed, Failed) else "", asked, knowledge, cases

    def _list_payers(self, scheduler: Scheduler, asked: _Asked, searcher: Searcher) -> dict[str, Sequence[InvoiceRow]]:
        """List the invoices of those who pay for many tickets of others."""
        linked = scheduler.run([searcher.recall_links(found.value) for found in asked.found])
        links = [
            (found.value.ticket.row, each.value)
            for found, each in zip(asked.found, linked, strict=True)
            if isinstance(found.value, LookedUp)
        ]
        payers = payers_worth_listing(links, searcher.since)
        lists = scheduler.run([list_payer(payer) for payer in payers])
        return {payer.customer_id: rows.value for payer, rows in zip(payers, lists, strict=True)}

    def _still_holds(self, scheduler: Scheduler, knowledge: Knowledge) -> bool:
        """Whether what was known at the beginning may be said now; not so when the audit was cut off for hours."""
        return scheduler.now - scheduler.started_at <= STAYS_KNOWN and scheduler.ask(
            CatchUp(scheduler.started_at).still_holds(knowledge)
        )

    def _searcher(self, asked: _Asked, scope: Scope, knowledge: Knowledge | None) -> Searcher:
        site = self.pages.site
        return Searcher(self.policy, scope, _earliest_opened(asked.rows), knowledge=knowledge, site=site)

    def _look_for_schedules(
        self, scheduler: Scheduler, cases: Sequence[Outcome[Case | None]], *, sparing: bool
    ) -> list[Outcome[Case | None]]:
        """For tickets that seem to be on no invoice, read which recurring invoices will pick up their charges.

        Returns the cases with these calls counted for the first ticket of each customer.
        """
        waiting = {index: customer for index, case in enumerate(cases) if (customer := _payer_to_ask(case.value))}
        customers = list(dict.fromkeys(waiting.values()))
        lists: dict[str, Outcome[Schedules]] = {}
        if sparing and len(customers) > 1:
            (whole,) = scheduler.run([list_of_account(len(customers))])
            if whole.value is not None:
                lists = {customer: Outcome(whole.value, 0) for customer in customers}
        if not lists:
            lists = dict(zip(customers, scheduler.run([list_of_customer(each) for each in customers]), strict=True))
        counted = list(cases)
        for index, customer in waiting.items():
            case, schedules = cases[index], lists[customer]
            if case.value is not None:
                note_schedules(case.value.evidence, customer, schedules.value)
            counted[index] = replace(case, calls=case.calls + schedules.calls)
            lists[customer] = replace(schedules, calls=0)
        return counted

    def _look_for_prepaid(
        self, scheduler: Scheduler, cases: Sequence[Outcome[Case | None]]
    ) -> list[Outcome[Case | None]]:
        """Where an invoice is owed or comes to nothing, read what is left of the customer's block of hours, if any.

        A customer that cannot be read has none for all that is known: the permission is optional.
        """
        waiting = {index: customer for index, case in enumerate(cases) if (customer := _may_be_prepaid(case.value))}
        customers = list(dict.fromkeys(waiting.values()))
        answers = dict(zip(customers, scheduler.run([ask(ReadCustomer(each)) for each in customers]), strict=True))
        counted = list(cases)
        for index, customer in waiting.items():
            case, answer = cases[index], answers[customer]
            if case.value is not None:
                hours = None if isinstance(answer.value, Failed) else answer.value.prepay_hours
                case.value.evidence.prepaid_hours = hours if hours is not None and hours > 0 else None
                case.value.evidence.is_prepaid_unread = isinstance(answer.value, Failed)
            counted[index] = replace(case, calls=case.calls + answer.calls)
            answers[customer] = replace(answer, calls=0)
        return counted

    def _findings(self, scheduler: Scheduler, asked: _Asked, cases: Sequence[Outcome[Case | None]]) -> list[Finding]:
        return [
            replace(self._finding(number, found.value, case.value, scheduler.now), api_calls=found.calls + case.calls)
            for number, found, case in zip(asked.numbers, asked.found, cases, strict=True)
        ]

    def _finding(
        self, number: str, found: LookedUp | NoSuchTicket | Failed, case: Case | None, now: datetime
    ) -> Finding:
        if isinstance(found, Failed):
            return lookup_failed(number, found.sentence, now)
        if case is None:
            return no_such_ticket(number, now)
        return replace(decide(case, self.pages, now.astimezone(self.zone)), currency=self.currency)


@dataclass(frozen=True)
class _Asked:
    """The tickets of a request, looked up."""

    numbers: tuple[str, ...]
    found: Sequence[Outcome[LookedUp | NoSuchTicket | Failed]]
    started_at: datetime

    @classmethod
    def of(cls, scheduler: Scheduler, wanted: Mapping[str, Sequence[TicketRow]]) -> _Asked:
        """Look up each number; a ticket whose list row is known needs only its detail."""
        scheduler.tickets = len(wanted)
        found = scheduler.run([look_up(number, rows) for number, rows in wanted.items()])
        return cls(tuple(wanted), found, scheduler.started_at)

    @property
    def rows(self) -> list[TicketRow]:
        """The tickets that there are."""
        return [each.value.ticket.row for each in self.found if isinstance(each.value, LookedUp)]


def _payer_to_ask(case: Case | None) -> str | None:
    """The customer whose recurring invoices can still explain why no invoice bills the ticket."""
    return customer_with_charges(case.ticket) if case is not None and seems_unbilled(case) else None


def _may_be_prepaid(case: Case | None) -> str | None:
    """The customer whose prepaid hours matter: work waits for an invoice, or an invoice comes to nothing."""
    if case is None or (case.ticket.remembered_at is not None and not case.ticket.charges and not case.ticket.timers):
        return None
    is_of_nothing = any(found.invoice.total == 0 for found in case.evidence.links)
    work = unbilled(case.ticket)
    is_owed = seems_unbilled(case) and not case.evidence.mentions and bool(work.charges or work.minutes)
    return case.ticket.row.customer_id if is_of_nothing or is_owed else None


def _report(scheduler: Scheduler, findings: list[Finding]) -> CheckReport:
    return CheckReport(
        findings=tuple(findings),
        api_calls=scheduler.api_calls,
        seconds=(scheduler.now - scheduler.started_at).total_seconds(),
        outage=scheduler.outage,
    )


def _earliest_opened(rows: Sequence[TicketRow]) -> dict[str, datetime | None]:
    """For each customer, since when the oldest of the asked tickets was opened, so that one list serves them all.

    None where one opening is unknown: then all invoices have to be searched.
    """
    since: dict[str, datetime | None] = {}
    for row in rows:
        if row.customer_id is None:
            continue
        known, moment = since.get(row.customer_id, opened_since(row)), opened_since(row)
        since[row.customer_id] = None if known is None or moment is None else min(known, moment)
    return since
