"""The close of a month in Slack: a parent with its figures, and in its thread the tables and all that is to be said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

from bot.billing.rules.verdicts import Loudness, Verdict
from bot.counting import counted
from bot.digest.close import MONTH, Close, Sum
from bot.digest.close_forms import (
    TAX_IN_WORDS,
    caveats,
    change_in_words,
    columns_of,
    counts_in_words,
    figures_in_words,
    sum_cells,
    sums_of,
    title,
    to_look_at,
)
from bot.digest.model import DigestTicket
from bot.messages import phrases
from bot.messages.digest_blocks import data_table, number_cell
from bot.messages.digest_messages import DigestMessages, bulleted
from bot.messages.escape import mrkdwn
from bot.messages.rendered import (
    Cell,
    Line,
    Part,
    Rendered,
    header,
    joined,
    line,
    link_cell,
    paragraphs,
    small_print,
    split_messages,
    spoken,
    table_parts,
    text_cell,
    told,
)
from bot.words.findings import unbilled
from bot.words.plain import some_money, strung
from bot.words.verdicts import counts, verdict_words

_NAMED: Final = 12
"""Tickets that a line of the parent names."""
_MOST_LINES: Final = 50
"""Lines below a heading: the file has a row for every ticket."""
_NUMBERS: Final = 50
"""Ticket numbers in a line."""


def being_closed(month: date) -> str:
    """What the parent says while the tickets are read."""
    return f"*Close of {month:%B %Y}* · reading its tickets…"


def close_failed(month: date, explanation: str) -> Rendered:
    """That there is no close, and that this is no good news."""
    cause = mrkdwn(explanation, 1_000) or "the cause is not known."
    return told(
        f"⚠️ *The close of {month:%B %Y} could not be made:* {cause}",
        "Nothing is known about its tickets, so this is not an all-clear.",
    )


def close_messages(close: Close, asked_by: str) -> DigestMessages:
    """The parent, and its thread. `asked_by` is a Slack user id."""
    return DigestMessages(_parent(close, asked_by), _thread(close))


def _parent(close: Close, asked_by: str) -> Rendered:
    alarms, figures = close.digest.unbilled, dict(figures_in_words(close))
    top = [line(f"*{title(close)}*"), line(f"{counts_in_words(close)}.")]
    heading: list[Part] = []
    if alarms:
        others = counts(
            [each.finding for each in close.tickets if each.finding.verdict is not Verdict.NOT_INVOICED], cautious=True
        )
        heading = [_alarm(close, len(alarms), figures.pop("At risk", ""))]
        top = [line(f"The others: {', '.join(others)}.")] if others else []
    lines = [
        strung(" · ", *(f"*{label}:* {mrkdwn(said, 200)}" for label, said in figures.items())),
        _named(verdict_words(Verdict.NOT_INVOICED).label, alarms),
        *(_named(label, [ticket for ticket, _ in said]) for label, said in to_look_at(close)),
        _compared(close),
    ]
    made = f"made {phrases.moment(close.made_at)} · {TAX_IN_WORDS} · tables in the thread"
    return joined(
        [
            *heading,
            *paragraphs([*top, *map(line, filter(None, lines))]),
            small_print(line(f"{made} · asked by <@{asked_by}>", spoken(made))),
        ]
    )


def _alarm(close: Close, alarms: int, at_risk: str) -> Part:
    """The heading, where tickets are proved to be on no invoice."""
    said, risk = verdict_words(Verdict.NOT_INVOICED), f"{at_risk} at risk" if at_risk else ""
    top = strung(" · ", title(close), f"{alarms:,} of {counted(len(close.tickets), 'ticket')} {said.label}", risk)
    return Part(f"Warning. {top}", (header(f"{said.glyph} {top}"),))


def _named(label: str, tickets: Sequence[DigestTicket]) -> str:
    if not tickets:
        return ""
    more = len(tickets) - _NAMED
    numbers = phrases.numbers(ticket.finding.ticket_number for ticket in tickets[:_NAMED])
    return f"*{label}:* {numbers}{f' and {more:,} more in the thread' if more > 0 else ''}"


def _compared(close: Close) -> str:
    if close.earlier is None:
        return ""
    changed, since = len(close.changes), f"since the close made {phrases.moment(close.earlier.made_at)}"
    return f"*{counted(changed, 'ticket')}* changed {since}" if changed else f"Nothing has changed {since}"


def _thread(close: Close) -> list[Rendered]:
    digest, about = close.digest, title(close)
    cost = f"{counted(digest.api_calls, 'call')} to Syncro in {digest.seconds:.1f} seconds for this request"
    parts = [
        *(part for name, sums in sums_of(close) for part in _sums(name, sums, close)),
        *_loud(close),
        *(part for heading, said in to_look_at(close) for part in _section(heading, said)),
        *_capped("Not among the money", [line(f"• {label}: {mrkdwn(said, 1_000)}") for label, said in caveats(close)]),
        *_capped("What changed", [line(f"• {mrkdwn(change_in_words(each), 400)}") for each in close.changes]),
        *bulleted("Every ticket, by its verdict", _every(close)),
        small_print(line(cost)),
    ]
    return split_messages([Part(part.words, part.blocks, about) for part in parts])


def _sums(name: str, sums: Sequence[Sum], close: Close) -> list[Part]:
    columns, rows = columns_of(close), []
    for each in sums:
        cells = sum_cells(each, columns, close.digest.currency)
        said = (
            f"{column.lower()} {words}" for column, (_, words) in zip(columns.values(), cells, strict=True) if words
        )
        numbers = [number_cell(value, words) if words else text_cell("") for value, words in cells]
        count = number_cell(each.tickets, f"{each.tickets:,}")
        told_of_it = strung(", ", counted(each.tickets, "ticket"), *said)
        named = each.name if each.is_ours else mrkdwn(each.name, 40)
        rows.append(([text_cell(each.name, 40), count, *numbers], f"{named}: {told_of_it}"))
    return _table(f"By {name.lower()}", (name, "Tickets", *columns.values()), rows)


def _loud(close: Close) -> list[Part]:
    """The tickets that ask for something, the loudest first."""
    loud = [verdict for verdict in close.counts if verdict.traits.loudness is not Loudness.QUIET]
    kept = {each.ticket_number: each for each in close.kept}
    rows = []
    for ticket in (each for verdict in loud for each in close.tickets if each.finding.verdict is verdict):
        finding, known = ticket.finding, kept[ticket.finding.ticket_number]
        left = unbilled(finding.unbilled, finding.currency) if finding.verdict is Verdict.PARTIALLY_INVOICED else ""
        rest = f"still unbilled: {left}" if left else ""
        said = strung(", ", verdict_words(finding.verdict).inline, rest, known.aside)
        at_risk = some_money(known.figures.at_risk, close.digest.currency)
        cells = [
            link_cell(finding.ticket_url, phrases.bare_number(finding), 30),
            text_cell(finding.customer, 40),
            text_cell(finding.technician, 30),
            text_cell(said),
            number_cell(known.figures.at_risk, at_risk) if at_risk else text_cell(""),
        ]
        number, risk = phrases.numbers([finding.ticket_number]), f"{at_risk} at risk" if at_risk else ""
        words = (number, mrkdwn(finding.customer, 40), mrkdwn(finding.technician, 30), said, risk)
        rows.append((cells, strung(" · ", *words)))
    return _table("To look at", ("Ticket", "Customer", "Technician", "Verdict", "At risk"), rows)


def _table(heading: str, columns: Sequence[str], rows: Sequence[tuple[Sequence[Cell], str]]) -> list[Part]:
    """The table, or several; what its caption says, the words say too."""
    parts = table_parts([text_cell(each) for each in columns], rows, partial(data_table, heading))
    return [replace(part, words=f"{heading}\n{part.words}") for part in parts]


def _section(heading: str, said: Iterable[tuple[DigestTicket, str]]) -> list[Part]:
    told = [
        (phrases.number_link(each.finding), mrkdwn(each.finding.customer, 80), mrkdwn(why, 400)) for each, why in said
    ]
    return _capped(heading, [line(f"• {strung(' · ', *words)}") for words in told])


def _capped(heading: str, lines: Sequence[Line]) -> list[Part]:
    more = len(lines) - _MOST_LINES
    rest = [line(f"…and {more:,} more, which the terminal names: `invoice-bot close`")] if more > 0 else []
    return bulleted(heading, [*lines[:_MOST_LINES], *rest])


def _every(close: Close) -> Iterable[Line]:
    for verdict in close.counts:
        numbers = [each.ticket_number for each in close.kept if each.verdict is verdict]
        for start in range(0, len(numbers), _NUMBERS):
            yield line(f"• {verdict_words(verdict).label}: {phrases.numbers(numbers[start : start + _NUMBERS])}")


def usage(command: str, why: str) -> Rendered:
    """No month that can be closed was named."""
    return told(f"{mrkdwn(why, 200)} For example `{mrkdwn(command, 40)} close {date(2026, 10, 1):{MONTH}}`.")
