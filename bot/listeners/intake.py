"""What every listener does with a question: authorise it, then store it as a job."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.jobs.request import CheckRequest
from bot.listeners.access import Access, Asker
from bot.messages.help import not_allowed, not_stored, not_understood, too_many
from bot.messages.rendered import Rendered
from bot.ticket_references import Typed, find_in_prose, parse

log = logging.getLogger(__name__)

COMMAND = "/invoice-check"
MOST_TICKETS = 50
"""Tickets in one request from Slack."""
_HELP = frozenset({"", "help", "?", "-h", "--help"})
_EXHAUSTIVE = frozenset({"--exhaustive", "exhaustive"})
_FRESH = frozenset({"--fresh", "fresh"})

Enqueue = Callable[[str, CheckRequest], None]


@dataclass(frozen=True)
class Wish:
    """What a text asks for: tickets to check, the help, or another answer that needs no check."""

    references: tuple[str, ...] = ()
    exhaustive: bool = False
    fresh: bool = False
    reply: Rendered | None = None
    wants_help: bool = False


@dataclass(frozen=True)
class Intake:
    """Shared by all listeners. `site` is the account's Syncro address, whose ticket links are understood."""

    access: Access
    enqueue: Enqueue
    site: str

    def read_command(self, text: str) -> Wish:
        """Understand what was typed after the slash command; every word has to make sense."""
        words = text.split()
        options = {word.casefold() for word in words} & (_EXHAUSTIVE | _FRESH)
        rest = " ".join(word for word in words if word.casefold() not in options)
        if rest.casefold() in _HELP:
            return Wish(wants_help=True)
        typed = parse(rest, site=self.site, limit=MOST_TICKETS)
        reply = _complaint(typed)
        return Wish(typed.references, bool(options & _EXHAUSTIVE), bool(options & _FRESH), reply)

    def read_prose(self, text: str) -> Wish:
        """Understand a sentence: strictly where it is a list of tickets, otherwise by the numbers in it."""
        wish = self.read_command(text)
        if wish.reply is None:
            return wish
        typed = parse(text, site=self.site, limit=MOST_TICKETS)
        if typed.count > MOST_TICKETS:
            return Wish(reply=Rendered(too_many(typed.count, MOST_TICKETS)))
        found = find_in_prose(text, site=self.site)
        if len(found) > MOST_TICKETS:
            return Wish(reply=Rendered(too_many(len(found), MOST_TICKETS)))
        return Wish(found) if found else Wish(wants_help=True)

    def submit(self, key: str, request: CheckRequest, asking: Asker) -> Rendered | None:
        """Store the question. Returns what to tell the person instead when it was not taken."""
        refusal = self.access.refusal(asking)
        if refusal is not None:
            return Rendered(not_allowed(refusal))
        try:
            self.enqueue(key, request)
        except Exception:
            log.exception("A question could not be stored")
            return Rendered(not_stored())
        return None


def _complaint(typed: Typed) -> Rendered | None:
    if typed.misunderstood:
        return Rendered(not_understood(typed.misunderstood, COMMAND))
    if typed.count > MOST_TICKETS:
        return Rendered(too_many(typed.count, MOST_TICKETS))
    if not typed.references:
        return Rendered(not_understood((), COMMAND))
    return None
