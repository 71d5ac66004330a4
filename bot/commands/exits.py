"""How a command ends."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

CANNOT_RUN = 3
"""Exit status: configuration, authentication, or a service out of reach."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def refuse(*sentences: str) -> int:
    """Say on stderr, a line each, why the command cannot run. Returns its exit status."""
    for sentence in sentences:
        sys.stderr.write(f"invoice-bot: {sentence}\n")
    return CANNOT_RUN


def leave(status: int) -> NoReturn:
    """End without waiting for threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
