"""The most memory that a process has held at any time so far, as Linux counts it (VmHWM)."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mib(process: int | str = "self") -> float:
    """In MiB (2^20 bytes). RuntimeError on a system without /proc."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii")) if status.exists() else None
    if found is None:
        raise RuntimeError("peak memory is read from /proc, so these benchmarks need Linux")
    return int(found.group(1)) / 1024
