"""What `invoice-bot check` shows in a terminal, and the JSON that scripts read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from bot.billing.rules.verdicts import CheckReport, Finding, Verdict
from bot.billing.search.scheduler import Progress as CheckProgress
from bot.counting import counted
from bot.ticket_references import as_people_say
from bot.words.finding_json import finding_as_json
from bot.words.findings import REST_UNKNOWN, coverage, how_linked, unbilled
from bot.words.plain import moment_in_words, money, one_line
from bot.words.reasons import reason

_STYLE = {
    Verdict.INVOICED: ("✓ invoiced", "green"),
    Verdict.PARTIALLY_INVOICED: ("◑ partly invoiced", "yellow"),
    Verdict.SCHEDULED: ("◷ scheduled", "cyan"),
    Verdict.NON_BILLABLE: ("- non-billable", "dim"),
    Verdict.OPEN: ("… still open", "dim"),
    Verdict.NOT_INVOICED: ("✗ NOT INVOICED", "bold white on red"),
    Verdict.UNVERIFIED: ("? could not verify", "magenta"),
    Verdict.NOT_FOUND: ("∅ no such ticket", "magenta"),
}


def exit_status(findings: Sequence[Finding]) -> int:
    """0 all accounted for, 1 at least one not invoiced, 2 at least one unverified and none not invoiced."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.NOT_INVOICED in verdicts:
        return 1
    return 2 if Verdict.UNVERIFIED in verdicts else 0


def report_as_json(report: CheckReport) -> str:
    """The one JSON object that `--json` prints."""
    body = {
        "results": [finding_as_json(finding) for finding in report.findings],
        "api_calls": report.api_calls,
        "seconds": round(report.seconds, 3),
    }
    return json.dumps(body, ensure_ascii=False, indent=2)


def show_report(console: Console, report: CheckReport) -> None:
    """Print a readable answer: one ticket with all its evidence, several as a line each and a summary."""
    for finding in report.findings:
        console.print(_panel(finding))
    calls = counted(report.api_calls, "API call")
    console.print(Text(f"{_summary(report.findings)}  ·  {calls} in {report.seconds:.1f} s", style="dim"))


def progress_line(console: Console) -> Progress:
    """One line that says how far long work is, and goes when the work is done; nothing where there is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def progress_shown(console: Console, tickets: int = 1) -> Iterator[Any]:
    """A progress line while a search runs, on a terminal; yields what `Verifier.check` wants for `on_progress`."""
    with progress_line(console) as bar:
        task = bar.add_task("Asking Syncro…", total=tickets if tickets > 1 else None)

        def show(now: CheckProgress) -> None:
            counts = f"{now.invoices_read:,} invoices read, {now.api_calls:,} calls"
            answered = f"{now.tickets_done} of {now.tickets} tickets answered, " if now.tickets > 1 else ""
            total = now.tickets if now.tickets > 1 else None
            bar.update(task, description=answered + counts, completed=now.tickets_done, total=total)

        yield show


def _panel(finding: Finding) -> RenderableType:
    label, style = _STYLE[finding.verdict]
    title = Text.assemble((f" Ticket {one_line(as_people_say(finding.ticket_number))} ", "bold"), (f" {label} ", style))
    border = "red" if finding.verdict is Verdict.NOT_INVOICED else "dim"
    return Panel(Group(*_lines(finding)), title=title, title_align="left", border_style=border, padding=(0, 1))


def _lines(finding: Finding) -> Iterator[Text]:
    about = [finding.customer, finding.subject, f"status {finding.status}" if finding.status else ""]
    if any(about):
        yield _text(" · ".join(filter(None, about)))
    yield _text(reason(finding))
    for invoice in finding.invoices:
        total = "" if invoice.total is None else f", total {money(invoice.total)}"
        yield _text(f"→ invoice {invoice.number}{total}: {how_linked(invoice)}", "green")
        yield _text(invoice.url, "green", indent=2)
    for mention in finding.possible:
        yield _text(f"→ look at invoice {mention.number}: “{mention.text}”")
        yield _text(mention.url, indent=2)
    if work := unbilled(finding.unbilled):
        yield _text(f"On no invoice yet: {work}")
    if finding.ticket_url:
        yield _text(finding.ticket_url, "dim")
    for looked in finding.receipt:
        yield _text(f"· {looked.place}: {looked.outcome}", "dim")
    yield _text(f"· {coverage(finding.coverage)}", "dim")
    yield _text(f"· checked {moment_in_words(finding.checked_at)}", "dim")


def _text(said: str, style: str = "", indent: int = 0) -> Text:
    return Text(f"{' ' * indent}{one_line(said)}", style=style)


def _summary(findings: Sequence[Finding]) -> str:
    parts = []
    for verdict in Verdict:
        count = sum(finding.verdict is verdict for finding in findings)
        if count:
            parts.append(f"{count} {verdict.value.replace('_', ' ')}")
    if unread := sum(finding.rest_is_unknown for finding in findings):
        parts.append(f"of {unread} of them {REST_UNKNOWN}")
    return f"{counted(len(findings), 'ticket')}: {', '.join(parts)}"
