"""Prints the page of samples; with `--table` lines and words of each situation."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from tests.samples.measure import Shown, buttons, lines, only_in_text, rows_to_leaf_through, shown, words
from tests.samples.page import page

ENDS = 10
"""Lines of a long thread that are printed of its beginning, and of its end."""
LONG = 30


def main() -> None:
    """Print it."""
    made = page()
    if "--table" in sys.argv:
        for name, (first, *thread) in made.situations.items():
            print(
                f"| {name} | {lines(first)} | {words(first)} | {sum(map(lines, thread))} | {sum(map(words, thread))} |"
            )
        return
    for name, (first, *thread) in made.situations.items():
        print(f"\n=== {name}\n")
        print("\n".join(_printed(first)))
        below = [line for message in thread for line in ["", *_printed(message)]]
        print("\n".join(f"    {line}".rstrip() for line in _ends(below)))
    for name, alone in made.alone.items():
        print(f"\n=== {name}\n")
        print("\n---\n".join("\n".join(_ends(list(_printed(message)))) for message in alone))


def _printed(message: Shown) -> Iterator[str]:
    """The blocks, what their buttons say, and of the text without blocks what they do not show."""
    yield from shown(message)
    if more := rows_to_leaf_through(message):
        yield f"({more} more rows)"
    if pressed := buttons(message):
        yield "".join(f"[{each}]" for each in pressed)
    yield from (f"(in words) {line}" for line in only_in_text(message))


def _ends(said: Sequence[str]) -> list[str]:
    if len(said) <= LONG:
        return list(said)
    return [*said[:ENDS], f"({len(said) - 2 * ENDS} more lines)", *said[-ENDS:]]


if __name__ == "__main__":
    main()
