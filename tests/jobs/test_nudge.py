"""A round of reminders on both stand-ins, with a clock that the test sets."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.digest.nudges import NudgeRules
from bot.jobs.audit import AuditTrail
from bot.jobs.nudge import NudgeJob
from bot.messages.digest_rows import RECHECK
from bot.messages.nudges import NOTHING, TOMORROW
from bot.sandbox.slack.workspace import User
from bot.store.audit import Act, AuditQuery
from tests.jobs.fakes import PowerCut, RememberingSteps
from tests.jobs.office import MONDAY, Office, opened_office

ANNA, BEN, BEN_TOO, GUEST = "U0ANNA", "U0BEN", "U0BENTOO", "U0GUEST"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as office:
        for user, name, is_guest in ((ANNA, "Anna Smith", False), (BEN, "Ben Ode", False), (BEN_TOO, "Ben Ode", False)):
            office.slack.workspace.users[user] = User(user, user.lower(), name, is_restricted=is_guest)
        office.slack.workspace.users[GUEST] = User(GUEST, "guest", "Anna Smith", is_restricted=True)
        yield office


def go(office: Office, steps: RememberingSteps | None = None) -> None:
    """The round of this hour."""
    rules = NudgeRules((8, 18), office.rules.holidays)
    trail = AuditTrail(office.memory, office.clock)
    job = NudgeJob(
        office.verifier,
        office.reader.session,
        office.poster,
        office.memory,
        trail,
        office.rules,
        rules,
        office.clock,
        lambda user: user in office.refusals,
    )
    job.run({}, steps or RememberingSteps(), f"nudges:{office.now:%Y-%m-%dT%H}")


def owed(office: Office, technician: str = "Anna Smith", days: int = 4) -> str:
    ticket = office.unbilled(technician=technician, resolved_at=MONDAY - timedelta(days=days))
    return str(ticket.number)


def test_a_technician_hears_of_all_their_unbilled_work_once_a_day_until_it_is_billed(office: Office) -> None:
    first, second, fresh = owed(office), owed(office), owed(office, days=0)
    billed = office.unbilled(technician="Anna Smith", resolved_at=MONDAY - timedelta(days=4))
    office.bill(billed)
    go(office)
    (said,) = office.direct(ANNA)
    assert first in said.text
    assert second in said.text
    assert fresh not in said.text, "within the grace time"
    assert str(billed.number) not in said.text
    shown = str(said.blocks)
    assert (shown.count(RECHECK), shown.count(NOTHING), shown.count(TOMORROW)) == (2, 2, 1)
    office.now += timedelta(hours=1)
    go(office)
    assert len(office.direct(ANNA)) == 1, "once a day, whatever the round"
    office.next_day()
    go(office)
    assert len(office.direct(ANNA)) == 2
    entries = [entry.act for entry in office.memory.audit(AuditQuery(who=ANNA))]
    assert entries.count(Act.NUDGED) == 2
    assert {each.first_day for each in office.memory.history(office.now).nudges} >= {MONDAY.date()}


def test_nobody_is_reminded_at_night_on_weekends_or_holidays(office: Office) -> None:
    owed(office)
    office.rule(holidays=frozenset({MONDAY.date()}))
    go(office)
    office.rule(holidays=frozenset())
    for now in (datetime(2026, 2, 28, 10, tzinfo=UTC), MONDAY.replace(hour=7), MONDAY.replace(hour=18)):
        office.now = now
        go(office)
    assert office.direct(ANNA) == []
    office.now = MONDAY
    office.refusals[ANNA] = "may not ask"
    go(office)
    assert office.direct(ANNA) == []


def test_a_name_that_two_people_bear_reminds_neither_and_managers_see_that(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    owed(office, "Ben Ode")
    go(office)
    assert office.direct(BEN) == office.direct(BEN_TOO) == []
    office.now += timedelta(hours=1)
    go(office)
    assert caplog.text.count("more than one, in Slack is called Ben Ode") == 1, "said once"
    office.digest()
    assert "Its technician was not reminded" in str([message.blocks for message in office.parents()])


def test_a_round_that_is_cut_off_anywhere_reminds_once(office: Office) -> None:
    owed(office)
    office.rule(lookback=timedelta(days=3650))
    for cut in itertools.count():
        before = len(office.direct(ANNA))
        steps = RememberingSteps(cut_after=cut)
        with contextlib.suppress(PowerCut):
            go(office, steps)
        was_cut = len(steps.results) == cut
        steps.again()
        go(office, steps)
        # Cut off at the post itself nobody can tell whether it stands, so it is not said again.
        assert len(office.direct(ANNA)) == before + 1, cut
        office.now += timedelta(hours=1)
        go(office)
        assert len(office.direct(ANNA)) == before + 1, cut
        if not was_cut:
            break
        office.now += timedelta(days=7, hours=-1)
    assert cut > 8


def test_only_the_person_who_was_reminded_can_say_that_nothing_is_to_be_billed(office: Office) -> None:
    owed(office)
    go(office)
    (nudge,) = office.memory.history(office.now).nudges
    assert not office.memory.nothing_to_bill(nudge.ticket_id, by=BEN, reason="no", at=office.now)
    assert office.memory.nothing_to_bill(nudge.ticket_id, by=ANNA, reason="warranty", at=office.now)
    office.memory.nudged({nudge.ticket_id: nudge.ticket_number}, "", office.now.date())
    office.next_day()
    go(office)
    assert len(office.direct(ANNA)) == 1, "not reminded any more"
    office.digest()
    assert "nothing is to be billed: “warranty”" in str([message.blocks for message in office.parents()])
