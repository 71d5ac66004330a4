"""The look for App Home: what it found is not shown once it is too old to be said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.jobs.home import HomeLook
from tests.jobs.office import Office, opened_office
from tests.patience import PATIENCE
from tests.standins.syncro_faults import Fault, Status


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


def looked(look: HomeLook) -> None:
    done = threading.Event()
    look.renew(done.set)
    assert done.wait(PATIENCE)


def test_what_was_found_is_left_out_after_a_minute_and_where_the_next_look_fails(office: Office) -> None:
    office.unbilled()
    office.next_day(3)
    look = HomeLook(
        office.verifier, office.reader.session, office.memory, office.rules, office.clock, is_stopping=lambda: False
    )

    looked(look)
    known, is_old = look.last()
    assert known.digest is not None
    assert ([each.finding.verdict for each in known.digest.tickets], is_old) == ([Verdict.NOT_INVOICED], False)

    office.pass_time(timedelta(seconds=61))
    assert (look.last()[0].digest, look.last()[1]) == (None, True)

    office.syncro.faults.append(Fault(".*", Status(500)))
    looked(look)
    known, is_old = look.last()
    assert (known.digest, bool(known.trouble), is_old) == (None, True, False)
