"""Shared by all tests: how many examples the property-based tests try, where they do not say so themselves."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("dev", max_examples=100, deadline=None, derandomize=False, print_blob=True)
settings.register_profile(
    "ci",
    settings.get_profile("dev"),
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],  # a loaded machine is no failure; pytest-timeout watches
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))
