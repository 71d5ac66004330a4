"""App Home: right for each person, readable with five hundred tickets, and within Slack's limits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.home import Desk, Health, Looked, as_decided, home_of
from bot.digest.model import Digest, History, Snooze
from bot.messages.home import View, home_view, refused_view, unread_view
from bot.sandbox.slack.limits import view_problems
from tests.digest.factory import AT_NINE, a_digest, audited

ANNA: dict[str, Any] = {"technician": "Anna Smith", "technician_id": "1", "technician_email": "anna@example.com"}
BOB: dict[str, Any] = {"technician": "Bob Jones", "technician_id": "2"}
HEALTH = Health(AT_NINE, 120, AT_NINE, None, is_token_refused=False)


def looked(findings: Iterable[Finding]) -> Digest:
    return a_digest(*findings)


def said(view: View) -> str:
    assert view_problems(view) == []
    return json.dumps(view, ensure_ascii=False)


def a_desk(team: Digest | None) -> Desk:
    return Desk(team, ((AT_NINE, "U0TECH", "answered #32223: invoiced"),), "", "When digests come: daily.", HEALTH)


def test_a_technician_sees_his_own_by_name_or_by_address_and_nothing_of_others() -> None:
    digest = looked([audited(number="32230", **ANNA), audited(number="32231", **BOB)])
    for name in ("anna smith", "Anna@example.com"):
        view = said(home_view(home_of(name, Looked(digest), is_refreshing=False)))
        assert "#32230" in view
        assert "32231" not in view
        assert "The team" not in view
        assert "digest_recheck" in view
        assert "digest_snooze" not in view, "only managers may snooze"


def test_of_two_technicians_of_one_name_neither_is_guessed() -> None:
    namesake = {**ANNA, "technician_id": "3", "technician_email": "smith@example.com"}
    digest = looked([audited(number="32230", **ANNA), audited(number="32231", **namesake)])

    view = said(home_view(home_of("Anna Smith", Looked(digest), is_refreshing=False)))

    assert "I do not guess which you are" in view
    assert "2 technicians called" in view
    assert "smith" in view, "the address tells them apart"
    assert "#3223" not in view


def test_what_is_not_proved_is_counted_apart_and_accuses_nobody() -> None:
    digest = looked([audited(Verdict.UNVERIFIED, "32230", **ANNA)])

    view = said(home_view(home_of("Anna Smith", Looked(digest), is_refreshing=False)))

    assert "Could not be verified, so nobody knows yet whether they are billed: #32230" in view
    assert "digest_recheck" not in view


def test_five_hundred_tickets_are_ten_a_list_and_a_count_within_slacks_limits() -> None:
    long: dict[str, Any] = {"subject": "<!channel> *loud* " + "&" * 3_000, "customer": "K" * 3_000}
    digest = looked(audited(number=str(40_000 + n), **long, **(ANNA if n % 2 else BOB)) for n in range(500))

    home = replace(home_of("Anna Smith", Looked(digest), is_refreshing=False), desk=a_desk(digest))
    view = home_view(home)

    assert "250 tickets unbilled" in said(view)
    assert "500 tickets unbilled" in said(view)
    assert said(view).count("…and 240 more") == 2
    assert "<!channel>" not in said(view)
    assert len(view["blocks"]) < 100


@pytest.mark.parametrize("name", ["Anna Smith", ""])
@pytest.mark.parametrize("trouble", ["", "Syncro did not answer."])
def test_it_is_never_blank_and_says_how_old_it_is_and_what_failed(name: str, trouble: str) -> None:
    home = replace(home_of(name, Looked(None, trouble), is_refreshing=True), desk=a_desk(None), notice="Noted.")

    view = said(home_view(home))

    assert "refreshing…" in view
    assert "Noted." in view
    assert "calls to Syncro that are left now: 120" in view
    assert trouble in view


def test_what_managers_decide_shows_at_once() -> None:
    digest = looked([audited(number="32230", **ANNA)])
    snooze = Snooze("932230", "32230", AT_NINE + timedelta(days=1), by="U0MANAGER", reason="later", at=AT_NINE)

    decided = as_decided(digest, History(snoozes=(snooze,)))

    view = said(home_view(home_of("Anna Smith", Looked(decided), is_refreshing=False)))
    assert "digest_recheck" not in view
    assert "snoozed" in view


def test_who_may_see_nothing_sees_one_line() -> None:
    for view in (refused_view("Only our own people may ask. <!channel>"), unread_view()):
        assert len(view["blocks"]) == 1
        assert "<!channel>" not in said(view)
