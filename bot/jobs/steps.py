"""A step is an effect that is done once: a job that is run again gets its recorded result instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
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

    def pause(self, name: str, time: timedelta) -> None:  # noqa: ARG002
        """Wait."""
        sleep(time.total_seconds())


class Steps(Protocol):
    """Runs the steps of one job. Their order must be the same each time the job is run."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        """Do `effect` and record its result (JSON values), or give back the recorded one.

        `effect` is told whether it may have been done before without a record: in a job that was cut off, or when an
        earlier try failed. An effect that raises `SlackUnavailableError` is tried again later, for a day; the job
        leaves its worker meanwhile.
        """
        ...

    def pause(self, name: str, time: timedelta) -> None:
        """Let so much time pass, once. The job leaves its worker meanwhile."""
        ...
