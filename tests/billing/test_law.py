"""The law: no false accusation and no false all-clear, whatever Syncro answers and people do meanwhile.

(a) never `not_invoiced` while an invoice bills the ticket; (b) never `invoiced` naming an invoice that does not
bill it; (c) where nothing goes wrong the verdict is exactly the truth; and an absence is claimed only with a
witness: every place where the invoice could be was read.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import given, settings

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import CheckReport, Finding, Verdict
from bot.billing.search.queries import ListInvoices, ListSchedules, ReadTicket
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.world import Invoice, ListRows, Ticket, World
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro.exchange import Timeouts
from bot.syncro.models import InvoiceDetail
from bot.syncro.retries import RetryPolicy
from bot.syncro_sessions.pooled import SyncroReader
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.stories import (
    NOW,
    Story,
    broken_stories,
    hidden_stories,
    mistaken_stories,
    money,
    quiet_stories,
    sliding_stories,
    wild_stories,
)
from tests.billing.wordings import MAY_MEAN
from tests.policies import EVERY_TICKET
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import MissingKeys

ABSENT = (Verdict.NOT_INVOICED, Verdict.SCHEDULED)
BILLED = (Verdict.INVOICED, Verdict.PARTIALLY_INVOICED)
THOROUGHLY = settings(max_examples=2 * settings().max_examples)
"""The law is what this project exists for: CI tries a thousand stories of each kind."""


# --- what truly happened ---


@dataclass
class History:
    """Who billed what at each moment of a check, by the world's own truth."""

    world: World
    billing: dict[int, list[frozenset[str]]] = field(default_factory=dict)
    existing: list[dict[int, Invoice]] = field(default_factory=list)

    def note(self) -> None:
        for ticket in self.world.tickets.values():
            ids = frozenset(str(invoice.id) for invoice in self.world.invoices_that_bill(ticket))
            self.billing.setdefault(ticket.id, []).append(ids)
        self.existing.append({key: copy.copy(one) for key, one in self.world.invoices.items()})

    def always_billed_by(self, ticket: Ticket) -> frozenset[str]:
        return frozenset.intersection(*self.billing[ticket.id])

    def ever_billed_by(self, ticket: Ticket) -> frozenset[str]:
        return frozenset.union(*self.billing[ticket.id])

    def was_billed_at_every_moment(self, ticket: Ticket) -> bool:
        return all(self.billing[ticket.id])

    def always_invoices(self) -> list[Invoice]:
        """The invoices that there were during the entire check, as they were at its beginning."""
        common = set.intersection(*(set(moment) for moment in self.existing))
        return [one for key, one in self.existing[0].items() if key in common]

    def always_invoices_of(self, customer_id: int) -> list[Invoice]:
        """Those of a customer."""
        return [one for one in self.always_invoices() if one.customer_id == customer_id]


def run(story: Story) -> tuple[CheckReport, FakeSyncro, History]:
    history = History(story.world)
    history.note()

    def before_read(number: int) -> None:
        for change in story.changes.get(number, ()):
            story.world.now += timedelta(seconds=1)
            change(story.world)
            history.note()

    syncro = FakeSyncro(
        story.world,
        rows=story.rows,
        page_size=story.page_size,
        faults=story.faults,
        before_read=before_read,
        order=story.order,
    )
    verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"), scan_limit=story.scan_limit)
    report = verifier.check(story.numbers, syncro.session(), started_at=NOW, exhaustive=story.exhaustive)
    assert [finding.ticket_number for finding in report.findings] == story.numbers
    assert report.api_calls == len(syncro.reads) == len(set(syncro.reads)), "a read was done twice"
    return report, syncro, history


def judged(story: Story, report: CheckReport) -> list[tuple[Ticket, Finding]]:
    return list(zip(story.asked, report.findings, strict=True))


# --- the law ---


def hold_to_the_law(story: Story) -> None:
    report, syncro, history = run(story)
    for ticket, finding in judged(story, report):
        nobody_is_accused_falsely(story, ticket, finding, history)
        no_invoice_is_named_falsely(ticket, finding, history)
        an_absence_has_its_witness(story, ticket, finding, history, syncro)


def nobody_is_accused_falsely(story: Story, ticket: Ticket, finding: Finding, history: History) -> None:
    if finding.verdict not in ABSENT:
        return
    assert not history.always_billed_by(ticket), f"accused falsely: {finding}"
    if _rows_tell_when_they_changed(story):
        assert not history.was_billed_at_every_moment(ticket), f"accused falsely, the link moved: {finding}"


def _rows_tell_when_they_changed(story: Story) -> bool:
    hidden = [fault.effect for fault in story.faults if isinstance(fault.effect, MissingKeys)]
    return story.rows is ListRows.OPENAPI and not any("updated_at" in effect.keys for effect in hidden)


def no_invoice_is_named_falsely(ticket: Ticket, finding: Finding, history: History) -> None:
    named = {link.id for link in finding.invoices}
    assert bool(named) == (finding.verdict in BILLED)
    assert named <= history.ever_billed_by(ticket), f"named falsely: {finding}"


def an_absence_has_its_witness(
    story: Story, ticket: Ticket, finding: Finding, history: History, syncro: FakeSyncro
) -> None:
    """An absence is a claim that needs proof: the needed reads were done and gave what was asked for."""
    if finding.verdict not in ABSENT:
        return
    succeeded = [done for done in syncro.done if done.succeeded]
    tickets_read = {done.read.ticket_id for done in succeeded if isinstance(done.read, ReadTicket)}
    offers = {done.read.ticket_id for done in succeeded if isinstance(done.read, ListInvoices)}
    assert str(ticket.id) in tickets_read, "its timers and charges were not read"
    invoices_read = {done.value.id for done in succeeded if isinstance(done.value, InvoiceDetail)}
    lately = [one for one in history.always_invoices() if one.updated_at >= ticket.created_at]
    knows_account = {str(one.id) for one in lately} <= invoices_read
    assert knows_account or str(ticket.id) in offers, "what Syncro offers for it was not read"
    for invoice in history.always_invoices_of(ticket.customer_id):
        is_recent = invoice.updated_at >= ticket.created_at
        if is_recent or story.exhaustive or story.scan_limit > len(story.world.invoices) + len(story.changes):
            assert str(invoice.id) in invoices_read, f"invoice {invoice.number} was not read"
    if money(ticket):
        schedules = {done.read.customer_id for done in succeeded if isinstance(done.read, ListSchedules)}
        assert str(ticket.customer_id) in schedules, "the recurring invoices were not read"


@THOROUGHLY
@given(story=wild_stories())
def test_the_law_holds_whatever_goes_wrong_and_whoever_works_meanwhile(story: Story) -> None:
    hold_to_the_law(story)


@THOROUGHLY
@given(story=broken_stories())
def test_the_law_holds_whatever_goes_wrong(story: Story) -> None:
    hold_to_the_law(story)


@THOROUGHLY
@given(story=sliding_stories())
def test_the_law_holds_when_rows_slide_between_pages(story: Story) -> None:
    hold_to_the_law(story)


@THOROUGHLY
@given(story=hidden_stories())
def test_the_law_holds_when_only_another_customer_s_invoice_bills_the_ticket(story: Story) -> None:
    hold_to_the_law(story)


@THOROUGHLY
@given(story=mistaken_stories())
def test_the_law_holds_when_one_invoice_is_mistaken_for_another(story: Story) -> None:
    hold_to_the_law(story)


# --- the truth, where nothing goes wrong ---


def truth(world: World, ticket: Ticket) -> Verdict:
    """The right verdict by the default policy, from what the world knows; nothing of `bot.billing` decides here."""
    pending = money(ticket)
    billed = Verdict.PARTIALLY_INVOICED if pending else Verdict.INVOICED
    every = list(world.invoices.values())
    is_given_back = _is_credited_in_full(world, ticket)
    if any(world.bills(invoice, ticket) and invoice.ticket_id == ticket.id for invoice in every) and not is_given_back:
        return billed
    unpaid_work = bool(ticket.timers) and not any(timer.billable for timer in ticket.timers) and not pending
    is_free = bool(ticket.charges) and not any(charge.price * charge.quantity > 0 for charge in ticket.charges)
    waits = any(timer.billable and not timer.recorded and timer.charge_id is None for timer in ticket.timers)
    if ticket.status in ("Non-Billable", "no charge") or unpaid_work or (is_free and not waits):
        return Verdict.NON_BILLABLE
    if ticket.status not in ("Resolved", "Invoiced", "Closed"):
        return Verdict.OPEN
    if is_given_back:
        return Verdict.UNVERIFIED
    if any(world.bills(invoice, ticket) and not _is_unclear(invoice, ticket) for invoice in every):
        return billed
    if any(_might_be_meant(invoice, ticket) for invoice in every) or is_credited(world, ticket):
        return Verdict.UNVERIFIED
    active = [one for one in world.schedules.values() if one.picks_up_charges and not one.paused]
    if pending and any(schedule.customer_id == ticket.customer_id for schedule in active):
        return Verdict.SCHEDULED
    return Verdict.NOT_INVOICED


def _might_be_meant(invoice: Invoice, ticket: Ticket) -> bool:
    """Whether a text of the invoice may mean the ticket, and was there when the ticket was opened or came later."""
    if max(invoice.created_at, invoice.updated_at) < ticket.created_at:
        return False
    texts = (invoice.note, invoice.po_number, *(line.name for line in invoice.lines))
    return any(ticket.number in MAY_MEAN.get(text, ()) for text in texts)


def _is_unclear(invoice: Invoice, ticket: Ticket) -> bool:
    """Whether the invoice bills the ticket by a text alone that could mean something else."""
    named = [line for line in invoice.lines if ticket.id in line.named_ticket_ids]
    carried = {charge.item_id for charge in ticket.charges} & {line.id for line in invoice.lines}
    return not carried and bool(named) and all(line.name in MAY_MEAN for line in named)


def is_credited(world: World, ticket: Ticket) -> bool:
    """Whether a credit refers to the ticket."""
    refers = (
        line.price < 0 or invoice.total < 0
        for invoice in world.invoices.values()
        for line in invoice.lines
        if ticket.id in line.named_ticket_ids or invoice.ticket_id == ticket.id
    )
    return any(refers)


def _is_credited_in_full(world: World, ticket: Ticket) -> bool:
    """Whether the credits made for the ticket give back all that is billed of it."""
    own = [invoice for invoice in world.invoices.values() if invoice.ticket_id == ticket.id]
    billing = [invoice for invoice in world.invoices.values() if world.bills(invoice, ticket)]
    giving_back = [invoice for invoice in own if invoice.total < 0]
    return bool(giving_back and billing) and sum(invoice.total for invoice in (*billing, *giving_back)) <= 0


@THOROUGHLY
@given(story=quiet_stories())
def test_where_nothing_goes_wrong_the_verdict_is_the_truth(story: Story) -> None:
    report, _, history = run(story)
    for ticket, finding in judged(story, report):
        nobody_is_accused_falsely(story, ticket, finding, history)
        no_invoice_is_named_falsely(ticket, finding, history)
        expected = {truth(story.world, ticket)}
        if not story.names_are_unique:
            # One invoice's number is another's: its detail, and so its link, may be out of reach.
            expected |= {Verdict.UNVERIFIED, Verdict.NON_BILLABLE, Verdict.OPEN}
        if is_credited(story.world, ticket):
            # What bills it may be given back, and then the search has ended before another that bills it, too.
            expected |= {Verdict.UNVERIFIED, Verdict.NON_BILLABLE, Verdict.OPEN}
        if max(story.scan_limit, 25) < len(story.world.invoices):
            expected.add(Verdict.UNVERIFIED)  # where no invoice shows that a filter is heeded, the account is too large
        assert finding.verdict in expected, f"{finding}"
        assert finding.unbilled.charges == money(ticket)


# --- the fake against the server ---


def findings_over_http(story: Story) -> tuple[CheckReport, int]:
    budget = RateBudget(1000)
    with FaultySyncro(
        story.world,
        list_rows=story.rows,
        page_size=story.page_size,
        faults=story.faults,
        requests_per_minute=None,
    ) as sandbox:
        client = SyncroClient(
            sandbox.base_url,
            sandbox.token,
            budget=budget,
            retries=RetryPolicy(attempts=1),
            timeouts=Timeouts(connect=2, read=5, total=10),
        )
        reader = SyncroReader(client, clock=lambda: NOW)
        try:
            verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"), scan_limit=story.scan_limit)
            with reader.session() as session:
                report = verifier.check(story.numbers, session, started_at=NOW, exhaustive=story.exhaustive)
        finally:
            reader.close()
            client.close()
        return report, len(sandbox.calls)


def as_the_client_pages(story: Story) -> Story:
    """The client relies on Syncro's 25 rows a page: to see the end of a list without `meta`, to count ahead."""
    lacks_meta = any(isinstance(one.effect, MissingKeys) and "meta" in one.effect.keys for one in story.faults)
    if lacks_meta or len(story.world.schedules) >= story.page_size:
        story.page_size = 25
    if story.page_size != 25:
        story.exhaustive = True  # then nothing is counted ahead
    return story


def without_sentences(finding: Finding) -> Finding:
    """The finding without the texts that quote how a read failed, and without who was the first to need a read."""
    return replace(finding, failures=("some",) if finding.failures else (), api_calls=0)


@settings(max_examples=30)
@given(story=broken_stories(lasting=True).map(as_the_client_pages))
def test_over_http_the_search_finds_the_same_as_in_memory(story: Story) -> None:
    over_http, calls = findings_over_http(story)
    in_memory, syncro, _ = run(story)
    assert list(map(without_sentences, over_http.findings)) == list(map(without_sentences, in_memory.findings))
    assert calls == over_http.api_calls == len(syncro.reads)
