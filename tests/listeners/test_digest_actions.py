"""The buttons below a digest's tickets and their forms, over the stand-in Slack."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.digest.model import Mark, Snooze
from bot.jobs.request import CheckRequest
from bot.listeners.digest_tickets import DigestTicket
from bot.messages.digest_acts import DURATION, MARK_FORM, REASON, REMARK, SNOOZE_FORM, UNMARK, WRONG_FORM, SnoozeFor
from bot.messages.digest_rows import MARK, OPEN_IN_SYNCRO, RECHECK, SNOOZE, WRONG, button_value
from bot.messages.escape import plain
from bot.sandbox.slack.socket import Delivery
from bot.sandbox.slack.workspace import BILLING, BOT, GENERAL, MANAGER, OUTSIDER, SHARED, TECHNICIAN
from tests.listeners.digest_house import HOSTILE, NOW, NUMBER, STRANGER, TICKET, House
from tests.store.factory import not_invoiced

REASONED = {REASON: "the customer <!here> pays on delivery"}
FORMS = [(SNOOZE, SNOOZE_FORM), (MARK, MARK_FORM)]


def submitted(house: House, callback: str, values: dict[str, Any], *, user: str = MANAGER, metadata: str = "") -> Any:
    """Submit a form that nobody opened. Returns what is wrong with it."""
    known = DigestTicket(TICKET, NUMBER, BILLING, house.parent.ts).to_metadata()
    delivery = house.slack.view_submission(callback, values, user=user, private_metadata=metadata or known)
    return (delivery.wait_ack() or {}).get("errors")


def typed(field: str, value: str | None) -> dict[str, Any]:
    return {field: {field: {"type": "plain_text_input", "value": value}}}


def chosen(value: str) -> dict[str, Any]:
    return {DURATION: {DURATION: {"type": "radio_buttons", "selected_option": {"value": value}}}}


# Recheck


def test_recheck_asks_for_that_ticket_and_answers_in_the_digests_thread(house: House) -> None:
    delivery = house.slack.press(RECHECK, house.parent, TECHNICIAN)
    assert delivery.wait_ack() == {}
    asked = CheckRequest(
        references=(NUMBER,),
        channel=BILLING,
        user=TECHNICIAN,
        thread_ts=house.parent.ts,
        response_url=delivery.payload["response_url"],
    )
    assert house.checks == {f"digest:recheck:{delivery.payload['trigger_id']}": asked}


def test_a_press_delivered_twice_asks_once(house: House) -> None:
    delivery = house.slack.press(RECHECK, house.parent, TECHNICIAN)
    delivery.wait_ack()
    house.slack.redeliver(delivery).wait_ack()
    assert len(house.checks) == 1


def test_recheck_is_for_those_who_may_ask(house: House) -> None:
    house.press(RECHECK, user=STRANGER)
    assert "not on the list of people" in house.whisper(STRANGER).text
    assert house.checks == {}


def test_a_recheck_that_cannot_be_stored_is_said_not_to_come(house: House) -> None:
    house.engine.is_away = True
    house.press(RECHECK, user=TECHNICIAN)
    assert "could not be noted" in house.whisper(TECHNICIAN).text


def test_people_of_another_company_can_neither_recheck_nor_report(build_house: Callable[..., House]) -> None:
    house = build_house(users=())
    house.post_digest(SHARED)
    for action in (RECHECK, WRONG):
        house.press(action, user=OUTSIDER)
        assert "people of this company" in house.whisper(OUTSIDER).text
    assert house.checks == {}
    assert house.slack.modal(OUTSIDER) is None


# Who may decide


@pytest.mark.parametrize("action", [SNOOZE, MARK])
def test_others_than_managers_get_no_form_and_are_told_why(house: House, action: str) -> None:
    house.press(action, user=TECHNICIAN)
    assert "Only managers can do that" in house.whisper(TECHNICIAN).text
    assert house.slack.calls_to("views.open") == []


@pytest.mark.parametrize("callback", [SNOOZE_FORM, MARK_FORM])
def test_who_may_decide_is_asked_again_when_a_form_comes_back(house: House, callback: str) -> None:
    errors = submitted(house, callback, chosen("day") | typed(REASON, "because"), user=TECHNICIAN)
    assert "Only managers" in errors[REASON]
    assert house.memory.history(NOW).snoozes == ()
    assert house.memory.history(NOW).marks == ()


def test_where_no_manager_is_set_the_button_names_the_setting(build_house: Callable[..., House]) -> None:
    house = build_house(managers=())
    house.press(SNOOZE)
    assert "setting MANAGERS" in house.whisper().text


# Snooze


@pytest.mark.parametrize(
    ("duration", "until"),
    [
        (SnoozeFor.DAY, NOW + timedelta(days=1)),
        (SnoozeFor.WEEK, NOW + timedelta(days=7)),
        (SnoozeFor.MONTH, datetime(2026, 11, 30, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_snooze_is_kept_and_the_thread_is_told_until_when_by_whom_and_why(
    house: House, duration: SnoozeFor, until: datetime
) -> None:
    house.press(SNOOZE)
    house.slack.wait_for_modal(MANAGER)
    assert house.fill_in(REASONED | {DURATION: duration.value}) == {}
    assert house.memory.history(NOW).snoozes == (Snooze(TICKET, NUMBER, until, MANAGER, REASONED[REASON], NOW),)
    (said,) = house.thread()
    for part in (f"Ticket #{NUMBER}", f"{until:%Y-%m-%d %H:%M} UTC", f"<@{MANAGER}>", "pays on delivery"):
        assert part in said.text
    assert "<!here>" not in json.dumps([said.text, said.blocks])
    assert house.slack.modal(MANAGER) is None


@pytest.mark.parametrize("action", [SNOOZE, MARK, WRONG])
def test_a_form_names_the_ticket_with_its_customer_and_subject(build_house: Callable[..., House], action: str) -> None:
    house = build_house(evidence_of=lambda _: {"customer": "Kittle", "subject": HOSTILE})
    user = TECHNICIAN if action == WRONG else MANAGER
    house.press(action, user=user)
    block = house.slack.wait_for_modal(user).view["blocks"][0]["text"]
    assert block["type"] == "plain_text"
    assert block["text"].splitlines()[0] == f"Ticket #{NUMBER} · Kittle · “{plain(HOSTILE, 150)}”"


def test_a_form_for_a_ticket_that_nobody_was_warned_of_names_its_customer_by_the_button(
    build_house: Callable[..., House],
) -> None:
    house = build_house(evidence_of=lambda _: {})
    house.press(SNOOZE, value=button_value(not_invoiced(TICKET)))
    (first, *_) = house.slack.wait_for_modal(MANAGER).view["blocks"][0]["text"]["text"].splitlines()
    assert first == f"Ticket #n{TICKET} · Customer of {TICKET}"


def test_a_form_is_plain_text_and_names_the_ticket(house: House) -> None:
    house.press(SNOOZE)
    view = house.slack.wait_for_modal(MANAGER).view
    assert view["blocks"][0]["text"]["text"].startswith(f"Ticket #{NUMBER}")
    assert "mrkdwn" not in json.dumps(view)
    assert "Nothing is changed in Syncro" in json.dumps(view)


@pytest.mark.parametrize("callback", [SNOOZE_FORM, MARK_FORM])
@pytest.mark.parametrize("reason", [None, "", "  \n ", "x" * 301])
def test_a_decision_needs_a_reason_that_fits(house: House, callback: str, reason: str | None) -> None:
    assert set(submitted(house, callback, chosen("day") | typed(REASON, reason))) == {REASON}
    assert house.memory.history(NOW).snoozes == ()
    assert house.memory.history(NOW).marks == ()


@pytest.mark.parametrize("values", [chosen("forever"), {}, {DURATION: {}}, {DURATION: {DURATION: {}}}])
def test_a_duration_that_was_not_offered_is_not_taken(house: House, values: dict[str, Any]) -> None:
    assert set(submitted(house, SNOOZE_FORM, values | typed(REASON, "because"))) == {DURATION}
    assert house.memory.history(NOW).snoozes == ()


# Mark as non-billable


def test_a_mark_is_kept_with_the_warned_customer_and_can_be_undone_in_the_thread(house: House) -> None:
    house.memory.warn(not_invoiced(TICKET), None, at=NOW, source="digest")
    house.press(MARK)
    house.slack.wait_for_modal(MANAGER)
    assert house.fill_in(REASONED) == {}
    customer = f"Customer of {TICKET}"
    assert house.memory.history(NOW).marks == (Mark(TICKET, NUMBER, customer, MANAGER, REASONED[REASON], NOW),)
    (said,) = house.thread()
    for part in (f"Ticket #{NUMBER}", customer, f"<@{MANAGER}>", "pays on delivery", "Nothing is changed in Syncro"):
        assert part in said.text

    assert house.slack.press(UNMARK, said, MANAGER).wait_ack() == {}
    assert house.memory.history(NOW).marks == ()
    undone = house.thread(2)[-1]
    assert f"Ticket #{NUMBER} is no longer marked" in undone.text
    assert f"<@{MANAGER}>" in undone.text


def test_a_ticket_that_was_never_warned_about_is_marked_without_a_customer(house: House) -> None:
    assert submitted(house, MARK_FORM, typed(REASON, "because")) is None
    assert house.memory.history(NOW).marks[0].customer == ""


def test_only_managers_undo_and_only_once(house: House) -> None:
    submitted(house, MARK_FORM, typed(REASON, "because"))
    (said,) = house.thread()
    house.slack.press(UNMARK, said, TECHNICIAN).wait_ack()
    assert "Only managers" in house.whisper(TECHNICIAN).text
    assert len(house.memory.history(NOW).marks) == 1
    for _ in range(2):
        house.slack.press(UNMARK, said, MANAGER).wait_ack()
    assert "is not marked as non-billable" in house.whisper(MANAGER).text
    assert len(house.memory.marks_since(NOW)) == 1


# This is wrong


@pytest.mark.parametrize("remark", ["It is on 67501", ""])
def test_a_report_is_kept_with_the_evidence_and_thanked_for(house: House, remark: str) -> None:
    house.press(WRONG, user=TECHNICIAN)
    house.slack.wait_for_modal(TECHNICIAN)
    assert house.fill_in({REMARK: remark}, user=TECHNICIAN) == {}
    (report,) = house.memory.wrong_reports()
    assert (report.ticket_id, report.ticket_number, report.by, report.at) == (TICKET, NUMBER, TECHNICIAN, NOW)
    assert report.evidence == {"remark": remark, "seen": {"ticket": TICKET, "listed": 20}}
    assert "Thank you" in house.whisper(TECHNICIAN).text
    assert house.slack.replies(BILLING, house.parent.ts) == []


def test_a_report_is_kept_even_without_its_evidence(build_house: Callable[..., House]) -> None:
    def lost(_: str) -> dict[str, Any]:
        raise KeyError("no such ticket")

    house = build_house(evidence_of=lost)
    assert submitted(house, WRONG_FORM, typed(REMARK, None), user=TECHNICIAN) is None
    assert house.memory.wrong_reports()[0].evidence == {"remark": "", "seen": None}


def test_reports_are_for_those_who_may_ask(house: House) -> None:
    house.press(WRONG, user=STRANGER)
    assert "not on the list of people" in house.whisper(STRANGER).text
    assert house.slack.calls_to("views.open") == []
    assert "not on the list" in submitted(house, WRONG_FORM, typed(REMARK, "x"), user=STRANGER)[REMARK]
    assert house.memory.wrong_reports() == ()


def test_a_remark_that_is_too_long_is_not_taken(house: House) -> None:
    assert set(submitted(house, WRONG_FORM, typed(REMARK, "x" * 1_001), user=TECHNICIAN)) == {REMARK}
    assert house.memory.wrong_reports() == ()


# What goes wrong


@pytest.mark.parametrize(("action", "callback"), [*FORMS, (WRONG, WRONG_FORM)])
def test_what_cannot_be_stored_keeps_the_form_open_and_says_that_nothing_changed(
    house: House, action: str, callback: str
) -> None:
    user = TECHNICIAN if action == WRONG else MANAGER
    field = REMARK if action == WRONG else REASON
    house.press(action, user=user)
    house.slack.wait_for_modal(user)
    house.memory.is_away = True
    errors = house.fill_in({field: "because"}, user=user)
    assert "could not be stored, and nothing changed" in errors[field]
    modal = house.slack.modal(user)
    assert modal is not None
    assert modal.view["callback_id"] == callback
    house.memory.is_away = False
    assert house.fill_in({field: "because"}, user=user) == {}


def test_an_undo_that_cannot_be_stored_says_that_nothing_changed(house: House) -> None:
    submitted(house, MARK_FORM, typed(REASON, "because"))
    (said,) = house.thread()
    house.memory.is_away = True
    house.slack.press(UNMARK, said, MANAGER).wait_ack()
    assert "could not be stored" in house.whisper().text
    house.memory.is_away = False
    assert len(house.memory.history(NOW).marks) == 1


@pytest.mark.parametrize(("callback", "field"), [(SNOOZE_FORM, REASON), (MARK_FORM, REASON), (WRONG_FORM, REMARK)])
@pytest.mark.parametrize("metadata", ["{}", "not json", '{"id":"1","number":"<!channel>"}'])
def test_a_form_that_does_not_say_its_ticket_changes_nothing(
    house: House, callback: str, field: str, metadata: str
) -> None:
    values = chosen("day") | typed(REASON, "because") | typed(REMARK, "because")
    assert "out of date" in submitted(house, callback, values, metadata=metadata)[field]
    assert house.memory.history(NOW).snoozes == ()
    assert house.memory.history(NOW).marks == ()
    assert house.memory.wrong_reports() == ()


@pytest.mark.parametrize("action", [RECHECK, SNOOZE, MARK, WRONG])
def test_a_button_that_does_not_say_its_ticket_is_answered(house: House, action: str) -> None:
    house.press(action, value="stale")
    assert "out of date" in house.whisper().text
    assert house.checks == {}


def test_a_form_that_slack_did_not_take_in_time_is_said_not_to_open(house: House) -> None:
    house.slack.fail_next("views.open", "expired_trigger_id")
    house.press(MARK)
    assert "press the button again" in house.whisper().text


def test_a_form_is_opened_before_the_button_is_acknowledged(house: House) -> None:
    opened: list[Delivery] = []
    acked: list[float | None] = []
    house.slack.before("views.open", lambda _call: acked.extend(each.acked_at for each in opened))
    opened.append(house.slack.press(SNOOZE, house.parent, MANAGER))
    assert opened[0].wait_ack() == {}
    house.slack.wait_for_modal(MANAGER)
    assert acked == [None]
    assert opened[0].ack_seconds is not None
    assert opened[0].ack_seconds < 3


def test_where_the_thread_cannot_be_written_the_manager_is_told_directly(house: House) -> None:
    house.slack.fail_next("chat.postMessage", "not_in_channel")
    assert submitted(house, MARK_FORM, typed(REASON, "because")) is None
    told = house.slack.wait_for(lambda slack: slack.parents(slack.open_im(MANAGER).id) or None)
    assert f"Ticket #{NUMBER}" in told[0].text


def test_thanks_in_a_channel_without_the_bot_come_directly(house: House) -> None:
    house.post_digest(GENERAL)
    place = DigestTicket(TICKET, NUMBER, GENERAL, house.parent.ts).to_metadata()
    assert submitted(house, WRONG_FORM, typed(REMARK, "x"), user=TECHNICIAN, metadata=place) is None
    told = house.slack.wait_for(lambda slack: slack.parents(slack.open_im(TECHNICIAN).id) or None)
    assert "Thank you" in told[0].text


def test_in_a_direct_message_the_thanks_stand_in_the_digests_thread(house: House) -> None:
    house.post_digest(TECHNICIAN)
    house.press(WRONG, user=TECHNICIAN)
    house.slack.wait_for_modal(TECHNICIAN)
    house.fill_in({}, user=TECHNICIAN)
    (said,) = house.thread()
    assert "Thank you" in said.text


def test_the_button_that_opens_syncro_is_acknowledged_and_does_nothing_else(house: House) -> None:
    before = len(house.slack.workspace.messages)
    house.press(OPEN_IN_SYNCRO, user=STRANGER)
    assert len(house.slack.workspace.messages) == before
    assert {call.method for call in house.slack.calls} <= {
        "chat.postMessage", "apps.connections.open", "auth.test"
    }  # fmt: skip


def test_nothing_that_people_or_customers_write_pings_anybody(house: House) -> None:
    house.memory.warn(not_invoiced(TICKET), None, at=NOW, source="digest")
    assert submitted(house, MARK_FORM, typed(REASON, HOSTILE)) is None
    (said,) = house.thread()
    shown = json.dumps([said.text, said.blocks], ensure_ascii=False)
    assert said.user == BOT
    assert "<!channel>" not in shown
    assert "evil.example|" not in shown
    assert "*urgent*" not in shown
