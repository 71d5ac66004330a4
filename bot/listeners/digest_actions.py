"""The buttons below a digest's tickets, and the forms that they open.

A form is opened first, because Slack takes it within three seconds only. What a form says is stored before it is
acknowledged: a form that closes has been heard. Who may do it is asked again then, since a form can stay open long.
"""

from __future__ import annotations

import http.client
import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from bot.digest.model import Mark, Snooze
from bot.jobs.request import CheckRequest
from bot.listeners.access import Asker
from bot.listeners.digest_context import DigestContext
from bot.listeners.digest_tickets import DigestTicket
from bot.listeners.intake import Asked
from bot.listeners.snooze_until import snooze_until
from bot.messages import digest_acts as acts
from bot.messages.digest_messages import wrong_report_thanks
from bot.messages.digest_rows import MARK, OPEN_IN_SYNCRO, RECHECK, SNOOZE, WRONG
from bot.messages.help import not_allowed
from bot.messages.home import being_rechecked
from bot.messages.nudges import NOTHING, TOMORROW
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered

log = logging.getLogger(__name__)

Payload = dict[str, Any]
Errors = dict[str, str]
"""What is wrong with a form, by the block_id of the field below which it is shown."""
_Act = Callable[[DigestContext, Payload, DigestTicket], Rendered | None]
_Refusing = Callable[[DigestContext, Payload, DigestTicket, str], Rendered | None]

_REPORT, _NOTHING = "report as wrong", "nothing to bill"
"""What people do, as the audit has it."""


def register(app: App, digest: DigestContext) -> None:
    """Listen for the buttons and for the forms."""
    app.action(RECHECK)(_button(digest, _recheck))
    app.action(SNOOZE)(_button(digest, _opening(acts.snooze_form, _not_a_manager, "snooze")))
    app.action(MARK)(_button(digest, _opening(acts.mark_form, _not_a_manager, "mark")))
    app.action(WRONG)(_button(digest, _opening(acts.wrong_form, _not_allowed, _REPORT)))
    app.action(acts.UNMARK)(_button(digest, _unmark))
    app.action(NOTHING)(_button(digest, _opening(acts.nothing_form, _not_allowed, _NOTHING)))
    app.action(TOMORROW)(_tomorrow(digest))
    app.action(OPEN_IN_SYNCRO)(_acknowledge)
    app.view(acts.SNOOZE_FORM)(_form(digest, _snooze, acts.REASON))
    app.view(acts.MARK_FORM)(_form(digest, _mark, acts.REASON))
    app.view(acts.NOTHING_FORM)(_form(digest, _nothing_to_bill, acts.REASON))
    app.view(acts.WRONG_FORM)(_form(digest, _report_wrong, acts.REMARK))


def _acknowledge(ack: Ack) -> None:
    """A button that opens an address does so by itself, and still Slack wants an answer."""
    ack()


def _button(digest: DigestContext, act: _Act) -> Callable[[Ack, Payload, Payload], None]:
    """A listener that does `act` with the ticket of the button, and tells the person what it returns."""

    def pressed(ack: Ack, body: Payload, action: Payload) -> None:
        ticket = DigestTicket.from_press(body, action)
        reply = act(digest, body, ticket) if ticket is not None else acts.button_out_of_date()
        ack()
        if ticket is not None and ticket.is_at_home:
            if reply is not None or act is _recheck:
                notice = being_rechecked(ticket.number) if reply is None else reply.text
                digest.at_home(ticket.channel, notice)
        elif reply is not None and "response_url" in body:
            digest.replies.respond(body["response_url"], reply)

    return pressed


def _form(
    digest: DigestContext, act: Callable[[DigestContext, Payload, DigestTicket], Errors], field: str
) -> Callable[[Ack, Payload], None]:
    """A listener that does `act` with the ticket of the form; what is wrong is shown there, by default at `field`."""

    def submitted(ack: Ack, body: Payload) -> None:
        ticket = DigestTicket.from_metadata(body["view"].get("private_metadata"))
        if ticket is None:
            errors = {field: acts.form_out_of_date()}
        else:
            try:
                errors = act(digest, body, ticket)
            except SQLAlchemyError as error:
                log.error("What a form said could not be stored (%s)", type(error).__name__)
                errors = {field: acts.not_stored_in_words()}
        if errors:
            ack(response_action="errors", errors=errors)
        else:
            ack()
            if ticket is not None and ticket.is_at_home:
                digest.at_home(ticket.channel, "")

    return submitted


# Check again


def _recheck(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Rendered | None:
    request = CheckRequest(
        references=(ticket.number,),
        channel=ticket.channel,
        user=body["user"]["id"],
        thread_ts=ticket.thread_ts or None,
        response_url=body.get("response_url"),
        direct=ticket.is_direct,
    )
    key, asking = f"digest:recheck:{body['trigger_id']}", _asking(body, ticket)
    return digest.intake.submit(key, asking, lambda: Asked(request), what=ticket.number, afresh=True)


# Snooze


def _snooze(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Errors:
    user, state = body["user"]["id"], body["view"]["state"]["values"]
    duration, reason = _chosen(state), _typed(state, acts.REASON)
    errors = _refused(_not_a_manager(digest, body, ticket, "snooze")) or _wrong_reason(reason)
    if duration is None:
        errors |= {acts.DURATION: acts.duration_missing()}
    if errors or duration is None:
        return errors
    now = digest.clock()
    until = snooze_until(duration, now, digest.zone)
    snooze = Snooze(ticket.id, ticket.number, until, by=user, reason=reason, at=now)
    digest.memory.snooze(snooze)
    digest.replies.announce(ticket.channel, user, acts.snoozed(snooze), ticket.thread_ts)
    return {}


# Mark as non-billable


def _mark(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Errors:
    user = body["user"]["id"]
    reason = _typed(body["view"]["state"]["values"], acts.REASON)
    errors = _refused(_not_a_manager(digest, body, ticket, "mark")) or _wrong_reason(reason)
    if errors:
        return errors
    mark = Mark(ticket.id, ticket.number, _customer(digest, ticket), by=user, reason=reason, at=digest.clock())
    digest.memory.mark(mark)
    digest.replies.announce(ticket.channel, user, acts.marked(mark), ticket.thread_ts)
    return {}


def _customer(digest: DigestContext, ticket: DigestTicket) -> str:
    """The customer as the last warning named it, or the button."""
    warnings = digest.memory.warnings_of(ticket.id)
    return warnings[-1].customer if warnings else ticket.customer


def _unmark(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Rendered | None:
    user = body["user"]["id"]
    refusal = _not_a_manager(digest, body, ticket, "unmark")
    if refusal is not None:
        return refusal
    try:
        had_one = digest.memory.unmark(ticket.id, by=user, at=digest.clock())
    except SQLAlchemyError as error:
        log.error("A mark could not be taken back (%s)", type(error).__name__)
        return acts.not_stored()
    if not had_one:
        return acts.no_mark(ticket.number)
    digest.replies.announce(ticket.channel, user, acts.mark_undone(ticket.number, user), ticket.thread_ts)
    return None


# This is wrong


def _report_wrong(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Errors:
    user = body["user"]["id"]
    if errors := _refused(_not_allowed(digest, body, ticket, _REPORT), acts.REMARK):
        return errors
    remark = _typed(body["view"]["state"]["values"], acts.REMARK)
    if len(remark) > acts.REMARK_LIMIT:
        return {acts.REMARK: acts.too_long(acts.REMARK_LIMIT)}
    evidence = {"remark": remark, "seen": _seen(digest, ticket)}
    digest.memory.report_wrong(ticket.id, ticket.number, by=user, at=digest.clock(), evidence=evidence)
    digest.replies.say(ticket.channel, user, wrong_report_thanks(), ticket.thread_ts, direct=ticket.is_direct)
    return {}


def _seen(digest: DigestContext, ticket: DigestTicket) -> dict[str, Any] | None:
    """What the bot had seen of the ticket. A report is worth keeping, and a form opening, without it, too."""
    try:
        return digest.evidence_of(ticket.id)
    except Exception as error:  # noqa: BLE001 - the report is noted without it
        log.error("What was seen of a ticket could not be read (%s)", type(error).__name__)
        return None


# A reminder: nothing to bill, and tomorrow


def _nothing_to_bill(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Errors:
    user, reason = body["user"]["id"], _typed(body["view"]["state"]["values"], acts.REASON)
    if errors := _refused(_not_allowed(digest, body, ticket, _NOTHING)) or _wrong_reason(reason):
        return errors
    if not digest.memory.nothing_to_bill(ticket.id, by=user, reason=reason, at=digest.clock()):
        return {acts.REASON: acts.not_reminded()}
    digest.replies.announce(ticket.channel, user, acts.nothing_noted(ticket.number, reason), ticket.thread_ts)
    return {}


def _tomorrow(digest: DigestContext) -> Callable[[Ack, Payload], None]:
    def pressed(ack: Ack, body: Payload) -> None:
        container = body["container"]
        asking = Asker.of_interaction(body, container["channel_id"])
        refusal = digest.access.refusal(asking, "remind tomorrow", afresh=True)
        ack()
        if refusal is not None:
            digest.replies.respond(body["response_url"], Rendered(not_allowed(refusal)))
        else:
            place = Posted(container["channel_id"], container["message_ts"])
            digest.replies.replace(place, acts.remind_tomorrow())

    return pressed


# What they share


def _opening(form: Callable[[str, str], acts.View], refusing: _Refusing, act: str) -> _Act:
    """What opens a form for those who may do it."""

    def ask(digest: DigestContext, body: Payload, ticket: DigestTicket) -> Rendered | None:
        return refusing(digest, body, ticket, act) or _open(digest, body, form, ticket)

    return ask


def _open(
    digest: DigestContext, body: Payload, form: Callable[[str, str], acts.View], ticket: DigestTicket
) -> Rendered | None:
    """Open a form. Returns what to tell the person where Slack did not take it."""
    view = form(
        acts.ticket_in_words(ticket.number, _seen(digest, ticket) or {"customer": ticket.customer}),
        ticket.to_metadata(),
    )
    try:
        digest.client.views_open(trigger_id=body["trigger_id"], view=view)
    except (SlackApiError, SlackClientError, OSError, http.client.HTTPException) as error:
        code = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
        log.warning("A form could not be opened (%s)", code)
        return acts.too_slow()
    return None


def _asking(body: Payload, ticket: DigestTicket) -> Asker:
    return Asker.of_interaction(body, ticket.channel)


def _not_a_manager(digest: DigestContext, body: Payload, ticket: DigestTicket, act: str) -> Rendered | None:
    """What to tell a person who is no manager; asked anew, since messages and forms stay for long."""
    return digest.refusal(_asking(body, ticket), f"{act} {ticket.number}", afresh=True)


def _not_allowed(digest: DigestContext, body: Payload, ticket: DigestTicket, act: str) -> Rendered | None:
    """What to tell a person who may not even ask."""
    refusal = digest.access.refusal(_asking(body, ticket), f"{act} {ticket.number}", afresh=True)
    return None if refusal is None else Rendered(not_allowed(refusal))


def _refused(refusal: Rendered | None, field: str = acts.REASON) -> Errors:
    return {} if refusal is None else {field: refusal.text}


def _wrong_reason(reason: str) -> Errors:
    if not reason:
        return {acts.REASON: acts.reason_missing()}
    if len(reason) > acts.REASON_LIMIT:
        return {acts.REASON: acts.too_long(acts.REASON_LIMIT)}
    return {}


def _typed(state: Payload, field: str) -> str:
    """What was typed into a field of a form; empty where nothing was."""
    value = ((state.get(field) or {}).get(field) or {}).get("value")
    return value.strip() if isinstance(value, str) else ""


def _chosen(state: Payload) -> acts.SnoozeFor | None:
    """The duration that was chosen; None where it is none of ours."""
    entry = (state.get(acts.DURATION) or {}).get(acts.DURATION) or {}
    value = (entry.get("selected_option") or {}).get("value")
    return acts.SnoozeFor(value) if value in list(acts.SnoozeFor) else None
