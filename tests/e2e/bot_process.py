"""The real bot as a child process: its settings, its log as it is written, and its end."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.nursery import Child, environment
from tests.patience import PATIENCE

__all__ = ["BotProcess", "environment"]


class BotProcess:
    """`python -m bot serve` (or `worker`) as a context manager; whatever happens, it is gone at the end.

    `home` is the working directory, so that no `.env` of the machine is read. The log is in `log`.
    """

    def __init__(self, home: Path, settings: Mapping[str, str], command: str = "serve") -> None:
        self._home = home
        self._environment = environment(settings)
        self.command = command
        self._process: Child | None = None
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> Self:
        """Start the process, or start it again after its end. The log goes on."""
        assert self._process is None or self._process.poll() is not None, "it is still running"
        self._process = Child([self.command], cwd=self._home, env=self._environment, stderr=subprocess.STDOUT)
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        return self

    @property
    def log(self) -> str:
        """Everything it has printed so far, to stderr and to stdout."""
        with self._changed:
            return "".join(self._lines)

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def wait_for_log(self, text: str, *, count: int = 1, timeout: float = PATIENCE) -> None:
        """Wait until this text has been printed `count` times, over all starts. AssertionError after `timeout`."""

        def seen() -> bool:
            return sum(text in line for line in self._lines) >= count

        with self._changed:
            found = self._changed.wait_for(lambda: seen() or not self.running, timeout) and seen()
        assert found, f"{text!r} was not printed {count} time(s) in {timeout} s:\n{self.log}"

    def wait_ready(self, *, starts: int = 1) -> None:
        """Wait until it works, for the `starts`-th time."""
        self.wait_for_log("Ready:", count=starts)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL); it is gone when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._join()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Wait for its end and return the exit status. AssertionError after `timeout` seconds."""
        assert self._process is not None
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s:\n{self.log}") from None
        self._join()
        return status

    def stop(self) -> float:
        """Ask it to end, see that it does with status 0, and return how many seconds that took."""
        begun = time.monotonic()
        self.terminate()
        status = self.wait_exit(20)
        assert status == 0, f"exit status {status}:\n{self.log}"
        return time.monotonic() - begun

    def _join(self) -> None:
        if self._reader is not None:
            self._reader.join(PATIENCE)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    self._lines.append(line.decode())
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
