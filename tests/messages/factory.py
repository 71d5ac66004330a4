"""Findings to render: one example of each verdict, and hypothesis strategies for any finding at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bot.billing.rules.verdicts import (
    CheckReport,
    Coverage,
    Due,
    Expectation,
    Finding,
    Ground,
    InvoiceLink,
    LinkKind,
    Looked,
    PossibleMention,
    Unbilled,
    Verdict,
)
from bot.counting import counted

CHECKED_AT = datetime(2026, 11, 22, 9, 2, 11, tzinfo=UTC)
NEXT_RUN = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
TRUSTED = "https://kittle-it.syncromsp.test"
HOSTILE = "<!channel> <@U1> *x* _y_ ~z~ `c` :tada: <https://evil.example|click> https://evil.example"

INVOICE = InvoiceLink("67469", "1650000001", LinkKind.TICKET_ID, Decimal("75.0"), f"{TRUSTED}/invoices/1650000001")
MENTION = PossibleMention("67470", "1650000002", f"{TRUSTED}/invoices/1650000002", "Toner model 32223")

FINISHED = Expectation(Due.YES, Ground.STATUS, "Resolved")

_PARTICULARS: dict[Verdict, dict[str, Any]] = {
    Verdict.INVOICED: {"invoices": (INVOICE,), "coverage": Coverage(1, 1)},
    Verdict.PARTIALLY_INVOICED: {"invoices": (INVOICE,), "unbilled": Unbilled(0, Decimal(180))},
    Verdict.SCHEDULED: {
        "scheduled_for": NEXT_RUN,
        "schedule_name": "Monthly care",
        "unbilled": Unbilled(0, Decimal(180)),
    },
    Verdict.NOT_INVOICED: {"unbilled": Unbilled(90, Decimal(180))},
    Verdict.UNVERIFIED: {
        "possible": (MENTION,),
        "failures": ("Reading invoice 1650000003: Syncro answered 500 (4 tries). Try again in a few minutes.",),
        "coverage": Coverage(20, 19, 0, 0, complete=False),
    },
    Verdict.NON_BILLABLE: {
        "status": "Non-Billable",
        "expectation": Expectation(Due.NEVER, Ground.STATUS, "Non-Billable"),
    },
    Verdict.COVERED: {"expectation": Expectation(Due.COVERED, Ground.CONTRACT, "Gold", "COVERED_CONTRACTS")},
    Verdict.NOTHING_RECORDED: {"expectation": Expectation(Due.NOTHING, Ground.STATUS, "Resolved", "NOTHING_RECORDED")},
    Verdict.OPEN: {"status": "In Progress", "expectation": Expectation(Due.NOT_YET, Ground.STATUS, "In Progress")},
    Verdict.NOT_FOUND: {
        "expectation": None,
        "ticket_id": None,
        "ticket_url": None,
        "customer": "",
        "subject": "",
        "status": "",
    },
}


def a_finding(verdict: Verdict, number: str = "32223", **changes: Any) -> Finding:
    """An ordinary finding of this verdict."""
    finding = Finding(
        ticket_number=number,
        verdict=verdict,
        checked_at=CHECKED_AT,
        expectation=FINISHED,
        ticket_id="109554336",
        ticket_url=f"{TRUSTED}/tickets/109554336",
        customer="Kittle",
        subject="Printer does not print",
        status="Resolved",
        coverage=Coverage(listed=20, read=20),
        api_calls=4,
    )
    finding = replace(finding, **{**_PARTICULARS.get(verdict, {}), **changes})
    return finding if "receipt" in changes else replace(finding, receipt=tuple(_receipt(finding)))


def _receipt(finding: Finding) -> Iterator[Looked]:
    """What a search says of where it looked, as far as the verdict needs it."""
    if finding.ticket_id is None:
        return
    offered = counted(len(finding.invoices), "invoice")
    said = f"{offered} offered, link found" if finding.invoices else "none offered"
    yield Looked("Invoices that Syncro offers for this ticket", said)
    if not finding.invoices and finding.expectation and finding.expectation.due.needs_proof:
        unread = finding.coverage.listed - finding.coverage.read
        listed = counted(finding.coverage.listed, "invoice")
        how = f" listed, {unread} could not be read" if unread else ", all read now: none bills this ticket"
        yield Looked("All invoices of this customer", f"{listed}{how}")


def a_report(*findings: Finding, outage: str = "") -> CheckReport:
    """A report that holds these findings."""
    return CheckReport(findings, api_calls=sum(f.api_calls for f in findings), seconds=0.8, outage=outage)


# Strategies

_FRAGMENTS = st.sampled_from(
    [
        "<!channel>", "<!here|x>", "<!date^666^{date}|x>", "<@U1>", "<#C1>", "<https://evil.example|click>",
        "https://evil.example/a?b=c&d", "www.evil.example", "*bold*", "_it_", "~gone~", "```", ":tada:",
        "&lt;!channel&gt;", "> quoted", "\n", "\u202e", "\u200b", "\ud800", "|", "Warning",
        "&", "\u0000", "e\u0301", "SRV_DB_01",
    ]
)  # fmt: skip

untrusted = st.one_of(
    st.text(max_size=30),
    st.lists(_FRAGMENTS, max_size=8).map("".join),
    st.tuples(_FRAGMENTS, st.sampled_from([1, 40, 400])).map(lambda pair: pair[0] * pair[1]),
)
"""Any text, often hostile, sometimes very long."""

_urls = st.one_of(
    st.integers(1, 10**9).map(lambda number: f"{TRUSTED}/invoices/{number}"),
    st.just(f"{TRUSTED}/a b|c>d<e?x=1&y=2"),
    st.just(f"{TRUSTED}/" + "x" * 350),
)
_totals = st.none() | st.decimals(-(10**7), 10**7, places=2) | st.just(Decimal("1E+999"))
_numbers = st.integers(1, 10**9).map(str)
_moments = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_counts = st.integers(0, 10**5)

_invoices = st.builds(
    InvoiceLink,
    number=_numbers | untrusted,
    id=_numbers,
    link=st.sampled_from(LinkKind),
    total=_totals,
    url=_urls,
    billed_to=untrusted,
)
_mentions = st.builds(PossibleMention, number=_numbers | untrusted, id=_numbers, url=_urls, text=untrusted)

any_finding = st.builds(
    Finding,
    ticket_number=_numbers,
    verdict=st.sampled_from(Verdict),
    checked_at=_moments,
    expectation=st.none() | st.builds(Expectation, st.sampled_from(Due), st.sampled_from(Ground), untrusted),
    paused_schedule=st.none() | untrusted,
    ticket_id=st.none() | _numbers,
    ticket_url=st.none() | _urls,
    customer=untrusted,
    subject=untrusted,
    status=untrusted,
    invoices=st.lists(_invoices, max_size=5).map(tuple),
    possible=st.lists(_mentions, max_size=3).map(tuple),
    unbilled=st.builds(Unbilled, minutes=_counts, charges=st.decimals(0, 10**6, places=2)),
    coverage=st.builds(Coverage, listed=_counts, read=_counts, from_ledger=_counts, skipped=_counts),
    receipt=st.lists(st.builds(Looked, place=untrusted, outcome=untrusted), max_size=5).map(tuple),
    failures=st.lists(untrusted, max_size=5).map(tuple),
    scheduled_for=st.none() | _moments,
    schedule_name=untrusted,
    contradiction=st.booleans(),
    api_calls=_counts,
)


@st.composite
def any_findings(draw: st.DrawFn) -> list[Finding]:
    """One to fifty findings; the larger lists repeat a few, so that examples stay quick to make."""
    few = draw(st.lists(any_finding, min_size=1, max_size=3))
    copies = draw(st.sampled_from([1, 2, 16]))
    return [replace(finding, ticket_number=str(30_000 + index)) for index, finding in enumerate(few * copies, start=1)]
