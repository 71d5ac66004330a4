"""What every listener does with a question: authorise it, understand it, store it, in this order."""

from __future__ import annotations

import time

import pytest

from bot.jobs.request import CheckRequest
from bot.listeners.backlog import Backlog
from bot.listeners.intake import MOST_CHARACTERS, MOST_TICKETS, Asked, Intake, Wish
from tests.listeners.people import asking, door

SITE = "https://kittle-it.syncromsp.test"
REQUEST = CheckRequest(("32223",), "C0", "U0")


MANAGER = "U0MANAGER"
MOST_WAITING = 7


def intake(stored: list[str] | None = None, *, users: tuple[str, ...] = (), broken: bool = False) -> Intake:
    def enqueue(key: str, request: CheckRequest) -> None:
        assert request.channel == REQUEST.channel
        if broken:
            raise OSError("disk full")
        if stored is not None:
            stored.append(key)

    backlog = Backlog(MOST_WAITING, lambda keys: keys if stored is None else [key for key in keys if key in stored])
    return Intake(door(users=users, managers=(MANAGER,)).access, enqueue, SITE, backlog)


@pytest.mark.parametrize(
    ("typed", "references"),
    [
        ("32223", ("32223",)),
        ("#32223, 32224 and 32230-32232", ("32223", "32224", "32230", "32231", "32232")),
        (f"<{SITE}/tickets/109554336|the ticket>", ("id:109554336",)),
        ("32223 32223", ("32223",)),
    ],
)
def test_a_command_is_a_list_of_tickets(typed: str, references: tuple[str, ...]) -> None:
    wish = intake().read_command(typed)

    assert (wish.references, wish.exhaustive, wish.fresh, wish.reply) == (references, False, False, None)


@pytest.mark.parametrize("typed", ["32223 exhaustive", "--exhaustive 32223", "32223 --EXHAUSTIVE"])
def test_exhaustive_may_stand_anywhere_in_a_command(typed: str) -> None:
    wish = intake().read_command(typed)

    assert (wish.references, wish.exhaustive) == (("32223",), True)


@pytest.mark.parametrize(
    ("typed", "exhaustive"),
    [("32223 fresh", False), ("--FRESH 32223", False), ("fresh 32223 --exhaustive", True)],
)
def test_fresh_may_stand_anywhere_in_a_command_also_beside_exhaustive(typed: str, *, exhaustive: bool) -> None:
    wish = intake().read_command(typed)

    assert (wish.references, wish.fresh, wish.exhaustive, wish.reply) == (("32223",), True, exhaustive, None)


def test_fresh_may_stand_in_a_message_too() -> None:
    assert intake().read_prose("32223 --fresh").fresh
    assert intake().read_prose("please look at 32223 anew \u2014fresh").fresh


@pytest.mark.parametrize("typed", ["", "help", " HELP ", "?", "-h", "--help"])
def test_help_is_answered_with_help(typed: str) -> None:
    assert intake().read_command(typed) == intake().read_prose(typed) == Wish(wants_help=True)


@pytest.mark.parametrize("typed", ["32223 nonsense", "nonsense", f"1-{MOST_TICKETS + 1}", "and", "exhaustive and"])
def test_a_command_that_is_not_wholly_understood_checks_nothing_and_says_so(typed: str) -> None:
    wish = intake().read_command(typed)

    assert wish.reply is not None
    assert "Nothing was checked" in wish.reply.text


def test_fifty_tickets_are_taken() -> None:
    assert len(intake().read_command(f"1001-{1000 + MOST_TICKETS}").references) == MOST_TICKETS


@pytest.mark.parametrize(
    ("said", "references"),
    [
        ("32223", ("32223",)),
        ("has 32223 been billed?", ("32223",)),
        ("see ticket 32223 and #32224, it took 120 minutes", ("32223", "32224")),
        (f"what about {SITE}/tickets/7?", ("id:7",)),
    ],
)
def test_a_sentence_is_searched_for_ticket_numbers(said: str, references: tuple[str, ...]) -> None:
    wish = intake().read_prose(said)

    assert (wish.references, wish.reply) == (references, None)


def test_a_sentence_without_a_number_is_answered_with_help() -> None:
    assert intake().read_prose("good morning") == Wish(wants_help=True)


@pytest.mark.parametrize("said", ["thanks!", "Thank you very much", ":+1:", "\U0001f44d", "ok, great job"])
def test_thanks_are_not_answered(said: str) -> None:
    wish = intake().read_prose(said)

    assert wish == Wish(wants_nothing=True)
    assert wish.asked(REQUEST, said) == Asked()


def test_what_was_left_out_of_a_sentence_is_said_beside_its_answer() -> None:
    wish = intake().read_prose("is ticket 32223 billed? it took 2 hours --fresh")

    assert (wish.references, wish.fresh) == (("32223",), True)
    asked = wish.asked(REQUEST, "")
    assert asked.request == REQUEST
    assert asked.reply is not None
    assert "“2”" in asked.reply.text


def test_a_sentence_with_numbers_that_are_no_tickets_is_not_taken_for_one_without() -> None:
    wish = intake().read_prose("see you in 10 minutes")

    assert wish.reply is not None
    assert "I did not understand “10”" in wish.reply.text


@pytest.mark.parametrize(
    "said", [f"1-{MOST_TICKETS + 1}", " ".join(f"see #{number}" for number in range(1, MOST_TICKETS + 2))]
)
def test_a_sentence_with_too_many_tickets_is_refused_with_their_count(said: str) -> None:
    wish = intake().read_prose(said)

    assert wish.references == ()
    assert wish.reply is not None
    assert f"That is {MOST_TICKETS + 1} tickets" in wish.reply.text


def test_an_allowed_question_is_stored_under_its_key_and_nothing_is_said() -> None:
    stored: list[str] = []

    assert intake(stored).submit("command:1", asking(), lambda: Asked(REQUEST), what="32223") is None
    assert stored == ["command:1"]


def test_a_refused_question_is_not_stored() -> None:
    stored: list[str] = []

    reply = intake(stored, users=("U1",)).submit("command:1", asking(), lambda: Asked(REQUEST), what="32223")

    assert stored == []
    assert reply is not None
    assert "not on the list" in reply.text


def test_what_a_person_wrote_who_may_not_ask_is_not_even_read() -> None:
    def read() -> Asked:
        raise AssertionError("it was read")

    reply = intake(users=("U1",)).submit("command:1", asking(), read, what="32223")

    assert reply is not None
    assert "not on the list" in reply.text


@pytest.mark.parametrize("between", [" ", "\n", ",", ", ", ";"])
def test_a_long_text_is_cut_between_two_numbers_and_the_person_is_told(between: str) -> None:
    text = between.join(["32223"] * 2_000)

    for wish in (intake().read_command(text), intake().read_prose(text), intake().read_message(f"Tickets {text}")):
        assert wish.references == ("32223",), "a number that is cut in two would be another ticket's"
        asked = wish.asked(REQUEST, text)
        assert asked.request == REQUEST
        assert asked.reply is not None
        assert "I read its first 4,000 characters" in asked.reply.text


def test_a_text_of_four_thousand_characters_is_read_whole_and_nothing_is_said() -> None:
    text = "x " * ((MOST_CHARACTERS - 6) // 2) + "#32223"

    assert len(text) == MOST_CHARACTERS
    wish = intake().read_prose(text)
    assert wish.references == ("32223",)
    assert wish.asked(REQUEST, text) == Asked(REQUEST)


@pytest.mark.parametrize("middle", ["\n", "#", "<http://", "tickets ", "<@U", "-", ","])
def test_the_longest_text_that_slack_sends_is_read_in_no_time(middle: str) -> None:
    text = "tickets" + middle * (40_000 // len(middle)) + "x"
    began = time.process_time()
    intake().read_command(text)
    intake().read_prose(text)
    intake().read_message(text)
    assert time.process_time() - began < 1, "it took 50 seconds once"


def test_a_question_that_could_not_be_stored_is_never_silently_lost(caplog: pytest.LogCaptureFixture) -> None:
    reply = intake(broken=True).submit("command:1", asking(), lambda: Asked(REQUEST), what="32223")

    assert reply is not None
    assert "could not be noted" in reply.text
    assert "disk full" in caplog.text


def ask(house: Intake, key: str, tickets: int, *, user: str = "U0", exhaustive: bool = False) -> str:
    """Ask about so many tickets, and return what the person is told."""
    request = CheckRequest(tuple(map(str, range(tickets))), "C0", user, exhaustive=exhaustive)
    reply = house.submit(key, asking(user), lambda: Asked(request), what="tickets")
    return "" if reply is None else reply.text


def test_a_person_may_have_so_many_tickets_waiting_and_others_are_not_held_up_by_that() -> None:
    under_way: list[str] = []
    house = intake(under_way)

    assert [ask(house, key, tickets) for key, tickets in (("a", 4), ("b", 3))] == ["", ""]
    assert f"up to {MOST_WAITING} tickets waiting" in ask(house, "c", 1)
    assert ask(house, "d", 7, user="U1") == ""
    under_way.remove("a")
    assert ask(house, "e", 4) == ""
    assert "waiting" in ask(house, "f", 1)
    assert under_way == ["b", "d", "e"]


def test_one_question_is_taken_however_large_and_one_that_could_not_be_stored_does_not_count() -> None:
    assert ask(intake([]), "a", MOST_WAITING + 1) == ""
    broken = intake(broken=True)
    assert all("could not be noted" in ask(broken, key, MOST_WAITING) for key in "abc")


def test_exhaustive_for_more_than_five_tickets_is_for_managers() -> None:
    stored: list[str] = []
    house = intake(stored)

    assert "for managers" in ask(house, "many", 6, exhaustive=True)
    assert ask(house, "few", 5, exhaustive=True) == ""
    assert ask(house, "manager", 6, user=MANAGER, exhaustive=True) == ""
    assert stored == ["few", "manager"]
