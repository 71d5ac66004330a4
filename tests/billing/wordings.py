"""What the stories write on invoices, with what each text means; nothing of `bot.billing` decides here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NUMBERS = (32223, 32221, 32222, 32224, 32225, 32239)
"""Ticket numbers: close to each other on purpose."""


@dataclass(frozen=True)
class Wording:
    """A text about a ticket, with `{number}`, and `{low}` and `{high}` two below and above it.

    It may mean the tickets whose numbers are from `lowest` below to `highest` above: no proof, but a reason to look.
    """

    text: str
    lowest: int | None = None
    highest: int = 0

    def of(self, number: int) -> str:
        return self.text.format(number=number, low=number - 2, high=number + 2, end=f"{number + 2}"[-2:])

    def might_mean(self, number: int) -> Iterator[int]:
        if self.lowest is not None:
            yield from range(number - self.lowest, number + self.highest + 1)


NAMING = (
    Wording("Ticket {number}"),
    Wording("Ticket #{number}: sample work"),
    Wording("#{number} sample work"),
    Wording("TKT no. {number}"),
    Wording("Tickets #{number}, 41001 and 41005"),
    Wording("Labor for ticket {number}"),
    Wording("<b>Ticket</b>&nbsp;{number}"),
    Wording("Ticket #{number} - Mouse broken, see tickets 41001 and 41005"),
    Wording("Ticket #{number} - PO 4471, 2 hours, 2026-11-20"),
)
"""Texts that name the ticket, and no other of the stories' tickets."""
UNCLEAR = (
    Wording("Toner model {number}", 0),
    Wording("Sample supplies ({number})", 0),
    Wording("{number} printer", 0),
    Wording("Work on #{number}", 0),
    Wording("Ticket {number}A", 0),
    Wording("Ticket #{number}-2026-11-20", 0),
    Wording("#{number}.2 hours", 0),
    Wording("Ticket #41002 - Mouse broken, see ticket {number}", 0),
    Wording("Printer ticket {number}", 0),
    Wording("Tickets {low}-{high}", 2, 2),
    Wording("Tickets {low}-{end}", 2, 2),
    Wording("#{low} - #{high}", 2, 2),
    Wording("{low} to {high}", 2, 2),
    Wording("from {low} through {high}", 2, 2),
    Wording("{low}..{high}", 2, 2),
    Wording("Tickets {low}\u2013{high}", 2, 2),
)
"""Texts that may mean the ticket, or its neighbours as well."""
UNRELATED = (
    "Toner, order 1{number}",
    "Part {number}1",
    "Ticket #1{number}",
    "Credit of {number}.50",
    "PO #{number}",
    "Order {number}",
    "Serial no. {number}",
    "Store #{number}",
    "Comcast ticket {number}",
    "Invoice #{number}",
    "$ {number}",
    "2 x cable, 12 months, 2026-11-20",
    "Sample service",
)
"""Texts that mean no ticket."""
NOTE = Wording("See ticket {number}", 0)
NOTHING_BUT_THE_NUMBER = Wording("{number}", 0)

MAY_MEAN = {
    wording.of(number): frozenset(wording.might_mean(number))
    for wording in (*UNCLEAR, NOTE, NOTHING_BUT_THE_NUMBER)
    for number in NUMBERS
}
"""The tickets that a text may mean."""
