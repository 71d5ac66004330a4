"""What stands below an address, and what a technician is told: within Slack's limits, whatever customers wrote."""

from __future__ import annotations

import re

import pytest

from bot.billing.rules.verdicts import Verdict
from bot.messages.nudges import NOTHING, nudge
from bot.messages.unfurls import unfurl
from bot.sandbox.slack.limits import message_error
from tests.digest.factory import audited
from tests.messages.factory import HOSTILE
from tests.messages.test_every_message import assert_within_limits


@pytest.mark.parametrize("text", ["Kittle", HOSTILE * 20, "&<>" * 500, "👩\u200d👩\u200d👧 " * 60, "👩" * 500])
@pytest.mark.parametrize("count", [1, 8, 9, 50])
def test_a_reminder_keeps_slacks_limits_and_counts_what_it_leaves_out(text: str, count: int) -> None:
    findings = [audited(number=str(40_000 + index), customer=text, subject=text) for index in range(count)]
    message = nudge(findings)
    assert_within_limits(message)
    assert message_error(message.text, list(message.blocks)) is None
    shown = str(message.blocks).count(NOTHING)
    assert shown == min(count, 8) or (shown >= 5 and "👩" in text), "long names of emoji leave room for fewer"
    assert ("more ticket" in message.text) == (count > shown)
    assert "<!" not in re.sub(r"<!date", "", message.text)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_line_below_an_address_says_the_verdict_and_no_amount(verdict: Verdict) -> None:
    message = unfurl(audited(verdict=verdict, customer=HOSTILE, charges="140.00"))
    assert_within_limits(message)
    assert "140" not in message.text
    assert "<!channel>" not in str(message.blocks)
