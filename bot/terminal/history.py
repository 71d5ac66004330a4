"""What `invoice-bot history` shows: a line for each entry of the audit table, JSON, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bot.digest.csv import spreadsheet_safe
from bot.jobs.history import evidence, history_object, what_happened
from bot.store.audit import AuditEntry
from bot.words.plain import moment_in_words, one_line, strung

_COLUMNS = (
    "at",
    "act",
    "who",
    "where",
    "what",
    "why",
    "ticket_number",
    "ticket_id",
    "verdict",
    "invoices",
    "evidence_sha256",
    "evidence_bytes",
)


def show_history(console: Console, entries: Sequence[AuditEntry]) -> None:
    """Print what happened, the latest last."""
    if not entries:
        console.print(Text("Nothing is noted."))
    for entry in entries:
        person = strung(" in ", one_line(entry.who), one_line(entry.where))
        console.print(Text(strung(" · ", moment_in_words(entry.at), person, what_happened(entry))))
        if entry.evidence:
            console.print(Text(f"    {evidence(entry)}", style="dim"))


def history_as_json(entries: Sequence[AuditEntry]) -> str:
    """The one JSON object that `--json` prints."""
    return json.dumps({"history": list(map(history_object, entries))}, ensure_ascii=False, indent=2)


def history_as_csv(entries: Sequence[AuditEntry]) -> str:
    """A header and a row for each entry."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for entry in entries:
        cells = history_object(entry) | {"invoices": ", ".join(entry.invoices)}
        writer.writerow({name: spreadsheet_safe("" if cell is None else str(cell)) for name, cell in cells.items()})
    return out.getvalue()
