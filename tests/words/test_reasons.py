"""Why a verdict is what it is: the same sentence in Slack, the terminal, the CSV file and the JSON."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from rich.console import Console

from bot.billing.rules.verdicts import Due, Expectation, Finding, Ground, Verdict
from bot.digest.csv import digest_csv
from bot.messages.check_messages import outcome
from bot.terminal.check import show_report
from bot.words.finding_json import finding_as_json
from bot.words.reasons import beside_headline, reason, unsaid
from tests.digest.factory import a_digest
from tests.messages.factory import INVOICE, a_finding, a_report, any_finding


@pytest.mark.parametrize("verdict", Verdict)
def test_all_surfaces_give_the_reason_in_the_same_words(verdict: Verdict) -> None:
    finding = a_finding(verdict)
    out = io.StringIO()
    show_report(Console(file=out, width=400), a_report(finding))
    said = reason(finding)
    assert said.endswith(".")
    assert finding_as_json(finding)["reason"] == said
    assert said in out.getvalue()
    assert said.replace('"', '""') in digest_csv(a_digest(finding))
    beside = beside_headline(replace(finding, possible=()))
    assert beside in outcome([finding], None).text.replace("\u2060", "")


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expectation(Due.NOT_YET, Ground.STATUS, "New"),
         'The work is not finished (status “New”), so an invoice is not due yet.'),
        (Expectation(Due.NEVER, Ground.BILLING_STATUS, "Free"),
         'No invoice is expected: its billing status is “Free”.'),
        (Expectation(Due.NEVER, Ground.TIME),
         "No invoice is expected: none of its time is billable and it has no unbilled charge."),
        (None, ""),
    ],
)  # fmt: skip
def test_what_policy_says_is_the_reason_where_nothing_else_is(expected: Expectation | None, said: str) -> None:
    assert reason(a_finding(Verdict.NON_BILLABLE, expectation=expected)) == said


def test_a_warning_names_the_contradiction_and_the_paused_recurring_invoice() -> None:
    plain = "The work is finished (status “Resolved”)."
    proof = "Every place where its invoice could be was searched"
    assert reason(a_finding(Verdict.NOT_INVOICED)) == f"{plain} {proof}, and there is none."
    loud = reason(a_finding(Verdict.NOT_INVOICED, contradiction=True, paused_schedule=""))
    assert loud == (f"Its status says “Invoiced”, but no invoice bills it. Its recurring invoice is paused. {proof}.")


def test_how_several_invoices_bill_it_is_said_once_where_it_is_the_same() -> None:
    both = a_finding(Verdict.INVOICED, invoices=(INVOICE, replace(INVOICE, number="67470")))
    assert reason(both) == "Invoice 67469 was made for this ticket; invoice 67470 was made for this ticket."
    assert beside_headline(both) == "Each invoice was made for this ticket."


@given(any_finding)
def test_every_failed_read_is_said_or_left_to_be_said(finding: Finding) -> None:
    left = unsaid(finding)
    told = finding.failures[: len(finding.failures) - len(left)]
    assert (*told, *left) == finding.failures
    assert all(failure in reason(finding) for failure in told)


def test_a_ticket_that_could_not_be_looked_up_says_so() -> None:
    lost = replace(a_finding(Verdict.UNVERIFIED, ticket_id=None), possible=(), failures=("Status 500.",))
    assert reason(lost) == "The ticket could not be looked up. Status 500."
