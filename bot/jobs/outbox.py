"""What a job says in Slack: each message is a step, so it is said once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.jobs.steps import Steps
from bot.messages.poster import CannotPostError, MessageGoneError, Posted, Poster
from bot.messages.rendered import Rendered

THREAD_GONE = "thread_not_found"


@dataclass(frozen=True)
class Sent:
    """What came of posting: the place, or Slack's word for why not."""

    at: datetime
    place: Posted | None
    refused: str = ""


class Outbox:
    """Posts and edits as steps of one job. `key` names the job; every message carries it as a mark."""

    def __init__(self, steps: Steps, poster: Poster, *, key: str, clock: Callable[[], datetime]) -> None:
        self._steps = steps
        self._poster = poster
        self._key = key
        self._clock = clock
        self._messages = 0

    def post(
        self, step: str, channel: str, message: Rendered, *, thread_ts: str | None = None, harmless: bool = False
    ) -> Sent:
        """Post a message; one that is `harmless` says nothing of billing."""
        self._messages += 1
        mark = f"{self._key}/{self._messages}"

        def post(repeated: bool) -> dict[str, Any]:
            at = self._clock().isoformat()
            posted = self._poster.find(channel, mark, thread_ts=thread_ts) if repeated else None
            try:
                posted = posted or self._poster.post(
                    channel, message, thread_ts=thread_ts, mark=mark, harmless=harmless
                )
            except CannotPostError as error:
                return {"refused": error.code, "at": at}
            except MessageGoneError:
                return {"refused": THREAD_GONE, "at": at}
            return {"channel": posted.channel, "ts": posted.ts, "at": at}

        done = self._steps.run(step, post)
        at = datetime.fromisoformat(done["at"])
        if "refused" in done:
            return Sent(at, None, done["refused"])
        return Sent(at, Posted(done["channel"], done["ts"]))

    def edit(self, step: str, place: Posted, message: Rendered, *, harmless: bool = False) -> bool:
        """Replace a message of our own; False when it is gone or its channel refuses."""

        def edit(_: bool) -> dict[str, bool]:
            try:
                self._poster.update(place, message, harmless=harmless)
            except (CannotPostError, MessageGoneError):
                return {"done": False}
            return {"done": True}

        return bool(self._steps.run(step, edit)["done"])

    def remove(self, step: str, place: Posted) -> None:
        """Delete a message of our own, where that can be done."""

        def remove(_: bool) -> None:
            with contextlib.suppress(CannotPostError, MessageGoneError):
                self._poster.remove(place)

        self._steps.run(step, remove)

    def respond(self, step: str, response_url: str, message: Rendered) -> bool:
        """Tell the person who used a command; False when Slack no longer takes it."""
        return bool(self._steps.run(step, lambda _: self._poster.respond(response_url, message)))

    def attach(self, step: str, place: Posted, *, name: str, content: str, comment: str) -> bool:
        """Put a text file into the thread of a message; False when Slack does not take it."""

        def attach(_: bool) -> dict[str, bool]:
            try:
                return {"done": self._poster.attach(place, name=name, content=content, comment=comment)}
            except CannotPostError:
                return {"done": False}

        return bool(self._steps.run(step, attach)["done"])
