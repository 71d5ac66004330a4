"""`/invoice-check digest …` over the stand-in Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.digest.model import Mark, Snooze
from bot.jobs.digest_request import DigestRequest
from bot.listeners.digest_commands import customer_names
from bot.sandbox.slack.workspace import BILLING, GENERAL, MANAGER, TECHNICIAN
from bot.store.records import Subscription
from tests.listeners.digest_house import HOSTILE, NOW, NUMBER, TICKET, House

MARK = Mark(TICKET, NUMBER, HOSTILE, MANAGER, "goodwill for <@U0EVIL>", NOW - timedelta(days=3))
SNOOZE = Snooze(TICKET, NUMBER, NOW + timedelta(days=2), MANAGER, "waits for a part", NOW)
EVERYTHING = ["now", "subscribe", "subscribe mine", "unsubscribe", "marks", f"unmark {NUMBER}", f"wake {NUMBER}", "x"]


# Who may


@pytest.mark.parametrize("text", [text for text in EVERYTHING if text != "unsubscribe"])
def test_others_than_managers_are_refused_in_words_and_nothing_changes(house: House, text: str) -> None:
    house.memory.mark(MARK)
    house.memory.snooze(SNOOZE)
    before = house.memory.history(NOW)
    told = house.type(text, user=TECHNICIAN)
    assert "Only managers can do that" in told
    assert house.memory.history(NOW) == before
    assert house.memory.subscriptions() == ()
    assert house.digests == {}


def test_where_no_manager_is_set_the_setting_is_named(build_house: Callable[..., House]) -> None:
    house = build_house(managers=())
    assert "setting MANAGERS" in house.type("now")
    assert house.digests == {}


def test_a_manager_need_not_stand_on_the_list_of_people(house: House) -> None:
    house.type("now")
    assert len(house.digests) == 1


# Now


def test_now_asks_for_todays_digest_where_it_was_typed(house: House) -> None:
    delivery = house.slack.slash("digest now", user=MANAGER, channel=GENERAL)
    answer = delivery.wait_ack()
    assert answer is not None
    assert "Mon 23 Nov" in answer["text"]
    expected = DigestRequest(date(2026, 11, 23), GENERAL, MANAGER, delivery.payload["response_url"])
    assert house.digests == {f"digest:now:{delivery.payload['trigger_id']}": expected}


def test_today_is_the_day_in_the_digests_zone(house: House) -> None:
    late = replace(house.intake, clock=lambda: NOW.replace(hour=23, minute=30))
    assert late.today() == date(2026, 11, 24)


def test_the_same_command_delivered_twice_asks_for_one_digest(house: House) -> None:
    first = house.slack.slash("digest now", user=MANAGER)
    first.wait_ack()
    house.slack.redeliver(first).wait_ack()
    assert len(house.digests) == 1


def test_a_digest_is_not_posted_in_a_channel_that_is_not_on_the_list(build_house: Callable[..., House]) -> None:
    house = build_house(channels=(BILLING,))
    assert "not set up for this channel" in house.type("now", channel=GENERAL)
    assert house.digests == {}


def test_a_digest_that_cannot_be_enqueued_is_said_not_to_come(house: House) -> None:
    house.engine.is_away = True
    assert "could not be stored, and nothing changed" in house.type("now")


# Subscriptions


def test_subscribing_says_what_comes_and_when(house: House) -> None:
    told = house.type("subscribe")
    assert house.memory.subscriptions() == (Subscription(MANAGER),)
    assert "every customer and every technician" in told
    assert "Monday to Friday at 09:00 (Europe/Berlin); the next one on Tue 24 Nov at 09:00" in told


def test_a_later_subscription_replaces_the_earlier(house: House) -> None:
    house.type("subscribe mine")
    assert house.memory.subscriptions() == (Subscription(MANAGER, mine=True),)
    told = house.type("subscribe customer Kittle, Smith & Sons")
    assert house.memory.subscriptions() == (Subscription(MANAGER, customers=("Kittle", "Smith & Sons")),)
    assert "Kittle and Smith &amp; Sons" in told
    assert "replaces" in told


def test_names_are_escaped_when_they_are_said(house: House) -> None:
    told = house.type("subscribe customer <!channel>")
    assert house.memory.subscriptions()[0].customers == ("<!channel>",)
    assert "<!" not in told


@pytest.mark.parametrize(
    "text", ["subscribe customer " + ", ".join(f"c{n}" for n in range(51)), "subscribe customer " + "x" * 101]
)
def test_more_than_a_subscription_can_hold_is_refused(house: House, text: str) -> None:
    assert "Nothing was changed" in house.type(text)
    assert house.memory.subscriptions() == ()


def test_unsubscribing_says_whether_there_was_anything_to_end(house: House) -> None:
    house.type("subscribe")
    assert "You are unsubscribed" in house.type("unsubscribe")
    assert house.memory.subscriptions() == ()
    assert "nothing was changed" in house.type("unsubscribe")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Kittle", ("Kittle",)),
        ("  Kittle  Ltd ,, Acme ", ("Kittle Ltd", "Acme")),
        ('"Kittle, Inc.", Acme', ("Kittle, Inc.", "Acme")),
        ("“Kittle, Inc.”,Acme", ("Kittle, Inc.", "Acme")),
        ("Smith &amp; Sons &lt;UK&gt;", ("Smith & Sons <UK>",)),
        ("O'Neil, 5\" Pipes", ("O'Neil", '5" Pipes')),
        ("Kittle, kittle", ("kittle",)),
        ('"Kittle', ("Kittle",)),
        (" , ", ()),
    ],
)
def test_customers_are_named_with_commas_between_them(typed: str, names: tuple[str, ...]) -> None:
    assert customer_names(typed) == names


def test_no_list_of_customers_is_too_long_to_be_told_so() -> None:
    assert customer_names("a" * 200_000) == ("a" * 4_000,)


# Marks and snoozes


def test_marks_are_listed_with_who_when_and_why_and_ping_nobody(house: House) -> None:
    house.memory.mark(MARK)
    told = house.type("marks")
    for part in (f"#{NUMBER}", f"<@{MANAGER}>", "2026-11-20", "goodwill for"):
        assert part in told
    assert "<!channel>" not in told
    assert "<@U0EVIL>" not in told


def test_no_marks_are_said_to_be_none(house: House) -> None:
    assert house.type("marks") == "No ticket is marked as non-billable in the bot."


def test_of_many_marks_none_is_left_out(house: House) -> None:
    numbers = [str(41000 + n) for n in range(60)]
    for number in numbers:
        house.memory.mark(Mark(f"9{number}", number, "Kittle", MANAGER, "&" * 300, NOW))
    told = house.type("marks")
    assert all(f"#{number}" in told for number in numbers)


@pytest.mark.parametrize("typed", [NUMBER, f"#{NUMBER}", f"https://acme.syncromsp.com/tickets/{TICKET}"])
def test_a_mark_is_taken_back_by_the_tickets_number_or_address(house: House, typed: str) -> None:
    house.memory.mark(MARK)
    assert "no longer marked" in house.type(f"unmark {typed}")
    assert house.memory.history(NOW).marks == ()
    (record,) = house.memory.marks_since(MARK.at)
    assert (record.undone_by, record.undone_at) == (MANAGER, NOW)


def test_a_snooze_is_ended_by_the_tickets_number(house: House) -> None:
    house.memory.snooze(SNOOZE)
    assert "no longer snoozed" in house.type(f"wake {NUMBER}")
    assert house.memory.history(NOW).snoozes == ()


@pytest.mark.parametrize("text", ["unmark 99999", "wake 99999"])
def test_a_ticket_without_a_decision_is_left_as_it_is(house: House, text: str) -> None:
    house.memory.mark(MARK)
    house.memory.snooze(SNOOZE)
    before = house.memory.history(NOW)
    assert "#99999 is not" in house.type(text)
    assert house.memory.history(NOW) == before


# What goes wrong


@pytest.mark.parametrize(
    "text", ["subscribe", "subscribe customer A", "unsubscribe", f"unmark {NUMBER}", f"wake {NUMBER}"]
)
def test_what_cannot_be_stored_is_said_not_to_have_changed(house: House, text: str) -> None:
    house.memory.mark(MARK)
    house.memory.is_away = True
    assert "could not be stored, and nothing changed" in house.type(text)
    house.memory.is_away = False
    assert house.memory.history(NOW).marks == (MARK,)


def test_marks_that_cannot_be_read_are_not_said_to_be_none(house: House) -> None:
    house.memory.is_away = True
    assert "could not be read" in house.type("marks")


NOT_UNDERSTOOD = [
    *("", "help", "nwo", "now 1"),
    *("subscribe you", "subscribe customer", "subscribe customer ,"),
    *("unmark", "wake", "unmark abc", "unmark 1-3", "unmark 1 2"),
]


@pytest.mark.parametrize("text", NOT_UNDERSTOOD)
def test_anything_else_shows_what_can_be_typed(house: House, text: str) -> None:
    told = house.type(text)
    for way in ("digest now", "subscribe mine", "subscribe customer", "unsubscribe", "marks", "unmark 32223", "wake"):
        assert way in told
    assert house.digests == {}
    assert house.memory.subscriptions() == ()


def test_other_commands_are_questions_as_before(house: House) -> None:
    house.slack.slash("32223", user=TECHNICIAN).wait_ack()
    assert [request.references for request in house.checks.values()] == [("32223",)]
