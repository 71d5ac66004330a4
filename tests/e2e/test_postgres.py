"""Several processes on one Postgres database share the work, and take over from each other.

Set TEST_DATABASE_URL to a scratch server's address, such as postgresql://tester@127.0.0.1:5433/postgres; each test
makes a database of its own there and drops it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest
import sqlalchemy

from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import User
from tests.e2e.bot_process import BotProcess
from tests.e2e.conftest import NewHouse
from tests.e2e.house import CROWD, NOT_INVOICED, House, says_verdict
from tests.patience import PATIENCE
from tests.postgres import new_database

SERVER = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="TEST_DATABASE_URL names no scratch Postgres server")

MANY, TOO_MANY = 20, 200


@pytest.fixture
def database() -> Iterator[str]:
    """The address of a new, empty database."""
    with new_database() as url:
        yield url.render_as_string(hide_password=False)


def start_both(house: House, database: str) -> tuple[BotProcess, BotProcess]:
    """Start `serve` and `worker` together on the empty database."""
    serve, worker = house.start("serve", DATABASE_URL=database), house.start("worker", DATABASE_URL=database)
    serve.wait_ready()
    worker.wait_ready()
    return serve, worker


def ask_until_both_work(house: House, database: str, channel: str, tickets: Sequence[str]) -> int:
    """Ask, each question as another person, until both processes are at work; returns how many were asked."""
    for number in range(TOO_MANY):
        user = f"U0CROWD{number:03d}"
        house.slack.workspace.users[user] = User(user, user.lower())
        house.slack.slash(tickets[number % len(tickets)], channel=channel, user=user).wait_ack()
        if number + 1 >= MANY and len(worked_by(database, "status = 'PENDING'")) == 2:
            return number + 1
    raise AssertionError(f"one process alone did all of {TOO_MANY}")


def worked_by(database: str, which: str = "true") -> dict[str, int]:
    """How many jobs each process ran last."""
    engine = sqlalchemy.create_engine(database, poolclass=sqlalchemy.NullPool)
    query = f"SELECT executor_id, count(*) FROM dbos.workflow_status WHERE {which} GROUP BY executor_id"  # noqa: S608
    with engine.connect() as connection:
        return {str(executor): int(jobs) for executor, jobs in connection.execute(sqlalchemy.text(query))}


def test_two_processes_that_start_together_on_an_empty_database_share_the_work_and_answer_everything_once(
    new_house: NewHouse, database: str
) -> None:
    house = new_house(latency=0.1)
    serve, worker = start_both(house, database)
    channel = house.channel()

    asked = [house.slack.slash(number, channel=channel) for number in CROWD[:40]]

    assert [delivery.wait_ack() for delivery in asked] == [{}] * 40
    house.answers(channel, count=40, timeout=2 * PATIENCE)  # one person's: three at a time in each process
    house.wait_idle(database)
    parents = house.own_parents(channel)
    assert sorted(parent.text.split(" ", 2)[1] for parent in parents) == sorted(f"#{number}" for number in CROWD[:40])
    assert [len(house.own_replies(parent)) for parent in parents] == [1] * 40
    shares = worked_by(database)
    assert len(shares) == 2, shares
    assert all("Traceback" not in bot.log for bot in (serve, worker))


def test_the_jobs_of_a_worker_that_was_killed_go_on_elsewhere_and_are_answered_once(
    new_house: NewHouse, database: str
) -> None:
    house = new_house(latency=0.2, scopes=DEFAULT_SCOPES | {"channels:history"})
    serve, worker = start_both(house, database)
    channel = house.channel()
    asked = ask_until_both_work(house, database, channel, [NOT_INVOICED])

    worker.kill()
    serve.wait_for_log("fell silent; its")
    house.syncro.latency = 0

    house.answers(channel, count=asked)
    house.wait_idle(database)
    parents = house.own_parents(channel)
    assert len(parents) == asked
    assert all(says_verdict(parent) for parent in parents)
    assert [len(house.own_replies(parent)) for parent in parents] == [1] * asked


def test_a_process_that_stops_cleanly_hands_its_jobs_over_and_nothing_is_said_twice(
    new_house: NewHouse, database: str
) -> None:
    house = new_house(latency=0.2, scopes=DEFAULT_SCOPES | {"channels:history"})  # a slow machine cuts posts off
    worker = house.start("worker", DATABASE_URL=database)
    worker.wait_ready()
    serve = house.start("serve", DATABASE_URL=database)
    serve.wait_ready()
    channel = house.channel()
    asked = ask_until_both_work(house, database, channel, [NOT_INVOICED])

    worker.stop()
    serve.wait_for_log("fell silent; its")
    house.syncro.latency = 0

    house.answers(channel, count=asked)
    house.wait_idle(database)
    parents = house.own_parents(channel)
    assert [len(house.own_replies(parent)) for parent in parents] == [1] * asked


def test_what_still_runs_during_a_clean_stop_is_not_taken_over_and_done_twice(
    new_house: NewHouse, database: str
) -> None:
    """The evidence is on its way to Slack while the worker stops; the other process must not post it as well."""
    house = new_house(latency=0.3)
    _, worker = start_both(house, database)
    channel = house.channel()
    asked = ask_until_both_work(house, database, channel, CROWD)
    house.slack.wait_for(lambda _: len(house.own_parents(channel)) == asked)
    house.slack.latency = 2.5  # longer than it takes to notice that a process has gone

    def all_on_their_way(_: object) -> bool:
        return sum("thread_ts" in call.args for call in house.slack.calls) == asked

    house.slack.wait_for(all_on_their_way)
    worker.stop()

    house.wait_idle(database)
    parents = house.own_parents(channel)
    assert [len(house.own_replies(parent)) for parent in parents] == [1] * asked


def test_a_bot_that_was_killed_and_started_again_alone_takes_up_its_own_jobs(
    new_house: NewHouse, database: str
) -> None:
    house = new_house(latency=0.1, scopes=DEFAULT_SCOPES | {"channels:history"})
    bot = house.start(DATABASE_URL=database)
    bot.wait_ready()
    channel = house.channel()
    house.slack.slash(NOT_INVOICED, channel=channel)
    house.syncro.wait_for_calls(20)
    bot.kill()

    bot.start()

    house.answers(channel)
    house.wait_idle(database)
    (parent,) = house.own_parents(channel)
    assert len(house.own_replies(parent)) == 1


def test_a_server_out_of_reach_ends_with_status_3_and_one_line_without_the_password(
    new_house: NewHouse, free_port: int
) -> None:
    house = new_house()

    bot = house.start(DATABASE_URL=f"postgresql://somebody:open-sesame@127.0.0.1:{free_port}/nothing")

    assert bot.wait_exit(30) == 3
    (said,) = [line for line in bot.log.splitlines() if line.startswith("invoice-bot: ")]
    assert "DATABASE_URL" in said
    assert "open-sesame" not in bot.log
    assert "Traceback" not in bot.log
