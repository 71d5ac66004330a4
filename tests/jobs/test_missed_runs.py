"""A recurring invoice that leaves a ticket out is noticed after its run, in the digest and in a question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.syncro.world import Customer, Ticket
from tests.jobs.office import Office, opened_office

SAID = "The run of 3 Mar 2026 of the recurring invoice “Agreement”"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


def with_a_run(office: Office) -> Customer:
    """A customer whose recurring invoice runs tomorrow and takes what is unbilled."""
    customer = office.world.add_customer("Kittle")
    run_on = office.now.replace(hour=6) + timedelta(days=1)
    office.world.add_schedule(customer, name="Agreement", next_run=run_on)
    return customer


def it_runs(office: Office, *taken: Ticket) -> None:
    """The run: these tickets are on an invoice, and the next one is in a month."""
    for ticket in taken:
        office.bill(ticket)
    with office.syncro.locked() as world:
        (schedule,) = world.schedules.values()
        schedule.next_run = office.now + timedelta(days=30)


def test_the_digest_after_the_run_says_how_many_it_took_and_names_the_one_it_left(office: Office) -> None:
    customer = with_a_run(office)
    tickets = [office.unbilled(customer) for _ in range(12)]
    office.digest()
    it_runs(office, *tickets[:11])
    office.next_day(2)

    office.digest()
    office.next_day()
    office.digest()

    for parent in office.parents()[1:]:
        said = "\n".join([parent.text, *office.thread(parent)])
        assert f"{SAID} took 11 of 12 tickets; missed: #{tickets[11].number}." in said, "and on every day after"
    it_runs(office, tickets[11])
    office.next_day()
    office.digest()
    assert office.memory.history(office.now).expected == ()
    assert "recurring invoice" not in office.parents()[-1].text


def test_a_question_knows_what_an_earlier_question_expected(office: Office) -> None:
    customer = with_a_run(office)
    taken, left = office.unbilled(customer), office.unbilled(customer)
    office.check(taken, left)
    it_runs(office, taken)
    office.next_day(2)

    alone = office.check(left)
    together = office.check(taken, left)

    assert "did not take its charges in the run of 3 Mar 2026" in str(office.thread(alone)) + str(alone.text)
    assert f"{SAID} took 1 of 2 tickets; missed: #{left.number}." in str(office.thread(together)) + together.text
