"""A kind of link is declared in one place: what it takes, what the ledger finds it by, and its words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import cast

import pytest
import sqlalchemy as sa

from bot.billing.decide import SyncroPages, decide
from bot.billing.ledger.model import RememberedInvoice
from bot.billing.rules import matching
from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.matching import Grade, Link, Match, TicketKeys, match
from bot.billing.rules.verdicts import LinkKind, Verdict
from bot.billing.search.evidence import FoundLink
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.words.finding_json import finding_as_json
from bot.words.findings import how_linked
from bot.words.reasons import reason
from tests.billing.factory import case, ticket

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class MadeUp(StrEnum):
    """A kind that nothing else knows."""

    PAYER = "payer"


KIND = cast("LinkKind", MadeUp.PAYER)


def _grade(invoice: InvoiceFacts, ticket: TicketKeys) -> Grade:
    return Grade.LINK if invoice.customer == f"Payer of {ticket.number}" else Grade.NOTHING


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = Link(
        KIND,
        reason="is paid by who pays for this ticket",
        grade=_grade,
        names_on=lambda invoice: [invoice.customer],
        names_of=lambda ticket: [f"Payer of {ticket.number}"],
    )
    monkeypatch.setattr(matching, "LINKS", (*matching.LINKS, made_up))


INVOICE = InvoiceFacts(id="9", number="67469", customer="Payer of 32223")
TICKET = TicketKeys("109554336", "32223")


def test_a_made_up_kind_is_found_in_what_is_read() -> None:
    assert match(INVOICE, TICKET) == Match(KIND)
    assert match(INVOICE, TicketKeys("109554336", "32224")) == Match()


def test_a_made_up_kind_is_found_in_what_is_remembered() -> None:
    database = Database(sa.URL.create("sqlite", database=":memory:"), is_expendable=True)
    ledger = SqlLedger(database, "account", max_age=timedelta(days=30), clock=lambda: NOW)
    ledger.open()
    kept = RememberedInvoice(facts=INVOICE, read_at=NOW)
    assert ledger.remember([kept, kept.model_copy(update={"facts": InvoiceFacts(id="8", number="1")})], ())
    assert ledger.recall_linked(TICKET) == (kept,)
    database.close()


def test_a_made_up_kind_has_its_words_in_the_reason_the_evidence_and_the_json() -> None:
    found = case(ticket())
    found.evidence.links.append(FoundLink(INVOICE, KIND))
    finding = decide(found, SyncroPages("https://sample.example"), NOW)
    assert finding.verdict is Verdict.INVOICED
    assert reason(finding).startswith("Invoice 67469 is paid by who pays for this ticket.")
    assert how_linked(finding.invoices[0]).startswith("it is paid by who pays for this ticket")
    assert finding_as_json(finding)["invoices"][0]["link"] == "payer"


def test_the_strongest_kind_is_named_first() -> None:
    found = case(ticket())
    weak, strong = FoundLink(INVOICE, KIND), FoundLink(InvoiceFacts(id="8", number="9"), LinkKind.LINE_TEXT)
    found.evidence.links.extend([weak, strong])
    finding = decide(found, SyncroPages("https://sample.example"), NOW)
    assert [link.link for link in finding.invoices] == [LinkKind.LINE_TEXT, KIND]
