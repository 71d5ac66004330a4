"""Digests to test with: a small shop on Monday, 23 November 2026, and hypothesis strategies for any audit at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.billing.rules.verdicts import Finding, InvoiceLink, LinkKind, Unbilled, Verdict
from bot.digest.build import build_digest
from bot.digest.model import Digest, History, Mark, Snooze, Standing, TrendPoint
from tests.messages.factory import TRUSTED, a_finding, any_finding, untrusted

ZONE = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
AT_NINE = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
FRIDAY = TrendPoint(date(2026, 11, 20), 3, Decimal("1250.00"))


def audited(
    verdict: Verdict = Verdict.NOT_INVOICED,
    number: str = "32230",
    *,
    charges: str = "180.00",
    minutes: int = 0,
    finished: datetime | None = datetime(2026, 11, 18, 15, 0, tzinfo=UTC),
    technician: str = "Anna Smith",
    customer_id: str | None = "501",
    **changes: Any,
) -> Finding:
    """A ticket of the audit; its id is "9" and its number."""
    known: dict[str, Any] = {
        "ticket_id": None if verdict is Verdict.NOT_FOUND else f"9{number}",
        "ticket_url": None if verdict is Verdict.NOT_FOUND else f"{TRUSTED}/tickets/9{number}",
        "unbilled": Unbilled(minutes, Decimal(charges)),
        "customer_id": customer_id,
        "finished_at": finished,
        "technician": technician,
    }
    if verdict in {
        Verdict.INVOICED,
        Verdict.NON_BILLABLE,
        Verdict.COVERED,
        Verdict.OPEN,
        Verdict.NOTHING_RECORDED,
        Verdict.NOT_FOUND,
    }:
        known["unbilled"] = Unbilled(minutes)
    return a_finding(verdict, number, **{**known, **changes})


def standing(number: str = "32230", amount: str = "180.00", said: date = date(2026, 11, 12)) -> Standing:
    """A warning that stands from an earlier day."""
    return Standing(f"9{number}", number, "Kittle", said, Decimal(amount))


def snooze(number: str, until: datetime = AT_NINE + timedelta(days=7), at: datetime = AT_NINE) -> Snooze:
    """A ticket put aside."""
    return Snooze(f"9{number}", number, until, "U0BOSS", "customer pays on delivery", at)


def mark(number: str) -> Mark:
    """A ticket marked as non-billable."""
    return Mark(f"9{number}", number, "Kittle", "U0BOSS", "goodwill", AT_NINE - timedelta(days=20))


def history(*standing: Standing, trend: Sequence[TrendPoint] = (FRIDAY,), **more: Any) -> History:
    """What is remembered after at least one run."""
    return History(standing=standing, trend=tuple(trend), **more)


def a_digest(*tickets: Finding, remembered: History | None = None, **changes: Any) -> Digest:
    """Monday's digest of these tickets; without a history it is the first one."""
    given: dict[str, Any] = {
        "day": MONDAY,
        "made_at": AT_NINE,
        "labor_rate": Decimal(120),
        "zone": ZONE,
        "api_calls": 96,
        "seconds": 31.0,
    }
    return build_digest(tickets, remembered or History(), **{**given, **changes})


def the_incident(remembered: History | None = None) -> Digest:
    """The 31 tickets of 2026-04-30, as they really were."""
    invoiced = [audited(Verdict.INVOICED, str(32_200 + n)) for n in range(29)]
    rest = [audited(Verdict.NON_BILLABLE, str(32_229 + n)) for n in range(2)]
    return a_digest(*invoiced, *rest, remembered=remembered)


def first_run() -> Digest:
    """A backlog of three tickets."""
    return a_digest(
        *_backlog(), audited(Verdict.INVOICED, "32220"), day=FRIDAY.day, made_at=AT_NINE - timedelta(days=3)
    )


def second_run() -> Digest:
    """One ticket of the backlog recovered, one new."""
    gone, *still = _backlog()
    link = InvoiceLink("67501", "1650000999", LinkKind.TICKET_ID, Decimal("480.00"), f"{TRUSTED}/invoices/1650000999")
    billed = audited(Verdict.INVOICED, gone.ticket_number, invoices=(link,), minutes=0)
    new = audited(
        number="32233",
        charges="300.00",
        finished=datetime(2026, 11, 20, 20, 0, tzinfo=UTC),
        technician="Ben Ode",
        customer="Harbor Dental",
        customer_id="502",
        subject="New laptop for reception",
    )
    before = first_run()
    known = [
        Standing(line.finding.ticket_id or "", line.finding.ticket_number, "Kittle", before.day, line.amount)
        for line in before.unbilled
    ]
    later = audited(Verdict.SCHEDULED, "32240", charges="95.00")
    doubt = audited(Verdict.UNVERIFIED, "32241", charges="0")
    tickets = (billed, *still, new, later, doubt, audited(Verdict.INVOICED, "32220"))
    return a_digest(*tickets, remembered=history(*known, trend=before.trend))


def _backlog() -> tuple[Finding, Finding, Finding]:
    return (
        audited(number="32229", charges="480.00", finished=datetime(2026, 10, 2, 15, 0, tzinfo=UTC)),
        audited(number="32231", charges="450.00", minutes=90, subject="Server migration", status="Invoiced",
                contradiction=True, finished=datetime(2026, 11, 6, 15, 0, tzinfo=UTC)),
        audited(number="32232", charges="140.00", technician="", subject="VPN drops every hour"),
    )  # fmt: skip


# Strategies

_moments = st.none() | st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_days = st.dates(date(2025, 1, 1), MONDAY)
_money = st.decimals(0, 10**6, places=2)
_few_words = st.sampled_from(["", "Anna Smith", "Ben Ode"]) | untrusted


_any_audited = st.builds(
    lambda finding, customer, moment, technician: replace(
        finding, customer_id=customer, finished_at=moment, technician=technician
    ),
    any_finding, st.none() | _few_words, _moments, _few_words,
)  # fmt: skip


@st.composite
def any_digest(draw: st.DrawFn) -> Digest:
    """The digest of one to eighty tickets, with any memory; larger lists repeat a few, so that it stays quick."""
    few = draw(st.lists(_any_audited, max_size=4))
    copies = draw(st.sampled_from([1, 3, 20]))
    tickets = [_numbered(ticket, 30_000 + index) for index, ticket in enumerate(few * copies)]
    trend = draw(st.lists(st.builds(TrendPoint, _days, st.integers(0, 900), _money), max_size=20))
    numbers = [str(30_000 + index) for index in range(len(tickets) + 3)]
    return build_digest(
        tickets,
        History(
            standing=tuple(
                Standing(f"9{n}", n, draw(untrusted), draw(_days), draw(_money)) for n in _some(draw, numbers)
            ),
            trend=tuple(sorted(trend, key=lambda point: point.day)),
            snoozes=tuple(replace(snooze(n), reason=draw(untrusted)) for n in _some(draw, numbers)),
            marks=tuple(replace(mark(n), reason=draw(untrusted)) for n in _some(draw, numbers)),
        ),
        day=MONDAY,
        made_at=AT_NINE,
        labor_rate=draw(st.none() | st.just(Decimal(120))),
        zone=ZONE,
        api_calls=draw(st.integers(0, 10**5)),
        seconds=draw(st.floats(0, 10**4)),
    )


def _some(draw: st.DrawFn, numbers: list[str]) -> list[str]:
    return draw(st.lists(st.sampled_from(numbers), max_size=4, unique=True))


def _numbered(ticket: Finding, number: int) -> Finding:
    ticket_id = None if ticket.verdict is Verdict.NOT_FOUND else f"9{number}"
    return replace(ticket, ticket_number=str(number), ticket_id=ticket_id)
