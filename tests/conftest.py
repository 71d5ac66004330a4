"""Shared by all tests: how many examples the property-based tests try, and which tests are slow."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

SLOW = (
    "tests/benchmarks/",
    "tests/billing/rules/test_texts.py",
    "tests/billing/sync/test_backfill.py",
    "tests/billing/test_law",
    "tests/billing/test_odd_records.py",
    "tests/billing/test_remembered",
    "tests/billing/test_verifier_over_http.py",
    "tests/billing/test_wrong_bills.py",
    "tests/drill/",
    "tests/e2e/",
    "tests/jobs/test_close_job.py",
    "tests/jobs/test_digest_job.py",
    "tests/jobs/test_engine.py",
    "tests/jobs/test_fresh.py",
    "tests/jobs/test_lost_runs.py",
    "tests/jobs/test_moving.py",
    "tests/jobs/test_nudge.py",
    "tests/jobs/test_recorded.py",
    "tests/jobs/test_stranded.py",
    "tests/listeners/test_digest_actions.py",
    "tests/listeners/test_doors.py",
    "tests/messages/test_every_message.py",
    "tests/sandbox/demo/test_demo.py",
    "tests/store/test_ledger.py",
    "tests/store/test_migrations.py",
    "tests/store/test_properties.py",
    "tests/store/test_shared_budget.py",
    "tests/store/test_sharing.py",
    "tests/syncro/test_exchange.py",
    "tests/test_doctor.py",
    "tests/test_patterns.py",
)
"""What starts processes, waits for real time, or tries many worlds: `-m "not slow"` answers soon without."""

settings.register_profile(
    "dev",
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a loaded machine is no failure; pytest-timeout watches
)
# The same worlds each time: a commit is judged by what it changes. New worlds are for `dev`, thousands for `hunt`.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.register_profile("hunt", settings.get_profile("dev"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """Files are given out in the order in which they were collected, and not the one with most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow. It comes first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
