"""What a filter of Syncro's lists is worth on this account.

A filter that always answers nothing looks like an account where there is nothing, so its silence proves something
only after it has been seen to name what it should. Being ignored is no danger: then a list shows too much.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.billing.ledger.freshness import CLOCKS_APART, FILTER_MARGIN
from bot.billing.ledger.model import RememberedInvoice, SearchedPlace
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.search.queries import (
    Asking,
    Failed,
    ListInvoices,
    NotePlaces,
    RecallKnown,
    RecallPlaces,
    ask,
    detail_read,
    recall,
)
from bot.syncro.models import InvoiceDetail, InvoiceRow

PROOF_LASTS = timedelta(days=7)
SAMPLES = 8
"""Invoices of the account's first page that are read in search of one that was made for a ticket."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Filter(StrEnum):
    """A filter of the list of invoices, by its parameter."""

    TICKET = "ticket_id"
    CUSTOMER = "customer_id"
    CHANGES = "since_updated_at"

    @property
    def proof(self) -> str:
        """Under which name the ledger keeps that the filter was seen to work."""
        return f"filter/{self.value}"


@dataclass(frozen=True)
class Sample:
    """An invoice that is known to be there, by which a filter can be tried."""

    id: str | None
    number: str | None
    ticket_id: str | None
    customer_id: str | None
    changed_at: datetime | None
    """No later than its last change."""

    @classmethod
    def of(cls, invoice: InvoiceFacts | InvoiceRow | InvoiceDetail) -> Sample:
        """The sample that an invoice makes."""
        moment = max(filter(None, (invoice.updated_at, invoice.created_at)), default=None)
        return cls(invoice.id, invoice.number, invoice.ticket_id, invoice.customer_id, moment)

    def is_named(self, rows: Iterable[InvoiceRow]) -> bool:
        """Whether a list names it."""
        return any((row.id == self.id if row.id is not None else row.number == self.number) for row in rows)


def unproved(wanted: Collection[Filter], now: datetime) -> Asking[list[Filter]]:
    """Which of these filters nobody has seen at work lately."""
    names = tuple(each.proof for each in wanted)
    proofs = (yield from recall(RecallPlaces(names))) if names else ()
    return [
        each
        for each, proof in zip(wanted, proofs, strict=True)
        if proof is None or not now - PROOF_LASTS <= proof.as_of
    ]


def note_proved(filters: Collection[Filter], now: datetime) -> Asking[None]:
    """Keep that these filters were seen at work."""
    if filters:
        noted = tuple(SearchedPlace(name=each.proof, since=None, as_of=now, searched_at=now) for each in filters)
        yield from recall(NotePlaces(noted))


def note_contradicted(contradicted: Filter, now: datetime) -> Asking[None]:
    """Drop what was known of a filter that has failed to name what it should."""
    place = SearchedPlace(name=contradicted.proof, since=None, as_of=_NEVER, searched_at=now)
    yield from recall(NotePlaces((place,)))


def prove(filters: Sequence[Filter], samples: Sequence[Sample], now: datetime) -> Asking[list[Filter]]:
    """Try filters on invoices that are known to be there. Returns those that could not be seen at work."""
    still: list[Filter] = []
    proved: list[Filter] = []
    for each in filters:
        tried = next(((sample, probe) for sample in samples if (probe := _probe(each, sample)) is not None), None)
        if tried is None:
            still.append(each)
            continue
        sample, probe = tried
        page = yield from ask(probe)
        if not isinstance(page, Failed) and _works(each, sample, page.rows):
            proved.append(each)
        else:
            still.append(each)
            yield from note_contradicted(each, now)
    yield from note_proved(proved, now)
    return still


def _probe(tried: Filter, sample: Sample) -> ListInvoices | None:
    match tried:
        case Filter.TICKET if sample.ticket_id is not None:
            return ListInvoices(ticket_id=sample.ticket_id)
        case Filter.CUSTOMER if sample.customer_id is not None:
            return ListInvoices(customer_id=sample.customer_id)
        case Filter.CHANGES if sample.changed_at is not None:
            return ListInvoices(updated_since=sample.changed_at - FILTER_MARGIN)
    return None


def _works(tried: Filter, sample: Sample, rows: Sequence[InvoiceRow]) -> bool:
    """Whether the first page of a probe shows that the filter names what it should; a long one may name it later."""
    return bool(rows) if tried is not Filter.TICKET else sample.is_named(rows)


def samples_of_account(wanted: Collection[Filter]) -> Asking[list[Sample]]:
    """Invoices of the account by which filters can be tried.

    To try the filter by ticket some details are read where no row names a ticket.
    """
    page = yield from ask(ListInvoices())
    if isinstance(page, Failed):
        return []
    samples = [Sample.of(row) for row in page.rows]
    if Filter.TICKET in wanted and not any(sample.ticket_id for sample in samples):
        reads = [detail_read(row) for row in page.rows[:SAMPLES]]
        answers = yield reads
        details = [answers[read] for read in reads]
        samples += [Sample.of(each) for each in details if not isinstance(each, Failed)]
    return samples


# --- lists of changes prove themselves ---


@dataclass(frozen=True)
class Changes:
    """From when on changes have to be listed (None: everything), so that the list proves itself.

    Whatever a filter makes of times, it keeps their order: where it names a change that is known, it names all later
    ones. So the list reaches back to one of the latest changes that are known, and has to name it.
    """

    since: datetime | None
    latest: tuple[RememberedInvoice, ...] = ()

    @classmethod
    def after(cls, as_of: datetime, latest: Sequence[RememberedInvoice]) -> Changes:
        """The changes after a moment, where these are known."""
        moments = [each.facts.updated_at for each in latest if each.facts.updated_at is not None]
        # Of Syncro's own times only the second counts: the filter may take the very moment for too early.
        return cls(min([*(moment - timedelta(seconds=1) for moment in moments), as_of - CLOCKS_APART]), tuple(latest))

    def believes(self, rows: Iterable[InvoiceRow]) -> bool:
        """Whether a list that was asked for so has named what it must; one of the latest may have been deleted."""
        listed = list(rows)
        return not self.latest or any(Sample.of(each.facts).is_named(listed) for each in self.latest)

    def proved_from(self, rows: Iterable[InvoiceRow]) -> datetime | None:
        """From when on the list names all changes: since the earliest known one that it names. Else None."""
        listed = list(rows)
        named = [each.facts.updated_at for each in self.latest if Sample.of(each.facts).is_named(listed)]
        return min(filter(None, named), default=None)


def changes_after(as_of: datetime, now: datetime) -> Asking[Changes]:
    """How to list all changes of the account after a moment."""
    known = yield from recall(RecallKnown(None, None))
    if known.invoices:
        return Changes.after(as_of, known.invoices)
    if (yield from can_list_changes(now)):
        return Changes(as_of - FILTER_MARGIN)
    return Changes(None)


def can_list_changes(now: datetime) -> Asking[bool]:
    """Whether the filter by time was seen at work lately, or is now."""
    if not (yield from unproved([Filter.CHANGES], now)):
        return True
    return not (yield from prove([Filter.CHANGES], (yield from samples_of_account([Filter.CHANGES])), now))
