"""What `invoice-bot check` shows in a terminal, and the JSON that scripts read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from bot.billing.rules.verdicts import CheckReport, Finding, InvoiceAnswer, Loudness
from bot.billing.search.scheduler import Progress as CheckProgress
from bot.counting import counted
from bot.ticket_references import as_people_say
from bot.words.concerns import concern_in_words
from bot.words.finding_json import finding_as_json
from bot.words.findings import coverage, how_linked, paid, unbilled
from bot.words.invoice_answers import (
    invoice_as_json,
    invoice_name,
    label,
    remarks,
    standing_words,
    total_and_paid,
    unknowns,
    why,
)
from bot.words.plain import held_back_in_words, moment_in_words, money, one_line, strung
from bot.words.reasons import reason, unsaid
from bot.words.verdicts import counts, verdict_words

_STYLES = {
    Loudness.ALARM: "bold white on red",
    Loudness.DOUBT: "magenta",
    Loudness.NOTE: "yellow",
    Loudness.QUIET: "green",
}


def report_as_json(report: CheckReport) -> str:
    """The one JSON object that `--json` prints."""
    body = {
        **({"invoice": invoice_as_json(report, report.invoice)} if report.invoice else {}),
        "results": [finding_as_json(finding) for finding in report.findings],
        "api_calls": report.api_calls,
        "seconds": round(report.seconds, 3),
    }
    return json.dumps(body, ensure_ascii=False, indent=2)


def show_report(console: Console, report: CheckReport) -> None:
    """Print a readable answer: one ticket with all its evidence, several as a line each and a summary."""
    if report.invoice is not None:
        console.print(_invoice_panel(report, report.invoice))
    for finding in report.findings:
        console.print(_panel(finding))
    summary = f"{counted(len(report.findings), 'ticket')}: {', '.join(counts(report.findings))}"
    calls = f"{counted(report.api_calls, 'call')} to Syncro in {report.seconds:.1f} s"
    console.print(Text(strung("  ·  ", summary if report.findings else "", calls), style="dim"))


def _invoice_panel(report: CheckReport, answer: InvoiceAnswer) -> RenderableType:
    said = standing_words(answer.standing)
    style = _STYLES[Loudness.DOUBT if said.exit_status else Loudness.QUIET]
    title = Text.assemble(
        (f" {one_line(invoice_name(answer))} ", "bold"), (f" {said.mark} {label(report, answer)} ", style)
    )
    lines = [
        _text(
            strung(" · ", f"customer “{one_line(answer.customer)}”" if answer.customer else "", total_and_paid(answer))
        ),
        _text(why(report, answer)),
        *(_text(f"! {each.words}", "yellow") for each in remarks(report, answer)),
        *(_text(each) for each in unknowns(answer)),
        _text(answer.url, "dim"),
        _text(f"· checked {moment_in_words(answer.checked_at)}", "dim"),
    ]
    return Panel(Group(*filter(None, lines)), title=title, title_align="left", border_style="dim", padding=(0, 1))


class _HeldBack(ProgressColumn):
    """Says what is waited for, anew with each look."""

    max_refresh = 0.5

    def __init__(self, seconds_held_back: Callable[[], float]) -> None:
        super().__init__()
        self._seconds_held_back = seconds_held_back

    def render(self, task: Task) -> Text:  # noqa: ARG002
        """See `ProgressColumn`."""
        return Text(held_back_in_words(self._seconds_held_back()))


def progress_line(console: Console, seconds_held_back: Callable[[], float]) -> Progress:
    """One line that says how far long work is, and goes when the work is done; nothing where there is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        _HeldBack(seconds_held_back),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def progress_shown(console: Console, seconds_held_back: Callable[[], float], tickets: int = 1) -> Iterator[Any]:
    """A progress line while a search runs, on a terminal; yields what `Verifier.check` wants for `on_progress`."""
    with progress_line(console, seconds_held_back) as bar:
        task = bar.add_task("Asking Syncro…", total=tickets if tickets > 1 else None)

        def show(now: CheckProgress) -> None:
            counts = f"{counted(now.invoices_read, 'invoice')} read, {counted(now.api_calls, 'call')}"
            answered = f"{now.tickets_done} of {now.tickets} tickets answered, " if now.tickets > 1 else ""
            total = now.tickets if now.tickets > 1 else None
            bar.update(task, description=answered + counts, completed=now.tickets_done, total=total)

        yield show


def _panel(finding: Finding) -> RenderableType:
    said, loudness = verdict_words(finding.verdict), finding.verdict.traits.loudness
    ticket = one_line(as_people_say(finding.ticket_number))
    title = Text.assemble((f" Ticket {ticket} ", "bold"), (f" {said.mark} {said.inline} ", _STYLES[loudness]))
    border = "red" if loudness is Loudness.ALARM else "dim"
    return Panel(Group(*_lines(finding)), title=title, title_align="left", border_style=border, padding=(0, 1))


def _lines(finding: Finding) -> Iterator[Text]:
    customer, subject, status = map(one_line, (finding.customer, finding.subject, finding.status))
    if known := strung(" · ", customer and f"customer “{customer}”", status and f"status “{status}”"):
        yield _text(known)
    if subject:
        yield _text(f"subject “{subject}”")
    yield _text(strung(" ", reason(finding), *unsaid(finding)))
    for invoice in finding.invoices:
        total = "" if invoice.total is None else f", total {money(invoice.total, finding.currency)}"
        total += f", {paid(invoice)}" if paid(invoice) else ""
        yield _text(f"→ invoice {invoice.number}{total}: {how_linked(invoice)}", "green")
        yield _text(invoice.url, "green", indent=2)
    for mention in finding.possible:
        yield _text(f"→ look at invoice {mention.number}: “{mention.text}”")
        yield _text(mention.url, indent=2)
    for concern in finding.concerns:
        yield _text(f"! {concern_in_words(concern, finding.currency)}", "yellow")
    if work := unbilled(finding.unbilled, finding.currency):
        yield _text(f"On no invoice yet: {work}")
    if finding.ticket_url:
        yield _text(finding.ticket_url, "dim")
    for looked in finding.receipt:
        yield _text(f"· {looked.place}: {looked.outcome}", "dim")
    yield _text(f"· {coverage(finding.coverage)}", "dim")
    yield _text(f"· checked {moment_in_words(finding.checked_at)}", "dim")


def _text(said: str, style: str = "", indent: int = 0) -> Text:
    return Text(f"{' ' * indent}{one_line(said)}", style=style)
