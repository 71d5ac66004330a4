"""The close's job: what is said where, what is remembered, and what it does when it is cut off or cannot be made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.digest.close import EarlierClose
from bot.jobs.audit import AuditTrail
from bot.jobs.close import CloseJob
from bot.jobs.request import CloseRequest
from bot.sandbox.slack.workspace import BILLING, MANAGER, Message
from bot.sandbox.syncro.exchange import Answer
from bot.store.audit import Act, AuditQuery
from tests.jobs.fakes import PowerCut, RememberingSteps
from tests.jobs.office import MONDAY, EngineStoppedError, Office, opened_office
from tests.standins.syncro_faults import Exchange, Fault, Status

FEBRUARY = date(2026, 2, 1)
KEY = "close:1"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


def close(office: Office, steps: RememberingSteps | None = None, key: str = KEY) -> Message:
    """Run the job that a manager asked for, and return its answer."""
    job = CloseJob(
        verifier=office.verifier,
        session=office.reader.session,
        seconds_held_back=lambda: 0.0,
        poster=office.poster,
        memory=office.memory,
        warnings=office.warnings,
        trail=AuditTrail(office.memory, office.clock),
        rules=office.rules,
        clock=office.clock,
        engine_error=EngineStoppedError,
    )
    stored = CloseRequest((), BILLING, MANAGER, month="2026-02").to_json()
    place = job.run(stored, steps or RememberingSteps(), key)
    assert place is not None
    found = office.slack.workspace.find(place["channel"], place["ts"])
    assert found is not None
    return found


@pytest.fixture
def month(office: Office) -> Office:
    """Three tickets of February, on an invoice, on none, and covered by nothing; and one of March."""
    kittle = office.world.add_customer("Kittle")
    office.unbilled(kittle, "80.00", number=32_001)
    billed = office.unbilled(kittle, "75.00", number=32_002)
    office.bill(billed)
    early = MONDAY - timedelta(hours=20)
    office.unbilled(kittle, "99.00", number=32_003, created_at=early, updated_at=early, resolved_at=early)
    return office


def test_the_parent_has_the_figures_and_the_thread_the_tables_every_ticket_and_the_file(month: Office) -> None:
    parent = close(month)

    assert "Close of February 2026 · 1 of 2 tickets NOT INVOICED · 80.00 at risk" in parent.text
    assert "The others: 1 invoiced." in parent.text
    assert "Billed: 75.00" in parent.text
    assert "32003" not in parent.text
    thread = "\n".join(month.thread(parent))
    assert "Kittle: 2 tickets, billed 75.00, at risk 80.00" in thread
    assert "Invoiced: #32002" in thread
    assert month.thread(parent)[-2].endswith("for this request")
    (file,) = month.slack.workspace.files
    assert (file.name, file.content.count(b"\r\n")) == ("close-2026-02.csv", 3)


def test_made_again_it_says_that_nothing_has_changed_or_what(month: Office) -> None:
    close(month)
    again = close(month, key="close:2")
    assert "Nothing has changed since the close made" in again.text

    month.next_day()
    owed = next(ticket for ticket in month.world.tickets.values() if ticket.number == 32_001)
    invoice = month.bill(owed)
    third = close(month, key="close:3")

    assert "1 ticket changed since the close made" in third.text
    assert f"invoices none, now {invoice}; billed 0.00, now 80.00" in "\n".join(month.thread(third))
    assert "Recovered after a warning: 80.00" in third.text
    assert "still NOT INVOICED" not in again.text
    assert "of this warning is billed now" in again.text  # the earlier answers are taken back


def test_what_it_says_is_in_the_audit_table_with_who_asked(month: Office) -> None:
    close(month)
    entries = month.memory.audit(AuditQuery(who=MANAGER))
    assert [(entry.act, entry.what, entry.ticket_number) for entry in entries] == [
        (Act.CLOSED, "2026-02, 2 tickets", ""),
        (Act.CLOSED, "", "32001"),
    ]


def kept(office: Office) -> EarlierClose | None:
    return office.memory.for_close(FEBRUARY, office.now).earlier


@pytest.mark.parametrize("cut", range(0, 24, 3))
def test_cut_off_anywhere_it_goes_on_and_says_everything_once(month: Office, cut: int) -> None:
    steps = RememberingSteps(cut_after=cut)
    try:
        close(month, steps)
    except PowerCut:
        assert kept(month) is None
        month.syncro.reset_calls()
        steps.again()
        close(month, steps)
    (parent,) = month.parents()
    said = month.thread(parent)
    assert len(said) == len(set(said))
    assert "Close of February 2026" in parent.text
    assert kept(month) is not None
    assert len(month.slack.workspace.files) == 1


def test_while_it_reads_the_thread_says_how_far_it_is(month: Office) -> None:
    def slowly(exchange: Exchange) -> Answer:
        month.now += timedelta(seconds=4)
        return exchange.answer()

    month.syncro.faults.append(Fault("/tickets/.+", slowly))
    parent = close(month)
    assert parent.history[0].text == "Close of February 2026 · reading its tickets…"
    assert '"cancel_check"' in json.dumps(parent.history[0].blocks)
    first, *_ = month.replies(parent)
    assert "Still looking: " in first.history[0].text


def test_a_list_that_cannot_be_read_is_no_close_and_is_not_kept(month: Office) -> None:
    month.syncro.faults.append(Fault("/tickets", Status(500)))
    parent = close(month)
    assert "The close of February 2026 could not be made" in parent.text
    assert "not an all-clear" in parent.text
    assert kept(month) is None
    assert [entry.act for entry in month.memory.audit(AuditQuery(who=MANAGER))] == [Act.FAILED]


def test_a_ticket_that_cannot_be_proved_is_named_and_adds_nothing_to_the_money(month: Office) -> None:
    month.syncro.faults.append(Fault("/invoices", Status(500)))
    parent = close(month)
    assert "Not proved: #32001" in parent.text
    assert "at risk" not in parent.text.lower()
    earlier = kept(month)
    assert earlier is not None
    assert sum((each.figures.at_risk for each in earlier.tickets), Decimal(0)) == 0
