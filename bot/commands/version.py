"""`invoice-bot version`."""

from __future__ import annotations

import sys

import bot


def version() -> None:
    """Print the version."""
    sys.stdout.write(f"invoice-bot {bot.__version__}\n")
