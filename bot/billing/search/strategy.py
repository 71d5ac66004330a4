"""One ticket's search from beginning to end: which places are looked at, in which order, and when it may end.

Two ways lead to an answer. `search` asks for everything, and needs the ledger only to spare calls. `search_known` is
for many tickets at once, when the ledger is known to be current. What a search has proved is noted in the ledger, so
that the next one can be short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot.billing.ledger.freshness import CLOCKS_APART, Knowledge, Sweep, is_current, opened_since
from bot.billing.ledger.model import RememberedInvoice, SearchedPlace, place_of_customer, place_of_offers
from bot.billing.rules.invoice import InvoiceFacts, amount_key
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.policy import Policy, Ticket, expectation, pending_charges, put_back, unbilled
from bot.billing.rules.verdicts import Looked
from bot.billing.search.evidence import Case, Evidence
from bot.billing.search.filters import note_proved, prove, samples_of_account, unproved
from bot.billing.search.invoice_details import (
    DETAILS_AT_ONCE,
    MOST_CONFIRMED,
    confirm,
    confirm_remembered,
    know_details,
    read_again,
    recall_links,
    recall_made_in_vain,
    recall_mentions,
)
from bot.billing.search.places import (
    CustomerInvoices,
    InvoiceList,
    Offered,
    Scope,
    WholeAccount,
    account_in_words,
    is_unlisted,
)
from bot.billing.search.queries import (
    Asking,
    Failed,
    ForgetInvoices,
    NotePlaces,
    RecallKnown,
    RecallUnclaimedLine,
    recall,
)
from bot.billing.search.ticket_lookup import LookedUp, NoSuchTicket, read_afresh
from bot.counting import counted, dated
from bot.syncro.models import InvoiceDetail, InvoiceRow, TicketRow

Found = LookedUp | NoSuchTicket | Failed
"""What looking a ticket up gave."""


class AccountBook(Protocol):
    """Brings what the ledger holds of the whole account up to the present moment."""

    def account(self, row: TicketRow) -> Asking[Knowledge | None]:
        """The account as it stands now; None where it is not known back to the ticket's opening, or cannot be told."""
        ...

    def still_holds(self, knowledge: Knowledge, *, asked_for: str = "") -> Asking[bool]:
        """Whether the ledger still holds what it held: nobody has emptied it meanwhile."""
        ...


@dataclass(frozen=True)
class Searcher:
    """Searches for the tickets of one request. `since` says for each customer from when on invoices are listed."""

    policy: Policy
    scope: Scope
    since: Mapping[str, datetime | None]
    book: AccountBook | None = None
    """Where a search may learn of the account by itself; None where that was tried for all tickets together."""
    knowledge: Knowledge | None = None
    spared: frozenset[str] = frozenset()
    """Tickets, by id, of which it was proved lately with everything read anew that no invoice bills them."""
    payers: Mapping[str, Sequence[InvoiceRow]] = field(default_factory=dict)
    """The lists of customers who pay for many tickets of others, as read just now."""
    site: str = ""
    """The account's address."""

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
        return _judgeable(case)

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
        return _judgeable(case)

    def recall_links(self, found: Found) -> Asking[Sequence[RememberedInvoice]]:
        """The remembered invoices that billed the ticket when they were last read."""
        if not isinstance(found, LookedUp):
            return ()
        return (yield from recall_links(self._open(found).evidence)) or ()

    def _open(self, found: LookedUp) -> Case:
        ticket = found.ticket
        evidence = Evidence(TicketKeys.of(ticket, self.site))
        return Case(ticket, expectation(ticket, self.policy), evidence, found.detail_failure)

    def confirm_billed(self, found: LookedUp, detail: InvoiceDetail) -> Asking[Case | None]:
        """Judge a ticket that this invoice bills for sure; what else Syncro offers for it may bill it too."""
        case = self._open(found)
        evidence = case.evidence
        yield from confirm_remembered(evidence)
        yield from Offered(self.scope).search(evidence)
        if not evidence.has_link(detail.id):
            row = InvoiceRow(id=detail.id, number=detail.number, created_at=detail.created_at)
            evidence.note_listed([row])
            evidence.note_detail(row, detail)
        return _judgeable(case)

    # --- everything ---

    def _search_everywhere(self, case: Case) -> Asking[None]:
        """Search the likeliest place first. Where the ledger holds the account, it is asked before other lists are."""
        evidence, row = case.evidence, case.ticket.row
        yield from Offered(self.scope).search(evidence)
        if evidence.links:
            return
        if not case.expectation.due.needs_proof:
            for doubt in evidence.doubts:
                evidence.fail(doubt)
            if not evidence.failures:
                yield from self._note(self._place_of_offers(row))
            return
        if row.customer_id is None:
            evidence.fail("The ticket names no customer, so there is no list of invoices to search.")
            return
        is_proved = yield from self._know_account(case)
        if is_proved:
            return
        yield from CustomerInvoices(row.customer_id, self.since.get(row.customer_id), self.scope).search(evidence)
        yield from self._read_once_more(case)
        if evidence.links:
            return
        yield from self._account_for_lost(case)
        yield from self._settle_doubts(case)
        if not (evidence.links or evidence.failures):
            yield from self._note(self._place_of_offers(row), self._place_of_customer(row.customer_id, evidence))
            _account_for_converted(evidence)

    def _know_account(self, case: Case) -> Asking[bool]:
        """Where the ledger holds the account, prove by it that no invoice bills the ticket, or find the one."""
        evidence, row = case.evidence, case.ticket.row
        account = (yield from self.book.account(row)) if self.book is not None else None
        if self.book is None or account is None:
            return False
        # What has changed since the search began was just read: some of it may bill the ticket.
        for remembered in (yield from recall_links(evidence, reading=2)) or []:
            yield from confirm(evidence, remembered)
            if evidence.links:
                return True
        if not (yield from self._prove_absence(case, account, offers_are_known=True)):
            return False
        return bool(evidence.links) or (yield from self.book.still_holds(account, asked_for=row.id))

    def _settle_doubts(self, case: Case) -> Asking[None]:
        """Look at the whole account where that is not too much; else every filter relied on has to be seen at work."""
        evidence, now = case.evidence, self.scope.started_at
        if evidence.failures:
            return
        yield from note_proved((yield from unproved(sorted(evidence.worked), now)), now)
        since = None if None in self.since.values() else min(filter(None, self.since.values()), default=None)
        if self.knowledge is not None and self.knowledge.holds_account(case.ticket.row):
            evidence.settle_doubts()  # all that changed was read for all tickets together
            return
        yield from WholeAccount(since, opened_since(case.ticket.row), self.scope).search(evidence)
        if evidence.links:
            return
        silent = yield from unproved(sorted(evidence.relied_on - evidence.worked), now)
        silent = yield from prove(silent, evidence.samples, now)
        if silent:
            silent = yield from prove(silent, (yield from samples_of_account(silent)), now)
        for each in silent:
            evidence.fail(
                f"Nothing shows that Syncro's list of invoices heeds `{each.value}` on this account, so that it names "
                "none for this ticket proves nothing."
            )
        for doubt in evidence.doubts:
            evidence.fail(doubt)

    def _account_for_lost(self, case: Case) -> Asking[None]:
        """Remembered invoices that cannot be read now forbid a proof, unless they are gone for sure: then forget them.

        They are where there is no detail of them, and no list names them either.
        """
        for facts in case.evidence.out_of_reach.values():
            if not case.evidence.has_read(facts.id):  # a list that lacks it proves nothing: it may be another's now
                case.evidence.fail(
                    f"Invoice {facts.number} is known from an earlier read and may bill this ticket; "
                    "now it cannot be read."
                )
        since = case.evidence.searched_since
        evidence, row = case.evidence, case.ticket.row
        for remembered in evidence.gone.values():
            facts = remembered.facts
            if not _would_be_named(facts, row, since) and not (yield from is_unlisted(facts)):
                evidence.fail(
                    f"Invoice {facts.number} is known from an earlier read and may bill this ticket; now Syncro has no "
                    "detail of it, and its customer's list cannot tell whether it is gone."
                )
        if evidence.gone and not evidence.failures:
            gone = sorted((facts_id, remembered.read_at) for facts_id, remembered in evidence.gone.items())
            yield from recall(ForgetInvoices(tuple(gone)))

    @property
    def _sweep(self) -> Sweep | None:
        return self.knowledge.sweep if self.knowledge is not None else None

    def _place_of_offers(self, row: TicketRow) -> SearchedPlace:
        return SearchedPlace(name=place_of_offers(row.id), since=None, **self._just_now())

    def _place_of_customer(self, customer_id: str, evidence: Evidence) -> SearchedPlace:
        since, skipped = evidence.searched_since, evidence.skipped
        return SearchedPlace(name=place_of_customer(customer_id), since=since, skipped=skipped, **self._just_now())

    def _just_now(self) -> dict[str, datetime]:
        """What is read in this request holds as of its beginning."""
        return {"as_of": self.scope.started_at, "searched_at": self.scope.started_at}

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
        for number, remembered in enumerate(linked):
            if evidence.links and number >= MOST_CONFIRMED:
                break
            if not (evidence.has_link(remembered.facts.id) or self._stands_in_payers_list(evidence, remembered)):
                yield from confirm(evidence, remembered, self._sweep)
        if evidence.links:
            yield from read_again(evidence, (yield from recall_made_in_vain(evidence)), self._sweep)

    def _stands_in_payers_list(self, evidence: Evidence, remembered: RememberedInvoice) -> bool:
        facts = remembered.facts
        for row in self.payers.get(facts.customer_id or "", ()):
            if is_current(row, remembered, self._sweep) and evidence.note_remembered(row, remembered, standing=True):
                evidence.note_listed([row])
                outcome = f"invoice {facts.number} stands there as it was when it was read: it bills this ticket"
                evidence.receipt.append(Looked("Another customer's invoices", outcome))
                return True
        return False

    def _prove_absence(self, case: Case, knowledge: Knowledge, *, offers_are_known: bool = False) -> Asking[bool]:
        """Whether what is known is all it takes to say that no invoice bills the ticket; if so, with the evidence."""
        evidence, row = case.evidence, case.ticket.row
        holds_account = knowledge.holds_account(row)
        is_accusing = case.expectation.due.needs_proof
        if not offers_are_known:
            # Before somebody is accused what Syncro offers is asked for anew.
            believed = None if is_accusing and row.id not in self.spared else knowledge
            if not (yield from self._know_offers(case, believed)):
                return False
        if not is_accusing:
            yield from read_again(evidence, (yield from recall_made_in_vain(evidence)), self._sweep)
        if evidence.links or not is_accusing:
            return True
        place = knowledge.customer(row)
        if place is None or row.customer_id is None or not (yield from self._look_at_list(evidence, row.customer_id)):
            return False
        yield from self._read_once_more(case)
        if evidence.links:
            return True
        if evidence.gone or evidence.out_of_reach or evidence.failures or (evidence.doubts and not holds_account):
            return False  # the search looks until a list has stood still
        if holds_account:
            evidence.settle_doubts()
            since = opened_since(row)
            known = yield from recall(RecallKnown(None, since))
            evidence.receipt.append(Looked(WholeAccount.name, account_in_words(known.count, since)))
        else:
            evidence.skipped = place.skipped
            evidence.receipt.append(Looked("This customer's older invoices", _said_of_older(place)))
        _account_for_converted(evidence)
        return True

    def _read_once_more(self, case: Case) -> Asking[None]:
        """Before somebody is accused, read again what is known of invoices only from earlier reads.

        Those that mention the ticket always; and unless the ticket is spared, all of its customer's that may have
        changed since it was opened: a line can be reworded while Syncro says that its invoice was not changed.
        """
        evidence, row = case.evidence, case.ticket.row
        if evidence.links:
            return
        again = yield from recall_mentions(evidence)
        if row.id not in self.spared:
            known = yield from recall(RecallKnown(row.customer_id, opened_since(row)))
            again = [*again, *(each for each in known.invoices if each not in again)]
        for start in range(0, len(again), DETAILS_AT_ONCE):
            if evidence.links:
                return
            yield from read_again(evidence, again[start : start + DETAILS_AT_ONCE], self._sweep)

    def _know_offers(self, case: Case, knowledge: Knowledge | None) -> Asking[bool]:
        """Know what Syncro offers for the ticket, or ask. False when it could not be told."""
        evidence, row = case.evidence, case.ticket.row
        offers = knowledge.offers(row) if knowledge is not None else None
        if offers is None:
            yield from Offered(self.scope).search(evidence)
            if evidence.failures:
                return False
            if not (evidence.links or evidence.doubts):
                yield from self._note(self._place_of_offers(row))
            return True
        evidence.receipt.append(
            Looked(Offered.name, "none when last asked, and none that changed since bills this ticket")
        )
        return True

    def _look_at_list(self, evidence: Evidence, customer_id: str) -> Asking[bool]:
        """Walk over the customer's list once; what is not known is read. False when that could not be done."""
        since = self.since.get(customer_id)
        name = "All invoices of this customer" if since is None else f"This customer's invoices since {dated(since)}"
        place = InvoiceList(name, customer_id, since)
        # Nothing hangs on its end: what it does not show is known from elsewhere, or is read once more.
        listing = yield from place.read(trusting=True)
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
    by_row = expectation(Ticket(case.ticket.row, None), policy)
    return case.expectation.due.needs_proof or by_row.due.needs_proof


def _charges_are_in_doubt(case: Case) -> Asking[bool]:
    """Whether the ticket's remembered charges may have been put on an invoice since, or have been taken off one.

    Syncro does not promise that a ticket counts as changed then. But the invoice has changed, and it has a new line.
    """
    ticket = case.ticket
    if ticket.remembered_at is None:
        return False
    if any("name" not in charge.model_fields_set for charge in ticket.charges):
        return True  # an earlier release kept no products
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
    """A converted charge sits on some invoice: if we saw none that carries it, we have not seen them all.

    Unless the whole account is known: then the line is gone, and the charge is pending again.
    """
    if evidence.ticket.converted_items and not evidence.knows_account:
        evidence.fail(
            "A charge of this ticket has been put on an invoice (Syncro marks it as converted), but that invoice "
            "is not among those that could be searched; it may be billed to another customer."
        )
    elif evidence.ticket.converted_items:
        outcome = "Syncro marks one as put on an invoice, yet no invoice of the account carries it: it is unbilled"
        evidence.receipt.append(Looked("The ticket's charges", outcome))


def _judgeable(case: Case) -> Case:
    """The case with its charges as the whole account shows them."""
    if case.evidence.links or not case.evidence.knows_account:
        return case
    return replace(case, ticket=put_back(case.ticket))


def _said_of_older(place: SearchedPlace) -> str:
    if place.since is None:
        return "all known from earlier reads: none bills this ticket"
    return f"{place.skipped} skipped: untouched since before the ticket was opened, so they cannot bill it"
