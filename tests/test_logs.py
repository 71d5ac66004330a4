"""No secret reaches the log, whatever its form."""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.startup import proxy_passwords
from bot.logs import Brief, set_up_logging

SECRETS = ("syncro-secret", 'pa"ss\\word', "xoxb-known")
HIDDEN = "[hidden]"
TOUCHED = ("", "dbos", "urllib3", "slack_bolt", "slack_sdk", "asyncio", "aiohttp.access")


@pytest.fixture(autouse=True)
def _restored_loggers() -> Iterator[None]:
    before = [(log := logging.getLogger(name), log.handlers[:], log.level, log.propagate) for name in TOUCHED]
    yield
    for log, handlers, level, propagate in before:
        log.handlers[:], log.propagate = handlers, propagate
        log.setLevel(level)


def written(form: str, act: Callable[[logging.Logger], None], *, secrets: tuple[str, ...] = SECRETS) -> str:
    """What the log on stderr holds after `act`."""
    with pytest.MonkeyPatch.context() as patch:
        stderr = io.StringIO()
        patch.setattr(sys, "stderr", stderr)
        set_up_logging(form=form, level="DEBUG", secrets=secrets)
        act(logging.getLogger("bot.test"))
    return stderr.getvalue()


def _fail(secret: str) -> None:
    raise ValueError(f"cannot use {secret}")


def _log_a_failure(log: logging.Logger) -> None:
    try:
        _fail(SECRETS[1])
    except ValueError:
        log.exception("Broke down with %s", SECRETS[0])


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_known_secret_is_hidden(form: str, secret: str) -> None:
    line = written(form, lambda log: log.info("token=%s.", secret))
    assert f"token={HIDDEN}." in line
    assert secret not in line
    assert json.dumps(secret)[1:-1] not in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_in_a_traceback_is_hidden(form: str) -> None:
    line = written(form, _log_a_failure)
    assert "Traceback" in line
    assert f"cannot use {HIDDEN}" in line
    assert f"Broke down with {HIDDEN}" in line


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-123-456-abcDEF",
        "xoxp-1",
        "xoxe-1-abc",
        "xapp-1-A0123-456-abcdef",
        "https://hooks.slack.com/commands/T1/2/abc",
        "https://hooks.slack.com/actions/T1/2/abc",
        "wss://wss-primary.slack.com/link/?ticket=abc-def&app_id=x",
    ],
)
def test_what_looks_like_a_slack_secret_is_hidden_though_unknown(form: str, secret: str) -> None:
    line = written(form, lambda log: log.info('got {"url": "%s"} here', secret))
    tail = secret.rpartition("/")[2].rpartition("-")[2]
    assert HIDDEN in line
    assert tail not in line.partition("got")[2]
    assert line.rstrip().rstrip('"}').endswith("here")


def test_of_two_secrets_the_longer_is_hidden_whole() -> None:
    line = written("text", lambda log: log.info("a=abcdef"), secrets=("abcd", "abcdef"))
    assert line.rstrip().endswith(f"a={HIDDEN}")


def test_json_lines_hold_time_level_logger_and_message() -> None:
    line = json.loads(written("json", lambda log: log.warning("Größe: %d", 3)))
    assert set(line) == {"time", "level", "logger", "message"}
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "bot.test", "Größe: 3")
    assert line["time"].endswith("Z")


def test_text_lines_begin_with_the_moment_in_utc() -> None:
    line = written("text", lambda log: log.info("Ready"))
    assert line.partition(" ")[0].endswith("Z")
    assert line.endswith(" INFO bot.test: Ready\n")


@given(st.text(), st.sampled_from(SECRETS))
def test_every_json_line_is_json_whatever_is_said(text: str, secret: str) -> None:
    url = f'"https://hooks.slack.com/commands/{text}"'
    line, rest = written("json", lambda log: log.info("%s %s %s", text, url, secret)).split("\n")
    assert secret not in json.loads(line)["message"]
    assert rest == ""


def test_setting_it_up_again_writes_each_line_once() -> None:
    def twice(log: logging.Logger) -> None:
        set_up_logging(form="text", level="INFO", secrets=())
        log.info("once")
        logging.getLogger("dbos").warning("also once")

    assert [line.rpartition(": ")[2] for line in written("text", twice).splitlines()] == ["once", "also once"]


def test_libraries_do_not_chatter() -> None:
    quiet = written("text", lambda _: logging.getLogger("urllib3").debug("GET /me"))
    assert quiet == ""


def records(caught: list[logging.LogRecord], brief: Brief) -> list[str]:
    return [record.getMessage() for record in caught if brief.filter(record)]


def record(name: str, message: str, error: Exception | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, (), info)


def test_what_a_library_repeats_is_one_line_a_minute_without_a_traceback_and_our_own_words_are_untouched() -> None:
    now = 0.0
    brief = Brief(clock=lambda: now)
    away = OSError("no connection\nand much more")

    first = records([record("dbos", f"Queue {n} is away:\nSELECT 1", away) for n in range(500)], brief)
    now = 61
    later = records([record("dbos", "Queue 7 is away:\nSELECT 1", away)], brief)
    ours = record("bot.jobs", "broke\ndown", away)

    assert first == ["Queue 0 is away: (OSError: no connection)"]
    assert later == ["Queue 7 is away: (OSError: no connection) (and 499 more like it in the last minute)"]
    assert records([ours, ours], brief) == ["broke\ndown"] * 2
    assert ours.exc_info is not None


def test_of_a_traceback_in_the_words_of_a_library_the_error_is_told() -> None:
    try:
        raise OSError("no connection\nFROM jobs")
    except OSError:
        news = [record("dbos", f"Polling failed: {traceback.format_exc()}"), record("dbos", "")]

    assert records(news, Brief()) == ["Polling failed: OSError: no connection", ""]


def test_different_news_of_a_library_are_all_told() -> None:
    news = [record("dbos.queue", text) for text in ("one thing", "another thing", "a third")]

    assert records(news, Brief()) == ["one thing", "another thing", "a third"]


# What acts


FORGED = "late\n2026-11-22T09:02:11Z INFO bot: all is well\x1b[2J\x9b2J\u202e\u2028\r"


def _break_down(log: logging.Logger) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.exception("Broke down with %s", FORGED)


def test_no_text_passes_for_a_line_of_its_own_or_acts_on_a_terminal() -> None:
    first, *traceback = written("text", _break_down).rstrip("\n").split("\n")
    assert first.endswith(r"with late\n2026-11-22T09:02:11Z INFO bot: all is well\u001b[2J\u009b2J\u202e\u2028\r")
    assert len(traceback) > 3
    assert all(line.startswith("  ") for line in traceback)
    assert not any(set("\x1b\x9b\u202e\u2028\r") & set(line) for line in traceback)


def test_json_says_the_same_without_what_acts() -> None:
    line = written("json", _break_down)
    assert (line.count("\n"), set("\x1b\x9b\u202e\u2028\r") & set(line)) == (1, set())
    assert json.loads(line)["message"] == f"Broke down with {FORGED}"


@pytest.mark.parametrize(
    "text",
    [
        "HTTP proxy URL has been loaded from an env variable: http://bot:5ecret@proxy:3128",
        "Failed to connect to the proxy (proxy: http://bot:5ecret@proxy:3128, connect status code: 407)",
        "Proxy connect request:\nCONNECT slack.com:443\r\nProxy-Authorization: Basic Ym90OjVlY3JldA5ecret==\r\n",
        "nonnumeric port: 's#5ecret'",
    ],
)
def test_the_password_of_a_proxy_is_hidden(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://bot:s%235ecret@proxy:3128")
    line = written("text", lambda log: log.info(text), secrets=tuple(proxy_passwords()))
    assert HIDDEN in line
    assert "5ecret" not in line
