"""What an answer may cost in API calls: counted by the server, so the same on every machine."""

from __future__ import annotations

import pytest

from bot.billing.findings import Verdict
from bot.sandbox.sample_worlds import INCIDENT_TICKET, incident
from bot.sandbox.syncro_world import ListRows
from tests.benchmarks.scenarios import measure_memo, measure_ours


@pytest.mark.parametrize("rows", list(ListRows))
def test_a_directly_linked_ticket_costs_at_most_four_calls(rows: ListRows) -> None:
    measured, report = measure_ours(incident(), [str(INCIDENT_TICKET)], rows, latency=0.0)
    assert report.findings[0].verdict is Verdict.INVOICED
    assert measured.calls == report.api_calls <= 4


@pytest.mark.parametrize("rows", list(ListRows))
def test_the_incident_costs_at_most_45_percent_of_the_memos_calls(rows: ListRows) -> None:
    sample = incident()
    ours, report = measure_ours(sample, sample.numbers, rows, latency=0.0)
    memo = measure_memo(sample, sample.numbers, rows, latency=0.0, pause=lambda _: None)
    assert {finding.ticket_number: finding.verdict for finding in report.findings} == dict(sample.expected)
    assert ours.calls == report.api_calls
    assert ours.calls <= 0.45 * memo.calls
