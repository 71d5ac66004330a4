"""The grammar of messages (bot/README.md): how long an answer may be, and what it never says."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import bot.messages
from bot.messages.digest_messages import digest_messages
from bot.messages.rendered import Rendered
from bot.sandbox.slack.limits import block_problems, message_error
from tests.messages.factory import HOSTILE
from tests.samples import looks
from tests.samples.looks import a_ticket, answered, asked
from tests.samples.measure import Shown, blocks_of, lines, shown
from tests.samples.page import Page, page
from tests.samples.situations import SITUATIONS, a_month, fifty_unbilled

README = Path(__file__).parents[2] / "README.md"
ONE, MANY, SCREEN = 5, 12, 24
BOUNDS = {name: SCREEN if "digest" in name else MANY if "tickets" in name else ONE for name in SITUATIONS}
SENDERS = {"channel_guard", "pace", "poster", "slack_http"}
"""Modules of messages that send what others have made."""

APART = ("“", "Check SYNCRO_API_TOKEN", "Try again")
"""What customers wrote, and what each read that failed asks for."""


@pytest.fixture(scope="module")
def made() -> Page:
    return page()


def messages_of(made: Page) -> Iterator[tuple[str, Shown]]:
    for name, messages in {**made.situations, **made.alone}.items():
        yield from ((name, message) for message in messages)


def text_of(message: Shown) -> str:
    return message.text if isinstance(message, Rendered) else ""


def test_an_answer_is_as_short_as_the_grammar_has_it(made: Page) -> None:
    long = {name: lines(messages[0]) for name, messages in made.situations.items()}
    assert {name: count for name, count in long.items() if count > BOUNDS[name]} == {}


def test_every_function_that_words_a_message_has_its_sample_on_the_page(made: Page) -> None:
    names = [each.name for each in pkgutil.iter_modules(bot.messages.__path__) if each.name not in SENDERS]
    unseen = [
        f"{name}.{function.__name__}"
        for name in names
        for _, function in inspect.getmembers(importlib.import_module(f"bot.messages.{name}"), inspect.isfunction)
        if function.__module__ == f"bot.messages.{name}" and not function.__name__.startswith("_")
        if function.__code__ not in made.ran
    ]
    assert unseen == []


def test_words_for_slack_are_made_among_the_messages() -> None:
    """Else no sample would be asked for."""
    house = Path(bot.messages.__file__).parents[1]
    makers = {"told", "section", "header", "joined", "paragraphs", "fit"}
    for path in house.rglob("*.py"):
        if path.parent.name != "messages":
            assert not re.search(rf"\b(?:{'|'.join(makers)})\(f?\"", path.read_text()), path


def test_slack_takes_every_sample(made: Page) -> None:
    for name, message in messages_of(made):
        if isinstance(message, Rendered):
            assert message_error(message.text, list(message.blocks), text_limit=4_000) is None, name
        else:
            assert block_problems(blocks_of(message), home="title" not in message) == [], name


def test_no_message_has_zeros_odd_plurals_two_kinds_of_quotation_marks_or_costs_above_its_thread(made: Page) -> None:
    for name, message in messages_of(made):
        said = "\n".join([*shown(message), text_of(message)])
        assert not re.search(r"(?<![\d.,:-])0 (?!h\b|of \d)[a-z]", said), (name, said)
        assert not re.search(r"\b(?:1|all 1) \w+s\b(?<!status)(?<!business)|\ball 1\b", said), (name, said)
        assert '"' not in said, name
    for name, (parent, *_) in made.situations.items():
        assert not re.search(r"\bcalls?\b", "\n".join(shown(parent))), name


def test_no_words_of_ours_are_cut(made: Page) -> None:
    """Only what others wrote, which stands in quotation marks, may be; what is under way ends so."""
    for name, message in messages_of(made):
        said = re.sub(r"“[^”]*”|`[^`]*`|(?:checking|refreshing|reading its tickets)…", "", "\n".join(shown(message)))
        if "Looking for" not in said and "Still looking" not in said:
            assert not re.search(r"\w…", said), name


def test_no_message_says_a_sentence_twice(made: Page) -> None:
    for name, message in messages_of(made):
        if BOUNDS.get(name, ONE) == ONE:
            sentences = re.split(r"(?<=[.!?]) |\n", "\n".join(shown(message)))
            twice = [
                each
                for each, times in Counter(sentences).items()
                if times > 1 and len(each.split()) > 6 and not each.startswith(APART)
            ]
            assert twice == [], (name, twice)


@pytest.mark.parametrize("text", ["x" * 3_000, "שלום עולם " * 40, "👩‍👩‍👧‍👦🔥" * 60, HOSTILE * 20])
def test_texts_of_any_length_and_script_leave_the_answer_readable_and_within_slacks_limits(text: str) -> None:
    world, _, customer = a_ticket("180.00", subject=text)
    customer.name = text
    for messages in (asked(world), answered(looks.unbilled(50, subject=text, customer=text))):
        for message in messages:
            assert message_error(message.text, list(message.blocks), text_limit=4_000) is None
        assert lines(messages[0]) <= 2 * MANY
        assert "NOT INVOICED" in shown(messages[0])[0]


@cache
def a_digest_of(count: int, **changes: Any) -> list[Rendered]:
    digest = a_month(count)
    tickets = (replace(each, finding=replace(each.finding, **changes)) for each in digest.tickets)
    made = digest_messages(replace(digest, tickets=tuple(tickets)))
    return [made.parent, *made.thread]


@pytest.mark.parametrize("count", [3, 30, 200])
def test_a_digest_of_any_size_is_one_screen_of_four_lines_and_few_tickets_or_ten_rows(count: int) -> None:
    parent = a_digest_of(count)[0]
    kinds = [block["type"] for block in parent.blocks]
    assert lines(parent) <= SCREEN
    assert kinds.count("data_visualization") == 1
    assert (kinds.count("data_table"), kinds.count("actions")) == ((0, 3) if count == 3 else (1, 0))
    assert len(parent.blocks[1]["text"]["text"].splitlines()) <= 5, "the headline and four lines"
    assert not re.search(r"\b0 |\bcalls?\b", "\n".join(shown(parent)))


@pytest.mark.parametrize("text", ["x" * 3_000, "שלום עולם " * 40, "👩‍👩‍👧‍👦🔥" * 60, HOSTILE * 20])
@pytest.mark.parametrize("count", [3, 30])
def test_texts_of_any_length_and_script_leave_a_digest_on_one_screen(text: str, count: int) -> None:
    messages = a_digest_of(count, subject=text, customer=text, status=text, technician=text)
    for message in messages:
        assert message_error(message.text, list(message.blocks), text_limit=4_000) is None
    assert lines(messages[0]) <= 2 * SCREEN


def test_fifty_tickets_on_no_invoice_are_counts_and_one_table() -> None:
    parent = fifty_unbilled()[0]
    assert [block["type"] for block in parent.blocks].count("data_table") == 1
    assert "NOT INVOICED · 50 of 50 tickets" in shown(parent)[0]


@pytest.mark.parametrize(("name", "begins"), [("invoiced", "Technician"), ("digest of three", "Invoice digest")])
def test_the_samples_of_the_readme_are_what_the_code_says(name: str, begins: str) -> None:
    (block,) = re.findall(rf"(?s)```\n({begins}.*?)\n```", README.read_text())
    printed = [each.removeprefix("Invoice Bot").strip() for each in block.splitlines()]
    parent, *thread = SITUATIONS[name]()
    said = [*shown(parent), *(line for each in thread for line in shown(each) if name == "invoiced")]
    made = "\n".join(said).replace("<@U0ASKER>", "@Technician").splitlines()
    assert [each for each in printed if each and not each.startswith("Technician ")] == made
