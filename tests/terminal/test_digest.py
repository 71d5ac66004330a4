"""The digest in a terminal of 80 columns."""

from __future__ import annotations

import io

from hypothesis import HealthCheck, given, settings
from rich.console import Console

from bot.billing.rules.verdicts import Verdict
from bot.digest.model import Digest
from bot.terminal.digest import show_digest
from tests.digest.factory import (
    a_digest,
    any_digest,
    audited,
    first_run,
    history,
    mark,
    second_run,
    snooze,
    standing,
    the_incident,
)


def shown(digest: Digest, width: int = 80) -> str:
    out = io.StringIO()
    show_digest(Console(file=out, width=width), digest)
    return out.getvalue()


def test_the_incident_is_two_lines_under_its_title() -> None:
    lines = shown(the_incident()).splitlines()
    assert lines[1:] == [
        "29 of 31 invoiced, 2 non-billable, nothing unbilled",
        "31 tickets checked  ·  96 calls to Syncro in 31.0 s",
    ]


def test_the_second_run_shows_new_recovered_scheduled_and_unproved() -> None:
    text = shown(second_run())
    assert "#32229 · Kittle · 480.00 · recovered · invoice 67501" in text
    assert "#32240 · Kittle · expected on the invoice of Tue 1 Dec" in text
    assert "not a statement that the invoice is missing" in text
    assert "status Invoiced!" in " ".join(text.split())


def test_the_first_run_says_backlog() -> None:
    assert shown(first_run()).count("backlog") == 4


def test_every_section_is_shown() -> None:
    aside = history(standing("9"), snoozes=(snooze("1"),), marks=(mark("2"),))
    tickets = [audited(number=str(n)) for n in (1, 2)]
    doubt = audited(Verdict.PARTIALLY_INVOICED, "3", minutes=30)
    text = shown(a_digest(*tickets, doubt, remembered=aside))
    for said in (
        "#1 · Kittle · until 2026-11-30 14:00 UTC: customer pays on delivery",
        "#2 · Kittle · goodwill",
        "Charges of 180.00 on the ticket are on no invoice yet.",
        "#3 · Kittle · 30 min",
        "#9 · Kittle",
    ):
        assert said in " ".join(text.split())


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_digest())
def test_80_columns_are_enough_and_nothing_moves_the_cursor(digest: Digest) -> None:
    text = shown(digest)
    text.encode()
    assert not set(text) & set("\x1b\x9b\x07\x08\u202e\r")
    for lines in (digest.unbilled, digest.of(Verdict.UNVERIFIED), digest.of(Verdict.SCHEDULED)):
        assert all(f"#{line.finding.ticket_number}" in text for line in lines)


def test_a_customer_cannot_pass_for_a_verdict() -> None:
    text = shown(a_digest(audited(Verdict.UNVERIFIED, "1", customer="✓ invoiced on 9"), audited(customer="Invoiced")))
    assert "#1 · “✓ invoiced on 9” ·" in text
    assert "“Invoiced”" in text
