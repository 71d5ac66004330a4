"""App Home as Slack's blocks. Never blank, never more than Slack's hundred blocks, no accusation that is not proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.billing.rules.verdicts import Verdict
from bot.counting import counted
from bot.digest.headline import at_stake, headline, warned
from bot.digest.home import Desk, Home
from bot.digest.model import Digest, DigestTicket
from bot.messages import phrases
from bot.messages.digest_blocks import link_button
from bot.messages.digest_rows import OPEN_IN_SYNCRO, RECHECK, SNOOZE, age, button_value
from bot.messages.escape import mrkdwn
from bot.messages.history import Happening, happened
from bot.messages.rendered import Block, actions, button, context, header, section
from bot.words.plain import day_in_words, duration, money, strung

SUBSCRIBE: Final = "home_subscribe"
SUBSCRIBE_MINE: Final = "home_subscribe_mine"
UNSUBSCRIBE: Final = "home_unsubscribe"

_CARDS: Final = 10
"""Of each list: Home holds a hundred blocks, and a person reads no more."""
_TREND: Final = 5

View = dict[str, Any]


def home_view(home: Home) -> View:
    """Everything that the person may see."""
    blocks: list[Block] = [section(home.notice)] if home.notice else []
    blocks += [header("Your unbilled tickets"), *_mine(home), context(_standing(home))]
    if home.desk is not None:
        blocks += _desk(home.desk, home.mine)
    return _view(blocks)


def refused_view(why: str) -> View:
    """For somebody who may see nothing of billing."""
    return _view([section(mrkdwn(why, 600))])


def unread_view() -> View:
    """The database is away."""
    return _view([section("What I remember could not be read. Open Home again in a minute.")])


def being_rechecked(number: str) -> str:
    """A recheck was pressed."""
    return f"Ticket {phrases.numbers([number])} is being checked; the answer comes under Messages."


def _view(blocks: Sequence[Block]) -> View:
    return {"type": "home", "blocks": list(blocks)}


def _standing(home: Home) -> str:
    """How old this is, and whether newer comes."""
    seen = f"as of {phrases.moment(home.as_of)}" if home.as_of else "nothing fresh is known yet"
    failed = f"the last look failed: {mrkdwn(home.trouble, 300)}" if home.trouble else ""
    return strung(" · ", seen, "refreshing…" if home.is_refreshing else "", failed)


def _mine(home: Home) -> Iterator[Block]:
    name = f"“{mrkdwn(home.name, 80)}”"
    if home.namesakes:
        yield section(phrases.which_are_you(home.name, home.namesakes))
    elif not home.name:
        yield section(phrases.NAME_UNKNOWN)
    elif home.mine is None:
        is_coming = "I am looking at the finished tickets now; that may take a while."
        yield section(is_coming if home.is_refreshing else "What is unbilled of yours is not known now.")
    elif not home.mine.checked:
        yield section(
            f"No finished ticket of late is assigned to {name}. If Syncro knows you by another name, the operator of "
            "this bot can say it in the setting TECHNICIANS."
        )
    else:
        yield section(f"*{headline(home.mine)}*")
        yield from _tickets(home.mine, home.mine.unbilled, "mine since monday", can_snooze=home.desk is not None)


def _tickets(digest: Digest, tickets: Sequence[DigestTicket], command: str, *, can_snooze: bool) -> Iterator[Block]:
    """The first few with buttons, the oldest first; the others as a count, with how to get them."""
    for each in tickets[:_CARDS]:
        yield from _card(each, digest, can_snooze=can_snooze)
    if (rest := len(tickets) - _CARDS) > 0:
        yield context(f"…and {rest:,} more that finished later; `/invoice-check {command}` shows them.")
    if doubtful := digest.of(Verdict.UNVERIFIED):
        numbers = phrases.numbers(each.finding.ticket_number for each in doubtful[:20])
        more = f" and {len(doubtful) - 20:,} more" if len(doubtful) > 20 else ""
        yield context(f"Could not be verified, so nobody knows yet whether they are billed: {numbers}{more}.")


def _card(ticket: DigestTicket, digest: Digest, *, can_snooze: bool) -> Iterator[Block]:
    finding = ticket.finding
    first = strung(
        " · ",
        f"*{phrases.number_link(finding)}*",
        mrkdwn(finding.customer, 80),
        f"*{amount}*" if (amount := at_stake(ticket, digest.currency)) else "",
        age(ticket),
        "" if digest.is_part else warned(ticket, digest),
        "" if digest.is_part else mrkdwn(finding.technician, 40),
    )
    yield section(strung("\n", first, phrases.quoted(finding.subject)))
    value = button_value(finding)
    wanted = [("Recheck", RECHECK), *([("Snooze…", SNOOZE)] if can_snooze else [])]
    row = [button(label, act, value) for label, act in wanted] if value is not None else []
    opener = link_button("Open in Syncro", OPEN_IN_SYNCRO, finding.ticket_url)
    row += [opener] if opener is not None else []
    if row:
        yield actions(*row)


def _desk(desk: Desk, mine: Digest | None) -> Iterator[Block]:
    yield header("The team")
    if desk.team is None:
        yield section("The team's tickets are being looked at.")
    else:
        own = set() if mine is None else {each.finding.ticket_id for each in mine.unbilled}
        minutes = sum(each.finding.unbilled.minutes or 0 for each in desk.team.unbilled)
        yield section(
            strung("\n", f"*{headline(desk.team)}*", f"{duration(minutes)} of it not yet charged" if minutes else "")
        )
        if len(desk.team.trend) > 1:
            points = desk.team.trend[-_TREND:]
            currency = desk.team.currency
            said = (
                f"{day_in_words(each.day, desk.team.day)}: {each.unbilled:,}, {money(each.money, currency)}"
                for each in points
            )
            yield context(f"Unbilled by digest: {' · '.join(said)}")
        others = [each for each in desk.team.unbilled if each.finding.ticket_id not in own]
        yield from _tickets(desk.team, others, "digest now", can_snooze=True)
    yield header("Your digest")
    yield section(strung("\n", desk.subscription or "You get no digest of your own.", desk.comes))
    stop = [button("Stop it", UNSUBSCRIBE, "-")] if desk.subscription else []
    yield actions(
        button("Send me every ticket", SUBSCRIBE, "-"), button("Send me only mine", SUBSCRIBE_MINE, "-"), *stop
    )
    if desk.recent:
        yield header("Recent questions")
        yield section("\n".join(happened(Happening(at, who, "", words), 160) for at, who, words in desk.recent))
    yield header("How the bot does")
    yield section("\n".join(_health(desk)))


def _health(desk: Desk) -> Iterator[str]:
    health = desk.health
    yield f"• last digest: {phrases.moment(health.last_digest) if health.last_digest else 'none yet'}"
    yield f"• Syncro: {'refuses the token' if health.is_token_refused else 'takes the token'}"
    yield f"• calls to Syncro that are left now: {health.calls_left:,}"
    if health.ledger_as_of is None:
        yield "• ledger: not complete, so invoices are read from Syncro"
    else:
        since = f"changed since {phrases.moment(health.ledger_since)}" if health.ledger_since else "of the account"
        yield f"• ledger: holds every invoice {since}, as of {phrases.moment(health.ledger_as_of)}"


def subscription_in_words(customers: Sequence[str], *, mine: bool) -> str:
    """What a subscription holds."""
    if mine:
        return "You get a digest of the tickets of which you are the technician."
    if customers:
        return f"You get a digest of {counted(len(customers), 'customer')}: {mrkdwn(', '.join(customers), 300)}."
    return "You get every digest."
