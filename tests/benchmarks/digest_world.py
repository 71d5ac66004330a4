"""A month of 300 tickets, a day on which little changes, and what the digest after it may cost.

The allowance is reckoned from the world alone. Nothing of it comes from the bot's code.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.syncro.world import Invoice, ListRows, Ticket, World
from tests.e2e import month as months
from tests.e2e.month import GRACE, LOOKBACK, Fact, Plan, day

ROWS_ON_A_PAGE = 25
MARGIN = 1.1
_FINISHED = {"Resolved", "Invoiced", "Closed", "Completed", "Non-Billable"}


@dataclass(frozen=True)
class Allowance:
    """What a digest with a current ledger may ask for, by reason."""

    pages_of_finished_tickets: int
    changed_tickets: int
    pages_of_invoices: int
    changed_invoices: int
    billed_to_third_parties: int
    accused_first: int = 0
    """What is read anew of tickets that are accused for the first time: what Syncro offers, their customers with their
    prepaid hours, and those customers' invoices that may have changed since they were opened."""
    proof_of_changes: int = 0
    """What else stands in the list of changes, back to the latest change that was known: its pages, and where rows tell
    no time of change its invoices too."""

    @property
    def calls(self) -> int:
        """The sum, and a tenth more."""
        parts = (
            self.pages_of_finished_tickets,
            self.changed_tickets,
            self.pages_of_invoices,
            self.changed_invoices,
            self.billed_to_third_parties,
            self.accused_first,
            self.proof_of_changes,
        )
        return math.floor(MARGIN * sum(parts))

    @property
    def words(self) -> str:
        """The sum, spelt out."""
        return (
            f"{self.pages_of_finished_tickets} pages of finished tickets + {self.changed_tickets} changed tickets"
            f" + {self.pages_of_invoices} pages of their customers' invoices + {self.changed_invoices} changed invoices"
            f" + {self.billed_to_third_parties} billed to a third party"
            f" + {self.accused_first} for tickets accused for the first time"
            f" + {self.proof_of_changes} by which the list of changes proves itself, + 10 %"
        )


def allowance(
    world: World,
    *,
    now: datetime,
    before: datetime,
    accused: Collection[str] = (),
    said: Collection[str] = (),
    rows: ListRows,
) -> Allowance:
    """For the digest made at `now`, where everything was read at `before`, that has to accuse these tickets.

    Those that were `said` before need not be proved anew.
    """
    tickets = list(_in_digest(world, now))
    earliest: dict[int, datetime] = {}
    for ticket in tickets:
        earliest[ticket.customer_id] = min(ticket.created_at, earliest.get(ticket.customer_id, ticket.created_at))
    finished = [one for one in world.tickets.values() if one.status in _FINISHED and one.updated_at >= now - LOOKBACK]
    known = {ticket.id for ticket in _in_digest(world, before)}
    changed = [ticket for ticket in tickets if ticket.updated_at > before or ticket.id not in known]
    payers = _payers(world)
    return Allowance(
        pages_of_finished_tickets=_pages(len(finished)),
        changed_tickets=len(changed),
        pages_of_invoices=sum(
            _pages(sum(one.customer_id == customer and one.updated_at >= since for one in world.invoices.values()))
            for customer, since in earliest.items()
        ),
        changed_invoices=sum(invoice.updated_at > before for invoice in world.invoices.values()),
        accused_first=_accused_first(world, set(accused) - set(said), set(accused)),
        proof_of_changes=_proof_of_changes(world, before, rows),
        billed_to_third_parties=sum(payers[ticket.id] - {ticket.customer_id} != set() for ticket in tickets),
    )


def _accused_first(world: World, first: set[str], accused: set[str]) -> int:
    tickets = [ticket for ticket in world.tickets.values() if str(ticket.number) in first]
    invoices = {
        invoice.id
        for ticket in tickets
        for invoice in world.invoices.values()
        if invoice.customer_id == ticket.customer_id and invoice.updated_at >= ticket.created_at - timedelta(days=2)
    }
    customers = {ticket.customer_id for ticket in world.tickets.values() if str(ticket.number) in accused}
    return len(tickets) + len(customers) + len(invoices)


def _proof_of_changes(world: World, before: datetime, rows: ListRows) -> int:
    latest = max(invoice.updated_at for invoice in world.invoices.values() if invoice.updated_at <= before)
    named = sum(invoice.updated_at >= latest for invoice in world.invoices.values())
    return 2 * _pages(named) + (named if rows is ListRows.MEMO else 0)


def _in_digest(world: World, now: datetime) -> Iterator[Ticket]:
    for ticket in world.tickets.values():
        done = ticket.resolved_at or ticket.updated_at
        if ticket.status in _FINISHED and now - LOOKBACK <= done <= now - GRACE:
            yield ticket


def _payers(world: World) -> dict[int, set[int]]:
    """For each ticket the customers who pay an invoice that bills it."""
    payers: dict[int, set[int]] = {ticket_id: set() for ticket_id in world.tickets}
    carried = {line.id: invoice for invoice in world.invoices.values() for line in invoice.lines}
    for invoice in world.invoices.values():
        named = {ticket_id for line in invoice.lines for ticket_id in line.named_ticket_ids}
        if invoice.ticket_id is not None:
            named.add(invoice.ticket_id)
        for ticket_id in named:
            payers[ticket_id].add(invoice.customer_id)
    for ticket in world.tickets.values():
        for charge in ticket.charges:
            if charge.item_id in carried:
                payers[ticket.id].add(carried[charge.item_id].customer_id)
    return payers


def _pages(rows: int) -> int:
    return max(1, math.ceil(rows / ROWS_ON_A_PAGE))


# --- a day ---


def quiet_day(plan: Plan) -> None:
    """What people do between two digests: some new invoices, some edited, one deleted, one moved, tickets touched."""
    month, world = plan.month, plan.month.world
    world.now = day(2) - timedelta(hours=1)
    owed = [fact for fact in month.owed(months.FIRST_DAY) if fact not in plan.leaving]
    for fact in owed[:4]:
        month.bill(fact, "ticket_id")
    month.bill(owed[4], "third party", plan.landlord)
    gone, moved, *edited = _own_invoices(plan)[:5]
    for invoice in edited:
        world.add_line(invoice, name="Another visit")
    for fact in _billed_facts(plan)[-6:]:
        fact.ticket.updated_at = world.now
    month.delete(gone.number)
    moved.customer_id, moved.updated_at = plan.landlord.id, world.now


def busy_day(plan: Plan) -> None:
    """A quiet day, on which monthly agreements were invoiced as well: lines that name no ticket."""
    quiet_day(plan)
    world = plan.month.world
    for customer in list(world.customers.values())[:5]:
        world.add_invoice(customer, total="480.00", created_at=world.now)


def _own_invoices(plan: Plan) -> list[Invoice]:
    """Invoices made for one ticket of the same customer."""
    return [plan.month.world.invoice_numbered(number) for number in plan.billed_by_id if number]


def _billed_facts(plan: Plan) -> list[Fact]:
    return [fact for fact in plan.month.facts.values() if fact.invoice is not None and not fact.owed]
