"""An invoice was found, and the ticket's charges could not be read: every surface says so, and none says "nothing"."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from bot.billing.rules.verdicts import Coverage, Finding, Unbilled, Verdict
from bot.digest.csv import digest_csv
from bot.digest.headline import headline, is_quiet
from bot.digest.model import Digest, Standing
from bot.messages.check_messages import outcome, receipt
from bot.messages.digest_messages import digest_messages
from bot.messages.unfurls import unfurl
from bot.terminal.check import show_report
from bot.terminal.digest import show_digest
from tests.digest.factory import a_digest, audited, history, standing
from tests.messages.factory import a_finding, a_report

WHY = "Reading ticket id 109554336: Syncro answered 500 (4 tries). Try again in a few minutes."
UNREAD: dict[str, Any] = {
    "unbilled": Unbilled(None, None),
    "failures": (WHY,),
    "coverage": Coverage(1, 1, complete=False),
}
SAID = "whether more is unbilled could not be read"


def unread(number: str = "32223", verdict: Verdict = Verdict.INVOICED) -> Finding:
    coverage = Coverage(listed=1, read=1, complete=False)
    return a_finding(verdict, number, unbilled=Unbilled(None, None), failures=(WHY,), coverage=coverage)


def digest_with_unread(*remembered: Standing) -> Digest:
    return a_digest(
        audited(Verdict.INVOICED, "1"),
        audited(Verdict.INVOICED, "2", **UNREAD),
        remembered=history(*remembered) if remembered else None,
    )


def test_the_answer_to_one_ticket_says_it_and_why() -> None:
    text = outcome([unread()], None).text
    assert SAID in text.lower()
    assert "4 tries" in text
    assert "0.00" not in text


def test_the_summary_of_several_does_not_say_that_none_is_without_an_invoice() -> None:
    well = outcome([a_finding(Verdict.INVOICED, "1"), a_finding(Verdict.INVOICED, "2")], None).text
    assert "none without an invoice" in well
    text = outcome([a_finding(Verdict.INVOICED, "1"), unread("2")], None).text
    assert "none without" not in text
    assert "no invoice is missing" not in text
    assert f"of 1 of them {SAID}" in text
    assert "#2" in text


@pytest.mark.parametrize("findings", [[unread()], [a_finding(Verdict.INVOICED, "1"), unread("2")]])
def test_the_thread_says_what_could_not_be_read(findings: list[Finding]) -> None:
    text = "\n".join(message.text for message in receipt(findings, a_report(*findings)))
    assert "4 tries" in text
    assert SAID in text.lower() or "not complete" in text


def test_the_terminal_says_it() -> None:
    out = io.StringIO()
    show_report(Console(file=out, width=200), a_report(a_finding(Verdict.INVOICED, "1"), unread("2")))
    said = " ".join(out.getvalue().split())
    assert "Whether more is unbilled could not be read." in said
    assert f"of 1 of them {SAID}" in said
    assert "not complete" in said
    assert "On no invoice yet" not in said


def test_a_part_that_is_unbilled_by_an_unknown_amount_is_no_nothing() -> None:
    partly = unread(verdict=Verdict.PARTIALLY_INVOICED)
    out = io.StringIO()
    show_report(Console(file=out, width=200), a_report(partly))
    for text in (outcome([partly], None).text, out.getvalue()):
        assert "could not be read" in text
        assert "0.00" not in text


def test_a_digest_is_not_quiet_about_it_and_does_not_say_that_nothing_is_unbilled() -> None:
    digest = digest_with_unread()
    assert not is_quiet(digest)
    assert headline(digest) == "2 of 2 invoiced, 1 not read to the end, nothing proved unbilled"


def test_each_form_of_the_digest_has_a_line_of_its_own_for_it() -> None:
    digest = digest_with_unread()
    made = digest_messages(digest)
    out = io.StringIO()
    show_digest(Console(file=out, width=200), digest)
    assert f"On an invoice, but {SAID}: 1 ticket: #2" in made.parent.text.replace("*", "")
    thread = "\n".join(message.text for message in made.thread)
    for text in (thread, out.getvalue()):
        assert SAID in text
        assert "4 tries" in text
    (row,) = (line for line in digest_csv(digest).splitlines() if WHY in line)
    assert row.startswith('"rest not read","2"')
    assert '"","","",""' in row


def test_the_line_below_an_address_says_it() -> None:
    assert SAID in unfurl(unread()).text


def test_what_is_not_known_is_no_amount_of_nothing_in_a_table_or_on_a_card() -> None:
    rest = [each.finding for each in digest_with_unread().tickets]
    unknown = a_digest(audited(Verdict.NOT_INVOICED, "3", unbilled=Unbilled(None, Decimal(0))), *rest)
    (_, *rows) = csv.reader(io.StringIO(digest_csv(unknown)))
    assert "0.00" not in rows[0][10:12]
    assert [row[10:12] for row in rows if row[0] == "rest not read"] == [["", ""]]
    assert "worth not known" in digest_messages(unknown).parent.text
    assert "could not be read. " in digest_messages(unknown).parent.text


def test_of_a_warning_whose_ticket_is_billed_in_an_unknown_part_nobody_claims_an_amount() -> None:
    digest = digest_with_unread(standing("2", "195.00"))
    assert digest.resolved[0].remains is None
    (_, *rows) = csv.reader(io.StringIO(digest_csv(digest)))
    assert rows[0][10] == ""
    (thread,) = [each.text for each in digest_messages(digest).thread if "Recovered" in each.text]
    assert "nobody knows how much of 195.00" in thread
    assert "0.00" not in thread.replace("195.00", "")
