"""What is recorded gives back the same values: a job that is run again must not take another way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dbos import DBOSPortableJSONSerializer
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.reads import (
    Answer,
    Failed,
    FindTicket,
    ListInvoices,
    ListSchedules,
    Read,
    ReadInvoice,
    ReadTicket,
)
from bot.billing.verifier import Batch
from bot.jobs.recorded import batch_from_json, batch_to_json
from bot.jobs.request import CheckRequest
from bot.syncro.errors import FailureKind
from bot.syncro.models import (
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


_values: dict[Read[Any], st.SearchStrategy[Any]] = {
    FindTicket("32223"): _pages(TicketRow, _ticket_rows),
    ReadTicket("1"): _tickets,
    ListInvoices(): _pages(InvoiceRow, _invoice_rows),
    ReadInvoice("1"): _invoices,
    ListSchedules("1"): _pages(Schedule, _schedules),
}
_failures = st.builds(Failed, kind=st.sampled_from(FailureKind), sentence=_texts)


@st.composite
def any_batch(draw: st.DrawFn) -> tuple[list[Read[Any]], Batch]:
    """Some reads of any kind, with answers and failures."""
    reads = draw(st.lists(st.sampled_from(list(_values)), max_size=4))
    answers = [Answer(draw(_values[read] | _failures), draw(st.integers(1, 9))) for read in reads]
    return reads, Batch(tuple(answers), draw(_moments))


def _stored(value: Any) -> Any:
    """The value after a round through the database, as the engine stores it."""
    serializer = DBOSPortableJSONSerializer()
    text = serializer.serialize(value)
    assert "\x00" not in text, "Postgres takes no NUL in a text"
    text.encode()
    return serializer.deserialize(text)


@given(any_batch())
def test_a_batch_comes_back_from_the_record_as_it_was(made: tuple[list[Read[Any]], Batch]) -> None:
    reads, batch = made

    again = batch_from_json(reads, _stored(batch_to_json(batch)))

    assert again == batch
    assert [type(a.value) for a in again.answers] == [type(b.value) for b in batch.answers]


@given(any_batch())
def test_a_batch_that_was_recorded_twice_is_recorded_the_same(made: tuple[list[Read[Any]], Batch]) -> None:
    reads, batch = made
    recorded = batch_to_json(batch)

    assert batch_to_json(batch_from_json(reads, recorded)) == recorded


def test_money_keeps_every_digit() -> None:
    invoice = InvoiceDetail(id="1", number="2", ticket_id=None, line_items=(), total=Decimal("0.10"))
    batch = Batch((Answer(invoice, 1),), datetime(2026, 11, 22, tzinfo=UTC))

    (answer,) = batch_from_json([ReadInvoice("1")], json.loads(json.dumps(batch_to_json(batch)))).answers

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
    )
)
def test_a_request_comes_back_from_the_database_as_it_was(request: CheckRequest) -> None:
    assert CheckRequest.from_json(_stored(request.to_json())) == request
