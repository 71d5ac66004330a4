"""What every listener does with a question: authorise it, understand it, store it as a job, in this order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.jobs import request as requests
from bot.jobs.request import FEW_TICKETS, CheckRequest
from bot.listeners.access import Access, Asker
from bot.listeners.backlog import Backlog
from bot.listeners.small_talk import is_chit_chat
from bot.messages.help import (
    cut_short,
    exhaustive_is_for_managers,
    left_out,
    no_numbers_in_message,
    not_allowed,
    not_stored,
    not_understood,
    too_many,
    too_many_waiting,
)
from bot.messages.rendered import Rendered
from bot.ticket_references.reading import Typed, parse, read_prose
from bot.words.plain import strung

log = logging.getLogger(__name__)

COMMAND = "/invoice-check"
MOST_TICKETS = requests.MOST_TICKETS
MOST_CHARACTERS = 4_000
"""What is read of a text."""
_HELP = frozenset({"", "help", "?", "-h", "-help", "--help", "—help"})

Enqueue = Callable[[str, CheckRequest], None]


@dataclass(frozen=True)
class Wish:
    """What a text asks for: tickets to check, the help, another answer that needs no check, or none at all.

    `note` is for the person beside the tickets' answer.
    """

    references: tuple[str, ...] = ()
    exhaustive: bool = False
    fresh: bool = False
    reply: Rendered | None = None
    wants_help: bool = False
    note: str = ""
    wants_nothing: bool = False

    def asked(self, request: CheckRequest, text: str) -> Asked:
        """What becomes of it; the person is told where the text was longer than what is read of it."""
        if self.reply is not None or self.wants_nothing:
            return Asked(reply=self.reply)
        told = strung(" ", self.note, cut_short(MOST_CHARACTERS) if len(text) > MOST_CHARACTERS else "")
        return Asked(request, Rendered(told) if told else None)


@dataclass(frozen=True)
class Asked:
    """A question to store, or something to tell the person, or both."""

    request: CheckRequest | None = None
    reply: Rendered | None = None


@dataclass(frozen=True)
class Intake:
    """Shared by all listeners. `site` is the account's Syncro address, whose ticket links are understood."""

    access: Access
    enqueue: Enqueue
    site: str
    backlog: Backlog

    def read_command(self, text: str) -> Wish:
        """Understand what was typed after the slash command; every word has to make sense."""
        text = _readable(text)
        if wants_help(text):
            return Wish(wants_help=True)
        typed = parse(text, site=self.site, limit=MOST_TICKETS)
        if typed.left_out or not typed.count:
            return Wish(reply=Rendered(not_understood(typed.left_out, COMMAND)))
        return _wish(typed)

    def read_prose(self, text: str) -> Wish:
        """Understand a sentence: strictly where it is a list of tickets, otherwise by the numbers in it."""
        text = _readable(text)
        if wants_help(text):
            return Wish(wants_help=True)
        typed = self._listed_or_said(text)
        if typed.count:
            return _wish(typed)
        if typed.left_out:
            return Wish(reply=Rendered(not_understood(typed.left_out, COMMAND)))
        is_thanks = is_chit_chat(text)
        return Wish(wants_nothing=is_thanks, wants_help=not is_thanks)

    def read_message(self, text: str) -> Wish:
        """Understand a message that somebody else wrote, or a list: the tickets that it names."""
        typed = self._listed_or_said(_readable(text))
        return _wish(typed) if typed.count else Wish(reply=Rendered(no_numbers_in_message(typed.left_out)))

    def _listed_or_said(self, text: str) -> Typed:
        listed = parse(text, site=self.site, limit=MOST_TICKETS)
        return read_prose(text, site=self.site, limit=MOST_TICKETS) if listed.left_out else listed

    def submit(
        self, key: str, asking: Asker, read: Callable[[], Asked], *, what: str, afresh: bool = False
    ) -> Rendered | None:
        """Authorise the person, then `read` `what` was asked, then store it: so that a stranger costs little.

        What was pressed and not typed is authorised `afresh`. Returns what to tell the person.
        """
        refusal = self.access.refusal(asking, what, afresh=afresh)
        if refusal is not None:
            return Rendered(not_allowed(refusal))
        asked = read()
        untaken = None if asked.request is None else self._take(key, asking, asked.request, what)
        return asked.reply if untaken is None else Rendered(untaken)

    def _take(self, key: str, asking: Asker, request: CheckRequest, what: str) -> str | None:
        """Store a question; returns what to tell the person where that is not done."""
        if request.exhaustive and request.has_many_tickets and self.access.manager_refusal(asking, what) is not None:
            return exhaustive_is_for_managers(FEW_TICKETS)
        try:
            if not self.backlog.admit(request.user, key, request.most_tickets):
                return too_many_waiting(self.backlog.most_tickets)
            self.enqueue(key, request)
        except Exception as error:  # noqa: BLE001 - whatever ails the database, the person is told
            why = f"{type(error).__name__}: {error}".partition("\n")[0]
            log.error("A question could not be stored (%s)", why)
            self.backlog.withdraw(request.user, key)
            return not_stored(is_late=isinstance(error, TimeoutError))
        return None


def wants_help(text: str) -> bool:
    """Whether a text asks for nothing but the help, which anybody may have."""
    return text.strip()[:10].casefold() in _HELP


def _readable(text: str) -> str:
    """As much of a text as is read, without a word that would be cut in two."""
    if len(text) <= MOST_CHARACTERS:
        return text
    ends = (place for place in range(MOST_CHARACTERS, 0, -1) if text[place].isspace() or text[place] in ",;")
    return text[: next(ends, 0)]


def _wish(typed: Typed) -> Wish:
    """What becomes of tickets that were named."""
    if typed.count > MOST_TICKETS:
        return Wish(reply=Rendered(too_many(typed.count, MOST_TICKETS)))
    return Wish(
        typed.references,
        exhaustive="exhaustive" in typed.options,
        fresh="fresh" in typed.options,
        note=left_out(typed.left_out),
    )
