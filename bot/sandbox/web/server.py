"""Serves the page on loopback, and keeps it up to date."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TypeVar

from aiohttp import web

from bot.sandbox.demo.stage import Stage
from bot.sandbox.slack.workspace import BILLING, TECHNICIAN, Workspace
from bot.sandbox.web import acts
from bot.sandbox.web.pages import Look, allowed, draw, page

HOST = "127.0.0.1"
WAIT_SECONDS = 2.0
"""How long a request for news waits for some."""
STATIC = {"page.css": "text/css", "page.js": "text/javascript"}
ONLY_OURS = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

T = TypeVar("T")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listen(port: int) -> socket.socket:
    """Return a socket on loopback; port 0 takes a free one. OSError where the port is taken."""
    return socket.create_server((HOST, port))


def address_of(listening: socket.socket) -> str:
    """Return what to open in the browser."""
    return f"http://{HOST}:{listening.getsockname()[1]}/"


def serve(stage: Stage, listening: socket.socket, opened: Callable[[], None] = lambda: None) -> None:
    """Serve the page until the process is asked to end. `opened` is called once it listens."""

    async def say_so(_app: web.Application) -> None:
        opened()

    app = application(stage, address_of(listening))
    app.on_startup.append(say_so)
    web.run_app(app, sock=listening, print=None, access_log=None, shutdown_timeout=0.5)


def application(stage: Stage, address: str) -> web.Application:
    """Return the page's application, to be reached at this address and under no other name."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        own = address.removesuffix("/")
        if f"http://{request.host}" != own or request.headers.get("Origin", own) != own:
            raise web.HTTPForbidden(text="This page is for the browser on this computer, at its own address.")
        answer = await handler(request)
        answer.headers["Content-Security-Policy"] = ONLY_OURS
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    app = web.Application(middlewares=[guarded], client_max_size=1024 * 1024)
    routes = _Routes(stage)
    app.router.add_get("/", routes.page)
    app.router.add_get("/parts", routes.parts)
    app.router.add_post("/act", routes.act)
    app.router.add_get("/static/{name}", routes.static)
    return app


class _Routes:
    """One method an address."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def page(self, request: web.Request) -> web.Response:
        look = self._look(dict(request.query))
        acts.open_home(self._stage, look)
        parts = self._seen(lambda workspace: draw(workspace, look))
        return web.Response(text=page(parts, look), content_type="text/html")

    async def parts(self, request: web.Request) -> web.Response:
        """Answer as soon as something differs from what the page shows; 204 when nothing did for a while."""
        look, seen = self._look(dict(request.query)), request.query.get("seen")

        def news(workspace: Workspace) -> dict[str, str] | None:
            parts = draw(workspace, look)
            return parts if parts["seen"] != seen else None

        if self._stage.process.poll() is not None:
            return web.json_response({"problem": "The bot has ended. Start the demo again."}, status=410)
        try:
            return web.json_response(await asyncio.to_thread(self._stage.slack.wait_for, news, WAIT_SECONDS))
        except TimeoutError:
            return web.Response(status=204)

    async def act(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            asked = json.loads(await request.text())
            look = self._look(asked)
            then = acts.do(self._stage, look, asked)
        except acts.RefusedActError as refused:
            return web.json_response({"problem": str(refused)})
        except (ValueError, AttributeError):
            raise web.HTTPBadRequest from None
        return web.json_response({"go": then.address} if then != look else {})

    async def static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STATIC:
            raise web.HTTPNotFound
        text = (files("bot.sandbox.web") / "static" / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=STATIC[name])

    def _look(self, asked: dict[str, str]) -> Look:
        wanted = Look(
            str(asked.get("user") or TECHNICIAN), str(asked.get("place") or BILLING), str(asked.get("thread") or "")
        )
        return self._seen(lambda workspace: allowed(workspace, wanted))

    def _seen(self, look: Callable[[Workspace], T]) -> T:
        return self._stage.slack.wait_for(look)
