"""Reads the JSON of an answer, unless it would become far larger than it is: 19 MB of tiny rows took 3.5 GB."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

MOST_RECORDS = 20_000
"""JSON objects in one answer, whatever they stand for."""
MOST_VALUES = 200_000
"""Places in lists and objects."""

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{,\[]', re.DOTALL)
"""A string, or where a value may begin. It never goes back, so that it is linear."""


class OversizedError(Exception):
    """The answer holds more than any answer of Syncro's. The text says of what."""


def json_of(content: bytes | bytearray) -> Any:
    """The JSON of an answer, its fractions as `Decimal`.

    Raises:
        OversizedError: it holds too many records or values.
        ValueError, RecursionError: it is no JSON.

    """
    # What stands inside strings is counted too; only where that is too much does it pay to look more closely.
    if content.count(b"{") > MOST_RECORDS or sum(map(content.count, (b"{", b"[", b","))) > MOST_VALUES:
        _weigh(content)
    return json.loads(content, parse_float=Decimal)


def _weigh(content: bytes | bytearray) -> None:
    records = values = 0
    for token in _TOKEN.finditer(content):
        begins_with = content[token.start()]
        records += begins_with == ord("{")
        values += begins_with != ord('"')
        if records > MOST_RECORDS:
            raise OversizedError(f"more than {MOST_RECORDS:,} records")
        if values > MOST_VALUES:
            raise OversizedError(f"more than {MOST_VALUES:,} values")
