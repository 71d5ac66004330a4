"""Policies that several tests use."""

from __future__ import annotations

from bot.billing.rules.policy import NothingRecorded, Policy

EVERY_TICKET = Policy(nothing_recorded=NothingRecorded.WARN)
"""Each finished ticket must carry something: a bare one stands for unbilled work, which keeps stories short."""
