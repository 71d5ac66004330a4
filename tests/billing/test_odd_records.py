"""One odd record takes nobody down: over real HTTP, its own ticket is "could not verify", all others are answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.verifier import Verifier
from bot.digest.as_json import digest_object
from bot.digest.build import build_digest
from bot.digest.model import History
from bot.sandbox.syncro.world import ListRows, World
from bot.words.finding_json import finding_as_json
from bot.words.reasons import reason
from tests.billing.test_verifier_over_http import reader_of
from tests.policies import EVERY_TICKET
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import Edit, Fault, Status

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
VERIFIER = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"))

Record = dict[str, Any]


@dataclass
class Town:
    """Four finished tickets: one that is odd, one of the same customer that is billed, two of another customer."""

    rows: ListRows = ListRows.OPENAPI
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(now=NOW)
        opened, done = NOW - timedelta(days=9), NOW - timedelta(days=3)
        kittle, other = self.world.add_customer("Kittle"), self.world.add_customer("Other")
        self.odd, self.billed, self.unbilled, self.linked = (
            self.world.add_ticket(customer, number=number, created_at=opened, resolved_at=done)
            for customer, number in ((kittle, 32223), (kittle, 32224), (other, 32225), (other, 32226))
        )
        for ticket in (self.odd, self.unbilled):
            self.world.add_charge(ticket, "75.00")
        self.invoice = self.world.bill_by_ticket_id(self.billed, created_at=done)
        self.world.bill_by_line_text(self.linked, created_at=done)
        self.bystander = self.world.add_invoice(kittle, created_at=done)
        self.schedule = self.world.add_schedule(kittle, picks_up_charges=False)

    def change(self, path: str, change: Callable[[Record], Any], *, where: Callable[[Record], bool]) -> None:
        """Have the records of a path (its rows, or its only one) that are meant answered otherwise."""

        def changed(value: Any) -> Any:
            if isinstance(value, list):
                return [changed(each) for each in value]
            return change(value) if isinstance(value, dict) and where(value) else value

        self.faults.append(Fault(path, Edit(lambda body: {key: changed(value) for key, value in body.items()})))

    def check(self) -> dict[str, Finding]:
        """What a question about all four gives."""
        numbers = ("32223", "32224", "32225", "32226")
        with self._syncro() as syncro, reader_of(syncro) as reader, reader.session() as session:
            report = VERIFIER.check(numbers, session, started_at=NOW)
        return {finding.ticket_number: finding for finding in report.findings}

    def audit(self) -> list[Finding]:
        """What a digest finds."""
        window = Window(NOW - timedelta(days=30), NOW)
        with self._syncro() as syncro, reader_of(syncro) as reader, reader.session() as session:
            made = VERIFIER.audit(window, (), session, started_at=NOW)
        assert made.failure == made.report.outage == ""
        return list(made.report.findings)

    def _syncro(self) -> FaultySyncro:
        return FaultySyncro(self.world, list_rows=self.rows, requests_per_minute=None, faults=self.faults)


def with_(**fields: Any) -> Callable[[Record], Record]:
    return lambda record: {**record, **fields}


def without(*names: str) -> Callable[[Record], Record]:
    return lambda record: {name: value for name, value in record.items() if name not in names}


def is_(record_id: int) -> Callable[[Record], bool]:
    return lambda record: record.get("id") == record_id


TICKETS, TICKET, INVOICES, INVOICE, SCHEDULES = "/tickets", "/tickets/.+", "/invoices", "/invoices/.+", "/schedules"
LONE = "half a \ud83d pair"

Odd = Callable[[Town], None]


def _ticket_row(change: Callable[[Record], Any]) -> Odd:
    return lambda town: town.change(TICKETS, change, where=is_(town.odd.id))


def _ticket_detail(change: Callable[[Record], Any]) -> Odd:
    return lambda town: town.change(TICKET, change, where=is_(town.odd.id))


def _both(change: Callable[[Record], Any]) -> Odd:
    def odd(town: Town) -> None:
        _ticket_row(change)(town)
        _ticket_detail(change)(town)

    return odd


def _bystander_row(change: Callable[[Record], Any]) -> Odd:
    return lambda town: town.change(INVOICES, change, where=is_(town.bystander.id))


def _bystander(change: Callable[[Record], Any]) -> Odd:
    return lambda town: town.change(INVOICE, change, where=is_(town.bystander.id))


def _schedule(**fields: Any) -> Odd:
    picking_up = {"invoice_unbilled_ticket_charges": True, "paused": False}
    return lambda town: town.change(SCHEDULES, with_(**{**picking_up, **fields}), where=is_(town.schedule.id))


def _charge(**fields: Any) -> Odd:
    return _ticket_detail(lambda ticket: {**ticket, "line_items": [{**ticket["line_items"][0], **fields}]})


def _time(**fields: Any) -> Odd:
    return _ticket_detail(with_(ticket_timers=[{"id": 1, **fields}]))


def _nested(ticket: Record) -> Record:
    return {**without("customer_id")(ticket), "customer": {"id": ticket["customer_id"]}}


def _twins(town: Town) -> None:
    """The same row twice, without ids: two invoices of one number, made at the same moment."""
    town.rows = ListRows.MEMO

    def doubled(body: Record) -> Record:
        twin = [row for row in body["invoices"] if row["number"] == town.bystander.number]
        return {**body, "invoices": [*body["invoices"], *twin]}

    town.faults.append(Fault(INVOICES, Edit(doubled)))


def _two_of_one_number(town: Town) -> None:
    town.world.add_ticket(town.world.customers[town.odd.customer_id], created_at=NOW).number = town.odd.number


ODDITIES: list[tuple[str, Odd]] = [
    ("ticket row without a number", _ticket_row(with_(number=None))),
    ("ticket without a number anywhere", _both(with_(number=None))),
    ("two tickets of one number", _two_of_one_number),
    ("deleted customer, null", _both(with_(customer_id=None, customer=None))),
    ("ticket row that is null", _ticket_row(lambda _: None)),
    ("charge with converted null", _charge(converted=None)),
    ("charge with converted as a word", _charge(converted="perhaps")),
    ("charge converted onto nothing", _charge(converted=True, item_id=None)),
    ("charge with a nested price", _charge(price_retail={"amount": "75.00"}, retail_cents=None)),
    ("charge priced in words", _charge(price_retail="seventy", retail_cents="many")),
    ("charge less nobody knows what", _charge(line_discount_percent="a third")),
    ("charge of NaN", _charge(price_retail="NaN", retail_cents=None)),
    ("charges that are no list", _ticket_detail(with_(line_items="none"))),
    ("time whose billable is null", _time(billable=None, recorded=False)),
    ("time whose recorded is a word", _time(billable=True, recorded="no idea")),
    ("invoice row that is null", _bystander_row(lambda _: None)),
    ("invoice row without a name", _bystander_row(without("id", "number"))),
    ("invoice that is null", _bystander(lambda _: None)),
    ("invoice without lines key", _bystander(without("line_items"))),
    ("invoice of the ticket without a number", lambda town: town.change(
        INVOICE, with_(number=None, ticket_id=town.odd.id), where=is_(town.bystander.id))),
    ("invoice whose total differs from its row", _bystander_row(with_(total="1.0"))),
    ("invoice whose customer differs from its row", _bystander(with_(customer_id=999))),
    ("two equal rows without ids", _twins),
    ("schedule whose paused is null", _schedule(paused=None)),
    ("schedule whose paused is a word", _schedule(paused="sometimes")),
    ("schedule that picks up null", _schedule(invoice_unbilled_ticket_charges=None)),
    ("ticket without a status anywhere", _both(with_(status=None, resolved_at=None))),
    ("ticket whose customer differs from its row", _ticket_detail(with_(customer_id=999))),
    ("ticket whose number differs from its row", _ticket_detail(with_(number=999))),
    ("billing status that contradicts", _ticket_row(with_(billing_status="Invoiced"))),
]  # fmt: skip
NAMED = pytest.mark.parametrize(("name", "odd"), ODDITIES, ids=[name for name, _ in ODDITIES])


def others(findings: dict[str, Finding]) -> list[Verdict]:
    return [findings[number].verdict for number in ("32224", "32225", "32226")]


@NAMED
def test_in_a_question_only_its_own_ticket_is_unverified(name: str, odd: Odd) -> None:
    town = Town()
    odd(town)
    findings = town.check()
    assert findings["32223"].verdict is Verdict.UNVERIFIED, name
    assert findings["32223"].failures
    assert not findings["32223"].coverage.complete
    assert others(findings) == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED]


@NAMED
def test_the_digest_is_made_and_names_it(name: str, odd: Odd) -> None:
    town = Town()
    odd(town)
    findings = town.audit()
    assert [each.verdict for each in findings].count(Verdict.UNVERIFIED) == 1, name
    assert others({each.ticket_number: each for each in findings}) == [
        Verdict.INVOICED,
        Verdict.NOT_INVOICED,
        Verdict.INVOICED,
    ]


def test_a_ticket_without_a_number_is_named_by_its_id() -> None:
    town = Town()
    _both(with_(number=None))(town)
    (unnamed,) = (each for each in town.audit() if each.verdict is Verdict.UNVERIFIED)
    assert unnamed.ticket_number == f"id:{town.odd.id}"


def test_without_an_odd_record_the_ticket_is_accused() -> None:
    assert Town().check()["32223"].verdict is Verdict.NOT_INVOICED


HARMLESS: list[tuple[str, Odd, Verdict]] = [
    ("lone surrogate in a subject", _both(with_(subject=LONE)), Verdict.NOT_INVOICED),
    ("mere discount on an invoice", _bystander(with_(line_items=[{"id": 1, "price": "-5.0", "quantity": None}])),
     Verdict.NOT_INVOICED),
    ("nested customer", _both(_nested), Verdict.NOT_INVOICED),
    ("invoice without a number that bills nobody", _bystander(with_(number=None)), Verdict.UNVERIFIED),
    ("flags in words", _charge(converted="false"), Verdict.NOT_INVOICED),
    ("flags as numbers", _charge(converted=0), Verdict.NOT_INVOICED),
    ("stale item_id", lambda town: _charge(converted=False, item_id=town.invoice.lines[0].id)(town),
     Verdict.NOT_INVOICED),
]  # fmt: skip


@pytest.mark.parametrize(("name", "odd", "verdict"), HARMLESS, ids=[name for name, _, _ in HARMLESS])
def test_what_can_be_read_all_the_same_is_answered(name: str, odd: Odd, verdict: Verdict) -> None:
    town = Town()
    odd(town)
    findings = town.check()
    assert findings["32223"].verdict is verdict, name
    assert others(findings) == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED]
    for finding in findings.values():
        str(finding_as_json(finding)).encode()


def test_a_recurring_invoice_of_nobody_may_be_everybody_s() -> None:
    town = Town()
    _schedule(customer_id=None)(town)
    assert town.check()["32223"].verdict is Verdict.UNVERIFIED
    unverified = [each.ticket_number for each in town.audit() if each.verdict is Verdict.UNVERIFIED]
    assert sorted(unverified) == ["32223", "32225"]


def test_the_customer_s_page_that_is_not_found_is_no_empty_page() -> None:
    town = Town()
    mine = str(town.odd.customer_id)
    town.faults.append(Fault(INVOICES, Status(404), query=lambda query: query.get("customer_id") == mine))
    findings = town.check()
    assert findings["32223"].verdict is Verdict.UNVERIFIED
    assert others(findings) == [Verdict.INVOICED, Verdict.NOT_INVOICED, Verdict.INVOICED]


# --- the rest that cannot be read ---

UNREAD: list[tuple[str, Callable[[Town], Fault]]] = [
    ("500", lambda town: Fault(f"/tickets/{town.billed.id}", Status(500))),
    ("404", lambda town: Fault(f"/tickets/{town.billed.id}", Status(404))),
    ("web page", lambda town: Fault(f"/tickets/{town.billed.id}", Status(200, "<html>"))),
    ("missing keys", lambda town: Fault(
        f"/tickets/{town.billed.id}", Edit(lambda body: {"ticket": without("line_items")(body["ticket"])}))),
    ("null", lambda town: Fault(f"/tickets/{town.billed.id}", Edit(lambda _: {"ticket": None}))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "unread"), UNREAD, ids=[name for name, _ in UNREAD])
def test_a_found_link_stays_and_the_unread_rest_is_said(name: str, unread: Callable[[Town], Fault]) -> None:
    town = Town()
    town.world.add_charge(town.billed, "120.00")
    assert town.check()["32224"].verdict is Verdict.PARTIALLY_INVOICED
    town.faults.append(unread(town))
    finding = town.check()["32224"]
    assert (finding.verdict, finding.rest_is_unknown) == (Verdict.INVOICED, True), name
    shown = finding_as_json(finding)
    assert shown["coverage"]["complete"] is False
    assert shown["unbilled"] == {"minutes": None, "charges": None}
    assert finding.failures
    assert "Whether more is unbilled could not be read." in reason(finding)


def test_the_digest_does_not_count_an_unread_rest_as_healthy() -> None:
    town = Town()
    town.faults.append(Fault(f"/tickets/{town.billed.id}", Status(500)))
    digest = build_digest(
        town.audit(),
        History(),
        day=NOW.date(),
        made_at=NOW,
        labor_rate=Decimal(100),
        zone=ZoneInfo("UTC"),
    )
    assert digest_object(digest)["rest_unread"] == ["32224"]
