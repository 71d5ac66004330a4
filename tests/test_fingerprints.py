"""A stored form that changes gets a new number: see `tests.fingerprints`."""

from __future__ import annotations

import pytest

from tests import fingerprints


@pytest.mark.parametrize("name", list(fingerprints.PRESENT))
def test_the_number_stands_for_the_form_that_it_was_given_to(name: str) -> None:
    assert fingerprints.complaint(name) == ""


@pytest.mark.parametrize(
    ("value", "advice"), [("1", "Raise READING_RULES by one"), ("999", "READING_RULES 999 is new")]
)
def test_a_change_is_told_from_a_new_number_and_says_what_to_do(
    value: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fingerprints.PRESENT, "READING_RULES", (value, lambda: "something else"))
    assert advice in fingerprints.complaint("READING_RULES")
    assert "python -m tests.fingerprints" in fingerprints.complaint("READING_RULES")
