"""What the store gives back, beside the values of `bot.digest.model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from bot.billing.rules.verdicts import WarningEnding
from bot.digest.model import Mark

Source = Literal["check", "digest"]
"""Where a warning was said: in the answer to a question, or in a digest."""


class PostAddress(Protocol):
    """Where a message stands in Slack; `bot.messages.poster.Posted` is one."""

    @property
    def channel(self) -> str:
        """The channel's id."""

    @property
    def ts(self) -> str:
        """The message's id within the channel."""


@dataclass(frozen=True)
class PostedWarning:
    """A message that says of a ticket that it is on no invoice. `thread_ts` is set when it stands in a thread."""

    ticket_id: str
    ticket_number: str
    channel: str
    ts: str
    thread_ts: str | None
    source: Source


@dataclass(frozen=True)
class Claim:
    """The messages about a ticket that one job is to take back, and whether another job is at the others."""

    messages: tuple[PostedWarning, ...]
    others_at_work: bool


@dataclass(frozen=True)
class KeptPost:
    """A warning message as it was posted, and what was added to it since. `evidence` is a finding by ticket id."""

    text: str
    blocks: tuple[dict[str, Any], ...]
    updates: tuple[str, ...]
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class WarningRecord:
    """A warning of now or of earlier. It stands for as long as `ended_at` is None; times are aware UTC."""

    ticket_id: str
    ticket_number: str
    customer: str
    amount: Decimal
    source: Source
    first_said: date
    said_at: datetime
    ended_at: datetime | None
    ending: WarningEnding | None
    invoice_number: str | None
    retracted_at: datetime | None


@dataclass(frozen=True)
class MarkRecord:
    """A mark with what became of it: who took it back and when (aware UTC), or None twice while it stands."""

    mark: Mark
    undone_by: str | None = None
    undone_at: datetime | None = None


@dataclass(frozen=True)
class Subscription:
    """What a manager wants in their own digest.

    Everything, or only `customers` (as the subscriber's digest compares them), or only what is their own (`mine`).
    """

    user: str
    customers: tuple[str, ...] = ()
    mine: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.customers and not self.mine


@dataclass(frozen=True)
class WrongReport:
    """Somebody says that a warning was wrong. `evidence` is what the bot had seen, as JSON values."""

    ticket_id: str
    ticket_number: str
    by: str
    at: datetime
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class Statistics:
    """How good the warnings are, over all time.

    A warning counts once, however often it was said before it ended and by however many people it was reported.
    A warning is retracted when an invoice appears after it; that alone does not make it a false alarm.
    """

    warnings_said: int
    reported_wrong: int
    retracted: int

    @property
    def false_alarm_rate(self) -> float | None:
        """The share of warnings that were reported wrong, 0 to 1; None before the first warning."""
        return self.reported_wrong / self.warnings_said if self.warnings_said else None
