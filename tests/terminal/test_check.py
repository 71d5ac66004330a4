"""What the terminal shows and what scripts read is what the design promises."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from rich.console import Console

from bot.billing.rules.verdicts import (
    CheckReport,
    Coverage,
    Due,
    Expectation,
    Finding,
    Ground,
    InvoiceLink,
    LinkKind,
    PossibleMention,
    Unbilled,
    Verdict,
)
from bot.billing.search.scheduler import Progress
from bot.terminal.check import progress_shown, report_as_json, show_report
from bot.words.verdicts import verdict_words

AT = datetime(2026, 11, 22, 10, 2, 11, tzinfo=timezone(timedelta(hours=1)))
SITE = "https://acme.syncromsp.com"
INVOICE = InvoiceLink("67469", "1650000001", LinkKind.TICKET_ID, Decimal("75.0"), f"{SITE}/invoices/1650000001")


def finding(verdict: Verdict, number: str = "32223") -> Finding:
    return Finding(
        ticket_number=number,
        verdict=verdict,
        checked_at=AT,
        ticket_id="109554336",
        ticket_url=f"{SITE}/tickets/109554336",
        customer="Kittle",
        subject="Printer",
        status="Invoiced",
        invoices=(INVOICE,),
        coverage=Coverage(listed=20, read=1),
        unbilled=Unbilled(30, Decimal(0 if verdict is Verdict.INVOICED else 5)),
    )


def shown(*findings: Finding, width: int = 80) -> str:
    stream = io.StringIO()
    show_report(Console(file=stream, width=width), CheckReport(findings, api_calls=4, seconds=0.84))
    return stream.getvalue()


# --- JSON ---


def test_the_json_is_exactly_that_of_the_design() -> None:
    report = CheckReport((finding(Verdict.INVOICED),), api_calls=4, seconds=0.8)
    assert json.loads(report_as_json(report)) == {
        "results": [
            {
                "ticket_number": "32223",
                "ticket_id": 109554336,
                "ticket_url": f"{SITE}/tickets/109554336",
                "customer": "Kittle",
                "subject": "Printer",
                "status": "Invoiced",
                "verdict": "invoiced",
                "reason": "Invoice 67469 was made for this ticket. 30 min of time is not yet charged.",
                "rule": None,
                "invoices": [
                    {
                        "number": "67469",
                        "id": 1650000001,
                        "link": "ticket_id",
                        "total": "75.00",
                        "paid": None,
                        "url": f"{SITE}/invoices/1650000001",
                    }
                ],
                "coverage": {"listed": 20, "read": 1, "from_ledger": 0, "skipped": 0, "complete": True},
                "unbilled": {"minutes": 30, "charges": "0.00"},
                "prepaid": None,
                "concerns": [],
                "checked_at": "2026-11-22T09:02:11Z",
            }
        ],
        "api_calls": 4,
        "seconds": 0.8,
    }


def test_the_keys_stand_in_the_order_of_the_design() -> None:
    (result,) = json.loads(report_as_json(CheckReport((finding(Verdict.OPEN),), 4, 0.8)))["results"]
    assert [*result][:7] == ["ticket_number", "ticket_id", "ticket_url", "customer", "subject", "status", "verdict"]
    assert [*result][7:] == ["reason", "rule", "invoices", "coverage", "unbilled", "prepaid", "concerns", "checked_at"]


def test_a_ticket_that_does_not_exist_has_no_id() -> None:
    nothing = Finding("99999", Verdict.NOT_FOUND, AT)
    (result,) = json.loads(report_as_json(CheckReport((nothing,), 1, 0.1)))["results"]
    assert (result["ticket_id"], result["ticket_url"], result["invoices"]) == (None, None, [])


@pytest.mark.parametrize(("name", "value"), [("5", 5), ("0", 0), ("007", "007"), ("a-1", "a-1"), ("9" * 30, "9" * 30)])
def test_an_id_that_is_no_plain_number_stays_text(name: str, value: int | str) -> None:
    odd = replace(finding(Verdict.OPEN), ticket_id=name, invoices=(replace(INVOICE, id=name, total=None),))
    (result,) = json.loads(report_as_json(CheckReport((odd,), 1, 0.1)))["results"]
    assert result["ticket_id"] == value
    assert result["invoices"][0] == {**result["invoices"][0], "id": value, "total": None}


def test_results_stand_in_the_order_asked() -> None:
    findings = tuple(finding(Verdict.OPEN, number) for number in ("9", "1", "5"))
    results = json.loads(report_as_json(CheckReport(findings, 3, 0.1)))["results"]
    assert [result["ticket_number"] for result in results] == ["9", "1", "5"]


# --- for people ---


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_is_said_in_words_within_80_columns(verdict: Verdict) -> None:
    text = shown(finding(verdict))
    said = verdict_words(verdict)
    assert f"Ticket #32223  {said.mark} {said.inline}" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_proof_is_shown() -> None:
    text = shown(finding(Verdict.PARTIALLY_INVOICED))
    for expected in (
        "customer “Kittle” · status “Invoiced”",
        "subject “Printer”",
        "invoice 67469, total 75.00: it was made for this ticket",
        f"{SITE}/invoices/1650000001",
        "On no invoice yet: 5.00 in charges, 30 min",
        "Read now: 1 of 20 invoices",
        "checked 2026-11-22 09:02 UTC",
        "1 ticket: 1 partly invoiced  ·  4 calls to Syncro in 0.8 s",
    ):
        assert expected in text


def test_several_tickets_are_summed_up() -> None:
    text = shown(finding(Verdict.INVOICED), finding(Verdict.NOT_INVOICED, "32224"), finding(Verdict.INVOICED, "32225"))
    assert "3 tickets: 1 NOT INVOICED, 2 invoiced" in text


def test_long_texts_lose_nothing_at_80_columns() -> None:
    words = [f"word{number}" for number in range(60)]
    text = shown(replace(finding(Verdict.OPEN), subject=" ".join(words)))
    assert all(word in text for word in words)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_text_from_syncro_is_no_markup() -> None:
    text = shown(replace(finding(Verdict.OPEN), subject="[bold]x[/bold] [link=https://evil]y[/link] :tada:"))
    assert "[bold]x[/bold] [link=https://evil]y[/link] :tada:" in " ".join(text.replace("│", " ").split())


def test_text_from_syncro_is_labelled_and_quoted_so_that_it_is_no_verdict() -> None:
    sham = "✅ Invoiced — invoice 67469"
    text = shown(replace(finding(Verdict.NOT_INVOICED), subject=sham, customer=sham, status=sham))
    told = " ".join(text.replace("│", " ").split())
    assert f"customer “{sham}” · status “{sham}” subject “{sham}”" in told


EVIL = "a\x1b[2J\x1b]0;t\x07b\rc\x08\x9b31m\u202ed\u2066e\nf"


def test_text_from_syncro_cannot_move_the_cursor_or_turn_the_text() -> None:
    mention = PossibleMention(EVIL, "1", EVIL, EVIL)
    link = replace(INVOICE, number=EVIL, url=EVIL, billed_to=EVIL)
    evil = replace(
        finding(Verdict.OPEN),
        ticket_number=EVIL,
        ticket_url=EVIL,
        customer=EVIL,
        subject=EVIL,
        status=EVIL,
        expectation=Expectation(Due.NOT_YET, Ground.STATUS, EVIL),
        invoices=(link,),
        possible=(mention,),
    )
    text = shown(evil)
    assert not set(text) & set("\x1b\x07\x08\r\x9b\u202e\u2066")
    assert "a [2J ]0;t b c 31mde f" in " ".join(text.split())


def test_progress_is_shown_on_a_terminal_and_nowhere_else() -> None:
    now = Progress(at=AT, tickets_done=1, tickets=2, invoices_read=1200, api_calls=7)
    for is_terminal in (True, False):
        stream = io.StringIO()
        with progress_shown(Console(file=stream, force_terminal=is_terminal, width=100), lambda: 12.0, 2) as show:
            show(now)
        assert ("1 of 2 tickets answered, 1,200 invoices read, 7 calls" in stream.getvalue()) is is_terminal
        assert ("waiting for Syncro's limit, 12 s" in " ".join(stream.getvalue().split())) is is_terminal
