"""Logging to stderr: text for people or JSON lines for machines, and never a secret."""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from textwrap import indent
from typing import Any

from bot.controls import spelled_out

_TOKEN = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s\"']+(?=@)|(?<=Authorization: Basic )\S+")
"""Who may pass a proxy, as its address has it and as the proxy is told."""
_ADDRESS = re.compile(r"(?:https?|wss?)://[^\s\"']+")
_SECRET_PARTS = ("/commands/", "/actions/", "ticket=")
"""What Slack's addresses hold that let anybody who has one answer in a person's name, or listen."""
_HIDDEN = "[hidden]"
_LIBRARIES = frozenset({"aiohttp", "asyncio", "dbos", "psycopg", "slack_bolt", "slack_sdk", "sqlalchemy", "urllib3"})
_LINE = 300
_TRACEBACK = "Traceback (most recent call last):"
_ALIKE = 60
"""Lines that begin alike, numbers aside, say the same."""
_VARIES = re.compile(r"[0-9a-f.-]+")
_SAY_AGAIN_SECONDS = 60.0


def _unless_number(run: re.Match[str]) -> str:
    """Nothing for a number, an id or a time; the run itself where it is letters of a word."""
    return "" if any(character.isdigit() for character in run.group()) else run.group()


def set_up_logging(*, form: str, level: str, secrets: Sequence[str]) -> None:
    """Send the log to stderr in one form, with every known or token-shaped secret replaced by "[hidden]"."""
    logging.raiseExceptions = False  # where stderr cannot be written, saying so there would not help
    handler = logging.StreamHandler(sys.stderr)
    hide = _Hide(secrets)
    handler.setFormatter(_JsonLines(hide) if form == "json" else _Plain(hide))
    if level != "DEBUG":
        handler.addFilter(Brief())
    root = logging.getLogger()
    for earlier in root.handlers[:]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    engine = logging.getLogger("dbos")  # it would bring a console handler of its own, which hides no secrets
    engine.handlers[:] = [handler]
    engine.propagate = False
    for chatty in ("urllib3", "slack_bolt", "slack_sdk", "dbos", "asyncio", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))


class Brief(logging.Filter):
    """Makes lines of what libraries say: no tracebacks, and what they repeat once a minute, with how often.

    While a database is away each of their threads says so, several times a second and in many lines.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be written; shortens it."""
        if not _is_of_a_library(record):
            return True
        message = _first_line(record.getMessage())
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            message += f" ({type(error).__name__}: {_first_line(str(error))})"
            record.exc_info = record.exc_text = None
        times = self._times(record.name, message)
        record.msg, record.args = message, ()
        if times > 1:
            record.msg += f" (and {times - 1} more like it in the last minute)"
        return times > 0

    def _times(self, name: str, message: str) -> int:
        """How often it stands for, if it is to be said now; else 0."""
        key = (name, _VARIES.sub(_unless_number, message)[:_ALIKE])
        with self._lock:
            now = self._clock()
            since, kept = self._said.get(key, (-math.inf, 0))
            if now - since < _SAY_AGAIN_SECONDS:
                self._said[key] = (since, kept + 1)
                return 0
            self._said[key] = (now, 0)
            return kept + 1


def _first_line(text: str) -> str:
    """What it begins with; of a traceback that is part of it, the error that came first."""
    first, *rest = text.strip().splitlines() or [""]
    if first.endswith(_TRACEBACK):
        first = first.removesuffix(_TRACEBACK) + next((line for line in rest if not line.startswith(" ")), "")
    return first[:_LINE]


def _is_of_a_library(record: logging.LogRecord) -> bool:
    """Whether a library says it; Bolt, which logs under our name, where it is about an error of Slack's library."""
    if record.name == "bot.slack" and record.exc_info and record.exc_info[0] is not None:
        return record.exc_info[0].__module__.partition(".")[0] in _LIBRARIES
    return record.name.partition(".")[0] in _LIBRARIES


class _Hide:
    """Replaces secrets in a text. It works on plain text: once written as JSON, a secret may be spelled otherwise."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        text = _CREDENTIALS.sub(_HIDDEN, _ADDRESS.sub(_address_without_secret, text))
        return _TOKEN.sub(_HIDDEN, text)


def _address_without_secret(address: re.Match[str]) -> str:
    return _HIDDEN if any(part in address.group() for part in _SECRET_PARTS) else address.group()


class _Plain(logging.Formatter):
    """One line for people; a traceback follows, each of its lines set in. No text can pass for a line of the log."""

    def __init__(self, hide: _Hide) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        return spelled_out(self._hide(super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return super().formatMessage(record).replace("\n", "\\n")

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return indent(super().formatException(ei), "  ")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        return _moment(record)


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, hide: _Hide) -> None:
        super().__init__()
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._hide(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = self._hide(self.formatException(record.exc_info))
        return spelled_out(json.dumps(line, ensure_ascii=False))


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
