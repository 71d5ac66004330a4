"""The errors that people read."""

from __future__ import annotations

from collections.abc import Sequence


class ToldError(Exception):
    """An error whose text is for people: what happened, to what, and what to do."""

    @property
    def problems(self) -> Sequence[str]:
        """What is wrong, a line each."""
        return (str(self),)
