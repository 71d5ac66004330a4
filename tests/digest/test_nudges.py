"""Who is reminded when, and of what: the laws."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.rules.technicians import Technician
from bot.billing.rules.verdicts import Verdict
from bot.digest.build import build_digest
from bot.digest.model import History, Mark, Nudge, Snooze
from bot.digest.nudges import Colleague, NudgeRules, aside, due, matched
from bot.messages.digest_messages import digest_messages
from bot.public_holidays import public_holidays
from tests.digest.factory import audited

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OFF = public_holidays("DE-BW")
RULES = NudgeRules((8, 18), OFF)
zones = st.sampled_from(["Europe/Berlin", "America/Chicago", "Pacific/Auckland", "Asia/Kolkata", "Etc/UTC"])
moments = st.integers(0, 130_000).map(
    lambda hours: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=7)
)


@given(moments, zones)
def test_nobody_is_reminded_on_a_holiday_or_weekend_or_outside_their_hours(now: datetime, zone: str) -> None:
    day, local = RULES.day_at(now, zone), now.astimezone(ZoneInfo(zone))
    at_work = local.weekday() < 5 and local.date() not in OFF and 8 <= local.hour < 18
    assert day == (local.date() if at_work else None)


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd", "\0"])
def test_a_zone_that_nobody_knows_is_no_working_time(zone: str) -> None:
    assert RULES.day_at(MONDAY, zone) is None


@given(st.sampled_from(list(Verdict)), st.integers(-100, 100), st.booleans())
def test_a_ticket_is_named_only_when_proved_on_no_invoice_past_the_grace_time_and_not_aside(
    verdict: Verdict, hours: int, is_aside: bool
) -> None:
    finding = audited(verdict=verdict, finished=MONDAY - timedelta(hours=hours))
    away = [finding.ticket_id or ""] if is_aside else []
    named = due([finding], away, MONDAY, timedelta(hours=24))
    is_owed = verdict in (Verdict.NOT_INVOICED, Verdict.NOTHING_RECORDED)
    assert named == ((finding,) if is_owed and hours >= 24 and not is_aside else ())


def test_what_managers_or_the_technician_have_settled_is_aside() -> None:
    history = History(
        snoozes=(Snooze("1", "1", MONDAY, "U0MANAGER", "later", MONDAY),),
        marks=(Mark("2", "2", "Kittle", "U0MANAGER", "free", MONDAY),),
        nudges=(Nudge("3", "3", "U0TECH", MONDAY.date(), "warranty"), Nudge("4", "4", "U0TECH", MONDAY.date())),
    )
    assert aside(history) == ["1", "2", "3"]


def test_a_technician_whom_nobody_or_several_are_is_not_guessed_at() -> None:
    people = {
        "by mail": Colleague("U1", ("anna@example.com", "Anna Smith"), "UTC"),
        "alike": Colleague("U2", ("Anna Smith",), "UTC"),
        "ben": Colleague("U3", ("Ben Ode",), "UTC"),
        "one": Colleague("U4", ("Dan Twin",), "UTC"),
        "two": Colleague("U5", ("Dan Twin",), "UTC"),
    }
    anna, namesake = (
        Technician("1", "Anna Smith", "anna@example.com"),
        Technician("2", "anna smith", "other@example.com"),
    )
    ben, carl, dan = Technician("3", "Ben Ode"), Technician("4", "Carl"), Technician("5", "Dan Twin")
    found = matched([anna, namesake, ben, carl, dan], people.values())
    assert found == {anna: people["by mail"], namesake: None, ben: people["ben"], carl: None, dan: None}


@pytest.mark.parametrize(
    ("first", "person", "reason", "said"),
    [
        (date(2026, 11, 18), "U0TECH", "", "first reminded 3 business days ago"),
        (date(2026, 11, 19), "U0TECH", "", ""),
        (date(2026, 11, 23), "U0TECH", "a <!here> gift", "says that nothing is to be billed: “a &lt;!here&gt; gift”"),
        (date(2026, 11, 23), "", "", "was not reminded: nobody in Slack, or more than one"),
    ],
)
def test_the_digest_says_what_came_of_a_reminder(first: date, person: str, reason: str, said: str) -> None:
    finding = audited(charges="75.00")
    nudge = Nudge(finding.ticket_id or "", finding.ticket_number, person, first, reason)
    digest = build_digest(
        [finding],
        History(nudges=(nudge,)),
        day=MONDAY.date(),
        made_at=MONDAY,
        labor_rate=None,
        zone=ZoneInfo("UTC"),
        escalate_after=3,
    )
    words = str(digest_messages(digest).parent.blocks)
    assert said in words
    assert ("Its technician" in words) == bool(said)
