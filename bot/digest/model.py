"""What a digest says. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.billing.rules.verdicts import Finding, Verdict, WarningEnding

NOTHING: Final = Decimal("0.00")
TREND_RUNS: Final = 20


class AgeBand(StrEnum):
    """How long finished work has waited for its invoice, in business days."""

    FRESH = "0-2"
    WEEK = "3-7"
    MONTH = "8-30"
    OLD = "over 30"


class Pickup(StrEnum):
    """What the recurring invoice does, that should pick up a ticket's charges."""

    NONE = "none"
    """There is no such recurring invoice."""
    DATED = "dated"
    UNDATED = "undated"
    """It is active, yet Syncro names no date for its next run."""
    OVERDUE = "overdue"
    """Its date has passed, and the charges are still unbilled."""
    PAUSED = "paused"


@dataclass(frozen=True)
class Standing:
    """A warning that stands from earlier: said in a digest or in a single answer, and not yet resolved."""

    ticket_id: str
    ticket_number: str
    customer: str
    first_said: date
    amount: Decimal


@dataclass(frozen=True)
class Settled:
    """A warning that ended since the last digest, by a question or in a digest that was no run."""

    standing: Standing
    invoice_number: str
    ending: WarningEnding = WarningEnding.INVOICED


@dataclass(frozen=True)
class Snooze:
    """A warning put aside by a manager until a moment, with a reason."""

    ticket_id: str
    ticket_number: str
    until: datetime
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Mark:
    """A ticket that a manager marked as non-billable in the bot (never in Syncro), with a reason."""

    ticket_id: str
    ticket_number: str
    customer: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Nudge:
    """Of a ticket its technician was reminded, since a day; with a `reason` they say that nothing is to be billed.

    `person` is empty where nobody in Slack, or more than one, bears the technician's name.
    """

    ticket_id: str
    ticket_number: str
    person: str
    first_day: date
    reason: str = ""


@dataclass(frozen=True)
class TrendPoint:
    """One earlier run: how much was unbilled."""

    day: date
    unbilled: int
    money: Decimal


@dataclass(frozen=True)
class Expected:
    """A ticket whose charges a recurring invoice was expected to take, in its run of a day."""

    ticket_id: str
    ticket_number: str
    schedule_id: str
    schedule: str
    run_on: date
    is_taken: bool = False
    """Whether the ticket was found on an invoice since."""


@dataclass(frozen=True)
class History:
    """What is remembered of earlier runs. `trend` is oldest first and holds successful runs only, 20 at most."""

    standing: tuple[Standing, ...] = ()
    settled: tuple[Settled, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    snoozes: tuple[Snooze, ...] = ()
    marks: tuple[Mark, ...] = ()
    has_warned: bool = False
    """Whether a digest has warned before, one that somebody asked for included: that is no run of its own."""
    expected: tuple[Expected, ...] = ()
    nudges: tuple[Nudge, ...] = ()

    @property
    def is_first_run(self) -> bool:
        """Whether no digest has been said before."""
        return not self.trend and not self.has_warned


@dataclass(frozen=True)
class DigestTicket:
    """One ticket in a digest."""

    finding: Finding
    amount: Decimal
    """Money at risk before tax: unbilled charges, and uncharged billable time at the labor rates where they are set;
    less what a block of prepaid hours covers."""
    business_days: int
    band: AgeBand
    estimate: Decimal = NOTHING
    """How much of it is an estimate: the time, of which no charge says the price."""
    unpriced_minutes: int = 0
    """Uncharged billable time that is not in it, for want of a labor rate."""
    prepaid_hours: Decimal = NOTHING
    """Hours of its work that the block covers: no money is at risk, and they are not drawn from it yet."""
    is_new: bool = False
    first_said: date | None = None
    """The day of the first warning: an earlier one that stands, or this digest's for a ticket that it names first."""
    pickup: Pickup = Pickup.NONE
    pickup_on: date | None = None
    snooze: Snooze | None = None
    mark: Mark | None = None
    nudge: Nudge | None = None
    """What its technician was reminded of, where that is to be said."""
    reminded_days: int = 0
    """The business days since the first reminder."""

    @property
    def age_known(self) -> bool:
        """Whether Syncro says when the work was finished; `business_days` is 0 where it does not."""
        return self.finding.finished_at is not None

    @property
    def is_aside(self) -> bool:
        """Whether a manager put it aside, for a while or for good."""
        return self.snooze is not None or self.mark is not None


def total(tickets: Iterable[DigestTicket]) -> Decimal:
    """The sum of their amounts: exactly what a reader gets who adds up the rows."""
    return sum((ticket.amount for ticket in tickets), NOTHING)


@dataclass(frozen=True)
class Resolved:
    """A warning that stands no more. Where an invoice bills it in part, so much `remains` unbilled.

    None where that could not be read.
    """

    standing: Standing
    ending: WarningEnding
    finding: Finding | None = None
    invoice_number: str | None = None
    remains: Decimal | None = NOTHING

    @property
    def amount(self) -> Decimal:
        """The money that is at risk no more, as far as that is known."""
        return NOTHING if self.remains is None else max(self.standing.amount - self.remains, NOTHING)


@dataclass(frozen=True)
class Digest:
    """One run's result."""

    day: date
    made_at: datetime
    tickets: tuple[DigestTicket, ...] = ()
    """Every ticket that was checked, oldest first."""
    resolved: tuple[Resolved, ...] = ()
    not_checked: tuple[Standing, ...] = ()
    """Earlier warnings whose tickets this run did not look at. They stand."""
    earlier: tuple[TrendPoint, ...] = ()
    """The successful runs before this one, oldest first."""
    has_warned: bool = False
    """Whether one warned before that was no run."""
    api_calls: int = 0
    seconds: float = 0.0
    currency: str = ""
    """The sign or code of all amounts; empty where the settings name none."""
    is_part: bool = False
    """A part of a digest, for one customer or one technician: it has no trend and no change of its own."""

    @property
    def is_first(self) -> bool:
        """Whether no digest has been said before."""
        return not self.earlier and not self.has_warned

    @property
    def previous(self) -> TrendPoint | None:
        """The last run before this one, where it can be compared."""
        return None if not self.earlier or self.is_part else self.earlier[-1]

    @property
    def trend(self) -> tuple[TrendPoint, ...]:
        """The earlier runs and this one, oldest first, 20 at most."""
        now = TrendPoint(self.day, len(self.unbilled), self.at_risk)
        return () if self.is_part else (*self.earlier, now)[-TREND_RUNS:]

    @property
    def checked(self) -> int:
        """How many tickets were checked."""
        return len(self.tickets)

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many tickets of each verdict there are, those put aside too."""
        found = Counter(ticket.finding.verdict for ticket in self.tickets)
        return {verdict: found[verdict] for verdict in Verdict}

    def of(self, verdict: Verdict) -> tuple[DigestTicket, ...]:
        """The tickets of a verdict, without those put aside."""
        return self._those(lambda ticket: ticket.finding.verdict is verdict and not ticket.is_aside)

    @property
    def sections(self) -> dict[Verdict, tuple[DigestTicket, ...]]:
        """What is listed and not only counted, loudest first."""
        return {verdict: self.of(verdict) for verdict in Verdict.loudest_first() if verdict.traits.has_section}

    @property
    def beside_unbilled(self) -> list[tuple[Verdict, tuple[DigestTicket, ...]]]:
        """What is listed beside the unbilled tickets, quietest first: the louder it is, the more room it takes."""
        return [each for each in reversed(self.sections.items()) if each[0] is not Verdict.NOT_INVOICED]

    @property
    def unbilled(self) -> tuple[DigestTicket, ...]:
        """Every `not_invoiced` ticket that nobody snoozed or marked."""
        return self.of(Verdict.NOT_INVOICED)

    @property
    def weightiest_first(self) -> tuple[DigestTicket, ...]:
        """The same, the most money first, then the longest wait."""
        return tuple(sorted(self.unbilled, key=lambda ticket: (-ticket.amount, -ticket.business_days)))

    @property
    def at_risk(self) -> Decimal:
        """The money at risk of what is unbilled."""
        return total(self.unbilled)

    @property
    def estimate(self) -> Decimal:
        """How much of the money at risk is an estimate."""
        return sum((ticket.estimate for ticket in self.unbilled), NOTHING)

    @property
    def at_risk_hours(self) -> Decimal:
        """The hours of what is unbilled that are not yet drawn from prepaid blocks."""
        return sum((ticket.prepaid_hours for ticket in self.unbilled), NOTHING)

    @property
    def new(self) -> tuple[DigestTicket, ...]:
        """Unbilled tickets that no earlier run named."""
        return tuple(ticket for ticket in self.unbilled if ticket.is_new)

    @property
    def still_open(self) -> tuple[DigestTicket, ...]:
        """Unbilled tickets that an earlier run named already."""
        return tuple(ticket for ticket in self.unbilled if not ticket.is_new)

    @property
    def contradictions(self) -> tuple[DigestTicket, ...]:
        """Unbilled tickets whose status says Invoiced."""
        return tuple(ticket for ticket in self.unbilled if ticket.finding.contradiction)

    @property
    def snoozed(self) -> tuple[DigestTicket, ...]:
        """Tickets put aside for a while."""
        return self._those(lambda ticket: ticket.snooze is not None)

    @property
    def marked(self) -> tuple[DigestTicket, ...]:
        """Tickets marked as non-billable in the bot."""
        return self._those(lambda ticket: ticket.mark is not None)

    @property
    def rest_unread(self) -> tuple[DigestTicket, ...]:
        """Tickets on an invoice, of which it could not be read whether more is unbilled."""
        return self._those(lambda ticket: ticket.finding.rest_is_unknown)

    @property
    def with_concerns(self) -> tuple[DigestTicket, ...]:
        """Tickets whose invoices may bill them wrongly."""
        return self._those(lambda ticket: bool(ticket.finding.concerns))

    @property
    def uncharged_time(self) -> tuple[DigestTicket, ...]:
        """Tickets that an invoice bills or will bill, with billable time that never became a charge.

        Unfinished work may still be charged, and what is unproved or unbilled is listed anyway.
        """
        return self._those(
            lambda ticket: (
                ticket.finding.verdict.traits.ending in {WarningEnding.INVOICED, WarningEnding.SCHEDULED}
                and bool(ticket.finding.unbilled.minutes)
            )
        )

    @property
    def accounted(self) -> tuple[DigestTicket, ...]:
        """Tickets of which there is nothing more to say: their verdict has no section of its own."""
        return self._those(lambda ticket: not ticket.finding.verdict.traits.has_section)

    def _those(self, wanted: Callable[[DigestTicket], bool]) -> tuple[DigestTicket, ...]:
        return tuple(filter(wanted, self.tickets))
