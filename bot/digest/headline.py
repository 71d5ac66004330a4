"""The sentences that carry a digest: its headline, the healthy number, what changed. Plain text, only numbers."""

from __future__ import annotations

from decimal import Decimal

from bot.billing.rules.verdicts import Verdict
from bot.counting import counted
from bot.digest.model import Digest, Pickup
from bot.words.plain import capital, day_in_words, money


def headline(digest: Digest) -> str:
    """The digest in one sentence: how many, how much money, and what changed since the last run.

    Where nothing is unbilled it is the healthy number, for example
    "29 of 31 invoiced, 2 non-billable, nothing unbilled".
    """
    if not digest.unbilled:
        return _joined(capital(accounted(digest)), change(digest))
    said = [f"{counted(len(digest.unbilled), 'ticket')} unbilled", f"{money(digest.at_risk)} at risk"]
    unproved = len(digest.of(Verdict.UNVERIFIED))
    if unproved:
        said.append(f"{unproved:,} could not be verified")
    return _joined(", ".join(said), change(digest))


def accounted(digest: Digest) -> str:
    """The healthy number, and where the other tickets stand: "29 of 31 invoiced, 2 non-billable"."""
    if not digest.checked:
        return f"no ticket was checked, {_nothing(digest)}"
    said = [f"{_count(digest, Verdict.INVOICED):,} of {digest.checked:,} invoiced"]
    more = (
        (_count(digest, Verdict.PARTIALLY_INVOICED), "partly invoiced"),
        (_count(digest, Verdict.NON_BILLABLE), "non-billable"),
        (_count(digest, Verdict.SCHEDULED), "scheduled"),
        (_count(digest, Verdict.OPEN), "not finished"),
        (_count(digest, Verdict.NOT_FOUND), "not found"),
        (len(digest.marked), "marked as non-billable"),
        (len(digest.snoozed), "snoozed"),
        (len(digest.of(Verdict.UNVERIFIED)), "could not be verified"),
        (len(digest.rest_unread), "not read to the end"),
        (len(digest.unbilled), "unbilled"),
    )
    said += [f"{count:,} {what}" for count, what in more if count]
    return ", ".join(said if digest.unbilled else [*said, _nothing(digest)])


def change(digest: Digest) -> str:
    """What changed since the last successful run; on the first one, that this is the backlog. May be empty."""
    before = digest.previous
    if digest.is_part:
        return ""
    if before is None:
        return "the first digest, so this is the backlog" if digest.unbilled else ""
    tickets, amount = len(digest.unbilled) - before.unbilled, digest.at_risk - before.money
    said = [_moved(tickets, counted(abs(tickets), "ticket"), "fewer"), _moved(amount, money(abs(amount)), "less")]
    since = f"since {day_in_words(before.day, digest.day)}"
    if not any(said):
        return f"unchanged {since}" if digest.unbilled else ""
    return f"{since}: {said[0] or 'as many tickets'}, {said[1] or 'as much money'}"


def is_quiet(digest: Digest) -> bool:
    """Whether nothing asks for attention: then one quiet line is enough, or nothing but a weekly sign of life."""
    overdue = any(line.pickup is Pickup.OVERDUE for line in digest.of(Verdict.SCHEDULED))
    return not (
        digest.unbilled
        or digest.of(Verdict.UNVERIFIED)
        or digest.resolved
        or digest.uncharged_time
        or digest.of(Verdict.PARTIALLY_INVOICED)
        or digest.rest_unread
        or digest.not_checked
        or overdue
    )


def _count(digest: Digest, verdict: Verdict) -> int:
    return digest.counts.get(verdict, 0)


def _nothing(digest: Digest) -> str:
    """That nothing is unbilled, and no more than is known."""
    is_aside, in_doubt = digest.snoozed or digest.marked, digest.of(Verdict.UNVERIFIED) or digest.rest_unread
    word = "proved" if in_doubt else "else" if is_aside else ""
    among = "among the tickets that were checked" if digest.not_checked else ""
    return " ".join(filter(None, ["nothing", word, "unbilled", among]))


def _moved(by: int | Decimal, how_much: str, down: str) -> str:
    return f"{how_much} {'more' if by > 0 else down}" if by else ""


def _joined(said: str, changed: str) -> str:
    return f"{said}; {changed}" if changed else said
