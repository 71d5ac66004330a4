"""`/invoice-check history …` over the stand-in Slack: for managers, about one ticket."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox.slack.workspace import MANAGER, TECHNICIAN
from bot.store.audit import Act, AuditEntry
from tests.listeners.digest_house import HOSTILE, NOW, House

ASKED = AuditEntry(NOW, Act.ANSWERED, TECHNICIAN, "C1", "32223", ticket_number="32223", verdict="not_invoiced")


def history(house: House, text: str, user: str = MANAGER) -> str:
    answer = house.slack.slash(f"history {text}", user=user).wait_ack()
    assert answer is not None
    assert answer["response_type"] == "ephemeral"
    return str(answer["text"])


def test_a_manager_sees_the_latest_first_and_foreign_text_does_nothing(house: House) -> None:
    later = AuditEntry(NOW + timedelta(1), Act.MARKED, MANAGER, why=HOSTILE, ticket_number="32223")
    house.memory.note([ASKED, later, AuditEntry(NOW, Act.ANSWERED, TECHNICIAN, ticket_number="32224")])

    heading, first, second, end = history(house, "#32223").splitlines()
    assert heading.startswith("Ticket #32223")
    assert f"<@{MANAGER}>" in first
    assert "“" in first
    assert not any(act in first for act in ("<!channel", "<https", "*urgent*"))
    assert f"<@{TECHNICIAN}> in <#C1> · answered #32223: NOT INVOICED; asked “32223”" in second
    assert "invoice-bot history" in end


def test_what_finds_no_room_is_said(house: House) -> None:
    house.memory.note([ASKED] * 40)
    told = history(house, "32223")
    assert (told.count("answered"), "…and more before that." in told) == (30, True)


def test_others_are_refused_and_that_leaves_a_trace(house: House) -> None:
    assert "Only managers can do that" in history(house, "32223", TECHNICIAN)
    assert house.refusals() == [(TECHNICIAN, "history 32223", "not_a_manager")]
    assert "refused; asked “history 32223”; not a manager" in history(house, "32223")


def test_one_ticket_is_named_or_the_person_is_told_how(house: House) -> None:
    for text in ("", "32223 32224", "kittle"):
        assert "Name one ticket" in history(house, text)
    assert "nothing is noted" in history(house, "9")
    house.memory.is_away = True
    assert "could not be read" in history(house, "9")
