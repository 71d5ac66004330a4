"""Every verdict and every end of a warning has its words."""

from __future__ import annotations

import pytest

from bot.billing.rules.verdicts import Verdict, WarningEnding
from bot.words.verdicts import counts, ending_words, verdict_words
from tests.messages.factory import a_finding


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_is_said(verdict: Verdict) -> None:
    said = verdict_words(verdict)
    assert said.label.casefold() == f"{said.glyph} {said.inline}".split(maxsplit=1)[1].casefold()
    assert all([said.glyph, said.label, said.meaning, said.sentence, said.counted])
    assert len(said.mark) == 1
    assert said.meaning.endswith(".")


def test_no_two_verdicts_share_a_sign_or_a_label() -> None:
    said = [verdict_words(verdict) for verdict in Verdict]
    for names in ([each.glyph for each in said], [each.mark for each in said], [each.label for each in said]):
        assert len(set(names)) == len(Verdict)


@pytest.mark.parametrize("ending", WarningEnding)
def test_each_end_of_a_warning_is_said(ending: WarningEnding) -> None:
    assert all([ending_words(ending).label, ending_words(ending).sentence])


def test_counts_name_the_alarms_first_and_then_all_in_the_order_of_the_table() -> None:
    found = (Verdict.NOT_FOUND, Verdict.UNVERIFIED, Verdict.OPEN, Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.OPEN)
    assert counts([a_finding(verdict) for verdict in found]) == [
        "1 NOT INVOICED", "1 invoiced", "2 still open", "1 could not be verified", "1 not found",
    ]  # fmt: skip
