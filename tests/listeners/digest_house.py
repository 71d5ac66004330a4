"""A digest in the stand-in Slack, with the real listeners and the real memory; only the job engine is a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from sqlalchemy.exc import OperationalError

from bot.jobs.digest_request import DigestRequest
from bot.jobs.request import CheckRequest, CloseRequest
from bot.listeners import actions, channel_events, commands, digest_actions, mentions, shortcuts
from bot.listeners.access import Access, Rules, noted_in
from bot.listeners.backlog import Backlog
from bot.listeners.close_command import CloseSubcommand
from bot.listeners.digest_commands import DigestSubcommand
from bot.listeners.digest_context import DigestContext
from bot.listeners.history_command import HistorySubcommand
from bot.listeners.intake import Intake
from bot.listeners.people import Own, People
from bot.listeners.replies import Replies
from bot.listeners.subcommands import Subcommand, help_page
from bot.listeners.user_groups import UserGroups
from bot.listeners.warning_replies import WarningReplies
from bot.messages.channel_guard import ChannelGuard
from bot.messages.digest_messages import digest_messages
from bot.messages.poster import Poster, hasty_slack_client, slack_client
from bot.sandbox.slack.api import DEFAULT_SCOPES
from bot.sandbox.slack.workspace import BILLING, MANAGER, TECHNICIAN, Message, User, sample_workspace
from bot.slack_connection import Identity, bolt_app
from bot.store.audit import Act, AuditQuery
from bot.store.memory import Memory
from tests.digest.factory import a_digest, audited
from tests.jobs.fakes import OpenDoors
from tests.standins.slack import FaultySlack
from tests.standins.slack_faults import Faults

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
"""A Monday, five past three in Berlin."""
BERLIN = ZoneInfo("Europe/Berlin")
SITE = "https://acme.syncromsp.com"
NUMBER, TICKET = "32230", "932230"
HOSTILE = "<!channel> *urgent* <https://evil.example|look>"
STRANGER = "U0STRANGER"
"""Of our workspace, and neither a manager nor on the list of people."""


class BrokenMemory(Memory):
    """A memory whose database is away while `is_away`."""

    is_away = False

    def __getattribute__(self, name: str) -> Any:
        known = object.__getattribute__(self, name)
        is_ours = name in {"open", "close", "is_away"} or name.startswith("_")
        if is_ours or not object.__getattribute__(self, "is_away"):
            return known
        return _away


def _away(*_: Any, **__: Any) -> Any:
    raise OperationalError("the database is away", None, Exception())


class Engine:
    """The job engine, as far as listeners know it."""

    def __init__(self) -> None:
        self.is_away = False
        self.digests: dict[str, DigestRequest] = {}
        self.checks: dict[str, CheckRequest] = {}
        self.closes: dict[str, CloseRequest] = {}

    def enqueue_digest(self, key: str, request: DigestRequest) -> None:
        self._check()
        self.digests.setdefault(key, request)

    def enqueue_close(self, key: str, request: CloseRequest) -> None:
        self._check()
        self.closes.setdefault(key, request)

    def enqueue_check(self, key: str, request: CheckRequest) -> None:
        self._check()
        self.checks.setdefault(key, request)

    def _check(self) -> None:
        if self.is_away:
            raise ConnectionError("the engine's database is away")


@dataclass
class House:
    """The stand-in Slack, the bot in it, and what the bot asked the job engine for."""

    slack: FaultySlack
    memory: BrokenMemory
    intake: DigestContext
    engine: Engine
    later: ThreadPoolExecutor
    parent: Message = field(init=False)

    @property
    def digests(self) -> dict[str, DigestRequest]:
        return self.engine.digests

    @property
    def checks(self) -> dict[str, CheckRequest]:
        return self.engine.checks

    def post_digest(self, channel: str = BILLING) -> Message:
        """Post a digest with one unbilled ticket, whoever shares the channel by now. Returns its message."""
        digest = a_digest(audited(number=NUMBER, customer=HOSTILE))
        poster = Poster(slack_client("xoxb-sandbox", self.slack.api_url), OpenDoors())
        posted = poster.post(channel, digest_messages(digest).parent)
        found = self.slack.workspace.find(posted.channel, posted.ts)
        assert found is not None
        self.parent = found
        return found

    def type(self, text: str, *, user: str = MANAGER, channel: str = BILLING) -> str:
        """Type `/invoice-check digest …`. Returns what only the person is told."""
        answer = self.slack.slash(f"digest {text}", user=user, channel=channel).wait_ack()
        assert answer is not None
        assert answer["response_type"] == "ephemeral"
        return str(answer["text"])

    def press(self, action_id: str, *, user: str = MANAGER, value: str | None = None) -> None:
        """Press a button of the digest, and wait for the acknowledgement."""
        assert self.slack.press(action_id, self.parent, user, value).wait_ack() == {}

    def fill_in(self, values: dict[str, str], *, user: str = MANAGER) -> dict[str, Any]:
        """Submit the form that is open. Returns what is wrong with it."""
        answer = self.slack.submit_view(values, user=user).wait_ack()
        assert answer is not None
        return dict(answer.get("errors") or {})

    def close_replies(self) -> None:
        """Wait until everything that was to be said has been said; nothing more can be."""
        self.later.shutdown(wait=True)

    def refusals(self) -> list[tuple[str, str, str]]:
        """Who was refused what, and why, as the audit table has it."""
        entries = self.memory.audit(AuditQuery())
        return [(entry.who, entry.what, entry.why) for entry in entries if entry.act is Act.REFUSED]

    def whisper(self, user: str = MANAGER) -> Message:
        """Wait for something that only this person sees."""
        return self.slack.wait_for(lambda slack: slack.ephemerals(user) or None)[-1]

    def thread(self, count: int = 1) -> list[Message]:
        """Wait until the digest's thread holds so many messages."""

        def look(_: Any) -> list[Message] | None:
            found = self.slack.replies(self.parent.channel, self.parent.ts)
            return found if len(found) >= count else None

        return self.slack.wait_for(look)


def evidence(ticket_id: str) -> dict[str, Any]:
    return {"ticket": ticket_id, "listed": 20}


@dataclass(frozen=True)
class Line:
    """One Slack and one connection to it. They are kept, since closing a connection takes seconds."""

    slack: FaultySlack
    handler: SocketModeHandler

    def connect(self, intake: DigestContext, engine: Engine, guard: ChannelGuard, identity: Identity) -> None:
        """Let a new app with all listeners answer from now on."""
        app = bolt_app(WebClient("xoxb-sandbox", base_url=self.slack.api_url), identity)
        subcommands: list[Subcommand] = [
            DigestSubcommand(intake),
            HistorySubcommand(intake),
            CloseSubcommand(intake, engine.enqueue_close),
        ]
        commands.register(app, intake.intake, subcommands)
        mentions.register(
            app,
            intake.intake,
            intake.replies,
            help_page(subcommands),
            WarningReplies(lambda *place: intake.memory.warned_in(*place), SITE),
        )
        shortcuts.register(app, intake.intake, intake.replies)
        actions.register(app, intake.intake, intake.replies)
        channel_events.register(app, guard)
        digest_actions.register(app, intake)
        self.handler.app = app

    def forget(self) -> None:
        """Make Slack as it was before the first message."""
        usual = sample_workspace()
        usual.users[STRANGER] = User(STRANGER, "stranger", "Stranger")
        self.slack.workspace.users = usual.users
        self.slack.workspace.channels = usual.channels
        self.slack.workspace.usergroups.clear()
        self.slack.workspace.enterprise_id = ""
        self.slack.api.scopes = set(DEFAULT_SCOPES) | {"usergroups:read"}
        self.slack.workspace.messages.clear()
        self.slack.workspace.modals.clear()
        self.slack.calls.clear()
        self.slack.faults = Faults()


@contextmanager
def open_line() -> Iterator[Line]:
    """A Slack with a stranger in it, and an app that is connected and knows nothing yet."""
    with FaultySlack() as slack:
        client = WebClient("xoxb-sandbox", base_url=slack.api_url)
        handler = SocketModeHandler(bolt_app(client, Identity()), "xapp-sandbox")
        handler.connect()  # type: ignore[no-untyped-call]
        slack.wait_connected()
        yield Line(slack, handler)
        handler.close()  # type: ignore[no-untyped-call]


@contextmanager
def open_house(
    line: Line,
    home: Path,
    *,
    managers: tuple[str, ...] = (MANAGER,),
    channels: tuple[str, ...] = (),
    users: tuple[str, ...] = (TECHNICIAN,),
    usergroups: tuple[str, ...] = (),
    allow_guests: bool = False,
    organisation: str = "",
    evidence_of: Callable[[str], dict[str, Any]] = evidence,
) -> Iterator[House]:
    """A house with a digest in it. The technician may ask; the manager may decide."""
    slack, engine = line.slack, Engine()
    line.forget()
    memory = BrokenMemory(f"sqlite:///{home / 'memory.db'}")
    memory.open()
    hasty = hasty_slack_client("xoxb-sandbox", slack.api_url)
    rules = Rules(channels=channels, users=users, managers=managers, usergroups=usergroups, allow_guests=allow_guests)
    client = slack_client("xoxb-sandbox", slack.api_url)
    slack.workspace.enterprise_id = organisation
    identity = Identity()
    identity.learn(client)
    people = People(hasty, lambda: Own.from_bolt(identity.tell()), clock=lambda: 0.0)
    access = Access(rules, people, UserGroups(hasty, clock=lambda: 0.0), noted_in(memory), lambda: NOW)
    guard = ChannelGuard(client)
    with ThreadPoolExecutor(2) as later:
        intake = DigestContext(
            memory=memory,
            access=access,
            intake=Intake(access, engine.enqueue_check, SITE, Backlog(1_000, lambda keys: keys)),
            enqueue_digest=engine.enqueue_digest,
            replies=Replies(Poster(client, guard), later.submit),
            client=hasty,
            zone=BERLIN,
            schedule="0 9 * * mon-fri",
            clock=lambda: NOW,
            evidence_of=evidence_of,
        )
        line.connect(intake, engine, guard, identity)
        house = House(slack, memory, intake, engine, later)
        house.post_digest()
        yield house
    memory.close()
