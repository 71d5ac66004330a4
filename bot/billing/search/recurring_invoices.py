"""Recurring invoices that will pick up a ticket's unbilled charges."""

from __future__ import annotations

from collections.abc import Sequence

from bot.billing.rules.policy import Ticket, unbilled
from bot.billing.rules.verdicts import Looked
from bot.billing.search.evidence import Evidence
from bot.billing.search.paging import Listing, read_until_stable
from bot.billing.search.queries import Asking, Failed, ListSchedules
from bot.counting import counted
from bot.syncro.models import ROWS_A_PAGE, Schedule

Schedules = Sequence[Schedule] | Failed


def customer_with_charges(ticket: Ticket) -> str | None:
    """The customer whose recurring invoices matter for a ticket without an invoice; None where none can matter."""
    return ticket.row.customer_id if unbilled(ticket).charges else None


def list_of_account(customers: int) -> Asking[Schedules | None]:
    """The whole account's recurring invoices, where that costs no more calls than asking for so many customers.

    None where it would cost more, or cannot be read.
    """
    whole = yield from _list(None, most_rows=customers // 2 * ROWS_A_PAGE)
    return None if isinstance(whole, Failed) or not whole.is_whole else whole.rows


def list_of_customer(customer_id: str) -> Asking[Schedules]:
    """A customer's recurring invoices."""
    listing = yield from _list(customer_id)
    return listing if isinstance(listing, Failed) else listing.rows


def note_schedules(evidence: Evidence, customer_id: str, schedules: Schedules) -> None:
    """Take in a customer's recurring invoices. A list that cannot be read stands in the way of a proof."""
    if isinstance(schedules, Failed):
        evidence.fail(schedules.sentence)
        evidence.receipt.append(Looked("Recurring invoices", "could not be listed"))
        return
    own = [schedule for schedule in schedules if schedule.customer_id == customer_id]
    unclear = [each for each in schedules if each.customer_id in (None, customer_id) and each.picks_up is not False]
    evidence.schedules.extend(own)
    if unclear and not any(schedule.picks_up for schedule in own):
        name = f" “{unclear[0].name}”" if unclear[0].name else ""
        evidence.fail(f"Whether the recurring invoice{name} picks up this ticket's charges cannot be read.")
    picking_up = sum(schedule.invoice_unbilled_ticket_charges is True for schedule in own)
    outcome = f"{counted(len(own), 'schedule')}, {picking_up or 'none'} for unbilled ticket charges" if own else "none"
    evidence.receipt.append(Looked("Recurring invoices", outcome))


def _list(customer_id: str | None, *, most_rows: int | None = None) -> Asking[Listing[Schedule] | Failed]:
    def page_read(number: int, reading: int) -> ListSchedules:
        return ListSchedules(customer_id, number, reading)

    # By its state: a schedule that was paused or moved meanwhile has to be seen as it is now.
    return (yield from read_until_stable(page_read, "list of recurring invoices", lambda row: row, most_rows=most_rows))
