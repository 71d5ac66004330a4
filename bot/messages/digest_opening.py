"""The opening of a digest: its headline, and at most four lines; whatever is named at length stands in the thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from bot.billing.rules.verdicts import Verdict, WarningEnding
from bot.counting import counted
from bot.digest.headline import accounted, headline, tally
from bot.digest.model import NOTHING, Digest, DigestTicket, Pickup, Resolved, total
from bot.messages import phrases
from bot.messages.escape import mrkdwn
from bot.messages.rendered import Line, Part, header, line, paragraphs
from bot.words.findings import REST_UNKNOWN
from bot.words.plain import capital, day_in_words, duration, money, some_money, strung
from bot.words.verdicts import ending_words, verdict_words

_NAMED: Final = 3
"""Of how many tickets at most a line gives the numbers."""
_DATES: Final = 10
"""How many dates of recurring runs a quiet line names, the next ones first."""


def title(digest: Digest) -> str:
    """Which digest this is: "Invoice digest · Mon 23 Nov 2026"."""
    part = "Part of the invoice digest" if digest.is_part else "Invoice digest"
    return f"{part} · {day_in_words(digest.day)}"


def head(digest: Digest) -> list[Part]:
    """Title and headline; then how the others stand, what changed, what is odd, and what waits: a line each."""
    top = headline(digest)
    first = [capital(accounted(digest))] if digest.unbilled else []
    if digest.is_first and digest.unbilled:
        first.append("from the next digest on, only what changes is called new")
    lines = [strung(" · ", *each) for each in (first, _changes(digest), _odd(digest), _beside(digest))]
    said = [line(f"*{top}*", f"{title(digest)}: {top}"), *(line(each) for each in lines if each)]
    return [Part("", (header(title(digest)),)), *paragraphs(said)]


def quiet(digest: Digest) -> list[Part]:
    """The headline alone; with the dates of what is scheduled, so that it needs no thread."""
    bare = digest.of(Verdict.NOTHING_RECORDED)
    numbers = phrases.numbers(ticket.finding.ticket_number for ticket in bare)
    lines: list[Line] = [line(headline(digest))]
    if digest.of(Verdict.SCHEDULED):
        lines.append(line(f"*Scheduled:* {_dates(digest.of(Verdict.SCHEDULED), digest)}"))
    if bare:
        lines.append(line(f"*{tally(verdict_words(Verdict.NOTHING_RECORDED).label, bare, digest)}*: {numbers}"))
    return paragraphs(lines)


def _dates(tickets: Sequence[DigestTicket], digest: Digest, most: int = _DATES) -> str:
    """How many tickets are billed on which day: "30 on Tue 1 Dec, 1 without a date"."""
    dated = Counter(ticket.pickup_on for ticket in tickets if ticket.pickup_on is not None)
    undated = len(tickets) - dated.total()
    said = [f"{count:,} on {day_in_words(day, digest.day)}" for day, count in sorted(dated.items())]
    later = sum(count for _, count in sorted(dated.items())[most:])
    more = [f"{later:,} later" if later else "", f"{undated:,} without a date" if undated else ""]
    return ", ".join([*said[:most], *filter(None, more)])


def _changes(digest: Digest) -> list[str]:
    """What changed since the last digest. The table says which ticket is new."""
    recovered = [each for each in digest.resolved if each.ending is WarningEnding.INVOICED]
    others = [each for each in digest.resolved if each.ending is not WarningEnding.INVOICED]
    return [
        _said("New", digest.new, digest, names=False),
        _said("Still unbilled", () if digest.is_first else digest.still_open, digest, names=False),
        _resolved("Recovered", recovered, digest),
        _resolved("Settled otherwise", others, digest),
    ]


def _resolved(label: str, resolved: Sequence[Resolved], digest: Digest) -> str:
    if not resolved:
        return ""
    amount = sum(each.amount for each in resolved) or NOTHING
    count = strung(", ", counted(len(resolved), "ticket"), some_money(amount, digest.currency))
    return _named(f"*{label}:* {count}", [f"{_was(each.standing.ticket_number)} {_end(each)}" for each in resolved])


def _end(resolved: Resolved) -> str:
    if resolved.ending is WarningEnding.INVOICED:
        return f"on invoice {mrkdwn(resolved.invoice_number or '', 20)}"
    return ending_words(resolved.ending).label


def _odd(digest: Digest) -> list[str]:
    """What somebody has to look at beside the unbilled work itself."""
    paused = [ticket for ticket in digest.unbilled if ticket.pickup is Pickup.PAUSED]
    overdue = [ticket for ticket in digest.of(Verdict.SCHEDULED) if ticket.pickup is Pickup.OVERDUE]
    dates = f" ({_dates(overdue, digest, _NAMED)})" if overdue else ""
    minutes = sum(ticket.finding.unbilled.minutes or 0 for ticket in digest.uncharged_time)
    some = sum(ticket.unpriced_minutes for ticket in digest.unbilled)
    unpriced = f"Another {duration(some)} on these tickets is not yet charged; without a labor rate it has no price"
    return [
        _said("⚠️ Waiting for a recurring invoice that is paused", paused, digest),
        _said(f"⚠️ Recurring invoice overdue, its date has passed{dates}", overdue, digest),
        _said("⚠️ Status Invoiced without an invoice", digest.contradictions, digest),
        _said("Look at the invoices of", digest.with_concerns, digest),
        _said(f"Time not yet charged, {duration(minutes)}", digest.uncharged_time, digest, estimated=True),
        _said(f"On an invoice, but {REST_UNKNOWN}", digest.rest_unread, digest),
        unpriced if some else "",
    ]


def _beside(digest: Digest) -> list[str]:
    """What is neither unbilled nor well: it waits, for a run, for a person, or for a proof."""
    unseen = [_was(standing.ticket_number) for standing in digest.not_checked]
    warnings = _named(f"*Not looked at this time:* {counted(len(unseen), 'ticket')}", unseen)
    return [
        *(_section(verdict, tickets, digest) for verdict, tickets in digest.beside_unbilled),
        _said("Snoozed", digest.snoozed, digest),
        _said("Marked as non-billable in the bot", digest.marked, digest),
        f"{warnings}; their warnings stand" if unseen else "",
    ]


def _section(verdict: Verdict, tickets: Sequence[DigestTicket], digest: Digest) -> str:
    """What is overdue is said louder, above."""
    waiting = [ticket for ticket in tickets if ticket.pickup is not Pickup.OVERDUE]
    words = verdict_words(verdict)
    when = _when(waiting, digest) if verdict is Verdict.SCHEDULED else ""
    return strung("; ", _said(words.label, waiting, digest, when=when), words.caution if waiting else "")


def _when(tickets: Sequence[DigestTicket], digest: Digest) -> str:
    """The day, as in " on Tue 1 Dec"; or how many on which day, where they differ."""
    days = {ticket.pickup_on for ticket in tickets}
    only = next(iter(days), None)
    if len(days) == 1 and only is not None:
        return f" on {day_in_words(only, digest.day)}"
    return f" ({_dates(tickets, digest, _NAMED)})"


def _said(
    label: str,
    tickets: Sequence[DigestTicket],
    digest: Digest,
    *,
    names: bool = True,
    when: str = "",
    estimated: bool = False,
) -> str:
    """*Scheduled:* 2 tickets on Tue 1 Dec, 190.00: #32231, #32232. Empty when there are none, no money of nothing."""
    if not tickets:
        return ""
    amount = total(tickets)
    worth = strung("", money(amount, digest.currency), " (an estimate)" if estimated else "") if amount else ""
    count = strung(", ", f"{counted(len(tickets), 'ticket')}{when}", worth)
    numbers = [_was(ticket.finding.ticket_number) for ticket in tickets]
    return _named(f"*{label}:* {count}", numbers if names else [])


def _named(said: str, names: Iterable[str]) -> str:
    """What is said, and the names where they are few."""
    every = list(names)
    return f"{said}: {', '.join(every)}" if every and len(every) <= _NAMED else said


def _was(number: str) -> str:
    return phrases.numbers([number])


def in_brackets(text: str) -> str:
    """The text from Syncro in brackets, as it follows a ticket number; empty where there is none."""
    shown = mrkdwn(text, 40)
    return f" ({shown})" if shown else ""
