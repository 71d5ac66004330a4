"""One process at a time does what only one should do, and a crash holds nobody off."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from bot.store.sole_process import sole_process

HOLDER = """
import sys
from bot.store.sole_process import sole_process
with sole_process(sys.argv[1], "sample") as is_sole:
    print(is_sole, flush=True)
    sys.stdin.readline()
"""


def holder(address: sa.URL) -> subprocess.Popen[str]:
    """Another process that holds it, as soon as it has said so."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, address.render_as_string(hide_password=False)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def says(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_while_one_process_is_at_it_no_other_is_and_when_it_is_killed_the_next_may(address: sa.URL) -> None:
    with holder(address) as child:
        assert says(child) == "True"
        with sole_process(address, "sample") as is_sole:
            assert not is_sole
        with sole_process(address, "another") as is_sole:
            assert is_sole
        child.kill()
        child.wait()
        with sole_process(address, "sample") as is_sole:
            assert is_sole


def test_it_may_be_taken_again_when_it_was_let_go(address: sa.URL) -> None:
    for _ in range(2):
        with sole_process(address, "sample") as is_sole:
            assert is_sole


def test_where_the_database_is_away_nobody_is_held_off() -> None:
    for database in ("sqlite:////dev/null/bot.db", "postgresql://nobody@127.0.0.1:9/nothing"):
        with sole_process(database, "sample") as is_sole:
            assert is_sole
