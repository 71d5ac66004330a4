"""Looking an invoice up, by its number or internal id, and the tickets that it bills, as far as that can be told.

An invoice names a ticket in its own field, or in its lines. Whose charges its lines are stands on the tickets alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.billing.rules.invoice import InvoiceFacts, facts_of, mentions_of_line
from bot.billing.rules.matching import Match, TicketKeys, is_the_listed_invoice, match
from bot.billing.rules.plain_text import plain
from bot.billing.rules.ticket_mentions import MOST_DIGITS, Mention, Named
from bot.billing.search.paging import Listing, Took, read_until_stable
from bot.billing.search.places import InvoiceList
from bot.billing.search.queries import (
    Asking,
    Failed,
    ListTickets,
    ReadInvoice,
    ask,
    name_of,
    together,
)
from bot.billing.search.ticket_lookup import LookedUp, NoSuchTicket, look_up
from bot.counting import counted
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceDetail, InvoiceLine, InvoiceRow, TicketRow
from bot.ticket_references import ID_PREFIX

LONGEST_LIST = 5_000
"""Invoices of an account that are listed to prove that there is none of a number: a few minutes at Syncro's limit."""
MOST_NAMED = 50
"""Numbers on one invoice that tickets are looked up by."""
MOST_TICKETS = 100
"""Tickets of the customer whose charges are looked at."""
MADE_WITHIN = timedelta(days=92)
"""A charge was made, or its ticket changed, so long before its invoice at most."""
SHORTEST_ID = 8
"""Digits of a number that may be an internal id, where no word says so."""


@dataclass(frozen=True)
class NoSuchInvoice:
    """Syncro has no invoice of that number, or with that id."""


@dataclass
class Billed:
    """The tickets of an invoice, as they are found."""

    detail: InvoiceDetail
    facts: InvoiceFacts
    tickets: dict[str, LookedUp] = field(default_factory=dict)
    """Those that it bills, by id."""
    possible: dict[str, TicketRow] = field(default_factory=dict)
    """Those that it may mean, by id."""
    unknown: list[str] = field(default_factory=list)
    """Tickets that it names and that Syncro does not have, by number, or by "id:" and id."""
    failures: list[str] = field(default_factory=list)
    tickets_searched: int | None = None
    """So many tickets of its customer were looked at for charges on it; None where that was not needed, or too much."""

    @property
    def open_lines(self) -> int:
        """The lines of which nothing shows whose they are: they may be charges of tickets that were not found."""
        if self.facts.ticket_id in self.tickets or self.facts.is_credit:
            return 0
        return sum(not self._is_claimed(line) for line in self.detail.line_items if (line.amount or 1) > 0)

    def _is_claimed(self, line: InvoiceLine) -> bool:
        found = [each.ticket for each in self.tickets.values()]
        names = {plain(name) for ticket in found for name in (ticket.row.number, ticket.row.id)}
        is_charge = any(line.id in ticket.converted_items for ticket in found)
        return is_charge or any(said.leads and said.number in names for said in mentions_of_line(line))

    def take(self, found: LookedUp, site: str, *, may_be_meant: bool = True) -> None:
        """Take in a ticket: whether the invoice bills it, or may."""
        row = found.ticket.row
        says: Match = match(self.facts, TicketKeys.of(found.ticket, site))
        if says.link is not None:
            self.tickets[row.id] = found
        elif says.might and may_be_meant:
            self.possible[row.id] = row
        elif says.undecidable:
            self.failures.append(f"Ticket {row.number}: {says.undecidable}.")


def billed_by(reference: str, site: str, most_listed: int = LONGEST_LIST) -> Asking[Billed | NoSuchInvoice | Failed]:
    """Find the tickets that an invoice bills: those that it names, then those of its customer whose charges it has.

    `reference` is its number, or "id:" and its internal id; `site` is the account's address.
    """
    detail = yield from look_up_invoice(reference, most_listed)
    if not isinstance(detail, InvoiceDetail):
        return detail
    if not detail.number:
        return Failed(FailureKind.UNREADABLE, "It has no number, so nobody can tell which invoice it is.")
    return (yield from _tickets_of(detail, site))


# --- the invoice ---


def look_up_invoice(reference: str, most_listed: int) -> Asking[InvoiceDetail | NoSuchInvoice | Failed]:
    """Find an invoice by number, or by "id:" and internal id; an invoice's number may be another's id.

    That there is none is said where the account's whole list, which stood still, does not name it.
    """
    detail = yield from ask(ReadInvoice(reference.removeprefix(ID_PREFIX)))
    if isinstance(detail, Failed):
        if detail.kind is not FailureKind.NOT_FOUND:
            return detail
    elif _is_meant(reference, detail):
        return detail
    row = yield from _find_row(reference, most_listed)
    if not isinstance(row, InvoiceRow):
        return row
    for name in dict.fromkeys(filter(None, (row.id, row.number))):
        detail = yield from ask(ReadInvoice(name, row.updated_at))
        if not isinstance(detail, Failed) and is_the_listed_invoice(detail, row):
            return detail
    if isinstance(detail, Failed):
        return detail
    sentence = f"Asked for {name_of(row)}, Syncro answered invoice {detail.number} with id {detail.id}."
    return Failed(FailureKind.UNREADABLE, sentence)


def _find_row(reference: str, most_listed: int) -> Asking[InvoiceRow | NoSuchInvoice | Failed]:
    def take(listing: Listing[InvoiceRow]) -> Asking[Took]:
        yield from ()
        return Took.ENOUGH if any(_is_meant(reference, row) for row in listing.rows) else Took.NOTHING

    listing = yield from read_until_stable(
        InvoiceList("All invoices", None, None).page,
        "list of invoices",
        lambda row: (row.id, row.number),
        take,
        most_rows=most_listed,
    )
    if isinstance(listing, Failed):
        return listing
    if found := {row.id: row for row in listing.rows if _is_meant(reference, row)}:
        if len(found) > 1:
            ids = " and ".join(sorted(each or "unknown" for each in found))
            return Failed(FailureKind.UNREADABLE, f"Syncro has several invoices with number {reference} (ids {ids}).")
        return next(iter(found.values()))
    is_id = reference.startswith(ID_PREFIX)
    if not listing.is_whole:
        why = f"the account has more than {most_listed:,} invoices, too many to be listed for one question"
    elif any((row.id if is_id else row.number) is None for row in listing.rows):
        why = f"Syncro lists invoices of which the {'id' if is_id else 'number'} cannot be read"
    else:
        return NoSuchInvoice()
    return Failed(FailureKind.UNREADABLE, f"Whether there is such an invoice cannot be told: {why}.")


def _is_meant(reference: str, invoice: InvoiceRow | InvoiceDetail) -> bool:
    if reference.startswith(ID_PREFIX):
        return invoice.id == reference.removeprefix(ID_PREFIX)
    return (invoice.number or "").casefold() == reference.casefold()


# --- its tickets ---


def _tickets_of(detail: InvoiceDetail, site: str) -> Asking[Billed]:
    billed = Billed(detail, facts_of(detail))
    named = list(dict.fromkeys(_named(billed.facts)))
    if len(named) > MOST_NAMED:
        more = counted(len(named) - MOST_NAMED, "further number")
        billed.failures.append(f"It holds {more} that may be tickets and were not looked up.")
    searches = [_look_up_named(each) for each in named[:MOST_NAMED]]
    for each, found in zip(named, (yield from together(searches)), strict=False):
        if isinstance(found, LookedUp):
            billed.take(found, site)
        elif each.leads and isinstance(found, NoSuchTicket):
            billed.unknown.append(f"{ID_PREFIX if each.is_id else ''}{each.number}")
        elif each.leads and isinstance(found, Failed):
            billed.failures.append(found.sentence)
    if billed.open_lines and not billed.facts.ticket_id:
        yield from _search_charges(billed, site)
    return billed


@dataclass(frozen=True)
class _Name:
    """What an invoice may name a ticket by."""

    number: str
    is_id: bool
    leads: bool


def _named(facts: InvoiceFacts) -> Iterator[_Name]:
    """What the invoice may name tickets by, the likeliest first."""
    if facts.ticket_id is not None:
        yield _Name(facts.ticket_id, is_id=True, leads=True)
    for mention in sorted(facts.said, key=lambda said: not said.leads):
        is_id = mention.named in (Named.TICKET_ID, Named.ADDRESS)
        for number in _numbers(mention):
            yield _Name(number.upper(), is_id, mention.leads and not mention.upto)


def _numbers(mention: Mention) -> Sequence[str]:
    """The numbers that a mention reaches over; of a very long span its ends."""
    if not mention.upto:
        return [mention.number]
    ends = (mention.number, mention.upto)
    if len(mention.upto) > MOST_DIGITS or int(ends[1]) - int(ends[0]) >= MOST_NAMED:
        return ends
    return [str(number).zfill(len(ends[0])) for number in range(int(ends[0]), int(ends[1]) + 1)]


def _look_up_named(name: _Name) -> Asking[LookedUp | NoSuchTicket | Failed]:
    """Look a ticket up by what may be its number or its internal id, in the likelier order."""
    may_be_id = name.number.isdecimal() and (name.is_id or len(name.number) >= SHORTEST_ID)
    ways = [name.number, *([f"{ID_PREFIX}{name.number}"] if may_be_id else [])]
    found: LookedUp | NoSuchTicket | Failed = NoSuchTicket()
    for reference in reversed(ways) if name.is_id else ways:
        found = yield from look_up(reference)
        if not isinstance(found, NoSuchTicket):
            break
    return found


def _search_charges(billed: Billed, site: str) -> Asking[None]:
    """Look at the customer's tickets of the time for charges that became lines of the invoice."""
    facts = billed.facts
    if facts.customer_id is None or facts.created_at is None:
        return
    since = facts.created_at - MADE_WITHIN

    def page_read(number: int, reading: int) -> ListTickets:
        return ListTickets(since, number, reading, customer_id=facts.customer_id)

    listing = yield from read_until_stable(
        page_read, "ticket list", lambda row: row.id, ends_only=True, most_rows=MOST_TICKETS
    )
    if isinstance(listing, Failed):
        billed.failures.append(listing.sentence)
        return
    if not listing.is_whole:
        return
    own = [row for row in listing.rows if row.customer_id == facts.customer_id and row.id not in billed.tickets]
    for found in (yield from together([look_up(row.number, (row,)) for row in own])):
        if not isinstance(found, LookedUp) or found.ticket.detail is None:
            why = found.sentence if isinstance(found, Failed) else getattr(found, "detail_failure", "")
            billed.failures.append(why or "A ticket of its customer could not be read.")
        else:
            billed.take(found, site, may_be_meant=False)
    billed.tickets_searched = len(own)
