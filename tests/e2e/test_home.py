"""App Home over the sandbox: opened, pressed, and closed to strangers."""

from __future__ import annotations

import json
from datetime import timedelta

from bot.sandbox.slack.workspace import MANAGER, OUTSIDER, TECHNICIAN, Workspace
from tests.e2e.conftest import NewHouse
from tests.e2e.house import INVOICED, NOT_INVOICED, House


def home(house: House, user: str, *texts: str, without: str = "refreshing…") -> str:
    """A person's Home as soon as it says all that."""

    def look(workspace: Workspace) -> str | None:
        view = json.dumps(workspace.homes.get(user, {}), ensure_ascii=False)
        return view if without not in view and all(text in view for text in texts) else None

    return house.slack.wait_for(look)


def test_home_is_right_for_a_technician_a_manager_and_a_stranger(new_house: NewHouse) -> None:
    house = new_house()
    house.serve(MANAGERS=MANAGER)
    with house.syncro.locked() as world:
        ticket = world.add_ticket(
            world.add_customer("Sample Home"), technician="Technician", created_at=world.now - timedelta(days=4)
        )
        world.add_charge(ticket)
    number = str(ticket.number)

    for user in (TECHNICIAN, MANAGER, OUTSIDER):
        assert house.slack.app_home_opened(user).wait_ack() == {}

    own = home(house, TECHNICIAN, f"#{number}", "unbilled")
    assert "The team" not in own
    team = home(house, MANAGER, "The team", f"#{NOT_INVOICED}", "How the bot does")
    assert "digest_snooze" in team
    stranger = home(house, OUTSIDER, "Nothing was checked.")
    assert "unbilled" not in stranger

    # Recheck: the answer is a direct message, and Home says so.
    value = json.dumps({"id": str(ticket.id), "number": number}, separators=(",", ":"))
    house.slack.press_home("digest_recheck", TECHNICIAN, value).wait_ack()
    home(house, TECHNICIAN, f"Ticket #{number} is being checked", without="\u0000")
    direct = house.slack.workspace.open_im(TECHNICIAN).id
    house.slack.wait_for(lambda _: any(number in each.text for each in house.own_parents(direct)) or None)

    # Snooze: a form, and the ticket is gone from the list at once.
    house.slack.press_home("digest_snooze", MANAGER).wait_ack()
    modal = house.slack.wait_for(lambda workspace: workspace.modals.get(MANAGER))
    snoozed = json.loads(modal.view["private_metadata"])["number"]
    house.slack.submit_view({"reason": "the customer asked for it"}, user=MANAGER).wait_ack()
    house.slack.wait_for(
        lambda workspace: f"|#{snoozed}>" not in json.dumps(workspace.homes[MANAGER]["blocks"]) or None
    )

    # Subscribe and stop, afresh each time.
    house.slack.press_home("home_subscribe", MANAGER).wait_ack()
    home(house, MANAGER, "You get every digest.", without="\u0000")
    house.slack.press_home("home_unsubscribe", MANAGER).wait_ack()
    home(house, MANAGER, "You get no digest of your own.", without="\u0000")

    # The shortcut: what names no ticket is said in the form; the answer goes where it was wished, read anew.
    house.slack.global_shortcut("check_list", TECHNICIAN).wait_ack()
    form = house.slack.wait_for(lambda workspace: workspace.modals.get(TECHNICIAN))
    house.slack.submit_view({"tickets": "nothing here"}, user=TECHNICIAN).wait_ack()
    assert "no ticket number" in form.errors["tickets"]
    channel = house.channel()
    pasted = {"tickets": f"ticket;customer\n{INVOICED};Kittle\n{number};Home", "place": channel, "fresh": "anew"}
    house.slack.submit_view(pasted, user=TECHNICIAN).wait_ack()
    assert "2 tickets" in house.answer(channel).text
    assert TECHNICIAN not in house.slack.workspace.modals
