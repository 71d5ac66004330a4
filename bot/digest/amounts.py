"""Money at risk, to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from bot.billing.rules.policy import fold
from bot.billing.rules.verdicts import Unbilled, Verdict
from bot.digest.model import NOTHING, DigestTicket

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Rates:
    """What an hour of uncharged time is worth: an estimate, as no charge has its price yet."""

    usual: Decimal | None = None
    by_product: tuple[tuple[str, Decimal], ...] = ()
    """By the name or id of a product."""

    def of(self, products: Iterable[str]) -> Decimal | None:
        """The rate of time that is of one of these products; the usual one where they do not name just one."""
        named, wanted = {fold(name): rate for name, rate in self.by_product}, set(map(fold, products))
        rates = {rate for name, rate in named.items() if name in wanted}
        return rates.pop() if len(rates) == 1 else self.usual


@dataclass(frozen=True)
class _Work:
    """Unbilled work that a block can cover, and what it is worth in the money at risk."""

    hours: Decimal
    worth: Decimal
    is_estimated: bool


def valued(line: DigestTicket, rates: Rates) -> DigestTicket:
    """The ticket with what its unbilled work is worth, as far as that is known."""
    work = line.finding.unbilled
    return replace(
        line,
        amount=amount_of(work, rates),
        estimate=_to_the_cent(_estimate(work, rates)),
        unpriced_minutes=sum(minutes for minutes, rate in _time(work, rates) if rate is None),
    )


def amount_of(work: Unbilled, rates: Rates) -> Decimal:
    """What unbilled work is worth, as far as that is known."""
    return _to_the_cent((work.charges or NOTHING) + _estimate(work, rates))


def _estimate(work: Unbilled, rates: Rates) -> Decimal:
    return sum((_worth(minutes, rate) for minutes, rate in _time(work, rates)), NOTHING)


def drawn_from_blocks(tickets: Iterable[DigestTicket], rates: Rates) -> Iterator[DigestTicket]:
    """The tickets with what their customers' prepaid hours cover: the first draws first, while the block lasts.

    Only work that waits for its invoice draws, hour by hour; parts and other sales are money whatever the block.
    """
    left: dict[str, Decimal] = {}
    for ticket in tickets:
        finding = ticket.finding
        if finding.verdict is not Verdict.NOT_INVOICED or ticket.is_aside or finding.prepaid_hours is None:
            yield ticket
            continue
        block = left.get(finding.customer_id or "", finding.prepaid_hours)
        drawn = []
        for work in _hours_of_work(finding.unbilled, rates):
            hours = min(work.hours, block)
            block -= hours
            drawn.append(_Work(hours, work.worth * hours / work.hours, work.is_estimated))
        left[finding.customer_id or ""] = block
        yield replace(
            ticket,
            amount=_to_the_cent(ticket.amount - sum(each.worth for each in drawn)),
            estimate=_to_the_cent(ticket.estimate - sum(each.worth for each in drawn if each.is_estimated)),
            prepaid_hours=sum((each.hours for each in drawn), NOTHING),
        )


def _hours_of_work(work: Unbilled, rates: Rates) -> Iterator[_Work]:
    for charge in work.labour:
        if charge.hours > 0:
            yield _Work(charge.hours, charge.amount, is_estimated=False)
    for minutes, rate in _time(work, rates):
        if minutes:
            yield _Work(Decimal(minutes) / 60, _worth(minutes, rate), is_estimated=True)


def _time(work: Unbilled, rates: Rates) -> Iterator[tuple[int, Decimal | None]]:
    """The minutes of uncharged time, each part with the rate of its product, and the others with the usual one."""
    for part in work.time:
        yield part.minutes, rates.of(part.products)
    yield (work.minutes or 0) - sum(part.minutes for part in work.time), rates.usual


def _worth(minutes: int, rate: Decimal | None) -> Decimal:
    return NOTHING if rate is None else minutes * rate / 60


def _to_the_cent(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
