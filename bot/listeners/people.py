"""Whose bot this is, and who people are: told by Slack, never by what a payload merely leaves out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.listeners.remembered import Remembered

_SLACKBOT = "USLACKBOT"
"""Slack's own bot, which `users.info` does not call one."""


@dataclass(frozen=True)
class Own:
    """The bot's own workspace, and the organisation (Enterprise Grid) that it belongs to, if any."""

    team: str
    enterprise: str

    @classmethod
    def from_slack(cls, answer: Any) -> Own:
        """From the answer of `auth.test`."""
        return cls(_text(answer, "team_id"), _text(answer, "enterprise_id"))

    @classmethod
    def from_bolt(cls, known: AuthorizeResult) -> Own:
        """From what Bolt was told at the start."""
        return cls(known.team_id or "", known.enterprise_id or "")


@dataclass(frozen=True)
class Person:
    """What Slack says of a person. `enterprise` is empty outside an Enterprise Grid."""

    team: str
    enterprise: str
    is_guest: bool
    is_stranger: bool
    is_bot: bool
    is_gone: bool


class People:
    """Tells our own people from others. Safe to share between threads; `clock` gives seconds.

    `own` says whose bot this is, None where that is not known. A person is looked up with `users.info` (it needs
    `users:read`) and remembered for five minutes.
    """

    def __init__(
        self, client: WebClient, own: Callable[[], Own | None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.own = own
        self._people = Remembered("Person", lambda user: _person(client.users_info(user=user)), clock=clock)

    def person(self, user: str, *, afresh: bool = False) -> Person | None:
        """Return who a person is; None where Slack will not tell.

        Raises:
            SlackUnavailableError: Slack cannot say now.

        """
        return self._people.get(user, afresh=afresh)

    def is_ours(self, person: Person) -> bool:
        """Whether a person belongs to the bot's workspace, or to its organisation.

        Raises:
            SlackUnavailableError: Slack cannot say now.

        """
        own = self.own()
        if own is None or person.is_stranger or not person.team:
            return False
        return person.team == own.team or bool(own.enterprise and own.enterprise in (person.enterprise, person.team))


def own_by_asking(client: WebClient) -> Callable[[], Own | None]:
    """Whose bot this is, asked with `auth.test` when it is first needed.

    What is returned raises SlackUnavailableError where Slack cannot say now.
    """
    known = Remembered("Whose bot", lambda _: Own.from_slack(client.auth_test()), clock=lambda: 0.0)
    return lambda: known.get("this is")


def _person(answer: Any) -> Person:
    about = answer.get("user") or {}
    return Person(
        team=_text(about, "team_id"),
        enterprise=_text(about.get("enterprise_user") or {}, "enterprise_id"),
        is_guest=bool(about.get("is_restricted") or about.get("is_ultra_restricted")),
        is_stranger=bool(about.get("is_stranger")),
        is_bot=bool(about.get("is_bot") or about.get("is_workflow_bot")) or about.get("id") == _SLACKBOT,
        is_gone=bool(about.get("deleted")),
    )


def _text(about: Any, name: str) -> str:
    value = about.get(name)
    return value if isinstance(value, str) else ""
