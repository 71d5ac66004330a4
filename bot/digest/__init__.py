"""Findings of many tickets become one digest: totals, groups, ages, changes since last time. Pure functions."""
