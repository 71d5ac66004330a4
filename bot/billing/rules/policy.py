"""Whether an invoice is due at all: the account's own rules, applied to one ticket. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.billing.rules.invoice import BilledLine, sale_keys
from bot.billing.rules.verdicts import Due, Expectation, Ground, Labour, ProductTime, Unbilled
from bot.syncro.models import TicketCharge, TicketDetail, TicketRow, TicketTimer


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(fold, names)))


def fold(name: str) -> str:
    """A name as policy compares it: without case, spaces and dashes ("Non-Billable" is "non billable")."""
    return re.sub(r"[\s_\-\u2010-\u2015]+", "", name).casefold()


class NothingRecorded(StrEnum):
    """What a finished ticket is on which there is nothing to bill."""

    QUIET = "quiet"
    """A verdict of its own, said quietly."""
    WARN = "warn"
    """A ticket as any other, for accounts where each must carry something."""


@dataclass(frozen=True)
class Policy:
    """Which names mean "finished", "no invoice expected" and "covered". Compared by `fold`."""

    finished_statuses: tuple[str, ...] = ("Resolved", "Invoiced", "Closed", "Completed")
    non_billable_statuses: tuple[str, ...] = ("Non-Billable", "No Charge", "Cancelled", "Canceled", "Duplicate")
    non_billable_billing_statuses: tuple[str, ...] = ()
    non_billable_tags: tuple[str, ...] = ()
    non_billable_ticket_types: tuple[str, ...] = ()
    non_billable_problem_types: tuple[str, ...] = ()
    non_billable_customers: tuple[str, ...] = ()
    """Names or ids."""
    non_billable_subjects: tuple[str, ...] = ()
    """How their subjects begin."""
    no_charge_products: tuple[str, ...] = ()
    """Products whose charges of 0.00 say that the time beside them is free."""
    covered_customers: tuple[str, ...] = ()
    """Names or ids."""
    covered_contracts: tuple[str, ...] = ()
    """Names or ids; "*" is any contract."""
    nothing_recorded: NothingRecorded = NothingRecorded.QUIET
    labor_rates: tuple[tuple[str, Decimal], ...] = ()
    """What an hour of a product's time is worth, by its name or id."""


@dataclass(frozen=True)
class Ticket:
    """A ticket as far as it could be read: the list row always, the detail unless that read failed."""

    row: TicketRow
    detail: TicketDetail | None
    remembered_at: datetime | None = None
    """When the detail was read, where it was not read now but comes from the ledger."""

    @property
    def status(self) -> str:
        """The status, from the fresher of the two reads."""
        return self.detail.status if self.detail is not None and self.detail.status else self.row.status

    @property
    def charges(self) -> tuple[TicketCharge, ...]:
        """The ticket's line items; none where the detail could not be read."""
        return self.detail.line_items if self.detail is not None else ()

    @property
    def timers(self) -> tuple[TicketTimer, ...]:
        """The ticket's time entries; none where the detail could not be read."""
        return self.detail.ticket_timers if self.detail is not None else ()

    @property
    def converted_items(self) -> frozenset[str]:
        """Ids of the invoice lines that this ticket's charges became."""
        return frozenset(charge.invoice_line for charge in self.charges if charge.invoice_line is not None)


def put_back(ticket: Ticket) -> Ticket:
    """The ticket where each converted charge's line is known to be on no invoice: deleting a line puts it back."""
    if ticket.detail is None or not ticket.converted_items:
        return ticket
    charges = tuple(
        charge if charge.invoice_line is None else charge.model_copy(update={"converted": False})
        for charge in ticket.charges
    )
    return replace(ticket, detail=ticket.detail.model_copy(update={"line_items": charges}))


def recognised(ticket: Ticket, lines: Sequence[BilledLine]) -> Ticket:
    """The ticket where a charge that stands on its own invoice is on an invoice, though Syncro does not mark it so.

    `lines` are those of the invoices that were made for it. The same text, quantity and price make the same sale, each
    line is one charge at the most, and one that a charge names is that charge.
    """
    if ticket.detail is None:
        return ticket
    free = [line for line in lines if line.id not in ticket.converted_items]
    charges = []
    for charge in ticket.charges:
        wanted = set(sale_keys((charge.name, charge.description), charge.quantity, charge.price))
        line = None if charge.converted is True else next((each for each in free if wanted & set(each.sold)), None)
        if line is not None:
            free.remove(line)
            charge = charge.model_copy(update={"converted": True, "item_id": line.id})
        charges.append(charge)
    return replace(ticket, detail=ticket.detail.model_copy(update={"line_items": tuple(charges)}))


def expectation(ticket: Ticket, policy: Policy) -> Expectation:
    """Apply the policy: non-billable first, then whether the work is finished (or may be, for want of a status)."""
    said = _non_billable(ticket, policy)
    if said is not None:
        return said
    is_named = fold(ticket.status) in _folded(policy.finished_statuses)
    if not is_named and ticket.status and finished_at(ticket) is None:
        return Expectation(Due.NOT_YET, Ground.STATUS, ticket.status, "FINISHED_STATUSES")
    if ticket.detail is None:
        return Expectation(Due.YES, Ground.STATUS, ticket.status, "FINISHED_STATUSES")
    return _covered(ticket, policy) or _due(ticket, policy)


def _non_billable(ticket: Ticket, policy: Policy) -> Expectation | None:
    """Why no invoice is expected; None where one may be."""
    if (named := _named(ticket, policy, Due.NEVER)) is not None or ticket.detail is None:
        return named
    if ticket.timers and all(timer.billable is False for timer in ticket.timers) and not _may_be_priced(ticket):
        return Expectation(Due.NEVER, Ground.TIME, rule="NO_BILLABLE_TIME")
    if not _has_only_free_charges(ticket):
        return None
    if not any(map(_is_uncharged, ticket.timers)):
        return Expectation(Due.NEVER, Ground.CHARGES, rule="ONLY_FREE_CHARGES")
    free = _folded(policy.no_charge_products)
    product = next((charge.name for charge in ticket.charges if charge.name and fold(charge.name) in free), None)
    return None if product is None else Expectation(Due.NEVER, Ground.PRODUCT, product, "NO_CHARGE_PRODUCTS")


def _covered(ticket: Ticket, policy: Policy) -> Expectation | None:
    """What covers the ticket's time; None where nothing does, or some charge may have a price.

    A converted charge counts too: if its line is on no invoice any more, it is to be billed again.
    """
    return _named(ticket, policy, Due.COVERED) if all(map(_is_free, ticket.charges)) else None


def _due(ticket: Ticket, policy: Policy) -> Expectation:
    """What is said of a finished ticket that nothing exempts."""
    has_nothing = not (ticket.charges or ticket.timers or is_said_invoiced(ticket))
    if has_nothing and policy.nothing_recorded is NothingRecorded.QUIET:
        return Expectation(Due.NOTHING, Ground.STATUS, ticket.status, "NOTHING_RECORDED")
    by = Ground.CHARGES if _has_only_free_charges(ticket) else Ground.STATUS
    covering = _named(ticket, policy, Due.COVERED)
    return Expectation(Due.YES, by, ticket.status, "FINISHED_STATUSES", covering)


Said = Iterable[tuple[str, ...]]
"""What a ticket says in one respect: each value as it is shown, then its other names."""


@dataclass(frozen=True)
class Rule:
    """A setting that holds names, and what of a ticket they are compared with."""

    setting: str
    due: Due
    by: Ground
    names: Callable[[Policy], Iterable[str]]
    said: Callable[[Ticket], Said]
    is_prefix: bool = False

    def value(self, ticket: Ticket, policy: Policy) -> str | None:
        """What of the ticket it holds for, as it is shown; None where it does not hold."""
        wanted = _folded(self.names(policy))
        for shown, *others in self.said(ticket) if wanted else ():
            names = _folded((shown, *others))
            if wanted & names or (self.is_prefix and any(name.startswith(tuple(wanted)) for name in names)):
                return shown
        return None


ANY: Final = "*"
"""In `COVERED_CONTRACTS`: any contract."""


def records(ticket: Ticket) -> Iterator[TicketRow]:
    """What was read of a ticket: its row, and its detail."""
    yield ticket.row
    if ticket.detail is not None:
        yield ticket.detail


def customers(ticket: Ticket) -> Said:
    """Whose it is."""
    row = ticket.row
    yield row.customer_business_then_name or row.customer_id or "", row.customer_id or ""


def contracts(ticket: Ticket) -> Said:
    """Its contract."""
    for each in records(ticket):
        if each.contract_id or each.contract_name:
            yield each.contract_name or each.contract_id or "", each.contract_id or "", ANY


RULES: Final[tuple[Rule, ...]] = (
    Rule("NON_BILLABLE_STATUSES", Due.NEVER, Ground.STATUS,
         lambda policy: policy.non_billable_statuses, lambda ticket: [(ticket.status,)]),
    Rule("NON_BILLABLE_BILLING_STATUSES", Due.NEVER, Ground.BILLING_STATUS,
         lambda policy: policy.non_billable_billing_statuses,
         lambda ticket: [(each.billing_status,) for each in records(ticket)]),
    Rule("NON_BILLABLE_TAGS", Due.NEVER, Ground.TAG,
         lambda policy: policy.non_billable_tags,
         lambda ticket: [(tag,) for each in records(ticket) for tag in each.tag_list]),
    Rule("NON_BILLABLE_TICKET_TYPES", Due.NEVER, Ground.TICKET_TYPE,
         lambda policy: policy.non_billable_ticket_types,
         lambda ticket: [(each.ticket_type_name,) for each in records(ticket)]),
    Rule("NON_BILLABLE_PROBLEM_TYPES", Due.NEVER, Ground.PROBLEM_TYPE,
         lambda policy: policy.non_billable_problem_types,
         lambda ticket: [(each.problem_type,) for each in records(ticket)]),
    Rule("NON_BILLABLE_CUSTOMERS", Due.NEVER, Ground.CUSTOMER,
         lambda policy: policy.non_billable_customers, customers),
    Rule("NON_BILLABLE_SUBJECTS", Due.NEVER, Ground.SUBJECT,
         lambda policy: policy.non_billable_subjects,
         lambda ticket: [(each.subject,) for each in records(ticket)], is_prefix=True),
    Rule("COVERED_CUSTOMERS", Due.COVERED, Ground.CUSTOMER,
         lambda policy: policy.covered_customers, customers),
    Rule("COVERED_CONTRACTS", Due.COVERED, Ground.CONTRACT,
         lambda policy: policy.covered_contracts, contracts),
)  # fmt: skip
"""The rules that go by names, in the order in which they are asked."""


def _named(ticket: Ticket, policy: Policy, due: Due) -> Expectation | None:
    """What the first rule says that holds."""
    for rule in RULES:
        if rule.due is due and (value := rule.value(ticket, policy)) is not None:
            return Expectation(due, rule.by, value, rule.setting)
    return None


def is_said_invoiced(ticket: Ticket) -> bool:
    """Whether its status says Invoiced, which proves nothing."""
    return fold(ticket.status) == "invoiced"


def _is_free(charge: TicketCharge) -> bool:
    """Whether it surely has no price."""
    return charge.amount is not None and charge.amount <= 0


def _may_be_priced(ticket: Ticket) -> bool:
    """Whether some unbilled charge may have a price."""
    return not all(map(_is_free, pending_charges(ticket)))


def _has_only_free_charges(ticket: Ticket) -> bool:
    return bool(ticket.charges) and all(map(_is_free, ticket.charges))


def finished_at(ticket: Ticket) -> datetime | None:
    """When the ticket was resolved, as Syncro has it; None where it names no date."""
    if ticket.detail is not None and ticket.detail.resolved_at is not None:
        return ticket.detail.resolved_at
    return ticket.row.resolved_at


def last_touched(ticket: Ticket) -> datetime | None:
    """When the work was finished as far as can be told: the resolved date, or the last change where there is none."""
    return finished_at(ticket) or ticket.row.updated_at


_NO_DETAIL = TicketDetail(id="-", number="-", ticket_timers=(), line_items=())


def _of(detail: TicketDetail | None) -> TicketDetail:
    return detail if detail is not None else _NO_DETAIL


def unbilled(ticket: Ticket, billed_lines: frozenset[str] = frozenset()) -> Unbilled:
    """Work on the ticket that is on no invoice: open charges, and billable time that is no charge yet.

    `billed_lines` are line ids of invoices already found. Nothing is known of a ticket whose detail is unread.
    """
    if ticket.detail is None:
        return Unbilled(None, None)
    pending = pending_charges(ticket, billed_lines)
    amounts = [charge.amount for charge in pending]
    uncharged = [timer for timer in ticket.timers if _is_uncharged(timer)]
    are_charges_known = None not in amounts and all(charge.converted is not None for charge in pending)
    is_time_known = all(None not in (timer.billable, timer.recorded, timer.seconds) for timer in uncharged)
    charges = sum((amount for amount in amounts if amount is not None), Decimal(0)).quantize(Decimal("0.01"))
    minutes = sum(timer.seconds or 0 for timer in uncharged) // 60
    labour = tuple(
        Labour(charge.quantity, charge.amount)
        for charge in pending
        if charge.quantity is not None and charge.amount is not None and is_labour(charge, ticket)
    )
    time = tuple(_by_product(uncharged, ticket)) if is_time_known else ()
    return Unbilled(
        minutes if is_time_known else None,
        charges if are_charges_known else None,
        labour,
        _repeated(pending, ticket) if are_charges_known else Decimal("0.00"),
        time,
    )


def _repeated(pending: Iterable[TicketCharge], ticket: Ticket) -> Decimal:
    """What of the pending charges equals a charge that came of a timer, beyond as many as timers name."""
    of_timers = {timer.ticket_line_item_id for timer in ticket.timers} - {None}
    equal: dict[tuple[object, ...], list[TicketCharge]] = {}
    for charge in ticket.charges:
        sale = (fold(charge.name), fold(charge.description), charge.quantity, charge.amount)
        equal.setdefault(sale, []).append(charge)
    waiting = {id(charge) for charge in pending}
    total = Decimal("0.00")
    for charges in equal.values():
        named = sum(charge.id in of_timers for charge in charges)
        unbilled_of_them = sum(id(charge) in waiting for charge in charges)
        if named:
            total += (charges[0].amount or 0) * min(len(charges) - named, unbilled_of_them)
    return total.quantize(Decimal("0.01"))


def _by_product(timers: Iterable[TicketTimer], ticket: Ticket) -> Iterator[ProductTime]:
    """The time by what it may be of: the timer's own product, or those of the ticket's charges."""
    seconds: dict[tuple[str, ...], int] = {}
    for timer in timers:
        products = [
            name
            for charge in ticket.charges
            if timer.product_id in (None, charge.product_id)
            for name in (charge.product_id, charge.name)
        ]
        named = tuple(dict.fromkeys(filter(None, (timer.product_id, *products))))
        seconds[named] = seconds.get(named, 0) + (timer.seconds or 0)
    so_far = 0
    for named, some in sorted(seconds.items(), reverse=True):  # what is of no known product comes last
        minutes = (so_far + some) // 60 - so_far // 60
        so_far += some
        if named:
            yield ProductTime(minutes, named)


_LABOUR = re.compile(r"\blabou?r\b", re.IGNORECASE)


def is_labour(charge: TicketCharge, ticket: Ticket) -> bool:
    """Whether a charge is for hours of work: it came of a timer, or its product's category (else its name) says so.

    One that sells prepaid hours is not.
    """
    product = charge.product_category or charge.name
    came_of_timer = charge.id is not None and any(timer.ticket_line_item_id == charge.id for timer in ticket.timers)
    return came_of_timer or (bool(_LABOUR.search(product)) and "prepa" not in fold(product))


def pending_charges(ticket: Ticket, billed_lines: frozenset[str] = frozenset()) -> list[TicketCharge]:
    """The charges that are on no invoice for all that is known.

    One that is not converted is on none, whatever line it names: deleting a line puts its charge back.
    """
    return [
        charge
        for charge in ticket.charges
        if charge.converted is not True and not (charge.converted is None and charge.item_id in billed_lines)
    ]


def _is_uncharged(timer: TicketTimer) -> bool:
    """Whether it is billable time that has not become a charge, for all that is known."""
    return timer.billable is not False and timer.recorded is not True and timer.ticket_line_item_id is None


def doubts(ticket: Ticket, billed_lines: frozenset[str] | None = None) -> tuple[str, ...]:
    """What Syncro does not say clearly about the ticket's charges and time, a sentence each.

    How long the time is matters only beside invoices that were found (`billed_lines`): is more unbilled?
    """
    pending = pending_charges(ticket, billed_lines or frozenset())
    uncharged = [timer for timer in ticket.timers if _is_uncharged(timer)]
    unclear = (
        ("whether a charge of the ticket is on an invoice", [charge.converted for charge in pending]),
        ("what a charge of the ticket costs", [charge.amount for charge in pending]),
        ("whether time on the ticket is billable", [timer.billable for timer in uncharged]),
        ("whether time on the ticket became a charge", [timer.recorded for timer in uncharged]),
        ("how long work on the ticket took", [timer.seconds for timer in uncharged if billed_lines is not None]),
    )
    return tuple(f"Syncro does not say clearly {what}." for what, said in unclear if None in said)


_BILLED = _folded(["Invoiced", "Billed", "Fully Invoiced", "Fully Billed"])


def claims(ticket: Ticket) -> tuple[str, ...]:
    """What of the ticket forbids to say that no invoice bills it and one should, a sentence each.

    It speaks of an invoice itself, or does not say whether the work is finished.
    """
    statuses = dict.fromkeys([ticket.row.billing_status, _of(ticket.detail).billing_status])
    said = [
        f"Its billing status in Syncro is “{status}”, yet no invoice that bills it was found."
        for status in statuses
        if fold(status) in _BILLED
    ]
    if any(charge.converted is True and charge.item_id is None for charge in ticket.charges):
        said.append("Syncro marks a charge of the ticket as put on an invoice, and does not say on which.")
    if not ticket.status and finished_at(ticket) is None:
        said.append("Syncro names no status of the ticket, so nobody can tell whether the work is finished.")
    return tuple(said)
