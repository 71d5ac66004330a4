"""The grammar of messages (bot/README.md): how long an answer may be, and what it never says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.messages.digest_messages import digest_messages
from bot.messages.rendered import Rendered
from bot.sandbox.slack.limits import message_error
from tests.messages.factory import HOSTILE
from tests.samples.measure import lines, shown
from tests.samples.situations import SITUATIONS, _many, _numbered, _one, a_month, fifty_unbilled

README = Path(__file__).parents[2] / "README.md"
ONE, MANY, SCREEN = 5, 12, 24
BOUNDS = {name: MANY if "tickets" in name else ONE for name in SITUATIONS if "digest" not in name}


@pytest.mark.parametrize("name", BOUNDS)
def test_an_answer_is_as_short_as_the_grammar_has_it(name: str) -> None:
    parent, *thread = SITUATIONS[name]()
    assert lines(parent) <= BOUNDS[name]
    said = "\n".join(shown(parent))
    assert not re.search(r"\b0 |\bcalls?\b", said), "no zeros, and no cost"
    for message in (parent, *thread):
        assert '"' not in message.text, "one kind of quotation marks"
        assert not re.search(r"\b1 \w+s\b(?<!status)", message.text), "plurals"


@pytest.mark.parametrize("text", ["x" * 3_000, "שלום עולם " * 40, "👩‍👩‍👧‍👦🔥" * 60, HOSTILE * 20])
def test_texts_of_any_length_and_script_leave_the_answer_readable_and_within_slacks_limits(text: str) -> None:
    changes = {"subject": text, "customer": text, "status": text}
    many = [_numbered(Verdict.NOT_INVOICED, index, **changes) for index in range(50)]
    for messages in (_one(Verdict.NOT_INVOICED, **changes), _many(*many)):
        for message in messages:
            assert message_error(message.text, list(message.blocks), text_limit=4_000) is None
        assert lines(messages[0]) <= 2 * MANY
        assert "NOT INVOICED" in shown(messages[0])[0]


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
    parent = _many(*fifty_unbilled())[0]
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
