"""How a digest is made: of which tickets, and from what was found out about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.billing.rules.verdicts import Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.search.scheduler import Progress, Session
from bot.billing.verifier import Verifier
from bot.digest.amounts import Rates
from bot.digest.build import build_digest
from bot.digest.missed_runs import passed
from bot.digest.model import Digest, History
from bot.told import ToldError

PROVED_ANEW_DAYS = 7


@dataclass(frozen=True)
class DigestRules:
    """What a digest looks at, and how it speaks. `lookback` and `grace` reckon from the moment it is made."""

    lookback: timedelta
    grace: timedelta
    zone: ZoneInfo
    labor_rate: Decimal | None = None
    labor_rates: tuple[tuple[str, Decimal], ...] = ()
    """What an hour is worth by the name or id of its product, where that is known."""
    silent_when_empty: bool = False
    holidays: frozenset[date] = frozenset()
    """Days of the week that are no business days."""
    escalate_after: int = 0
    """Business days after which a reminder of a technician is said in the digest."""
    managers: tuple[str, ...] = ()
    """People who are told when the digest's channel refuses the bot."""

    @property
    def rates(self) -> Rates:
        """What uncharged time is worth."""
        return Rates(self.labor_rate, self.labor_rates)

    def window(self, now: datetime, *, since: datetime | None = None, customer_id: str | None = None) -> Window:
        """The tickets that a digest made at `now` looks at."""
        return Window(since or now - self.lookback, now - self.grace, customer_id)


def proved_lately(history: History, day: date) -> frozenset[str]:
    """The tickets, by id, of which it need not be proved anew with everything read that they are on no invoice.

    That is done when a ticket is accused for the first time, and weekly after.
    """
    return frozenset(each.ticket_id for each in history.standing if (day - each.first_said).days % PROVED_ANEW_DAYS)


def accused_in(digest: Digest) -> frozenset[str]:
    """The tickets, by id, that a digest has proved to be on no invoice."""
    return frozenset(
        line.finding.ticket_id
        for line in digest.tickets
        if line.finding.verdict is Verdict.NOT_INVOICED and line.finding.ticket_id
    )


class DigestFailedError(ToldError):
    """The audit could not be made; the text says why."""


def make_digest(
    verifier: Verifier,
    session: Session,
    history: History,
    rules: DigestRules,
    *,
    now: datetime,
    window: Window,
    proved: frozenset[str] = frozenset(),
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Digest:
    """Audit the window and every warning that stands or was settled lately, and build the digest.

    `proved` are tickets, by id, of which it need not be proved anew that they are on no invoice.

    Raises:
        DigestFailedError: the list of tickets, or anything at all, could not be read.

    """
    day = now.astimezone(rules.zone).date()
    followed = [each.ticket_number for each in (*history.standing, *(each.standing for each in history.settled))]
    followed += [each.ticket_number for each in passed(history.expected, day) if not each.is_taken]
    standing = list(dict.fromkeys(followed)) if window.customer_id is None else []
    spared = proved | proved_lately(history, day)
    audit = verifier.audit(window, standing, session, started_at=now, spared=spared, on_progress=on_progress)
    if audit.failure or audit.report.outage:
        raise DigestFailedError(audit.failure or audit.report.outage)
    return build_digest(
        audit.report.findings,
        history,
        day=day,
        made_at=now,
        labor_rate=rules.labor_rate,
        labor_rates=rules.labor_rates,
        currency=verifier.currency,
        zone=rules.zone,
        holidays=rules.holidays,
        escalate_after=rules.escalate_after,
        api_calls=audit.report.api_calls,
        seconds=audit.report.seconds,
    )
