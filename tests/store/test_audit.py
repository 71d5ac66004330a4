"""The audit table: every decision leaves a row, no row is ever changed, and old ones go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.store.audit import Act, AuditEntry, AuditQuery
from bot.store.memory import Memory
from bot.store.records import Subscription
from tests.store.factory import NOW, a_mark, a_snooze, moment_of

ALL = AuditQuery()
ANSWER = AuditEntry(
    at=NOW,
    act=Act.ANSWERED,
    who="U1",
    where="C1",
    what="32223 --fresh",
    ticket_number="32223",
    ticket_id="109554336",
    verdict="invoiced",
    invoices=("67469", "67470"),
    evidence="ab" * 32,
    evidence_bytes=812,
)


def acts(memory: Memory) -> list[tuple[str, str, str, str, str]]:
    return [(each.act.value, each.who, each.ticket_number, each.what, each.why) for each in memory.audit(ALL)]


def test_an_entry_comes_back_as_it_was_noted(memory: Memory) -> None:
    memory.note([ANSWER])
    memory.note_at_once(replace(ANSWER, act=Act.REFUSED, at=moment_of(1)))

    assert memory.audit(ALL) == (ANSWER, replace(ANSWER, act=Act.REFUSED, at=moment_of(1)))


def test_what_a_job_notes_again_under_its_key_is_there_once(memory: Memory) -> None:
    for _ in range(2):
        memory.note([ANSWER, replace(ANSWER, ticket_number="32224")], key="check:1")
    memory.note([ANSWER])
    memory.note([ANSWER])

    assert [each.ticket_number for each in memory.audit(ALL)] == ["32223", "32224", "32223", "32223"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (AuditQuery(ticket="32223"), [0, 2]),
        (AuditQuery(who="U2"), [1, 2]),
        (AuditQuery(since=moment_of(1)), [1, 2]),
        (AuditQuery(ticket="32223", who="U2"), [2]),
        (AuditQuery(limit=2), [1, 2]),
        (AuditQuery(ticket="1"), []),
    ],
)
def test_entries_are_found_by_ticket_person_and_time_the_latest_last(
    memory: Memory, query: AuditQuery, found: list[int]
) -> None:
    noted = [
        ANSWER,
        replace(ANSWER, who="U2", ticket_number="32224", at=moment_of(1)),
        replace(ANSWER, who="U2", at=moment_of(2)),
    ]
    memory.note(noted)

    assert memory.audit(query) == tuple(noted[index] for index in found)


def test_a_ticket_is_found_by_number_and_id_and_a_refusal_by_the_name_that_was_asked_for(memory: Memory) -> None:
    failed = replace(ANSWER, act=Act.FAILED, ticket_number="id:109554336", ticket_id="", what="id:109554336")
    refused = replace(ANSWER, act=Act.REFUSED, ticket_number="", ticket_id="", what="32224, #32223 please")
    longer = replace(refused, what="132223 32223x 32_23")
    noted = [ANSWER, failed, refused, longer, replace(longer, act=Act.ANSWERED, ticket_number="132223")]
    memory.note(noted)

    assert memory.audit(AuditQuery(ticket="32223")) == (ANSWER, refused)
    assert memory.audit(AuditQuery(ticket="109554336")) == (ANSWER, failed)
    assert memory.audit(AuditQuery(ticket="32_23")) == (longer,)


def test_no_row_can_be_changed(memory: Memory, engine: sa.Engine) -> None:
    memory.note([ANSWER])

    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="only added to"):
        connection.exec_driver_sql("UPDATE invoice_bot_audit SET person = 'U2'")

    assert memory.audit(ALL) == (ANSWER,)


def test_every_decision_leaves_a_row_with_who_and_why(memory: Memory) -> None:
    memory.snooze(a_snooze("a", until=2))
    memory.wake("a", by="U2", at=NOW)
    memory.wake("a", by="U3", at=NOW)
    memory.mark(a_mark("a"))
    memory.mark(a_mark("a"))
    memory.unmark("a", by="U2", at=NOW)
    memory.unmark("a", by="U3", at=NOW)
    memory.subscribe(Subscription("U4", customers=("Kittle", "Acme")), at=NOW)
    memory.unsubscribe("U4", by="U5", at=NOW)
    memory.unsubscribe("U4", by="U5", at=NOW)
    memory.report_wrong("a", "na", by="U6", at=NOW, evidence={"remark": "on 67501"})

    assert acts(memory) == [
        ("snoozed", "UMANAGER", "na", f"until {moment_of(2).isoformat()}", "waiting for parts"),
        ("woken", "U2", "na", "", ""),
        ("marked", "UMANAGER", "na", "non-billable", "goodwill"),
        ("unmarked", "U2", "na", "", ""),
        ("subscribed", "U4", "", "Kittle, Acme", ""),
        ("unsubscribed", "U5", "", "U4", ""),
        ("reported wrong", "U6", "na", "", "on 67501"),
    ]


def test_a_long_text_is_cut(memory: Memory) -> None:
    memory.note([replace(ANSWER, what="x" * 10_000, why="y" * 10_000)])

    (entry,) = memory.audit(ALL)
    assert (len(entry.what), len(entry.why)) == (500, 500)


def test_a_purge_forgets_what_is_older_and_only_that(memory: Memory) -> None:
    memory.note([ANSWER, replace(ANSWER, at=moment_of(1))])
    memory.report_wrong("a", "na", by="U1", at=NOW - timedelta(days=1), evidence={"remark": "subject and all"})
    memory.report_wrong("a", "na", by="U1", at=moment_of(1), evidence={"remark": "later"})

    assert memory.purge_audit(moment_of(1)) == 2

    assert [each.at for each in memory.audit(ALL)] == [moment_of(1), moment_of(1)]
    assert [report.evidence for report in memory.wrong_reports()] == [{}, {"remark": "later"}]


# Settings


def started(memory: Memory, plain: dict[str, str], secret: dict[str, str], day: int = 0) -> list[tuple[str, str]]:
    """Start with these settings. Returns what the start left in the audit table."""
    memory.note_settings(plain, secret, where="serve", at=moment_of(day))
    entries = memory.audit(AuditQuery(since=moment_of(day)))
    assert {(entry.act, entry.who, entry.where) for entry in entries} <= {(Act.SETTINGS, "invoice-bot", "serve")}
    return [(entry.what, entry.why) for entry in entries]


def test_a_start_notes_the_settings_that_have_changed_with_what_they_were(memory: Memory) -> None:
    assert started(memory, {"MANAGERS": "U1", "SCAN_LIMIT": ""}, {}) == [("MANAGERS=U1", "")]
    assert started(memory, {"MANAGERS": "U1", "SCAN_LIMIT": ""}, {}, day=1) == []
    assert started(memory, {"MANAGERS": "U1, U2", "SCAN_LIMIT": "50"}, {}, day=2) == [
        ("MANAGERS=U1, U2", "was U1"),
        ("SCAN_LIMIT=50", ""),
    ]
    assert started(memory, {"MANAGERS": "", "SCAN_LIMIT": "50"}, {}, day=3) == [
        ("MANAGERS as by default", "was U1, U2")
    ]


def test_of_a_secret_only_its_name_is_noted_and_nothing_of_it_kept(memory: Memory, engine: sa.Engine) -> None:
    assert started(memory, {}, {"TOKEN": "xoxb-one"}) == [("TOKEN set", "")]
    assert started(memory, {}, {"TOKEN": "xoxb-one"}, day=1) == []
    assert started(memory, {}, {"TOKEN": "xoxb-two"}, day=2) == [("TOKEN changed", "")]
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT value FROM invoice_bot_settings_seen").scalars().all()
    assert "xoxb" not in " ".join(kept)
    assert started(memory, {}, {"TOKEN": ""}, day=3) == [("TOKEN removed", "")]
    assert started(memory, {}, {"TOKEN": ""}, day=4) == []
