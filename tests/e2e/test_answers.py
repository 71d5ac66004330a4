"""One question, one conversation: whatever way it is asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest

from bot.sandbox.slack.workspace import BOT, FINANCE, MANAGER, OUTSIDER, SHARED, TECHNICIAN, Message
from tests.e2e.house import HOSTILE, INVOICED, NOT_INVOICED, UNVERIFIED, House, strings
from tests.patience import PATIENCE

ME = f"<@{BOT}>"


def test_a_command_gets_one_parent_that_is_edited_once_to_the_verdict_and_one_reply_with_the_evidence(
    house: House,
) -> None:
    channel = house.channel()

    asked = house.slack.slash(INVOICED, channel=channel)

    assert asked.wait_ack() == {}
    parent = house.answer(channel)
    assert [earlier.text for earlier in parent.history] == [f"Ticket #{INVOICED} · checking…"]
    first_line = parent.text.splitlines()[0]
    assert first_line == f"Ticket #{INVOICED} (Kittle): invoiced on invoice 67469, total 75.00, unpaid."
    (evidence,) = house.own_replies(parent)
    assert not evidence.edited
    assert "Where I looked" in evidence.text


def test_an_answer_links_the_ticket_and_the_invoice_in_syncro(house: House) -> None:
    channel = house.channel()
    house.slack.slash(INVOICED, channel=channel)

    shown = "\n".join(strings(house.answer(channel).blocks))

    site = house.syncro.base_url.removesuffix("/api/v1")
    assert f"<{site}/tickets/109554336|#{INVOICED}>" in shown
    assert f"<{site}/invoices/1650000001|67469>" in shown


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (INVOICED, "invoiced on invoice 67469"),
        (NOT_INVOICED, "NOT INVOICED, on no invoice"),
        (UNVERIFIED, "could not verify; this is not a statement that the invoice is missing"),
        ("32306", "partly invoiced on invoice"),
        ("32307", "scheduled"),
        ("32308", "non-billable"),
        ("32310", "still open"),
        ("32399", "no such ticket"),
    ],
)
def test_the_top_level_text_says_every_verdict_in_words(house: House, number: str, words: str) -> None:
    channel = house.channel()

    house.slack.slash(number, channel=channel)

    assert words in house.answer(channel).text


def test_several_tickets_share_one_parent_with_a_table_and_one_thread(house: House) -> None:
    channel = house.channel()

    house.slack.slash(f"{INVOICED} #{NOT_INVOICED} 32301-32303", channel=channel)

    parent = house.answer(channel)
    assert "5 tickets: 1 NOT INVOICED, 4 invoiced" in parent.text
    (table,) = [block for block in parent.blocks if block["type"] == "data_table"]
    assert len(table["rows"]) == 2, "the heading, and the one ticket to look at"
    (evidence,) = house.own_replies(parent)
    assert all(f"#{number}" in evidence.text for number in (INVOICED, NOT_INVOICED, 32301, 32302, 32303))


def test_a_trigger_that_slack_delivers_twice_runs_once(house: House) -> None:
    channel = house.channel()
    first = house.slack.slash(INVOICED, channel=channel)
    early = house.slack.redeliver(first)
    assert early.wait_ack() == {}
    house.answer(channel)
    calls = len(house.syncro.calls)

    late = house.slack.redeliver(first)

    assert late.wait_ack() == {}
    house.answer(channel)
    assert len(house.syncro.calls) == calls


def test_an_event_that_slack_delivers_twice_runs_once(house: House) -> None:
    channel = house.channel()
    first = house.slack.mention(f"{ME} {INVOICED}", channel=channel)
    early = house.slack.redeliver(first)
    assert early.wait_ack() == {}
    house.answer(channel)
    calls = len(house.syncro.calls)

    late = house.slack.redeliver(first)

    assert late.wait_ack() == {}
    house.answer(channel)
    assert len(house.syncro.calls) == calls


def test_the_same_question_asked_anew_is_answered_anew(house: House) -> None:
    channel = house.channel()
    house.slack.slash(INVOICED, channel=channel)
    house.slack.slash(INVOICED, channel=channel)

    assert len(house.answers(channel, count=2)) == 2


def test_a_mention_in_a_channel_is_answered_with_a_new_parent(house: House) -> None:
    channel = house.channel()

    asked = house.slack.mention(f"{ME} has {INVOICED} been billed?", channel=channel)

    assert asked.wait_ack() == {}
    assert "invoiced on invoice 67469" in house.answer(channel).text


def test_a_mention_in_a_thread_is_answered_in_that_thread(house: House) -> None:
    channel = house.channel()
    topic = house.slack.workspace.post(channel, TECHNICIAN, "What is left to bill?")

    house.slack.mention(f"{ME} {INVOICED}", channel=channel, thread_ts=topic.ts)

    outcome, evidence = _two_replies(house, topic)
    assert "invoiced on invoice 67469" in outcome.text
    assert outcome.edited
    assert "Where I looked" in evidence.text
    assert house.own_parents(channel) == []


def test_a_direct_message_is_answered_directly(house: House) -> None:
    said = house.new_direct(TECHNICIAN)

    house.slack.direct_message(f"is {INVOICED} billed?")

    house.slack.wait_for(lambda _: said() and house.evidence(said()[0]))
    house.wait_idle()
    (answer,) = said()
    assert "invoiced on invoice 67469" in answer.text


def test_the_shortcut_checks_every_ticket_number_in_a_message_in_its_thread(house: House) -> None:
    channel = house.channel()
    message = house.slack.workspace.post(channel, MANAGER, f"Please see #{INVOICED} and ticket {NOT_INVOICED}, by 2026")

    asked = house.slack.message_shortcut("check_invoices", message)

    assert asked.wait_ack() == {}
    outcome, _ = _two_replies(house, message)
    assert "2 tickets: 1 NOT INVOICED, 1 invoiced" in outcome.text


def test_the_shortcut_on_a_message_without_a_number_says_so_to_the_person_only(house: House) -> None:
    channel = house.channel()
    message = house.slack.workspace.post(channel, MANAGER, "Nothing here")

    house.slack.message_shortcut("check_invoices", message)

    assert "no ticket number in that message" in house.whisper(channel, TECHNICIAN).text
    assert house.own_parents(channel) == []


def test_check_again_answers_anew_below_and_finds_the_invoice_that_came_meanwhile(house: House) -> None:
    channel = house.channel()
    with house.syncro.locked() as world:
        ticket = world.add_ticket()
        charge = world.add_charge(ticket)
    house.slack.slash(str(ticket.number), channel=channel)
    first = house.answer(channel)
    assert "NOT INVOICED" in first.text
    with house.syncro.locked() as world:
        invoice = world.bill_by_line_item(ticket, charge)

    pressed = house.slack.press("check_again", first)

    assert pressed.wait_ack() == {}
    _, second = house.answers(channel, count=2)
    assert f"invoiced on invoice {invoice.number}" in second.text


def test_check_again_in_a_thread_stays_in_that_thread(house: House) -> None:
    channel = house.channel()
    topic = house.slack.workspace.post(channel, TECHNICIAN, "What is left to bill?")
    house.slack.mention(f"{ME} {INVOICED}", channel=channel, thread_ts=topic.ts)
    outcome, _ = _two_replies(house, topic)

    house.slack.press("check_again", outcome)

    house.slack.wait_for(lambda _: len(house.evidence(topic)) == 2)
    assert house.own_parents(channel) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("help", "What the answers mean"),
        ("", "What the answers mean"),
        ("nonsense", "I did not understand “nonsense”"),
        ("32223 and potatoes", "I did not understand “potatoes”"),
        ("1-99", "That is 99 tickets; one request can hold 50"),
    ],
)
def test_help_and_what_cannot_be_checked_is_told_to_the_person_only(house: House, typed: str, said: str) -> None:
    channel = house.channel()

    asked = house.slack.slash(typed, channel=channel)

    answer = asked.wait_ack()
    assert answer is not None
    assert answer["response_type"] == "ephemeral"
    assert said in house.whisper(channel, TECHNICIAN).text
    assert house.own_parents(channel) == []


def test_a_mention_that_names_no_ticket_is_answered_with_help_for_the_person_only(house: House) -> None:
    channel = house.channel()

    house.slack.mention(f"{ME} good morning", channel=channel)

    assert "What the answers mean" in house.whisper(channel, TECHNICIAN).text
    assert house.own_parents(channel) == []


def test_a_mention_is_acknowledged_in_time_even_when_slack_is_slow_to_take_the_reply(house: House) -> None:
    """Slack sends an event again that is not acknowledged within three seconds, and the help would come twice."""
    channel, over = house.channel(), threading.Event()
    house.slack.before("chat.postEphemeral", lambda _: over.wait(PATIENCE))

    asked = house.slack.mention(f"{ME} good morning", channel=channel)

    assert asked.wait_ack() == {}
    over.set()
    house.slack.before("chat.postEphemeral", None)
    house.whisper(channel, TECHNICIAN)


def test_a_person_of_another_company_is_refused(house: House) -> None:
    house.slack.mention(f"{ME} {INVOICED}", channel=SHARED, user=OUTSIDER)

    assert "billing data" in house.whisper(SHARED, OUTSIDER).text
    assert house.own_parents(SHARED) == []


def test_a_channel_shared_with_another_company_gets_no_billing_data_even_for_our_own_people(house: House) -> None:
    house.slack.mention(f"{ME} {INVOICED}", channel=SHARED)

    assert "billing data is not" in house.whisper(SHARED, TECHNICIAN).text
    assert house.own_parents(SHARED) == []


def test_a_hostile_subject_can_neither_ping_nor_link_nor_format(house: House) -> None:
    channel = house.channel()
    before = len(house.slack.calls)

    house.slack.slash(HOSTILE, channel=channel)
    house.slack.slash(f"{HOSTILE} {INVOICED}", channel=channel)
    parents = house.answers(channel, count=2)

    said = [text for call in house.slack.calls[before:] for text in strings(call.args)]
    assert any("NOT INVOICED" in text for text in said)
    shown = [text for parent in parents for text in strings(parent.blocks)]
    assert any("&lt;" in text for text in shown), "the subject itself is missing"
    for text in said:
        assert not re.search(r"<[!@#](?!date\^)(?!U0TECH>)|@channel|<@U1>|https?://evil|<[^>]*evil|\*x\*", text), text


def test_a_private_channel_without_the_bot_is_explained_to_the_person_and_answered_directly(house: House) -> None:
    said = house.new_direct(MANAGER)

    asked = house.slack.slash(INVOICED, channel=FINANCE, user=MANAGER)

    assert asked.wait_ack() == {}
    assert f"cannot see <#{FINANCE}>" in house.whisper(FINANCE, MANAGER).text
    house.slack.wait_for(lambda _: said() and house.evidence(said()[0]))
    (answer,) = said()
    assert "invoiced on invoice 67469" in answer.text


def _two_replies(house: House, topic: Message) -> list[Message]:
    """Wait for the outcome and the evidence in somebody's thread."""
    house.slack.wait_for(lambda _: house.evidence(topic))
    house.wait_idle()
    replies = house.own_replies(topic)
    assert len(replies) == 2, [reply.text for reply in replies]
    return replies


def test_a_reply_below_a_warning_is_looked_at_again_and_the_warning_is_taken_back(
    house: House, granted: Callable[..., None]
) -> None:
    granted("channels:history")
    channel = house.channel()
    with house.syncro.locked() as world:
        ticket = world.add_ticket()
        charge = world.add_charge(ticket)
    house.slack.slash(str(ticket.number), channel=channel)
    warning = house.answer(channel)
    with house.syncro.locked() as world:
        invoice = world.bill_by_line_item(ticket, charge)

    house.slack.write(f"that one is billed as {invoice.number}", channel=channel, thread_ts=warning.ts)

    house.slack.wait_for(lambda _: "no longer stands" in warning.text)
    house.wait_idle()
    said = [reply.text for reply in house.own_replies(warning)]
    assert any(f"invoiced on invoice {invoice.number}" in text for text in said), said
