"""Who may ask, and where."""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

log = logging.getLogger(__name__)

_REMEMBER_SECONDS = 300.0


@dataclass(frozen=True)
class Asking:
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
        self._client = client
        self._channels = frozenset(channels)
        self._users = frozenset(users)
        self._usergroups = usergroups
        self._clock = clock
        self._lock = threading.Lock()
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    def refusal(self, asking: Asking) -> str | None:
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
        return user in self._users or any(user in self._members_of(group) for group in self._usergroups)

    def _members_of(self, group: str) -> frozenset[str]:
        with self._lock:
            known = self._members.get(group)
        if known is not None and self._clock() - known[0] < _REMEMBER_SECONDS:
            return known[1]
        try:
            answer = self._client.usergroups_users_list(usergroup=group)
            members = frozenset(str(user) for user in answer.get("users") or [])
        except (SlackApiError, SlackClientError, OSError, http.client.HTTPException) as error:
            log.warning("The members of user group %s cannot be read (%s)", group, type(error).__name__)
            return known[1] if known is not None else frozenset()
        with self._lock:
            self._members[group] = (self._clock(), members)
        return members
