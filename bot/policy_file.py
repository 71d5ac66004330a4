"""The policy as a file: TOML with the names of the settings, in small letters, and every error with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from bot.billing.rules.policy import NothingRecorded, Policy

_NAMES = tuple(field.name for field in fields(Policy))


def read_policy_file(path: Path) -> dict[str, Any]:
    """What the file sets, ready for `Policy`.

    Raises:
        ValueError: it cannot be read, or something in it is wrong; each error with its line.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names {path}, which cannot be read ({type(error).__name__})") from None
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"names {path}, which is not valid TOML: {error}") from None
    problems = [f"line {_line_of(name, text)}: {problem}" for name, problem in _problems(said)]
    if problems:
        raise ValueError(f"names {path}, in which something is wrong: {'; '.join(problems)}")
    return {name: NothingRecorded(value) if isinstance(value, str) else tuple(value) for name, value in said.items()}


def _problems(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if name not in _NAMES:
            yield name, f"there is no {name!r}; there are {', '.join(_NAMES)}"
        elif name == "nothing_recorded":
            if value not in list(NothingRecorded):
                yield name, f"{name} must be {' or '.join(map(repr, map(str, NothingRecorded)))}"
        elif not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            yield name, f'{name} must be a list of texts, such as ["Gold", "Silver"]'


def _line_of(name: str, text: str) -> int:
    """Where a name is given its value, counted from 1."""
    given = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if given.match(line)), 1)
