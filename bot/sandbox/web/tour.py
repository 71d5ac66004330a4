"""The tour of the page: what a newcomer presses to see what the bot does. Only data."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.slack.workspace import BILLING, MANAGER, TECHNICIAN

HOME = "home"
"""Where a person sees the app's Home tab; beside the ids of channels."""


@dataclass(frozen=True)
class Step:
    """One stop. A press goes to `place` as `user`, bills `bills` in the stand-in Syncro, and types `typed`.

    In that `{site}` is the stand-in Syncro's address, and `{month}` the month of the sample tickets.
    """

    title: str
    words: str
    label: str
    user: str = TECHNICIAN
    place: str = BILLING
    typed: str = ""
    bills: str = ""


STEPS = (
    Step(
        "A question",
        "A technician asks about one ticket. The answer names the invoice; its thread holds the evidence.",
        "Ask about 32223",
        typed="/invoice-check 32223",
    ),
    Step(
        "A true alarm",
        "Finished, billable, and on no invoice: the only answer that raises an alarm.",
        "Ask about 32312",
        typed="/invoice-check 32312",
    ),
    Step(
        "It is billed: the alarm is taken back",
        "Somebody makes the invoice in Syncro. The next question notices, and the old warning is drawn anew.",
        "Bill 32312, and ask again",
        typed="/invoice-check 32312",
        bills="32312",
    ),
    Step(
        "Fifty tickets",
        "Problems first, in one table; the healthy ones are a count. Three of the numbers do not exist.",
        "Ask about fifty",
        typed="/invoice-check 32201-32231 32301-32316 32397-32399",
    ),
    Step(
        "The digest",
        "What the manager reads each morning: finished, billable work that is on no invoice.",
        "Make a digest now",
        user=MANAGER,
        typed="/invoice-check digest now",
    ),
    Step(
        "Snooze",
        "As the manager, choose “Snooze” beside a ticket of the digest, and say until when.",
        "Show the digest",
        user=MANAGER,
    ),
    Step(
        "Home",
        "The app's own tab: what is unbilled, for whoever looks; for a manager also the team, and how the bot does.",
        "Open Home",
        user=MANAGER,
        place=HOME,
    ),
    Step(
        "The month's close",
        "Every ticket finished in a month is accounted for: billed, at risk, covered. The tables are in its thread.",
        "Close the month",
        user=MANAGER,
        typed="/invoice-check close {month}",
    ),
    Step(
        "An invoice",
        "The other way round: which tickets an invoice bills, and what somebody should look at. This ticket has two.",
        "Ask about an invoice",
        typed="/invoice-check invoice 61309",
    ),
    Step(
        "An address in a message",
        "A colleague posts a ticket's address. One line below it says how it stands, without amounts; once an hour.",
        "Post an address",
        typed="What became of {site}/tickets/109554336 ?",
    ),
)
