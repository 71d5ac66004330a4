"""Faults as contexts: each holds while it is entered. A table of those that a database and a machine allow."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.e2e.house import House
from tests.standins.syncro_faults import (
    HTML_PAGE,
    DropConnection,
    Edit,
    Effect,
    Fault,
    Slow,
    Status,
    too_many_requests,
    truncated_json,
)


def _with_half_a_character(value: Any) -> Any:
    """The same record with a lone surrogate at the end of each subject and name."""
    if isinstance(value, list):
        return [_with_half_a_character(each) for each in value]
    if not isinstance(value, dict):
        return value
    said = {key: _with_half_a_character(each) for key, each in value.items()}
    return said | {key: f"{said[key]}\ud800" for key in ("subject", "name") if isinstance(said.get(key), str)}


Weather = Callable[[], AbstractContextManager[None]]
SMALL_DISK_MB = 24
_SYNCRO: Mapping[str, Effect] = {
    "Syncro: 500": Status(500),
    "Syncro: 429": too_many_requests(1),
    "Syncro: a web page": HTML_PAGE,
    "Syncro: slow": Slow(1.5),
    "Syncro: cut off": DropConnection(),
    "Syncro: half an answer": truncated_json,
    "Syncro: half a character": Edit(_with_half_a_character),
}
_POSTING = ("chat.postMessage", "chat.update")


def syncro_faults(house: House) -> dict[str, Weather]:
    """Whatever is asked, Syncro answers so."""

    def weather(effect: Effect) -> Weather:
        @contextmanager
        def hold() -> Iterator[None]:
            fault = Fault(".*", effect)
            house.syncro.faults.append(fault)
            yield
            house.syncro.faults.remove(fault)

        return hold

    return {name: weather(effect) for name, effect in _SYNCRO.items()}


def slack_faults(house: House) -> dict[str, Weather]:
    """Slack is away, or says what nobody knows; it takes a post and its answer is lost; it hangs up."""
    slack = house.slack

    def refusing(error: str, status: int, times: int) -> Weather:
        @contextmanager
        def hold() -> Iterator[None]:
            for method in _POSTING:
                slack.fail_next(method, error, times=times, status=status)
            yield
            for method in _POSTING:
                slack.faults._due.pop(method, None)

        return hold

    @contextmanager
    def losing() -> Iterator[None]:
        for method in _POSTING:
            slack.drop_next_reply(method)
        yield
        slack.faults._drops.clear()

    @contextmanager
    def hanging_up() -> Iterator[None]:
        slack.disconnect_all(announced=False)
        yield

    return {
        "Slack: 503": refusing("service_unavailable", 503, 100_000),
        "Slack: an unknown code": refusing("no_such_word", 200, 3),
        "Slack: the answer to a post lost": losing,
        "Slack: hangs up": hanging_up,
    }


def sqlite_faults(file: Path) -> dict[str, Weather]:
    """Somebody else writes for long; the disk is full, where the file stands on a small disk of its own."""

    @contextmanager
    def locked() -> Iterator[None]:
        with sqlite3.connect(file, timeout=60, isolation_level=None, check_same_thread=False) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        other.close()

    @contextmanager
    def full() -> Iterator[None]:
        ballast = file.parent / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as sink:
            while True:
                sink.write(bytes(16_384))
        yield
        ballast.unlink()

    faults: dict[str, Weather] = {"database: locked": locked}
    return faults | ({"database: disk full": full} if file.parent.is_mount() else {})


def postgres_faults(server: sa.URL, database: str, way: Way) -> dict[str, Weather]:
    """The server is away, silent, or takes no writes; a table is locked."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def do(*statements: str) -> None:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608

    @contextmanager
    def read_only() -> Iterator[None]:
        do(f"ALTER DATABASE {database} SET default_transaction_read_only = on", end)
        yield
        do(f"ALTER DATABASE {database} RESET default_transaction_read_only", end)

    @contextmanager
    def locked() -> Iterator[None]:
        inside = sa.create_engine(server.set(database=database), poolclass=sa.NullPool)
        with inside.connect() as connection, connection.begin():
            connection.exec_driver_sql("LOCK TABLE dbos.workflow_status, dbos.operation_outputs IN EXCLUSIVE MODE")
            yield

    return {
        "database: gone": way.gone,
        "database: silent": way.silent,
        "database: read-only": read_only,
        "database: locked": locked,
    }


class Way:
    """The TCP way to a server: it can be closed, and it can stay open and carry nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._carries = threading.Event()
        self._carries.set()
        self._is_closed = False
        self._pairs: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def silent(self) -> Iterator[None]:
        self._carries.clear()
        yield
        self._carries.set()

    @contextmanager
    def gone(self) -> Iterator[None]:
        self._is_closed = True
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        yield
        self._pairs.clear()
        self._is_closed = False

    def _accept(self) -> None:
        while True:
            here, _ = self._door.accept()
            if self._is_closed:
                here.close()
                continue
            there = socket.create_connection(self._to)
            self._pairs += (here, there)
            for source, target in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                self._carries.wait()
                target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder on a disk of its own that can be filled, where we may mount one; else an ordinary folder."""
    place = folder / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", str(place)]
    is_mounted = mount is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield place
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)  # noqa: S607
