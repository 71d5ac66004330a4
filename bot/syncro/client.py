"""The read-only client: one `requests` session, the rate budget, retries, and typed answers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import requests
from pydantic import BaseModel, ValidationError
from requests.auth import AuthBase

from bot.counting import counted
from bot.syncro.budget import CallBudget, PausedError
from bot.syncro.errors import SyncroError, UnauthorisedError, UnavailableError, UnreadableError
from bot.syncro.exchange import Exchanger, Received, Timeouts
from bot.syncro.http_dates import moment_from_http_date
from bot.syncro.json_answers import OversizedError, json_of
from bot.syncro.models import (
    CustomerDetail,
    InvoiceDetail,
    InvoiceRow,
    Page,
    Record,
    Schedule,
    TicketDetail,
    TicketRow,
    storable,
)
from bot.syncro.refusals import (
    is_web_page,
    missing_permission,
    quoted,
    refusal,
    says_which,
    words_in,
    words_of,
    wrong_token,
)
from bot.syncro.retries import RetryPolicy, TransientError, seconds_from_retry_after
from bot.syncro.tokens import bare, can_be_sent

MOST_ROWS_A_PAGE = 1_000
"""Rows in one page of a list: forty times what Syncro sends."""

_COUNTS = ("total_entries", "total_count", "total_records", "total")
"""How lists of this family of APIs name the number of their rows."""

TOKEN_STANDS = 60.0
"""Seconds for which an answer tells whether the token is taken."""

Value = TypeVar("Value")
Row = TypeVar("Row", bound=Record)
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Reply(Generic[Value]):
    """What was read, and how many requests it took (retries included)."""

    value: Value
    calls: int


class _TokenRefusedError(Exception):
    """A 401: the token is wrong, or a permission is missing. The text is what Syncro says."""


class _RawToken(AuthBase):
    """The token goes into `Authorization` as it is. As an auth object it also keeps ~/.netrc out of it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._token
        return request

    def hidden_in(self, text: str) -> str:
        """The text without the token: a server may repeat it."""
        return text.replace(bare(self._token), "[hidden]")


class SyncroClient:
    """Reads from Syncro's API; it has no method that writes. Safe to share between threads.

    `base_url` ends in `/api/v1`. Every method raises one of the errors in `bot.syncro.errors`, never anything of
    `requests`, and no error text holds the token.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        budget: CallBudget,
        retries: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        connections: int = 48,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._token_can_be_sent = can_be_sent(token)
        self._probing = threading.Lock()
        self._accepted_at = self._refused_at = -math.inf
        """When the token was last seen to be taken, and refused, by the monotonic clock."""
        self._budget = budget
        self._retries = retries or RetryPolicy()
        self._understanding = threading.Lock()
        """While an answer becomes objects it takes many times its size; side by side it would go no faster."""
        self.clock_ahead = timedelta(0)
        """How far our clock was ahead of Syncro's at the latest answer, as far as its `Date` header told."""
        self._session = requests.Session()
        self._session.auth = self._token = _RawToken(token)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "invoice-bot"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._exchanger = Exchanger(self._session, timeouts or Timeouts(), connections=connections)

    @property
    def is_refused(self) -> bool:
        """Whether the token was refused when it was last looked at."""
        return self._refused_at > self._accepted_at

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def find_tickets(self, number: str, *, page: int = 1) -> Reply[Page[TicketRow]]:
        """One page of tickets that Syncro offers for a ticket number; keep only the exact ones."""
        return self._page(
            f"the list of tickets with number {number}",
            "tickets",
            {"number": number},
            "tickets",
            TicketRow,
            page,
        )

    def tickets_updated_since(
        self, moment: datetime, *, customer_id: str | None = None, page: int = 1
    ) -> Reply[Page[TicketRow]]:
        """One page of the tickets, perhaps of a customer, that changed since a moment, whatever their status."""
        filters = {"since_updated_at": _timestamp(moment), **({"customer_id": customer_id} if customer_id else {})}
        return self._page(f"page {page} of the ticket list", "tickets", filters, "tickets", TicketRow, page)

    def ticket(self, ticket_id: str) -> Reply[TicketDetail]:
        """A ticket with its timers and charges, by internal id."""
        return self._record(f"ticket id {ticket_id}", "tickets", ticket_id, "ticket", TicketDetail)

    def invoices(
        self,
        *,
        customer_id: str | None = None,
        ticket_id: str | None = None,
        updated_since: datetime | None = None,
        page: int = 1,
    ) -> Reply[Page[InvoiceRow]]:
        """One page of invoices. The filters are requests to Syncro, not promises: check the rows."""
        filters: dict[str, str] = {}
        if customer_id is not None:
            filters["customer_id"] = customer_id
        if ticket_id is not None:
            filters["ticket_id"] = ticket_id
        if updated_since is not None:
            filters["since_updated_at"] = _timestamp(updated_since)
        what = f"page {page} of the invoice list"
        return self._page(what, "invoices", filters, "invoices", InvoiceRow, page)

    def invoice(self, reference: str) -> Reply[InvoiceDetail]:
        """An invoice's detail, by id or number. Check which one came: one's number can be another's id."""
        return self._record(f"invoice {reference}", "invoices", reference, "invoice", InvoiceDetail)

    def customer(self, customer_id: str) -> Reply[CustomerDetail]:
        """A customer with its prepaid hours; takes the permission Customers - View Detail."""
        return self._record(f"customer id {customer_id}", "customers", customer_id, "customer", CustomerDetail)

    def schedules(self, customer_id: str | None, *, page: int = 1) -> Reply[Page[Schedule]]:
        """One page of a customer's recurring invoices, or of the whole account's."""
        what = f"page {page} of the recurring invoices"
        filters = {} if customer_id is None else {"customer_id": customer_id}
        return self._page(what, "schedules", filters, "schedules", Schedule, page)

    def me(self) -> Reply[dict[str, Any]]:
        """The token's user, as Syncro has it: `/me` with its permissions."""
        what = "the token's user (/me)"

        def understand(body: Any, calls: int) -> dict[str, Any]:
            if not isinstance(body, dict):
                raise UnreadableError(what, "Syncro's answer is not a JSON object", calls=calls)
            return body

        return self._get(what, "me", {}, understand)

    def tickets(self, *, page: int = 1) -> Reply[Page[TicketRow]]:
        """One page of all tickets."""
        return self._page(f"page {page} of the ticket list", "tickets", {}, "tickets", TicketRow, page)

    def ticket_statuses(self) -> Reply[tuple[str, ...]]:
        """The ticket statuses that this Syncro account has."""
        what = "the ticket settings"

        def understand(body: Any, calls: int) -> tuple[str, ...]:
            names = self._rows(what, body, "ticket_status_list", calls)
            return tuple(storable(name) for name in names if isinstance(name, str))

        return self._get(what, "tickets/settings", {}, understand)

    def _record(self, what: str, path: str, reference: str, key: str, model: type[Model]) -> Reply[Model]:
        if not reference:
            raise UnreadableError(f"a record of {path}", "Syncro's list shows no id or number of its own for it")

        def understand(body: Any, calls: int) -> Model:
            record = self._part(what, body, key, calls)
            if not isinstance(record, dict):
                raise UnreadableError(what, f'Syncro\'s answer holds no "{key}"{self._words(body)}', calls=calls)
            return _validated(what, model, record, calls)

        return self._get(what, f"{path}/{quote(reference, safe='')}", {}, understand)

    def _page(
        self, what: str, path: str, filters: Mapping[str, str], key: str, model: type[Row], page: int
    ) -> Reply[Page[Row]]:
        def understand(body: Any, calls: int) -> Page[Row]:
            rows = self._rows(what, body, key, calls)
            if len(rows) > MOST_ROWS_A_PAGE:
                raise UnreadableError(what, f"Syncro's answer holds more than {MOST_ROWS_A_PAGE:,} rows", calls=calls)
            meta = body.get("meta")
            meta = meta if isinstance(meta, dict) else {}
            if _positive(meta.get("page")) not in (None, page):
                raise UnreadableError(what, f"Syncro answered page {meta.get('page')} instead of {page}", calls=calls)
            validated = tuple(_validated(what, model, row, calls) for row in rows)
            return Page[model](  # type: ignore[valid-type]
                rows=validated,
                number=page,
                total_pages=_positive(meta.get("total_pages")),
                total_rows=next(filter(None, (_positive(meta.get(name)) for name in _COUNTS)), None),
            )

        return self._get(what, path, {**filters, "page": str(page)}, understand)

    def _part(self, what: str, body: Any, key: str, calls: int) -> Any:
        """What an answer holds under a key. An error beside it makes it doubtful."""
        if not isinstance(body, dict):
            return None
        if body.get("error") or body.get("errors") or body.get("success") is False:
            raise UnreadableError(what, f"Syncro answered with an error{self._words(body)}", calls=calls)
        return body.get(key)

    def _rows(self, what: str, body: Any, key: str, calls: int) -> list[Any]:
        rows = self._part(what, body, key, calls)
        if not isinstance(rows, list):
            raise UnreadableError(what, f'Syncro\'s answer holds no list of "{key}"{self._words(body)}', calls=calls)
        return rows

    def _words(self, body: Any) -> str:
        return quoted(self._token.hidden_in(words_of(body)))

    def _get(
        self, what: str, path: str, query: Mapping[str, str], understand: Callable[[Any, int], Value]
    ) -> Reply[Value]:
        """Ask until there is an answer, and make of it what `understand` does, given the body and the calls so far."""
        if not self._token_can_be_sent:
            raise UnauthorisedError(what, "the API token is empty or holds a character that no token has")
        calls = 0
        try:
            for attempt in self._retries.retrying():
                with attempt:
                    calls += 1
                    return Reply(self._get_once(what, path, query, calls, understand), calls)
        except TransientError as error:
            times = f" ({calls} tries)" if calls > 1 else ""
            raise UnavailableError(what, error.problem + times, calls=calls) from None
        except _TokenRefusedError as refused:
            raise self._clarified(what, path, str(refused), calls) from None
        raise AssertionError("unreachable: tenacity returns or raises")

    def _get_once(
        self,
        what: str,
        path: str,
        query: Mapping[str, str],
        calls: int,
        understand: Callable[[Any, int], Value],
    ) -> Value:
        with ExitStack() as stack:
            with self._turn(what, calls):
                answer = stack.enter_context(self._exchanger.get(f"{self._base_url}/{path}", query))
            self._judge(what, path, answer, calls)
            stack.enter_context(self._understanding)
            return understand(_json(what, answer.content, calls), calls)

    @contextmanager
    def _turn(self, what: str, calls: int) -> Iterator[None]:
        """A slot of the budget; an error where Syncro asks for more patience than the caller has."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._budget.call(self._retries.longest_pause))
            except PausedError as paused:
                raise _told_to_wait(what, paused.seconds, calls - 1) from None
            yield

    def _judge(self, what: str, path: str, answer: Received, calls: int) -> None:
        """Raise unless this is the record, as far as its status tells."""
        self._note_clock(answer.headers.get("Date"))
        if answer.status == 429:
            retry_after = seconds_from_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
            self._budget.refused(retry_after)
            if retry_after is not None and retry_after > self._retries.longest_pause:
                raise _told_to_wait(what, retry_after, calls)
            raise TransientError("Syncro says too many requests (429)", rate_limited=True, retry_after=retry_after)
        if answer.status == 200:
            self._accepted_at = time.monotonic()
            return
        words = self._token.hidden_in(words_in(answer.content))
        if answer.status >= 500:
            raise TransientError(f"Syncro answered {answer.status}{quoted(words)}")
        if answer.status == 401:
            raise _TokenRefusedError(words)
        raise refusal(what, path, answer.status, words, calls, is_page=is_web_page(answer.content))

    def _clarified(self, what: str, path: str, words: str, calls: int) -> SyncroError:
        """What a 401 means: by its words, or else by whether another endpoint refuses the token too."""
        is_permission = says_which(words)
        if is_permission is None:
            is_refused, spent = self._is_refused_elsewhere(path)
            is_permission, calls = not is_refused, calls + spent
        if is_permission:
            return missing_permission(what, path, 401, words, calls)
        self._refused_at = time.monotonic()
        return wrong_token(what, words, calls)

    def _is_refused_elsewhere(self, path: str) -> tuple[bool, int]:
        """Whether the token is refused by another endpoint as well, and how many calls it took to know."""
        with self._probing:
            recent = time.monotonic() - TOKEN_STANDS
            if max(self._accepted_at, self._refused_at) > recent:
                return self._refused_at > self._accepted_at, 0
            elsewhere = "tickets/settings" if path == "me" else "me"
            try:
                with self._budget.call(), self._exchanger.get(f"{self._base_url}/{elsewhere}", {}) as answer:
                    is_refused = answer.status == 401
            except TransientError:
                return False, 1
            if is_refused:
                self._refused_at = time.monotonic()
            else:
                self._accepted_at = time.monotonic()
            return is_refused, 1

    def _note_clock(self, header: str | None) -> None:
        told = moment_from_http_date(header or "")
        if told is not None:
            self.clock_ahead = datetime.now(UTC) - told


def _told_to_wait(what: str, seconds: float, calls: int) -> UnavailableError:
    wait = counted(math.ceil(seconds / 60), "minute")
    problem = f"Syncro asks to wait {wait}; other tools seem to use this address too"
    return UnavailableError(what, problem, calls=calls, advice="Ask again then.")


def _timestamp(moment: datetime) -> str:
    """A filter's time in full: date-only filters were seen to behave unevenly."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(what: str, content: bytearray, calls: int) -> Any:
    try:
        return json_of(content)
    except OversizedError as error:
        raise UnreadableError(what, f"Syncro's answer holds {error}", calls=calls) from None
    except (ValueError, RecursionError):
        raise UnreadableError(what, "Syncro's answer is not JSON; check SYNCRO_BASE_URL", calls=calls) from None


def _validated(what: str, model: type[Model], value: Any, calls: int) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"Syncro's answer is not as documented ({place or model.__name__}: {first['msg']})"
        raise UnreadableError(what, problem, calls=calls) from None


def _positive(value: Any) -> int | None:
    """A count of pages: 1 or more; None for anything else, so that the rows themselves must tell."""
    is_whole = isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value)
    if is_whole or (isinstance(value, str) and value.isascii() and value.isdigit()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return None
    return value
