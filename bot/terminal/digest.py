"""What `invoice-bot digest` shows in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.counting import counted
from bot.digest.groups import Group, by_age, by_customer, by_technician
from bot.digest.headline import accounted, amount_resolved, at_stake, headline, next_run, warned
from bot.digest.model import Digest, DigestTicket, Pickup, Resolved
from bot.store.records import Statistics, Subscription, WrongReport
from bot.ticket_references import as_people_say
from bot.words.concerns import concerns_in_words
from bot.words.finding_json import moment_in_utc
from bot.words.findings import REST_UNKNOWN
from bot.words.plain import capital, day_in_words, duration, moment_in_words, money, one_line, strung
from bot.words.reasons import reason, unsaid
from bot.words.verdicts import as_theirs, ending_words, verdict_words


def show_digest(console: Console, digest: Digest) -> None:
    """Print the digest: headline, changes, the table of the unbilled, and a line for every other ticket named."""
    console.print(Rule(Text(f"Invoice digest · {day_in_words(digest.day)}"), align="left"))
    console.print(Text(headline(digest), style="bold red" if digest.unbilled else "bold"))
    if digest.unbilled:
        console.print(Text(capital(accounted(digest))))
        console.print(_table(digest))
        aged = "   ".join(f"{band}: {count}" for band, count in by_age(digest.unbilled).items() if count)
        console.print(Text(f"Finished for (business days)  {aged}", style="dim"))
        show_section(console, "By customer", (_group(each, digest.currency) for each in by_customer(digest.unbilled)))
        show_section(
            console, "By technician", (_group(each, digest.currency) for each in by_technician(digest.unbilled))
        )
    for heading, lines in _sections(digest):
        show_section(console, heading, lines)
    calls = f"{counted(digest.api_calls, 'call')} to Syncro in {digest.seconds:.1f} s"
    tax = "at risk: tickets on no invoice only, before tax" if digest.unbilled else ""
    console.print(Text(strung("  ·  ", f"{counted(digest.checked, 'ticket')} checked", calls, tax), style="dim"))


def _sections(digest: Digest) -> Iterator[tuple[str, Iterator[str]]]:
    yield "Recovered and settled", (_resolved(each, digest.currency) for each in digest.resolved)
    yield (
        "Time not yet charged",
        (ticket_line(each, duration(each.finding.unbilled.minutes or 0)) for each in digest.uncharged_time),
    )
    for verdict, listed in digest.beside_unbilled:
        said = verdict_words(verdict)
        heading = f"{said.label}: {said.caution}" if said.caution else said.label
        yield heading, (ticket_line(each, _about(each, digest)) for each in listed)
    yield f"On an invoice, but {REST_UNKNOWN}", (ticket_line(each, _why(each)) for each in digest.rest_unread)
    yield (
        "Look at these invoices",
        (ticket_line(each, concerns_in_words(each.finding)) for each in digest.with_concerns),
    )
    yield "Snoozed", (ticket_line(each, _snoozed(each)) for each in digest.snoozed)
    yield "Marked as non-billable", (ticket_line(each, each.mark.reason if each.mark else "") for each in digest.marked)
    yield (
        "Not looked at this time, so their warnings stand",
        (_dotted(as_people_say(each.ticket_number), as_theirs(each.customer)) for each in digest.not_checked),
    )


def show_section(console: Console, heading: str, lines: Iterator[str]) -> None:
    """Print lines under a heading; nothing where there are none."""
    told = list(lines)
    if told:
        console.print(Text(f"\n{heading}", style="bold"))
    for each in told:
        console.print(Text(f"· {each}"))


def _table(digest: Digest) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("Ticket", no_wrap=True)
    table.add_column("Customer", overflow="ellipsis", no_wrap=True, max_width=20)
    table.add_column("Days", justify="right", no_wrap=True)
    table.add_column("At risk", justify="right", no_wrap=True)
    table.add_column("Technician", overflow="ellipsis", no_wrap=True, max_width=16)
    table.add_column("")
    for line in digest.weightiest_first:
        table.add_row(*map(Text, _cells(line, digest)))
    return table


def _cells(line: DigestTicket, digest: Digest) -> Sequence[str]:
    notes = [warned(line, digest, before="warned on ")]
    if line.finding.contradiction:
        notes.append("status Invoiced!")
    if line.pickup is Pickup.PAUSED:
        notes.append("schedule paused!")
    if line.estimate:
        notes.append(f"{money(line.estimate, digest.currency)} of it an estimate")
    return (
        as_people_say(line.finding.ticket_number),
        as_theirs(line.finding.customer) or "-",
        str(line.business_days) if line.age_known else "?",
        at_stake(line, digest.currency) or "-",
        as_theirs(line.finding.technician) or "-",
        ", ".join(notes),
    )


def _group(group: Group, currency: str) -> str:
    return f"{as_theirs(group.name)}: {group.in_words(currency)}"


def _resolved(resolved: Resolved, currency: str) -> str:
    invoice = f"invoice {resolved.invoice_number}" if resolved.invoice_number else ""
    amount = amount_resolved(resolved, currency)
    known = (as_people_say(resolved.standing.ticket_number), as_theirs(resolved.standing.customer))
    return _dotted(*known, amount, ending_words(resolved.ending).label, invoice)


def _about(line: DigestTicket, digest: Digest) -> str:
    return _why(line) if line.pickup is Pickup.NONE else next_run(line, digest)


def _why(line: DigestTicket) -> str:
    return " ".join([reason(line.finding), *unsaid(line.finding)])


def _snoozed(line: DigestTicket) -> str:
    return f"until {moment_in_words(line.snooze.until)}: {line.snooze.reason}" if line.snooze else ""


def ticket_line(line: DigestTicket, what: str) -> str:
    """A ticket, its customer, and what is said of it."""
    return _dotted(as_people_say(line.finding.ticket_number), as_theirs(line.finding.customer), what)


def _dotted(*texts: str) -> str:
    return strung(" · ", *map(one_line, texts))


def show_subscriptions(console: Console, found: Sequence[tuple[Subscription, str | None]]) -> None:
    """Print who has subscribed to what, and who gets nothing any more."""
    if not found:
        console.print(Text("Nobody has subscribed to the digest."))
    for subscription, why_not in found:
        console.print(Text(f"{one_line(subscription.user)} · {_wish(subscription)} · {_standing(why_not)}"))


def subscriptions_as_json(found: Sequence[tuple[Subscription, str | None]]) -> str:
    """The same as one JSON object; `gets_it` is null where Slack could not be asked."""
    rows = [
        {
            "user": subscription.user,
            "customers": list(subscription.customers),
            "mine": subscription.mine,
            "gets_it": None if why_not is None else not why_not,
            "why_not": why_not or None,
        }
        for subscription, why_not in found
    ]
    return json.dumps({"subscriptions": rows}, ensure_ascii=False)


def _wish(subscription: Subscription) -> str:
    if subscription.mine:
        return "tickets of their own"
    return strung(", ", *map(one_line, subscription.customers)) or "everything"


def _standing(why_not: str | None) -> str:
    if why_not is None:
        return "Slack could not be asked whether they still get it"
    return f"gets nothing any more ({why_not.replace('_', ' ')})" if why_not else "gets it"


def show_statistics(console: Console, statistics: Statistics, reports: Sequence[WrongReport]) -> None:
    """Print how many warnings were said, taken back and reported wrong, and the evidence behind each report."""
    rate = statistics.false_alarm_rate
    share = "no warning was said yet" if rate is None else f"{rate:.1%} of all warnings"
    console.print(Text(f"Warnings said: {statistics.warnings_said}"))
    console.print(Text(f"Taken back because an invoice appeared: {statistics.retracted}"))
    console.print(Text(f"Reported as wrong: {statistics.reported_wrong} ({share})"))
    for report in reports:
        console.print(Text(f"  {as_people_say(report.ticket_number)} · reported {moment_in_words(report.at)}"))
        console.print(Text(f"    {one_line(json.dumps(report.evidence, ensure_ascii=False))}", style="dim"))


def statistics_as_json(statistics: Statistics, reports: Sequence[WrongReport]) -> str:
    """The same as one JSON object; `false_alarm_rate` is null where no warning was said yet."""
    told = {
        "warnings_said": statistics.warnings_said,
        "retracted": statistics.retracted,
        "reported_wrong": statistics.reported_wrong,
        "false_alarm_rate": statistics.false_alarm_rate,
        "reports": [
            {
                "ticket_number": report.ticket_number,
                "reported_by": report.by,
                "reported_at": moment_in_utc(report.at),
                "evidence": dict(report.evidence),
            }
            for report in reports
        ],
    }
    return json.dumps(told, ensure_ascii=False)
