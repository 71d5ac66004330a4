"""The job of a question: whatever breaks, the person gets words."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.billing.decide import SyncroPages
from bot.billing.policy import Policy
from bot.billing.reads import Answer, Failed, Read
from bot.billing.verifier import Batch, Perform, Verifier
from bot.jobs.check import CheckJob
from bot.jobs.request import CheckRequest
from bot.jobs.warnings import WarningBook
from bot.store.memory import Memory
from bot.syncro.errors import FailureKind
from tests.jobs.fakes import FakePoster, RememberingSteps

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ASKED = CheckRequest(("32223",), "C0", "U0TECH")


class EngineStoppedError(Exception):
    """What the engine raises under a job when the process ends."""


def run(perform: Perform, poster: FakePoster) -> None:
    verifier = Verifier(Policy(), SyncroPages("https://syncro.test"))
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(f"sqlite:///{folder}/bot.db")
        memory.open()
        try:
            book = WarningBook(memory, lambda: NOW)
            job = CheckJob(verifier, perform, poster, lambda: NOW, book, EngineStoppedError)
            job.run(ASKED.to_json(), RememberingSteps(), "job")
        finally:
            memory.close()


def out_of_reach(reads: Sequence[Read[Any]]) -> Batch:
    failed = Failed(FailureKind.UNAVAILABLE, "Reading the list: no connection to Syncro.")
    return Batch(tuple(Answer(failed, 1) for _ in reads), NOW)


def test_an_outage_is_said_as_could_not_verify_with_its_reason() -> None:
    poster = FakePoster()

    run(out_of_reach, poster)

    (parent,) = poster.texts("C0")
    assert "could not verify" in parent
    assert "no connection to Syncro" in parent


def test_an_error_of_our_own_is_said_as_could_not_verify_and_its_cause_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    poster = FakePoster()

    def broken(_: Sequence[Read[Any]]) -> Batch:
        raise ZeroDivisionError("a bug")

    run(broken, poster)

    (parent,) = poster.texts("C0")
    assert "Could not verify" in parent
    assert "not a statement that the invoice is missing" in parent
    assert "a bug" not in parent
    assert "ZeroDivisionError: a bug" in caplog.text


def test_an_engine_that_stops_under_a_job_leaves_the_question_open_for_the_next_start() -> None:
    poster = FakePoster()

    def stopped(_: Sequence[Read[Any]]) -> Batch:
        raise EngineStoppedError

    with pytest.raises(EngineStoppedError):
        run(stopped, poster)
    assert poster.texts("C0") == ["Ticket #32223 · checking…"]
