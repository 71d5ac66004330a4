"""What a job says in Slack: each message is a step, so it is said once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.jobs.look import Look, OldNewsError
from bot.jobs.steps import Steps
from bot.messages.poster import (
    CannotLookError,
    CannotPostError,
    MessageGoneError,
    Posted,
    Poster,
    SlackUnavailableError,
)
from bot.messages.rendered import Rendered

GONE = "message_not_found"
"""Our word for a message to edit, or a thread to answer in, that is no longer there."""
_CLOCKS_DIFFER = timedelta(hours=2)
"""How far our clock may be ahead of Slack's when a job's first message is looked for."""


@dataclass(frozen=True)
class Sent:
    """What came of posting: the place, or Slack's word for why not; neither for one that was left out."""

    at: datetime
    place: Posted | None
    refused: str = ""


@dataclass(frozen=True)
class Edited:
    """What came of editing: done, or why not."""

    done: bool
    refused: str = ""


@dataclass(frozen=True)
class Refusal:
    """A channel that took no message, and Slack's word or ours for why."""

    channel: str
    why: str


class Outbox:
    """Posts and edits as steps of one job. `key` names the job; every message carries it as a mark.

    A message that may have been posted already is looked for from the job's last post on, by Slack's own time; from
    its beginning where there is none.

    What is not `harmless` rests on the look that `basis` names, and is not said once that is old: `post`, `edit`,
    `respond` and `attach` raise `OldNewsError` then.
    """

    def __init__(self, steps: Steps, poster: Poster, *, key: str, clock: Callable[[], datetime]) -> None:
        self._steps = steps
        self._poster = poster
        self.key = key
        self._clock = clock
        self._messages = 0
        self.refusals: list[Refusal] = []
        self._since = ""
        """Slack's time (a ts) before which none of the messages to come can stand."""
        self.basis: Look | None = None

    def post(
        self,
        step: str,
        channel: str,
        message: Rendered,
        *,
        thread_ts: str | None = None,
        harmless: bool = False,
        passing: bool = False,
    ) -> Sent:
        """Post a message; one that is `harmless` says nothing of billing.

        One that is only `passing` is left out where nobody can tell whether it stands already: it would stay there.
        """
        self._messages += 1
        since = self._since or self._begin()
        mark = f"{self.key}/{self._messages}"
        look = self._last_look(harmless=harmless)

        def post(repeated: bool) -> dict[str, Any]:
            at = self._clock().isoformat()
            try:
                posted = self._find(channel, mark, since, thread_ts, passing=passing) if repeated else None
                posted = posted or self._poster.post(
                    channel, message, thread_ts=thread_ts, mark=mark, harmless=harmless, last_look=look
                )
            except OldNewsError:
                return {"old": True, "at": at}
            except CannotLookError:
                return {"left_out": True, "at": at}
            except CannotPostError as error:
                return {"refused": error.code, "at": at}
            except MessageGoneError:
                return {"refused": GONE, "at": at}
            return {"channel": posted.channel, "ts": posted.ts, "at": at}

        done = self._run(step, post)
        at = datetime.fromisoformat(done["at"])
        if "left_out" in done:
            return Sent(at, None)
        if "refused" in done:
            self.refusals.append(Refusal(channel, done["refused"]))
            return Sent(at, None, done["refused"])
        self._since = done["ts"]
        return Sent(at, Posted(done["channel"], done["ts"]))

    def _find(self, channel: str, mark: str, since: str, thread_ts: str | None, *, passing: bool) -> Posted | None:
        try:
            return self._poster.find(channel, mark, since=since, thread_ts=thread_ts)
        except CannotLookError:
            if passing:
                raise
            return None

    def edit(
        self, step: str, place: Posted, message: Rendered | Callable[[], Rendered], *, harmless: bool = False
    ) -> Edited:
        """Replace a message of our own.

        A message that others edit too is given as a function: it is drawn again until nothing has changed meanwhile.
        """
        draw = message if callable(message) else lambda: message
        look = self._last_look(harmless=harmless)

        def edit(_: bool) -> dict[str, Any]:
            try:
                shown = None
                while (drawn := draw()) != shown:
                    self._poster.update(place, drawn, harmless=harmless, last_look=look)
                    shown = drawn
            except OldNewsError:
                return {"old": True}
            except CannotPostError as error:
                return {"done": False, "refused": error.code}
            except MessageGoneError:
                return {"done": False, "refused": GONE}
            return {"done": True}

        edited = Edited(**self._run(step, edit))
        if edited.refused:
            self.refusals.append(Refusal(place.channel, edited.refused))
        return edited

    def unfurl(self, step: str, place: Posted, shown: Mapping[str, Rendered]) -> Edited:
        """Show something below the addresses in a person's message."""
        look = self._last_look(harmless=False)

        def unfurl(_: bool) -> dict[str, Any]:
            try:
                self._poster.unfurl(place, shown, last_look=look)
            except OldNewsError:
                return {"old": True}
            except CannotPostError as error:
                return {"done": False, "refused": error.code}
            return {"done": True}

        return Edited(**self._run(step, unfurl))

    def _begin(self) -> str:
        """Slack's time before the first post, as our clock has it."""
        begun = datetime.fromisoformat(self._steps.run("begin to post", lambda _: self._clock().isoformat()))
        self._since = f"{(begun - _CLOCKS_DIFFER).timestamp():.6f}"
        return self._since

    def remove(self, step: str, place: Posted) -> None:
        """Delete a message of our own, where that can be done."""

        def remove(_: bool) -> None:
            with contextlib.suppress(CannotPostError, MessageGoneError):
                self._poster.remove(place)

        self._steps.run(step, remove)

    def withdraw(self, place: Posted) -> None:
        """Delete a message of our own once there are no more steps, where that can be done now."""
        with contextlib.suppress(CannotPostError, MessageGoneError, SlackUnavailableError):
            self._poster.remove(place)

    def respond(self, step: str, response_url: str, message: Rendered, *, harmless: bool = False) -> bool:
        """Tell the person who used a command; False when Slack no longer takes it."""
        look = self._last_look(harmless=harmless)

        def respond(_: bool) -> dict[str, bool]:
            try:
                look()
            except OldNewsError:
                return {"old": True}
            return {"done": self._poster.respond(response_url, message)}

        return bool(self._run(step, respond)["done"])

    def attach(self, step: str, place: Posted, *, name: str, content: str, comment: str) -> bool:
        """Put a text file into the thread of a message; False when Slack does not take it."""
        look = self._last_look(harmless=False)

        def attach(_: bool) -> dict[str, bool]:
            try:
                done = self._poster.attach(place, name=name, content=content, comment=comment, last_look=look)
            except OldNewsError:
                return {"old": True}
            except CannotPostError:
                return {"done": False}
            return {"done": done}

        return bool(self._run(step, attach)["done"])

    def _run(self, step: str, effect: Callable[[bool], dict[str, Any]]) -> dict[str, Any]:
        done: dict[str, Any] = self._steps.run(step, effect)
        if done.get("old"):
            raise OldNewsError(step)
        return done

    def _last_look(self, *, harmless: bool) -> Callable[[], None]:
        """What is to be called right before something is said."""
        basis = None if harmless else self.basis

        def look() -> None:
            if basis is not None and basis.is_old(self._clock()):
                raise OldNewsError

        return look
