"""Measurements: what an answer costs in API calls and seconds. `python -m tests.benchmarks` prints them."""
