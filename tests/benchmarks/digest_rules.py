"""What the digests of these benchmarks look at: the month's own rules."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.jobs.digest_making import DigestRules
from tests.e2e.month import GRACE, LABOR_RATE, LOOKBACK

RULES = DigestRules(LOOKBACK, GRACE, ZoneInfo("UTC"), labor_rate=LABOR_RATE)
