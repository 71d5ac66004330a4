"""Houses for the tests: one with a running bot for all who do not disturb each other, or one of one's own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from bot.sandbox.slack.api import DEFAULT_SCOPES
from tests.e2e.bot_process import BotProcess
from tests.e2e.house import House, open_house

__all__ = ["BotProcess", "NewHouse"]


class NewHouse(Protocol):
    """Opens a house whose stand-ins and database nobody else uses."""

    def __call__(self, *, latency: float = 0.0, scopes: frozenset[str] = DEFAULT_SCOPES) -> House: ...


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, BotProcess]]:
    """A house with a running bot, for the whole session. Use `house`."""
    with open_house(tmp_path_factory.mktemp("served")) as house:
        yield house, house.serve()


@pytest.fixture
def house(served: tuple[House, BotProcess]) -> House:
    """The house that is shared. Take a channel of your own in it, and leave no fault behind."""
    assert served[1].running, f"an earlier test has ended the bot:\n{served[1].log}"
    return served[0]


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[NewHouse]:
    """Houses of one's own, for tests that end the bot or change what it may do."""
    with ExitStack() as open_houses:

        def build(*, latency: float = 0.0, scopes: frozenset[str] = DEFAULT_SCOPES) -> House:
            return open_houses.enter_context(open_house(tmp_path, latency=latency, scopes=scopes))

        yield build


@pytest.fixture
def granted(house: House) -> Iterator[Callable[..., None]]:
    """Gives the shared bot more scopes for the length of a test."""
    before = set(house.slack.api.scopes)

    def grant(*scopes: str) -> None:
        house.slack.api.scopes |= set(scopes)

    yield grant
    house.slack.api.scopes.clear()
    house.slack.api.scopes |= before


@pytest.fixture
def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
