"""What an answer may cost in API calls: counted by the server, so the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.sandbox.syncro.sample_worlds import INCIDENT_TICKET, incident
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import ListRows, World
from tests.benchmarks.answers import COLD_CALLS, OF_MEMO, WARM_CALLS
from tests.benchmarks.child import Order, Outcome, perform
from tests.benchmarks.digest_world import allowance, busy_day, quiet_day
from tests.benchmarks.running import sqlite
from tests.e2e import month as months
from tests.e2e.month import Plan, day

SHAPES = pytest.mark.parametrize("rows", list(ListRows))


@contextmanager
def served(world: World, rows: ListRows) -> Iterator[Callable[[Order], tuple[int, Outcome]]]:
    """A stand-in Syncro, as a function that carries out an order there and counts its calls."""
    with SyncroSandbox(world, requests_per_minute=None, list_rows=rows) as syncro:

        def carried_out(order: Order) -> tuple[int, Outcome]:
            syncro.reset_calls()
            outcome = perform(replace(order, base_url=syncro.base_url, token=syncro.token))
            return len(syncro.calls), outcome

        yield carried_out


def asking(folder: Path, numbers: list[str]) -> Order:
    return Order("check", "", "", sqlite(folder), now=datetime.now(UTC).isoformat(), tickets=numbers)


@SHAPES
def test_a_directly_linked_ticket_costs_at_most_four_calls_and_two_when_it_is_asked_again(
    tmp_path: Path, rows: ListRows
) -> None:
    order = asking(tmp_path, [str(INCIDENT_TICKET)])
    with served(incident().world, rows) as carried_out:
        for most in (COLD_CALLS, WARM_CALLS):
            calls, outcome = carried_out(order)
            assert outcome.answers == {str(INCIDENT_TICKET): "invoiced"}
            assert calls == outcome.api_calls <= most


@SHAPES
def test_the_incident_costs_at_most_40_percent_of_the_memos_calls_and_two_a_ticket_when_it_is_asked_again(
    tmp_path: Path, rows: ListRows
) -> None:
    sample = incident()
    order = asking(tmp_path, list(sample.numbers))
    pairs = [(str(ticket.id), str(ticket.customer_id)) for ticket in sample.tickets]
    with served(sample.world, rows) as carried_out:
        memo, _ = carried_out(Order("memo", "", "", pairs=pairs, pauses=False))
        for most in (OF_MEMO * memo, WARM_CALLS * len(sample.numbers)):
            calls, outcome = carried_out(order)
            assert outcome.answers == {number: verdict.value for number, verdict in sample.expected.items()}
            assert calls == outcome.api_calls <= most


@SHAPES
@pytest.mark.parametrize(("first", "change"), [("digest", quiet_day), ("sync", quiet_day), ("sync", busy_day)])
def test_a_digest_with_a_current_ledger_costs_what_has_changed_and_what_has_to_be_seen_again(
    tmp_path: Path, rows: ListRows, first: str, change: Callable[[Plan], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "INVOICES", 600)  # fewer than the benchmark's: old ones cost a warm digest nothing
    plan = months.build()
    world = plan.month.world
    order = Order(first, "", "", sqlite(tmp_path), now=day(1).isoformat())
    with served(world, rows) as carried_out:
        carried_out(order)
        earlier = plan.month.truth(day(1)) if first == "digest" else None
        change(plan)
        calls, outcome = carried_out(replace(order, what="digest", now=day(2).isoformat()))
    truth = plan.month.truth(day(2))
    said = {number for number, verdict in outcome.answers.items() if verdict == "not_invoiced"}
    assert said == truth.unbilled | truth.snoozed | truth.marked
    before = earlier.unbilled | earlier.snoozed | earlier.marked if earlier is not None else frozenset()
    allowed = allowance(world, now=day(2), before=day(1), accused=said, said=before, rows=rows)
    assert calls == outcome.api_calls
    assert calls <= allowed.calls, f"{calls} calls; allowed are {allowed.calls}: {allowed.words}"
