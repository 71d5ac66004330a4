"""Replies without a check: later, to one person, and never a reason to break."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.listeners.replies import Replies
from bot.messages.poster import CannotPostError, LastLook, MessageGoneError, Posted, Poster, SlackUnavailableError
from bot.messages.rendered import Rendered

HELP = Rendered("help")


class Listening(Poster):
    """Notes what is said; raises `error` instead, where one is given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.said: list[tuple[str, ...]] = []
        self.error = error

    def _note(self, *what: str) -> None:
        if self.error is not None:
            raise self.error
        self.said.append(what)

    def post(
        self,
        channel: str,
        message: Rendered,
        *,
        thread_ts: str | None = None,
        mark: str | None = None,
        harmless: bool = False,
        last_look: LastLook = lambda: None,  # noqa: ARG002
    ) -> Posted:
        assert mark is None
        assert not harmless
        self._note("post", channel, message.text, thread_ts or "")
        return Posted(channel, "ts")

    def whisper(self, channel: str, user: str, message: Rendered, *, thread_ts: str | None = None) -> None:
        self._note("whisper", channel, user, message.text, thread_ts or "")

    def respond(self, response_url: str, message: Rendered) -> bool:
        self._note("respond", response_url, message.text)
        return response_url != "expired"


def at_once(work: Callable[[], Any]) -> None:
    work()


def test_nothing_is_sent_before_its_turn() -> None:
    poster, waiting = Listening(), list[Callable[[], Any]]()
    replies = Replies(poster, waiting.append)

    replies.say("C0", "U0", HELP, None, direct=False)
    replies.respond("url", HELP)

    assert poster.said == []
    for work in waiting:
        work()
    assert [how for how, *_ in poster.said] == ["whisper", "respond"]


def test_a_reply_in_a_channel_is_for_the_person_only_and_in_the_thread_of_the_question() -> None:
    poster = Listening()

    Replies(poster, at_once).say("C0", "U0", HELP, "1.0", direct=False)

    assert poster.said == [("whisper", "C0", "U0", "help", "1.0")]


def test_a_reply_to_a_direct_message_is_an_ordinary_message() -> None:
    poster = Listening()

    Replies(poster, at_once).say("D0", "U0", HELP, None, direct=True)

    assert poster.said == [("post", "D0", "help", "")]


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize(
    "error", [CannotPostError("is_archived"), MessageGoneError("gone"), SlackUnavailableError("away")]
)
def test_a_reply_that_slack_refuses_is_said_in_the_log(
    caplog: pytest.LogCaptureFixture, error: Exception, *, direct: bool
) -> None:
    Replies(Listening(error), at_once).say("C0", "U0", HELP, None, direct=direct)

    assert str(error) in caplog.text


def test_an_expired_response_url_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    Replies(Listening(), at_once).respond("expired", HELP)

    assert "response_url" in caplog.text


def test_while_slack_is_away_a_reply_is_tried_again_and_holds_no_thread() -> None:
    poster = Listening(SlackUnavailableError("away", after=7))
    waiting: list[tuple[float, Callable[[], Any]]] = []
    replies = Replies(poster, at_once, lambda seconds, work: waiting.append((seconds, work)))

    replies.say("C0", "U0", HELP, None, direct=False)
    ((seconds, again),) = waiting
    poster.error = None
    again()

    assert seconds == 7
    assert poster.said == [("whisper", "C0", "U0", "help", "")]


def test_a_reply_that_no_channel_takes_for_ten_minutes_is_said_directly_at_last() -> None:
    class Away(Listening):
        def _note(self, *what: str) -> None:
            if what[0] == "whisper":
                raise SlackUnavailableError("away")
            super()._note(*what)

    poster = Away()
    Replies(poster, at_once, lambda _, work: work()).say("C0", "U0", HELP, None, direct=False)

    assert poster.said == [("post", "U0", "help", "")]


def test_a_reply_that_a_button_s_address_does_not_take_at_once_is_tried_again_a_few_times() -> None:
    poster, waits = Listening(), list[float]()

    def after(seconds: float, work: Callable[[], Any]) -> None:
        waits.append(seconds)
        work()

    Replies(poster, at_once, after).respond("expired", HELP)

    assert len(poster.said) == 3
    assert len(waits) == 2
