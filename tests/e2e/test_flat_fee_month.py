"""A month of 300 tickets, 70 % of them flat-fee: who is accused, and how much is at risk, is exactly the truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.billing.rules.verdicts import Verdict
from bot.digest.as_json import digest_object
from bot.digest.model import Digest
from bot.jobs.digest_making import DigestRules
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import ListRows
from tests.e2e import flat_fee
from tests.e2e.digests import desk
from tests.e2e.flat_fee import NOW, POLICY, Month
from tests.postgres import new_database

RULES = DigestRules(timedelta(days=30), timedelta(hours=24), ZoneInfo("UTC"), labor_rate=flat_fee.LABOR_RATE)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    if request.param == "sqlite":
        yield sa.make_url(f"sqlite:///{tmp_path / 'bot.db'}")
    else:
        with new_database() as url:
            yield url


def hold_to_the_truth(digest: Digest, month: Month) -> None:
    verdicts = {ticket.finding.ticket_number: ticket.finding.verdict for ticket in digest.tickets}
    assert {n: v for n, v in verdicts.items() if v is not month.facts[n].verdict} == {}
    assert verdicts.keys() == month.facts.keys()
    owed = month.of(Verdict.NOT_INVOICED)
    told = {each.finding.ticket_number: (each.amount, round(each.prepaid_hours * 60)) for each in digest.unbilled}
    assert told == {number: (fact.amount, fact.minutes) for number, fact in owed.items()}
    money = sum((fact.amount for fact in owed.values()), Decimal(0))
    minutes = sum(fact.minutes for fact in owed.values())
    in_json = digest_object(digest)
    assert in_json["at_risk"] == f"{money:.2f}"
    assert round(float(in_json["at_risk_hours"]) * 60) == minutes
    assert in_json["counts"]["covered"] == len(month.of(Verdict.COVERED))
    assert in_json["concerns"] == []
    assert digest.uncharged_time == (), "the fee covers the time beside what was billed"


def test_in_a_flat_fee_month_no_covered_ticket_is_accused_and_what_is_owed_is_found_to_the_cent_and_the_minute(
    database: sa.URL,
) -> None:
    month = flat_fee.build()
    flat = [fact for fact in month.facts.values() if fact.is_flat_fee]
    assert (len(month.world.tickets), len(flat)) == (flat_fee.TICKETS, flat_fee.FLAT_FEE)
    rows = ListRows.OPENAPI if database.drivername == "sqlite" else ListRows.MEMO
    with SyncroSandbox(month.world, requests_per_minute=None, list_rows=rows) as syncro:
        with desk(database, syncro, NOW, POLICY) as bot:
            hold_to_the_truth(bot.digest(RULES), month)
        with desk(database, syncro, NOW + timedelta(hours=1), POLICY) as bot:
            bot.sync(RULES.lookback)
            hold_to_the_truth(bot.digest(RULES), month)
