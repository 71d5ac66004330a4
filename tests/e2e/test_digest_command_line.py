"""`invoice-bot digest`, as a shell sees it: the incident, what is remembered, exit status."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack.workspace import BILLING, MANAGER
from bot.sandbox.syncro.sample_worlds import Sample, incident
from bot.sandbox.syncro.world import ListRows, Ticket, World
from tests.e2e.house import House, open_house
from tests.standins.syncro_faults import Fault, Status

Shell = subprocess.CompletedProcess[str]
BRISK = "3000"
"""Requests a minute: more than these worlds need."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[House]:
    """A house with nothing in it yet."""
    with open_house(tmp_path, made=Sample(World())) as house:
        yield house


def digest(house: House, *options: str, **settings: str) -> Shell:
    """Run `digest` without any Slack setting."""
    known = house.settings(SYNCRO_REQUESTS_PER_MINUTE=BRISK, **settings)
    return house.shell({n: value for n, value in known.items() if not n.startswith("SLACK_")}, "digest", *options)


def posted(house: House, *options: str, **settings: str) -> Shell:
    """Run `digest` with the Slack settings."""
    return house.shell(house.settings(SYNCRO_REQUESTS_PER_MINUTE=BRISK, **settings), "digest", *options)


def told(done: Shell) -> dict[str, Any]:
    """The one JSON object on stdout."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def unbilled(house: House, price: str = "75.00") -> Ticket:
    with house.syncro.locked() as world:
        ticket = world.add_ticket()
        world.add_charge(ticket, price)
        return ticket


@pytest.mark.parametrize("rows", list(ListRows))
def test_the_incident_as_a_digest_is_29_of_31_invoiced_2_non_billable_nothing_unbilled_and_no_alarm(
    tmp_path: Path, rows: ListRows
) -> None:
    with open_house(tmp_path, made=incident(), list_rows=rows) as house:
        done = digest(house, "--no-post", "--json")

        assert (done.returncode, done.stderr) == (0, "")
        made = told(done)
        assert made["headline"] == "29 of 31 invoiced, 2 non-billable, nothing unbilled"
        assert made["counts"] == {
            "checked": 31,
            "invoiced": 29,
            "partially_invoiced": 0,
            "scheduled": 0,
            "covered": 0,
            "non_billable": 2,
            "nothing_recorded": 0,
            "open": 0,
            "not_invoiced": 0,
            "unverified": 0,
        }
        assert made["at_risk"] == "0.00"
        quiet = ("not_invoiced", "unverified", "new", "still_open", "resolved", "contradictions", "failures")
        assert [made[section] for section in quiet] == [[]] * len(quiet)
        assert house.slack.workspace.messages == []


def test_the_incident_posted_is_one_quiet_line_in_the_channel(tmp_path: Path) -> None:
    with open_house(tmp_path, made=incident()) as house:
        done = posted(house, DIGEST_CHANNEL=BILLING)

        assert done.returncode == 0, done.stderr
        (parent,) = house.own_parents(BILLING)
        assert parent.text == "29 of 31 invoiced, 2 non-billable, nothing unbilled"
        assert house.own_replies(parent) == []
        assert house.slack.workspace.files == []


def test_dry_run_creates_no_file_and_remembers_nothing_and_needs_no_slack(small: House) -> None:
    unbilled(small)
    for _ in range(2):
        done = digest(small, "--dry-run", "--json")
        assert done.returncode == 1, done.stderr
        made = told(done)
        assert (len(made["new"]), made["still_open"]) == (1, [])
        assert list(small.home.iterdir()) == []


def test_dry_run_on_a_database_that_is_there_compares_with_it_and_leaves_it_as_it_is(small: House) -> None:
    first = unbilled(small)
    assert digest(small, "--no-post", "--json").returncode == 1
    second = unbilled(small)
    for _ in range(2):
        made = told(digest(small, "--dry-run", "--json"))
        assert (made["new"], made["still_open"]) == ([str(second.number)], [str(first.number)])


def test_no_post_needs_no_slack_posts_nothing_and_the_next_run_knows_what_is_new(small: House) -> None:
    first = unbilled(small, "80.00")
    made = told(digest(small, "--no-post", "--json"))
    assert (made["new"], made["at_risk"]) == ([str(first.number)], "80.00")
    second = unbilled(small, "0.35")
    with small.syncro.locked() as world:
        invoice = world.bill_by_line_item(first)

    made = told(digest(small, "--no-post", "--json"))

    assert (made["new"], made["still_open"], made["at_risk"]) == ([str(second.number)], [], "0.35")
    assert made["resolved"] == [{"ticket_number": str(first.number), "invoice_number": invoice.number}]
    assert small.slack.workspace.messages == []


def test_one_customer_is_shown_and_never_remembered(small: House) -> None:
    ticket, other = unbilled(small), unbilled(small)

    done = digest(small, "--customer", str(ticket.customer_id), "--json")

    assert done.returncode == 1
    assert [each["ticket_number"] for each in told(done)["not_invoiced"]] == [str(ticket.number)]
    assert told(done)["counts"]["checked"] == 1
    made = told(digest(small, "--no-post", "--json"))
    assert sorted(made["new"]) == sorted([str(ticket.number), str(other.number)])
    assert made["still_open"] == []
    shown = told(digest(small, "--customer", str(other.customer_id), "--json"))
    assert [each["ticket_number"] for each in shown["not_invoiced"]] == [str(other.number)]
    assert digest(small, "--customer", str(other.customer_id), "--no-post", "--json").returncode == 1
    assert len(told(digest(small, "--no-post", "--json"))["still_open"]) == 2


def test_exit_status_0_when_every_ticket_is_accounted_for(small: House) -> None:
    with small.syncro.locked() as world:
        world.bill_by_ticket_id(world.add_ticket())

    assert digest(small, "--dry-run").returncode == 0


def test_exit_status_2_when_something_could_not_be_verified_and_1_when_something_is_unbilled_as_well(
    small: House,
) -> None:
    with small.syncro.locked() as world:
        world.mention(world.add_ticket())
    assert digest(small, "--dry-run").returncode == 2
    unbilled(small)
    assert digest(small, "--dry-run").returncode == 1


@pytest.mark.parametrize(
    ("status", "settings"),
    [(500, {}), (401, {}), (200, {"SYNCRO_API_TOKEN": ""}), (200, {"DIGEST_SCHEDULE": "never"})],
)
def test_exit_status_3_is_one_clear_line_without_traceback_and_nothing_is_remembered(
    small: House, status: int, settings: dict[str, str]
) -> None:
    if status != 200:
        small.syncro.faults.append(Fault("/tickets", Status(status)))

    done = digest(small, "--no-post", "--json", **settings)

    assert (done.returncode, done.stdout) == (3, "")
    assert [line.startswith("invoice-bot: ") for line in done.stderr.splitlines()] == [True]
    small.syncro.faults.clear()
    unbilled(small)
    assert len(told(digest(small, "--no-post", "--json"))["new"]) == 1


def test_posting_needs_a_channel_and_says_so(small: House) -> None:
    done = posted(small)

    assert done.returncode == 3
    assert "DIGEST_CHANNEL" in done.stderr
    assert small.slack.workspace.messages == []


def test_a_digest_made_at_the_terminal_is_posted_remembered_and_can_be_taken_back_by_the_next(small: House) -> None:
    ticket = unbilled(small)
    assert posted(small, DIGEST_CHANNEL=BILLING).returncode == 1
    (parent,) = small.own_parents(BILLING)
    with small.syncro.locked() as world:
        invoice = world.bill_by_line_item(ticket)

    done = posted(small, "--json", DIGEST_CHANNEL=BILLING)

    assert done.returncode == 0, done.stderr
    assert told(done)["resolved"] == [{"ticket_number": str(ticket.number), "invoice_number": invoice.number}]
    assert invoice.number in parent.text
    assert any(invoice.number in reply.text for reply in small.own_replies(parent))


def test_a_channel_that_refuses_does_not_break_the_terminal_and_the_managers_get_the_digest(small: House) -> None:
    unbilled(small)

    done = posted(small, DIGEST_CHANNEL="C0RETIRED", MANAGERS=MANAGER)

    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    direct = small.slack.workspace.open_im(MANAGER).id
    assert "1 ticket unbilled" in small.own_parents(direct)[-1].text
