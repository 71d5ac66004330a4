"""Faults on demand: what the stand-in Slack is told to get wrong, and a record of what it was asked."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ApiCall:
    """One call of the Web API, or of a response_url (method `response_url`). `at` is in monotonic seconds."""

    method: str
    args: dict[str, Any]
    at: float
    ok: bool | None = None
    """None while the call is not answered."""
    error: str | None = None


@dataclass(frozen=True)
class Fault:
    """An answer to give instead of doing what was asked."""

    error: str
    status: int = 200
    retry_after: int | None = None


Hook = Callable[[ApiCall], object]


@dataclass
class Faults:
    """The faults that are due, by method."""

    _due: dict[str, deque[Fault]] = field(default_factory=dict)
    _hooks: dict[str, Hook] = field(default_factory=dict)
    _drops: Counter[str] = field(default_factory=Counter)

    def fail_next(
        self, method: str, error: str, *, times: int = 1, status: int = 200, retry_after: int | None = None
    ) -> None:
        """Refuse the next calls of a method. `retry_after` is in seconds."""
        self._due.setdefault(method, deque()).extend([Fault(error, status, retry_after)] * times)

    def before(self, method: str, hook: Hook | None) -> None:
        """Run a hook (in a thread of its own) when a call arrives, before it is dealt with. None removes it."""
        if hook is None:
            self._hooks.pop(method, None)
        else:
            self._hooks[method] = hook

    def drop_next_reply(self, method: str) -> None:
        """Do what the next call asks, then close the connection without an answer."""
        self._drops[method] += 1

    async def run_hook(self, call: ApiCall) -> None:
        """Run the hook of this call's method, if there is one."""
        hook = self._hooks.get(call.method)
        if hook:
            await asyncio.to_thread(hook, call)

    def take(self, method: str) -> Fault | None:
        """Return the fault that is due for this call, and count it off."""
        due = self._due.get(method)
        return due.popleft() if due else None

    def take_drop(self, method: str) -> bool:
        """Say whether the answer of this call is to be dropped, and count it off."""
        if not self._drops[method]:
            return False
        self._drops[method] -= 1
        return True
