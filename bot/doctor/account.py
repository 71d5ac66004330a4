"""What this Syncro account's lists, filters and links look like, and which proofs hold here.

Public accounts differ: in the size of a page, in what a list row says, in which filters are heeded, and in whether a
charge says on which invoice it went. The bot is right under all of them; this says which answers it can give here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.billing.ledger.freshness import FILTER_MARGIN
from bot.billing.rules.invoice import facts_of
from bot.billing.search.filters import Filter, Sample
from bot.counting import counted
from bot.doctor.results import Result, ok, skipped, warning
from bot.syncro.client import Reply
from bot.syncro.errors import SyncroError
from bot.syncro.models import InvoiceDetail, InvoiceRow, Page, TicketDetail

PAGES = "account: pages"
ROWS = "account: invoice rows"
FILTERS = "account: filters"
LINKS = "account: links"
ACCOUNT_CHECKS = (PAGES, ROWS, FILTERS, LINKS)
DETAILS = 8
"""Of the newest invoices so many are read."""


class AccountReads(Protocol):
    """What is read of the account; `SyncroClient` has it."""

    def invoices(
        self,
        *,
        customer_id: str | None = None,
        ticket_id: str | None = None,
        updated_since: datetime | None = None,
        page: int = 1,
    ) -> Reply[Page[InvoiceRow]]:
        """One page of invoices."""
        ...

    def invoice(self, reference: str) -> Reply[InvoiceDetail]:
        """One invoice."""
        ...

    def ticket(self, ticket_id: str) -> Reply[TicketDetail]:
        """One ticket."""
        ...


def examine_account(client: AccountReads) -> Iterator[Result]:
    """All checks of the account, in the order of `ACCOUNT_CHECKS`."""
    try:
        first = client.invoices().value
        second = client.invoices(page=2).value
        rows = [row for row in first.rows if row.reference][:DETAILS]
        details = [detail for row in rows if (detail := _detail(client, row)) is not None]
    except SyncroError as error:
        yield from skipped(ACCOUNT_CHECKS, f"{error.what}: {error.problem}")
        return
    if not rows:
        yield from skipped(ACCOUNT_CHECKS, "the account has no invoice to look at")
        return
    yield _pages(first, second)
    yield _rows(first)
    yield _filters(client, [*map(Sample.of, first.rows), *map(Sample.of, details)])
    yield _links(client, details)


def _detail(client: AccountReads, row: InvoiceRow) -> InvoiceDetail | None:
    try:
        return client.invoice(row.reference).value
    except SyncroError:
        return None  # one odd invoice says nothing of the others


def _pages(first: Page[InvoiceRow], second: Page[InvoiceRow]) -> Result:
    size = f"{len(first.rows)} invoices a page" if second.rows else f"all {len(first.rows)} invoices on one page"
    if first.total_pages is None:
        return ok(PAGES, f"{size}; Syncro does not say how many pages there are, so each list is read to its end")
    if first.total_pages == 1 and second.rows:
        advice = "Nothing to do: the bot reads each list until it has seen its end."
        return warning(PAGES, f"{size}; Syncro says that there is one, and shows more", advice)
    return ok(PAGES, f"{size}, {counted(first.total_pages, 'page')}")


def _rows(first: Page[InvoiceRow]) -> Result:
    named = {
        "id": any(row.id for row in first.rows),
        "updated_at": any(row.updated_at for row in first.rows),
        "ticket_id": any(row.ticket_id for row in first.rows),
    }
    shown = ", ".join(name for name, is_there in named.items() if is_there) or "no id and no time of change"
    if named["updated_at"]:
        return ok(ROWS, f"show {shown}")
    return ok(ROWS, f"show {shown}; without updated_at more invoices are read anew")


@dataclass(frozen=True)
class _Tried:
    """What became of trying a filter."""

    name: Filter
    outcome: str
    is_proved: bool


def _filters(client: AccountReads, samples: list[Sample]) -> Result:
    tried = [_try(client, each, samples) for each in Filter]
    said = "; ".join(f"{each.name.value} {each.outcome}" for each in tried)
    if all(each.is_proved for each in tried):
        return ok(FILTERS, f"{said}. Absence can be proved at once, and over the whole account after a sync")
    advice = (
        "Let the bot run, or run `invoice-bot sync`: once every invoice since a ticket was opened is known, the whole "
        "account proves it. Till then a ticket without an invoice may come out as could not verify."
    )
    return warning(FILTERS, said, advice)


def _try(client: AccountReads, name: Filter, samples: list[Sample]) -> _Tried:
    for sample in samples:
        try:
            answer = _ask(client, name, sample)
        except SyncroError as error:
            return _Tried(name, f"cannot be read ({error.problem})", is_proved=False)
        if answer is None:
            continue
        if not answer.value.rows:
            return _Tried(name, "is answered with nothing", is_proved=False)
        if all(_fits(name, row, sample) for row in answer.value.rows):
            return _Tried(name, "is heeded", is_proved=True)
        return _Tried(name, "is ignored", is_proved=name is not Filter.TICKET)
    return _Tried(name, "could not be tried (no invoice shows what to ask for)", is_proved=False)


def _ask(client: AccountReads, name: Filter, sample: Sample) -> Reply[Page[InvoiceRow]] | None:
    """Ask for what the sample is known to be; None where that is not known."""
    match name:
        case Filter.TICKET if sample.ticket_id is not None:
            return client.invoices(ticket_id=sample.ticket_id)
        case Filter.CUSTOMER if sample.customer_id is not None:
            return client.invoices(customer_id=sample.customer_id)
        case Filter.CHANGES if sample.changed_at is not None:
            return client.invoices(updated_since=sample.changed_at - FILTER_MARGIN)
    return None


def _fits(name: Filter, row: InvoiceRow, sample: Sample) -> bool:
    match name:
        case Filter.TICKET:
            return row.ticket_id in (None, sample.ticket_id)
        case Filter.CUSTOMER:
            return row.customer_id in (None, sample.customer_id)
        case Filter.CHANGES:
            since = None if sample.changed_at is None else sample.changed_at - 2 * FILTER_MARGIN
            return row.updated_at is None or since is None or row.updated_at >= since


def _links(client: AccountReads, details: list[InvoiceDetail]) -> Result:
    linked = [detail for detail in details if detail.ticket_id is not None]
    texts = [line.name or line.description for each in details if each.ticket_id is None for line in each.line_items]
    naming = sum(bool(facts_of(each).said) for each in details if each.ticket_id is None)
    said = [f"of {counted(len(details), 'new invoice')} {len(linked)} name their ticket in its field"]
    if texts:
        said.append(f"of the others {naming} hold a number in a line")
    said.append(_conversion(client, linked))
    return ok(LINKS, "; ".join(filter(None, said)))


def _conversion(client: AccountReads, linked: list[InvoiceDetail]) -> str:
    """Whether a ticket's charges say on which invoice they went, by one ticket that has an invoice."""
    for invoice in linked:
        try:
            charges = client.ticket(invoice.ticket_id or "").value.line_items
        except SyncroError:
            continue
        if charges:
            marked = sum(charge.invoice_line is not None for charge in charges)
            return f"{marked} of the {len(charges)} charges of an invoiced ticket say on which invoice line they went"
    return "no invoiced ticket with charges was seen"
