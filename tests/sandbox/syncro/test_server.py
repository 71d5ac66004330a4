"""The stand-in Syncro behaves as the real one is known to, over real HTTP, and breaks as it is told to."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from bot.sandbox.syncro.world import ListRows, World
from tests.patience import PATIENCE
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import (
    HTML_PAGE,
    JSON_NULL,
    DropConnection,
    Edit,
    Fault,
    IgnoreFilter,
    MissingKeys,
    Mutate,
    Slow,
    Status,
    WrongDetail,
    too_many_requests,
    truncated_json,
)

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class Caller:
    """One keep-alive session that talks to a sandbox with its token."""

    def __init__(self, sandbox: FaultySyncro) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = sandbox.token

    def __call__(self, path: str, **query: object) -> requests.Response:
        params = {name: str(value) for name, value in query.items()}
        return self.session.get(self.sandbox.base_url + path, params=params, timeout=PATIENCE)

    def json(self, path: str, **query: object) -> Any:
        response = self(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def numbers(self, **query: object) -> list[str]:
        return [row["number"] for row in self.json("/invoices", **query)["invoices"]]


@pytest.fixture
def world() -> World:
    return World(now=NOW)


@pytest.fixture
def sandbox(world: World) -> Iterator[FaultySyncro]:
    with FaultySyncro(world) as running:
        yield running


@pytest.fixture
def ask(sandbox: FaultySyncro) -> Iterator[Caller]:
    caller = Caller(sandbox)
    yield caller
    caller.session.close()


# --- who may ask, and how ---


@pytest.mark.parametrize("header", [None, "wrong", "Bearer wrong", "Token sandbox-token"])
def test_without_the_token_everything_is_401(sandbox: FaultySyncro, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    response = requests.get(f"{sandbox.base_url}/me", headers=headers, timeout=PATIENCE)
    assert (response.status_code, list(response.json())) == (401, ["error"])


@pytest.mark.parametrize("header", ["sandbox-token", "Bearer sandbox-token"])
def test_the_bare_token_and_the_bearer_form_are_accepted(sandbox: FaultySyncro, header: str) -> None:
    response = requests.get(f"{sandbox.base_url}/me", headers={"Authorization": header}, timeout=PATIENCE)
    assert response.json()["permissions"]["invoice"]["read"] is True


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(ask: Caller, method: str) -> None:
    response = ask.session.request(method, f"{ask.sandbox.base_url}/tickets", json={"sample": 1}, timeout=PATIENCE)
    assert response.status_code == 405


@pytest.mark.parametrize(
    "path", ["/tickets/1", "/invoices/1", "/schedules/1", "/customers/1", "/nothing", "/invoices/x"]
)
def test_what_is_not_there_is_a_404_in_json(ask: Caller, path: str) -> None:
    response = ask(path)
    assert (response.status_code, response.json()) == (404, {"error": "Not found"})


def test_paths_outside_the_api_are_not_found(ask: Caller) -> None:
    outside = ask.sandbox.base_url.removesuffix("/api/v1") + "/invoices"
    assert ask.session.get(outside, timeout=PATIENCE).status_code == 404


# --- tickets, schedules, customers ---


def test_a_ticket_is_found_by_its_number_and_read_by_its_id(ask: Caller, world: World) -> None:
    ticket = world.add_ticket()
    world.add_ticket()
    (row,) = ask.json("/tickets", number=ticket.number)["tickets"]
    assert (row["id"], row["number"]) == (ticket.id, ticket.number)
    assert ask.json(f"/tickets/{ticket.id}")["ticket"]["ticket_timers"] == []
    assert ask(f"/tickets/{ticket.number}").status_code == 404


def test_ticket_filters_narrow_the_list(ask: Caller, world: World) -> None:
    old = world.add_ticket(created_at=NOW - timedelta(days=40))
    ongoing = world.add_ticket(status="In Progress")
    done = world.add_ticket()
    week = (NOW - timedelta(days=12)).isoformat()

    def found(**query: object) -> list[int]:
        return [row["id"] for row in ask.json("/tickets", **query)["tickets"]]

    assert found() == [done.id, ongoing.id, old.id]
    assert found(status="In Progress") == [ongoing.id]
    assert found(status="Not Closed") == [ongoing.id]
    assert found(customer_id=old.customer_id) == [old.id]
    assert found(resolved_after=week) == [done.id]
    assert found(created_after=week) == found(since_updated_at=week) == [done.id, ongoing.id]


def test_a_time_that_is_none_is_refused_instead_of_ignored(ask: Caller) -> None:
    assert ask("/tickets", resolved_after="yesterday").status_code == 400


def test_the_statuses_of_the_account_are_listed(ask: Caller, world: World) -> None:
    world.statuses.append("Sample status")
    assert "Sample status" in ask.json("/tickets/settings")["ticket_status_list"]


def test_schedules_are_listed_by_customer_without_meta(ask: Caller, world: World) -> None:
    schedule = world.add_schedule(world.add_customer())
    world.add_schedule(world.add_customer())
    answer = ask.json("/schedules", customer_id=schedule.customer_id)
    assert list(answer) == ["schedules"]
    assert [row["id"] for row in answer["schedules"]] == [schedule.id]
    assert ask.json(f"/schedules/{schedule.id}")["schedule"]["invoice_unbilled_ticket_charges"] is True


def test_a_customer_is_read_by_id(ask: Caller, world: World) -> None:
    customer = world.add_customer("Sample & Sons")
    assert ask.json(f"/customers/{customer.id}")["customer"]["business_then_name"] == "Sample & Sons"


# --- invoices ---


def test_invoices_come_newest_first_in_pages_of_25_with_meta(ask: Caller, world: World) -> None:
    made = [world.add_invoice(created_at=NOW - timedelta(hours=hours // 2)) for hours in range(60)]
    expected = [one.number for one in sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)]
    pages = [ask.json("/invoices", page=page) for page in (1, 2, 3, 4)]
    assert [len(page["invoices"]) for page in pages] == [25, 25, 10, 0]
    assert [page["meta"] for page in pages] == [{"total_pages": 3, "page": page} for page in (1, 2, 3, 4)]
    assert [row["number"] for page in pages for row in page["invoices"]] == expected


def test_rows_have_the_documented_shape_without_line_items(ask: Caller, world: World) -> None:
    invoice = world.bill_by_ticket_id(world.add_ticket())
    (row,) = ask.json("/invoices")["invoices"]
    assert (row["id"], row["number"], row["ticket_id"]) == (invoice.id, invoice.number, invoice.ticket_id)
    assert "line_items" not in row


def test_rows_can_have_the_memo_s_shape_with_nothing_to_link_by(world: World) -> None:
    world.bill_by_ticket_id(world.add_ticket())
    with FaultySyncro(world, list_rows=ListRows.MEMO) as sandbox:
        (row,) = Caller(sandbox).json("/invoices")["invoices"]
    assert row.keys() == {"number", "total", "status", "created_at", "customer_id"}


def test_the_ticket_filter_finds_only_an_invoice_s_own_ticket_id(ask: Caller, world: World) -> None:
    ticket = world.add_ticket()
    world.bill_by_line_item(ticket)
    world.bill_by_line_text(ticket)
    assert ask.numbers(ticket_id=ticket.id) == []
    third_party = world.bill_third_party(ticket)
    assert ask.numbers(ticket_id=ticket.id) == [third_party.number]


def test_invoice_filters_narrow_the_list(ask: Caller, world: World) -> None:
    old = world.add_invoice(created_at=NOW - timedelta(days=90))
    paid = world.add_invoice(paid=True)
    assert ask.numbers(customer_id=old.customer_id) == [old.number]
    assert ask.numbers(since_updated_at="2026-04-01T00:00:00Z") == [paid.number]
    assert ask.numbers(since_updated_at="2026-04-01") == [paid.number]
    assert (ask.numbers(paid="true"), ask.numbers(unpaid="true")) == ([paid.number], [old.number])
    assert ask.numbers(sample_filter="unknown") == [paid.number, old.number]


def test_an_invoice_is_read_by_id_or_number_in_an_envelope(ask: Caller, world: World) -> None:
    invoice = world.bill_by_ticket_id(world.add_ticket())
    assert ask.json(f"/invoices/{invoice.id}") == ask.json(f"/invoices/{invoice.number}")
    detail = ask.json(f"/invoices/{invoice.id}")["invoice"]
    assert detail["ticket_id"] == invoice.ticket_id
    assert [line["id"] for line in detail["line_items"]] == [invoice.lines[0].id]


def test_a_number_that_is_another_s_id_shadows_it(ask: Caller, world: World) -> None:
    shadowed = world.add_invoice(invoice_id=67_000)
    shadow = world.add_invoice(number="67000")
    assert ask.json("/invoices/67000")["invoice"]["id"] == shadow.id
    assert ask.json(f"/invoices/{shadowed.number}")["invoice"]["id"] == shadowed.id


def test_an_odd_invoice_number_is_found_percent_encoded(ask: Caller, world: World) -> None:
    world.add_invoice(number="S/1 #2?")
    assert ask.json("/invoices/S%2F1%20%232%3F")["invoice"]["number"] == "S/1 #2?"


# --- the rate limit and the record of calls ---


def test_more_than_the_limit_in_a_rolling_window_is_429_with_retry_after(world: World) -> None:
    with FaultySyncro(world, requests_per_minute=3, window_seconds=0.3) as sandbox:
        ask = Caller(sandbox)
        answers = [ask("/me") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "1"
        assert (sandbox.refused, sandbox.most_calls_in_window()) == (1, 4)
        threading.Event().wait(0.31)
        assert ask("/me").status_code == 200


def test_a_limit_of_none_admits_everything(world: World) -> None:
    with FaultySyncro(world, requests_per_minute=None) as sandbox:
        ask = Caller(sandbox)
        assert {ask("/me").status_code for _ in range(200)} == {200}
        assert sandbox.refused == 0


def test_the_busiest_window_is_counted_over_all_calls(ask: Caller) -> None:
    for _ in range(3):
        ask("/me")
    assert ask.sandbox.most_calls_in_window() == 3
    assert ask.sandbox.most_calls_in_window(seconds=1e-9) == 1


def test_every_call_is_recorded_until_reset(ask: Caller) -> None:
    before = time.monotonic()
    ask("/invoices", customer_id=7, page=2)
    ask("/tickets/0")
    first, second = ask.sandbox.calls
    assert (first.method, first.path, first.status) == ("GET", "/invoices", 200)
    assert first.query == {"customer_id": "7", "page": "2"}
    assert (second.path, second.status) == ("/tickets/0", 404)
    assert before <= first.at <= second.at <= time.monotonic()
    ask.sandbox.reset_calls()
    assert ask.sandbox.calls == []


def test_waiting_for_calls_that_do_not_come_ends_in_a_timeout(sandbox: FaultySyncro) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        sandbox.wait_for_calls(1, timeout=0.01)


def test_the_world_can_be_changed_while_the_server_runs(ask: Caller) -> None:
    assert ask.numbers() == []
    with ask.sandbox.locked() as world:
        invoice = world.add_invoice()
    assert ask.numbers() == [invoice.number]


def test_a_slow_call_counts_when_it_arrives_and_does_not_hold_up_the_end(
    world: World,
) -> None:
    def get(url: str, token: str) -> str:
        try:
            requests.get(url, headers={"Authorization": token}, timeout=5 * PATIENCE)
        except requests.ConnectionError:
            return "dropped"
        return "answered"

    others = set(threading.enumerate())
    with ThreadPoolExecutor(1) as pool:
        with FaultySyncro(world, faults=[Fault("/me", Slow(10 * PATIENCE))]) as sandbox:
            under_way = pool.submit(get, f"{sandbox.base_url}/me", sandbox.token)
            (call,) = sandbox.wait_for_calls(1)
            assert (call.path, under_way.done()) == ("/me", False)
        assert under_way.result(PATIENCE) == "dropped"
    assert "syncro-sandbox" not in {thread.name for thread in set(threading.enumerate()) - others}


def test_a_port_that_is_taken_is_an_error_at_once(sandbox: FaultySyncro, world: World) -> None:
    taken = int(sandbox.base_url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"), FaultySyncro(world, port=taken):
        pass


# --- faults ---


def test_a_status_fault_hits_only_its_path_and_its_turns(ask: Caller) -> None:
    fault = Fault("/invoices", Status(503, {"error": "Sample outage"}), skip=1, count=2)
    ask.sandbox.faults.append(fault)
    assert [ask("/invoices").status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert ask("/invoices/1").status_code == 404
    assert ask.sandbox.fired(fault) == 2


def test_a_fault_can_look_at_the_query(ask: Caller) -> None:
    ask.sandbox.faults.append(Fault("/invoices", Status(500), query=lambda query: query.get("page") == "2"))
    assert [ask("/invoices", page=page).status_code for page in (1, 2, 3)] == [200, 500, 200]


def test_equal_looking_faults_are_counted_apart_and_nest(ask: Caller) -> None:
    ask.sandbox.faults += [Fault("/me", Status(500), count=1), Fault("/me", Status(502), count=1)]
    assert [ask("/me").status_code for _ in range(2)] == [500, 200]
    ask.sandbox.faults[:] = [Fault("/me", Slow(0.05)), Fault("/me", Status(502))]
    answer = ask("/me")
    assert (answer.status_code, answer.elapsed >= timedelta(seconds=0.05)) == (502, True)


def test_429_says_when_to_come_back_in_seconds_or_as_a_date(ask: Caller) -> None:
    later = NOW + timedelta(seconds=90)
    ask.sandbox.faults += [Fault(path, too_many_requests(after)) for path, after in (("/me", 7), ("/tickets", later))]
    ask.sandbox.faults.append(Fault("/invoices", too_many_requests()))
    assert (ask("/me").status_code, ask("/me").headers["Retry-After"]) == (429, "7")
    assert parsedate_to_datetime(ask("/tickets").headers["Retry-After"]) == later
    assert "Retry-After" not in ask("/invoices").headers
    assert ask.sandbox.refused == 0


def test_garbage_comes_with_status_200(ask: Caller) -> None:
    ask.sandbox.faults += [
        Fault("/me", HTML_PAGE),
        Fault("/tickets", JSON_NULL),
        Fault("/invoices", truncated_json),
    ]
    page = ask("/me")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")
    assert ask.json("/tickets") is None
    half = ask("/invoices")
    assert half.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        half.json()


@pytest.mark.parametrize("after_bytes", [0, 10])
def test_a_dropped_connection_is_an_error_of_the_connection(ask: Caller, after_bytes: int) -> None:
    ask.sandbox.faults.append(Fault("/me", DropConnection(after_bytes), count=1))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask("/me")
    assert ask("/me").status_code == 200


def test_an_ignored_filter_answers_as_if_it_was_not_sent_but_is_recorded(ask: Caller, world: World) -> None:
    ticket = world.add_ticket()
    world.add_invoice()
    world.add_invoice()
    ask.sandbox.faults += [
        Fault("/invoices", IgnoreFilter("ticket_id")),
        Fault("/tickets", IgnoreFilter("number")),
    ]
    assert len(ask.numbers(ticket_id=ticket.id)) == 2
    assert ask.json("/tickets", number="1")["tickets"][0]["id"] == ticket.id
    assert ask.sandbox.calls[0].query == {"ticket_id": str(ticket.id)}


def test_a_wrong_detail_is_another_invoice(ask: Caller, world: World) -> None:
    asked, other, third = (world.add_invoice() for _ in range(3))
    ask.sandbox.faults.append(Fault(f"/invoices/({asked.id}|{asked.number})", WrongDetail()))
    ask.sandbox.faults.append(Fault(f"/invoices/{other.id}", WrongDetail(third.number)))
    assert ask.json(f"/invoices/{asked.number}")["invoice"]["id"] == other.id
    assert ask.json(f"/invoices/{asked.id}")["invoice"]["id"] == other.id
    assert ask.json(f"/invoices/{other.id}")["invoice"]["id"] == third.id


def test_keys_can_be_missing_from_a_record_from_rows_and_from_the_list(ask: Caller, world: World) -> None:
    invoice = world.add_invoice()
    ask.sandbox.faults += [
        Fault("/invoices/.*", MissingKeys("ticket_id")),
        Fault("/invoices", MissingKeys("meta", "updated_at")),
    ]
    assert "ticket_id" not in ask.json(f"/invoices/{invoice.id}")["invoice"]
    answer = ask.json("/invoices")
    assert list(answer) == ["invoices"]
    assert "updated_at" not in answer["invoices"][0]
    assert "id" in answer["invoices"][0]


def test_any_other_change_of_an_answer_is_an_edit(ask: Caller) -> None:
    ask.sandbox.faults.append(Fault("/me", Edit(lambda payload: [payload["user_id"]])))
    assert ask.json("/me") == [1]


def _insert(world: World) -> object:
    return world.add_invoice(created_at=NOW)


def _delete_newest(world: World) -> None:
    world.delete_invoice(max(world.invoices.values(), key=lambda one: (one.created_at, one.id)))


@pytest.mark.parametrize(
    ("change", "seen_twice", "never_seen"), [(_insert, 1, 0), (_delete_newest, 0, 1)], ids=["inserted", "deleted"]
)
def test_rows_slide_between_pages_when_the_world_changes_after_the_first(
    ask: Caller, world: World, change: Callable[[World], object], seen_twice: int, never_seen: int
) -> None:
    there = {world.add_invoice().number for _ in range(30)}
    ask.sandbox.faults.append(Fault("/invoices", Mutate(after=change), count=1))
    seen = [number for page in (1, 2) for number in ask.numbers(page=page)]
    assert len(seen) - len(set(seen)) == seen_twice
    assert len(there - set(seen)) == never_seen


def test_a_change_before_the_answer_shows_in_it(ask: Caller, world: World) -> None:
    invoice = world.add_invoice()
    gone = Mutate(before=lambda changed: changed.delete_invoice(changed.invoices[invoice.id]))
    ask.sandbox.faults.append(Fault(re.escape(f"/invoices/{invoice.id}"), gone, count=1))
    assert ask.numbers() == [invoice.number]
    assert ask(f"/invoices/{invoice.id}").status_code == 404


def test_faults_do_not_spend_their_turns_on_refused_requests(ask: Caller) -> None:
    ask.sandbox.faults.append(Fault("/me", Status(500), count=1))
    assert requests.get(f"{ask.sandbox.base_url}/me", timeout=PATIENCE).status_code == 401
    assert ask("/me").status_code == 500
