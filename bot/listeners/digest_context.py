"""What the listeners of the digest share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from bot.jobs.digest_request import DigestRequest
from bot.listeners.access import Access, Asker, Refusal
from bot.listeners.intake import Intake
from bot.listeners.replies import Replies
from bot.messages.digest_acts import managers_only
from bot.messages.help import not_allowed
from bot.messages.rendered import Rendered
from bot.store.memory import Memory


@dataclass(frozen=True)
class DigestContext:
    """Shared by the listeners of the digest. Nothing that they do is ever written to Syncro.

    `client` opens forms, so it must not wait: Slack takes a form within three seconds only. `intake` takes rechecks.
    `schedule` is a cron expression in wall-clock time of `zone`; `clock` gives the present moment, aware.
    `evidence_of` gives what the bot has seen of a ticket (by Syncro's internal id), as JSON values.
    """

    memory: Memory
    access: Access
    intake: Intake
    enqueue_digest: Callable[[str, DigestRequest], None]
    replies: Replies
    client: WebClient
    zone: ZoneInfo
    schedule: str
    clock: Callable[[], datetime]
    evidence_of: Callable[[str], dict[str, Any]]
    at_home: Callable[[str, str], None] = lambda _user, _notice: None
    """Draws a person's Home again, with a notice and then what is new, or without."""

    def refusal(self, asking: Asker, what: str, *, afresh: bool = False) -> Rendered | None:
        """What to tell a person who may not decide `what`; None for a manager."""
        refusal = self.access.manager_refusal(asking, what, afresh=afresh)
        if refusal is Refusal.NO_MANAGER:
            return managers_only(is_set=self.access.has_managers)
        return None if refusal is None else Rendered(not_allowed(refusal))

    def today(self) -> date:
        """The present day where the digest is read."""
        return self.clock().astimezone(self.zone).date()
