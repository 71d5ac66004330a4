"""Prints the page of samples; with `--table` lines and words of each situation."""

from __future__ import annotations

import sys

from tests.samples.measure import lines, shown, words
from tests.samples.situations import SITUATIONS


def main() -> None:
    """Print it."""
    for name, make in SITUATIONS.items():
        messages = make()
        if "--table" in sys.argv:
            first, thread = messages[0], messages[1:]
            print(
                f"| {name} | {lines(first)} | {words(first)} | {sum(map(lines, thread))} | {sum(map(words, thread))} |"
            )
            continue
        for index, message in enumerate(messages):
            print(f"\n=== {name}: {f'thread {index}' if index else 'message'}\n")
            print("\n".join(shown(message)))
            print("\n--- as text\n")
            print(message.text)


if __name__ == "__main__":
    main()
