"""Work that the release before was cut off in is finished by this one: the real bot on a database of that release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.sandbox.slack.workspace import BILLING
from tests.e2e.house import open_house
from tests.postgres import new_database
from tests.store.release_before import CUT_OFF, restore, world


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield sa.URL.create("sqlite", database=str(tmp_path / "bot.db"))
    else:
        with new_database() as url:
            yield url


def test_questions_and_digests_that_were_under_way_or_waiting_are_answered(address: sa.URL, tmp_path: Path) -> None:
    with open_house(tmp_path, made=world()) as house:
        restore(address, syncro=house.syncro.base_url, slack=house.slack.api_url)
        database = address.render_as_string(hide_password=False)
        bot = house.serve(DATABASE_URL=database)
        house.wait_idle(database)
        said = [message.text for message in house.own_parents(BILLING)]
    assert len([text for text in said if f"#{CUT_OFF}" in text and "invoiced on invoice 6703" in text]) == 1, said
    assert len([text for text in said if text.startswith("2 of 3 invoiced")]) == 2, said
    assert len(said) == 3, said
    assert "Traceback" not in bot.log
