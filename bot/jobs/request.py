"""What somebody asked in Slack, as plain values that can be stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from bot.billing.rules.verdicts import CheckReport
from bot.billing.search.scheduler import Progress, Session
from bot.billing.verifier import Verifier

MOST_TICKETS = 50
"""In one request from Slack."""
FEW_TICKETS = 5
"""A question about more is a large one."""


@dataclass(frozen=True)
class CheckRequest:
    """A question about tickets, and where its answer belongs.

    `thread_ts` is set when the question was asked inside a thread. `response_url` reaches the person for 30 minutes
    even where the bot cannot post. `direct` marks a direct message to the bot. `exhaustive` reads a customer's older
    invoices too, however many; `fresh` reads everything anew from Syncro. With a `selection` (a `Selection` as JSON)
    the references are those that it holds when the job begins; with an `invoice` (its number, or "id:" and its id)
    the question is about the tickets that it bills.
    """

    references: tuple[str, ...]
    channel: str
    user: str
    thread_ts: str | None = None
    response_url: str | None = None
    direct: bool = False
    exhaustive: bool = False
    fresh: bool = False
    selection: dict[str, str] | None = None
    invoice: str = ""

    @property
    def most_tickets(self) -> int:
        """How many tickets it may be about, as far as that is known before it begins."""
        return len(self.references) or (1 if self.invoice else MOST_TICKETS)

    @property
    def is_large(self) -> bool:
        """Whether it may take long, so that others go first."""
        return self.has_many_tickets or self.exhaustive or self.selection is not None

    @property
    def named(self) -> tuple[str, ...]:
        """What is asked about, as it was named."""
        if self.invoice:
            return "invoice", self.invoice
        chosen = self.selection
        return (chosen["choice"], chosen["name"], "since", chosen["since"]) if chosen else self.references

    @property
    def has_many_tickets(self) -> bool:
        """Whether it is about more than a few."""
        return len(self.references) > FEW_TICKETS

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "references": list(self.references)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """From what `to_json` gave, or that of an older release: what it did not know has its default."""
        return cls(**{**values, "references": tuple(values["references"])})


def checked(
    verifier: Verifier,
    request: CheckRequest,
    session: Session,
    started_at: datetime,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> CheckReport:
    """The answer to a question whose tickets are known."""
    if request.invoice:
        return verifier.check_invoice(request.invoice, session, started_at=started_at, on_progress=on_progress)
    return verifier.check(
        request.references, session, started_at=started_at, exhaustive=request.exhaustive, on_progress=on_progress
    )


@dataclass(frozen=True)
class CloseRequest(CheckRequest):
    """A question for the close of a month (`2026-10`): it names no ticket."""

    month: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """See `CheckRequest`."""
        return (f"close {self.month}",)
