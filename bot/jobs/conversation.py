"""The bot's side of one conversation: a parent message edited to its outcome, and a thread with the evidence.

Each post is a step of the job. Where the channel refuses the bot, the person who asked is told so and the answer
goes to them directly: it is never lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.jobs.outbox import Outbox
from bot.jobs.request import CheckRequest
from bot.messages.check_messages import cannot_post
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)

PROGRESS_EVERY = timedelta(seconds=3)


@dataclass(frozen=True)
class Outcome:
    """A message that says the outcome. `thread_ts` is the root of the thread in which it stands, if it does."""

    place: Posted
    thread_ts: str | None


class Conversation:
    """Talks to the person who asked."""

    def __init__(self, request: CheckRequest, outbox: Outbox) -> None:
        self._request = request
        self._outbox = outbox
        self._parent: Posted | None = None
        self._thread: str | None = request.thread_ts
        self._progress: Posted | None = None
        self._shown_at: datetime | None = None
        self._outcomes: list[Outcome] = []

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Where the outcome was said; empty when no message could be posted."""
        return tuple(self._outcomes)

    def open(self, parent: Rendered) -> datetime:
        """Post the parent where the question was asked. Returns when that was."""
        request = self._request
        sent = self._outbox.post("post parent", request.channel, parent, thread_ts=self._thread, harmless=True)
        if sent.place is None:
            self._turn_to_person(sent.refused, parent)
        else:
            self._parent = sent.place
            self._thread = self._thread or sent.place.ts
        self._shown_at = sent.at
        return sent.at

    def show_progress(self, at: datetime, message: Callable[[], Rendered]) -> None:
        """Keep one message in the thread up to date, at most every three seconds; failing here fails nothing."""
        if self._parent is None or self._shown_at is None or at - self._shown_at < PROGRESS_EVERY:
            return
        self._shown_at = at
        if self._progress is None:
            sent = self._outbox.post(
                "post progress", self._parent.channel, message(), thread_ts=self._thread, harmless=True
            )
            self._progress = sent.place
        else:
            self._outbox.edit("edit progress", self._progress, message(), harmless=True)

    def close(self, parent: Rendered, thread: Sequence[Rendered]) -> None:
        """Edit the parent to its outcome and put the evidence into the thread.

        Without evidence a progress message says the outcome too: it must not go on saying that we are looking.
        """
        if self._parent is not None and not self._finish_parent(self._parent, parent):
            self._parent = None
        if self._parent is None:
            self._answer_by_response_url(parent)
            return
        self._note_outcome()
        evidence = list(thread) or ([parent] if self._progress is not None else [])
        if self._progress is not None and evidence:
            edited = self._outbox.edit("edit progress to evidence", self._progress, evidence[0])
            evidence = evidence[1:] if edited.done else evidence
        for message in evidence:
            self._post_evidence(parent, message)

    def _post_evidence(self, parent: Rendered, message: Rendered) -> None:
        """Put evidence into the thread; where that is refused, the person gets the outcome and the rest of it."""
        place = self._parent
        if place is None:
            return
        sent = self._outbox.post("post evidence", place.channel, message, thread_ts=self._thread)
        if sent.place is None and place.channel == self._request.channel and not self._request.direct:
            self._turn_to_person(sent.refused, parent)
            self._note_outcome()
            self._post_evidence(parent, message)

    def _note_outcome(self) -> None:
        if self._parent is not None:
            self._outcomes.append(Outcome(self._parent, None if self._thread == self._parent.ts else self._thread))

    def _finish_parent(self, place: Posted, outcome: Rendered) -> bool:
        if self._outbox.edit("edit parent", place, outcome).done:
            return True
        # The parent was deleted, or the channel closed meanwhile: say it anew, there or to the person.
        self._progress = None
        self._thread = self._request.thread_ts
        sent = self._outbox.post("post outcome anew", place.channel, outcome, thread_ts=self._thread)
        if sent.place is None:
            self._outbox.remove("remove parent", place)  # it would say "checking…" for ever
            self._turn_to_person(sent.refused, outcome)
        else:
            self._parent = sent.place
            self._thread = self._thread or sent.place.ts
        return self._parent is not None

    def _turn_to_person(self, code: str, parent: Rendered) -> None:
        """Tell the person why the channel stays silent, and go on in a direct message."""
        request = self._request
        self._parent, self._thread = None, None
        why = Rendered(cannot_post(request.channel, code))
        url = request.response_url
        if url is None or not self._outbox.respond("explain", url, why):
            self._outbox.post("explain directly", request.user, why)
        sent = self._outbox.post("post parent directly", request.user, parent)
        if sent.place is not None:
            self._parent = sent.place
            self._thread = sent.place.ts

    def _answer_by_response_url(self, outcome: Rendered) -> None:
        url = self._request.response_url
        if url is None or not self._outbox.respond("respond", url, outcome):
            channel = self._request.channel
            log.error("An answer could not be delivered: Slack refuses channel %s and the person", channel)
