"""The poster against a real HTTP server: what Slack says becomes what the caller can do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.messages.channel_guard import ChannelGuard
from bot.messages.poster import (
    CannotLookError,
    CannotPostError,
    MessageGoneError,
    Posted,
    Poster,
    SlackUnavailableError,
    slack_client,
)
from bot.messages.rendered import Rendered
from bot.sandbox.slack.workspace import BILLING, FINANCE, RETIRED, TECHNICIAN
from tests.jobs.fakes import OpenDoors
from tests.standins.slack import FaultySlack

BLOCKS = Rendered("words", ({"type": "section", "text": {"type": "mrkdwn", "text": "blocks", "verbatim": True}},))
WORDS = Rendered("words")
PASSING = ["internal_error", "fatal_error", "service_unavailable", "request_timeout"]

EVER = "0"
"""Slack's time before every message."""

Act = Callable[[Poster], object]


def poster_for(slack: FaultySlack) -> Poster:
    return Poster(slack_client(slack.api.bot_token, slack.api_url), OpenDoors())


def post(poster: Poster) -> object:
    return poster.post(BILLING, BLOCKS)


def edit(poster: Poster) -> object:
    poster.update(Posted(BILLING, "1.0"), BLOCKS)
    return None


def whisper(poster: Poster) -> object:
    poster.whisper(BILLING, TECHNICIAN, BLOCKS)
    return None


ACTS: dict[str, Act] = {"chat.postMessage": post, "chat.update": edit, "chat.postEphemeral": whisper}


@pytest.fixture(scope="module")
def slack_for_all() -> Iterator[FaultySlack]:
    with FaultySlack() as slack:
        yield slack


@pytest.fixture
def slack(slack_for_all: FaultySlack) -> Iterator[FaultySlack]:
    before = set(slack_for_all.api.scopes)
    yield slack_for_all
    slack_for_all.api.scopes.clear()
    slack_for_all.api.scopes |= before
    slack_for_all.workspace.messages.clear()


@pytest.fixture
def poster(slack: FaultySlack) -> Poster:
    return poster_for(slack)


def test_each_attempt_that_failed_is_counted_as_refused_or_as_worth_another(slack: FaultySlack) -> None:
    failed: list[str] = []
    poster = Poster(slack_client(slack.api.bot_token, slack.api_url), OpenDoors(), on_failure=failed.append)
    poster.post(BILLING, WORDS)
    with pytest.raises(CannotPostError):
        poster.post(RETIRED, WORDS)
    slack.fail_next("chat.postMessage", "internal_error", status=500)
    with pytest.raises(SlackUnavailableError):
        poster.post(BILLING, WORDS)
    with pytest.raises(SlackUnavailableError):
        Poster(slack_client("x", "http://127.0.0.1:9/api/"), OpenDoors(), on_failure=failed.append).post(BILLING, WORDS)
    assert failed == ["refused", "unavailable", "unavailable"]


def test_a_message_goes_out_with_words_and_blocks_and_unfolds_no_links(slack: FaultySlack, poster: Poster) -> None:
    place = poster.post(BILLING, BLOCKS)

    (message,) = slack.parents(BILLING)
    assert (message.channel, message.ts) == (place.channel, place.ts)
    assert (message.text, message.blocks) == ("words", list(BLOCKS.blocks))
    sent = slack.calls_to("chat.postMessage")[-1].args
    assert [sent["unfurl_links"] in (False, "0"), sent["unfurl_media"] in (False, "0")] == [True, True]


def test_a_message_to_a_person_says_in_which_conversation_it_landed(poster: Poster) -> None:
    assert poster.post(TECHNICIAN, WORDS).channel.startswith("D")


def test_an_edit_replaces_words_and_blocks_and_may_be_done_twice(slack: FaultySlack, poster: Poster) -> None:
    place = poster.post(BILLING, BLOCKS, mark="m")

    for _ in range(2):
        poster.update(place, Rendered("new words"))

    (message,) = slack.parents(BILLING)
    assert (message.text, message.blocks) == ("new words", [])
    assert message.metadata == {"event_type": "invoice_check", "event_payload": {"mark": "m"}}


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.postEphemeral"])
def test_refused_blocks_are_sent_as_the_same_words(slack: FaultySlack, poster: Poster, method: str, code: str) -> None:
    slack.fail_next(method, code)

    ACTS[method](poster)

    message = slack.workspace.messages[-1]
    assert (message.text, message.blocks) == ("words", [])


@pytest.mark.parametrize("method", ACTS)
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("not_in_channel", CannotPostError),
        ("channel_not_found", CannotPostError),
        ("is_archived", CannotPostError),
        ("is_inactive", CannotPostError),
        ("restricted_action_read_only_channel", CannotPostError),
        ("cannot_reply_to_message", CannotPostError),
        ("messages_tab_disabled", CannotPostError),
        ("message_not_found", MessageGoneError),
        ("thread_not_found", MessageGoneError),
        ("edit_window_closed", MessageGoneError),
        ("cant_update_message", MessageGoneError),
        ("internal_error", SlackUnavailableError),
        ("token_revoked", SlackUnavailableError),
        ("something_new", SlackUnavailableError),
    ],
)
def test_each_refusal_becomes_the_error_that_says_what_to_do(
    slack: FaultySlack, poster: Poster, method: str, code: str, error: type[Exception]
) -> None:
    slack.fail_next(method, code)

    with pytest.raises(error, match=code):
        ACTS[method](poster)


@pytest.mark.parametrize("method", ACTS)
def test_a_lost_answer_is_not_repeated_here_because_the_message_may_be_there(
    slack: FaultySlack, poster: Poster, method: str
) -> None:
    before = len(slack.calls_to(method))
    slack.drop_next_reply(method)

    with pytest.raises(SlackUnavailableError):
        ACTS[method](poster)

    assert len(slack.calls_to(method)) == before + 1


def test_a_slack_that_is_not_there_is_unavailable() -> None:
    with FaultySlack() as slack:
        gone = poster_for(slack)

    with pytest.raises(SlackUnavailableError, match="no connection"):
        gone.post(BILLING, WORDS)
    assert gone.respond(slack.response_base + "R1", WORDS) is False


# --- looking for a lost message ---


def test_a_marked_message_is_found_where_history_may_be_read(slack: FaultySlack, poster: Poster) -> None:
    slack.api.scopes.add("channels:history")
    parent = poster.post(BILLING, WORDS, mark="job/1")
    reply = poster.post(BILLING, WORDS, thread_ts=parent.ts, mark="job/2")

    assert poster.find(BILLING, "job/1", since=EVER) == parent
    assert poster.find(BILLING, "job/2", since=EVER, thread_ts=parent.ts) == reply
    assert poster.find(BILLING, "job/2", since=EVER) is None
    assert poster.find(BILLING, "job/3", since=EVER) is None


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_marked_message_is_found_however_many_came_after_it_and_before(
    slack: FaultySlack, poster: Poster, *, in_thread: bool
) -> None:
    slack.api.scopes.add("channels:history")
    root = poster.post(BILLING, WORDS).ts if in_thread else None
    for index in range(300):
        slack.workspace.post(BILLING, TECHNICIAN, f"earlier {index}", thread_ts=root)
    since = slack.workspace.messages[-1].ts
    place = poster.post(BILLING, WORDS, thread_ts=root, mark="job/1")
    for index in range(450):
        slack.workspace.post(BILLING, TECHNICIAN, f"later {index}", thread_ts=root)
    slack.calls.clear()

    assert poster.find(BILLING, "job/1", since=since, thread_ts=root) == place
    assert len(slack.calls) <= 3
    assert poster.find(BILLING, "job/1", since=place.ts, thread_ts=root) is None


def test_a_message_to_a_person_whose_answer_was_lost_is_found_again(slack: FaultySlack, poster: Poster) -> None:
    direct = poster.post(TECHNICIAN, WORDS)
    slack.drop_next_reply("chat.postMessage")
    with pytest.raises(SlackUnavailableError):
        poster.post(TECHNICIAN, WORDS, mark="check:1/2")

    found = poster.find(TECHNICIAN, "check:1/2", since=direct.ts)

    assert found == Posted(direct.channel, slack.workspace.messages[-1].ts)


def test_an_edited_message_keeps_its_mark(slack: FaultySlack, poster: Poster) -> None:
    slack.api.scopes.add("channels:history")
    parent = poster.post(BILLING, WORDS, mark="job/1")
    poster.update(parent, BLOCKS)

    assert poster.find(BILLING, "job/1", since=EVER) == parent


def test_where_history_may_not_be_read_nobody_can_tell_what_stands_there(poster: Poster) -> None:
    poster.post(BILLING, WORDS, mark="job/1")

    for channel in (BILLING, FINANCE):
        with pytest.raises(CannotLookError):
            poster.find(channel, "job/1", since=EVER)


@pytest.mark.parametrize("code", PASSING)
def test_a_passing_error_while_looking_does_not_say_that_nothing_is_there(
    slack: FaultySlack, poster: Poster, code: str
) -> None:
    slack.fail_next("conversations.history", code)
    with pytest.raises(SlackUnavailableError):
        poster.find(BILLING, "job/1", since=EVER)

    slack.fail_next("conversations.replies", "anything", status=503)
    with pytest.raises(SlackUnavailableError):
        poster.find(BILLING, "job/1", since=EVER, thread_ts="1.0")


# --- response_url ---


def response_url(slack: FaultySlack) -> str:
    url: str = slack.slash("32223", channel=RETIRED).payload["response_url"]
    return url


def test_a_response_is_seen_by_the_person_only(slack: FaultySlack, poster: Poster) -> None:
    assert poster.respond(response_url(slack), BLOCKS) is True

    (message,) = [m for m in slack.ephemerals(TECHNICIAN) if m.user == slack.workspace.bot.id]
    assert (message.channel, message.text) == (RETIRED, "words")


def test_a_response_whose_blocks_are_refused_comes_as_words(slack: FaultySlack, poster: Poster) -> None:
    slack.refuse_blocks("section")
    try:
        assert poster.respond(response_url(slack), BLOCKS) is True
    finally:
        slack.refuse_blocks()
    assert [m.blocks for m in slack.ephemerals(TECHNICIAN) if m.user == slack.workspace.bot.id] == [[]]


def test_an_expired_response_url_is_reported(slack: FaultySlack, poster: Poster) -> None:
    url = response_url(slack)
    slack.expire_response_urls()

    assert poster.respond(url, WORDS) is False


def test_a_channel_that_refuses_for_a_reason_we_do_not_know_is_believed_at_the_third_time(
    slack: FaultySlack, poster: Poster
) -> None:
    slack.fail_next("chat.postMessage", "odd_error", times=3)

    for _ in range(2):
        with pytest.raises(SlackUnavailableError, match="odd_error"):
            poster.post(BILLING, WORDS)
    with pytest.raises(CannotPostError, match="odd_error"):
        poster.post(BILLING, WORDS)


def test_a_channel_that_is_asked_too_much_says_when_to_come_again_and_is_not_asked_before(
    slack: FaultySlack, poster: Poster
) -> None:
    slack.fail_next("chat.postMessage", "ratelimited", status=429, retry_after=30)
    calls = len(slack.calls)

    for least in (29, 30):
        with pytest.raises(SlackUnavailableError) as caught:
            poster.post(BILLING, WORDS)
        assert caught.value.after is not None
        assert least <= caught.value.after <= least + 1

    assert len(slack.calls) == calls + 1
    poster.post(TECHNICIAN, WORDS)


def test_a_wait_that_would_outlast_the_day_is_not_believed(slack: FaultySlack, poster: Poster) -> None:
    slack.fail_next("chat.postMessage", "ratelimited", status=429, retry_after=10**15)

    with pytest.raises(SlackUnavailableError) as caught:
        poster.post(BILLING, WORDS)

    assert caught.value.after is not None
    assert caught.value.after <= 3_600


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "team_added_to_org"])
def test_a_token_that_is_to_be_mended_says_nothing_of_a_channel_or_a_person(
    slack: FaultySlack, poster: Poster, code: str
) -> None:
    guard = ChannelGuard(slack_client(slack.api.bot_token, slack.api_url))
    acts: dict[str, Callable[[], object]] = {
        "conversations.info": lambda: guard.check(BILLING),
        "users.info": lambda: poster.technician(TECHNICIAN),
        "conversations.history": lambda: poster.find(BILLING, "mark", since=EVER),
    }
    for method, act in acts.items():
        slack.fail_next(method, code)
        with pytest.raises(SlackUnavailableError, match=code):
            act()


def test_a_message_whose_words_are_refused_too_comes_in_the_plainest_words_there_are(
    slack: FaultySlack, poster: Poster
) -> None:
    slack.fail_next("chat.postMessage", "invalid_blocks", times=2)
    loud = Rendered("🚨 Ticket #32223 · *NOT INVOICED*\nmore words", BLOCKS.blocks)

    poster.post(BILLING, loud)

    words = "Ticket #32223 NOT INVOICED - Slack does not take the rest of this message."
    assert slack.workspace.messages[-1].text == words


def test_a_message_that_slack_takes_in_no_form_is_refused_and_not_tried_for_ever(
    slack: FaultySlack, poster: Poster
) -> None:
    slack.fail_next("chat.postMessage", "invalid_blocks", times=3)

    with pytest.raises(CannotPostError, match="invalid_blocks"):
        poster.post(BILLING, BLOCKS)


def test_what_is_taken_in_no_form_to_be_deleted_or_unfolded_is_a_refusal_too(
    slack: FaultySlack, poster: Poster
) -> None:
    acts: dict[str, Callable[[], object]] = {
        "chat.delete": lambda: poster.remove(Posted(BILLING, "1.0")),
        "chat.unfurl": lambda: poster.unfurl(Posted(BILLING, "1.0"), {"https://sample.example": WORDS}),
    }
    for method, act in acts.items():
        slack.fail_next(method, "invalid_arguments")
        with pytest.raises(CannotPostError, match="invalid_arguments"):
            act()


def test_the_last_look_keeps_a_message_back(slack: FaultySlack, poster: Poster) -> None:
    class TooOldError(Exception):
        pass

    def look() -> None:
        raise TooOldError

    calls = len(slack.calls)
    with pytest.raises(TooOldError):
        poster.post(BILLING, WORDS, last_look=look)
    with pytest.raises(TooOldError):
        poster.update(Posted(BILLING, "1.0"), WORDS, last_look=look)
    with pytest.raises(TooOldError):
        poster.attach(Posted(BILLING, "1.0"), name="a", content="b", comment="c", last_look=look)
    assert len(slack.calls) == calls
