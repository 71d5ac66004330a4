"""What uncharged time is worth: an estimate, by product where the ticket shows one."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from bot.billing.rules.policy import Ticket, unbilled
from bot.billing.rules.verdicts import Concern, ConcernKind, ProductTime, Unbilled, Verdict
from bot.digest.as_json import digest_as_json
from bot.digest.build import build_digest
from bot.digest.csv import digest_csv
from bot.digest.headline import headline
from bot.digest.model import Digest, History
from bot.messages.digest_messages import digest_messages
from bot.syncro.models import TicketDetail
from bot.terminal.digest import show_digest
from tests.digest.factory import AT_NINE, FRIDAY, MONDAY, ZONE, a_digest, audited, mark, snooze, standing

ONSITE, EMERGENCY = ("Onsite labour", Decimal(150)), ("Emergency", Decimal(225))
HOUR = {"start_time": "2026-11-02T09:00:00Z", "end_time": "2026-11-02T10:00:00Z", "billable": True, "recorded": False}


def ticket(charges: Sequence[Mapping[str, Any]], timers: Sequence[Mapping[str, Any]]) -> Ticket:
    said = {"id": 1, "number": 1, "ticket_timers": timers, "line_items": charges}
    detail = TicketDetail.model_validate(said)
    return Ticket(detail, detail)


def charge(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": 5, "name": name, "price_retail": "75.00", "quantity": "1", "converted": True, "item_id": 9, **changes}


def worth(of: Ticket, *rates: tuple[str, Decimal], usual: str | None = "100") -> str:
    """What the ticket's uncharged time is worth."""
    finding = audited(unbilled=replace(unbilled(of), charges=Decimal(0)))
    usual_rate = None if usual is None else Decimal(usual)
    (line,) = a_digest(finding, labor_rate=usual_rate, labor_rates=rates).tickets
    assert line.amount == line.estimate
    return f"{line.amount} {line.unpriced_minutes}"


def test_the_rate_is_that_of_the_product_of_the_tickets_charge() -> None:
    assert worth(ticket([charge("onsite-Labour")], [HOUR]), ONSITE, EMERGENCY) == "150.00 0"
    assert worth(ticket([charge("Other", product_id=7)], [HOUR]), ("7", Decimal(80))) == "80.00 0"


@pytest.mark.parametrize("charges", [[], [charge("Cable")], [charge("Onsite labour"), charge("Emergency", id=6)]])
def test_where_the_charges_do_not_name_one_rate_it_is_the_usual_one(charges: list[Mapping[str, Any]]) -> None:
    assert worth(ticket(charges, [HOUR]), ONSITE, EMERGENCY) == "100.00 0"
    assert worth(ticket(charges, [HOUR]), ONSITE, EMERGENCY, usual=None) == "0.00 60"


def test_a_timers_own_product_comes_before_what_the_charges_are_of() -> None:
    of = ticket([charge("Onsite labour", product_id=7)], [{**HOUR, "product_id": 8}, {**HOUR, "product_id": 7}])
    assert worth(of, ONSITE, ("8", Decimal(40))) == "190.00 0"
    assert worth(of, ONSITE) == "250.00 0", "of a product without a rate"


def test_seconds_of_several_products_make_the_same_minutes() -> None:
    timers = [{**HOUR, "active_duration": 50, "product_id": product} for product in (7, 8, None)]
    left = unbilled(ticket([charge("Cable")], timers))
    assert left.minutes == 2
    assert sum(part.minutes for part in left.time) == 2


def estimated(**changes: Any) -> Digest:
    work = Unbilled(90, Decimal("80.00"), time=(ProductTime(30, ("Emergency",)),))
    others = (
        audited(
            Verdict.INVOICED, "32231", minutes=60, concerns=(Concern(ConcernKind.ZERO_TOTAL, ("7",), Decimal(75)),)
        ),
        audited(Verdict.PARTIALLY_INVOICED, "32232", charges="20.00"),
        audited(Verdict.SCHEDULED, "32233", charges="30.00", schedule_name="Monthly"),
        audited(number="32234", charges="40.00"),
        audited(number="32235", charges="50.00"),
        audited(Verdict.UNVERIFIED, "32236", charges="60.00"),
        audited(Verdict.NON_BILLABLE, "32238"),
    )
    every = [replace(each, currency="€") for each in (audited(unbilled=work), *others)]
    known = (standing("32236"), standing("32237", "70.00"), standing("32238", "90.00"))
    return build_digest(
        every,
        History(standing=known, trend=(FRIDAY,), snoozes=(snooze("32234"),), marks=(mark("32235"),)),
        day=MONDAY,
        made_at=AT_NINE,
        zone=ZONE,
        labor_rate=Decimal(100),
        labor_rates=(EMERGENCY,),
        currency="€",
        **changes,
    )


def test_what_is_an_estimate_is_called_one_and_that_amounts_are_before_tax_is_said_once() -> None:
    digest = estimated()
    assert headline(digest).startswith("1 ticket unbilled, €292.50 at risk (€212.50 of it an estimate)")
    row, *_ = csv.DictReader(io.StringIO(digest_csv(digest)))
    assert (row["amount"], row["estimate"], row["currency"]) == ("292.50", "212.50", "€")
    slack = digest_messages(digest)
    assert "€212.50 of the money is an estimate for the time" in slack.parent.text
    assert "Time not yet charged, 1 h: 1 ticket, €100.00 (an estimate)" in slack.parent.text
    assert "€212.50 of it an estimate" in terminal(digest)
    assert [text.count("before tax") for text in (slack.parent.text, terminal(digest))] == [1, 1]


def terminal(digest: Digest) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    show_digest(console, digest)
    return console.export_text()


BARE = re.compile(r"(?<![€\d.,])\d[\d,]*\.\d\d(?!\d)")
"""An amount without its currency."""


def test_every_amount_that_people_read_has_its_currency_and_numbers_for_machines_have_none() -> None:
    digest = estimated()
    slack = digest_messages(digest)
    for message in (slack.parent, *slack.thread):
        read = message.text + json.dumps(message.blocks, ensure_ascii=False)
        assert not BARE.findall(read), read
    assert not BARE.findall(terminal(digest))
    for row in csv.DictReader(io.StringIO(digest_csv(digest))):
        assert not BARE.findall(row["reason"] + row["concerns"])
        assert re.fullmatch(r"-?\d+\.\d\d", row["amount"])
    said = json.loads(digest_as_json(digest))
    assert said["at_risk"] == "292.50"
    assert said["not_invoiced"][0]["unbilled"]["charges"] == "80.00"
