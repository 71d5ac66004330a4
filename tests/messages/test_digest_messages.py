"""The digest in Slack: what the parent says, what goes to the thread, and the rules that hold for any digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.billing.rules.verdicts import Verdict, WarningEnding
from bot.counting import counted
from bot.digest.groups import part_of
from bot.digest.model import Digest, Resolved, TrendPoint
from bot.messages.digest_blocks import plainer
from bot.messages.digest_messages import (
    DigestMessages,
    digest_failed,
    digest_messages,
    monthly_marks,
    quiet_line,
    retracted_warning,
    sign_of_life,
    wrong_report_thanks,
)
from bot.messages.rendered import Block, Rendered
from bot.sandbox.slack.limits import message_error
from tests.digest.factory import (
    AT_NINE,
    FRIDAY,
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

from .factory import HOSTILE, TRUSTED, untrusted
from .test_every_message import assert_harmless

many = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

UPDATE_LIMIT = 4_000


def all_of(messages: DigestMessages) -> list[Rendered]:
    return [messages.parent, *messages.thread]


def of_type(message: Rendered, kind: str) -> list[Block]:
    return [block for block in message.blocks if block["type"] == kind]


def buttons(messages: list[Rendered]) -> Iterator[dict[str, Any]]:
    for message in messages:
        for row in of_type(message, "actions"):
            yield from row["elements"]


def many_unbilled(count: int) -> Digest:
    tickets = [audited(number=str(32_000 + n), technician=f"Tech {n % 3}") for n in range(count)]
    return a_digest(*tickets, remembered=history())


# The parent


def test_the_parent_says_the_headline_first_and_then_what_changed() -> None:
    lines = digest_messages(second_run()).parent.text.splitlines()
    assert lines[0] == (
        "Invoice digest · Mon 23 Nov 2026: 3 tickets unbilled, 1,070.00 at risk (180.00 of it an estimate),"
        " 1 could not be verified;"
        " since Fri 20 Nov: as many tickets, 180.00 less"
    )
    assert lines[1:5] == [
        "2 of 7 invoiced",
        (
            "New: 1 ticket, 300.00 · Still unbilled: 2 tickets, 770.00"
            " · Recovered: 1 ticket, 480.00: #32229 on invoice 67501"
        ),
        "⚠️ Status Invoiced without an invoice: 1 ticket, 630.00: #32231",
        (
            "Scheduled: 1 ticket on Tue 1 Dec, 95.00: #32240 · Could not verify: 1 ticket: #32241;"
            " this is not a statement that the invoice is missing"
        ),
    ]


def test_the_first_run_says_backlog_and_never_new() -> None:
    messages = all_of(digest_messages(first_run()))
    text = "\n".join(message.text for message in messages)
    assert "the first digest, so this is the backlog" in text
    assert "· new" not in text
    assert "New:" not in text


def test_the_incident_has_no_alarm() -> None:
    messages = digest_messages(the_incident())
    said = json.dumps([each.blocks for each in all_of(messages)], ensure_ascii=False) + messages.parent.text
    assert "29 of 31 invoiced, 2 non-billable, nothing unbilled" in messages.parent.text
    assert messages.thread == []
    for alarm in ("🚨", "⚠️", "warning", "not invoiced", "thread"):
        assert alarm not in said.lower()
    assert quiet_line(the_incident()).text == "29 of 31 invoiced, 2 non-billable, nothing unbilled"


def test_a_quiet_line_says_when_the_scheduled_work_is_billed_and_needs_no_thread() -> None:
    later = [audited(Verdict.SCHEDULED, str(n)) for n in range(1, 31)]
    undated = audited(Verdict.SCHEDULED, "99", scheduled_for=None)
    assert quiet_line(a_digest(*later, undated)).text == (
        "0 of 31 invoiced, 31 scheduled, nothing unbilled\nScheduled: 30 on Tue 1 Dec, 1 without a date"
    )


def test_a_paused_or_overdue_recurring_invoice_has_a_louder_line_with_its_date() -> None:
    late = audited(Verdict.SCHEDULED, "2", scheduled_for=datetime(2026, 11, 20, 11, tzinfo=UTC))
    text = digest_messages(a_digest(audited(number="1", paused_schedule="Care"), late)).parent.text
    assert "⚠️ Waiting for a recurring invoice that is paused: 1 ticket, 180.00: #1" in text
    assert "⚠️ Recurring invoice overdue, its date has passed (1 on Fri 20 Nov): 1 ticket, 180.00: #2" in text
    assert "Scheduled:" not in text


def test_work_without_a_price_is_said_not_to_have_one() -> None:
    text = digest_messages(a_digest(audited(charges="0", minutes=90), labor_rate=None)).parent.text
    assert "Another 1 h 30 min on these tickets is not yet charged; without a labor rate it has no price" in text
    assert "its worth is not known" in digest_messages(a_digest(audited(charges="0"))).parent.text


def test_uncharged_time_is_named_with_its_worth() -> None:
    messages = digest_messages(a_digest(audited(Verdict.INVOICED, "1", minutes=90)))
    assert "Time not yet charged, 1 h 30 min: 1 ticket, 180.00 (an estimate): #1" in messages.parent.text
    assert (
        "• #1 · Kittle · 1 h 30 min not yet charged, worth 180.00 (an estimate) · invoiced · Anna Smith"
        in messages.thread[0].text
    )


# The table, the charts, the buttons


def test_the_table_has_the_most_money_first_and_sorts_by_age_and_by_money() -> None:
    small = [audited(number=str(n), charges="10.00") for n in range(1, 4)]
    much = audited(number="9", charges="630.00", finished=datetime(2026, 11, 6, 15, tzinfo=UTC))
    (table,) = of_type(digest_messages(a_digest(*small, much)).parent, "data_table")
    assert table["caption"] == "4 unbilled tickets, the most money first"
    assert [cell["text"] for cell in table["rows"][0]] == [
        "Ticket", "Customer", "Finished for (business days)", "At risk", "Technician", "Warned on",
    ]  # fmt: skip
    first = table["rows"][1]
    assert first[0]["elements"][0]["elements"][0]["url"] == f"{TRUSTED}/tickets/99"
    assert first[2] == {"type": "raw_number", "value": 11, "text": "11"}
    assert first[3] == {"type": "raw_number", "value": 630.0, "text": "630.00"}


@pytest.mark.parametrize("count", [1, 4])
def test_work_that_a_prepaid_block_covers_is_hours_and_no_money_of_nothing(count: int) -> None:
    block: dict[str, Any] = {"charges": "0.00", "minutes": 90, "prepaid_hours": Decimal(12)}
    digest = a_digest(*(audited(number=str(n), customer_id=str(n), **block) for n in range(count)))
    messages = digest_messages(digest)
    for said in (str([message.blocks for message in all_of(messages)]), *(each.text for each in all_of(messages))):
        assert "0.00" not in said
    assert f"{counted(count, 'ticket')} unbilled, {count * 1.5:g} h not yet drawn from" in messages.parent.text
    assert messages.parent.text.count("· 1.5 h prepaid") == count


def test_the_parent_draws_the_money_and_the_thread_the_ages_and_the_count() -> None:
    messages = digest_messages(second_run())
    titles = [[block["title"] for block in of_type(each, "data_visualization")] for each in all_of(messages)]
    assert titles == [
        ["Money at risk, last 2 runs"],
        ["Unbilled tickets by age in business days", "Unbilled tickets, last 2 runs"],
    ]
    assert "Money at risk, last 2 runs: 20 Nov: 1,250.00, 23 Nov: 1,070.00" in messages.parent.text
    assert "by age in business days: 0-2: 1, 3-7: 1, 8-30: 1\n" in messages.thread[0].text


def test_there_is_no_trend_of_one_run() -> None:
    charts = of_type(digest_messages(first_run()).parent, "data_visualization")
    assert [chart["chart"]["type"] for chart in charts] == ["bar"]


def test_two_runs_of_one_day_stay_two_points() -> None:
    runs = [FRIDAY, replace(FRIDAY, unbilled=4), replace(FRIDAY, unbilled=5)]
    parent = digest_messages(a_digest(audited(), remembered=history(trend=runs))).parent
    (chart,) = of_type(parent, "data_visualization")
    assert chart["chart"]["axis_config"]["categories"] == ["20 Nov", "20 Nov (2)", "20 Nov (3)", "23 Nov"]


def test_an_unknown_age_is_drawn_as_such() -> None:
    text = digest_messages(a_digest(audited(finished=None))).parent.text
    assert "by age in business days: not known: 1" in text
    assert "age not known" in text


def test_every_unbilled_row_has_its_five_buttons() -> None:
    row = list(buttons([digest_messages(first_run()).parent]))[:5]
    assert [each["action_id"] for each in row] == [
        "digest_recheck",
        "digest_snooze",
        "digest_mark",
        "digest_wrong",
        "open_in_syncro",
    ]
    assert {each.get("value") for each in row[:4]} == {'{"id":"932231","number":"32231","customer":"Kittle"}'}
    assert row[4]["url"] == f"{TRUSTED}/tickets/932231"
    assert "value" not in row[4]


def test_a_row_that_could_not_be_verified_can_be_rechecked_but_not_marked() -> None:
    row = list(buttons(digest_messages(a_digest(audited(Verdict.UNVERIFIED))).thread))
    assert [each["action_id"] for each in row] == ["digest_recheck", "open_in_syncro"]


def test_of_many_tickets_ten_are_in_the_parent_and_all_in_the_thread_and_the_parent_says_so() -> None:
    messages = digest_messages(many_unbilled(120))
    (table,) = of_type(messages.parent, "data_table")
    assert len(table["rows"]) - 1 == 10
    assert table["caption"] == "The first 10 of 120 unbilled tickets, the most money first"
    assert "110 more unbilled tickets, the buttons and the details in the thread" in messages.parent.text
    rechecks = [each["value"] for each in buttons(messages.thread) if each["action_id"] == "digest_recheck"]
    assert len(set(rechecks)) == 120


def test_the_thread_groups_by_customer_and_by_technician() -> None:
    text = digest_messages(second_run()).thread[0].text
    assert "By customer\n• Kittle: 2 tickets, 770.00: #32231, #32232\n• Harbor Dental: 1 ticket, 300.00: #32233" in text
    assert "By technician\n• Anna Smith: 1 ticket, 630.00: #32231" in text
    assert "• nobody assigned: 1 ticket, 140.00: #32232" in text


def test_a_part_is_a_digest_of_its_own_tickets() -> None:
    messages = digest_messages(part_of(second_run(), lambda finding: finding.technician == "Ben Ode"))
    text = "\n".join(each.text for each in all_of(messages))
    assert text.startswith("Part of the invoice digest · Mon 23 Nov 2026: 1 ticket unbilled, 300.00 at risk\n")
    assert "#32231" not in text


def test_snoozed_and_marked_tickets_are_in_the_thread_with_their_reasons() -> None:
    aside = history(standing("9"), snoozes=(snooze("1"),), marks=(mark("2"),))
    messages = digest_messages(a_digest(audited(number="1"), audited(number="2"), remembered=aside))
    text = "\n".join(each.text for each in all_of(messages))
    assert "• #1 · Kittle · 180.00 · until 2026-11-30 14:00 UTC · “customer pays on delivery”" in text
    assert "• #2 · Kittle · 180.00 · since Tue 3 Nov · “goodwill”" in text
    assert "Not looked at this time: 1 ticket: #9; their warnings stand" in text
    assert not of_type(messages.parent, "data_table")


# Where Slack refuses the data blocks


def test_the_plainer_form_keeps_the_table_the_numbers_and_the_buttons() -> None:
    whole = digest_messages(many_unbilled(4)).parent
    plain = plainer(whole)
    kinds = {block["type"] for block in plain.blocks}
    assert plain.text == whole.text
    assert message_error(plain.text, list(plain.blocks), refused_types={"data_table", "data_visualization"}) is None
    assert "table" in kinds
    assert "Money at risk, last 2 runs: 20 Nov: 1,250.00, 23 Nov: 720.00" in str(plain.blocks)
    assert of_type(plainer(digest_messages(second_run()).parent), "actions")
    assert plainer(quiet_line(the_incident())) == quiet_line(the_incident())


# For any digest


@many
@given(any_digest())
def test_every_message_is_inside_slacks_limits(digest: Digest) -> None:
    for message in [*all_of(digest_messages(digest)), quiet_line(digest), sign_of_life(digest)]:
        for shown in (message, plainer(message)):
            assert message_error(shown.text, list(shown.blocks), text_limit=UPDATE_LIMIT) is None
        message.text.encode()


@many
@given(any_digest())
def test_every_ticket_that_needs_somebody_is_named_in_words_and_in_blocks(digest: Digest) -> None:
    messages = all_of(digest_messages(digest))
    words = "\n".join(message.text for message in messages)
    blocks = json.dumps([[b for b in message.blocks if b["type"] != "actions"] for message in messages])
    sections = [digest.of(each) for each in (Verdict.NOT_INVOICED, Verdict.UNVERIFIED, Verdict.SCHEDULED)]
    sections += [digest.uncharged_time, digest.snoozed]
    named = {line.finding.ticket_number for lines in sections for line in lines}
    named |= {each.standing.ticket_number for each in digest.resolved}
    named |= {each.ticket_number for each in digest.not_checked}
    for number in named:
        assert f"#{number}" in words
        assert f"#{number}" in blocks


@many
@given(any_digest())
def test_every_unbilled_ticket_has_its_buttons_exactly_once(digest: Digest) -> None:
    pressed = [each["value"] for each in buttons(all_of(digest_messages(digest))) if each["action_id"] == "digest_mark"]
    expected = [(line.finding.ticket_id, line.finding.ticket_number) for line in digest.weightiest_first]
    assert [(value["id"], value["number"]) for value in map(json.loads, pressed)] == expected


@many
@given(any_digest())
def test_nothing_from_outside_pings_links_or_formats(digest: Digest) -> None:
    for message in [*all_of(digest_messages(digest)), quiet_line(digest)]:
        assert_harmless(message)


@many
@given(any_digest())
def test_nothing_is_called_new_on_a_first_run(digest: Digest) -> None:
    if digest.is_first:
        words = "\n".join(message.text for message in all_of(digest_messages(digest)))
        assert "New:" not in words


# The small messages


def test_a_digest_that_fails_says_so_and_is_no_all_clear() -> None:
    text = digest_failed("Syncro refused the API token. Set SYNCRO_API_TOKEN anew.").text
    assert "The invoice digest could not be made: Syncro refused the API token." in text
    assert "this is not an all-clear" in text
    assert "the cause is not known" in digest_failed("").text


def test_a_sign_of_life_carries_the_headline() -> None:
    assert sign_of_life(the_incident()).text.startswith(
        "Sign of life: 29 of 31 invoiced, 2 non-billable, nothing unbilled\n"
    )


def test_the_monthly_list_names_every_mark_with_its_reason_and_who_made_it() -> None:
    marks = [mark(str(32_000 + n)) for n in range(150)]
    messages = monthly_marks(marks)
    text = "\n".join(message.text for message in messages)
    assert text.startswith("150 tickets marked as non-billable in the bot.")
    assert text.count("<@U0BOSS> · “goodwill”") == 150
    assert len(messages) > 1


def test_a_mark_by_somebody_who_is_no_user_id_pings_nobody() -> None:
    (message,) = monthly_marks([replace(mark("1"), by="!channel", reason=HOSTILE)])
    assert_harmless(message)


def test_a_warning_is_taken_back_with_the_name_of_the_invoice() -> None:
    (resolved,) = second_run().resolved
    taken_back = retracted_warning(resolved)
    assert taken_back.parent.text.startswith("Ticket #32229 (Kittle): invoiced on invoice 67501, total 480.00.")
    assert "The warning of Fri 20 Nov 2026, that no invoice bills it, no longer stands." in taken_back.parent.text
    assert taken_back.thread.text.startswith(
        "Ticket #32229 (Kittle) is on invoice 67501, 480.00 (it was made for this ticket)."
    )
    assert f"{TRUSTED}/invoices/1650000999" in str(taken_back.thread.blocks)
    assert "NOT INVOICED" not in str(taken_back)


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (WarningEnding.INVOICED, "is on invoice 67501"),
        (WarningEnding.SCHEDULED, "recurring invoice"),
        (WarningEnding.NON_BILLABLE, "non-billable"),
        (WarningEnding.REOPENED, "reopened"),
        (WarningEnding.GONE, "no longer in Syncro"),
    ],
)
def test_a_warning_can_be_taken_back_from_memory_alone(ending: WarningEnding, said: str) -> None:
    number = "67501" if ending is WarningEnding.INVOICED else None
    taken_back = retracted_warning(Resolved(standing("1"), ending, None, number))
    assert said in taken_back.parent.text
    assert said in taken_back.thread.text


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict.SCHEDULED, "scheduled, expected on the invoice of Tue 1 Dec"),
        (Verdict.NON_BILLABLE, "non-billable now. No invoice is expected: its status is “Non-Billable”."),
        (Verdict.OPEN, "· reopened, so an invoice is not due yet\n"),
        (Verdict.NOT_FOUND, "no longer in Syncro"),
        (Verdict.PARTIALLY_INVOICED, "recovered, on invoice 67469, 75.00"),
    ],
)
def test_the_thread_says_how_each_warning_ended(verdict: Verdict, said: str) -> None:
    messages = digest_messages(a_digest(audited(verdict, "1"), remembered=history(standing("1"))))
    assert said in f"{messages.thread[0].text}\n"


@many
@given(untrusted)
def test_small_messages_made_from_any_text_are_harmless(text: str) -> None:
    remembered = Resolved(replace(standing("1"), customer=text), WarningEnding.INVOICED, None, text)
    taken_back = retracted_warning(remembered)
    for message in (digest_failed(text), taken_back.parent, taken_back.thread, wrong_report_thanks()):
        assert_harmless(message)
        assert message_error(message.text, list(message.blocks), text_limit=UPDATE_LIMIT) is None


def test_a_long_trend_and_large_numbers_still_fit() -> None:
    runs = [TrendPoint(date(2026, 10, 1 + n), 900, Decimal("1234567.89")) for n in range(20)]
    digest = a_digest(
        *[audited(number=str(n), charges="99999.99") for n in range(1, 7)], remembered=history(trend=runs)
    )
    assert of_type(digest_messages(digest).parent, "data_visualization")
    assert digest.made_at == AT_NINE
