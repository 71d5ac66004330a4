"""What is said of the bot's health is what is so, and no look at it hangs or costs anything while nobody asks."""

from __future__ import annotations

import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.billing.rules.verdicts import Verdict
from bot.health.readiness import Readiness
from bot.health.server import HealthAddressError, HealthServer
from bot.health.tally import Tally
from bot.health.vitals import HANGS_AFTER, Recorded, Vitals
from bot.syncro.budget import RateBudget
from bot.syncro.errors import UnauthorisedError, UnavailableError

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
QUIET = Recorded(
    waiting=0,
    under_way=0,
    oldest_waiting=None,
    last_digest=None,
    last_sync=None,
    warnings=0,
    false_alarms=0,
    calls_left=180,
)


@dataclass
class Bot:
    """A bot that does as the test says, with its pages."""

    recorded: Recorded | Exception = QUIET
    connected: bool = True
    refused: bool = False
    looks: int = 0
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.vitals = Vitals(self.tally, self._look, self, lambda: self.refused, lambda: NOW)
        self.server = HealthServer("127.0.0.1", 0, self.vitals, self.tally)

    def _look(self) -> Recorded:
        self.looks += 1
        if isinstance(self.recorded, Exception):
            raise self.recorded
        return self.recorded

    def is_connected(self) -> bool:
        return self.connected

    def last_pong(self) -> datetime | None:
        return NOW - timedelta(seconds=2) if self.connected else None

    def page(self, path: str) -> tuple[int, str]:
        assert self.server._server is not None
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server._server.server_port}{path}", timeout=30) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def metrics(self) -> dict[str, float]:
        families = text_string_to_metric_families(self.page("/metrics")[1])
        return {
            "/".join([sample.name, *sample.labels.values()]): sample.value
            for family in families
            for sample in family.samples
            if not sample.name.endswith("_created")
        }


@pytest.fixture
def bot() -> Iterator[Bot]:
    made = Bot()
    made.server.start()
    yield made
    made.server.close()


def test_ready_is_said_only_of_a_bot_that_answers_well_and_else_every_reason(bot: Bot) -> None:
    assert bot.page("/readyz") == (503, '{"ready": false, "problems": ["the bot is starting"]}\n')
    bot.vitals.started()
    assert bot.page("/readyz") == (200, '{"ready": true, "problems": []}\n')
    bot.connected, bot.refused, bot.recorded = False, True, OSError("away")
    status, said = bot.page("/readyz?verbose")
    assert status == 503
    assert json.loads(said)["problems"] == [
        "there is no connection to Slack",
        "the database does not answer",
        "Syncro refuses the token",
    ]


def test_a_database_that_hangs_holds_up_no_page_and_one_thread_at_most(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.vitals._DATABASE_SECONDS", 0.05)
    bot.vitals.started()
    gate = threading.Event()
    look = bot.vitals._recorded

    def hang() -> Recorded:
        gate.wait(60)
        return look()

    bot.vitals._recorded = hang
    assert bot.page("/readyz")[0] == 503
    assert bot.metrics()["invoice_bot_database_up"] == 0
    assert "invoice_bot_jobs_waiting" not in bot.metrics()
    assert bot.page("/healthz")[0] == 200
    gate.set()
    bot.vitals._recorded = look
    assert bot.page("/readyz")[0] in (200, 503)  # it may be the answer of the look that hung
    assert bot.page("/readyz")[0] == 200
    assert bot.looks <= 3


def test_a_process_that_no_longer_goes_round_is_not_alive(bot: Bot) -> None:
    assert bot.page("/healthz") == (200, '{"alive": true}\n')
    bot.vitals._looked_at -= HANGS_AFTER
    assert bot.page("/healthz") == (503, '{"alive": false}\n')
    bot.vitals.look(NOW)
    assert bot.page("/healthz")[0] == 200


def test_every_number_is_there_and_what_is_not_known_is_left_out(bot: Bot) -> None:
    fresh = bot.metrics()
    assert bot.looks == 1
    assert (fresh["invoice_bot_queue_age_seconds"], fresh["invoice_bot_verdicts_total/not_invoiced"]) == (0, 0)
    for unknown in ("last_digest_timestamp_seconds", "last_sync_timestamp_seconds", "unverified_share"):
        assert f"invoice_bot_{unknown}" not in fresh

    bot.recorded = Recorded(
        waiting=3,
        under_way=2,
        oldest_waiting=NOW - timedelta(seconds=40),
        last_digest=NOW - timedelta(days=1),
        last_sync=NOW - timedelta(minutes=9),
        warnings=7,
        false_alarms=1,
        calls_left=171,
    )
    bot.tally.answered([Verdict.INVOICED, Verdict.INVOICED, Verdict.UNVERIFIED, Verdict.NOT_INVOICED])
    bot.tally.post_failed("refused")
    budget = RateBudget(10)
    for each in (bot.tally.counted(budget), bot.tally.counted(budget.background())):
        with each.call():
            pass
        each.refused(1)
    assert budget.left() == 5  # two slots are held for a minute, and the limit fell to three quarters

    known = bot.metrics()
    assert {name: known[f"invoice_bot_{name}"] for name in (
        "slack_connected", "last_pong_timestamp_seconds", "database_up", "jobs_waiting", "jobs_under_way",
        "queue_age_seconds", "last_digest_timestamp_seconds", "last_sync_timestamp_seconds", "syncro_calls_total",
        "syncro_429_total", "syncro_calls_left", "syncro_token_refused", "verdicts_total/invoiced",
        "verdicts_total/unverified", "verdicts_total/not_invoiced", "unverified_share", "posts_failed_total/refused",
        "posts_failed_total/unavailable", "warnings_said", "false_alarms",
    )} == {
        "slack_connected": 1, "last_pong_timestamp_seconds": NOW.timestamp() - 2, "database_up": 1, "jobs_waiting": 3,
        "jobs_under_way": 2, "queue_age_seconds": 40, "last_digest_timestamp_seconds": NOW.timestamp() - 86_400,
        "last_sync_timestamp_seconds": NOW.timestamp() - 540, "syncro_calls_total": 2, "syncro_429_total": 2,
        "syncro_calls_left": 171, "syncro_token_refused": 0, "verdicts_total/invoiced": 2,
        "verdicts_total/unverified": 1, "verdicts_total/not_invoiced": 1, "unverified_share": 0.25,
        "posts_failed_total/refused": 1, "posts_failed_total/unavailable": 0, "warnings_said": 7, "false_alarms": 1,
    }  # fmt: skip


def test_there_are_three_pages_and_nobody_else_gets_the_address(bot: Bot) -> None:
    assert [bot.page(path)[0] for path in ("/", "/metrics/x", "/etc/passwd")] == [404] * 3
    assert bot.server._server is not None
    second = HealthServer("127.0.0.1", bot.server._server.server_port, bot.vitals, bot.tally)
    with pytest.raises(HealthAddressError, match=r"HEALTH_ADDRESS 127.0.0.1:\d+ cannot be listened on .*in use"):
        second.start()
    assert bot.looks == 0


def test_a_refused_token_is_said_instead_of_ready_and_asked_about_until_it_is_taken(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.readiness._ASK_AGAIN_SECONDS", -1.0)
    caplog.set_level(logging.INFO)
    bot, asked = Bot(), threading.Semaphore(0)

    def ask() -> None:
        asked.release()
        if bot.refused:
            raise UnauthorisedError("x", "y")

    readiness = Readiness(ask, lambda: bot.refused, bot.vitals)
    bot.refused = True
    readiness.look(NOW)
    readiness.begin()
    readiness.announce("working")
    for _ in range(3):
        readiness.look(NOW)
    bot.refused = False
    for _ in range(3):
        readiness.look(NOW)

    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(":")[0] for line in said] == ["Not ready", "Ready"]
    assert said[1] == "Ready: working"
    assert all(asked.acquire(timeout=30) for _ in range(4))


def test_a_syncro_that_is_away_is_said_and_keeps_nobody_from_working(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bot = Bot(recorded=replace(QUIET, waiting=1))

    def ask() -> None:
        raise UnavailableError("the token's user (/me)", "Syncro does not answer")

    readiness = Readiness(ask, lambda: False, bot.vitals)
    readiness.begin()
    readiness.announce("working")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert bot.vitals.troubles() == []
