"""Work that a block of prepaid hours covers is owed an invoice, and no money is at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import Finding, Labour, Unbilled, Verdict
from bot.digest.as_json import digest_object
from bot.digest.build import build_digest
from bot.digest.model import Digest, History

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def owed(number: str, hours: str, *, parts: str = "0", block: str | None = "12.5", customer: str = "7") -> Finding:
    labour = Labour(Decimal(hours), Decimal(hours) * 100)
    return Finding(
        number,
        Verdict.NOT_INVOICED,
        AT,
        ticket_id=f"9{number}",
        customer_id=customer,
        finished_at=AT.replace(day=int(number)),
        unbilled=Unbilled(0, labour.amount + Decimal(parts), (labour,)),
        prepaid_hours=None if block is None else Decimal(block),
    )


def digest(findings: Sequence[Finding], rate: Decimal | None = None) -> Digest:
    return build_digest(findings, History(), day=date(2026, 11, 23), made_at=AT, labor_rate=rate, zone=ZoneInfo("UTC"))


def risk(*findings: Finding) -> tuple[str, str]:
    made = digest_object(digest(findings))
    return made["at_risk"], made["at_risk_hours"]


def test_a_block_covers_the_work_and_leaves_what_is_sold_beside_it_at_risk() -> None:
    assert risk(owed("1", "1.5", parts="80")) == ("80.00", "1.5")


def test_without_a_block_all_of_it_is_money() -> None:
    assert risk(owed("1", "1.5", block=None)) == ("150.00", "0")


def test_a_block_smaller_than_the_work_covers_a_part_of_it() -> None:
    assert risk(owed("1", "3", block="1")) == ("200.00", "1")


def test_several_tickets_draw_on_one_block_the_oldest_first_and_no_hour_twice() -> None:
    assert risk(owed("2", "2", block="3"), owed("1", "2", block="3"), owed("3", "2", block="5", customer="8")) == (
        "100.00",
        "5",
    )


def test_a_ticket_of_which_nobody_asked_for_the_block_leaves_it_to_the_others() -> None:
    billed = replace(owed("1", "1", block=None), verdict=Verdict.INVOICED, unbilled=Unbilled())
    assert risk(billed, owed("2", "1.5")) == ("0.00", "1.5")


def test_uncharged_time_draws_too_to_the_minute() -> None:
    ticket = replace(owed("1", "1"), unbilled=Unbilled(75, Decimal("0.00")))
    made = digest([ticket], Decimal(100))
    assert (made.at_risk, made.at_risk_hours) == (Decimal("0.00"), Decimal("1.25"))
