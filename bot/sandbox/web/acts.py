"""What a person does on the page, done in the stand-in Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.sandbox.demo.stage import COMMAND, Stage
from bot.sandbox.slack.typing import as_message
from bot.sandbox.slack.workspace import BOT, Message
from bot.sandbox.syncro.world import World
from bot.sandbox.web.pages import LIST, SHORTCUTS, Look
from bot.sandbox.web.tour import HOME, STEPS

MENTIONS = ("@bot", "@invoice_bot", "@Invoice Bot")

Act = dict[str, Any]


class RefusedActError(Exception):
    """Slack would not have let the person do that. The text says why, for people."""


def do(stage: Stage, look: Look, act: Act) -> Look:
    """Do what was asked, and return what the person looks at afterwards.

    Raises:
        RefusedActError: that cannot be done.

    """
    handler = ACTS.get(str(act.get("kind")))
    if handler is None:
        raise RefusedActError("The page does not know that.")
    try:
        return handler(stage, look, act)
    except (LookupError, ValueError) as error:
        raise RefusedActError(f"That cannot be done: {error}") from None


def say(stage: Stage, look: Look, text: str, *, in_thread: bool = False) -> None:
    """Type a text where the person is: a slash command, a mention, a direct message, or what is for people only."""
    slack, thread_ts = stage.slack, look.thread if in_thread else None
    command, _, rest = text.partition(" ")
    if command.startswith("/"):
        if in_thread:
            raise RefusedActError(f"{command} is not supported in threads. Sorry! Mention @bot instead.")
        if command != COMMAND:
            raise RefusedActError(f"{command} is not a valid command.")
        slack.slash(rest.strip(), user=look.user, channel=look.place)
        return
    for name in MENTIONS:
        text = text.replace(name, f"<@{BOT}>")
    place = slack.workspace.channels[look.place]
    if place.is_im:
        slack.direct_message(text, user=look.user, thread_ts=thread_ts)
    elif f"<@{BOT}>" in text:
        slack.mention(text, user=look.user, channel=look.place, thread_ts=thread_ts)
    elif f"{stage.syncro.site}/" in text:
        slack.paste(text, user=look.user, channel=look.place)
    else:
        slack.wait_for(lambda workspace: workspace.post(look.place, look.user, as_message(text), thread_ts=thread_ts))


def _type(stage: Stage, look: Look, act: Act) -> Look:
    text = str(act.get("text") or "").strip()
    if text:
        say(stage, look, text, in_thread=bool(act.get("in_thread")))
    return look


def _press(stage: Stage, look: Look, act: Act) -> Look:
    action_id, value = str(act.get("action_id")), str(act.get("value") or "") or None
    if act.get("home"):
        stage.slack.press_home(action_id, look.user, value)
    else:
        stage.slack.press(action_id, _message(stage, act), look.user, value)
    return look


def _shortcut(stage: Stage, look: Look, act: Act) -> Look:
    if act.get("callback_id") == LIST:
        stage.slack.global_shortcut(LIST, look.user)
        return look
    message, callback_id = _message(stage, act), str(act.get("callback_id"))
    if callback_id not in SHORTCUTS:
        raise RefusedActError("There is no such shortcut.")
    stage.slack.message_shortcut(callback_id, message, look.user)
    return replace(look, thread=message.thread_ts or message.ts)


def _submit(stage: Stage, look: Look, act: Act) -> Look:
    values = act.get("values")
    given = {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}
    stage.slack.submit_view(given, user=look.user)
    return look


def _close(stage: Stage, look: Look, _act: Act) -> Look:
    stage.slack.wait_for(lambda workspace: (workspace.modals.pop(look.user, None), True))
    return look


def _step(stage: Stage, _look: Look, act: Act) -> Look:
    """Take one step of the tour."""
    step = STEPS[int(str(act.get("step")))]
    if step.bills:
        with stage.syncro.locked() as world:
            bill(world, step.bills)
    there = Look(step.user, step.place)
    if step.typed:
        say(stage, there, stage.filled_in(step.typed))
    return there


def bill(world: World, number: str) -> None:
    """Make the invoice that a ticket lacks, with all that is on it. One that was billed already stays as it is."""
    ticket = next(ticket for ticket in world.tickets.values() if str(ticket.number) == number)
    if any(invoice.ticket_id == ticket.id for invoice in world.invoices.values()):
        return
    invoice = world.bill_by_line_item(ticket)
    invoice.ticket_id = ticket.id
    for timer in ticket.timers:
        timer.recorded = True


def open_home(stage: Stage, look: Look) -> None:
    """Tell the app that the person opened its Home tab, where they did."""
    if look.place == HOME:
        stage.slack.app_home_opened(look.user)


def _message(stage: Stage, act: Act) -> Message:
    found = stage.slack.workspace.find(str(act.get("channel")), str(act.get("ts")))
    if found is None:
        raise RefusedActError("That message is gone.")
    return found


ACTS: dict[str, Callable[[Stage, Look, Act], Look]] = {
    "close": _close,
    "press": _press,
    "shortcut": _shortcut,
    "step": _step,
    "submit": _submit,
    "type": _type,
}
