"""What people are told about asking."""

from __future__ import annotations

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.messages import help as help_words
from bot.ticket_references.reading import LeftOut, Why
from bot.words.verdicts import verdict_words


def left_out(*said: str) -> list[LeftOut]:
    return [LeftOut(each) for each in said]


def test_help_shows_every_way_to_ask_and_every_answer() -> None:
    text = help_words.help_message("/invoice-check", ["• more to ask"]).text
    for way in (
        "/invoice-check 32223`",
        "32230-32240",
        "#32223",
        "/tickets/",
        "Mention me",
        "Check invoices",
        "--fresh",
        "• more to ask",
    ):
        assert way in text
    assert all(verdict_words(verdict).label in text for verdict in Verdict)


def test_what_was_not_understood_is_quoted_and_harmless() -> None:
    told = help_words.not_understood(left_out("abc", "<!channel>", "*x*"), "/invoice-check")
    assert told.startswith("I did not understand “abc”, “&lt;!channel&gt;” and “\u2217x\u2217”. Nothing was checked.")
    assert "`/invoice-check 32223`" in told


def test_a_long_list_of_fragments_is_counted() -> None:
    assert "“j” and 2 more." in help_words.not_understood(left_out(*"abcdefghijkl"), "/invoice-check")


def test_a_request_without_a_number_is_said_to_have_none() -> None:
    told = help_words.not_understood(left_out("", "\u200b"), "/invoice-check")
    assert told.startswith("I found no ticket number in your request.")


def test_what_belongs_elsewhere_is_said_to() -> None:
    fragments = [LeftOut("https://other.syncromsp.com/tickets/5", Why.FOREIGN), LeftOut("67469", Why.INVOICE)]
    told = help_words.left_out([*fragments, LeftOut("150")])
    assert "Not checked, as nothing says that it is a ticket: “150”." in told
    assert "tickets/5” belongs to another Syncro account" in told
    assert "“67469” is called an invoice" in told
    assert help_words.left_out([]) == ""
    assert "did not understand" not in help_words.not_understood(fragments, "/invoice-check")


def test_too_many_tickets_names_the_limit() -> None:
    assert help_words.too_many(60, 50).startswith("That is 60 tickets; one request can hold 50.")


@pytest.mark.parametrize("reason", ["channel", "user", "external_channel", "external_user", "Ask <@U1>.", ""])
def test_a_refusal_says_why_and_that_nothing_was_checked(reason: str) -> None:
    told = help_words.not_allowed(reason)
    assert told.endswith("Nothing was checked.")
    assert "<@" not in told
    assert len(told) > len("Nothing was checked.") + 10


def test_a_question_that_was_not_noted_says_so() -> None:
    assert help_words.not_stored().startswith("Your question could not be noted, and nothing was checked.")
    assert "If no answer comes" in help_words.not_stored(is_late=True), "it may be stored all the same"
