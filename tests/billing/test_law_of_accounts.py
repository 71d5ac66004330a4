"""The law over accounts whose lists and filters do less than they say, cold, half synced and synced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.decide import SyncroPages
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.sandbox.syncro.world import Ticket
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from tests.billing.fake_syncro import HONEST, FakeSyncro, Habits, Match, Meta, Since
from tests.billing.stories import Story, quiet_stories
from tests.billing.test_law import BILLED, is_credited, truth
from tests.billing.test_law_remembered import hold_to_the_world
from tests.ledgers import forget_everything
from tests.policies import EVERY_TICKET


@dataclass(frozen=True)
class Look:
    """How the bot is made to look, and for how long nobody does before."""

    how: str
    pause: timedelta
    rewords: bool
    """A line comes to name a ticket, and Syncro does not say that its invoice was changed."""


@dataclass(frozen=True)
class Account:
    """A story on an account with habits of its own, and how it is looked at."""

    story: Story
    habits: Habits
    looks: tuple[Look, ...]


_looks = st.builds(
    Look,
    st.sampled_from(("question", "question", "digest", "sync", "some of a sync")),
    st.sampled_from((timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=15), timedelta(days=8))),
    st.booleans(),
)
_habits = st.builds(
    Habits, st.sampled_from(Meta), st.sampled_from(Match), st.sampled_from(Match), st.sampled_from(Since)
)


@st.composite
def accounts(draw: st.DrawFn, habits: st.SearchStrategy[Habits] = _habits) -> Account:
    story = draw(quiet_stories())
    story.page_size = draw(st.sampled_from((2, 3, 20, 25, 50, 100)))
    return Account(story, draw(habits), tuple(draw(st.lists(_looks, min_size=1, max_size=6))))


@pytest.fixture(scope="module", name="database")
def _database() -> Iterator[Database]:
    database = Database("sqlite://")
    yield database
    database.close()


class Watcher:
    """A bot with a ledger in which nothing stands yet."""

    def __init__(self, account: Account, database: Database) -> None:
        story = self._story = account.story
        self.world = story.world
        self._began = self.world.now
        ledger = SqlLedger(database, "sample", max_age=timedelta(days=90), clock=lambda: self.world.now)
        SqlLedger(database, "sample", max_age=timedelta(1), clock=lambda: self._began - timedelta(days=1)).open()
        ledger.open()
        forget_everything(ledger)
        self._ledger = ledger
        self._syncro = FakeSyncro(
            self.world, rows=story.rows, page_size=story.page_size, ledger=ledger, habits=account.habits
        )
        self._verifier = Verifier(EVERY_TICKET, SyncroPages("https://sample.example"), scan_limit=story.scan_limit)

    def look(self, look: Look) -> dict[str, Finding]:
        self.world.now += look.pause
        if look.rewords:
            self._reword()
        if look.how in ("sync", "some of a sync"):
            self._sync(most=1_000 if look.how == "sync" else 12)
            return {}
        session, now = self._syncro.session(), self._syncro.clock()
        if look.how == "digest":
            window = Window(now - timedelta(days=90), now + timedelta(days=1))
            report = self._verifier.audit(window, self._story.numbers, session, started_at=now).report
        else:
            report = self._verifier.check(self._story.numbers, session, started_at=now)
        return {finding.ticket_number: finding for finding in report.findings}

    def _sync(self, most: int) -> None:
        asked = 0

        def stopped() -> bool:
            nonlocal asked
            asked += 1
            return asked > most

        Synchroniser(
            self._ledger,
            lambda: nullcontext(self._syncro.session()),
            policy=EVERY_TICKET,
            lookback=timedelta(days=60),
            clock=self._syncro.clock,
        ).run(stopped=stopped)

    def _reword(self) -> None:
        for ticket in self._story.asked:
            for invoice in self.world.invoices.values():
                if invoice.customer_id == ticket.customer_id and invoice.updated_at >= ticket.created_at:
                    self.world.add_line(invoice, name=f"Ticket #{ticket.number}", names=[ticket])
                    return


def answers(account: Account, database: Database) -> Iterator[tuple[Ticket, Finding]]:
    watcher = Watcher(account, database)
    for look in account.looks:
        found = watcher.look(look)
        for ticket in account.story.asked:
            if str(ticket.number) in found:
                yield ticket, found[str(ticket.number)]


@given(account=accounts())
def test_no_false_accusation_and_no_false_all_clear_whatever_lists_and_filters_do(
    account: Account, database: Database
) -> None:
    for ticket, finding in answers(account, database):
        hold_to_the_world(account.story.world, ticket, finding)


@given(account=accounts(st.just(HONEST)))
def test_on_an_honest_account_everything_is_told_and_told_right(account: Account, database: Database) -> None:
    account = replace(account, looks=tuple(replace(look, rewords=False) for look in account.looks))
    if not account.story.names_are_unique:
        return
    account.story.scan_limit = 200
    for ticket, finding in answers(account, database):
        world = account.story.world
        expected = truth(world, ticket)
        if is_credited(world, ticket) and finding.verdict not in BILLED:
            continue  # what bills it may be given back, and then another that bills it, too, was not searched for
        is_found_all_the_same = finding.verdict in BILLED and expected in (Verdict.NON_BILLABLE, Verdict.OPEN)
        if is_found_all_the_same:  # none is due, so it was not searched for; but the ledger knew of it
            hold_to_the_world(world, ticket, finding)
        else:
            assert finding.verdict is expected, f"{finding}"
        assert finding.verdict is not Verdict.UNVERIFIED or finding.possible
