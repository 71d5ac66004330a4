"""A reply below a warning, in plain words, is looked at again there; chatter, bots and strangers are left in peace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.jobs.request import FEW_TICKETS
from bot.messages.poster import Posted
from bot.sandbox.slack.workspace import BILLING, BOT, TECHNICIAN, User
from tests.digest.factory import audited
from tests.listeners.digest_house import NOW, House

FIRST, SECOND = "40015", "40048"
STRANGER = "U0STRANGER"


@pytest.fixture
def warned(build_house: Callable[..., House]) -> House:
    """A house whose digest warned of two tickets, where the bot may read what is said in the channel."""
    house = build_house()
    house.slack.api.scopes.add("channels:history")
    warn(house, FIRST, SECOND)
    return house


def warn(house: House, *numbers: str) -> None:
    for number in numbers:
        house.memory.warn(audited(number=number), Posted(BILLING, house.parent.ts), at=NOW, source="digest")


def reply(house: House, text: str, **where: str) -> list[tuple[str, ...]]:
    """Say something below the warning; returns which tickets are checked there since."""
    before = set(house.checks)
    where = {"user": TECHNICIAN, "channel": BILLING, "thread_ts": house.parent.ts} | where
    say = house.slack.mention if f"<@{BOT}>" in text else house.slack.write
    assert say(text, **where).wait_ack() == {}
    requests = [request for key, request in house.checks.items() if key not in before]
    assert all(request.thread_ts == house.parent.ts for request in requests)
    return [request.references for request in requests]


@pytest.mark.parametrize(
    ("text", "checked"),
    [
        ("that one has an invoice", (FIRST, SECOND)),
        ("billed as 67501", (FIRST, SECOND)),
        ("it's on 67501", (FIRST, SECOND)),
        ("Both are paid already", (FIRST, SECOND)),
        ("please look again", (FIRST, SECOND)),
        ("that is warranty work", (FIRST, SECOND)),
        (f"{FIRST} is on 67501", (FIRST,)),
        (f"#{SECOND} was billed on invoice 67501", (SECOND,)),
        (f"ticket {FIRST} &amp; {SECOND}: done", (FIRST, SECOND)),
        (f"<https://acme.syncromsp.com/tickets/9{SECOND}> is invoiced", (SECOND,)),
        (f"<@{BOT}> look again", (FIRST, SECOND)),
        (f"<@{BOT}> billed as 67501", (FIRST, SECOND)),
        (f"<@{BOT}> and 32223?", ("32223",)),
        (f"<@{BOT}> {FIRST} 32223", (FIRST, "32223")),
    ],
)
def test_a_reply_about_billing_rechecks_the_tickets_that_it_means(
    warned: House, text: str, checked: tuple[str, ...]
) -> None:
    assert reply(warned, text) == [checked]


@pytest.mark.parametrize("text", ["thanks!", ":+1:", "I'll ask Anna", "good morning", f"<@{BOT}> thanks"])
def test_chatter_is_left_in_peace(warned: House, text: str) -> None:
    assert reply(warned, text) == []
    warned.close_replies()
    assert warned.slack.ephemerals(TECHNICIAN) == []


def test_who_wants_the_help_gets_it_below_a_warning_too(warned: House) -> None:
    assert reply(warned, f"<@{BOT}> help") == []
    assert "Is this ticket invoiced?" in warned.whisper(TECHNICIAN).text


def test_nothing_is_overheard_outside_the_thread_of_a_warning(warned: House) -> None:
    other = warned.slack.workspace.post(BILLING, TECHNICIAN, "lunch?")

    warned.slack.write(f"{FIRST} has an invoice", channel=BILLING).wait_ack()
    warned.slack.write(f"{FIRST} has an invoice", channel=BILLING, thread_ts=other.ts).wait_ack()

    assert warned.checks == {}


def test_numbers_that_are_not_checked_are_named_to_the_person(warned: House) -> None:
    reply(warned, f"#{FIRST} was billed on invoice 67501, 2 hours")

    said = warned.whisper(TECHNICIAN).text
    assert "“67501” is called an invoice" in said
    assert "“2”" in said


def test_a_warning_that_has_been_taken_back_is_not_looked_at_again(warned: House) -> None:
    for number in (FIRST, SECOND):
        warned.memory.retract(f"9{number}", invoice_number="67501", at=NOW + timedelta(hours=1))

    assert reply(warned, "that one has an invoice") == []


def test_below_a_warning_about_many_tickets_the_person_is_asked_which(warned: House) -> None:
    warn(warned, *(str(50_000 + each) for each in range(FEW_TICKETS)))

    assert reply(warned, "that one has an invoice") == []
    assert "Say which you mean" in warned.whisper(TECHNICIAN).text
    assert reply(warned, "50001 has an invoice") == [("50001",)]


def test_who_may_not_ask_is_not_answered_since_nobody_spoke_to_the_bot(warned: House) -> None:
    assert reply(warned, "that one has an invoice", user=STRANGER) == []
    warned.close_replies()
    assert warned.slack.ephemerals(STRANGER) == []
    assert [who for who, _, _ in warned.refusals()] == [STRANGER]


def test_a_bot_is_not_heard(warned: House) -> None:
    warned.slack.workspace.users["U0OTHERBOT"] = User("U0OTHERBOT", "other", is_bot=True)

    assert reply(warned, "that one has an invoice", user="U0OTHERBOT") == []


def test_a_message_that_comes_as_a_mention_and_as_a_message_is_one_question(warned: House) -> None:
    text = f"<@{BOT}> that one has an invoice"
    assert reply(warned, text) == [(FIRST, SECOND)]

    warned.slack.write(text, channel=BILLING, thread_ts=warned.parent.ts).wait_ack()

    assert len(warned.checks) == 1


def test_where_memory_is_away_a_mention_is_still_answered(warned: House) -> None:
    warned.memory.is_away = True

    assert reply(warned, f"<@{BOT}> 32223") == [("32223",)]
    assert reply(warned, "that one has an invoice") == []
