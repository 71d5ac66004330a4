"""The job of a question: whatever breaks, the person gets words."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.search.queries import Answer, Failed, Read
from bot.billing.search.scheduler import Batch, Session
from bot.billing.verifier import Verifier
from bot.digest.amounts import Rates
from bot.jobs.audit import AuditTrail
from bot.jobs.check import CheckJob
from bot.jobs.request import CheckRequest
from bot.jobs.warnings import WarningBook
from bot.store.memory import Memory
from bot.syncro.errors import FailureKind
from bot.syncro_sessions.caching import NoLedger, RememberingSession
from tests.jobs.fakes import FakePoster, RememberingSteps
from tests.policies import EVERY_TICKET

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ASKED = CheckRequest(("32223",), "C0", "U0TECH")


class EngineStoppedError(Exception):
    """What the engine raises under a job when the process ends."""


@dataclass
class Syncro:
    """Answers every read as `answer` does; `opened` notes each session, and whether it was to be fresh."""

    answer: Callable[[Read[Any]], Answer[Any]]
    opened: list[bool] = field(default_factory=list)
    open_now: int = 0
    large: int = 0
    """Sessions that were opened for large questions."""

    def large_session(self, *, fresh: bool = False) -> AbstractContextManager[Session]:
        self.large += 1
        return self.session(fresh=fresh)

    @contextmanager
    def session(self, *, fresh: bool = False) -> Iterator[Session]:
        self.opened.append(fresh)
        self.open_now += 1
        yield RememberingSession(_Answering(self.answer), NoLedger(), lambda: NOW, fresh=fresh)
        self.open_now -= 1


class _Answering:
    def __init__(self, answer: Callable[[Read[Any]], Answer[Any]]) -> None:
        self._answer = answer
        self._submitted: list[Read[Any]] = []

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        self._submitted.extend(reads)

    def collect(self) -> Batch:
        reads, self._submitted = self._submitted, []
        return Batch(tuple((read, self._answer(read)) for read in reads), NOW)


def run(syncro: Syncro, poster: FakePoster, asked: CheckRequest = ASKED, steps: RememberingSteps | None = None) -> None:
    verifier = Verifier(EVERY_TICKET, SyncroPages("https://syncro.test"))
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(f"sqlite:///{folder}/bot.db")
        memory.open()
        try:
            book = WarningBook(memory, lambda: NOW, Rates())
            trail = AuditTrail(memory, lambda: NOW)
            job = CheckJob(
                verifier=verifier,
                session=syncro.session,
                large_session=syncro.large_session,
                seconds_held_back=lambda: 12.0,
                poster=poster,
                clock=lambda: NOW,
                warnings=book,
                trail=trail,
                engine_error=EngineStoppedError,
            )
            job.run(asked.to_json(), steps or RememberingSteps(), "job")
        finally:
            memory.close()


def out_of_reach(_: Read[Any]) -> Answer[Any]:
    return Answer(Failed(FailureKind.UNAVAILABLE, "Reading the list: no connection to Syncro."), 1)


def test_an_outage_is_said_as_could_not_verify_with_its_reason() -> None:
    poster = FakePoster()

    run(Syncro(out_of_reach), poster)

    (parent,) = poster.texts("C0")
    assert "could not verify" in parent
    assert "no connection to Syncro" in parent


@pytest.mark.parametrize("fresh", [False, True])
def test_a_question_has_one_session_which_is_as_fresh_as_was_asked_and_is_left_at_the_end(*, fresh: bool) -> None:
    syncro = Syncro(out_of_reach)

    run(syncro, FakePoster(), replace(ASKED, fresh=fresh))

    assert (syncro.opened, syncro.open_now) == ([fresh], 0)


def test_an_error_of_our_own_is_said_as_could_not_verify_and_its_cause_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    poster = FakePoster()

    def broken(_: Read[Any]) -> Answer[Any]:
        raise ZeroDivisionError("a bug")

    run(Syncro(broken), poster)

    (parent,) = poster.texts("C0")
    assert "Could not verify" in parent
    assert "not a statement that the invoice is missing" in parent
    assert "a bug" not in parent
    assert "ZeroDivisionError: a bug" in caplog.text


def test_an_engine_that_stops_under_a_job_leaves_the_question_open_for_the_next_start() -> None:
    poster = FakePoster()

    def stopped(_: Read[Any]) -> Answer[Any]:
        raise EngineStoppedError

    with pytest.raises(EngineStoppedError):
        run(Syncro(stopped), poster)
    assert poster.texts("C0") == ["Ticket #32223 · checking…"]


@pytest.mark.parametrize(
    ("tickets", "exhaustive", "is_large"), [(1, False, False), (5, False, False), (6, False, True), (1, True, True)]
)
def test_a_large_question_waits_for_its_turn_as_one_and_leaves_room_to_small_ones(
    tickets: int, *, exhaustive: bool, is_large: bool
) -> None:
    syncro, steps = Syncro(out_of_reach), RememberingSteps()
    asked = replace(ASKED, references=tuple(map(str, range(tickets))), exhaustive=exhaustive)

    run(syncro, FakePoster(), asked, steps)

    assert steps.turns == [(ASKED.user, is_large)]
    assert (syncro.large, len(syncro.opened)) == (int(is_large), 1)


@pytest.mark.parametrize("waits", [False, True])
def test_a_question_that_waits_for_others_of_the_same_person_says_so_from_the_start(*, waits: bool) -> None:
    poster, steps = FakePoster(), RememberingSteps()
    steps.busy = {ASKED.user} if waits else {"somebody else"}

    run(Syncro(out_of_reach), poster, steps=steps)

    (parent,) = (shown for shown in poster.shown.values() if shown.thread_ts is None)
    assert ("begins when one of your other questions is answered" in parent.before[0].text) == waits
