"""The standard streams: no character makes a command fail, and JSON is UTF-8 whatever the terminal speaks."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TextIO

from bot.controls import spelled_out

_PLAINER: Mapping[str, str] = MappingProxyType(
    {
        "\u2713": "+",  # a tick
        "\u2717": "x",
        "\u2192": "->",
        "\u00b7": "-",
        "\u2014": "-",
        "\u2013": "-",
        "\u201c": '"',
        "\u201d": '"',
        "\u2018": "'",
        "\u2019": "'",
    }
)
"""What is written for a character where the terminal has none such; for others see `_plainer`."""
_HANDLER = "plainer"


def make_writable() -> None:
    """See to it that whatever is written to stdout and stderr can be, and that both are there."""
    codecs.register_error(_HANDLER, _plainer)
    if set(os.environ.get("COLUMNS", "")) == {"0"}:
        del os.environ["COLUMNS"]  # Rich would write nothing at all
    sys.stdout, sys.stderr = _writable(sys.stdout), _writable(sys.stderr)


def write_json(text: str) -> None:
    """Write a JSON text to stdout, in UTF-8; nothing in it acts on a terminal."""
    _write(f"{spelled_out(text)}\n")


def write_csv(text: str) -> None:
    """Write a table to stdout, in UTF-8 with the mark by which Excel knows it."""
    _write(f"\ufeff{text}")


def _write(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()


def discard(stream: TextIO) -> None:
    """Have what a stream still keeps back, and cannot write, go nowhere: else it would be tried again at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _writable(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by the shell: `>&-`
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - it lasts as long as the process
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_HANDLER)
    return stream


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """A handler of `codecs`: something like it in ASCII, else a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_in_ascii, error.object[error.start : error.end])), error.end


def _in_ascii(character: str) -> str:
    alike = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _PLAINER.get(character) or alike or "?"
