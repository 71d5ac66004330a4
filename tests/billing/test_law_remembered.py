"""The law with the ledger in play: several questions one after the other, and people at work between them.

However much is remembered, an answer is held to the world as it stands when it is given: no false accusation, no false
all-clear, and, where nothing goes wrong, the very answer that a bot without memory gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.billing.audit import Window
from bot.billing.decide import SyncroPages
from bot.billing.findings import Finding, Verdict
from bot.billing.policy import Policy
from bot.billing.sync import Synchroniser
from bot.billing.verifier import Verifier
from bot.sandbox.syncro_faults import Fault, MissingKeys
from bot.sandbox.syncro_world import InvoiceOptions, ListRows, Ticket, World
from bot.store.database import Database
from bot.store.ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.stories import WORDINGS, Delete, Insert, Move, Touch, days, faults, page_sizes, shapes, worlds

ABSENT = (Verdict.NOT_INVOICED, Verdict.SCHEDULED)
BILLED = (Verdict.INVOICED, Verdict.PARTIALLY_INVOICED)
THOROUGHLY = settings(max_examples=500 if os.environ.get("CI") else 100)


class Way(Enum):
    """How the bot is made to look."""

    QUESTION = "a question about each ticket"
    DIGEST = "an audit of them all"
    FRESH = "a question with --fresh"
    SYNC = "the background sync, which answers nothing"


Change = Callable[[World], object]


@dataclass(frozen=True)
class Turn:
    """What people do, and then how the bot looks. `pause` is how long after the turn before."""

    pause: timedelta
    changes: tuple[Change, ...]
    way: Way


@dataclass
class Chronicle:
    """One example: a world, and what happens in it."""

    world: World
    asked: list[Ticket]
    rows: ListRows
    page_size: int
    skew: timedelta
    scan_limit: int
    turns: tuple[Turn, ...]
    faults: list[Fault] = field(default_factory=list)
    names_are_unique: bool = True
    charges_touch_tickets: bool = True
    """Whether a ticket counts as changed when a charge of it is put on an invoice or taken off. Nobody promises that.

    When it gets a new charge it always does: that is what remembering its charges rests on.
    """


# --- what people do between two questions ---


@dataclass(frozen=True)
class Link:
    """Somebody bills a ticket, in one of the ways."""

    kind: str
    choice: int

    def __call__(self, world: World) -> None:
        tickets = list(world.tickets.values())
        ticket = tickets[self.choice % len(tickets)]
        customers = list(world.customers.values())
        payer = customers[self.choice % len(customers)]
        made = InvoiceOptions(created_at=world.now, updated_at=world.now)
        if self.kind == "id":
            world.bill_by_ticket_id(ticket, **made)
        elif self.kind == "third party":
            world.bill_third_party(ticket, payer, **made)
        elif self.kind == "charge":
            world.bill_by_line_item(ticket, world.add_charge(ticket, "20.00"), **made)
        elif self.kind == "charge of a third party":
            made["customer"] = payer
            world.bill_by_line_item(ticket, world.add_charge(ticket, "20.00"), **made)
        elif self.kind == "text":
            world.bill_by_line_text(ticket, wording=WORDINGS[self.choice % len(WORDINGS)], **made)
        elif self.kind == "onto an invoice that is there":
            mine = [one for one in world.invoices.values() if one.customer_id == ticket.customer_id]
            if mine:
                invoice = mine[self.choice % len(mine)]
                world.convert(world.add_charge(ticket, "30.00"), invoice)
                invoice.updated_at = world.now


@dataclass(frozen=True)
class Unlink:
    """Somebody takes what bills a ticket off an invoice: the link to its ticket, or a line."""

    choice: int

    def __call__(self, world: World) -> None:
        invoices = list(world.invoices.values())
        if not invoices:
            return
        invoice = invoices[self.choice % len(invoices)]
        if invoice.ticket_id is not None:
            invoice.ticket_id = None
        elif invoice.lines:
            world.delete_line(invoice, invoice.lines[0])
        invoice.updated_at = world.now


@dataclass(frozen=True)
class Charge:
    """Somebody puts a charge that is on the ticket already onto an invoice: a new one, or one that is there."""

    choice: int
    customer: int

    def __call__(self, world: World) -> None:
        pending = [(one, charge) for one in world.tickets.values() for charge in one.charges if not charge.converted]
        if not pending:
            return
        ticket, charge = pending[self.choice % len(pending)]
        customers = list(world.customers.values())
        payer = customers[self.customer % len(customers)] if self.customer < 7 else world.customers[ticket.customer_id]
        there = [one for one in world.invoices.values() if one.customer_id == payer.id and one.ticket_id is None]
        if there and self.choice % 2:
            world.convert(charge, there[0])
            there[0].updated_at = world.now
        else:
            world.bill_by_line_item(ticket, charge, customer=payer, created_at=world.now, updated_at=world.now)


@dataclass(frozen=True)
class AddCharge:
    """Somebody notes a charge on a ticket."""

    choice: int

    def __call__(self, world: World) -> None:
        tickets = list(world.tickets.values())
        world.add_charge(tickets[self.choice % len(tickets)], "35.00")


@dataclass(frozen=True)
class Renumber:
    """Somebody gives an invoice another number, perhaps that of one that is gone."""

    choice: int
    number: str

    def __call__(self, world: World) -> None:
        invoices = list(world.invoices.values())
        if invoices:
            invoice = invoices[self.choice % len(invoices)]
            invoice.number = self.number + str(self.choice)
            invoice.updated_at = world.now


@dataclass(frozen=True)
class Reopen:
    """Somebody changes a ticket's status."""

    choice: int
    status: str

    def __call__(self, world: World) -> None:
        tickets = list(world.tickets.values())
        ticket = tickets[self.choice % len(tickets)]
        ticket.status, ticket.updated_at = self.status, world.now
        ticket.resolved_at = world.now if self.status == "Resolved" else None


_KINDS = ("id", "third party", "charge", "charge of a third party", "text", "onto an invoice that is there")
_choices = st.integers(0, 20)
changes_between: st.SearchStrategy[Change] = st.one_of(
    st.builds(Link, st.sampled_from(_KINDS), _choices),
    st.builds(Link, st.sampled_from(_KINDS), _choices),
    st.builds(Charge, _choices, _choices),
    st.builds(AddCharge, _choices),
    st.builds(Unlink, _choices),
    st.builds(Delete, _choices),
    st.builds(Delete, _choices),
    st.builds(Renumber, _choices, st.sampled_from(("R", "7"))),
    st.builds(Move, _choices, _choices),
    st.builds(Touch, _choices),
    st.builds(Insert, _choices, days(0, 50)),
    st.builds(Reopen, _choices, st.sampled_from(("Resolved", "In Progress"))),
)
_pauses = st.sampled_from(
    (timedelta(seconds=1), timedelta(seconds=50), timedelta(minutes=3), timedelta(hours=1), timedelta(days=1))
)
turns = st.builds(
    Turn, _pauses, st.lists(changes_between, max_size=3).map(tuple), st.sampled_from((*Way, Way.DIGEST, Way.QUESTION))
)


@st.composite
def chronicles(draw: st.DrawFn) -> Chronicle:
    """Nothing goes wrong while the bot reads; between its questions anything happens."""
    world, asked, unique = draw(worlds())
    for ticket in asked:
        ticket.updated_at = min(ticket.updated_at, world.now - timedelta(hours=1))
    for invoice in world.invoices.values():
        invoice.updated_at = min(invoice.updated_at, world.now - timedelta(minutes=1))
    hidden = draw(st.sampled_from(((), (), ("/invoices",), ("/invoices/.+",), ("/invoices", "/invoices/.+"))))
    return Chronicle(
        world,
        asked,
        draw(shapes),
        draw(page_sizes),
        skew=draw(st.sampled_from((timedelta(), timedelta(minutes=1), timedelta(minutes=-1)))),
        scan_limit=draw(st.sampled_from((200, 200, 2))),
        turns=tuple(draw(st.lists(turns, min_size=2, max_size=5))),
        faults=[Fault(path, MissingKeys("updated_at")) for path in hidden],
        names_are_unique=unique,
        charges_touch_tickets=draw(st.booleans()),
    )


@st.composite
def broken_chronicles(draw: st.DrawFn) -> Chronicle:
    """Reads go wrong, too, in some turns or in all."""
    chronicle = draw(chronicles())
    chronicle.faults += [
        draw(faults(chronicle.world, lasting=draw(st.booleans()))) for _ in range(draw(st.integers(1, 2)))
    ]
    return chronicle


# --- asking ---


@pytest.fixture(scope="module", name="ledger_database")
def _ledger_database() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


class Bot:
    """A bot with the real ledger, in memory, that looks at a chronicle's world."""

    def __init__(self, chronicle: Chronicle, database: Database) -> None:
        self._chronicle = chronicle
        self.syncro = self._syncro()
        self.ledger = SqlLedger(database, "sample", max_age=timedelta(days=90), clock=self.syncro.clock)
        self.ledger.open()
        self.ledger.forget_everything()
        self.syncro = self._syncro(self.ledger)
        self._verifier = Verifier(Policy(), SyncroPages("https://sample.example"), scan_limit=chronicle.scan_limit)
        self._sync = Synchroniser(
            self.ledger,
            lambda: nullcontext(self.syncro.session()),
            policy=Policy(),
            lookback=timedelta(days=60),
            clock=self.syncro.clock,
        )

    def _syncro(self, ledger: SqlLedger | None = None) -> FakeSyncro:
        told = self._chronicle
        return FakeSyncro(
            told.world, rows=told.rows, page_size=told.page_size, faults=told.faults, ledger=ledger, skew=told.skew
        )

    def look(self, way: Way) -> dict[str, Finding]:
        """The findings, by ticket number; none of the sync."""
        if way is Way.SYNC:
            self._sync.run()
            return {}
        session = self.syncro.session(fresh=way is Way.FRESH)
        now = self.syncro.clock()
        numbers = [str(ticket.number) for ticket in self._chronicle.asked]
        if way is Way.DIGEST:
            window = Window(now - timedelta(days=60), now + timedelta(days=1))
            report = self._verifier.audit(window, numbers, session, started_at=now).report
        else:
            report = self._verifier.check(numbers, session, started_at=now)
        return {finding.ticket_number: finding for finding in report.findings}

    def look_without_memory(self) -> dict[str, Finding]:
        """What a bot without a ledger says at this moment."""
        forgetful = self._syncro()
        now = forgetful.clock()
        numbers = [str(ticket.number) for ticket in self._chronicle.asked]
        report = self._verifier.check(numbers, forgetful.session(), started_at=now)
        return {finding.ticket_number: finding for finding in report.findings}


def hold_to_the_world(world: World, ticket: Ticket, finding: Finding) -> None:
    """The two things that must never happen."""
    billing = {str(invoice.id) for invoice in world.invoices_that_bill(ticket)}
    if finding.verdict in ABSENT:
        assert not billing, f"accused falsely: {finding}"
    named = {link.id for link in finding.invoices}
    assert bool(named) == (finding.verdict in BILLED)
    assert named <= billing, f"named falsely: {finding}"


def make(change: Change, chronicle: Chronicle) -> None:
    """Let a change happen; with it every ticket changes whose charges are touched, if tickets do that."""
    tickets = chronicle.world.tickets.values()
    before = {ticket.id: (len(ticket.charges), repr(ticket.charges)) for ticket in tickets}
    change(chronicle.world)
    for ticket in tickets:
        count, charges = before[ticket.id]
        has_other = chronicle.charges_touch_tickets and repr(ticket.charges) != charges
        if has_other or len(ticket.charges) != count:
            ticket.updated_at = chronicle.world.now


def each_turn(chronicle: Chronicle, bot: Bot) -> Iterator[tuple[Turn, dict[str, Finding]]]:
    for turn in chronicle.turns:
        chronicle.world.now += turn.pause
        for change in turn.changes:
            chronicle.world.now += timedelta(seconds=1)
            make(change, chronicle)
        chronicle.world.now += timedelta(seconds=1)
        yield turn, bot.look(turn.way)


@THOROUGHLY
@given(chronicle=broken_chronicles())
def test_no_false_accusation_and_no_false_all_clear_whatever_is_remembered_and_goes_wrong(
    ledger_database: Database, chronicle: Chronicle
) -> None:
    bot = Bot(chronicle, ledger_database)
    for _, findings in each_turn(chronicle, bot):
        for ticket in chronicle.asked:
            if finding := findings.get(str(ticket.number)):
                hold_to_the_world(chronicle.world, ticket, finding)


@THOROUGHLY
@given(chronicle=chronicles())
def test_with_a_ledger_the_answer_is_that_of_a_bot_without_memory(
    ledger_database: Database, chronicle: Chronicle
) -> None:
    bot = Bot(chronicle, ledger_database)
    for turn, findings in each_turn(chronicle, bot):
        if not findings:
            continue
        expected = bot.look_without_memory()
        for ticket in chronicle.asked:
            finding, fresh = findings[str(ticket.number)], expected[str(ticket.number)]
            hold_to_the_world(chronicle.world, ticket, finding)
            if fresh.verdict is Verdict.UNVERIFIED or not chronicle.names_are_unique:
                continue  # a bot that has read more may know more: a charge on another customer's invoice, say
            knows_more = fresh.verdict in (Verdict.NON_BILLABLE, Verdict.OPEN) and finding.verdict in BILLED
            if chronicle.charges_touch_tickets:
                assert finding.verdict is fresh.verdict or knows_more, f"{turn.way}: {finding}\nfresh: {fresh}"
                assert knows_more or finding.unbilled == fresh.unbilled
            else:
                both_billed = {finding.verdict, fresh.verdict} <= set(BILLED)
                assert finding.verdict is fresh.verdict or both_billed or knows_more, f"{turn.way}: {finding}\n{fresh}"
