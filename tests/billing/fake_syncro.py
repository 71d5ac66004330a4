"""A Syncro in memory that does a search's reads on a sandbox `World`, and on request badly.

It takes the same faults as the HTTP stand-in, but routes, filters and pages by itself; `test_law.py` compares the
two, so that neither can drift.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from pydantic import BaseModel

from bot.billing.ledger.model import Ledger
from bot.billing.search.queries import (
    Answer,
    Failed,
    FindTicket,
    ListInvoices,
    ListSchedules,
    ListTickets,
    Read,
    ReadCustomer,
    ReadInvoice,
    ReadTicket,
)
from bot.billing.search.scheduler import Batch, Session
from bot.sandbox.syncro import exchange
from bot.sandbox.syncro.exchange import Ask
from bot.sandbox.syncro.world import ListRows, Ticket, World
from bot.syncro.errors import FailureKind
from bot.syncro.models import CustomerDetail, InvoiceDetail, InvoiceRow, Page, Schedule, TicketDetail, TicketRow
from bot.syncro_sessions.caching import NoLedger, RememberingSession
from bot.syncro_sessions.pooled import ANSWERS_AT_ONCE
from tests.standins.syncro_faults import Fault, Turns

_KINDS = {
    401: FailureKind.UNAUTHORISED,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.NOT_FOUND,
    429: FailureKind.UNAVAILABLE,
}
_PAGES: dict[str, type[Page[Any]]] = {
    "tickets": Page[TicketRow],
    "invoices": Page[InvoiceRow],
    "schedules": Page[Schedule],
}
_DETAILS: dict[str, type[BaseModel]] = {"tickets": TicketDetail, "invoices": InvoiceDetail, "customers": CustomerDetail}


@dataclass(frozen=True)
class Done:
    """A read that was done, and what it gave."""

    read: Read[Any]
    value: Any

    @property
    def succeeded(self) -> bool:
        return not isinstance(self.value, Failed)


class Meta(Enum):
    """What a list says of its length."""

    RIGHT = "how many pages there are"
    NONE = "nothing"
    ONE = "always that there is one page"
    NEXT = "one page more than is shown, until the last"
    FEWER = "on later pages fewer than before"


class Match(Enum):
    """How a filter by name is heeded."""

    HEEDED = "heeded"
    IGNORED = "ignored"
    EMPTY = "answered with nothing"

    def keeps(self, wanted: str | None, value: str) -> bool:
        if wanted is None or self is Match.IGNORED:
            return True
        return self is Match.HEEDED and wanted == value


class Since(Enum):
    """How a filter by time is heeded."""

    HEEDED = "heeded"
    IGNORED = "ignored"
    EMPTY = "answered with nothing"
    DATES = "both times are cut to dates"
    DATES_STRICTLY = "both times are cut to dates, and the date itself is left out"
    LOCAL_EAST = "the moment is read as a local time fourteen hours ahead"
    LOCAL_WEST = "the moment is read as a local time eleven hours behind"
    STRICTLY = "the moment itself is left out"

    def keeps(self, since: datetime | None, changed: datetime) -> bool:
        if since is None or self is Since.IGNORED:
            return True
        match self:
            case Since.DATES:
                return changed.date() >= since.date()
            case Since.DATES_STRICTLY:
                return changed.date() > since.date()
            case Since.LOCAL_EAST:
                return changed >= since - timedelta(hours=14)
            case Since.LOCAL_WEST:
                return changed >= since + timedelta(hours=11)
            case Since.STRICTLY:
                return changed > since
            case _:
                return self is Since.HEEDED and changed >= since


@dataclass(frozen=True)
class Habits:
    """What an account's lists do with filters and pages."""

    meta: Meta = Meta.RIGHT
    ticket: Match = Match.HEEDED
    customer: Match = Match.HEEDED
    since: Since = Since.HEEDED

    def announced(self, page: int, total: int) -> int:
        """How many pages the page says that there are."""
        match self.meta:
            case Meta.ONE:
                return 1
            case Meta.NEXT:
                return min(total, page + 1)
            case Meta.FEWER:
                return total if page == 1 else max(1, total - 1)
            case _:
                return total


HONEST = Habits()


class FakeSyncro:
    """`session()` is what a `Verifier` needs; `done` is the record of what was asked of Syncro, in order.

    `before_read` is called with the number of reads done so far, and may change the world. With `order` some of the
    reads under way are done and in any order, as threads would; without it the oldest. What is read is kept in
    `ledger`; the bot's clock is the world's and `skew` more.
    """

    def __init__(
        self,
        world: World,
        *,
        rows: ListRows = ListRows.OPENAPI,
        page_size: int = 25,
        faults: Sequence[Fault] = (),
        before_read: Callable[[int], object] = lambda _: None,
        order: random.Random | None = None,
        ledger: Ledger | None = None,
        skew: timedelta = timedelta(),
        habits: Habits = HONEST,
    ) -> None:
        self.world = world
        self._habits = habits
        self.faults = list(faults)
        self.done: list[Done] = []
        self._rows = rows
        self._page_size = page_size
        self._before_read = before_read
        self._order = order
        self._ledger = NoLedger() if ledger is None else ledger
        self._skew = skew
        self._turns = Turns()

    @property
    def reads(self) -> list[Read[Any]]:
        """Everything that was asked."""
        return [done.read for done in self.done]

    def clock(self) -> datetime:
        """What the bot takes for the present moment."""
        return self.world.now + self._skew

    def session(self, *, fresh: bool = False) -> Session:
        """A session for one request."""
        return RememberingSession(_FakeSession(self), self._ledger, self.clock, fresh=fresh)

    def some_of(self, under_way: list[Read[Any]]) -> list[Read[Any]]:
        """Which of the reads under way are answered next, and in which order."""
        if self._order is None:
            return under_way[:ANSWERS_AT_ONCE]
        most = min(len(under_way), ANSWERS_AT_ONCE)
        return self._order.sample(under_way, self._order.randint(1, most))

    def do(self, read: Read[Any]) -> Answer[Any]:
        """Do one read."""
        self._before_read(len(self.done))
        value = self._value(read)
        self.done.append(Done(read, value))
        return Answer(value, calls=1)

    # --- one read ---

    def _value(self, read: Read[Any]) -> Any:
        ask = _ask(read)
        if "" in ask.segments:
            return Failed(FailureKind.UNREADABLE, f"Reading {ask.path}: no id or number of its own.")
        try:
            answer = self._turns.answer(self.faults, self.world, ask, self._honest)
        except LookupError:
            answer = exchange.Answer(500)  # a fault had no other record to give
        if answer.cut_after is not None:
            return Failed(FailureKind.UNAVAILABLE, f"Reading {ask.path}: connection dropped.")
        if answer.status != 200:
            kind = _KINDS.get(answer.status, FailureKind.UNREADABLE)
            kind = FailureKind.UNAVAILABLE if answer.status >= 500 else kind
            return Failed(kind, f"Reading {ask.path}: status {answer.status}.")
        try:
            body = answer.payload if answer.raw is None else json.loads(answer.raw)
            return self._page(ask, body) if len(ask.segments) == 1 else _detail(ask, body)
        except (ValueError, TypeError, LookupError):  # pydantic's ValidationError is a ValueError
            return Failed(FailureKind.UNREADABLE, f"Reading {ask.path}: not as documented.")

    def _page(self, ask: Ask, body: Any) -> Page[Any]:
        (kind,) = ask.segments
        rows, meta = body[kind], body.get("meta") or {}
        if not isinstance(rows, list):
            raise TypeError("no list")
        return _PAGES[kind].model_validate(
            {
                "rows": rows,
                "number": int(ask.query["page"]),
                "total_pages": meta.get("total_pages"),
                "total_rows": meta.get("total_entries"),
                "size": self._page_size,
            }
        )

    # --- the honest answers ---

    def _honest(self, ask: Ask) -> exchange.Answer:
        match ask.segments:
            case ("tickets",):
                tickets = self._tickets(ask.query)
                tickets.sort(key=lambda one: (one.created_at, one.id), reverse=True)
                return self._listed("tickets", [self.world.ticket_row(one) for one in tickets], ask)
            case ("invoices",):
                return self._listed("invoices", self._invoice_rows(ask.query), ask)
            case ("schedules",):
                customer_id = ask.query.get("customer_id")
                known = self.world.schedules.values()
                schedules = [one for one in known if customer_id in (None, str(one.customer_id))]
                return self._listed("schedules", [self.world.schedule_detail(one) for one in schedules], ask)
            case ("tickets", reference):
                ticket = self.world.tickets.get(int(reference))
                return _found("ticket", self.world.ticket_detail(ticket) if ticket else None)
            case ("customers", reference):
                customer = self.world.customers.get(int(reference))
                return _found("customer", self.world.customer_detail(customer) if customer else None)
            case ("invoices", reference):
                return _found("invoice", self._invoice(reference))
        raise AssertionError(f"the fake knows no {ask.path}")

    def _listed(self, key: str, rows: list[dict[str, Any]], ask: Ask) -> exchange.Answer:
        page = int(ask.query["page"])
        shown = rows[(page - 1) * self._page_size : page * self._page_size]
        if key == "schedules" or self._habits.meta is Meta.NONE:
            return exchange.Answer(payload={key: shown})
        total_pages = self._habits.announced(page, max(1, -(-len(rows) // self._page_size)))
        return exchange.Answer(payload={key: shown, "meta": {"total_pages": total_pages, "page": page}})

    def _tickets(self, query: Mapping[str, str]) -> list[Ticket]:
        number, since = query.get("number"), _since(query)
        known = self.world.tickets.values()
        customer_id = query.get("customer_id")
        return [
            one
            for one in known
            if number in (None, str(one.number)) and one.updated_at >= since
            if customer_id in (None, str(one.customer_id))
        ]

    def _invoice_rows(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        habits, since = self._habits, query.get("since_updated_at")
        kept = [
            invoice
            for invoice in self.world.invoices.values()
            if habits.ticket.keeps(query.get("ticket_id"), str(invoice.ticket_id))
            and habits.customer.keeps(query.get("customer_id"), str(invoice.customer_id))
            and habits.since.keeps(None if since is None else _since(query), invoice.updated_at)
        ]
        kept.sort(key=lambda invoice: (invoice.created_at, invoice.id), reverse=True)
        return [self.world.invoice_row(invoice, self._rows) for invoice in kept]

    def _invoice(self, reference: str) -> dict[str, Any] | None:
        named = [one for one in self.world.invoices.values() if one.number == reference]
        named += [one for one in self.world.invoices.values() if str(one.id) == reference]
        return self.world.invoice_detail(named[0]) if named else None


class _FakeSession:
    """Reads under way, which are done when somebody waits for them."""

    def __init__(self, syncro: FakeSyncro) -> None:
        self._syncro = syncro
        self._under_way: list[Read[Any]] = []

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self._under_way.extend(reads)

    def collect(self) -> Batch:
        assert self._under_way, "nobody may wait for what was not submitted"
        chosen = self._syncro.some_of(self._under_way)
        self._under_way = [read for read in self._under_way if read not in chosen]
        return Batch(tuple((read, self._syncro.do(read)) for read in chosen), self._syncro.clock())


def _found(key: str, record: dict[str, Any] | None) -> exchange.Answer:
    if record is None:
        return exchange.Answer(404, {"error": "Not found"})
    return exchange.Answer(payload={key: record})


def _detail(ask: Ask, body: Any) -> BaseModel:
    kind, _ = ask.segments
    return _DETAILS[kind].model_validate(body[kind.removesuffix("s")])


def _ask(read: Read[Any]) -> Ask:
    """The request that the client would send."""
    match read:
        case FindTicket(number, page):
            return Ask(("tickets",), {"number": number, "page": str(page)})
        case ReadTicket(ticket_id):
            return Ask(("tickets", ticket_id))
        case ReadInvoice(reference):
            return Ask(("invoices", reference))
        case ReadCustomer(customer_id):
            return Ask(("customers", customer_id))
        case ListTickets(updated_since, page):
            since = _timestamp(updated_since)
            return _list("tickets", page, since_updated_at=since, customer_id=read.customer_id)
        case ListSchedules(customer_id, page):
            return _list("schedules", page, customer_id=customer_id)
        case ListInvoices():
            moment = _timestamp(read.updated_since) if read.updated_since else None
            filters = {"customer_id": read.customer_id, "ticket_id": read.ticket_id, "since_updated_at": moment}
            return _list("invoices", read.page, **filters)
    raise AssertionError(f"the fake cannot do {read}")


def _list(kind: str, page: int, **filters: str | None) -> Ask:
    sent = {name: value for name, value in filters.items() if value is not None}
    return Ask((kind,), {**sent, "page": str(page)})


def _timestamp(moment: datetime) -> str:
    """Whole seconds, as the client sends them."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(query: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(query.get("since_updated_at", "1970-01-01T00:00:00Z"))
