"""The whole database from a SQLite file to Postgres: what is remembered, the ledger, and the jobs, done or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

import sqlalchemy as sa

from bot.jobs import dbos_internals
from bot.jobs.job_table import BACK_IN_QUEUE
from bot.store import tables
from bot.store.database import Database, unavailable
from bot.store.migrations import migrate
from bot.told import ToldError

_ROWS_AT_ONCE = 1_000
_LOCK = "invoice_bot_moving"
_NEVER = (tables.schema, tables.executors, tables.rate_processes, tables.rate_ended, tables.rate_restraint)
"""What speaks of running processes and of the last minute; and the version of the tables: `migrate` writes that."""


class MoveError(ToldError):
    """Nothing was moved; the text says why, and what to do."""


def move(source: sa.URL, target: sa.URL) -> Mapping[str, int]:
    """Copy everything into an empty Postgres database, all of it or nothing; the source stays as it is.

    Returns the rows of each table, counted in the target. Nobody else may write to the source meanwhile. A job that
    was under way goes on there after its last recorded step.

    Raises:
        MoveError, StoreTooNewError.
        DatabaseUnavailableError: one of them cannot be used.

    """
    with closing(Database(source)) as old:
        try:
            migrate(old)
            with old.reading() as reading:
                has_jobs = sa.inspect(reading).has_table("workflow_status")
            if has_jobs:
                dbos_internals.make_job_tables(source)
            with old.reading() as reading:
                dbos_internals.place_job_tables(reading)
                return _move_into(target, reading, dbos_internals.JOB_TABLES if has_jobs else ())
        except sa.exc.SQLAlchemyError as error:
            raise unavailable(source, error) from None


def _move_into(target: sa.URL, reading: sa.Connection, jobs: Sequence[sa.Table]) -> Mapping[str, int]:
    ours = [table for table in tables.metadata.sorted_tables if table not in _NEVER]
    try:
        with closing(Database(target)) as new:
            _see_that_it_is_empty(new, [*ours, *jobs, tables.executors])
            migrate(new)
            if jobs:
                dbos_internals.make_job_tables(target)
            with new.writing(lock=_LOCK) as writing:
                dbos_internals.place_job_tables(writing)
                for table in (*ours, *jobs):
                    _copy(table, reading, writing)
                _take_up_again(jobs, writing)
                _number_on(ours, writing)
                return {table.name: _count(table, writing) for table in (*ours, *jobs)}
    except sa.exc.SQLAlchemyError as error:
        raise unavailable(target, error) from None


def _see_that_it_is_empty(new: Database, moved: Iterable[sa.Table]) -> None:
    with new.reading() as connection:
        dbos_internals.place_job_tables(connection)
        for table in moved:
            schema = dbos_internals.JOB_SCHEMA if table.schema else None
            if sa.inspect(connection).has_table(table.name, schema=schema) and _count(table, connection):
                raise MoveError(f"The database is not empty: its table {table.name} holds rows. Give it an empty one.")


def _copy(table: sa.Table, reading: sa.Connection, writing: sa.Connection) -> None:
    for rows in reading.execute(sa.select(table)).mappings().partitions(_ROWS_AT_ONCE):
        writing.execute(sa.insert(table), [dict(row) for row in rows])
    there, here = _count(table, writing), _count(table, reading)
    if there != here:
        raise MoveError(f"Of {here} rows of {table.name} {there} arrived.")


def _take_up_again(jobs: Iterable[sa.Table], writing: sa.Connection) -> None:
    """What was under way is put back into its queue."""
    for table in jobs:
        if table.name == "workflow_status":
            writing.execute(sa.update(table).where(table.c.status == "PENDING").values(BACK_IN_QUEUE))


def _number_on(ours: Iterable[sa.Table], writing: sa.Connection) -> None:
    """Have Postgres number new rows after those that were moved."""
    for table in ours:
        (key, *others) = table.primary_key.columns
        if not others and isinstance(key.type, sa.BigInteger):
            sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
            writing.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(sa.func.max(key), 0) + 1, False)))  # noqa: FBT003


def _count(table: sa.Table, connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
