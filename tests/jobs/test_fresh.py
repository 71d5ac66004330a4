"""A verdict is said while it is fresh: whatever keeps a job from saying it, it looks again before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.jobs.look import Look, OldNewsError
from bot.jobs.outbox import Outbox
from bot.messages.rendered import told
from bot.sandbox.slack.workspace import BILLING, MANAGER, RETIRED
from bot.sandbox.syncro.world import Ticket
from bot.store.records import Subscription
from tests.jobs.fakes import FakePoster, PowerCut, RememberingSteps
from tests.jobs.office import MONDAY, Office, opened_office
from tests.standins.slack_faults import ApiCall

LATER = [timedelta(seconds=61), timedelta(hours=26), timedelta(hours=-1)]
SECOND = timedelta(seconds=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened_office(tmp_path) as opened:
        yield opened


def said(office: Office) -> str:
    """Everything that any message of the bot has ever said."""
    messages = [*office.parents(), *(reply for parent in office.parents() for reply in office.replies(parent))]
    texts = [[*(version.text for version in message.history), message.text] for message in messages]
    return "\n".join(text for each in texts for text in each)


def meanwhile(office: Office, method: str, do: Callable[[], object], *, call: int = 1) -> None:
    """Let Slack fail at a call, and something happen before it is tried again."""
    calls = 0

    def hook(_: ApiCall) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            office.slack.fail_next(method, "internal_error", status=500)
            do()

    office.slack.before(method, hook)


def bill_later(office: Office, ticket: Ticket, later: timedelta) -> Callable[[], None]:
    def bill() -> None:
        office.now += later
        office.bill(ticket)

    return bill


# --- how old is old ---


@pytest.mark.parametrize(
    ("ended", "is_again", "said_at", "is_old"),
    [
        (1, False, 60, False),
        (1, False, 61, True),
        (1, False, 93_600, True),
        (1, False, -1, True),
        (50, False, 61, True),
        (200, False, 201, True),
        (50, True, 61, True),
        (200, True, 260, False),
        (200, True, 261, True),
        (200, True, 199, True),
    ],
)
def test_a_look_is_old_a_minute_after_it_began_and_a_second_long_one_a_minute_after_its_end(
    ended: int, said_at: int, *, is_again: bool, is_old: bool
) -> None:
    look = Look(MONDAY, MONDAY + ended * SECOND, is_again)

    assert look.is_old(MONDAY + said_at * SECOND) == is_old


# --- questions ---


@pytest.mark.parametrize("later", LATER)
def test_an_outcome_that_waited_for_slack_is_looked_up_again_and_what_is_not_true_any_more_is_never_said(
    office: Office, later: timedelta
) -> None:
    ticket = office.unbilled()
    meanwhile(office, "chat.update", bill_later(office, ticket, later))

    answer = office.check(ticket)

    assert "invoiced on invoice" in answer.text
    assert "NOT INVOICED" not in said(office)
    assert len(office.thread(answer)) == 1


def test_an_outcome_that_waited_less_than_a_minute_is_said_without_asking_syncro_again(office: Office) -> None:
    ticket = office.unbilled()
    calls: list[int] = []

    def wait() -> None:
        office.now += 59 * SECOND
        calls.append(len(office.syncro.calls))

    meanwhile(office, "chat.update", wait)

    assert "NOT INVOICED" in office.check(ticket).text
    assert calls == [len(office.syncro.calls)]


@pytest.mark.parametrize("later", LATER)
def test_evidence_that_waited_is_looked_up_again_with_its_outcome(office: Office, later: timedelta) -> None:
    ticket = office.unbilled()
    meanwhile(office, "chat.postMessage", bill_later(office, ticket, later), call=2)

    answer = office.check(ticket)

    assert "invoiced on invoice" in answer.text
    (evidence,) = office.thread(answer)
    assert "NOT INVOICED" not in evidence


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("step", ["read from Syncro", "edit parent", "post evidence"])
def test_a_question_cut_off_says_nothing_old_when_it_goes_on(office: Office, step: str, later: timedelta) -> None:
    ticket = office.unbilled()
    whole = RememberingSteps()
    office.check(office.unbilled(), steps=whole)
    last = len(whole.names) - 1 - whole.names[::-1].index(step)
    steps = RememberingSteps(cut_after=last)
    with pytest.raises(PowerCut):
        office.check(ticket, steps=steps)
    bill_later(office, ticket, later)()
    before = len(office.slack.calls)

    steps.again()
    office.check(ticket, steps=steps, key="check:1")

    posted = [call.args["text"] for call in office.slack.calls[before:] if "text" in call.args]
    assert all("NOT INVOICED" not in text for text in posted)
    if step != "post evidence":
        assert any("invoiced on invoice" in text for text in posted)


def test_what_is_said_where_a_command_was_typed_is_fresh_too() -> None:
    poster = FakePoster()
    outbox = Outbox(RememberingSteps(), poster, key="check:1", clock=lambda: MONDAY + 61 * SECOND)
    outbox.basis = Look(MONDAY, MONDAY + SECOND)

    with pytest.raises(OldNewsError):
        outbox.respond("respond", "https://hooks.test/1", told("NOT INVOICED"))
    assert outbox.respond("explain", "https://hooks.test/1", told("I may not post there"), harmless=True)

    assert [each.text for each in poster.responses] == ["I may not post there"]


# --- digests ---


@pytest.mark.parametrize("later", LATER)
def test_a_digest_that_waited_for_slack_is_made_again(office: Office, later: timedelta) -> None:
    ticket, other = office.unbilled(), office.unbilled()
    meanwhile(office, "chat.postMessage", bill_later(office, ticket, later))

    office.digest()

    (parent,) = office.parents()
    assert "1 ticket unbilled" in parent.text
    assert f"#{other.number}" in said(office)
    assert f"#{ticket.number}" not in "".join(line for line in said(office).splitlines() if "New:" in line)


def test_a_digest_that_grows_old_while_its_thread_is_posted_is_brought_up_to_date_in_place(office: Office) -> None:
    ticket, other = office.unbilled(), office.unbilled()
    meanwhile(office, "chat.postMessage", bill_later(office, ticket, LATER[0]), call=2)

    office.digest()

    (parent,) = office.parents()
    assert "1 ticket unbilled" in parent.text
    thread = [reply for reply in office.replies(parent) if not reply.files]
    assert len({reply.text for reply in thread}) == len(thread)
    assert f"#{other.number}" in parent.text + "".join(reply.text for reply in thread)
    assert len(office.memory.history(office.now).trend) == 1


def test_a_subscriber_who_is_reached_late_gets_what_is_true_then_and_the_channel_is_left_alone(office: Office) -> None:
    ticket = office.unbilled()
    office.unbilled()
    office.memory.subscribe(Subscription(MANAGER), at=office.now)
    posts = _posts_of_a_digest(office)
    office.next_day()
    meanwhile(office, "chat.postMessage", bill_later(office, ticket, LATER[0]), call=posts + 1)

    office.digest()

    assert "2 tickets unbilled" in office.parents()[-1].text
    assert "1 ticket unbilled" in office.direct(MANAGER)[-1].text
    assert len(office.parents()) == 2
    assert len(office.memory.history(office.now).trend) == 2


def _posts_of_a_digest(office: Office) -> int:
    """How many posts the digest of a channel takes, without those of its subscriber."""
    before = len(office.slack.calls_to("chat.postMessage"))
    office.digest()
    posts = office.slack.calls_to("chat.postMessage")[before:]
    return len([post for post in posts if post.args["channel"] == BILLING])


def test_a_run_counts_as_said_only_once_it_is_posted(office: Office) -> None:
    office.unbilled()
    office.rule(managers=())

    office.digest(RETIRED)
    assert office.memory.history(office.now).is_first_run
    office.next_day()
    office.digest()

    assert not office.memory.history(office.now).is_first_run
    assert "Still unbilled" not in office.parents()[0].text
