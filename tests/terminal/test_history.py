"""The audit table in the terminal, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from bot.store.audit import Act, AuditEntry
from bot.terminal.history import history_as_csv, history_as_json, show_history
from tests.store.factory import NOW

ANSWER = AuditEntry(
    at=NOW,
    act=Act.ANSWERED,
    who="U0DANA",
    where="C0BILLING",
    what="32223 --fresh",
    ticket_number="32223",
    ticket_id="109554336",
    verdict="partially_invoiced",
    invoices=("67469", "67470"),
    evidence="ab" * 32,
    evidence_bytes=812,
)
REFUSED = AuditEntry(NOW, Act.REFUSED, who="U0EVE", where="C0SHARED", what="32223", why="external_channel")
SNOOZED = AuditEntry(NOW, Act.SNOOZED, "U0BOSS", what="until Monday", why="✅ Invoiced\x1b[2J\u202e", ticket_number="1")
SETTINGS = AuditEntry(NOW, Act.SETTINGS, "invoice-bot", "serve", what="MANAGERS=U1, U2", why="was U1")


def shown(*entries: AuditEntry) -> str:
    out = io.StringIO()
    show_history(Console(file=out, width=200), entries)
    return out.getvalue()


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            ANSWER,
            "U0DANA in C0BILLING · answered #32223: partly invoiced, invoices 67469, 67470; asked “32223 --fresh”",
        ),
        (REFUSED, "U0EVE in C0SHARED · refused; asked “32223”; external channel"),
        (SNOOZED, "U0BOSS · snoozed #1; until Monday; “✅ Invoiced [2J”"),
        (SETTINGS, "invoice-bot in serve · settings; MANAGERS=U1, U2; “was U1”"),
        (replace(ANSWER, act=Act.DIGEST, what="", verdict="", invoices=()), "U0DANA in C0BILLING · digest #32223"),
    ],
)
def test_a_line_says_when_who_where_what_and_why_and_quotes_what_people_wrote(entry: AuditEntry, line: str) -> None:
    assert shown(entry).splitlines()[0].partition(" UTC · ")[2] == line


def test_an_answer_names_the_hash_and_size_of_its_evidence_and_nothing_is_said_plainly() -> None:
    assert shown(ANSWER).splitlines()[1].strip() == f"evidence 812 bytes, SHA-256 {'ab' * 32}"
    assert shown() == "Nothing is noted.\n"


def test_scripts_get_every_field_and_null_for_what_does_not_apply() -> None:
    first, second = json.loads(history_as_json([ANSWER, REFUSED]))["history"]
    assert first == {
        "at": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "act": "answered",
        "who": "U0DANA",
        "where": "C0BILLING",
        "what": "32223 --fresh",
        "why": None,
        "ticket_number": "32223",
        "ticket_id": 109554336,
        "verdict": "partially_invoiced",
        "invoices": ["67469", "67470"],
        "evidence_sha256": "ab" * 32,
        "evidence_bytes": 812,
    }
    assert (second["why"], second["invoices"], second["evidence_bytes"]) == ("external_channel", [], None)


def test_a_spreadsheet_gets_the_same_columns_and_runs_nothing() -> None:
    first, second = csv.DictReader(io.StringIO(history_as_csv([ANSWER, replace(REFUSED, what="=1+1;2")])))
    assert list(first) == list(json.loads(history_as_json([ANSWER]))["history"][0])
    assert (first["invoices"], second["what"], second["verdict"]) == ("67469, 67470", "'=1+1;2", "")
