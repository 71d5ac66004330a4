"""Counts the steps that a backtracking matcher takes for a regular expression: a clock that no busy machine slows down.

It does what Python's `re` does, for the constructs that the bot's patterns use, without its shortcuts.
"""

from __future__ import annotations

import functools
import random
import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Test = Callable[[str], bool]
_CATEGORIES: dict[Any, Test] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    sre.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    sre.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}
_SAMPLES = "\n 1aZ_-#.,:/<>|@&'\"\\~*`;(\u2014\u00e9\u20ac\ud800\u200b\t"


class TooManyStepsError(Exception):
    """The matcher has taken more steps than it may."""


_Instruction = tuple[str, Any, Any]
_TO_BE_FILLED_IN: _Instruction = ("", None, None)


@dataclass
class _Program:
    """Instructions, by number.

    (char, test, -), (try, first, second), (jump, to, -), (look, program, wanted), (atomic, program, -), (at, test, -).
    """

    code: list[_Instruction] = field(default_factory=list)
    back: int = 0
    """How many characters before the place it begins, where it looks behind."""


class Stepper:
    """A pattern, and how many steps the last search took."""

    def __init__(self, pattern: re.Pattern[str] | re.Pattern[bytes]) -> None:
        source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
        self.tree = sre_parser.parse(source, pattern.flags & ~re.DEBUG)
        self._flags = pattern.flags
        self._most = 0
        self._fitting: dict[str, list[str]] = {}
        self._program = _Program()
        self._compile(self.tree, self._program.code)
        self.steps = 0

    def find_all(self, text: str, *, most: int) -> list[tuple[int, int]]:
        """Every match, as `finditer` has them. Raises `TooManyStepsError` after `most` steps."""
        self.steps, self._most = 0, most
        found, position = [], 0
        while position <= len(text):
            end = self._run(self._program, text, position)
            if end is None or end == position:
                found += [] if end is None else [(position, end)]
                position += 1
            else:
                found.append((position, end))
                position = end
        return found

    def fitting(self, operator: Any, argument: Any) -> list[str]:
        """Characters that one piece of the pattern matches."""
        piece = repr((operator, argument))
        if piece not in self._fitting:
            test = self._test(operator, argument)
            self._fitting[piece] = [c for c in _SAMPLES if test(c)] or [c for c in map(chr, range(0x3000)) if test(c)]
        return self._fitting[piece]

    # --- running ---

    def _run(self, program: _Program, text: str, position: int) -> int | None:
        """Where a match from this position ends."""
        code, end, length = program.code, len(program.code), len(text)
        untried = [(0, position)]
        while untried:
            at, position = untried.pop()
            steps = 0
            while at != end:
                steps += 1
                kind, argument, other = code[at]
                at += 1
                if kind == "char":
                    if position == length or not argument(text[position]):
                        break
                    position += 1
                elif kind == "try":
                    untried.append((other, position))
                    at = argument
                elif kind == "jump":
                    at = argument
                else:
                    moved = self._aside(kind, argument, text, position, wanted=other)
                    if moved is None:
                        break
                    position = moved
            else:
                self.steps += steps
                return position
            self.steps += steps
            if self.steps > self._most:
                raise TooManyStepsError
        return None

    def _aside(self, kind: str, argument: Any, text: str, position: int, *, wanted: bool) -> int | None:
        """Where to go on after what is matched for itself; None where it does not match."""
        if kind == "atomic":
            return self._run(argument, text, position)
        if kind == "at":
            return position if argument(text, position) else None
        start = position - argument.back
        return position if (start >= 0 and self._run(argument, text, start) is not None) is wanted else None

    # --- compiling ---

    def _compile(self, tree: Any, code: list[_Instruction]) -> None:
        for operator, argument in tree:
            self._compile_one(operator, argument, code)

    def _compile_one(self, operator: Any, argument: Any, code: list[_Instruction]) -> None:
        if operator in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
            code.append(("char", functools.cache(self._test(operator, argument)), None))
        elif operator is sre.BRANCH:
            self._branch(argument[1], code)
        elif operator is sre.SUBPATTERN:
            self._compile(argument[3], code)
        elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            self._repeat(argument, code, lazy=operator is sre.MIN_REPEAT)
        elif operator is sre.POSSESSIVE_REPEAT:
            inner = _Program()
            self._repeat(argument, inner.code, lazy=False)
            code.append(("atomic", inner, None))
        elif operator is sre.ATOMIC_GROUP:
            code.append(("atomic", self._sub(argument), None))
        elif operator in (sre.ASSERT, sre.ASSERT_NOT):
            direction, tree = argument
            program = self._sub(tree)
            program.back = tree.getwidth()[0] if direction < 0 else 0
            code.append(("look", program, operator is sre.ASSERT))
        elif operator is sre.AT:
            code.append(("at", _anchor(argument, bool(self._flags & re.MULTILINE)), None))
        else:
            raise NotImplementedError(operator)

    def _sub(self, tree: Any) -> _Program:
        program = _Program()
        self._compile(tree, program.code)
        return program

    def _branch(self, branches: list[Any], code: list[_Instruction]) -> None:
        jumps = []
        for branch in branches[:-1]:
            fork = len(code)
            code.append(_TO_BE_FILLED_IN)
            self._compile(branch, code)
            jumps.append(len(code))
            code.append(_TO_BE_FILLED_IN)
            code[fork] = ("try", fork + 1, len(code))
        self._compile(branches[-1], code)
        for jump in jumps:
            code[jump] = ("jump", len(code), None)

    def _repeat(self, repeat: Any, code: list[_Instruction], *, lazy: bool) -> None:
        least, most, tree = repeat
        assert most is not sre.MAXREPEAT or tree.getwidth()[0] > 0, "an endless repeat of something that may be empty"
        for _ in range(least):
            self._compile(tree, code)
        forks = []
        for _ in range(1 if most is sre.MAXREPEAT else most - least):
            forks.append(len(code))
            code.append(_TO_BE_FILLED_IN)
            self._compile(tree, code)
        if most is sre.MAXREPEAT:
            code.append(("jump", forks[0], None))
        for fork in forks:
            code[fork] = ("try", len(code), fork + 1) if lazy else ("try", fork + 1, len(code))

    def _test(self, operator: Any, argument: Any) -> Test:
        if operator is sre.ANY:
            return (lambda _: True) if self._flags & re.DOTALL else (lambda c: c != "\n")
        if operator is sre.IN:
            negated = argument[0][0] is sre.NEGATE
            tests = [self._member(*member) for member in argument if member[0] is not sre.NEGATE]
            return lambda c: any(test(c) for test in tests) is not negated
        member = self._member(sre.LITERAL, argument)
        return member if operator is sre.LITERAL else lambda c: not member(c)

    def _member(self, operator: Any, argument: Any) -> Test:
        if operator is sre.CATEGORY:
            return _CATEGORIES[argument]
        low, high = (argument, argument) if operator is sre.LITERAL else argument
        if self._flags & re.IGNORECASE:
            return lambda c: any(low <= ord(each) <= high for each in (c, c.lower()[0], c.upper()[0]))
        return lambda c: low <= ord(c) <= high


def _anchor(where: Any, multiline: bool) -> Callable[[str, int], bool]:
    def is_word(text: str, position: int) -> bool:
        return 0 <= position < len(text) and _CATEGORIES[sre.CATEGORY_WORD](text[position])

    def at_boundary(text: str, position: int) -> bool:
        return is_word(text, position - 1) is not is_word(text, position)

    return {
        sre.AT_BEGINNING: lambda t, p: p == 0 or (multiline and t[p - 1] == "\n"),
        sre.AT_BEGINNING_STRING: lambda _, p: p == 0,
        sre.AT_END: lambda t, p: p == len(t) or t[p:] == "\n" or (multiline and t[p] == "\n"),
        sre.AT_END_STRING: lambda t, p: p == len(t),
        sre.AT_BOUNDARY: at_boundary,
        sre.AT_NON_BOUNDARY: lambda t, p: not at_boundary(t, p),
    }[where]


# --- texts that a pattern finds hard ---


@dataclass(frozen=True)
class Hard:
    """A text that begins as a pattern does, goes on with a part of it again and again, and ends as it does not."""

    prefix: str
    pump: str

    def of(self, size: int) -> str:
        """The text, so long."""
        return (self.prefix + self.pump * (size // len(self.pump) + 1))[: size - 1] + "\0"


def hard_texts(pattern: re.Pattern[str] | re.Pattern[bytes], seed: int) -> list[Hard]:
    """Texts that a pattern may find hard."""
    chance = random.Random(seed)
    stepper = Stepper(pattern)
    begun = {_written(stepper, start, chance) for tree in _parts(stepper.tree) for start in _beginnings(list(tree))}
    hard = [Hard(prefix, pump) for pump in sorted(begun - {""}) for prefix in sorted({*begun, ""})]
    return chance.sample(hard, min(len(hard), 600))


def _beginnings(tree: list[Any]) -> Iterator[list[Any]]:
    """The sequence up to each place where something else than a plain character ends or follows."""
    for cut in range(1, len(tree) + 1):
        if cut == len(tree) or not tree[cut - 1][0] is tree[cut][0] is sre.LITERAL:
            yield tree[:cut]


def _parts(tree: Any) -> Iterator[Any]:
    """The pattern, and everything in it that stands in a repeat, a branch or a group; and each single piece."""
    yield tree
    for operator, argument in tree:
        yield [(operator, argument)]
        if operator is sre.BRANCH:
            for branch in argument[1]:
                yield from _parts(branch)
        elif operator is sre.SUBPATTERN:
            yield from _parts(argument[3])
        elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield from _parts(argument[2])
        elif operator is sre.ATOMIC_GROUP:
            yield from _parts(argument)
        elif operator in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _parts(argument[1])


def _written(stepper: Stepper, tree: Any, chance: random.Random) -> str:
    """A text that these pieces match."""
    return "".join(_piece(stepper, operator, argument, chance) for operator, argument in tree)


def _piece(stepper: Stepper, operator: Any, argument: Any, chance: random.Random) -> str:
    if operator is sre.LITERAL:
        return chr(argument)
    if operator in (sre.NOT_LITERAL, sre.IN, sre.ANY):
        return chance.choice(stepper.fitting(operator, argument))
    if operator is sre.BRANCH:
        return _written(stepper, chance.choice(argument[1]), chance)
    if operator is sre.SUBPATTERN:
        return _written(stepper, argument[3], chance)
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, tree = argument
        times = max(least, min(most if isinstance(most, int) else 3, chance.choice([1, 1, 3])))
        return "".join(_written(stepper, tree, chance) for _ in range(times))
    return _written(stepper, argument, chance) if operator is sre.ATOMIC_GROUP else ""
