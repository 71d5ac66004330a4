"""What happens in the stand-in Slack that the demo has no use for, and what its people see."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bot.sandbox.slack import interactions
from bot.sandbox.slack.payloads import event_callback, view_json
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.socket import COMMANDS, EVENTS, Delivery, Payload
from bot.sandbox.slack.workspace import OTHER_TEAM, TECHNICIAN, Message, Modal
from tests.patience import PATIENCE


class BusySlack(SlackSandbox):
    """A workspace in which time passes, channels are shared, and things are sent twice."""

    def choose(self, action_id: str, option_value: str, message: Message, user: str = TECHNICIAN) -> Delivery:
        """Choose an option from an overflow menu, a static select or radio buttons of a message.

        LookupError when the message shows no such menu, or none with that option.
        """
        with self._changed:
            action = interactions.chosen(message.blocks, action_id, option_value, self.workspace.next_ts())
            return self._act(action, message, user)

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
        view = {"type": "modal", "callback_id": callback_id, "private_metadata": private_metadata, "blocks": []}
        return self._interact(
            interactions.modal_submission(self.workspace, view_json(view, self.workspace), person, values or {})
        )

    def modal(self, user: str = TECHNICIAN) -> Modal | None:
        """Return the modal that this person has open, or None."""
        with self._changed:
            return self.workspace.modals.get(user)

    def wait_for_modal(self, user: str = TECHNICIAN, timeout: float = PATIENCE) -> Modal:
        """Return the person's modal as soon as one is open. TimeoutError after `timeout` seconds."""
        return self.wait_for(lambda workspace: workspace.modals.get(user), timeout)

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
