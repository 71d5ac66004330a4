"""What a manager is told of what happened to a ticket."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.messages import phrases
from bot.messages.escape import mrkdwn
from bot.messages.rendered import Rendered, fit, line, paragraphs, told
from bot.words.plain import strung

_ID = re.compile(r"([UWC])[A-Z0-9]+")
_AS_LINK = {"U": "<@{}>", "W": "<@{}>", "C": "<#{}>"}
_LONGEST = 700


@dataclass(frozen=True)
class Happening:
    """One thing that happened, in plain words. `who` and `where` are Slack ids, or names of our own."""

    at: datetime
    who: str
    where: str
    words: str


def history_message(ticket: str, happenings: Sequence[Happening], *, most: int) -> Rendered:
    """What happened to a ticket, the latest first; it says so where there is more."""
    about = f"*Ticket {phrases.numbers([ticket])}*"
    if not happenings:
        return told(f"{about}: nothing is noted; nobody has asked for it, and no digest has named it.")
    earlier = line("…and more before that.")
    lines = [line(happened(each)) for each in happenings[::-1][:most]] + [earlier] * (len(happenings) > most)
    whole = line("`invoice-bot history` in the terminal shows all of it, with the hash of the evidence.")
    heading = line(f"{about}: what happened, the latest first")
    return fit(paragraphs([heading]), lines, paragraphs([whole]), lambda _: earlier)


def not_read() -> Rendered:
    """The database is away."""
    return told("The history could not be read. Please try again; if it happens twice, tell the operator of this bot.")


def usage(command: str) -> Rendered:
    """No ticket was named."""
    return told(f"Name one ticket: `{command} history 32223`.")


def happened(happening: Happening, most: int = _LONGEST) -> str:
    """One thing as a line."""
    person = strung(" in ", _named(happening.who), _named(happening.where))
    return f"• {strung(' · ', phrases.moment(happening.at), person, mrkdwn(happening.words, most))}"


def _named(name: str) -> str:
    """A person or channel of Slack by its id; what is none by its name."""
    found = _ID.fullmatch(name)
    return _AS_LINK[found.group(1)].format(name) if found else mrkdwn(name, 40)
