"""The messages of one request: the parent while it works and when it is done, and the evidence in its thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.billing.rules.verdicts import Assurance, CheckReport, Finding, Loudness, Unbilled, Verdict
from bot.counting import counted
from bot.messages import phrases
from bot.messages.digest_blocks import data_table
from bot.messages.escape import mrkdwn
from bot.messages.rendered import (
    BUTTON_VALUE_LIMIT,
    Cell,
    Line,
    Part,
    Rendered,
    actions,
    button,
    fits,
    header,
    joined,
    line,
    link_cell,
    paragraphs,
    small_print,
    split_messages,
    spoken,
    text_cell,
    told,
)
from bot.ticket_references import TICKET_NUMBER
from bot.words import reasons
from bot.words.concerns import concern_in_words
from bot.words.findings import coverage, how_linked, unbilled
from bot.words.plain import strung
from bot.words.reasons import unsaid
from bot.words.verdicts import counts, verdict_words

CANCEL: Final = "cancel_check"
"""The action of the button; see `bot.jobs.cancellation`."""
CHECK_AGAIN: Final = "check_again"
"""The action of the button; its value is the ticket numbers, joined by commas."""

_ASSURANCES: Final[Mapping[Assurance, str]] = {
    Assurance.NOTHING: "",
    Assurance.NONE_MISSING: "no invoice is missing",
    Assurance.NONE_WITHOUT: "none without an invoice",
}
_LINES_OF_ONE: Final = 3
"""How many lines the parent of one ticket has between its headline and the small print."""
_TABLE_WORDS: Final = 2_800
"""How many characters the words of a table may take."""
_PAGE: Final = 7
"""Rows of the table that are seen at once: with what stands around them no more than twelve lines."""
_IN_A_LINE: Final = 10
"""Tickets of the thread of which no more is said than that they are as the others."""
_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}")
_CHANNEL: Final = re.compile(r"[CDG][A-Z0-9]{1,30}")


# The parent


def checking(numbers: Sequence[str], *, waits: bool = False, cancel: str = "") -> Rendered:
    """The parent while the work goes on. `waits` where it waits for the person's other questions.

    `cancel` is what its button to cancel sends.
    """
    return under_way(f"*{phrases.tickets(numbers)}* · checking…", *_named(numbers), waits=waits, cancel=cancel)


def under_way(*said: str, waits: bool = False, cancel: str = "") -> Rendered:
    """The parent of whatever takes a while; see `checking`."""
    if waits:
        said = (*said, "It begins when one of your other questions is answered.")
    buttons = [Part("", (actions(button("Cancel", CANCEL, cancel)),))] if 0 < len(cancel) <= BUTTON_VALUE_LIMIT else []
    return joined([*paragraphs(map(line, said)), *buttons])


def looking_for(tickets: str) -> Rendered:
    """The parent while tickets are selected."""
    return told(f"Looking for {mrkdwn(tickets, 1_000)}…")


def cancelled(numbers: Sequence[str], by: str) -> Rendered:
    """The parent of a question that somebody cancelled. `by` is a Slack user id; a close has a name, no number."""
    what = mrkdwn(numbers[0].capitalize(), 40) if " " in " ".join(numbers[:1]) else phrases.tickets(numbers)
    who = f" by <@{by}>" if _USER.fullmatch(by) else ""
    return joined([*paragraphs([line(f"*{what}* · cancelled{who}")]), *_check_again(numbers)])


def may_not_cancel() -> Rendered:
    """Somebody else's question."""
    return told("Only the person who asked and managers may cancel this question.")


def not_under_way() -> Rendered:
    """A question that has ended already."""
    return told("This question is not under way any more: it has been answered, or cancelled.")


def outcome(findings: Sequence[Finding], asked_by: str | None) -> Rendered:
    """The parent's final form. `asked_by` is a Slack user id."""
    if not findings:
        return told("No ticket was checked.")
    when = max(finding.checked_at for finding in findings)
    tail = [signature(when, asked_by), *_check_again([f.ticket_number for f in findings])]
    if len(findings) == 1:
        (finding,) = findings
        lines = _beside_headline(finding)
        left = len(lines) - _LINES_OF_ONE + 1
        if left > 1:
            lines = [*lines[: _LINES_OF_ONE - 1], line(f"{counted(left, 'more remark')} in the thread.")]
        return joined([*_opening(finding), *paragraphs(lines), *tail])
    return _outcome_of_many(findings, tail)


def failed(numbers: Sequence[str], explanation: str) -> Rendered:
    """The parent when the check itself broke down."""
    doubt = verdict_words(Verdict.UNVERIFIED)
    what = strung(": ", phrases.tickets(numbers), *_named(numbers)) if numbers else "your question"
    said = [
        f"{doubt.glyph} *{doubt.label}* · {what} — {doubt.caution}",
        f"The check did not finish: {mrkdwn(explanation, 1_000) or 'the cause is not known'}",
    ]
    return joined([*paragraphs(map(line, said)), *_check_again(numbers)])


def _named(numbers: Sequence[str]) -> list[str]:
    """The tickets, where the line above only counts them."""
    return [phrases.numbers(numbers)] if len(numbers) > 1 else []


def _opening(finding: Finding) -> list[Part]:
    """The headline. A ticket that is proved to be on no invoice has it as a header, and nothing else has one."""
    if finding.verdict.traits.loudness is Loudness.ALARM:
        return [Part(phrases.plain_headline(finding), (header(phrases.title(finding)),))]
    return paragraphs([phrases.headline_line(finding)])


def _beside_headline(finding: Finding) -> list[Line]:
    """What a headline does not say: the reason first, the subject last."""
    why = phrases.reason(finding)
    status = finding.status if finding.status and finding.status not in reasons.beside_headline(finding) else ""
    about = strung(" · ", phrases.about(finding), f"status {mrkdwn(status, 80)}" if status else "")
    return [
        *([line(why)] if why else []),
        *_failures(finding.failures[:1] if finding.invoices else ()),
        *map(phrases.possible_mention, finding.possible),
        *_concerns(finding),
        *([line(about)] if about else []),
    ]


def _outcome_of_many(findings: Sequence[Finding], tail: Sequence[Part]) -> Rendered:
    attention = _needing_attention(findings)
    opening = _opening_of_many(findings)
    rows = [_row(finding) for finding in attention]
    said = _said_of(attention)
    for shown in range(len(rows), 0, -1):
        left = [finding.ticket_number for finding in attention[shown:]]
        more = paragraphs([line(f"In the thread: {phrases.numbers(left)}.", "")] if left else [])
        table = data_table(counted(shown, "ticket") + " to look at", [_HEADING, *rows[:shown]], _PAGE)
        parts = [*opening, Part("\n".join(said), (table,)), *more, *tail]
        if fits(parts):
            return joined(parts)
    return joined([*opening, *tail])


def _opening_of_many(findings: Sequence[Finding]) -> list[Part]:
    """The counts, and what they must not be taken for. Where there is an alarm, its number and money are a header."""
    whole = _summary(findings)
    unpaid = [finding for finding in findings if finding.verdict.traits.loudness is Loudness.ALARM]
    if not unpaid:
        return paragraphs([line(whole)])
    said = verdict_words(unpaid[0].verdict)
    title = f"{said.glyph} {said.label} · {len(unpaid):,} of {counted(len(findings), 'ticket')}"
    money_at_risk = _total(unpaid)
    others = _counts([finding for finding in findings if finding not in unpaid])
    words = strung(". ", f"Warning. {spoken(whole)}", f"Unbilled: {money_at_risk}" if money_at_risk else "")
    return [
        Part(f"{words}.", (header(strung(" · ", title, money_at_risk)),)),
        *(Part("", part.blocks) for part in paragraphs([line(f"The others: {others}")] if others else [])),
    ]


def _total(findings: Sequence[Finding]) -> str:
    """The unbilled work of them all; empty where some of it is not known."""
    works, currency = [finding.unbilled for finding in findings], findings[0].currency
    if any(work.is_unknown for work in works):
        return ""
    charges = sum((work.charges or Decimal() for work in works), Decimal())
    return unbilled(Unbilled(sum(work.minutes or 0 for work in works), charges), currency)


def _summary(findings: Sequence[Finding]) -> str:
    """*31 tickets*: 29 invoiced, 2 non-billable, none without an invoice."""
    assurance = _ASSURANCES[min(finding.verdict.traits.assurance for finding in findings)]
    is_sure = not any(finding.rest_is_unknown for finding in findings)
    return f"*{counted(len(findings), 'ticket')}:* {strung(', ', _counts(findings), assurance if is_sure else '')}"


def _counts(findings: Sequence[Finding]) -> str:
    """29 invoiced, 1 could not be verified (this is not a statement that the invoice is missing)."""
    return ", ".join(counts(findings, cautious=True))


def _said_of(attention: Sequence[Finding]) -> list[str]:
    """The table in words, a line for each verdict; without the customers and amounts where they find no room."""
    lines = _by_verdict(attention, list(map(_in_words, attention)))
    if sum(map(len, lines)) <= _TABLE_WORDS:
        return lines
    return _by_verdict(attention, [phrases.numbers([finding.ticket_number]) for finding in attention])


def _by_verdict(findings: Sequence[Finding], told: Sequence[str]) -> list[str]:
    said: dict[str, list[str]] = {}
    for finding, words in zip(findings, told, strict=True):
        said.setdefault(verdict_words(finding.verdict).label, []).append(words)
    return [f"{label}: {', '.join(tickets)}" for label, tickets in said.items()]


def _in_words(finding: Finding) -> str:
    """#32223 (Kittle, 180.00 in charges, look at invoice 67470)."""
    told = strung(
        ", ", mrkdwn(finding.customer, 40), unbilled(finding.unbilled, finding.currency), mrkdwn(_to_do(finding), 60)
    )
    return strung(" ", phrases.numbers([finding.ticket_number]), f"({told})" if told else "")


def signature(when: datetime, asked_by: str | None) -> Part:
    """When it was checked, and who asked."""
    asked = f"asked by <@{asked_by}>" if asked_by and _USER.fullmatch(asked_by) else ""
    said = f"checked {phrases.moment(when)}", "evidence in the thread"
    return small_print(line(strung(" · ", *said, asked), spoken(" · ".join(said))))


def _check_again(numbers: Sequence[str]) -> list[Part]:
    value = ",".join(number for number in numbers if TICKET_NUMBER.fullmatch(number))
    if not value or len(value) > BUTTON_VALUE_LIMIT:
        return []
    return [Part("", (actions(button("Check again", CHECK_AGAIN, value)),))]


def _needing_attention(findings: Sequence[Finding]) -> list[Finding]:
    """Loudest verdict first, and in the order asked within a verdict."""
    verdicts = [verdict for verdict in Verdict.loudest_first() if verdict.traits.loudness is not Loudness.QUIET]
    loud = [finding for verdict in verdicts for finding in findings if finding.verdict is verdict]
    return [*loud, *(each for each in findings if each.rest_is_unknown and each not in loud)]


# The thread


def progress(done: int, wanted: int, what: str) -> Rendered:
    """The one message in the thread that is edited while a long search runs."""
    answered = f"{done:,} of {counted(wanted, 'ticket')} answered, " if wanted > 1 else ""
    return told(f"Still looking: {answered}{what}…")


def receipt(findings: Sequence[Finding], report: CheckReport) -> list[Rendered]:
    """The evidence, in as many messages as it needs."""
    cost = f"{counted(report.api_calls, 'call')} to Syncro in {report.seconds:.1f} seconds for this request"
    outage = [line(f"Nothing could be read from Syncro: {mrkdwn(report.outage, 1_000)}")] if report.outage else []
    if len(findings) == 1:
        (finding,) = findings
        lines = [*outage, *_proof(finding)]
        said = strung(" · ", coverage(finding.coverage, phrases.day), cost)
        return split_messages([*paragraphs(lines, _name(finding)), small_print(line(said), about=_name(finding))])
    loud = _needing_attention(findings)
    return split_messages(
        [
            *paragraphs([line(f"*Evidence:* {', '.join(counts(findings))}"), *outage]),
            *_in_full([*loud, *(finding for finding in findings if finding not in loud)]),
            small_print(line(cost), about=f"*{counted(len(findings), 'ticket')}*, {', '.join(counts(findings))}"),
        ]
    )


def _proof(finding: Finding) -> list[Line]:
    """The receipt of one ticket, below a parent that says the rest."""
    return [
        line(f"*Where I looked for {phrases.number_link(finding)}* · {verdict_words(finding.verdict).label}"),
        *(line(f"• {said}") for said in _places(finding)),
        *_under("*Invoices that bill it*", _links(finding)),
        *_under("*What could not be read*", _failures(finding.failures)),
        *_under("*What may be meant*", [*map(phrases.possible_mention, finding.possible)]),
        *_concerns(finding),
    ]


def _in_full(findings: Iterable[Finding]) -> Iterator[Part]:
    """The tickets one below the other; what is true of several is said once, below them."""
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        own = finding.ticket_number if _remarks(finding) else ""
        alike.setdefault((own, finding.verdict, *_shared(finding)), []).append(finding)
    for (_, _, why, looked), some in alike.items():
        if len(some) == 1:
            (finding,) = some
            first = line(strung(" · ", phrases.headline(finding, cautious=False), why))
            lines = [first, *_remarks(finding), *([line(looked)] if looked else [])]
            yield from paragraphs(lines, _name(finding))
        else:
            yield from paragraphs(map(line, _briefly(some)))
            below = paragraphs([line(f"Each of these {len(some)}: {strung(' ', why, looked)}")])
            yield from (replace(part, about=_name(some[-1])) for part in below)


def _briefly(alike: Sequence[Finding]) -> list[str]:
    """Tickets of a verdict: a line each where the work matters, else some in a line."""
    if verdict_words(alike[0].verdict).names_work:
        return [phrases.headline(finding, cautious=False) for finding in alike]
    named = list(map(phrases.billed_on, alike))
    return [
        f"{phrases.sign(alike[0])} · {', '.join(named[at : at + _IN_A_LINE])}"
        for at in range(0, len(named), _IN_A_LINE)
    ]


def _shared(finding: Finding) -> tuple[str, str]:
    """What may be true of others too: the reason, and where none bills it, the places that were searched."""
    due = finding.expectation.due if finding.expectation else None
    is_proof = bool(finding.receipt) and not finding.invoices and due is not None and due.needs_proof
    looked = f"Looked: {'; '.join(_places(finding))}. {coverage(finding.coverage, phrases.day)}."
    return phrases.reason(finding, with_proof=is_proof), looked if is_proof else ""


def _remarks(finding: Finding) -> list[Line]:
    """What is said of this ticket alone."""
    return [
        *_failures(unsaid(finding)),
        *map(phrases.possible_mention, finding.possible),
        *_concerns(finding),
    ]


def _name(finding: Finding) -> str:
    """What a further message about a ticket opens with."""
    return f"*{phrases.number_link(finding)}* · {verdict_words(finding.verdict).label}"


def _places(finding: Finding) -> list[str]:
    return [f"{mrkdwn(looked.place, 200)} — {mrkdwn(looked.outcome, 400)}" for looked in finding.receipt]


def _links(finding: Finding) -> list[Line]:
    return [
        line(f"• {phrases.invoice_total(invoice, finding.currency)}: {mrkdwn(how_linked(invoice))}")
        for invoice in finding.invoices
    ]


def _failures(failures: Iterable[str]) -> list[Line]:
    return [line(f"• {mrkdwn(failure, 600)}") for failure in failures]


def _concerns(finding: Finding) -> list[Line]:
    return [line(f"⚠️ {mrkdwn(concern_in_words(concern, finding.currency), 400)}") for concern in finding.concerns]


def _under(heading: str, lines: Sequence[Line]) -> list[Line]:
    return [line(heading), *lines] if lines else []


# The table

_HEADING: Final = [text_cell(title) for title in ("Ticket", "Customer", "Verdict", "Unbilled", "To do")]


def _row(finding: Finding) -> list[Cell]:
    said = verdict_words(finding.verdict)
    return [
        link_cell(finding.ticket_url, phrases.bare_number(finding), 30),
        text_cell(finding.customer, 40),
        text_cell(f"{said.glyph} {said.label}"),
        text_cell(unbilled(finding.unbilled, finding.currency)),
        link_cell(finding.possible[0].url if finding.possible else None, _to_do(finding)),
    ]


def _to_do(finding: Finding) -> str:
    """The next step, in a few words; not escaped, and without texts from outside."""
    if finding.possible:
        return f"look at invoice {finding.possible[0].number[:20]}"
    if finding.contradiction:
        return "status Invoiced is wrong"
    if finding.paused_schedule is not None:
        return "recurring invoice is paused"
    if finding.failures:
        return f"{counted(len(finding.failures), 'read')} failed, see the thread"
    return verdict_words(finding.verdict).to_do


# When there is no place to answer


_CANNOT_POST: Final[Mapping[str, str]] = {
    "not_in_channel": "I am not in {place}. To get answers there, type `/invite @bot` in it, with my name"
    " in place of @bot.",
    "channel_not_found": "I cannot see {place}: it is a private channel that I am not in, or it was deleted."
    " If it exists, type `/invite @bot` in it, with my name in place of @bot.",
    "is_archived": "{place} is archived, so nobody can post in it. Ask again in a channel that is in use.",
    "restricted_action": "A setting of this workspace does not let me post in {place}. A workspace admin can"
    " allow it; until then, ask in another channel.",
    "external_channel": "{place} is shared with people outside this company, and billing data is not posted"
    " there. Ask again in a channel of your own.",
    "unknown_channel": "Slack does not tell me whether {place} is shared with people outside this company, so"
    " billing data is not posted there. The operator of this bot finds the cause in the log.",
}


def cannot_post(channel_id: str, reason_code: str) -> str:
    """What the person who asked is told, in a direct message, when the channel cannot be answered in."""
    place = f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else "that channel"
    if reason_code.startswith("restricted_action"):
        reason_code = "restricted_action"
    known = _CANNOT_POST.get(reason_code, "I cannot post in {place}; Slack says: {code}.")
    said = known.format(place=place, code=mrkdwn(reason_code, 80))
    return f"{said[0].upper()}{said[1:]} The answer comes to you in a direct message."
