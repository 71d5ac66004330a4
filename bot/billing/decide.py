"""The verdict: from a ticket, what policy expects and the evidence, to one finding. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from urllib.parse import quote

from bot.billing.rules.concerns import Seen, concerns, drawn_hours, is_credited_in_full
from bot.billing.rules.matching import strength_of
from bot.billing.rules.policy import (
    Ticket,
    claims,
    doubts,
    is_said_invoiced,
    last_touched,
    pending_charges,
    recognised,
    unbilled,
)
from bot.billing.rules.verdicts import (
    BY_POLICY,
    Coverage,
    Due,
    Finding,
    InvoiceAnswer,
    InvoiceLink,
    LinkKind,
    PossibleMention,
    Standing,
    Unbilled,
    Verdict,
)
from bot.billing.search.evidence import Case, Evidence, FoundLink
from bot.billing.search.invoice_lookup import Billed, NoSuchInvoice
from bot.billing.search.queries import Failed
from bot.syncro.models import Schedule

_CREDITED = "Credits give back all that its invoices bill, so nobody can tell whether another is due."


@dataclass(frozen=True)
class SyncroPages:
    """Where a person opens things in Syncro. `site` is the account's address without `/api/v1`."""

    site: str

    def ticket(self, ticket_id: str) -> str:
        """The ticket's page."""
        return f"{self.site}/tickets/{quote(ticket_id, safe='')}"

    def invoice(self, invoice_id: str) -> str:
        """The invoice's page."""
        return f"{self.site}/invoices/{quote(invoice_id, safe='')}"


def no_such_ticket(number: str, now: datetime) -> Finding:
    """The finding for a number that Syncro does not know."""
    return Finding(ticket_number=number, verdict=Verdict.NOT_FOUND, checked_at=now)


def lookup_failed(number: str, sentence: str, now: datetime) -> Finding:
    """The finding for a ticket that could not even be looked up."""
    return Finding(
        ticket_number=number,
        verdict=Verdict.UNVERIFIED,
        checked_at=now,
        coverage=Coverage(complete=False),
        failures=(sentence,),
    )


def invoice_answer(
    reference: str, found: Billed | NoSuchInvoice | Failed, pages: SyncroPages, now: datetime
) -> InvoiceAnswer:
    """What can be said of an invoice that was asked for."""
    if isinstance(found, NoSuchInvoice):
        return InvoiceAnswer(reference, Standing.NOT_FOUND, now)
    if isinstance(found, Failed):
        return InvoiceAnswer(reference, Standing.UNVERIFIED, now, failures=(found.sentence,))
    facts = found.facts
    is_nothing = facts.is_credit or facts.is_empty
    standing = Standing.BILLS if found.tickets else Standing.NOTHING if is_nothing else Standing.UNVERIFIED
    return InvoiceAnswer(
        reference,
        standing,
        now,
        number=facts.number,
        id=facts.id,
        url=pages.invoice(facts.id),
        customer_id=facts.customer_id,
        customer=facts.customer,
        total=facts.total,
        paid=facts.paid,
        is_credit=facts.is_credit,
        open_lines=found.open_lines,
        tickets_searched=found.tickets_searched,
        possible=tuple((row.number, pages.ticket(row.id)) for row in found.possible.values()),
        unknown=tuple(found.unknown),
        failures=tuple(dict.fromkeys(found.failures)),
    )


def decide(case: Case, pages: SyncroPages, now: datetime) -> Finding:
    """Judge a case: a link, then non-billable, open, covered, unverified, scheduled, nothing recorded, not invoiced.

    `now` is in the office's time: a day of a recurring invoice is a day there.
    """
    evidence, links = case.evidence, _distinct(case.evidence.links)
    own_lines = [line for found in links if found.link is LinkKind.TICKET_ID for line in found.invoice.lines]
    ticket = recognised(case.ticket, own_lines)
    case = replace(case, ticket=ticket)
    seen = _seen(case, links, now)
    billed_lines = frozenset(line_id for found in links for line_id in found.invoice.line_ids)
    still_unbilled = unbilled(ticket, billed_lines)
    schedule = _next_pickup(evidence.schedules, now)
    failures = _failures(case, billed_lines)
    if links and is_credited_in_full(seen):
        failures, links = (*failures, _CREDITED), []
    verdict = _verdict(case, links, failures, _is_part_left(ticket, still_unbilled, billed_lines), schedule)
    if case.expectation.covers_time and verdict is not Verdict.COVERED:
        still_unbilled = replace(still_unbilled, minutes=0, time=())
    scheduled = schedule if verdict is Verdict.SCHEDULED else None
    is_warning = verdict is Verdict.NOT_INVOICED
    return Finding(
        ticket_number=ticket.row.number,
        verdict=verdict,
        checked_at=now,
        expectation=case.expectation,
        ticket_id=ticket.row.id,
        ticket_url=pages.ticket(ticket.row.id),
        customer=ticket.row.customer_business_then_name,
        subject=ticket.row.subject,
        status=ticket.status,
        customer_id=ticket.row.customer_id,
        technician=ticket.row.user,
        technician_id=ticket.row.user_id,
        technician_email=ticket.row.user_email,
        finished_at=last_touched(ticket),
        invoices=tuple(_invoice_link(found, ticket, pages) for found in links),
        possible=() if links else _possible(evidence, pages),
        unbilled=still_unbilled,
        coverage=replace(evidence.coverage(), complete=not failures),
        receipt=tuple(evidence.receipt),
        failures=failures,
        scheduled_for=scheduled.next_run if scheduled else None,
        schedule_id=scheduled.id if scheduled else "",
        schedule_name=scheduled.name if scheduled else "",
        paused_schedule=_paused(evidence.schedules) if is_warning and still_unbilled.charges else None,
        concerns=concerns(seen),
        prepaid_hours=evidence.prepaid_hours,
        drawn_hours=drawn_hours(seen) if links else Decimal(0),
        contradiction=is_warning and is_said_invoiced(ticket),
    )


def seems_unbilled(case: Case) -> bool:
    """Whether only a recurring invoice can still explain why no invoice bills the ticket."""
    return not case.evidence.links and case.expectation.due is Due.YES and not case.evidence.failures


def _seen(case: Case, links: list[FoundLink], now: datetime) -> Seen:
    own = [found.invoice for found in case.evidence.mentions if found.invoice.ticket_id == case.ticket.row.id]
    pickup = _next_pickup(case.evidence.schedules, now)
    missed = None
    if pickup is not None and pickup.next_run is not None and is_overdue(pickup.next_run, now):
        missed = pickup.name, day_of_run(pickup.next_run, now.tzinfo or UTC)
    return Seen(
        ticket=case.ticket,
        billing=[(found.invoice, found.link) for found in links],
        credits=[invoice for invoice in own if invoice.is_credit],
        empty=[invoice for invoice in own if invoice.is_empty],
        prepaid_hours=case.evidence.prepaid_hours,
        is_prepaid_unread=case.evidence.is_prepaid_unread,
        missed_run=missed,
    )


def _verdict(
    case: Case, links: list[FoundLink], failures: tuple[str, ...], is_part_left: bool, schedule: Schedule | None
) -> Verdict:
    if links:
        return Verdict.PARTIALLY_INVOICED if is_part_left else Verdict.INVOICED
    due = case.expectation.due
    if not due.needs_proof:
        return BY_POLICY[due]
    if failures or case.evidence.mentions:
        return Verdict.UNVERIFIED
    if schedule is not None and is_part_left:
        return Verdict.SCHEDULED
    return BY_POLICY.get(due, Verdict.NOT_INVOICED)


def _is_part_left(ticket: Ticket, left: Unbilled, billed_lines: frozenset[str]) -> bool:
    """Whether charges are on no invoice for sure; where not all of them can be read, those that can must tell."""
    if left.charges is not None:
        return left.charges != 0
    return any(charge.converted is False and charge.amount for charge in pending_charges(ticket, billed_lines))


def _failures(case: Case, billed_lines: frozenset[str]) -> tuple[str, ...]:
    """What forbids to claim an absence. Where a link was found that is the claim that nothing else is unbilled."""
    own = (case.detail_failure,) if case.detail_failure else ()
    if case.evidence.links:
        return (*own, *doubts(case.ticket, billed_lines))
    if case.expectation.due.needs_proof:
        own = (*own, *doubts(case.ticket), *claims(case.ticket))
    return (*own, *case.evidence.failures)


def _distinct(links: list[FoundLink]) -> list[FoundLink]:
    by_id = {found.invoice.id: found for found in reversed(links)}
    return sorted(by_id.values(), key=lambda found: (strength_of(found.link), found.invoice.number))


def _invoice_link(found: FoundLink, ticket: Ticket, pages: SyncroPages) -> InvoiceLink:
    invoice = found.invoice
    elsewhere = invoice.customer_id is not None and invoice.customer_id != ticket.row.customer_id
    return InvoiceLink(
        number=invoice.number,
        id=invoice.id,
        link=found.link,
        total=invoice.total,
        url=pages.invoice(invoice.id),
        paid=invoice.paid,
        billed_to=invoice.customer if elsewhere else "",
    )


def _possible(evidence: Evidence, pages: SyncroPages) -> tuple[PossibleMention, ...]:
    return tuple(
        PossibleMention(
            number=found.invoice.number, id=found.invoice.id, url=pages.invoice(found.invoice.id), text=found.text
        )
        for found in evidence.mentions
    )


def _next_pickup(schedules: list[Schedule], now: datetime) -> Schedule | None:
    """The active recurring invoice that picks up ticket charges next.

    One without a date comes after those with one, and one whose date has passed comes last.
    """
    active = [schedule for schedule in schedules if schedule.picks_up]
    return min(active, key=lambda schedule: _order_of_pickup(schedule, now), default=None)


def _paused(schedules: list[Schedule]) -> str | None:
    """The name of the first recurring invoice that would pick up ticket charges, were it not paused."""
    return next((each.name for each in schedules if each.invoice_unbilled_ticket_charges and each.paused), None)


def _order_of_pickup(schedule: Schedule, now: datetime) -> tuple[int, float, str]:
    if schedule.next_run is None:
        return 1, 0.0, schedule.id
    return (2 if is_overdue(schedule.next_run, now) else 0), schedule.next_run.timestamp(), schedule.id


def is_overdue(next_run: datetime, now: datetime) -> bool:
    """Whether the day of a recurring invoice's run has passed, where `now` is told. Runs may take hours."""
    return day_of_run(next_run, now.tzinfo or UTC) < now.date()


def day_of_run(moment: datetime, zone: tzinfo) -> date:
    """The day of a recurring invoice's run. Syncro's bare dates arrive as midnight UTC, and are that day everywhere."""
    utc = moment.astimezone(UTC)
    return utc.date() if utc.time() == time.min else moment.astimezone(zone).date()
