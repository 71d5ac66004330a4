"""What a check found: plain values, and the patience with checks that do not end."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

log = logging.getLogger(__name__)


class Status(StrEnum):
    """How a check ended. A warning is worth reading; only a failure keeps the bot from working."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """One line of the doctor's report. `advice` says what to do; empty where nothing is to be done."""

    name: str
    status: Status
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Subject:
    """Checks that follow one another, such as all of Slack's.

    `examine` gives one result for each of `names`, in their order.
    """

    names: tuple[str, ...]
    examine: Callable[[], Iterator[Result]]


def ok(name: str, found: str) -> Result:
    """Nothing to do."""
    return Result(name, Status.OK, found)


def warning(name: str, found: str, advice: str) -> Result:
    """The bot works, but perhaps not as intended."""
    return Result(name, Status.WARNING, found, advice)


def failed(name: str, found: str, advice: str) -> Result:
    """The bot cannot work like this."""
    return Result(name, Status.FAILED, found, advice)


def skipped(names: Sequence[str], why: str) -> Iterator[Result]:
    """Checks that cannot be made, and why."""
    return (Result(name, Status.SKIPPED, why) for name in names)


def is_well(results: Sequence[Result]) -> bool:
    """Whether nothing failed. What was skipped was skipped because something else failed, or is not wanted."""
    return all(result.status is not Status.FAILED for result in results)


def examine_all(subjects: Sequence[Subject], *, patience: float) -> list[Result]:
    """Examine all subjects at the same time. A single check gets `patience` seconds; then its subject is given up."""
    under_way = [_UnderWay(subject) for subject in subjects]
    return [result for each in under_way for result in each.results(patience)]


class _UnderWay:
    """A subject that is being examined on a thread of its own; one that hangs does not keep the process alive."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._progress_at = time.monotonic()
        self._inbox: queue.SimpleQueue[tuple[float, Result | None]] = queue.SimpleQueue()
        threading.Thread(target=self._examine, name=f"doctor {subject.names[0]}", daemon=True).start()

    def results(self, patience: float) -> list[Result]:
        names = self._subject.names
        results: list[Result] = []
        while len(results) < len(names):
            try:
                result = self._next(patience)
            except queue.Empty:
                advice = "See whether this machine reaches the service: name resolution, firewall, proxy."
                result = failed(names[len(results)], f"no answer within {patience:.0f} seconds", advice)
                return [*results, result, *skipped(names[len(results) + 1 :], f"{result.name} did not answer")]
            if result is None:
                result = failed(names[len(results)], "the check itself broke down", "The log says why.")
                return [*results, result, *skipped(names[len(results) + 1 :], f"{result.name} broke down")]
            results.append(result)
        return results

    def _next(self, patience: float) -> Result | None:
        remaining = self._progress_at + patience - time.monotonic()
        self._progress_at, result = self._inbox.get(timeout=max(0.0, remaining))
        return result

    def _examine(self) -> None:
        try:
            for result in self._subject.examine():
                self._inbox.put((time.monotonic(), result))
        except Exception:
            log.exception("A check broke down")
        self._inbox.put((time.monotonic(), None))
