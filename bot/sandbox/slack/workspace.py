"""A Slack workspace as plain data: people, channels, messages, and the few things that change them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

TEAM = "T0SANDBOX"
OTHER_TEAM = "T0PARTNER"
APP = "A0INVOICE"
BOT = "U0BOT"
BOT_ID = "B0BOT"
SLACKBOT = "USLACKBOT"
TECHNICIAN = "U0TECH"
MANAGER = "U0MANAGER"
OUTSIDER = "U0OUTSIDE"
"""A person of another organisation, in a Slack Connect channel."""
BILLING = "C0BILLING"
"""A public channel that the bot is in."""
GENERAL = "C0GENERAL"
"""A public channel that the bot is not in."""
FINANCE = "C0FINANCE"
"""A private channel that the bot is not in."""
SHARED = "C0SHARED"
"""A Slack Connect channel that the bot is in."""
RETIRED = "C0RETIRED"
"""An archived channel."""

Blocks = list[dict[str, Any]]


@dataclass(frozen=True)
class User:
    """A person, or a bot's user. `team_id` and, in an Enterprise Grid, `enterprise_id` tell where they belong."""

    id: str
    name: str
    real_name: str = ""
    team_id: str = TEAM
    enterprise_id: str = ""
    is_bot: bool = False
    is_restricted: bool = False
    """A guest of some channels."""
    is_ultra_restricted: bool = False
    """A guest of one channel."""
    deleted: bool = False
    """Deactivated."""
    tz: str = "Etc/UTC"


@dataclass
class Channel:
    """A conversation. For an IM, `user` is the person on the other side."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    """Another organisation was invited to share it, and has not accepted yet."""
    bot_is_member: bool = True
    is_im: bool = False
    user: str | None = None
    members: set[str] | None = None
    """Ids of the people in it; None stands for everybody of the home organisation."""


@dataclass(frozen=True)
class MessageVersion:
    """What a message said before an edit."""

    text: str
    blocks: Blocks


@dataclass
class Upload:
    """A file on its way: announced with its name and length in bytes, its content there once it was sent."""

    id: str
    key: str
    """What makes its upload URL secret."""
    name: str
    length: int
    content: bytes | None = None


@dataclass(frozen=True)
class File:
    """A file in the place where it was shared; `channel` None: nobody but the bot sees it."""

    id: str
    name: str
    title: str
    content: bytes
    user: str
    channel: str | None = None
    thread_ts: str | None = None

    @property
    def text(self) -> str:
        """The content as text; what is not UTF-8 is replaced."""
        return self.content.decode("utf-8", "replace")

    @property
    def lines(self) -> int:
        """How many lines of text it has."""
        return len(self.text.splitlines())


@dataclass
class Trigger:
    """What a trigger_id is good for: one modal for this person, until `expires_at` (monotonic seconds)."""

    user: str
    expires_at: float
    exchanged: bool = False


@dataclass
class Modal:
    """The modal that a person has open, and what Slack tells them about their last try to submit it."""

    user: str
    view: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)
    """What is wrong with an input, by block_id."""
    notice: str = ""
    """Why nothing came of the last submission, when that is not about an input."""
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the person filled in: `{block_id: {action_id: {…}}}`. It stays when a submission is sent back."""


@dataclass
class Message:
    """A message as it stands now, and its earlier versions, oldest first."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: Blocks = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    history: list[MessageVersion] = field(default_factory=list)
    ephemeral_to: str | None = None
    broadcast: bool = False
    files: list[File] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    """What other apps hang below a message, and messages that were forwarded with it."""

    @property
    def is_parent(self) -> bool:
        """True for a message that stands in the channel itself, not only in a thread."""
        return self.thread_ts in (None, self.ts) or self.broadcast

    @property
    def edited(self) -> bool:
        """True when the message was changed after it was posted."""
        return bool(self.history)


@dataclass(frozen=True)
class TypedCommand:
    """A slash command as the person typed it. Slack shows it to nobody else and keeps no message of it."""

    channel: str
    ts: str
    user: str
    text: str


@dataclass
class Workspace:
    """Everything a workspace holds. Not thread-safe: the server guards it."""

    team_id: str = TEAM
    enterprise_id: str = ""
    domain: str = "sandbox"
    bot: User = field(default_factory=lambda: User(BOT, "invoice_bot", "Invoice Bot", is_bot=True))
    bot_id: str = BOT_ID
    app_id: str = APP
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    commands: list[TypedCommand] = field(default_factory=list)
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The published Home tab of each person, by user id."""
    modals: dict[str, Modal] = field(default_factory=dict)
    """The open modal of each person who has one, by user id."""
    triggers: dict[str, Trigger] = field(default_factory=dict)
    """Every trigger_id that was handed out."""
    trigger_seconds: float = 3.0
    """How long each is good for."""
    uploads: list[Upload] = field(default_factory=list)
    """Files that were announced and are not shared yet."""
    files: list[File] = field(default_factory=list)
    """Every file that was shared, oldest first; once for each conversation it was shared in."""
    usergroups: dict[str, list[str]] = field(default_factory=dict)
    """Members of each user group, by its id."""
    refused_block_types: set[str] = field(default_factory=set)
    """Block types that this workspace answers with `invalid_blocks`, as some real ones do for new types."""
    clock: Callable[[], float] = field(default=time.time, repr=False)
    """Seconds since 1970."""
    _last_ts: int = field(default=0, repr=False)

    def next_ts(self) -> str:
        """Return the time, later than every one given before."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        seconds, fraction = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{fraction:06d}"

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        blocks: Blocks | None = None,
        thread_ts: str | None = None,
        metadata: dict[str, Any] | None = None,
        broadcast: bool = False,
        ephemeral_to: str | None = None,
    ) -> Message:
        """Add a message and return it.

        Raises:
            ValueError: `thread_ts` is that of a reply, where only the root of a thread can be replied to.

        """
        parent = self.find(channel, thread_ts) if thread_ts else None
        if parent and parent.thread_ts not in (None, parent.ts):
            raise ValueError("nobody can reply to a reply")
        message = Message(
            channel=channel,
            ts=self.next_ts(),
            user=user,
            text=text,
            thread_ts=thread_ts,
            blocks=deepcopy(blocks or []),
            metadata=metadata,
            broadcast=broadcast,
            ephemeral_to=ephemeral_to,
        )
        self.messages.append(message)
        return message

    def update(
        self,
        message: Message,
        *,
        text: str | None = None,
        blocks: Blocks | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Edit a message as chat.update does: text given without blocks removes the blocks."""
        message.history.append(MessageVersion(message.text, message.blocks))
        if text is not None or blocks is not None:
            message.blocks = deepcopy(blocks or [])
        if text is not None:
            message.text = text
        if metadata is not None:
            message.metadata = metadata or None

    def delete(self, message: Message) -> None:
        """Remove a message; its thread stays, as in Slack."""
        self.messages.remove(message)

    def find(self, channel: str, ts: str) -> Message | None:
        """Return the message of that channel and timestamp, ephemeral ones included, or None."""
        return next((m for m in self.messages if m.channel == channel and m.ts == ts), None)

    def parents(self, channel: str) -> list[Message]:
        """Return what stands in the channel for everybody, oldest first."""
        return [m for m in self.messages if m.channel == channel and m.is_parent and not m.ephemeral_to]

    def replies(self, channel: str, ts: str) -> list[Message]:
        """Return the thread below a message without the message itself, oldest first."""
        return [
            m for m in self.messages if m.channel == channel and m.thread_ts == ts and m.ts != ts and not m.ephemeral_to
        ]

    def ephemerals(self, user: str) -> list[Message]:
        """Return the messages that only this person sees, oldest first."""
        return [m for m in self.messages if m.ephemeral_to == user]

    def open_im(self, user: str) -> Channel:
        """Return the direct message conversation between a person and the bot; it is made when missing."""
        channel_id = f"D0{user.removeprefix('U0')}"
        return self.channels.setdefault(
            channel_id,
            Channel(channel_id, "directmessage", is_private=True, is_im=True, user=user, members={user}),
        )

    def is_member(self, channel: Channel, user: str) -> bool:
        """True when this person (or the bot) is in the channel."""
        if user == self.bot.id:
            return channel.bot_is_member
        if channel.members is not None:
            return user in channel.members
        return user in self.users and (channel.is_ext_shared or self.users[user].team_id == self.team_id)

    def name_of(self, user: str) -> str:
        """Return the name shown for a user id; the id itself when nobody has it."""
        everybody: Iterable[User] = (self.bot, *self.users.values())
        return next((u.real_name or u.name for u in everybody if u.id == user), user)


def sample_workspace() -> Workspace:
    """Return a small workspace with one channel and one person of each kind that matters."""
    people = [
        User(TECHNICIAN, "technician", "Technician"),
        User(MANAGER, "manager", "Manager"),
        User(OUTSIDER, "outsider", "Outsider", team_id=OTHER_TEAM),
        User(SLACKBOT, "slackbot", "Slackbot", is_bot=True),
    ]
    channels = [
        Channel(BILLING, "billing"),
        Channel(GENERAL, "general", bot_is_member=False),
        Channel(FINANCE, "finance", is_private=True, bot_is_member=False, members={MANAGER}),
        Channel(SHARED, "partner-helpdesk", is_ext_shared=True),
        Channel(RETIRED, "retired", is_archived=True),
    ]
    return Workspace(users={u.id: u for u in people}, channels={c.id: c for c in channels})
