"""Invoices that bill wrongly are found among a thousand honest ones, and no other is named."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import timedelta

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.rules.policy import Policy
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.world import ListRows
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing import wrong_bills
from tests.billing.fake_syncro import FakeSyncro
from tests.billing.wrong_bills import NOW, Bills, Concern

HANDFUL = 3
WINDOW = Window(NOW - timedelta(days=30), NOW)


class Bot:
    """A bot without HTTP. It knows the whole account where it is told to sync first."""

    def __init__(self, bills: Bills, rows: ListRows, *, synced: bool) -> None:
        self.ledger = SqlLedger(Database("sqlite://"), "sample", max_age=timedelta(days=90), clock=lambda: NOW)
        self.ledger.open()
        self.syncro = FakeSyncro(bills.world, rows=rows, page_size=25, ledger=self.ledger)
        self.verifier = Verifier(Policy(), SyncroPages("https://sample.example"))
        if synced:
            self._sync()

    def _sync(self) -> None:
        done = Synchroniser(
            self.ledger,
            lambda: nullcontext(self.syncro.session()),
            policy=Policy(),
            lookback=timedelta(days=30),
            clock=lambda: NOW,
        ).run()
        assert done.is_complete, done.problem

    def digest(self) -> tuple[Finding, ...]:
        return self.verifier.audit(WINDOW, (), self.syncro.session(), started_at=NOW).report.findings

    def check(self, numbers: Iterable[str]) -> tuple[Finding, ...]:
        return self.verifier.check(list(numbers), self.syncro.session(), started_at=NOW).findings


def told(bills: Bills, findings: Iterable[Finding]) -> dict[str, set[Concern]]:
    """What is named. Of one ticket's many invoices a handful will do."""
    said = named(findings)
    for number, each in said.items():
        full = {concern for concern in bills.wrong.get(number, ()) if len(concern[1]) > HANDFUL}
        for kind, invoices in [concern for concern in each if len(concern[1]) >= HANDFUL]:
            if whole := next((one for one in full if one[0] == kind and set(invoices) <= set(one[1])), None):
                each.remove((kind, invoices))
                each.add(whole)
    return said


def named(findings: Iterable[Finding]) -> dict[str, set[Concern]]:
    return {
        each.ticket_number: {(one.kind.value, tuple(sorted(one.invoices))) for one in each.concerns}
        for each in findings
        if each.concerns
    }


@pytest.mark.parametrize("rows", list(ListRows))
def test_with_a_current_ledger_the_digest_and_a_question_name_all_that_is_wrong_and_nothing_else(
    rows: ListRows,
) -> None:
    bills = wrong_bills.build()
    assert len(bills.world.invoices) == wrong_bills.INVOICES
    bot = Bot(bills, rows, synced=True)
    wrong = {**bills.wrong, **bills.hidden}
    assert told(bills, bot.digest()) == wrong
    assert told(bills, bot.check(wrong)) == wrong


def test_without_a_ledger_all_is_named_that_costs_no_further_call_and_nothing_else() -> None:
    bills = wrong_bills.build()
    for findings in (
        Bot(bills, ListRows.OPENAPI, synced=False).digest(),
        Bot(bills, ListRows.OPENAPI, synced=False).check([*bills.wrong, *bills.hidden]),
    ):
        said = told(bills, findings)
        assert {number: each for number, each in said.items() if number not in bills.hidden} == bills.wrong
        assert all(each <= bills.hidden[number] for number, each in said.items() if number in bills.hidden)
        verdicts = {each.ticket_number: each.verdict for each in findings}
        assert not {n for n in bills.wrong if verdicts[n] is Verdict.NOT_INVOICED}, "a wrong bill is no accusation"
