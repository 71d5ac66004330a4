"""The stand-in Slack: its Web API, its response_urls and its Socket Mode, over real HTTP and a real WebSocket.

It runs in a thread of its own, on loopback only. Point the bot at `api_url`; drive it with the methods of People.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.sandbox.slack.api import DEFAULT_SCOPES, Answer, Args, SlackRefusalError, WebApi
from bot.sandbox.slack.files import receive
from bot.sandbox.slack.methods import answer, scope_kind
from bot.sandbox.slack.people import People
from bot.sandbox.slack.socket import PATIENCE_SECONDS, SocketHub
from bot.sandbox.slack.workspace import Channel, Workspace, sample_workspace


class SlackSandbox(People):
    """A Slack workspace on loopback. Use it as a context manager.

    `messages_per_second` is the posting rate that one channel takes (None: any); faster posts get a 429 with
    `Retry-After: 1`. `port` 0 takes a free one.
    """

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-sandbox",  # noqa: S107 - opens nothing but this sandbox
        app_token: str = "xapp-sandbox",  # noqa: S107
        scopes: Iterable[str] = DEFAULT_SCOPES,
        messages_per_second: float | None = None,
        workspace: Workspace | None = None,
        port: int = 0,
    ) -> None:
        workspace = workspace or sample_workspace()
        changed = threading.Condition(threading.RLock())
        hub = SocketHub(changed, workspace.app_id)
        super().__init__(workspace, changed, hub)
        self.api = WebApi(
            workspace, bot_token, app_token, set(scopes), self._new_link, self._upload_url, messages_per_second
        )
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="slack-sandbox", daemon=True)
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """The base URL of the Web API, as SLACK_API_URL wants it."""
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def response_base(self) -> str:
        """The address below which response_urls stand."""
        return f"http://127.0.0.1:{self._port}/response/"

    def may_read(self, place: Channel) -> bool:
        """See `People`."""
        return f"{scope_kind(place)}:history" in self.api.scopes

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(PATIENCE_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(PATIENCE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def _new_link(self) -> str:
        return f"ws://127.0.0.1:{self._port}/link?ticket={self._hub.ticket()}"

    def _upload_url(self, key: str) -> str:
        return f"http://127.0.0.1:{self._port}/upload/{key}"

    async def _start(self) -> None:
        self._hub.start(asyncio.get_running_loop())
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._serve_method)
        app.router.add_post("/response/{key}", self._serve_response)
        app.router.add_post("/upload/{key}", self._serve_upload)
        app.router.add_get("/link", self._hub.link)
        app.router.add_get("/link/", self._hub.link)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._hub.close(announced=False)
        if self._runner:
            await self._runner.cleanup()

    async def _serve_method(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await read_arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token")
        args.pop("token", None)
        return await self._serve(request, method, args, lambda: answer(self.api, method, args, token))

    async def _serve_response(self, request: web.Request) -> web.StreamResponse:
        body = await read_arguments(request)
        key = request.match_info["key"]

        def respond() -> dict[str, Any]:
            self._responses.respond(key, body)
            return {"ok": True}

        return await self._serve(request, "response_url", body, respond)

    async def _serve_upload(self, request: web.Request) -> web.StreamResponse:
        content, key = await request.read(), request.match_info["key"]
        args = {"length": len(content)}
        return await self._serve(request, "upload", args, lambda: receive(self.workspace, key, content))

    async def _serve(
        self, _request: web.Request, _method: str, _args: Args, work: Callable[[], Answer]
    ) -> web.Response:
        """Do the work of a call, tell whoever waits, answer."""
        with self._changed:
            try:
                body, status, headers = work(), 200, {}
            except SlackRefusalError as refusal:
                body = {"ok": False, "error": refusal.code} | refusal.more
                status = refusal.status
                headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else {}
            self._changed.notify_all()
            headers["x-oauth-scopes"] = ",".join(sorted(self.api.scopes))
            return web.json_response(body, status=status, headers=headers)


async def read_arguments(request: web.Request) -> Args:
    """Return the arguments of a call, wherever they stand: query, form, or JSON body."""
    args: Args = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        return args | (body if isinstance(body, dict) else {})
    return args | {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
