"""`invoice-bot`, which at its end writes its peak memory, in MiB, into the file that TOLD_MEMORY names."""

from __future__ import annotations

import atexit
import os
from pathlib import Path

from bot.cli import main
from tests.benchmarks.memory import peak_mib


def tell() -> None:
    """Write the peak so far."""
    Path(os.environ["TOLD_MEMORY"]).write_text(str(peak_mib()), encoding="ascii")


if __name__ == "__main__":
    atexit.register(tell)
    main()
