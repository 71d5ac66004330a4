"""What App Home says to one person. Pure: facts in, values out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.billing.rules.technicians import Technician
from bot.digest.groups import namesakes, part_of, technician_of
from bot.digest.model import Digest, History


@dataclass(frozen=True)
class Looked:
    """The last look at the account's finished tickets, if any; `trouble` is why the last try failed."""

    digest: Digest | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Health:
    """How the bot does. Moments are aware; None for what never was or is not known."""

    last_digest: datetime | None
    calls_left: int
    ledger_as_of: datetime | None
    ledger_since: datetime | None
    """The invoices that changed since are all known; None: from the first on."""
    is_token_refused: bool


@dataclass(frozen=True)
class Desk:
    """What only managers see. `recent` are sentences, the latest first; `subscription` is what theirs holds, if any."""

    team: Digest | None
    recent: tuple[tuple[datetime, str, str], ...]
    """When, who (a Slack id, or a name of our own), and what in plain words."""
    subscription: str
    comes: str
    health: Health


@dataclass(frozen=True)
class Home:
    """One person's Home. `name` is theirs in Syncro, empty where nobody knows; `namesakes` bear the same name."""

    name: str
    namesakes: tuple[Technician, ...]
    mine: Digest | None
    """None where nothing was looked at yet, or where it cannot be told whose tickets are theirs."""
    as_of: datetime | None
    trouble: str
    is_refreshing: bool
    desk: Desk | None = None
    notice: str = ""


def as_decided(digest: Digest, history: History) -> Digest:
    """The digest with what managers decided since it was made."""
    snoozes = {each.ticket_id: each for each in history.snoozes}
    marks = {each.ticket_id: each for each in history.marks}
    tickets = (
        replace(each, snooze=snoozes.get(each.finding.ticket_id or ""), mark=marks.get(each.finding.ticket_id or ""))
        for each in digest.tickets
    )
    return replace(digest, tickets=tuple(tickets))


def home_of(name: str, looked: Looked, *, is_refreshing: bool, notice: str = "") -> Home:
    """The Home of the technician of this name or e-mail address. Of two who bear it neither is guessed."""
    digest = looked.digest
    alike = namesakes(digest, name) if digest else ()
    is_one = digest is not None and bool(name) and not alike
    mine = part_of(digest, lambda finding: technician_of(finding).is_meant_by(name)) if digest and is_one else None
    return Home(
        name=name,
        namesakes=alike,
        mine=mine,
        as_of=None if digest is None else digest.made_at,
        trouble=looked.trouble,
        is_refreshing=is_refreshing,
        notice=notice,
    )
