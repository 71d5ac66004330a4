"""The address of a ticket that somebody posts gets one line below it, where those read it who may ask."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import OUTSIDER, TEAM, Message, User
from tests.e2e.conftest import NewHouse
from tests.e2e.house import INVOICED, NOT_INVOICED, House, strings

SCOPES = DEFAULT_SCOPES | {"links:read", "links:write"}
GUEST = "U0GUEST"


def address(house: House, number: str, site: str = "") -> str:
    (ticket,) = [each for each in house.expected.world.tickets.values() if str(each.number) == number]
    return f"{site or house.syncro.base_url.removesuffix('/api/v1')}/tickets/{ticket.id}"


def shown(message: Message) -> str:
    return " ".join(strings(message.attachments))


def test_an_address_gets_one_line_where_people_may_ask_and_nowhere_else(new_house: NewHouse) -> None:
    house = new_house(scopes=SCOPES)
    slack = house.slack
    slack.workspace.users[GUEST] = User(GUEST, "guest", team_id=TEAM, is_restricted=True)
    allowed, other, elsewhere = house.channel(), house.channel(), house.channel()
    shared = house.channel(is_ext_shared=True)
    unknown = house.channel(is_private=True, bot_is_member=False)
    house.serve(UNFURL="true", NUDGE="true", HOLIDAYS="DE-BW", ALLOWED_CHANNELS=f"{allowed},{other},{shared},{unknown}")

    for text, user, channel in (
        (address(house, INVOICED), "U0TECH", elsewhere),
        (address(house, INVOICED), "U0TECH", shared),
        (address(house, INVOICED), "U0TECH", unknown),
        (address(house, INVOICED), GUEST, allowed),
        (address(house, INVOICED), OUTSIDER, allowed),
        (address(house, INVOICED, "https://other.syncromsp.com"), "U0TECH", allowed),
        (f"https://example.com/{address(house, INVOICED)}", "U0TECH", allowed),
    ):
        assert slack.paste(text, user=user, channel=channel)[1].wait_ack() == {}
    house.wait_idle()
    assert all(not call.ok for call in slack.calls_to("chat.unfurl")), "nothing is shown there"
    assert not any(message.attachments for message in slack.workspace.messages)

    hour = datetime.now(UTC).hour
    billed, delivery = slack.paste(address(house, INVOICED), channel=allowed)
    assert delivery.wait_ack() == {}
    slack.wait_for(lambda _: billed.attachments)
    assert "Invoiced" in shown(billed)
    assert "Kittle" in shown(billed)
    assert "67469" in shown(billed)
    assert not re.search(r"\d\.\d\d\b", shown(billed).replace(house.syncro.base_url, "")), "no amounts"
    owed, _ = slack.paste(address(house, NOT_INVOICED), channel=allowed)
    slack.wait_for(lambda _: owed.attachments)
    assert "NOT INVOICED" in shown(owed)
    site = house.syncro.base_url.removesuffix("/api/v1")
    invoice, _ = slack.paste(f"{site}/invoices/1650000001 and {site}/invoices/1", channel=allowed)
    slack.wait_for(lambda _: invoice.attachments)
    assert len(invoice.attachments) == 1, "of an invoice that there is not nothing is shown"
    assert all(said in shown(invoice) for said in ("Bills 1 ticket", "Invoice 67469", "Kittle"))
    assert not re.search(r"\d\.\d\d\b", shown(invoice).replace(house.syncro.base_url, ""))
    again, _ = slack.paste(address(house, INVOICED) + "?tab=notes", channel=allowed)
    beside, _ = slack.paste(address(house, INVOICED), channel=other)
    slack.wait_for(lambda _: beside.attachments)
    house.wait_idle()
    if datetime.now(UTC).hour == hour:
        assert again.attachments == [], "once per address, channel and hour"
        assert [call.args["channel"] for call in slack.calls_to("chat.unfurl")] == [allowed, allowed, allowed, other]


def test_by_default_nothing_is_shown(house: House) -> None:
    channel = house.channel()
    message, delivery = house.slack.paste(address(house, INVOICED), channel=channel)
    delivery.wait_ack()
    house.wait_idle()
    assert message.attachments == []
    assert house.slack.calls_to("chat.unfurl") == []
