"""What Syncro answers is validated at the edge: names are text, money is `Decimal`, times are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

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

ROW: dict[str, Any] = {"id": 1, "number": 2}
DETAIL: dict[str, Any] = {"id": 1, "number": "2", "ticket_id": None, "line_items": []}


@pytest.mark.parametrize(("given_id", "name"), [(109554336, "109554336"), ("109554336", "109554336"), (" A/1 ", "A/1")])
def test_ids_and_numbers_are_names(given_id: Any, name: str) -> None:
    row = TicketRow.model_validate({"id": given_id, "number": given_id, "customer_id": given_id})
    assert (row.id, row.number, row.customer_id) == (name, name, name)


NO_ID: list[Any] = [None, True, 1.5, "", " ", [], {}, ["1"]]


@pytest.mark.parametrize("nonsense", NO_ID)
def test_what_is_no_id_is_no_record(nonsense: Any) -> None:
    with pytest.raises(ValidationError):
        InvoiceDetail.model_validate({**DETAIL, "id": nonsense})
    with pytest.raises(ValidationError):
        TicketDetail.model_validate({**ROW, "id": nonsense, "ticket_timers": [], "line_items": []})


@pytest.mark.parametrize("nonsense", NO_ID)
def test_a_row_is_read_as_far_as_it_can_be(nonsense: Any) -> None:
    row = TicketRow.model_validate({"id": nonsense, "number": 2, "customer_id": nonsense, "subject": "Sample"})
    assert (row.id, row.number, row.customer_id, row.subject) == ("", "2", None, "Sample")
    assert TicketRow.model_validate({"id": 1, "number": nonsense}).number == ""
    invoice = InvoiceRow.model_validate({"id": nonsense, "number": "2", "customer_id": nonsense, "ticket_id": nonsense})
    assert (invoice.reference, invoice.customer_id, invoice.ticket_id) == ("2", None, None)
    assert Schedule.model_validate({"id": nonsense, "customer_id": nonsense}).customer_id is None


@pytest.mark.parametrize("row", [None, [], "67469", 67469, True, {}])
def test_a_row_that_is_no_record_stands_for_one_that_nobody_knows(row: Any) -> None:
    assert InvoiceRow.model_validate(row).reference == ""
    assert (TicketRow.model_validate(row).id, TicketRow.model_validate(row).number) == ("", "")
    assert Schedule.model_validate(row).picks_up is None


def test_a_page_keeps_its_readable_rows_beside_an_odd_one() -> None:
    page = Page[InvoiceRow].model_validate({"rows": [None, {"number": "7"}, {"id": 5, "number": None}], "number": 1})
    assert [row.reference for row in page.rows] == ["", "7", "5"]


MEMO = {"number": "67469", "customer_id": 7, "created_at": "2026-05-04T09:00:00Z", "total": "75.0"}


def test_two_equal_rows_without_ids_are_two_invoices_and_only_one_of_them_can_be_asked_for() -> None:
    page = Page[InvoiceRow].model_validate({"rows": [MEMO, {**MEMO, "total": "80.0"}, MEMO], "number": 1})
    assert [row.reference for row in page.rows] == ["67469", "", ""]
    assert Page[InvoiceRow].model_validate(page.model_dump(mode="json")) == page


@pytest.mark.parametrize("other", [{"id": 1}, {"number": "7"}, {"customer_id": 8}, {"created_at": "2026-05-01"}])
def test_rows_that_something_tells_apart_can_each_be_asked_for(other: dict[str, Any]) -> None:
    page = Page[InvoiceRow].model_validate({"rows": [{**MEMO, **other}, MEMO], "number": 1})
    assert all(row.reference for row in page.rows)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_null_ticket_id_is_an_answer(nothing: Any) -> None:
    assert InvoiceDetail.model_validate({**DETAIL, "ticket_id": nothing}).ticket_id is None


@pytest.mark.parametrize("missing", ["id", "number", "ticket_id", "line_items"])
def test_a_missing_key_of_an_invoice_is_no_answer(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        InvoiceDetail.model_validate({name: value for name, value in DETAIL.items() if name != missing})


@pytest.mark.parametrize("missing", ["ticket_timers", "line_items"])
def test_a_missing_key_of_a_ticket_is_no_answer(missing: str) -> None:
    detail = {**ROW, "ticket_timers": [], "line_items": []}
    del detail[missing]
    with pytest.raises(ValidationError, match=missing):
        TicketDetail.model_validate(detail)


def test_an_invoice_row_is_asked_for_by_id_or_else_by_number() -> None:
    assert InvoiceRow.model_validate({"id": 7, "number": "x"}).reference == "7"
    assert InvoiceRow.model_validate({"number": "x"}).reference == "x"


@pytest.mark.parametrize("number", [None, "", [], True])
def test_an_invoice_may_have_no_number_but_must_say_so(number: Any) -> None:
    assert InvoiceDetail.model_validate({**DETAIL, "number": number}).number == ""


def test_an_invoice_line_without_any_text_key_cannot_be_searched() -> None:
    for odd in (
        {},
        {"price": "1"},
        {"price": "1", "discount_percent": 10},
        {"price": "0.0"},
        {"discount_dollars": None},
    ):
        with pytest.raises(ValidationError, match="no item, name or description"):
            InvoiceLine.model_validate({"id": 1, **odd})
    assert InvoiceLine.model_validate({"name": None}).name == ""


@pytest.mark.parametrize(
    "discount", [{"price": "-5.0"}, {"discount_percent": "10.0"}, {"discount_dollars": 5, "price": None}]
)
def test_a_mere_discount_needs_no_text(discount: dict[str, Any]) -> None:
    line = {"id": 1, "quantity": None, **discount}
    assert InvoiceDetail.model_validate({**DETAIL, "line_items": [line]}).line_items[0].name == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-04T09:00:00Z", datetime(2026, 5, 4, 9, tzinfo=UTC)),
        ("2026-05-04T09:00:00.123-07:00", datetime(2026, 5, 4, 16, 0, 0, 123000, tzinfo=UTC)),
        ("2026-05-04T09:00:00", datetime(2026, 5, 4, 9, tzinfo=UTC)),
        ("2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (1777777777, None),
        (None, None),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
    ],
)
def test_a_time_is_aware_utc_and_nonsense_is_none(text: Any, moment: datetime | None) -> None:
    read = TicketRow.model_validate({**ROW, "created_at": text}).created_at
    assert read == moment
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("75.0", Decimal("75.0")),
        (75, Decimal(75)),
        (75.1, Decimal("75.1")),
        (Decimal("0.10"), Decimal("0.10")),
        ("-5", Decimal(-5)),
        ("1e13", None),
        ("1e999999999", None),
        ("-1e-999999999", None),
        ("0e999999", None),
        ("NaN", None),
        ("Infinity", None),
        (float("nan"), None),
        (True, None),
        ("75,00", None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_money_is_decimal_and_nonsense_is_none(value: Any, amount: Decimal | None) -> None:
    assert InvoiceDetail.model_validate({**DETAIL, "total": value}).total == amount


@pytest.mark.parametrize(
    ("charge", "amount"),
    [
        ({"price_retail": 75, "quantity": "2.0"}, "150"),
        ({"price_retail": 75}, "75"),
        ({"price_retail": "0.0", "retail_cents": 999}, "0"),
        ({"retail_cents": 1235, "quantity": "2"}, "24.70"),
        ({"price_retail": "unknown", "retail_cents": 7500}, "75"),
    ],
)
def test_a_charge_is_worth_its_price_times_its_quantity(charge: dict[str, Any], amount: str) -> None:
    assert TicketCharge.model_validate({"id": 1, **charge}).amount == Decimal(amount)


@pytest.mark.parametrize(
    "nonsense", [None, "abc", "", "NaN", float("nan"), {"amount": 75}, [75], True, "75,00", "1e99"]
)
def test_a_charge_whose_price_or_quantity_is_no_number_is_worth_nobody_knows_what(nonsense: Any) -> None:
    assert TicketCharge.model_validate({"id": 1, "price_retail": nonsense}).amount is None
    assert TicketCharge.model_validate({"id": 1, "price_retail": 75, "quantity": nonsense}).amount is None


@pytest.mark.parametrize("nonsense", ["abc", "NaN", {"amount": 5}, [5], True])
@pytest.mark.parametrize("model", [TicketCharge, InvoiceLine])
def test_a_sale_whose_discount_is_no_number_is_worth_nobody_knows_what(model: Any, nonsense: Any) -> None:
    sale = {"id": 1, "name": "Sample", "price": 75, "price_retail": 75}
    percent = "line_discount_percent" if model is TicketCharge else "discount_percent"
    for name in (percent, "discount_dollars"):
        assert model.model_validate({**sale, name: nonsense}).amount is None
        for none in (None, ""):
            read = model.model_validate({**sale, name: none})
            assert read.amount == 75
            assert model.model_validate(read.model_dump(mode="json")) == read


def test_a_charge_without_any_price_is_worth_nobody_knows_what() -> None:
    assert TicketCharge.model_validate({"id": 1}).amount is None


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((value, True) for value in (True, "true", "True", " TRUE ", 1, "1")),
        *((value, False) for value in (False, "false", "False", 0, "0")),
        *(
            (value, None)
            for value in (None, "", "yes", "null", "maybe", 2, -1, "01", 1.0, [], [True], {}, {"value": True})
        ),
    ],
)
def test_a_flag_is_true_false_or_unknown_and_never_a_default(value: Any, flag: bool | None) -> None:
    timer = TicketTimer.model_validate({"id": 1, "billable": value, "recorded": value})
    charge = TicketCharge.model_validate({"id": 1, "converted": value})
    recurring = Schedule.model_validate({"id": 1, "paused": value, "invoice_unbilled_ticket_charges": value})
    assert [timer.billable, timer.recorded, charge.converted, recurring.paused] == [flag] * 4
    assert recurring.invoice_unbilled_ticket_charges is flag


def test_a_flag_that_is_missing_is_unknown() -> None:
    assert TicketTimer.model_validate({"id": 1}).billable is None
    assert TicketCharge.model_validate({"id": 1}).converted is None
    assert Schedule.model_validate({"id": 1}).picks_up is None


@pytest.mark.parametrize(
    ("paused", "takes", "picks_up"),
    [
        (False, True, True),
        (True, True, False),
        (False, False, False),
        (None, True, None),
        (False, None, None),
        (None, False, False),
        (True, None, False),
    ],
)
def test_a_schedule_picks_up_charges_or_not_as_far_as_its_flags_tell(
    paused: bool | None, takes: bool | None, picks_up: bool | None
) -> None:
    recurring = Schedule.model_validate({"id": 1, "paused": paused, "invoice_unbilled_ticket_charges": takes})
    assert recurring.picks_up is picks_up


@pytest.mark.parametrize(("converted", "line"), [(True, "5"), (False, None), (None, None), ("yes", None)])
def test_only_a_converted_charge_names_the_invoice_line_that_it_became(converted: Any, line: str | None) -> None:
    assert TicketCharge.model_validate({"id": 1, "converted": converted, "item_id": 5}).invoice_line == line


@pytest.mark.parametrize(
    ("model", "record"), [(TicketRow, ROW), (InvoiceRow, ROW), (InvoiceDetail, DETAIL), (Schedule, ROW)]
)
def test_a_nested_customer_is_read_where_the_record_itself_names_none(model: Any, record: dict[str, Any]) -> None:
    nested = {"id": 7, "business_then_name": "Sample Ltd", "fullname": "A Person"}
    for named in ({}, {"customer_id": None}):
        read = model.model_validate({**record, **named, "customer": nested})
        assert (read.customer_id, read.customer_business_then_name) == ("7", "Sample Ltd")
    own = model.model_validate({**record, "customer_id": 8, "customer_business_then_name": "Own", "customer": nested})
    assert (own.customer_id, own.customer_business_then_name) == ("8", "Own")
    person = model.model_validate({**record, "customer": {"id": 7, "business_then_name": None, "fullname": "A Person"}})
    assert person.customer_business_then_name == "A Person"


@pytest.mark.parametrize("customer", [None, [], "7", 7, {}, {"id": None}, {"id": True}, {"id": [7]}])
def test_a_customer_that_cannot_be_read_is_unknown_and_costs_nothing_else(customer: Any) -> None:
    assert TicketRow.model_validate({**ROW, "customer": customer}).customer_id is None
    assert TicketRow.model_validate({**ROW, "customer_id": [7]}).customer_id is None


LONE = "half \ud83d of a pair"


def test_a_lone_surrogate_is_replaced_at_the_edge_wherever_text_is_read() -> None:
    row = TicketRow.model_validate(
        {"id": "a\udc00", "number": "\ud800", "subject": LONE, "tag_list": [LONE], "user": {"full_name": LONE}}
    )
    line = InvoiceLine.model_validate({"name": LONE})
    tags = TicketRow.model_validate({**ROW, "tag_list": f"{LONE},b"}).tag_list
    for record in (row, line):
        record.model_dump_json().encode()
    assert row.subject == line.name == "half \ufffd of a pair"
    assert (row.id, row.number, row.tag_list, row.user) == ("a\ufffd", "\ufffd", (row.subject,), row.subject)
    assert tags == ("half \ufffd of a pair", "b")


def test_a_whole_pair_is_left_as_it_is() -> None:
    assert TicketRow.model_validate({**ROW, "subject": "\U0001f9fe"}).subject == "\U0001f9fe"


@pytest.mark.parametrize(
    ("value", "text"), [(32223, "32223"), (Decimal("7.50"), "7.50"), (True, ""), (None, ""), ([], "")]
)
def test_text_that_is_a_json_number_is_read_and_nonsense_is_empty(value: Any, text: str) -> None:
    assert InvoiceLine.model_validate({"name": value}).name == text


@pytest.mark.parametrize(
    ("value", "tags"),
    [(["a", "b"], ("a", "b")), ("a, b,", ("a", "b")), (None, ()), ([1, "a"], ("a",)), ({}, ())],
)
def test_tags_come_as_a_list_or_with_commas(value: Any, tags: tuple[str, ...]) -> None:
    assert TicketRow.model_validate({**ROW, "tag_list": value}).tag_list == tags


def test_fields_that_are_not_used_are_dropped() -> None:
    row = TicketRow.model_validate({**ROW, "comments": ["private"]})
    assert "private" not in repr(row)


@pytest.mark.parametrize(
    ("number", "total", "rows", "is_last"),
    [(1, 1, 1, True), (1, 2, 2, False), (2, 2, 2, True), (3, 2, 0, True), (1, None, 2, False), (1, None, 1, True)],
)
def test_a_page_is_last_by_meta_or_by_being_short(number: int, total: int | None, rows: int, is_last: bool) -> None:
    listed = tuple(InvoiceRow(id=str(index)) for index in range(rows))
    page = Page[InvoiceRow](rows=listed, number=number, total_pages=total, size=2)
    assert page.is_last is is_last


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = sorted({name for model in (TicketDetail, InvoiceDetail, Schedule) for name in model.model_fields})


@given(st.dictionaries(st.sampled_from(_FIELDS), json_values), st.sampled_from([TicketDetail, InvoiceDetail, Schedule]))
def test_any_json_is_a_record_or_a_validation_error_and_never_anything_else(
    value: dict[str, Any], model: type[TicketDetail] | type[InvoiceDetail] | type[Schedule]
) -> None:
    whole = {"id": 1, "number": 1, "ticket_id": 1, "customer_id": 1, "line_items": [], "ticket_timers": []}
    try:
        model.model_validate({**whole, "paused": False, "invoice_unbilled_ticket_charges": False, **value})
    except ValidationError:
        return


@given(st.datetimes(), st.sampled_from(["Z", "+00:00", "+14:00", "-12:00", ""]))
def test_any_time_that_syncro_can_write_is_read(moment: datetime, offset: str) -> None:
    row = TicketRow.model_validate({**ROW, "created_at": moment.isoformat() + offset})
    assert row.created_at is None or row.created_at.tzinfo is UTC
