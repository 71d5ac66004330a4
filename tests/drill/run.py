"""One drill: processes that are killed and started again while people ask, faults come and go; then a count."""

from __future__ import annotations

import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from bot.sandbox.slack.api import DEFAULT_SCOPES
from tests.drill.account import Figures, account
from tests.drill.bots import Bot
from tests.drill.clock import Clock
from tests.drill.questions import People, pool
from tests.drill.weather import (
    Way,
    Weather,
    postgres_faults,
    slack_faults,
    small_disk,
    sqlite_faults,
    syncro_faults,
)
from tests.e2e.house import House, open_house

LATENCY = 0.03
QUIET_SECONDS = 90.0
"""How long after the last fault every job has to have ended."""
_STARTING_SECONDS = 300.0
_HISTORY = frozenset({"channels:history", "groups:history"})
_LONGER_THAN_A_KILL = ("database: gone", "database: locked", "Slack: 503")


@dataclass(frozen=True)
class Plan:
    """What is to be done. `database` is "sqlite", or the address of a scratch Postgres server."""

    kills: int
    database: str = "sqlite"
    seed: int = 1
    can_look_back: bool = False
    """Whether the bot has the scopes for reading the history."""
    long_seconds: Sequence[float] = (10.0, 60.0)
    """How long the outages last that come after the kills."""
    minutes: float = math.inf
    """After so long nothing more is killed."""
    pace: float = 0.4
    """Seconds between two questions, about."""
    say: Callable[[str], None] = lambda _: None


@dataclass
class Stage:
    """Where a drill happens."""

    plan: Plan
    house: House
    bots: list[Bot]
    weather: dict[str, Weather]
    database: str
    rng: random.Random
    figures: Figures = field(default_factory=Figures)

    def until_ready(self, bot: Bot) -> None:
        """Wait until a process works; one that could not start (its database is away) is started again."""
        deadline = time.monotonic() + _STARTING_SECONDS
        while time.monotonic() < deadline:
            if not bot.running:
                bot.start()
            if bot.is_ready:
                return
            time.sleep(0.05)
        raise AssertionError(f"not ready after {_STARTING_SECONDS} s:\n{bot.log[-3000:]}")


def drill(plan: Plan, folder: Path) -> Figures:
    """Do it, and count."""
    rng, begun = random.Random(plan.seed), time.monotonic()
    made = pool()
    scopes = DEFAULT_SCOPES | (_HISTORY if plan.can_look_back else frozenset())
    with (
        open_house(folder, latency=LATENCY, scopes=scopes, made=made.sample) as house,
        _stage(plan, house, rng) as stage,
    ):
        people = People(house, made, random.Random(plan.seed + 1), pace=plan.pace)
        people.start()
        try:
            _cut_power(stage)
            _outages(stage)
        finally:
            people.stop()
        figures = stage.figures
        figures.not_ended, figures.failed_jobs = _wait_for_quiet(stage)
        account(figures, house, made, people.questions)
        logs = "".join(bot.log for bot in stage.bots)
        figures.log_bytes, figures.tracebacks = len(logs), logs.count("Traceback")
        (folder / "bots.log").write_text(logs, encoding="utf-8")
    figures.seconds = time.monotonic() - begun
    return figures


@contextmanager
def _stage(plan: Plan, house: House, rng: random.Random) -> Iterator[Stage]:
    with ExitStack() as stack:
        clock = Clock(house.home)
        weather = syncro_faults(house) | slack_faults(house) | clock.faults()
        if plan.database == "sqlite":
            file = stack.enter_context(small_disk(house.home)) / "bot.db"
            database, commands = f"sqlite:///{file}", ["serve"]
            weather |= sqlite_faults(file)
        else:
            server = sa.make_url(plan.database).set(drivername="postgresql+psycopg")
            name = f"drill_{plan.seed}_{time.time_ns()}"
            stack.enter_context(scratch_database(server, name))
            way = Way(server.host or "127.0.0.1", server.port or 5432)
            url = server.set(drivername="postgresql", host="127.0.0.1", port=way.port, database=name)
            database, commands = url.render_as_string(hide_password=False), ["serve", "worker"]
            weather |= postgres_faults(server, name, way)
        settings = {"DATABASE_URL": database, "SYNC_EVERY_MINUTES": "1", **clock.settings}
        bots = [Bot(house.home, house.settings(**settings), command) for command in commands]
        stage = Stage(plan, house, bots, weather, database, rng)
        for bot in bots:
            stack.callback(bot.close)
            stage.until_ready(bot)
        yield stage


@contextmanager
def scratch_database(server: sa.URL, name: str) -> Iterator[None]:
    """A new database of that name, which is dropped in the end."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _cut_power(stage: Stage) -> None:
    """Kill again and again; every other time a fault holds meanwhile, each kind in its turn."""
    kinds = itertools.cycle(stage.rng.sample(sorted(stage.weather), len(stage.weather)))
    until = time.monotonic() + 60 * stage.plan.minutes
    for number in range(stage.plan.kills):
        if time.monotonic() > until:
            break
        victim = stage.rng.choice(stage.bots)
        with ExitStack() as stack:
            name = next(kinds) if number % 2 else ""
            if name:
                stack.enter_context(stage.weather[name]())
                stage.figures.faults[name] += 1
            _wait_for_moment(stage, victim)
            victim.kill()
            stage.figures.kills += 1
            time.sleep(stage.rng.uniform(0, 0.3))
            victim.start()
            time.sleep(stage.rng.uniform(0, 2.0))
        if stage.rng.random() < 0.85:  # else it is cut off again while it starts
            stage.until_ready(victim)
        if number % 10 == 9:
            stage.plan.say(f"{number + 1} kills")
    for bot in stage.bots:
        stage.until_ready(bot)


def _wait_for_moment(stage: Stage, victim: Bot) -> None:
    """Some time, or right when Slack has got a post or an edit and has not answered yet."""
    style = stage.rng.random()
    if style < 0.6:
        time.sleep(stage.rng.uniform(0.1, 2.5))
        return
    method = "chat.postMessage" if style < 0.85 else "chat.update"
    due, turns = threading.Event(), itertools.count(stage.rng.randint(1, 3))

    def cut(_: object) -> None:
        if next(turns) == 3 and not due.is_set():
            victim.kill()
            due.set()

    stage.house.slack.before(method, cut)
    due.wait(4)
    stage.house.slack.before(method, None)


def _outages(stage: Stage) -> None:
    """Long outages with the processes alive: what strands work shows here."""
    for seconds in stage.plan.long_seconds:
        for name in sorted(stage.weather):
            is_short = seconds == min(stage.plan.long_seconds)
            if not (is_short and name.startswith(("database", "clock"))) and name not in _LONGER_THAN_A_KILL:
                continue
            stage.plan.say(f"{name} for {seconds:.0f} s")
            before = sum(len(bot.log) for bot in stage.bots)
            with stage.weather[name]():
                stage.figures.faults[f"{name}, {seconds:.0f} s"] += 1
                time.sleep(seconds)
            time.sleep(3)
            stage.figures.log_bytes_of_outages += sum(len(bot.log) for bot in stage.bots) - before
            for bot in stage.bots:
                stage.until_ready(bot)


def _wait_for_quiet(stage: Stage) -> tuple[int, int]:
    """Wait until every job has ended. Returns how many have not in time, and how many ended in an error."""
    engine = sa.create_engine(stage.database.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    schema = "dbos." if engine.name == "postgresql" else ""
    query = sa.text(f"SELECT * FROM {schema}workflow_status")  # noqa: S608
    deadline = time.monotonic() + QUIET_SECONDS
    while True:
        with engine.connect() as connection:
            rows = [row for row in connection.execute(query) if row.name in ("check", "digest", "sync")]
        waiting = [row for row in rows if row.status in ("PENDING", "ENQUEUED", "DELAYED")]
        bad = [row for row in rows if row not in waiting and row.status != "SUCCESS"]
        if not waiting or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    for row in waiting + bad:
        steps = sa.text(f"SELECT function_name FROM {schema}operation_outputs WHERE workflow_uuid = :job")  # noqa: S608
        with engine.connect() as connection:
            done = list(connection.execute(steps, {"job": row.workflow_uuid}).scalars())
        until = (row.delay_until_epoch_ms or 0) / 1000 - time.time()
        said = f"{row.status}, due in {until:.0f} s, after {done[-1:]}: {str(row.error)[:200]}"
        stage.figures.examples.insert(0, f"job {row.workflow_uuid}: {said}")
    return len(waiting), len(bad)
