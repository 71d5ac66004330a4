"""The whole check over real HTTP: the incident and the tour of every verdict, under both shapes of list rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import CheckReport, LinkKind, Verdict
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.sample_worlds import (
    INCIDENT_INVOICE,
    INCIDENT_TICKET,
    INCIDENT_TICKET_ID,
    Sample,
    demo_world,
    incident,
)
from bot.sandbox.syncro.world import ListRows
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro.exchange import Timeouts
from bot.syncro.retries import RetryPolicy
from bot.syncro_sessions.pooled import SyncroReader
from tests.policies import DEMO
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import Edit, Fault, Status

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@contextmanager
def reader_of(sandbox: FaultySyncro, *, budget: RateBudget | None = None) -> Iterator[SyncroReader]:
    client = SyncroClient(
        sandbox.base_url,
        sandbox.token,
        budget=budget or RateBudget(10_000),
        retries=RetryPolicy(attempts=2, first_wait=0.001, longest_wait=0.002, patience=20),
        timeouts=Timeouts(connect=2, read=5, total=10),
    )
    reader = SyncroReader(client, clock=lambda: NOW + timedelta(seconds=3))
    try:
        yield reader
    finally:
        reader.close()
        client.close()


def check(sandbox: FaultySyncro, *numbers: str, budget: RateBudget | None = None) -> CheckReport:
    with reader_of(sandbox, budget=budget) as reader:
        verifier = Verifier(DEMO, SyncroPages("https://sample.example"))
        with reader.session() as session:
            return verifier.check(numbers, session, started_at=NOW)


@contextmanager
def serving(sample: Sample, rows: ListRows, *faults: Fault) -> Iterator[FaultySyncro]:
    with FaultySyncro(sample.world, list_rows=rows, requests_per_minute=None, faults=faults) as sandbox:
        yield sandbox


@pytest.mark.parametrize("rows", ListRows)
@pytest.mark.parametrize("build", [demo_world, incident])
def test_every_sample_ticket_gets_exactly_its_verdict_and_its_link(
    build: Callable[[datetime], Sample], rows: ListRows
) -> None:
    sample = build(NOW)
    with serving(sample, rows) as sandbox:
        report = check(sandbox, *sample.numbers)
        assert report.api_calls == len(sandbox.calls)
    assert {finding.ticket_number: finding.verdict for finding in report.findings} == sample.expected
    strongest = {finding.ticket_number: finding.invoices[0].link for finding in report.findings if finding.invoices}
    assert strongest == sample.links
    for finding in report.findings:
        for link in finding.invoices:
            ticket = sample.world.ticket_numbered(finding.ticket_number)
            assert sample.world.bills(sample.world.invoice_numbered(link.number), ticket)
    assert (report.outage, report.seconds) == ("", 3.0)


def test_the_sample_worlds_show_all_eight_verdicts() -> None:
    assert set(demo_world(NOW).expected.values()) == set(Verdict)


@pytest.mark.parametrize("rows", ListRows)
def test_the_incident_s_31_tickets_are_29_invoiced_and_2_non_billable(rows: ListRows) -> None:
    sample = incident(NOW)
    with serving(sample, rows) as sandbox:
        verdicts = [finding.verdict for finding in check(sandbox, *sample.numbers).findings]
        calls = len(sandbox.calls)
    assert (len(verdicts), verdicts.count(Verdict.INVOICED), verdicts.count(Verdict.NON_BILLABLE)) == (31, 29, 2)
    assert calls <= 4 * 29 + 3 * 2, "the memo's way took about 600"


@pytest.mark.parametrize("rows", ListRows)
def test_ticket_32223_is_invoiced_by_67469_in_at_most_4_calls(rows: ListRows) -> None:
    with serving(incident(NOW), rows) as sandbox:
        report = check(sandbox, str(INCIDENT_TICKET))
        assert len(sandbox.calls) == report.api_calls == report.findings[0].api_calls <= 4
    (finding,) = report.findings
    assert (finding.verdict, finding.ticket_id, finding.customer) == (
        Verdict.INVOICED,
        str(INCIDENT_TICKET_ID),
        "Kittle",
    )
    (link,) = finding.invoices
    assert (link.number, link.link, link.total) == (INCIDENT_INVOICE, LinkKind.TICKET_ID, Decimal("75.0"))
    assert finding.ticket_url == "https://sample.example/tickets/109554336"


@pytest.mark.parametrize("rows", ListRows)
def test_the_incident_cannot_happen_again_when_details_cannot_be_read(rows: ListRows) -> None:
    sample = incident(NOW)
    with serving(sample, rows, Fault("/invoices/.+", Status(500))) as sandbox:
        verdicts = [finding.verdict for finding in check(sandbox, *sample.numbers).findings]
    assert set(verdicts) == {Verdict.UNVERIFIED, Verdict.NON_BILLABLE}


def test_retries_are_counted_as_calls() -> None:
    flaky = Fault("/invoices/.+", Status(502), count=1)
    with serving(incident(NOW), ListRows.OPENAPI, flaky) as sandbox:
        report = check(sandbox, str(INCIDENT_TICKET))
        assert len(sandbox.calls) == report.api_calls == 5
    assert report.findings[0].verdict is Verdict.INVOICED


def test_the_whole_incident_stays_within_the_budget() -> None:
    sample = incident(NOW)
    with FaultySyncro(sample.world, requests_per_minute=40, window_seconds=0.3) as sandbox:
        report = check(sandbox, *sample.numbers, budget=RateBudget(40, window_seconds=0.3))
        assert sandbox.refused == 0
        assert sandbox.most_calls_in_window() <= 40
    assert {finding.ticket_number: finding.verdict for finding in report.findings} == sample.expected


def test_a_refused_token_is_an_outage_with_advice() -> None:
    for words, calls in (("Invalid token", 1), ("Not authorized", 2)):
        with serving(incident(NOW), ListRows.OPENAPI, Fault(".*", Status(401, {"error": words}))) as sandbox:
            report = check(sandbox, str(INCIDENT_TICKET))
            assert len(sandbox.calls) == report.api_calls == calls
        assert "Check SYNCRO_API_TOKEN" in report.outage


def test_a_missing_permission_is_named_and_takes_down_only_what_hangs_on_it() -> None:
    sample = demo_world()
    refused = Fault("/schedules", Status(401, {"error": "Not authorized"}))
    with serving(sample, ListRows.OPENAPI, refused) as sandbox:
        report = check(sandbox, *sample.numbers)
    assert report.outage == ""
    others = {finding.ticket_number: finding for finding in report.findings}
    unverified = {number: each for number, each in others.items() if each.verdict is not sample.expected[number]}
    assert {each.verdict for each in unverified.values()} == {Verdict.UNVERIFIED}
    assert all("Recurring Invoices - List" in " ".join(each.failures) for each in unverified.values())


def test_a_token_without_any_permission_is_an_outage_that_names_the_first() -> None:
    refused = Fault(".*", Status(401, {"errors": ["You do not have permission to perform this action"]}))
    with serving(incident(NOW), ListRows.OPENAPI, refused) as sandbox:
        report = check(sandbox, str(INCIDENT_TICKET))
    assert "Tickets - List/Search" in report.outage


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({"page": 1, "total_pages": 3}, "3 pages"),
        ({"page": 1.0, "total_pages": 3.0}, "3 pages"),
        ({"total_pages": 1, "total_entries": 200}, "200 rows"),
        ({"total_pages": 1, "total_count": "200"}, "200 rows"),
    ],
)
def test_that_syncro_offers_none_and_says_that_it_has_some_proves_nothing_and_is_said(meta: Any, says: str) -> None:
    sample = demo_world()
    lie = Fault("/invoices", Edit(lambda _: {"invoices": [], "meta": meta}), query=lambda query: "ticket_id" in query)
    away = Fault("/invoices", Status(500), query=lambda query: not {"ticket_id", "customer_id"} & query.keys())
    with FaultySyncro(sample.world, requests_per_minute=None, faults=[lie, away]) as syncro:
        alone = check(syncro, "32312").findings[0]
        syncro.faults = [lie]
        with_account = check(syncro, "32312").findings[0]
    assert alone.verdict is Verdict.UNVERIFIED
    assert f"yet says that it has {says} of them" in " ".join(alone.failures)
    assert with_account.verdict is Verdict.NOT_INVOICED, "the whole account was read instead"
    assert f"yet says that it has {says} of them" in with_account.receipt[0].outcome
