"""The health of the real process, as a monitor and systemd see it."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request

from bot.sandbox.slack.workspace import BILLING
from tests.e2e.conftest import NewHouse
from tests.e2e.house import INVOICED, UNVERIFIED


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as got:
            return got.status, got.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_a_running_bot_is_ready_counts_what_it_does_tells_systemd_and_says_what_it_works_on(
    new_house: NewHouse, free_port: int
) -> None:
    house = new_house()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(house.home / "notify"))
        systemd.settimeout(60)
        settings = {
            "HEALTH_ADDRESS": f"127.0.0.1:{free_port}",
            "NOTIFY_SOCKET": str(house.home / "notify"),
            "DIGEST_CHANNEL": BILLING,
            "DIGEST_SCHEDULE": "0 9 * * mon",
        }
        bot = house.serve(**settings)
        assert page(free_port, "/healthz")[0] == 200
        assert page(free_port, "/readyz") == (200, '{"ready": true, "problems": []}\n')
        second = house.start("worker", DATABASE_URL=f"sqlite:///{house.home}/other.db", **settings)
        house.slack.slash(f"{INVOICED} {UNVERIFIED}").wait_ack()
        house.answers(BILLING)
        house.wait_idle()
        counted = page(free_port, "/metrics")[1].splitlines()

        assert {
            'invoice_bot_verdicts_total{verdict="invoiced"} 1.0',
            'invoice_bot_verdicts_total{verdict="unverified"} 1.0',
            'invoice_bot_posts_failed_total{why="refused"} 0.0',
            "invoice_bot_unverified_share 0.5",
            "invoice_bot_slack_connected 1.0",
            "invoice_bot_database_up 1.0",
            "invoice_bot_jobs_waiting 0.0",
            "invoice_bot_syncro_token_refused 0.0",
        } <= set(counted)
        (calls,) = [float(line.split()[1]) for line in counted if line.startswith("invoice_bot_syncro_calls_total ")]
        assert calls == len(house.syncro.calls)
        heard = [systemd.recv(1000) for _ in range(3)]
        assert b"READY=1" in heard
        assert b"STATUS=Ready" in heard
        assert b"WATCHDOG=1" in heard
        assert second.wait_exit() == 3
        assert f"invoice-bot: HEALTH_ADDRESS 127.0.0.1:{free_port} cannot be listened on" in second.log
        introduced = f"Syncro {house.syncro.base_url.removesuffix('/api/v1')}; database sqlite:///{house.home}/bot.db; "
        assert f"{introduced}digest in channel {BILLING}, Monday at 09:00 (UTC); the next one on Mon" in bot.log
        bot.stop()


def test_a_bot_whose_syncro_token_is_refused_says_so_instead_of_ready_and_answers_so(
    new_house: NewHouse, free_port: int
) -> None:
    house = new_house()
    bot = house.start(SYNCRO_API_TOKEN="wrong", HEALTH_ADDRESS=f"127.0.0.1:{free_port}")
    bot.wait_for_log("Not ready: Syncro refuses the token")
    assert bot.running
    assert "Ready:" not in bot.log
    assert json.loads(page(free_port, "/readyz")[1])["problems"] == ["Syncro refuses the token"]
    house.slack.slash(INVOICED).wait_ack()
    assert "could not verify" in house.answer(BILLING).text.lower()
    bot.stop()
