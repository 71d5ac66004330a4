"""Fingerprints of two forms that are stored, each of which has a number in the code that stands for it.

A stored form that is read by other code than wrote it must be known by its number: RECORD_FORM for what the steps of
a job record, READING_RULES for what the ledger keeps of an invoice. `fingerprints.json` holds, for each number, what
it stands for; `python -m tests.fingerprints` adds the present ones.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pydantic import TypeAdapter

from bot.billing.rules.invoice import READING_RULES, InvoiceFacts, facts_of
from bot.billing.search.queries import Read
from bot.billing.search.scheduler import Batch, Session
from bot.digest.model import History, Mark
from bot.jobs.engine import RECORD_FORM
from bot.jobs.recorded import RECORDED_FORMS
from bot.syncro.models import InvoiceDetail
from bot.syncro_sessions.pooled import SyncroReader
from tests.billing.fake_syncro import FakeSyncro
from tests.jobs.fakes import RememberingSteps
from tests.jobs.office import Office, opened_office

FILE = Path(__file__).with_suffix(".json")
TEXTS = (
    "Ticket 32223",
    "Ticket #32223",
    "#32223",
    "TKT no. 32223",
    "Tickets 32221, 32222 and 32223",
    "Tickets #32221-32225",
    "32221-32225",
    "32221 to 32225",
    "Ticket 32223-2",
    "Ticket #32223-2026-11-20",
    "32223A",
    "Ticket #41002 - Mouse broken, see tickets 41001 and 41005",
    "PO #32223, invoice 32223, order 32223",
    "Toner model 32223",
    "Store #1204",
    "32223.50",
    "32221/22/23",
    "Ticket ID 109554336",
    "https://acme.syncromsp.com/tickets/109554336",
    "T20230001 and 00042",
    "Ticket&nbsp;<b>32223</b>",
    "Ticket \N{FULLWIDTH DIGIT THREE}2223 \N{EN DASH} 2026",
    "2 hours in 2026",
    "no number",
    *(f"{word} {more} 32223" for word in ("ticket", "tickets", "tkt", "tkts", "task") for more in ("", "#", "for")),
    *(
        f"tickets {sign}32223"
        for sign in ("no. ", "nos: ", "nr ", "nrs ", "num ", "number ", "numbers ", "id ", "ids ")
    ),
    *(f"tickets 32221{between}32222" for between in (" and ", " or ", "to", *",;&+/()[]#:|.-", "\n", "\N{EN DASH}")),
    *(f"ticket 32{hidden}223" for hidden in "\u00ad\u200b\u200f\u2060\ufeff\u00a0\u2009"),
)
"""What lines and notes say, for the rules of reading."""


def reading_rules() -> str:
    """The fingerprint of what is read off an invoice: the form of the facts, and those of a fixed table of details."""
    facts = [facts_of(detail).model_dump(mode="json") for detail in _details()]
    return _hash([_schema(TypeAdapter(InvoiceFacts)), facts])


def record_form() -> str:
    """The fingerprint of what steps record: the forms, and the steps and reads of a few jobs, in order."""
    forms = {read.__name__: _schema(form) for read, form in RECORDED_FORMS.items()}
    others = [_schema(TypeAdapter(form)) for form in (History, list[Mark])]
    return _hash([forms, others, list(_steps_of_jobs())])


PRESENT = {"RECORD_FORM": (RECORD_FORM, record_form), "READING_RULES": (str(READING_RULES), reading_rules)}
"""Each number's value, and how to find what it stands for now."""


def known() -> dict[str, dict[str, str]]:
    """What each number stands for, by its name and value."""
    return cast("dict[str, dict[str, str]]", json.loads(FILE.read_text("utf-8")))


def complaint(name: str) -> str:
    """What is to be done about a number; nothing where it stands for what it should."""
    value, present = PRESENT[name]
    stands_for, now = known()[name].get(value), present()
    if stands_for == now:
        return ""
    if stands_for is None:
        return f"{name} {value} is new. Run `python -m tests.fingerprints`, and commit tests/fingerprints.json."
    return (
        f"What {name} {value} stands for has changed, so what an earlier release stored would be misread. Raise"
        f" {name} by one, run `python -m tests.fingerprints`, and commit tests/fingerprints.json. (Where the change"
        " was not intended, take it back.)"
    )


def main() -> None:
    """Note what the present numbers stand for; a number that stands for something else already is left as it is."""
    noted = known()
    for name, (value, present) in PRESENT.items():
        now = present()
        if noted[name].setdefault(value, now) != now:
            sys.exit(complaint(name))
    FILE.write_text(json.dumps(noted, indent=2) + "\n", "utf-8")


def _details() -> Iterator[InvoiceDetail]:
    line = {"id": 1, "quantity": "1.5", "price": "50.00"}
    for text in TEXTS:
        for ticket_id in (None, 7):
            body = {"id": 5, "number": "67469", "ticket_id": ticket_id, "total": "75.0", "note": text}
            lines = [{**line, "item": "Labour", "name": text}, {"item": text, "name": "", "description": text}]
            yield InvoiceDetail.model_validate({**body, "line_items": lines})


def _schema(form: TypeAdapter[Any]) -> Any:
    """How values of a form are written as JSON, without the words about it."""
    return _bare(form.json_schema(mode="serialization"))


def _bare(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _bare(value) for key, value in schema.items() if key not in ("title", "description")}
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema


class _Noted:
    """A session whose reads are noted: which were submitted together."""

    def __init__(self, session: Session, noted: list[Any]) -> None:
        self._session = session
        self._noted = noted

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self._noted.append([type(read).__name__ for read in reads])
        self._session.submit(reads)

    def collect(self) -> Batch:
        return self._session.collect()


def _steps_of_jobs() -> Iterator[Any]:
    """Two questions and two digests, in the course of which a warning is said and taken back."""
    with tempfile.TemporaryDirectory() as home, opened_office(Path(home)) as real:
        reads: list[Any] = []
        syncro = FakeSyncro(real.world)

        @contextmanager
        def session(*, fresh: bool = False) -> Iterator[Session]:
            yield _Noted(syncro.session(fresh=fresh), reads)

        office = replace(real, reader=cast("SyncroReader", SimpleNamespace(session=session)))
        for job in _jobs(office):
            yield [reads[:], [[name, _shape(result)] for name, result in zip(job.names, job.results, strict=True)]]
            reads.clear()


def _jobs(office: Office) -> Iterator[RememberingSteps]:
    owed, later = office.unbilled(), office.unbilled()
    billed = office.world.add_ticket()
    office.world.bill_by_ticket_id(billed)
    office.check(owed, billed, steps=(steps := RememberingSteps()))
    yield steps
    office.digest(steps=(steps := RememberingSteps()))
    yield steps
    office.bill(owed)
    office.check(owed, steps=(steps := RememberingSteps()))
    yield steps
    office.bill(later)
    office.next_day()
    office.world.now = office.now
    office.digest(steps=(steps := RememberingSteps()))
    yield steps


def _shape(value: Any) -> Any:
    """What a JSON value is made of."""
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        shapes = [_shape(each) for each in value]
        return [shape for index, shape in enumerate(shapes) if shape not in shapes[:index]]
    return type(value).__name__


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
