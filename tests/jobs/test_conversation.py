"""The conversation: one parent, one thread, and a way to the person when the channel is closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs.conversation import PROGRESS_EVERY, Conversation
from bot.jobs.outbox import Outbox
from bot.jobs.request import CheckRequest
from bot.messages.poster import LastLook, MessageGoneError, Posted
from bot.messages.rendered import Rendered
from tests.jobs.fakes import FakePoster, PowerCut, RememberingSteps

CHANNEL, PERSON, URL = "C0", "U0", "https://hooks.test/commands/1"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ASKED = CheckRequest(("32223",), CHANNEL, PERSON, response_url=URL)
CHECKING, OUTCOME, FIRST, SECOND = (Rendered(text) for text in ("checking", "outcome", "evidence", "more evidence"))
REFUSALS = ["not_in_channel", "channel_not_found", "is_archived", "restricted_action"]


def hold(
    poster: FakePoster,
    steps: RememberingSteps | None = None,
    *,
    request: CheckRequest = ASKED,
    progress_at: tuple[timedelta, ...] = (),
    evidence: tuple[Rendered, ...] = (FIRST,),
) -> RememberingSteps:
    """Hold a whole conversation: parent, progress at these times, outcome, evidence."""
    steps = steps or RememberingSteps()
    conversation = Conversation(request, Outbox(steps, poster, key="job", clock=lambda: NOW))
    opened = conversation.open(CHECKING)
    for index, after in enumerate(progress_at):
        conversation.show_progress(opened + after, lambda index=index: Rendered(f"progress {index}"))  # type: ignore[misc]
    conversation.close(OUTCOME, evidence)
    return steps


def thread_of(poster: FakePoster, channel: str = CHANNEL) -> list[str]:
    """What stands in the thread of the only parent of a channel."""
    (ts,) = [ts for ts, shown in poster.shown.items() if shown.channel == channel and shown.thread_ts is None]
    return poster.texts(channel, thread_ts=ts)


def test_the_parent_becomes_the_outcome_and_the_evidence_stands_in_its_thread() -> None:
    poster = FakePoster()

    hold(poster, evidence=(FIRST, SECOND))

    assert poster.texts(CHANNEL) == ["outcome"]
    assert thread_of(poster) == ["evidence", "more evidence"]
    assert not poster.responses


def test_a_question_in_a_thread_is_answered_there() -> None:
    poster = FakePoster()
    topic = poster.post(CHANNEL, Rendered("topic"))

    hold(poster, request=CheckRequest(("32223",), CHANNEL, PERSON, thread_ts=topic.ts))

    assert poster.texts(CHANNEL, thread_ts=topic.ts) == ["outcome", "evidence"]


# --- progress ---


def test_a_quick_search_shows_no_progress() -> None:
    poster = FakePoster()

    steps = hold(poster, progress_at=(timedelta(seconds=1), PROGRESS_EVERY - timedelta(milliseconds=1)))

    assert steps.names == ["begin to post", "post parent", "edit parent", "post evidence"]


def test_progress_is_one_message_shown_every_three_seconds_at_most_that_becomes_the_evidence() -> None:
    poster = FakePoster()

    steps = hold(poster, progress_at=tuple(timedelta(seconds=second) for second in range(1, 10)))

    assert steps.names.count("post progress") == 1
    assert steps.names.count("edit progress") == 2
    assert thread_of(poster) == ["evidence"]


def test_a_progress_message_that_was_deleted_does_not_take_the_evidence_with_it() -> None:
    poster = FakePoster()
    steps = RememberingSteps()
    conversation = Conversation(ASKED, Outbox(steps, poster, key="job", clock=lambda: NOW))
    conversation.open(CHECKING)
    conversation.show_progress(NOW + PROGRESS_EVERY, lambda: Rendered("progress"))
    del poster.shown["ts1"]

    conversation.close(OUTCOME, [FIRST])

    assert thread_of(poster) == ["evidence"]


def test_a_progress_message_does_not_go_on_saying_that_we_look_when_there_is_no_evidence() -> None:
    poster = FakePoster()

    hold(poster, progress_at=(PROGRESS_EVERY,), evidence=())

    assert thread_of(poster) == ["outcome"]


def test_progress_that_slack_refuses_fails_nothing() -> None:
    class NoThreads(FakePoster):
        def post(
            self,
            channel: str,
            message: Rendered,
            *,
            thread_ts: str | None = None,
            mark: str | None = None,
            harmless: bool = False,
            last_look: LastLook = lambda: None,
        ) -> Posted:
            if thread_ts is not None:
                raise MessageGoneError("thread_not_found")
            return super().post(channel, message, mark=mark, harmless=harmless, last_look=last_look)

    poster = NoThreads()

    hold(poster, progress_at=(PROGRESS_EVERY, 2 * PROGRESS_EVERY))

    assert poster.texts(CHANNEL) == ["outcome"]


# --- the channel is closed ---


@pytest.mark.parametrize("code", REFUSALS)
def test_where_the_channel_refuses_the_person_is_told_why_and_gets_the_answer_directly(code: str) -> None:
    poster = FakePoster()
    poster.refusals[CHANNEL] = code

    hold(poster)

    assert [CHANNEL in response.text for response in poster.responses] == [True]
    assert poster.texts(PERSON) == ["outcome"]
    assert thread_of(poster, PERSON) == ["evidence"]


def test_a_channel_shared_with_another_company_hears_nothing() -> None:
    poster = FakePoster()
    poster.external.add(CHANNEL)

    hold(poster)

    assert poster.texts(CHANNEL) == []
    assert poster.texts(PERSON) == ["outcome"]
    assert thread_of(poster, PERSON) == ["evidence"]


def test_a_channel_that_is_shared_before_the_outcome_keeps_no_trace_of_the_question() -> None:
    poster = FakePoster()
    conversation = Conversation(ASKED, Outbox(RememberingSteps(), poster, key="job", clock=lambda: NOW))
    conversation.open(CHECKING)
    poster.external.add(CHANNEL)

    conversation.close(OUTCOME, [FIRST])

    assert poster.texts(CHANNEL) == []
    assert poster.texts(PERSON) == ["outcome"]
    assert thread_of(poster, PERSON) == ["evidence"]
    assert [CHANNEL in response.text for response in poster.responses] == [True]


def test_a_channel_that_is_shared_before_the_evidence_sends_outcome_and_evidence_to_the_person() -> None:
    class SharedAfterTheOutcome(FakePoster):
        def update(
            self, place: Posted, message: Rendered, *, harmless: bool = False, last_look: LastLook = lambda: None
        ) -> None:
            super().update(place, message, harmless=harmless, last_look=last_look)
            self.external.add(place.channel)

    poster = SharedAfterTheOutcome()

    hold(poster, evidence=(FIRST, SECOND))

    assert thread_of(poster) == []
    assert poster.texts(PERSON) == ["outcome"]
    assert thread_of(poster, PERSON) == ["evidence", "more evidence"]


def test_only_what_says_nothing_of_billing_goes_without_a_fresh_look_at_the_channel() -> None:
    poster = FakePoster()

    hold(poster, progress_at=(PROGRESS_EVERY, 2 * PROGRESS_EVERY), evidence=(FIRST, SECOND))

    parent, posted_progress, edited_progress = [(CHANNEL, True)] * 3
    outcome, first, second = [(CHANNEL, False)] * 3
    assert poster.looks == [parent, posted_progress, edited_progress, outcome, first, second]


@pytest.mark.parametrize("url", [URL, None], ids=["an expired response_url", "no response_url"])
def test_without_a_working_response_url_the_explanation_comes_directly_before_the_answer(url: str | None) -> None:
    poster = FakePoster()
    poster.refusals[CHANNEL] = "is_archived"
    poster.takes_responses = False

    hold(poster, request=CheckRequest(("32223",), CHANNEL, PERSON, response_url=url))

    explanation, answer = poster.texts(PERSON)
    assert "archived" in explanation
    assert answer == "outcome"


def test_where_the_person_cannot_be_written_to_either_the_outcome_comes_by_the_response_url() -> None:
    poster = FakePoster()
    poster.refusals |= {CHANNEL: "is_archived", PERSON: "messages_tab_disabled"}

    hold(poster)

    assert [response.text for response in poster.responses][-1] == "outcome"
    assert len(poster.responses) == 2


def test_an_answer_that_reaches_nobody_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    poster = FakePoster()
    poster.refusals |= {CHANNEL: "is_archived", PERSON: "messages_tab_disabled"}
    poster.takes_responses = False

    hold(poster)

    assert "could not be delivered" in caplog.text


def test_a_deleted_parent_is_posted_anew_with_its_evidence() -> None:
    poster = FakePoster()
    conversation = Conversation(ASKED, Outbox(RememberingSteps(), poster, key="job", clock=lambda: NOW))
    conversation.open(CHECKING)
    conversation.show_progress(NOW + PROGRESS_EVERY, lambda: Rendered("progress"))
    poster.shown.clear()

    conversation.close(OUTCOME, [FIRST])

    assert poster.texts(CHANNEL) == ["outcome"]
    assert thread_of(poster) == ["evidence"]


def test_a_channel_that_closes_before_the_outcome_is_answered_directly() -> None:
    poster = FakePoster()
    conversation = Conversation(ASKED, Outbox(RememberingSteps(), poster, key="job", clock=lambda: NOW))
    conversation.open(CHECKING)
    poster.refusals[CHANNEL] = "is_archived"

    conversation.close(OUTCOME, [FIRST])

    assert poster.texts(PERSON) == ["outcome"]
    assert thread_of(poster, PERSON) == ["evidence"]
    assert len(poster.responses) == 1


# --- cut off ---


@pytest.mark.parametrize("refusals", [{}, {CHANNEL: "is_archived"}], ids=["in the channel", "directly"])
@pytest.mark.parametrize("cut_after", range(9))
def test_a_conversation_cut_off_after_any_step_says_each_thing_once_when_it_is_held_again(
    cut_after: int, refusals: dict[str, str]
) -> None:
    progress = (PROGRESS_EVERY, 2 * PROGRESS_EVERY)
    whole = FakePoster()
    whole.refusals |= refusals
    uncut = hold(whole, progress_at=progress, evidence=(FIRST, SECOND))
    poster = FakePoster()
    poster.refusals |= refusals
    steps = RememberingSteps(cut_after=cut_after)

    if cut_after < len(uncut.names):
        with pytest.raises(PowerCut):
            hold(poster, steps, progress_at=progress, evidence=(FIRST, SECOND))
    steps.again()
    hold(poster, steps, progress_at=progress, evidence=(FIRST, SECOND))

    assert steps.names == uncut.names
    for place in (CHANNEL, PERSON):
        assert sorted(s.message.text for s in poster.shown.values() if s.channel == place) == sorted(
            s.message.text for s in whole.shown.values() if s.channel == place
        )


@pytest.mark.parametrize("lost", range(2))
def test_a_post_whose_answer_was_lost_is_not_repeated_where_it_can_be_found(lost: int) -> None:
    poster = FakePoster(losses=(lost,))

    hold(poster)

    assert poster.texts(CHANNEL) == ["outcome"]
    assert thread_of(poster) == ["evidence"]


def test_a_lost_post_is_looked_for_from_the_last_post_on_and_the_first_one_from_the_jobs_beginning() -> None:
    poster = FakePoster(losses=(0, 1))

    hold(poster)

    first, second = poster.looked_since
    assert float(first) == (NOW - timedelta(hours=2)).timestamp()
    assert second == "ts0"


def test_where_the_bot_may_not_look_no_message_that_only_fills_the_time_is_posted_again_and_the_outcome_is() -> None:
    poster = FakePoster(losses=(0, 1))
    poster.may_look = False

    hold(poster, progress_at=(PROGRESS_EVERY,))

    assert poster.texts(CHANNEL) == ["checking", "outcome", "outcome"]
    (lost, _, _) = [shown for shown in poster.shown.values() if shown.thread_ts is None]
    assert lost.message == CHECKING


def test_where_the_bot_may_not_look_lost_progress_is_left_alone_and_the_evidence_is_said_all_the_same() -> None:
    poster = FakePoster(losses=(1,))
    poster.may_look = False

    steps = hold(poster, progress_at=(PROGRESS_EVERY, 2 * PROGRESS_EVERY, 3 * PROGRESS_EVERY))

    assert steps.names.count("post progress") == 1
    assert poster.texts(CHANNEL) == ["outcome"]
    assert thread_of(poster) == ["progress 0", "evidence"]


def test_what_was_certainly_not_posted_is_posted_without_a_look() -> None:
    poster = FakePoster(losses=())
    steps = RememberingSteps(cut_after=0)  # before the first post was begun
    with pytest.raises(PowerCut):
        hold(poster, steps)
    poster.may_look = False
    steps.again()

    hold(poster, steps)

    assert [len(shown.before) for shown in poster.shown.values()] == [1, 0]
    assert poster.looked_since == []
