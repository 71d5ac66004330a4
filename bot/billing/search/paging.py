"""Reading a whole list page by page, and noticing when it changes under our eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.billing.search.queries import Asking, Failed, ListInvoices, Read, RowKey, ask
from bot.syncro.errors import FailureKind
from bot.syncro.models import ROWS_A_PAGE, InvoiceRow, Page, Record

Row = TypeVar("Row", bound=Record)

MOST_PAGES = 1_000
"""A list longer than this (25,000 rows) is not read to its end: something is wrong with it."""


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
            return _broken(f"The {what} has more than {MOST_PAGES:,} pages.")
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


PAGES_AT_ONCE = 4
MOST_PAGES_WALKED = 20_000
MOST_ROWS_WALKED = 250_000
"""A list of all invoices that is longer is not walked to its end: something is wrong with it."""
RowName = tuple[str | None, str | None, datetime | None]
"""How a row is known again: by id, number, and when its invoice was made."""


class Walk:
    """One walk over the pages of a list: where it is, and what it has seen."""

    def __init__(self, since: datetime | None, number: int, begun: datetime) -> None:
        self.since = since
        self.number = number
        self.begun = begun
        self.seen: set[RowName] = set()
        self.vanished: dict[RowKey, str] = {}
        """The names of those that were listed, but of which Syncro then had no detail."""
        self.unread = ""
        """Why the first of those could not be read that could not."""
        self.total_pages: int | None = None
        self._next = 1
        self._is_over = False

    @property
    def expected(self) -> int:
        """About how many invoices the list holds."""
        return max(len(self.seen), (self.total_pages or 0) * ROWS_A_PAGE)

    @property
    def is_endless(self) -> bool:
        """Whether it has seen more than an account can have."""
        return self._next > MOST_PAGES_WALKED or len(self.seen) > MOST_ROWS_WALKED

    def next_pages(self) -> range:
        """The numbers of the pages to read next; none at the end. The first page is read alone: it tells how many."""
        if self._is_over:
            return range(0)
        if self.total_pages is None:
            return range(self._next, self._next + 1)
        return range(self._next, min(self._next + PAGES_AT_ONCE, self.total_pages + 1))

    def take(self, pages: Sequence[Page[InvoiceRow]]) -> bool:
        """Take in the pages that were read. True when one shows nothing but what earlier ones did."""
        repeats = False
        for page in pages:
            names = {(row.id, row.number, row.created_at) for row in page.rows}
            repeats |= bool(names) and names <= self.seen
            self.seen |= names
        last = pages[-1]
        self.total_pages = last.total_pages if last.total_pages is not None else (last.number if last.is_last else None)
        self._next = last.number + 1
        self._is_over = last.is_last or not last.rows
        return repeats


def read_pages(walk: Walk, numbers: range) -> Asking[list[Page[InvoiceRow]] | Failed]:
    """Read these pages. The answer is a failure as a whole where one fails or cannot be right."""
    reads = [ListInvoices(page=number, updated_since=walk.since, reading=walk.number) for number in numbers]
    answers = yield reads
    pages: list[Page[InvoiceRow]] = []
    for read in reads:
        page = answers[read]
        if isinstance(page, Failed):
            return page
        if not page.rows and not page.is_last:
            sentence = f"Page {page.number} of the invoice list is empty, yet more are announced."
            return Failed(FailureKind.UNREADABLE, sentence)
        pages.append(page)
    return pages
