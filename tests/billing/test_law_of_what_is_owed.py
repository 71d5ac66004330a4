"""The law where policy, discounts, credits and prepaid blocks are in play, with and without a ledger.

Never `not_invoiced` for a ticket that policy covers; never a calm verdict for a charge with a price that is on no
invoice.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.billing.decide import SyncroPages
from bot.billing.rules.policy import NothingRecorded, Policy
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.world import Charge, ListRows, Ticket, World
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.stories import NOW, shapes, worlds

GOLD, PARTNER, FREE = "Gold care", "Sample Customer 1", "Warranty labour"
ALARM_OR_DOUBT = {Verdict.NOT_INVOICED, Verdict.UNVERIFIED, Verdict.PARTIALLY_INVOICED}


@dataclass
class Office:
    """A world, and the policy of whoever works in it."""

    world: World
    tickets: list[Ticket]
    policy: Policy
    rows: ListRows

    def is_covered(self, ticket: Ticket) -> bool:
        """Whether policy covers it: nothing with a price was ever put on it."""
        by_contract = ticket.contract_name == GOLD and GOLD in self.policy.covered_contracts
        by_customer = self.world.customers[ticket.customer_id].name in self.policy.covered_customers
        return (by_contract or by_customer) and not any(worth(charge) for charge in ticket.charges)

    def is_exempt(self, ticket: Ticket) -> bool:
        """Whether the ticket's labels say that nothing on it is billed, whatever stands there, or it is unfinished."""
        return ticket.status in ("In Progress", "Non-Billable", "no charge")

    def may_be_scheduled(self, ticket: Ticket) -> bool:
        mine = [one for one in self.world.schedules.values() if one.customer_id == ticket.customer_id]
        return any(one.picks_up_charges and not one.paused for one in mine)


def worth(charge: Charge) -> bool:
    """Whether something is left of its price after the discount."""
    left = charge.price * charge.quantity * (100 - abs(charge.discount_percent)) / 100 - abs(charge.discount_dollars)
    return left > 0


@st.composite
def offices(draw: st.DrawFn) -> Office:
    world, tickets, _ = draw(worlds())
    for customer in world.customers.values():
        customer.prepay_hours = draw(st.sampled_from((Decimal(0), Decimal("0.25"), Decimal("12.5"))))
    for ticket in tickets:
        ticket.contract_name = draw(st.sampled_from((None, GOLD, "Silver")))
        for charge in ticket.charges:
            charge.name = draw(st.sampled_from((charge.name, FREE, "Remote labour")))
            charge.discount_percent = draw(st.sampled_from((Decimal(0), Decimal(0), Decimal(-10), Decimal(100))))
            charge.discount_dollars = draw(st.sampled_from((Decimal(0), Decimal(0), Decimal("5.00"))))
    policy = Policy(
        covered_contracts=draw(st.sampled_from(((), (GOLD,)))),
        covered_customers=draw(st.sampled_from(((), (PARTNER,)))),
        no_charge_products=draw(st.sampled_from(((), (FREE,)))),
        nothing_recorded=draw(st.sampled_from(NothingRecorded)),
    )
    return Office(world, tickets, policy, draw(shapes))


def hold_to_the_law(office: Office, ticket: Ticket, found: Finding) -> None:
    if office.is_covered(ticket):
        assert found.verdict is not Verdict.NOT_INVOICED, f"accused, though it is covered: {found}"
    pending = any(worth(charge) for charge in ticket.charges if not charge.converted)
    if pending and not office.is_exempt(ticket):
        allowed = ALARM_OR_DOUBT | ({Verdict.SCHEDULED} if office.may_be_scheduled(ticket) else set())
        assert found.verdict in allowed, f"a calm word for a charge on no invoice: {found}"
    if found.verdict is Verdict.NOT_INVOICED:
        assert not office.world.invoices_that_bill(ticket), f"accused falsely: {found}"
    if found.verdict is Verdict.NOTHING_RECORDED:
        assert not [*ticket.charges, *ticket.timers]
        assert ticket.status != "Invoiced"


def looked_at(office: Office, *, ledger: SqlLedger | None) -> dict[str, Finding]:
    """The answers: of a question where nothing is remembered, of a digest after a sync where there is a ledger."""
    syncro = FakeSyncro(office.world, rows=office.rows, page_size=25, ledger=ledger)
    verifier = Verifier(office.policy, SyncroPages("https://sample.example"))
    numbers = [str(ticket.number) for ticket in office.tickets]
    if ledger is None:
        report = verifier.check(numbers, syncro.session(), started_at=NOW)
    else:
        Synchroniser(
            ledger,
            lambda: nullcontext(syncro.session()),
            policy=office.policy,
            lookback=timedelta(days=60),
            clock=lambda: NOW,
        ).run()
        window = Window(NOW - timedelta(days=60), NOW + timedelta(days=1))
        report = verifier.audit(window, numbers, syncro.session(), started_at=NOW).report
    return {found.ticket_number: found for found in report.findings}


@settings(max_examples=60)
@given(office=offices())
def test_no_covered_ticket_is_accused_and_no_priced_charge_is_calmly_passed_over(office: Office) -> None:
    said = looked_at(office, ledger=None)
    for ticket in office.tickets:
        hold_to_the_law(office, ticket, said[str(ticket.number)])


@settings(max_examples=40)
@given(office=offices())
def test_the_same_in_a_digest_that_knows_the_account(office: Office) -> None:
    database = Database("sqlite://")
    ledger = SqlLedger(database, "sample", max_age=timedelta(days=90), clock=lambda: NOW)
    ledger.open()
    said = looked_at(office, ledger=ledger)
    database.close()
    for ticket in office.tickets:
        if str(ticket.number) in said:
            hold_to_the_law(office, ticket, said[str(ticket.number)])
