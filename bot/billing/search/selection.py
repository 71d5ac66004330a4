"""Which tickets somebody asks for who names none: the finished ones of a customer, of a technician, or since a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.billing.rules.policy import Policy, fold
from bot.billing.rules.technicians import Technician, meant
from bot.billing.search.finished_tickets import Window
from bot.syncro.models import TicketRow
from bot.ticket_references import ID_PREFIX


class Choice(StrEnum):
    """What the tickets have in common."""

    CUSTOMER = "customer"
    TECHNICIAN = "technician"
    SINCE = "since"


@dataclass(frozen=True)
class Selection:
    """Tickets that were finished `since` a moment (aware), of all or of those with this `name`."""

    choice: Choice
    name: str
    since: datetime

    def to_json(self) -> dict[str, str]:
        """As JSON values."""
        return {"choice": self.choice.value, "name": self.name, "since": self.since.isoformat()}

    @classmethod
    def from_json(cls, values: dict[str, str]) -> Selection:
        """From what `to_json` gave."""
        return cls(Choice(values["choice"]), values["name"], datetime.fromisoformat(values["since"]))


def technician_of(row: TicketRow) -> Technician:
    """Whose ticket it is."""
    return Technician(row.user_id, row.user, row.user_email)


@dataclass(frozen=True)
class Selected:
    """The tickets, what changed last first. `names` are the customers that fit; where several do, no ticket is meant.

    Where technicians bear one name, they are their e-mail addresses.

    `failure` says why the tickets could not be listed.
    """

    references: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    failure: str = ""


def select(selection: Selection, rows: Iterable[TicketRow], policy: Policy, until: datetime) -> Selected:
    """Select among tickets of a list. A customer's name may be a part of it, unless one is called just that."""
    window = Window(selection.since, until)
    finished = [row for row in rows if window.holds(row, policy)]
    names: tuple[str, ...] = ()
    if selection.choice is Choice.TECHNICIAN:
        found = meant(selection.name, map(technician_of, finished))
        if len(found) > 1:
            return Selected(names=tuple(each.email or f"{each.name}, id {each.id}" for each in found))
        finished = [row for row in finished if technician_of(row) in found]
    if selection.choice is Choice.CUSTOMER:
        wanted = fold(selection.name)
        fitting = [row for row in finished if wanted and wanted in fold(row.customer_business_then_name)]
        finished = [row for row in fitting if fold(row.customer_business_then_name) == wanted] or fitting
        names = tuple(sorted({row.customer_business_then_name for row in finished}, key=str.casefold))
        if len(set(map(fold, names))) > 1:
            return Selected(names=names)
    newest_first = sorted(finished, key=lambda row: row.updated_at or datetime.min.replace(tzinfo=UTC), reverse=True)
    references = [row.number or f"{ID_PREFIX}{row.id}" for row in newest_first if row.number or row.id]
    return Selected(tuple(dict.fromkeys(references)), names)
