"""One ticket's search from beginning to end: which places are looked at, in which order, and when it may end.

Two ways lead to an answer. `search` asks for everything, and needs the ledger only to spare calls. `search_known` is
for many tickets at once, when the ledger is known to be current. What a search has proved is noted in the ledger, so
that the next one can be short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.billing.ledger.freshness import CLOCKS_APART, Knowledge, Sweep, is_current
from bot.billing.ledger.model import RememberedInvoice, SearchedPlace, place_of_customer, place_of_offers
from bot.billing.rules.invoice import InvoiceFacts, amount_key
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.policy import Policy, Ticket, expectation, pending_charges, unbilled
from bot.billing.rules.verdicts import Due, Looked
from bot.billing.search.evidence import Case, Evidence
from bot.billing.search.invoice_details import (
    confirm,
    confirm_remembered,
    know_details,
    read_again,
    recall_links,
    recall_mentions,
)
from bot.billing.search.places import (
    CustomerList,
    Scope,
    is_unlisted,
    read_customer_list,
    search_customer,
    search_offered,
)
from bot.billing.search.queries import Asking, Failed, ForgetInvoices, NotePlaces, RecallUnclaimedLine, recall
from bot.billing.search.ticket_lookup import LookedUp, NoSuchTicket, read_afresh
from bot.counting import counted
from bot.syncro.models import InvoiceRow, TicketRow

Found = LookedUp | NoSuchTicket | Failed
"""What looking a ticket up gave."""


@dataclass(frozen=True)
class Searcher:
    """Searches for the tickets of one request. `since` says for each customer from when on invoices are listed."""

    policy: Policy
    scope: Scope
    since: Mapping[str, datetime | None]
    started_at: datetime
    knowledge: Knowledge | None = None
    payers: Mapping[str, Sequence[InvoiceRow]] = field(default_factory=dict)
    """The lists of customers who pay for many tickets of others, as read just now."""

    def search(self, found: Found) -> Asking[Case | None]:
        """Look everywhere, the likeliest place first, until an invoice bills the ticket. None where there is none."""
        if not isinstance(found, LookedUp):
            return None
        case = self._open(found)
        yield from confirm_remembered(case.evidence)
        if found.ticket.remembered_at is not None and _hangs_on_charges(case, self.policy):
            case = self._open((yield from read_afresh(found.ticket.row)))
            yield from confirm_remembered(case.evidence)
        if case.evidence.links:
            return case
        yield from self._search_everywhere(case)
        return case

    def search_known(self, found: Found) -> Asking[Case | None]:
        """The same answer with the least calls, where the ledger is known to be current."""
        if self.knowledge is None or not isinstance(found, LookedUp):
            return (yield from self.search(found))
        case = self._open(found)
        linked = yield from recall_links(case.evidence)
        if linked is None:
            return (yield from self.search(found))
        if linked:
            yield from self._confirm_standing(case, linked)
            if not case.evidence.links:
                return (yield from self.search(found))  # it is gone or has changed
        elif not (yield from self._prove_absence(case, self.knowledge)):
            return (yield from self.search(found))
        if _hangs_on_charges(case, self.policy) and (yield from _charges_are_in_doubt(case)):
            return (yield from self.search_known((yield from read_afresh(case.ticket.row))))
        return case

    def recall_links(self, found: Found) -> Asking[Sequence[RememberedInvoice]]:
        """The remembered invoices that billed the ticket when they were last read."""
        if not isinstance(found, LookedUp):
            return ()
        return (yield from recall_links(self._open(found).evidence)) or ()

    def _open(self, found: LookedUp) -> Case:
        ticket = found.ticket
        evidence = Evidence(TicketKeys(ticket.row.id, ticket.row.number, ticket.converted_items))
        return Case(ticket, expectation(ticket, self.policy), evidence, found.detail_failure)

    # --- everything ---

    def _search_everywhere(self, case: Case) -> Asking[None]:
        evidence, row = case.evidence, case.ticket.row
        yield from search_offered(evidence)
        if evidence.links:
            return
        none_offered = not evidence.failures
        if case.expectation.due is not Due.YES:
            if none_offered:
                yield from self._note(self._place_of_offers(row))
            return
        if row.customer_id is None:
            evidence.fail("The ticket names no customer, so there is no list of invoices to search.")
            return
        since = yield from search_customer(evidence, row.customer_id, self.since.get(row.customer_id), self.scope)
        if evidence.links:
            return
        for facts in evidence.out_of_reach.values():
            if not evidence.has_read(facts.id):  # a list that does not name it proves nothing: it may be another's now
                evidence.fail(
                    f"Invoice {facts.number} billed this ticket when it was last read; now it cannot be read."
                )
        yield from self._account_for_gone(case, since)
        if not evidence.failures:
            yield from self._note(
                self._place_of_offers(row),
                SearchedPlace(
                    name=place_of_customer(row.customer_id),
                    since=since,
                    skipped=evidence.skipped,
                    **self._just_now(),
                ),
            )
        _account_for_converted(evidence)

    def _account_for_gone(self, case: Case, since: datetime | None) -> Asking[None]:
        """Forget the invoices that are gone for sure: there is no detail of them, and no list names them either."""
        evidence, row = case.evidence, case.ticket.row
        for remembered in evidence.gone.values():
            facts = remembered.facts
            if not _would_be_named(facts, row, since) and not (yield from is_unlisted(facts)):
                evidence.fail(
                    f"Invoice {facts.number} billed this ticket when it was last read; now Syncro has no detail of it, "
                    "and its customer's list cannot tell whether it is gone."
                )
        if evidence.gone and not evidence.failures:
            gone = sorted((facts_id, remembered.read_at) for facts_id, remembered in evidence.gone.items())
            yield from recall(ForgetInvoices(tuple(gone)))

    @property
    def _sweep(self) -> Sweep | None:
        return self.knowledge.sweep if self.knowledge is not None else None

    def _place_of_offers(self, row: TicketRow) -> SearchedPlace:
        return SearchedPlace(name=place_of_offers(row.id), since=None, **self._just_now())

    def _just_now(self) -> dict[str, datetime]:
        """What is read in this request holds as of its beginning."""
        return {"as_of": self.started_at, "searched_at": self.started_at}

    def _note(self, *places: SearchedPlace) -> Asking[None]:
        yield from recall(NotePlaces(places))

    # --- what is known ---

    def _confirm_standing(self, case: Case, linked: Sequence[RememberedInvoice]) -> Asking[None]:
        """See a remembered invoice stand unchanged in its customer's list; read it again where it is not listed there.

        A deleted invoice is in no list of changes: that it is missing from the customer's list is the only sign.
        """
        evidence, customer_id = case.evidence, case.ticket.row.customer_id
        if customer_id is not None and any(each.facts.customer_id == customer_id for each in linked):
            yield from self._look_at_list(evidence, customer_id)
        for remembered in linked:
            if evidence.links:
                return
            if not self._stands_in_payers_list(evidence, remembered):
                yield from confirm(evidence, remembered, self._sweep)

    def _stands_in_payers_list(self, evidence: Evidence, remembered: RememberedInvoice) -> bool:
        facts = remembered.facts
        for row in self.payers.get(facts.customer_id or "", ()):
            if is_current(row, remembered, self._sweep) and evidence.note_remembered(row, facts, standing=True):
                evidence.note_listed([row])
                outcome = f"invoice {facts.number} stands there as it was when it was read: it bills this ticket"
                evidence.receipt.append(Looked("Another customer's invoices", outcome))
                return True
        return False

    def _prove_absence(self, case: Case, knowledge: Knowledge) -> Asking[bool]:
        """Whether the ledger is all it takes to say that no invoice bills the ticket; if so, with the evidence."""
        evidence, row = case.evidence, case.ticket.row
        if not (yield from self._know_offers(case, knowledge)):
            return False
        if evidence.links or case.expectation.due is not Due.YES:
            return True
        if row.customer_id is None:
            return False
        since = self.since.get(row.customer_id)
        place = knowledge.customer(row.customer_id, since)
        if place is None or not (yield from self._look_at_list(evidence, row.customer_id)):
            return False
        for remembered in (yield from recall_mentions(evidence, row.customer_id)):
            yield from read_again(evidence, remembered, self._sweep)
        if evidence.links:
            return True
        if evidence.gone or evidence.out_of_reach:
            return False  # the search looks until a list has stood still
        evidence.skipped = place.skipped
        if since is not None:
            evidence.receipt.append(Looked("This customer's older invoices", _said_of_older(place)))
        _account_for_converted(evidence)
        return True

    def _know_offers(self, case: Case, knowledge: Knowledge) -> Asking[bool]:
        """Know what Syncro offers for the ticket, or ask. False when it could not be told."""
        evidence, row = case.evidence, case.ticket.row
        offers = knowledge.offers(row)
        if offers is None:
            yield from search_offered(evidence)
            if evidence.failures:
                return False
            if not evidence.links:
                yield from self._note(self._place_of_offers(row))
            return True
        evidence.receipt.append(
            Looked(
                "Invoices that Syncro offers for this ticket",
                f"none when searched on {offers.searched_at:%Y-%m-%d}, and none that changed since bills it",
            )
        )
        return True

    def _look_at_list(self, evidence: Evidence, customer_id: str) -> Asking[bool]:
        """Walk over the customer's list once; what is not known is read. False when that could not be done."""
        since = self.since.get(customer_id)
        name = "All invoices of this customer" if since is None else f"This customer's invoices since {since:%Y-%m-%d}"
        place = CustomerList(name, customer_id, since)
        listing = yield from read_customer_list(place)
        if isinstance(listing, Failed):
            return False
        own = place.own(listing.rows)
        evidence.note_listed(own)
        sweep = self._sweep
        yield from know_details(evidence, own, sweep, standing=True)
        evidence.was_surprised = any(
            evidence.was_read_now(row) and not (sweep is not None and sweep.names(row)) for row in own
        )
        if evidence.links:
            evidence.receipt.append(Looked(name, f"{counted(len(own), 'invoice')} listed, link found"))
            return True
        if any(evidence.why_unread(row) for row in own):
            return False
        evidence.receipt.append(Looked(name, evidence.said_of_all(own)))
        return True


def _would_be_named(facts: InvoiceFacts, row: TicketRow, since: datetime | None) -> bool:
    """Whether a search of the customer's invoices since a moment lists the invoice; what Syncro offers is not sure."""
    is_recent = since is None or (facts.updated_at is not None and facts.updated_at >= since)
    return facts.customer_id is not None and facts.customer_id == row.customer_id and is_recent


def _hangs_on_charges(case: Case, policy: Policy) -> bool:
    """Whether the answer would be another if a charge had come, or had been put on an invoice, since it was read."""
    if case.evidence.links:
        return unbilled(case.ticket, _billed_lines(case)).charges != 0 or not _all_are_found(case)
    return Due.YES in (case.expectation.due, expectation(Ticket(case.ticket.row, None), policy).due)


def _charges_are_in_doubt(case: Case) -> Asking[bool]:
    """Whether the ticket's remembered charges may have been put on an invoice since, or have been taken off one.

    Syncro does not promise that a ticket counts as changed then. But the invoice has changed, and it has a new line.
    """
    ticket = case.ticket
    if ticket.remembered_at is None:
        return False
    if case.evidence.was_surprised or not _all_are_found(case):
        return True
    amounts = [charge.amount for charge in pending_charges(ticket)]
    pending = frozenset(amount_key(amount) for amount in amounts if amount is not None)
    if None in amounts:
        return True
    if not pending:
        return False
    since = ticket.remembered_at - CLOCKS_APART
    if any(_may_have_changed(found.invoice, since) for found in case.evidence.links):
        return True
    return (yield from recall(RecallUnclaimedLine(since, pending, ticket.row.customer_id)))


def _billed_lines(case: Case) -> frozenset[str]:
    return frozenset(line_id for found in case.evidence.links for line_id in found.invoice.line_ids)


def _all_are_found(case: Case) -> bool:
    """Whether each converted charge is on an invoice that was found."""
    return case.ticket.converted_items <= _billed_lines(case)


def _may_have_changed(invoice: InvoiceFacts, since: datetime) -> bool:
    return invoice.updated_at is None or invoice.is_undated or invoice.updated_at + CLOCKS_APART > since


def _account_for_converted(evidence: Evidence) -> None:
    """A converted charge sits on some invoice: if we saw none that carries it, we have not seen them all."""
    if evidence.ticket.converted_items:
        evidence.fail(
            "A charge of this ticket has been put on an invoice (Syncro marks it as converted), but that invoice "
            "is not among those that could be searched; it may be billed to another customer."
        )


def _said_of_older(place: SearchedPlace) -> str:
    if place.since is None:
        return "all known from earlier reads, no link"
    return f"{place.skipped} skipped: untouched since before the ticket was opened, so they cannot bill it"
