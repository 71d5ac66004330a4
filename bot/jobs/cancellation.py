"""What the button "Cancel" of a question sends."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.jobs.request import CheckRequest


@dataclass(frozen=True)
class Cancellable:
    """A question under way: its job, who asked, and about which tickets (or "close 2026-10")."""

    job: str
    user: str
    references: tuple[str, ...]

    @classmethod
    def of(cls, request: CheckRequest, job: str) -> Cancellable:
        """The question of a job."""
        return cls(job, request.user, request.named)

    def to_text(self) -> str:
        """For a button."""
        return json.dumps([self.job, self.user, *self.references], separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Cancellable | None:
        """From what a button sent; None where that is not ours."""
        try:
            job, user, *references = json.loads(text)
        except (ValueError, TypeError):
            return None
        if not all(isinstance(each, str) for each in (job, user, *references)):
            return None
        return cls(job, user, tuple(references))
