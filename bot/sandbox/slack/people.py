"""What people type in the stand-in Slack: commands and mentions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import deepcopy
from typing import TypeVar

from bot.sandbox.slack import payloads, views
from bot.sandbox.slack.api import SlackRefusalError
from bot.sandbox.slack.responses import ResponseUrl, ResponseUrls, say
from bot.sandbox.slack.socket import COMMANDS, EVENTS, PATIENCE_SECONDS, Delivery, Payload, SocketHub
from bot.sandbox.slack.workspace import (
    BILLING,
    SLACKBOT,
    TECHNICIAN,
    Channel,
    Message,
    TypedCommand,
    Workspace,
)

T = TypeVar("T")


class People:
    """The people of a workspace, seen from the demo or a test. Every method may be called from any thread.

    Each action returns its Delivery at once; `Delivery.wait_ack` waits for the app.
    """

    def __init__(self, workspace: Workspace, changed: threading.Condition, hub: SocketHub) -> None:
        self.workspace = workspace
        self._changed = changed
        self._hub = hub
        self._responses = ResponseUrls(workspace)

    @property
    def response_base(self) -> str:
        """The address below which response_urls stand."""
        raise NotImplementedError

    def slash(
        self,
        text: str,
        *,
        command: str = "/invoice-check",
        user: str = TECHNICIAN,
        channel: str = BILLING,
        trigger_id: str | None = None,
    ) -> Delivery:
        """Type a slash command. With nobody connected Slackbot tells the person that it failed."""
        with self._changed:
            place, person = self._place(channel), self.workspace.users[user]
            typed = TypedCommand(place.id, self.workspace.next_ts(), user, f"{command} {text}".strip())
            self.workspace.commands.append(typed)
            payload = payloads.slash_command(
                self.workspace,
                command=command,
                text=text,
                user=person,
                channel=place,
                trigger_id=trigger_id,
                response_url=self._response_url(user, place.id),
            )
            views.hand_out(self.workspace, payload["trigger_id"], user)
            self._changed.notify_all()
        return self._hub.send(self._command(payload))

    def mention(
        self, text: str, *, user: str = TECHNICIAN, channel: str = BILLING, thread_ts: str | None = None
    ) -> Delivery:
        """Post a person's message that names the bot. ValueError where Slack would not tell the bot."""
        place = self.workspace.channels[channel]
        if not place.bot_is_member or f"<@{self.workspace.bot.id}>" not in text:
            message = "Slack sends app_mention only for a mention in a channel that the bot is in"
            raise ValueError(message)
        return self._write("app_mention", place, user, text, thread_ts)

    def wait_for(self, predicate: Callable[[Workspace], T | None], timeout: float = PATIENCE_SECONDS) -> T:
        """Return the first truthy answer of `predicate`, asked again at each change. TimeoutError after `timeout`.

        `timeout` is in seconds.
        """
        found: T | None = None

        def ask() -> bool:
            nonlocal found
            found = predicate(self.workspace)
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(ask, timeout) or found is None:
                last = [f"{m.channel} {m.user}: {m.text}" for m in self.workspace.messages[-5:]]
                message = f"not seen in {timeout} s; the last messages are {last}"
                raise TimeoutError(message)
            return found

    def wait_connected(self, timeout: float = PATIENCE_SECONDS, *, connections: int = 1) -> None:
        """Wait until the app holds this many Socket Mode connections, or more. TimeoutError after `timeout`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._hub.connections >= connections, timeout):
                message = f"no Socket Mode connection in {timeout} s"
                raise TimeoutError(message)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections the app holds."""
        return self._hub.connections

    def _place(self, channel: str) -> Channel:
        """Return a channel by its id, or the direct message conversation of a user id."""
        if channel in self.workspace.users:
            return self.workspace.open_im(channel)
        return self.workspace.channels[channel]

    def _response_url(self, user: str, channel: str, source: Message | None = None) -> str:
        return self.response_base + self._responses.issue(user, channel, source)

    def _write(self, kind: str, place: Channel, user: str, text: str, thread_ts: str | None) -> Delivery:
        with self._changed:
            message = self.workspace.post(place.id, user, text, thread_ts=thread_ts)
            event = payloads.message_event(kind, message, self.workspace)
            payload = payloads.event_callback(self.workspace, event, place)
            self._changed.notify_all()
        return self._send(EVENTS, payload)

    def _send(self, kind: str, payload: Payload) -> Delivery:
        """Send a payload as it is now: what changes in the workspace later does not change it."""
        return self._hub.send(Delivery(kind, deepcopy(payload)))

    def _command(self, payload: Payload) -> Delivery:
        """Return a command's delivery, whose acknowledgement or failure the person gets to see."""
        user, channel, name = payload["user_id"], payload["channel_id"], payload["command"]

        def answered(ack: Payload) -> None:
            if not (ack.get("text") or ack.get("blocks")):
                return
            try:
                say(self.workspace, ResponseUrl(user, channel, None, expires_at=0.0), ack)
            except SlackRefusalError as refusal:
                failed(refusal.code)

        def failed(error: str) -> None:
            text = f'{name} failed with the error "{error}"'
            self.workspace.post(channel, SLACKBOT, text, ephemeral_to=user)

        return Delivery(COMMANDS, payload, on_ack=answered, on_error=failed)
