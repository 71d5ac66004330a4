"""How an invoice bills a ticket, read from its detail: by its ticket id, by a converted charge, by a line's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.billing.rules.invoice import facts_of
from bot.billing.rules.matching import (
    LINKS,
    Match,
    TicketKeys,
    is_the_listed_invoice,
    link_of,
    match,
    strength_of,
    text_that_might_mean,
)
from bot.billing.rules.verdicts import LinkKind
from bot.syncro.models import InvoiceDetail, InvoiceRow
from tests.billing.rules.spellings import NUMBER, SITE

OPENED = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
AFTER, BEFORE = "2026-05-02T10:30:00Z", "2026-05-01T08:59:00Z"
TICKET = TicketKeys("109554336", NUMBER, frozenset({"501"}), OPENED, "7", SITE)


# --- the whole invoice ---


def detail(*lines: dict[str, Any], ticket_id: object = None, **more: object) -> InvoiceDetail:
    return InvoiceDetail.model_validate(
        {
            "id": 9,
            "number": "67469",
            "ticket_id": ticket_id,
            "customer_id": 7,
            "created_at": BEFORE,
            "updated_at": AFTER,
            "line_items": lines,
            **more,
        }
    )


def matched(invoice: InvoiceDetail, ticket: TicketKeys = TICKET) -> Match:
    return match(facts_of(invoice), ticket)


def line(line_id: object = 1, **fields: object) -> dict[str, Any]:
    return {"id": line_id, **(fields or {"name": "Sample work"})}


LINK, MIGHT, NOTHING = Match(LinkKind.LINE_TEXT), Match(might=True), Match()


def test_the_ticket_id_is_the_strongest_link() -> None:
    everything = detail(line(501, name="Ticket 32223"), ticket_id=109554336)
    assert matched(everything) == Match(LinkKind.TICKET_ID)


def test_the_ticket_number_as_ticket_id_is_no_link() -> None:
    assert matched(detail(ticket_id=int(NUMBER))) == NOTHING


def test_a_converted_charge_is_a_link() -> None:
    assert matched(detail(line(7), line(501, name="Ticket 32223"))) == Match(LinkKind.LINE_ITEM)


def test_a_null_among_charges_and_lines_is_no_link() -> None:
    assert matched(detail(line(None)), replace(TICKET, converted_items=frozenset())) == NOTHING


@pytest.mark.parametrize("where", ["item", "name", "description"])
def test_a_line_that_names_the_ticket_is_a_link_in_any_of_its_texts(where: str) -> None:
    assert matched(detail(line(7), line(8, **{where: "Ticket 32223"}))) == LINK


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"item": "Ticket", "name": "#32223"}, LINK),
        ({"item": "Labor", "name": "#32223"}, LINK),
        ({"item": "10500 Labor", "name": "Ticket 32223"}, LINK),
        ({"item": "PO 10500", "name": "Ticket 32223"}, LINK),
        ({"item": "Ticket 41002", "name": "Ticket 32223"}, MIGHT),
        ({"name": "Ticket #41002", "description": "Ticket 32223 is open again"}, MIGHT),
        ({"name": "41002 Mouse", "description": "Ticket 32223 is open again"}, MIGHT),
        ({"item": "Purchase order", "name": "#32223"}, NOTHING),
        ({"name": 32223}, MIGHT),
        ({"item": "Ticket", "name": 32223}, LINK),
    ],
)
def test_what_leads_a_line_leads_all_of_its_texts(texts: dict[str, object], said: Match) -> None:
    assert matched(detail(line(8, **texts))) == said


def test_each_line_has_a_lead_of_its_own() -> None:
    assert matched(detail(line(7, name="Ticket 41002"), line(8, name="Ticket 32223"))) == LINK


def test_the_text_of_another_ticket_s_own_invoice_is_a_hint_only() -> None:
    assert matched(detail(line(8, name="Ticket 32223"), ticket_id=1)) == MIGHT


@pytest.mark.parametrize(("owner", "said"), [(7, LINK), (8, MIGHT), (None, MIGHT)])
def test_the_sign_alone_names_a_ticket_only_on_an_invoice_of_its_customer(owner: int | None, said: Match) -> None:
    assert matched(detail(line(8, name="#32223"), customer_id=owner)) == said


@pytest.mark.parametrize("owner", [7, 8, None])
def test_a_ticket_word_names_a_ticket_on_anybody_s_invoice(owner: int | None) -> None:
    assert matched(detail(line(8, name="Ticket 32223"), customer_id=owner)) == LINK


@pytest.mark.parametrize("text", ["Ticket 32223", "32223", "Tickets 32221-32225", "Ticket ID 109554336"])
@pytest.mark.parametrize(
    ("created", "updated", "said"),
    [
        (BEFORE, AFTER, "is said"),
        (BEFORE, "2026-05-01T09:00:00Z", "is said"),
        (BEFORE, "2026-05-01", "is said"),
        (BEFORE, BEFORE, "is nothing"),
        (BEFORE, "2026-04-30", "is nothing"),
        ("2026-04-30", "2026-04-30", "is nothing"),
        (AFTER, None, "is said"),
        (AFTER, BEFORE, "is said"),
        (BEFORE, None, "might be"),
        (None, None, "might be"),
    ],
)
def test_a_text_older_than_the_ticket_means_nothing(
    text: str, created: str | None, updated: str | None, said: str
) -> None:
    found = matched(detail(line(8, name=text), created_at=created, updated_at=updated))
    graded = LINK if text.startswith("Ticket ") else MIGHT
    assert found == {"is said": graded, "is nothing": NOTHING, "might be": MIGHT}[said]


def test_the_time_of_change_of_the_list_row_counts_where_the_detail_names_none() -> None:
    undated = detail(line(8, name="Ticket 32223"), updated_at=None)
    assert match(facts_of(undated, OPENED), TICKET) == LINK
    assert match(facts_of(undated, OPENED.replace(hour=8)), TICKET) == NOTHING


def test_of_a_ticket_opened_nobody_knows_when_no_text_is_proof() -> None:
    assert matched(detail(line(8, name="Ticket 32223")), replace(TICKET, opened_at=None)) == MIGHT


def test_age_does_not_matter_to_the_other_links() -> None:
    old = detail(line(501), updated_at=BEFORE)
    assert matched(old) == Match(LinkKind.LINE_ITEM)
    assert matched(detail(line(1), ticket_id=109554336, updated_at=BEFORE)) == Match(LinkKind.TICKET_ID)


@pytest.mark.parametrize(
    "credit",
    [
        detail(line(1), ticket_id=109554336, total="-75.0"),
        detail(line(501), total="-0.01"),
        detail(line(501, name="Sample work", price="-75.0")),
        detail(line(8, name="Ticket 32223"), total="-75.0"),
        detail(line(8, name="Ticket 32223", price="75.0", quantity="-1")),
        detail(line(8, name="#32223", price="-75.0")),
    ],
)
def test_a_credit_never_links_and_is_one_to_look_at(credit: InvoiceDetail) -> None:
    assert matched(credit) == MIGHT


def test_a_credit_beside_a_bill_does_not_undo_it() -> None:
    both = detail(line(8, name="Ticket 32223", price="-5.0"), line(9, name="Ticket 32223", price="75.0"))
    assert matched(both) == LINK
    charges = replace(TICKET, converted_items=frozenset({"501", "502"}))
    assert matched(detail(line(501, name="x", price="-5.0"), line(502)), charges) == Match(LinkKind.LINE_ITEM)


@pytest.mark.parametrize("price", ["0.0", "-0.0", "-0.001", None, "much"])
def test_a_line_without_money_is_no_credit(price: str | None) -> None:
    assert matched(detail(line(8, name="Ticket 32223", price=price), total=price)) in (LINK, MIGHT)
    assert matched(detail(line(8, name="Ticket 32223", price=price), total="0.0")) == LINK


@pytest.mark.parametrize("field", ["note", "po_number"])
@pytest.mark.parametrize("text", ["see ticket 32223", "32223", 32223, "Tickets 32221-32225"])
def test_a_note_or_purchase_order_number_is_one_to_look_at_but_no_link(field: str, text: object) -> None:
    noted = detail(line(), **{field: text})
    assert (matched(noted), text_that_might_mean(noted, TICKET)) == (MIGHT, str(text))


@pytest.mark.parametrize("field", ["note", "po_number"])
def test_what_a_note_says_of_other_things_is_nothing(field: str) -> None:
    other = detail(line(), **{field: "order 32223, store #32223"})
    assert (matched(other), text_that_might_mean(other, TICKET)) == (NOTHING, "")


def test_the_text_to_look_at_is_the_one_that_might_mean_the_ticket() -> None:
    toner = detail(line(7), line(8, item="Supplies", name="Toner 32223"))
    assert (matched(toner), text_that_might_mean(toner, TICKET)) == (MIGHT, "Toner 32223")
    apart = detail(line(8, item="Ticket", name="#32223", price="-1"))
    assert text_that_might_mean(apart, TICKET) == "#32223"


# --- the internal id ---


@pytest.mark.parametrize(
    ("text", "by_number", "by_id"),
    [
        ("Ticket 500", LINK, NOTHING),
        ("Ticket ID 500", MIGHT, LINK),
        ("see ticket id 500", MIGHT, MIGHT),
        ("see ticket 500", MIGHT, NOTHING),
        ("500 cables", NOTHING, NOTHING),
    ],
)
def test_where_ids_are_as_short_as_numbers_only_the_word_tells_which_it_is(
    text: str, by_number: Match, by_id: Match
) -> None:
    said = detail(line(8, name=text))
    assert matched(said, replace(TICKET, ticket_id="900", number="500")) == by_number
    assert matched(said, replace(TICKET, ticket_id="500", number="12")) == by_id


@pytest.mark.parametrize(
    ("site", "said"),
    [(SITE, LINK), ("https://ACME.syncromsp.com/", LINK), ("https://other.example", MIGHT), ("", MIGHT)],
)
def test_an_address_counts_for_this_account_alone(site: str, said: Match) -> None:
    at = detail(line(8, name=f"{SITE}/tickets/109554336"))
    assert matched(at, replace(TICKET, site=site)) == said


# --- lines, ids, kinds ---


def test_lines_without_ids_cannot_tell_whether_they_are_a_converted_charge() -> None:
    nameless = detail(line(None))
    assert matched(nameless).undecidable
    assert matched(nameless, replace(TICKET, converted_items=frozenset())) == NOTHING
    assert matched(detail(line(None), line(501))) == Match(LinkKind.LINE_ITEM)


def test_an_invoice_without_lines_is_no_link() -> None:
    assert matched(detail()) == NOTHING


@pytest.mark.parametrize(("name", "stray"), [("Ticket 41002", False), ("#41002", False), ("Toner 41002", True)])
def test_a_line_that_nobody_is_named_by_is_a_stray_one(name: str, stray: bool) -> None:
    assert [each.is_stray for each in facts_of(detail(line(8, name=name))).lines] == [stray]
    assert [each.is_stray for each in facts_of(detail(line(8, name=name), ticket_id=1)).lines] == [False]


def test_every_kind_of_link_is_declared_once_strongest_first() -> None:
    assert [link.kind for link in LINKS] == list(LinkKind)
    assert [strength_of(kind) for kind in LinkKind] == [0, 1, 2]
    assert all(link_of(kind).kind is kind for kind in LinkKind)


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
    assert is_the_listed_invoice(detail(customer_id=None, created_at=None), row)
