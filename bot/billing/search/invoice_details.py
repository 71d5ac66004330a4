"""Getting to know the details of listed invoices: remembered where that is proved to be current, read otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.billing.ledger.freshness import Sweep, is_current, sweep_of
from bot.billing.ledger.model import ACCOUNT, RememberedInvoice
from bot.billing.rules.matching import match
from bot.billing.rules.verdicts import Looked
from bot.billing.search.evidence import Evidence
from bot.billing.search.filters import Changes
from bot.billing.search.paging import read_list
from bot.billing.search.queries import (
    Asking,
    Failed,
    ListInvoices,
    ReadInvoice,
    RecallInvoices,
    RecallLinked,
    RecallPlaces,
    detail_read,
    recall,
)
from bot.syncro.errors import FailureKind
from bot.syncro.models import ROWS_A_PAGE, InvoiceDetail, InvoiceRow

DETAILS_AT_ONCE = 8
"""Invoice details asked for in one round: reading stops after the round that holds a link."""
MOST_CONFIRMED = DETAILS_AT_ONCE
"""Remembered links of one ticket that are read again: billed so often, it is billed twice for sure."""
RECALLED_AT_ONCE = 200
"""Rows whose details are looked up in the ledger at once."""
WORTH_A_SWEEP = 3
"""Remembered invoices whose rows tell no time of change: from so many on, one list of changes costs less."""


def read_details(evidence: Evidence, rows: Sequence[InvoiceRow], *, every: bool = False) -> Asking[bool]:
    """Read the details not tried yet, a round at a time, until one holds a link. True when anything was read.

    With `every` it goes on: another may bill the ticket too.
    """
    wanted = [row for row in rows if not evidence.was_tried(row)]
    for start in range(0, len(wanted), DETAILS_AT_ONCE):
        if evidence.links and not every:
            break
        batch = wanted[start : start + DETAILS_AT_ONCE]
        answers = yield [detail_read(row) for row in batch]
        for row in batch:
            evidence.note_detail(row, answers[detail_read(row)])
    return bool(wanted)


def know_details(
    evidence: Evidence, rows: Sequence[InvoiceRow], sweep: Sweep | None, *, standing: bool = False
) -> Asking[bool]:
    """Like `read_details`, but what is remembered and current need not be read. See `Evidence.note_remembered`.

    What billed the ticket when it was read last is read before the others: they may not be needed then.
    """
    wanted = [row for row in rows if not evidence.was_tried(row)]
    likely: list[InvoiceRow] = []
    unknown: list[InvoiceRow] = []
    for row, remembered in zip(wanted, (yield from _recalled(wanted)), strict=True):
        if remembered is None:
            unknown.append(row)
        elif not is_current(row, remembered, sweep) or not evidence.note_remembered(row, remembered, standing=standing):
            (likely if match(remembered.facts, evidence.ticket).link is not None else unknown).append(row)
    anything_read = yield from read_details(evidence, likely)
    return (yield from read_details(evidence, unknown)) or anything_read


def sweep_customer(customer_id: str, rows: Sequence[InvoiceRow]) -> Asking[Sweep | None]:
    """List what changed since these invoices were read, where their rows tell no time of change.

    None where that is not needed, does not pay, or cannot be read in one piece.
    """
    untimed = [row for row in rows if row.updated_at is None]
    if len(untimed) < WORTH_A_SWEEP:
        return None
    # The account first: were it brought forward after the invoices are recalled, it would vouch for what they were.
    (account,) = yield from recall(RecallPlaces((ACCOUNT,)))
    known = [each for each in (yield from _recalled(untimed)) if each is not None]
    if len(known) < WORTH_A_SWEEP:
        return None
    oldest = min(each.read_at for each in known)
    as_of, vouches_from = (oldest, oldest) if account is None else (account.as_of, account.searched_at)
    dated = [each for each in known if each.facts.updated_at is not None and each.facts.updated_at <= each.read_at]
    latest = sorted(dated, key=_last_changed)[-1:]
    changes = Changes.after(as_of, latest)

    def page_read(number: int, reading: int) -> ListInvoices:
        return ListInvoices(page=number, customer_id=customer_id, updated_since=changes.since, reading=reading)

    changed = yield from read_list(page_read, "list of changed invoices", most_rows=ROWS_A_PAGE)
    if isinstance(changed, Failed) or not (changed.is_whole and changed.is_one_piece):
        return None  # between two pages a row may slide out of sight
    return sweep_of(changed.rows, vouches_from) if latest and changes.believes(changed.rows) else None


def confirm_remembered(evidence: Evidence) -> Asking[None]:
    """Read again the invoices that billed the ticket when they were last read; a ticket may be billed twice."""
    for remembered in ((yield from recall_links(evidence)) or [])[:MOST_CONFIRMED]:
        yield from confirm(evidence, remembered)
    if evidence.links:
        yield from read_again(evidence, (yield from recall_made_in_vain(evidence)))


def recall_links(evidence: Evidence, reading: int = 1) -> Asking[list[RememberedInvoice] | None]:
    """The remembered invoices that bill the ticket, those that changed last first; None when nobody can tell."""
    remembered = yield from recall(RecallLinked(evidence.ticket, reading))
    if remembered is None:
        return None
    linked = [each for each in remembered if match(each.facts, evidence.ticket).link is not None]
    return sorted(linked, key=_last_changed, reverse=True)


def recall_made_in_vain(evidence: Evidence) -> Asking[list[RememberedInvoice]]:
    """The remembered invoices that were made for the ticket and bill nothing: they give back, or have no line."""
    remembered = yield from recall(RecallLinked(evidence.ticket))
    of_ticket = [each for each in remembered or () if each.facts.ticket_id == evidence.ticket.ticket_id]
    return [each for each in of_ticket if each.facts.is_credit or each.facts.is_empty]


def recall_mentions(evidence: Evidence) -> Asking[list[RememberedInvoice]]:
    """The remembered invoices that might mean the ticket, whoever's they are, as they are known in the end."""
    remembered = yield from recall(RecallLinked(evidence.ticket, reading=2))
    return [each for each in remembered or () if match(each.facts, evidence.ticket).might]


def confirm(evidence: Evidence, remembered: RememberedInvoice, sweep: Sweep | None = None) -> Asking[None]:
    """Read a remembered invoice that billed the ticket again, and say in the receipt what came of it."""
    evidence.note_named_by_ledger(remembered.facts)
    yield from read_again(evidence, [remembered], sweep)
    outcome = "it still does" if evidence.has_link(remembered.facts.id) else "it no longer does, or could not be read"
    named = f"invoice {remembered.facts.number} billed this ticket when it was last read"
    evidence.receipt.append(Looked("Earlier reads", f"{named}; read again now, {outcome}"))


def read_again(evidence: Evidence, remembered: Sequence[RememberedInvoice], sweep: Sweep | None = None) -> Asking[None]:
    """Read remembered invoices' details and take in what they say now.

    One that was read in this request already is not read twice: for this ticket, or because `sweep` names it.
    """
    named = [row for each in remembered if sweep is not None and (row := sweep.row_of(each.facts)) is not None]
    yield from _read_rows(evidence, {row: detail_read(row) for row in named if not evidence.was_tried(row)})
    wanted = {each.facts.id: each for each in remembered if not evidence.has_read(each.facts.id)}
    reads = {
        InvoiceRow(id=each.facts.id): ReadInvoice(each.facts.id, each.facts.updated_at) for each in wanted.values()
    }
    for row, answer in (yield from _read_rows(evidence, reads)).items():
        invoice = wanted[row.reference]
        if isinstance(answer, Failed) and answer.kind is FailureKind.NOT_FOUND:
            evidence.gone[invoice.facts.id] = invoice
        elif not evidence.has_read(invoice.facts.id):
            evidence.out_of_reach[invoice.facts.id] = invoice.facts


def _read_rows(
    evidence: Evidence, reads: Mapping[InvoiceRow, ReadInvoice]
) -> Asking[dict[InvoiceRow, InvoiceDetail | Failed]]:
    """Read these rows' details in one round and take them in."""
    if not reads:
        return {}
    answers = yield list(reads.values())
    found = {row: answers[read] for row, read in reads.items()}
    for row, answer in found.items():
        evidence.note_detail(row, answer)
    return found


def _recalled(rows: Sequence[InvoiceRow]) -> Asking[list[RememberedInvoice | None]]:
    found: list[RememberedInvoice | None] = []
    for start in range(0, len(rows), RECALLED_AT_ONCE):
        found += yield from recall(RecallInvoices(tuple(rows[start : start + RECALLED_AT_ONCE])))
    return found


def _last_changed(remembered: RememberedInvoice) -> datetime:
    return remembered.facts.updated_at or remembered.read_at
