"""Characters that act instead of being seen: controls, directions, line separators."""

from __future__ import annotations

import json
import re
from typing import Final

_ACTING: Final = re.compile(
    "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
    "\\U000e0000-\\U000e007f]"
)
"""All but the line feed."""


def spelled_out(text: str) -> str:
    """The text with what acts written as JSON escapes it, by its number; in a JSON text that means the same."""
    return _ACTING.sub(lambda found: json.dumps(found.group())[1:-1], text)
