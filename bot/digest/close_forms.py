"""A close as every surface shows it: its figures and sums in words, as CSV and as JSON. Plain text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from bot.counting import counted
from bot.digest.close import FIGURES, Change, Close, ClosedTicket, Sum
from bot.digest.csv import COLUMNS, spreadsheet_safe, ticket_row
from bot.digest.model import DigestTicket
from bot.ticket_references import as_people_say
from bot.words.concerns import concerns_in_words
from bot.words.finding_json import finding_as_json, moment_in_utc
from bot.words.plain import moment_in_words, money, strung
from bot.words.reasons import reason
from bot.words.verdicts import counts, verdict_words

TAX: Final = {"billed": "included", "at_risk": "excluded", "recovered": "excluded", "covered": "excluded"}
TAX_IN_WORDS: Final = "invoices with tax, other amounts before it"
_COLUMNS: Final = {
    "billed": "Billed",
    "at_risk": "At risk",
    "recovered": "Recovered",
    "covered": "Covered",
    "covered_hours": "Hours covered",
    "drawn_hours": "Hours drawn",
}


def title(close: Close) -> str:
    """Close of October 2026."""
    so_far = "" if close.is_over else ", so far"
    return f"Close of {close.month:%B %Y}{so_far}"


def counts_in_words(close: Close) -> str:
    """500 tickets finished: 12 NOT INVOICED, 480 invoiced, 8 covered."""
    if not close.tickets:
        return "No ticket was finished"
    said = counts([line.finding for line in close.tickets], cautious=True)
    return strung(": ", f"{counted(len(close.tickets), 'ticket')} finished", ", ".join(said))


def figures_in_words(close: Close) -> list[tuple[str, str]]:
    """The sums of the whole month, each with its label, where there are any."""
    figures = close.whole.figures
    said = figures.in_words(close.digest.currency)
    worth = f" (an estimate: {said['covered_hours']} at the labor rates)" if figures.covered else ""
    every = [
        ("Billed", said["billed"], figures.billed),
        ("At risk", said["at_risk"], figures.at_risk),
        ("Recovered after a warning", said["recovered"], figures.recovered),
        ("Covered", f"{said['covered']}{worth}" if worth else said["covered_hours"], figures.covered_hours),
        ("Drawn from prepaid blocks", said["drawn_hours"], figures.drawn_hours),
        ("Not yet drawn from prepaid blocks", said["at_risk_hours"], figures.at_risk_hours),
    ]
    return [(label, words) for label, words, amount in every if amount]


def caveats(close: Close) -> list[tuple[str, str]]:
    """Invoices whose money is not among the sums, and why."""
    elsewhere = [
        f"invoice {each.invoice.number}, {_total(each.invoice.total, close)}, in that of {each.month}"
        for each in close.elsewhere
    ]
    said = {
        "Total not known": ", ".join(close.unknown_totals),
        "Counted in another close": "; ".join(elsewhere),
    }
    return [(label, words) for label, words in said.items() if words]


def _total(total: Decimal | None, close: Close) -> str:
    return "total not known" if total is None else money(total, close.digest.currency)


def sums_of(close: Close) -> list[tuple[str, list[Sum]]]:
    """The sums, each kind with what it is of, most money at risk first."""
    customers, technicians = (sorted(sums, key=_most_first) for sums in (close.by_customer, close.by_technician))
    return [("Verdict", close.by_verdict), ("Customer", customers), ("Technician", technicians)]


def _most_first(each: Sum) -> tuple[Decimal, Decimal, int, str]:
    return -each.figures.at_risk, -each.figures.billed, -each.tickets, each.name.casefold()


def columns_of(close: Close) -> dict[str, str]:
    """The figures of which there are any in the month, each with its heading."""
    return {name: heading for name, heading in _COLUMNS.items() if getattr(close.whole.figures, name)}


def sum_cells(each: Sum, columns: Iterable[str], currency: str) -> list[tuple[Decimal, str]]:
    """The value below each of these columns, and in words: empty where there is nothing."""
    said = each.figures.in_words(currency)
    values = [(name, getattr(each.figures, name)) for name in columns]
    return [(value, said[name] if value else "") for name, value in values]


def to_look_at(close: Close) -> list[tuple[str, list[tuple[DigestTicket, str]]]]:
    """The tickets of which something is to be said, below what it is."""
    aside = [*close.digest.snoozed, *close.digest.marked]
    return [
        ("Not proved", [(line, reason(line.finding)) for line in close.not_proved]),
        ("Look at the invoices of", [(line, concerns_in_words(line.finding)) for line in close.digest.with_concerns]),
        ("Put aside by a manager, so not in the money at risk", [(line, _aside(line)) for line in aside]),
    ]


def _aside(line: DigestTicket) -> str:
    if line.snooze is not None:
        return f"snoozed until {moment_in_words(line.snooze.until)}"
    return f"marked as non-billable: {line.mark.reason}" if line.mark else ""


def change_in_words(change: Change) -> str:
    """#32223 · verdict NOT INVOICED, now invoiced; invoices none, now 67501."""
    return f"{as_people_say(change.ticket_number)} · {change.in_words}"


def compared(close: Close) -> str:
    """How it compares with the one before; empty where there is none."""
    if close.earlier is None:
        return ""
    since = f"since the close of {moment_in_words(close.earlier.made_at)}"
    changed = len(close.changes)
    return f"{counted(changed, 'ticket')} changed {since}" if changed else f"Nothing has changed {since}"


def close_as_json(close: Close) -> str:
    """The one JSON object that `--json` prints."""
    earlier = close.earlier
    told = {
        "month": f"{close.month:%Y-%m}",
        "is_over": close.is_over,
        "made_at": moment_in_utc(close.made_at),
        "currency": close.digest.currency,
        "tax": TAX,
        "totals": _sum(close.whole),
        "counts": {verdict.value: count for verdict, count in close.counts.items()},
        "by_customer": [{"name": each.name, **_sum(each)} for each in close.by_customer],
        "by_technician": [{"name": each.name, **_sum(each)} for each in close.by_technician],
        "tickets": [
            {**finding_as_json(line.finding), "technician": line.finding.technician, **kept.figures.as_json()}
            for line, kept in zip(close.tickets, close.kept, strict=True)
        ],
        "concerns": _numbers(close.digest.with_concerns),
        "not_proved": _numbers(close.not_proved),
        "snoozed": _numbers(close.digest.snoozed),
        "marked": _numbers(close.digest.marked),
        "unknown_totals": list(close.unknown_totals),
        "counted_elsewhere": [
            {"invoice": each.invoice.number, "total": _amount(each.invoice.total), "month": each.month}
            for each in close.elsewhere
        ],
        "changed_since": None
        if earlier is None
        else {"made_at": moment_in_utc(earlier.made_at), "changes": [_change_object(each) for each in close.changes]},
        "api_calls": close.digest.api_calls,
        "seconds": round(close.digest.seconds, 3),
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _numbers(lines: Iterable[DigestTicket]) -> Sequence[str]:
    return [line.finding.ticket_number for line in lines]


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _sum(figures: Sum) -> dict[str, Any]:
    return {"tickets": figures.tickets, **figures.figures.as_json()}


def _change_object(change: Change) -> dict[str, Any]:
    sides = {"before": change.before, "now": change.now}
    told = {name: None if side is None else _side(side) for name, side in sides.items()}
    return {"ticket_number": change.ticket_number, **told, "words": change.in_words}


def _side(side: ClosedTicket) -> dict[str, Any]:
    return {"verdict": side.verdict.value, "invoices": list(side.invoices), **side.figures.as_json()}


def close_as_csv(close: Close) -> str:
    """A header, and a row for every ticket of the month; lines end in CR LF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, (*COLUMNS, *FIGURES), restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for line, kept in zip(close.tickets, close.kept, strict=True):
        section = verdict_words(line.finding.verdict).inline
        row = {**ticket_row(section, line, close.digest), "currency": close.digest.currency, **kept.figures.as_json()}
        writer.writerow({column: spreadsheet_safe(text) for column, text in row.items()})
    return out.getvalue()
