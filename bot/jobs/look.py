"""How old a verdict may be when it is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FRESH_FOR = timedelta(seconds=60)


class OldNewsError(Exception):
    """What was to be said rests on reads that are too old by now: look again."""


@dataclass(frozen=True)
class Look:
    """When the reads behind a verdict were made (aware). `is_again` marks the second look, or a later one."""

    began: datetime
    ended: datetime
    is_again: bool = False

    def is_old(self, now: datetime) -> bool:
        """Whether it may no longer be said.

        The age is that of the first read. A second look finds in memory what the first has read, and is short; one
        that takes longer than a minute all the same is measured from its end, where every list was read again.
        """
        since = self.ended if self.is_again and self.ended - self.began > FRESH_FOR else self.began
        return not timedelta(0) <= now - since <= FRESH_FOR
