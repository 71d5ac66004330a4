"""The digest's job: to whom it says what, and what it does when Syncro or Slack will not have it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.digest.model import History, Mark, Snooze, Standing
from bot.jobs.digest_making import proved_lately
from bot.sandbox.slack.workspace import BILLING, FINANCE, MANAGER, RETIRED, SHARED, TECHNICIAN
from bot.sandbox.syncro.exchange import Answer as SyncroAnswer
from bot.store.records import Subscription
from tests.jobs.fakes import PowerCut, RememberingSteps
from tests.jobs.office import MONDAY, Office, opened_office
from tests.standins.slack_faults import ApiCall
from tests.standins.syncro_faults import HTML_PAGE, Edit, Exchange, Fault, Status

RETRIES = 2
"""How often the office's client asks for a page before it gives up."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


# What could not be read


def test_a_search_that_fails_for_one_customer_accuses_nobody_there_and_names_its_tickets_as_not_verified(
    office: Office,
) -> None:
    broken, well = office.world.add_customer("Broken Co"), office.world.add_customer("Well Co")
    lost = [office.unbilled(broken), office.unbilled(broken)]
    billed_unseen = office.unbilled(broken)
    office.bill(billed_unseen)
    found = office.unbilled(well, "120.50")
    office.syncro.faults.append(
        Fault("/invoices", Status(500), query=lambda query: query.get("customer_id") == str(broken.id))
    )

    office.digest()

    (parent,) = office.parents()
    assert "1 ticket unbilled, 120.50 at risk, 3 could not be verified" in parent.text
    everything = "\n".join([parent.text, *office.thread(parent)])
    _, could_not = everything.split("Could not verify", 1)
    assert all(str(ticket.number) in could_not for ticket in (*lost, billed_unseen))
    said = {each.ticket_number for each in office.memory.history(office.now).standing}
    assert said == {str(found.number)}


def test_what_could_not_be_read_on_the_way_is_read_once_more_at_the_end_and_nothing_else_is(office: Office) -> None:
    broken, well = office.world.add_customer("Broken Co"), office.world.add_customer("Well Co")
    found = [office.unbilled(broken, "20.00"), office.unbilled(well, "120.50")]
    office.bill(office.unbilled(broken))
    for away in (Fault(f"/tickets/{found[0].id}", Status(503), count=2), Fault("/invoices/.+", HTML_PAGE, count=1)):
        office.syncro.faults.append(away)

    office.digest()

    (parent,) = office.parents()
    assert "2 tickets unbilled, 140.50 at risk" in parent.text
    assert "could not be verified" not in parent.text
    well_read = [(call.path, tuple(call.query.items())) for call in office.syncro.calls if call.status == 200]
    details = [path for path, _ in well_read if path.startswith("/tickets/")]
    assert len(details) == len(set(details)) == 3


def test_a_warning_stands_while_its_customer_cannot_be_read_and_is_neither_new_nor_resolved(office: Office) -> None:
    ticket = office.unbilled()
    office.digest()
    office.next_day()
    office.syncro.faults.append(Fault("/invoices", Status(500)))
    office.digest()
    assert [each.ticket_number for each in office.memory.history(office.now).standing] == [str(ticket.number)]
    office.next_day()
    office.syncro.faults.clear()

    office.digest()

    assert "Still unbilled: 1 ticket" in office.parents()[-1].text
    assert "New:" not in office.parents()[-1].text


@pytest.mark.parametrize(
    "fault",
    [Fault("/tickets", Status(500)), Fault("/tickets", Status(401)), Fault("/.*", Status(503))],
    ids=["the list", "the token", "everything"],
)
def test_the_whole_ticket_list_failing_is_said_and_is_no_all_clear_and_is_not_remembered(
    office: Office, fault: Fault
) -> None:
    office.unbilled()
    office.syncro.faults.append(fault)

    office.digest()

    (parent,) = office.parents()
    assert "could not be made" in parent.text
    assert "not an all-clear" in parent.text
    assert office.memory.history(office.now).is_first_run
    assert office.slack.workspace.files == []


def test_after_a_digest_that_failed_the_next_one_compares_with_the_last_that_did_not(office: Office) -> None:
    standing = office.unbilled()
    office.digest()
    office.next_day()
    office.syncro.faults.append(Fault("/tickets", Status(500)))
    office.digest()
    office.syncro.faults.clear()
    office.next_day()
    fresh = office.unbilled(created_at=MONDAY - timedelta(days=3))

    office.digest()

    text = office.parents()[-1].text
    assert "New: 1 ticket, 75.00 · Still unbilled: 1 ticket, 75.00" in text
    assert re.search(rf"#{fresh.number} .* · new\n", text)
    assert re.search(rf"#{standing.number} .* · still unbilled, warned on Mon 2 Mar\n", text)
    assert len(office.memory.history(office.now).trend) == 2


def test_a_list_whose_second_page_fails_makes_no_digest_of_the_first(office: Office) -> None:
    for _ in range(30):
        office.unbilled()
    office.syncro.faults.append(Fault("/tickets", Status(500), query=lambda query: query.get("page") == "2"))

    office.digest()

    assert "could not be made" in office.parents()[0].text
    assert office.memory.history(office.now).standing == ()


def test_a_ticket_finished_while_the_list_is_read_that_slides_between_pages_is_not_lost(office: Office) -> None:
    tickets = [office.unbilled(created_at=MONDAY - timedelta(days=5, minutes=index)) for index in range(30)]

    def slide(exchange: Exchange) -> SyncroAnswer:
        """Between page 1 and 2 the first ticket is deleted: one row slides to the page already read."""
        exchange.world.tickets.pop(tickets[0].id, None)
        return exchange.answer()

    office.syncro.faults.append(Fault("/tickets", slide, query=lambda query: query.get("page") == "2", count=1))

    office.digest()

    said = {each.ticket_number for each in office.memory.history(office.now).standing}
    assert said == {str(ticket.number) for ticket in tickets[1:]}


def test_a_server_that_ignores_the_date_filter_does_not_let_old_tickets_into_the_digest(office: Office) -> None:
    office.unbilled(created_at=MONDAY - timedelta(days=60))
    recent = office.unbilled()

    def everything(exchange: Exchange) -> SyncroAnswer:
        query = {name: value for name, value in exchange.ask.query.items() if name != "since_updated_at"}
        return exchange.proceed(type(exchange.ask)(exchange.ask.segments, query))

    office.syncro.faults.append(Fault("/tickets", everything))

    office.digest()

    assert [each.ticket_number for each in office.memory.history(office.now).standing] == [str(recent.number)]


def test_rows_without_a_resolved_date_are_judged_by_their_last_change(office: Office) -> None:
    ticket = office.unbilled()

    def without(payload: dict[str, object]) -> dict[str, object]:
        rows = payload["tickets"]
        assert isinstance(rows, list)
        return {**payload, "tickets": [{**row, "resolved_at": None} for row in rows]}

    office.syncro.faults.append(Fault("/tickets", Edit(without)))

    office.digest()

    assert [each.ticket_number for each in office.memory.history(office.now).standing] == [str(ticket.number)]


# Days on which there is little to say


def test_with_line_an_empty_day_is_one_quiet_line_without_thread_or_file(office: Office) -> None:
    office.world.bill_by_ticket_id(office.world.add_ticket(status="Invoiced"))

    office.digest()

    (parent,) = office.parents()
    assert parent.text == "1 of 1 invoiced, nothing unbilled"
    assert office.thread(parent) == []
    assert office.slack.workspace.files == []


def test_with_silent_an_empty_week_is_one_sign_of_life_on_monday(office: Office) -> None:
    office.rule(silent_when_empty=True)
    office.world.bill_by_ticket_id(office.world.add_ticket(status="Invoiced"))

    for _ in range(8):
        office.digest()
        office.next_day()

    signs = office.parents()
    assert len(signs) == 2
    assert all(sign.text.startswith("Sign of life: ") for sign in signs)
    assert len(office.memory.history(office.now).trend) == 8


def test_with_silent_a_digest_that_fails_still_says_so(office: Office) -> None:
    office.rule(silent_when_empty=True)
    office.next_day()
    office.syncro.faults.append(Fault("/tickets", Status(500)))

    office.digest()

    assert "could not be made" in office.parents()[0].text


def test_with_silent_a_recovered_ticket_still_is_said(office: Office) -> None:
    office.rule(silent_when_empty=True)
    ticket = office.unbilled()
    office.digest()
    office.next_day()
    invoice = office.bill(ticket)

    office.digest()

    assert len(office.parents()) == 2
    assert invoice in office.parents()[1].text


def test_tickets_put_aside_by_a_manager_alone_make_a_quiet_day(office: Office) -> None:
    snoozed, marked = office.unbilled(), office.unbilled()
    until = MONDAY + timedelta(days=3)
    office.memory.snooze(Snooze(str(snoozed.id), str(snoozed.number), until, MANAGER, "waits", MONDAY))
    office.memory.mark(Mark(str(marked.id), str(marked.number), "", MANAGER, "agreed", MONDAY))

    office.digest()

    (parent,) = office.parents()
    assert "nothing else unbilled" in parent.text
    assert office.memory.history(office.now).standing == ()


# Slack that refuses


@pytest.mark.parametrize(
    ("channel", "why"), [(RETIRED, "archived"), (FINANCE, "private"), ("C0NOWHERE", "cannot post")]
)
def test_a_channel_that_refuses_the_bot_is_told_to_the_managers_who_get_the_digest_directly(
    office: Office, channel: str, why: str
) -> None:
    tickets = [office.unbilled(), office.unbilled()]

    office.digest(channel)

    explained, digest = office.direct(MANAGER)
    assert f"<#{channel}>" in explained.text
    assert "2 tickets unbilled" in digest.text
    assert len(office.thread(digest)) >= 2
    assert [file.channel for file in office.slack.workspace.files] == [digest.channel]
    assert office.parents(channel) == [] or channel == "C0NOWHERE"
    office.next_day()
    invoices = [office.bill(ticket) for ticket in tickets]
    office.digest(channel)
    assert all(invoice in digest.text for invoice in invoices), f"the copy is taken back too ({why})"


def test_a_digest_that_fails_in_a_channel_that_refuses_is_told_to_the_managers(office: Office) -> None:
    office.syncro.faults.append(Fault("/tickets", Status(500)))

    office.digest(RETIRED)

    assert "could not be made" in office.direct(MANAGER)[-1].text


def test_billing_data_is_not_posted_in_a_channel_shared_with_another_company(office: Office) -> None:
    office.unbilled()

    office.digest(SHARED)

    assert office.parents(SHARED) == []
    assert "1 ticket unbilled" in office.direct(MANAGER)[-1].text


def test_a_channel_that_is_shared_while_the_digest_is_posted_gets_no_more_of_it_and_the_managers_all(
    office: Office,
) -> None:
    ticket, _ = office.unbilled(), office.unbilled()

    def share(_: ApiCall) -> None:
        office.slack.before("chat.postMessage", None)
        office.slack.workspace.channels[BILLING].is_ext_shared = True

    office.slack.before("chat.postMessage", share)

    office.digest()

    (public,) = office.parents()
    assert office.thread(public) == []
    explained, copy = office.direct(MANAGER)
    assert "shared with people outside" in explained.text
    assert copy.text == public.text
    assert office.thread(copy)
    assert {post.channel for post in office.memory.posted_warnings([str(ticket.id)])} == {BILLING, copy.channel}
    assert [file.channel for file in office.slack.workspace.files] == [copy.channel]


def test_where_a_workspace_refuses_new_blocks_the_digest_comes_plainer_and_then_in_words(office: Office) -> None:
    for index in range(8):
        office.unbilled(price=f"{60 + index}.00")
    office.digest()
    office.slack.refuse_blocks("data_table", "data_visualization")
    office.next_day()
    office.digest()
    office.slack.refuse_blocks("data_table", "data_visualization", "table", "section", "header")
    office.next_day()
    office.digest()

    rich, plain, words = office.parents()
    kinds = [{block["type"] for block in parent.blocks} for parent in (rich, plain, words)]
    assert kinds[0] & {"data_table", "data_visualization"}
    assert kinds[1]
    assert not kinds[1] & {"data_table", "data_visualization"}
    assert kinds[2] == set()
    for parent in (rich, plain, words):
        assert "8 tickets unbilled, 508.00 at risk" in parent.text


def test_where_files_are_refused_the_digest_comes_without_its_list(office: Office) -> None:
    office.slack.api.scopes.discard("files:write")
    office.unbilled()

    office.digest()

    assert "1 ticket unbilled" in office.parents()[0].text
    assert office.slack.workspace.files == []
    assert len(office.memory.posted_warnings()) == 1


def test_the_list_in_the_thread_has_a_line_for_each_unbilled_ticket(office: Office) -> None:
    tickets = [office.unbilled(price=f"{60 + index}.00") for index in range(4)]

    office.digest()

    (parent,) = office.parents()
    (file,) = office.slack.workspace.files
    assert (file.channel, file.thread_ts) == (BILLING, parent.ts)
    assert all(str(ticket.number) in file.text for ticket in tickets)


# Who gets what


def test_a_subscriber_with_a_customer_filter_gets_only_these_customers(office: Office) -> None:
    kittle, other = office.world.add_customer("Kittle"), office.world.add_customer("Other Co")
    mine, theirs = office.unbilled(kittle, "10.00"), office.unbilled(other, "20.00")
    office.memory.subscribe(Subscription(MANAGER, customers=("KITTLE",)), at=office.now)
    office.memory.subscribe(Subscription(TECHNICIAN, customers=(str(other.id),)), at=office.now)

    office.digest(None)

    for user, wanted, unwanted in ((MANAGER, mine, theirs), (TECHNICIAN, theirs, mine)):
        (parent,) = office.direct(user)
        everything = "\n".join([parent.text, *office.thread(parent)])
        assert "1 ticket unbilled" in parent.text
        assert f"{wanted.number}" in everything
        assert f"{unwanted.number}" not in everything
    lists = {file.channel: file.text for file in office.slack.workspace.files}
    assert str(theirs.number) not in lists[office.slack.workspace.open_im(MANAGER).id]
    assert office.parents() == []


def test_a_subscription_to_everything_is_the_whole_digest_beside_the_channel(office: Office) -> None:
    office.unbilled()
    office.unbilled()
    office.memory.subscribe(Subscription(MANAGER), at=office.now)

    office.digest()

    assert office.parents()[0].text == office.direct(MANAGER)[0].text
    assert len(office.memory.posted_warnings()) == 4, "both copies can be taken back"


def test_a_subscriber_who_may_have_it_no_more_gets_nothing_and_is_named_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.unbilled()
    for user in (MANAGER, TECHNICIAN):
        office.memory.subscribe(Subscription(user), at=office.now)
    office.refusals[TECHNICIAN] = "not_a_manager"

    office.digest(None)

    assert len(office.direct(MANAGER)) == 1
    assert office.direct(TECHNICIAN) == []
    assert f"{TECHNICIAN} has subscribed to the digest and gets it no more (not_a_manager)" in caplog.text
    assert len(office.memory.subscriptions()) == 2, "who is a manager again gets it again"


def test_a_manager_who_may_have_it_no_more_gets_no_copy_of_what_a_channel_refuses(office: Office) -> None:
    office.unbilled()
    office.rule(managers=(MANAGER, TECHNICIAN))
    office.refusals[TECHNICIAN] = "guest"

    office.digest(RETIRED)

    assert len(office.direct(MANAGER)) == 2
    assert office.direct(TECHNICIAN) == []


def test_mine_is_what_the_subscriber_worked_on_by_real_name(office: Office) -> None:
    own, other = office.unbilled(), office.unbilled()

    def assigned(payload: dict[str, object]) -> dict[str, object]:
        rows = payload["tickets"]
        assert isinstance(rows, list)
        names = {own.number: "MANAGER ", other.number: "Somebody Else"}
        return {**payload, "tickets": [{**row, "user": {"full_name": names[row["number"]]}} for row in rows]}

    office.syncro.faults.append(Fault("/tickets", Edit(assigned)))
    office.slack.api.scopes.add("users:read")
    office.memory.subscribe(Subscription(MANAGER, mine=True), at=office.now)

    office.digest(None)

    (parent,) = office.direct(MANAGER)
    everything = "\n".join([parent.text, *office.thread(parent)])
    assert str(own.number) in everything
    assert str(other.number) not in everything


def test_of_two_technicians_of_one_name_a_subscriber_gets_neither_ones_tickets_and_is_told_why(office: Office) -> None:
    tickets = [office.unbilled(), office.unbilled()]
    for place, ticket in enumerate(tickets):
        ticket.technician, ticket.technician_email, ticket.user_id = "Manager", f"m{place}@example.com", place + 1
    office.slack.api.scopes.add("users:read")
    office.memory.subscribe(Subscription(MANAGER, mine=True), at=office.now)

    office.digest(None)

    (parent,) = office.direct(MANAGER)
    assert "2 technicians called “Manager”" in parent.text
    assert not any(str(ticket.number) in parent.text for ticket in tickets)
    assert office.thread(parent) == []


def test_mine_without_the_right_to_read_names_gets_nobody_elses_tickets(office: Office) -> None:
    ticket = office.unbilled()
    office.slack.api.scopes.discard("users:read")
    office.memory.subscribe(Subscription(MANAGER, mine=True), at=office.now)

    office.digest(None)

    (parent,) = office.direct(MANAGER)
    assert str(ticket.number) not in parent.text
    assert "I do not know your name in Syncro" in parent.text
    assert "nothing unbilled" not in parent.text, "that would be an all-clear"


def test_a_digest_that_somebody_asked_for_goes_only_there_and_is_not_remembered(office: Office) -> None:
    office.unbilled()
    office.memory.subscribe(Subscription(MANAGER), at=office.now)

    office.digest(BILLING, asked_by=TECHNICIAN)

    assert len(office.parents()) == 1
    assert office.direct(MANAGER) == []
    assert office.memory.history(office.now).trend == ()


def test_the_first_digest_of_a_month_lists_in_the_channel_what_was_marked_in_the_month_before(office: Office) -> None:
    office.next_day(-5)  # Wed 25 Feb
    ticket = office.unbilled(created_at=MONDAY - timedelta(days=20))
    office.memory.mark(Mark(str(ticket.id), str(ticket.number), "Kittle", MANAGER, "goodwill", office.now))
    office.digest()
    office.next_day(5)
    office.digest()
    office.next_day()
    office.digest()

    lists = [parent.text for parent in office.parents() if "marked as non-billable in the bot." in parent.text]
    assert len(lists) == 1
    assert str(ticket.number) in lists[0]
    assert "goodwill" in lists[0]


# A power cut after any step

READ = "read from Syncro"


def test_a_digest_cut_off_after_any_step_is_said_once_and_remembered_once(office: Office) -> None:
    office.slack.api.scopes |= {"channels:history"}
    office.rule(lookback=timedelta(days=3650))
    standing, recovered = office.unbilled(price="10.00"), office.unbilled(price="20.00")
    whole = RememberingSteps()
    office.digest(steps=whole)
    warned = office.parents()[0]
    assert len(whole.names) > 5
    office.next_day()
    invoice = office.bill(recovered)
    whole = RememberingSteps()
    office.digest(steps=whole)

    for cut_after in range(sum(name != READ for name in whole.names)):
        office.next_day()
        with office.syncro.locked() as world:
            world.delete_invoice(world.invoice_numbered(invoice))
        office.digest()  # unbilled again
        office.next_day()
        invoice = office.bill(recovered)
        before, files = len(office.parents()), len(office.slack.workspace.files)
        steps = RememberingSteps(cut_after=cut_after, uncounted=READ)
        with pytest.raises(PowerCut):
            office.digest(steps=steps)
        steps.again()
        office.digest(steps=steps)

        cut_at = [name for name in steps.names if name != READ][cut_after]
        where = f"cut after {cut_at}"
        assert len(office.parents()) - before == 1, where
        parent = office.parents()[-1]
        assert invoice in parent.text, where
        texts = office.thread(parent)
        assert len(set(texts)) == len(texts) or cut_at == "attach list", where
        assert len(office.slack.workspace.files) - files <= (2 if cut_at == "attach list" else 1), where
        assert {s.ticket_number for s in office.memory.history(office.now).standing} == {str(standing.number)}, where
        assert "of this warning" in office.parents()[-2].text.splitlines()[0], where
    assert "of this warning" in warned.text.splitlines()[0]


def test_a_post_whose_answer_is_lost_stands_once_where_the_bot_may_read_the_channel(office: Office) -> None:
    office.slack.api.scopes |= {"channels:history"}
    office.unbilled()
    office.unbilled()
    asked: list[ApiCall] = []
    office.slack.before("chat.postMessage", asked.append)
    office.slack.drop_next_reply("chat.postMessage")

    office.digest()

    assert len(office.parents()) == 1
    assert len(asked) >= 2


def test_a_ticket_is_proved_anew_when_it_is_accused_first_and_weekly_after() -> None:
    first = date(2026, 11, 2)
    history = History(standing=(Standing("91", "1", "Kittle", first, Decimal("75.00")),))
    anew = [day for day in range(15) if not proved_lately(history, first + timedelta(days=day))]
    assert anew == [0, 7, 14]
    assert proved_lately(history, first + timedelta(days=1)) == {"91"}


# Later than it was due


def test_a_digest_that_fails_is_tried_again_until_it_is_made_and_the_news_of_its_failure_is_taken_back(
    office: Office,
) -> None:
    ticket = office.unbilled()
    office.syncro.faults.append(Fault("/tickets", Status(500), count=5 * RETRIES))

    office.digest()

    failure, digest = office.parents()
    assert "could not be made" in failure.history[0].text
    assert "tried again every few minutes until 12:00" in failure.history[0].text
    assert "It was made later" in failure.text
    assert f"#{ticket.number}" in digest.text
    assert MONDAY < office.now < MONDAY + timedelta(hours=1)
    assert not office.memory.history(office.now).is_first_run


def test_a_digest_that_fails_for_three_hours_is_given_up_and_says_so(office: Office) -> None:
    office.unbilled()
    office.syncro.faults.append(Fault("/tickets", Status(500)))

    office.digest()

    (failure,) = office.parents()
    assert "could not be made" in failure.text
    assert "tried again" not in failure.text
    assert timedelta(hours=2, minutes=50) < office.now - MONDAY <= timedelta(hours=3)


def test_a_digest_that_somebody_waits_for_says_at_once_that_it_failed(office: Office) -> None:
    office.syncro.faults.append(Fault("/tickets", Status(500)))

    office.digest(asked_by=MANAGER)

    assert "tried again" not in office.parents()[0].text
    assert office.now == MONDAY
