"""A subcommand of the slash command is one object and one line: found by its word, in the help, and only for some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.jobs.request import CheckRequest
from bot.listeners.backlog import Backlog
from bot.listeners.commands import answer
from bot.listeners.intake import Intake
from bot.listeners.subcommands import Use, help_page
from bot.messages.rendered import Rendered
from tests.listeners.people import asking, door

TRUSTED, STRANGER = "U0TRUSTED", "U0STRANGER"


@dataclass
class History:
    """A made-up subcommand."""

    name: str = "history"
    help: Sequence[str] = ("*The past*", "• `/invoice-check history 32223` tells what was said of a ticket")
    uses: list[Use] = field(default_factory=list)

    def refusal(self, use: Use) -> Rendered | None:
        return None if use.user == TRUSTED else Rendered("Not for you.")

    def answer(self, use: Use) -> Rendered | None:
        self.uses.append(use)
        return Rendered(f"The past of {use.text}.")


class Questions:
    """What was stored as a question."""

    def __init__(self) -> None:
        self.stored: dict[str, CheckRequest] = {}
        self.intake = Intake(
            door().access,
            lambda key, request: self.stored.update({key: request}),
            "https://acme.example",
            Backlog(1_000, lambda keys: keys),
        )


def use(text: str, *, user: str = TRUSTED) -> Use:
    return Use(asking(user), text=text, trigger="1.2", response_url=None)


@pytest.mark.parametrize("typed", ["history 32223 32224", "  HISTORY\t32223 32224 ", "history  32223 32224"])
def test_the_first_word_names_the_subcommand_which_gets_the_rest(typed: str) -> None:
    history, questions = History(), Questions()
    assert answer(use(typed), questions.intake, [history]) == Rendered("The past of 32223 32224.")
    assert questions.stored == {}


def test_a_subcommand_alone_gets_an_empty_rest() -> None:
    history = History()
    answer(use("history"), Questions().intake, [history])
    assert [each.text for each in history.uses] == [""]


def test_who_may_not_use_it_is_told_so_and_nothing_is_done() -> None:
    history = History()
    assert answer(use("history 32223", user=STRANGER), Questions().intake, [history]) == Rendered("Not for you.")
    assert history.uses == []


@pytest.mark.parametrize("typed", ["32223", "32223 history", "histories", "past 32223", ""])
def test_any_other_word_is_for_the_tickets(typed: str) -> None:
    history, questions = History(), Questions()
    told = answer(use(typed), questions.intake, [history])
    assert history.uses == []
    if typed == "32223":
        assert told is None
        assert [request.references for request in questions.stored.values()] == [("32223",)]
    else:
        assert told is not None
        assert questions.stored == {}


@pytest.mark.parametrize("typed", ["help", ""])
def test_the_help_names_every_subcommand(typed: str) -> None:
    history = History()
    told = answer(use(typed), Questions().intake, [history])
    assert told == help_page([history])
    assert told is not None
    assert "The past" in told.text
    assert "`/invoice-check history 32223` tells what was said of a ticket" in told.text
