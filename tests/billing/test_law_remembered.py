"""The law with the ledger in play: several questions one after the other, and people at work between and during them.

However much is remembered, and whichever of two bots has read it, an answer is held to the world as it stands while it
is given: no false accusation, no false all-clear, and, where nothing goes wrong, the very answer that a bot without
memory gives.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import ConcernKind, Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.exchange import Answer
from bot.sandbox.syncro.world import InvoiceOptions, ListRows, Ticket, World
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.stories import (
    NOW,
    Delete,
    Insert,
    Move,
    Touch,
    days,
    faults,
    page_sizes,
    shapes,
    worlds,
)
from tests.billing.test_law import History
from tests.billing.wordings import NAMING, NUMBERS
from tests.ledgers import forget_everything
from tests.policies import EVERY_TICKET
from tests.standins.syncro_faults import Exchange, Fault, MissingKeys

ABSENT = (Verdict.NOT_INVOICED, Verdict.SCHEDULED)
BILLED = (Verdict.INVOICED, Verdict.PARTIALLY_INVOICED)


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
    who: int = 0
    """Which of the two bots looks."""
    meanwhile: Mapping[int, tuple[Change | Way, ...]] = field(default_factory=dict)
    """What happens just before its reads of these numbers: people change something, or the other bot looks."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong in this turn only."""


@dataclass
class Chronicle:
    """One example: a world, and what happens in it."""

    world: World
    asked: list[Ticket]
    rows: ListRows
    page_size: int
    skews: tuple[timedelta, timedelta]
    """By how much the clocks of the two bots are wrong."""
    scan_limit: int
    turns: tuple[Turn, ...]
    order: random.Random | None = None
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
            world.bill_by_line_text(ticket, wording=NAMING[self.choice % len(NAMING)].text, **made)
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
class HandOver:
    """Somebody gives an invoice that belongs to a ticket to another ticket."""

    choice: int
    target: int

    def __call__(self, world: World) -> None:
        owned = [one for one in world.invoices.values() if one.ticket_id is not None]
        if owned:
            invoice, tickets = owned[self.choice % len(owned)], list(world.tickets.values())
            invoice.ticket_id = tickets[self.target % len(tickets)].id
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
    st.builds(HandOver, _choices, _choices),
    st.builds(Delete, _choices),
    st.builds(Delete, _choices),
    st.builds(Renumber, _choices, st.sampled_from(("R", "7"))),
    st.builds(Move, _choices, _choices),
    st.builds(Touch, _choices),
    st.builds(Insert, _choices, days(0, 50)),
    st.builds(Reopen, _choices, st.sampled_from(("Resolved", "In Progress"))),
)
_pauses = st.sampled_from(
    (
        timedelta(seconds=1),
        timedelta(seconds=50),
        timedelta(minutes=3),
        timedelta(hours=1),
        timedelta(days=1),
    )
) | st.one_of(st.integers(11, 40).map(lambda number: timedelta(minutes=number)), st.just(timedelta(days=100)))
_ways = st.sampled_from((*Way, Way.DIGEST, Way.QUESTION))
turns = st.builds(Turn, _pauses, st.lists(changes_between, max_size=3).map(tuple), _ways, st.sampled_from((0, 0, 1)))
_MINUTE = timedelta(minutes=1)
_skews = st.sampled_from(
    ((timedelta(), timedelta()), (timedelta(), _MINUTE), (timedelta(), -_MINUTE), (_MINUTE, timedelta()))
)
_orders = st.none() | st.integers(0, 99).map(random.Random)


@st.composite
def chronicles(draw: st.DrawFn) -> Chronicle:
    """Nothing goes wrong while the bots read; between their questions anything happens."""
    world, asked, unique = draw(worlds())
    for ticket in asked:
        ticket.updated_at = min(ticket.updated_at, world.now - timedelta(hours=1))
    for invoice in world.invoices.values():
        invoice.updated_at = min(invoice.updated_at, world.now - timedelta(minutes=1))
    return Chronicle(
        world,
        asked,
        draw(shapes),
        draw(page_sizes),
        skews=draw(_skews),
        scan_limit=draw(st.sampled_from((200, 200, 2))),
        turns=tuple(draw(st.lists(turns, min_size=2, max_size=5))),
        order=draw(_orders),
        faults=draw(_hidden_times),
        names_are_unique=unique,
        charges_touch_tickets=draw(st.booleans()),
    )


_hidden_times = st.sampled_from(((), (), ("/invoices",), ("/invoices/.+",), ("/invoices", "/invoices/.+"))).map(
    lambda hidden: [Fault(path, MissingKeys("updated_at")) for path in hidden]
)
"""Lists, details or both that tell no time of change."""


@st.composite
def broken_chronicles(draw: st.DrawFn) -> Chronicle:
    """Reads go wrong, too, in some turns or in all."""
    chronicle = draw(chronicles())
    chronicle.faults += [
        draw(faults(chronicle.world, lasting=draw(st.booleans()))) for _ in range(draw(st.integers(1, 2)))
    ]
    return chronicle


# --- what happens while a bot reads ---


@dataclass(frozen=True)
class Wait:
    """The reads wait for the rate budget."""

    pause: timedelta

    def __call__(self, world: World) -> None:
        world.now += self.pause


_waits = st.sampled_from((20, 50, 150, 700, 1300)).map(lambda seconds: Wait(timedelta(seconds=seconds)))
_events: st.SearchStrategy[Change | Way] = st.one_of(changes_between, changes_between, changes_between, _waits, _ways)


@st.composite
def _meanwhile(draw: st.DrawFn, moments: st.SearchStrategy[int]) -> dict[int, tuple[Change | Way, ...]]:
    planned: dict[int, tuple[Change | Way, ...]] = {}
    for moment in draw(st.lists(moments, max_size=3)):
        planned[moment] = (*planned.get(moment, ()), draw(_events))
    return planned


@st.composite
def busy_chronicles(draw: st.DrawFn) -> Chronicle:
    """People, and another bot, are at work while a bot reads. In some of them reads go wrong as well."""
    chronicle = draw(st.one_of(chronicles(), chronicles(), broken_chronicles()))
    moments = st.integers(0, 8) | st.integers(0, 30)
    chronicle.turns = tuple(replace(turn, meanwhile=draw(_meanwhile(moments))) for turn in chronicle.turns)
    return chronicle


# --- a third party pays ---


@dataclass(frozen=True)
class Out:
    """Of an invoice that bills a ticket (or, not `only_billing`, of any) there is no detail: an error, or 404."""

    status: int = 404
    only_billing: bool = True

    def __call__(self, exchange: Exchange) -> Answer:
        world, asked = exchange.world, exchange.ask.segments[-1]
        known = [one for one in world.invoices.values() if asked in (one.number, str(one.id))]
        billing = any(world.bills(one, ticket) for one in known for ticket in world.tickets.values())
        return Answer(self.status, {"error": "Not found"}) if billing or not self.only_billing else exchange.answer()


@dataclass(frozen=True)
class ThirdParty:
    """Somebody bills a ticket to another customer: on a new invoice, or on one that is there."""

    choice: int
    by_charge: bool
    anew: bool

    def __call__(self, world: World) -> None:
        tickets = list(world.tickets.values())
        ticket = tickets[self.choice % len(tickets)]
        others = [one for one in world.customers.values() if one.id != ticket.customer_id]
        payer = others[self.choice % len(others)]
        there = [one for one in world.invoices.values() if one.customer_id == payer.id and one.ticket_id is None]
        if self.anew or not there:
            invoice = world.add_invoice(payer, created_at=world.now, updated_at=world.now)
        else:
            invoice = there[self.choice % len(there)]
        if self.by_charge:
            pending = [charge for charge in ticket.charges if not charge.converted]
            world.convert(pending[0] if pending else world.add_charge(ticket, "20.00"), invoice)
        else:
            invoice.ticket_id = ticket.id
        invoice.updated_at = world.now


_third_party = st.builds(ThirdParty, _choices, st.booleans(), st.booleans())
_changes_for_hidden: st.SearchStrategy[Change] = st.one_of(
    _third_party,
    _third_party,
    st.builds(Unlink, _choices),
    st.builds(Delete, _choices),
    st.builds(Touch, _choices),
    st.builds(Insert, _choices, days(0, 50)),
    st.builds(AddCharge, _choices),
)
_outs = st.builds(
    Fault,
    st.just("/invoices/.+"),
    st.builds(Out, st.sampled_from((404, 404, 404, 500)), st.sampled_from((True, True, False))),
    skip=st.sampled_from((0, 0, 1, 2)),
    count=st.sampled_from((None, None, 1, 2)),
)


@st.composite
def _turns_about_hidden(draw: st.DrawFn) -> Turn:
    ways = st.sampled_from((Way.DIGEST, Way.DIGEST, Way.DIGEST, Way.SYNC, Way.SYNC, Way.QUESTION, Way.FRESH))
    events = st.one_of(_changes_for_hidden, _changes_for_hidden, _waits, ways)
    moments = st.lists(st.integers(0, 9), max_size=1)
    return Turn(
        draw(_pauses),
        tuple(draw(st.lists(_changes_for_hidden, max_size=2))),
        draw(ways),
        draw(st.sampled_from((0, 1))),
        {moment: (draw(events),) for moment in draw(st.just([]) | moments)},
        tuple(draw(st.just([]) | st.lists(_outs, max_size=1))),
    )


@st.composite
def hidden_chronicles(draw: st.DrawFn) -> Chronicle:
    """What bills the tickets is another customer's, from the beginning or later; in some turns it has no detail."""
    world = World(now=NOW)
    customer, payer = world.add_customer(), world.add_customer()
    long_ago = NOW - timedelta(days=draw(st.integers(2, 30)))
    asked = [world.add_ticket(customer, number=NUMBERS[0], created_at=long_ago)]
    if draw(st.booleans()):
        asked.append(world.add_ticket(payer, number=NUMBERS[1], created_at=long_ago))
    for index in range(draw(st.integers(0, 4))):
        made = NOW - timedelta(days=draw(st.sampled_from((1, 6, 40))), minutes=index)
        world.add_invoice(draw(st.sampled_from((customer, payer))), created_at=made, updated_at=made)
    if draw(st.booleans()):
        world.now -= timedelta(hours=1)
        draw(_third_party)(world)
        world.now = NOW
    return Chronicle(
        world,
        asked,
        draw(shapes),
        draw(st.sampled_from((25, 25, 1, 2))),
        skews=draw(_skews),
        scan_limit=200,
        turns=tuple(draw(st.lists(_turns_about_hidden(), min_size=2, max_size=6))),
        order=draw(_orders),
        faults=draw(_hidden_times),
        charges_touch_tickets=draw(st.booleans()),
    )


# --- asking ---


@pytest.fixture(scope="module", name="ledger_database")
def _ledger_database() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


class Bot:
    """A bot with the real ledger that looks at a chronicle's world. `who` says which of the two it is."""

    def __init__(self, chronicle: Chronicle, database: Database, who: int = 0) -> None:
        self._chronicle = chronicle
        self._skew = chronicle.skews[who]
        self.ledger = SqlLedger(
            database, "sample", max_age=timedelta(days=90), clock=lambda: chronicle.world.now + self._skew
        )
        self.ledger.open()
        self.syncro = self._syncro(self.ledger)
        self._verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"), scan_limit=chronicle.scan_limit)
        self._sync = Synchroniser(
            self.ledger,
            lambda: nullcontext(self.syncro.session()),
            policy=EVERY_TICKET,
            lookback=timedelta(days=60),
            clock=self.syncro.clock,
        )

    def _syncro(self, ledger: SqlLedger | None = None) -> FakeSyncro:
        told = self._chronicle
        return FakeSyncro(
            told.world,
            rows=told.rows,
            page_size=told.page_size,
            faults=told.faults,
            order=told.order,
            ledger=ledger,
            skew=self._skew,
        )

    def take(self, turn: Turn, before_read: Callable[[int], object]) -> dict[str, Finding]:
        """The findings of a turn, by ticket number. `before_read` is called with the number of reads done in it."""
        done = len(self.syncro.done)
        self.syncro.faults = [*self._chronicle.faults, *turn.faults]
        self.syncro._before_read = lambda number: before_read(number - done)
        return self.look(turn.way)

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


def two_bots(chronicle: Chronicle, database: Database) -> tuple[Bot, Bot]:
    """Two bots with one ledger, in which nothing stands yet."""
    emptier = SqlLedger(database, "sample", max_age=timedelta(1), clock=lambda: NOW - timedelta(days=1))
    emptier.open()
    forget_everything(emptier)
    return Bot(chronicle, database, 0), Bot(chronicle, database, 1)


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


def hold_to_the_history(history: History, ticket: Ticket, finding: Finding) -> None:
    """The same where the world has changed while the bot was looking."""
    if finding.verdict in ABSENT:
        assert not history.always_billed_by(ticket), f"accused falsely: {finding}"
    named = {link.id for link in finding.invoices}
    assert bool(named) == (finding.verdict in BILLED)
    assert named <= history.ever_billed_by(ticket), f"named falsely: {finding}"


@dataclass
class Taken:
    """A turn that has been taken."""

    turn: Turn
    findings: dict[str, Finding]
    history: History


def each_turn(chronicle: Chronicle, database: Database) -> Iterator[Taken]:
    """Let a chronicle happen. What the other bot finds meanwhile is held to the law here."""
    world, bots = chronicle.world, two_bots(chronicle, database)
    for turn in chronicle.turns:
        world.now += turn.pause
        for change in turn.changes:
            world.now += timedelta(seconds=1)
            make(change, chronicle)
        world.now += timedelta(seconds=1)
        history = History(world)
        history.note()
        happened: set[int] = set()

        def before_read(number: int, turn: Turn = turn, history: History = history, done: set[int] = happened) -> None:
            if number in done:
                return
            done.add(number)
            for event in turn.meanwhile.get(number, ()):
                world.now += timedelta(seconds=1)
                if isinstance(event, Way):
                    found = bots[1 - turn.who].take(replace(turn, way=event), lambda _: None)
                    hold_all_to_the_world(chronicle, found)
                else:
                    make(event, chronicle)
                    history.note()

        yield Taken(turn, bots[turn.who].take(turn, before_read), history)


def hold_all_to_the_world(chronicle: Chronicle, findings: Mapping[str, Finding]) -> None:
    for ticket in chronicle.asked:
        if finding := findings.get(str(ticket.number)):
            hold_to_the_world(chronicle.world, ticket, finding)


def hold_to_the_law(chronicle: Chronicle, database: Database) -> None:
    for taken in each_turn(chronicle, database):
        for ticket in chronicle.asked:
            if finding := taken.findings.get(str(ticket.number)):
                hold_to_the_history(taken.history, ticket, finding)


@given(chronicle=broken_chronicles())
def test_no_false_accusation_and_no_false_all_clear_whatever_is_remembered_and_goes_wrong(
    ledger_database: Database, chronicle: Chronicle
) -> None:
    for taken in each_turn(chronicle, ledger_database):
        hold_all_to_the_world(chronicle, taken.findings)


@given(chronicle=busy_chronicles())
def test_no_false_accusation_and_no_false_all_clear_while_people_and_another_bot_are_at_work(
    ledger_database: Database, chronicle: Chronicle
) -> None:
    hold_to_the_law(chronicle, ledger_database)


@given(chronicle=hidden_chronicles())
def test_no_false_accusation_and_no_false_all_clear_when_only_a_third_party_s_invoice_bills_the_ticket(
    ledger_database: Database, chronicle: Chronicle
) -> None:
    hold_to_the_law(chronicle, ledger_database)


def knows_more(fresh: Finding, finding: Finding) -> bool:
    """Whether the ledger tells of more than a search without memory comes to.

    That is: of what bills a ticket that owes nothing, of a credit behind the first link, of words on an invoice that is
    older than the ticket.
    """

    def doubtful(of: Finding) -> set[str]:
        credit = [concern for concern in of.concerns if concern.kind is ConcernKind.CREDIT]
        return {number for concern in credit for number in concern.invoices} | {each.number for each in of.possible}

    if finding.verdict is Verdict.UNVERIFIED:
        return bool(doubtful(finding) - doubtful(fresh))
    return fresh.verdict in (Verdict.NON_BILLABLE, Verdict.OPEN) and finding.verdict in BILLED


@given(chronicle=chronicles())
def test_with_a_ledger_the_answer_is_that_of_a_bot_without_memory(
    ledger_database: Database, chronicle: Chronicle
) -> None:
    forgetful = Bot(chronicle, ledger_database)
    for taken in each_turn(chronicle, ledger_database):
        findings, way = taken.findings, taken.turn.way
        if not findings:
            continue
        expected = forgetful.look_without_memory()
        for ticket in chronicle.asked:
            finding, fresh = findings[str(ticket.number)], expected[str(ticket.number)]
            hold_to_the_world(chronicle.world, ticket, finding)
            if fresh.verdict is Verdict.UNVERIFIED or not chronicle.names_are_unique:
                continue  # a bot that has read more may know more: a charge on another customer's invoice, say
            more = knows_more(fresh, finding)
            if chronicle.charges_touch_tickets:
                assert finding.verdict is fresh.verdict or more, f"{way}: {finding}\nfresh: {fresh}"
                assert more or finding.unbilled == fresh.unbilled
            else:
                both_billed = {finding.verdict, fresh.verdict} <= set(BILLED)
                assert finding.verdict is fresh.verdict or both_billed or more, f"{way}: {finding}\n{fresh}"
