"""The bot's side of one conversation: a parent message edited to its outcome, and a thread with the evidence.

Each post is a step of the job. Where the channel refuses the bot, the person who asked is told so and the answer
goes to them directly: it is never lost.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.billing.search.scheduler import Progress
from bot.counting import counted
from bot.jobs.execution import LeftWorkerError
from bot.jobs.look import Look, OldNewsError
from bot.jobs.outbox import Outbox
from bot.jobs.replies import OwnReplies
from bot.jobs.request import CheckRequest
from bot.messages.check_messages import cannot_post, progress
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered
from bot.words.plain import held_back_in_words, strung

T = TypeVar("T")

log = logging.getLogger(__name__)

PROGRESS_EVERY = timedelta(seconds=3)


@dataclass(frozen=True)
class Outcome:
    """A message that says the outcome. `thread_ts` is the root of the thread in which it stands, if it does."""

    place: Posted
    thread_ts: str | None


class Conversation:
    """Talks to the person who asked: where they asked, or directly once the channel has refused."""

    def __init__(self, request: CheckRequest, outbox: Outbox) -> None:
        self._request = request
        self._outbox = outbox
        self._is_turned_away = False
        self._parent: Posted | None = None
        self._replies = OwnReplies(outbox, request.channel, request.thread_ts, "evidence")
        self._shown_at: datetime | None = None
        self._outcomes: dict[Posted, Outcome] = {}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Where the outcome was said; empty when no message could be posted."""
        return tuple(self._outcomes.values())

    def open(self, parent: Rendered) -> datetime:
        """Post the parent where the question was asked. Returns when that was."""
        request = self._request
        sent = self._outbox.post(
            "post parent", request.channel, parent, thread_ts=request.thread_ts, harmless=True, passing=True
        )
        if sent.refused:
            self._explain(sent.refused)
            self._stand(self._outbox.post("post parent directly", request.user, parent, harmless=True).place)
        else:
            self._stand(sent.place)
        self._shown_at = sent.at
        return sent.at

    def show_progress(self, at: datetime, message: Callable[[], Rendered]) -> None:
        """Keep one message in the thread up to date, at most every three seconds; failing here fails nothing."""
        if self._parent is None or self._shown_at is None or at - self._shown_at < PROGRESS_EVERY:
            return
        self._shown_at = at
        if self._replies.places:
            self._outbox.edit("edit progress", self._replies.places[0], message(), harmless=True)
            return
        sent = self._outbox.post(
            "post progress",
            self._parent.channel,
            message(),
            thread_ts=self._root(self._parent),
            harmless=True,
            passing=True,
        )
        if sent.place is not None:
            self._replies.places.append(sent.place)
        elif not sent.refused:
            self._shown_at = None  # one may stand there: no second one

    def close(self, outcome: Rendered, evidence: Sequence[Rendered]) -> None:
        """Let the parent say the outcome and the thread the evidence; said again, both are brought up to date.

        Without evidence a progress message says the outcome too: it must not go on saying that we are looking.

        Raises:
            OldNewsError: it had grown old before all was said.

        """
        if not self._say(outcome):
            self._answer_by_response_url(outcome)
            return
        thread = list(evidence) or ([outcome] if self._replies.places else [])
        refused = self._replies.show(thread)
        if refused and not self._is_turned_away and not self._request.direct:
            # The channel was closed or shared meanwhile: the person gets the whole of it instead.
            self._explain(refused)
            if self._say(outcome):
                self._replies.show(thread)

    def hold(
        self, answer: Callable[[], None], broke_down: Callable[[], None], engine_error: type[Exception]
    ) -> dict[str, str] | None:
        """Answer. An error of our own still gives the person an answer: `broke_down` gives it.

        Returns where the answer stands. `engine_error` is what the job engine raises when it stops under us.
        """
        try:
            answer()
        except engine_error:
            raise
        except LeftWorkerError as leaving:
            if leaving.after is None:
                self._withdraw()
            raise
        except Exception:
            log.exception("The job %s broke down", self._outbox.key)
            self._outbox.basis = None
            broke_down()
        place = self._parent
        return None if place is None else {"channel": place.channel, "ts": place.ts}

    def follow(self, seconds_held_back: Callable[[], float]) -> Callable[[Progress], None]:
        """What shows progress, and for how long Syncro's limit holds us back."""

        def show(now: Progress) -> None:
            def message() -> Rendered:
                what = f"{counted(now.invoices_read, 'invoice')} read" if now.invoices_read else "reading tickets"
                held_back = held_back_in_words(seconds_held_back())
                return progress(now.tickets_done, now.tickets, strung(", ", what, held_back))

            self.show_progress(now.at, message)

        return show

    def say_fresh(self, look: Callable[[bool], tuple[T, Look]], say: Callable[[T], None]) -> T:
        """Look (again or not) and say what was found, until it is said while it is fresh. Returns what was said."""
        for looks in itertools.count():
            found, self._outbox.basis = look(looks > 0)
            with contextlib.suppress(OldNewsError):
                say(found)
                return found
        raise AssertionError("unreachable: the count has no end")

    def _withdraw(self) -> None:
        """Take back what says that we are looking, where nothing more will be said."""
        if not self._outcomes:
            for place in self._replies.places:
                self._outbox.withdraw(place)

    def _say(self, outcome: Rendered) -> bool:
        """Let the parent say the outcome; where it is gone, or its channel refuses, say it anew."""
        lost = self._parent
        if lost is None or not self._outbox.edit("edit parent", lost, outcome).done:
            self._stand(self._post_anew(outcome, lost))
        if self._parent is None:
            return False
        root = self._root(self._parent)
        self._outcomes[self._parent] = Outcome(self._parent, None if root == self._parent.ts else root)
        return True

    def _post_anew(self, outcome: Rendered, lost: Posted | None) -> Posted | None:
        request = self._request
        if not self._is_turned_away:
            sent = self._outbox.post("post outcome anew", request.channel, outcome, thread_ts=request.thread_ts)
            if sent.place is not None:
                return sent.place
            if lost is not None:
                self._outbox.remove("remove parent", lost)  # it would say "checking…" for ever
            self._explain(sent.refused)
        return self._outbox.post("post outcome directly", request.user, outcome).place

    def _stand(self, parent: Posted | None) -> None:
        """Go on with another parent, or without one."""
        self._parent = parent
        if parent is not None:
            self._replies = OwnReplies(self._outbox, parent.channel, self._root(parent), "evidence")

    def _root(self, parent: Posted) -> str:
        """The thread in which our replies stand."""
        asked_in = None if self._is_turned_away else self._request.thread_ts
        return asked_in or parent.ts

    def _explain(self, code: str) -> None:
        """Tell the person why the channel stays silent, and turn to them from here on."""
        request = self._request
        self._is_turned_away, self._parent = True, None
        why = Rendered(cannot_post(request.channel, code))
        url = request.response_url
        if url is None or not self._outbox.respond("explain", url, why, harmless=True):
            self._outbox.post("explain directly", request.user, why, harmless=True)

    def _answer_by_response_url(self, outcome: Rendered) -> None:
        url = self._request.response_url
        if url is None or not self._outbox.respond("respond", url, outcome):
            channel = self._request.channel
            log.error("An answer could not be delivered: Slack refuses channel %s and the person", channel)
