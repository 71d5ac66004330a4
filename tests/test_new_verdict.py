"""A verdict that is added to the two tables, and nowhere else, is found in every surface."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest
from rich.console import Console

from bot.billing.rules.verdicts import (
    Assurance,
    Due,
    Expectation,
    Ground,
    Loudness,
    Traits,
    Verdict,
    WarningEnding,
    exit_status,
)
from bot.digest.as_json import digest_object
from bot.digest.csv import digest_csv
from bot.digest.headline import headline, is_quiet
from bot.messages.check_messages import outcome, receipt
from bot.messages.digest_messages import digest_messages, retracted_warning
from bot.messages.help import help_message
from bot.messages.rendered import Rendered
from bot.store.memory import Memory
from bot.terminal.check import report_as_json, show_report
from bot.terminal.digest import show_digest
from bot.words import verdicts as words
from tests.digest.factory import a_digest, audited, history, standing
from tests.messages.factory import a_finding, a_report
from tests.store.factory import NOW, not_invoiced

Member = TypeVar("Member", bound=StrEnum)
Make = Callable[[Traits], Verdict]

NOTE = Traits(Loudness.NOTE, Assurance.NONE_MISSING, WarningEnding.NON_BILLABLE, has_section=True)
QUIET = Traits(Loudness.QUIET, Assurance.NONE_WITHOUT, WarningEnding.NON_BILLABLE)
GRAVE = Traits(Loudness.DOUBT, Assurance.NOTHING, None, has_section=True, exit_status=3)
ALL = pytest.mark.parametrize("traits", [NOTE, QUIET, GRAVE], ids=["note", "quiet", "grave"])

WAIVED = Expectation(Due.NEVER, Ground.TAG, "waived")
REASON = "No invoice is expected: its tag is “waived”."


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Adds the verdict `waived` to both tables, for the length of a test."""

    def added(traits: Traits) -> Verdict:
        verdict = _member(monkeypatch, Verdict, "WAIVED", "waived")
        verdict.traits = traits
        said = words.VerdictWords(
            glyph="🎁",
            mark="+",
            label="Waived",
            meaning="the bill was waived.",
            sentence="waived",
        )
        monkeypatch.setattr(words, "_VERDICTS", {**words._VERDICTS, verdict: said})
        return verdict

    return added


def _member(monkeypatch: pytest.MonkeyPatch, enum: type[Member], name: str, word: str) -> Member:
    member = str.__new__(enum, word)
    member._name_, member._value_ = name, word
    monkeypatch.setattr(enum, "_member_names_", [*enum._member_names_, name])
    monkeypatch.setitem(enum._member_map_, name, member)
    monkeypatch.setitem(enum._value2member_map_, word, member)
    return member


def all_of(messages: list[Rendered]) -> str:
    return "\n".join(message.text for message in messages)


def blocks_of(messages: list[Rendered]) -> str:
    return json.dumps([message.blocks for message in messages], ensure_ascii=False)


def printed(show: Callable[[Console], None]) -> str:
    out = io.StringIO()
    show(Console(file=out, width=300))
    return out.getvalue()


@ALL
def test_the_answer_to_a_question_says_it(make: Make, traits: Traits) -> None:
    finding = a_finding(make(traits), expectation=WAIVED)
    message = outcome([finding], None)
    assert "Ticket #32223 (Kittle): waived." in message.text
    assert REASON in message.text
    assert "🎁 *Waived* · *<" in blocks_of([message])
    evidence = receipt([finding], a_report(finding))
    assert "· Waived" in blocks_of(evidence)


@ALL
def test_the_answer_to_a_question_about_many_counts_it_and_gives_it_a_line_unless_it_is_quiet(
    make: Make, traits: Traits
) -> None:
    findings = [a_finding(Verdict.INVOICED, "1"), a_finding(make(traits), "2", expectation=WAIVED)]
    message = outcome(findings, None)
    first, *rest = message.text.splitlines()
    assert first.startswith("2 tickets: 1 invoiced, 1 waived")
    claims = {
        Assurance.NOTHING: "1 waived",
        Assurance.NONE_MISSING: "no invoice is missing",
        Assurance.NONE_WITHOUT: "none without an invoice",
    }
    assert first.endswith(claims[traits.assurance])
    has_line = any(line.startswith("Waived: #2 (Kittle") for line in rest)
    assert has_line is (traits.loudness is not Loudness.QUIET)
    evidence = receipt(findings, a_report(*findings))
    assert f"🎁 Waived · #2 · Kittle · {REASON}" in all_of(evidence)
    assert "🎁 *Waived*" in blocks_of(evidence)


@ALL
def test_the_help_explains_it(make: Make, traits: Traits) -> None:
    make(traits)
    assert "🎁 Waived — the bill was waived." in help_message("/invoice-check", []).text


@ALL
def test_the_terminal_and_the_json_of_a_check_say_it(make: Make, traits: Traits) -> None:
    report = a_report(a_finding(make(traits), expectation=WAIVED))
    text = printed(lambda console: show_report(console, report))
    assert "+ waived" in text
    assert REASON in text
    assert "1 ticket: 1 waived" in text
    (result,) = json.loads(report_as_json(report))["results"]
    assert (result["verdict"], result["reason"]) == ("waived", REASON)


@ALL
def test_the_exit_status_is_the_one_of_the_table(make: Make, traits: Traits) -> None:
    verdict = make(traits)
    assert exit_status([Verdict.INVOICED, verdict]) == traits.exit_status
    assert exit_status([Verdict.NOT_INVOICED, verdict]) == 1


@ALL
def test_every_form_of_a_digest_names_it(make: Make, traits: Traits) -> None:
    verdict = make(traits)
    digest = a_digest(audited(Verdict.INVOICED, "1"), audited(verdict, "2", charges="0.00", expectation=WAIVED))
    assert "1 waived" in headline(digest)
    assert is_quiet(digest) is (traits.loudness is Loudness.QUIET)

    said = digest_object(digest)
    assert said["counts"]["waived"] == 1
    assert [each["ticket_number"] for each in said.get("waived", [])] == (["2"] if traits.has_section else [])

    row = next(row for row in csv.DictReader(io.StringIO(digest_csv(digest))) if row["ticket_number"] == "2")
    assert row["section"] == ("waived" if traits.has_section else "accounted for")
    assert (row["verdict"], row["reason"]) == ("waived", REASON)

    messages = digest_messages(digest)
    text = printed(lambda console: show_digest(console, digest))
    if traits.has_section:
        assert "Waived: 1 ticket: #2" in messages.parent.text
        thread = all_of(messages.thread)
        assert "Waived: 1 ticket\n" in thread
        assert REASON in thread
        assert f"Waived\n· #2 · Kittle · {REASON}" in text
    else:
        assert "#2" not in all_of([messages.parent, *messages.thread]) + text


@ALL
def test_a_warning_ends_or_stands_as_the_table_says(make: Make, traits: Traits) -> None:
    digest = a_digest(audited(make(traits), "2", expectation=WAIVED), remembered=history(standing("2")))
    assert [each.ending for each in digest.resolved] == ([traits.ending] if traits.ending else [])
    assert digest.not_checked == ()
    stands_since = None if traits.ending else standing("2").first_said
    assert [ticket.first_said for ticket in digest.tickets] == [stands_since]


def test_a_new_end_of_a_warning_is_said_and_remembered(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ending = _member(monkeypatch, WarningEnding, "FORGIVEN", "forgiven")
    said = words.EndingWords("forgiven", "was forgiven", gives_reason=True)
    monkeypatch.setattr(words, "_ENDINGS", {**words._ENDINGS, ending: said})
    verdict = make(Traits(Loudness.QUIET, Assurance.NOTHING, ending))
    memory = Memory(f"sqlite:///{tmp_path / 'memory.db'}")
    memory.open()
    memory.warn(not_invoiced("92"), None, at=NOW, source="check")
    digest = a_digest(audited(verdict, "2", charges="0.00", expectation=WAIVED), remembered=memory.history(NOW))
    memory.remember_run(digest, key="mon")
    assert [record.ending for record in memory.warnings_of("92")] == [ending]
    memory.close()

    taken_back = retracted_warning(digest.resolved[0])
    assert "was forgiven." in taken_back.thread.text
    assert "waived" in taken_back.parent.text
    assert f"· forgiven. {REASON}" in all_of(digest_messages(digest).thread)
    assert "· forgiven" in printed(lambda console: show_digest(console, digest))
    resolved = [row for row in csv.DictReader(io.StringIO(digest_csv(digest))) if row["section"] == "resolved"]
    assert [row["change"] for row in resolved] == ["forgiven"]
