"""Reading a list to an end that was seen, and the one rule for whether it stood still meanwhile.

The size of a page is not known: live accounts show 20, 25, 50 and 100 rows. `meta` may be missing, may change while
pages are read, or may be wrong. So a list ends with a page that is empty, or that only repeats earlier ones, behind
all pages that were announced.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from bot.billing.search.queries import Asking, Failed, Read, ask
from bot.syncro.errors import FailureKind
from bot.syncro.models import Page, Record

Row = TypeVar("Row", bound=Record)

PageRead = Callable[[int, int], Read[Page[Row]]]
"""The read of a page, given its number and the count of the reading: what is asked again must be another question."""

MOST_PAGES = 1_000
"""A list longer than this (25,000 rows) is not read to its end: something is wrong with it."""
PAGES_AT_ONCE = 8
READINGS = 4
"""A list is read once, and three times more at most when it changes meanwhile."""


class Pager(Generic[Row]):
    """One walk over the pages of a list. With `trusting` it ends where `meta` says so, without a look behind that."""

    def __init__(self, page_read: PageRead[Row], what: str, reading: int = 1, *, trusting: bool = False) -> None:
        self.announced: int | None = None
        """How many pages there are, as far as the latest page told."""
        self._page_read = page_read
        self._what = what
        self._reading = reading
        self._trusting = trusting
        self._next = 1
        self._is_over = False
        self._seen: set[int] = set()
        """The rows' hashes: the rows themselves would fill the memory in a first fill."""

    def next_pages(self) -> Asking[list[Page[Row]] | Failed]:
        """The next pages that have rows; none at the end. The first page is read alone: it tells how many."""
        if self._is_over:
            return []
        reads = [self._page_read(number, self._reading) for number in self._numbers()]
        answers = yield reads
        pages: list[Page[Row]] = []
        for read in reads:
            page = answers[read]
            problem = self._take(page, pages)
            if problem is not None:
                return problem
        self._is_over |= self._trusting and self.announced is not None and self._next > self.announced
        return pages

    def _numbers(self) -> range:
        last = self._next
        if self.announced is not None and self._next > 1:
            behind = self.announced + (0 if self._trusting else 1)
            last = max(last, min(behind, self._next + PAGES_AT_ONCE - 1))
        return range(self._next, last + 1)

    def _take(self, page: Page[Row] | Failed, pages: list[Page[Row]]) -> Failed | None:
        """Take in a page. A failure where it failed or cannot be what it claims."""
        number, self._next = self._next, self._next + 1
        is_behind = self.announced is not None and number > self.announced
        if isinstance(page, Failed):
            if page.kind is not FailureKind.NOT_FOUND or not is_behind:
                return page
            self._is_over = True  # there is no such page, as announced
            return None
        self.announced = page.total_pages if page.total_pages is not None else self.announced
        rows = {hash(row) for row in page.rows}
        if rows - self._seen and not self._is_over:
            self._seen |= rows
            pages.append(page)
            return None
        if rows - self._seen:
            return self._broken(f"page {number} has rows, though the one before it ended the list")
        if page.announced or (1 < number <= (self.announced or 0)):
            what = "repeats earlier pages" if rows else "is empty, yet more are announced"
            return self._broken(f"page {number} {what}")
        self._is_over = True
        return None

    def _broken(self, problem: str) -> Failed:
        return Failed(FailureKind.UNREADABLE, f"The {self._what} cannot be read to its end: {problem}.")


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """All rows of a list, as one walk over its pages saw them."""

    pages: tuple[Page[Row], ...]
    is_whole: bool = True
    """False when the walk ended early, at the caller's `most_rows`."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all pages, in order."""
        return tuple(row for page in self.pages for row in page.rows)

    @property
    def is_one_piece(self) -> bool:
        """Whether all of it was seen in one answer: between two pages a row can slide out of sight."""
        return not self.pages or (len(self.pages) == 1 and self.pages[0].total_pages == 1)

    @property
    def fewest_rows(self) -> int:
        """How many rows there are at least, as far as the pages read so far tell."""
        announced = self.pages[-1].total_pages if self.pages else None
        expected = 0 if announced is None else (announced - 1) * len(self.pages[0].rows) + 1
        return max(expected, len(self.rows))


def read_list(
    page_read: PageRead[Row], what: str, reading: int = 1, *, most_rows: int | None = None, trusting: bool = False
) -> Asking[Listing[Row] | Failed]:
    """Read a list to its end. The walk fails as a whole when one page fails or cannot be right.

    With `most_rows` the walk ends as soon as the list is known to be longer. See `Pager` for `trusting`.
    """
    pager = Pager(page_read, what, reading, trusting=trusting)
    listing = Listing[Row](())
    while True:
        pages = yield from pager.next_pages()
        if isinstance(pages, Failed):
            return pages
        if not pages:
            return listing
        listing = Listing((*listing.pages, *pages))
        if most_rows is not None and listing.fewest_rows > most_rows:
            return Listing(listing.pages, is_whole=False)
        if max(len(listing.pages), pager.announced or 0) > MOST_PAGES:
            return Failed(FailureKind.UNREADABLE, f"The {what} has more than {MOST_PAGES:,} pages.")


# --- whether it stood still ---


class Took(Enum):
    """What taking in a reading of a list came to."""

    NOTHING = "nothing had to be read beside it"
    TIME = "details were read, and the list may have changed meanwhile"
    ENOUGH = "nothing more has to be known"


class Stability:
    """The one rule for all lists: whether nothing can have been missed while pages and details were read.

    A row slides out of sight only because another before it has gone. So a later reading that still shows all that an
    earlier one showed proves that the earlier one missed nothing. What counts as the same row is the caller's to say:
    its name, where a change of it does not matter, or its state, where a changed row has to be read anew.
    """

    def __init__(self) -> None:
        self._before: frozenset[Hashable] | None = None

    def holds(self, names: frozenset[Hashable], *, is_one_piece: bool) -> bool:
        """Take in a reading. True when nothing can have been missed."""
        before, self._before = self._before, names
        return is_one_piece or (before is not None and before <= names)


def read_until_stable(
    page_read: PageRead[Row],
    what: str,
    name: Callable[[Row], Hashable],
    take: Callable[[Listing[Row]], Asking[Took]] | None = None,
    *,
    ends_only: bool = False,
    most_rows: int | None = None,
) -> Asking[Listing[Row] | Failed]:
    """Read a list, and look again, until it has stood still; the latest look is returned.

    `take` takes in each look. With `ends_only` only the first and the last page are looked at again: a row that
    comes and another that goes between them at the same time could be missed.
    """
    for reading in range(1, READINGS + 1):
        listing = yield from read_list(page_read, what, 2 * reading - 1, most_rows=most_rows)
        if isinstance(listing, Failed) or not listing.is_whole:
            return listing
        took = Took.NOTHING if take is None else (yield from take(listing))
        stability = Stability()
        pages = (listing.pages[:1] + listing.pages[1:][-1:]) if ends_only else listing.pages
        seen = frozenset(name(row) for page in pages for row in page.rows)
        if took is Took.ENOUGH or stability.holds(seen, is_one_piece=listing.is_one_piece and took is Took.NOTHING):
            return listing
        again = yield from _read_pages(page_read, pages, 2 * reading)
        if isinstance(again, Failed):
            return again
        took = Took.NOTHING if take is None else (yield from take(again))
        if took is Took.ENOUGH or stability.holds(frozenset(map(name, again.rows)), is_one_piece=False):
            return listing if ends_only else again
    return Failed(FailureKind.UNREADABLE, f"The {what} kept changing while it was read ({READINGS} times).")


def _read_pages(page_read: PageRead[Row], pages: Sequence[Page[Row]], reading: int) -> Asking[Listing[Row] | Failed]:
    """Read these pages again; one that is gone has no rows."""
    if not pages:
        page = yield from ask(page_read(1, reading))
        return page if isinstance(page, Failed) else Listing((page,) if page.rows else ())
    reads = [page_read(page.number, reading) for page in pages]
    answers = yield reads
    found: list[Page[Row]] = []
    for read in reads:
        page = answers[read]
        if isinstance(page, Failed):
            return page
        found.append(page)
    return Listing(tuple(found))
