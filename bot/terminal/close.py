"""What `invoice-bot close` shows in a terminal, prints as JSON, and writes as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.counting import counted
from bot.digest.close import Change, Close, ClosedTicket, Sum
from bot.digest.csv import COLUMNS, spreadsheet_safe, ticket_row
from bot.terminal.digest import show_section, ticket_line
from bot.ticket_references import as_people_say
from bot.words.concerns import concerns_in_words
from bot.words.finding_json import finding_as_json, moment_in_utc
from bot.words.plain import in_hours, moment_in_words, money, one_line
from bot.words.reasons import reason
from bot.words.verdicts import as_theirs, verdict_words


def show_close(console: Console, close: Close) -> None:
    """Print the figures, then a line for each ticket."""
    currency, whole = close.digest.currency, close.whole
    so_far = "" if close.is_over else " (so far: the month still runs)"
    console.print(Rule(Text(f"Close of {close.month:%B %Y}{so_far}"), align="left"))
    console.print(Text(f"{counted(whole.tickets, 'ticket')} finished; {_counts(close)}", style="bold"))
    hours = close.digest.at_risk_hours
    for label, said in (
        ("Billed", money(whole.billed, currency)),
        ("At risk", money(whole.at_risk, currency)),
        ("Not yet drawn from prepaid blocks", f"{in_hours(hours)} h" if hours else ""),
        ("Recovered after a warning", money(close.recovered, currency) if close.recovered else ""),
        ("Total not known", ", ".join(close.unknown_totals)),
    ):
        if said:
            console.print(Text(f"{label}: {said}"))
    for title, sums in (("Customer", close.by_customer), ("Technician", close.by_technician)):
        console.print(_sums(title, sums, currency))
    for heading, lines in _sections(close):
        show_section(console, heading, lines)
    console.print(_tickets(close))
    calls = f"{counted(close.digest.api_calls, 'API call')} in {close.digest.seconds:.1f} s"
    console.print(Text(f"{calls}  ·  amounts before tax, but for those of invoices", style="dim"))


def _counts(close: Close) -> str:
    return ", ".join(f"{count} {verdict_words(verdict).inline}" for verdict, count in close.counts.items())


def _sums(title: str, sums: Sequence[Sum], currency: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, title_justify="left")
    for heading, justify in ((title, "left"), ("Tickets", "right"), ("Billed", "right"), ("At risk", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for each in sums:
        cells = (
            one_line(as_theirs(each.name)),
            str(each.tickets),
            money(each.billed, currency),
            money(each.at_risk, currency),
        )
        table.add_row(*map(Text, cells))
    return table


def _sections(close: Close) -> Iterator[tuple[str, Iterator[str]]]:
    yield "Not proved", (ticket_line(line, reason(line.finding)) for line in close.not_proved)
    concerned = close.digest.with_concerns
    yield "Look at these invoices", (ticket_line(line, concerns_in_words(line.finding)) for line in concerned)
    if close.earlier is not None:
        yield f"Changed since the close of {moment_in_words(close.earlier.made_at)}", map(_change, close.changes)


def _change(change: Change) -> str:
    before, now = change.before, change.now
    if before is None or now is None:
        what = "was not in it" if before is None else "is not among the month's tickets any more"
    elif before.in_words == now.in_words:
        what = f"{now.in_words}; billed {before.billed} then, {now.billed} now; at risk {before.at_risk}, {now.at_risk}"
    else:
        what = f"{before.in_words} then, {now.in_words} now"
    return f"{as_people_say(change.ticket_number)} · {what}"


def _tickets(close: Close) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for heading in ("Ticket", "Customer", "Verdict", "Invoices"):
        table.add_column(heading)
    for heading in ("Billed", "At risk"):
        table.add_column(heading, justify="right")
    for line, kept in zip(close.tickets, close.kept, strict=True):
        known = (as_people_say(kept.ticket_number), one_line(as_theirs(line.finding.customer)))
        said = (verdict_words(line.finding.verdict).inline, ", ".join(map(one_line, kept.invoices)))
        amounts = (money(kept.billed, close.digest.currency), money(kept.at_risk, close.digest.currency))
        table.add_row(*map(Text, (*known, *said, *amounts)))
    return table


def close_as_json(close: Close) -> str:
    """The one JSON object that `--json` prints."""
    whole, earlier = close.whole, close.earlier
    told = {
        "month": f"{close.month:%Y-%m}",
        "is_over": close.is_over,
        "made_at": moment_in_utc(close.made_at),
        "totals": {
            **_sum(whole),
            "at_risk_hours": in_hours(close.digest.at_risk_hours),
            "recovered": f"{close.recovered:.2f}",
        },
        "counts": {verdict.value: count for verdict, count in close.counts.items()},
        "by_customer": [{"name": each.name, **_sum(each)} for each in close.by_customer],
        "by_technician": [{"name": each.name, **_sum(each)} for each in close.by_technician],
        "tickets": [
            {**finding_as_json(line.finding), "technician": line.finding.technician, **_amounts(kept)}
            for line, kept in zip(close.tickets, close.kept, strict=True)
        ],
        "concerns": [line.finding.ticket_number for line in close.digest.with_concerns],
        "not_proved": [line.finding.ticket_number for line in close.not_proved],
        "unknown_totals": list(close.unknown_totals),
        "changed_since": None
        if earlier is None
        else {"made_at": moment_in_utc(earlier.made_at), "changes": [_change_object(each) for each in close.changes]},
        "api_calls": close.digest.api_calls,
        "seconds": round(close.digest.seconds, 3),
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _sum(figures: Sum) -> dict[str, Any]:
    return {"tickets": figures.tickets, "billed": f"{figures.billed:.2f}", "at_risk": f"{figures.at_risk:.2f}"}


def _amounts(kept: ClosedTicket) -> dict[str, str]:
    return {"billed": f"{kept.billed:.2f}", "at_risk": f"{kept.at_risk:.2f}"}


def _change_object(change: Change) -> dict[str, Any]:
    sides = {"before": change.before, "now": change.now}
    return {
        "ticket_number": change.ticket_number,
        **{
            name: None if side is None else {"verdict": side.verdict, "invoices": list(side.invoices), **_amounts(side)}
            for name, side in sides.items()
        },
    }


def close_as_csv(close: Close) -> str:
    """A header, and a row for every ticket of the month; lines end in CR LF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, (*COLUMNS, "billed", "at_risk"), restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for line, kept in zip(close.tickets, close.kept, strict=True):
        section = verdict_words(line.finding.verdict).inline
        row = {**ticket_row(section, line, close.digest), "currency": close.digest.currency, **_amounts(kept)}
        writer.writerow({column: spreadsheet_safe(text) for column, text in row.items()})
    return out.getvalue()
