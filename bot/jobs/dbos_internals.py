"""What we need of DBOS that it does not offer. All of it stands here; tests notice when DBOS changes it."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSPortableJSONSerializer, _dbos, _serialization, _workflow_commands
from dbos._context import get_local_dbos_context
from dbos._dbos import _get_dbos_instance
from dbos._queue import queue_worker_thread
from dbos._schemas import SCHEMA_PLACEHOLDER
from dbos._schemas.system_database import SystemSchema
from dbos._sys_db import SystemDatabase

from bot.store.postgres import postgres_engine

JOB_SCHEMA = "dbos"
"""Where DBOS keeps its tables on Postgres."""
JOB_TABLES = (
    SystemSchema.workflow_status,
    SystemSchema.workflow_input,
    SystemSchema.workflow_output,
    SystemSchema.operation_outputs,
)
"""Those of its tables that our jobs use; what stands in others it writes anew at each start. See `place_job_tables`."""


_PLAIN = DBOSPortableJSONSerializer.serialize


class PickleRefusedError(Exception):
    """A row of the database holds a pickle, which would run whatever code it names. We write none."""


def refuse_pickles() -> None:
    """Let a pickled row end in an error instead of running its code."""

    def refuse(_: str) -> Any:
        raise PickleRefusedError("a job that is stored as a pickle is not run")

    _serialization.DBOSDefaultSerializer.deserialize = refuse  # type: ignore[assignment, method-assign]


def keep_any_text() -> None:
    """Let half a surrogate pair be kept, as JSON's escape: one in a person's name would fail each job that meets it."""

    def serialize(self: DBOSPortableJSONSerializer, value: Any) -> str:
        return _PLAIN(self, value).encode("utf-8", "backslashreplace").decode("utf-8")

    DBOSPortableJSONSerializer.serialize = serialize  # type: ignore[method-assign]


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
    # Its own manager of queues reads their list each second, to serve none but this one.
    _dbos.queue_thread = _serve_internal_queue  # type: ignore[attr-defined]


def _serve_internal_queue(stop_event: threading.Event, dbos: DBOS) -> None:
    queue_worker_thread(stop_event, dbos, dbos._registry.get_internal_queue())  # noqa: SLF001


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


def make_job_tables(database: sa.URL) -> None:
    """Make DBOS's tables, or bring them up to date, without starting it."""
    engine = postgres_engine(database) if database.get_backend_name() != "sqlite" else sa.create_engine(database)
    try:
        SystemDatabase.create(
            system_database_url=database.render_as_string(hide_password=False),
            engine_kwargs={},
            engine=engine,
            schema=JOB_SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            executor_id=None,
        ).run_migrations()
    finally:
        engine.dispose()


def place_job_tables(connection: sa.Connection) -> None:
    """Tell a connection where `JOB_TABLES` are."""
    schema = None if connection.dialect.name == "sqlite" else JOB_SCHEMA
    connection.execution_options(schema_translate_map={SCHEMA_PLACEHOLDER: schema})
