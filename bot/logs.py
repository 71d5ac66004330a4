"""Logging to stderr: text for people or JSON lines for machines, and never a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

_TOKEN = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+")
_ADDRESS = re.compile(r"(?:https?|wss?)://[^\s\"']+")
_SECRET_PARTS = ("/commands/", "/actions/", "ticket=")
"""What Slack's addresses hold that let anybody who has one answer in a person's name, or listen."""
_HIDDEN = "[hidden]"


def set_up_logging(*, form: str, level: str, secrets: Sequence[str]) -> None:
    """Send the log to stderr in one form, with every known or token-shaped secret replaced by "[hidden]"."""
    handler = logging.StreamHandler(sys.stderr)
    hide = _Hide(secrets)
    handler.setFormatter(_JsonLines(hide) if form == "json" else _Plain(hide))
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


class _Hide:
    """Replaces secrets in a text. It works on plain text: once written as JSON, a secret may be spelled otherwise."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _TOKEN.sub(_HIDDEN, _ADDRESS.sub(_address_without_secret, text))


def _address_without_secret(address: re.Match[str]) -> str:
    return _HIDDEN if any(part in address.group() for part in _SECRET_PARTS) else address.group()


class _Plain(logging.Formatter):
    """A line for people; a traceback follows on lines of its own."""

    def __init__(self, hide: _Hide) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        return self._hide(super().format(record))

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
        return json.dumps(line, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
