"""What a recurring invoice was expected to take is looked at after its run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.billing.rules.verdicts import Concern, ConcernKind, Finding, Unbilled, Verdict
from bot.digest.headline import is_quiet
from bot.digest.missed_runs import still_expected, with_missed_runs
from bot.digest.model import Expected
from bot.words.concerns import concern_in_words
from tests.digest.factory import a_digest, audited

RUN = date(2026, 12, 1)
BEFORE, AFTER = RUN - timedelta(days=1), RUN + timedelta(days=1)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def of(number: str, verdict: Verdict, run: date | None = None, *, day: date = BEFORE, by: str = "s1") -> Finding:
    """What is found of a ticket on a day; `run` is when its charges are expected to be taken."""
    return Finding(
        number,
        verdict,
        at(day),
        ticket_id=f"9{number}",
        scheduled_for=None if run is None else datetime(run.year, run.month, run.day, tzinfo=UTC),
        schedule_id=by,
        schedule_name="Monthly",
        unbilled=Unbilled(0, Decimal(75)),
    )


def scheduled(*numbers: str, run: date = RUN, day: date = BEFORE) -> list[Finding]:
    return [of(number, Verdict.SCHEDULED, run, day=day) for number in numbers]


def remembered(*days: tuple[Iterable[Finding], date]) -> list[Expected]:
    """What is remembered after these digests."""
    known: list[Expected] = []
    for findings, day in days:
        known = still_expected(known, list(findings), day)
    return known


def words(findings: Iterable[Finding]) -> dict[str, str]:
    return {each.ticket_number: concern_in_words(said, "") for each in findings for said in each.concerns}


JANUARY = date(2027, 1, 1)


def test_the_run_is_looked_at_after_its_day_and_what_it_left_is_named() -> None:
    known = remembered((scheduled("1", "2", "3"), BEFORE))
    billed = [of(number, Verdict.INVOICED, day=AFTER) for number in ("1", "2")]
    left = of("3", Verdict.SCHEDULED, JANUARY, day=AFTER)
    assert words(with_missed_runs([*billed, left], known, RUN)) == {}, "runs may take hours"
    assert words(with_missed_runs([*billed, left], known, AFTER)) == {
        "3": "The run of 1 Dec 2026 of the recurring invoice “Monthly” took 2 of 3 tickets; missed: #3."
    }


def test_what_it_took_is_remembered_until_nothing_is_left() -> None:
    third = of("3", Verdict.SCHEDULED, JANUARY, day=RUN)
    on_the_day = [of("1", Verdict.INVOICED, day=RUN), of("2", Verdict.INVOICED, day=RUN), third]
    known = remembered((scheduled("1", "2", "3"), BEFORE), (on_the_day, RUN), ([], AFTER))
    (said,) = words(with_missed_runs([third], known, AFTER)).values()
    assert "took 2 of 3 tickets; missed: #3" in said
    assert remembered((scheduled("3"), BEFORE), ([of("3", Verdict.INVOICED)], AFTER)) == []


def test_where_not_all_of_its_tickets_were_looked_at_no_count_is_given() -> None:
    known = remembered((scheduled("1", "2"), BEFORE))
    (said,) = words(with_missed_runs([of("2", Verdict.NOT_INVOICED)], known, AFTER)).values()
    assert said == "The recurring invoice “Monthly” did not take its charges in the run of 1 Dec 2026."
    doubt = of("1", Verdict.UNVERIFIED)
    assert "1" not in words(with_missed_runs([doubt, of("2", Verdict.NOT_INVOICED)], known, AFTER))


def test_a_run_that_is_moved_or_called_off_before_its_day_is_not_missed() -> None:
    later = RUN + timedelta(days=4)
    known = remembered((scheduled("1"), BEFORE - timedelta(days=1)), (scheduled("1", run=later), BEFORE))
    assert words(with_missed_runs([of("1", Verdict.SCHEDULED, later)], known, AFTER)) == {}
    assert remembered((scheduled("1"), BEFORE), ([of("1", Verdict.NOT_INVOICED)], BEFORE)) == []
    billed_by_hand = remembered((scheduled("1", "2"), BEFORE), ([of("1", Verdict.INVOICED)], BEFORE))
    (said,) = words(with_missed_runs([of("2", Verdict.NOT_INVOICED)], billed_by_hand, AFTER)).values()
    assert "took 0 of 1 ticket; missed: #2" in said


def test_a_ticket_that_is_settled_otherwise_is_not_held_against_the_run() -> None:
    known = remembered((scheduled("1", "2"), BEFORE), ([of("1", Verdict.NON_BILLABLE, day=AFTER)], AFTER))
    (said,) = words(with_missed_runs([of("2", Verdict.NOT_INVOICED)], known, AFTER)).values()
    assert "took 0 of 1 ticket" in said


def test_a_run_is_forgotten_after_three_months_and_one_ticket_has_one_such_concern() -> None:
    missed_twice = remembered((scheduled("1"), BEFORE), (scheduled("1", run=JANUARY, day=AFTER), AFTER))
    now = JANUARY + timedelta(days=1)
    stuck = replace(of("1", Verdict.SCHEDULED, JANUARY), concerns=(Concern(ConcernKind.MISSED_RUN, ()),))
    (found,) = with_missed_runs([stuck], missed_twice, now)
    assert [each.day for each in found.concerns] == [JANUARY]
    assert [each.run_on for each in still_expected(missed_twice, [stuck], RUN + timedelta(days=100))] == [JANUARY]


def test_a_day_with_an_invoice_to_look_at_is_not_a_quiet_one() -> None:
    concern = Concern(ConcernKind.BILLED_TWICE, ("1", "2"))
    assert is_quiet(a_digest(audited(Verdict.INVOICED)))
    assert not is_quiet(a_digest(audited(Verdict.INVOICED, concerns=(concern,))))
