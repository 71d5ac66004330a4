"""The close in Slack: every ticket is there, within Slack's limits, and nothing of others acts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings

from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.digest.close import Remembered, close_month
from bot.messages.close import close_messages
from bot.sandbox.slack.limits import message_error
from tests.digest.factory import a_digest, audited
from tests.messages.factory import any_findings
from tests.messages.test_every_message import assert_harmless, many
from tests.samples.measure import shown
from tests.samples.situations import SITUATIONS

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))


def test_of_five_hundred_tickets_each_is_named_in_a_thread_of_few_messages() -> None:
    parent, *thread = SITUATIONS["close of 500 tickets"]()
    said = "\n".join(message.text for message in thread)
    every = said[said.index("Every ticket, by its verdict") :]
    assert len(re.findall(r"#3\d{4}", every)) == 505
    assert len(thread) <= 40
    assert "390 of 505 tickets NOT INVOICED" in shown(parent)[0]
    assert "1 ticket changed since" in parent.text


@settings(many, max_examples=20)
@given(any_findings())
def test_whatever_is_found_the_messages_keep_slacks_limits_and_nothing_from_outside_acts(
    findings: list[Finding],
) -> None:
    close = close_month(a_digest(*findings), WINDOW, WINDOW.since.date(), Remembered())
    made = close_messages(close, "U0ASKER")
    for message in (made.parent, *made.thread):
        assert message_error(message.text, list(message.blocks), text_limit=4_000) is None
        assert_harmless(message)


def test_a_month_without_tickets_says_so() -> None:
    made = close_messages(close_month(a_digest(), WINDOW, WINDOW.since.date(), Remembered()), "U0ASKER")
    assert "No ticket was finished" in made.parent.text


def test_what_is_left_of_a_partly_invoiced_ticket_stands_beside_it() -> None:
    digest = a_digest(audited(Verdict.PARTIALLY_INVOICED, "32306", charges="120.00"))
    made = close_messages(close_month(digest, WINDOW, WINDOW.since.date(), Remembered()), "U0ASKER")
    assert "partly invoiced, still unbilled: 120.00 in charges" in "\n".join(message.text for message in made.thread)
