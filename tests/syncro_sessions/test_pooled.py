"""The reader: how many reads are under way at once, whose turn it is, and when answers are handed on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.billing.ledger.freshness import MOST_AHEAD
from bot.billing.ledger.model import RememberedInvoice
from bot.billing.rules.invoice import facts_of
from bot.billing.search.queries import Answer, Failed, ListSchedules, Read, ReadInvoice, RecallInvoices
from bot.billing.search.scheduler import Batch, Session
from bot.sandbox.syncro.world import World
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.syncro.budget import RateBudget
from bot.syncro.client import Reply, SyncroClient
from bot.syncro.errors import FailureKind, UnavailableError
from bot.syncro.exchange import Timeouts
from bot.syncro.models import InvoiceDetail, InvoiceRow, Page
from bot.syncro.retries import RetryPolicy
from bot.syncro_sessions import pooled as reader_module
from bot.syncro_sessions.pooled import READS_IN_PARALLEL, SyncroReader
from tests.billing import factory
from tests.standins.syncro import FaultySyncro

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
PATIENCE = 20.0
"""Seconds after which a test that waits for a thread gives up."""


class Gated:
    """A client whose answers each wait to be let through. `begun` are the references asked for, in order."""

    def __init__(self) -> None:
        self.clock_ahead = timedelta(0)
        self.begun: list[str] = []
        self.errors: dict[str, Exception] = {}
        self._changed = threading.Condition()
        self._free = 0
        self._all_free = False

    def invoice(self, reference: str) -> Reply[InvoiceDetail]:
        with self._changed:
            self.begun.append(reference)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._free or self._all_free, PATIENCE)
            self._free -= 1
        if reference in self.errors:
            raise self.errors[reference]
        return Reply(factory.invoice("67469", id=reference), calls=1)

    def let_through(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._all_free = True
            self._changed.notify_all()

    def wait_until_begun(self, count: int) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) >= count, PATIENCE), self.begun
            return list(self.begun)


@pytest.fixture
def client() -> Iterator[Gated]:
    gated = Gated()
    yield gated
    gated.open()


@pytest.fixture
def reader(client: Gated) -> Iterator[SyncroReader]:
    made = SyncroReader(cast("SyncroClient", client), lambda: NOW)
    yield made
    client.open()
    made.close()


Linger = Callable[[float], None]


@pytest.fixture
def linger(monkeypatch: pytest.MonkeyPatch) -> Linger:
    """Sets how long the first answer waits for others."""
    return lambda seconds: monkeypatch.setattr(reader_module, "LINGER_SECONDS", seconds)


def invoices(name: str, count: int) -> list[Read[InvoiceDetail]]:
    return [ReadInvoice(f"{name}{number}") for number in range(count)]


def collected(session: Session, count: int) -> list[Batch]:
    """Batches until so many answers are there."""
    batches: list[Batch] = []
    while sum(len(batch.answers) for batch in batches) < count:
        batches.append(session.collect())
    return batches


# --- when answers are handed on ---


def test_answers_are_handed_on_when_nothing_more_is_under_way(
    reader: SyncroReader, client: Gated, linger: Linger
) -> None:
    linger(3600)
    client.open()
    with reader.session() as session:
        session.submit(invoices("a", 3))
        batch = session.collect()
    assert {read for read, _ in batch.answers} == set(invoices("a", 3))
    assert batch.at == NOW


def test_sixteen_answers_are_handed_on_whatever_else_is_under_way(
    reader: SyncroReader, client: Gated, linger: Linger
) -> None:
    linger(3600)
    client.let_through(16)
    with reader.session() as session:
        session.submit(invoices("a", 40))
        assert len(session.collect().answers) == 16


def test_the_first_answers_do_not_wait_long_for_a_slow_one(reader: SyncroReader, client: Gated) -> None:
    client.let_through(1)
    with reader.session() as session:
        session.submit(invoices("a", 3))
        (first,) = session.collect().answers
        client.open()
        rest = [pair for batch in collected(session, 2) for pair in batch.answers]
    assert {read for read, _ in (first, *rest)} == set(invoices("a", 3))


def test_what_was_answered_while_nobody_looked_is_handed_on_at_once(
    reader: SyncroReader, client: Gated, linger: Linger
) -> None:
    client.let_through(1)
    linger(0)
    with reader.session() as session:
        session.submit(invoices("a", READS_IN_PARALLEL + 1))
        client.wait_until_begun(READS_IN_PARALLEL + 1)  # so one is answered, and was a moment ago
        assert len(session.collect().answers) == 1


def test_to_collect_what_was_never_submitted_is_an_error_and_no_wait_for_ever(reader: SyncroReader) -> None:
    with reader.session() as session, pytest.raises(RuntimeError, match="nothing was submitted"):
        session.collect()


def test_a_failed_read_is_an_answer_with_its_calls(reader: SyncroReader, client: Gated) -> None:
    error = UnavailableError("invoice a0", "no connection to Syncro", calls=4)
    client.errors["a0"] = error
    client.open()
    with reader.session() as session:
        session.submit(invoices("a", 1))
        ((_, answer),) = session.collect().answers
    assert answer == Answer(Failed(FailureKind.UNAVAILABLE, str(error)), 4)


def test_an_error_of_our_own_in_a_read_comes_out_where_its_answer_is_waited_for(
    reader: SyncroReader, client: Gated
) -> None:
    client.errors["a1"] = ZeroDivisionError("a bug")
    client.open()
    with reader.session() as session:
        session.submit(invoices("a", 2))
        with pytest.raises(ZeroDivisionError, match="a bug"):
            collected(session, 2)


def test_a_reader_without_a_ledger_remembers_nothing_and_says_so(reader: SyncroReader) -> None:
    recall = RecallInvoices((InvoiceRow(id="9"),))
    with reader.session() as session:
        session.submit([recall])
        assert session.collect().answers == ((recall, Answer((None,), 0)),)


# --- whose turn it is ---


def test_a_small_request_does_not_wait_behind_a_large_one(reader: SyncroReader, client: Gated) -> None:
    with reader.session() as large, reader.session() as small:
        large.submit(invoices("large", 500))
        client.wait_until_begun(READS_IN_PARALLEL)
        small.submit(invoices("small", 1))
        client.let_through(2)
        assert "small0" in client.wait_until_begun(READS_IN_PARALLEL + 2)
        client.open()
        ((read, _),) = small.collect().answers
    assert read == ReadInvoice("small0")


def test_leaving_a_session_drops_what_was_not_begun_and_spares_the_others(reader: SyncroReader, client: Gated) -> None:
    with reader.session() as other:
        with reader.session() as left:
            left.submit(invoices("left", 500))
            client.wait_until_begun(READS_IN_PARALLEL)
            other.submit(invoices("other", 40))
        client.open()
        collected(other, 40)
    assert sorted(name.rstrip("0123456789") for name in client.begun) == ["left"] * READS_IN_PARALLEL + ["other"] * 40


def test_closing_the_reader_breaks_off_a_session_that_waits_for_reads_not_begun(
    reader: SyncroReader, client: Gated
) -> None:
    with reader.session() as session:
        session.submit(invoices("a", READS_IN_PARALLEL + 1))
        client.wait_until_begun(READS_IN_PARALLEL)
        reader.close()
        with pytest.raises(RuntimeError, match="closed"):
            session.collect()


# --- over HTTP ---


def client_of(sandbox: FaultySyncro) -> SyncroClient:
    return SyncroClient(
        sandbox.base_url,
        sandbox.token,
        budget=RateBudget(10_000),
        retries=RetryPolicy(attempts=1),
        timeouts=Timeouts(connect=5, read=PATIENCE, total=2 * PATIENCE),
    )


def test_thirty_two_requests_are_under_way_at_once() -> None:
    """None of them is answered while we look, and with an answer that takes t, n reads so take n/32 of t."""
    with FaultySyncro(World(now=NOW), requests_per_minute=None, latency=3 * PATIENCE) as sandbox:
        client = client_of(sandbox)
        reader = SyncroReader(client, lambda: NOW)
        with reader.session() as session:
            session.submit(invoices("", 200))
            assert len(sandbox.wait_for_calls(READS_IN_PARALLEL, PATIENCE)) == READS_IN_PARALLEL
        reader.close()
    client.close()


def test_never_more_than_thirty_two_requests_are_under_way() -> None:
    latency, reads = 0.2, 4 * READS_IN_PARALLEL
    with FaultySyncro(World(now=NOW), requests_per_minute=None, latency=latency) as sandbox:
        client = client_of(sandbox)
        reader = SyncroReader(client, lambda: NOW)
        with reader.session() as session:
            session.submit(invoices("", reads))
            batches = collected(session, reads)
        reader.close()
        client.close()
        assert len(sandbox.calls) == reads
        assert sandbox.most_calls_in_window(latency) <= READS_IN_PARALLEL, "each thread asks once in that time"
    values = [answer.value for batch in batches for _, answer in batch.answers]
    assert {value.kind for value in values} == {FailureKind.NOT_FOUND}


def test_the_recurring_invoices_of_the_whole_account_are_asked_for_without_a_customer() -> None:
    world = World(now=NOW)
    schedules = [world.add_schedule(world.add_customer()) for _ in range(2)]
    with FaultySyncro(world, requests_per_minute=None) as sandbox:
        client = client_of(sandbox)
        reader = SyncroReader(client, lambda: NOW)
        asked = [ListSchedules(None), ListSchedules(str(schedules[0].customer_id))]
        with reader.session() as session:
            session.submit(asked)
            pages = {read: answer.value for batch in collected(session, 2) for read, answer in batch.answers}
        reader.close()
        client.close()
        queries = [call.query for call in sandbox.calls]
    assert [len(page.rows) for page in map(pages.get, asked) if isinstance(page, Page)] == [2, 1]
    assert {"page": "1"} in queries


# --- a clock that is wrong ---


def test_while_the_machine_s_clock_is_far_ahead_the_ledger_is_left_alone_and_that_is_said_once(
    client: Gated, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = SqlLedger(Database("sqlite://"), "sample", max_age=timedelta(days=90), clock=lambda: NOW)
    ledger.open()
    kept = RememberedInvoice(facts=facts_of(factory.invoice("67469", id="9")), read_at=NOW)
    ledger.remember([kept], ())
    reader = SyncroReader(cast("SyncroClient", client), lambda: NOW, ledger=ledger)

    def recalled() -> object:
        with reader.session() as session:
            session.submit([RecallInvoices((InvoiceRow(id="9"),))])
            ((_, answer),) = session.collect().answers
            return answer.value

    assert recalled() == (kept,)
    client.clock_ahead = MOST_AHEAD + timedelta(seconds=1)
    assert [recalled(), recalled()] == [(None,), (None,)]
    (record,) = caplog.records
    assert "5 minutes ahead of Syncro's" in record.getMessage()
    client.clock_ahead = -timedelta(days=1)
    assert recalled() == (kept,)
    reader.close()
