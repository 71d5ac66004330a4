"""Who may decide about digests and warnings."""

from __future__ import annotations

import time
from collections.abc import Callable

from slack_sdk import WebClient

from bot.listeners.user_groups import UserGroups


class Managers:
    """The people of the setting MANAGERS: user ids (U…, W…), and user groups (S…) whose members count too.

    An empty list makes nobody a manager. `client` should not wait long: Slack wants its answer within three seconds.
    """

    def __init__(
        self, client: WebClient, members: tuple[str, ...], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._groups = UserGroups(client, clock=clock)
        self._people = tuple(member for member in members if member.startswith(("U", "W")))
        self._group_ids = tuple(member for member in members if member.startswith("S"))

    @property
    def is_set(self) -> bool:
        """Whether the operator has named anybody."""
        return bool(self._people or self._group_ids)

    def is_manager(self, user: str) -> bool:
        """Whether this person may decide."""
        return user in self._people or any(user in self._groups.members(group) for group in self._group_ids)
