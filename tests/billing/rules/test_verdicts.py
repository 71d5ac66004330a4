"""The table of verdicts: what each of them means wherever they are told apart."""

from __future__ import annotations

from itertools import product

import pytest

from bot.billing.rules.verdicts import Assurance, Loudness, Verdict, exit_status


@pytest.mark.parametrize(("first", "second"), [*product(Verdict, Verdict)])
def test_not_invoiced_outweighs_unverified_and_both_outweigh_the_rest(first: Verdict, second: Verdict) -> None:
    both = {first, second}
    expected = 1 if Verdict.NOT_INVOICED in both else 2 if Verdict.UNVERIFIED in both else 0
    assert exit_status([first, second]) == expected


def test_no_ticket_is_accounted_for() -> None:
    assert exit_status([]) == 0


def test_only_the_proof_of_an_absence_is_an_alarm() -> None:
    assert [each for each in Verdict if each.traits.loudness is Loudness.ALARM] == [Verdict.NOT_INVOICED]


@pytest.mark.parametrize("verdict", Verdict)
def test_what_is_not_proved_neither_ends_a_warning_nor_reassures(verdict: Verdict) -> None:
    if verdict.traits.loudness in {Loudness.ALARM, Loudness.DOUBT}:
        assert verdict.traits.ending is None
        assert verdict.traits.assurance is Assurance.NOTHING
        assert verdict.traits.exit_status in {1, 2}
    else:
        assert verdict.traits.ending is not None
        assert verdict.traits.exit_status == 0


def test_the_loudest_verdict_is_read_first() -> None:
    ordered = Verdict.loudest_first()
    loudness = [verdict.traits.loudness for verdict in ordered]
    assert ordered[:2] == [Verdict.NOT_INVOICED, Verdict.UNVERIFIED]
    assert loudness == sorted(loudness)
    assert {*ordered} == {*Verdict}
