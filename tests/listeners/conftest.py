"""Houses to test in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.listeners.digest_house import House, Line, open_house, open_line


@pytest.fixture(scope="session")
def line() -> Iterator[Line]:
    with open_line() as line:
        yield line


@pytest.fixture
def build_house(line: Line, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Open a house that is not as usual; what `open_house` takes."""
    with ExitStack() as houses:

        def build(**unusual: Any) -> House:
            return houses.enter_context(open_house(line, tmp_path, **unusual))

        yield build


@pytest.fixture
def house(build_house: Callable[..., House]) -> House:
    return build_house()
