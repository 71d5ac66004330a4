"""What a search has seen so far about one ticket: lists, details, links, and every read that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.billing.ledger.freshness import Sweep
from bot.billing.ledger.model import RememberedInvoice
from bot.billing.rules.invoice import InvoiceFacts, facts_of
from bot.billing.rules.matching import Match, TicketKeys, is_the_listed_invoice, match, text_that_might_mean
from bot.billing.rules.policy import Ticket
from bot.billing.rules.verdicts import Coverage, Expectation, LinkKind, Looked
from bot.billing.search.filters import Filter, Sample
from bot.billing.search.queries import Failed, RowKey, name_of, row_key
from bot.counting import counted
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceDetail, InvoiceRow, Schedule


@dataclass(frozen=True)
class FoundLink:
    """An invoice that bills the ticket."""

    invoice: InvoiceFacts
    link: LinkKind


@dataclass(frozen=True)
class FoundMention:
    """An invoice that holds the bare number and so might bill the ticket."""

    invoice: InvoiceFacts
    text: str


@dataclass
class Evidence:
    """The record of one search. Filled while searching, judged at the end."""

    ticket: TicketKeys
    links: list[FoundLink] = field(default_factory=list)
    mentions: list[FoundMention] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    prepaid_hours: Decimal | None = None
    """What is left of the customer's block of hours, where that was read."""
    is_prepaid_unread: bool = False
    """Whether the customer could not be read: it may have such hours."""
    receipt: list[Looked] = field(default_factory=list)
    skipped: int = 0
    gone: dict[str, RememberedInvoice] = field(default_factory=dict)
    """Invoices that the ledger remembers and of which Syncro says that there are none."""
    out_of_reach: dict[str, InvoiceFacts] = field(default_factory=dict)
    """Invoices that the ledger remembers and that could not be read again."""
    doubts: list[str] = field(default_factory=list)
    """Why a filter may have kept an invoice from us, a sentence each: knowing the whole account settles that."""
    relied_on: set[Filter] = field(default_factory=set)
    """Filters whose silence is taken for a proof."""
    worked: set[Filter] = field(default_factory=set)
    """Filters that were seen to name what they should."""
    sweep: Sweep | None = None
    """What has changed of the customer's invoices since they were read, where that had to be listed."""
    knows_account: bool = False
    """Every invoice of the account is known that may have changed since the ticket was opened."""
    searched_since: datetime | None = None
    """From when on the customer's invoices were searched; None: all were."""
    was_surprised: bool = False
    """A customer's list held an invoice in a state that was not known, though no list of changes names it."""
    _listed: dict[tuple[str | None, str | None, datetime | None], int] = field(default_factory=dict)
    """How often each stands in the list that was seen last: without ids two equal rows are two invoices."""
    _namesakes: Counter[str | None] = field(default_factory=Counter)
    _read: dict[RowKey, InvoiceFacts] = field(default_factory=dict)
    _recalled: dict[RowKey, RememberedInvoice] = field(default_factory=dict)
    _unread: dict[RowKey, str] = field(default_factory=dict)
    _vanished: set[RowKey] = field(default_factory=set)
    _named_by_ledger: set[str] = field(default_factory=set)
    _failures: list[str] = field(default_factory=list)

    def note_listed(self, rows: Iterable[InvoiceRow]) -> None:
        """Remember rows that were offered as places to look."""
        for name, count in Counter((row.id, row.number, row.created_at) for row in rows).items():
            if name[0] is None:
                self._namesakes[name[1]] += count - self._listed.get(name, 0)
            self._listed[name] = count

    def note_detail(self, row: InvoiceRow, answer: InvoiceDetail | Failed) -> None:
        """Take in what reading a row's detail gave: a link, a mention, nothing, or a failed read."""
        key = row_key(row)
        if isinstance(answer, Failed):
            if answer.kind is FailureKind.NOT_FOUND:
                self._vanished.add(key)
            else:
                self._unread[key] = answer.sentence
            return
        if not is_the_listed_invoice(answer, row):
            same_number = row.id is None and answer.number == row.number
            other = "another invoice of that number" if same_number else f"invoice {answer.number}"
            self._unread[key] = f"Asked for {name_of(row)}, Syncro answered {other} with id {answer.id}."
            return
        invoice = facts_of(answer, row.updated_at)
        is_contradicted = None not in (row.total, invoice.total) and row.total != invoice.total
        contradiction = (
            f"Syncro's list gives the total of {name_of(row)} as {row.total}, its detail as {invoice.total}."
        )
        found = match(invoice, self.ticket)
        if found.link is not None and not invoice.number:
            found = Match(undecidable="it has no number")
        if found.undecidable:
            self._unread[key] = f"{name_of(row).capitalize()} cannot tell: {found.undecidable}."
            return
        if is_contradicted and found.link is None:
            self._unread[key] = contradiction
            return
        if is_contradicted:
            self.receipt.append(Looked("Contradiction", contradiction))
        self._read[key] = invoice
        if found.link is not None:
            self.links.append(FoundLink(invoice, found.link))
        elif found.might and all(known.invoice.id != invoice.id for known in self.mentions):
            self.mentions.append(FoundMention(invoice, text_that_might_mean(answer, self.ticket)))

    def note_remembered(self, row: InvoiceRow, remembered: RememberedInvoice, *, standing: bool) -> bool:
        """Take in a remembered invoice that is current. False when it has to be read, and nothing was taken in.

        That it does not bill the ticket counts. That it does is for a fresh reading to confirm, unless it is
        `standing` unchanged in a list of its customer that was read just now.
        """
        invoice = remembered.facts
        found = match(invoice, self.ticket)
        if found.undecidable or found.might or (found.link is not None and not (standing and invoice.number)):
            return False
        self._recalled[row_key(row)] = remembered
        if found.link is not None:
            self.links.append(FoundLink(invoice, found.link))
        return True

    def note_named_by_ledger(self, invoice: InvoiceFacts) -> None:
        """Count an invoice that the ledger named as a place to look, though its link has to be read again."""
        self._listed.setdefault((invoice.id, invoice.number, invoice.created_at), 1)
        self._named_by_ledger.add(invoice.id)

    def fail(self, sentence: str) -> None:
        """Remember that a needed place could not be searched: absence can no longer be proved."""
        if sentence not in self._failures:
            self._failures.append(sentence)

    def doubt(self, sentence: str) -> None:
        """Remember that a filter may have kept an invoice from us."""
        if sentence not in self.doubts:
            self.doubts.append(sentence)

    def settle_doubts(self) -> None:
        """Note that the whole account is known, so that it does not matter what a filter has kept from us."""
        self.knows_account = True
        self.doubts.clear()
        self.relied_on.clear()

    @property
    def samples(self) -> list[Sample]:
        """Invoices that are known to be there, by which a filter can be tried."""
        return [
            Sample.of(invoice) for invoice in (*self._read.values(), *(each.facts for each in self._recalled.values()))
        ]

    def was_tried(self, row: InvoiceRow) -> bool:
        """Whether this very state of the invoice has been asked for already."""
        key = row_key(row)
        return self.is_known(row) or key in self._unread or key in self._vanished

    def is_known(self, row: InvoiceRow) -> bool:
        """Whether this very state of the invoice has been read, now or earlier."""
        key = row_key(row)
        return key in self._read or key in self._recalled

    def was_read_now(self, row: InvoiceRow) -> bool:
        """Whether this very state of the invoice was read from Syncro, not remembered."""
        return row_key(row) in self._read

    def has_link(self, invoice_id: str) -> bool:
        """Whether the invoice is known to bill the ticket."""
        return any(found.invoice.id == invoice_id for found in self.links)

    @property
    def tried(self) -> frozenset[RowKey]:
        """Every state of an invoice that has been asked for already."""
        return frozenset({*self._read, *self._recalled, *self._unread, *self._vanished})

    def has_read(self, invoice_id: str) -> bool:
        """Whether the invoice was read from Syncro, whatever it was asked for by."""
        return any(invoice.id == invoice_id for invoice in self._read.values())

    def said_of_all(self, rows: Sequence[InvoiceRow]) -> str:
        """For the receipt: what became of a list whose every invoice is known, when none bills the ticket."""
        if not rows:
            return "none listed"
        recalled = sum(not self.was_read_now(row) for row in rows)
        every = "all " if len(rows) > 1 else ""
        how = f"{every}read now"
        if recalled == len(rows):
            how = f"{every}known from earlier reads"
        elif recalled:
            how = f"{len(rows) - recalled:,} read now, {recalled:,} known from earlier reads"
        return f"{counted(len(rows), 'invoice')}, {how}: {none_bills(len(rows))}"

    def has_vanished(self, row: InvoiceRow) -> bool:
        """Whether the list named it, but Syncro then had no such invoice."""
        return row_key(row) in self._vanished

    def why_unread(self, row: InvoiceRow) -> str | None:
        """Why the row's detail does not count as read; None when it does."""
        key = row_key(row)
        if self.is_known(row):
            return self._why_indistinct(row)
        if key in self._vanished:
            return f"Syncro lists {name_of(row)} but has no detail of it."
        return self._unread.get(key, f"{name_of(row).capitalize()} was not read.")

    def _why_indistinct(self, row: InvoiceRow) -> str | None:
        """Nothing keeps an account from using a number twice; without an id only one of the two can be read."""
        namesakes = self._namesakes[row.number]
        if row.id is not None or namesakes < 2:
            return None
        return f"Syncro lists {namesakes} invoices with the number {row.number} and no ids to tell them apart."

    @property
    def failures(self) -> tuple[str, ...]:
        """Everything that stands in the way of a proof, a sentence each."""
        return tuple(self._failures)

    def coverage(self) -> Coverage:
        """The counts for the receipt. A found link is complete evidence by itself."""
        recalled = {each.facts.id: each.read_at for each in self._recalled.values()}
        return Coverage(
            listed=sum(count if name[0] is None else 1 for name, count in self._listed.items()),
            read=len({invoice.id for invoice in self._read.values()}),
            from_ledger=len(recalled.keys() | self._named_by_ledger),
            skipped=self.skipped,
            complete=bool(self.links) or not self._failures,
            unchanged_since=max(recalled.values(), default=None),
        )


@dataclass(frozen=True)
class Case:
    """One ticket, ready to be judged."""

    ticket: Ticket
    expectation: Expectation
    evidence: Evidence
    detail_failure: str | None


def none_bills(count: int) -> str:
    """What the receipt says of so many invoices, all of them known."""
    return "it does not bill this ticket" if count == 1 else "none bills this ticket"
