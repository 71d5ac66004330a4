"""A warning that no longer stands is taken back where it was said, and names the invoice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.billing.rules.verdicts import WarningEnding
from bot.jobs.request import CheckRequest
from bot.sandbox.slack.workspace import BILLING, GENERAL, MANAGER, TECHNICIAN
from tests.jobs.fakes import RememberingSteps
from tests.jobs.office import Office, opened_office
from tests.patience import PATIENCE
from tests.standins.slack_faults import ApiCall


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


def test_a_warning_of_a_single_check_is_edited_by_the_next_digest_and_its_thread_names_the_invoice(
    office: Office,
) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket)
    assert "NOT INVOICED" in warned.text
    evidence = office.thread(warned)
    office.next_day()
    invoice = office.bill(ticket)

    office.digest()

    assert warned.text.startswith(f"Ticket #{ticket.number}")
    assert "NOT INVOICED" not in warned.text
    assert invoice in warned.text
    assert "no longer stands" in warned.text
    news = office.thread(warned)[len(evidence) :]
    assert len(news) == 1
    assert invoice in news[0]
    assert office.memory.history(office.now).standing == ()
    (record,) = office.memory.warnings_of(str(ticket.id))
    assert (record.invoice_number, record.retracted_at) == (invoice, office.now)


def test_a_retraction_is_said_once_however_many_digests_follow(office: Office) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket)
    office.next_day()
    office.bill(ticket)
    office.digest()
    said, edits = office.thread(warned), len(warned.history)

    office.next_day()
    office.digest()

    assert office.thread(warned) == said
    assert len(warned.history) == edits


def test_a_warning_is_also_taken_back_when_a_later_check_finds_the_invoice(office: Office) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket)
    invoice = office.bill(ticket)

    answer = office.check(ticket)

    assert invoice in answer.text
    assert "NOT INVOICED" not in warned.text
    assert invoice in warned.text
    assert invoice in office.thread(warned)[-1]


def test_a_warning_stands_while_nothing_is_proved_about_its_ticket(office: Office) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket)
    before = warned.text
    office.next_day()

    office.digest()

    assert warned.text == before
    assert [each.ticket_number for each in office.memory.history(office.now).standing] == [str(ticket.number)]


def test_a_warning_in_a_digest_of_many_tickets_gets_an_update_on_top_and_a_line_in_the_thread(office: Office) -> None:
    tickets = [office.unbilled(price=f"{75 + index}.00") for index in range(12)]
    office.digest()
    (parent,) = office.parents()
    before, evidence = parent.text, office.thread(parent)
    office.next_day()
    first, second = office.bill(tickets[3]), office.bill(tickets[4])

    office.digest()

    top, *updates = parent.text.splitlines()[:3]
    assert top == "\U0001f6a8 10 of 12 tickets of this warning are still NOT INVOICED"
    assert str(tickets[3].number) in updates[0]
    assert first in updates[0]
    assert second in updates[1]
    assert parent.text.endswith(before[-200:])
    assert str(tickets[5].number) in parent.text
    news = office.thread(parent)[len(evidence) :]
    assert [first in news[0], second in news[1], len(news)] == [True, True, 2]


def test_a_digest_that_warned_about_one_ticket_only_keeps_what_else_it_says(office: Office) -> None:
    ticket = office.unbilled()
    unclear = office.world.add_ticket()
    office.world.mention(unclear)
    office.digest()
    (parent,) = office.parents()
    assert str(unclear.number) in parent.text
    office.next_day()
    invoice = office.bill(ticket)

    office.digest()

    top, update = parent.text.splitlines()[:2]
    assert top == "\u2705 The ticket of this warning is billed now"
    assert invoice in update
    assert str(unclear.number) in parent.text


def test_an_answer_about_several_tickets_of_which_one_was_warned_about_keeps_its_words_struck_through(
    office: Office,
) -> None:
    ticket = office.unbilled()
    billed = office.world.add_ticket()
    office.world.bill_by_ticket_id(billed)
    warned = office.check(ticket, billed)
    before = warned.text
    office.next_day()
    invoice = office.bill(ticket)

    office.digest()

    assert warned.text.startswith("\u2705 The ticket of this warning is billed now")
    assert invoice in warned.text
    assert "NOT INVOICED" not in warned.text
    (struck,) = (block for block in warned.blocks if block["type"] == "rich_text")
    assert struck["elements"][0]["elements"] == [{"type": "text", "text": before, "style": {"strike": True}}]


def test_an_answer_of_which_one_of_two_tickets_is_billed_counts_what_is_left(office: Office) -> None:
    first, second = office.unbilled(), office.unbilled()
    warned = office.check(first, second)
    office.next_day()
    invoice = office.bill(first)
    office.digest()
    top, update = warned.text.splitlines()[:2]
    assert top == "\U0001f6a8 1 of 2 tickets of this warning is still NOT INVOICED"
    assert [block["text"]["text"] for block in warned.blocks if block["type"] == "header"] == [top]
    assert invoice in update
    (rows,) = (block["rows"] for block in warned.blocks if "rows" in block)
    assert f"#{second.number}" in str(rows)
    assert f"#{first.number}" not in str(rows)
    office.next_day()
    office.bill(second)
    office.digest()
    assert warned.text.startswith("\u2705 Both tickets of this warning are billed now")
    assert "NOT INVOICED" not in warned.text


def test_a_warning_that_ended_otherwise_than_by_an_invoice_stops_accusing_too(office: Office) -> None:
    reopened, billed = office.unbilled(), office.unbilled()
    alone, both = office.check(reopened), office.check(reopened, billed)
    evidence = office.thread(alone)
    office.next_day()
    with office.syncro.locked() as world:
        world.tickets[reopened.id].status, world.tickets[reopened.id].resolved_at = "In Progress", None
    office.digest()
    office.digest()
    assert "NOT INVOICED" not in alone.text
    assert "no longer stands" in alone.text
    (news,) = office.thread(alone)[len(evidence) :]
    assert "was reopened, so an invoice is not due yet" in news
    assert both.text.startswith("\U0001f6a8 1 of 2 tickets of this warning is still NOT INVOICED")
    (record,) = office.memory.warnings_of(str(reopened.id))
    assert (record.ending, record.invoice_number) == (WarningEnding.REOPENED, None)
    assert record.retracted_at == office.now

    office.bill(billed)
    office.next_day()
    office.digest()
    assert both.text.startswith("\u2705 Both tickets of this warning are settled now")


def test_an_invoice_that_was_found_without_posting_still_takes_the_warning_back_in_the_next_digest(
    office: Office,
) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket)
    office.next_day()
    invoice = office.bill(ticket)
    office.digest_without_posting()
    assert "NOT INVOICED" in warned.text
    office.next_day()

    office.digest()

    assert "NOT INVOICED" not in warned.text
    assert invoice in warned.text
    assert invoice in office.thread(warned)[-1]
    said = office.thread(warned)
    office.next_day()
    office.digest()
    assert office.thread(warned) == said


def test_a_warning_given_inside_somebodys_thread_is_taken_back_in_that_thread(office: Office) -> None:
    ticket = office.unbilled()
    question = office.slack.workspace.post(BILLING, TECHNICIAN, "Is this billed?")
    warned = office.check(ticket, thread_ts=question.ts)
    assert warned.thread_ts == question.ts
    assert [said.thread_ts for said in office.memory.posted_warnings()] == [question.ts]
    office.next_day()
    invoice = office.bill(ticket)

    office.digest()

    assert "no longer stands" in warned.text
    assert invoice in office.thread(question)[-1]


@pytest.mark.parametrize("refusal", ["missing_scope", None], ids=["unknown", "shared"])
def test_a_warning_is_not_taken_back_in_public_where_others_read_along_but_later_when_they_do_not(
    office: Office, refusal: str | None
) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket, channel=GENERAL)
    before, thread = warned.text, office.thread(warned)
    if refusal:
        office.slack.fail_next("conversations.info", refusal)
    else:
        office.slack.workspace.channels[GENERAL].is_ext_shared = True
    office.next_day()
    invoice = office.bill(ticket)
    office.digest(MANAGER)

    assert (warned.text, office.thread(warned)) == (before, thread)
    assert office.memory.history(office.now).standing == ()

    office.slack.workspace.channels[GENERAL].is_ext_shared = False
    office.next_day()
    office.digest(MANAGER)

    assert invoice in warned.text
    assert invoice in office.thread(warned)[-1]
    assert office.memory.posted_warnings() == ()


def test_three_people_who_ask_at_once_make_one_retraction(office: Office) -> None:
    """Each of them has found the invoice and sees the warning stand, before any has taken it back."""
    ticket = office.unbilled()
    warned = office.check(ticket)
    office.digest()
    (digest,) = [parent for parent in office.parents() if parent is not warned]
    threads = [office.thread(parent) for parent in (warned, digest)]
    office.bill(ticket)
    together = threading.Barrier(3)

    class Together(RememberingSteps):
        def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
            result = super().run(name, effect)
            if name == "look for warnings":
                together.wait(PATIENCE)
            return result

    def ask(asker: int) -> None:
        job = office.check_job()
        stored = CheckRequest((str(ticket.number),), BILLING, TECHNICIAN).to_json()
        job.run(stored, Together(), f"check:at once:{asker}")

    with ThreadPoolExecutor(3) as people:
        list(people.map(ask, range(3)))

    for parent, before in zip((warned, digest), threads, strict=True):
        assert len(office.thread(parent)) == len(before) + 1
        assert len(parent.history) <= 2
    assert office.memory.posted_warnings() == ()


def test_two_tickets_of_one_digest_that_are_taken_back_at_once_both_stand_in_it(office: Office) -> None:
    tickets = [office.unbilled() for _ in range(3)]
    office.digest()
    (parent,) = office.parents()
    invoices = [office.bill(ticket) for ticket in tickets[:2]]
    edits = threading.Barrier(2)

    def wait_for_the_other(_: ApiCall) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            edits.wait(1)

    office.slack.before("chat.update", wait_for_the_other)
    with ThreadPoolExecutor(2) as people:
        list(people.map(lambda ticket: office.check(ticket, channel=GENERAL), tickets[:2]))

    for invoice in invoices:
        assert invoice in parent.text


def test_a_warning_whose_message_was_deleted_ends_all_the_same(office: Office) -> None:
    ticket = office.unbilled()
    warned = office.check(ticket)
    office.slack.workspace.delete(warned)
    for message in office.slack.replies(warned.channel, warned.ts):
        office.slack.workspace.delete(message)
    office.next_day()
    office.bill(ticket)

    office.digest()

    assert office.memory.history(office.now).standing == ()
    assert office.memory.posted_warnings() == ()
    assert len(office.parents(BILLING)) == 1


def test_a_ticket_that_is_unbilled_again_is_new_again_and_has_a_warning_of_its_own(office: Office) -> None:
    ticket = office.unbilled()
    office.digest()
    office.next_day()
    invoice = office.bill(ticket)
    office.digest()
    office.next_day()
    with office.syncro.locked() as world:
        world.delete_invoice(world.invoice_numbered(invoice))

    office.digest()

    again = office.parents()[-1]
    assert "New: 1 ticket" in again.text
    assert [record.ended_at is None for record in office.memory.warnings_of(str(ticket.id))] == [False, True]


# The accounts of the digest


def test_a_ticket_that_a_question_takes_off_the_list_is_recovered_in_the_next_digest_and_only_there(
    office: Office,
) -> None:
    ticket = office.unbilled(price="173.00")
    office.digest()
    office.next_day()
    invoice = office.bill(ticket)
    office.pass_time(timedelta(minutes=5))
    office.check(ticket)
    assert office.memory.history(office.now).standing == ()

    office.pass_time(timedelta(minutes=5))
    office.digest(asked_by=MANAGER)
    office.next_day()
    office.digest()
    office.next_day()
    office.digest()

    _, _, asked, following, last = office.parents()
    for parent in (asked, following):
        assert "Recovered: 1 ticket, 173.00" in parent.text
        assert invoice in parent.text
    assert "Recovered" not in last.text


def test_a_ticket_that_a_question_finds_to_be_owed_no_invoice_is_accused_no_more_and_the_next_digest_counts_it_once(
    office: Office,
) -> None:
    ticket = office.unbilled(price="173.00")
    warned = office.check(ticket)
    office.digest()
    office.next_day()
    with office.syncro.locked() as world:
        world.tickets[ticket.id].status = "Non-Billable"
    office.check(ticket)
    assert "NOT INVOICED" not in warned.text
    assert "is non-billable, so no invoice is expected" in office.thread(warned)[-1]
    assert office.memory.history(office.now).standing == ()

    office.pass_time(timedelta(minutes=5))
    office.digest()
    office.next_day()
    office.digest()
    *_, following, last = office.parents()
    assert "Settled otherwise: 1 ticket, 173.00" in following.text
    assert "Settled otherwise" not in last.text


def test_a_ticket_that_a_question_finds_billed_while_the_digest_that_says_so_is_made_is_recovered_once(
    office: Office,
) -> None:
    ticket = office.unbilled(price="173.00")
    office.digest()
    office.next_day()
    office.bill(ticket)
    made = office.made()
    office.pass_time(timedelta(seconds=5))
    office.check(ticket)
    office.memory.remember_run(made, key="while")
    office.next_day()
    office.digest()

    assert [each.standing.ticket_number for each in made.resolved] == [str(ticket.number)]
    assert "Recovered" not in office.parents()[-1].text


def test_what_is_recovered_is_the_sum_that_was_at_risk_by_whichever_way_it_was_said(office: Office) -> None:
    office.rule(labor_rate=Decimal(100))
    ticket = office.unbilled(price="73.00")
    office.world.add_timer(ticket, 60)
    office.digest(asked_by=MANAGER)
    assert "173.00 at risk" in office.parents()[-1].text
    assert [str(each.amount) for each in office.memory.history(office.now).standing] == ["173.00"]
    asked = office.unbilled(price="1.00")
    office.world.add_timer(asked, 30)
    office.check(asked)
    assert [str(each.amount) for each in office.memory.history(office.now).standing] == ["173.00", "51.00"]


def test_a_digest_that_is_asked_for_twice_is_the_first_one_once(office: Office) -> None:
    office.unbilled()
    for _ in range(2):
        office.digest(asked_by=MANAGER)
        office.pass_time(timedelta(minutes=5))
    office.digest()

    first, second, scheduled = office.parents()
    assert "the first digest" in first.text
    assert "the first digest" not in second.text + scheduled.text
    assert "Still unbilled: 1 ticket" in second.text
