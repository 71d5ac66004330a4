"""One ticket of a digest in Slack: as a row of the table, as a card with buttons, as a line of a section."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from bot.billing.rules.verdicts import Finding, Unbilled, Verdict, WarningEnding
from bot.counting import counted
from bot.digest.headline import amount_resolved, at_stake, next_run, warned
from bot.digest.model import Digest, DigestTicket, Pickup, Resolved, Standing
from bot.messages import phrases
from bot.messages.digest_blocks import data_table, link_button, number_cell
from bot.messages.escape import mrkdwn, plain
from bot.messages.rendered import (
    BUTTON_VALUE_LIMIT,
    Block,
    Cell,
    Line,
    Part,
    actions,
    button,
    line,
    link_cell,
    section,
    table_parts,
    text_cell,
)
from bot.words.concerns import concern_in_words
from bot.words.findings import coverage, repeated, unbilled
from bot.words.plain import capital, day_in_words, duration, money, some_money, strung
from bot.words.reasons import CONTRADICTION, unsaid
from bot.words.verdicts import ending_words, verdict_words

RECHECK: Final = "digest_recheck"
SNOOZE: Final = "digest_snooze"
MARK: Final = "digest_mark"
WRONG: Final = "digest_wrong"
OPEN_IN_SYNCRO: Final = "open_in_syncro"

_FAILURES: Final = 3
_POSSIBLE: Final = 2
_BUTTONS: Final = (
    ("Recheck now", RECHECK),
    ("Snooze…", SNOOZE),
    ("Mark as non-billable…", MARK),
    ("This is wrong", WRONG),
)
_HEADING: Final = ("Ticket", "Customer", "Finished for (business days)", "At risk", "Technician", "Warned on")

Row = tuple[list[Cell], str]


# The vocabulary


def button_value(finding: Finding) -> str | None:
    """What a button sends back: the ticket's id, number and customer as JSON. None where the ticket has no id."""
    if finding.ticket_id is None:
        return None
    known = {"id": finding.ticket_id, "number": finding.ticket_number, "customer": plain(finding.customer, 80)}
    value = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    return value if len(value) <= BUTTON_VALUE_LIMIT else None


def age(ticket: DigestTicket) -> str:
    """How long the finished work has waited."""
    if not ticket.age_known:
        return "age not known"
    return counted(ticket.business_days, "business day") if ticket.business_days else "under 1 business day"


def worth(ticket: DigestTicket, digest: Digest) -> str:
    """What is unbilled on the ticket, and what is not known about it."""
    work = unbilled(ticket.finding.unbilled, digest.currency)
    if not work and ticket.finding.unbilled.is_unknown:
        return "what is unbilled on it could not be read"
    if not work:
        return "no charge and no billable time on it, so its worth is not known"
    notes = [note] if (note := repeated(ticket.finding.unbilled, digest.currency)) else []
    if ticket.estimate:
        notes.append(f"{money(ticket.estimate, digest.currency)} of the money is an estimate for the time")
    if some := ticket.unpriced_minutes:
        time = "the time" if some == ticket.finding.unbilled.minutes else duration(some)
        notes.append(f"no labor rate is set, so {time} is not in the money")
    return f"{work} ({'; '.join(notes)})" if notes else work


def _who(ticket: DigestTicket) -> str:
    return mrkdwn(ticket.finding.technician, 40) or "nobody assigned"


def _start(ticket: DigestTicket) -> str:
    """#32230 · Kittle, linked."""
    return strung(" · ", f"*{phrases.number_link(ticket.finding)}*", mrkdwn(ticket.finding.customer, 80))


# The table


def table(table_rows: Sequence[Row], every: int) -> list[Part]:
    """The first rows of `every` as a table to sort, with a line of words for each; several where one is too small."""
    heading = [text_cell(title) for title in _HEADING]
    first = f"The first {len(table_rows)} of " if len(table_rows) < every else ""
    caption = f"{first}{counted(every, 'unbilled ticket')}, the most money first"
    return table_parts(heading, table_rows, lambda cells: data_table(caption, cells))


def row(ticket: DigestTicket, digest: Digest) -> Row:
    """The ticket as a row of the table, and as a line of words."""
    finding = ticket.finding
    number = link_cell(finding.ticket_url, phrases.bare_number(finding), 30)
    amount = at_stake(ticket, digest.currency)
    age_cell = number_cell(ticket.business_days, str(ticket.business_days)) if ticket.age_known else text_cell("")
    cells = [
        number,
        text_cell(finding.customer, 40),
        age_cell,
        number_cell(ticket.amount, amount or "-"),
        text_cell(ticket.finding.technician, 30),
        text_cell(warned(ticket, digest, before="")),
    ]
    told = strung(
        " · ",
        phrases.numbers([finding.ticket_number]),
        mrkdwn(finding.customer, 40),
        age(ticket),
        amount,
        _who(ticket),
        warned(ticket, digest),
    )
    return cells, told


# The cards


def card(ticket: DigestTicket, digest: Digest) -> Part:
    """An unbilled ticket with everything a manager can do about it."""
    finding = ticket.finding
    amount = f"*{said}*" if (said := at_stake(ticket, digest.currency)) else ""
    start = strung(" · ", _start(ticket), amount, age(ticket), warned(ticket, digest))
    status, subject = "" if finding.contradiction else mrkdwn(finding.status, 40), mrkdwn(finding.subject, 100)
    about = strung(" · ", f"“{subject}”" if subject else "", f"status {status}" if status else "", _who(ticket))
    lines = [line(start), line(about)]
    lines.append(line(f"{capital(worth(ticket, digest))}. {coverage(finding.coverage)}; none bills it."))
    if finding.contradiction:
        lines.append(line(f"⚠️ {CONTRADICTION}"))
    if ticket.pickup is Pickup.PAUSED:
        lines.append(line("⚠️ The recurring invoice that would pick up its charges is paused."))
    if said := _reminder(ticket):
        lines.append(line(said))
    return _with_buttons(lines, finding, _BUTTONS)


def _reminder(ticket: DigestTicket) -> str:
    """What its technician was reminded of, and said."""
    if ticket.nudge is None:
        return ""
    if not ticket.nudge.person:
        return "Its technician was not reminded: nobody in Slack, or more than one, bears that name."
    if ticket.nudge.reason:
        return f"Its technician says that nothing is to be billed: {phrases.quoted(ticket.nudge.reason, 300)}"
    return f"⏰ Its technician was first reminded {counted(ticket.reminded_days, 'business day')} ago."


def unverified_card(ticket: DigestTicket, digest: Digest) -> Part:
    """A ticket of which nothing could be proved: why, where to look, and a button to try again."""
    finding = ticket.finding
    lines = [line(strung(" · ", _start(ticket), phrases.sign(finding)))]
    if why := phrases.reason(finding, 400):
        lines.append(line(why))
    failures = unsaid(finding)
    lines += [line(f"• {mrkdwn(failure, 200)}") for failure in failures[:_FAILURES]]
    if len(failures) > _FAILURES:
        lines.append(line(f"• and {len(failures) - _FAILURES:,} more failed reads; a recheck names them all"))
    lines += [phrases.possible_mention(mention) for mention in finding.possible[:_POSSIBLE]]
    more = len(finding.possible) - _POSSIBLE
    if more > 0:
        lines.append(line(f"…and {counted(more, 'more invoice')} with its number; a recheck names them all."))
    if ticket.first_said is not None:
        lines.append(line(f"The warning of {day_in_words(ticket.first_said, digest.day)} stands until it is settled."))
    return _with_buttons(lines, finding, _BUTTONS[:1])


def _with_buttons(lines: Sequence[Line], finding: Finding, wanted: Iterable[tuple[str, str]]) -> Part:
    """The lines in a section, and the buttons below it."""
    value = button_value(finding)
    row: list[Block] = [button(label, action, value) for label, action in wanted] if value is not None else []
    opener = link_button("Open in Syncro", OPEN_IN_SYNCRO, finding.ticket_url)
    if opener is not None:
        row.append(opener)
    blocks = [section("\n".join(each.mrkdwn for each in lines)), *([actions(*row)] if row else [])]
    return Part("\n".join(each.words for each in lines), tuple(blocks))


# Lines of the other sections


def section_line(ticket: DigestTicket, digest: Digest) -> Line:
    """A ticket in the section of its verdict."""
    if ticket.finding.verdict is Verdict.SCHEDULED:
        return _scheduled_line(ticket, digest)
    if ticket.finding.verdict is Verdict.PARTIALLY_INVOICED:
        left = unbilled(ticket.finding.unbilled, digest.currency)
        return _bullet(ticket, phrases.invoices(ticket.finding), f"still unbilled: {left}" if left else "")
    return _bullet(ticket, phrases.reason(ticket.finding, 400))


def _bullet(ticket: DigestTicket, *said: str) -> Line:
    return line(f"• {strung(' · ', _start(ticket), *said)}")


def _scheduled_line(ticket: DigestTicket, digest: Digest) -> Line:
    name = mrkdwn(ticket.finding.schedule_name, 80)
    by = f"recurring invoice “{name}”" if name else "recurring invoice"
    charges = unbilled(Unbilled(charges=ticket.finding.unbilled.charges), digest.currency)
    return _bullet(ticket, charges, f"{by}: {next_run(ticket, digest)}")


def uncharged_line(ticket: DigestTicket, digest: Digest) -> Line:
    """A ticket with billable time that never became a charge."""
    minutes = ticket.finding.unbilled.minutes or 0
    value = f", worth {money(ticket.estimate, digest.currency)} (an estimate)" if ticket.estimate else ""
    verdict = verdict_words(ticket.finding.verdict).inline
    return _bullet(ticket, f"{duration(minutes)} not yet charged{value}", verdict, _who(ticket))


def rest_unread_line(ticket: DigestTicket, _: Digest) -> Line:
    """A ticket on an invoice, of which it could not be read whether more is unbilled."""
    why = " ".join(mrkdwn(failure, 200) for failure in ticket.finding.failures[:_FAILURES])
    return _bullet(ticket, phrases.invoices(ticket.finding), why)


def concern_line(ticket: DigestTicket, _: Digest) -> Line:
    """A ticket whose invoices may bill it wrongly."""
    said = " ".join(
        mrkdwn(concern_in_words(concern, ticket.finding.currency), 300) for concern in ticket.finding.concerns
    )
    return line(f"• {strung(' · ', _start(ticket), f'⚠️ {said}')}")


def snoozed_line(ticket: DigestTicket, digest: Digest) -> Line:
    """A ticket that was put aside, with the reason."""
    until = f"until {phrases.moment(ticket.snooze.until)}" if ticket.snooze else ""
    return _bullet(
        ticket,
        at_stake(ticket, digest.currency),
        until,
        phrases.quoted(ticket.snooze.reason if ticket.snooze else ""),
    )


def marked_line(ticket: DigestTicket, digest: Digest) -> Line:
    """A ticket that was marked as non-billable in the bot, with the reason."""
    since = f"since {day_in_words(ticket.mark.at.date(), digest.day)}" if ticket.mark else ""
    return _bullet(
        ticket, at_stake(ticket, digest.currency), since, phrases.quoted(ticket.mark.reason if ticket.mark else "")
    )


def not_checked_line(standing: Standing, digest: Digest) -> Line:
    """A warning whose ticket this run did not look at."""
    since = f"warned on {day_in_words(standing.first_said, digest.day)}"
    return line(f"• {strung(' · ', _remembered(standing), some_money(standing.amount, digest.currency), since)}")


def resolved_line(resolved: Resolved, digest: Digest) -> Line:
    """A warning that stands no more, and why."""
    amount = amount_resolved(resolved, digest.currency)
    return line(f"• {strung(' · ', _remembered(resolved.standing), amount, ending(resolved, digest))}")


def ending(resolved: Resolved, digest: Digest) -> str:
    """How a warning ended: "recovered, on invoice 67469, 75.00"."""
    said, finding = ending_words(resolved.ending), resolved.finding
    why = phrases.reason(finding, 200) if finding and said.gives_reason else ""
    return strung(". ", strung(", ", said.label, found(resolved, digest)), why)


def found(resolved: Resolved, digest: Digest) -> str:
    """What ended a warning: the invoices that appeared, or the run that will make one."""
    if resolved.ending is WarningEnding.INVOICED:
        named = phrases.invoices(resolved.finding) if resolved.finding else ""
        return f"on {named}" if named else f"on invoice {mrkdwn(resolved.invoice_number or '', 20)}"
    number = resolved.standing.ticket_number
    scheduled = [ticket for ticket in digest.of(Verdict.SCHEDULED) if ticket.finding.ticket_number == number]
    return next_run(scheduled[0], digest) if scheduled else ""


def _remembered(standing: Standing) -> str:
    return strung(" · ", f"*{phrases.numbers([standing.ticket_number])}*", mrkdwn(standing.customer, 80))
