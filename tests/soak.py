"""`python -m tests.soak`: thousands of commands one after the other, and what grows meanwhile in the real processes.

Exit status 1 when memory in the last quarter is more than 5 % above that of the second, or when threads, open files
or sockets have grown. How much the database grows with each command is printed for people.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bot.sandbox.slack.workspace import User
from tests.drill.questions import Pool, pool
from tests.drill.run import scratch_database
from tests.e2e.bot_process import BotProcess
from tests.e2e.house import House, open_house, says_verdict

MOST_OPEN = 8
BURST = 60
"""So many questions are open at first: then the pools of threads and connections are as full as they will ever be."""
COMMANDS_A_PERSON = 5
SAMPLES = 40
MEMORY_BOUND = 1.05
ANSWER_SECONDS = 300.0
"""No answer in this time, on however busy a machine, is an answer lost."""
SETTLING_SECONDS = 70.0
"""The records of ended jobs are dropped once a minute."""


@dataclass(frozen=True)
class Size:
    """What a process holds: resident memory in MiB, threads, open files and sockets."""

    memory: float
    threads: int
    files: int
    sockets: int


def size_of(process: int) -> Size:
    """How large a process is, as Linux has it."""
    here = Path(f"/proc/{process}")
    status = (here / "status").read_text(encoding="ascii")

    def number(name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+)", status)
        assert found is not None
        return int(found.group(1))

    targets = []
    for each in (here / "fd").iterdir():
        try:
            targets.append(str(each.readlink()))
        except FileNotFoundError:
            continue
    sockets = sum(target.startswith("socket:") for target in targets)
    return Size(number("VmRSS") / 1024, number("Threads"), len(targets) - sockets, sockets)


def grown(sizes: Sequence[Size]) -> list[str]:
    """What has grown from the second quarter of the time to the last, beyond its bound."""
    quarter = len(sizes) // 4
    second, last = sizes[quarter : 2 * quarter], sizes[-quarter:]
    told = []
    before, after = (statistics.median(size.memory for size in part) for part in (second, last))
    if after > before * MEMORY_BOUND:
        told.append(f"memory: {before:.1f} to {after:.1f} MiB")
    for what in ("threads", "files", "sockets"):
        most_before, most_after = (max(getattr(size, what) for size in part) for part in (sizes[: 2 * quarter], last))
        if most_after > most_before:
            told.append(f"{what}: {most_before} to {most_after}")
    return told


def ask_all(house: House, made: Pool, commands: int, seed: int) -> Iterator[int]:
    """Ask so many times, a few questions open at a time; yields how many have been answered, now and then."""
    rng, waiting, every = random.Random(seed), set[str](), max(1, commands // SAMPLES)

    def answered(place: str) -> bool:
        return any(says_verdict(message) for message in house.own_parents(place))

    for number in range(commands):
        user = f"U0SOAK{number // COMMANDS_A_PERSON:05d}"
        house.slack.workspace.users[user] = User(user, user.lower())
        channel = house.channel(f"soak-{number}")
        deadline = time.monotonic() + ANSWER_SECONDS
        while len(waiting) >= (BURST if number < 2 * BURST else MOST_OPEN):
            waiting = {place for place in waiting if not answered(place)}
            assert time.monotonic() < deadline, f"no answer in {waiting}"
            time.sleep(0.02)
        ticket = str(rng.choice(made.tickets).number)
        while (said := house.slack.slash(ticket, channel=channel, user=user).wait_ack()) != {}:
            print(f"refused: {said}", file=sys.stderr)
            assert time.monotonic() < deadline, said
        waiting.add(channel)
        if number % every == every - 1:
            yield number + 1


@contextmanager
def opened(house: House, database: str, **settings: str) -> Iterator[tuple[str, list[BotProcess]]]:
    """The bots at work, and the address of their database."""
    with ExitStack() as stack:
        commands = ["serve"]
        address = f"sqlite:///{house.home / 'bot.db'}"
        if database != "sqlite":
            server = sa.make_url(database).set(drivername="postgresql+psycopg")
            name = f"soak_{time.time_ns()}"
            stack.enter_context(scratch_database(server, name))
            address = server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
            commands = ["serve", "worker"]
        bots = [house.start(command, DATABASE_URL=address, **settings) for command in commands]
        for bot in bots:
            stack.callback(bot.kill)
            bot.wait_ready()
        yield address, bots


def bytes_of(address: str) -> dict[str, int]:
    """How many bytes each table takes with its indexes."""
    engine = sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    query = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name"
    if engine.name == "postgresql":
        query = "SELECT relname, pg_table_size(oid) FROM pg_class WHERE relkind IN ('r', 'i') AND relname !~ '^pg_'"
    try:
        with engine.connect() as connection:
            return {str(name): int(size) for name, size in connection.execute(sa.text(query))}
    except sa.exc.OperationalError:  # this SQLite was built without it
        return {"database file": Path(sa.make_url(address).database or "").stat().st_size}


def soak(database: str, commands: int, seed: int, folder: Path) -> list[str]:
    """Do it, print what was measured, and return what has grown."""
    made, begun = pool(), time.monotonic()
    broken: list[str] = []
    with (
        open_house(folder, made=made.sample) as house,
        opened(house, database, SYNC_EVERY_MINUTES="1") as (address, bots),
    ):
        sizes: dict[BotProcess, list[Size]] = {bot: [] for bot in bots}
        tables: list[dict[str, int]] = []
        for answered in ask_all(house, made, commands, seed):
            for bot, seen in sizes.items():
                seen.append(size_of(bot.pid))
            if answered >= commands // 4 and not tables:
                tables.append(bytes_of(address))
            print(f"… {answered} commands", file=sys.stderr, flush=True)
        tables.append(bytes_of(address))
        house.wait_idle(address.replace("postgresql:", "postgresql+psycopg:"))
        time.sleep(SETTLING_SECONDS)
        settled = bytes_of(address)
        for bot, seen in sizes.items():
            quarter = len(seen) // 4
            print(
                f"{bot.command}:",
                *(_in_words(seen[at]) for at in (0, quarter, 2 * quarter, 3 * quarter, -1)),
                sep="\n  ",
            )
            broken += [f"{bot.command}: {each}" for each in grown(seen)]
    first, last, asked = tables[0], tables[-1], commands - commands // 4
    print(f"{commands} commands in {time.monotonic() - begun:.0f} s")
    print(
        f"database, from the first quarter to a minute of rest after the last: {_growth(first, settled) / asked:,.0f}"
    )
    print(f"bytes a command; before that rest {_growth(first, last) / asked:,.0f}. Of these:")
    for name in sorted(settled, key=lambda each: first.get(each, 0) - settled[each])[:8]:
        print(f"  {name}: {(settled[name] - first.get(name, 0)) / asked:,.0f} bytes a command")
    return broken


def _growth(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(after.values()) - sum(before.values())


def _in_words(size: Size) -> str:
    return f"{size.memory:.1f} MiB, {size.threads} threads, {size.files} files, {size.sockets} sockets"


def main() -> int:
    """Soak, print, and say by the exit status whether the bounds hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--commands", type=int, default=2_000, help="at least 8")
    parser.add_argument("--database", default="sqlite", help='"sqlite", or the address of a scratch Postgres server')
    parser.add_argument("--seed", type=int, default=1)
    wished = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broken = soak(wished.database, wished.commands, wished.seed, Path(folder))
    print(*broken or ["Nothing has grown."], sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
