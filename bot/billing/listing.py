"""Reading a whole list page by page, and noticing when it changes under our eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.billing.reads import Asking, Failed, Read, ask
from bot.syncro.errors import FailureKind
from bot.syncro.models import Page, Record

Row = TypeVar("Row", bound=Record)

MOST_PAGES = 2000
"""A list longer than this (50,000 rows) is not read to its end: something is wrong with it."""


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """All rows of a list, as one walk over its pages saw them."""

    walked: tuple[Page[Row], ...]
    is_whole: bool = True
    """False when the walk ended early, at the caller's `most_rows`."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all pages, in order."""
        return tuple(row for page in self.walked for row in page.rows)

    @property
    def pages(self) -> int:
        """How many pages were read."""
        return len(self.walked)

    @property
    def first(self) -> Page[Row]:
        """The first page."""
        return self.walked[0]

    @property
    def last(self) -> Page[Row]:
        """The last page that was read."""
        return self.walked[-1]


def read_list(
    page_read: Callable[[int], Read[Page[Row]]], what: str, *, most_rows: int | None = None
) -> Asking[Listing[Row] | Failed]:
    """Read a list to its end. The walk fails as a whole when one page fails or cannot be right.

    Where `meta.total_pages` is known the rest is asked for in one round, otherwise page by page until a short one.
    With `most_rows` the walk ends as soon as the list is known to be longer.
    """
    first = yield from ask(page_read(1))
    if isinstance(first, Failed):
        return first
    if not first.rows and not first.is_last:
        return _broken(f"The {what} cannot be read to its end: its first page is empty, yet more are announced.")
    pages = [first]
    seen = set(first.rows)
    while not pages[-1].is_last:
        if most_rows is not None and _fewest_rows(pages) > most_rows:
            return Listing(tuple(pages), is_whole=False)
        numbers = _next_numbers(pages[-1])
        if numbers[-1] > MOST_PAGES:
            return _broken(f"The {what} has more than {MOST_PAGES} pages.")
        reads = [page_read(number) for number in numbers]
        answers = yield reads
        for read in reads:
            page = answers[read]
            if isinstance(page, Failed):
                return page
            if problem := _problem(seen, page):
                return _broken(f"The {what} cannot be read to its end: {problem}.")
            pages.append(page)
            seen.update(page.rows)
    return Listing(tuple(pages))


def _fewest_rows(pages: list[Page[Row]]) -> int:
    """How many rows the list has at least."""
    total_pages = pages[-1].total_pages
    if total_pages is not None:
        return (total_pages - 1) * pages[-1].size + 1
    return sum(len(page.rows) for page in pages) + 1


def _next_numbers(last: Page[Row]) -> Sequence[int]:
    if last.total_pages is None:
        return [last.number + 1]
    return range(last.number + 1, last.total_pages + 1)


def _problem(seen: set[Row], page: Page[Row]) -> str:
    """Why this page cannot be what it claims; empty when it can."""
    if not page.rows:
        return "" if page.is_last else f"page {page.number} is empty, yet more are announced"
    if all(row in seen for row in page.rows):
        return f"page {page.number} repeats earlier pages"
    return ""


def _broken(sentence: str) -> Failed:
    return Failed(FailureKind.UNREADABLE, sentence)
