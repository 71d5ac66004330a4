"""A step is an effect that is done once: a job that is run again gets its recorded result instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class DirectSteps:
    """Steps without a record, for a command that somebody watches."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:  # noqa: ARG002
        """Do the effect now."""
        return effect(False)  # noqa: FBT003 - it is the first time


class Steps(Protocol):
    """Runs the steps of one job. Their order must be the same each time the job is run."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        """Do `effect` and record its result (JSON values), or give back the recorded one.

        `effect` is told whether it may have been done before without a record: in a job that was cut off, or when an
        earlier try failed. An effect that raises `SlackUnavailableError` is tried again for some minutes.
        """
        ...
