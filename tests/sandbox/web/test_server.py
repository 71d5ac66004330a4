"""The page over real HTTP: it answers the browser on this computer, and does in Slack what the person does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from bot.sandbox.demo.stage import Stage
from bot.sandbox.slack.payloads import view_json
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.workspace import BILLING, BOT, MANAGER, TECHNICIAN, Message, Modal
from bot.sandbox.syncro.sample_worlds import demo_world
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.web.acts import bill
from bot.sandbox.web.server import address_of, application, listen
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Both stand-ins, and in place of the bot a process that does nothing."""
    with (
        SyncroSandbox(demo_world().world) as syncro,
        SlackSandbox() as slack,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process,
    ):
        yield Stage(syncro, slack, process, Path("none"), PATIENCE)
        process.kill()


@pytest.fixture(scope="module")
def address(stage: Stage) -> Iterator[str]:
    """Where the page is served."""
    loop, listening = asyncio.new_event_loop(), listen(0)
    runner = web.AppRunner(application(stage, address_of(listening)))
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.SockSite(runner, listening).start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield address_of(listening)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.run_until_complete(runner.cleanup())
    loop.close()


def act(address: str, **what: Any) -> dict[str, Any]:
    answer = requests.post(f"{address}act", json={"user": TECHNICIAN, "place": BILLING, **what}, timeout=PATIENCE)
    assert answer.status_code == 200
    said = answer.json()
    assert isinstance(said, dict)
    return said


def seen(stage: Stage, text: str) -> Message:
    return stage.slack.wait_for(lambda workspace: next((m for m in workspace.messages if text in m.text), None))


def test_the_page_is_served_with_nothing_from_outside(address: str) -> None:
    answer = requests.get(address, timeout=PATIENCE)
    assert "invoice-bot demo" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for name in ("page.css", "page.js"):
        asset = requests.get(f"{address}static/{name}", timeout=PATIENCE)
        assert asset.status_code == 200
        assert "//" not in asset.text.replace("// ", "")  # no address


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "localhost.evil.example:80"}, {"Origin": "https://evil.example"}],
)
def test_nobody_else_s_page_may_act_here(address: str, headers: dict[str, str]) -> None:
    answer = requests.post(f"{address}act", json={"kind": "type", "text": "evil"}, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 403
    assert requests.get(address, headers=headers, timeout=PATIENCE).status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"text"', b"\xff"])
def test_a_body_that_is_no_act_is_refused(address: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert requests.post(f"{address}act", body, headers=headers, timeout=PATIENCE).status_code == 400
    assert requests.post(f"{address}act", body, timeout=PATIENCE).status_code in (400, 415)


def test_a_command_is_typed_where_the_person_is(address: str, stage: Stage) -> None:
    assert act(address, kind="type", text="/invoice-check  32223 ") == {}
    typed = stage.slack.wait_for(lambda workspace: workspace.commands or None)[-1]
    assert (typed.user, typed.channel, typed.text) == (TECHNICIAN, BILLING, "/invoice-check 32223")


@pytest.mark.parametrize("text", ["/nonsense 1", "/"])
def test_a_command_that_slack_does_not_know_is_refused_in_words(address: str, text: str) -> None:
    assert "is not a valid command" in act(address, kind="type", text=text)["problem"]


def test_slack_takes_no_command_in_a_thread(address: str, stage: Stage) -> None:
    parent = stage.slack.wait_for(lambda workspace: workspace.post(BILLING, MANAGER, "a parent"))
    said = act(address, kind="type", text="/invoice-check 1", thread=parent.ts, in_thread=True)
    assert "not supported in threads" in said["problem"]


def test_words_among_people_reach_nobody_else(address: str, stage: Stage) -> None:
    act(address, kind="type", text="lunch?")
    assert seen(stage, "lunch?").user == TECHNICIAN


def test_a_mention_names_the_bot_as_slack_does(address: str, stage: Stage) -> None:
    act(address, kind="type", text="@bot 32224 please")
    assert seen(stage, "32224 please").text == f"<@{BOT}> 32224 please"


@pytest.mark.parametrize(
    "what",
    [
        {"kind": "press", "action_id": "x", "channel": BILLING, "ts": "1.1"},
        {"kind": "press", "action_id": "x", "home": True},
        {"kind": "shortcut", "callback_id": "x"},
        {"kind": "submit", "values": {}},
        {"kind": "step", "step": "99"},
        {"kind": "step", "step": "x"},
        {"kind": "nonsense"},
    ],
)
def test_what_slack_would_not_let_happen_is_refused_in_words(address: str, what: dict[str, Any]) -> None:
    assert act(address, **what)["problem"]


def test_a_modal_is_closed_by_its_person(address: str, stage: Stage) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "A form"}, "blocks": []}
    stage.slack.workspace.modals[MANAGER] = Modal(MANAGER, view_json(view, stage.slack.workspace))
    assert "A form" in requests.get(address, {"user": MANAGER}, timeout=PATIENCE).text
    act(address, user=MANAGER, kind="close")
    assert MANAGER not in stage.slack.workspace.modals


def test_news_are_told_and_their_absence_too(address: str, stage: Stage) -> None:
    parts = requests.get(f"{address}parts", {"seen": ""}, timeout=PATIENCE).json()
    same = requests.get(f"{address}parts", {"seen": parts["seen"]}, timeout=PATIENCE)
    assert same.status_code == 204
    stage.slack.wait_for(lambda workspace: workspace.post(BILLING, MANAGER, "news of today"))
    news = requests.get(f"{address}parts", {"seen": parts["seen"]}, timeout=PATIENCE)
    assert "news of today" in news.json()["main"]


def test_a_ticket_is_billed_once_however_often_the_step_is_taken(stage: Stage) -> None:
    with stage.syncro.locked() as world:
        before = len(world.invoices)
        bill(world, "32312")
        bill(world, "32312")
        assert len(world.invoices) == before + 1
