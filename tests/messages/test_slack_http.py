"""The token goes to the address that is set, and to no other."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from slack_sdk.errors import SlackRequestError

from bot.messages.channel_guard import ChannelGuard
from bot.messages.pace import DOUBTS, Pace
from bot.messages.poster import Posted, Poster, SlackUnavailableError, slack_client
from bot.messages.rendered import told
from tests.jobs.fakes import OpenDoors

TAKEN = b'{"ok": true, "channel": "C1", "ts": "1.1", "team_id": "T1"}'


class Server(ThreadingHTTPServer):
    def __init__(self, status: int, to: str = "", body: bytes = TAKEN, charset: str = "utf-8") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.to, self.seen, self.body, self.charset = status, to, list[str](), body, charset
        self.url = f"http://127.0.0.1:{self.server_port}/api/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.append(f"{self.path} {self.headers['Authorization']}")
        body = self.server.body
        self.send_response(self.server.status)
        self.send_header("Content-Type", f"application/json; charset={self.server.charset}")
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
def serving(status: int, to: str = "", body: bytes = TAKEN, charset: str = "utf-8") -> Iterator[Server]:
    with Server(status, to, body, charset) as server:
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


@pytest.mark.parametrize("status", [200, 403, 404, 502])
@pytest.mark.parametrize(
    "body",
    [b"<html>Maintenance</html>", b"", b"null", b"[]", b'"ok"', b"\xff\xfe", b"{}", b'{"ok": false}', b"[" * 99_999],
)
def test_what_is_no_answer_of_slacks_says_nothing_about_what_was_asked(status: int, body: bytes) -> None:
    with serving(status, body=body) as slack:
        client = slack_client("xoxb-1", slack.url)
        poster = Poster(client, OpenDoors(), Pace(clock=itertools.count(step=1_000).__next__))
        for _ in range(DOUBTS + 1):  # a refusal that we do not know would be believed by now
            with pytest.raises(SlackUnavailableError):
                poster.post("C1", told("hello"))
        for asks in (
            lambda: poster.find("C1", "mark", since="0"),
            lambda: poster.technician("U1"),
            lambda: poster.attach(Posted("C1", "1.1"), name="a.csv", content="a", comment="b"),
            lambda: ChannelGuard(client).check("C1"),
        ):
            with pytest.raises(SlackUnavailableError):
                asks()


def test_an_answer_in_an_alphabet_that_nobody_knows_is_none() -> None:
    with serving(200, charset="sample") as slack, pytest.raises(SlackUnavailableError):
        Poster(slack_client("xoxb-1", slack.url), OpenDoors()).post("C1", told("hello"))


def test_whoever_says_that_we_ask_too_much_is_believed_whatever_the_page() -> None:
    with serving(429, body=b"<html>Slow down</html>") as slack, pytest.raises(SlackUnavailableError) as caught:
        Poster(slack_client("xoxb-1", slack.url), OpenDoors()).post("C1", told("hello"))
    assert not caught.value.may_have_arrived
