"""Our messages in one thread."""

from __future__ import annotations

from collections.abc import Sequence

from bot.jobs.outbox import Outbox
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered


class OwnReplies:
    """What we say in a thread. Said again, it is brought up to date and not repeated. `what` names it in the steps."""

    def __init__(self, outbox: Outbox, channel: str, thread_ts: str | None, what: str) -> None:
        self._outbox = outbox
        self._channel = channel
        self._thread_ts = thread_ts
        self._what = what
        self.places: list[Posted] = []

    def show(self, messages: Sequence[Rendered]) -> str:
        """Let the thread say these messages, in order. Returns Slack's word where it refuses one, else nothing."""
        for index, message in enumerate(messages):
            known = self.places[index : index + 1]
            if known and self._outbox.edit(f"edit {self._what}", known[0], message).done:
                continue
            sent = self._outbox.post(f"post {self._what}", self._channel, message, thread_ts=self._thread_ts)
            if sent.place is None:
                return sent.refused
            self.places[index : index + 1] = [sent.place]
        while len(self.places) > len(messages):
            self._outbox.remove(f"remove {self._what}", self.places.pop())
        return ""
