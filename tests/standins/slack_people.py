"""What people do in the stand-in Slack beside typing commands and mentions, and what they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from bot.sandbox.slack.payloads import event_callback
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.socket import COMMANDS, EVENTS, INTERACTIVE, Delivery, Payload
from bot.sandbox.slack.views import hand_out
from bot.sandbox.slack.workspace import OTHER_TEAM, TECHNICIAN, Message, Modal
from tests.patience import PATIENCE
from tests.standins import slack_forms as forms
from tests.standins import slack_payloads as payloads


class BusySlack(SlackSandbox):
    """A workspace whose people press buttons, fill in modals, write to the bot, and look around."""

    def direct_message(self, text: str, *, user: str = TECHNICIAN, thread_ts: str | None = None) -> Delivery:
        """Write to the bot in the direct message conversation."""
        return self._write("message", self._place(user), user, text, thread_ts)

    def message_shortcut(self, callback_id: str, message: Message, user: str = TECHNICIAN) -> Delivery:
        """Choose a shortcut from the menu of a message."""
        with self._changed:
            url = self._response_url(user, message.channel, message)
            person = self.workspace.users[user]
            payload = payloads.message_action(self.workspace, callback_id, message, person, url)
        return self._interact(payload)

    def press(self, action_id: str, message: Message, user: str = TECHNICIAN, value: str | None = None) -> Delivery:
        """Press a button of a message. LookupError when the message has no such button.

        `value` picks one of several with the same action_id; a value that none has is sent as it is.
        """
        with self._changed:
            action = payloads.pressed(message.blocks, action_id, value, self.workspace.next_ts())
            return self._act(action, message, user)

    def choose(self, action_id: str, option_value: str, message: Message, user: str = TECHNICIAN) -> Delivery:
        """Choose an option from an overflow menu, a static select or radio buttons of a message.

        LookupError when the message shows no such menu, or none with that option.
        """
        with self._changed:
            action = payloads.chosen(message.blocks, action_id, option_value, self.workspace.next_ts())
            return self._act(action, message, user)

    def press_home(self, action_id: str, user: str = TECHNICIAN, value: str | None = None) -> Delivery:
        """Press a button in the person's Home tab. LookupError when there is none."""
        with self._changed:
            blocks = self.workspace.homes[user]["blocks"]
            action = payloads.pressed(blocks, action_id, value, self.workspace.next_ts())
            payload = payloads.home_actions(self.workspace, self.workspace.users[user], action)
        return self._interact(payload)

    def view_submission(
        self,
        callback_id: str,
        values: Payload | None = None,
        *,
        user: str = TECHNICIAN,
        private_metadata: str = "",
    ) -> Delivery:
        """Submit a modal that nobody opened. `values` is its state: `{block_id: {action_id: {…}}}`.

        For one that the app opened use `submit_view`.
        """
        person = self.workspace.users[user]
        return self._interact(
            payloads.view_submission(self.workspace, callback_id, person, values or {}, private_metadata),
        )

    def modal(self, user: str = TECHNICIAN) -> Modal | None:
        """Return the modal that this person has open, or None."""
        with self._changed:
            return self.workspace.modals.get(user)

    def wait_for_modal(self, user: str = TECHNICIAN, timeout: float = PATIENCE) -> Modal:
        """Return the person's modal as soon as one is open. TimeoutError after `timeout` seconds."""
        return self.wait_for(lambda workspace: workspace.modals.get(user), timeout)

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
            payload = payloads.modal_submission(self.workspace, modal.view, self.workspace.users[user], state)
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
            payload = event_callback(self.workspace, event)
        return self._send(EVENTS, payload)

    def share(self, channel: str, *, shared: bool = True) -> Delivery:
        """Share a channel with another organisation, or end that."""
        with self._changed:
            self.workspace.channels[channel].is_ext_shared = shared
            event: dict[str, Any] = {
                "type": "channel_shared" if shared else "channel_unshared",
                "channel": channel,
                "connected_team_id" if shared else "previously_connected_team_id": OTHER_TEAM,
                "event_ts": self.workspace.next_ts(),
            }
            if not shared:
                event["is_ext_shared"] = False
            payload = event_callback(self.workspace, event)
        return self._send(EVENTS, payload)

    def event(self, event: Mapping[str, Any], **body: Any) -> Delivery:
        """Send an event as it is given, whatever it leaves out; `body` changes what surrounds it."""
        with self._changed:
            stamped = {"event_ts": self.workspace.next_ts(), **event}
            payload = event_callback(self.workspace, stamped) | body
        return self._send(EVENTS, payload)

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send the same payload (same trigger_id or event_id) once more, in a new envelope."""
        if delivery.kind == COMMANDS:
            again = self._command(deepcopy(delivery.payload))
        else:
            again = Delivery(delivery.kind, deepcopy(delivery.payload))
        again.retry_attempt = delivery.retry_attempt + 1
        return self._hub.send(again)

    def disconnect_all(self, *, announced: bool = True) -> None:
        """Close the app's connections; `announced` sends Slack's `disconnect` message first."""
        self._hub.disconnect_all(announced=announced)

    def expire_response_urls(self) -> None:
        """Let half an hour pass for every response_url."""
        self._responses.expire_all()

    def expire_triggers(self) -> None:
        """Let three seconds pass for every trigger_id handed out so far."""
        with self._changed:
            for trigger in self.workspace.triggers.values():
                trigger.expires_at = 0.0

    def parents(self, channel: str) -> list[Message]:
        """Return what stands in a channel for everybody, oldest first."""
        with self._changed:
            return self.workspace.parents(channel)

    def replies(self, channel: str, ts: str) -> list[Message]:
        """Return the thread below a message, oldest first."""
        with self._changed:
            return self.workspace.replies(channel, ts)

    def ephemerals(self, user: str) -> list[Message]:
        """Return what only this person sees, oldest first."""
        with self._changed:
            return self.workspace.ephemerals(user)

    def _act(self, action: Payload, message: Message, user: str) -> Delivery:
        """Tell the app what a person did in a message."""
        url = self._response_url(user, message.channel, message)
        return self._interact(
            payloads.block_actions(self.workspace, message, self.workspace.users[user], action, url),
        )

    def _interact(
        self,
        payload: Payload,
        on_ack: Callable[[Payload], None] | None = None,
        on_error: Callable[[str], None] | None = None,
    ) -> Delivery:
        """Send an interaction; with it the app may open a modal for the person."""
        with self._changed:
            hand_out(self.workspace, payload["trigger_id"], payload["user"]["id"])
        return self._hub.send(Delivery(INTERACTIVE, deepcopy(payload), on_ack=on_ack, on_error=on_error))
