"""The sentences that carry a digest."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.digest.headline import accounted, change, headline, is_quiet
from bot.digest.model import TrendPoint

from .factory import FRIDAY, a_digest, audited, first_run, history, mark, second_run, snooze, standing, the_incident


def test_the_incident_is_one_calm_sentence_on_the_first_run_and_later() -> None:
    calm = "29 of 31 invoiced, 2 non-billable, nothing unbilled"
    assert headline(the_incident()) == calm
    assert headline(the_incident(history(trend=[TrendPoint(FRIDAY.day, 0, Decimal(0))]))) == calm
    assert is_quiet(the_incident())


def test_the_headline_is_count_money_and_change() -> None:
    assert headline(first_run()) == (
        "3 tickets unbilled, 1,250.00 at risk (180.00 of it an estimate); the first digest, so this is the backlog"
    )
    assert headline(second_run()) == (
        "3 tickets unbilled, 1,070.00 at risk (180.00 of it an estimate), 1 could not be verified;"
        " since Fri 20 Nov: as many tickets, 180.00 less"
    )


@pytest.mark.parametrize(
    ("count", "money", "expected"),
    [
        (0, "0", "since Fri 20 Nov: 1 ticket more, 180.00 more"),
        (3, "180.00", "since Fri 20 Nov: 2 tickets fewer, as much money"),
        (1, "180.00", "unchanged since Fri 20 Nov"),
    ],
)
def test_the_change_is_since_the_last_successful_run(count: int, money: str, expected: str) -> None:
    before = TrendPoint(FRIDAY.day, count, Decimal(money))
    assert change(a_digest(audited(), remembered=history(trend=[before]))) == expected


def test_a_day_on_which_all_was_billed_says_so() -> None:
    digest = a_digest(audited(Verdict.INVOICED), remembered=history())
    assert headline(digest) == "1 of 1 invoiced, nothing unbilled; since Fri 20 Nov: 3 tickets fewer, 1,250.00 less"


def test_nothing_unbilled_is_said_no_louder_than_it_is_known() -> None:
    fine, doubt = audited(Verdict.INVOICED, "1"), audited(Verdict.UNVERIFIED, "2")
    nothing = [TrendPoint(FRIDAY.day, 0, Decimal(0))]
    aside = history(trend=nothing, snoozes=(snooze("3"),), marks=(mark("4"),))
    assert headline(a_digest(fine, doubt)) == "1 of 2 invoiced, 1 could not be verified, nothing proved unbilled"
    assert headline(a_digest(fine, remembered=history(standing("9"), trend=nothing))) == (
        "1 of 1 invoiced, nothing unbilled among the tickets that were checked"
    )
    assert headline(a_digest(fine, audited(number="3"), audited(number="4"), remembered=aside)) == (
        "1 of 3 invoiced, 1 marked as non-billable, 1 snoozed, nothing else unbilled"
    )
    assert headline(a_digest()) == "No ticket was checked, nothing unbilled"


def test_the_healthy_number_accounts_for_every_ticket_that_is_counted_nowhere_else() -> None:
    every = [audited(verdict, str(n)) for n, verdict in enumerate(Verdict, start=1)]
    assert accounted(a_digest(*every)) == "1 of 10 invoiced, 1 non-billable, 1 covered, 1 still open, 1 not found"
    assert accounted(a_digest(*(each for each in every if each.verdict is not Verdict.NOT_INVOICED))) == (
        "1 of 9 invoiced, 1 partly invoiced, 1 non-billable, 1 covered, 1 scheduled, 1 still open,"
        " 1 with nothing recorded, 1 not found, 1 could not be verified, nothing proved unbilled"
    )


def test_a_day_is_quiet_only_when_nothing_asks_for_attention() -> None:
    fine = audited(Verdict.INVOICED, "1")
    assert is_quiet(a_digest(fine, audited(Verdict.SCHEDULED, "2"), remembered=history(snoozes=(snooze("3"),))))
    for loud in (
        a_digest(audited()),
        a_digest(audited(Verdict.UNVERIFIED)),
        a_digest(fine, remembered=history(standing("1"))),
        a_digest(fine, remembered=history(standing("2"))),
        a_digest(audited(Verdict.INVOICED, minutes=30)),
        a_digest(audited(Verdict.PARTIALLY_INVOICED)),
        a_digest(audited(Verdict.SCHEDULED, scheduled_for=datetime(2026, 11, 20, 11, tzinfo=UTC))),
    ):
        assert not is_quiet(loud)
