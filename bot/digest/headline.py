"""The sentences that carry a digest: its headline, the healthy number, what changed. Plain text, only numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from bot.billing.rules.verdicts import Loudness, Verdict
from bot.counting import counted
from bot.digest.model import Digest, DigestTicket, Pickup, Resolved, total
from bot.words.plain import capital, day_in_words, in_hours, money, some_money, strung
from bot.words.verdicts import verdict_words


def headline(digest: Digest) -> str:
    """The digest in one sentence: how many, how much money, and what changed since the last run.

    Where nothing is unbilled it is the healthy number, for example
    "29 of 31 invoiced, 2 non-billable, nothing unbilled".
    """
    if not digest.unbilled:
        return strung("; ", capital(accounted(digest)), change(digest))
    estimate = f" ({money(digest.estimate, digest.currency)} of it an estimate)" if digest.estimate else ""
    said = [f"{counted(len(digest.unbilled), 'ticket')} unbilled"]
    if digest.at_risk:
        said.append(f"{money(digest.at_risk, digest.currency)} at risk{estimate}")
    if digest.at_risk_hours:
        said.append(f"{in_hours(digest.at_risk_hours)} h not yet drawn from prepaid blocks")
    unproved = len(digest.of(Verdict.UNVERIFIED))
    if unproved:
        said.append(f"{unproved:,} could not be verified")
    return strung("; ", ", ".join(said), change(digest))


def accounted(digest: Digest) -> str:
    """The healthy number, and where the other tickets stand: "29 of 31 invoiced, 2 non-billable".

    Beside unbilled tickets only what is said nowhere else: the headline counts them, and sections the others.
    """
    if not digest.checked:
        return f"no ticket was checked, {_nothing(digest)}"
    said = [f"{digest.counts[Verdict.INVOICED]:,} of {digest.checked:,} invoiced"]
    if digest.unbilled:
        return ", ".join([*said, *_counts(digest, Loudness.QUIET, Loudness.NOTE, without_sections=True)])
    more = [
        *_counts(digest, Loudness.QUIET, Loudness.NOTE),
        f"{len(digest.marked):,} marked as non-billable" if digest.marked else "",
        f"{len(digest.snoozed):,} snoozed" if digest.snoozed else "",
        *_counts(digest, Loudness.DOUBT),
        f"{len(digest.rest_unread):,} not read to the end" if digest.rest_unread else "",
    ]
    return strung(", ", *said, *more, _nothing(digest))


def change(digest: Digest) -> str:
    """What changed since the last successful run; on the first one, that this is the backlog. May be empty."""
    before = digest.previous
    if digest.is_part:
        return ""
    if before is None:
        return "the first digest, so this is the backlog" if digest.is_first and digest.unbilled else ""
    tickets, amount = len(digest.unbilled) - before.unbilled, digest.at_risk - before.money
    said = [
        _moved(tickets, counted(abs(tickets), "ticket"), "fewer"),
        _moved(amount, money(abs(amount), digest.currency), "less"),
    ]
    since = "since the last one today" if before.day == digest.day else f"since {day_in_words(before.day, digest.day)}"
    if not any(said):
        return f"unchanged {since}" if digest.unbilled else ""
    return f"{since}: {said[0] or 'as many tickets'}, {said[1] or 'as much money'}"


def warned(ticket: DigestTicket, digest: Digest, before: str = "still unbilled, warned on ") -> str:
    """Whether the ticket is new, of the backlog, or was warned of `before` a day. On the first run nothing is new."""
    if digest.is_first:
        return "backlog"
    if ticket.is_new or ticket.first_said is None:
        return "new"
    return f"{before}{day_in_words(ticket.first_said, digest.day)}"


def tally(label: str, tickets: Sequence[DigestTicket], digest: Digest) -> str:
    """The heading of a section: "Scheduled: 12 tickets, 1,140.00"; without money where none is at stake."""
    amount = total(tickets)
    return strung(", ", f"{label}: {counted(len(tickets), 'ticket')}", some_money(amount, digest.currency))


def at_stake(ticket: DigestTicket, currency: str) -> str:
    """What the ticket puts at risk: "75.00", "1.5 h prepaid"; empty where that is nothing."""
    hours = f"{in_hours(ticket.prepaid_hours)} h prepaid" if ticket.prepaid_hours else ""
    said = strung(", ", some_money(ticket.amount, currency), hours)
    return said or ("worth not known" if ticket.finding.unbilled.is_unknown else "")


def next_run(ticket: DigestTicket, digest: Digest) -> str:
    """When the recurring invoice runs: "expected on the invoice of Tue 1 Dec"."""
    if ticket.pickup_on is None:
        return "Syncro names no date for its next run"
    day = day_in_words(ticket.pickup_on, digest.day)
    if ticket.pickup is Pickup.OVERDUE:
        return f"⚠️ it should have run on {day}, and the charges are still unbilled"
    return f"expected on the invoice of {day}"


def amount_resolved(resolved: Resolved, currency: str) -> str:
    """What is at risk no more: "75.00 of 195.00"."""
    whole = money(resolved.standing.amount, currency)
    if resolved.remains is None:
        return f"nobody knows how much of {whole}"
    return (
        f"{money(resolved.amount, currency)} of {whole}" if resolved.remains else some_money(resolved.amount, currency)
    )


def is_quiet(digest: Digest) -> bool:
    """Whether nothing asks for attention: then one quiet line is enough, or nothing but a weekly sign of life."""
    listed = digest.sections.items()
    return not (
        any(tickets and verdict.traits.loudness is not Loudness.QUIET for verdict, tickets in listed)
        or digest.resolved
        or digest.uncharged_time
        or digest.rest_unread
        or digest.not_checked
        or digest.with_concerns
        or any(ticket.pickup is Pickup.OVERDUE for ticket in digest.tickets)
    )


def _counts(digest: Digest, *loudness: Loudness, without_sections: bool = False) -> Iterator[str]:
    """How many tickets there are of each verdict so loud, those first of which nothing is missing."""
    for verdict in sorted(Verdict, key=lambda verdict: -verdict.traits.assurance):
        if verdict.traits.loudness not in loudness or verdict is Verdict.INVOICED or not digest.counts[verdict]:
            continue
        if not (without_sections and verdict.traits.has_section):
            yield f"{digest.counts[verdict]:,} {verdict_words(verdict).counted}"


def _nothing(digest: Digest) -> str:
    """That nothing is unbilled, and no more than is known."""
    is_aside, in_doubt = digest.snoozed or digest.marked, digest.of(Verdict.UNVERIFIED) or digest.rest_unread
    word = "proved" if in_doubt else "else" if is_aside else ""
    among = "among the tickets that were checked" if digest.not_checked else ""
    return strung(" ", "nothing", word, "unbilled", among)


def _moved(by: int | Decimal, how_much: str, down: str) -> str:
    return f"{how_much} {'more' if by > 0 else down}" if by else ""
