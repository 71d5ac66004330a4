"""The policy as a file: TOML with the names of the settings, in small letters, and every error with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bot.billing.rules.policy import NothingRecorded, Policy
from bot.setting_values import file_text, shown

_NAMES = tuple(field.name for field in fields(Policy))


def read_policy_file(path: Path) -> dict[str, Any]:
    """What the file sets, ready for `Policy`.

    Raises:
        ValueError: it cannot be read, or something in it is wrong; each error with its line.

    """
    text = file_text(path)
    try:
        said = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"names {path}, which is not valid TOML: {error}") from None
    problems = [f"line {_line_of(name, text)}: {problem}" for name, problem in _problems(said)]
    if problems:
        raise ValueError(f"names {path}, in which something is wrong: {'; '.join(problems)}")
    return {name: _ready(value) for name, value in said.items()}


def labor_rates(said: Mapping[str, Any]) -> tuple[tuple[str, Decimal], ...]:
    """What an hour is worth by product, ready for `Policy`.

    Raises:
        ValueError: a rate is no amount of money.

    """
    return tuple((product, _rate(product, value)) for product, value in said.items())


def _rate(product: str, value: object) -> Decimal:
    try:
        rate = Decimal(str(value).strip())
        if 0 <= rate < 10**10 and rate == rate.quantize(Decimal("0.01")):
            return rate
    except InvalidOperation:
        pass
    raise ValueError(f"holds no rate such as 150.00 for {shown(product)}")


def _ready(value: Any) -> Any:
    if isinstance(value, dict):
        return labor_rates(value)
    return NothingRecorded(value) if isinstance(value, str) else tuple(value)


def _problems(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if name not in _NAMES:
            yield name, f"there is no {name!r}; there are {', '.join(_NAMES)}"
        elif name == "nothing_recorded":
            if value not in list(NothingRecorded):
                yield name, f"{name} must be {' or '.join(map(repr, map(str, NothingRecorded)))}"
        elif name == "labor_rates":
            yield from _problems_of_rates(value)
        elif not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            yield name, f'{name} must be a list of texts, such as ["Gold", "Silver"]'


def _problems_of_rates(said: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(said, dict):
        yield "labor_rates", 'labor_rates must be a table of products, such as { "Onsite labour" = 150.00 }'
        return
    for product, value in said.items():
        try:
            labor_rates({product: value})
        except ValueError as error:
            yield product, f"labor_rates {error}"


def _line_of(name: str, text: str) -> int:
    """Where a name is given its value, counted from 1."""
    given = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if given.match(line)), 1)
