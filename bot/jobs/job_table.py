"""DBOS's table of jobs, for what it has no function for: a job that waits holds no worker, and none is stranded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa

from bot.store.database import Database
from bot.store.tables import executors

LONGEST_WAIT = timedelta(minutes=5)
"""No job is put aside for longer. One that seems to be was put aside under a clock that has been put right since."""
BACK_IN_QUEUE: Mapping[str, str | None] = MappingProxyType(
    {"status": "ENQUEUED", "owner_xid": None, "started_at_epoch_ms": None}
)
"""What is changed of a job whose run has died."""
_LOCK = "invoice_bot_jobs"
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class JobTable:
    """Safe to share between threads and processes. Any method raises `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, address: sa.URL) -> None:
        self._database = Database(address)
        schema = None if address.get_backend_name() == "sqlite" else "dbos"
        self.jobs = sa.table(
            "workflow_status",
            *(
                sa.column(name)
                for name in (
                    "workflow_uuid",
                    "status",
                    "queue_name",
                    "executor_id",
                    "owner_xid",
                    "recovery_attempts",
                    "started_at_epoch_ms",
                    "delay_until_epoch_ms",
                    "completed_at",
                    "created_at",
                )
            ),
            schema=schema,
        )
        self.records = sa.table("operation_outputs", sa.column("workflow_uuid"), schema=schema)

    def put_aside(self, key: str, owner: str, until: datetime) -> bool:
        """Let a job that runs wait outside its worker; False when another run of it has begun meanwhile."""
        jobs = self.jobs.c
        running = sa.update(self.jobs).where(
            jobs.workflow_uuid == key, jobs.status == "PENDING", jobs.owner_xid == owner
        )
        aside = running.values(
            status="DELAYED",
            delay_until_epoch_ms=_epoch_ms(until),
            owner_xid=None,
            started_at_epoch_ms=None,
            recovery_attempts=0,  # it counts crashes
        )
        with self._database.writing(lock=_LOCK) as connection:
            return connection.execute(aside).rowcount > 0

    def wake(self, key: str) -> bool:
        """Put a job that was put aside back into its queue; False when it is not aside."""
        return self._wake(self.jobs.c.workflow_uuid == key)

    def wake_due(self, now: datetime) -> bool:
        """Put those whose time has come, and those that no clock could bring back, into their queues."""
        until = self.jobs.c.delay_until_epoch_ms
        return self._wake(sa.or_(until <= _epoch_ms(now), until > _epoch_ms(now + LONGEST_WAIT)))

    def _wake(self, which: sa.ColumnElement[bool]) -> bool:
        aside = sa.update(self.jobs).where(self.jobs.c.status == "DELAYED", which)
        with self._database.writing(lock=_LOCK) as connection:
            return connection.execute(aside.values(status="ENQUEUED")).rowcount > 0

    def census(self) -> tuple[int, int, datetime | None]:
        """How many jobs wait, how many are under way, and when the oldest that waits was stored."""
        jobs = self.jobs.c
        counted = sa.select(jobs.status, sa.func.count(), sa.func.min(jobs.created_at)).group_by(jobs.status)
        with self._database.reading() as connection:
            found = {
                status: (int(count), int(oldest))
                for status, count, oldest in connection.execute(
                    counted.where(jobs.status.in_(("ENQUEUED", "DELAYED", "PENDING")))
                )
            }
        waiting = [found[status] for status in ("ENQUEUED", "DELAYED") if status in found]
        oldest = min((moment for _, moment in waiting), default=None)
        return (
            sum(count for count, _ in waiting),
            found.get("PENDING", (0, 0))[0],
            None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC),
        )

    def running(self, executor: str) -> dict[str, str]:
        """The jobs that a process is said to be doing: the key of each, and the token of its run."""
        return self._pending(self.jobs.c.executor_id == executor)

    def orphans(self) -> dict[str, str]:
        """The jobs that are said to be done by processes of which no heartbeat is kept."""
        return self._pending(self.jobs.c.executor_id.not_in(sa.select(executors.c.executor_id)))

    def _pending(self, which: sa.ColumnElement[bool]) -> dict[str, str]:
        jobs = self.jobs.c
        pending = sa.select(jobs.workflow_uuid, jobs.owner_xid).where(jobs.status == "PENDING", which)
        with self._database.reading() as connection:
            return {str(key): str(owner) for key, owner in connection.execute(pending)}

    def under_way(self, keys: Collection[str]) -> set[str]:
        """Which of these jobs are waiting or running, in whichever process."""
        jobs = self.jobs.c
        wanted = sa.select(jobs.workflow_uuid).where(jobs.workflow_uuid.in_(keys), jobs.status.not_in(_ENDED))
        with self._database.reading() as connection:
            return set(connection.execute(wanted).scalars())

    def queues_with_jobs(self) -> set[str]:
        """The queues in which a job waits for a worker, whichever process it may be in."""
        queued = sa.select(self.jobs.c.queue_name).distinct().where(self.jobs.c.status == "ENQUEUED")
        with self._database.reading() as connection:
            return set(connection.execute(queued).scalars())

    def is_queued(self, key: str) -> bool:
        """Whether a job waits for a worker, whichever process it may be in."""
        jobs = self.jobs.c
        queued = sa.select(jobs.workflow_uuid).where(jobs.workflow_uuid == key, jobs.status == "ENQUEUED")
        with self._database.reading() as connection:
            return connection.execute(queued).first() is not None

    def take_back(self, key: str, owner: str) -> bool:
        """Put a job whose run has died back into its queue; False when another run of it has begun meanwhile."""
        jobs = self.jobs.c
        dead = sa.update(self.jobs).where(jobs.workflow_uuid == key, jobs.status == "PENDING", jobs.owner_xid == owner)
        with self._database.writing(lock=_LOCK) as connection:
            return connection.execute(dead.values(BACK_IN_QUEUE)).rowcount > 0

    def drop_records(self, ended: Collection[str] | None = None) -> None:
        """Forget what the steps of ended jobs recorded: of these, or of all. Their keys and questions stay."""
        jobs = self.jobs.c
        over = sa.select(jobs.workflow_uuid).where(jobs.status.in_(_ENDED))
        if ended is not None:
            over = over.where(jobs.workflow_uuid.in_(ended))
        with self._database.writing(lock=_LOCK) as connection:
            connection.execute(sa.delete(self.records).where(self.records.c.workflow_uuid.in_(over)))

    def close(self) -> None:
        """Close the connections."""
        self._database.close()


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
