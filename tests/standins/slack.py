"""A stand-in Slack that can be told to go wrong, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypedDict, Unpack

from aiohttp import web

from bot.sandbox.slack.api import Answer, Args, SlackRefusalError
from bot.sandbox.slack.workspace import Workspace
from tests.patience import PATIENCE
from tests.standins.slack_faults import ApiCall, Faults, Hook
from tests.standins.slack_people import BusySlack


class Options(TypedDict, total=False):
    """Those of `SlackSandbox`."""

    bot_token: str
    app_token: str
    scopes: Iterable[str]
    messages_per_second: float | None
    workspace: Workspace
    port: int


class FaultySlack(BusySlack):
    """`latency` is in seconds, for each Web API call; the rest is as for `SlackSandbox`."""

    def __init__(self, *, latency: float = 0.0, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self.calls: list[ApiCall] = []
        self.latency = latency
        self.faults = Faults()
        self.workspace.trigger_seconds = PATIENCE  # Slack's three seconds are `expire_triggers`

    def calls_to(self, method: str) -> list[ApiCall]:
        """Return the recorded calls of one method, in the order they came.

        `response_url` and `upload` (the bytes of a file, to the address given for them) count as methods.
        """
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def wait_for_call(self, method: str, *, count: int = 1, timeout: float = PATIENCE) -> ApiCall:
        """Return the `count`-th call of a method as soon as it has been answered. TimeoutError after `timeout`."""

        def answered(_workspace: Workspace) -> ApiCall | None:
            done = [call for call in self.calls_to(method) if call.ok is not None]
            return done[count - 1] if len(done) >= count else None

        return self.wait_for(answered, timeout)

    def fail_next(
        self, method: str, error: str, times: int = 1, status: int = 200, retry_after: int | None = None
    ) -> None:
        """Refuse the next calls of a method with this error. `retry_after` is in seconds."""
        self.faults.fail_next(method, error, times=times, status=status, retry_after=retry_after)

    def before(self, method: str, hook: Hook | None) -> None:
        """Run a hook with each ApiCall of this method that arrives, before it is done. None removes the hook."""
        self.faults.before(method, hook)

    def drop_next_reply(self, method: str) -> None:
        """Do what the next call of this method asks, then drop the connection without an answer."""
        self.faults.drop_next_reply(method)

    def refuse_blocks(self, *block_types: str) -> None:
        """Answer `invalid_blocks` to messages with these block types from now on, and to no others."""
        self.workspace.refused_block_types = set(block_types)

    async def _serve(self, request: web.Request, method: str, args: Args, work: Callable[[], Answer]) -> web.Response:
        """Record a call, let faults and hooks have their way, do the work, answer."""
        call = ApiCall(method, args, time.monotonic())
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        await self.faults.run_hook(call)
        if self.latency:
            await asyncio.sleep(self.latency)
        response = await super()._serve(request, method, args, lambda: self._done(call, work))
        if self.faults.take_drop(method) and request.transport:
            request.transport.abort()
        return response

    def _done(self, call: ApiCall, work: Callable[[], Answer]) -> Answer:
        """Do the work of a call, or fail as told; note how it ended."""
        try:
            if fault := self.faults.take(call.method):
                raise SlackRefusalError(fault.error, status=fault.status, retry_after=fault.retry_after)
            body = work()
        except SlackRefusalError as refusal:
            call.ok, call.error = False, refusal.code
            raise
        call.ok = True
        return body
