"""The pages `/healthz`, `/readyz` and `/metrics` on HEALTH_ADDRESS."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.health.tally import Tally
from bot.health.vitals import Vitals
from bot.told import ToldError

log = logging.getLogger(__name__)

_JSON = "application/json"


class HealthAddressError(ToldError):
    """The address cannot be listened on; the text says why, and what to do."""


class HealthServer:
    """Answers whoever asks on this host and port (0 takes a free one). Build it, `start` it, `close` it."""

    def __init__(self, host: str, port: int, vitals: Vitals, tally: Tally) -> None:
        self._address = (host, port)
        self._vitals = vitals
        self._tally = tally
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            HealthAddressError: somebody else does, or there is no such address.

        """
        pages: Mapping[str, Callable[[], tuple[HTTPStatus, str, bytes]]] = MappingProxyType(
            {"/healthz": self._alive, "/readyz": self._ready, "/metrics": self._metrics}
        )

        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # seconds for a request to arrive
            server_version, sys_version = "invoice-bot", ""

            def do_GET(self) -> None:
                page = pages.get(self.path.partition("?")[0])
                status, kind, body = page() if page else (HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, format: str, *_: object) -> None:  # noqa: A002
                """A page that is asked for every few seconds is no news."""

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Whoever asked has gone."""

        host, port = self._address
        try:
            self._server = Server(self._address, Handler)
        except OSError as error:
            raise HealthAddressError(
                f"HEALTH_ADDRESS {host}:{port} cannot be listened on ({error.strerror}). Give each process its own."
            ) from None
        threading.Thread(target=self._server.serve_forever, name="health-server", daemon=True).start()
        log.info("Health: http://%s:%d/healthz, /readyz, /metrics", host, self._server.server_port)

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _alive(self) -> tuple[HTTPStatus, str, bytes]:
        is_alive = self._vitals.is_alive()
        return _status(well=is_alive), _JSON, json.dumps({"alive": is_alive}).encode() + b"\n"

    def _ready(self) -> tuple[HTTPStatus, str, bytes]:
        problems = self._vitals.troubles()
        said = json.dumps({"ready": not problems, "problems": problems}).encode() + b"\n"
        return _status(well=not problems), _JSON, said

    def _metrics(self) -> tuple[HTTPStatus, str, bytes]:
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self._tally.registry)


def _status(*, well: bool) -> HTTPStatus:
    return HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
