"""What people are told about using the bot, and why a request was not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.billing.rules.verdicts import Verdict
from bot.counting import counted
from bot.messages.escape import mrkdwn
from bot.messages.rendered import Line, Part, Rendered, divider, header, joined, line, paragraphs
from bot.ticket_references.reading import LeftOut, Why
from bot.words.plain import listed, strung
from bot.words.verdicts import verdict_words

_NOT_ALLOWED: Final[Mapping[str, str]] = {
    "channel": "Invoice checks are not set up for this channel. Ask in a channel that is on the list.",
    "user": "You are not on the list of people who may check invoices. The operator of this bot can add you.",
    "external_channel": "This channel is shared with people outside the company, and billing data is not posted here.",
    "external_user": "Billing data is only shown to people of this company.",
    "guest": "Billing data is not shown to guests of this workspace. The operator of this bot can allow it"
    " (ALLOW_GUESTS).",
    "unknown_user": "Slack does not tell me now who you are, and billing data is only shown to people of this"
    " company. Please try again; if it happens twice, tell the operator of this bot.",
}

_MOST_QUOTED = 10
_LEFT_OUT: Final[Mapping[Why, str]] = {
    Why.FOREIGN: "{} belongs to another Syncro account than mine, which I cannot see.",
    Why.INVOICE: "{} is called an invoice there, so I did not look for a ticket of that number.",
}


def help_message(command: str, subcommands: Sequence[str]) -> Rendered:
    """How to ask, what the subcommands do (lines of mrkdwn), and what each answer means."""
    title = "Is this ticket invoiced?"
    answers = [line("*What the answers mean*"), *[_meaning(verdict) for verdict in Verdict]]
    return joined(
        [
            Part(title, (header(title),)),
            *paragraphs([*_usage(mrkdwn(command, 40)), *map(line, subcommands)]),
            Part("", (divider(),)),
            *paragraphs(answers),
        ]
    )


def not_understood(fragments: Sequence[LeftOut], command: str) -> str:
    """Some of what was typed is no ticket of ours."""
    slash = mrkdwn(command, 40)
    unclear, others = _sorted_out(fragments)
    what = (
        f"I did not understand {unclear}." if unclear else "" if others else "I found no ticket number in your request."
    )
    return (
        f"{strung(' ', what, *others)} Nothing was checked."
        f" Give ticket numbers, such as `{slash} 32223`, `{slash} 32223 32224` or `{slash} 32230-32240`;"
        f" `{slash} help` explains more."
    )


def left_out(fragments: Sequence[LeftOut]) -> str:
    """What of a text is not checked, and why; empty where that is nothing."""
    unclear, others = _sorted_out(fragments)
    return strung(" ", f"Not checked, as nothing says that it is a ticket: {unclear}." if unclear else "", *others)


def _sorted_out(fragments: Sequence[LeftOut]) -> tuple[str, list[str]]:
    """What is unclear, quoted, and a sentence for each other reason."""
    quoted = {why: _quoted([each.said for each in fragments if each.why is why]) for why in Why}
    return quoted[Why.UNCLEAR], [words.format(quoted[why]) for why, words in _LEFT_OUT.items() if quoted[why]]


def _quoted(said: Sequence[str]) -> str:
    shown = [f"“{words}”" for part in said[:_MOST_QUOTED] if (words := mrkdwn(part, 60))]
    return listed(shown, len(said) - _MOST_QUOTED)


def too_many(count: int, limit: int) -> str:
    """More tickets than one request may hold."""
    return (
        f"That is {counted(count, 'ticket')}; one request can hold {limit:,}. Nothing was checked."
        " Please ask in smaller groups."
    )


def too_many_waiting(limit: int) -> str:
    """One person has more tickets waiting for an answer than they may."""
    return (
        f"You have up to {limit:,} tickets waiting for an answer already, which is the most for one person, so that"
        " others get theirs too. Nothing was checked. Please ask again when some are answered."
    )


def exhaustive_is_for_managers(limit: int) -> str:
    """Somebody else wants the older invoices of many customers read."""
    return (
        f"`--exhaustive` for more than {counted(limit, 'ticket')} takes very long and is for managers. Nothing was"
        " checked. Please ask without it, or about fewer tickets."
    )


def not_a_selection(command: str, longest_days: int) -> str:
    """What follows `customer`, `mine` or `since` was not understood."""
    slash = mrkdwn(command, 40)
    return (
        f"I did not understand which tickets you mean. Nothing was checked. Write `{slash} customer Kittle`,"
        f" `{slash} mine` or `{slash} since monday`; a day may also be `yesterday`, `3 days` or `2026-11-01`,"
        f" at most {longest_days} days ago."
    )


def not_an_invoice(command: str) -> str:
    """What follows `invoice` was not understood."""
    slash = mrkdwn(command, 40)
    return (
        f"I did not understand which invoice you mean. Nothing was checked. Write `{slash} invoice 67469`: one number,"
        " or the address of an invoice in Syncro."
    )


def which_ticket(count: int) -> str:
    """A reply below a warning about many tickets names none of them."""
    return f"This warning is about {counted(count, 'ticket')}. Say which you mean by its number, and I look again."


def cut_short(characters: int) -> str:
    """The text was too long to be read to its end."""
    return f"Your text is very long: I read its first {characters:,} characters and left out the rest."


def no_numbers_in_message(fragments: Sequence[LeftOut] = ()) -> str:
    """The shortcut was used on a message that names no ticket."""
    return strung(" ", "I found no ticket number in that message. Nothing was checked.", left_out(fragments))


def not_allowed(reason: str) -> str:
    """Why a request is refused: `channel`, `user`, `external_channel`, `external_user`, or a sentence."""
    why = _NOT_ALLOWED.get(reason) or mrkdwn(reason, 600) or "You may not check invoices here."
    return f"{why} Nothing was checked."


def not_stored(*, is_late: bool = False) -> str:
    """The request could not be kept, so no answer would ever come; `is_late`: or only later than Slack waits."""
    if is_late:
        return "Your question could not be noted in time. If no answer comes within a minute, please ask again."
    return (
        "Your question could not be noted, and nothing was checked. Please try again;"
        " if it happens twice, tell the operator of this bot."
    )


def _usage(command: str) -> list[Line]:
    return [
        line("Give me ticket numbers, and I look in Syncro for the invoice that bills each. I change nothing there."),
        line("*How to ask*"),
        line(f"• `{command} 32223` — one ticket; `#32223` works too"),
        line(f"• `{command} 32223 32224 32230-32240` — several, and ranges, up to 50 tickets"),
        line(f"• `{command} https://…/tickets/109554336` — the address of a ticket in Syncro"),
        line(f"• `{command} 32223 --exhaustive` — read a customer's older invoices too, however many there are"),
        line(f"• `{command} 32223 --fresh` — read everything anew from Syncro, nothing from memory"),
        line("• Mention me with the numbers, also inside a thread: the answer comes in that thread"),
        line("• In the menu of any message, *Check invoices* checks every ticket number in it"),
        line("The answer is posted in the channel where you ask, and its evidence in the thread."),
    ]


def _meaning(verdict: Verdict) -> Line:
    said = verdict_words(verdict)
    return line(f"{said.glyph} *{said.label}* — {said.meaning}")
