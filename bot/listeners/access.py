"""Who may ask, and where; who may decide. What Slack does not say counts as a no, and every no leaves a trace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.listeners.people import People
from bot.listeners.user_groups import UserGroups
from bot.messages.poster import SlackUnavailableError
from bot.store.audit import Act, AuditEntry
from bot.store.memory import Memory

log = logging.getLogger(__name__)

_EVENT_TEAMS = ("team", "user_team", "source_team")


class Refusal(StrEnum):
    """Why somebody is refused. `bot.messages.help.not_allowed` has the words."""

    CHANNEL = "channel"
    PERSON = "user"
    EXTERNAL_CHANNEL = "external_channel"
    EXTERNAL_PERSON = "external_user"
    GUEST = "guest"
    UNKNOWN_PERSON = "unknown_user"
    NO_MANAGER = "not_a_manager"
    BOT = "bot"


@dataclass(frozen=True)
class Asker:
    """Who asks, and where, as Slack's payload says.

    `teams` are the workspaces that it names for the person, `enterprise` the organisation; empty where it names none.
    """

    user: str
    channel: str
    teams: frozenset[str] = frozenset()
    enterprise: str = ""
    shared_channel: bool = False

    @property
    def direct(self) -> bool:
        """Whether it is a direct message to the bot, or Home."""
        return self.channel.startswith("D") or self.channel == self.user

    @classmethod
    def of_command(cls, command: Mapping[str, Any]) -> Asker:
        """From the payload of a slash command."""
        teams = _named(command.get("team_id"))
        return cls(command["user_id"], command["channel_id"], teams, command.get("enterprise_id") or "")

    @classmethod
    def of_event(cls, event: Mapping[str, Any], body: Mapping[str, Any]) -> Asker:
        """From an event about a message. What surrounds the event tells of the bot's workspace, not of the person's."""
        teams = _named(*(event.get(name) for name in _EVENT_TEAMS))
        return cls(event["user"], event["channel"], teams, shared_channel=bool(body.get("is_ext_shared_channel")))

    @classmethod
    def of_interaction(cls, body: Mapping[str, Any], channel: str) -> Asker:
        """From the payload of a button, a shortcut or a form. Its `team` is that of the person who looks at it."""
        user, enterprise = body["user"], body.get("enterprise") or {}
        teams = _named(user.get("team_id"), (body.get("team") or {}).get("id"))
        return cls(user["id"], channel, teams, enterprise.get("id") or "")


def _named(*teams: Any) -> frozenset[str]:
    return frozenset(team for team in teams if team and isinstance(team, str))


@dataclass(frozen=True)
class Rules:
    """The settings ALLOWED_… , MANAGERS (people U… and W…, groups S…) and ALLOW_GUESTS. Empty lists allow everybody.

    An empty list of managers makes nobody a manager.
    """

    channels: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    usergroups: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    allow_guests: bool = False


def noted_in(memory: Memory) -> Callable[[AuditEntry], None]:
    """Keeps what is noted at once in the audit table; in the log, too, since the database may not take it."""

    def note(entry: AuditEntry) -> None:
        log.info("%s %s in %s (%s)", entry.act.value.capitalize(), entry.who, entry.where, entry.why or entry.what)
        try:
            memory.note_at_once(entry)
        except SQLAlchemyError as error:
            log.error("That is not in the audit table: %s", type(error).__name__)

    return note


@dataclass(frozen=True)
class Access:
    """Applies the rules. Direct messages count as allowed channels: there the person is the only reader.

    `trace` keeps each refusal. With `afresh` Slack is asked anew: for what somebody presses, which may be old.
    """

    rules: Rules
    people: People
    groups: UserGroups
    trace: Callable[[AuditEntry], None]
    clock: Callable[[], datetime]

    def refusal(self, asking: Asker, what: str, *, afresh: bool = False) -> Refusal | None:
        """Why the person may not ask `what` here; None when they may."""
        return self._traced(asking, what, self._known(self._may_ask, asking, afresh=afresh))

    def manager_refusal(self, asking: Asker, what: str, *, afresh: bool = False) -> Refusal | None:
        """Why the person may not decide `what`; None for a manager."""
        return self._traced(asking, what, self._known(self._may_decide, asking, afresh=afresh))

    def place_refusal(self, asking: Asker, what: str) -> Refusal | None:
        """Why `what` has no place here, whoever asks; None where it has."""
        return self._traced(asking, what, self._place(asking))

    def bystander_refusal(self, asking: Asker) -> Refusal | None:
        """Why nothing is shown of what the person has posted here; they did not ask, so it leaves no trace."""

        def rule(asking: Asker, *, afresh: bool) -> Refusal | None:
            person = self._person(asking.user, afresh=afresh)
            return self._place(asking) or person or self._listed(asking, afresh=afresh)

        return self._known(rule, asking, afresh=False)

    def digest_refusal(self, user: str, what: str) -> Refusal | None:
        """Why a person gets no digest of their own any more; None for a manager who is one of us.

        Raises:
            SlackUnavailableError: Slack cannot say now.

        """
        refusal = self._person(user, afresh=True) or self._manager(user, afresh=True)
        return self._traced(Asker(user, user), what, refusal)

    def home(self, user: str) -> tuple[Refusal | None, bool]:
        """Why a person may see nothing of billing at Home, and whether they are a manager; asked of Slack anew."""
        asking = Asker(user, user)
        try:
            is_manager = self._manager(user, afresh=True) is None
            listed = None if is_manager else self._listed(asking, afresh=True)
            refusal = self._person(user, afresh=True) or listed
        except SlackUnavailableError as error:
            log.warning("Who %s is cannot be read (%s)", user, error)
            refusal, is_manager = Refusal.UNKNOWN_PERSON, False
        return self._traced(asking, "home", refusal), is_manager and refusal is None

    def ignore_bot(self, asking: Asker, what: str) -> None:
        """Leave a trace of a bot's message, which is never answered: two bots would talk for ever."""
        self._traced(asking, what, Refusal.BOT)

    def note_cancelled(self, asking: Asker, what: str) -> None:
        """Leave a trace of a question that somebody cancelled: it gets no answer that would leave one."""
        self.trace(AuditEntry(self.clock(), Act.CANCELLED, who=asking.user, where=asking.channel, what=what))

    @property
    def has_managers(self) -> bool:
        """Whether the operator has named anybody."""
        return bool(self.rules.managers)

    def _may_ask(self, asking: Asker, *, afresh: bool) -> Refusal | None:
        if asking.shared_channel:
            return Refusal.EXTERNAL_CHANNEL
        return self._identity(asking, afresh=afresh) or self._place(asking) or self._listed(asking, afresh=afresh)

    def _may_decide(self, asking: Asker, *, afresh: bool) -> Refusal | None:
        return self._identity(asking, afresh=afresh) or self._manager(asking.user, afresh=afresh)

    def _known(self, rule: Callable[..., Refusal | None], asking: Asker, *, afresh: bool) -> Refusal | None:
        try:
            return rule(asking, afresh=afresh)
        except SlackUnavailableError as error:
            log.warning("Who %s is cannot be read (%s)", asking.user, error)
            return Refusal.UNKNOWN_PERSON

    def _identity(self, asking: Asker, *, afresh: bool) -> Refusal | None:
        """What a payload says of the person is checked against what Slack says of the bot, and then of the person."""
        own = self.people.own()
        if own is None:
            return Refusal.UNKNOWN_PERSON
        ours = asking.teams <= {own.team, own.enterprise} - {""}
        if asking.enterprise:
            ours = asking.enterprise == own.enterprise
        elif own.enterprise:
            ours = True  # a person of the organisation may be at home in another of its workspaces: Slack tells below
        if not asking.teams or not ours:
            return Refusal.EXTERNAL_PERSON
        return self._person(asking.user, afresh=afresh)

    def _person(self, user: str, *, afresh: bool) -> Refusal | None:
        person = self.people.person(user, afresh=afresh)
        if person is None:
            return Refusal.UNKNOWN_PERSON
        if person.is_bot:
            return Refusal.BOT
        if person.is_gone or not self.people.is_ours(person):
            return Refusal.EXTERNAL_PERSON
        return Refusal.GUEST if person.is_guest and not self.rules.allow_guests else None

    def _place(self, asking: Asker) -> Refusal | None:
        if asking.shared_channel:
            return Refusal.EXTERNAL_CHANNEL
        is_listed = not self.rules.channels or asking.direct or asking.channel in self.rules.channels
        return None if is_listed else Refusal.CHANNEL

    def _listed(self, asking: Asker, *, afresh: bool) -> Refusal | None:
        rules = self.rules
        if not rules.users and not rules.usergroups:
            return None
        is_listed = asking.user in rules.users or self.groups.have(asking.user, rules.usergroups, afresh=afresh)
        return None if is_listed else Refusal.PERSON

    def _manager(self, user: str, *, afresh: bool) -> Refusal | None:
        groups = tuple(member for member in self.rules.managers if member.startswith("S"))
        is_manager = user in self.rules.managers or self.groups.have(user, groups, afresh=afresh)
        return None if is_manager else Refusal.NO_MANAGER

    def _traced(self, asking: Asker, what: str, refusal: Refusal | None) -> Refusal | None:
        if refusal is not None:
            entry = AuditEntry(
                self.clock(), Act.REFUSED, who=asking.user, where=asking.channel, what=what, why=refusal.value
            )
            self.trace(entry)
        return refusal
