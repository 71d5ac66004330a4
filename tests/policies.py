"""Policies that several tests use."""

from __future__ import annotations

from bot.billing.rules.policy import NothingRecorded, Policy
from bot.sandbox.syncro.sample_worlds import SAMPLE_CONTRACT

EVERY_TICKET = Policy(nothing_recorded=NothingRecorded.WARN)
"""Each finished ticket must carry something: a bare one stands for unbilled work, which keeps stories short."""

DEMO = Policy(covered_contracts=(SAMPLE_CONTRACT,))
"""The one under which the sample worlds have the answers that they name."""
