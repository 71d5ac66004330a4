"""Snoozes and marks."""

from __future__ import annotations

from datetime import timedelta

from bot.store.memory import Memory
from bot.store.records import MarkRecord
from tests.store.factory import NOW, a_mark, a_snooze, digest, moment_of


def test_a_snooze_ends_by_itself(memory: Memory) -> None:
    memory.snooze(a_snooze("a", until=3))
    assert memory.history(NOW).snoozes == (a_snooze("a", until=3),)
    assert memory.history(moment_of(3) - timedelta(microseconds=1)).snoozes == (a_snooze("a", until=3),)
    assert memory.history(moment_of(3)).snoozes == ()


def test_a_later_snooze_replaces_the_earlier(memory: Memory) -> None:
    memory.snooze(a_snooze("a", until=3))
    memory.snooze(a_snooze("a", until=1, reason="sooner"))
    assert memory.history(NOW).snoozes == (a_snooze("a", until=1, reason="sooner"),)


def test_snoozes_come_in_the_order_in_which_they_end(memory: Memory) -> None:
    for ticket, until in (("a", 30), ("b", 4), ("c", 400)):
        memory.snooze(a_snooze(ticket, until=until))
    assert [snooze.ticket_id for snooze in memory.history(NOW).snoozes] == ["b", "a", "c"]


def test_a_ticket_can_be_woken_early(memory: Memory) -> None:
    memory.snooze(a_snooze("a", until=3))
    for _ in range(2):
        memory.wake("a", by="U1", at=NOW)
    assert memory.history(NOW).snoozes == ()


def test_a_snoozed_ticket_still_stands(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "1.00"}), key="mon")
    memory.snooze(a_snooze("a", until=3))
    assert [standing.ticket_id for standing in memory.history(NOW).standing] == ["a"]


def test_a_mark_holds_until_it_is_undone_and_who_undid_it_is_kept(memory: Memory) -> None:
    memory.mark(a_mark("a"))
    assert memory.history(moment_of(400)).marks == (a_mark("a"),)
    assert memory.unmark("a", by="UOTHER", at=moment_of(2))
    assert memory.history(NOW).marks == ()
    assert memory.marks_since(NOW) == (MarkRecord(a_mark("a"), "UOTHER", moment_of(2)),)


def test_undoing_a_mark_that_is_not_there_says_so_and_changes_nothing(memory: Memory) -> None:
    memory.mark(a_mark("a"))
    memory.unmark("a", by="UFIRST", at=moment_of(1))
    assert not memory.unmark("a", by="USECOND", at=moment_of(2))
    assert memory.marks_since(NOW)[0].undone_by == "UFIRST"


def test_a_mark_repeated_by_a_job_that_was_cut_off_is_one_mark(memory: Memory) -> None:
    memory.mark(a_mark("a"))
    memory.mark(a_mark("a"))
    assert memory.marks_since(NOW) == (MarkRecord(a_mark("a")),)
    memory.unmark("a", by="UOTHER", at=moment_of(1))
    memory.mark(a_mark("a"))
    assert memory.history(NOW).marks == ()


def test_a_new_mark_replaces_the_old_and_the_old_is_kept(memory: Memory) -> None:
    memory.mark(a_mark("a"))
    newer = a_mark("a", by="UOTHER", reason="warranty", day=1)
    memory.mark(newer)
    assert memory.history(NOW).marks == (newer,)
    assert memory.marks_since(NOW) == (MarkRecord(a_mark("a"), "UOTHER", moment_of(1)), MarkRecord(newer))


def test_the_list_of_marks_begins_at_its_moment(memory: Memory) -> None:
    for day, ticket in enumerate("abc"):
        memory.mark(a_mark(ticket, day=day))
    assert [record.mark.ticket_id for record in memory.marks_since(moment_of(1))] == ["b", "c"]
