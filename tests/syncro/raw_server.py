"""A socket that answers as no HTTP library would: slowly, byte by byte, without end. And it notes what it hears."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.patience import PATIENCE

Talk = Callable[[socket.socket, threading.Event], None]
"""How a server answers: given the connection, and an event that is set when the server ends."""


class RawServer:
    """Listens on loopback while the context lasts; each connection is handed to `talk` after its request came.

    `talk` gets the socket and an event that is set when the server ends; `requests` keeps what was asked.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/api/v1"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            heard = b""
            while b"\r\n\r\n" not in heard:
                piece = connection.recv(65536)
                if not piece:
                    return
                heard += piece
            self.requests.append(heard)
            self._talk(connection, self._stop)


def once(answer: bytes) -> Talk:
    """Answer these bytes, then close."""

    def talk(connection: socket.socket, _stop: threading.Event) -> None:
        connection.sendall(answer)

    return talk


def drip(start: bytes, piece: bytes, every: float) -> Talk:
    """Answer `start`, then `piece` again and again, `every` so many seconds, until somebody hangs up."""

    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(start)
        while not stop.wait(every):
            connection.sendall(piece)

    return talk


def flood(start: bytes, piece: bytes) -> Talk:
    """Answer `start`, then `piece` as fast as it is taken, until somebody hangs up."""

    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(start)
        while not stop.is_set():
            connection.sendall(piece)

    return talk
