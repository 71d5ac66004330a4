"""A stand-in Syncro: real HTTP on loopback, in its own thread, serving a sample `World`.

It reads only, like the bot: any method but GET is answered 405. Each request is handled in this order: the rate
limit, the method, the token, the answer. Latency comes after the answer has been decided and recorded.
"""

from __future__ import annotations

import asyncio
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.syncro.exchange import Answer, Ask
from bot.sandbox.syncro.world import Invoice, ListRows, Schedule, Ticket, World

PREFIX = "/api/v1"
START_TIMEOUT = 60.0  # seconds for the thread to listen or to end

Record = TypeVar("Record")


@dataclass(frozen=True)
class Call:
    """A request that arrived. `at` is time.monotonic(), `path` is decoded and below /api/v1, `status` as answered.

    A dropped connection keeps the status that it would have had.
    """

    at: float
    method: str
    path: str
    query: dict[str, str]
    status: int


class SyncroSandbox:
    """The stand-in Syncro as a context manager; it listens from `__enter__` to `__exit__`.

    The limit refuses a request with 429 and Retry-After when `requests_per_minute` requests were answered within
    the last `window_seconds` (None: no limit; a shorter window makes tests fast). Refused requests do not count
    towards it. `latency` is in seconds, for every answer. `port` 0 takes a free one. Safe to use from any thread.
    """

    def __init__(
        self,
        world: World,
        *,
        token: str = "sandbox-token",  # noqa: S107 - the token of a stand-in protects nothing
        list_rows: ListRows = ListRows.OPENAPI,
        requests_per_minute: int | None = 180,
        window_seconds: float = 60.0,
        latency: float = 0.0,
        page_size: int = 25,
        port: int = 0,
    ) -> None:
        self.latency = latency
        self._world = world
        self._token = token
        self._records = _Records(world, token, list_rows, page_size)
        self._limit = _RollingLimit(requests_per_minute, window_seconds)
        self._wanted_port = port
        self._changed = threading.Condition(threading.RLock())
        self._calls: list[Call] = []
        self._refused = 0
        self._listening: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._listening = Future()
        self._thread = threading.Thread(target=self._run, name="syncro-sandbox", daemon=True)
        self._thread.start()
        self._listening.result(START_TIMEOUT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(START_TIMEOUT)

    # --- for tests and the demo ---

    @property
    def site(self) -> str:
        """Where the pages of tickets and invoices would be."""
        return self.base_url.removesuffix("/api/v1")

    @property
    def base_url(self) -> str:
        """What to set as SYNCRO_BASE_URL."""
        return f"http://127.0.0.1:{self._listening.result(START_TIMEOUT)}{PREFIX}"

    @property
    def token(self) -> str:
        """The one token that is accepted."""
        return self._token

    @property
    def calls(self) -> list[Call]:
        """Every request since the last reset, in order of arrival, refused ones included."""
        with self._changed:
            return list(self._calls)

    @property
    def refused(self) -> int:
        """How many requests the rate limit refused since the last reset."""
        with self._changed:
            return self._refused

    def reset_calls(self) -> None:
        """Forget the calls and refusals; the rate limit goes on."""
        with self._changed:
            self._calls.clear()
            self._refused = 0

    @contextmanager
    def locked(self) -> Iterator[World]:
        """The world, while no request is answered: to read it or to change it."""
        with self._changed:
            yield self._world

    # --- the thread ---

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._listening.done():
                raise
            self._listening.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.05)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._wanted_port).start()
            self._listening.set_result(runner.addresses[0][1])
            await self._stop.wait()
        finally:
            await runner.cleanup()

    # --- a request ---

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = self._decide(request)
        if delay := self.latency + answer.delay:
            await asyncio.sleep(delay)
        return await _send(request, answer)

    def _decide(self, request: web.BaseRequest) -> Answer:
        """Decide the answer and record the call, in one piece under the lock."""
        query = dict(request.query.items())
        raw_path = request.rel_url.raw_path
        inside = raw_path.startswith(f"{PREFIX}/")
        path = raw_path.removeprefix(PREFIX) if inside else raw_path
        ask = Ask(tuple(unquote(segment) for segment in path.strip("/").split("/")), query)
        with self._changed:
            at = time.monotonic()
            status = 500
            try:
                answer = self._checked(request, ask, at) if inside else _error(404, "Not found")
                status = answer.status
            finally:
                self._calls.append(Call(at, request.method, unquote(path), query, status))
                self._changed.notify_all()
        return answer

    def _checked(self, request: web.BaseRequest, ask: Ask, now: float) -> Answer:
        wait = self._limit.admit(now)
        if wait is not None:
            self._refused += 1
            answer = _error(429, "Too many requests")
            return Answer(answer.status, answer.payload, headers={"Retry-After": str(wait)})
        if request.method != "GET":
            return _error(405, "The stand-in Syncro is read-only")
        if request.headers.get("Authorization") not in (self._token, f"Bearer {self._token}"):
            return _error(401, "Not authorized")
        return self._answer(ask)

    def _answer(self, ask: Ask) -> Answer:
        """The answer to a request that was let in."""
        return self._records.answer(ask)


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    headers = {"Content-Type": answer.content_type, **answer.headers}
    if answer.cut_after is None:
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    if answer.cut_after > 0:
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: answer.cut_after])
    if request.transport is not None:
        request.transport.close()
    return response


class _RollingLimit:
    """At most so many admissions in any window of so many seconds; None admits everything."""

    def __init__(self, most: int | None, window: float) -> None:
        self._most = most
        self._window = window
        self._admitted: deque[float] = deque()

    def admit(self, now: float) -> int | None:
        """Admit a request (None), or refuse it with the whole seconds after which to ask again."""
        if self._most is None:
            return None
        while self._admitted and self._admitted[0] <= now - self._window:
            self._admitted.popleft()
        if len(self._admitted) < self._most:
            self._admitted.append(now)
            return None
        oldest = self._admitted[0] if self._admitted else now
        return max(1, math.ceil(oldest + self._window - now))


class _Records:
    """The honest answers: routing, filters, paging and Syncro's envelopes."""

    def __init__(self, world: World, token: str, list_rows: ListRows, page_size: int) -> None:
        self._world = world
        self._token = token
        self._list_rows = list_rows
        self._page_size = page_size
        self._lists: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "tickets": self._tickets,
            "invoices": self._invoices,
            "schedules": self._schedules,
            "me": self._me,
        }
        self._details: dict[str, Callable[[str], dict[str, Any] | None]] = {
            "tickets": self._ticket,
            "invoices": self._invoice,
            "schedules": self._schedule,
            "customers": self._customer,
        }

    def answer(self, ask: Ask) -> Answer:
        """The answer to a GET; 404 for anything that is not there, 400 for a time that is none."""
        match ask.segments:
            case (kind,) if kind in self._lists:
                try:
                    return self._lists[kind](ask.query)
                except ValueError as error:
                    return _error(400, str(error))
            case ("tickets", "settings"):
                return Answer(payload=self._settings())
            case (kind, reference) if kind in self._details:
                payload = self._details[kind](reference)
                return _error(404, "Not found") if payload is None else Answer(payload=payload)
        return _error(404, "Not found")

    def _tickets(self, query: Mapping[str, str]) -> Answer:
        kept = _filtered(self._world.tickets.values(), query, _TICKET_FILTERS)
        kept.sort(key=lambda ticket: (ticket.created_at, ticket.id), reverse=True)
        rows, meta = self._page(kept, query)
        return Answer(payload={"tickets": [self._world.ticket_row(row) for row in rows], "meta": meta})

    def _invoices(self, query: Mapping[str, str]) -> Answer:
        kept = _filtered(self._world.invoices.values(), query, _INVOICE_FILTERS)
        kept.sort(key=lambda invoice: (invoice.created_at, invoice.id), reverse=True)
        rows, meta = self._page(kept, query)
        shaped = [self._world.invoice_row(row, self._list_rows) for row in rows]
        return Answer(payload={"invoices": shaped, "meta": meta})

    def _schedules(self, query: Mapping[str, str]) -> Answer:
        kept = _filtered(self._world.schedules.values(), query, _SCHEDULE_FILTERS)
        kept.sort(key=lambda schedule: schedule.id)
        rows, _ = self._page(kept, query)  # Syncro sends no meta here
        return Answer(payload={"schedules": [self._world.schedule_detail(row) for row in rows]})

    def _page(self, records: Sequence[Record], query: Mapping[str, str]) -> tuple[list[Record], dict[str, int]]:
        asked = query.get("page", "1")
        page = max(1, int(asked)) if asked.isdecimal() else 1
        start = (page - 1) * self._page_size
        total_pages = max(1, math.ceil(len(records) / self._page_size))
        return list(records[start : start + self._page_size]), {"total_pages": total_pages, "page": page}

    def _ticket(self, reference: str) -> dict[str, Any] | None:
        ticket = self._world.tickets.get(_as_id(reference))
        return {"ticket": self._world.ticket_detail(ticket)} if ticket else None

    def _invoice(self, reference: str) -> dict[str, Any] | None:
        """By number first, then by id: so an invoice's number shadows another invoice's equal id."""
        invoice = next((one for one in self._world.invoices.values() if one.number == reference), None)
        invoice = invoice or self._world.invoices.get(_as_id(reference))
        return {"invoice": self._world.invoice_detail(invoice)} if invoice else None

    def _schedule(self, reference: str) -> dict[str, Any] | None:
        schedule = self._world.schedules.get(_as_id(reference))
        return {"schedule": self._world.schedule_detail(schedule)} if schedule else None

    def _customer(self, reference: str) -> dict[str, Any] | None:
        customer = self._world.customers.get(_as_id(reference))
        return {"customer": self._world.customer_detail(customer)} if customer else None

    def _settings(self) -> dict[str, Any]:
        return {
            "ticket_status_list": list(self._world.statuses),
            "default_labor_product_id": None,
            "ticket_types": [],
            "users": [{"id": 1, "name": "Sample Technician"}],
        }

    def _me(self, _query: Mapping[str, str]) -> Answer:
        """The token's user; like the real thing it repeats the token, which therefore must not be printed."""
        payload = {
            "user_token": self._token,
            "user_email": "sample.technician@example.com",
            "user_name": "Sample Technician",
            "user_id": 1,
            "admin": False,
            "can_use_app": True,
            "two_factor_required": False,
            "subdomain": "sample",
            "default_location": None,
            "enable_multi_locations": False,
            "locations_allowed": [],
            "permissions": self._world.permissions,
        }
        return Answer(payload=payload)


def _error(status: int, text: str) -> Answer:
    return Answer(status, {"error": text})


def _as_id(reference: str) -> int:
    """The id that a path segment names; -1, which nothing has, where it is not a number."""
    return int(reference) if re.fullmatch(r"[0-9]{1,18}", reference) else -1


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("Invalid date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _has_status(ticket: Ticket, wanted: str) -> bool:
    return ticket.status != "Resolved" if wanted == "Not Closed" else ticket.status == wanted


_Filter = tuple[Callable[[str], Any], Callable[[Record, Any], bool]]
"""How a query parameter's text is read, and whether a record passes for that value."""


def _filtered(
    records: Iterable[Record], query: Mapping[str, str], filters: Mapping[str, _Filter[Record]]
) -> list[Record]:
    """The records that pass every filter that was sent; empty values and unknown parameters are ignored."""
    kept = list(records)
    for name, (read, keeps) in filters.items():
        if query.get(name):
            value = read(query[name])
            kept = [record for record in kept if keeps(record, value)]
    return kept


_TICKET_FILTERS: Mapping[str, _Filter[Ticket]] = {
    "number": (str, lambda ticket, number: str(ticket.number) == number),
    "customer_id": (str, lambda ticket, customer_id: str(ticket.customer_id) == customer_id),
    "status": (str, _has_status),
    "resolved_after": (_time, lambda ticket, time: ticket.resolved_at is not None and ticket.resolved_at > time),
    "created_after": (_time, lambda ticket, time: ticket.created_at > time),
    "since_updated_at": (_time, lambda ticket, time: ticket.updated_at >= time),
}
_INVOICE_FILTERS: Mapping[str, _Filter[Invoice]] = {
    "ticket_id": (str, lambda invoice, ticket_id: str(invoice.ticket_id) == ticket_id),
    "customer_id": (str, lambda invoice, customer_id: str(invoice.customer_id) == customer_id),
    "since_updated_at": (_time, lambda invoice, time: invoice.updated_at >= time),
    "paid": (str, lambda invoice, wanted: invoice.paid or wanted != "true"),
    "unpaid": (str, lambda invoice, wanted: not invoice.paid or wanted != "true"),
}
_SCHEDULE_FILTERS: Mapping[str, _Filter[Schedule]] = {
    "customer_id": (str, lambda schedule, customer_id: str(schedule.customer_id) == customer_id),
}
