"""What `invoice-bot close` shows in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.counting import counted
from bot.digest.close import Close
from bot.digest.close_forms import (
    TAX_IN_WORDS,
    caveats,
    change_in_words,
    columns_of,
    compared,
    counts_in_words,
    figures_in_words,
    sum_cells,
    sums_of,
    title,
    to_look_at,
)
from bot.terminal.digest import show_section, ticket_line
from bot.ticket_references import as_people_say
from bot.words.plain import one_line, some_money
from bot.words.verdicts import as_theirs, verdict_words


def show_close(console: Console, close: Close) -> None:
    """Print the figures, then a line for each ticket."""
    currency = close.digest.currency
    console.print(Rule(Text(title(close)), align="left"))
    console.print(Text(counts_in_words(close), style="bold"))
    for label, said in (*figures_in_words(close), *caveats(close)):
        console.print(Text(f"{label}: {one_line(said)}"))
    columns = columns_of(close)
    for name, sums in sums_of(close):
        rows = []
        for each in sums:
            named = each.name if each.is_ours else one_line(as_theirs(each.name))
            rows.append([named, f"{each.tickets:,}", *(said for _, said in sum_cells(each, columns, currency))])
        if rows:
            console.print(_table((name,), ("Tickets", *columns.values()), rows))
    for heading, lines in to_look_at(close):
        show_section(console, heading, (ticket_line(line, said) for line, said in lines))
    if said := compared(close):
        console.print(Text(f"\n{said}", style="bold"))
        show_section(console, "", map(change_in_words, close.changes))
    if close.tickets:
        console.print(_table(("Ticket", "Customer", "Verdict", "Invoices"), ("Billed", "At risk"), _tickets(close)))
    calls = f"{counted(close.digest.api_calls, 'call')} to Syncro in {close.digest.seconds:.1f} s"
    console.print(Text(f"{calls}  ·  {TAX_IN_WORDS}", style="dim"))


def _table(texts: Sequence[str], numbers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for heading in texts:
        table.add_column(heading)
    for heading in numbers:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _tickets(close: Close) -> list[list[str]]:
    return [
        [
            as_people_say(kept.ticket_number),
            one_line(as_theirs(line.finding.customer)),
            verdict_words(line.finding.verdict).inline,
            ", ".join(map(one_line, kept.invoices)),
            some_money(kept.figures.billed, close.digest.currency) or "-",
            some_money(kept.figures.at_risk, close.digest.currency) or "-",
        ]
        for line, kept in zip(close.tickets, close.kept, strict=True)
    ]
