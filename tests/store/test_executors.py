"""The registry of processes on one Postgres: who is silent is found out, and nobody else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from bot.store.executors import ExecutorRegistry
from tests.patience import PATIENCE
from tests.postgres import new_database

SERVER = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="TEST_DATABASE_URL names no scratch Postgres server")

BEAT, SILENT_AFTER = 0.05, 0.6
Registry = Callable[[str], "Watcher"]


class Watcher:
    """A registry whose silent neighbours are noted.

    Of the takeovers the first `failures` fail, and the first `leaves_jobs` do not get hold of every job.
    """

    def __init__(self, database: sa.URL, executor: str) -> None:
        self.failures = 0
        self.leaves_jobs = 0
        self._silent: list[str] = []
        self._changed = threading.Condition()
        self.registry = ExecutorRegistry(
            database,
            executor,
            on_silent=self._note,
            beat_seconds=BEAT,
            silent_after_seconds=SILENT_AFTER,
        )

    def _note(self, executor: str) -> bool:
        with self._changed:
            if self.failures:
                self.failures -= 1
                raise OSError("the database is away")
            self._silent.append(executor)
            self._changed.notify_all()
            self.leaves_jobs -= 1
            return self.leaves_jobs < 0

    def hears_nothing_of(self, executor: str, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: executor in self._silent, timeout)

    @property
    def silent(self) -> list[str]:
        with self._changed:
            return list(self._silent)


@pytest.fixture
def database() -> Iterator[sa.URL]:
    """A new, empty database."""
    with new_database() as url:
        yield url


@pytest.fixture
def watcher(database: sa.URL) -> Iterator[Registry]:
    """Makes registries; all leave at the end."""
    made: list[Watcher] = []

    def make(executor: str) -> Watcher:
        made.append(Watcher(database, executor))
        return made[-1]

    yield make
    for each in made:
        each.registry.leave()


def test_processes_that_start_together_all_join(watcher: Registry) -> None:
    watchers = [watcher(f"p{index}") for index in range(6)]
    errors: list[BaseException] = []

    def join(one: Watcher) -> None:
        try:
            one.registry.join()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=join, args=(one,)) for one in watchers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert errors == []


def test_a_process_that_joined_and_was_never_heard_of_again_is_found_silent_once(watcher: Registry) -> None:
    watcher("crashed").registry.join()
    living = watcher("living")
    living.registry.join()
    living.registry.watch()

    assert living.hears_nothing_of("crashed", 5)
    assert not living.hears_nothing_of("living", 3 * SILENT_AFTER)
    assert living.silent == ["crashed"]


def test_processes_that_live_are_never_taken_for_silent(watcher: Registry) -> None:
    first, second = watcher("first"), watcher("second")
    for each in (first, second):
        each.registry.join()
        each.registry.watch()

    assert not first.hears_nothing_of("second", 3 * SILENT_AFTER)
    assert second.silent == []


def test_a_process_that_took_long_to_start_has_spoken_again_when_it_takes_up_jobs(
    watcher: Registry, database: sa.URL
) -> None:
    starting = watcher("starting")
    starting.registry.join()
    execute(database, "UPDATE invoice_bot_executors SET seen_at = now() - interval '1 hour'")

    starting.registry.watch()

    assert execute(database, "SELECT count(*) FROM invoice_bot_executors WHERE seen_at < now() - interval '9 min'") == 0


def test_a_process_that_says_goodbye_is_taken_over_at_once(watcher: Registry) -> None:
    living, leaving = watcher("living"), watcher("leaving")
    for each in (living, leaving):
        each.registry.join()
        each.registry.watch()

    leaving.registry.leave()

    assert living.hears_nothing_of("leaving", SILENT_AFTER / 2)


def test_a_takeover_that_fails_is_tried_again(watcher: Registry, caplog: pytest.LogCaptureFixture) -> None:
    watcher("crashed").registry.join()
    living = watcher("living")
    living.failures = 2
    living.registry.join()
    living.registry.watch()

    assert living.hears_nothing_of("crashed", 5)
    assert "Heartbeat failed" in caplog.text


def test_a_silent_process_is_forgotten_only_when_it_has_no_jobs_left(watcher: Registry, database: sa.URL) -> None:
    watcher("crashed").registry.join()
    living = watcher("living")
    living.leaves_jobs = 1_000
    living.registry.join()
    living.registry.watch()

    assert living.hears_nothing_of("crashed", 5)
    assert not living.hears_nothing_of("living", 4 * BEAT)
    assert "crashed" in known(database)
    living.leaves_jobs = 0
    assert not living.hears_nothing_of("living", 4 * BEAT)
    assert "crashed" not in known(database)


def known(database: sa.URL) -> set[str]:
    """The processes that the registry knows."""
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return set(connection.execute(sa.text("SELECT executor_id FROM invoice_bot_executors")).scalars())


def execute(database: sa.URL, statement: str) -> object:
    with sa.create_engine(database, poolclass=sa.NullPool).begin() as connection:
        done = connection.execute(sa.text(statement))
        return done.scalar() if done.returns_rows else None
