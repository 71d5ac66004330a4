"""Typed models of what Syncro answers, validated at the edge.

Ids and numbers are names, so they are strings here, whatever JSON type Syncro used. Money is `Decimal`, times
are aware UTC. Fields that the bot does not use are dropped: what is not kept cannot leak.

Field names and shapes follow Syncro's public OpenAPI document; where real answers are known to carry less
(invoice list rows without `id`, `updated_at`, `ticket_id`), the field is optional.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

LARGEST_AMOUNT = Decimal(10) ** 12
"""No price or total is anywhere near; what claims to be is nonsense and would overflow sums."""
_MOST_DIGITS = 30
"""Before and behind the point. Reckoning with an exponent such as 1e999999999 overflows by itself."""

PLAUSIBLE_YEARS = range(1900, 3000)
"""A date outside is a placeholder such as 0001-01-01: no time that can be converted or reckoned with."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair: no database, address or terminal can hold one."""
    return _SURROGATE.sub("\ufffd", text)


def _identifier(value: Any) -> Any:
    """Turn a JSON integer into its decimal name; leave text as it is, without surrounding space."""
    if isinstance(value, bool):
        raise ValueError("expected an id, got a boolean")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        stripped = storable(value).strip()
        if not stripped:
            raise ValueError("expected an id, got empty text")
        return stripped
    raise ValueError(f"expected an id, got {type(value).__name__}")


def _optional_identifier(value: Any) -> Any:
    return None if value is None or value == "" else _identifier(value)


def _seen_identifier(value: Any) -> Any:
    try:
        return _optional_identifier(value)
    except ValueError:
        return None


def _lenient_time(value: Any) -> Any:
    """Read an ISO 8601 time as aware UTC; None for anything else (no verdict may hang on a malformed date)."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    else:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment.year in PLAUSIBLE_YEARS else None


def _run_time(value: Any) -> Any:
    """A mere date, as midnight UTC: it is that day everywhere. Only a time of day in UTC is a moment.

    Any other time is the account's own, and so is its date.
    """
    moment = _lenient_time(value)
    if moment is None or isinstance(value, datetime):
        return moment
    written = datetime.fromisoformat(value)
    return moment if written.utcoffset() == timedelta(0) else datetime.combine(written.date(), time.min, UTC)


def _lenient_money(value: Any) -> Any:
    """Read an amount such as "75.0", 75 or 75.5; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    is_sane = amount.is_finite() and abs(amount.adjusted()) < _MOST_DIGITS
    return amount if is_sane and abs(amount) < LARGEST_AMOUNT else None


def _lenient_text(value: Any) -> Any:
    """Read text, also where it is a JSON number; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return storable(str(value))


_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def _flag(value: Any) -> Any:
    return _FLAGS.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None


def _tags(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(tag.strip() for tag in storable(value).split(",") if tag.strip())
    if isinstance(value, list | tuple):
        return tuple(storable(tag) for tag in value if isinstance(tag, str))
    return ()


Identifier = Annotated[str, BeforeValidator(_identifier)]
OptionalIdentifier = Annotated[str | None, BeforeValidator(_optional_identifier)]
SeenIdentifier = Annotated[str | None, BeforeValidator(_seen_identifier)]
"""An id where one can be read. For fields that decide nothing by themselves."""
SeenName = Annotated[str, BeforeValidator(lambda value: _seen_identifier(value) or "")]
"""The same, empty where none can be read."""
Time = Annotated[datetime | None, BeforeValidator(_lenient_time)]
RunTime = Annotated[datetime | None, BeforeValidator(_run_time)]
Money = Annotated[Decimal | None, BeforeValidator(_lenient_money)]
"""None where it is not known: what is no number is never taken for 0."""
Text = Annotated[str, BeforeValidator(_lenient_text)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
"""None where it is not known: null, missing, or a word. It is never taken for a yes or a no."""
Tags = Annotated[tuple[str, ...], BeforeValidator(_tags)]


def _full_name(value: Any) -> Any:
    name = value.get("full_name") if isinstance(value, dict) else value
    return storable(name) if isinstance(name, str) else ""


Technician = Annotated[str, BeforeValidator(_full_name)]
"""Who a ticket is assigned to, by full name; empty for nobody."""


class Record(BaseModel):
    """Base of all models: immutable, unknown fields dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OfCustomer(Record):
    """A record that belongs to a customer, whom it names by `customer_id` or as `customer: {"id": …}`."""

    customer_id: SeenIdentifier = None
    customer_business_then_name: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _unnest(cls, value: Any) -> Any:
        customer = value.get("customer") if isinstance(value, dict) else None
        if not isinstance(customer, dict):
            return value
        nested = {
            "customer_id": customer.get("id"),
            "customer_business_then_name": customer.get("business_then_name") or customer.get("fullname"),
        }
        return {**value, **{name: said for name, said in nested.items() if not value.get(name)}}


class ListRow(OfCustomer):
    """A row of a list. Whatever it is, it stands for a record: one odd row does not hide the others."""

    @model_validator(mode="before")
    @classmethod
    def _see_something(cls, value: Any) -> Any:
        return value if isinstance(value, dict | ListRow) else {}


class CustomerDetail(Record):
    """A customer as `/customers/{id}` answers it. `prepay_hours` is what is left of a block of hours."""

    id: Identifier
    prepay_hours: Money = None


class TicketRow(ListRow):
    """A ticket as `/tickets` lists it. `number` is what people say, `id` is what invoices refer to.

    Either is empty where it cannot be read.
    """

    id: SeenName = ""
    number: SeenName = ""
    subject: Text = ""
    status: Text = ""
    billing_status: Text = ""
    ticket_type_name: Text = ""
    problem_type: Text = ""
    tag_list: Tags = ()
    contract_id: SeenIdentifier = None
    contract_name: Text = ""
    created_at: Time = None
    updated_at: Time = None
    resolved_at: Time = None
    user: Technician = ""
    user_id: Text = ""
    user_email: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _of_user(cls, values: Any) -> Any:
        """Who the technician is, beside the name: two may have the same."""
        user = values.get("user") if isinstance(values, dict) else None
        if not isinstance(user, dict):
            return values
        return {**values, "user_id": user.get("id") or values.get("user_id"), "user_email": user.get("email")}


class TicketTimer(Record):
    """A stretch of work. `billable_time` has no reliable unit, so minutes come from start and end."""

    id: SeenIdentifier = None
    start_time: Time = None
    end_time: Time = None
    active_duration: Money = None
    """Seconds at work; a timer that was paused spans more between its start and its end."""
    billable: Flag = None
    recorded: Flag = None
    product_id: SeenIdentifier = None
    ticket_line_item_id: OptionalIdentifier = None

    @model_validator(mode="before")
    @classmethod
    def _needs_a_clear_end(cls, value: Any) -> Any:
        """One whose end cannot be read is not running: nobody knows how long it took."""
        is_clear = not isinstance(value, dict) or not value.get("end_time") or _lenient_time(value["end_time"])
        return value if is_clear else {**value, "start_time": None}

    @property
    def seconds(self) -> int | None:
        """How long the work took; 0 while it is running, None where Syncro does not say."""
        took = self.active_duration
        if took is None and self.start_time is not None:
            took = Decimal(0 if self.end_time is None else (self.end_time - self.start_time).total_seconds())
        return None if took is None or took < 0 else int(took)


_DISCOUNTS = ("line_discount_percent", "discount_percent", "discount_dollars")


class Sale(Record):
    """A product at a price, so many times, less a discount. Where that cannot be read, so is what it comes to."""

    @model_validator(mode="before")
    @classmethod
    def _needs_a_clear_discount(cls, value: Any) -> Any:
        said = [value.get(name) for name in _DISCOUNTS] if isinstance(value, dict) else []
        is_clear = all(each in (None, "") or _lenient_money(each) is not None for each in said)
        return value if is_clear else {**value, "quantity": None}


class TicketCharge(Sale):
    """A line item on a ticket. Once billed it is `converted`, and `item_id` names the invoice's line item."""

    id: SeenIdentifier = None
    product_id: SeenIdentifier = None
    quantity: Money = Decimal(1)
    price_retail: Money = None
    retail_cents: Money = None
    line_discount_percent: Money = None
    discount_dollars: Money = None
    name: Text = ""
    description: Text = ""
    product_category: Text = ""
    converted: Flag = None
    item_id: OptionalIdentifier = None

    @property
    def price(self) -> Decimal | None:
        """The price of one, in the account's currency and before tax; None where Syncro names none."""
        if self.price_retail is None and self.retail_cents is not None:
            return self.retail_cents / 100
        return self.price_retail

    @property
    def amount(self) -> Decimal | None:
        """Price times quantity less the discount; None where Syncro names no price or no quantity."""
        return discounted(self.price, self.quantity, self.line_discount_percent, self.discount_dollars)

    @property
    def invoice_line(self) -> str | None:
        """The id of the invoice line that it became; None where it is not converted for sure, whatever it names."""
        return self.item_id if self.converted is True else None


class TicketDetail(TicketRow):
    """A ticket as `/tickets/{id}` answers it. An answer without timers or line items keys is unreadable."""

    id: Identifier
    number: Identifier
    ticket_timers: tuple[TicketTimer, ...]
    line_items: tuple[TicketCharge, ...]


class InvoiceRow(ListRow):
    """An invoice as `/invoices` lists it: a place to look, never evidence of a link."""

    id: SeenIdentifier = None
    number: SeenIdentifier = None
    ticket_id: SeenIdentifier = None
    created_at: Time = None
    updated_at: Time = None
    total: Money = None
    is_twin: bool = False
    """An equal row without an id stands in the list: its number finds one of the two, nobody knows which."""

    @property
    def reference(self) -> str:
        """What to ask `/invoices/{x}` for: the id where the row has one, the number otherwise; empty for neither."""
        return "" if self.is_twin else self.id or self.number or ""


def discounted(
    price: Decimal | None, quantity: Decimal | None, percent: Decimal | None, dollars: Decimal | None
) -> Decimal | None:
    """What a line comes to. Discounts were seen with either sign, and take off all the same."""
    if price is None or quantity is None:
        return None
    return price * quantity * (1 - abs(percent or Decimal(0)) / 100) - abs(dollars or Decimal(0))


class InvoiceLine(Sale):
    """One line of an invoice. One without any text field cannot be searched; only a mere discount needs none."""

    id: SeenIdentifier = None
    price: Money = None
    quantity: Money = Decimal(1)
    discount_percent: Money = None
    discount_dollars: Money = None
    item: Text = ""
    name: Text = ""
    description: Text = ""

    @property
    def amount(self) -> Decimal | None:
        """Price times quantity less the discount; None where Syncro names no price or no quantity."""
        return discounted(self.price, self.quantity, self.discount_percent, self.discount_dollars)

    @property
    def is_discounted(self) -> bool:
        """Whether it shows a discount."""
        return bool(self.discount_percent or self.discount_dollars)

    @model_validator(mode="before")
    @classmethod
    def _needs_text(cls, value: Any) -> Any:
        has_text = not isinstance(value, dict) or {"item", "name", "description"} & value.keys()
        if not has_text and not _is_discount(value):
            raise ValueError("an invoice line has no item, name or description")
        return value


def _is_discount(line: dict[str, Any]) -> bool:
    """Whether a line without text only takes something off."""
    names = ("price", "discount_percent", "discount_dollars")
    price, *discounts = (_lenient_money(line.get(name)) for name in names)
    return (price is None or price <= 0) and any((price, *discounts))


class InvoiceDetail(OfCustomer):
    """An invoice as `/invoices/{id}` answers it: the only place where its links can be read.

    The `number`, `ticket_id` and `line_items` keys must be there (null is an answer, a missing key is not). `number` is
    empty where the invoice has none.
    """

    id: Identifier
    number: SeenName
    ticket_id: OptionalIdentifier
    line_items: tuple[InvoiceLine, ...]
    total: Money = None
    is_paid: Flag = None
    created_at: Time = None
    updated_at: Time = None
    po_number: Text = ""
    note: Text = ""


class Schedule(ListRow):
    """A recurring invoice. It may pick up a customer's unbilled ticket charges when it runs."""

    id: SeenName = ""
    name: Text = ""
    next_run: RunTime = None
    invoice_unbilled_ticket_charges: Flag = None
    paused: Flag = None

    @property
    def picks_up(self) -> bool | None:
        """Whether its next run takes unbilled ticket charges; None where Syncro does not say clearly."""
        if self.paused is True or self.invoice_unbilled_ticket_charges is False:
            return False
        return None if None in (self.paused, self.invoice_unbilled_ticket_charges) else True


Row = TypeVar("Row", bound=Record)


ROWS_A_PAGE = 25
"""Rows in a full page (Syncro's OpenAPI document, every `page` parameter)."""


def _with_twins(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Mark the invoices that nothing tells from an earlier one of the page: two equal rows are two invoices."""
    seen: set[object] = set()
    told: list[Row] = []
    for row in rows:
        if isinstance(row, InvoiceRow) and row.id is None:
            name = (row.number, row.customer_id, row.created_at)
            told.append(row.model_copy(update={"is_twin": True}) if name in seen else row)
            seen.add(name)
        else:
            told.append(row)
    return tuple(told)


class Page(Record, Generic[Row]):
    """One page of a list. `total_pages` is None where the answer had no usable `meta`."""

    rows: Annotated[tuple[Row, ...], AfterValidator(_with_twins)]
    number: int
    total_pages: int | None = None
    total_rows: int | None = None
    """How many rows the list has, where `meta` tells."""
    size: int = Field(default=ROWS_A_PAGE, description="rows in a full page")

    @property
    def is_last(self) -> bool:
        """Whether nothing follows: by `meta.total_pages`, or by being short where there is no `meta`."""
        if self.total_pages is not None:
            return self.number >= self.total_pages
        return len(self.rows) < self.size

    @property
    def announced(self) -> str:
        """What an empty first page says that the list has, "3 pages" or "200 rows"; empty for no contradiction."""
        if self.rows or self.number > 1:
            return ""
        if (self.total_pages or 0) > 1:
            return f"{self.total_pages} pages"
        return f"{self.total_rows} rows" if self.total_rows else ""
