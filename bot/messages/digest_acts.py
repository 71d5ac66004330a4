"""What managers do about a digest: the forms they fill in, and what they and their thread are told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from bot.counting import counted
from bot.digest.model import Mark, Snooze
from bot.messages import phrases
from bot.messages.escape import mrkdwn, plain
from bot.messages.rendered import Block, Line, Part, Rendered, actions, button, fit, joined, line, paragraphs, told
from bot.words.plain import day_in_words, listed, strung

UNMARK: Final = "digest_unmark"
"""The button that takes a mark back."""
SNOOZE_FORM: Final = "digest_snooze_form"
MARK_FORM: Final = "digest_mark_form"
WRONG_FORM: Final = "digest_wrong_form"
NOTHING_FORM: Final = "nudge_nothing_form"

DURATION: Final = "duration"
REASON: Final = "reason"
REMARK: Final = "remark"
"""Each field's block_id and action_id."""
REASON_LIMIT: Final = 300
REMARK_LIMIT: Final = 1_000

View = dict[str, Any]

_PERSON: Final = re.compile(r"[UW][A-Z0-9_]{1,30}")
_NO_CHANGE_IN_SYNCRO: Final = "Nothing is changed in Syncro."
_AS_ANY_OTHER: Final = "From now on the digest treats it like any other ticket."
_CUSTOMERS_NAMED: Final = 20
_COMMAND: Final = "/invoice-check digest"
_WAYS: Final = (
    ("now", "make today's digest and post it in this channel"),
    ("subscribe", "get every digest as a direct message"),
    ("subscribe mine", "only the tickets of which you are the technician"),
    (
        "subscribe customer Kittle, Acme",
        "only the tickets of those customers; put quotation marks around a name that holds a comma",
    ),
    ("unsubscribe", "no digest of your own any more"),
    ("marks", "the tickets that are marked as non-billable: by whom, when and why"),
    ("unmark 32223", "take such a mark back"),
    ("wake 32223", "end a snooze before its time"),
)


class SnoozeFor(StrEnum):
    """How long a manager can put a ticket aside."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def label(self) -> str:
        """How it is offered."""
        return {self.DAY: "1 day", self.WEEK: "1 week", self.MONTH: "Until the end of the month"}[self]


# The forms


def ticket_in_words(number: str, seen: Mapping[str, Any]) -> str:
    """The ticket that a form is about: number, and customer and subject as they were last seen."""
    customer, subject = plain(str(seen.get("customer") or ""), 80), plain(str(seen.get("subject") or ""), 150)
    return strung(" · ", f"Ticket #{plain(number, 30)}", customer, f"“{subject}”" if subject else "")


def snooze_form(ticket: str, metadata: str) -> View:
    """Asks for how long, and why. `ticket` is its words; `metadata` comes back with the answer."""
    about = "It stays out of the warnings until then; the digest goes on listing it as snoozed, with your reason."
    options = [_option(duration) for duration in SnoozeFor]
    choice = {"type": "radio_buttons", "action_id": DURATION, "options": options, "initial_option": options[0]}
    fields = [_input(DURATION, "For how long?", choice), _reason()]
    return _form(SNOOZE_FORM, "Snooze a ticket", "Snooze", ticket, about, fields, metadata)


def mark_form(ticket: str, metadata: str) -> View:
    """Asks why no invoice is expected. `metadata` comes back with the answer."""
    about = "The digest warns about it no more, and goes on listing it as marked, with your reason. You can undo it."
    return _form(MARK_FORM, "Mark as non-billable", "Mark", ticket, about, [_reason()], metadata)


def wrong_form(ticket: str, metadata: str) -> View:
    """Asks what is wrong about a warning, which need not be said. `metadata` comes back with the answer."""
    about = "Your report is kept together with the evidence on which the warning rests, so that it can be looked into."
    remark = _text_field(REMARK, REMARK_LIMIT)
    fields = [_input(REMARK, "What is wrong? Which invoice bills it?", remark, optional=True)]
    return _form(WRONG_FORM, "This is wrong", "Report", ticket, about, fields, metadata)


def nothing_form(ticket: str, metadata: str) -> View:
    """Asks a technician why nothing is to be billed. `metadata` comes back with the answer."""
    about = "You are not reminded of it any more; managers see your reason in the digest and decide."
    return _form(NOTHING_FORM, "Nothing to bill", "Send", ticket, about, [_reason()], metadata)


def _form(
    callback: str, title: str, submit: str, ticket: str, about: str, fields: Sequence[Block], metadata: str
) -> View:
    said = f"{ticket}\n{about} {_NO_CHANGE_IN_SYNCRO}"
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "title": _plain(title),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "blocks": [{"type": "section", "text": _plain(said)}, *fields],
    }


def _reason() -> Block:
    return _input(REASON, f"Why? (at most {REASON_LIMIT} characters)", _text_field(REASON, REASON_LIMIT))


def _text_field(action_id: str, limit: int) -> Block:
    return {"type": "plain_text_input", "action_id": action_id, "multiline": True, "max_length": limit}


def _input(block_id: str, label: str, element: Block, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label),
        "element": element,
        "optional": optional,
    }


def _option(duration: SnoozeFor) -> Block:
    return {"text": _plain(duration.label), "value": duration.value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


# What is wrong with a form; shown below the field


def reason_missing() -> str:
    """The reason holds nothing to read."""
    return "Please give a reason: others will read it in the digest."


def too_long(limit: int) -> str:
    """A text is longer than the form takes."""
    return f"Please say it in at most {limit:,} characters."


def duration_missing() -> str:
    """None of the durations was chosen."""
    return "Please choose one of these."


def not_reminded() -> str:
    """Somebody else is reminded of the ticket by now."""
    return "You are not the one who is reminded of this ticket any more, and nothing was changed."


def form_out_of_date() -> str:
    """The form does not say any more which ticket it is about."""
    return "This form is out of date, and nothing was changed. Close it and press the button in the digest again."


# What the thread is told


def snoozed(snooze: Snooze) -> Rendered:
    """A ticket was put aside: until when, by whom and why."""
    said = (
        f"{_ticket(snooze.ticket_number)} is snoozed until {phrases.moment(snooze.until)}"
        f" by {_person(snooze.by)}: {_whole(snooze.reason)}."
    )
    return told(said, f"`{_COMMAND} wake {_bare(snooze.ticket_number)}` ends that. {_NO_CHANGE_IN_SYNCRO}")


def marked(mark: Mark) -> Rendered:
    """A ticket was marked as non-billable: by whom and why, with a button to undo it."""
    customer = mrkdwn(mark.customer, 80)
    named = f"{_ticket(mark.ticket_number)} ({customer})" if customer else _ticket(mark.ticket_number)
    top = line(f"{named} is marked as non-billable in the bot by {_person(mark.by)}: {_whole(mark.reason)}.")
    value = json.dumps({"id": mark.ticket_id, "number": mark.ticket_number}, separators=(",", ":"))
    undo = Part("", (actions(button("Undo", UNMARK, value)),))
    ending = f"`{_COMMAND} unmark {_bare(mark.ticket_number)}` takes that back. {_NO_CHANGE_IN_SYNCRO}"
    return joined([*paragraphs([top, line(ending)]), undo])


def mark_undone(ticket_number: str, by: str) -> Rendered:
    """A mark was taken back."""
    return told(
        f"{_ticket(ticket_number)} is no longer marked as non-billable; {_person(by)} took the mark back.",
        _AS_ANY_OTHER,
    )


def nothing_noted(ticket_number: str, reason: str) -> Rendered:
    """A technician said that nothing is to be billed."""
    said = f"{_ticket(ticket_number)}: you say that nothing is to be billed: {_whole(reason)}."
    return told(said, f"Managers see that in the digest. {_NO_CHANGE_IN_SYNCRO}")


def remind_tomorrow() -> Rendered:
    """A technician put a reminder off."""
    return told("I remind you of what is left on your next working day. `/invoice-check mine` looks at once.")


# What only the person is told


def managers_only(*, is_set: bool) -> Rendered:
    """Somebody else tried what managers do. `is_set`: whether the operator has named any managers."""
    if is_set:
        return told("Only managers can do that, and nothing was changed. The operator of this bot can add you to them.")
    return told(
        "Nobody is set up as a manager yet, so nothing was changed. The operator of this bot has to put the Slack ids"
        " of the managers, or of a user group, into the setting MANAGERS."
    )


def usage() -> Rendered:
    """What can be typed after `digest`."""
    ways = [f"• `{_COMMAND} {typed}` — {what}" for typed, what in _WAYS]
    return told("*What you can do with the digest of unbilled work*", *ways)


def being_made(day: date) -> Rendered:
    """A digest was asked for, and will come."""
    return told(
        f"The digest of {day_in_words(day, day)} is being made and will be posted here; where I cannot post,"
        " you get it as a direct message."
    )


def subscribed(customers: Sequence[str], *, mine: bool, comes: str) -> Rendered:
    """What is subscribed now. `comes` says when the digest is made."""
    if mine:
        what = "only the tickets of which you are the technician"
    elif customers:
        shown = [mrkdwn(name, 80) for name in customers[:_CUSTOMERS_NAMED]]
        what = f"only tickets of {listed(shown, len(customers) - len(shown))}"
    else:
        what = "every customer and every technician"
    return told(
        f"You now get a digest of your own as a direct message: *{what}*. This replaces what you had subscribed to.",
        f"When it comes: {comes}. `{_COMMAND} unsubscribe` ends it.",
    )


def too_many_customers(limit: int) -> Rendered:
    """More customers, or longer names, than a subscription may hold."""
    return told(
        f"A subscription can name {limit} customers, in at most 100 characters each. Nothing was changed; leave the"
        " names out to get the tickets of every customer."
    )


def unsubscribed(*, had_one: bool) -> Rendered:
    """No digest of one's own any more."""
    if had_one:
        return told("You are unsubscribed, and get no digest of your own any more.")
    return told("You had subscribed to nothing, so nothing was changed.")


def marks_list(marks: Sequence[Mark]) -> Rendered:
    """Every ticket that is marked: who, when and why. Those that find no room are named by their numbers."""
    if not marks:
        return told("No ticket is marked as non-billable in the bot.")
    ordered = sorted(marks, key=lambda mark: mark.at, reverse=True)
    top = f"*{counted(len(marks), 'ticket')} marked as non-billable in the bot*, the latest first:"
    bottom = line(f"`{_COMMAND} unmark 32223` takes a mark back.")

    def rest(shown: int) -> Line:
        left = ordered[shown:]
        return line(f"…and {len(left):,} older: {phrases.numbers(mark.ticket_number for mark in left)}.")

    return fit(paragraphs([line(top)]), [mark_line(mark) for mark in ordered], paragraphs([bottom]), rest)


def no_mark(ticket: str) -> Rendered:
    """There is no mark to take back."""
    return told(f"{_ticket(ticket)} is not marked as non-billable, so nothing was changed.")


def woken(ticket: str) -> Rendered:
    """A snooze was ended before its time."""
    return told(f"{_ticket(ticket)} is no longer snoozed.", _AS_ANY_OTHER)


def no_snooze(ticket: str) -> Rendered:
    """There is no snooze to end."""
    return told(f"{_ticket(ticket)} is not snoozed, so nothing was changed.")


def too_slow() -> Rendered:
    """Slack did not take the form in time."""
    return told("The form could not be opened, and nothing was changed. Please press the button again.")


def button_out_of_date() -> Rendered:
    """A button does not say which ticket it is about."""
    return told("This button is out of date, and nothing was done. Please use `/invoice-check` with the number.")


def not_stored(*, is_late: bool = False) -> Rendered:
    """What was decided could not be kept; `is_late`: or only later than Slack waits."""
    late = "This could not be stored in time. If nothing comes within a minute, please try again."
    return told(late if is_late else not_stored_in_words())


def not_stored_in_words() -> str:
    """The same for a form, which takes plain text only."""
    return (
        "This could not be stored, and nothing changed. Please try again; if it happens twice, tell the operator of"
        " this bot."
    )


def not_read() -> Rendered:
    """What was decided earlier cannot be read now."""
    return told("The marks could not be read. Please try again; if it happens twice, tell the operator of this bot.")


# The vocabulary


def mark_line(mark: Mark) -> Line:
    """A ticket that is marked: when, by whom and why."""
    customer = mrkdwn(mark.customer, 80)
    number, when = f"*{phrases.numbers([mark.ticket_number])}*", phrases.moment(mark.at)
    return line(f"• {strung(' · ', number, customer, when, _person(mark.by), phrases.quoted(mark.reason))}")


def _ticket(reference: str) -> str:
    return f"*Ticket {phrases.numbers([reference])}*"


def _bare(number: str) -> str:
    return mrkdwn(number, 30)


def _person(user: str) -> str:
    return f"<@{user}>" if _PERSON.fullmatch(user) else mrkdwn(user, 40)


def _whole(reason: str) -> str:
    """The reason, never cut, since escaping makes five characters of one at most."""
    return phrases.quoted(reason, 5 * REASON_LIMIT)
