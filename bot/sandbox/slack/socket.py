"""Socket Mode: the app's WebSocket connections, the envelopes sent over them, and their acknowledgements.

Everything here runs in the server's event loop, except `SocketHub.send`, `SocketHub.disconnect_all` and
`Delivery.wait_ack`, which any thread may call.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

Payload = dict[str, Any]

EVENTS = "events_api"
COMMANDS = "slash_commands"
INTERACTIVE = "interactive"
MOST_RETRIES = 3
PATIENCE_SECONDS = 60.0
"""How long the stand-in waits for what must happen, on a machine however busy."""


@dataclass
class Delivery:
    """One envelope on its way to the app. Times are monotonic seconds."""

    kind: str
    payload: Payload
    envelope_id: str = field(default_factory=lambda: str(uuid4()))
    retry_attempt: int = 0
    sent_at: float | None = None
    acked_at: float | None = None
    ack_payload: Payload | None = None
    error: str | None = None
    """Why it will never be acknowledged: `dispatch_failed` (nobody was connected), `operation_timeout`."""
    on_ack: Callable[[Payload], None] | None = field(default=None, repr=False)
    on_error: Callable[[str], None] | None = field(default=None, repr=False)
    _settled: threading.Event = field(default_factory=threading.Event, repr=False)

    def wait_ack(self, timeout: float = PATIENCE_SECONDS) -> Payload | None:
        """Return what the acknowledgement carried, `{}` for a bare one; None when none came in time (seconds)."""
        self._settled.wait(timeout)
        return self.ack_payload

    @property
    def ack_seconds(self) -> float | None:
        """Seconds from sending to acknowledgement; None while it is not acknowledged."""
        return None if self.acked_at is None or self.sent_at is None else self.acked_at - self.sent_at

    def envelope(self) -> str:
        """Return the WebSocket message that carries the payload."""
        body: Payload = {"envelope_id": self.envelope_id, "type": self.kind, "payload": self.payload}
        body["accepts_response_payload"] = self.kind != EVENTS
        if self.kind == EVENTS:
            body["retry_attempt"] = self.retry_attempt
            body["retry_reason"] = "timeout" if self.retry_attempt else ""
        return json.dumps(body)

    def acknowledge(self, payload: Payload) -> None:
        """Take note of the acknowledgement. A second one changes nothing."""
        if self.acked_at is not None:
            return
        self.acked_at, self.ack_payload = time.monotonic(), payload
        if self.on_ack:
            self.on_ack(payload)
        self._settled.set()

    def fail(self, error: str) -> None:
        """Take note that no acknowledgement will come."""
        self.error = error
        if self.on_error:
            self.on_error(error)
        self._settled.set()


class SocketHub:
    """The app's open connections, and what waits for one.

    With nobody connected, events wait for the next connection; commands and interactions fail at once. When a
    connection is lost, the events it did not acknowledge are sent again (three times at most), as Slack does.
    """

    def __init__(self, changed: threading.Condition, app_id: str) -> None:
        self._changed = changed
        self._app_id = app_id
        self._connections: list[web.WebSocketResponse] = []
        self._waiting: deque[Delivery] = deque()
        self._pending: dict[str, tuple[Delivery, web.WebSocketResponse]] = {}
        self._tickets: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the server runs."""
        self._loop = loop

    def ticket(self) -> str:
        """Return a ticket good for one connection."""
        ticket = uuid4().hex
        self._tickets.add(ticket)
        return ticket

    def send(self, delivery: Delivery) -> Delivery:
        """Send an envelope to one of the connections, from any thread; return it at once."""
        self._running().call_soon_threadsafe(self._dispatch, delivery)
        return delivery

    def disconnect_all(self, *, announced: bool = True, timeout: float = PATIENCE_SECONDS) -> None:
        """Close every connection, from any thread. `announced`: send `disconnect` first, as Slack does."""
        asyncio.run_coroutine_threadsafe(self.close(announced=announced), self._running()).result(timeout)

    async def close(self, *, announced: bool = True) -> None:
        """Close every connection."""
        goodbye = json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
        for socket in list(self._connections):
            if announced:
                await self._write(socket, goodbye)
            await socket.close()

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=401)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        await self._write(socket, self._hello())
        self._joined(socket)
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._received(message.data)
        finally:
            self._left(socket)
        return socket

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            message = "the sandbox is not running"
            raise RuntimeError(message)
        return self._loop

    def _hello(self) -> str:
        info = {"app_id": self._app_id}
        number = self.connections + 1
        return json.dumps({"type": "hello", "num_connections": number, "connection_info": info})

    def _joined(self, socket: web.WebSocketResponse) -> None:
        with self._changed:
            self._connections.append(socket)
            self._changed.notify_all()
        waiting, self._waiting = self._waiting, deque()
        for delivery in waiting:
            self._dispatch(delivery)

    def _left(self, socket: web.WebSocketResponse) -> None:
        with self._changed:
            self._connections.remove(socket)
            self._changed.notify_all()
        for delivery in [d for d, over in self._pending.values() if over is socket]:
            del self._pending[delivery.envelope_id]
            self._lost(delivery)

    def _lost(self, delivery: Delivery) -> None:
        """Deal with an envelope whose connection ended before the acknowledgement."""
        if delivery.kind == EVENTS and delivery.retry_attempt < MOST_RETRIES:
            delivery.retry_attempt += 1
            delivery.envelope_id = str(uuid4())
            self._dispatch(delivery)
        else:
            self._change(lambda: delivery.fail("operation_timeout"))

    def _dispatch(self, delivery: Delivery) -> None:
        if not self._connections:
            if delivery.kind == EVENTS:
                self._waiting.append(delivery)
            else:
                self._change(lambda: delivery.fail("dispatch_failed"))
            return
        socket = self._connections.pop(0)
        self._connections.append(socket)
        self._pending[delivery.envelope_id] = (delivery, socket)
        delivery.sent_at = time.monotonic()
        task = asyncio.ensure_future(self._write(socket, delivery.envelope()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, socket: web.WebSocketResponse, text: str) -> None:
        """Send a message; a connection that is gone is noticed where it is read."""
        try:
            await socket.send_str(text)
        except ConnectionError:
            return

    def _received(self, text: str) -> None:
        """Take an acknowledgement; whatever else the app sends is ignored, as Slack does."""
        try:
            body = json.loads(text)
        except ValueError:
            return
        found = self._pending.pop(str(body.get("envelope_id")), None) if isinstance(body, dict) else None
        if found:
            self._change(lambda: found[0].acknowledge(body.get("payload") or {}))

    def _change(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()
