"""A stand-in Syncro that can be told to go wrong, and tells more of what it was asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, Unpack

from bot.sandbox.syncro.exchange import Answer, Ask
from bot.sandbox.syncro.server import Call, SyncroSandbox
from bot.sandbox.syncro.world import ListRows, World
from tests.patience import PATIENCE
from tests.standins.syncro_faults import Fault, Turns


class Options(TypedDict, total=False):
    """Those of `SyncroSandbox`."""

    token: str
    list_rows: ListRows
    requests_per_minute: int | None
    window_seconds: float
    latency: float
    page_size: int
    port: int


class FaultySyncro(SyncroSandbox):
    """`faults` may be changed while the server runs; they come after the rate limit, the method and the token.

    What a fault makes slow is recorded first, so `wait_for_calls` returns while a slow answer is still under way.
    """

    def __init__(self, world: World, *, faults: Iterable[Fault] = (), **options: Unpack[Options]) -> None:
        super().__init__(world, **options)
        self.faults = list(faults)
        self._window = options.get("window_seconds", 60.0)
        self._turns = Turns()

    def fired(self, fault: Fault) -> int:
        """How many calls this fault has hit."""
        with self._changed:
            return self._turns.fired(fault)

    def most_calls_in_window(self, seconds: float | None = None) -> int:
        """The most requests that arrived within any rolling window of so many seconds, refused ones included.

        Without `seconds` the window is the limit's.
        """
        window = self._window if seconds is None else seconds
        times = [call.at for call in self.calls]
        most = first = 0
        for last, at in enumerate(times):
            while times[first] <= at - window:
                first += 1
            most = max(most, last - first + 1)
        return most

    def wait_for_calls(self, n: int, timeout: float = PATIENCE) -> list[Call]:
        """Wait until `n` requests have arrived since the last reset, and return all that have.

        TimeoutError after `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._calls) >= n, timeout):
                raise TimeoutError(f"{len(self._calls)} of {n} calls reached the sandbox in {timeout} s")
            return list(self._calls)

    def _answer(self, ask: Ask) -> Answer:
        return self._turns.answer(self.faults, self._world, ask, super()._answer)
