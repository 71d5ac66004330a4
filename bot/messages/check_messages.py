"""The messages of one request: the parent while it works and when it is done, and the evidence in its thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.billing.rules.verdicts import Assurance, CheckReport, Finding, Loudness, Verdict
from bot.counting import counted
from bot.messages import phrases
from bot.messages.escape import mrkdwn
from bot.messages.rendered import (
    BUTTON_VALUE_LIMIT,
    Cell,
    Line,
    Part,
    Rendered,
    actions,
    button,
    fit,
    header,
    joined,
    line,
    link_cell,
    paragraphs,
    size,
    small_print,
    split_messages,
    spoken,
    table_parts,
    text_cell,
    told,
)
from bot.ticket_references import TICKET_NUMBER
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
_LINKED_TABLE_ROOM: Final = 8_500
"""Links make a table heavy; one that would grow beyond this goes without them, so that it stays one table."""
_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}")
_CHANNEL: Final = re.compile(r"[CDG][A-Z0-9]{1,30}")


# The parent


def checking(numbers: Sequence[str], *, waits: bool = False, cancel: str = "") -> Rendered:
    """The parent while the work goes on. `waits` where it waits for the person's other questions.

    `cancel` is what its button to cancel sends.
    """
    said = [f"*{phrases.tickets(numbers)}* · checking…", *_named(numbers)]
    if waits:
        said.append("It begins when one of your other questions is answered.")
    buttons = [Part("", (actions(button("Cancel", CANCEL, cancel)),))] if 0 < len(cancel) <= BUTTON_VALUE_LIMIT else []
    return joined([*paragraphs(map(line, said)), *buttons])


def cancelled(numbers: Sequence[str], by: str) -> Rendered:
    """The parent of a question that somebody cancelled. `by` is a Slack user id."""
    who = f" by <@{by}>" if _USER.fullmatch(by) else ""
    return joined([*paragraphs([line(f"*{phrases.tickets(numbers)}* · cancelled{who}")]), *_check_again(numbers)])


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
    tail = [small_print(*_signature(findings, asked_by)), *_check_again([f.ticket_number for f in findings])]
    if len(findings) == 1:
        return _outcome_of_one(findings[0], tail)
    return _outcome_of_many(findings, tail)


def failed(numbers: Sequence[str], explanation: str) -> Rendered:
    """The parent when the check itself broke down."""
    doubt = verdict_words(Verdict.UNVERIFIED)
    said = [
        f"*{phrases.tickets(numbers)}* · {doubt.glyph} *{doubt.label}* — {doubt.caution}",
        *_named(numbers),
        f"The check did not finish: {mrkdwn(explanation, 1_000) or 'the cause is not known'}",
    ]
    return joined([*paragraphs(map(line, said)), *_check_again(numbers)])


def _named(numbers: Sequence[str]) -> list[str]:
    """The tickets, where the line above only counts them."""
    return [phrases.numbers(numbers)] if len(numbers) > 1 else []


def _outcome_of_one(finding: Finding, tail: Sequence[Part]) -> Rendered:
    head = [*_alarm([finding]), *paragraphs([phrases.headline_line(finding)])]
    return fit(head, _details(finding), tail, lambda _: line("There is more in the thread."))


def _outcome_of_many(findings: Sequence[Finding], tail: Sequence[Part]) -> Rendered:
    attention = _needing_attention(findings)
    head = [*_alarm(findings), *paragraphs([line(_summary(findings)), *_caution(findings)])]

    def rest(shown: int) -> Line:
        left = phrases.numbers(finding.ticket_number for finding in attention[shown:])
        return line(f"These need attention too, and are in the thread: {left}.")

    return fit(head, [_short_line(finding) for finding in attention], tail, rest)


def _alarm(findings: Sequence[Finding]) -> list[Part]:
    """The warning that cannot be overlooked. For tickets proved to be on no invoice, and for nothing else."""
    unpaid = [finding for finding in findings if finding.verdict.traits.loudness is Loudness.ALARM]
    if not unpaid:
        return []
    said = verdict_words(unpaid[0].verdict)
    if len(findings) == 1:
        title = f"{said.glyph} Warning: ticket {phrases.bare_number(unpaid[0])} is {said.label}"
        return [Part("", (header(title),))]
    title = f"Warning: {counted(len(unpaid), 'ticket')} {'is' if len(unpaid) == 1 else 'are'} {said.label}"
    named = phrases.numbers(finding.ticket_number for finding in unpaid)
    loud = paragraphs([line(f"*{said.label}:* {named}", f"{title}: {named}.")])
    return [Part("", (header(f"{said.glyph} {title}"),)), *loud]


def _summary(findings: Sequence[Finding]) -> str:
    """*31 tickets*: 29 invoiced, 2 non-billable, none without an invoice."""
    said = counts(findings)
    if not any(finding.rest_is_unknown for finding in findings):
        said.append(_ASSURANCES[min(finding.verdict.traits.assurance for finding in findings)])
    return f"*{counted(len(findings), 'ticket')}:* {strung(', ', *said)}"


def _caution(findings: Iterable[Finding]) -> list[Line]:
    """What the verdicts among many must not be taken for."""
    said = map(verdict_words, dict.fromkeys(finding.verdict for finding in findings))
    return [line(f"“{each.label}”: {each.caution}.") for each in said if each.caution]


def _short_line(finding: Finding) -> Line:
    """A ticket that needs attention, in the parent of several."""
    found = phrases.headline_line(finding)
    more = _why_briefly(finding)
    return line(strung(" · ", found.mrkdwn, more), strung(" ", found.words, more))


def _why_briefly(finding: Finding) -> str:
    return "" if finding.verdict is Verdict.NOT_FOUND else phrases.reason(finding, 150)


def _details(finding: Finding) -> list[Line]:
    """What stands under the headline of a single ticket."""
    subject, status = mrkdwn(finding.subject), mrkdwn(finding.status, 80)
    known = strung(" · ", f"Subject: {subject}" if subject else "", f"Status in Syncro: {status}" if status else "")
    texts = [phrases.reason(finding), known, _other_unbilled(finding)]
    return [
        *[line(text) for text in texts if text],
        *_concerns(finding),
        *_failures(unsaid(finding)),
        *map(phrases.possible_mention, finding.possible),
    ]


def _other_unbilled(finding: Finding) -> str:
    """Unbilled work of a ticket whose headline does not name it already."""
    work = unbilled(finding.unbilled, finding.currency)
    is_named = verdict_words(finding.verdict).names_work
    return f"On the ticket, on no invoice yet: {work}" if work and not is_named else ""


def _signature(findings: Sequence[Finding], asked_by: str | None) -> list[Line]:
    """When it was checked, what it cost, and who asked."""
    when = max(finding.checked_at for finding in findings)
    calls = counted(sum(finding.api_calls for finding in findings), "call")
    said = [line(f"checked {phrases.moment(when)} · {calls} to Syncro · evidence in the thread")]
    if asked_by and _USER.fullmatch(asked_by):
        said.append(Line(f"asked by <@{asked_by}>", ""))
    return said


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
    closing = line(f"{counted(report.api_calls, 'call')} to Syncro in {report.seconds:.1f} seconds for this request")
    outage = [line(f"Nothing could be read from Syncro: {mrkdwn(report.outage, 1_000)}")] if report.outage else []
    if len(findings) == 1:
        return _receipt_of_one(findings[0], outage, closing)
    return _receipt_of_many(findings, outage, closing)


def _receipt_of_one(finding: Finding, outage: Sequence[Line], closing: Line) -> list[Rendered]:
    lines = [
        phrases.headline_line(finding),
        *outage,
        *_under("*Where I looked*", _places(finding)),
        *_under("*Invoices that bill it*", _links(finding)),
        *_under("*What could not be read*", _failures(finding.failures)),
        *_under("*What may be meant*", [*map(phrases.possible_mention, finding.possible)]),
    ]
    footer = small_print(line(f"{coverage(finding.coverage)} · checked {phrases.moment(finding.checked_at)}"), closing)
    return split_messages([*paragraphs(lines), footer], _continued([finding]))


def _receipt_of_many(findings: Sequence[Finding], outage: Sequence[Line], closing: Line) -> list[Rendered]:
    first = paragraphs([line(_summary(findings)), *outage, *_caution(findings)])
    attention = [each for finding in _needing_attention(findings) for each in _full_line(finding)]
    evidence = [each for finding in findings for each in _compact(finding)]
    parts = [
        *first,
        *_table(findings),
        *paragraphs(_under("*Need attention*", attention)),
        *paragraphs(_under("*Evidence*", evidence)),
        small_print(closing),
    ]
    return split_messages(parts, _continued(findings))


def _full_line(finding: Finding) -> list[Line]:
    """A ticket that needs attention, with everything that helps to settle it."""
    why = phrases.reason(finding)
    return [
        phrases.headline_line(finding),
        *([line(why)] if why else []),
        *_concerns(finding),
        *_failures(unsaid(finding)),
        *map(phrases.possible_mention, finding.possible),
    ]


def _compact(finding: Finding) -> list[Line]:
    """The receipt of one ticket among several: the verdict, the links, the places, the counts."""
    found = _phrase_of_verdict(finding)
    details = [*_links(finding), *_concerns(finding), *_places(finding)]
    return [line(f"*{phrases.number_link(finding)}* {found} · {coverage(finding.coverage)}"), *details]


def _phrase_of_verdict(finding: Finding) -> str:
    said = verdict_words(finding.verdict)
    return f"{said.glyph} {said.label}"


def _places(finding: Finding) -> list[Line]:
    return [line(f"• {mrkdwn(looked.place, 200)} — {mrkdwn(looked.outcome, 400)}") for looked in finding.receipt]


def _links(finding: Finding) -> list[Line]:
    return [
        line(f"• invoice {phrases.invoice_total(invoice, finding.currency)}: {mrkdwn(how_linked(invoice))}")
        for invoice in finding.invoices
    ]


def _failures(failures: Iterable[str]) -> list[Line]:
    return [line(f"• {mrkdwn(failure, 600)}") for failure in failures]


def _concerns(finding: Finding) -> list[Line]:
    return [line(f"⚠️ {mrkdwn(concern_in_words(concern, finding.currency), 400)}") for concern in finding.concerns]


def _under(heading: str, lines: Sequence[Line]) -> list[Line]:
    return [line(heading), *lines] if lines else []


def _continued(findings: Sequence[Finding]) -> Part:
    """What a further message opens with, so that it stands on its own."""
    if len(findings) == 1:
        said = f"{phrases.tickets([findings[0].ticket_number])}, {_phrase_of_verdict(findings[0])}"
    else:
        said = spoken(_summary(findings))
    return small_print(line(f"{said} (continued)"))


# The table


def _table(findings: Sequence[Finding]) -> list[Part]:
    said = [_row_in_words(finding) for finding in findings]
    linked = [_row(finding, linked=True) for finding in findings]
    heavy = size([{"type": "table", "rows": linked}]) > _LINKED_TABLE_ROOM
    rows = [_row(finding, linked=False) for finding in findings] if heavy else linked
    heading = [text_cell(title) for title in ("Ticket", "Customer", "Status", "Verdict", "Invoice")]
    return table_parts(heading, list(zip(rows, said, strict=True)))


def _row(finding: Finding, *, linked: bool) -> list[Cell]:
    url = finding.ticket_url if linked else None
    return [
        link_cell(url, f"#{finding.ticket_number}", 21),
        text_cell(finding.customer, 40),
        text_cell(finding.status, 30),
        text_cell(_phrase_of_verdict(finding)),
        _invoice_cell(finding, linked=linked),
    ]


def _invoice_cell(finding: Finding, *, linked: bool) -> Cell:
    url = finding.invoices[0].url if linked and finding.invoices else None
    return link_cell(url, _invoice_label(finding), 60)


def _row_in_words(finding: Finding) -> str:
    """The row as a line: the same cells, each saying what it is."""
    invoice = mrkdwn(_invoice_label(finding), 60)
    status = mrkdwn(finding.status, 30)
    return strung(
        " · ",
        phrases.numbers([finding.ticket_number]),
        mrkdwn(finding.customer, 40),
        f"status {status}" if status else "",
        verdict_words(finding.verdict).label,
        f"invoice: {invoice}" if invoice else "",
    )


def _invoice_label(finding: Finding) -> str:
    """What the Invoice column says; not yet escaped."""
    if finding.invoices:
        number, more = finding.invoices[0].number, len(finding.invoices) - 1
        return f"{number[:20]} and {more} more" if more else number
    if finding.verdict.traits.loudness is Loudness.ALARM:
        return "none"
    if finding.verdict.traits.loudness is Loudness.DOUBT:
        return f"look at {finding.possible[0].number}" if finding.possible else "not known"
    return ""


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
