"""One walk over the pages of an invoice list, a few pages at a time: a first fill does not hold them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.billing.evidence import RowKey
from bot.billing.reads import Asking, Failed, ListInvoices
from bot.syncro.errors import FailureKind
from bot.syncro.models import ROWS_A_PAGE, InvoiceRow, Page

PAGES_AT_ONCE = 4
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
