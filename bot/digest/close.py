"""The close of a month: every ticket finished in it is accounted for, and the figures add up. Pure."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import Verdict
from bot.billing.search.finished_tickets import Window
from bot.digest.groups import by_customer, by_technician
from bot.digest.model import NOTHING, Digest, DigestTicket

_INSTANT = timedelta(microseconds=1)


class NotAMonthError(ValueError):
    """The text names no month. It says what to write."""


def month_named(text: str, today: date) -> date:
    """The first day of a month: `2026-10`, or `october`, which is the last one that has begun.

    Raises:
        NotAMonthError: that is no month, or one that has not begun.

    """
    word = text.strip().casefold()
    names = [*calendar.month_name, *calendar.month_abbr]
    number = next((place % 13 for place, name in enumerate(names) if name and name.casefold() == word), None)
    if number is not None:
        return date(today.year - (number > today.month), number, 1)
    try:
        first = datetime.strptime(word, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise NotAMonthError(f"“{text}” is no month. Write it as 2026-10, or by its name.") from None
    if first > today:
        raise NotAMonthError(f"{text} has not begun.")
    return first


def window_of(month: date, zone: ZoneInfo, now: datetime) -> Window:
    """The tickets whose work was finished in a month of this zone; of a month that still runs, until now."""
    begins = datetime(month.year, month.month, 1, tzinfo=zone)
    ends = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
    return Window(begins, min(ends - _INSTANT, now))


@dataclass(frozen=True)
class ClosedTicket:
    """What a close says of one ticket, as it is kept to be compared with the next."""

    ticket_number: str
    verdict: str
    invoices: tuple[str, ...]
    billed: Decimal
    at_risk: Decimal

    @property
    def in_words(self) -> str:
        """What is compared, in few words."""
        on = f" on {', '.join(self.invoices)}" if self.invoices else ""
        return f"{self.verdict.replace('_', ' ')}{on}"


@dataclass(frozen=True)
class EarlierClose:
    """The same month's close as it was made before."""

    made_at: datetime
    tickets: tuple[ClosedTicket, ...]


@dataclass(frozen=True)
class Change:
    """A ticket of which this close says something else than the one before. None: it was not in that one."""

    ticket_number: str
    before: ClosedTicket | None
    now: ClosedTicket | None


@dataclass(frozen=True)
class Sum:
    """Figures of some tickets. `name` is a customer or a technician, or empty for all of them."""

    name: str
    tickets: int
    billed: Decimal
    at_risk: Decimal


@dataclass(frozen=True)
class Close:
    """The close of a month. `digest` holds its tickets, those put aside by a manager included."""

    month: date
    made_at: datetime
    digest: Digest
    billed: Mapping[str, Decimal]
    """What invoices bill of each ticket, by its number: an invoice counts once, with the first ticket that it bills."""
    recovered: Decimal
    """What was at risk of its tickets once, and was billed since."""
    unknown_totals: tuple[str, ...]
    """Invoices of which Syncro says no total."""
    earlier: EarlierClose | None
    is_over: bool
    """Whether the month has ended."""

    @property
    def tickets(self) -> tuple[DigestTicket, ...]:
        """Every ticket, those finished first first."""
        return self.digest.tickets

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many tickets of each verdict there are, where there are any."""
        found = Counter(line.finding.verdict for line in self.tickets)
        return {verdict: found[verdict] for verdict in Verdict.loudest_first() if found[verdict]}

    @property
    def whole(self) -> Sum:
        """All tickets together."""
        return self._sum("", self.tickets)

    @property
    def by_customer(self) -> list[Sum]:
        """One for each customer."""
        return [self._sum(group.name, group.lines) for group in by_customer(self.tickets)]

    @property
    def by_technician(self) -> list[Sum]:
        """One for each technician."""
        return [self._sum(group.name, group.lines) for group in by_technician(self.tickets)]

    @property
    def not_proved(self) -> tuple[DigestTicket, ...]:
        """What could not be proved either way, and billed tickets of which the rest could not be read."""
        return (*self.digest.of(Verdict.UNVERIFIED), *self.digest.rest_unread)

    @property
    def kept(self) -> tuple[ClosedTicket, ...]:
        """What the next close of this month is compared with."""
        return tuple(map(self._closed, self.tickets))

    @property
    def changes(self) -> list[Change]:
        """What differs from the close before; nothing where there is none."""
        if self.earlier is None:
            return []
        before = {each.ticket_number: each for each in self.earlier.tickets}
        now = {each.ticket_number: each for each in self.kept}
        numbers = sorted(before.keys() | now.keys(), key=lambda number: (len(number), number))
        return [Change(n, before.get(n), now.get(n)) for n in numbers if before.get(n) != now.get(n)]

    def at_risk_of(self, line: DigestTicket) -> Decimal:
        """The money at risk of one ticket; none where nothing is unbilled for certain, or a manager put it aside."""
        return line.amount if line.finding.verdict is Verdict.NOT_INVOICED and not line.is_aside else NOTHING

    def _closed(self, line: DigestTicket) -> ClosedTicket:
        number = line.finding.ticket_number
        invoices = tuple(invoice.number for invoice in line.finding.invoices)
        return ClosedTicket(number, line.finding.verdict.value, invoices, self.billed[number], self.at_risk_of(line))

    def _sum(self, name: str, lines: Sequence[DigestTicket]) -> Sum:
        billed = sum((self.billed[line.finding.ticket_number] for line in lines), NOTHING)
        return Sum(name, len(lines), billed, sum(map(self.at_risk_of, lines), NOTHING))


def close_month(
    digest: Digest, window: Window, month: date, recovered: Mapping[str, Decimal], earlier: EarlierClose | None
) -> Close:
    """Make the close from the digest of its window. `recovered` holds what was recovered of tickets, by their id."""
    inside = {line.finding.ticket_id or "" for line in digest.tickets}
    billed, unknown = _billed(digest.tickets)
    return Close(
        month=month,
        made_at=digest.made_at,
        digest=digest,
        billed=billed,
        recovered=sum((amount for ticket, amount in recovered.items() if ticket in inside), NOTHING),
        unknown_totals=unknown,
        earlier=earlier,
        is_over=window.until < digest.made_at,
    )


def _billed(tickets: Iterable[DigestTicket]) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    counted: set[str] = set()
    billed: dict[str, Decimal] = {}
    unknown: list[str] = []
    for line in tickets:
        amount = NOTHING
        for invoice in line.finding.invoices:
            if invoice.id not in counted:
                counted.add(invoice.id)
                amount += invoice.total or NOTHING
                unknown += [invoice.number] if invoice.total is None else []
        billed[line.finding.ticket_number] = amount
    return billed, tuple(unknown)
