"""The messages of a request, verdict by verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.billing.rules.verdicts import Coverage, Finding, Verdict
from bot.messages.check_messages import cannot_post, checking, failed, outcome, progress, receipt
from bot.messages.rendered import Rendered

from .factory import a_finding, a_report

NO_STATEMENT = "this is not a statement that the invoice is missing"
OTHERS = [verdict for verdict in Verdict if verdict is not Verdict.NOT_INVOICED]


def headers(message: Rendered) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "header"]


def buttons(message: Rendered) -> list[dict[str, Any]]:
    return [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]


def tables(messages: list[Rendered]) -> list[dict[str, Any]]:
    return [block for message in messages for block in message.blocks if block["type"] == "data_table"]


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
    assert headers(message) == ["🚨 NOT INVOICED · #32223 · Kittle · 180.00 in charges, 1 h 30 min not yet charged"]
    assert message.text.startswith("Warning. Ticket #32223 (Kittle): NOT INVOICED")
    assert "180.00 in charges, 1 h 30 min not yet charged" in message.text


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
    assert "Reading invoice 1650000003: Syncro answered 500 (4 tries)." in text
    assert "Look at invoice 67470: its text “Toner model 32223” may mean this ticket" in text


def test_the_reason_that_names_a_contradiction_is_said() -> None:
    said = "Its status says “Invoiced”, but no invoice bills it."
    assert said in outcome([a_finding(Verdict.NOT_INVOICED, contradiction=True)], None).text


def test_the_parent_names_one_failure_and_counts_the_others_which_the_thread_names() -> None:
    failures = ("Invoice 1 failed.", "List 2 failed.", "Invoice 3 failed.")
    finding = a_finding(Verdict.UNVERIFIED, failures=failures)
    text = outcome([finding], None).text
    assert [text.count(failure) for failure in failures] == [1, 0, 0]
    assert "Invoice 1 failed. 2 more reads failed." in text
    (evidence,) = receipt([finding], a_report(finding))
    assert [evidence.text.count(failure) for failure in failures] == [1, 1, 1]


def test_the_parent_says_when_it_was_checked_and_where_the_evidence_is_but_not_what_it_cost() -> None:
    message = outcome([a_finding(Verdict.INVOICED)], "U123")
    assert message.text.endswith("checked 2026-11-22 09:02 UTC · evidence in the thread")
    assert "asked by <@U123>" in str(message.blocks)
    assert "call" not in message.text


def test_an_asker_who_is_no_user_id_is_not_named() -> None:
    assert "asked by" not in str(outcome([a_finding(Verdict.INVOICED)], "!channel").blocks)


def test_unbilled_time_of_an_invoiced_ticket_is_not_lost() -> None:
    unbilled = a_finding(Verdict.NOT_INVOICED).unbilled
    text = outcome([a_finding(Verdict.INVOICED, unbilled=unbilled)], None).text
    assert "Charges of 180.00 on the ticket are on no invoice yet." in text
    assert "1 h 30 min of time is not yet charged." in text


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


def test_several_tickets_are_counts_and_a_table_of_those_to_look_at_the_warning_first() -> None:
    message = outcome(mixed(), None)
    assert headers(message) == ["🚨 NOT INVOICED · 1 of 3 tickets · 180.00 in charges, 1 h 30 min not yet charged"]
    assert message.text.splitlines()[:3] == [
        (
            f"Warning. 3 tickets: 1 NOT INVOICED, 1 invoiced, 1 could not be verified ({NO_STATEMENT})."
            " Unbilled: 180.00 in charges, 1 h 30 min not yet charged."
        ),
        "NOT INVOICED: #1 (Kittle, 180.00 in charges, 1 h 30 min not yet charged, status Invoiced is wrong)",
        "Could not verify: #2 (Kittle, look at invoice 67470)",
    ]
    (table,) = tables([message])
    assert [row[2]["text"] for row in table["rows"][1:]] == ["🚨 NOT INVOICED", "❓ Could not verify"]
    assert "#3" not in message.text


def test_tickets_that_have_no_room_in_the_parent_are_named_in_it() -> None:
    findings = [a_finding(Verdict.NOT_INVOICED, str(40_000 + n)) for n in range(50)]
    text = outcome(findings, None).text
    (more,) = (block for block in outcome(findings, None).blocks if "In the thread: #" in str(block))
    (table,) = tables([outcome(findings, None)])
    shown = json.dumps([more, table])
    assert all(finding.ticket_number in shown for finding in findings)
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
        "Where I looked for #32223 · Invoiced",
        "• Invoices that Syncro offers for this ticket — 1 invoice offered, link found",
        "• 67469, 75.00: it was made for this ticket",
        "Read now: 1 invoice · 4 calls to Syncro in 0.8 seconds for this request",
    ):
        assert said in message.text


def test_an_incomplete_search_says_so() -> None:
    finding = a_finding(Verdict.UNVERIFIED)
    (message,) = receipt([finding], a_report(finding))
    assert "the search is not complete" in message.text
    assert "What could not be read\n• Reading invoice 1650000003: Syncro answered" in message.text


def test_an_outage_is_said_once_before_everything_else() -> None:
    findings = [a_finding(Verdict.UNVERIFIED, "1"), a_finding(Verdict.UNVERIFIED, "2")]
    messages = receipt(findings, a_report(*findings, outage="The token was refused. Ask the operator."))
    assert messages[0].text.splitlines()[1] == (
        "Nothing could be read from Syncro: The token was refused. Ask the operator."
    )


def test_the_thread_proves_each_ticket_once_those_to_look_at_first() -> None:
    (message,) = receipt(mixed(), a_report(*mixed()))
    lines = message.text.splitlines()
    starts = [line.split(" · ")[1] for line in lines if line[0] in "🚨❓✅"]
    assert starts[0] == "#1"
    assert starts[1].startswith("#2")
    assert starts[2] == "#3"
    assert lines[-1] == "12 calls to Syncro in 0.8 seconds for this request"
    assert (
        "Looked: Invoices that Syncro offers for this ticket — none offered; All invoices of this cus" in message.text
    )
    assert "Every place where its invoice could be was searched" not in message.text


def test_a_table_links_its_tickets_however_long_it_is() -> None:
    for findings in (mixed(), [a_finding(Verdict.NOT_INVOICED, str(n)) for n in range(50)]):
        (table,) = tables([outcome(findings, None)])
        assert all(row[0]["type"] == "rich_text" for row in table["rows"][1:])


def test_every_further_message_begins_with_a_ticket() -> None:
    findings = [a_finding(Verdict.NOT_INVOICED, str(n), customer="K" * 60) for n in range(50)]
    messages = receipt(findings, a_report(*findings))
    assert len(messages) > 1
    assert all(m.text.startswith("🚨 NOT INVOICED · #") for m in messages[1:])


def test_what_is_true_of_several_tickets_is_said_once_in_the_thread() -> None:
    unpaid = [a_finding(Verdict.NOT_INVOICED, str(n)) for n in range(1, 11)]
    other = a_finding(Verdict.NOT_INVOICED, "11", coverage=Coverage(listed=7, read=7))
    billed = [a_finding(Verdict.INVOICED, str(n)) for n in range(20, 52)]
    doubtful = [a_finding(Verdict.UNVERIFIED, str(n)) for n in (60, 61)]
    every = [*unpaid, other, *billed, *doubtful]
    text = "\n".join(message.text for message in receipt(every, a_report(*every)))
    assert [text.count(f"All invoices of this customer — {n} invoices, all read now") for n in (20, 7)] == [1, 1]
    assert text.count("Each of these 10: The work is finished (status “Resolved”). Looked: ") == 1
    assert text.count("The invoice was made for this ticket.") == text.count("Each of these 32: The invoice was") == 1
    assert "✅ Invoiced · #20 on 67469 (75.00), #21 on 67469 (75.00), #22" in text
    assert text.count("✅ Invoiced · #") == 4, "ten in a line"
    assert text.count("Look at invoice 67470") == 2, "what is a ticket's own stays with it"
    assert all(f"#{each.ticket_number} " in text for each in every)


def test_evidence_of_one_ticket_that_fills_a_message_goes_on_under_its_name() -> None:
    failures = tuple(f"Reading invoice {n} failed. {'x' * 300}" for n in range(30))
    finding = a_finding(Verdict.UNVERIFIED, failures=failures)
    messages = receipt([finding], a_report(finding))
    assert len(messages) > 1
    assert all(m.text.startswith("#32223 · Could not verify (continued)\n") for m in messages[1:])


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
        f"❓ Could not verify · 2 tickets: #1, #2 — {NO_STATEMENT}\nThe check did not finish: The worker was stopped."
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
