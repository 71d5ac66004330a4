"""The digest in Slack: a parent that can be read in a minute, and everything else in its thread.

What does not fit into the parent goes to the thread, and the parent says so. The words of every message say the same
as its blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.billing.rules.verdicts import Loudness, Verdict, WarningEnding
from bot.counting import counted
from bot.digest.groups import Group, by_customer, by_technician
from bot.digest.headline import headline, tally
from bot.digest.model import NOTHING, Digest, DigestTicket, Mark, Pickup, Resolved
from bot.messages import digest_rows as rows
from bot.messages import phrases
from bot.messages.digest_acts import mark_line
from bot.messages.digest_charts import charts
from bot.messages.digest_opening import head, in_brackets, quiet, title
from bot.messages.escape import mrkdwn
from bot.messages.rendered import (
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
from bot.words.plain import day_in_words, listed, some_money, strung
from bot.words.verdicts import ending_words, verdict_words

_CARDS_IN_PARENT: Final = 3
_ROWS_IN_PARENT: Final = 10


@dataclass(frozen=True)
class DigestMessages:
    """What is posted: the parent, and then its thread in order."""

    parent: Rendered
    thread: list[Rendered]


@dataclass(frozen=True)
class Retraction:
    """How a warning that no longer stands reads: the message that said it, edited, and the line for its thread.

    `update` is the same for the top of a message that said more.
    """

    parent: Rendered
    thread: Rendered
    update: str


def digest_messages(digest: Digest) -> DigestMessages:
    """The digest, or a part of it."""
    groups, details = _groups(digest), _details(digest)
    parent, left = _parent(digest, bool(groups or details))
    about = title(digest)
    sections = [replace(part, about=about) for part in [*groups, *left, *details]]
    if not sections:
        return DigestMessages(parent, [])
    thread = [small_print(line(f"{about}: the details")), *sections, replace(_signature(digest), about=about)]
    return DigestMessages(parent, split_messages(thread))


# The parent


def _parent(digest: Digest, has_details: bool) -> tuple[Rendered, list[Part]]:
    """The parent, which one screen holds, and the parts that belong to the thread.

    Few tickets are cards with their buttons; of many the first ten are a table, and all are cards in the thread.
    """
    opening, pictures = head(digest), charts(digest)
    cards = [rows.card(ticket, digest) for ticket in digest.weightiest_first]
    few = [*opening, *cards, *pictures[:1], *_hint(digest, "details" if has_details or pictures[1:] else "")]
    if len(cards) <= _CARDS_IN_PARENT and fits(few):
        return joined(few), pictures[1:]
    listed = [rows.row(ticket, digest) for ticket in digest.weightiest_first]
    below = _headed(tally("Unbilled, ticket by ticket", digest.unbilled, digest), cards)
    for shown in range(min(len(listed), _ROWS_IN_PARENT), 0, -1):
        table = rows.table(listed[:shown], len(listed))
        whole = [*opening, *table, *pictures[:1], *_hint(digest, _in_thread(len(listed) - shown))]
        if len(table) == 1 and fits(whole):
            return joined(whole), [*pictures[1:], *below]
    return joined([*opening, *_hint(digest, _in_thread(len(listed)))]), [*pictures, *below]


def _in_thread(left: int) -> str:
    more = f"{counted(left, 'more unbilled ticket')}, " if left else ""
    return f"{more}the buttons and the details"


def _hint(digest: Digest, below: str) -> list[Part]:
    """The small print: what the amounts are, and what is in the thread."""
    said = strung(
        " · ",
        "at risk: tickets on no invoice only, before tax" if digest.unbilled else "",
        f"{below} in the thread" if below else "",
    )
    return [small_print(line(said))] if said else []


def _signature(digest: Digest) -> Part:
    cost = f"{counted(digest.api_calls, 'call')} to Syncro in {digest.seconds:.0f} seconds"
    return small_print(line(f"made {phrases.moment(digest.made_at)} · {cost}"))


# The thread


def _groups(digest: Digest) -> list[Part]:
    """Several unbilled tickets by whom they concern."""
    if len(digest.unbilled) < 2:
        return []
    return [
        *_grouped("By customer", by_customer(digest.unbilled), digest.currency),
        *_grouped("By technician", by_technician(digest.unbilled), digest.currency),
    ]


def _details(digest: Digest) -> list[Part]:
    """The tickets of the other sections in full, in the order of the parent."""
    return [
        *bulleted(_recovered(digest), (rows.resolved_line(each, digest) for each in digest.resolved)),
        *_tickets("Time not yet charged", digest.uncharged_time, digest, rows.uncharged_line),
        *(part for verdict, listed in digest.beside_unbilled for part in _section(verdict, listed, digest)),
        *_tickets(f"On an invoice, but {REST_UNKNOWN}", digest.rest_unread, digest, rows.rest_unread_line),
        *_tickets("Look at these invoices", digest.with_concerns, digest, rows.concern_line),
        *_tickets("Snoozed", digest.snoozed, digest, rows.snoozed_line),
        *_tickets("Marked as non-billable in the bot", digest.marked, digest, rows.marked_line),
        *bulleted("Not looked at this time", (rows.not_checked_line(each, digest) for each in digest.not_checked)),
    ]


def _recovered(digest: Digest) -> str:
    amount = sum((each.amount for each in digest.resolved), NOTHING)
    count = counted(len(digest.resolved), "ticket")
    return strung(", ", f"Recovered and settled: {count}", some_money(amount, digest.currency))


def _section(verdict: Verdict, tickets: Sequence[DigestTicket], digest: Digest) -> list[Part]:
    """The tickets of a verdict: those in doubt as cards, the others as lines, overdue ones first."""
    heading = verdict_words(verdict).label
    if verdict.traits.loudness is Loudness.DOUBT:
        return _headed(tally(heading, tickets, digest), [rows.unverified_card(ticket, digest) for ticket in tickets])
    overdue_first = sorted(tickets, key=lambda ticket: ticket.pickup is not Pickup.OVERDUE)
    return _tickets(heading, overdue_first, digest, rows.section_line)


def _tickets(
    heading: str, tickets: Sequence[DigestTicket], digest: Digest, say: Callable[[DigestTicket, Digest], Line]
) -> list[Part]:
    return bulleted(tally(heading, tickets, digest), (say(ticket, digest) for ticket in tickets))


def _grouped(heading: str, groups: Sequence[Group], currency: str) -> list[Part]:
    return bulleted(
        heading,
        (
            line(
                f"• *{mrkdwn(group.name, 80)}:* {group.in_words(currency)}:"
                f" {phrases.numbers(ticket.finding.ticket_number for ticket in group.lines)}"
            )
            for group in groups
        ),
    )


def bulleted(heading: str, lines: Iterable[Line]) -> list[Part]:
    """The lines below their heading; nothing where there are none."""
    told = list(lines)
    return paragraphs([line(f"*{heading}*"), *told]) if told else []


def _headed(heading: str, cards: Sequence[Part]) -> list[Part]:
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
    update = line(f"Ticket {number}{customer} {now}.")
    parent, thread = ([*paragraphs(said), *when] for said in ([top, over], [update]))
    return Retraction(joined(parent), joined(thread), update.words)


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
