"""Tickets that nobody names: those of a customer, of one's own, since a day."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.sandbox.slack.workspace import BOT, TECHNICIAN, Message
from tests.e2e.house import House

NAME = "Smith & Sample"
ANNA = "Technician"
"""The technician's full name in Slack."""


@pytest.fixture
def numbers(house: House) -> tuple[str, str]:
    """Two finished tickets of a customer, one billed and one not, and some that are not meant."""
    with house.syncro.locked() as world:
        known = next((each for each in world.customers.values() if each.name == NAME), None)
        if known is None:
            known, other = world.add_customer(NAME), world.add_customer(f"{NAME} Labs")
            billed, unbilled = world.add_ticket(known, technician=ANNA), world.add_ticket(known, technician=ANNA)
            world.bill_by_ticket_id(billed)
            world.add_charge(unbilled)
            world.add_ticket(known, status="In Progress", technician=ANNA)
            world.add_ticket(other, technician="Technician Other")
            long_ago = world.now - timedelta(days=60)
            world.add_ticket(known, created_at=long_ago, technician=ANNA)
        first, second = sorted(t.number for t in world.tickets.values() if t.customer_id == known.id)[:2]
    return str(first), str(second)


@pytest.mark.parametrize("typed", [f"customer {NAME}", "customer \u201csmith & sample\u201d since 30 days", "mine"])
def test_the_finished_tickets_are_checked_with_the_same_proof(
    house: House, numbers: tuple[str, str], typed: str
) -> None:
    channel = house.channel()

    asked = house.slack.slash(typed, channel=channel)

    assert asked.wait_ack() == {}
    parent = house.answer(channel)
    assert parent.history[0].text.startswith("Looking for finished tickets")
    assert "2 tickets" in parent.text
    assert f"#{numbers[1]}" in parent.text
    assert "NOT INVOICED" in parent.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("customer sample", "Which customer do you mean"),
        ("customer nobody of that name", "I found no finished ticket of"),
        ("since 30 days", "finished tickets; one request can hold 50"),
    ],
)
def test_where_none_is_checked_the_answer_says_why(
    house: House, numbers: tuple[str, str], typed: str, said: str
) -> None:
    assert numbers
    channel = house.channel()
    house.slack.slash(typed, channel=channel)

    def answered(_: object) -> list[Message] | None:
        own = [message for message in house.slack.parents(channel) if message.user == BOT]
        return own if own and said in own[0].text else None

    (parent,) = house.slack.wait_for(answered)
    assert "Nothing was checked" in parent.text


@pytest.mark.parametrize("typed", ["customer", "mine Anna", "since someday", "since 2020-01-01"])
def test_what_is_not_understood_is_said_to_the_person_only(house: House, typed: str) -> None:
    channel = house.channel()

    answer = house.slack.slash(typed, channel=channel).wait_ack()

    assert answer is not None
    assert "I did not understand which tickets you mean" in house.whisper(channel, TECHNICIAN).text
    assert house.own_parents(channel) == []


def test_the_terminal_answers_the_same(house: House, numbers: tuple[str, str]) -> None:
    settings = house.settings(DATABASE_URL=f"sqlite:///{house.home / 'terminal.db'}")

    done = house.shell(settings, "check", "customer", "smith", "&", "sample", "--json")

    assert done.returncode == 1, done.stderr
    results = {each["ticket_number"]: each["verdict"] for each in json.loads(done.stdout)["results"]}
    assert results == {numbers[0]: "invoiced", numbers[1]: "not_invoiced"}

    unclear = house.shell(settings, "check", "customer", "sample")
    assert unclear.returncode == 3
    assert "Which customer do you mean" in unclear.stderr
    assert "customer Kittle" in house.shell(settings, "check", "technician").stderr
    assert "technician Anna Smith" in house.shell(settings, "check", "mine").stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("invoice 67469", ("Bills 1 ticket", "Kittle", "It was made for #32223")),
        ("invoice {site}/invoices/1650000001", ("Bills 1 ticket", "Invoice 67469")),
        ("invoice 067469", ("No such invoice", "Invoice 067469", "read to its end")),
    ],
)
def test_an_invoice_says_which_tickets_it_bills(house: House, typed: str, said: tuple[str, ...]) -> None:
    channel = house.channel()
    site = house.syncro.base_url.removesuffix("/api/v1")

    assert house.slack.slash(typed.format(site=site), channel=channel).wait_ack() == {}

    def answered(_: object) -> list[Message] | None:
        own = [message for message in house.slack.parents(channel) if message.user == BOT]
        return own if own and "checking" not in own[0].text else None

    (parent,) = house.slack.wait_for(answered)
    assert "checking…" in parent.history[0].text
    assert all(words in parent.text for words in said), parent.text


def test_which_invoice_is_asked_back_and_the_terminal_tells_the_same(house: House) -> None:
    channel = house.channel()
    house.slack.slash("invoice 67469 67470", channel=channel).wait_ack()
    assert "which invoice you mean" in house.whisper(channel, TECHNICIAN).text
    settings = house.settings(DATABASE_URL=f"sqlite:///{house.home / 'terminal.db'}")

    told = json.loads(house.shell(settings, "check", "invoice", "67469", "--json").stdout)
    shown = house.shell(settings, "check", "invoice", "none-1")

    assert (told["invoice"]["verdict"], told["invoice"]["number"], told["invoice"]["id"]) == (
        "bills",
        "67469",
        1650000001,
    )
    assert told["invoice"]["tickets"] == [{"ticket_number": "32223", "ticket_id": 109554336, "link": "ticket_id"}]
    assert [each["verdict"] for each in told["results"]] == ["invoiced"]
    assert shown.returncode == 0, shown.stderr
    assert "No such invoice" in shown.stdout
