"""A month of known truth: three digests in a row say exactly what is true, to the cent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.digest.as_json import digest_object
from bot.digest.model import Digest, Mark, Snooze
from bot.jobs.digest_making import DigestRules
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import ListRows
from bot.store.memory import Memory
from tests.e2e import month as months
from tests.e2e.digests import desk
from tests.e2e.month import Plan, Truth, day
from tests.policies import EVERY_TICKET

RULES = DigestRules(months.LOOKBACK, months.GRACE, ZoneInfo("UTC"), labor_rate=months.LABOR_RATE)


def put_aside(plan: Plan, memory: Memory, now: datetime) -> None:
    """Tell the bot about the snoozes and marks, as the buttons do."""
    for fact in plan.month.facts.values():
        ticket_id = str(fact.ticket.id)
        if fact.snoozed_until is not None:
            memory.snooze(Snooze(ticket_id, fact.number, fact.snoozed_until, "U0MANAGER", "waits for a part", now))
        if fact.marked:
            memory.mark(Mark(ticket_id, fact.number, "", "U0MANAGER", "agreed", now))
        elif fact in plan.marked:
            memory.unmark(ticket_id, by="U0MANAGER", at=now)


def said(digest: Digest) -> Truth:
    """A digest in the words of the truth, by way of its JSON."""
    told = digest_object(digest)

    def numbers(section: str) -> frozenset[str]:
        return frozenset(each["ticket_number"] for each in told[section])

    made = Truth(
        new=frozenset(told["new"]),
        still_open=frozenset(told["still_open"]),
        resolved={each["ticket_number"]: each["invoice_number"] for each in told["resolved"]},
        unverified=numbers("unverified"),
        scheduled=numbers("scheduled"),
        snoozed=frozenset(told["snoozed"]),
        marked=frozenset(told["marked"]),
        at_risk=digest.at_risk,
    )
    assert numbers("not_invoiced") == made.unbilled
    assert told["at_risk"] == f"{made.at_risk:.2f}"
    return made


@pytest.mark.parametrize("rows", list(ListRows))
def test_three_digests_of_a_month_of_known_truth_name_exactly_what_is_new_still_open_and_resolved_and_the_money(
    tmp_path: Path, rows: ListRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rows is ListRows.MEMO:
        monkeypatch.setattr(months, "INVOICES", 1_200)  # each is read three times; the other shape tries the many
    plan = months.build()
    assert (len(plan.month.facts), len(plan.month.world.customers), len(plan.month.world.invoices)) == (
        months.TICKETS,
        months.CUSTOMERS,
        months.INVOICES,
    )
    changes = {1: lambda _: None, 2: months.second_day, 3: months.third_day}
    with SyncroSandbox(plan.month.world, requests_per_minute=None, list_rows=rows) as syncro:
        for number, change in changes.items():
            now = day(number)
            with syncro.locked():
                change(plan)
                truth = plan.month.truth(now)
            with desk(f"sqlite:///{tmp_path / 'bot.db'}", syncro, now, EVERY_TICKET) as bot:
                put_aside(plan, bot.memory, now)
                assert said(bot.digest(RULES)) == truth, f"day {number}"
            if number > 1:
                assert all((truth.new, truth.still_open, truth.resolved)), "the day tries everything"
                assert any(truth.resolved.values()), "invoices are named"
    assert syncro.refused == 0
