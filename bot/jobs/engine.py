"""The job engine: DBOS on SQLite or Postgres.

A job is stored before its question is acknowledged, runs step by step, and goes on after the last recorded step when
its process is killed. The same key enqueued twice runs once, for as long as the first is kept. A job that can only
wait leaves its worker; one whose run has died with the database is taken up again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sqlite3
import threading
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_error
from filelock import FileLock, Timeout

from bot.jobs import dbos_internals
from bot.jobs.alarms import Alarms
from bot.jobs.bell import Bell, Precedence, Switchboard
from bot.jobs.execution import (
    DATABASE_AWAY_SECONDS,
    LeftWorkerError,
    Line,
    RecordedSteps,
    Trace,
    UselessRecordError,
)
from bot.jobs.job_table import LONGEST_WAIT, JobTable
from bot.jobs.steps import Steps
from bot.jobs.turns import Turns
from bot.store.database import DatabaseInUseError, DatabaseUnavailableError, unavailable
from bot.store.executors import ExecutorRegistry
from bot.store.postgres import postgres_engine

log = logging.getLogger(__name__)

ENGINE_ERROR: type[Exception] = dbos_error.DBOSException
"""What a step raises when the engine stops under a job."""

_APPLICATION_VERSION = "1"
"""Constant: by default it would be a hash of the code, and an upgrade would strand the jobs of the old version."""
RECORD_FORM = "17"
"""Counts up when the steps of a job, or what they record, change: a job begun in another form is run anew."""
_ANEW = "~"
"""Between the key of a job and the form in which it is run anew."""
SEARCHES_PER_PERSON = 3
_SINGLE_EXECUTOR = "invoice-bot"
_THREADS = 64
_POLLING_SECONDS = 5.0
"""How often it is looked whether a job waits of which nobody has told us."""
_QUEUE_SECONDS = 60.0
"""How often a queue looks by itself. A look costs several statements, and each kind has its queue."""
_SELDOM_SECONDS = 4.0
"""How often DBOS looks after its own affairs. On Postgres it holds a connection meanwhile that may idle for 5 s."""
_FREED_SECONDS = (0.05, 0.5)
"""When a queue is looked at after a job has ended: soon, its worker is free again."""
_RECOVERED_SECONDS = (0.1, 0.5, 2.0)
"""When the queues are looked at after the start: DBOS puts what was cut off back into them, and says nothing."""
WATCH_SECONDS = 10.0
"""How often it is looked for jobs whose run has died; at the second sight they are taken up again."""
KEPT_FOR = timedelta(days=1)
"""A job that could not be finished in this time is given up."""
FILE_WATCH_SECONDS = 3.0
_KEPT_SECONDS = 1.0
"""How often it is looked whether a job comes for the turn that is kept for it."""
_DROP_RECORDS_SECONDS = 60.0
_SQLITE_CONNECTIONS = 2
"""SQLite lets waiting writers in unfairly: with twenty connections a question was seen to wait three seconds to be
stored while jobs were busy. The queue for a connection is fair."""
_POSTGRES_CONNECTIONS = 8
"""A process has 18 more at most: `README.md` says how many a server must take."""
_RECOVERIES = 1000
KEEP_FINISHED = timedelta(days=30)
_PURGE_AT_ONCE = 500

RunJob = Callable[[dict[str, Any], Steps, str], Any]
"""Does a job, given what was stored for it, its steps, and its key. What it returns (JSON values) is kept."""


@dataclass(frozen=True)
class JobKind:
    """A kind of work with a queue of its own. The name is part of what is stored: renaming one strands its jobs."""

    name: str
    run: RunJob
    at_once: int


class JobGivenUpError(Exception):
    """A job could not be finished within a day; the text says what kept it last."""


class JobEngine:
    """Stores questions and runs their jobs. One per process; build it, `launch` it, `stop` it.

    `database` is SQLAlchemy's address of a SQLite file or a Postgres database.
    """

    def __init__(
        self,
        database: str,
        kinds: Sequence[JobKind],
        *,
        searches_per_person: int = SEARCHES_PER_PERSON,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._database = sqlalchemy.make_url(database)
        self._is_sqlite = self._database.get_backend_name() == "sqlite"
        self._lock: FileLock | None = None
        self._executors: ExecutorRegistry | None = None
        self._switchboard: Switchboard | None = None
        self._kinds = kinds
        self._precedence = Precedence()
        self._bells = {kind.name: Bell(self._precedence) for kind in kinds}
        self._workflows: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self._executor = _SINGLE_EXECUTOR if self._is_sqlite else _own_name()
        self._this_run = uuid.uuid4().hex
        self._table = JobTable(self._database)
        self._alarms = Alarms()
        self._line = Line(Turns(searches_per_person), self._come_for_turn)
        self._watch_seconds = watch_seconds
        self._guard = threading.Lock()
        self._under_way: set[tuple[str, str]] = set()
        """Runs in this process: the job of each, and the token of the run. One that has lost its job may linger."""
        self._traces: dict[str, Trace] = {}
        self._ended: list[str] = []
        self._suspects: Mapping[str, str] = {}
        self._file = (0, 0)
        self._on_lost: Callable[[], None] = lambda: None
        self.lost: DatabaseUnavailableError | None = None
        """Set once the database file is gone: nothing can be stored any more, and the process should end."""

    def launch(self, *, on_lost: Callable[[], None] = lambda: None) -> None:
        """Open the database, take up what was cut off, and begin to work.

        `on_lost` is called when `lost` is set.

        Raises:
            DatabaseInUseError: another bot holds the SQLite file.
            DatabaseUnavailableError: the database cannot be opened or written.

        """
        self._on_lost = on_lost
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

        Raises:
            DatabaseUnavailableError: the database file was deleted.
            sqlalchemy.exc.SQLAlchemyError: the database is away.

        """
        if self._is_sqlite:
            self._look_after_file()
        if self.lost is not None:
            raise self.lost
        options = SetEnqueueOptions(deduplication_id=kind if alone else None)
        with SetWorkflowID(key), options, self._precedence.storing():
            try:
                DBOS.enqueue_workflow(_queue(kind), self._workflows[kind], stored)
            except dbos_error.DBOSQueueDeduplicatedError:
                log.debug("A job %s is under way, so %s is left out", kind, key)
                return
        self._bells[kind].ring()
        if self._switchboard is not None:
            self._switchboard.call()

    def cancel(self, key: str) -> bool:
        """End a job before its time, in whichever process; False where it has ended already, or never was.

        A job that is under way ends at its next step.
        """
        under_way = self._table.under_way(self._names(key))
        if under_way:
            DBOS.cancel_workflows(list(under_way))
        with self._guard:
            waiting = under_way - {name for name, _ in self._under_way}
        for name in waiting:
            self._line.leave(name)  # it never comes for its turn
        return bool(under_way)

    def under_way(self, keys: Collection[str]) -> set[str]:
        """Which of these jobs have not ended, in whichever process."""
        names = self._table.under_way([name for key in keys for name in self._names(key)])
        return {name.partition(_ANEW)[0] for name in names}

    def result(self, key: str) -> Any:
        """What a job that has ended returned; None where nothing is known of it."""
        ended = DBOS.list_workflows(workflow_ids=self._names(key), status=["SUCCESS"], load_input=False)
        return next((job.output for job in ended if job.output is not None), None)

    @staticmethod
    def _names(key: str) -> list[str]:
        return [key, f"{key}{_ANEW}{RECORD_FORM}"]

    def census(self) -> tuple[int, int, datetime | None]:
        """How many jobs wait, how many are under way, and since when the oldest waits; in all processes."""
        return self._table.census()

    def purge(self, now: datetime) -> int:
        """Forget jobs that ended more than 30 days before `now`, and what steps of any ended job have left.

        Returns how many jobs.
        """
        self._table.drop_records()
        forgotten = 0
        while True:
            finished = DBOS.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                completed_before=(now - KEEP_FINISHED).isoformat(),
                load_input=False,
                load_output=False,
                limit=_PURGE_AT_ONCE,
            )
            if finished:
                DBOS.delete_workflows([job.workflow_id for job in finished])
            forgotten += len(finished)
            if len(finished) < _PURGE_AT_ONCE:
                return forgotten

    def drop_records(self) -> None:
        """Forget what the steps of jobs recorded that have ended here since the last time."""
        with self._guard:
            ended, self._ended = self._ended, []
        if not ended:
            return
        try:
            self._table.drop_records(ended)
        except Exception:
            with self._guard:
                self._ended += ended
            raise

    def stop(self, *, patience_seconds: int) -> None:
        """Stop taking up jobs, wait a little for those under way; what is cut off goes on at the next start."""
        for bell in self._bells.values():
            bell.set()
        self._alarms.stop()
        if self._switchboard is not None:
            self._switchboard.stop()
        DBOS.destroy(workflow_completion_timeout_sec=patience_seconds, destroy_registry=True)
        if self._executors is not None:
            # Only now: whoever watches takes the jobs over at once, and must not do so while they still run here.
            self._executors.leave()
        self._release()

    # --- starting ---

    def _start(self) -> None:
        dbos_internals.refuse_pickles()
        dbos_internals.keep_any_text()
        if not self._is_sqlite:
            # Known before the first job is taken up: a crash right after that must be noticed.
            self._executors = ExecutorRegistry(self._database, self._executor, on_silent=self._take_over)
            self._executors.join()
            self._switchboard = Switchboard(self._database, self._ring_all)
        DBOS(config=self._config())
        DBOS.listen_queues([])  # we serve the queues ourselves: DBOS would look at each several times a second
        for kind in self._kinds:
            register = DBOS.workflow(name=kind.name, max_recovery_attempts=_RECOVERIES)
            self._workflows[kind.name] = register(self._job(kind))
        dbos_internals.look_seldom(_SELDOM_SECONDS)
        DBOS.launch()
        dbos_internals.raise_at_once()
        if self._executors is not None:
            self._executors.watch()  # before the first job: a launch may take longer than a silence that is believed
        for kind in self._kinds:
            DBOS.register_queue(_queue(kind.name), worker_concurrency=kind.at_once, polling_interval_sec=_QUEUE_SECONDS)
            dbos_internals.serve_queue(_queue(kind.name), self._bells[kind.name])
        self._watch()

    def _config(self) -> DBOSConfig:
        config = DBOSConfig(
            name="invoice-bot",
            system_database_url=self._database.render_as_string(hide_password=False),
            application_version=_APPLICATION_VERSION,
            executor_id=self._executor,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=_THREADS,
            log_level="WARNING",
            notification_coalesce_sec=1.0,  # jobs send each other nothing
        )
        if self._is_sqlite:
            config["sys_db_pool_size"] = _SQLITE_CONNECTIONS
        else:
            config["system_database_engine"] = postgres_engine(
                self._database, pool_size=_POSTGRES_CONNECTIONS, max_overflow=0
            )
        return config

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
        made = path.stat()
        self._file = (made.st_dev, made.st_ino)

    def _release(self) -> None:
        self._table.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # --- a job ---

    def _job(self, kind: JobKind) -> Callable[[dict[str, Any]], Any]:
        """The workflow of a kind."""

        def job(stored: dict[str, Any]) -> Any:
            name = DBOS.workflow_id or ""
            run = name, dbos_internals.current_owner()
            with self._guard:
                self._under_way.add(run)
                trace = self._traces.setdefault(name, Trace())
                trace.runs += 1
            left = False
            try:
                return self._run(kind, stored, name, trace)
            except LeftWorkerError as leaving:
                left = True
                self._put_aside(name, leaving)
                raise
            finally:
                self._note_end(run, kind, left=left)

        return job

    def _run(self, kind: JobKind, stored: dict[str, Any], name: str, trace: Trace) -> Any:
        key = name.partition(_ANEW)[0]
        steps = RecordedSteps(name, trace, self._line, self._precedence.make_way)
        begun: Any = {}
        try:
            begun = steps.run("begin", lambda _: {"form": RECORD_FORM, "run": self._this_run, "at": _now().isoformat()})
            if isinstance(begun, dict) and begun.get("form") == RECORD_FORM:
                # Several processes on one database: what another one tried is not in our trace.
                is_elsewhere = begun["run"] != self._this_run or (not self._is_sqlite and trace.runs > 1)
                steps.resumed, steps.anew = is_elsewhere, name != key
                return kind.run(stored, steps, key)
        except UselessRecordError as error:
            log.warning("%s", error)
        except LeftWorkerError as leaving:
            if isinstance(begun, dict) and "at" in begun and _now() - datetime.fromisoformat(begun["at"]) > KEPT_FOR:
                log.error("Job %s is given up after a day: %s", key, leaving)
                raise JobGivenUpError(str(leaving)) from None
            raise
        log.warning("Job %s was begun by another release, whose record cannot be read; it is run anew", key)
        self._run_anew(kind, f"{key}{_ANEW}{RECORD_FORM}", stored)
        return None

    def _run_anew(self, kind: JobKind, name: str, stored: dict[str, Any]) -> None:
        """Store a job under a new name, on a thread of its own: here it would be recorded as a step of the old one."""
        failures: list[Exception] = []

        def store() -> None:
            try:
                self.enqueue(kind.name, name, stored)
            except Exception as error:  # noqa: BLE001 - it is looked at on the thread that waits
                failures.append(error)

        thread = threading.Thread(target=store)
        thread.start()
        thread.join()
        if failures:
            raise LeftWorkerError(DATABASE_AWAY_SECONDS, "the database is away")

    def _put_aside(self, name: str, leaving: LeftWorkerError) -> None:
        if leaving.after is None:
            return
        seconds = min(leaving.after, LONGEST_WAIT.total_seconds())
        try:
            self._table.put_aside(name, dbos_internals.current_owner(), _now() + timedelta(seconds=seconds))
        except sqlalchemy.exc.SQLAlchemyError as error:
            log.warning("Job %s could not be put aside (%s); it is taken up again", name, type(error).__name__)
        else:
            is_due = self._line.turns.is_kept_for(name)  # it has come while the job was put aside
            self._alarms.after(0 if is_due else seconds, lambda: self._wake(name))

    def _come_for_turn(self, name: str) -> None:
        self._alarms.after(0, lambda: self._pass_on(name, is_awake=self._wake(name)))

    def _wake(self, name: str) -> bool:
        is_awake = self._table.wake(name)
        if is_awake:
            self._ring_all()
        return is_awake

    def _pass_on(self, name: str, *, is_awake: bool) -> None:
        """Give the turn that is kept for a job to the next in line, once another process has taken the job up."""
        if not self._line.turns.is_kept_for(name):
            return
        if is_awake or self._is_here(name) or self._table.is_queued(name):
            self._alarms.after(_KEPT_SECONDS, lambda: self._pass_on(name, is_awake=False))
        else:
            self._line.leave(name)

    def _is_here(self, name: str) -> bool:
        with self._guard:
            return any(name == each for each, _ in self._under_way)

    def _note_end(self, run: tuple[str, str], kind: JobKind, *, left: bool) -> None:
        name, _ = run
        with self._guard:
            self._under_way.discard(run)
            if not left:
                self._traces.pop(name, None)
                self._ended.append(name)
        for seconds in _FREED_SECONDS:
            self._alarms.after(seconds, self._bells[kind.name].ring)

    # --- watching ---

    def _watch(self) -> None:
        self._alarms.every(_POLLING_SECONDS, self._ring_where_jobs_wait)
        self._alarms.every(self._watch_seconds, self._take_back_the_dead)
        self._alarms.every(self._watch_seconds, self._wake_due)
        self._alarms.every(_DROP_RECORDS_SECONDS, self.drop_records)
        if self._is_sqlite:
            self._alarms.every(FILE_WATCH_SECONDS, self._look_after_file)
        self._alarms.after(0, self._wake_due)
        for seconds in _RECOVERED_SECONDS:
            self._alarms.after(seconds, self._ring_all)
        self._alarms.start()
        if self._switchboard is not None:
            self._switchboard.start()

    def _take_back_the_dead(self) -> None:
        """Take up again what is said to run here, or in a process that nobody knows of, and does not.

        A thread ended when the database was away; a process was forgotten while it lived, took a job, and died.
        """
        running = self._table.running(self._executor)
        with self._guard:
            idle = {name: owner for name, owner in running.items() if (name, owner) not in self._under_way}
        if not self._is_sqlite:
            idle |= self._table.orphans()
        for name, owner in idle.items():
            if self._suspects.get(name) == owner and self._table.take_back(name, owner):
                log.warning("Job %s had lost its run; it is taken up again", name)
        self._suspects = idle
        self._forget_ended()

    def _forget_ended(self) -> None:
        """Forget traces of jobs that ended elsewhere, or in another run than the last here."""
        with self._guard:
            left = set(self._traces) - {name for name, _ in self._under_way}
        ended = left - self._table.under_way(left)
        with self._guard:
            for name in ended:
                self._traces.pop(name, None)
            self._ended += ended

    def _take_over(self, executor: str) -> bool:
        """Put the jobs of a silent process back into their queues, and say whether none is left to it."""
        jobs = dbos_internals.take_over(executor)
        if jobs:
            log.warning("Process %s fell silent; its %d unfinished jobs go on here", executor, jobs)
            self._ring_all()
        return not self._table.running(executor)

    def _wake_due(self) -> None:
        if self._table.wake_due(_now()):
            self._ring_all()

    def _look_after_file(self) -> None:
        """Notice that the database file was deleted or replaced: what is stored from then on would be lost."""
        path = Path(self._database.database or "")
        try:
            there = path.stat()
        except FileNotFoundError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != self._file:
            self.lost = DatabaseUnavailableError(
                f"The database file {path} was deleted or replaced while the bot was running, and what it held is"
                " gone. Put the file back from a backup, or start again with an empty one."
            )
            self._on_lost()

    def _ring_where_jobs_wait(self) -> None:
        waiting = self._table.queues_with_jobs()
        for kind, bell in self._bells.items():
            if _queue(kind) in waiting:
                bell.ring()

    def _ring_all(self) -> None:
        for bell in self._bells.values():
            bell.ring()


def _queue(kind: str) -> str:
    return f"{kind}s"


def _own_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _now() -> datetime:
    return datetime.now(UTC)
