"""The lines of a digest by customer and by technician, and the part of a digest that concerns only some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from bot.billing.rules.technicians import Technician, meant
from bot.billing.rules.verdicts import Finding, Verdict
from bot.counting import counted
from bot.digest.model import AgeBand, Digest, DigestTicket, Standing, total
from bot.words.plain import some_money, strung

NOBODY = "nobody assigned"
NO_CUSTOMER = "no customer named"
_BEFORE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Group:
    """Lines that belong together. `name` is Syncro's text, or one of the two above."""

    name: str
    lines: tuple[DigestTicket, ...]

    @property
    def amount(self) -> Decimal:
        """Their money at risk."""
        return total(self.lines)

    def in_words(self, currency: str) -> str:
        """2 tickets, 770.00."""
        return strung(", ", counted(len(self.lines), "ticket"), some_money(self.amount, currency))


def by_customer(lines: Iterable[DigestTicket]) -> tuple[Group, ...]:
    """One group for each customer, the largest amount first, then the largest count. Two of one name stay two."""
    return _grouped(
        lines,
        key=lambda line: line.finding.customer_id or f"named {line.finding.customer.strip()}",
        name=lambda line: line.finding.customer.strip() or NO_CUSTOMER,
    )


def by_technician(lines: Iterable[DigestTicket]) -> tuple[Group, ...]:
    """One group for each technician, the largest amount first, then the largest count."""
    return _grouped(lines, key=_technician, name=_technician)


def technician_of(finding: Finding) -> Technician:
    """Whom its ticket is assigned to."""
    return Technician(finding.technician_id, finding.technician, finding.technician_email)


def namesakes(digest: Digest, name: str) -> tuple[Technician, ...]:
    """The technicians of its tickets whom a name or address means, where they are more than one: none is guessed."""
    found = meant(name, (technician_of(each.finding) for each in digest.tickets))
    return found if len(found) > 1 else ()


def by_age(tickets: Sequence[DigestTicket]) -> dict[str, int]:
    """How many tickets have waited how long, in business days; those of unknown age last, where there are any."""
    dated = [ticket.band for ticket in tickets if ticket.age_known]
    unknown = len(tickets) - len(dated)
    return {band.value: dated.count(band) for band in AgeBand} | ({"not known": unknown} if unknown else {})


def _technician(line: DigestTicket) -> str:
    return line.finding.technician.strip() or NOBODY


def _grouped(
    lines: Iterable[DigestTicket], *, key: Callable[[DigestTicket], str], name: Callable[[DigestTicket], str]
) -> tuple[Group, ...]:
    collected: dict[str, list[DigestTicket]] = {}
    for line in lines:
        collected.setdefault(key(line), []).append(line)
    groups = (Group(name(members[0]), tuple(members)) for members in collected.values())
    return tuple(sorted(groups, key=lambda group: (-group.amount, -len(group.lines), group.name.casefold())))


def part_of(digest: Digest, only: Callable[[Finding], bool]) -> Digest:
    """The digest as if only the tickets had been checked for which `only` is true.

    It has no trend and no change since the last run: they speak of all tickets.
    """
    return replace(
        digest,
        is_part=True,
        tickets=tuple(ticket for ticket in digest.tickets if only(ticket.finding)),
        resolved=tuple(each for each in digest.resolved if only(each.finding or _remembered(each.standing))),
        not_checked=tuple(each for each in digest.not_checked if only(_remembered(each))),
    )


def _remembered(standing: Standing) -> Finding:
    """A remembered warning in the form that a condition on findings can judge."""
    return Finding(
        ticket_number=standing.ticket_number,
        verdict=Verdict.UNVERIFIED,
        checked_at=_BEFORE,
        ticket_id=standing.ticket_id,
        customer=standing.customer,
    )
