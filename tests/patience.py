"""How long a test waits for what must happen, in seconds. No unit test asserts speed: tests.benchmarks does."""

PATIENCE = 90.0
