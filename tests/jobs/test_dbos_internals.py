"""What we use of DBOS although it is not public: one of these fails when a release of DBOS has changed it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos import DBOS, _dbos, _queue, _workflow_commands
from dbos._dbos import _get_dbos_instance

from bot.jobs import dbos_internals
from bot.jobs.engine import JobEngine
from bot.jobs.job_table import JobTable


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[sa.URL]:
    address = sa.make_url(f"sqlite:///{tmp_path / 'bot.db'}")
    engine = JobEngine(address.render_as_string(), [])
    engine.launch()
    yield address
    engine.stop(patience_seconds=1)


def test_the_tables_have_the_columns_that_we_change(launched: sa.URL) -> None:
    table, found = JobTable(launched), sa.inspect(sa.create_engine(launched))

    for each in (table.jobs, table.records):
        theirs = {column["name"] for column in found.get_columns(each.name)}
        assert {column.name for column in each.columns} <= theirs
    table.close()


def test_the_tables_that_are_moved_have_the_columns_that_dbos_declares(launched: sa.URL) -> None:
    found = sa.inspect(sa.create_engine(launched))

    for table in dbos_internals.JOB_TABLES:
        assert set(table.columns.keys()) <= {column["name"] for column in found.get_columns(table.name)}


def test_the_functions_and_fields_that_we_use_are_there_and_mean_what_they_meant(launched: sa.URL) -> None:  # noqa: ARG001
    instance = _get_dbos_instance()

    assert list(inspect.signature(_queue.queue_worker_thread).parameters) == ["stop_event", "dbos", "queue"]
    assert "stop_event.wait(timeout=" in inspect.getsource(_queue.queue_worker_thread)
    assert "_BACKGROUND_JOBS_INTERVAL_SEC" in inspect.getsource(_workflow_commands.background_jobs_thread)
    assert instance._registry.get_internal_queue()._polling_interval_sec > 1
    assert "target=queue_thread, args=(evt, self)" in inspect.getsource(_dbos)
    assert not [each for each in threading.enumerate() if each.name.startswith("queue-worker-")], "its manager runs"
    assert instance._sys_db._retry_connection_errors is False
    assert DBOS._recover_pending_workflows(["nobody"]) == []
