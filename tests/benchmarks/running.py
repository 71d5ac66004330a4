"""Starts the runs of `child` and takes in what came of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from bot.sandbox.syncro.server import SyncroSandbox
from tests.benchmarks.child import Order, Outcome

ROOT = Path(__file__).parents[2]


class Child:
    """A run in a process of its own. One that `waits` begins with `go`."""

    def __init__(self, order: Order) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.child", json.dumps(asdict(order))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if order.waits:
            assert self._process.stdout is not None
            self._process.stdout.readline()

    def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def outcome(self) -> Outcome:
        """Wait for its end. RuntimeError where it broke down."""
        told, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError("a run broke down; what it said is above")
        return Outcome(**json.loads(told))

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()


def run(order: Order) -> Outcome:
    """One run from beginning to end."""
    child = Child(order)
    try:
        return child.outcome()
    finally:
        child.end()


def run_counted(syncro: SyncroSandbox, order: Order) -> tuple[int, Outcome]:
    """One run, and how many calls the server counted."""
    syncro.reset_calls()
    outcome = run(order)
    return len(syncro.calls), outcome


def sqlite(folder: str | Path, name: str = "bot.db") -> str:
    """The address of a database file."""
    return f"sqlite:///{Path(folder) / name}"
