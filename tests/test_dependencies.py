"""The lock file, the ranges and the licences agree."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.advisories import verdict
from tests.dependencies import PERMITTED, licences, locked, ranges


def test_the_lock_holds_a_release_of_each_range_with_its_hashes() -> None:
    """Where this fails after a change of pyproject.toml: run `pip-compile`."""
    releases = locked()
    for asked in ranges():
        release, _ = releases[canonicalize_name(asked.name)]
        assert asked.specifier.contains(release, prereleases=True), f"{asked} is locked at {release}"
    assert all(hashes for _, hashes in releases.values())


def test_every_dependency_has_a_licence_that_permits_use() -> None:
    assert {name: words for name, words in licences().items() if not PERMITTED.match(words)} == {}
    assert len(licences()) > 50


@pytest.mark.parametrize(
    "words", ["GPL-3.0-only", "MIT AND AGPL-3.0", "GNU General Public License v2 (GPLv2)", "unknown"]
)
def test_other_licences_are_not_permitted(words: str) -> None:
    assert not PERMITTED.match(words)


def test_an_audit_fails_for_what_is_known_to_be_vulnerable_and_says_what_was_not_looked_at() -> None:
    sound: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
    unknown = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited: b (1)"}
    poor = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
    said, status = verdict({"dependencies": [sound, unknown]})
    assert (said.partition(":")[0], status) == ("1 releases checked, 1 NOT CHECKED", 0)
    said, status = verdict({"dependencies": [sound, poor]})
    assert status == 1
    assert said.endswith("c 2: PYSEC-1, mended in 2.1")
