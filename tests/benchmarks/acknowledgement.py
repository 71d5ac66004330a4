"""How long a command waits for its acknowledgement: the real bot process, a real WebSocket, many people at once."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.house import CROWD, open_house

BOUND_SECONDS = 0.5
"""For the 99th percentile. Slack itself gives up after three seconds."""


@dataclass(frozen=True)
class Acknowledged:
    """Seconds from sending a command to its acknowledgement."""

    commands: int
    lost: int
    median: float
    percentile_99: float
    slowest: float

    @property
    def held(self) -> bool:
        """Whether none was lost and the 99th percentile is within the bound."""
        return self.lost == 0 and self.percentile_99 < BOUND_SECONDS


def measure_acknowledgement() -> Acknowledged:
    """Let fifty people ask at the same moment, in one channel, and see every question answered."""
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder)) as house:
        house.serve()
        channel = house.channel()
        asked = [house.slack.slash(number, channel=channel) for number in CROWD]
        acknowledged = [delivery.wait_ack(10) for delivery in asked]
        house.answers(channel, count=len(CROWD), timeout=120)
        seconds = sorted(delivery.ack_seconds or math.inf for delivery in asked)
    return Acknowledged(
        commands=len(CROWD),
        lost=acknowledged.count(None),
        median=seconds[len(seconds) // 2],
        percentile_99=seconds[math.ceil(0.99 * len(seconds)) - 1],
        slowest=seconds[-1],
    )
