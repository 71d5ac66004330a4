"""The token goes to the address that is set, and to no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from slack_sdk.errors import SlackRequestError

from bot.messages.poster import Poster, SlackUnavailableError, slack_client
from bot.messages.rendered import told
from tests.jobs.fakes import OpenDoors


class Server(ThreadingHTTPServer):
    def __init__(self, status: int, to: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.to, self.seen = status, to, list[str]()
        self.url = f"http://127.0.0.1:{self.server_port}/api/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.append(f"{self.path} {self.headers['Authorization']}")
        body = b'{"ok": true, "channel": "C1", "ts": "1.1", "team_id": "T1"}'
        self.send_response(self.server.status)
        if self.server.to:
            self.send_header("Location", self.server.to)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """What a redirected request becomes."""
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(status: int, to: str = "") -> Iterator[Server]:
    with Server(status, to) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_answer_comes_back() -> None:
    with serving(200) as slack:
        assert slack_client("xoxb-1", slack.url).auth_test()["team_id"] == "T1"
        assert slack.seen == ["/api/auth.test Bearer xoxb-1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with serving(200) as elsewhere, serving(status, elsewhere.url) as slack:
        client = slack_client("xoxb-1", slack.url)
        with pytest.raises(SlackRequestError, match="check SLACK_API_URL"):
            client.auth_test()
        with pytest.raises(SlackUnavailableError):
            Poster(client, OpenDoors()).post("C1", told("hello"))
        assert (len(slack.seen), elsewhere.seen) == (2, [])
