"""A hundred ways to type ticket numbers, over the real WebSocket: each is checked, or a word says that it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.slack.workspace import BOT, Message, User
from tests.e2e.house import House, strings

A, B, C, D = "33001", "33002", "33003", "33004"
"""Four tickets of the sample world, all invoiced."""
ME = f"<@{BOT}>"
SITE = "{site}"
"""Stands for the account's own address; {a} and {b} for the internal ids of the first two tickets."""
ELSEWHERE = "https://other.syncromsp.com/tickets/5"
RUN = (A, B, C, D)

SLASH: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    (f"{A} {B}", (A, B), ()),
    (f"{A},{B};{C}", (A, B, C), ()),
    (f"#{A} #{B}", (A, B), ()),
    (f"#{A}#{B}", (A, B), ()),
    (f"{A} & {B}", (A, B), ()),
    (f"{A}&#{B}", (A, B), ()),
    (f"tickets {A} and {B}", (A, B), ()),
    (f"Ticket:{A} ticket#{B}", (A, B), ()),
    (f"please check no. {A}, no. {B}", (A, B), ()),
    (f"{A}-{D}", RUN, ()),
    (f"#{A}-{D}", RUN, ()),
    (f"{A}-04", RUN, ()),
    (f"{A} \u2013 {D}", RUN, ()),
    (f"{A}\u2014{D}", RUN, ()),
    (f"{A} to {D}", RUN, ()),
    (f"from {A} through {C} and {D}", RUN, ()),
    (f"{A}..{D}", RUN, ()),
    (f"{A}/{B}", (A, B), ()),
    (f"*{A}* _{B}_ `{C}`", (A, B, C), ()),
    (f"\u201c{A}\u201d", (A,), ()),
    (f"\u200b{A[:2]}\u200d{A[2:]}\ufeff", (A,), ()),
    ("".join(chr(ord(digit) + 0xFEE0) for digit in A), (A,), ()),
    (f"{A}\u00a0{B}", (A, B), ()),
    (f"{A} \u2014fresh", (A,), ()),
    (f"--exhaustive {A}", (A,), ()),
    (f"{SITE}/tickets/{{a}}?tab=notes&x=1#last", (A,), ()),
    (f"({A}). [{B}]!", (A, B), ()),
    (f"{A} :+1:", (A,), ()),
    (f"Tickets \u2013 {A}+{B}", (A, B), ()),
    (f"TICKET NO: {A} PLEASE -Fresh", (A,), ()),
    ("".join(chr(ord(digit) - ord("0") + 0x0660) for digit in A), (A,), ()),
    (f"{A} --frsh", (), ("--frsh", "Nothing was checked")),
    (f"{A} .. {D}", RUN, ()),
    (f"{A} up to {D}", RUN, ()),
    (f"between {A} and #{D}", RUN, ()),
    (f"{A} \u2192 {D}", RUN, ()),
    (f"{A} bis {D}", RUN, ()),
    (f"{A} / {B} - fresh", (A, B), ()),
    (f"has {A} been billed yet?", (A,), ()),
    (f"\u2116{A} \u2705{B}", (A, B), ()),
    ("".join(f"{digit}\ufe0f\u20e3" for digit in A), (A,), ()),
    (f"{SITE}/tickets/{{a}}/print", (A,), ()),
    ("33,001", (), ("33,001", "Nothing was checked")),
    (f"is {A} billed for 75?", (), ("“75”", "Nothing was checked")),
    (f"{A} {ELSEWHERE}", (), (ELSEWHERE, "another Syncro account", "Nothing was checked")),
    (f"{A} 4/5/2026", (), ("4/5/2026", "Nothing was checked")),
]

SPOKEN: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    (f"tickets {A} & {B}", (A, B), ()),
    (f"is {A} billed? and {B}?", (A, B), ()),
    (f"ticket {A} is done, {B} too", (A, B), ()),
    (f"#{A}, {B} and {C}", (A, B, C), ()),
    (f"#{A}-{D} look odd", RUN, ()),
    (f"are {A} to {D} on an invoice?", RUN, ()),
    (f"has *{A}* been billed, and ~{B}~", (A, B), ()),
    (f"what of \u201c{A}\u201d, \u2018{B}\u2019?", (A, B), ()),
    (f"{A}'s invoice?", (A,), ()),
    (f"could you look at {A} anew --fresh", (A,), ()),
    (f"could you look at {A} anew \u2014fresh", (A,), ()),
    (f"Please:\n\u2022 {A}\n\u2022 {B}", (A, B), ()),
    (f"Please:\n- {A}\n- {B}", (A, B), ()),
    (f"see {SITE}/tickets/{{a}}?a=1&b=2#c, and {SITE}/tickets/{{b}}.", (A, B), ()),
    (f"{SITE}/tickets/{{a}} and {B} please", (A, B), ()),
    (f"{A} and {ELSEWHERE} please", (A,), (ELSEWHERE, "another Syncro account")),
    (f"ticket {A} is on invoice 67469, isn't it", (A,), ("67469", "invoice")),
    (f"ticket {A} took 150 minutes on 2026-05-04 at 12:30", (A,), ("150", "2026-05-04", "12:30")),
    (f"ticket {A} cost $1,500.00 or 1500", (A,), ("1,500.00", "1500")),
    (f"call 555-1234 about {A}", (A,), ("555-1234",)),
    (f"call (555) 123-4567 about {A}", (A,), ("123-4567",)),
    (f"is {A} on invoice 67469? or is {B}?", (A, B), ("67469", "invoice")),
    (f"{A}: it's on 67469", (A,), ("67469", "invoice")),
    (f"not {A} but {B}, 5% done, v10.2.1", (A, B), ("5%", "v10.2.1")),
    (f"{A} &gt; {B}", (A, B), ()),
    (f"PO #77123 for {A} came on 3 Nov 2026", (A,), ("77123", "2026")),
    (f"{A} USD 750, {B}", (A, B), ("750",)),
    (f"Please:\n1. {A}\n2. {B}", (A, B), ()),
    (f":one: {A}\n:two: {B}", (A, B), ()),
    (f"Re:[#{A}] printer ({B})", (A, B), ()),
    (f"what is between {A} and {D}?", RUN, ()),
    (f"[that]({SITE}/tickets/{{a}}) and {B}, please", (A, B), ()),
]

PASTED: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    (f"{A}\n{B}\n\n{C}", (A, B, C), ()),
    (f"Ticket,Customer,Total\n{A},Kittle,75.00\n{B},Home,1", (A, B), ("75.00", "“1”")),
    (f"Ticket\tSubject\n{A}\tPrinter\n{B}\tBSOD & more", (A, B), ()),
    (f'"{A}";"{B}"', (A, B), ()),
    (f"| {A} | {B} |", (A, B), ()),
    (f"1) {A}\n2) {B}", (A, B), ()),
    (f"- [x] {A}\n- [ ] {B}", (A, B), ()),
    (f"> {A} --fresh", (A,), ()),
    (f"{SITE}/tickets/{{a}}\n{ELSEWHERE}", (A,), (ELSEWHERE, "another Syncro account")),
]

POSTED: list[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = [
    ({"text": f"tickets {A} &amp; {B}"}, (A, B), ()),
    ({"text": f"late: #{A}, <{SITE}/tickets/{{b}}?a=1&amp;b=2|that one>"}, (A, B), ()),
    ({"text": f"#{A} for <https://acme.example/orders/77|order 77>"}, (A,), ("orders/77",)),
    ({"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*Ticket #{A}*"}}]}, (A,), ()),
    ({"text": "", "attachments": [{"title": f"Ticket #{A}", "text": f"and #{B}"}]}, (A, B), ()),
    ({"text": "", "attachments": [{"fallback": f"[Syncro] ticket {A}"}]}, (A,), ()),
    ({"text": "", "attachments": [{"fields": [{"title": "Ticket", "value": A}]}]}, (A,), ()),
    ({"text": "fyi", "attachments": [{"is_share": True, "text": f"is #{A} billed? 2 hours"}]}, (A,), ("“2”",)),
    (
        {
            "text": "",
            "attachments": [
                {
                    "is_share": True,
                    "message_blocks": [
                        {
                            "message": {
                                "blocks": [
                                    {
                                        "type": "rich_text",
                                        "elements": [
                                            {
                                                "type": "rich_text_section",
                                                "elements": [
                                                    {"type": "text", "text": f"ticket {A[:3]}"},
                                                    {"type": "text", "text": A[3:], "style": {"bold": True}},
                                                ],
                                            }
                                        ],
                                    }
                                ]
                            }
                        }
                    ],
                }
            ],
        },
        (A,),
        (),
    ),
    ({"text": f"#{A}: {SITE}/tickets/{{a}}"}, (A,), ()),
    ({"text": f"<{SITE}/tickets/{{a}}|#{A} error 404> is on <{SITE}/invoices/9|#67469>"}, (A,), ("404", "invoices/9")),
    ({"text": f"{A}, not <{ELSEWHERE}|#{B}>"}, (A,), (ELSEWHERE, "another Syncro account")),
    ({"text": "call 555-1234"}, (), ("555-1234", "no ticket number")),
]


def test_a_hundred_ways_to_type_ticket_numbers_each_give_every_ticket_or_a_word_about_what_was_left_out(
    house: House,
) -> None:
    assert len(SLASH) + len(SPOKEN) + len(PASTED) + len(POSTED) >= 100
    checks = [
        *[_asked(house, place, "slash", case) for place, case in enumerate(SLASH)],
        *[_asked(house, place, ("mention", "direct", "thread")[place % 3], case) for place, case in enumerate(SPOKEN)],
        *[_asked(house, place, "form", case) for place, case in enumerate(PASTED)],
        *[_posted(house, place, case) for place, case in enumerate(POSTED)],
    ]

    house.wait_idle()
    wrong = [complaint for check in checks if (complaint := check())]

    assert not wrong, "\n".join(wrong)


def _asked(house: House, place: int, how: str, case: tuple[str, tuple[str, ...], tuple[str, ...]]) -> Callable[[], str]:
    """Ask in one way; returns what looks at the answer."""
    typed, tickets, told = case
    text, user, channel = _filled(house, typed), _person(house, f"{how}{place}"), house.channel()
    if how == "slash":
        asked = house.slack.slash(text, user=user, channel=channel)
    elif how == "mention":
        asked = house.slack.mention(f"{ME} {text}", user=user, channel=channel)
    elif how == "thread":
        before = house.slack.workspace.post(channel, user, "lunch?")
        asked = house.slack.mention(f"{ME} {text}", user=user, channel=channel, thread_ts=before.ts)
    elif how == "form":
        house.slack.global_shortcut("check_list", user).wait_ack()
        house.slack.wait_for(lambda workspace: workspace.modals.get(user))
        asked = house.slack.submit_view({"tickets": text, "place": channel}, user=user)
    else:
        channel = house.slack.workspace.open_im(user).id
        asked = house.slack.direct_message(text, user=user)
    assert asked.wait_ack() is not None
    return lambda: _complaint(house, channel, f"{how} {text!r}", tickets, told)


def _posted(
    house: House, place: int, case: tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]
) -> Callable[[], str]:
    """Use the shortcut on a message of another app; returns what looks at the answer."""
    message, tickets, told = case
    user, channel, app = _person(house, f"shortcut{place}"), house.channel(), _person(house, f"app{place}", is_bot=True)
    posted = house.slack.workspace.post(channel, app, _filled(house, message["text"]), blocks=message.get("blocks"))
    posted.attachments = message.get("attachments", [])
    asked = house.slack.message_shortcut("check_invoices", posted, user=user)
    assert asked.wait_ack() is not None
    return lambda: _complaint(house, channel, f"shortcut {message}", tickets, told)


def _person(house: House, name: str, *, is_bot: bool = False) -> str:
    person = User(f"U0{name.upper()}", name, name, is_bot=is_bot)
    house.slack.workspace.users[person.id] = person
    return person.id


def _filled(house: House, text: str) -> str:
    site = house.syncro.base_url.removesuffix("/api/v1")
    tickets = {str(ticket.number): ticket.id for ticket in house.expected.world.tickets.values()}
    return text.replace("{site}", site).replace("{a}", str(tickets[A])).replace("{b}", str(tickets[B]))


def _complaint(house: House, channel: str, what: str, tickets: tuple[str, ...], told: tuple[str, ...]) -> str:
    """What is wrong with what was said: each ticket is answered and no other, and each word was told."""

    def said(_: object) -> list[Message] | None:
        own = [m for m in house.slack.workspace.messages if m.channel == channel and m.user == BOT]
        words = _words(own)
        is_whole = all(each in words for each in told) and (not tickets or "to Syncro in" in words)
        return own if is_whole else None

    try:
        own = house.slack.wait_for(said, 10)
    except TimeoutError:
        words = _words([m for m in house.slack.workspace.messages if m.channel == channel and m.user == BOT])
        return f"{what}: {words}"
    answered = _words([m for m in own if not m.ephemeral_to and "Not checked" not in m.text])
    numbers = {number for number in (*RUN, "67469") if f"#{number}" in answered}
    is_once = f"{len(tickets) + 1} tickets" not in answered
    return "" if numbers == set(tickets) and is_once else f"{what}: {sorted(numbers)} were checked"


def _words(messages: list[Message]) -> str:
    return "\n".join(text for m in messages for text in (m.text, *strings(m.blocks))).replace("\u2060", "")
