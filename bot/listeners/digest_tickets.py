"""Which ticket of a digest somebody means, and where it is talked about."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from bot.ticket_references import TICKET_NUMBER

_SHAPES = {
    "id": re.compile(r"[0-9]{1,20}"),
    "number": TICKET_NUMBER,
    "channel": re.compile(r"[CDGUW][A-Z0-9_]{1,30}"),
    "thread_ts": re.compile(r"(?:[0-9]{1,12}\.[0-9]{1,9})?"),
    "customer": re.compile(r".{0,80}"),
}
_LONGEST = 1_500
"""Characters of JSON; ours never has more."""


@dataclass(frozen=True)
class DigestTicket:
    """A ticket of a digest (`id` is Syncro's internal one), and the thread of the digest's message.

    In App Home the channel is the person, and there is no thread.

    Buttons and forms carry it to Slack and back as JSON, and nothing that comes back is taken for granted.
    """

    id: str
    number: str
    channel: str
    thread_ts: str
    customer: str = ""
    """Its name, for people to see; a button of an earlier release has none."""

    @property
    def is_direct(self) -> bool:
        """Whether the digest stands in a direct message, or in Home."""
        return self.channel.startswith("D") or self.is_at_home

    @property
    def is_at_home(self) -> bool:
        """Whether the button stands in App Home."""
        return not self.thread_ts

    def to_metadata(self) -> str:
        """As compact JSON, for a form."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_metadata(cls, metadata: Any) -> DigestTicket | None:
        """From what `to_metadata` gave; None for anything else."""
        return cls._checked(_object(metadata))

    @classmethod
    def from_press(cls, body: dict[str, Any], action: dict[str, Any]) -> DigestTicket | None:
        """From a button below a digest's row, in the digest's message or in its thread; None for anything else."""
        container = body.get("container") or {}
        if container.get("type") == "view":
            return cls._checked(_object(action.get("value")) | _at_home(body))
        place = {
            "channel": container.get("channel_id"),
            "thread_ts": container.get("thread_ts") or container.get("message_ts"),
        }
        return cls._checked(_object(action.get("value")) | place)

    @classmethod
    def _checked(cls, values: dict[str, Any]) -> DigestTicket | None:
        values = {"customer": "", **values}
        if set(values) != set(_SHAPES):
            return None
        if not all(isinstance(values[name], str) and shape.fullmatch(values[name]) for name, shape in _SHAPES.items()):
            return None
        ticket = cls(**values)
        return ticket if ticket.is_at_home == ticket.channel.startswith(("U", "W")) else None


def _at_home(body: dict[str, Any]) -> dict[str, Any]:
    return {"channel": (body.get("user") or {}).get("id"), "thread_ts": ""}


def _object(text: Any) -> dict[str, Any]:
    """The JSON object in `text`; an empty one where there is none."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return {}
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
