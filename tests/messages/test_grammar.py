"""The grammar of messages (bot/README.md): how long an answer may be, and what it never says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.sandbox.slack.limits import message_error
from tests.messages.factory import HOSTILE
from tests.samples.measure import lines, shown
from tests.samples.situations import SITUATIONS, _many, _numbered, _one, fifty_unbilled

README = Path(__file__).parents[2] / "README.md"
ONE, MANY = 5, 12
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
