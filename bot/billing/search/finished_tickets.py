"""Which tickets a digest looks at: everything finished lately, by the account's own policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.billing.ledger.freshness import FILTER_MARGIN
from bot.billing.rules.policy import Policy, Ticket, expectation, last_touched
from bot.billing.rules.verdicts import Due
from bot.billing.search.paging import Listing, Took, read_until_stable
from bot.billing.search.queries import Asking, Failed, ListTickets
from bot.syncro.models import TicketRow


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
        if expectation(Ticket(row, None), policy).due is Due.NOT_YET:
            return False
        moment = last_touched(Ticket(row, None))
        return moment is None or self.since <= moment <= self.until


def list_tickets(window: Window) -> Asking[Sequence[TicketRow] | Failed]:
    """List the tickets that changed since the window begins. Finishing a ticket changes it, so they hold the window's.

    What several readings saw is put together: a ticket too many costs some calls, a ticket too few loses money.
    """
    seen: dict[str | None, TicketRow] = {}

    def page_read(number: int, reading: int) -> ListTickets:
        return ListTickets(window.since - FILTER_MARGIN, number, reading)

    def take(listing: Listing[TicketRow]) -> Asking[Took]:
        seen.update((row.id or row.number, row) for row in listing.rows)
        yield from ()
        return Took.NOTHING

    # By id: a ticket that was changed meanwhile is in the list all the same. And by the ends alone, which is cheap: a
    # missed ticket accuses nobody, and the next digest has it.
    listing = yield from read_until_stable(page_read, "ticket list", lambda row: row.id, take, ends_only=True)
    return listing if isinstance(listing, Failed) else list(seen.values())
