"""The opening of a digest: its headline, and one line for each section that holds something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from bot.billing.rules.verdicts import Verdict, WarningEnding
from bot.counting import counted
from bot.digest.headline import accounted, headline
from bot.digest.model import NOTHING, Digest, DigestTicket, Pickup, Resolved, total
from bot.messages import digest_rows as rows
from bot.messages import phrases
from bot.messages.escape import mrkdwn
from bot.messages.rendered import Line, Part, header, line, paragraphs, size
from bot.words.findings import REST_UNKNOWN
from bot.words.plain import capital, day_in_words, duration, money
from bot.words.verdicts import verdict_words

_HEAD_WORDS: Final = 2_200
_HEAD_SIZE: Final = 5_500
"""How much of the parent its opening may take; the rest is for the table, the charts and the cards."""
_NAMED: Final = (20, 8, 3, 0)
"""How many tickets a line of the opening names; the first number with which the opening is short enough."""
_DATES: Final = 10
"""How many dates of recurring runs a quiet line names, the next ones first."""


def title(digest: Digest) -> str:
    """Which digest this is: "Invoice digest · Mon 23 Nov 2026"."""
    part = "Part of the invoice digest" if digest.is_part else "Invoice digest"
    return f"{part} · {day_in_words(digest.day)}"


def head(digest: Digest) -> list[Part]:
    """Title, headline and one line for each section, short enough to leave room for the table."""
    top = headline(digest)
    heading = Part("", (header(title(digest)),))
    return [heading, *_short([line(f"*{top}*", f"{title(digest)}: {top}"), *_health(digest)], digest)]


def quiet(digest: Digest) -> list[Part]:
    """The headline alone; with the dates of what is scheduled, so that it needs no thread."""
    dates = line(f"*Scheduled:* {_dates(digest)}")
    bare = digest.of(Verdict.NOTHING_RECORDED)
    named = line(_section(Verdict.NOTHING_RECORDED, bare, digest, _NAMED[0]))
    return paragraphs(
        [line(headline(digest)), *([dates] if digest.of(Verdict.SCHEDULED) else []), *([named] if bare else [])]
    )


def _dates(digest: Digest) -> str:
    """How many tickets are billed on which day: "30 on Tue 1 Dec, 1 without a date"."""
    dated = Counter(ticket.pickup_on for ticket in digest.of(Verdict.SCHEDULED) if ticket.pickup_on is not None)
    undated = len(digest.of(Verdict.SCHEDULED)) - dated.total()
    said = [f"{count:,} on {day_in_words(day, digest.day)}" for day, count in sorted(dated.items())]
    later = sum(count for _, count in sorted(dated.items())[_DATES:])
    more = [f"{later:,} later" if later else "", f"{undated:,} without a date" if undated else ""]
    return ", ".join([*said[:_DATES], *filter(None, more)])


def _short(first: Sequence[Line], digest: Digest) -> list[Part]:
    """The first lines and those of the sections, naming as many tickets as there is room for."""
    for most in _NAMED:
        lines = [*first, *_summary(digest, most)]
        if any(len(each.mrkdwn) > _HEAD_WORDS for each in lines):
            continue
        parts = paragraphs(lines)
        told = sum(len(part.words) for part in parts)
        if told <= _HEAD_WORDS and size(block for part in parts for block in part.blocks) <= _HEAD_SIZE:
            return parts
    return paragraphs([*first, *_summary(digest, 0)])


def _health(digest: Digest) -> list[Line]:
    """Below a headline that names what is unbilled: where the other tickets stand."""
    said = [capital(accounted(digest))] if digest.unbilled else []
    if digest.is_first and digest.unbilled:
        said.append("From the next digest on, only what changes is called new.")
    return [line(text) for text in said]


def _summary(digest: Digest, most: int) -> list[Line]:
    """One line for each section that holds something; at most so many tickets are named in each."""
    lines = [
        *_loud(digest, most),
        *_changes(digest, most),
        _counted("Contradiction, status Invoiced without an invoice", digest.contradictions, most),
        _uncharged(digest, most),
        *(_section(verdict, listed, digest, most) for verdict, listed in digest.beside_unbilled),
        _counted(f"On an invoice, but {REST_UNKNOWN}", digest.rest_unread, most),
        _counted("Look at these invoices", digest.with_concerns, most),
        _counted("Snoozed", digest.snoozed, most),
        _counted("Marked as non-billable in the bot", digest.marked, most),
        _not_checked(digest, most),
        _without_rate(digest),
    ]
    return [line(text) for text in lines if text]


def _loud(digest: Digest, most: int) -> list[str]:
    """Charges that wait for a recurring invoice which will not come by itself."""
    paused = [ticket for ticket in digest.unbilled if ticket.pickup is Pickup.PAUSED]
    overdue = [ticket for ticket in digest.of(Verdict.SCHEDULED) if ticket.pickup is Pickup.OVERDUE]
    return [
        _counted("⚠️ Waiting for a recurring invoice that is paused", paused, most),
        _counted("⚠️ Recurring invoice overdue, its date has passed", overdue, most, _dated(digest)),
    ]


def _changes(digest: Digest, most: int) -> list[str]:
    recovered = [each for each in digest.resolved if each.ending is WarningEnding.INVOICED]
    others = [each for each in digest.resolved if each.ending is not WarningEnding.INVOICED]
    still = [] if digest.is_first else digest.still_open
    return [
        _counted("New", digest.new, most, currency=digest.currency),
        _counted("Still open", still, most, currency=digest.currency),
        _resolved("Recovered", recovered, digest, most, rows.found),
        _resolved("Settled otherwise", others, digest, most),
    ]


def _resolved(
    label: str,
    resolved: Sequence[Resolved],
    digest: Digest,
    most: int,
    shown: Callable[[Resolved, Digest], str] = rows.ending,
) -> str:
    if not resolved:
        return ""
    said = [
        f"{phrases.numbers([each.standing.ticket_number])}{in_brackets(each.standing.customer)} {shown(each, digest)}"
        for each in resolved[: min(most, 5)]
    ]
    amount = money(sum(each.amount for each in resolved) or NOTHING, digest.currency)
    count = counted(len(resolved), "ticket")
    return f"*{label}:* {count}, {amount}: {_named(said, len(resolved), '; ')}"


def _uncharged(digest: Digest, most: int) -> str:
    if not digest.uncharged_time:
        return ""
    minutes = sum(ticket.finding.unbilled.minutes or 0 for ticket in digest.uncharged_time)
    estimate = sum((ticket.estimate for ticket in digest.uncharged_time), NOTHING)
    value = f", worth {money(estimate, digest.currency)} (an estimate)" if estimate else ""
    return _counted(f"Uncharged time, {duration(minutes)}{value}", digest.uncharged_time, most)


def _section(verdict: Verdict, tickets: Sequence[DigestTicket], digest: Digest, most: int) -> str:
    """What is overdue is said louder, above."""
    waiting = [ticket for ticket in tickets if ticket.pickup is not Pickup.OVERDUE]
    words = verdict_words(verdict)
    said = _counted(words.label, waiting, most, _dated(digest) if verdict is Verdict.SCHEDULED else _number)
    return f"{said}. The reasons are in the thread; {words.caution}." if said and words.caution else said


def _dated(digest: Digest) -> Callable[[DigestTicket], str]:
    def shown(ticket: DigestTicket) -> str:
        day = f"on {day_in_words(ticket.pickup_on, digest.day)}" if ticket.pickup_on else "without a date"
        return f"{phrases.numbers([ticket.finding.ticket_number])} {day}"

    return shown


def _not_checked(digest: Digest, most: int) -> str:
    if not digest.not_checked:
        return ""
    numbers = [phrases.numbers([standing.ticket_number]) for standing in digest.not_checked]
    named = _named(numbers[:most], len(numbers))
    return f"*Not looked at this time:* {counted(len(numbers), 'ticket')}: {named}. Their warnings stand."


def _without_rate(digest: Digest) -> str:
    waiting = sum(ticket.unpriced_minutes for ticket in digest.unbilled)
    if not waiting:
        return ""
    return f"Another {duration(waiting)} on these tickets is uncharged; without a labor rate it has no price."


def _number(ticket: DigestTicket) -> str:
    return phrases.numbers([ticket.finding.ticket_number])


def _counted(
    label: str,
    tickets: Sequence[DigestTicket],
    most: int,
    shown: Callable[[DigestTicket], str] = _number,
    *,
    currency: str | None = None,
) -> str:
    """*Still open:* 2 tickets, 1,000.00: #32231, #32232. Empty when there are none, no money without a currency."""
    if not tickets:
        return ""
    amount = "" if currency is None else f", {money(total(tickets), currency)}"
    named = _named([shown(ticket) for ticket in tickets[:most]], len(tickets))
    return f"*{label}:* {counted(len(tickets), 'ticket')}{amount}: {named}"


def _named(names: Sequence[str], count: int, between: str = ", ") -> str:
    """The names; where they are not all, how many more there are, and where."""
    if not names:
        return "named in the thread"
    left = count - len(names)
    return between.join([*names, f"and {left:,} more in the thread"] if left else names)


def in_brackets(text: str) -> str:
    """The text from Syncro in brackets, as it follows a ticket number; empty where there is none."""
    shown = mrkdwn(text, 40)
    return f" ({shown})" if shown else ""
