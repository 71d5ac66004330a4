"""The bot as a process that starts at once: forked from one that has loaded the program and done nothing else.

150 starts of an interpreter would take longer than all that is drilled. What runs is `bot.cli.main`, with an
environment, a database and connections of its own; SIGKILL ends it as it ends any process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.e2e.bot_process import environment
from tests.patience import PATIENCE


class Bot:
    """`invoice-bot serve` (or `worker`), started and killed again and again. Its log goes on over all starts."""

    def __init__(self, home: Path, settings: Mapping[str, str], command: str) -> None:
        self.command = command
        self._pid = 0
        self._log = b""
        self._began = 0
        self._lock = threading.Lock()
        pids, self._told = os.pipe()
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.drill.bots", command, str(self._told)],
            cwd=home,
            env=environment(settings) | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self._told],
        )
        os.close(self._told)
        self._pids = os.fdopen(pids, encoding="ascii")
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def log(self) -> str:
        """Everything that it has printed."""
        return self._log.decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        return self._pid != 0 and Path(f"/proc/{self._pid}").exists()

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def is_ready(self) -> bool:
        """Whether it works, since its last start."""
        return self.running and b"Ready:" in self._log[self._began :]

    def start(self) -> None:
        """Start it, where it does not run."""
        with self._lock:
            if self.running or self._nursery.stdin is None:
                return
            self._began = len(self._log)
            self._nursery.stdin.write(b"start\n")
            self._nursery.stdin.flush()
            self._pid = int(self._pids.readline())

    def kill(self) -> None:
        """End it as a power cut would; it is gone when this returns."""
        with self._lock:
            deadline = time.monotonic() + PATIENCE
            while self.running and time.monotonic() < deadline:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
                time.sleep(0.005)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._nursery.kill()
        self._nursery.wait(PATIENCE)

    def _read(self) -> None:
        while self._nursery.stdout is not None and (piece := os.read(self._nursery.stdout.fileno(), 65_536)):
            self._log += piece


def _nurse(command: str, told: int) -> None:
    """Load the program, then fork a child for each line that comes."""
    from bot.cli import main

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(told)
            os.close(0)
            os.open(os.devnull, os.O_RDONLY)
            sys.argv = ["invoice-bot", command]
            main()
        os.write(told, f"{pid}\n".encode("ascii"))


if __name__ == "__main__":
    _nurse(sys.argv[1], int(sys.argv[2]))
