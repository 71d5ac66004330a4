"""Subscriptions, reports of wrong warnings, and the statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.billing.rules.verdicts import WarningEnding
from bot.store.memory import Memory
from bot.store.records import Statistics, Subscription, WrongReport
from tests.store.factory import NOW, digest, moment_of, not_invoiced

EVIDENCE: dict[str, Any] = {
    "verdict": "not_invoiced",
    "receipt": [{"listed": 20, "text": "\x00 \ud83d ü"}],
    "none": None,
}


def test_a_person_has_one_subscription_the_latest(memory: Memory) -> None:
    memory.subscribe(Subscription("U2"), at=NOW)
    memory.subscribe(Subscription("U1", customers=("Kittle", "Möbel & Söhne")), at=NOW)
    memory.subscribe(Subscription("U2", mine=True), at=NOW)
    expected = (Subscription("U1", customers=("Kittle", "Möbel & Söhne")), Subscription("U2", mine=True))
    assert memory.subscriptions() == expected
    assert [subscription.is_everything for subscription in expected] == [False, False]
    assert Subscription("U3").is_everything


def test_a_person_can_unsubscribe(memory: Memory) -> None:
    memory.subscribe(Subscription("U1"), at=NOW)
    assert memory.unsubscribe("U1", by="U1", at=NOW)
    assert not memory.unsubscribe("U1", by="U1", at=NOW)
    assert memory.subscriptions() == ()


def test_a_report_keeps_its_evidence_as_it_was(memory: Memory) -> None:
    memory.report_wrong("a", "na", by="U1", at=NOW, evidence=EVIDENCE)
    assert memory.wrong_reports() == (WrongReport("a", "na", "U1", NOW, EVIDENCE),)


def test_a_report_repeated_by_a_job_that_was_cut_off_is_one_report(memory: Memory) -> None:
    for _ in range(2):
        memory.report_wrong("a", "na", by="U1", at=NOW, evidence=EVIDENCE)
    assert len(memory.wrong_reports()) == 1


def test_evidence_that_json_cannot_say_is_refused(memory: Memory) -> None:
    with pytest.raises(sa.exc.StatementError):
        memory.report_wrong("a", "na", by="U1", at=NOW, evidence={"seconds": float("nan")})
    assert memory.wrong_reports() == ()


def test_reports_come_oldest_first(memory: Memory) -> None:
    for day in (2, 0, 1):
        memory.report_wrong("a", "na", by="U1", at=moment_of(day), evidence={})
    assert [report.at for report in memory.wrong_reports()] == [moment_of(0), moment_of(1), moment_of(2)]


def test_there_is_no_rate_before_the_first_warning(memory: Memory) -> None:
    assert memory.statistics().false_alarm_rate is None


def test_a_warning_counts_once_however_often_it_is_said_or_reported(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "1.00", "b": "1.00", "c": "1.00"}), key="mon")
    memory.remember_run(digest(1, {"a": "1.00", "b": "1.00"}, {"c": WarningEnding.INVOICED}), key="tue")
    memory.warn(not_invoiced("a"), None, at=moment_of(1), source="check")
    for person in ("U1", "U2"):
        memory.report_wrong("a", "na", by=person, at=NOW, evidence={})
    memory.retract("b", invoice_number="67501", at=moment_of(2))
    memory.warn(not_invoiced("b"), None, at=moment_of(3), source="check")
    assert memory.statistics() == Statistics(warnings_said=4, reported_wrong=1, retracted=1)
    assert memory.statistics().false_alarm_rate == 0.25


def test_a_report_belongs_to_the_warning_that_was_last_said(memory: Memory) -> None:
    for day in (0, 2):
        memory.warn(not_invoiced("a"), None, at=moment_of(day), source="check")
        memory.report_wrong("a", "na", by="U1", at=moment_of(day), evidence={})
        memory.retract("a", invoice_number="67501", at=moment_of(day + 1))
    assert memory.statistics() == Statistics(warnings_said=2, reported_wrong=2, retracted=2)


def test_a_report_about_a_ticket_never_warned_about_is_kept_but_is_no_false_alarm(memory: Memory) -> None:
    memory.warn(replace(not_invoiced("a")), None, at=NOW, source="check")
    memory.report_wrong("b", "nb", by="U1", at=NOW, evidence={})
    assert len(memory.wrong_reports()) == 1
    assert memory.statistics().false_alarm_rate == 0.0
