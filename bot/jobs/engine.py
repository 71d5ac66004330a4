"""The job engine: DBOS on SQLite or Postgres.

A job is stored before its question is acknowledged, runs step by step, and goes on after the last recorded step when
its process is killed. The same key enqueued twice runs once, for as long as the first is kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID, StepOptions
from dbos import error as dbos_error
from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from bot.jobs.steps import Steps
from bot.messages.poster import SlackUnavailableError
from bot.store.executors import ExecutorRegistry

log = logging.getLogger(__name__)

ENGINE_ERROR: type[Exception] = dbos_error.DBOSException
"""What a step raises when the engine stops under a job."""

_APPLICATION_VERSION = "1"
"""Constant: by default it would be a hash of the code, and an upgrade would strand the jobs of the old version."""
RECORD_FORM = "3"
"""Counts up when the steps of a job, or what they record, change: a job begun in another form is run anew."""
_SINGLE_EXECUTOR = "invoice-bot"
_THREADS = 64
_POLLING_SECONDS = 0.1
_STEP_TRIES = 12
"""With waits of 1, 2, 4, … seconds between them: more than half an hour of Slack being away."""
_SQLITE_CONNECTIONS = 2
"""SQLite lets waiting writers in unfairly: with twenty connections a question was seen to wait three seconds to be
stored while jobs were busy. The queue for a connection is fair."""
_RECOVERIES = 1000
_KEEP_FINISHED = timedelta(days=30)
_PURGE_AT_ONCE = 500

RunJob = Callable[[dict[str, Any], Steps, str], None]
"""Does a job, given what was stored for it, its steps, and its key."""


@dataclass(frozen=True)
class JobKind:
    """A kind of work with a queue of its own. The name is part of what is stored: renaming one strands its jobs."""

    name: str
    run: RunJob
    at_once: int


class DatabaseInUseError(Exception):
    """Another bot has this SQLite file open. One process at a time; several need Postgres."""


class DatabaseUnavailableError(Exception):
    """The database cannot be opened; the text says why, without its password."""


class RecordedSteps:
    """Steps of the job that is running on this thread, recorded by DBOS."""

    def __init__(self, *, resumed: bool) -> None:
        self._resumed = resumed

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        """Do the effect once; see `bot.jobs.steps.Steps`."""
        tries = 0

        def once() -> Any:
            nonlocal tries
            tries += 1
            return effect(self._resumed or tries > 1)

        options = StepOptions(
            name=name,
            retries_allowed=True,
            max_attempts=_STEP_TRIES,
            should_retry=lambda error: isinstance(error, SlackUnavailableError),
        )
        return DBOS.run_step(options, once)


class UnrecordedSteps:
    """Steps of a job whose record is of no use: each is done now, and told that it may have been done before."""

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:  # noqa: ARG002
        """Do the effect; see `bot.jobs.steps.Steps`."""
        patiently = Retrying(
            retry=retry_if_exception_type(SlackUnavailableError),
            wait=wait_exponential(),
            stop=stop_after_attempt(_STEP_TRIES),
            reraise=True,
        )
        return patiently(effect, True)  # noqa: FBT003 - "repeated", as `Steps` says


class JobEngine:
    """Stores questions and runs their jobs. One per process; build it, `launch` it, `stop` it.

    `database` is SQLAlchemy's address of a SQLite file or a Postgres database.
    """

    def __init__(self, database: str, kinds: Sequence[JobKind]) -> None:
        self._database = sqlalchemy.make_url(database)
        self._is_sqlite = self._database.get_backend_name() == "sqlite"
        self._lock: FileLock | None = None
        self._executors: ExecutorRegistry | None = None
        self._kinds = kinds
        self._workflows: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._executor = _SINGLE_EXECUTOR if self._is_sqlite else _own_name()

    def launch(self) -> None:
        """Open the database, take up what was cut off, and begin to work.

        Raises:
            DatabaseInUseError: another bot holds the SQLite file.
            DatabaseUnavailableError: the database cannot be opened or written.

        """
        try:
            if self._is_sqlite:
                self._prepare_sqlite(Path(self._database.database or ""))
            self._start()
        except (sqlite3.Error, sqlalchemy.exc.SQLAlchemyError, OSError, dbos_error.DBOSException) as error:
            self._release()
            raise unavailable(self._database, error) from None

    def enqueue(self, kind: str, key: str, stored: dict[str, Any], *, alone: bool = False) -> None:
        """Store a job. When this returns, it will be done; the same `key` again changes nothing.

        With `alone` it is not stored while another of its kind is waiting or under way, in whichever process.
        """
        with SetWorkflowID(key), SetEnqueueOptions(deduplication_id=kind if alone else None):
            try:
                DBOS.enqueue_workflow(_queue(kind), self._workflows[kind], stored)
            except dbos_error.DBOSQueueDeduplicatedError:
                log.debug("A job %s is under way, so %s is left out", kind, key)

    def purge(self, now: datetime) -> int:
        """Forget jobs that ended more than 30 days before `now`. Returns how many."""
        forgotten = 0
        while True:
            finished = DBOS.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                completed_before=(now - _KEEP_FINISHED).isoformat(),
                load_input=False,
                load_output=False,
                limit=_PURGE_AT_ONCE,
            )
            if finished:
                DBOS.delete_workflows([job.workflow_id for job in finished])
            forgotten += len(finished)
            if len(finished) < _PURGE_AT_ONCE:
                return forgotten

    def stop(self, *, patience_seconds: int) -> None:
        """Stop taking up jobs, wait a little for those under way; what is cut off goes on at the next start."""
        DBOS.destroy(workflow_completion_timeout_sec=patience_seconds, destroy_registry=True)
        if self._executors is not None:
            # Only now: whoever watches takes the jobs over at once, and must not do so while they still run here.
            self._executors.leave()
        self._release()

    def _start(self) -> None:
        config = DBOSConfig(
            name="invoice-bot",
            system_database_url=self._database.render_as_string(hide_password=False),
            application_version=_APPLICATION_VERSION,
            executor_id=self._executor,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=_THREADS,
            log_level="WARNING",
            sys_db_pool_size=_SQLITE_CONNECTIONS if self._is_sqlite else None,
        )
        if not self._is_sqlite:
            # Known before the first job is taken up: a crash right after that must be noticed.
            self._executors = ExecutorRegistry(self._database, self._executor, on_silent=_take_over)
            self._executors.join()
        DBOS(config=config)
        this_run = uuid.uuid4().hex
        for kind in self._kinds:
            register = DBOS.workflow(name=kind.name, max_recovery_attempts=_RECOVERIES)
            self._workflows[kind.name] = register(_job(kind.run, this_run))
        DBOS.launch()
        for kind in self._kinds:
            DBOS.register_queue(
                _queue(kind.name), worker_concurrency=kind.at_once, polling_interval_sec=_POLLING_SECONDS
            )
        if self._executors is not None:
            self._executors.watch()

    def _prepare_sqlite(self, path: Path) -> None:
        """Lock the file against a second bot, and let readers and a writer work side by side (WAL)."""
        lock = FileLock(f"{path}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DatabaseInUseError(
                f"Another invoice-bot is running on {path}. Stop it first, or set DATABASE_URL to a Postgres "
                "database, which several processes can share."
            ) from None
        self._lock = lock
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _job(run: RunJob, this_run: str) -> Callable[[dict[str, Any]], None]:
    """The workflow of a kind. `this_run` tells this launch from others: a job begun by another was cut off."""
    begin = f"{RECORD_FORM}:{this_run}"

    def job(stored: dict[str, Any]) -> None:
        begun = DBOS.run_step({"name": "begin"}, lambda: begin)
        key = DBOS.workflow_id or ""
        if begun.partition(":")[0] == RECORD_FORM:
            run(stored, RecordedSteps(resumed=begun != begin), key)
        else:
            log.warning("Job %s was begun by another release, whose record cannot be read; it is run anew", key)
            run(stored, UnrecordedSteps(), key)

    return job


def _queue(kind: str) -> str:
    return f"{kind}s"


def _own_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _take_over(executor: str) -> None:
    """Put the jobs of a silent process back into the queue. Doing it twice is harmless."""
    jobs = DBOS._recover_pending_workflows([executor])  # noqa: SLF001 - DBOS has no public name for it
    if jobs:
        log.warning("Process %s fell silent; its %d unfinished jobs go on here", executor, len(jobs))


def unavailable(database: sqlalchemy.URL, error: Exception) -> DatabaseUnavailableError:
    """What to raise for an error of the database: which one, why, and what to do."""
    shown = database.render_as_string(hide_password=True)
    return DatabaseUnavailableError(f"The database {shown} cannot be used ({_first_line(error)}). Check DATABASE_URL.")


def _first_line(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().partition("\n")[0][:200] or type(error).__name__
