"""A step is an effect that is done once: a job that is run again gets its recorded result instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import sleep
from typing import Any, Protocol

from bot.messages.poster import SlackUnavailableError

_DIRECT_TRIES = 20
_DIRECT_WAIT_SECONDS = 30.0


class DirectSteps:
    """Steps without a record, for a command that somebody watches. They wait a little for Slack."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:  # noqa: ARG002
        """Do the effect now.

        Raises:
            SlackUnavailableError: Slack is away.

        """
        for tries in range(_DIRECT_TRIES):
            try:
                return effect(tries > 0)
            except SlackUnavailableError as error:
                if tries == _DIRECT_TRIES - 1 or error.after is None or error.after > _DIRECT_WAIT_SECONDS:
                    raise
                sleep(error.after)
        raise AssertionError("unreachable: the last try returns or raises")

    def turn(self, person: str, *, is_large: bool) -> Turn:  # noqa: ARG002
        """Nobody else waits."""
        return FreeTurn()

    def is_busy_for(self, person: str) -> bool:  # noqa: ARG002
        """Nobody is."""
        return False

    def pause(self, name: str, time: timedelta) -> None:  # noqa: ARG002
        """Wait."""
        sleep(time.total_seconds())


class Turn(Protocol):
    """A job's turn to do something that others wait for too. It ends with the `with` block."""

    def take(self) -> None:
        """Take it; the job leaves its worker until it comes. Taking it twice changes nothing."""
        ...

    def __enter__(self) -> Turn: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None: ...


def begun(steps: Steps, step: str, turn: Turn, clock: Callable[[], datetime]) -> datetime:
    """When a job's search began: at its turn, for which it may leave its worker."""

    def begin(_: bool) -> str:
        turn.take()
        return clock().isoformat()

    return datetime.fromisoformat(steps.run(step, begin))


class FreeTurn:
    """A turn where nobody else waits."""

    def take(self) -> None:
        """It is taken."""

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Nobody waits for it."""


class Steps(Protocol):
    """Runs the steps of one job. Their order must be the same each time the job is run."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        """Do `effect` and record its result (JSON values), or give back the recorded one.

        `effect` is told whether it may have been done before without a record: in a job that was cut off, or when an
        earlier try failed. An effect that raises `SlackUnavailableError` is tried again later, for a day; the job
        leaves its worker meanwhile.
        """
        ...

    def turn(self, person: str, *, is_large: bool) -> Turn:
        """A turn to search for a person; `is_large` where it takes long."""
        ...

    def is_busy_for(self, person: str) -> bool:
        """Whether a search for this person has to wait for their others."""
        ...

    def pause(self, name: str, time: timedelta) -> None:
        """Let so much time pass, once. The job leaves its worker meanwhile."""
        ...
