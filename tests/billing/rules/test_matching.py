"""How an invoice bills a ticket, read from its detail: by its ticket id, by a converted charge, by a line's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.rules.invoice import facts_of
from bot.billing.rules.matching import (
    Match,
    Mention,
    TicketKeys,
    is_the_listed_invoice,
    match,
    mention,
    text_that_might_mean,
)
from bot.billing.rules.verdicts import LinkKind
from bot.syncro.models import InvoiceDetail, InvoiceRow

NUMBER = "32223"
TICKET = TicketKeys("109554336", NUMBER, frozenset({"501"}))

NAMES = [
    "Ticket 32223",
    "ticket 32223",
    "TICKET 32223: printer",
    "Ticket #32223",
    "Ticket# 32223",
    "Ticket no. 32223",
    "Ticket No 32223",
    "Ticket number: 32223",
    "Ticket ID 32223",
    "Ticket: 32223",
    "Ticket-32223",
    "Ticket_32223",
    "Ticket (32223)",
    "[Ticket 32223]",
    "(Ticket 32223)",
    "TKT 32223",
    "tkt#32223",
    "#32223",
    "#32223 - printer",
    "Work on #32223.",
    "Labour (#32223)",
    "a\n#32223\nb",
    "Ticket 32223.",
    "Ticket 32223, on site",
    "Ticket 32223/printer",
    "Tickets 32223 and 32224",
    "Tickets 32221, 32222 and 32223",
    "Tickets 32221, 32222, 32223",
    "Tickets: 32221 & 32223",
    "Tickets #32221, #32222 and #32223",
    "Tickets 32221/32223",
    "Ticket 11 and then ticket 32223",
    "Ticket&nbsp;#32223",
    "Ticket &#35;32223",
    "Ticket&#32;32223",
    "<b>Ticket</b> <i>32223</i>",
    "<p>Ticket 32223</p>",
    "Ticket \uff13\uff12\uff12\uff12\uff13",
    "\uff34icket \uff0332223",
    "Ticket\u00a032223",
    "Ticket\u200b 32\u200b223",
    "Ticket \u2116 #32223",
]
MIGHT = [
    "32223",
    "Toner model 32223",
    "Serial 32223, black",
    "(32223)",
    "32223 printer",
    "Order/32223",
    "Tickets 32221-32225",
    "Tickets 32221\u201332225",
    "32220-32240",
    "Ticket 5, toner 32223",
    "Tickets 32221 and 32222; toner 32223",
    "Ticket for the toner 32223",
    "PO#32223",
    "##32223",
    "32223 x",
    "32223kg",
]
NOTHING = [
    "",
    "Sample service",
    "132223",
    "322231",
    "Ticket 132223",
    "Ticket #322231",
    "#132223",
    "32223-2",
    "Ticket 32223-2",
    "#32223-2",
    "1-32223",
    "32223.50",
    "3222 3",
    "032223",
    "Ticket 032223",
    "32224-32240",
    "32221-99999999",
    "Ticket 32,223",
    "<img src='32223'>",
    "\u0663\u0662\u0662\u0662\u0664",
]


@pytest.mark.parametrize("text", NAMES)
def test_these_words_name_the_ticket(text: str) -> None:
    assert mention(text, NUMBER) is Mention.NAMES_TICKET


@pytest.mark.parametrize("text", MIGHT)
def test_a_bare_number_only_might_be_the_ticket(text: str) -> None:
    assert mention(text, NUMBER) is Mention.MIGHT_BE_TICKET


@pytest.mark.parametrize("text", NOTHING)
def test_these_words_do_not_hold_the_number(text: str) -> None:
    assert mention(text, NUMBER) is Mention.NOTHING


@given(
    before=st.text("0123456789\uff11\uff12", max_size=2),
    after=st.text("0123456789\uff11\uff12", max_size=2),
    word=st.sampled_from(["Ticket ", "#", "Tickets ", ""]),
)
def test_a_number_with_more_digits_is_never_the_ticket(before: str, after: str, word: str) -> None:
    said = mention(f"{word}{before}{NUMBER}{after}", NUMBER)
    assert (said is Mention.NOTHING) == bool(before or after)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_searched_and_a_clear_naming_is_seen_in_it(before: str, after: str) -> None:
    assert mention(before, NUMBER) in Mention
    assert (
        mention(f"{before.replace('<', '')}\n Ticket #{NUMBER} \n{after.replace('>', '')}", NUMBER)
        is Mention.NAMES_TICKET
    )


@pytest.mark.parametrize(
    "text",
    [
        "1" * 300_000,
        "1-" * 150_000,
        "1." * 150_000,
        "#" * 300_000,
        "<" * 300_000,
        "<a " * 100_000,
        "&" * 300_000,
        "&#x" * 100_000,
        "Ticket " * 40_000,
        "Tickets 1, " * 27_000,
        "Tickets " + "32222, " * 40_000,
        "\u00e9" * 300_000,
        "\u200b" * 300_000,
        "\ufdfa" * 20_000,
        "(" * 300_000,
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.timeout(20)
def test_a_hostile_text_costs_time_in_proportion_only(text: str) -> None:
    assert mention(text, NUMBER) is not Mention.NAMES_TICKET
    assert mention(f"{text} > ; Ticket #{NUMBER}", NUMBER) is Mention.NAMES_TICKET


# --- the whole invoice ---


def detail(*lines: dict[str, Any], ticket_id: object = None, **more: object) -> InvoiceDetail:
    return InvoiceDetail.model_validate(
        {"id": 9, "number": "67469", "ticket_id": ticket_id, "line_items": lines, **more}
    )


def matched(invoice: InvoiceDetail, ticket: TicketKeys = TICKET) -> Match:
    return match(facts_of(invoice), ticket)


def line(line_id: object = 1, **texts: str) -> dict[str, Any]:
    return {"id": line_id, **(texts or {"name": "Sample work"})}


def test_the_ticket_id_is_the_strongest_link() -> None:
    everything = detail(line(501, name="Ticket 32223"), ticket_id=109554336)
    assert matched(everything) == Match(LinkKind.TICKET_ID)


def test_the_ticket_number_as_ticket_id_is_no_link() -> None:
    assert matched(detail(ticket_id=int(NUMBER))) == Match()


def test_a_converted_charge_is_a_link() -> None:
    assert matched(detail(line(7), line(501, name="Ticket 32223"))) == Match(LinkKind.LINE_ITEM)


def test_a_null_among_charges_and_lines_is_no_link() -> None:
    assert matched(detail(line(None)), TicketKeys("1", NUMBER)) == Match()


@pytest.mark.parametrize("where", ["item", "name", "description"])
def test_a_line_that_names_the_ticket_is_a_link_in_any_of_its_texts(where: str) -> None:
    assert matched(detail(line(7), line(8, **{where: "Ticket 32223"}))) == Match(LinkKind.LINE_TEXT)


def test_another_ticket_s_id_does_not_hide_a_line_that_names_this_one() -> None:
    assert matched(detail(line(8, name="#32223"), ticket_id=1)) == Match(LinkKind.LINE_TEXT)


def test_a_bare_number_is_kept_as_a_possibility() -> None:
    toner = detail(line(7), line(8, name="Toner 32223"))
    assert matched(toner) == Match(might=True)
    assert text_that_might_mean(toner, TICKET) == "Toner 32223"


def test_a_note_that_names_the_ticket_is_one_to_look_at_but_no_link() -> None:
    noted, other = detail(line(), note="see ticket 32223"), detail(line(), note="order 32223")
    assert (matched(noted), text_that_might_mean(noted, TICKET)) == (Match(might=True), "see ticket 32223")
    assert (matched(other), text_that_might_mean(other, TICKET)) == (Match(), "")


def test_lines_without_ids_cannot_tell_whether_they_are_a_converted_charge() -> None:
    nameless = detail(line(None))
    assert matched(nameless).undecidable
    assert matched(nameless, TicketKeys("109554336", NUMBER)) == Match()
    assert matched(detail(line(None), line(501))) == Match(LinkKind.LINE_ITEM)


def test_an_invoice_without_lines_is_no_link() -> None:
    assert matched(detail()) == Match()


# --- whether it is the invoice that was asked for ---


@pytest.mark.parametrize(
    ("row", "same"),
    [
        ({"id": 9, "number": "67469"}, True),
        ({"id": "9"}, True),
        ({"number": 67469}, True),
        ({"number": "67469", "customer_id": 5}, True),
        ({"id": 67469}, False),
        ({"number": "9"}, False),
        ({"id": 9, "number": "1"}, False),
        ({"id": 1, "number": "67469"}, False),
        ({"number": "67469", "customer_id": 6}, False),
        ({"number": "67469", "created_at": "2026-05-04"}, True),
        ({"number": "67469", "created_at": "2026-05-02T09:00:00Z"}, False),
        ({"id": 9, "number": "67469", "created_at": "2026-05-02T09:00:00Z"}, True),
    ],
)
def test_a_detail_counts_only_as_the_invoice_that_was_listed(row: dict[str, Any], same: bool) -> None:
    answer = detail(customer_id=5, created_at="2026-05-04T15:00:00Z")
    assert is_the_listed_invoice(answer, InvoiceRow.model_validate(row)) is same


def test_a_detail_that_names_no_customer_and_no_day_counts_by_id_and_number() -> None:
    row = InvoiceRow.model_validate({"number": "67469", "customer_id": 6, "created_at": "2026-05-02T09:00:00Z"})
    assert is_the_listed_invoice(detail(), row)
