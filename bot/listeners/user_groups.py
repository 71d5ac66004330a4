"""Who belongs to a Slack user group."""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

log = logging.getLogger(__name__)

_REMEMBER_SECONDS = 300.0


class UserGroups:
    """Members of user groups, read with `usergroups.users.list` and remembered for five minutes.

    Where they cannot be read, those last known count; a group that was never read has no members. Safe to share
    between threads. `clock` gives seconds.
    """

    def __init__(self, client: WebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._members: dict[str, tuple[float, frozenset[str]]] = {}

    def members(self, group: str) -> frozenset[str]:
        """Return the user ids of the members of a group (S…)."""
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
