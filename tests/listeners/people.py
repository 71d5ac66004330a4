"""A Slack that knows people, groups and the bot itself, and nothing else; and the rules of access on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.listeners.access import Access, Asker, Rules
from bot.listeners.people import People, own_by_asking
from bot.listeners.user_groups import UserGroups
from bot.store.audit import AuditEntry

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
OURS, THEIRS, SISTER = "T0OURS", "T0THEIRS", "T0SISTER"
ORGANISATION = "E0OURS"


def refuses(code: str, status: int = 200) -> SlackApiError:
    """What slack_sdk raises when Slack answers with an error."""
    response = {"ok": False, "error": code}
    answer = type("Answer", (dict,), {"status_code": status})(response)
    return SlackApiError("no", answer)  # type: ignore[no-untyped-call]


@dataclass
class SomeSlack:
    """`people` holds what `users.info` says beside the usual, `groups` the members; an error is raised instead."""

    people: dict[str, dict[str, Any] | Exception] = field(default_factory=dict)
    groups: dict[str, list[str] | Exception] = field(default_factory=dict)
    itself: dict[str, Any] | Exception = field(default_factory=lambda: {"team_id": OURS})
    asked: list[str] = field(default_factory=list)
    token: str = "xoxb-sandbox"

    def users_info(self, *, user: str) -> dict[str, Any]:
        self.asked.append(user)
        about = _said(self.people.get(user, {}))
        return {"user": {"id": user, "team_id": OURS, **about}}

    def usergroups_users_list(self, *, usergroup: str) -> dict[str, Any]:
        self.asked.append(usergroup)
        return {"users": _said(self.groups.get(usergroup, refuses("no_such_subteam")))}

    def auth_test(self) -> dict[str, Any]:
        self.asked.append("itself")
        return {"user_id": "U0BOT", "bot_id": "B0BOT", **_said(self.itself)}

    @property
    def client(self) -> WebClient:
        return cast("WebClient", self)


def _said(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass
class Door:
    """Access on such a Slack, with the traces that it left. `seconds` is the time on which it forgets."""

    slack: SomeSlack
    rules: Rules
    traces: list[AuditEntry] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        clock: Callable[[], float] = lambda: self.seconds  # noqa: E731
        client = self.slack.client
        people = People(client, own_by_asking(client), clock=clock)
        self.access = Access(self.rules, people, UserGroups(client, clock=clock), self.traces.append, lambda: NOW)

    def ask(self, user: str = "U0", *, afresh: bool = False, **more: Any) -> str | None:
        """Why the person may not ask."""
        return self.access.refusal(asking(user, **more), "32223", afresh=afresh)

    def decide(self, user: str = "U0", *, afresh: bool = False, **more: Any) -> str | None:
        """Why the person may not decide."""
        return self.access.manager_refusal(asking(user, **more), "snooze 32223", afresh=afresh)


def door(slack: SomeSlack | None = None, **rules: Any) -> Door:
    return Door(slack or SomeSlack(), Rules(**rules))


def asking(user: str = "U0", channel: str = "C0", teams: tuple[str, ...] = (OURS,), **more: Any) -> Asker:
    return Asker(user, channel, frozenset(teams), **more)
