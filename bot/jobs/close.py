"""The close of a month: at once, for somebody who waits at a terminal, and as the job behind a question in Slack."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from bot.billing.search.scheduler import Progress, Session
from bot.billing.verifier import Verifier
from bot.digest.close import MONTH, Close, Remembered, close_month, window_of
from bot.digest.close_forms import close_as_csv
from bot.jobs.audit import TERMINAL, AuditTrail
from bot.jobs.cancellation import Cancellable
from bot.jobs.check import BROKE_DOWN
from bot.jobs.conversation import Conversation
from bot.jobs.digest_delivery import attach_list
from bot.jobs.digest_making import DigestFailedError, DigestRules, accused_in, make_digest, proved_lately
from bot.jobs.digest_now import DigestNow
from bot.jobs.look import Look
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.request import CloseRequest
from bot.jobs.steps import DirectSteps, Steps, begun
from bot.jobs.warnings import WarningBook
from bot.messages.check_messages import under_way
from bot.messages.close import being_closed, close_failed, close_messages
from bot.messages.poster import Poster
from bot.store.memory import Memory

_REMEMBERED = TypeAdapter(Remembered)
ShowProgress = Callable[[Progress], None]


def _made(
    verifier: Verifier,
    session: Session,
    rules: DigestRules,
    month: date,
    remembered: Remembered,
    now: datetime,
    on_progress: ShowProgress,
    proved: frozenset[str] = frozenset(),
) -> Close:
    """The close of a month, as of now; `proved` are tickets as for `make_digest`.

    Raises:
        DigestFailedError: the tickets could not be read.

    """
    window, day = window_of(month, rules.zone, now), now.astimezone(rules.zone).date()
    digest = make_digest(
        verifier,
        session,
        replace(remembered.history, standing=()),  # the month's own tickets, and no others
        rules,
        now=now,
        window=window,
        proved=proved | proved_lately(remembered.history, day),
        on_progress=on_progress,
    )
    return close_month(digest, window, month, remembered)


def make_close(maker: DigestNow, month: date, who: str, on_progress: ShowProgress) -> Close:
    """Make the close of a month, compare it with the one before, and keep it in its place.

    Cut off and made again it reads only what is not yet remembered.

    Raises:
        DigestFailedError: the tickets could not be read.

    """
    now, memory = maker.clock(), maker.memory
    remembered = Remembered() if memory is None else memory.for_close(month, now)
    with maker.session() as session:
        close = _made(maker.verifier, session, maker.rules, month, remembered, now, on_progress)
    if memory is not None:
        memory.keep_close(close)
        trail, key = AuditTrail(memory, maker.clock), f"terminal:{uuid.uuid4()}"
        trail.digest(DirectSteps(), key, close.digest, who=who, where=TERMINAL, month=f"{month:{MONTH}}")
    return close


@dataclass(frozen=True)
class CloseJob:
    """Answers one `CloseRequest` in Slack."""

    verifier: Verifier
    session: OpenSession
    seconds_held_back: Callable[[], float]
    poster: Poster
    memory: Memory
    warnings: WarningBook
    trail: AuditTrail
    rules: DigestRules
    clock: Callable[[], datetime]
    engine_error: type[Exception]

    def run(self, stored: dict[str, Any], steps: Steps, key: str) -> dict[str, str] | None:
        """Make the close and say it. Returns where it stands."""
        request = CloseRequest.from_json(stored)
        answer = _Answer(self, request, steps, Outbox(steps, self.poster, key=key, clock=self.clock))
        return answer.give()


class _Answer:
    def __init__(self, job: CloseJob, request: CloseRequest, steps: Steps, outbox: Outbox) -> None:
        self._job = job
        self._request = request
        self._steps = steps
        self._outbox = outbox
        self._month = date.fromisoformat(f"{request.month}-01")
        self._conversation = Conversation(request, outbox)
        self._remembered: Remembered | None = None
        self._proved: frozenset[str] = frozenset()
        self._close: Close | None = None

    def give(self) -> dict[str, str] | None:
        request, job, steps = self._request, self._job, self._steps
        waits, cancel = steps.is_busy_for(request.user), Cancellable.of(request, self._outbox.key).to_text()
        self._conversation.open(under_way(being_closed(self._month), waits=waits, cancel=cancel))
        place = self._conversation.hold(self._make, lambda: self._fail(BROKE_DOWN), job.engine_error)
        if self._close is not None:
            close = self._close
            steps.run("keep close", lambda _: job.memory.keep_close(close))
            job.trail.digest(
                steps,
                self._outbox.key,
                close.digest,
                who=request.user,
                where=request.channel,
                month=request.month,
                refusals=self._outbox.refusals,
            )
        return place

    def _make(self) -> None:
        try:
            self._close = self._conversation.say_fresh(self._look, self._say)
        except DigestFailedError as error:
            self._outbox.basis = None
            self._fail(str(error))

    def _fail(self, why: str) -> None:
        self._conversation.close(close_failed(self._month, why), [])
        self._job.trail.failed(self._steps, self._outbox, self._request)

    def _look(self, is_again: bool) -> tuple[Close, Look]:
        job, steps = self._job, self._steps

        def opened() -> AbstractContextManager[Session]:
            turn.take()  # what was cut off has begun already
            return job.session()

        with steps.turn(self._request.user, is_large=True) as turn, recorded_session(steps, opened) as session:
            now = begun(steps, "look", turn, job.clock)
            remembered = self._recalled(now)
            progress = self._conversation.follow(job.seconds_held_back)
            close = _made(job.verifier, session, job.rules, self._month, remembered, now, progress, self._proved)
        self._proved |= accused_in(close.digest)
        return close, Look(now, now + timedelta(seconds=close.digest.seconds), is_again)

    def _recalled(self, now: datetime) -> Remembered:
        """What was remembered when the job began: it is not compared with itself."""
        if self._remembered is None:
            memory, month = self._job.memory, self._month
            known = self._steps.run(
                "recall", lambda _: _REMEMBERED.dump_python(memory.for_close(month, now), mode="json")
            )
            self._remembered = _REMEMBERED.validate_python(known)
        return self._remembered

    def _say(self, close: Close) -> None:
        """Say it, and remember what it warns about, as a digest does."""
        made = close_messages(close, self._request.user)
        self._conversation.close(made.parent, made.thread)
        findings = [line.finding for line in close.digest.unbilled]
        at_risk = {line.finding.ticket_number: line.amount for line in close.digest.unbilled}
        for said in self._conversation.outcomes:
            self._job.warnings.remember(
                self._steps, said.place, made.parent, findings, "digest", thread_ts=said.thread_ts, at_risk=at_risk
            )
        self._job.warnings.retract_found(self._steps, self._outbox, (line.finding for line in close.tickets))
        for said in self._conversation.outcomes:
            attach_list(self._outbox, said.place, f"close-{self._request.month}.csv", close_as_csv(close))
