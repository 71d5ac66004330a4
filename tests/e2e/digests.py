"""The real digest over real HTTP, in this process: what it says of a world at a moment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from bot.billing.decide import SyncroPages
from bot.billing.rules.policy import Policy
from bot.billing.rules.verdicts import Finding
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.digest.close import Close
from bot.digest.model import Digest
from bot.jobs.close import make_close
from bot.jobs.digest_making import DigestRules, make_digest
from bot.jobs.digest_now import DigestNow
from bot.sandbox.syncro.server import SyncroSandbox
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.store.memory import Memory
from bot.syncro.client import SyncroClient
from bot.syncro_sessions.pooled import SyncroReader


class Endless:
    """A rate budget that nobody waits for."""

    def call(self, longest_pause: float = math.inf) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def refused(self, retry_after: float | None) -> None:
        raise AssertionError(f"the stand-in asks for a pause of {retry_after} s")


@dataclass(frozen=True)
class Desk:
    """A bot without Slack at a moment: what it remembers, and the account that it asks."""

    syncro: SyncroSandbox
    memory: Memory
    ledger: SqlLedger
    now: datetime
    policy: Policy

    @contextmanager
    def _reader(self) -> Iterator[SyncroReader]:
        client = SyncroClient(self.syncro.base_url, self.syncro.token, budget=Endless())
        reader = SyncroReader(client, lambda: self.now, ledger=self.ledger)
        try:
            yield reader
        finally:
            reader.close()
            client.close()

    @property
    def _verifier(self) -> Verifier:
        return Verifier(self.policy, SyncroPages("https://sample.example"))

    def digest(self, rules: DigestRules) -> Digest:
        """The digest of this moment, remembered."""
        window, history = rules.window(self.now), self.memory.history(self.now)
        with self._reader() as reader, reader.session() as session:
            made = make_digest(self._verifier, session, history, rules, now=self.now, window=window)
        self.memory.remember_run(made, key=self.now.isoformat())
        return made

    def close(self, month: date, rules: DigestRules) -> Close:
        """The close of a month, made at this moment and kept."""
        with self._reader() as reader:
            maker = DigestNow(
                self._verifier, reader.session, rules, lambda: self.now, self.memory, None, None, lambda: 0.0
            )
            return make_close(maker, month, "terminal:test", lambda _: None)

    def check(self, numbers: list[str]) -> dict[str, Finding]:
        """The answers to a question about these tickets, by number."""
        with self._reader() as reader, reader.session() as session:
            report = self._verifier.check(numbers, session, started_at=self.now)
        return {finding.ticket_number: finding for finding in report.findings}

    def sync(self, lookback: timedelta) -> None:
        """Let the background sync read everything."""
        with self._reader() as reader:
            done = Synchroniser(
                self.ledger, reader.session, policy=self.policy, lookback=lookback, clock=lambda: self.now
            ).run()
        assert done.is_complete, done.problem


@contextmanager
def desk(url: sa.URL | str, syncro: SyncroSandbox, now: datetime, policy: Policy) -> Iterator[Desk]:
    """A bot at a moment, with the database at `url`."""
    address = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    memory, database = Memory(address), Database(address, is_expendable=True)
    memory.open()
    ledger = SqlLedger(database, "month", max_age=timedelta(days=90), clock=lambda: now)
    ledger.open()
    yield Desk(syncro, memory, ledger, now, policy)
    database.close()
    memory.close()
