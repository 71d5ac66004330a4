"""Starts the bot as a process at once: forked from one that has loaded the program and done nothing else.

To load it takes a start two seconds of a processor, and hundreds of tests start one. What runs is `python -m bot`, with
an environment, a directory, streams and an end of its own; signals reach it as they reach any process. What a new
interpreter alone does (locales, modules that cannot be loaded) is tested with one: `subprocess.Popen`.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

_ROOT = Path(__file__).parents[1]
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
"""All that a child inherits, so that no setting or proxy of the machine reaches it; coverage's own come on top."""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: these settings, and nothing else that could matter."""
    inherited = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("COV")}
    # A bare ticket stands for unbilled work there.
    return inherited | {"NOTHING_RECORDED": "warn"} | dict(settings)


class Child:
    """`python -m bot WORDS` under way. What it prints is in `stdout` and `stderr`, where they are pipes.

    It has what is used of `subprocess.Popen`. Nothing can be typed into it.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> None:
        self.returncode: int | None = None
        self.stdout, out = _stream(stdout)
        self.stderr, err = (None, os.dup(out)) if stderr == subprocess.STDOUT else _stream(stderr)
        told, telling = os.pipe()
        self._told = os.fdopen(told, "rb", buffering=0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        _nursery().start({"words": words, "cwd": str(cwd), "env": dict(env)}, [nothing, out, err, telling])
        self.pid = int(self._told.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def poll(self) -> int | None:
        """Its exit status, below zero where a signal has ended it; None while it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None and not select.select([self._told], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("invoice-bot", timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Read all that it prints, and wait for its end. Raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        said: dict[int, bytes] = {}
        streams = [(number, stream) for number, stream in enumerate((self.stdout, self.stderr)) if stream]
        readers = [
            threading.Thread(target=lambda n, s: said.update({n: s.read()}), args=each, daemon=True) for each in streams
        ]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        for _, stream in streams:
            stream.close()
        return said.get(0, b""), said.get(1, b"")


def run(words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot WORDS` to its end."""
    child = Child(words, cwd=cwd, env=env)
    try:
        shown, said = child.communicate(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    return subprocess.CompletedProcess(words, child.wait(), shown.decode(), said.decode())


def _stream(wanted: int) -> tuple[IO[bytes] | None, int]:
    """Our end, where it is a pipe, and the child's."""
    if wanted != subprocess.PIPE:
        return None, os.dup(wanted)
    ours, theirs = os.pipe()
    return os.fdopen(ours, "rb"), theirs


@functools.cache
def _nursery() -> _Nursery:
    """One for this process of tests."""
    return _Nursery()


class _Nursery:
    """The process that forks the others; it ends with ours."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
                cwd=_ROOT,
                env=environment({"PYTHONPATH": str(_ROOT)}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._close)

    def start(self, order: Mapping[str, object], streams: list[int]) -> None:
        socket.send_fds(self._orders, [json.dumps(order).encode("ascii")], streams)
        for each in streams:
            os.close(each)

    def _close(self) -> None:
        self._process.kill()  # whatever it has forked has a keeper of its own
        self._process.wait()


# --- in the nursery ---


def _nurse(orders: socket.socket) -> None:
    """Load the program, then fork a child for each order. Returns in the child, which is all set to run."""
    for module in pkgutil.walk_packages(importlib.import_module("bot").__path__, "bot."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        order, streams, *_ = socket.recv_fds(orders, 1_000_000, 4)
        if not order:
            sys.exit()
        assert threading.active_count() == 1, "a fork would lack what other threads do"
        if os.fork() == 0:
            orders.close()
            _be_born(streams)
            _dress(**json.loads(order))
            return
        for each in streams:
            os.close(each)
        with suppress(ChildProcessError):  # none is left
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _be_born(streams: list[int]) -> None:
    """Fork once more: this process stays to tell the number and the end of the one in which this returns."""
    *own, telling = streams
    pid = os.fork()
    if pid:
        for each in own:
            os.close(each)
        os.write(telling, f"{pid}\n".encode("ascii"))
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):  # who asked is gone
            os.write(telling, f"{os.waitstatus_to_exitcode(status)}\n".encode("ascii"))
        os._exit(0)
    for number, each in enumerate(own):
        os.dup2(each, number)
    for each in streams:
        os.close(each)


def _dress(words: list[str], cwd: str, env: dict[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = ["bot", *words]
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


if __name__ == "__main__":
    _nurse(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
