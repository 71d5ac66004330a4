"""What acts on a terminal is written out."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.controls import spelled_out
from bot.terminal.output import write_json

_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def test_every_control_separator_and_direction_is_spelled_out_and_no_letter() -> None:
    for character in map(chr, range(sys.maxunicode + 1)):
        acts = unicodedata.category(character) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(character) in _TURNING
        if acts and character != "\n":
            assert spelled_out(character).isascii()
        elif unicodedata.category(character)[0] in "LMNPS":
            assert spelled_out(character) == character


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_means_the_same(text: str) -> None:
    written = spelled_out(json.dumps({"subject": text}, ensure_ascii=False, indent=2))
    assert json.loads(written) == {"subject": text}


def test_what_commands_print_as_json_acts_on_nothing(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write_json(json.dumps({"subject": "\x9b2J\u202e✅ é"}, ensure_ascii=False))
    assert capsysbinary.readouterr().out == '{"subject": "\\u009b2J\\u202e✅ é"}\n'.encode()
