"""Two processes on one Postgres database make one digest a day."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy

from tests.e2e.house import local_noon, open_house
from tests.e2e.test_digest_kill import small_world
from tests.e2e.test_postgres import database as database
from tests.e2e.test_postgres import pytestmark as pytestmark


def test_two_processes_that_both_find_the_digest_due_post_it_once_and_so_does_one_that_starts_later(
    tmp_path: Path, database: str
) -> None:
    with open_house(tmp_path, made=small_world()) as house:
        channel = house.channel()
        settings = {
            "DATABASE_URL": database,
            "SYNCRO_REQUESTS_PER_MINUTE": "3000",
            "DIGEST_SCHEDULE": "0 12 * * *",
            "DIGEST_TIMEZONE": local_noon(),
            "DIGEST_CHANNEL": channel,
        }
        serve, worker = house.start("serve", **settings), house.start("worker", **settings)
        serve.wait_ready()
        worker.wait_ready()
        house.slack.wait_for(lambda _: house.own_parents(channel))
        house.wait_idle(database)
        third = house.start("worker", **settings)
        third.wait_ready()
        assert [bot.stop() < 10 for bot in (third, worker, serve)] == [True] * 3
        house.wait_idle(database)

        (parent,) = house.own_parents(channel)
        assert "6 tickets unbilled" in parent.text
        assert len([reply for reply in house.own_replies(parent) if reply.files]) == 1
        engine = sqlalchemy.create_engine(database, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            jobs = connection.execute(sqlalchemy.text("SELECT count(*) FROM dbos.workflow_status")).scalar_one()
        assert jobs == 1
        assert all("Traceback" not in bot.log for bot in (serve, worker, third))
