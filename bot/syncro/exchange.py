"""One request and its answer over the wire, within bounds of time and memory that the other side cannot stretch.

The timeouts of `requests` hold between two pieces, so a server that sends a byte a second is never late: in the status
line, in a header, in a chunk's extension, or with "100 Continue" for ever. Here each piece is taken from the socket
under a deadline and a count of bytes for the whole answer.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from bot.syncro.retries import TransientError

PIECE = 64 * 1024  # bytes taken from an answer at once, at most
LARGEST_HEAD = 256 * 1024
"""Bytes of status line and headers, with whatever comes before them."""
LARGEST_ANSWER = 20 * 1024 * 1024
"""Bytes after which an answer is given up, as sent and unpacked: no record of Syncro's is anywhere near."""
MOST_PIECES = 100_000
"""Pieces after which an answer is given up: millions of chunks of a byte each would take minutes to put together."""
SHARED_ROOM = 16 * 1024 * 1024
"""Bytes that all answers under way may hold together, beside one that may grow to the largest."""

_LATE = "Syncro did not answer in time"
_ENDLESS = "Syncro's answer took too long or did not end"


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, and for the whole answer."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 60.0


@dataclass
class _Allowance:
    """What is left to one exchange: until when it may last (monotonic), and bytes from the wire."""

    until: float
    between_pieces: float
    bytes_left: int = LARGEST_HEAD

    def seconds(self) -> float:
        """For the next piece. Raises `TransientError` where the exchange has had its share."""
        left = self.until - time.monotonic()
        if left <= 0 or self.bytes_left <= 0:
            raise TransientError(_ENDLESS)
        return min(left, self.between_pieces)


_allowance: ContextVar[_Allowance] = ContextVar("allowance of the exchange under way")


class _BoundedStream(io.RawIOBase):
    """What a socket sends, within an allowance."""

    def __init__(self, sock: socket.socket, stream: io.RawIOBase, allowance: _Allowance) -> None:
        self._sock = sock
        self._stream = stream
        self._allowance = allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._allowance.seconds())
        try:
            taken = self._stream.readinto(buffer)
        except TimeoutError:
            self._allowance.seconds()
            raise TransientError(_LATE) from None
        self._allowance.bytes_left -= taken or 0
        return taken

    def close(self) -> None:
        self._stream.close()
        super().close()


class _BoundedAnswer(http.client.HTTPResponse):
    """An answer that is read within the allowance of the exchange under way."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp: io.BufferedReader = io.BufferedReader(_BoundedStream(sock, self.fp.detach(), _allowance.get()))


class _PlainConnection(HTTPConnection):
    response_class = _BoundedAnswer


class _SecureConnection(HTTPSConnection):
    response_class = _BoundedAnswer


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _BoundedAdapter(HTTPAdapter):
    """`requests` over connections whose answers are bounded, through an HTTP proxy too."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, **options)
        if type(manager) is ProxyManager:  # one for SOCKS has connections of its own
            _bound(manager)
        return manager


def _bound(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class Room:
    """Memory for the answers that are being read, all together.

    An answer takes room as it grows. When there is none left, one answer at a time may grow to the largest all the
    same, and the others wait for it: so no two wait for each other.
    """

    def __init__(self, shared: int = SHARED_ROOM) -> None:
        self._free = shared
        self._may_overdraw = True
        self._changed = threading.Condition()

    @contextmanager
    def portion(self) -> Iterator[Callable[[int, float], None]]:
        """Room for one answer until the context is left: call it to grow by so many bytes, waiting so many seconds.

        It raises `TransientError` where no room came free in that time.
        """
        taken, overdraws = 0, False

        def grow(size: int, patience: float) -> None:
            nonlocal taken, overdraws
            with self._changed:
                if overdraws:
                    return
                if not self._changed.wait_for(lambda: self._free >= size or self._may_overdraw, patience):
                    raise TransientError("too many large answers came at once")
                if self._free >= size:
                    self._free -= size
                    taken += size
                else:
                    self._may_overdraw, overdraws = False, True

        try:
            yield grow
        finally:
            with self._changed:
                self._free += taken
                self._may_overdraw = self._may_overdraw or overdraws
                self._changed.notify_all()


@dataclass(frozen=True)
class Received:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytearray


class Exchanger:
    """Sends requests of one session and receives bounded answers. Safe to share between threads."""

    def __init__(self, session: requests.Session, timeouts: Timeouts, *, connections: int) -> None:
        self._session = session
        self._timeouts = timeouts
        self._room = Room()
        adapter = _BoundedAdapter(pool_connections=1, pool_maxsize=connections, pool_block=True)
        session.mount("https://", adapter)
        session.mount("http://", adapter)

    @contextmanager
    def get(self, url: str, query: Mapping[str, str]) -> Iterator[Received]:
        """Send a GET and receive the answer; it keeps its room until the context is left.

        Raises:
            TransientError: no whole answer came, or none within the bounds.

        """
        allowance = _Allowance(time.monotonic() + self._timeouts.total, self._timeouts.read)
        _allowance.set(allowance)
        with self._room.portion() as grow:
            yield self._receive(url, query, allowance, grow)

    def _receive(
        self, url: str, query: Mapping[str, str], allowance: _Allowance, grow: Callable[[int, float], None]
    ) -> Received:
        try:
            with self._session.get(
                url,
                params=dict(query),
                timeout=(self._timeouts.connect, self._timeouts.read),
                allow_redirects=False,  # a redirect would carry the token elsewhere
                stream=True,
            ) as response:
                allowance.bytes_left = LARGEST_ANSWER
                content = bytearray()
                # Not iter_content: it waits for a whole piece, and unpacks one without looking at its size.
                for _ in range(MOST_PIECES):
                    piece = response.raw.read1(PIECE, decode_content=True)
                    if not piece:
                        return Received(response.status_code, response.headers, content)
                    grow(len(piece), allowance.seconds())
                    content += piece
                    if len(content) > LARGEST_ANSWER:
                        break
                raise TransientError(_ENDLESS)
        except requests.Timeout:
            raise TransientError(_LATE) from None
        except (requests.RequestException, HTTPError, OSError) as error:
            # The exception's own text names hosts and sockets; its kind is enough for people.
            raise TransientError(f"no connection to Syncro ({type(error).__name__})") from None
