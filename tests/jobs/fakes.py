"""Stand-ins passed in by hand: steps that remember, and a Slack in which everything can go wrong."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.jobs.steps import FreeTurn, Turn
from bot.messages.poster import (
    CannotLookError,
    CannotPostError,
    LastLook,
    MessageGoneError,
    Posted,
    Poster,
    SlackUnavailableError,
)
from bot.messages.rendered import Rendered


class PowerCut(BaseException):
    """The process is gone at this point: nothing that code may catch."""


class RememberingSteps:
    """Steps in memory. `cut_after` loses the record of that step, counted from 0, together with everything after.

    Steps called `uncounted` are passed over in that: how many batches answers come in is a matter of time.

    Call `again` for the next run of the job: recorded steps give back their results, as JSON would.
    """

    def __init__(self, *, cut_after: int | None = None, uncounted: str = "") -> None:
        self.names: list[str] = []
        self._recorded: list[str] = []
        self._cut_after = cut_after
        self._uncounted = uncounted
        self._next = 0
        self._repeated = False
        self.turns: list[tuple[str, bool]] = []
        self.busy: set[str] = set()
        self.on_pause: Callable[[timedelta], None] = lambda _: None

    @property
    def results(self) -> list[Any]:
        """What is recorded, in order."""
        return [json.loads(each) for each in self._recorded]

    def again(self) -> None:
        self._next = 0
        self._repeated = True
        self._cut_after = None

    def run(self, name: str, effect: Callable[[bool], Any]) -> Any:
        if self._next == len(self._recorded):
            result = self._until_it_works(effect)
            counted = sum(known != self._uncounted for known in self.names)
            if counted == self._cut_after and name != self._uncounted:
                raise PowerCut
            self._recorded.append(json.dumps(result))
            self.names.append(name)
        else:
            assert self.names[self._next] == name, "a job must take the same steps each time it is run"
        self._next += 1
        return json.loads(self._recorded[self._next - 1])

    def turn(self, person: str, *, is_large: bool) -> Turn:
        self.turns.append((person, is_large))
        return FreeTurn()

    def is_busy_for(self, person: str) -> bool:
        return person in self.busy

    def pause(self, name: str, time: timedelta) -> None:
        self.run(name, lambda _: self.on_pause(time))

    def _until_it_works(self, effect: Callable[[bool], Any]) -> Any:
        repeated = self._repeated
        while True:
            try:
                result = effect(repeated)
            except SlackUnavailableError as error:
                repeated = repeated or error.may_have_arrived
            else:
                self._repeated = False
                return result


class OpenDoors:
    """A guard that lets every message through."""

    def check(self, channel: str, *, recent: bool = False) -> None:
        """Nothing is refused."""


@dataclass
class Shown:
    """A message as it stands in the fake Slack, with what it said before."""

    channel: str
    message: Rendered
    thread_ts: str | None
    mark: str | None
    before: list[Rendered] = field(default_factory=list)


class FakePoster(Poster):
    """Keeps what was said. `refusals` holds an error code for each channel or person that takes nothing.

    `losses` are the posts, counted from 0, that Slack takes while its answer is lost.
    """

    def __init__(self, *, losses: tuple[int, ...] = ()) -> None:
        self.shown: dict[str, Shown] = {}
        self.responses: deque[Rendered] = deque()
        self.refusals: dict[str, str] = {}
        self.external: set[str] = set()
        self.looks: list[tuple[str, bool]] = []
        self.takes_responses = True
        self.may_look = True
        self.looked_since: list[str] = []
        self._losses = losses
        self._posts = 0

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
        self._look(channel, harmless=harmless)
        if channel in self.refusals:
            raise CannotPostError(self.refusals[channel])
        if thread_ts is not None and thread_ts not in self.shown:
            raise MessageGoneError("thread_not_found")
        last_look()
        ts = f"ts{self._posts}"
        self.shown[ts] = Shown(channel, message, thread_ts, mark)
        self._posts += 1
        if self._posts - 1 in self._losses:
            raise SlackUnavailableError("the answer was lost")
        return Posted(channel, ts)

    def update(
        self, place: Posted, message: Rendered, *, harmless: bool = False, last_look: LastLook = lambda: None
    ) -> None:
        self._look(place.channel, harmless=harmless)
        if place.channel in self.refusals:
            raise CannotPostError(self.refusals[place.channel])
        if place.ts not in self.shown:
            raise MessageGoneError("message_not_found")
        last_look()
        shown = self.shown[place.ts]
        if shown.message != message:
            shown.before.append(shown.message)
            shown.message = message

    def respond(self, response_url: str, message: Rendered) -> bool:
        assert response_url
        if self.takes_responses:
            self.responses.append(message)
        return self.takes_responses

    def remove(self, place: Posted) -> None:
        if self.shown.pop(place.ts, None) is None:
            raise MessageGoneError("message_not_found")

    def _look(self, channel: str, *, harmless: bool) -> None:
        self.looks.append((channel, harmless))
        if channel in self.external:
            raise CannotPostError("external_channel")

    def find(self, channel: str, mark: str, *, since: str, thread_ts: str | None = None) -> Posted | None:
        self.looked_since.append(since)
        if not self.may_look:
            raise CannotLookError
        for ts, shown in self.shown.items():
            if (shown.channel, shown.mark, shown.thread_ts) == (channel, mark, thread_ts):
                return Posted(channel, ts)
        return None

    def texts(self, channel: str, *, thread_ts: str | None = None) -> list[str]:
        """What stands in a channel, or in one of its threads."""
        return [
            shown.message.text
            for shown in self.shown.values()
            if shown.channel == channel and shown.thread_ts == thread_ts
        ]
