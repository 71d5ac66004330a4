"""Which tickets a digest looks at: everything finished lately, by the account's own policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.billing.rules.policy import Policy, Ticket, expectation, last_touched
from bot.billing.rules.verdicts import Due
from bot.billing.search.paging import read_list
from bot.billing.search.queries import Asking, Failed, ListTickets
from bot.syncro.models import Page, TicketRow

READINGS = 4
"""How often the list is read at most, until it has stood still meanwhile."""


@dataclass(frozen=True)
class Window:
    """When the work must have been finished: within the lookback, and longer ago than the grace time."""

    since: datetime
    until: datetime
    customer_id: str | None = None

    def holds(self, row: TicketRow, policy: Policy) -> bool:
        """Whether the ticket is finished (or needs no invoice) within the window, as far as its row can tell."""
        if self.customer_id is not None and row.customer_id != self.customer_id:
            return False
        if row.status and expectation(Ticket(row, None), policy).due is Due.NOT_YET:
            return False
        moment = last_touched(Ticket(row, None))
        return moment is None or self.since <= moment <= self.until


def list_tickets(window: Window) -> Asking[Sequence[TicketRow] | Failed]:
    """List the tickets that changed since the window begins. Finishing a ticket changes it, so they hold the window's.

    A row can slide to a page already read while the pages are walked. If the first and the last page stand as they
    were, nothing was added or removed meanwhile; otherwise the list is read again, and what several readings saw is put
    together: a ticket too many costs some calls, a ticket too few loses money.
    """
    seen: dict[str, TicketRow] = {}
    for reading in range(1, READINGS + 1):

        def page_read(number: int, reading: int = reading) -> ListTickets:
            return ListTickets(window.since, number, 2 * reading)

        listing = yield from read_list(page_read, "ticket list")
        if isinstance(listing, Failed):
            return listing
        seen.update((row.id or row.number, row) for row in listing.rows)
        if listing.pages == 1:
            break
        first, last = (ListTickets(window.since, number, 2 * reading + 1) for number in (1, listing.pages))
        answers = yield [first, last]
        if _names(answers[first]) == _names(listing.first) and _names(answers[last]) == _names(listing.last):
            break
    return list(seen.values())


def _names(page: Page[TicketRow] | Failed) -> list[str] | None:
    return None if isinstance(page, Failed) else [row.id for row in page.rows]
