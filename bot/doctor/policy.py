"""What tells whether an invoice is owed: prepaid hours, and what the account has that no rule of the policy knows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from bot.billing.rules.policy import Policy, Ticket, contracts, expectation, fold
from bot.billing.rules.verdicts import BY_POLICY
from bot.counting import counted
from bot.doctor.results import Result, ok, skipped, warning
from bot.syncro.client import Reply
from bot.syncro.errors import SyncroError
from bot.syncro.models import CustomerDetail, InvoiceRow, Page, TicketDetail, TicketRow

PREPAID: Final = "account: prepaid hours"
POLICY: Final = "account: policy"
POLICY_CHECKS: Final = (PREPAID, POLICY)
_PAGES: Final = 2
_TICKETS: Final = 15
"""So many tickets are looked at, two calls each."""
_SECONDS: Final = 4.0
"""How long that goes on at most: it says something about the account, and is not worth a wait."""
_OFTEN: Final = 3
"""What so many tickets without an invoice have in common is named, where it is most of them."""

_Trait = tuple[str, str]
"""A setting, and a name that it could hold."""


class PolicyReads(Protocol):
    """What is read of the account; `SyncroClient` has it."""

    def tickets(self, *, page: int = 1) -> Reply[Page[TicketRow]]:
        """One page of all tickets."""
        ...

    def ticket(self, ticket_id: str) -> Reply[TicketDetail]:
        """One ticket."""
        ...

    def customer(self, customer_id: str) -> Reply[CustomerDetail]:
        """One customer."""
        ...

    def invoices(self, *, ticket_id: str | None = None) -> Reply[Page[InvoiceRow]]:
        """The invoices that Syncro offers for a ticket."""
        ...


def examine_policy(
    client: PolicyReads, policy: Policy, clock: Callable[[], float] = time.monotonic
) -> Iterator[Result]:
    """Both checks, in the order of `POLICY_CHECKS`."""
    try:
        rows = [row for page in range(1, _PAGES + 1) for row in client.tickets(page=page).value.rows]
    except SyncroError as error:
        yield from skipped(POLICY_CHECKS, f"{error.what}: {error.problem}")
        return
    yield _prepaid(client, next((row.customer_id for row in rows if row.customer_id), None))
    yield _unknown(client, rows, policy, clock)


def _prepaid(client: PolicyReads, customer_id: str | None) -> Result:
    """Whether a customer's prepaid hours can be read. The permission is optional."""
    if customer_id is None:
        return next(skipped((PREPAID,), "no ticket names its customer"))
    try:
        client.customer(customer_id)
    except SyncroError as error:
        advice = (
            f"Where customers buy blocks of hours: {error.advice} "
            "Without it work that a block covers counts as money at risk."
        )
        return warning(PREPAID, f"cannot be read: {error.problem}", advice)
    return ok(PREPAID, "can be read")


def _unknown(client: PolicyReads, rows: Sequence[TicketRow], policy: Policy, clock: Callable[[], float]) -> Result:
    """What finished tickets that no rule settles have in common, where many are on no invoice that Syncro offers."""
    ends = clock() + _SECONDS
    try:
        finished = [row for row in rows if row.id and not _is_settled(Ticket(row, None), policy)][:_TICKETS]
        seen = [each for row in finished if clock() < ends and (each := _read(client, row, policy)) is not None]
    except SyncroError as error:
        return next(skipped((POLICY,), f"{error.what}: {error.problem}"))
    return _judged(seen, policy)


def _is_settled(ticket: Ticket, policy: Policy) -> bool:
    return expectation(ticket, policy).due in BY_POLICY


def _read(client: PolicyReads, row: TicketRow, policy: Policy) -> tuple[Ticket, bool] | None:
    """The ticket, and whether Syncro offers an invoice for it; None where a rule settles it after all."""
    ticket = Ticket(row, client.ticket(row.id).value)
    if _is_settled(ticket, policy):
        return None
    if ticket.converted_items:
        return ticket, True
    return ticket, any(each.ticket_id == row.id for each in client.invoices(ticket_id=row.id).value.rows)


def _judged(seen: list[tuple[Ticket, bool]], policy: Policy) -> Result:
    every, bare = Counter[_Trait](), Counter[_Trait]()
    for ticket, has_invoice in seen:
        traits = set(_traits(ticket, policy))
        every.update(traits)
        bare.update([] if has_invoice else traits)
    often = [
        f"{setting} lacks “{name}” ({count} of {every[setting, name]} without an invoice)"
        for (setting, name), count in bare.most_common()
        if count >= _OFTEN and count * 2 > every[setting, name]
    ]
    invoiced = sum(has_invoice for _, has_invoice in seen)
    looked = f"{invoiced} of {counted(len(seen), 'finished ticket')} that no rule settles have an invoice of their own"
    if not often:
        return ok(POLICY, looked)
    advice = (
        "Where they owe nothing, name them there; where they do, make the invoices. "
        "`invoice-bot policy --dry-run` says what each rule would settle."
    )
    return warning(POLICY, f"{looked}; {'; '.join(often)}", advice)


def _traits(ticket: Ticket, policy: Policy) -> Iterator[_Trait]:
    """What of the ticket a rule could go by, and none does: its status, its contract, its products of 0.00."""
    if fold(ticket.status) not in map(fold, policy.finished_statuses):
        yield "NON_BILLABLE_STATUSES", ticket.status
    yield from (("COVERED_CONTRACTS", name) for name, *_ in contracts(ticket))
    yield from (("NO_CHARGE_PRODUCTS", charge.name) for charge in ticket.charges if charge.name and charge.amount == 0)
