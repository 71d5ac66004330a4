"""`/invoice-check digest …`: a digest now, subscriptions, marks and snoozes. For managers only."""

from __future__ import annotations

import csv
import html
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.digest.model import Mark, Snooze
from bot.jobs.digest_request import DigestRequest
from bot.listeners.digest_context import DigestContext
from bot.listeners.intake import COMMAND, MOST_CHARACTERS
from bot.listeners.schedule_in_words import schedule_in_words
from bot.listeners.subcommands import Use
from bot.messages import digest_acts as acts
from bot.messages.help import not_allowed
from bot.messages.rendered import Rendered
from bot.store.records import Subscription
from bot.ticket_references import ID_PREFIX
from bot.ticket_references.reading import parse

log = logging.getLogger(__name__)

MOST_CUSTOMERS = 50
LONGEST_CUSTOMER = 100
"""Characters."""
_UNSUBSCRIBE = "unsubscribe"
_STRAIGHT_QUOTES = str.maketrans("“”„‟«»", '""""""')

Decision = TypeVar("Decision", Mark, Snooze)


@dataclass(frozen=True)
class DigestSubcommand:
    """`/invoice-check digest …`; see `Subcommand`."""

    digest: DigestContext
    name: str = "digest"
    help: Sequence[str] = (
        "*The digest of unbilled work, for managers*",
        f"• `{COMMAND} digest now` makes it now; `{COMMAND} digest subscribe` sends it to you every time",
        f"• `{COMMAND} digest help` shows the rest: subscriptions, snoozes, and tickets marked as non-billable",
    )

    def refusal(self, use: Use) -> Rendered | None:
        """See `Subcommand`."""
        if use.text.casefold() == _UNSUBSCRIBE:  # anybody may have had a digest, and be rid of it
            return None
        return self.digest.refusal(use.asker, f"{self.name} {use.text}")

    def answer(self, use: Use) -> Rendered:
        """See `Subcommand`."""
        try:
            return _done(self.digest, use)
        except SQLAlchemyError as error:
            log.error("A decision about the digest could not be stored (%s)", type(error).__name__)
            return acts.not_stored()


def _done(digest: DigestContext, use: Use) -> Rendered:
    user = use.user
    match [word.casefold() for word in use.text.split()]:
        case ["now"]:
            return _make_now(digest, use)
        case ["subscribe"]:
            return _subscribe(digest, Subscription(user))
        case ["subscribe", "mine"]:
            return _subscribe(digest, Subscription(user, mine=True))
        case ["subscribe", "customer" | "customers", _, *_]:
            return _subscribe_to_customers(digest, user, use.text.split(maxsplit=2)[2])
        case [word] if word == _UNSUBSCRIBE:
            return acts.unsubscribed(had_one=digest.memory.unsubscribe(user, by=user, at=digest.clock()))
        case ["marks"]:
            return _marks(digest)
        case ["unmark", typed] if ticket := _reference(digest, typed):
            return _unmark(digest, user, ticket)
        case ["wake", typed] if ticket := _reference(digest, typed):
            return _wake(digest, user, ticket)
    return acts.usage()


def _make_now(digest: DigestContext, use: Use) -> Rendered:
    # A manager need not stand on the list of people, but billing data stays in the channels where it belongs.
    refusal = digest.access.place_refusal(use.asker, "digest now")
    if refusal is not None:
        return Rendered(not_allowed(refusal))
    day = digest.today()
    request = DigestRequest(day, use.channel, asked_by=use.user, response_url=use.response_url)
    try:
        digest.enqueue_digest(f"digest:now:{use.trigger}", request)
    except Exception as error:  # noqa: BLE001 - whatever ails the database, the person is told
        log.error("A digest could not be stored (%s)", type(error).__name__)
        return acts.not_stored(is_late=isinstance(error, TimeoutError))
    return acts.being_made(day)


def _subscribe(digest: DigestContext, wanted: Subscription) -> Rendered:
    digest.memory.subscribe(wanted, at=digest.clock())
    comes = schedule_in_words(digest.schedule, digest.zone, digest.clock())
    return acts.subscribed(wanted.customers, mine=wanted.mine, comes=comes)


def _subscribe_to_customers(digest: DigestContext, user: str, typed: str) -> Rendered:
    names = customer_names(typed)
    if not names:
        return acts.usage()
    if len(names) > MOST_CUSTOMERS or max(map(len, names)) > LONGEST_CUSTOMER:
        return acts.too_many_customers(MOST_CUSTOMERS)
    return _subscribe(digest, Subscription(user, customers=names))


def customer_names(typed: str) -> tuple[str, ...]:
    """The names in a comma-separated list, each once; a name in quotation marks may hold commas."""
    # Slack sends "&" as "&amp;", and many keyboards make curly quotation marks.
    plain = " ".join(html.unescape(typed).translate(_STRAIGHT_QUOTES).split())
    (fields,) = csv.reader([plain[:MOST_CHARACTERS]], skipinitialspace=True)
    named = (" ".join(field.split()) for field in fields)
    return tuple({name.casefold(): name for name in named if name}.values())


def _marks(digest: DigestContext) -> Rendered:
    try:
        return acts.marks_list(digest.memory.history(digest.clock()).marks)
    except SQLAlchemyError as error:
        log.error("The marks could not be read (%s)", type(error).__name__)
        return acts.not_read()


def _unmark(digest: DigestContext, user: str, ticket: str) -> Rendered:
    now = digest.clock()
    mark = _about(ticket, digest.memory.history(now).marks)
    if mark is None or not digest.memory.unmark(mark.ticket_id, by=user, at=now):
        return acts.no_mark(ticket)
    return acts.mark_undone(mark.ticket_number, user)


def _wake(digest: DigestContext, user: str, ticket: str) -> Rendered:
    snooze = _about(ticket, digest.memory.history(digest.clock()).snoozes)
    if snooze is None:
        return acts.no_snooze(ticket)
    digest.memory.wake(snooze.ticket_id, by=user, at=digest.clock())
    return acts.woken(snooze.ticket_number)


def _about(ticket: str, decisions: Sequence[Decision]) -> Decision | None:
    """The decision about a ticket, named by its number or its id."""
    return next((each for each in decisions if ticket in (each.ticket_number, ID_PREFIX + each.ticket_id)), None)


def _reference(digest: DigestContext, typed: str) -> str:
    """The one ticket that a word names; empty where it names none or several."""
    (reference,) = parse(typed, site=digest.intake.site, limit=1).references or ("",)
    return reference
