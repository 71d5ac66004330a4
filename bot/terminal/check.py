"""What `invoice-bot check` shows in a terminal, and the JSON that scripts read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from bot.billing.finding_json import finding_as_json, moment_in_utc
from bot.billing.rules.verdicts import CheckReport, Finding, Verdict
from bot.billing.search.scheduler import Progress as CheckProgress
from bot.ticket_references import as_people_say

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
_HOW = {
    "ticket_id": "its ticket field is this ticket",
    "line_item": "it carries a charge of this ticket",
    "line_text": "a line names this ticket",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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
    calls = f"{report.api_calls} API call{'' if report.api_calls == 1 else 's'}"
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
    title = Text.assemble((f" Ticket {clean(as_people_say(finding.ticket_number))} ", "bold"), (f" {label} ", style))
    border = "red" if finding.verdict is Verdict.NOT_INVOICED else "dim"
    return Panel(Group(*_lines(finding)), title=title, title_align="left", border_style=border, padding=(0, 1))


def _lines(finding: Finding) -> Iterator[Text]:
    about = [clean(text) for text in (finding.customer, finding.subject) if text]
    if finding.status:
        about.append(f"status {clean(finding.status)}")
    if about:
        yield Text(" · ".join(about))
    yield Text(clean(finding.reason))
    for invoice in finding.invoices:
        total = "" if invoice.total is None else f", total {invoice.total:,.2f}"
        payer = f", billed to {clean(invoice.billed_to)}" if invoice.billed_to else ""
        how = _HOW[invoice.link.value]
        yield Text(f"→ invoice {clean(invoice.number)}{total}: {how}{payer}\n  {clean(invoice.url)}", style="green")
    for mention in finding.possible:
        yield Text(f"→ look at invoice {clean(mention.number)}: “{clean(mention.text)}”\n  {clean(mention.url)}")
    charges, minutes = finding.unbilled.charges, finding.unbilled.minutes
    if charges or minutes:
        known = ["charges not known" if charges is None else f"{charges:,.2f} in charges"]
        known.append("time not known" if minutes is None else f"{minutes} min")
        yield Text(f"On no invoice yet: {', '.join(known)}")
    if finding.ticket_url:
        yield Text(clean(finding.ticket_url), style="dim")
    for looked in finding.receipt:
        yield Text(f"· {clean(looked.place)}: {clean(looked.outcome)}", style="dim")
    yield Text(_counts(finding), style="dim")


def _counts(finding: Finding) -> str:
    seen = finding.coverage
    complete = "" if seen.complete else ", not complete"
    counts = f"{seen.listed} listed, {seen.read} read, {seen.from_ledger} from the ledger, {seen.skipped} skipped"
    return f"· {counts}{complete} · {moment_in_utc(finding.checked_at)}"


def _summary(findings: Sequence[Finding]) -> str:
    parts = []
    for verdict in Verdict:
        count = sum(finding.verdict is verdict for finding in findings)
        if count:
            parts.append(f"{count} {verdict.value.replace('_', ' ')}")
    if unread := sum(finding.rest_is_unknown for finding in findings):
        parts.append(f"of {unread} of them whether more is unbilled could not be read")
    return f"{len(findings)} ticket{'' if len(findings) == 1 else 's'}: {', '.join(parts)}"


def clean(text: str) -> str:
    """Text from outside without what would move a terminal's cursor or turn its writing direction."""
    return _CONTROL.sub("", text.replace("\n", " "))
