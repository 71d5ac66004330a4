"""Warnings said one by one, where they stand in Slack, and how they are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bot.billing.rules.verdicts import Verdict, WarningEnding
from bot.messages.poster import Posted
from bot.store.memory import Memory
from bot.store.records import Claim, KeptPost, PostedWarning, Statistics
from tests.store.factory import NOW, day_of, digest, moment_of, not_invoiced

HERE = Posted("C1", "1700000000.000100")
THERE = Posted("C2", "1700000000.000200")


def test_a_warning_in_an_answer_stands_like_one_in_a_digest(memory: Memory) -> None:
    memory.warn(not_invoiced("a", charges="12.30"), None, at=NOW, source="check")
    (standing,) = memory.history(NOW).standing
    assert (standing.ticket_id, standing.first_said, standing.amount) == ("a", day_of(0), Decimal("12.30"))


def test_a_warning_is_first_said_on_the_day_it_is_where_the_office_is(memory: Memory) -> None:
    auckland = timezone(timedelta(hours=13))
    memory.warn(not_invoiced("a"), None, at=datetime(2026, 11, 23, 0, 30, tzinfo=auckland), source="check")
    assert memory.history(NOW).standing[0].first_said == date(2026, 11, 23)
    assert memory.warnings_of("a")[0].said_at.isoformat() == "2026-11-22T11:30:00+00:00"


def test_a_question_keeps_the_amount_that_a_digest_said(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "99.00"}), key="mon")
    memory.warn(not_invoiced("a", charges="10.00"), HERE, at=moment_of(1), source="check")
    assert memory.history(NOW).standing[0].amount == Decimal("99.00")
    assert len(memory.warnings_of("a")) == 1


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.NOT_INVOICED])
def test_only_a_proved_not_invoiced_is_a_warning(memory: Memory, verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="na"):
        memory.warn(replace(not_invoiced("a"), verdict=verdict), HERE, at=NOW, source="check")
    assert memory.posted_warnings() == ()
    assert memory.history(NOW).standing == ()


def test_where_a_warning_stands_is_remembered_once(memory: Memory) -> None:
    for _ in range(2):
        memory.warn(not_invoiced("a"), HERE, at=NOW, source="check", thread_ts="1699.1")
    memory.warn(not_invoiced("b"), HERE, at=NOW, source="check", thread_ts="1699.1")
    memory.warn(not_invoiced("a"), THERE, at=moment_of(1), source="digest")
    first = PostedWarning("a", "na", HERE.channel, HERE.ts, "1699.1", "check")
    second = PostedWarning("a", "na", THERE.channel, THERE.ts, None, "digest")
    assert memory.posted_warnings(["a", "zzz"]) == (first, second)
    assert [posted.ticket_id for posted in memory.posted_warnings()] == ["a", "b", "a"]
    assert memory.posted_warnings([]) == ()


def test_messages_can_be_looked_up_for_more_tickets_than_a_statement_may_name(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    assert len(memory.posted_warnings([*(str(number) for number in range(70_000)), "a"])) == 1


def test_a_retraction_ends_the_warning_and_forgets_its_messages(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    memory.warn(not_invoiced("b"), HERE, at=NOW, source="check")
    for _ in range(2):
        memory.retract("a", invoice_number="67501", at=moment_of(1))
    (record,) = memory.warnings_of("a")
    assert (record.ended_at, record.ending, record.invoice_number) == (moment_of(1), WarningEnding.INVOICED, "67501")
    assert record.retracted_at == moment_of(1)
    assert [posted.ticket_id for posted in memory.posted_warnings()] == ["b"]
    assert [standing.ticket_id for standing in memory.history(NOW).standing] == ["b"]


def test_a_message_posted_while_the_others_were_edited_is_not_forgotten(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    edited = memory.posted_warnings(["a"])
    memory.warn(not_invoiced("a"), THERE, at=NOW, source="check")
    memory.retract("a", invoice_number="67501", at=moment_of(1), messages=edited)
    assert [posted.channel for posted in memory.posted_warnings(["a"])] == [THERE.channel]


def test_messages_outlive_a_warning_that_a_run_ended(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    memory.remember_run(digest(1, {}, {"a": WarningEnding.INVOICED}), key="tue")
    assert len(memory.posted_warnings(["a"])) == 1
    memory.retract("a", invoice_number="67501", at=moment_of(2))
    (record,) = memory.warnings_of("a")
    assert (record.ended_at, record.retracted_at) == (moment_of(1), moment_of(2))
    assert memory.posted_warnings(["a"]) == ()


def test_of_several_jobs_one_takes_a_warning_back_and_may_claim_it_again(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")

    first = memory.claim_retraction("a", by="job 1", at=NOW)
    again = memory.claim_retraction("a", by="job 1", at=NOW)
    second = memory.claim_retraction("a", by="job 2", at=NOW)

    assert [message.ts for message in first.messages] == [HERE.ts]
    assert (again, first.others_at_work) == (first, False)
    assert second == Claim((), others_at_work=True)


def test_a_claim_lapses_after_a_day_and_what_was_not_taken_back_is_free_at_once(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    memory.claim_retraction("a", by="job 1", at=NOW)
    assert not memory.claim_retraction("a", by="job 2", at=NOW + timedelta(hours=23)).messages
    assert memory.claim_retraction("a", by="job 2", at=NOW + timedelta(hours=24)).messages

    memory.retract("a", invoice_number="67501", at=NOW, messages=(), by="job 2")

    assert memory.claim_retraction("a", by="job 3", at=NOW).messages


def test_a_message_posted_after_a_claim_is_there_for_the_next_job(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    memory.claim_retraction("a", by="job 1", at=NOW)
    memory.warn(not_invoiced("a"), THERE, at=NOW, source="check")

    claim = memory.claim_retraction("a", by="job 2", at=NOW)

    assert ([message.ts for message in claim.messages], claim.others_at_work) == ([THERE.ts], True)


def test_a_ticket_warned_about_after_a_retraction_is_a_new_warning(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), HERE, at=NOW, source="check")
    memory.retract("a", invoice_number="67501", at=moment_of(1))
    memory.warn(not_invoiced("a"), THERE, at=moment_of(2), source="check")
    assert [record.retracted_at for record in memory.warnings_of("a")] == [moment_of(1), None]
    assert memory.history(NOW).standing[0].first_said == day_of(2)


def test_a_retraction_of_what_was_never_said_is_harmless(memory: Memory) -> None:
    memory.retract("a", invoice_number="67501", at=NOW)
    assert memory.statistics() == Statistics(0, 0, 0)


def test_texts_that_a_database_cannot_hold_do_not_lose_the_warning(memory: Memory) -> None:
    finding = replace(not_invoiced("a"), customer="Kit\x00tle \ud83d, '; DROP TABLE x; -- \U0001f9fe")
    memory.warn(finding, None, at=NOW, source="check")
    assert memory.history(NOW).standing[0].customer == "Kittle ?, '; DROP TABLE x; -- \U0001f9fe"


def test_old_messages_are_forgotten_with_their_evidence_unless_they_say_what_still_stands(memory: Memory) -> None:
    kept = KeptPost("words", (), (), {"1": {"subject": "printer"}})
    standing, settled, lately = Posted("C1", "1"), Posted("C1", "2"), Posted("C1", "3")
    for place, ticket, at in ((standing, "1", NOW), (settled, "2", NOW), (lately, "3", moment_of(20))):
        memory.keep_post(place, kept, at=at)
        memory.warn(not_invoiced(ticket), place, at=at, source="check")
    memory.remember_run(digest(1, {"1": "10.00"}, {"2": WarningEnding.GONE, "3": WarningEnding.GONE}), key="run")

    assert memory.purge(moment_of(10)) == 1

    assert [memory.post_at(place) is None for place in (standing, settled, lately)] == [False, True, False]
    assert {each.ticket_id for each in memory.posted_warnings()} == {"1", "3"}
    assert memory.purge(moment_of(30)) == 1
    assert memory.post_at(standing) is not None
