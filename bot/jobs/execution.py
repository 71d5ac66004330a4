"""How a job runs: step by step, and out of its worker whenever it would only wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS
from dbos import error as dbos_error

from bot.jobs.steps import Turn
from bot.jobs.turns import Claim, Turns
from bot.messages.poster import SlackUnavailableError
from bot.store.database import is_passing

DATABASE_AWAY_SECONDS = 5.0
"""How long a job waits that the database let down; longer where the database is still away then."""
LEAST_WAIT_SECONDS = 0.05
TURN_SECONDS = 10.0
"""How often a job looks for its turn by itself; it is woken when it has come."""
LONGEST_WAIT_SECONDS = 60.0


class UselessRecordError(BaseException):
    """What the job has recorded does not fit its steps: another release has written it. No job may catch this."""


class LeftWorkerError(BaseException):
    """The job goes on later, after its last recorded step. No job may catch this: it is no error of its own.

    `after` is in seconds; None where another run of the same job has taken over.
    """

    def __init__(self, after: float | None, why: str) -> None:
        self.after = after
        super().__init__(why)


class WaitsForTurnError(LeftWorkerError):
    """The job keeps its place in the line."""


@dataclass
class Trace:
    """What this process knows of a job beside its record."""

    runs: int = 0
    tried: set[int] = field(default_factory=set)
    """Steps whose effect was begun here."""
    waits: Counter[int] = field(default_factory=Counter)
    """How often a step has been put off of which nobody knew for how long."""
    done: dict[int, Any] = field(default_factory=dict)
    """Results that could not be recorded: the effect is not repeated for that."""


@dataclass(frozen=True)
class Line:
    """Where jobs wait for their turn. `wake` takes one up again that was put aside."""

    turns: Turns
    wake: Callable[[str], None]

    def leave(self, job: str) -> None:
        """Give a job's turn, or its place in the line, to those behind it."""
        for each in self.turns.leave(job):
            self.wake(each)


class _Turn:
    def __init__(self, claim: Claim, line: Line) -> None:
        self._claim = claim
        self._line = line

    def take(self) -> None:
        if not self._line.turns.take(self._claim):
            raise WaitsForTurnError(TURN_SECONDS, "others search first")

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, WaitsForTurnError):
            return
        self._line.leave(self._claim.job)


class RecordedSteps:
    """Steps of the job that is running on this thread, recorded by DBOS.

    With `resumed` the next effect may have been done without a record, by another process or before a power cut; with
    `anew` every one.
    """

    def __init__(self, job: str, trace: Trace, line: Line, make_way: Callable[[], None]) -> None:
        self.resumed = self.anew = False
        self._job = job
        self._trace = trace
        self._line = line
        self._make_way = make_way
        self._next = 0

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        """Do the effect once; see `bot.jobs.steps.Steps`."""
        self._make_way()
        number, trace = self._next, self._trace
        self._next += 1

        def once() -> Any:
            if number not in trace.done:
                repeated = self.anew or self.resumed or number in trace.tried
                trace.tried.add(number)
                trace.done[number] = self._unless_in_vain(number, lambda: self._tried(number, effect, repeated))
                self.resumed = False
            return trace.done[number]

        try:
            result = self._unless_in_vain(number, lambda: DBOS.run_step({"name": name}, once))
        except (dbos_error.DBOSUnexpectedStepError, dbos_error.DBOSStepNondeterminismError) as error:
            raise UselessRecordError(str(error)) from None
        except (dbos_error.DBOSException, dbos_error.DBOSBaseException) as error:
            # Another run has taken over, or the engine has stopped under this one.
            raise LeftWorkerError(None, str(error)) from None
        trace.done.pop(number, None)
        return result

    def turn(self, person: str, *, is_large: bool) -> Turn:
        """A turn to search; see `bot.jobs.steps.Steps`."""
        return _Turn(Claim(self._job, person, is_large), self._line)

    def is_busy_for(self, person: str) -> bool:
        """Whether a search has to wait; see `bot.jobs.steps.Steps`."""
        return self._line.turns.is_full_for(person)

    def pause(self, name: str, time: timedelta) -> None:
        """Let time pass once; see `bot.jobs.steps.Steps`."""
        until = datetime.fromisoformat(self.run(name, lambda _: (datetime.now(UTC) + time).isoformat()))

        def wait(_: bool) -> None:
            left = min(until - datetime.now(UTC), time)
            if left > timedelta(0):
                raise LeftWorkerError(left.total_seconds(), name)

        self.run(f"{name}: over", wait)

    def _tried(self, number: int, effect: Callable[[bool], Any], repeated: bool) -> Any:
        """Do an effect; what Slack is known not to have taken counts as not tried."""
        try:
            return effect(repeated)
        except SlackUnavailableError as error:
            if not repeated and not error.may_have_arrived:
                self._trace.tried.discard(number)
            raise

    def _unless_in_vain(self, number: int, work: Callable[[], Any]) -> Any:
        """Do something, or leave the worker where Slack or the database cannot do its part yet.

        An exception of `Exception`'s own kind would be recorded as the outcome of the step, or of the job.
        """
        try:
            return work()
        except SlackUnavailableError as error:
            after = self._longer_each_time(number) if error.after is None else error.after
            raise LeftWorkerError(max(after, LEAST_WAIT_SECONDS), str(error)) from None
        except Exception as error:
            if is_passing(error):
                why = f"the database is away ({type(error).__name__})"
                raise LeftWorkerError(DATABASE_AWAY_SECONDS, why) from None
            raise

    def _longer_each_time(self, number: int) -> float:
        self._trace.waits[number] += 1
        return min(2.0 ** (self._trace.waits[number] - 1), LONGEST_WAIT_SECONDS)
