"""The ledger of what was read: the last reading wins, nothing that bills a ticket is overlooked, nobody is misled."""

from __future__ import annotations

import itertools
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.billing.ledger.model import (
    ACCOUNT,
    Ledger,
    RememberedInvoice,
    RememberedTicket,
    SearchedPlace,
    place_of_customer,
)
from bot.billing.rules.invoice import BilledLine, InvoiceFacts, facts_of
from bot.billing.rules.matching import Match, TicketKeys, match
from bot.billing.rules.ticket_mentions import Mention, Named, mentions_in_line
from bot.store import tables
from bot.store.database import Database
from bot.store.ledger import sql_ledger as ledger_module
from bot.store.ledger.sql_ledger import SqlLedger
from bot.store.memory import Memory
from bot.store.migrations import MIGRATIONS, migrate
from bot.syncro.models import InvoiceDetail, InvoiceRow, TicketCharge, TicketTimer, storable
from tests.ledgers import forget_everything
from tests.patience import PATIENCE
from tests.store.factory import NOW, a_mark

ACCOUNT_ADDRESS = "https://kittle.syncromsp.com/api/v1"
MAX_AGE = timedelta(days=30)
TICKET = TicketKeys("109554336", "32223", frozenset({"501", "502"}))
LIGHT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OPEN = """
import sys
from datetime import UTC, datetime, timedelta
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.ledger.model import RememberedInvoice
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from tests.ledgers import forget_everything
ledger = SqlLedger(Database(sys.argv[1]), "account", max_age=timedelta(days=1), clock=lambda: datetime.now(UTC))
ledger.open()
now = datetime.now(UTC)
kept = [RememberedInvoice(facts=InvoiceFacts(id=f"{sys.argv[2]}-{n}", number=str(n)), read_at=now) for n in range(50)]
print(all(ledger.remember([one], ()) for one in kept))
"""


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Opener = Callable[..., SqlLedger]


@pytest.fixture
def open_ledger(address: sa.URL, clock: Clock) -> Iterator[Opener]:
    """Opens ledgers in the same database, as several processes would."""
    opened: list[Database] = []

    def open_one(account: str = ACCOUNT_ADDRESS, *, max_age: timedelta = MAX_AGE) -> SqlLedger:
        opened.append(Database(address, is_expendable=True))
        ledger = SqlLedger(opened[-1], account, max_age=max_age, clock=clock)
        ledger.open()
        return ledger

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def ledger(open_ledger: Opener) -> SqlLedger:
    return open_ledger()


@pytest.fixture(scope="module")
def quick_ledger() -> Iterator[SqlLedger]:
    """A ledger in memory, for properties that need many."""
    database = Database("sqlite://")
    ledger = SqlLedger(database, ACCOUNT_ADDRESS, max_age=MAX_AGE, clock=Clock())
    ledger.open()
    yield ledger
    database.close()


def _read(minutes: int = 0, **facts: Any) -> RememberedInvoice:
    """An invoice that was read some minutes after `NOW`."""
    fields = {"id": "1", "number": "67469", **facts}
    return RememberedInvoice(facts=InvoiceFacts(**fields), read_at=NOW + timedelta(minutes=minutes))


def _ticket(minutes: int = 0, *, state: int = 0, items: tuple[str, ...] = (), id: str = "7") -> RememberedTicket:  # noqa: A002
    """A ticket that was read some minutes after `NOW`, in the n-th of its states."""
    return RememberedTicket(
        id=id,
        updated_at=NOW + timedelta(days=state),
        read_at=NOW + timedelta(minutes=minutes),
        timers=(),
        charges=tuple(TicketCharge(id=f"c{item}", converted=True, item_id=item) for item in items),
    )


def _place(name: str = ACCOUNT, *, as_of: int = 0, searched: int = 0, skipped: int = 0) -> SearchedPlace:
    """A place, with its times in minutes after `NOW`."""
    return SearchedPlace(
        name=name,
        since=NOW - timedelta(days=90),
        as_of=NOW + timedelta(minutes=as_of),
        searched_at=NOW + timedelta(minutes=searched),
        skipped=skipped,
    )


def _said(*texts: str) -> tuple[Mention, ...]:
    return tuple(mention for text in texts for mention in mentions_in_line([text]))


AMOUNTS = frozenset({"75.00"})


def _lines(*ids: str, amount: str | None = "75.00", is_stray: bool = False) -> tuple[BilledLine, ...]:
    return tuple(BilledLine(id=each, amount=amount, is_stray=is_stray) for each in ids)


def _newest_unclaimed(
    ledger: Ledger, amounts: frozenset[str] = AMOUNTS, customer_id: str | None = "50"
) -> datetime | None:
    """When the newest unclaimed line came, to the minute, within ten minutes from now on."""
    for minute in range(10, -1, -1):
        moment = NOW + timedelta(minutes=minute)
        if ledger.has_unclaimed_line(moment - timedelta(seconds=1), amounts, customer_id):
            return moment
    return None


def _linked(ledger: Ledger, ticket: TicketKeys = TICKET) -> list[str] | None:
    linked = ledger.recall_linked(ticket)
    return None if linked is None else [invoice.facts.id for invoice in linked]


def _by_id(ledger: Ledger, *ids: str) -> tuple[RememberedInvoice | None, ...]:
    return ledger.recall_invoices([InvoiceRow(id=each) for each in ids])


# --- what is remembered comes back ---

WEIRD = st.sampled_from(["\x00", "\ufffd", "a\x00b"])
PLAIN = (st.text(min_size=1) | WEIRD).map(storable).map(str.strip).filter(bool)
TIMES = st.datetimes(datetime(1950, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MONEY = st.decimals(-(10**11), 10**11, allow_nan=False, allow_infinity=False)
FEW = st.integers(8, 13).map(str)
NUMBERS = st.one_of(
    FEW,
    st.builds("{}-{}".format, FEW, FEW),
    st.from_regex(r"[0-9]{1,3}([-.][0-9]{1,3}){0,2}", fullmatch=True),
    st.from_regex(r"[0-9]{1,60}", fullmatch=True),
)
IDS = st.lists(st.integers(0, 12).map(str), max_size=4, unique=True).map(tuple)
ENDS = st.integers(0, 10**18 - 1).map(str)
MENTIONS = st.builds(
    Mention, number=st.text() | NUMBERS, named=st.sampled_from(Named), leads=st.booleans(), host=st.text()
) | st.builds(Mention, number=ENDS, upto=ENDS, named=st.sampled_from(Named))
FACTS = st.builds(
    InvoiceFacts,
    id=PLAIN,
    number=PLAIN,
    ticket_id=st.none() | PLAIN,
    customer_id=st.none() | PLAIN,
    customer=st.text(),
    total=st.none() | MONEY,
    created_at=st.none() | TIMES,
    updated_at=st.none() | TIMES,
    has_unnamed_lines=st.booleans(),
    said=st.lists(MENTIONS, max_size=5).map(tuple),
    lines=st.lists(
        st.builds(BilledLine, id=st.text(), amount=st.none() | st.text(), is_stray=st.booleans()), max_size=5
    ).map(tuple),
)
TIMERS = st.builds(
    TicketTimer,
    id=PLAIN,
    start_time=st.none() | TIMES,
    end_time=st.none() | TIMES,
    billable=st.none() | st.booleans(),
    recorded=st.none() | st.booleans(),
    ticket_line_item_id=st.none() | PLAIN,
)
CHARGES = st.builds(
    TicketCharge,
    id=PLAIN,
    name=st.text(),
    description=st.text(),
    quantity=st.none() | MONEY | st.sampled_from([Decimal("1.00"), Decimal(1)]),
    price_retail=st.none() | MONEY,
    retail_cents=st.none() | MONEY,
    converted=st.none() | st.booleans(),
    item_id=st.none() | PLAIN,
)
TICKETS = st.builds(
    RememberedTicket,
    id=PLAIN,
    updated_at=TIMES,
    read_at=st.just(NOW),
    timers=st.lists(TIMERS, max_size=3).map(tuple),
    charges=st.lists(CHARGES, max_size=3).map(tuple),
)


@given(facts=FACTS)
@LIGHT
def test_facts_come_back_exactly(ledger: SqlLedger, facts: InvoiceFacts) -> None:
    forget_everything(ledger)
    kept = RememberedInvoice(facts=facts, read_at=NOW)
    assert ledger.remember([kept], ())
    assert _by_id(ledger, facts.id) == (kept,)
    (back,) = ledger.recall_invoices([InvoiceRow(number=facts.number)])
    assert back == kept
    assert str(back.facts.total) == str(facts.total)  # digit for digit


@given(ticket=TICKETS)
@LIGHT
def test_timers_and_charges_come_back_exactly(ledger: SqlLedger, ticket: RememberedTicket) -> None:
    forget_everything(ledger)
    assert ledger.remember((), [ticket])
    back = ledger.recall_ticket(ticket.id, ticket.updated_at)
    assert back == ticket

    def amounts(of: RememberedTicket) -> list[str]:
        return [str(money) for each in of.charges for money in (each.quantity, each.price_retail, each.retail_cents)]

    assert amounts(back) == amounts(ticket)  # digit for digit


def test_what_a_database_cannot_hold_in_a_key_still_comes_back(ledger: SqlLedger) -> None:
    kept = _read(id="a\x00", number="n\x00", customer="half a \ud83d pair", lines=_lines("l\x00", "l"))
    assert ledger.remember([kept], ())
    assert _by_id(ledger, "a\x00", "a", "a?") == (kept, None, None)
    ledger.remember((), [_ticket(id="a\x00")])
    assert ledger.recall_ticket("a\x00", NOW) == _ticket(id="a\x00")
    assert ledger.recall_ticket("a", NOW) is None


def test_only_the_asked_state_of_a_ticket_is_recalled(ledger: SqlLedger) -> None:
    ledger.remember((), [_ticket(1, state=3)])
    assert ledger.recall_ticket("7", NOW + timedelta(days=3)) == _ticket(1, state=3)
    assert ledger.recall_ticket("7", NOW + timedelta(days=2)) is None
    assert ledger.recall_ticket("8", NOW + timedelta(days=3)) is None


def test_invoices_come_back_in_the_order_asked(ledger: SqlLedger) -> None:
    ledger.remember([_read(id=str(each)) for each in range(1200)], ())
    found = _by_id(ledger, *(str(each) for each in range(1250, -1, -1)))
    assert [None if each is None else each.facts.id for each in found] == [
        *[None] * 51,
        *(str(each) for each in range(1199, -1, -1)),
    ]


def test_a_row_without_id_is_looked_up_by_number_where_that_is_unique(ledger: SqlLedger) -> None:
    ledger.remember([_read(id="1", number="10"), _read(id="2", number="20"), _read(id="3", number="20")], ())
    once, twice, unknown = ledger.recall_invoices([InvoiceRow(number=number) for number in ("10", "20", "30")])
    assert once == _read(id="1", number="10")
    assert (twice, unknown) == (None, None)


def test_a_row_with_an_id_is_never_looked_up_by_number(ledger: SqlLedger) -> None:
    ledger.remember([_read(id="1", number="10")], ())
    assert ledger.recall_invoices([InvoiceRow(id="10", number="10")]) == (None,)


def test_a_number_is_looked_up_among_the_customers_own_invoices_and_those_of_nobody(ledger: SqlLedger) -> None:
    ledger.remember(
        [
            _read(id="1", number="10", customer_id="A"),
            _read(id="2", number="10", customer_id="B"),
            _read(id="3", number="20", customer_id="A"),
            _read(id="4", number="20"),
            _read(id="5", number="30"),
        ],
        (),
    )

    def found(number: str, customer: str) -> str | None:
        (one,) = ledger.recall_invoices([InvoiceRow(number=number, customer_id=customer)])
        return None if one is None else one.facts.id

    assert [found("10", "A"), found("10", "B"), found("10", "C")] == ["1", "2", None]
    assert [found("20", "A"), found("20", "B"), found("30", "A")] == [None, "4", "5"]


# --- the last reading wins ---


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("together", [True, False])
def test_the_last_reading_wins_in_whatever_order_they_come(
    ledger: SqlLedger, order: tuple[int, ...], *, together: bool
) -> None:
    invoices = [_read(each, customer=f"state {each}", said=_said(f"3222{each}")) for each in order]
    tickets = [_ticket(each, items=(f"50{each}",)) for each in order]
    if together:
        assert ledger.remember(invoices, tickets)
    else:
        assert all(ledger.remember([one], [other]) for one, other in zip(invoices, tickets, strict=True))
    assert _by_id(ledger, "1") == (_read(2, customer="state 2", said=_said("32222")),)
    assert ledger.recall_ticket("7", NOW) == _ticket(2, items=("502",))
    assert [_linked(ledger, TicketKeys("-", f"3222{each}")) for each in range(3)] == [[], [], ["1"]]


def test_a_reading_of_the_same_moment_replaces(ledger: SqlLedger) -> None:
    ledger.remember([_read(customer="one")], ())
    ledger.remember([_read(customer="other")], ())
    assert _by_id(ledger, "1") == (_read(customer="other"),)


def test_a_replaced_invoice_is_no_longer_found_by_what_it_was(ledger: SqlLedger) -> None:
    ledger.remember([_read(0, ticket_id="109554336", lines=_lines("501"), said=_said("32223"))], ())
    assert _linked(ledger) == ["1"]
    ledger.remember([_read(1, ticket_id="8", lines=_lines("601"), said=_said("32224"))], ())
    assert _linked(ledger) == []
    assert _linked(ledger, TicketKeys("-", "32224")) == ["1"]


# --- what bills a ticket is found ---


@pytest.mark.parametrize(
    "facts",
    [
        {"ticket_id": "109554336"},
        {"lines": _lines("400", "502")},
        {"said": _said("Ticket 32223")},
        {"said": _said("#32223")},
        {"said": _said("12345", "32223")},
        {"said": _said("32223-2")},
        {"said": _said("32221/22/23")},
        {"said": _said("Ticket 032223")},
        {"said": _said("Ticket ID 109554336")},
        {"said": _said("32221-32225")},
        {"said": _said("32223-32225")},
        {"said": _said("32221-32223")},
        {"said": _said("32225-32221")},
        {"said": _said("Tickets 998 to 99999")},
    ],
)
def test_an_invoice_is_found_by_each_way_to_refer_to_a_ticket(ledger: SqlLedger, facts: dict[str, Any]) -> None:
    ledger.remember([_read(**facts), _read(id="2")], ())
    assert _linked(ledger) == ["1"]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"id": "109554336", "number": "32223", "customer_id": "32223"},
        {"ticket_id": "32223"},
        {"lines": _lines("32223", "503")},
        {"said": _said("132223", "322231", "32223.50", "2221-2225", "PO 32223")},
        {"said": _said("32224-32229", "32211-32222")},
    ],
)
def test_an_invoice_that_says_nothing_of_the_ticket_is_not_found(ledger: SqlLedger, facts: dict[str, Any]) -> None:
    ledger.remember([_read(**facts)], ())
    assert _linked(ledger) == []


def test_an_invoice_that_refers_to_a_ticket_in_many_ways_is_found_once_and_all_by_id(ledger: SqlLedger) -> None:
    every: dict[str, Any] = {
        "ticket_id": TICKET.ticket_id,
        "lines": _lines("501", "502"),
        "said": _said("32223", "32221-32225"),
    }
    ledger.remember([_read(id=each, **every) for each in ("30", "1", "200")], ())
    assert _linked(ledger) == ["1", "200", "30"]


def test_a_ticket_with_many_converted_charges_finds_the_line_of_each(ledger: SqlLedger) -> None:
    ledger.remember([_read(id=str(each), lines=_lines(f"L{each}")) for each in range(1200)], ())
    ticket = TicketKeys("-", "-", frozenset(f"L{each}" for each in range(40_000)))
    assert len(_linked(ledger, ticket) or ()) == 1200


@given(
    st.lists(
        st.builds(
            lambda said, lines, ticket: _read(said=_said(*said), lines=_lines(*lines), ticket_id=ticket),
            st.lists(NUMBERS, max_size=4),
            IDS,
            st.none() | st.integers(0, 9).map(str),
        ),
        max_size=4,
    ),
    st.builds(TicketKeys, st.integers(0, 9).map(str), NUMBERS, IDS.map(frozenset), st.just(NOW - timedelta(days=99))),
)
@settings(LIGHT, max_examples=300)
def test_no_invoice_that_bills_or_may_mention_a_ticket_is_overlooked(
    quick_ledger: SqlLedger, read: list[RememberedInvoice], ticket: TicketKeys
) -> None:
    forget_everything(quick_ledger)
    invoices = [
        each.model_copy(update={"facts": each.facts.model_copy(update={"id": str(number)})})
        for number, each in enumerate(read)
    ]
    quick_ledger.remember(invoices, ())
    matching = [each for each in invoices if match(each.facts, ticket) != Match()]
    found = quick_ledger.recall_linked(ticket)
    assert [each for each in found or () if each in matching] == matching


def test_a_name_too_long_for_its_column_is_still_found(ledger: SqlLedger) -> None:
    number, cut = "3" * 140, "3" * 139
    ledger.remember([_read(id="1", lines=_lines(number)), _read(id="2", ticket_id=number)], ())
    assert _linked(ledger, TicketKeys(number, "-", frozenset({number}))) == ["1", "2"]
    assert [match(each.facts, TicketKeys(cut, "-")) for each in ledger.recall_linked(TicketKeys(cut, "-")) or ()] == [
        Match()
    ]


# --- a clock that was wrong, and what has grown too old ---


def test_what_a_clock_that_was_far_ahead_has_dated_is_not_recalled_and_gives_way_to_what_is_read_now(
    ledger: SqlLedger,
) -> None:
    ledger.remember([_read(60, customer="then")], [_ticket(60)])
    ledger.note_places([_place(as_of=60, searched=60)])
    found = (_by_id(ledger, "1"), ledger.recall_ticket("7", NOW), ledger.recall_places([ACCOUNT]))
    assert found == ((None,), None, (None,))
    assert ledger.current_as_of() is None
    ledger.remember([_read(0, customer="now")], [_ticket(0, items=("1",))])
    ledger.note_places([_place(as_of=0, searched=0)])
    found = (_by_id(ledger, "1"), ledger.recall_ticket("7", NOW), ledger.recall_places([ACCOUNT]))
    assert found == ((_read(0, customer="now"),), _ticket(0, items=("1",)), (_place(as_of=0, searched=0),))
    assert ledger.current_as_of() == NOW


def test_tickets_and_places_that_are_too_old_are_forgotten_when_a_ledger_is_opened(
    ledger: SqlLedger, open_ledger: Opener, clock: Clock, engine: sa.Engine
) -> None:
    ledger.remember([_read()], [_ticket(items=("1",))])
    ledger.note_places([_place()])
    clock.now = NOW + MAX_AGE + timedelta(seconds=1)
    open_ledger()
    with engine.connect() as connection:
        for table in (tables.ledger_tickets, tables.ledger_ticket_items, tables.ledger_places):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
    assert ledger.count_invoices() == 1


# --- unclaimed lines ---


def test_a_line_counts_from_when_it_was_first_seen_on_its_invoice(ledger: SqlLedger) -> None:
    assert _newest_unclaimed(ledger) is None
    ledger.remember([_read(1, lines=_lines("a"))], ())
    ledger.remember([_read(2, lines=_lines("a", "b"))], ())
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=2)
    ledger.remember([_read(3, lines=_lines("a", "b", amount="80.00"))], ())
    assert _newest_unclaimed(ledger) is None
    assert _newest_unclaimed(ledger, frozenset({"80.00"})) == NOW + timedelta(minutes=2)
    ledger.remember([_read(4, lines=_lines("c", "b"))], ())
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=4)
    ledger.remember([_read(5, lines=_lines("b"))], ())
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=2)


def test_lines_without_ids_may_be_anybody_s_and_new_whenever_their_invoice_is_read(ledger: SqlLedger) -> None:
    ledger.remember([_read(1, has_unnamed_lines=True)], ())
    ledger.remember([_read(3, has_unnamed_lines=True)], ())
    assert _newest_unclaimed(ledger, frozenset({"0.01"}), "another") == NOW + timedelta(minutes=3)
    ledger.remember([_read(4)], ())
    assert _newest_unclaimed(ledger) is None


def test_a_line_that_moved_to_another_invoice_is_new_there(ledger: SqlLedger) -> None:
    ledger.remember([_read(1, id="1", lines=_lines("a"))], ())
    ledger.remember([_read(5, id="2", lines=_lines("a"))], ())
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=5)


def test_a_line_that_a_remembered_charge_became_does_not_count(ledger: SqlLedger) -> None:
    ledger.remember([_read(1, id="1", lines=_lines("a"))], ())
    ledger.remember([_read(2, id="2", lines=_lines("b"))], ())
    ledger.remember((), [_ticket(items=("b", "b"))])
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=1)
    ledger.remember((), [_ticket(items=("a",), id="8")])
    assert _newest_unclaimed(ledger) is None
    ledger.remember((), [_ticket(1)])  # as it turns out, the charge is on no invoice
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=2)


def test_only_a_line_of_one_of_the_amounts_counts_or_one_without_a_price(ledger: SqlLedger) -> None:
    ledger.remember([_read(1, id="1", lines=_lines("a", amount="20.00"))], ())
    assert _newest_unclaimed(ledger) is None
    assert _newest_unclaimed(ledger, frozenset({"20.00", "1.00"})) == NOW + timedelta(minutes=1)
    ledger.remember([_read(2, id="2", lines=_lines("b", amount=None))], ())
    assert _newest_unclaimed(ledger) == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("owner", "is_stray", "counts"), [("50", True, True), (None, True, True), ("51", True, False), ("50", False, False)]
)
def test_a_line_of_another_amount_counts_only_where_it_is_nobody_s_and_on_an_invoice_of_the_customer(
    ledger: SqlLedger, owner: str | None, is_stray: bool, counts: bool
) -> None:
    ledger.remember([_read(1, customer_id=owner, lines=_lines("a", amount="20.00", is_stray=is_stray))], ())
    assert _newest_unclaimed(ledger) == (NOW + timedelta(minutes=1) if counts else None)


# --- how long, whose, under which rules ---


def test_what_was_read_too_long_ago_is_not_recalled(ledger: SqlLedger, clock: Clock) -> None:
    ledger.remember([_read(ticket_id=TICKET.ticket_id)], [_ticket()])
    ledger.note_places([_place()])
    recalls: list[Callable[[], Any]] = [
        lambda: ledger.recall_ticket("7", NOW),
        lambda: _by_id(ledger, "1")[0],
        lambda: ledger.recall_invoices([InvoiceRow(number="67469")])[0],
        lambda: ledger.recall_places([ACCOUNT])[0],
    ]
    clock.now = NOW + MAX_AGE
    assert all(recall() is not None for recall in recalls)
    clock.now += timedelta(microseconds=1)
    assert [recall() for recall in recalls] == [None] * 4
    assert ledger.count_invoices() == 1


def test_linked_invoices_are_recalled_however_long_ago_they_were_read(ledger: SqlLedger, clock: Clock) -> None:
    """They are read again before anything is said of them; forgotten, an absence would rest on what nobody knows."""
    ledger.remember([_read(ticket_id=TICKET.ticket_id)], ())
    clock.now = NOW + 10 * MAX_AGE
    assert _linked(ledger) == ["1"]


def test_an_age_beyond_all_calendars_recalls_everything(open_ledger: Opener) -> None:
    ledger = open_ledger(max_age=timedelta.max)
    ledger.remember([_read(-(10**8))], ())
    assert _by_id(ledger, "1") == (_read(-(10**8)),)


def _fill(ledger: SqlLedger) -> None:
    facts: dict[str, Any] = {
        "ticket_id": TICKET.ticket_id,
        "lines": _lines("501"),
        "said": _said("32223"),
    }
    assert ledger.remember([_read(**facts)], [_ticket()])
    ledger.note_places([_place()])


def _is_empty(ledger: SqlLedger) -> bool:
    found = (
        ledger.recall_ticket("7", NOW),
        *(ledger.recall_linked(TICKET) or ()),
        *_by_id(ledger, "1"),
        *ledger.recall_invoices([InvoiceRow(number="67469")]),
        *ledger.recall_places([ACCOUNT]),
        _newest_unclaimed(ledger),
    )
    return set(found) == {None} and ledger.count_invoices() == 0 and ledger.readings_since(None) == {}


def test_accounts_do_not_see_each_others_ledger(open_ledger: Opener) -> None:
    one, other = open_ledger("https://one"), open_ledger("https://other")
    _fill(one)
    assert not _is_empty(open_ledger("https://one"))
    assert _is_empty(other)
    other.remember((), [_ticket(items=("501",))])
    assert _newest_unclaimed(one) == NOW
    other.forget_invoices({"1": NOW})
    forget_everything(other)
    assert one.count_invoices() == 1


def test_what_was_read_under_other_rules_is_never_recalled_and_the_older_is_dropped(
    open_ledger: Opener, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(open_ledger("https://other"))
    _fill(open_ledger())
    monkeypatch.setattr(ledger_module, "READING_RULES", 1000)
    newer = open_ledger()
    assert _is_empty(newer)
    _fill(newer)
    monkeypatch.setattr(ledger_module, "READING_RULES", 999)
    assert _is_empty(open_ledger())
    monkeypatch.setattr(ledger_module, "READING_RULES", 1000)
    assert not _is_empty(open_ledger())
    with engine.connect() as connection:
        kept = connection.execute(
            sa.select(tables.ledger_books.c.account, tables.ledger_books.c.rules).join(
                tables.ledger_invoices, tables.ledger_invoices.c.book_id == tables.ledger_books.c.id
            )
        )
        assert {tuple(row) for row in kept if row.rules in (999, 1000)} == {(ACCOUNT_ADDRESS, 1000)}
        left = connection.execute(sa.select(sa.func.count()).select_from(tables.ledger_invoices)).scalar()
    assert left == 2  # the other account's has not been opened since


def test_a_ledger_of_the_release_before_is_taken_over_and_what_it_read_by_older_rules_is_read_anew(
    address: sa.URL, engine: sa.Engine, open_ledger: Opener
) -> None:
    database = Database(address)
    migrate(database, MIGRATIONS[:2])
    said = '{"text": "32223", "names_ticket": true}'
    facts = f'{{"id": "1", "number": "67469", "said": [{said}], "noted": ["32223"]}}'
    with engine.begin() as connection:
        for statement in (
            f"invoice_bot_ledger_books (account, rules) VALUES ('{ACCOUNT_ADDRESS}', 1)",
            f"invoice_bot_ledger_invoices VALUES (1, '1', '67469', '8', '9', NULL, '{NOW.isoformat()}', '{facts}')",
            "invoice_bot_ledger_numbers VALUES (1, '1', '32223', NULL)",
            f"invoice_bot_ledger_lines VALUES (1, '1', '501', '{NOW.isoformat()}', NULL, FALSE)",
        ):
            connection.execute(sa.text("INSERT INTO " + statement))
    ledger = open_ledger()
    assert (_linked(ledger), ledger.count_invoices(), ledger.readings_since(None)) == ([], 0, {})
    _fill(ledger)
    assert not _is_empty(ledger)
    database.close()


# --- places ---


def test_places_come_back_in_the_order_asked(ledger: SqlLedger) -> None:
    own = SearchedPlace(name=place_of_customer("8"), since=None, as_of=NOW, searched_at=NOW)
    ledger.note_places([_place(skipped=3), own])
    names = [place_of_customer("8"), place_of_customer("9"), ACCOUNT, place_of_customer("8")]
    assert ledger.recall_places(names) == (own, None, _place(skipped=3), own)
    assert ledger.recall_places([]) == ()


@pytest.mark.parametrize(
    ("new", "replaces"),
    [
        (_place(as_of=20, searched=10, skipped=1), True),
        (_place(as_of=10, searched=5, skipped=1), True),
        (_place(as_of=9, searched=5, skipped=1), False),
        (_place(as_of=9, searched=4, skipped=1), False),
        (_place(as_of=9, searched=6, skipped=1), True),
        (_place(as_of=11, searched=4, skipped=1), True),
    ],
)
def test_what_is_known_up_to_a_later_moment_stays_unless_a_later_search_began_from_scratch(
    ledger: SqlLedger, clock: Clock, new: SearchedPlace, *, replaces: bool
) -> None:
    clock.now = NOW + timedelta(minutes=20)
    kept = _place(as_of=10, searched=5)
    ledger.note_places([kept])
    ledger.note_places([new])
    assert ledger.recall_places([ACCOUNT]) == (new if replaces else kept,)


def test_a_search_that_may_have_begun_before_all_was_forgotten_notes_no_place(
    ledger: SqlLedger, open_ledger: Opener, clock: Clock
) -> None:
    ledger.remember([_read()], ())
    clock.now = NOW + timedelta(minutes=5)
    forget_everything(open_ledger())
    clock.now = NOW + timedelta(minutes=19)
    ledger.remember([_read(7, id="2")], ())
    before, after = _place(as_of=19, searched=14), _place(place_of_customer("8"), as_of=19, searched=15)
    ledger.note_places([before, after])
    assert ledger.recall_places([before.name, after.name]) == (None, after)


# --- forgetting ---


def test_what_was_read_of_an_invoice_after_it_was_seen_to_be_gone_is_not_forgotten(ledger: SqlLedger) -> None:
    ledger.remember([_read(1, ticket_id=TICKET.ticket_id)], ())
    ledger.forget_invoices({"1": NOW})
    assert _linked(ledger) == ["1"]
    ledger.forget_invoices({"1": NOW + timedelta(minutes=1)})
    assert _linked(ledger) == []


def test_a_forgotten_invoice_is_gone_with_its_lines_and_numbers(ledger: SqlLedger, engine: sa.Engine) -> None:
    _fill(ledger)
    ledger.remember([_read(id="2", number="2", lines=_lines("9", amount="1.00"), said=_said("9"))], ())
    ledger.forget_invoices({"1": NOW, "unknown": NOW})
    ledger.forget_invoices({})
    assert (_linked(ledger), _by_id(ledger, "1"), _newest_unclaimed(ledger)) == ([], (None,), None)
    assert set(ledger.readings_since(None)) == {"2"}
    with engine.connect() as connection:
        for table in (tables.ledger_lines, tables.ledger_references):
            assert set(connection.execute(sa.select(table.c.invoice_id)).scalars()) == {"2"}


def test_forgetting_everything_leaves_nothing(ledger: SqlLedger, engine: sa.Engine) -> None:
    _fill(ledger)
    assert not _is_empty(ledger)
    forget_everything(ledger)
    assert _is_empty(ledger)
    with engine.connect() as connection:
        for name, table in tables.metadata.tables.items():
            if "_ledger_" in name and table is not tables.ledger_books:
                assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0, name
    _fill(ledger)
    assert not _is_empty(ledger)


def test_invoices_are_counted_and_listed_by_their_last_change(ledger: SqlLedger) -> None:
    old, new = NOW - timedelta(days=2), NOW
    ledger.remember([_read(id="1", updated_at=old), _read(id="2", updated_at=new), _read(id="3")], ())
    assert ledger.count_invoices() == 3
    assert set(ledger.readings_since(None)) == {"1", "2", "3"}
    assert set(ledger.readings_since(old)) == {"1", "2"}
    assert set(ledger.readings_since(old + timedelta(microseconds=1))) == {"2"}


# --- when something goes wrong ---


def _is_silent(ledger: SqlLedger, caplog: pytest.LogCaptureFixture) -> None:
    """Every method knows nothing and says so where that matters, keeps nothing, raises nothing and says why once."""
    methods: list[tuple[Callable[[], Any], Any]] = [
        (lambda: ledger.recall_ticket("7", NOW), None),
        (lambda: ledger.recall_linked(TICKET), None),
        (lambda: ledger.recall_invoices([InvoiceRow(id="1"), InvoiceRow(number="2")]), (None, None)),
        (lambda: ledger.recall_places([ACCOUNT, "else"]), (None, None)),
        (lambda: ledger.has_unclaimed_line(NOW, AMOUNTS, "50"), True),
        (lambda: ledger.remember([_read(lines=_lines("1"))], [_ticket()]), False),
        (lambda: ledger.forget_invoices({"1": NOW}), None),
        (lambda: ledger.note_places([_place()]), None),
        (ledger.count_invoices, 0),
        (lambda: ledger.readings_since(None), {}),
    ]
    for method, answer in methods:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert method() == answer
        (record,) = caplog.records
        assert record.name == "bot.store.ledger.sql_ledger"
        assert re.fullmatch(r"The ledger could not be \w+ \(\w+Error\); going on without it", record.getMessage())
        assert record.exc_info is None


def test_a_database_without_the_tables_knows_nothing_and_raises_nothing(
    ledger: SqlLedger, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        for name in tables.metadata.tables:
            if "_ledger_" in name:
                connection.exec_driver_sql(f"DROP TABLE {name}")
    _is_silent(ledger, caplog)


@pytest.mark.parametrize(
    "nowhere", ["sqlite:////nowhere/invoice-bot.db", "postgresql://nobody:secret@127.0.0.1:9/none?connect_timeout=2"]
)
def test_a_database_that_is_away_knows_nothing_and_raises_nothing(
    nowhere: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(nowhere, is_expendable=True)
    ledger = SqlLedger(database, ACCOUNT_ADDRESS, max_age=MAX_AGE, clock=clock)
    with pytest.raises(sa.exc.OperationalError):
        ledger.open()
    _is_silent(ledger, caplog)
    database.close()


def test_a_ledger_that_was_not_opened_knows_nothing(
    address: sa.URL, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(address)
    _is_silent(SqlLedger(database, ACCOUNT_ADDRESS, max_age=MAX_AGE, clock=clock), caplog)
    database.close()


def test_what_cannot_be_kept_is_refused_as_a_whole(ledger: SqlLedger) -> None:
    naive = RememberedInvoice(facts=InvoiceFacts(id="2", number="2"), read_at=datetime(2026, 1, 1))  # noqa: DTZ001
    assert not ledger.remember([naive], ())
    assert not ledger.remember([_read()], [_ticket().model_copy(update={"updated_at": naive.read_at})])
    assert ledger.count_invoices() == 0


def test_facts_that_cannot_be_read_are_no_facts(ledger: SqlLedger, engine: sa.Engine) -> None:
    ledger.remember([_read(ticket_id=TICKET.ticket_id)], [_ticket()])
    for garbage in ("", "[]", '{"id":', '{"id": 7}'):
        with engine.begin() as connection:
            connection.execute(sa.update(tables.ledger_invoices).values(facts=garbage))
            connection.execute(sa.update(tables.ledger_tickets).values(detail=garbage))
        assert (_linked(ledger), _by_id(ledger, "1"), ledger.recall_ticket("7", NOW)) == (None, (None,), None)


# --- sharing ---


def test_threads_that_remember_at_once_lose_nothing(ledger: SqlLedger, clock: Clock) -> None:
    clock.now = NOW + timedelta(minutes=20)
    start = threading.Barrier(5)
    kept: list[bool] = []

    def remember_some(thread: int) -> None:
        start.wait()
        for each in range(20):
            kept.append(ledger.remember([_read(each, id=f"{thread}-{each}"), _read(thread, id="shared")], ()))
            assert _by_id(ledger, f"{thread}-{each}") != (None,)

    threads = [threading.Thread(target=remember_some, args=(thread,)) for thread in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == [True] * 100
    assert ledger.count_invoices() == 101
    assert _by_id(ledger, "shared") == (_read(4, id="shared"),)


def test_processes_that_open_a_new_ledger_at_once_share_it(address: sa.URL, open_ledger: Opener) -> None:
    url = address.render_as_string(hide_password=False)
    root = Path(__file__).parents[2]
    openers = [
        subprocess.Popen([sys.executable, "-c", OPEN, url, str(each)], cwd=root, stdout=subprocess.PIPE, text=True)
        for each in range(3)
    ]
    assert [opener.communicate(timeout=PATIENCE)[0].strip() for opener in openers] == ["True"] * 3
    assert open_ledger("account").count_invoices() == 150


def test_a_database_of_the_release_before_keeps_its_data_and_gets_a_ledger(
    address: sa.URL, engine: sa.Engine, open_ledger: Opener
) -> None:
    database = Database(address)
    migrate(database, MIGRATIONS[:1])
    mark = a_mark("a")
    with database.writing() as connection:
        known = {"ticket_id": mark.ticket_id, "ticket_number": mark.ticket_number, "customer": mark.customer}
        said = {"made_by": mark.by, "reason": mark.reason, "made_at": mark.at}
        connection.execute(sa.insert(tables.marks).values(**known, **said))
    database.close()
    assert not any("_ledger_" in name for name in sa.inspect(engine).get_table_names())
    ledger = open_ledger()
    _fill(ledger)
    assert not _is_empty(ledger)
    memory = Memory(address)
    memory.open()
    assert memory.history(NOW).marks == (mark,)
    memory.close()


def test_an_expendable_database_does_not_wait_for_the_disk(address: sa.URL) -> None:
    def waits(*, is_expendable: bool) -> bool:
        database = Database(address, is_expendable=is_expendable)
        with database.writing(lock="it's ours") as connection:
            question = "PRAGMA synchronous" if connection.dialect.name == "sqlite" else "SHOW synchronous_commit"
            answer = connection.exec_driver_sql(question).scalar()
        database.close()
        return answer not in (1, "off")

    assert waits(is_expendable=False)
    assert not waits(is_expendable=True)


def test_writers_of_different_locks_do_not_wait_for_each_other_on_postgres(address: sa.URL) -> None:
    if address.get_backend_name() == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    database = Database(address)
    with database.writing(), database.writing(lock="other") as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    database.close()


# --- speed ---


def _statements(ledger: SqlLedger, act: Callable[[], object]) -> dict[str, Any]:
    """The statements that an act runs, each with its parameters."""
    seen: dict[str, Any] = {}

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        seen[statement] = parameters[0] if many else parameters

    engine = ledger._database._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    act()
    sa.event.remove(engine, "before_cursor_execute", note)
    return {text: values for text, values in seen.items() if text.startswith(("SELECT", "DELETE", "UPDATE"))}


def test_every_question_is_answered_by_an_index_that_fits(quick_ledger: SqlLedger) -> None:
    forget_everything(quick_ledger)
    _fill(quick_ledger)

    def act() -> None:
        _fill(quick_ledger)
        quick_ledger.recall_linked(TICKET)
        quick_ledger.recall_invoices([InvoiceRow(id="1"), InvoiceRow(number="2")])
        quick_ledger.recall_ticket("7", NOW)
        quick_ledger.recall_places([ACCOUNT])
        _newest_unclaimed(quick_ledger)
        quick_ledger.readings_since(NOW)
        quick_ledger.forget_invoices({"1": NOW})

    statements = _statements(quick_ledger, act)
    assert len(statements) > 10
    with quick_ledger._database.reading() as connection:
        for statement, parameters in statements.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for step in (row[3] for row in plan):
                assert not step.startswith("SCAN"), f"{statement}: {step}"
                assert "(book_id=?)" not in step, f"{statement}: {step}"  # it would walk over the whole book


def test_facts_of_a_real_detail_are_recalled_by_the_ticket_it_names(ledger: SqlLedger) -> None:
    detail = InvoiceDetail.model_validate(
        {
            "id": 1650000001,
            "number": 67469,
            "ticket_id": None,
            "customer_id": 8,
            "total": "75.0",
            "note": "",
            "line_items": [{"id": 501, "item": "Labor", "description": "Tickets 32221, 32222 and 32223"}],
        }
    )
    kept = RememberedInvoice(facts=facts_of(detail, NOW), read_at=NOW)
    ledger.remember([kept], ())
    assert ledger.recall_linked(TicketKeys("-", "32222")) == (kept,)
    assert set(ledger.readings_since(NOW)) == {"1650000001"}
