"""The close of a month: every ticket finished in it is accounted for, and the figures add up. Pure."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import InvoiceLink, Verdict
from bot.billing.search.finished_tickets import Window
from bot.digest.groups import by_customer, by_technician
from bot.digest.model import NOTHING, Digest, DigestTicket, History
from bot.words.plain import in_hours, money, one_line, strung
from bot.words.verdicts import verdict_words

_INSTANT = timedelta(microseconds=1)
_EARLIEST_YEAR = 2000
_HOW = "Write it as 2026-10, by its name, or as last month."
MONTH = "%Y-%m"


class NotAMonthError(ValueError):
    """The text names no month. It says what to write."""


def month_named(text: str, today: date) -> date:
    """The first day of a month: `2026-10`, `last month`, or `october`, which is the last one that has begun.

    Raises:
        NotAMonthError: that is no month, or one that has not begun.

    """
    word = " ".join(text.casefold().split())
    names = [*calendar.month_name, *calendar.month_abbr]
    number = next((place % 13 for place, name in enumerate(names) if name and name.casefold() == word), None)
    if number is not None:
        return date(today.year - (number > today.month), number, 1)
    begun = today.replace(day=1)
    if word in ("last month", "this month"):
        return begun if word == "this month" else (begun - timedelta(days=1)).replace(day=1)
    try:
        first = datetime.strptime(word, MONTH).date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise NotAMonthError(f"{f'“{text}” is no month.' if word else 'Which month?'} {_HOW}") from None
    if first > today or first.year < _EARLIEST_YEAR:
        raise NotAMonthError(
            f"{text} has not begun: name an earlier month." if first > today else f"{text} is too long ago."
        )
    return first


def window_of(month: date, zone: ZoneInfo, now: datetime) -> Window:
    """The tickets whose work was finished in a month of this zone; of a month that still runs, until now."""
    begins = datetime(month.year, month.month, 1, tzinfo=zone)
    ends = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
    return Window(begins, min(ends - _INSTANT, now))


@dataclass(frozen=True)
class Figures:
    """Money in the account's currency, and hours. An invoice's total is with tax, all else before it."""

    billed: Decimal = NOTHING
    """What invoices bill: each counts once, with the first ticket that it bills."""
    at_risk: Decimal = NOTHING
    recovered: Decimal = NOTHING
    """What was at risk once, and is billed now."""
    covered: Decimal = NOTHING
    """What the time on covered tickets is worth by the labor rates."""
    covered_hours: Decimal = NOTHING
    drawn_hours: Decimal = NOTHING
    """What invoices have drawn from prepaid blocks."""
    at_risk_hours: Decimal = NOTHING
    """What is not yet drawn from them."""

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def in_words(self, currency: str = "") -> dict[str, str]:
        """Each, by its name."""
        return {
            name: f"{in_hours(value)} h" if name.endswith("hours") else money(value, currency)
            for name, value in asdict(self).items()
        }

    def as_json(self) -> dict[str, str]:
        """Each as scripts read it, by its name."""
        return {
            name: in_hours(value) if name.endswith("hours") else f"{value:.2f}" for name, value in asdict(self).items()
        }


FIGURES = tuple(each.name for each in fields(Figures))


@dataclass(frozen=True)
class ClosedTicket:
    """What a close says of one ticket, as it is kept to be compared with the next. `aside` is a manager's decision."""

    ticket_number: str
    verdict: Verdict
    invoices: tuple[str, ...] = ()
    figures: Figures = Figures()
    customer: str = ""
    technician: str = ""
    aside: str = ""
    counted: tuple[str, ...] = ()
    """Ids of the invoices whose totals are counted with it."""

    @property
    def in_words(self) -> dict[str, str]:
        """What is compared, by what it is."""
        figures = self.figures.in_words()
        return {
            "verdict": strung(", ", verdict_words(self.verdict).inline, self.aside),
            "invoices": ", ".join(map(one_line, self.invoices)),
            **{name.replace("_", " "): said for name, said in figures.items()},
            "customer": one_line(self.customer),
            "technician": one_line(self.technician),
        }


@dataclass(frozen=True)
class EarlierClose:
    """The same month's close as it was made before."""

    made_at: datetime
    tickets: tuple[ClosedTicket, ...]


@dataclass(frozen=True)
class Remembered:
    """What a close needs of what is remembered."""

    history: History = field(default_factory=History)
    settled: Mapping[str, Decimal] = field(default_factory=dict)
    """What was at risk of tickets, by id, whose warning was found to be billed since the month began."""
    earlier: EarlierClose | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """The invoices, by id, that the close of another month counts, and which (2026-09)."""


@dataclass(frozen=True)
class Change:
    """A ticket of which this close says something else than the one before. None: it was not in that one."""

    ticket_number: str
    before: ClosedTicket | None
    now: ClosedTicket | None

    @property
    def in_words(self) -> str:
        """What changed: "not invoiced, now invoiced; invoices: none, now 67501; at risk 75.00, now 0.00"."""
        if self.before is None or self.now is None:
            return "was not in it" if self.before is None else "is not among the month's tickets any more"
        now = self.now.in_words
        changed = [(name, was, now[name]) for name, was in self.before.in_words.items() if was != now[name]]
        return "; ".join(f"{name} {was or 'none'}, now {is_now or 'none'}" for name, was, is_now in changed)


@dataclass(frozen=True)
class Sum:
    """Figures of some tickets. `name` is a customer, a technician, or ours: that of a verdict, or empty for all."""

    name: str
    tickets: int
    figures: Figures
    is_ours: bool = False


@dataclass(frozen=True)
class Elsewhere:
    """An invoice that bills tickets of two months, and is counted in the close of the other one."""

    invoice: InvoiceLink
    month: str


@dataclass(frozen=True)
class Close:
    """The close of a month. `digest` holds its tickets, those put aside by a manager included."""

    month: date
    made_at: datetime
    digest: Digest
    kept: tuple[ClosedTicket, ...]
    """What is said of each ticket, in the order of `tickets`; the next close of this month is compared with it."""
    unknown_totals: tuple[str, ...]
    """Invoices of which Syncro says no total."""
    elsewhere: tuple[Elsewhere, ...]
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
    def by_verdict(self) -> list[Sum]:
        """One for each verdict, the loudest first."""
        those = {each: [line for line in self.tickets if line.finding.verdict is each] for each in self.counts}
        return [replace(self._sum(verdict_words(each).inline, lines), is_ours=True) for each, lines in those.items()]

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
    def changes(self) -> list[Change]:
        """What differs from the close before; nothing where there is none."""
        if self.earlier is None:
            return []
        before = {each.ticket_number: each for each in self.earlier.tickets}
        now = {each.ticket_number: each for each in self.kept}
        numbers = sorted(before.keys() | now.keys(), key=lambda number: (len(number), number))
        changes = [Change(number, before.get(number), now.get(number)) for number in numbers]
        return [each for each in changes if each.in_words]

    def _sum(self, name: str, lines: Sequence[DigestTicket]) -> Sum:
        figures = {each.ticket_number: each.figures for each in self.kept}
        return Sum(name, len(lines), sum((figures[line.finding.ticket_number] for line in lines), Figures()))


def close_month(digest: Digest, window: Window, month: date, remembered: Remembered) -> Close:
    """Make the close from the digest of its window."""
    count = _Count(remembered)
    return Close(
        month=month,
        made_at=digest.made_at,
        digest=digest,
        kept=tuple(map(count.ticket, digest.tickets)),
        unknown_totals=tuple(count.unknown),
        elsewhere=tuple(count.elsewhere),
        earlier=remembered.earlier,
        is_over=window.until < digest.made_at,
    )


class _Count:
    """Counts each invoice once."""

    def __init__(self, remembered: Remembered) -> None:
        self.unknown: list[str] = []
        self.elsewhere: list[Elsewhere] = []
        standing = {each.ticket_id: each.amount for each in remembered.history.standing}
        self._warned = {**remembered.settled, **standing}
        self._other_months = remembered.elsewhere
        self._seen: set[str] = set()

    def ticket(self, line: DigestTicket) -> ClosedTicket:
        """What is said of a ticket."""
        finding = line.finding
        counted = tuple(self._counted(finding.invoices))
        return ClosedTicket(
            finding.ticket_number,
            finding.verdict,
            tuple(invoice.number for invoice in finding.invoices),
            self._figures(line, [each.total or NOTHING for each in counted]),
            finding.customer,
            finding.technician,
            "marked as non-billable" if line.mark else "snoozed" if line.snooze else "",
            tuple(each.id for each in counted),
        )

    def _figures(self, line: DigestTicket, totals: Iterable[Decimal]) -> Figures:
        finding = line.finding
        is_at_risk = finding.verdict is Verdict.NOT_INVOICED and not line.is_aside
        is_covered = finding.verdict is Verdict.COVERED
        warned = self._warned.get(finding.ticket_id or "", NOTHING) if finding.verdict.is_billed else NOTHING
        return Figures(
            billed=sum(totals, NOTHING),
            at_risk=line.amount if is_at_risk else NOTHING,
            recovered=NOTHING if finding.unbilled.is_unknown else max(warned - line.amount, NOTHING),
            covered=line.amount if is_covered else NOTHING,
            covered_hours=Decimal(finding.unbilled.minutes or 0) / 60 if is_covered else NOTHING,
            drawn_hours=finding.drawn_hours,
            at_risk_hours=line.prepaid_hours if is_at_risk else NOTHING,
        )

    def _counted(self, invoices: Iterable[InvoiceLink]) -> Iterable[InvoiceLink]:
        """The invoices that this ticket is the first of this month, and of all months, to name."""
        for invoice in invoices:
            if invoice.id in self._seen:
                continue
            self._seen.add(invoice.id)
            if (month := self._other_months.get(invoice.id)) is not None:
                self.elsewhere.append(Elsewhere(invoice, month))
                continue
            self.unknown += [invoice.number] if invoice.total is None else []
            yield invoice
