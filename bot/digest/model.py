"""What a digest says. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.billing.rules.verdicts import Finding, Verdict


class AgeBand(StrEnum):
    """How long finished work has waited for its invoice, in business days."""

    FRESH = "0-2"
    WEEK = "3-7"
    MONTH = "8-30"
    OLD = "over 30"


class WarningEnding(StrEnum):
    """How a ticket left the list of unbilled ones."""

    INVOICED = "invoiced"
    SCHEDULED = "scheduled"
    NON_BILLABLE = "non_billable"
    REOPENED = "reopened"
    GONE = "gone"


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
class Audited:
    """A ticket that the audit looked at: what was found, and what the digest needs beside it."""

    finding: Finding
    customer_id: str | None = None
    finished_at: datetime | None = None
    """When the work was finished, aware UTC: the resolved date, or the last change where there is none."""
    technician: str = ""


@dataclass(frozen=True)
class Standing:
    """A warning that stands from earlier: said in a digest or in a single answer, and not yet resolved."""

    ticket_id: str
    ticket_number: str
    customer: str
    first_said: date
    amount: Decimal


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
class TrendPoint:
    """One earlier run: how much was unbilled."""

    day: date
    unbilled: int
    money: Decimal


@dataclass(frozen=True)
class History:
    """What is remembered of earlier runs. `trend` is oldest first and holds successful runs only, 20 at most."""

    standing: tuple[Standing, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    snoozes: tuple[Snooze, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def is_first_run(self) -> bool:
        """Whether no digest has been made before."""
        return not self.trend


@dataclass(frozen=True)
class DigestTicket:
    """One ticket in a digest."""

    audited: Audited
    amount: Decimal
    """Money at risk: unbilled charges, and uncharged billable time at the labor rate where one is set."""
    business_days: int
    band: AgeBand
    is_new: bool = False
    first_said: date | None = None
    """The day of the first warning: an earlier one that stands, or this digest's for a ticket that it names first."""
    pickup: Pickup = Pickup.NONE
    pickup_on: date | None = None
    snooze: Snooze | None = None
    mark: Mark | None = None

    @property
    def finding(self) -> Finding:
        """What was found about the ticket."""
        return self.audited.finding

    @property
    def age_known(self) -> bool:
        """Whether Syncro says when the work was finished; `business_days` is 0 where it does not."""
        return self.audited.finished_at is not None


@dataclass(frozen=True)
class Resolved:
    """A warning that stands no more."""

    standing: Standing
    ending: WarningEnding
    finding: Finding | None = None
    invoice_number: str | None = None
    audited: Audited | None = None


@dataclass(frozen=True)
class Digest:
    """One run's result. `unbilled` is every `not_invoiced` ticket that nobody snoozed or marked, oldest first."""

    day: date
    made_at: datetime
    is_first: bool
    counts: Mapping[Verdict, int]
    checked: int
    at_risk: Decimal
    unbilled: tuple[DigestTicket, ...] = ()
    unverified: tuple[DigestTicket, ...] = ()
    scheduled: tuple[DigestTicket, ...] = ()
    partially_invoiced: tuple[DigestTicket, ...] = ()
    uncharged_time: tuple[DigestTicket, ...] = ()
    """Tickets billed or not, with billable time that never became a charge (not those in `unbilled`)."""
    resolved: tuple[Resolved, ...] = ()
    snoozed: tuple[DigestTicket, ...] = ()
    marked: tuple[DigestTicket, ...] = ()
    accounted: tuple[DigestTicket, ...] = ()
    """Every other ticket that was checked: invoiced, non-billable, not finished, not found."""
    not_checked: tuple[Standing, ...] = ()
    """Earlier warnings whose tickets this run did not look at. They stand."""
    previous: TrendPoint | None = None
    trend: tuple[TrendPoint, ...] = ()
    """Earlier runs and this one, oldest first."""
    api_calls: int = 0
    seconds: float = 0.0
    labor_rate: Decimal | None = None
    failures: tuple[str, ...] = field(default=())
    """Why the list of tickets is not complete; empty when it is."""
    is_part: bool = False
    """A part of a digest, for one customer or one technician: it has no trend and no change of its own."""

    @property
    def new(self) -> tuple[DigestTicket, ...]:
        """Unbilled tickets that no earlier run named."""
        return tuple(line for line in self.unbilled if line.is_new)

    @property
    def still_open(self) -> tuple[DigestTicket, ...]:
        """Unbilled tickets that an earlier run named already."""
        return tuple(line for line in self.unbilled if not line.is_new)

    @property
    def rest_unread(self) -> tuple[DigestTicket, ...]:
        """Tickets on an invoice, of which it could not be read whether more is unbilled."""
        return tuple(line for line in (*self.accounted, *self.partially_invoiced) if line.finding.rest_is_unknown)

    @property
    def contradictions(self) -> tuple[DigestTicket, ...]:
        """Unbilled tickets whose status says Invoiced."""
        return tuple(line for line in self.unbilled if line.finding.contradiction)
