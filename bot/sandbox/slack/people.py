"""What people do in the stand-in Slack: they type commands, write to the bot, press buttons and fill in modals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeVar

from bot.sandbox.slack import forms, interactions, payloads, views
from bot.sandbox.slack.api import SlackRefusalError
from bot.sandbox.slack.responses import ResponseUrl, ResponseUrls, say
from bot.sandbox.slack.socket import COMMANDS, EVENTS, INTERACTIVE, PATIENCE_SECONDS, Delivery, Payload, SocketHub
from bot.sandbox.slack.typing import as_message, escaped
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
                text=escaped(text),
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

    def write(
        self, text: str, *, user: str = TECHNICIAN, channel: str = BILLING, thread_ts: str | None = None
    ) -> Delivery:
        """Post a person's message that does not name the bot. ValueError where Slack would not tell the bot."""
        place = self.workspace.channels[channel]
        if not place.bot_is_member or not self.may_read(place):
            message = "Slack sends a message only in a channel that the bot is in, with the scope for its history"
            raise ValueError(message)
        return self._write("message", place, user, text, thread_ts)

    def paste(self, text: str, *, user: str = TECHNICIAN, channel: str = BILLING) -> tuple[Message, Delivery]:
        """Post a message with addresses of domains that the app has registered."""
        with self._changed:
            message = self.workspace.post(channel, user, as_message(text))
            event = payloads.link_shared(message, self.workspace)
            payload = payloads.event_callback(self.workspace, event, self.workspace.channels[channel])
        return message, self._send(EVENTS, payload)

    def may_read(self, place: Channel) -> bool:
        """Whether the app's scopes let it see what is said here."""
        raise NotImplementedError

    def direct_message(self, text: str, *, user: str = TECHNICIAN, thread_ts: str | None = None) -> Delivery:
        """Write to the bot in the direct message conversation."""
        return self._write("message", self._place(user), user, text, thread_ts)

    def message_shortcut(self, callback_id: str, message: Message, user: str = TECHNICIAN) -> Delivery:
        """Choose a shortcut from the menu of a message."""
        with self._changed:
            url = self._response_url(user, message.channel, message)
            person = self.workspace.users[user]
            payload = interactions.message_action(self.workspace, callback_id, message, person, url)
        return self._interact(payload)

    def global_shortcut(self, callback_id: str, user: str = TECHNICIAN) -> Delivery:
        """Choose a shortcut beside the box for messages, or in the search."""
        return self._interact(
            interactions.interaction("shortcut", self.workspace, self.workspace.users[user])
            | {"callback_id": callback_id, "action_ts": self.workspace.next_ts()}
        )

    def press(self, action_id: str, message: Message, user: str = TECHNICIAN, value: str | None = None) -> Delivery:
        """Press a button of a message. LookupError when the message has no such button.

        `value` picks one of several with the same action_id; a value that none has is sent as it is.
        """
        with self._changed:
            action = interactions.pressed(message.blocks, action_id, value, self.workspace.next_ts())
            return self._act(action, message, user)

    def press_home(self, action_id: str, user: str = TECHNICIAN, value: str | None = None) -> Delivery:
        """Press a button in the person's Home tab. LookupError when there is none."""
        with self._changed:
            blocks = self.workspace.homes[user]["blocks"]
            action = interactions.pressed(blocks, action_id, value, self.workspace.next_ts())
            payload = interactions.home_actions(self.workspace, self.workspace.users[user], action)
        return self._interact(payload)

    def submit_view(self, values: Mapping[str, str] | None = None, *, user: str = TECHNICIAN) -> Delivery:
        """Fill in the modal that the person has open, and submit it.

        `values` gives what they type, or the value of the option they choose, by block_id or action_id; other fields
        keep what they show. The acknowledgement closes or changes the modal, or says in `Modal.errors` what is wrong.
        LookupError when no modal is open, or it shows no such field or option; ValueError when Slack would not let
        the person submit it.
        """
        with self._changed:
            modal = self.workspace.modals.get(user)
            if modal is None:
                message = f"{user} has no modal open"
                raise LookupError(message)
            state = forms.fill_in(modal, values or {})
            payload = interactions.modal_submission(self.workspace, modal.view, self.workspace.users[user], state)
            return self._interact(
                payload,
                on_ack=lambda ack: forms.acknowledged(self.workspace, modal, ack),
                on_error=lambda _error: forms.undelivered(modal),
            )

    def app_home_opened(self, user: str = TECHNICIAN) -> Delivery:
        """Open the bot's Home tab."""
        with self._changed:
            event: dict[str, Any] = {
                "type": "app_home_opened",
                "user": user,
                "channel": self._place(user).id,
                "tab": "home",
                "event_ts": self.workspace.next_ts(),
            }
            if user in self.workspace.homes:
                event["view"] = self.workspace.homes[user]
            payload = payloads.event_callback(self.workspace, event)
        return self._send(EVENTS, payload)

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
            message = self.workspace.post(place.id, user, as_message(text), thread_ts=thread_ts)
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

    def _act(self, action: Payload, message: Message, user: str) -> Delivery:
        """Tell the app what a person did in a message."""
        url = self._response_url(user, message.channel, message)
        return self._interact(
            interactions.block_actions(self.workspace, message, self.workspace.users[user], action, url),
        )

    def _interact(
        self,
        payload: Payload,
        on_ack: Callable[[Payload], None] | None = None,
        on_error: Callable[[str], None] | None = None,
    ) -> Delivery:
        """Send an interaction; with it the app may open a modal for the person."""
        with self._changed:
            views.hand_out(self.workspace, payload["trigger_id"], payload["user"]["id"])
        return self._hub.send(Delivery(INTERACTIVE, deepcopy(payload), on_ack=on_ack, on_error=on_error))
