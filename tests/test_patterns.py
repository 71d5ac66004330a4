"""Every regular expression of the bot takes a number of steps that grows with the text, and no faster."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import bot
from tests.stepping import Stepper, TooManyStepsError, hard_texts

AnyPattern = re.Pattern[str] | re.Pattern[bytes]
ROOT = Path(bot.__file__).parent
STEPS_A_CHARACTER = 100
"""A few looks at each character from each of some places before it; not from all."""
SEARCHES = frozenset({"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"})


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages([str(ROOT)], "bot."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def compiled(value: Any) -> Iterator[AnyPattern]:
    """The patterns in a module's value: itself, or in a collection."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from compiled(each)
    elif isinstance(value, tuple | list | frozenset | set):
        for each in value:
            yield from compiled(each)


def written_where_they_are_used(source: str) -> Iterator[AnyPattern | str]:
    """The patterns in calls such as `re.search("…", text)`; where one is put together on the spot, its source text."""
    if not re.search(r"\bre\s*\.", source):
        return  # to read it as a program would take longer than all else here
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{name}" for name in SEARCHES} and node.args:
            if isinstance(node.args[0], ast.Constant):
                yield re.compile(str(node.args[0].value))
            elif node.func.attr != "compile":  # type: ignore[attr-defined]
                yield ast.unparse(node)


def every_pattern() -> dict[str, AnyPattern]:
    found: dict[str, AnyPattern] = {}
    for module in modules():
        name = module.__name__
        for variable, value in vars(module).items():
            for number, pattern in enumerate(compiled(value)):
                found[f"{name}.{variable}.{number}"] = pattern
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for number, used in enumerate(written_where_they_are_used(source)):
            if isinstance(used, re.Pattern) and used not in found.values():
                found[f"{name}.call.{number}"] = used
    return {name: pattern for pattern, name in {pattern: name for name, pattern in found.items()}.items()}


PATTERNS = every_pattern()


def steps_for(stepper: Stepper, text: str) -> int:
    """How many steps it takes to find all matches; very many where that is far beyond what it may take."""
    try:
        stepper.find_all(text, most=STEPS_A_CHARACTER * max(len(text), 1_000))
    except TooManyStepsError:
        return sys.maxsize
    return stepper.steps


def steps_for_the_worst(pattern: AnyPattern, size: int) -> int:
    """The most steps for a text of this size that could be made up.

    Of many texts those are tried at length whose steps grow fastest from 60 characters to 120.
    """
    hard, stepper = hard_texts(pattern, seed=1), Stepper(pattern)
    growth = {text: steps_for(stepper, text.of(120)) / steps_for(stepper, text.of(60)) for text in hard}
    hardest = sorted(hard, key=growth.__getitem__)[-5:]
    return steps_for(stepper, max(hardest, key=lambda text: steps_for(stepper, text.of(2_000))).of(size))


@pytest.mark.parametrize("name", PATTERNS)
def test_steps_grow_with_the_text_and_no_faster(name: str) -> None:
    """As long as the longest text that Slack sends."""
    assert steps_for_the_worst(PATTERNS[name], 40_000) <= 40_000 * STEPS_A_CHARACTER


def test_no_pattern_is_put_together_where_it_is_used_so_that_all_are_found_here() -> None:
    strays = [
        f"{path.relative_to(ROOT)}: {used}"
        for path in ROOT.rglob("*.py")
        if path.name != "syncro_faults.py"  # its patterns are the tests' own
        for used in written_where_they_are_used(path.read_text(encoding="utf-8"))
        if isinstance(used, str)
    ]
    assert strays == []
    assert len(PATTERNS) > 25


SLOW = [
    r"(?:#|\btickets?\s*#?\s*)([0-9]{1,12})(?![0-9-])",
    r"<(https?://[^|>\s]+)(?:\|[^>]*)?>",
    r"<@[UW][A-Z0-9_]+(?:\|[^>]*)?>",
    r"(?:https?|wss?)://[^\s\"']*(?:/commands/|/actions/|ticket=)[^\s\"']*",
    r"(?:a|aa)+$",
]
"""Four that the bot once had, and the one of the textbooks."""


@pytest.mark.parametrize("slow", SLOW)
def test_a_pattern_that_goes_back_again_and_again_is_found_out(slow: str) -> None:
    assert steps_for_the_worst(re.compile(slow), 10_000) > 10_000 * STEPS_A_CHARACTER


@pytest.mark.parametrize("name", PATTERNS)
def test_the_stepper_finds_what_re_finds(name: str) -> None:
    pattern = PATTERNS[name]
    stepper = Stepper(pattern)
    for text in (hard.of(40).encode("ascii", "replace").decode() for hard in hard_texts(pattern, seed=7)[:200]):
        matches = pattern.finditer(text.encode()) if isinstance(pattern.pattern, bytes) else pattern.finditer(text)
        spans = [match.span() for match in matches]
        found = stepper.find_all(text, most=10**6)
        assert [span for span in found if span[1] > span[0]] == [span for span in spans if span[1] > span[0]]
