"""A server that goes silent while its connection stays open is noticed, said, and given up."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
import sqlalchemy as sa

from bot.store.database import Database, is_passing
from bot.store.postgres import plain_connection, postgres_engine
from tests.postgres import new_database

SERVER = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="TEST_DATABASE_URL names no scratch Postgres server")

SLOW, GIVEN_UP = 0.3, 0.9


class Way:
    """A TCP relay to the server. `close` it and it stays connected, and carries nothing more."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._open = threading.Event()
        self._open.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def block(self) -> None:
        self._open.clear()

    def unblock(self) -> None:
        self._open.set()

    def _accept(self) -> None:
        while True:
            here, _ = self._door.accept()
            there = socket.create_connection(self._to)
            for source, target in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                self._open.wait()
                target.sendall(piece)
        except OSError:
            pass
        target.close()


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Way, sa.URL]]:
    monkeypatch.setattr("bot.store.postgres.SLOW_SECONDS", SLOW)
    monkeypatch.setattr("bot.store.postgres.ANSWER_SECONDS", GIVEN_UP)
    server = sa.make_url(SERVER)
    way = Way(server.host or "127.0.0.1", server.port or 5432)
    yield way, server.set(host="127.0.0.1", port=way.port)
    way.unblock()


def test_a_query_without_an_answer_is_said_after_a_while_and_fails_as_something_passing(
    way: tuple[Way, sa.URL], caplog: pytest.LogCaptureFixture
) -> None:
    relay, url = way
    engine = postgres_engine(url)
    begun = 0.0
    with pytest.raises(sa.exc.OperationalError) as caught, engine.connect() as connection:  # noqa: PT012
        connection.execute(sa.text("SELECT 1"))
        relay.block()
        begun = time.monotonic()
        connection.execute(sa.text("SELECT 2"))

    assert GIVEN_UP <= time.monotonic() - begun < 5 * GIVEN_UP
    assert is_passing(caught.value)
    assert "has not answered a query for" in caplog.text
    relay.unblock()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 3")).scalar() == 3
    engine.dispose()


def test_a_slow_answer_is_said_and_taken(way: tuple[Way, sa.URL], caplog: pytest.LogCaptureFixture) -> None:
    _, url = way
    engine = postgres_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1 FROM pg_sleep(0.5)")).scalar() == 1
    assert "has not answered a query for" in caplog.text
    engine.dispose()


def test_listening_is_no_silence(way: tuple[Way, sa.URL], caplog: pytest.LogCaptureFixture) -> None:
    _, url = way
    caplog.set_level(logging.WARNING)
    with plain_connection(url) as listening, plain_connection(url) as calling:
        listening.execute("LISTEN test")
        threading.Timer(3 * GIVEN_UP, lambda: calling.execute("NOTIFY test")).start()
        assert next(iter(listening.notifies())).channel == "test"
    assert caplog.text == ""


def test_every_connection_has_its_limits_and_the_address_may_say_otherwise() -> None:
    url = sa.make_url(SERVER)
    for options, expected in (("", "35s"), ("-c statement_timeout=5000", "5s")):
        engine = postgres_engine(url.update_query_dict({"options": options}) if options else url)
        with engine.connect() as connection:
            assert connection.execute(sa.text("SHOW statement_timeout")).scalar() == expected
            assert connection.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar() == "1min"
        engine.dispose()


def test_connections_from_a_time_without_writes_are_not_kept_beyond_it() -> None:
    with new_database() as address, closing(Database(address)) as database:

        def takes_writes(setting: str) -> None:
            with plain_connection(
                address.update_query_dict({"options": "-c default_transaction_read_only=off"})
            ) as line:
                line.execute(f"ALTER DATABASE {address.database} {setting}".encode())

        def write() -> None:
            with database.writing() as connection:
                connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS noted (word text)")

        takes_writes("SET default_transaction_read_only = on")
        with ExitStack() as several:
            for _ in range(3):
                several.enter_context(database.reading())
        with pytest.raises(sa.exc.DBAPIError) as refused:
            write()
        takes_writes("RESET default_transaction_read_only")

        assert is_passing(refused.value)
        for _ in range(4):
            write()


def test_a_pool_takes_three_connections_and_the_fourth_waits_for_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = postgres_engine(sa.make_url(SERVER))
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    with ExitStack() as several:
        for _ in range(3):
            several.enter_context(engine.connect())
        with pytest.raises(sa.exc.TimeoutError) as refused, engine.connect():
            pass

    assert is_passing(refused.value)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar() == 1
    engine.dispose()
