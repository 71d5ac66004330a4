"""What a run leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bot.billing.rules.verdicts import Verdict, WarningEnding
from bot.digest.model import AgeBand, DigestTicket, Expected, History, Settled, Standing, TrendPoint
from bot.store.memory import Memory
from tests.store.factory import NOW, day_of, digest, moment_of, not_invoiced


def _standing(memory: Memory) -> dict[str, tuple[int, str]]:
    """The n-th day it was first said, and the amount, by ticket."""
    return {s.ticket_id: ((s.first_said - day_of(0)).days, str(s.amount)) for s in memory.history(NOW).standing}


def test_a_new_store_remembers_nothing(memory: Memory) -> None:
    assert memory.history(NOW) == History()
    assert memory.history(NOW).is_first_run
    assert memory.last_digest() is None


def test_the_last_digest_is_the_last_one_of_everything(memory: Memory) -> None:
    memory.remember_run(digest(0), key="mon")
    memory.remember_run(digest(1), key="tue")
    memory.remember_run(digest(2, is_part=True), key="a part")
    assert memory.last_digest() == moment_of(1)


def test_an_unbilled_ticket_stands_with_the_day_it_was_first_said(memory: Memory) -> None:
    assert memory.remember_run(digest(0, {"a": "75.50"}), key="mon")
    assert memory.history(NOW).standing == (Standing("a", "na", "Customer of a", day_of(0), Decimal("75.50")),)


def test_a_ticket_said_again_keeps_its_first_day_and_takes_the_new_amount(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    memory.remember_run(digest(1, {"a": "0.10"}), key="tue")
    assert _standing(memory) == {"a": (0, "0.10")}


def test_a_ticket_that_a_run_does_not_mention_goes_on_standing(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    memory.remember_run(digest(1, {"b": "20.00"}), key="tue")
    assert _standing(memory) == {"a": (0, "10.00"), "b": (1, "20.00")}


def test_a_resolved_ticket_stands_no_more_and_how_it_ended_is_kept(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    memory.remember_run(digest(1, {}, {"a": WarningEnding.INVOICED}), key="tue")
    (record,) = memory.warnings_of("a")
    assert _standing(memory) == {}
    assert (record.ended_at, record.ending, record.invoice_number) == (moment_of(1), WarningEnding.INVOICED, "67501")
    assert record.retracted_at is None


def test_a_ticket_that_comes_back_is_a_new_warning_and_the_earlier_is_kept(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    memory.remember_run(digest(1, {}, {"a": WarningEnding.REOPENED}), key="tue")
    memory.remember_run(digest(2, {"a": "30.00"}), key="wed")
    earlier, present = memory.warnings_of("a")
    assert (earlier.first_said, earlier.ending, earlier.amount) == (day_of(0), WarningEnding.REOPENED, Decimal("10.00"))
    assert (present.first_said, present.ending, present.amount) == (day_of(2), None, Decimal("30.00"))
    assert _standing(memory) == {"a": (2, "30.00")}


def test_the_same_key_again_changes_nothing(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    before = memory.history(NOW)
    assert not memory.remember_run(digest(1, {"b": "9.00"}, {"a": WarningEnding.GONE}), key="mon")
    assert memory.history(NOW) == before


def test_a_run_of_a_part_adds_to_what_stands_and_is_no_point_in_the_trend(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00", "b": "5.00"}), key="mon")
    part = digest(1, {"a": "11.00", "c": "1.00"}, {"b": WarningEnding.SCHEDULED}, is_part=True)
    assert memory.remember_run(part, key="tue")
    assert _standing(memory) == {"a": (0, "11.00"), "c": (1, "1.00")}
    assert [point.day for point in memory.history(NOW).trend] == [day_of(0)]
    assert not memory.remember_run(part, key="tue")


def test_a_run_that_saw_nothing_ends_nothing(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    memory.remember_run(digest(1), key="tue")
    assert _standing(memory) == {"a": (0, "10.00")}


def test_the_trend_is_the_last_20_runs_oldest_first(memory: Memory) -> None:
    for day in reversed(range(23)):  # remembered in any order
        memory.remember_run(digest(day, {"a": f"{day}.00"}), key=f"day {day}")
    expected = tuple(TrendPoint(day_of(day), 1, Decimal(f"{day}.00")) for day in range(3, 23))
    assert memory.history(NOW).trend == expected


def test_what_a_recurring_invoice_is_expected_to_take_is_kept_until_it_has(memory: Memory) -> None:
    owed = replace(
        not_invoiced("a"), verdict=Verdict.SCHEDULED, scheduled_for=moment_of(2), schedule_id="7", schedule_name="Care"
    )
    assert memory.expect([owed], day_of(0)) == ()
    assert memory.expect([owed], day_of(0)) == (Expected("a", "na", "7", "Care", day_of(2)),)
    other = replace(owed, ticket_id="b", ticket_number="nb")
    memory.expect([other, replace(owed, verdict=Verdict.INVOICED)], day_of(2))
    assert {each.ticket_id: each.is_taken for each in memory.history(NOW).expected} == {"a": True, "b": False}
    assert memory.remember_run(
        replace(
            digest(4), tickets=(DigestTicket(replace(other, verdict=Verdict.INVOICED), Decimal(0), 1, AgeBand.FRESH),)
        ),
        key="x",
    )
    assert memory.history(NOW).expected == ()


def test_a_run_is_kept_whole_or_not_at_all(memory: Memory) -> None:
    run = digest(0, {"a": "1.00", "b": "2.00"})
    line = run.unbilled[1]
    wrong = replace(line, finding=replace(line.finding, ticket_id=None))
    with pytest.raises(ValueError, match="nb"):
        memory.remember_run(replace(run, tickets=(run.tickets[0], wrong)), key="mon")
    assert memory.history(NOW) == History()
    assert memory.remember_run(run, key="mon")


def test_a_time_without_its_zone_is_refused(memory: Memory) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        memory.remember_run(replace(digest(0), made_at=NOW.replace(tzinfo=None)), key="mon")


def test_an_amount_that_is_no_number_is_refused(memory: Memory) -> None:
    with pytest.raises(sa.exc.StatementError, match="no amount"):
        memory.remember_run(digest(0, {"a": "NaN"}), key="mon")


def test_what_was_found_to_be_billed_since_the_last_run_is_settled_until_the_next(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00", "b": "5.00"}), key="mon")
    memory.remember_run(digest(0, {"a": "10.00"}, is_part=True), key="part")
    memory.retract("a", invoice_number="67480", at=moment_of(0) + timedelta(hours=1))
    known = Standing("a", "na", "Customer of a", day_of(0), Decimal("10.00"))
    assert memory.history(NOW).settled == (Settled(known, "67480"),)
    memory.remember_run(digest(1, {"b": "5.00"}), key="tue")
    assert memory.history(NOW).settled == ()


def test_what_is_found_to_be_billed_while_a_run_says_so_is_settled_by_that_run(memory: Memory) -> None:
    memory.remember_run(digest(0, {"a": "10.00"}), key="mon")
    memory.retract("a", invoice_number="67480", at=moment_of(1) + timedelta(seconds=5))
    memory.remember_run(digest(1, {}, {"a": WarningEnding.INVOICED}), key="tue")
    assert memory.history(NOW).settled == ()


def test_before_the_first_run_nothing_is_settled_and_a_digest_that_is_no_run_has_warned(memory: Memory) -> None:
    memory.warn(not_invoiced("a"), None, at=NOW, source="check")
    memory.retract("a", invoice_number="67480", at=moment_of(1))
    assert (memory.history(NOW).settled, memory.history(NOW).is_first_run) == ((), True)
    memory.warn(not_invoiced("b"), None, at=NOW, source="digest")
    assert not memory.history(NOW).is_first_run
