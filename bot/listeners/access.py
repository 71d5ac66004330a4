"""Who may ask, and where."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.listeners.user_groups import UserGroups


@dataclass(frozen=True)
class Asker:
    """Who asks, and where, as Slack says. `team` is the person's workspace where Slack names it."""

    user: str
    channel: str
    team: str | None
    own_team: str | None
    direct: bool = False
    shared_channel: bool = False


class Access:
    """The rules of ALLOWED_CHANNELS, ALLOWED_USERS and ALLOWED_USERGROUPS; empty lists allow everybody.

    Direct messages count as allowed channels: there the person is the only reader. Members of user groups are read
    with `usergroups.users.list` and remembered for five minutes; where that fails, the listed users still may.
    """

    def __init__(
        self,
        client: WebClient,
        *,
        channels: tuple[str, ...] = (),
        users: tuple[str, ...] = (),
        usergroups: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._groups = UserGroups(client, clock=clock)
        self._channels = frozenset(channels)
        self._users = frozenset(users)
        self._usergroups = usergroups

    def refusal(self, asking: Asker) -> str | None:
        """Why the person may not ask here (a reason of `bot.messages.help.not_allowed`); None when they may."""
        if asking.shared_channel:
            return "external_channel"
        if asking.team and asking.own_team and asking.team != asking.own_team:
            return "external_user"
        if self._channels and not asking.direct and asking.channel not in self._channels:
            return "channel"
        if (self._users or self._usergroups) and not self._is_listed(asking.user):
            return "user"
        return None

    def _is_listed(self, user: str) -> bool:
        return user in self._users or any(user in self._groups.members(group) for group in self._usergroups)
