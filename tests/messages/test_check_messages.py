"""The messages of a request, verdict by verdict."""

from __future__ import annotations

from typing import Any

import pytest

from bot.billing.rules.verdicts import Finding, Verdict
from bot.messages.check_messages import cannot_post, checking, failed, outcome, progress, receipt
from bot.messages.rendered import Rendered

from .factory import INVOICE, a_finding, a_report

NO_STATEMENT = "this is not a statement that the invoice is missing"
OTHERS = [verdict for verdict in Verdict if verdict is not Verdict.NOT_INVOICED]


def headers(message: Rendered) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "header"]


def buttons(message: Rendered) -> list[dict[str, Any]]:
    return [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]


def tables(messages: list[Rendered]) -> list[dict[str, Any]]:
    return [block for message in messages for block in message.blocks if block["type"] == "table"]


def mixed() -> list[Finding]:
    return [
        a_finding(Verdict.INVOICED, "3"),
        a_finding(Verdict.UNVERIFIED, "2"),
        a_finding(Verdict.NOT_INVOICED, "1", contradiction=True),
    ]


def test_the_parent_says_what_is_being_checked() -> None:
    assert checking(["32223"]).text == "Ticket #32223 · checking…"
    assert checking(["1", "2"]).text == "2 tickets · checking…\n#1, #2"


def test_a_ticket_on_no_invoice_is_a_warning_that_cannot_be_overlooked() -> None:
    message = outcome([a_finding(Verdict.NOT_INVOICED)], None)
    assert headers(message) == ["🚨 Warning: ticket #32223 is NOT INVOICED"]
    assert message.text.startswith("Warning. Ticket #32223 (Kittle): NOT INVOICED")
    assert "180.00 in charges, 1 h 30 min uncharged" in message.text


@pytest.mark.parametrize("verdict", OTHERS)
def test_no_other_verdict_warns(verdict: Verdict) -> None:
    finding = a_finding(verdict)
    for message in [
        outcome([finding], None),
        outcome([finding] * 2, None),
        *receipt([finding], a_report(finding)),
    ]:
        assert headers(message) == []
        assert "warning" not in f"{message.text}{message.blocks}".lower()
        assert "not invoiced" not in f"{message.text}{message.blocks}".lower()


def test_could_not_verify_is_no_statement_and_names_the_cause_and_the_invoice() -> None:
    text = outcome([a_finding(Verdict.UNVERIFIED)], None).text
    assert "could not verify" in text
    assert NO_STATEMENT in text
    assert "Invoice 67470 answered with status 500 three times." in text
    assert "Please look at invoice 67470: “Toner model 32223” may mean this ticket" in text


def test_the_reason_that_names_a_contradiction_is_said() -> None:
    said = "Contradiction: its status says Invoiced; a status is set by hand and proves nothing."
    assert said in outcome([a_finding(Verdict.NOT_INVOICED, contradiction=True)], None).text


def test_a_failure_that_the_reason_names_is_not_said_twice() -> None:
    failures = ("Invoice 1 failed.", "List 2 failed.", "Invoice 3 failed.")
    text = outcome([a_finding(Verdict.UNVERIFIED, failures=failures)], None).text
    assert [text.count(failure) for failure in failures] == [1, 1, 1]
    assert "Invoice 1 failed. List 2 failed. 1 more read failed." in text
    assert "• Invoice 3 failed." in text


def test_the_parent_says_when_it_was_checked_what_it_cost_and_where_the_evidence_is() -> None:
    message = outcome([a_finding(Verdict.INVOICED)], "U123")
    assert "checked 2026-11-22 09:02 UTC · 4 calls to Syncro · evidence in the thread" in message.text
    assert "asked by <@U123>" in str(message.blocks)


def test_an_asker_who_is_no_user_id_is_not_named() -> None:
    assert "asked by" not in str(outcome([a_finding(Verdict.INVOICED)], "!channel").blocks)


def test_unbilled_time_of_an_invoiced_ticket_is_not_lost() -> None:
    unbilled = a_finding(Verdict.NOT_INVOICED).unbilled
    text = outcome([a_finding(Verdict.INVOICED, unbilled=unbilled)], None).text
    assert "On the ticket, on no invoice yet: 180.00 in charges, 1 h 30 min uncharged" in text


def test_a_good_result_of_many_is_one_calm_sentence() -> None:
    findings = [a_finding(Verdict.INVOICED)] * 29 + [a_finding(Verdict.NON_BILLABLE)] * 2
    first = outcome(findings, None).text.splitlines()[0]
    assert first == "31 tickets: 29 invoiced, 2 non-billable, none without an invoice"


def test_none_without_an_invoice_is_not_said_when_something_is_unproved() -> None:
    text = outcome([a_finding(Verdict.INVOICED), a_finding(Verdict.UNVERIFIED)], None).text
    assert "1 could not be verified" in text
    assert NO_STATEMENT in text
    assert "none without" not in text


def test_an_open_ticket_has_no_invoice_and_misses_none() -> None:
    text = outcome([a_finding(Verdict.INVOICED), a_finding(Verdict.OPEN)], None).text
    assert "1 invoiced, 1 still open, no invoice is missing" in text


def test_several_tickets_put_the_warning_first_and_a_line_to_each_that_needs_attention() -> None:
    message = outcome(mixed(), None)
    lines = message.text.splitlines()
    assert headers(message) == ["🚨 Warning: 1 ticket is NOT INVOICED"]
    assert lines[0] == "Warning: 1 ticket is NOT INVOICED: #1."
    assert lines[1] == "3 tickets: 1 NOT INVOICED, 1 invoiced, 1 could not be verified"
    assert lines[3].startswith("Warning. Ticket #1 (Kittle): NOT INVOICED")
    assert lines[4].startswith("Ticket #2 (Kittle): could not verify")
    assert "Ticket #3" not in message.text


def test_tickets_that_have_no_room_in_the_parent_are_named_in_it() -> None:
    findings = [a_finding(Verdict.NOT_INVOICED, str(40_000 + n)) for n in range(50)]
    text = outcome(findings, None).text
    assert "These need attention too, and are in the thread: #" in text
    assert all(finding.ticket_number in text for finding in findings)


def test_check_again_carries_the_numbers_and_is_left_out_when_they_are_too_long() -> None:
    (button,) = buttons(outcome(mixed(), None))
    assert (button["action_id"], button["value"], button["text"]["text"]) == (
        "check_again",
        "3,2,1",
        "Check again",
    )
    (button,) = buttons(outcome([a_finding(Verdict.INVOICED, number) for number in ("T20230001", "00042")], None))
    assert button["value"] == "T20230001,00042"
    assert buttons(outcome([a_finding(Verdict.INVOICED, "1" * 2001)], None)) == []


def test_no_findings_are_still_a_message() -> None:
    assert outcome([], None).text == "No ticket was checked."


def test_the_evidence_says_where_it_looked_what_it_found_and_what_it_cost() -> None:
    finding = a_finding(Verdict.INVOICED)
    (message,) = receipt([finding], a_report(finding))
    for said in (
        "Ticket #32223 (Kittle): invoiced on invoice 67469",
        "• invoices of the customer — 20 listed, 20 read",
        "• invoice 67469, 75.00: its ticket field is this ticket",
        "20 invoices listed, 20 read, 0 known from earlier reads, 0 skipped · checked 2026-11-22 09:02 UTC",
        "4 calls to Syncro in 0.8 seconds for this request",
    ):
        assert said in message.text


def test_an_incomplete_search_says_so() -> None:
    finding = a_finding(Verdict.UNVERIFIED)
    (message,) = receipt([finding], a_report(finding))
    assert "the search is not complete" in message.text
    assert "What could not be read\n• Invoice 67470 answered" in message.text


def test_an_outage_is_said_once_before_everything_else() -> None:
    findings = [a_finding(Verdict.UNVERIFIED, "1"), a_finding(Verdict.UNVERIFIED, "2")]
    messages = receipt(findings, a_report(*findings, outage="The token was refused. Ask the operator."))
    assert messages[0].text.splitlines()[1] == (
        "Nothing could be read from Syncro: The token was refused. Ask the operator."
    )


def test_several_tickets_are_a_table_and_the_same_table_in_words() -> None:
    messages = receipt(mixed(), a_report(*mixed()))
    (table,) = tables(messages)
    assert [cell["text"] for cell in table["rows"][0]] == ["Ticket", "Customer", "Status", "Verdict", "Invoice"]
    assert [row[3]["text"] for row in table["rows"][1:]] == [
        "✅ Invoiced",
        "❓ Could not verify",
        "🚨 NOT INVOICED",
    ]
    for row in (
        "#3 · Kittle · status Resolved · Invoiced · invoice: 67469",
        "#2 · Kittle · status Resolved · Could not verify · invoice: look at 67470",
        "#1 · Kittle · status Resolved · NOT INVOICED · invoice: none",
    ):
        assert row in messages[0].text


def test_a_table_links_its_tickets_and_stays_one_table_without_links_when_it_is_long() -> None:
    short, long = mixed(), [a_finding(Verdict.INVOICED, str(n)) for n in range(31)]
    assert tables(receipt(short, a_report(*short)))[0]["rows"][1][0]["type"] == "rich_text"
    (table,) = tables(receipt(long, a_report(*long)))
    assert table["rows"][1][0]["type"] == "raw_text"


def test_more_invoices_than_one_are_counted_in_the_table() -> None:
    finding = a_finding(Verdict.INVOICED, invoices=(INVOICE, INVOICE))
    text = receipt([finding, finding], a_report(finding))[0].text
    assert "invoice: 67469 and 1 more" in text


def test_every_further_message_repeats_the_summary() -> None:
    findings = [a_finding(Verdict.INVOICED, str(n)) for n in range(50)]
    messages = receipt(findings, a_report(*findings))
    assert len(messages) > 1
    assert all(m.text.startswith("50 tickets: 50 invoiced") for m in messages)
    assert all("(continued)" in m.text for m in messages[1:])


@pytest.mark.parametrize(
    ("done", "wanted", "what", "said"),
    [
        (3, 12, "84 invoices read", "Still looking: 3 of 12 tickets answered, 84 invoices read…"),
        (0, 1, "84 invoices read", "Still looking: 84 invoices read…"),
    ],
)
def test_progress_says_how_far_it_is(done: int, wanted: int, what: str, said: str) -> None:
    assert progress(done, wanted, what).text == said


def test_a_check_that_broke_down_says_nothing_about_the_invoice() -> None:
    message = failed(["1", "2"], "The worker was stopped.")
    assert message.text == (
        f"2 tickets · ❓ Could not verify — {NO_STATEMENT}\n#1, #2\nThe check did not finish: The worker was stopped."
    )
    assert buttons(message)[0]["value"] == "1,2"
    assert "the cause is not known" in failed(["1"], "").text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("not_in_channel", "/invite @bot"),
        ("channel_not_found", "a private channel that I am not in, or it was deleted"),
        ("is_archived", "is archived"),
        ("restricted_action_read_only_channel", "A workspace admin can allow it"),
        ("external_channel", "people outside this company"),
        ("<!channel>", "&lt;!channel&gt;"),
    ],
)
def test_who_asked_learns_why_the_channel_has_no_answer_and_where_it_comes(code: str, said: str) -> None:
    told = cannot_post("C123", code)
    assert said in told
    assert "<#C123>" in told
    assert told.endswith("The answer comes to you in a direct message.")


def test_a_channel_that_is_no_id_is_not_written_into_a_mention() -> None:
    assert cannot_post("C1> <!channel", "is_archived").startswith("That channel is archived")
