"""A digest at once, for somebody who waits at a terminal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.billing.search.scheduler import Progress
from bot.billing.verifier import Verifier
from bot.digest.groups import part_of
from bot.digest.model import Digest, History
from bot.jobs.audit import TERMINAL, AuditTrail
from bot.jobs.digest import DigestJob
from bot.jobs.digest_making import DigestRules, make_digest
from bot.jobs.digest_request import DigestRequest
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession
from bot.jobs.steps import DirectSteps
from bot.store.memory import Memory


@dataclass(frozen=True)
class DigestWish:
    """Of which tickets, and whether it is remembered as a run, and posted too.

    A digest of one customer is never remembered: the next one would take every other warning for new.
    """

    since: datetime | None = None
    customer_id: str | None = None
    remember: bool = True
    post: bool = False
    who: str = ""
    """Who wishes it, for the audit table."""


@dataclass(frozen=True)
class DigestNow:
    """Makes a digest. `memory` is None where nothing is remembered; `delivery` posts it, None where nobody wants it."""

    verifier: Verifier
    session: OpenSession
    rules: DigestRules
    clock: Callable[[], datetime]
    memory: Memory | None
    delivery: DigestJob | None
    channel: str | None
    seconds_held_back: Callable[[], float]

    def make(self, wish: DigestWish, on_progress: Callable[[Progress], None]) -> Digest:
        """Make it, and do with it what is wished.

        Raises:
            DigestFailedError: the tickets could not be read.
            SlackUnavailableError: it could not be posted.

        """
        now = self.clock()
        since = None if wish.since is None else wish.since.replace(tzinfo=self.rules.zone)
        window = self.rules.window(now, since=since, customer_id=wish.customer_id)
        history = History() if self.memory is None else self.memory.history(now)
        with self.session() as session:
            made = make_digest(
                self.verifier, session, history, self.rules, now=now, window=window, on_progress=on_progress
            )
        if wish.customer_id is not None:
            return part_of(made, lambda finding: finding.customer_id == wish.customer_id)
        key = f"terminal:{uuid.uuid4()}"
        steps = DirectSteps()

        def remember(digest: Digest) -> None:
            if self.memory is not None and wish.remember:
                self.memory.remember_run(digest, key=key)

        if self.delivery is not None:
            outbox = Outbox(steps, self.delivery.poster, key=key, clock=self.clock)
            request = DigestRequest(made.day, self.channel)
            self.delivery.deliver(made, request, steps, outbox, who=wish.who, on_said=remember)
            return made
        remember(made)
        if self.memory is not None and wish.remember:
            AuditTrail(self.memory, self.clock).digest(steps, key, made, who=wish.who, where=TERMINAL)
        return made
