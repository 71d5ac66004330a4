"""Who belongs to a Slack user group."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from slack_sdk import WebClient

from bot.listeners.remembered import Remembered


class UserGroups:
    """Members of user groups, read with `usergroups.users.list` and remembered for five minutes.

    A group that was deleted, or that may not be read, has no members.
    """

    def __init__(self, client: WebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        def read(group: str) -> frozenset[str]:
            return frozenset(str(user) for user in client.usergroups_users_list(usergroup=group).get("users") or [])

        self._members = Remembered("User group", read, clock=clock)

    def have(self, user: str, groups: Iterable[str], *, afresh: bool = False) -> bool:
        """Whether one of the groups (S…) has this member.

        Raises:
            SlackUnavailableError: Slack cannot say now.

        """
        return any(user in (self._members.get(group, afresh=afresh) or ()) for group in groups)
