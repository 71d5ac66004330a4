"""The lines of a digest by customer and by technician, and the part of a digest that concerns only some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.amounts import total
from bot.digest.business_days import band
from bot.digest.model import Audited, Digest, DigestTicket, Resolved, Standing

NOBODY = "nobody assigned"
NO_CUSTOMER = "no customer named"
_BEFORE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Group:
    """Lines that belong together. `name` is Syncro's text, or one of the two above."""

    name: str
    lines: tuple[DigestTicket, ...]

    @property
    def count(self) -> int:
        """How many tickets."""
        return len(self.lines)

    @property
    def amount(self) -> Decimal:
        """Their money at risk."""
        return total(self.lines)


def by_customer(lines: Iterable[DigestTicket]) -> tuple[Group, ...]:
    """One group for each customer, the largest amount first, then the largest count. Two of one name stay two."""
    return _grouped(
        lines,
        key=lambda line: line.audited.customer_id or f"named {line.finding.customer.strip()}",
        name=lambda line: line.finding.customer.strip() or NO_CUSTOMER,
    )


def by_technician(lines: Iterable[DigestTicket]) -> tuple[Group, ...]:
    """One group for each technician, the largest amount first, then the largest count."""
    return _grouped(lines, key=_technician, name=_technician)


def _technician(line: DigestTicket) -> str:
    return line.audited.technician.strip() or NOBODY


def _grouped(
    lines: Iterable[DigestTicket], *, key: Callable[[DigestTicket], str], name: Callable[[DigestTicket], str]
) -> tuple[Group, ...]:
    collected: dict[str, list[DigestTicket]] = {}
    for line in lines:
        collected.setdefault(key(line), []).append(line)
    groups = (Group(name(members[0]), tuple(members)) for members in collected.values())
    return tuple(sorted(groups, key=lambda group: (-group.amount, -group.count, group.name.casefold())))


def part_of(digest: Digest, only: Callable[[DigestTicket], bool]) -> Digest:
    """The digest as if only the tickets had been checked for which `only` is true.

    The trend and the change since the last run are left out: they speak of all tickets.
    """

    def kept(lines: Iterable[DigestTicket]) -> tuple[DigestTicket, ...]:
        return tuple(filter(only, lines))

    part = replace(
        digest,
        is_part=True,
        unbilled=kept(digest.unbilled),
        unverified=kept(digest.unverified),
        scheduled=kept(digest.scheduled),
        partially_invoiced=kept(digest.partially_invoiced),
        uncharged_time=kept(digest.uncharged_time),
        snoozed=kept(digest.snoozed),
        marked=kept(digest.marked),
        accounted=kept(digest.accounted),
        resolved=tuple(each for each in digest.resolved if only(_as_line(each.standing, _audited(each)))),
        not_checked=tuple(each for each in digest.not_checked if only(_as_line(each, None))),
        previous=None,
        trend=(),
    )
    checked = [line for section in _checked_sections(part) for line in section]
    counts = Counter(line.finding.verdict for line in checked)
    return replace(
        part,
        at_risk=total(part.unbilled),
        checked=len(checked),
        counts={verdict: counts[verdict] for verdict in Verdict},
    )


def _checked_sections(digest: Digest) -> tuple[tuple[DigestTicket, ...], ...]:
    """Sections in which every checked ticket stands exactly once."""
    return (
        digest.unbilled,
        digest.snoozed,
        digest.marked,
        digest.unverified,
        digest.scheduled,
        digest.partially_invoiced,
        digest.accounted,
    )


def _audited(resolved: Resolved) -> Audited | None:
    if resolved.audited is not None or resolved.finding is None:
        return resolved.audited
    return Audited(resolved.finding)


def _as_line(standing: Standing, audited: Audited | None) -> DigestTicket:
    """A remembered warning in the form that a condition on lines can judge."""
    remembered = Audited(
        Finding(
            ticket_number=standing.ticket_number,
            verdict=Verdict.UNVERIFIED,
            checked_at=_BEFORE,
            ticket_id=standing.ticket_id,
            customer=standing.customer,
        )
    )
    return DigestTicket(audited or remembered, standing.amount, 0, band(0), first_said=standing.first_said)
