"""What a session asks of the ledger, what it keeps there, and when it may say that a place was searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.billing.ledger.model import Known, RememberedInvoice, RememberedTicket, SearchedPlace, TicketLabels
from bot.billing.rules.invoice import facts_of
from bot.billing.rules.matching import TicketKeys
from bot.billing.search.queries import (
    Answer,
    Failed,
    FindTicket,
    ForgetInvoices,
    ListInvoices,
    NotePlaces,
    Read,
    ReadInvoice,
    ReadTicket,
    RecallInvoices,
    RecallLinked,
    RecallPlaces,
    RecallTicket,
    RecallUnclaimedLine,
)
from bot.billing.search.scheduler import Batch
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceDetail, InvoiceRow, TicketDetail, TicketRow
from bot.syncro_sessions.caching import NoLedger, RememberingSession
from tests.billing import factory

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
CHANGED = NOW - timedelta(days=3)
SECOND = timedelta(seconds=1)
TICKET = TicketKeys("109", "32223")
ROWS = (InvoiceRow(id="9", number="67469"), InvoiceRow(id="10", number="67470"))
PLACE = SearchedPlace(name="account", since=None, as_of=NOW, searched_at=NOW)
GONE = Failed(FailureKind.NOT_FOUND, "Reading invoice 9: Syncro has no such record (404).")
AWAY = Failed(FailureKind.UNAVAILABLE, "Reading invoice 9: no connection to Syncro.")
QUESTIONS = (
    RecallTicket("109", CHANGED),
    RecallLinked(TICKET),
    RecallInvoices(ROWS),
    RecallPlaces(("account", "customer/7")),
    RecallUnclaimedLine(NOW - timedelta(days=4), frozenset({"75.00"}), "7"),
)


def invoice(**fields: Any) -> InvoiceDetail:
    return factory.invoice("67469", id="9", **fields)


def ticket(updated_at: datetime | None = CHANGED) -> TicketDetail:
    of = factory.ticket(charges=[{"price_retail": "75.0"}], id=109).detail
    assert of is not None
    return of.model_copy(update={"updated_at": updated_at})


KEPT_INVOICE = RememberedInvoice(facts=facts_of(invoice()), read_at=NOW)
KEPT_TICKET = RememberedTicket(
    id="109",
    updated_at=CHANGED,
    read_at=NOW,
    timers=(),
    charges=ticket().line_items,
    labels=TicketLabels(status="Resolved"),
)


@dataclass
class FakeLedger:
    """Knows one ticket, one invoice and one place; `calls` are what it was told, in order."""

    keeps: bool = True
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def recall_ticket(self, ticket_id: str, updated_at: datetime) -> RememberedTicket | None:
        assert (ticket_id, updated_at) == ("109", CHANGED)
        return KEPT_TICKET

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...]:
        assert ticket == TICKET
        return (KEPT_INVOICE,)

    def recall_invoices(self, rows: Sequence[InvoiceRow]) -> tuple[RememberedInvoice | None, ...]:
        return tuple(KEPT_INVOICE if row.id == "9" else None for row in rows)

    def recall_known(self, customer_id: str | None, since: datetime | None) -> Known:
        return Known(count=1) if (customer_id, since) == ("7", CHANGED) else Known()

    def recall_places(self, names: Sequence[str]) -> tuple[SearchedPlace | None, ...]:
        return tuple(PLACE if name == "account" else None for name in names)

    def has_unclaimed_line(self, since: datetime, amounts: frozenset[str], customer_id: str | None) -> bool:
        return since < CHANGED and bool(amounts) and customer_id == "7"

    def remember(self, invoices: Sequence[RememberedInvoice], tickets: Sequence[RememberedTicket]) -> bool:
        self.calls.append(("remember", (tuple(invoices), tuple(tickets))))
        return self.keeps

    def forget_invoices(self, gone: Mapping[str, datetime]) -> None:
        self.calls.append(("forget", dict(gone)))

    def note_places(self, places: Sequence[SearchedPlace]) -> None:
        self.calls.append(("note", tuple(places)))


class Inner:
    """A session that answers as planned; all that is under way at once, and it must have been asked for."""

    def __init__(self, values: dict[Read[Any], Any]) -> None:
        self.values = values
        self.submitted: list[Read[Any]] = []
        self._under_way: list[Read[Any]] = []

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self.submitted.extend(reads)
        self._under_way.extend(reads)

    def collect(self) -> Batch:
        assert self._under_way, "would wait for ever"
        reads, self._under_way = self._under_way, []
        return Batch(tuple((read, Answer(self.values[read], 1)) for read in reads), NOW)


@dataclass
class Bench:
    """A session over planned answers, with a clock that goes on by a second whenever it is looked at."""

    values: dict[Read[Any], Any] = field(default_factory=dict)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    fresh: bool = False
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.inner = Inner(self.values)
        self.session = RememberingSession(self.inner, self.ledger, self.clock, fresh=self.fresh)

    def clock(self) -> datetime:
        self.now += SECOND
        return self.now - SECOND

    def ask(self, *reads: Read[Any]) -> list[Any]:
        """The values of one collect."""
        self.session.submit(reads)
        return [answer.value for _, answer in self.session.collect().answers]


def test_the_ledger_s_answers_come_at_once_in_order_and_cost_nothing_while_syncro_is_still_busy() -> None:
    slow = ListInvoices(customer_id="7")
    bench = Bench({slow: "page"})

    bench.session.submit([QUESTIONS[0], slow, *QUESTIONS[1:]])
    first, second = bench.session.collect(), bench.session.collect()

    assert first.answers == (
        (QUESTIONS[0], Answer(KEPT_TICKET, 0)),
        (QUESTIONS[1], Answer((KEPT_INVOICE,), 0)),
        (QUESTIONS[2], Answer((KEPT_INVOICE, None), 0)),
        (QUESTIONS[3], Answer((PLACE, None), 0)),
        (QUESTIONS[4], Answer(value=True, calls=0)),
    )
    assert second.answers == ((slow, Answer("page", 1)),)
    assert bench.inner.submitted == [slow]


@pytest.mark.parametrize("bench", [Bench(fresh=True), None], ids=["fresh", "no ledger"])
def test_a_fresh_session_and_one_without_a_ledger_know_nothing(bench: Bench | None) -> None:
    session = bench.session if bench else RememberingSession(Inner({}), NoLedger(), lambda: NOW)

    session.submit(QUESTIONS)

    assert [answer.value for _, answer in session.collect().answers] == [None, (), (None, None), (None, None), False]


def test_while_the_clock_is_wrong_nothing_is_recalled_kept_noted_or_forgotten() -> None:
    is_right = False
    bench = Bench({ReadInvoice("9"): invoice()})
    bench.session = RememberingSession(bench.inner, bench.ledger, bench.clock, clock_is_right=lambda: is_right)

    bench.session.submit([*QUESTIONS, ForgetInvoices((("9", NOW),)), NotePlaces((PLACE,))])
    nothing = [None, (), (None, None), (None, None), False, None, None]
    assert [answer.value for _, answer in bench.session.collect().answers] == nothing
    bench.ask(ReadInvoice("9"))
    assert bench.ledger.calls == []
    is_right = True
    bench.ask(NotePlaces((PLACE,)))
    assert bench.ledger.calls == [], "what was read meanwhile is not in the ledger"


def test_a_fresh_session_keeps_what_it_reads_and_notes_places() -> None:
    bench = Bench({ReadInvoice("9"): invoice()}, fresh=True)

    bench.ask(ReadInvoice("9"))
    assert bench.ask(NotePlaces((PLACE,))) == [None]

    assert bench.ledger.calls == [("remember", ((KEPT_INVOICE,), ())), ("note", (PLACE,))]


def test_what_one_collect_gives_is_kept_in_one_call_as_of_when_it_was_asked_for() -> None:
    values = {ReadInvoice("9"): invoice(), ReadTicket("109"): ticket(), FindTicket("32223"): "page"}
    bench = Bench(dict(values))

    assert bench.ask(*values) == list(values.values())

    assert bench.ledger.calls == [("remember", ((KEPT_INVOICE,), (KEPT_TICKET,)))]


def test_a_contract_that_only_the_detail_names_is_known_from_memory_too() -> None:
    bench = Bench({ReadTicket("109"): ticket().model_copy(update={"contract_id": "12", "contract_name": "Gold"})})
    bench.ask(ReadTicket("109"))
    ((_, (_, (kept,))),) = bench.ledger.calls
    again = kept.detail(TicketRow(id="109", number="32223", status="Resolved"))
    assert (again.contract_id, again.contract_name) == ("12", "Gold")


def test_the_list_s_date_stands_in_for_that_of_a_detail_without_one() -> None:
    read = ReadInvoice("9", CHANGED)
    bench = Bench({read: invoice()})

    bench.ask(read)

    ((_, ((kept,), _)),) = bench.ledger.calls
    assert kept.facts.updated_at == CHANGED


@pytest.mark.parametrize("reference", ["9", "67469"])
def test_an_invoice_is_kept_that_was_asked_for_by_id_or_by_number(reference: str) -> None:
    bench = Bench({ReadInvoice(reference): invoice()})

    bench.ask(ReadInvoice(reference))

    assert bench.ledger.calls == [("remember", ((KEPT_INVOICE,), ()))]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (ReadInvoice("8"), invoice()),
        (ReadTicket("108"), ticket()),
        (ReadTicket("109"), ticket(updated_at=None)),
        (ReadInvoice("9"), AWAY),
        (ReadTicket("109"), GONE),
        (ListInvoices(), GONE),
    ],
    ids=["another invoice", "another ticket", "a ticket of no state", "a failure", "a ticket gone", "a list gone"],
)
def test_what_is_not_plainly_what_was_asked_for_is_not_kept(read: Read[Any], value: Any) -> None:
    bench = Bench({read: value})

    assert bench.ask(read) == [value]

    assert bench.ledger.calls == []


@pytest.mark.parametrize("fresh", [False, True])
def test_an_invoice_said_to_be_gone_is_forgotten_only_when_the_search_says_that_it_is(*, fresh: bool) -> None:
    bench = Bench({ReadInvoice("9"): GONE}, fresh=fresh)

    assert bench.ask(ReadInvoice("9")) == [GONE]
    assert bench.ledger.calls == []
    assert bench.ask(ForgetInvoices((("9", NOW),))) == [None]
    assert bench.ledger.calls == [("forget", {"9": NOW})]


def test_no_place_is_noted_once_something_could_not_be_kept() -> None:
    bench = Bench({ReadInvoice("9"): invoice(), ReadTicket("109"): ticket()}, FakeLedger(keeps=False))
    bench.ask(NotePlaces((PLACE,)))
    bench.ask(ReadInvoice("9"))
    bench.ledger.keeps = True
    bench.ask(ReadTicket("109"))

    assert bench.ask(NotePlaces((PLACE,)), RecallPlaces(("account",))) == [None, (PLACE,)]

    assert [told for told, _ in bench.ledger.calls] == ["note", "remember", "remember"]


def test_a_note_of_no_places_is_no_note() -> None:
    bench = Bench()

    assert bench.ask(NotePlaces(())) == [None]
    assert bench.ledger.calls == []
