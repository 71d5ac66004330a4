"""How an invoice bills a ticket: the three kinds of link, read from the invoice's own detail. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum

from bot.billing.rules.invoice import InvoiceFacts
from bot.billing.rules.ticket_mentions import Said, numbers_said
from bot.billing.rules.verdicts import LinkKind
from bot.syncro.models import InvoiceDetail, InvoiceRow


class Mention(Enum):
    """What a text says about a ticket number."""

    NAMES_TICKET = "names the ticket"
    MIGHT_BE_TICKET = "holds the bare number"
    NOTHING = "does not hold the number"


@dataclass(frozen=True)
class TicketKeys:
    """What an invoice can refer to: the internal id, the number that people use, and the converted charges.

    `converted_items` are the `item_id`s of the ticket's charges: ids of the invoice lines they became.
    """

    ticket_id: str
    number: str
    converted_items: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Match:
    """What one invoice says about one ticket."""

    link: LinkKind | None = None
    might: bool = False
    """Whether it holds the bare number, or its note names the ticket, where there is no link."""
    undecidable: str = ""
    """Why the detail cannot tell; empty when it can."""


def match(invoice: InvoiceFacts, ticket: TicketKeys) -> Match:
    """Say how `invoice` bills the ticket, strongest link first."""
    if invoice.ticket_id == ticket.ticket_id:
        return Match(LinkKind.TICKET_ID)
    if not ticket.converted_items.isdisjoint(invoice.line_ids):
        return Match(LinkKind.LINE_ITEM)
    mentioned = _mentioned(invoice.said, ticket.number)
    if mentioned is Mention.NAMES_TICKET:
        return Match(LinkKind.LINE_TEXT)
    if ticket.converted_items and invoice.has_unnamed_lines:
        return Match(undecidable="its lines carry no ids, so a converted charge cannot be recognised")
    # A note is not a line: it proves nothing, but an invoice whose note names the ticket is one to look at.
    return Match(might=mentioned is Mention.MIGHT_BE_TICKET or ticket.number in invoice.noted)


def text_that_might_mean(detail: InvoiceDetail, ticket: TicketKeys) -> str:
    """The text that makes an invoice without a link one to look at; empty where there is none."""
    if mention(detail.note, ticket.number) is Mention.NAMES_TICKET:
        return detail.note
    texts = (text for line in detail.line_items for text in (line.item, line.name, line.description))
    return next((text for text in texts if mention(text, ticket.number) is Mention.MIGHT_BE_TICKET), "")


def is_the_listed_invoice(detail: InvoiceDetail, row: InvoiceRow) -> bool:
    """Whether the detail is the invoice that the row names: `/invoices/{x}` takes an id *or* a number.

    Nothing keeps an account from using a number twice, so the customer has to be the same too, and where the row
    has no id, the day.
    """
    if row.id is not None and detail.id != row.id:
        return False
    if None not in (row.customer_id, detail.customer_id) and detail.customer_id != row.customer_id:
        return False
    if row.id is None and not were_made_together(detail.created_at, row.created_at):
        return False
    return row.number is None or detail.number == row.number


def were_made_together(one: datetime | None, other: datetime | None) -> bool:
    """Whether two invoices can have been made at the same time. Beside a mere date a day is no difference."""
    if one is None or other is None:
        return True
    apart = timedelta(days=1) if is_mere_date(one) or is_mere_date(other) else timedelta(seconds=1)
    return abs(one - other) <= apart


def is_mere_date(moment: datetime) -> bool:
    """Whether it may be a date without a time."""
    return moment.timetz().replace(tzinfo=None) == time.min


def mention(text: str, number: str) -> Mention:
    """What `text` says about ticket `number`.

    The number counts only whole: not in 132223, 322231, 32223-2 or 32223.50. A bare number might be the ticket, and
    so might one inside "32221-32225".
    """
    return _mentioned(numbers_said(text), number)


def _mentioned(said: Iterable[Said], number: str) -> Mention:
    found = Mention.NOTHING
    for each in said:
        if each.names_ticket and each.text == number:
            return Mention.NAMES_TICKET
        if each.text == number or _spans(each.text, number):
            found = Mention.MIGHT_BE_TICKET
    return found


def is_span(said: str) -> bool:
    """Whether it may be a span of ticket numbers, such as "32221-32225"."""
    low, dash, high = said.partition("-")
    return bool(dash) and low.isdecimal() and high.isdecimal() and len(low) == len(high)


def _spans(said: str, number: str) -> bool:
    """Whether "32221-32225" reaches over the number."""
    if not (is_span(said) and number.isdecimal()):
        return False
    low, _, high = said.partition("-")
    return len(low) == len(number) and low <= number <= high
