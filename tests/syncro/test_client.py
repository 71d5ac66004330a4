"""The read-only client over real HTTP: what it sends, what it makes of the answers, when it gives up."""

from __future__ import annotations

import gzip
import inspect
import math
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.syncro.exchange import Answer
from bot.sandbox.syncro.world import World
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro.errors import (
    FailureKind,
    ForbiddenError,
    NotFoundError,
    SyncroError,
    UnauthorisedError,
    UnavailableError,
    UnreadableError,
)
from bot.syncro.exchange import Timeouts
from bot.syncro.retries import FOR_NOBODY, FOR_PEOPLE, RetryPolicy
from tests.patience import PATIENCE
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import (
    HTML_PAGE,
    JSON_NULL,
    DropConnection,
    Edit,
    Effect,
    Fault,
    Garbage,
    MissingKeys,
    Slow,
    Status,
    too_many_requests,
    truncated_json,
)
from tests.syncro.raw_server import RawServer, drip, flood, once

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
TOKEN = "T0ken-that-must-stay-secret"
QUICK = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002, patience=10, rate_limit_patience=10)
ONCE = RetryPolicy(attempts=1, rate_limit_patience=0)
INVOICE_JSON = b'{"invoice": {"id": 1, "number": "2", "ticket_id": null, "line_items": []}}'


@contextmanager
def client_of(
    base_url: str,
    *,
    token: str = TOKEN,
    retries: RetryPolicy = QUICK,
    timeouts: Timeouts | None = None,
    budget: RateBudget | None = None,
) -> Iterator[SyncroClient]:
    timeouts = timeouts or Timeouts(connect=PATIENCE, read=PATIENCE, total=PATIENCE)
    budget = budget or RateBudget(1000, window_seconds=0.01)
    client = SyncroClient(base_url, token, budget=budget, retries=retries, timeouts=timeouts)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def world() -> World:
    return World(now=NOW)


@pytest.fixture
def sandbox(world: World) -> Iterator[FaultySyncro]:
    with FaultySyncro(world, token=TOKEN, requests_per_minute=None) as running:
        yield running


@pytest.fixture
def client(sandbox: FaultySyncro) -> Iterator[SyncroClient]:
    with client_of(sandbox.base_url) as made:
        yield made


# --- what is sent ---


def heard_by_a_raw_server(token: str = TOKEN) -> bytes:
    body = INVOICE_JSON
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    with RawServer(once(answer + body)) as server, client_of(server.url, token=token) as client:
        client.invoice("A/1 ?#")
        (heard,) = server.requests
        return heard


def test_the_token_goes_out_bare_in_the_authorization_header() -> None:
    assert f"\r\nAuthorization: {TOKEN}\r\n".encode() in heard_by_a_raw_server()


def test_what_netrc_holds_for_the_host_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    heard = heard_by_a_raw_server()
    assert b"Basic" not in heard
    assert f"\r\nAuthorization: {TOKEN}\r\n".encode() in heard


def test_a_reference_is_percent_encoded_into_one_path_segment() -> None:
    assert heard_by_a_raw_server().startswith(b"GET /api/v1/invoices/A%2F1%20%3F%23 HTTP/1.1\r\n")


def test_an_invoice_number_with_reserved_characters_is_found(world: World, client: SyncroClient) -> None:
    made = world.add_invoice(number="A/1 ?#")
    assert client.invoice("A/1 ?#").value.id == str(made.id)


@pytest.mark.parametrize("reference", ["..", ".", "../tickets/1", "%2e%2e"])
def test_a_reference_of_dots_never_asks_for_another_resource(
    sandbox: FaultySyncro, client: SyncroClient, reference: str
) -> None:
    with pytest.raises(SyncroError):
        client.invoice(reference)
    assert not [call for call in sandbox.calls if call.path.startswith("/tickets")]


def test_times_are_sent_in_full_and_in_utc(sandbox: FaultySyncro, client: SyncroClient) -> None:
    since = datetime.fromisoformat("2026-05-04T01:30:00+02:00")
    client.invoices(customer_id="7", updated_since=since, page=3)
    (call,) = sandbox.calls
    assert call.query == {"customer_id": "7", "since_updated_at": "2026-05-03T23:30:00Z", "page": "3"}


def test_every_method_only_ever_gets(sandbox: FaultySyncro, client: SyncroClient) -> None:
    """Whatever methods the client has, each is called here: none of them can write."""
    names = [name for name, _ in inspect.getmembers(SyncroClient, callable) if not name.startswith("_")]
    for name in names:
        if name != "close":
            method = getattr(client, name)
            needed = [one for one in inspect.signature(method).parameters.values() if one.default is one.empty]
            with suppress(NotFoundError):
                method(*[NOW if "datetime" in str(one.annotation) else "1" for one in needed])
    assert len(sandbox.calls) == len(names) - 1 >= 6
    assert {call.method for call in sandbox.calls} == {"GET"}


def test_cookies_are_neither_kept_nor_sent_back() -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with RawServer(once(answer % len(INVOICE_JSON) + INVOICE_JSON)) as server, client_of(server.url) as client:
        client.invoice("1")
        client.invoice("1")
        assert len(server.requests) == 2
        assert b"ookie" not in b"".join(server.requests)


def test_a_redirect_is_not_followed_so_the_token_stays_here(sandbox: FaultySyncro, client: SyncroClient) -> None:
    with RawServer(once(b"")) as elsewhere:
        location = {"Location": f"{elsewhere.url}/invoices/1"}
        sandbox.faults.append(Fault("/invoices/.+", Status(302, {}, location)))
        with pytest.raises(UnreadableError, match="redirects elsewhere"):
            client.invoice("1")
        assert elsewhere.requests == []
    assert len(sandbox.calls) == 1


# --- what is made of it ---


def test_a_ticket_row_is_typed(world: World, client: SyncroClient) -> None:
    ticket = world.add_ticket(number=32223, tag_list=["a", "b"], billing_status="Held")
    page = client.find_tickets("32223").value
    (row,) = page.rows
    assert (row.id, row.number, row.customer_id) == (str(ticket.id), "32223", str(ticket.customer_id))
    assert (row.tag_list, row.billing_status, row.status) == (("a", "b"), "Held", "Resolved")
    assert row.created_at == ticket.created_at
    assert row.created_at is not None
    assert row.created_at.tzinfo is UTC
    assert page.is_last


def test_a_ticket_detail_is_typed(world: World, client: SyncroClient) -> None:
    ticket = world.add_ticket()
    charge = world.add_charge(ticket, "12.35", quantity=2)
    line = world.convert(charge, world.add_invoice())
    world.add_timer(ticket, 45, billable=False, charge=charge)
    detail = client.ticket(str(ticket.id)).value
    (item,), (timer,) = detail.line_items, detail.ticket_timers
    assert (item.amount, item.converted, item.item_id) == (Decimal("24.70"), True, str(line.id))
    assert (timer.billable, timer.recorded, timer.ticket_line_item_id) == (False, False, str(charge.id))
    assert timer.start_time is not None
    assert timer.end_time == timer.start_time + timedelta(minutes=45)


def test_an_invoice_detail_is_typed(world: World, client: SyncroClient) -> None:
    ticket = world.add_ticket()
    invoice = world.bill_by_ticket_id(ticket, number="67469", invoice_id=1650000001, total="75.00")
    detail = client.invoice("67469").value
    assert (detail.id, detail.number, detail.ticket_id) == ("1650000001", "67469", str(ticket.id))
    assert detail.total == Decimal("75.0")
    assert isinstance(detail.total, Decimal)
    assert [line.id for line in detail.line_items] == [str(invoice.lines[0].id)]


def test_a_page_knows_whether_more_follow(world: World) -> None:
    customer = world.add_customer()
    for _ in range(3):
        world.add_invoice(customer)
    with FaultySyncro(world, page_size=2) as sandbox, client_of(sandbox.base_url, token=sandbox.token) as client:
        first = client.invoices(customer_id=str(customer.id)).value
        second = client.invoices(customer_id=str(customer.id), page=2).value
    assert (len(first.rows), first.total_pages, first.is_last) == (2, 2, False)
    assert (len(second.rows), second.total_pages, second.is_last) == (1, 2, True)


@pytest.mark.parametrize(("count", "is_last"), [(24, True), (25, False)])
def test_without_meta_a_page_shorter_than_25_is_the_last(world: World, count: int, is_last: bool) -> None:
    for _ in range(count):
        world.add_invoice()
    faults = [Fault("/invoices", MissingKeys("meta"))]
    with FaultySyncro(world, faults=faults) as sandbox, client_of(sandbox.base_url, token=sandbox.token) as client:
        assert client.invoices().value.is_last is is_last


def test_recurring_invoices_are_typed(world: World, client: SyncroClient) -> None:
    schedule = world.add_schedule(world.add_customer(), name="Monthly", paused=True)
    (row,) = client.schedules(str(schedule.customer_id)).value.rows
    assert (row.name, row.paused, row.invoice_unbilled_ticket_charges) == ("Monthly", True, True)
    assert row.next_run == schedule.next_run


def test_the_token_s_permissions_can_be_read(client: SyncroClient) -> None:
    assert client.me().value["permissions"]["invoice"]["read"] is True


# --- each failure is named by what the caller can do ---


def _page(status: int) -> Effect:
    return lambda _: Answer(status, raw=b"\n <html>Not here", content_type="text/html")


_NEVER_BETTER: list[tuple[Effect, type[SyncroError], FailureKind, str]] = [
    (Status(401, {"error": "Invalid token"}), UnauthorisedError, FailureKind.UNAUTHORISED, "SYNCRO_API_TOKEN"),
    (Status(403), ForbiddenError, FailureKind.FORBIDDEN, "Invoices - View Details"),
    (Status(404), NotFoundError, FailureKind.NOT_FOUND, "no such record"),
    (Status(301), UnreadableError, FailureKind.UNREADABLE, "SYNCRO_BASE_URL"),
    (Status(302, {}, {"Location": "/login"}), UnreadableError, FailureKind.UNREADABLE, "SYNCRO_BASE_URL"),
    (Status(400), UnreadableError, FailureKind.UNREADABLE, "400"),
    (Status(422), UnreadableError, FailureKind.UNREADABLE, "422"),
    (Garbage(b""), UnreadableError, FailureKind.UNREADABLE, "not JSON"),
    (HTML_PAGE, UnreadableError, FailureKind.UNREADABLE, "not JSON"),
    (_page(404), UnreadableError, FailureKind.UNREADABLE, "SYNCRO_BASE_URL"),
    (_page(422), UnreadableError, FailureKind.UNREADABLE, "web page"),
    (JSON_NULL, UnreadableError, FailureKind.UNREADABLE, 'holds no "invoice"'),
    (truncated_json, UnreadableError, FailureKind.UNREADABLE, "not JSON"),
    (Garbage(b""), UnreadableError, FailureKind.UNREADABLE, "not JSON"),
    (Garbage(b"\xff\xfe\x00"), UnreadableError, FailureKind.UNREADABLE, "not JSON"),
    (Garbage(b"[" * 100_000), UnreadableError, FailureKind.UNREADABLE, "not JSON"),
    (Garbage(b"[1]"), UnreadableError, FailureKind.UNREADABLE, 'holds no "invoice"'),
    (Garbage(b'{"invoice": []}'), UnreadableError, FailureKind.UNREADABLE, 'holds no "invoice"'),
    (MissingKeys("ticket_id"), UnreadableError, FailureKind.UNREADABLE, "ticket_id"),
    (MissingKeys("line_items"), UnreadableError, FailureKind.UNREADABLE, "line_items"),
    (MissingKeys("id"), UnreadableError, FailureKind.UNREADABLE, "id"),
    (MissingKeys("number"), UnreadableError, FailureKind.UNREADABLE, "number"),
    (Edit(lambda body: {"invoice": {**body["invoice"], "line_items": None}}), UnreadableError,
     FailureKind.UNREADABLE, "line_items"),
    (Edit(lambda body: {"invoice": {**body["invoice"], "line_items": [{"id": 1}]}}), UnreadableError,
     FailureKind.UNREADABLE, "no item, name or description"),
]  # fmt: skip


@pytest.mark.parametrize(("effect", "error", "kind", "says"), _NEVER_BETTER)
def test_what_does_not_get_better_is_not_tried_again(
    sandbox: FaultySyncro,
    world: World,
    client: SyncroClient,
    effect: Effect,
    error: type[SyncroError],
    kind: FailureKind,
    says: str,
) -> None:
    invoice = world.add_invoice()
    sandbox.faults.append(Fault("/invoices/.+", effect))
    with pytest.raises(error) as raised:
        client.invoice(invoice.number)
    assert raised.value.kind is kind
    assert says in str(raised.value)
    assert f"Reading invoice {invoice.number}: " in str(raised.value)
    assert raised.value.calls == len(sandbox.calls) == 1


_LISTS: list[tuple[str, Effect]] = [
    ("HTML", HTML_PAGE),
    ("null", JSON_NULL),
    ("no rows", MissingKeys("invoices")),
    ("rows that are no list", Edit(lambda body: {**body, "invoices": {}})),
    ("another page", Edit(lambda body: {**body, "meta": {"total_pages": 9, "page": 7}})),
]


@pytest.mark.parametrize(("name", "effect"), _LISTS, ids=[name for name, _ in _LISTS])
def test_a_list_that_is_not_as_documented_is_unreadable(
    sandbox: FaultySyncro, world: World, client: SyncroClient, name: str, effect: Effect
) -> None:
    world.add_invoice()
    sandbox.faults.append(Fault("/invoices", effect))
    with pytest.raises(UnreadableError, match=r"page 1 of the invoice list|invoice list"):
        client.invoices()
    assert len(sandbox.calls) == 1, name


@pytest.mark.parametrize("meta", [None, [], {"total_pages": 0}, {"total_pages": "x"}, {"total_pages": True}])
def test_a_meta_that_is_nonsense_is_as_good_as_none(
    sandbox: FaultySyncro, world: World, client: SyncroClient, meta: Any
) -> None:
    world.add_invoice()
    sandbox.faults.append(Fault("/invoices", Edit(lambda body: {**body, "meta": meta})))
    page = client.invoices().value
    assert (page.total_pages, page.is_last) == (None, True)


@pytest.mark.parametrize("missing", ["ticket_timers", "line_items"])
def test_a_ticket_detail_without_timers_or_charges_is_unreadable(
    sandbox: FaultySyncro, world: World, client: SyncroClient, missing: str
) -> None:
    ticket = world.add_ticket()
    sandbox.faults.append(Fault("/tickets/.+", MissingKeys(missing)))
    with pytest.raises(UnreadableError, match=missing):
        client.ticket(str(ticket.id))


def test_a_me_that_is_no_object_is_unreadable(sandbox: FaultySyncro, client: SyncroClient) -> None:
    sandbox.faults.append(Fault("/me", JSON_NULL))
    with pytest.raises(UnreadableError):
        client.me()


_TRANSIENT: list[Effect] = [Status(500), Status(502), Status(503), Status(504), DropConnection(), DropConnection(9)]


@pytest.mark.parametrize("effect", _TRANSIENT)
def test_what_may_get_better_is_tried_a_few_times_and_then_unavailable(
    sandbox: FaultySyncro, world: World, client: SyncroClient, effect: Effect
) -> None:
    invoice = world.add_invoice()
    sandbox.faults.append(Fault("/invoices/.+", effect))
    with pytest.raises(UnavailableError, match=r"\(3 tries\)\. Try again in a few minutes\.$") as raised:
        client.invoice(invoice.number)
    assert raised.value.calls == len(sandbox.calls) == QUICK.attempts


@pytest.mark.parametrize("effect", _TRANSIENT)
def test_what_gets_better_is_read_and_the_tries_are_counted(
    sandbox: FaultySyncro, world: World, client: SyncroClient, effect: Effect
) -> None:
    invoice = world.add_invoice()
    sandbox.faults.append(Fault("/invoices/.+", effect, count=2))
    reply = client.invoice(invoice.number)
    assert (reply.value.id, reply.calls) == (str(invoice.id), 3)
    assert len(sandbox.calls) == 3


def test_no_listener_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with client_of(f"http://127.0.0.1:{port}/api/v1", retries=ONCE) as client:
        with pytest.raises(UnavailableError, match="no connection to Syncro") as raised:
            client.me()
        assert str(port) not in str(raised.value)


def test_an_answer_that_comes_too_late_is_unavailable(sandbox: FaultySyncro) -> None:
    sandbox.faults.append(Fault("/me", Slow(5)))
    with (
        client_of(sandbox.base_url, retries=ONCE, timeouts=Timeouts(connect=2, read=0.1, total=2)) as client,
        pytest.raises(UnavailableError, match="did not answer in time"),
    ):
        client.me()


# --- Retry-After ---


def test_a_429_is_waited_out_for_the_seconds_that_it_names(sandbox: FaultySyncro, client: SyncroClient) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests(1), count=1))
    assert client.me().calls == 2
    first, second = sandbox.calls
    assert 1.0 <= second.at - first.at < 10


def test_a_429_is_waited_out_until_the_date_that_it_names(sandbox: FaultySyncro, client: SyncroClient) -> None:
    until = datetime.now(UTC) + timedelta(seconds=2)  # an HTTP date has whole seconds: 1 to 2 of them remain
    sandbox.faults.append(Fault("/me", too_many_requests(until), count=1))
    assert client.me().calls == 2
    assert datetime.now(UTC) >= until.replace(microsecond=0)
    first, second = sandbox.calls
    assert second.at - first.at < 10


def test_a_429_without_a_time_is_tried_again_with_growing_waits(sandbox: FaultySyncro, client: SyncroClient) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests(), count=6))
    assert client.me().calls == 7, "a 429 says that we came too early: it is no failed attempt"


def test_a_429_that_asks_for_more_patience_than_we_have_is_given_up_at_once(sandbox: FaultySyncro) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests(3600)))
    patient = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002, rate_limit_patience=1)
    began = time.monotonic()
    refused = pytest.raises(UnavailableError, match="too many requests")
    with client_of(sandbox.base_url, retries=patient) as client, refused:
        client.me()
    assert time.monotonic() - began < PATIENCE
    assert len(sandbox.calls) == 1


def test_a_person_is_told_how_long_syncro_asks_to_wait_and_nobody_else_asks_meanwhile(sandbox: FaultySyncro) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests(600)))
    budget = RateBudget(1000)
    with client_of(sandbox.base_url, budget=budget, retries=FOR_PEOPLE) as client:
        for calls in (1, 0):
            with pytest.raises(UnavailableError, match=r"Syncro asks to wait 10 minutes;.* Ask again then\.") as told:
                client.me()
            assert told.value.calls == calls
    assert len(sandbox.calls) == 1


def test_a_person_waits_a_pause_of_two_minutes_out_and_the_background_minutes_of_failures() -> None:
    assert FOR_PEOPLE.longest_pause == 120
    assert (FOR_NOBODY.longest_pause, FOR_NOBODY.patience) == (math.inf, 180)
    assert FOR_NOBODY.attempts * FOR_NOBODY.longest_wait / 2 > FOR_NOBODY.patience


def test_429s_without_end_are_given_up_when_patience_ends(sandbox: FaultySyncro) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests()))
    patient = RetryPolicy(attempts=3, first_wait=0.02, longest_wait=0.05, rate_limit_patience=0.5)
    began = time.monotonic()
    refused = pytest.raises(UnavailableError, match="too many requests")
    with client_of(sandbox.base_url, retries=patient) as client, refused as raised:
        client.me()
    assert time.monotonic() - began < PATIENCE
    assert raised.value.calls == len(sandbox.calls) > QUICK.attempts


def test_a_429_holds_back_everybody_who_shares_the_budget(sandbox: FaultySyncro) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests(1)))
    budget = RateBudget(1000, window_seconds=0.01)
    impatient = RetryPolicy(attempts=1, rate_limit_patience=0.5)
    with (
        client_of(sandbox.base_url, budget=budget, retries=impatient) as one,
        client_of(sandbox.base_url, budget=budget) as other,
    ):
        with pytest.raises(UnavailableError):
            one.me()  # refused, and asked for more patience than it has
        other.find_tickets("1")
    refused, allowed = sandbox.calls[-2:]
    assert (refused.status, allowed.status) == (429, 200)
    assert allowed.at - refused.at >= 1.0


def test_429s_use_up_no_attempts_of_other_failures(sandbox: FaultySyncro, client: SyncroClient) -> None:
    sandbox.faults.append(Fault("/me", too_many_requests(), count=4))
    sandbox.faults.append(Fault("/me", Status(502), count=6))  # decided first, but the 429 is what is answered
    assert client.me().calls == 7, "four times too early, then two of three attempts failed"


# --- answers that never end ---

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_ENDLESS = {
    "announced length": drip(_HEAD + b"Content-Length: 900000\r\n\r\n", b" ", 0.02),
    "no length": drip(_HEAD + b"\r\n", b" ", 0.02),
    "chunks": drip(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02),
    "flood": flood(_HEAD + b"\r\n", b" " * 1_000_000),
}


@pytest.mark.parametrize("name", _ENDLESS)
def test_an_answer_without_end_is_given_up(name: str) -> None:
    timeouts = Timeouts(connect=2, read=2, total=0.5)
    began = time.monotonic()
    with (
        RawServer(_ENDLESS[name]) as server,
        client_of(server.url, retries=ONCE, timeouts=timeouts) as client,
        pytest.raises(UnavailableError, match="took too long or did not end"),
    ):
        client.me()
    assert time.monotonic() - began < PATIENCE


_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
_ZIPPED = gzip.compress(INVOICE_JSON)
_WHOLE = {
    "chunks": _CHUNKED + b"5\r\n%s\r\n45\r\n%s\r\n0\r\n\r\n" % (INVOICE_JSON[:5], INVOICE_JSON[5:]),
    "no length": _HEAD + b"Connection: close\r\n\r\n" + INVOICE_JSON,
    "gzip": _HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_ZIPPED) + _ZIPPED,
}
_CUT = {
    "chunks": _CHUNKED + b"5\r\n" + INVOICE_JSON[:5] + b"\r\n",
    "within a chunk": _CHUNKED + b"ff\r\n" + INVOICE_JSON[:5],
    "length": _HEAD + b"Content-Length: 999\r\n\r\n" + INVOICE_JSON,
    "gzip": _HEAD + b"Content-Encoding: gzip\r\nContent-Length: 40\r\n\r\n" + b"no zip" * 7,
    "no HTTP": b"SSH-2.0-nothing here\r\n",
}


@pytest.mark.parametrize("name", _WHOLE)
def test_an_answer_is_read_whole_however_it_is_sent(name: str) -> None:
    with RawServer(once(_WHOLE[name])) as server, client_of(server.url, retries=ONCE) as client:
        assert client.invoice("2").value.number == "2"


@pytest.mark.parametrize("name", _CUT)
def test_an_answer_that_breaks_off_is_no_answer(name: str) -> None:
    with (
        RawServer(once(_CUT[name])) as server,
        client_of(server.url, retries=ONCE) as client,
        pytest.raises(UnavailableError, match="no connection to Syncro"),
    ):
        client.invoice("2")


def test_connections_are_used_again() -> None:
    answer = _HEAD + b"Content-Length: %d\r\n\r\n" % len(INVOICE_JSON) + INVOICE_JSON

    def talk(connection: socket.socket, _stop: threading.Event) -> None:
        connection.sendall(answer)
        for _ in range(2):
            assert connection.recv(65536).startswith(b"GET /api/v1/invoices/")
            connection.sendall(answer)

    with RawServer(talk) as server, client_of(server.url, retries=ONCE) as client:
        for _ in range(3):
            assert client.invoice("2").calls == 1
        assert len(server.requests) == 1, "each new connection notes its first request"


# --- secrets ---


def _every_failure() -> dict[str, Callable[[FaultySyncro], None]]:
    effects: dict[str, Effect] = {
        "401": Status(401, {"error": f"bad token {TOKEN}"}),
        "500": Status(500, {"error": TOKEN}),
        "302": Status(302, {}, {"Location": f"https://elsewhere.example/?api_key={TOKEN}"}),
        "HTML": Garbage(f"<p>{TOKEN}".encode()),
        "dropped": DropConnection(),
        "429": too_many_requests(3600),
        "not as documented": Garbage(f'{{"invoice": {{"id": ["{TOKEN}"]}}}}'.encode()),
    }

    def add(effect: Effect) -> Callable[[FaultySyncro], None]:
        return lambda sandbox: sandbox.faults.append(Fault("/invoices/.+", effect))

    return {name: add(effect) for name, effect in effects.items()}


@pytest.mark.parametrize("name", _every_failure())
def test_no_failure_tells_the_token(sandbox: FaultySyncro, client: SyncroClient, name: str) -> None:
    _every_failure()[name](sandbox)
    with pytest.raises(SyncroError) as raised:
        client.invoice("1")
    error = raised.value
    told = [str(error), repr(error), error.problem, repr(error.__dict__), "".join(traceback.format_exception(error))]
    assert TOKEN not in "\n".join(told)


def test_no_connection_failure_tells_the_token() -> None:
    with client_of("http://127.0.0.1:1/api/v1", retries=ONCE) as client:
        with pytest.raises(UnavailableError) as raised:
            client.invoice("1")
        assert TOKEN not in "".join(traceback.format_exception(raised.value))
        assert TOKEN not in repr(client) + repr(vars(client))


_UNSENDABLE = ("", f"{TOKEN}\n", f"{TOKEN}\r\nX: y", f"{TOKEN}\u2019", f"{TOKEN} x", f"\x00{TOKEN}", "\u00e9" + TOKEN)


@pytest.mark.parametrize("token", _UNSENDABLE)
def test_a_token_that_no_header_can_hold_is_refused_without_telling_it(sandbox: FaultySyncro, token: str) -> None:
    refused = pytest.raises(UnauthorisedError, match="Check SYNCRO_API_TOKEN")
    with client_of(sandbox.base_url, token=token) as client, refused as raised:
        client.me()
    assert TOKEN not in "".join(traceback.format_exception(raised.value))
    assert sandbox.calls == []


# --- clocks ---


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(timedelta(minutes=7), True), (timedelta(hours=-1), True), (timedelta(0), False)],
)
def test_how_far_our_clock_is_ahead_of_syncro_s_is_read_off_each_answer(ahead: timedelta, told: bool) -> None:
    date = format_datetime(datetime.now(UTC) - ahead, usegmt=True) if told else "yesterday"
    head = f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n"
    with RawServer(once(head.encode())) as server, client_of(server.url, retries=ONCE) as client:
        with pytest.raises(NotFoundError):
            client.invoice("9")
        assert abs(client.clock_ahead - ahead) < timedelta(minutes=1)
