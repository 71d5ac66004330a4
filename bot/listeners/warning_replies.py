"""Replies in a warning's thread, in plain words: "that one has an invoice", "billed as 67501"."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot.jobs.request import FEW_TICKETS
from bot.listeners.intake import MOST_CHARACTERS, Wish
from bot.listeners.small_talk import is_chit_chat, speaks_of_billing
from bot.messages.help import left_out, which_ticket
from bot.messages.rendered import Rendered
from bot.store.records import PostedWarning
from bot.ticket_references import ID_PREFIX
from bot.ticket_references.reading import LeftOut, read_prose

log = logging.getLogger(__name__)

_MOST_NUMBERS = 50


@dataclass(frozen=True)
class WarningReplies:
    """Knows which tickets a reply below a warning is about.

    A reply counts that speaks of billing or names a number, and is no thanks: it means the warned tickets that it
    names; where it names none, those of the warning, if they are few. To the bot itself (`is_for_us`) any words count,
    and numbers of other tickets are a question like any other. `warned` gives what was said in a thread.
    """

    warned: Callable[[str, str], Sequence[PostedWarning]]
    site: str

    def read(self, text: str, channel: str, thread_ts: str | None, *, is_for_us: bool) -> Wish | None:
        """What the reply wishes; None where it means no warning."""
        text = text[:MOST_CHARACTERS]
        if thread_ts is None or is_chit_chat(text):
            return None
        typed = read_prose(text, site=self.site, limit=_MOST_NUMBERS, takes_invoices=False)
        if not (is_for_us or typed.count or typed.invoices or speaks_of_billing(text)):
            return None
        names = {name: each.ticket_number for each in self._warned(channel, thread_ts) for name in _names(each)}
        meant = [names[each] for each in typed.references if each in names]
        if not names or (is_for_us and typed.count and len(meant) < typed.count):
            return None
        tickets = tuple(dict.fromkeys(meant or names.values()))
        if len(tickets) > FEW_TICKETS and not meant:
            return Wish(reply=Rendered(which_ticket(len(tickets))))
        others = [LeftOut(each) for each in typed.references if each not in names]
        return Wish(tickets, note=left_out([*others, *typed.left_out]))

    def _warned(self, channel: str, thread_ts: str) -> Sequence[PostedWarning]:
        try:
            return self.warned(channel, thread_ts)
        except SQLAlchemyError as error:
            log.warning("Whether a reply is about a warning cannot be read (%s)", type(error).__name__)
            return ()


def _names(warning: PostedWarning) -> tuple[str, str]:
    return warning.ticket_number, ID_PREFIX + warning.ticket_id
