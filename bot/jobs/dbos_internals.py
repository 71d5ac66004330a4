"""What we need of DBOS that it does not offer. All of it stands here; tests notice when DBOS changes it."""

from __future__ import annotations

import threading
from typing import Any

from dbos import DBOS, _serialization, _workflow_commands
from dbos._context import get_local_dbos_context
from dbos._dbos import _get_dbos_instance
from dbos._queue import queue_worker_thread


class PickleRefusedError(Exception):
    """A row of the database holds a pickle, which would run whatever code it names. We write none."""


def refuse_pickles() -> None:
    """Let a pickled row end in an error instead of running its code."""

    def refuse(_: str) -> Any:
        raise PickleRefusedError("a job that is stored as a pickle is not run")

    _serialization.DBOSDefaultSerializer.deserialize = refuse  # type: ignore[assignment, method-assign]


def raise_at_once() -> None:
    """Let a lost connection come out as an error. DBOS would hold the thread and try again, up to 90 s apart."""
    system_database = _get_dbos_instance()._sys_db  # noqa: SLF001
    if not system_database._retry_connection_errors:  # noqa: SLF001
        raise AssertionError("unreachable: DBOS retries unless it is told not to")
    system_database._retry_connection_errors = False  # noqa: SLF001


def look_seldom(seconds: float) -> None:
    """Let DBOS look every so many seconds for what we use it little for. Call it before the launch."""
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = seconds  # noqa: SLF001
    _get_dbos_instance()._registry.get_internal_queue()._polling_interval_sec = seconds  # noqa: SLF001


def serve_queue(queue: str, stop: threading.Event) -> threading.Thread:
    """Start DBOS's own loop for a queue, which looks for jobs whenever `stop.wait` returns, until `stop` is set."""
    found = DBOS.retrieve_queue(queue)
    thread = threading.Thread(
        target=queue_worker_thread, args=(stop, _get_dbos_instance(), found), name=f"queue-{queue}", daemon=True
    )
    thread.start()
    return thread


def take_over(executor: str) -> int:
    """Put the jobs that a process was doing back into their queues; returns how many. Doing it twice is harmless."""
    return len(DBOS._recover_pending_workflows([executor]))  # noqa: SLF001


def current_owner() -> str:
    """The token of the job's run on this thread: as long as the job's row holds it, nobody else runs the job."""
    context = get_local_dbos_context()
    if context is None or context.owner_xid is None:
        raise AssertionError("unreachable: a job that runs has an owner")
    return context.owner_xid
