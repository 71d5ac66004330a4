"""What is recorded gives back the same values: a job that is run again must not take another way."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from dbos import DBOSPortableJSONSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.billing.decide import SyncroPages
from bot.billing.ledger.model import Known, RememberedInvoice, RememberedTicket, SearchedPlace
from bot.billing.rules.invoice import BilledLine, InvoiceFacts
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.ticket_mentions import Mention, Named
from bot.billing.rules.verdicts import CheckReport
from bot.billing.search.queries import (
    Answer,
    Failed,
    FindTicket,
    ForgetInvoices,
    ListInvoices,
    ListSchedules,
    ListTickets,
    NotePlaces,
    Read,
    ReadCustomer,
    ReadInvoice,
    ReadTicket,
    RecallInvoices,
    RecallKnown,
    RecallLinked,
    RecallPlaces,
    RecallTicket,
    RecallUnclaimedLine,
)
from bot.billing.search.scheduler import Batch, Session
from bot.billing.verifier import Verifier
from bot.jobs.recorded import batch_from_json, batch_to_json, recorded_session
from bot.jobs.request import CheckRequest
from bot.syncro.errors import FailureKind
from bot.syncro.models import (
    CustomerDetail,
    InvoiceDetail,
    InvoiceLine,
    InvoiceRow,
    Page,
    Schedule,
    TicketCharge,
    TicketDetail,
    TicketRow,
    TicketTimer,
)
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.stories import NOW, Story, broken_stories, quiet_stories
from tests.jobs.fakes import PowerCut, RememberingSteps
from tests.policies import EVERY_TICKET

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_ids = st.integers(0, 10**19).map(str) | st.text("abc-/#%é ", min_size=1, max_size=8).filter(str.strip)
_moments = st.datetimes(datetime(1950, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_times = st.none() | _moments
_money = st.none() | st.decimals(-(10**11), 10**11, allow_nan=False, allow_infinity=False, places=4)
_flags = st.none() | st.booleans()
_tags = st.lists(_texts, max_size=3).map(tuple)

_about_ticket: dict[str, st.SearchStrategy[Any]] = {
    "id": _ids,
    "number": _ids,
    "subject": _texts,
    "customer_id": st.none() | _ids,
    "customer_business_then_name": _texts,
    "status": _texts,
    "billing_status": _texts,
    "ticket_type_name": _texts,
    "problem_type": _texts,
    "tag_list": _tags,
    "created_at": _times,
    "updated_at": _times,
    "resolved_at": _times,
}
_timers = st.builds(
    TicketTimer,
    id=_ids,
    start_time=_times,
    end_time=_times,
    billable=_flags,
    recorded=_flags,
    ticket_line_item_id=st.none() | _ids,
)
_charges = st.builds(
    TicketCharge,
    id=_ids,
    name=_texts,
    description=_texts,
    quantity=_money,
    price_retail=_money,
    retail_cents=_money,
    converted=_flags,
    item_id=st.none() | _ids,
)
_ticket_rows = st.builds(TicketRow, **_about_ticket)
_tickets = st.builds(
    TicketDetail,
    **_about_ticket,
    ticket_timers=st.lists(_timers, max_size=2).map(tuple),
    line_items=st.lists(_charges, max_size=2).map(tuple),
)
_invoice_rows = st.builds(
    InvoiceRow,
    id=st.none() | _ids,
    number=_ids,
    customer_id=st.none() | _ids,
    ticket_id=st.none() | _ids,
    created_at=_times,
    updated_at=_times,
)
_lines = st.builds(InvoiceLine, id=st.none() | _ids, item=_texts, name=_texts, description=_texts)
_invoices = st.builds(
    InvoiceDetail,
    id=_ids,
    number=_ids,
    ticket_id=st.none() | _ids,
    line_items=st.lists(_lines, max_size=2).map(tuple),
    customer_id=st.none() | _ids,
    customer_business_then_name=_texts,
    total=_money,
    updated_at=_times,
    note=_texts,
)
_schedules = st.builds(
    Schedule,
    id=_ids,
    customer_id=_ids,
    name=_texts,
    next_run=_times,
    invoice_unbilled_ticket_charges=st.booleans(),
    paused=st.booleans(),
)


def _pages(model: type[Any], rows: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        Page[model],  # type: ignore[valid-type]
        rows=st.lists(rows, max_size=3).map(tuple),
        number=st.integers(1, 50),
        total_pages=st.none() | st.integers(1, 50),
        size=st.just(25),
    )


_facts = st.builds(
    InvoiceFacts,
    id=_ids,
    number=_ids,
    ticket_id=st.none() | _ids,
    customer_id=st.none() | _ids,
    customer=_texts,
    total=_money,
    created_at=_times,
    updated_at=_times,
    has_unnamed_lines=st.booleans(),
    said=st.lists(
        st.builds(Mention, number=_texts, upto=_texts, named=st.sampled_from(Named), leads=st.booleans(), host=_texts),
        max_size=2,
    ).map(tuple),
    lines=st.lists(st.builds(BilledLine, id=_texts, amount=st.none() | _texts, is_stray=st.booleans()), max_size=2).map(
        tuple
    ),
)
_remembered_invoices = st.builds(RememberedInvoice, facts=_facts, read_at=_moments)
_remembered_tickets = st.builds(
    RememberedTicket,
    id=_ids,
    updated_at=_moments,
    read_at=_moments,
    timers=st.lists(_timers, max_size=2).map(tuple),
    charges=st.lists(_charges, max_size=2).map(tuple),
)
_places = st.builds(
    SearchedPlace, name=_texts, since=_times, as_of=_moments, searched_at=_moments, skipped=st.integers(0, 10**6)
)


def _several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3).map(tuple)


_values: dict[Read[Any], st.SearchStrategy[Any]] = {
    FindTicket("32223"): _pages(TicketRow, _ticket_rows),
    ListTickets(NOW): _pages(TicketRow, _ticket_rows),
    ReadTicket("1"): _tickets,
    ListInvoices(): _pages(InvoiceRow, _invoice_rows),
    ReadInvoice("1"): _invoices,
    ReadCustomer("1"): st.builds(CustomerDetail, id=_ids, prepay_hours=_money),
    ListSchedules("1"): _pages(Schedule, _schedules),
    RecallTicket("1", NOW): st.none() | _remembered_tickets,
    RecallLinked(TicketKeys("1", "32223")): st.none() | _several(_remembered_invoices),
    RecallInvoices(()): _several(st.none() | _remembered_invoices),
    RecallKnown(None, None): st.builds(Known, count=st.integers(0, 9), invoices=_several(_remembered_invoices)),
    RecallPlaces(()): _several(st.none() | _places),
    RecallUnclaimedLine(NOW, frozenset({"75.00"}), "7"): st.booleans(),
    ForgetInvoices((("9", NOW),)): st.none(),
    NotePlaces(()): st.none(),
}
_failures = st.builds(Failed, kind=st.sampled_from(FailureKind), sentence=_texts)


@dataclass(frozen=True)
class Submitted:
    """Reads in the order of submission, a batch with answers to some of them, and the ordinals of these."""

    reads: list[Read[Any]]
    ordinals: list[int]
    batch: Batch


@st.composite
def submitted(draw: st.DrawFn) -> Submitted:
    """Some reads of any kind, with answers and failures in any order."""
    reads = draw(st.lists(st.sampled_from(list(_values)), max_size=6))
    ordinals = draw(st.permutations(range(len(reads))))[: draw(st.integers(0, len(reads)))]
    answers = tuple(
        (reads[ordinal], Answer(draw(_values[reads[ordinal]] | _failures), draw(st.integers(0, 9))))
        for ordinal in ordinals
    )
    return Submitted(reads, list(ordinals), Batch(answers, draw(_moments)))


def _stored(value: Any) -> Any:
    """The value after a round through the database, as the engine stores it."""
    serializer = DBOSPortableJSONSerializer()
    text = serializer.serialize(value)
    assert "\x00" not in text, "Postgres takes no NUL in a text"
    text.encode()
    return serializer.deserialize(text)


@given(submitted())
def test_a_batch_comes_back_from_the_record_as_it_was(made: Submitted) -> None:
    again = batch_from_json(made.reads, _stored(batch_to_json(made.ordinals, made.batch)))

    assert again == made.batch
    assert [type(a.value) for _, a in again.answers] == [type(b.value) for _, b in made.batch.answers]


@given(submitted())
def test_a_batch_that_was_recorded_twice_is_recorded_the_same(made: Submitted) -> None:
    recorded = batch_to_json(made.ordinals, made.batch)

    assert batch_to_json(made.ordinals, batch_from_json(made.reads, recorded)) == recorded


def test_every_kind_of_read_that_there_is_has_its_form_in_the_record() -> None:
    def kinds(of: type[Any]) -> set[type[Any]]:
        return {kind for direct in of.__subclasses__() for kind in ({direct} | kinds(direct))}

    concrete = {kind for kind in kinds(Read) if kind.__module__ == Read.__module__ and not kind.__subclasses__()}

    assert concrete == {type(read) for read in _values}


def test_money_keeps_every_digit() -> None:
    invoice = InvoiceDetail(id="1", number="2", ticket_id=None, line_items=(), total=Decimal("0.10"))
    batch = Batch(((ReadInvoice("1"), Answer(invoice, 1)),), datetime(2026, 11, 22, tzinfo=UTC))

    ((_, answer),) = batch_from_json([ReadInvoice("1")], json.loads(json.dumps(batch_to_json([0], batch)))).answers

    assert isinstance(answer.value, InvoiceDetail)
    assert str(answer.value.total) == "0.10"


@given(
    st.builds(
        CheckRequest,
        references=st.lists(_texts, max_size=3).map(tuple),
        channel=_texts,
        user=_texts,
        thread_ts=st.none() | _texts,
        response_url=st.none() | _texts,
        direct=st.booleans(),
        exhaustive=st.booleans(),
        fresh=st.booleans(),
    )
)
def test_a_request_comes_back_from_the_database_as_it_was(request: CheckRequest) -> None:
    assert CheckRequest.from_json(_stored(request.to_json())) == request


def test_a_request_that_an_older_release_stored_is_not_fresh() -> None:
    request = CheckRequest(("32223",), "C0", "U0")
    stored = {name: value for name, value in request.to_json().items() if name != "fresh"}

    assert CheckRequest.from_json(stored) == request


# --- a job that is cut off and run again ---


class Watched:
    """A Syncro whose collects are noted: what each of them read."""

    def __init__(self, syncro: FakeSyncro) -> None:
        self.syncro = syncro
        self.collected: list[list[Read[Any]]] = []
        self.opened = 0

    @contextmanager
    def session(self) -> Iterator[Session]:
        self.opened += 1
        self._inner = self.syncro.session()
        yield self

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self._inner.submit(reads)

    def collect(self) -> Batch:
        before = len(self.syncro.done)
        batch = self._inner.collect()
        self.collected.append(self.syncro.reads[before:])
        return batch


def check(story: Story, steps: RememberingSteps, watched: Watched) -> CheckReport:
    verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"), scan_limit=story.scan_limit)
    with recorded_session(steps, watched.session) as session:
        return verifier.check(story.numbers, session, started_at=NOW, exhaustive=story.exhaustive)


def watched_syncro(story: Story, order: random.Random | None) -> Watched:
    return Watched(
        FakeSyncro(story.world, rows=story.rows, page_size=story.page_size, faults=story.faults, order=order)
    )


def without_first_askers(report: CheckReport) -> CheckReport:
    """Who was the first to need a read depends on the order of the answers; all else does not."""
    return replace(report, findings=tuple(replace(finding, api_calls=0) for finding in report.findings))


@settings(max_examples=40)
@given(story=quiet_stories() | broken_stories(lasting=True), seed=st.none() | st.integers(0, 99))
def test_a_job_cut_off_after_any_collect_asks_nothing_twice_that_was_recorded_and_ends_with_the_same_report(
    story: Story, seed: int | None
) -> None:
    whole = RememberingSteps()
    expected = without_first_askers(check(story, whole, watched_syncro(story, None)))
    for cut_after in range(len(whole.names)):
        watched = watched_syncro(story, None if seed is None else random.Random(seed))
        steps = RememberingSteps(cut_after=cut_after)
        try:
            check(story, steps, watched)
        except PowerCut:
            recorded = {read for collected in watched.collected[:-1] for read in collected}
            first_run = len(watched.syncro.reads)
            steps.again()
            report = check(story, steps, watched)
            again = watched.syncro.reads[first_run:]
            assert not recorded & set(again)
            assert len(again) == len(set(again))
            assert without_first_askers(report) == expected
            assert report.api_calls == len(recorded) + len(again)
        else:
            assert seed is not None, "in another order a search may take fewer steps"


@settings(max_examples=20)
@given(story=quiet_stories(), seed=st.integers(0, 99))
def test_a_job_that_is_run_again_from_its_whole_record_opens_no_session_and_says_the_same(
    story: Story, seed: int
) -> None:
    steps, watched = RememberingSteps(), watched_syncro(story, random.Random(seed))
    report = check(story, steps, watched)
    opened = watched.opened

    steps.again()

    assert check(story, steps, watched) == report
    assert watched.opened == opened <= 1


# --- notes of places ---

READS = [ReadInvoice(str(number)) for number in range(3)]
NOTE = NotePlaces((SearchedPlace(name="account", since=None, as_of=NOW, searched_at=NOW),))


@dataclass
class OneByOne:
    """Answers one read at each collect, in the order asked."""

    asked: list[Read[Any]] = field(default_factory=list)
    answered: int = 0

    @contextmanager
    def session(self) -> Iterator[Session]:
        try:
            yield self
        finally:
            del self.asked[self.answered :]

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self.asked.extend(reads)

    def collect(self) -> Batch:
        read = self.asked[self.answered]
        self.answered += 1
        gone = Failed(FailureKind.NOT_FOUND, "gone")
        return Batch(((read, Answer(None if isinstance(read, NotePlaces) else gone, 0)),), NOW)


def read_and_note(steps: RememberingSteps, source: OneByOne) -> list[Read[Any]]:
    """A job that reads three invoices and then notes a place."""
    answered = []
    with recorded_session(steps, source.session) as session:
        session.submit(READS)
        answered += [session.collect().answers[0][0] for _ in READS]
        session.submit([NOTE])
        answered.append(session.collect().answers[0][0])
    return answered


def test_a_job_that_is_not_cut_off_notes_its_places() -> None:
    source = OneByOne()

    assert read_and_note(RememberingSteps(), source) == [*READS, NOTE]
    assert source.asked == [*READS, NOTE]


@pytest.mark.parametrize("cut_after", [1, 2, 3])
def test_a_job_that_goes_on_after_a_cut_notes_no_place_since_nobody_knows_whether_all_was_kept(
    cut_after: int,
) -> None:
    source, steps = OneByOne(), RememberingSteps(cut_after=cut_after)
    with pytest.raises(PowerCut):
        read_and_note(steps, source)
    first_run = len(source.asked)
    steps.again()

    assert read_and_note(steps, source) == [*READS, NOTE], "the job is told nothing of it"
    assert source.asked[first_run:] == [*READS[cut_after:], NotePlaces(())]


def test_a_job_cut_off_before_anything_was_recorded_begins_anew_and_notes_its_places() -> None:
    source, steps = OneByOne(), RememberingSteps(cut_after=0)
    with pytest.raises(PowerCut):
        read_and_note(steps, source)
    steps.again()

    assert read_and_note(steps, source) == [*READS, NOTE]
    assert source.asked == [READS[0], *READS, NOTE]


# --- validated once ---


class Whole:
    """Answers everything at once with one invoice."""

    def __init__(self, invoice: InvoiceDetail) -> None:
        self.invoice = invoice
        self._asked: list[Read[Any]] = []

    @contextmanager
    def session(self) -> Iterator[Session]:
        yield self

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self._asked.extend(reads)

    def collect(self) -> Batch:
        return Batch(tuple((read, Answer(self.invoice, 1)) for read in self._asked), NOW)


def test_what_was_read_just_now_is_given_as_it_is_and_only_a_later_run_reads_the_record() -> None:
    invoice = InvoiceDetail(id="1", number="2", ticket_id=None, line_items=())
    source, steps, given = Whole(invoice), RememberingSteps(), []
    for _ in range(2):
        with recorded_session(steps, source.session) as session:
            session.submit(READS)
            given.append([answer.value for _, answer in session.collect().answers])
        steps.again()

    first, later = given
    assert all(value is invoice for value in first)
    assert later == first
    assert not any(value is invoice for value in later)
