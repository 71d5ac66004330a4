"""What jobs leave in the audit table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.jobs.audit import answers
from bot.jobs.history import questions
from bot.jobs.request import CheckRequest
from bot.jobs.warnings import evidence_as_json
from bot.sandbox.slack.workspace import BILLING, MANAGER, SHARED, TECHNICIAN
from bot.store.audit import Act, AuditEntry, AuditQuery
from tests.jobs.fakes import PowerCut, RememberingSteps
from tests.jobs.office import Office, opened_office
from tests.messages.factory import a_finding
from tests.store.factory import NOW


class LosingTheNote(RememberingSteps):
    """The process is gone when the note is in the database, and before the job knows."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        if name == "note what was done" and not self._repeated:
            effect(False)  # noqa: FBT003 - it is the first time
            raise PowerCut
        return super().run(name, effect)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


def noted(office: Office, *acts: Act) -> list[AuditEntry]:
    entries = office.memory.audit(AuditQuery())
    return [entry for entry in entries if not acts or entry.act in acts]


def test_an_answer_leaves_who_asked_where_and_what_was_said_of_each_ticket(office: Office) -> None:
    unbilled, billed = office.unbilled(), office.unbilled()
    invoice = office.bill(billed)

    office.check(unbilled, billed)

    first, second = noted(office)
    asked = f"{unbilled.number} {billed.number}"
    for entry in (first, second):
        assert (entry.at, entry.act, entry.who, entry.where) == (office.now, Act.ANSWERED, TECHNICIAN, BILLING)
        assert entry.what == asked
    assert (first.ticket_number, first.ticket_id) == (str(unbilled.number), str(unbilled.id))
    assert (first.verdict, first.invoices) == ("not_invoiced", ())
    assert (second.verdict, second.invoices) == ("invoiced", (invoice,))


def test_the_evidence_is_known_again_by_its_digest_and_size(office: Office) -> None:
    ticket = office.unbilled()
    with office.reader.session() as session:
        report = office.verifier.check((str(ticket.number),), session, started_at=office.now)
    office.check(ticket)

    (entry,) = noted(office)
    kept = office.memory.evidence_of(str(ticket.id))
    assert kept is not None
    evidence = {name: kept[name] for name in evidence_as_json(report.findings[0])}
    said = json.dumps(evidence, sort_keys=True, separators=(",", ":")).encode()
    assert (entry.evidence, entry.evidence_bytes) == (hashlib.sha256(said).hexdigest(), len(said))


def test_a_channel_that_may_not_hear_the_answer_is_a_refusal_with_why(office: Office) -> None:
    ticket = office.unbilled()

    office.check(ticket, channel=SHARED)

    (refused,) = noted(office, Act.REFUSED)
    assert (refused.who, refused.where, refused.why) == (TECHNICIAN, SHARED, "external_channel")
    assert refused.what == str(ticket.number)
    assert len(noted(office, Act.ANSWERED)) == 1


def test_a_job_that_is_cut_off_after_its_note_notes_once(office: Office) -> None:
    office.unbilled()
    whole = RememberingSteps()
    office.digest(steps=whole)
    assert whole.names[-1] == "note what was done"
    office.next_day()
    before = len(noted(office))
    steps = LosingTheNote()
    with pytest.raises(PowerCut):
        office.digest(steps=steps)
    assert len(noted(office)) > before

    steps.again()
    office.digest(steps=steps)

    assert len(noted(office)) == 2 * before


def test_a_digest_leaves_its_verdict_of_each_ticket_that_it_names_and_a_count_of_all(office: Office) -> None:
    unbilled, billed = office.unbilled(), office.unbilled()
    office.bill(billed)

    office.digest()

    made, named = noted(office)
    assert (made.act, made.who, made.where, made.what) == (Act.DIGEST, "schedule", BILLING, "2 tickets")
    assert (named.ticket_number, named.verdict) == (str(unbilled.number), "not_invoiced")


def test_a_digest_that_somebody_asked_for_names_them(office: Office) -> None:
    office.digest(asked_by=MANAGER)

    assert [entry.who for entry in noted(office)] == [MANAGER]


def test_a_retraction_leaves_the_invoice_and_each_place(office: Office) -> None:
    ticket = office.unbilled()
    office.check(ticket)
    office.digest()
    office.next_day()
    invoice = office.bill(ticket)
    office.digest()

    retracted = noted(office, Act.RETRACTED)
    assert [(entry.who, entry.where, entry.invoices) for entry in retracted] == [
        ("invoice-bot", BILLING, (invoice,)),
        ("invoice-bot", BILLING, (invoice,)),
    ]


def test_a_selection_is_noted_by_what_was_asked_and_not_by_what_it_held() -> None:
    chosen = {"choice": "customer", "name": "Kittle", "since": "2026-11-01T00:00:00+00:00"}
    request = CheckRequest(("1", "2"), BILLING, TECHNICIAN, selection=chosen)
    (entry,) = answers(request, [a_finding(Verdict.INVOICED)], NOW)
    assert entry.what == "customer Kittle since 2026-11-01T00:00:00+00:00"


def test_home_says_of_a_question_about_many_tickets_once_what_came_of_it() -> None:
    request = CheckRequest(tuple(str(number) for number in range(32201, 32231)), BILLING, TECHNICIAN)
    many = answers(request, [a_finding(Verdict.INVOICED, number) for number in request.references[1:]], NOW)
    many += answers(request, [a_finding(Verdict.NOT_INVOICED, request.references[0])], NOW)
    one = answers(CheckRequest(("32223",), BILLING, TECHNICIAN), [a_finding(Verdict.OPEN, "32223")], NOW)
    of_invoice = answers(CheckRequest((), BILLING, TECHNICIAN, invoice="67469"), [], NOW)

    said = [words for _, _, words in questions([*many, *one, *of_invoice])]

    assert len(said) == 3
    assert said[0].startswith("answered 30 tickets: 1 NOT INVOICED, 29 invoiced; asked “32201 32202")
    assert len(said[0]) < 120
    assert said[1] == "answered #32223: still open; asked “32223”"
    assert said[2] == "answered; asked “invoice 67469”"
