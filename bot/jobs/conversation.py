"""The bot's side of one conversation: a parent message edited to its outcome, and a thread with the evidence.

Each post is a step of the job. Where the channel refuses the bot, the person who asked is told so and the answer
goes to them directly: it is never lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.messages.check_messages import cannot_post
from bot.messages.poster import EXTERNAL_CHANNEL, CannotPostError, MessageGoneError, Posted, Poster
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)

PROGRESS_EVERY = timedelta(seconds=3)


class Conversation:
    """Talks to the person who asked. `key` names the job; every message carries it as a mark."""

    def __init__(
        self, request: CheckRequest, steps: Steps, poster: Poster, *, key: str, clock: Callable[[], datetime]
    ) -> None:
        self._request = request
        self._steps = steps
        self._poster = poster
        self._key = key
        self._clock = clock
        self._messages = 0
        self._parent: Posted | None = None
        self._thread: str | None = request.thread_ts
        self._progress: Posted | None = None
        self._shown_at: datetime | None = None

    def open(self, parent: Rendered) -> datetime:
        """Post the parent where the question was asked. Returns when that was."""
        channel = self._request.channel
        opened = self._steps.run("post parent", self._posting(channel, parent, self._thread, guarded=True))
        if "refused" in opened:
            self._turn_to_person(opened["refused"], parent)
        else:
            self._parent = _place(opened)
        if self._parent is not None and self._thread is None:
            self._thread = self._parent.ts
        self._shown_at = datetime.fromisoformat(opened["at"])
        return self._shown_at

    def show_progress(self, at: datetime, message: Callable[[], Rendered]) -> None:
        """Keep one message in the thread up to date, at most every three seconds; failing here fails nothing."""
        if self._parent is None or self._shown_at is None or at - self._shown_at < PROGRESS_EVERY:
            return
        self._shown_at = at
        shown = message()
        place, thread = self._progress, self._thread
        if place is None:
            posted = self._steps.run("post progress", self._posting(self._parent.channel, shown, thread))
            self._progress = None if "refused" in posted else _place(posted)
        else:
            self._steps.run("edit progress", self._editing(place, shown))

    def close(self, parent: Rendered, thread: Sequence[Rendered]) -> None:
        """Edit the parent to its outcome and put the evidence into the thread.

        Without evidence a progress message says the outcome too: it must not go on saying that we are looking.
        """
        if self._parent is not None and not self._finish_parent(self._parent, parent):
            self._parent = None
        if self._parent is None:
            self._answer_by_response_url(parent)
            return
        evidence = list(thread) or ([parent] if self._progress is not None else [])
        if self._progress is not None and evidence:
            edited = self._steps.run("edit progress to evidence", self._editing(self._progress, evidence[0]))
            evidence = evidence[1:] if edited["done"] else evidence
        for message in evidence:
            posting = self._posting(self._parent.channel, message, self._thread)
            self._steps.run("post evidence", posting)

    def _finish_parent(self, place: Posted, outcome: Rendered) -> bool:
        edited = self._steps.run("edit parent", self._editing(place, outcome))
        if edited["done"]:
            return True
        # The parent was deleted, or the channel closed meanwhile: say it anew, there or to the person.
        self._progress = None
        self._thread = self._request.thread_ts
        opened = self._steps.run("post outcome anew", self._posting(place.channel, outcome, self._thread))
        if "refused" in opened:
            self._turn_to_person(opened["refused"], outcome)
        else:
            self._parent = _place(opened)
            self._thread = self._thread or self._parent.ts
        return self._parent is not None

    def _turn_to_person(self, code: str, parent: Rendered) -> None:
        """Tell the person why the channel stays silent, and go on in a direct message."""
        request = self._request
        self._parent, self._thread = None, None
        why = Rendered(cannot_post(request.channel, code))
        told = False
        if request.response_url is not None:
            url = request.response_url
            told = self._steps.run("explain", lambda _: self._poster.respond(url, why))
        if not told:
            self._steps.run("explain directly", self._posting(request.user, why, None))
        opened = self._steps.run("post parent directly", self._posting(request.user, parent, None))
        if "refused" not in opened:
            self._parent = _place(opened)
            self._thread = self._parent.ts

    def _answer_by_response_url(self, outcome: Rendered) -> None:
        url = self._request.response_url
        done = url is not None and self._steps.run("respond", lambda _: self._poster.respond(url, outcome))
        if not done:
            log.error("The answer to %s could not be delivered: Slack refuses the channel and the person", self._key)

    def _posting(
        self, channel: str, message: Rendered, thread_ts: str | None, *, guarded: bool = False
    ) -> Callable[[bool], dict[str, Any]]:
        """The effect of posting; `guarded` keeps billing data out of channels shared with another company."""
        self._messages += 1
        mark = f"{self._key}/{self._messages}"

        def post(repeated: bool) -> dict[str, Any]:
            at = self._clock().isoformat()
            if guarded and not self._request.direct and self._poster.is_external(channel):
                return {"refused": EXTERNAL_CHANNEL, "at": at}
            posted = self._poster.find(channel, mark, thread_ts=thread_ts) if repeated else None
            try:
                posted = posted or self._poster.post(channel, message, thread_ts=thread_ts, mark=mark)
            except CannotPostError as error:
                return {"refused": error.code, "at": at}
            except MessageGoneError:
                return {"refused": "thread_not_found", "at": at}
            return {"channel": posted.channel, "ts": posted.ts, "at": at}

        return post

    def _editing(self, place: Posted, message: Rendered) -> Callable[[bool], dict[str, bool]]:
        def edit(_: bool) -> dict[str, bool]:
            try:
                self._poster.update(place, message)
            except (CannotPostError, MessageGoneError):
                return {"done": False}
            return {"done": True}

        return edit


def _place(posted: dict[str, Any]) -> Posted:
    return Posted(posted["channel"], posted["ts"])
