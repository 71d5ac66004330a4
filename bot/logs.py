"""Logging to stderr: text for people or JSON lines for machines, and never a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

_TOKEN_SHAPES = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|https?://[^\s\"']*(?:/commands/|/actions/|ticket=)[^\s\"']*")
_HIDDEN = "[hidden]"


def set_up_logging(*, form: str, level: str, secrets: Sequence[str]) -> None:
    """Send the log to stderr in one form, with every known or token-shaped secret replaced by "[hidden]"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(_JsonLines() if form == "json" else _Plain(), secrets))
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


class _Redacting(logging.Formatter):
    """Formats with another formatter, then removes secrets from the whole line, traceback included."""

    def __init__(self, inner: logging.Formatter, secrets: Sequence[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return _TOKEN_SHAPES.sub(_HIDDEN, line)


class _Plain(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        return _moment(record)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
