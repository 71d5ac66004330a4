"""The digest in Slack: a parent that can be read in a minute, and everything else in its thread.

What does not fit into the parent goes to the thread, and the parent says so. The words of every message say the same
as its blocks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.billing.rules.verdicts import Loudness, Verdict, WarningEnding
from bot.counting import counted
from bot.digest.groups import Group, by_customer, by_technician
from bot.digest.headline import headline
from bot.digest.model import Digest, DigestTicket, Mark, Pickup, Resolved
from bot.messages import digest_rows as rows
from bot.messages import phrases
from bot.messages.digest_acts import mark_line
from bot.messages.digest_charts import charts
from bot.messages.digest_opening import head, in_brackets, quiet, title
from bot.messages.escape import mrkdwn
from bot.messages.rendered import (
    TABLE_ROWS_LIMIT,
    Line,
    Part,
    Rendered,
    fits,
    joined,
    line,
    paragraphs,
    small_print,
    split_messages,
    told,
)
from bot.words.findings import REST_UNKNOWN, how_linked
from bot.words.plain import day_in_words, listed, money
from bot.words.verdicts import ending_words, verdict_words

_CARDS_IN_PARENT: Final = 5


@dataclass(frozen=True)
class DigestMessages:
    """What is posted: the parent, and then its thread in order."""

    parent: Rendered
    thread: list[Rendered]


@dataclass(frozen=True)
class Retraction:
    """How a warning that no longer stands reads: the message that said it, edited, and the line for its thread."""

    parent: Rendered
    thread: Rendered


def digest_messages(digest: Digest) -> DigestMessages:
    """The digest, or a part of it."""
    details = _details(digest)
    where = " · details in the thread" if details else ""
    parent, left = _parent(digest, [_signature(digest, where)])
    first = small_print(line(f"{title(digest)}: the details"))
    sections = [*left, *details]
    thread = split_messages([first, *(replace(part, about=title(digest)) for part in sections)])
    return DigestMessages(parent, thread if sections else [])


# The parent


def _parent(digest: Digest, tail: Sequence[Part]) -> tuple[Rendered, list[Part]]:
    """The parent, and the parts that found no room in it."""
    opening, pictures = head(digest), charts(digest)
    cards = [rows.card(ticket, digest) for ticket in digest.unbilled]
    listed = [rows.row(ticket, digest) for ticket in digest.unbilled]
    tables = [Part("", each.blocks) for each in rows.table(listed)]  # the cards have the words
    whole = [*opening, *tables, *cards, *pictures[:2], *tail]
    if len(cards) <= _CARDS_IN_PARENT and fits(whole):
        return joined(whole), pictures[2:]
    below = headed("Unbilled, ticket by ticket", cards)
    for shown in (pictures[:2], []):
        made = _with_table(listed, opening, [*shown, *tail])
        if made is not None:
            parent, left = made
            return parent, [*left, *pictures[len(shown) :], *below]
    pointer = paragraphs([line(f"{counted(len(cards), 'unbilled ticket')}: the table is in the thread.")])
    return joined([*opening, *pointer, *tail]), [*rows.table(listed), *pictures, *below]


def _with_table(
    listed: Sequence[rows.Row], opening: Sequence[Part], tail: Sequence[Part]
) -> tuple[Rendered, list[Part]] | None:
    """The parent with as many rows of the table as there is room for, and the rows that are left."""

    def parts_with(count: int) -> list[Part]:
        return [*opening, *rows.table(listed[:count]), *paragraphs([_in_thread(len(listed) - count)]), *tail]

    possible = range(1, min(len(listed), TABLE_ROWS_LIMIT - 1) + 1)
    count = bisect_left(possible, True, key=lambda some: not fits(parts_with(some)))  # noqa: FBT003
    return (joined(parts_with(count)), rows.table(listed[count:])) if count else None


def _in_thread(left: int) -> Line:
    more = f"{counted(left, 'more unbilled ticket')} and the buttons" if left else "The buttons for each ticket"
    return line(f"{more} are in the thread.")


def _signature(digest: Digest, where: str = "") -> Part:
    calls = counted(digest.api_calls, "call")
    cost = f"{calls} to Syncro in {digest.seconds:.0f} seconds{' · amounts before tax' if digest.unbilled else ''}"
    return small_print(line(f"made {phrases.moment(digest.made_at)} · {cost}{where}"))


# The thread


def _details(digest: Digest) -> list[Part]:
    """Everything once more and in full, in the order of the parent."""
    return [
        *_grouped("By customer", by_customer(digest.unbilled), digest.currency),
        *_grouped("By technician", by_technician(digest.unbilled), digest.currency),
        *bulleted("Recovered and settled", (rows.resolved_line(each, digest) for each in digest.resolved)),
        *bulleted("Uncharged billable time", (rows.uncharged_line(each, digest) for each in digest.uncharged_time)),
        *(part for verdict, listed in digest.beside_unbilled for part in _section(verdict, listed, digest)),
        *bulleted(f"On an invoice, but {REST_UNKNOWN}", (rows.rest_unread_line(each) for each in digest.rest_unread)),
        *bulleted("Look at these invoices", (rows.concern_line(each) for each in digest.with_concerns)),
        *bulleted("Snoozed", (rows.snoozed_line(each, digest) for each in digest.snoozed)),
        *bulleted("Marked as non-billable in the bot", (rows.marked_line(each, digest) for each in digest.marked)),
        *bulleted("Not looked at this time", (rows.not_checked_line(each, digest) for each in digest.not_checked)),
    ]


def _section(verdict: Verdict, tickets: Sequence[DigestTicket], digest: Digest) -> list[Part]:
    """The tickets of a verdict: those in doubt as cards, the others as lines, overdue ones first."""
    heading = verdict_words(verdict).label
    if verdict.traits.loudness is Loudness.DOUBT:
        return headed(heading, [rows.unverified_card(ticket, digest) for ticket in tickets])
    overdue_first = sorted(tickets, key=lambda ticket: ticket.pickup is not Pickup.OVERDUE)
    return bulleted(heading, (rows.section_line(ticket, digest) for ticket in overdue_first))


def _grouped(heading: str, groups: Sequence[Group], currency: str) -> list[Part]:
    return bulleted(
        heading,
        (
            line(
                f"• *{mrkdwn(group.name, 80)}:* {counted(len(group.lines), 'ticket')}, {money(group.amount, currency)}:"
                f" {phrases.numbers(ticket.finding.ticket_number for ticket in group.lines)}"
            )
            for group in groups
        ),
    )


def bulleted(heading: str, lines: Iterable[Line]) -> list[Part]:
    """The lines below their heading; nothing where there are none."""
    told = list(lines)
    return paragraphs([line(f"*{heading}*"), *told]) if told else []


def headed(heading: str, cards: Sequence[Part]) -> list[Part]:
    """The cards below their heading, which stays with the first of them."""
    if not cards:
        return []
    (above,) = paragraphs([line(f"*{heading}*")])
    first = Part(f"{above.words}\n{cards[0].words}", (*above.blocks, *cards[0].blocks))
    return [first, *cards[1:]]


# When there is little to say, or nothing can be said


def list_not_attached() -> Rendered:
    """What stands in the thread where Slack did not take the list as a file."""
    said = "The list as a spreadsheet file could not be attached: invite me to this channel, or give me `files:write`."
    return told(said)


def quiet_line(digest: Digest) -> Rendered:
    """The digest of a day on which nothing is unbilled: one line, and one for the dates of what is scheduled."""
    return joined(quiet(digest))


def sign_of_life(digest: Digest) -> Rendered:
    """Once a week, where quiet days are not posted: so that silence never has to be trusted."""
    alive = "The digest runs, and it posts only when there is something to do; a digest that fails says so."
    return joined([*paragraphs([line(f"Sign of life: {headline(digest)}"), line(alive)]), _signature(digest)])


def digest_failed(explanation: str, *, try_until: datetime | None = None) -> Rendered:
    """That there is no digest, and that this is no good news. `explanation` says why and what to do.

    `try_until` is until when it is tried again, in the office's time.
    """
    cause = mrkdwn(explanation, 1_000) or "the cause is not known."
    said = [
        f"⚠️ *The invoice digest could not be made:* {cause}",
        "Nothing is known about today's tickets, so this is not an all-clear. Earlier warnings stand.",
    ]
    if try_until is not None:
        said.append(f"It is tried again every few minutes until {try_until:%H:%M}.")
    return told(*said)


def digest_made_after_all() -> Rendered:
    """What stands in place of the news that there was no digest, once there is one."""
    return told("The invoice digest could not be made at first. It was made later and stands below.")


def monthly_marks(marks: Sequence[Mark]) -> list[Rendered]:
    """The tickets that were marked as non-billable in the bot, for somebody to look over once a month."""
    top = f"*{counted(len(marks), 'ticket')} marked as non-billable in the bot.* Is each of them still right?"
    lines = [line(top), *(mark_line(mark) for mark in sorted(marks, key=lambda each: each.at))]
    return split_messages(paragraphs(lines, "Marked as non-billable in the bot"))


# When a warning no longer stands


def retracted_warning(resolved: Resolved) -> Retraction:
    """How the warning about one ticket reads when it no longer stands, naming the invoice where one has appeared."""
    standing, finding = resolved.standing, resolved.finding
    number, customer = phrases.numbers([standing.ticket_number]), in_brackets(standing.customer)
    over = line(f"The warning of {day_in_words(standing.first_said)}, that no invoice bills it, no longer stands.")
    now = _now(resolved)
    top = phrases.headline_line(finding) if finding else line(f"*Ticket {number}*{customer}: {now}")
    when = [small_print(line(f"checked {phrases.moment(finding.checked_at)}"))] if finding else []
    reply = line(f"Ticket {number}{customer} {now}. The warning above no longer stands.")
    return Retraction(joined([*paragraphs([top, over]), *when]), joined([*paragraphs([reply]), *when]))


def _now(resolved: Resolved) -> str:
    """What has become of the ticket, as the end of a sentence about it."""
    said = ending_words(resolved.ending).sentence
    if resolved.ending is not WarningEnding.INVOICED:
        return said
    named = []
    if (finding := resolved.finding) is not None:
        shown = [(phrases.invoice_total(each, finding.currency), each) for each in finding.invoices[:3]]
        named = [f"{total} ({mrkdwn(how_linked(each))})" for total, each in shown]
    return f"{said} {listed(named) or mrkdwn(resolved.invoice_number or '', 20)}"


def wrong_report_thanks() -> Rendered:
    """What the person reads who pressed "This is wrong"."""
    return told(
        "Thank you. Your report is noted, with the evidence on which the warning rests. Nothing was changed in Syncro;"
        " until it is settled you can snooze the ticket."
    )
